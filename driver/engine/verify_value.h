/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * A set of 64-bit numbers that a register may hold: start, start + stride, ... up to
 * start + span, modulo 2^64. So [-8, 8] is as easily said as [8, 24], and what a
 * loop that goes to "!= end" steps over is known, too.
 *
 * Every operation returns a set that has all possible results in it; often more.
 */
#ifndef KCSD_VERIFY_VALUE_H
#define KCSD_VERIFY_VALUE_H

#include "env.h"

struct kcsd_value {
	u64 start;
	u64 span;		/* a multiple of stride */
	u64 stride;		/* 0 if and only if span is */
};

static inline struct kcsd_value kcsd_value_const(u64 n)
{
	return (struct kcsd_value){ .start = n };
}

static inline struct kcsd_value kcsd_value_range(u64 min, u64 max)
{
	return (struct kcsd_value){ min, max - min, min != max };
}

static inline struct kcsd_value kcsd_value_any(void)
{
	return kcsd_value_range(0, ~0ull);
}

static inline bool kcsd_value_is_const(struct kcsd_value v)
{
	return !v.span;
}

static inline u64 kcsd_value_last(struct kcsd_value v)
{
	return v.start + v.span;
}

static inline bool kcsd_value_same(struct kcsd_value a, struct kcsd_value b)
{
	return a.start == b.start && a.span == b.span && a.stride == b.stride;
}

/* Bounds as unsigned and as signed numbers. */
u64 kcsd_value_min(struct kcsd_value v);
u64 kcsd_value_max(struct kcsd_value v);
s64 kcsd_value_smin(struct kcsd_value v);
s64 kcsd_value_smax(struct kcsd_value v);
/* All are multiples of n, a power of two. */
bool kcsd_value_aligned(struct kcsd_value v, u64 n);
bool kcsd_value_has(struct kcsd_value v, u64 n);

/* The lower bits, the rest 0, or copies of the sign. bits: 8, 16, 32, 64. */
struct kcsd_value kcsd_value_zero_extend(struct kcsd_value v, u32 bits);
struct kcsd_value kcsd_value_sign_extend(struct kcsd_value v, u32 bits);

typedef struct kcsd_value (*kcsd_value_fn)(struct kcsd_value a, struct kcsd_value b);

struct kcsd_value kcsd_value_neg(struct kcsd_value v);
struct kcsd_value kcsd_value_add(struct kcsd_value a, struct kcsd_value b);
struct kcsd_value kcsd_value_sub(struct kcsd_value a, struct kcsd_value b);
struct kcsd_value kcsd_value_mul(struct kcsd_value a, struct kcsd_value b);
struct kcsd_value kcsd_value_div(struct kcsd_value a, struct kcsd_value b);
struct kcsd_value kcsd_value_mod(struct kcsd_value a, struct kcsd_value b);
struct kcsd_value kcsd_value_and(struct kcsd_value a, struct kcsd_value b);
struct kcsd_value kcsd_value_or(struct kcsd_value a, struct kcsd_value b);
struct kcsd_value kcsd_value_xor(struct kcsd_value a, struct kcsd_value b);
/* The count is below the operands' bits. */
struct kcsd_value kcsd_value_lsh(struct kcsd_value a, struct kcsd_value count);
struct kcsd_value kcsd_value_rsh(struct kcsd_value a, struct kcsd_value count);
struct kcsd_value kcsd_value_arsh(struct kcsd_value a, struct kcsd_value count);

/* In a or in b. */
struct kcsd_value kcsd_value_join(struct kcsd_value a, struct kcsd_value b);
/* *v and in w, in w being an interval; false: nothing is left. */
bool kcsd_value_meet(struct kcsd_value *v, struct kcsd_value w);
/* *v but not n. */
bool kcsd_value_exclude(struct kcsd_value *v, u64 n);
/* *v but only multiples of n, a power of two. */
bool kcsd_value_align(struct kcsd_value *v, u64 n);
/* *v with its bounds moved on, where now has grown from old, to the next of these. */
struct kcsd_value kcsd_value_widen(struct kcsd_value old, struct kcsd_value now,
				   const u64 *stops, u32 nr_stops);

#endif
