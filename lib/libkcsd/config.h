/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Drives' life cycle. By <libkcsd.h>. */
#ifndef LIBKCSD_CONFIG_H
#define LIBKCSD_CONFIG_H

#include <libkcsd/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Drives' life cycle (configfs): make, set, power ---- */

/*
 * name: that of the drive's directory in /sys/kernel/config/kcsd, 1 to 64
 * characters, none of them '/', not beginning with '.'; else -EINVAL. -ENOENT: no
 * such drive, or no module. -EACCES, -EPERM: as for any file. None of them
 * returns an NVMe status.
 */
/* Make a drive with defaults, powered off. -EEXIST: there is one. -ENOENT: no module. */
KCSD_API int kcsd_config_create(const char *name);
/*
 * Remove a drive; powers it off first. -EBUSY: its block device is open. -EPERM: it was made by
 * the module's parameters and goes with the module; it is off now.
 */
KCSD_API int kcsd_config_delete(const char *name);
/*
 * Set or get an attribute: size, block_size, backing_file, queues,
 * queue_depth, cus, cu_cpus, queue_limit, quick_us, arena_size, max_programs, max_active,
 * max_program_bytes, timeout_ms, insn_budget, slm_size, max_range_sets, max_ranges, engine,
 * max_jit_bytes, zone_size, zone_capacity, conventional_zones, max_open_zones, max_active_zones,
 * max_append, sidecar, cache_size, power, power_cut, inject, badblocks, zone_readonly,
 * zone_offline; get also index. Set: -EBUSY: the
 * drive is powered on. -EINVAL: no such value. -ENOENT: no such attribute. Get: NUL-terminated,
 * without the newline. -ERANGE: len is too small. name NULL: an attribute of
 * the module, such as "features".
 */
KCSD_API int kcsd_config_set(const char *name, const char *attr, const char *value);
KCSD_API int kcsd_config_get(const char *name, const char *attr, char *buf, size_t len);
/*
 * On: errors of the attributes' values (-EINVAL, -ENOMEM, or of the backing
 * file). Off: runs are cancelled, commands of open handles get -ENODEV from
 * then on; but -EBUSY, and nothing changes, while the block device is open.
 */
KCSD_API int kcsd_config_power(const char *name, bool on);

struct kcsd_config_info {
	char name[65];		/* directory */
	uint8_t powered;	/* 0 or 1 */
	uint8_t rsvd[2];
	uint32_t index;		/* kcsd<index>, when powered */
};

KCSD_API int kcsd_config_info(const char *name, struct kcsd_config_info *info, size_t size);
/* Call fn for each drive, by name. A value other than 0 from it ends the walk and is returned. */
KCSD_API int kcsd_config_each(int (*fn)(const struct kcsd_config_info *info, void *arg),
			      void *arg);
/* The same for each attribute of a drive, by name, with its value. */
KCSD_API int kcsd_config_each_attr(const char *name,
				   int (*fn)(const char *attr, const char *value, void *arg),
				   void *arg);

#ifdef __cplusplus
}
#endif

#endif
