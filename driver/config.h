/* SPDX-License-Identifier: GPL-2.0 */
/* Configuration of a drive. The list in options.h generates the struct, defaults and configfs. */
#ifndef KCSD_CONFIG_H
#define KCSD_CONFIG_H

#include <linux/sizes.h>
#include <linux/types.h>
#include <linux/kcsd.h>

#include "limits.h"
#include "options.h"

#define KCSD_CONFIGFS_LEN	4096	/* bytes of the text of an attribute, for any page size */

struct kcsd_config {
#define KCSD_OPTION_FIELD(kind, name, def, min, max) u64 name;
	KCSD_OPTIONS(KCSD_OPTION_FIELD)
#undef KCSD_OPTION_FIELD
	bool size_set;		/* size was set; else the size of a backing file counts */
	char *backing_file;	/* absolute path; NULL: memory. Owned. */
	char *kv_file;		/* the same, for the objects of namespace 4 */
	char *cu_cpus;		/* list of CPUs for the compute units; NULL: any. Owned. */
};

struct cpumask;

/* config.c */
/* Set all options to their defaults. */
void kcsd_config_init(struct kcsd_config *c);
/* Free the strings. The numbers stay valid. */
void kcsd_config_destroy(struct kcsd_config *c);
/*
 * True if this many bytes of memory are available. Call it before the allocation: a very large one
 * would call the OOM killer before it failed.
 */
bool kcsd_config_has_memory(u64 size);
/* The same at power on: if not, a line in the kernel log says so; name is that of the drive. */
bool kcsd_config_fits_memory(const char *name, const char *option, u64 size);
/*
 * Allocate a zero-filled array, also of more than 2 GiB, which kvcalloc() refuses with a warning.
 * NULL without memory. Free it with kvfree().
 */
void *kcsd_config_alloc_array(u64 nr, size_t size);
/* Copy a configuration with its strings. 0 or -ENOMEM; then *to holds no strings. */
int kcsd_config_copy(struct kcsd_config *to, const struct kcsd_config *from);
/* Set backing_file from text: an absolute path; empty: memory. 0, -EINVAL or -ENOMEM. */
int kcsd_config_set_file(struct kcsd_config *c, const char *path, size_t len);
/* Set kv_file in the same way. */
int kcsd_config_set_kv_file(struct kcsd_config *c, const char *path, size_t len);
/*
 * Set cu_cpus from text: a list such as 0-3,8 of CPUs that are possible on this machine; empty:
 * any. 0, -EINVAL or -ENOMEM.
 */
int kcsd_config_set_cpus(struct kcsd_config *c, const char *text);
/* Return the most units that the drive may have, with those that stand in for others. */
static inline u32 kcsd_config_max_units(const struct kcsd_config *c)
{
	return c->cus + KCSD_MAX_WAITING_RUNS;
}

/* Return the bytes that one command may transfer: a power of 2; any value fits. */
u32 kcsd_config_max_transfer(const struct kcsd_config *c);
/* Return the number of queues of the block device. */
u32 kcsd_config_nr_queues(const struct kcsd_config *c);
/* Set *cpus to the CPUs in cu_cpus; leave it unchanged if cu_cpus is NULL. 0 or -errno. */
int kcsd_config_cpus(const struct kcsd_config *c, struct cpumask *cpus);
/*
 * Return -EINVAL, after a line in the kernel log, if no CPU in cu_cpus is online; else 0 or
 * -ENOMEM. name is the name of the drive.
 */
int kcsd_config_validate_cpus(const struct kcsd_config *c, const char *name);
/*
 * Declare a setter per option: int kcsd_config_set_<name>(c, text). 0, or -EINVAL if the text is
 * invalid or the value is out of range.
 */
#define KCSD_OPTION_SETTER(kind, name, def, min, max) \
	int kcsd_config_set_##name(struct kcsd_config *c, const char *text);
KCSD_OPTIONS(KCSD_OPTION_SETTER)
#undef KCSD_OPTION_SETTER
/*
 * Declare a printer per option. It writes a value to a page, as the setter takes it, and a newline.
 * Returns the length.
 */
#define KCSD_OPTION_PRINTER(kind, name, def, min, max) \
	ssize_t kcsd_config_print_##name(u64 value, char *page);
KCSD_OPTIONS(KCSD_OPTION_PRINTER)
#undef KCSD_OPTION_PRINTER

#endif
