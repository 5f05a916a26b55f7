/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Create, configure, power and delete drives. By <libkcsd.h>. */
#ifndef LIBKCSD_CONFIG_H
#define LIBKCSD_CONFIG_H

#include <libkcsd/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Create, configure, power and delete drives (configfs) ---- */

/*
 * name: the directory of the drive in /sys/kernel/config/kcsd, 1 to 31 letters, digits and "_-.",
 * not beginning with '.'; else -EINVAL. -ENOENT: no such drive, or no module. -EACCES, -EPERM:
 * as for any file. None of these functions returns an NVMe status.
 */
/* Create a drive with defaults, powered off. -EEXIST: it exists. -ENOENT: no module. */
KCSD_API int kcsd_drive_create(const char *name);
/*
 * Remove a drive; powers it off first. -EBUSY: its block device is open. -EPERM: a parameter of the
 * module made it, and only unloading the module removes it; nothing changes.
 */
KCSD_API int kcsd_drive_delete(const char *name);
/*
 * Set or get an attribute: size, block_size, backing_file, queues, queue_depth, cus, cu_cpus,
 * queue_limit, quick_us, arena_size, device_programs, load_granularity, max_programs, max_active,
 * max_program_bytes, timeout_ms, insn_budget, slm_size, max_range_sets, max_ranges, engine,
 * max_jit_bytes, zone_size, zone_capacity, conventional_zones, max_open_zones, max_active_zones,
 * max_append, sidecar, cache_size, kv_size, kv_file, kv_max_value, kv_max_keys, power, power_cut,
 * inject, badblocks, zone_readonly, zone_offline; timing/model, timing/clock, timing/preset,
 * timing/late_min_ns,
 * timing/late_permille, timing/depth, and timing/NAME for each parameter of the model of time; get
 * also index.
 * Set: -EBUSY: the drive is powered on. -EINVAL: no such value. -ENOENT: no such attribute. Get:
 * NUL-terminated, without the newline. -ERANGE: len is too small. name NULL: an attribute of the
 * module, such as "features".
 */
KCSD_API int kcsd_attr_set(const char *name, const char *attr, const char *value);
KCSD_API int kcsd_attr_get(const char *name, const char *attr, char *buf, size_t len);
/*
 * Power a drive on or off. On: errors of the attribute values (-EINVAL, -ENOMEM, or of the backing
 * file). Off: cancels runs; commands of open handles get -ENODEV from then on. Fails with -EBUSY,
 * and changes nothing, while the block device is open.
 */
KCSD_API int kcsd_drive_power(const char *name, bool on);

struct kcsd_config_info {
	char name[65];		/* directory */
	uint8_t powered;	/* 0 or 1 */
	uint8_t rsvd[2];
	uint32_t index;		/* kcsd<index>, when powered */
};

KCSD_API int kcsd_config_get(const char *name, struct kcsd_config_info *info, size_t size);
/*
 * Call fn for each drive, in order of names. A value other than 0 from fn ends the walk and is
 * returned.
 */
KCSD_API int kcsd_config_each(int (*fn)(const struct kcsd_config_info *info, void *arg),
			      void *arg);
/* Call fn likewise for each attribute of a drive, in order of names, with its value. */
KCSD_API int kcsd_attr_each(const char *name,
			    int (*fn)(const char *attr, const char *value, void *arg),
			    void *arg);

#ifdef __cplusplus
}
#endif

#endif
