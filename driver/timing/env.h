/* SPDX-License-Identifier: GPL-2.0 */
/* What the model of time needs besides the names of the engine: division, texts, prefetching. */
#ifndef KCSD_TIMING_ENV_H
#define KCSD_TIMING_ENV_H

#include "../engine/env.h"

#ifdef __KERNEL__

#include <linux/kernel.h>
#include <linux/prefetch.h>

#else

#include <stdarg.h>
#include <stdio.h>

static inline u64 div64_u64(u64 n, u64 by)
{
	return n / by;
}

static inline u64 div64_u64_rem(u64 n, u64 by, u64 *rest)
{
	*rest = n % by;
	return n / by;
}

static inline u64 mul_u64_u64_shr(u64 a, u64 b, unsigned int shift)
{
	return (unsigned __int128)a * b >> shift;
}

#define prefetch(p)	__builtin_prefetch(p)
#define prefetchw(p)	__builtin_prefetch(p, 1)
#define __printf(f, a)	__attribute__((__format__(__printf__, f, a)))

#endif /* __KERNEL__ */

/* Returns n / by, rounded up; n + by does not overflow. */
static inline u64 kcsd_timing_div_up(u64 n, u64 by)
{
	return div64_u64(n + by - 1, by);
}

/* A divisor that is used often: a multiplication instead of a division. */
struct kcsd_timing_divisor {
	u64 inverse;		/* 2^64 / by, rounded up; 0: by is 1 */
	u32 by;
};

static inline struct kcsd_timing_divisor kcsd_timing_divisor(u32 by)
{
	struct kcsd_timing_divisor d = { .by = by };

	if (by > 1)
		d.inverse = div64_u64(U64_MAX, by) + 1;
	return d;
}

/* Returns n / by, exact for every n. */
static inline u32 kcsd_timing_div(u32 n, const struct kcsd_timing_divisor *d)
{
	return d->inverse ? mul_u64_u64_shr(d->inverse, n, 64) : n;
}

#endif
