/* SPDX-License-Identifier: GPL-2.0 */
/* What a drive is made of: one list, from which struct, defaults and configfs come. */
#ifndef KCSD_CONFIG_H
#define KCSD_CONFIG_H

#include <linux/sizes.h>
#include <linux/types.h>
#include <linux/kcsd.h>

#include "identify.h"

#define KCSD_CONFIGFS_LEN	4096	/* of an attribute's text, however large a page is */
#define KCSD_MIN_SIZE		SZ_1M
#define KCSD_MAX_ZONE_SIZE	(1ULL << 40)	/* the block layer counts its sectors in 32 bits */

/* How programs are run; X(NAME, "name"). Where the JIT cannot be had, the interpreter does it. */
#define KCSD_RUN_CHOICES(X) \
	X(JIT, "jit")		/* native code */ \
	X(INTERP, "interp")

enum kcsd_run_choice {
#define KCSD_RUN_CHOICE_ENUM(NAME, name) KCSD_RUN_BY_##NAME,
	KCSD_RUN_CHOICES(KCSD_RUN_CHOICE_ENUM)
#undef KCSD_RUN_CHOICE_ENUM
	KCSD_NR_RUN_CHOICES
};

/*
 * X(kind, name, default, min, max); SIZE takes suffixes (512M), NUM does not, CHOICE is
 * one of KCSD_RUN_CHOICES.
 */
#define KCSD_OPTIONS(X) \
	X(SIZE, size,			SZ_256M, KCSD_MIN_SIZE, S64_MAX) \
	X(NUM,  block_size,		4096, 512, 4096) \
	X(NUM,  queues,			0, 0, 256)	/* 0: one per CPU */ \
	X(NUM,  queue_depth,		128, 1, 4096) \
	X(NUM,  cus,			2, 1, 64) \
	X(NUM,  queue_limit,		16384, 1, 1048576)	/* runs of an open file */ \
	X(NUM,  quick_us,		50, 0, 10000)	/* what its submitter runs; inline.c */ \
	X(SIZE, arena_size,		SZ_4M, SZ_128K, SZ_256M) \
	X(NUM,  max_programs,		64, 1, 1024) \
	X(NUM,  device_programs,	1, 0, 1)	/* the drive's own: builtin.c */ \
	X(NUM,  load_granularity,	1, 1, SZ_64K)	/* bytes; a power of 2 */ \
	X(NUM,  max_active,		64, 1, 1024) \
	X(SIZE, max_program_bytes,	SZ_16M, SZ_4K, SZ_1G) \
	X(NUM,  timeout_ms,		30000, 1, KCSD_MAX_TIMEOUT_MS) \
	X(NUM,  insn_budget,		0, 0, U64_MAX)		/* 0: none */ \
	X(SIZE, slm_size,		SZ_16M, 0, 1ULL << 40)	/* 0: no namespace 2 */ \
	X(NUM,  max_range_sets,		64, 1, 255)	/* log page 84h: up to MDTS */ \
	X(NUM,  max_ranges,		16, 1, 64)	/* of a set or a run */ \
	X(CHOICE, engine,		KCSD_RUN_BY_JIT, 0, KCSD_NR_RUN_CHOICES - 1) \
	X(SIZE, max_jit_bytes,		SZ_64M, 0, SZ_1G) \
	X(NUM,  side_file,		1, 0, 1)	/* of a backing file */ \
	X(SIZE, zone_size,		0, 0, KCSD_MAX_ZONE_SIZE)	/* 0: not zoned */ \
	X(SIZE, zone_capacity,		0, 0, KCSD_MAX_ZONE_SIZE)	/* 0: all of the zone */ \
	X(NUM,  conventional_zones,	0, 0, U32_MAX)		/* the first ones */ \
	X(NUM,  max_open_zones,		0, 0, U32_MAX)		/* 0: no limit */ \
	X(NUM,  max_active_zones,	0, 0, U32_MAX)		/* 0: no limit */ \
	X(SIZE, max_append,		KCSD_MAX_TRANSFER, SZ_8K, KCSD_MAX_TRANSFER) /* ZASL */ \
	X(SIZE, cache_size,		0, 0, 1ULL << 40)	/* 0: writes are not cached */

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

/* configfs.c */
/*
 * Make the given number of drives of this configuration, power them on, and let
 * users make theirs from then on. -errno: nothing is left.
 */
int kcsd_configfs_init(const struct kcsd_config *config, unsigned int drives);
/* Power off and remove the module's drives. Users' drives pin the module. */
void kcsd_configfs_exit(void);

#endif
