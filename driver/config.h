/* SPDX-License-Identifier: GPL-2.0 */
/* What a drive is made of: options.h's list, from which struct, defaults and configfs come. */
#ifndef KCSD_CONFIG_H
#define KCSD_CONFIG_H

#include <linux/sizes.h>
#include <linux/types.h>
#include <linux/kcsd.h>

#include "nvme/identify.h"
#include "options.h"

#define KCSD_CONFIGFS_LEN	4096	/* of an attribute's text, however large a page is */

struct kcsd_config {
#define KCSD_OPTION_FIELD(kind, name, def, min, max) u64 name;
	KCSD_OPTIONS(KCSD_OPTION_FIELD)
#undef KCSD_OPTION_FIELD
	bool size_set;		/* size was chosen; else a backing file's size counts */
	char *backing_file;	/* NULL: memory. Owned. */
	char *cu_cpus;		/* list of CPUs for the compute units; NULL: any. Owned. */
};

struct cpumask;

/* config.c */
void kcsd_config_init(struct kcsd_config *c);
void kcsd_config_destroy(struct kcsd_config *c);
/*
 * Can this many bytes of memory be had? To be asked before taking them. If not, says so in
 * the kernel log; name is the drive's.
 */
bool kcsd_config_fits_memory(const char *name, const char *option, u64 size);
/*
 * A zeroed array, of more than 2 GiB if need be, which kvcalloc() refuses with a warning. NULL
 * without memory. For kvfree().
 */
void *kcsd_config_alloc_array(u64 nr, size_t size);
int kcsd_config_copy(struct kcsd_config *to, const struct kcsd_config *from);
/* Set from text; -EINVAL (garbage, out of range), -ENOMEM. An empty path: memory. */
int kcsd_config_set_file(struct kcsd_config *c, const char *path, size_t len);
/* Likewise: a list such as 0-3,8 of CPUs that this machine can have. Empty: any. */
int kcsd_config_set_cpus(struct kcsd_config *c, const char *text);
/* The CPUs that cu_cpus means; untouched if it means any. 0 or -errno. */
int kcsd_config_cpus(const struct kcsd_config *c, struct cpumask *cpus);
/* Is one of them online? If not, -EINVAL, and says so in the kernel log; name is the drive's. */
int kcsd_config_check_cpus(const struct kcsd_config *c, const char *name);
/* One setter for every option: int kcsd_config_set_<name>(c, text). */
#define KCSD_OPTION_SETTER(kind, name, def, min, max) \
	int kcsd_config_set_##name(struct kcsd_config *c, const char *text);
KCSD_OPTIONS(KCSD_OPTION_SETTER)
#undef KCSD_OPTION_SETTER
/* The text of a value: what the setter takes, and a newline. A page; returns its length. */
#define KCSD_OPTION_PRINTER(kind, name, def, min, max) \
	ssize_t kcsd_config_print_##name(u64 value, char *page);
KCSD_OPTIONS(KCSD_OPTION_PRINTER)
#undef KCSD_OPTION_PRINTER

/* control/configfs.c */
/*
 * Make the given number of drives of this configuration, power them on, and let
 * users make theirs from then on. -errno: nothing is left.
 */
int kcsd_configfs_init(const struct kcsd_config *config, unsigned int drives);
/* Power off and remove the module's drives. Users' drives pin the module. */
void kcsd_configfs_exit(void);

#endif
