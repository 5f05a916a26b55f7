/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Options of a drive: one list that generates configuration, defaults and configfs in the driver,
 * and the bounds in the command line tool. The including file provides SZ_*, U32_MAX, S64_MAX and
 * U64_MAX.
 */
#ifndef KCSD_OPTIONS_H
#define KCSD_OPTIONS_H

#include <linux/kcsd.h>

#include "limits.h"

#define KCSD_MIN_SIZE		SZ_1M
/* The block layer counts the sectors of a zone in 32 bits. */
#define KCSD_MAX_ZONE_SIZE	(1ULL << 40)

/*
 * X(NAME, "name"): engines to run programs. If the JIT is not available, the interpreter is used.
 */
#define KCSD_ENGINE_CHOICES(X) \
	X(JIT, "jit")		/* compiled to machine code */ \
	X(INTERP, "interp")

enum kcsd_engine_choice {
#define KCSD_ENGINE_CHOICE_ENUM(NAME, name) KCSD_ENGINE_CHOICE_##NAME,
	KCSD_ENGINE_CHOICES(KCSD_ENGINE_CHOICE_ENUM)
#undef KCSD_ENGINE_CHOICE_ENUM
	KCSD_NR_ENGINE_CHOICES
};

/*
 * X(kind, name, default, min, max); SIZE takes suffixes (512M), NUM does not, CHOICE is
 * one of KCSD_ENGINE_CHOICES.
 */
#define KCSD_OPTIONS(X) \
	X(SIZE, size,			SZ_512M, KCSD_MIN_SIZE, S64_MAX) \
	X(NUM,  block_size,		4096, 512, 4096) \
	X(NUM,  queues,			0, 0, 256)	/* 0: one per CPU */ \
	X(NUM,  queue_depth,		128, 1, 4096) \
	X(NUM,  cus,			2, 1, 64) \
	X(NUM,  queue_limit,		16384, 1, 1048576)	/* runs and jobs per tenant */ \
	X(NUM,  quick_us,		50, 0, 10000)	/* quick runs: compute/quick_run.c */ \
	X(SIZE, arena_size,		SZ_4M, SZ_128K, SZ_256M) \
	X(NUM,  max_programs,		64, 1, 1024) \
	X(NUM,  device_programs,	1, 0, 1)	/* built in: compute/builtin/ */ \
	X(NUM,  load_granularity,	1, 1, SZ_64K)	/* bytes; a power of 2 */ \
	X(NUM,  max_active,		64, 1, 1024) \
	X(SIZE, max_program_bytes,	SZ_16M, SZ_4K, SZ_1G) \
	X(NUM,  timeout_ms,		30000, 1, KCSD_MAX_TIMEOUT_MS) \
	X(NUM,  insn_budget,		0, 0, U64_MAX)		/* 0: none */ \
	X(SIZE, slm_size,		SZ_16M, 0, 1ULL << 40)	/* 0: no namespace 2 */ \
	X(NUM,  max_range_sets,		64, 1, 255)	/* log page 84h: up to MDTS */ \
	X(NUM,  max_ranges,		16, 1, 64)	/* of one set or run */ \
	X(CHOICE, engine,		KCSD_ENGINE_CHOICE_JIT, 0, KCSD_NR_ENGINE_CHOICES - 1) \
	X(SIZE, max_jit_bytes,		SZ_64M, 0, SZ_1G) \
	X(NUM,  sidecar,		1, 0, 1)	/* for a backing file */ \
	X(SIZE, zone_size,		0, 0, KCSD_MAX_ZONE_SIZE)	/* 0: not zoned */ \
	X(SIZE, zone_capacity,		0, 0, KCSD_MAX_ZONE_SIZE)	/* 0: all of the zone */ \
	X(NUM,  conventional_zones,	0, 0, U32_MAX)		/* the first ones */ \
	X(NUM,  max_open_zones,		0, 0, U32_MAX)		/* 0: no limit */ \
	X(NUM,  max_active_zones,	0, 0, U32_MAX)		/* 0: no limit */ \
	X(SIZE, max_append,		KCSD_MAX_APPEND, SZ_8K, KCSD_MAX_APPEND) /* ZASL */ \
	X(SIZE, cache_size,		0, 0, 1ULL << 40)	/* 0: writes are not cached */ \
	X(SIZE, kv_size,		SZ_256M, 0, 1ULL << 42)	/* 0: no namespace 4 */ \
	X(SIZE, kv_max_value,		SZ_64M, 1, SZ_1G) \
	X(NUM,  kv_max_keys,		SZ_16M, 1, U32_MAX)

/*
 * R(name, expression, text): rules beyond a range; the expression is true for each valid value n. A
 * power of 2 is not 0 where the range has no 0.
 */
#define KCSD_OPTION_RULES(R) \
	R(block_size,		n == SZ_512 || n == SZ_4K,	"512 or 4096") \
	R(size,			!(n % SZ_512),			"a multiple of 512") \
	R(arena_size,		!(n % SZ_4K),			"a multiple of 4K") \
	R(slm_size,		!(n % SZ_4K),			"a multiple of 4K") \
	R(cache_size,		!(n % SZ_4K),			"a multiple of 4K") \
	R(kv_size,		!(n % SZ_4K),			"a multiple of 4K") \
	R(load_granularity,	!(n & (n - 1)),			"a power of 2") \
	R(max_append,		!(n & (n - 1)),			"a power of 2") \
	R(zone_size,		!(n & (n - 1)),			"a power of 2")

#endif
