// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "verify_value.h"

#define SIGN_BIT	(1ull << 63)

/* The largest power of two that divides n; 0 for 0, which all divide. */
static u64 lowest_bit(u64 n)
{
	return n & -n;
}

static u64 gcd64(u64 a, u64 b)
{
	u64 rest;

	while (b) {
		rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

/* All ones up to the highest of n. */
static u64 fill(u64 n)
{
	u32 shift;

	for (shift = 1; shift < 64; shift *= 2)
		n |= n >> shift;
	return n;
}

static bool add_overflows(u64 a, u64 b)
{
	return a + b < a;
}

static bool mul_overflows(u64 a, u64 b)
{
	return a && b > ~0ull / a;
}

/* All numbers of these bits that are n modulo what divides them, of stride the power of two. */
static struct kcsd_value all_like(u64 n, u64 stride, u32 bits)
{
	u64 last = bits < 64 ? (1ull << bits) - 1 : ~0ull;
	u64 step = lowest_bit(stride);

	if (!step || step > last)
		step = last / 2 + 1;
	return (struct kcsd_value){ n & (step - 1), last - (step - 1), step };
}

/* Where a set does not wrap around. */
static bool in_order(struct kcsd_value v)
{
	return kcsd_value_last(v) >= v.start;
}

static bool in_signed_order(struct kcsd_value v)
{
	return !add_overflows(v.start ^ SIGN_BIT, v.span);
}

u64 kcsd_value_min(struct kcsd_value v)
{
	return in_order(v) ? v.start : 0;
}

u64 kcsd_value_max(struct kcsd_value v)
{
	return in_order(v) ? kcsd_value_last(v) : ~0ull;
}

s64 kcsd_value_smin(struct kcsd_value v)
{
	return in_signed_order(v) ? (s64)v.start : S64_MIN;
}

s64 kcsd_value_smax(struct kcsd_value v)
{
	return in_signed_order(v) ? (s64)kcsd_value_last(v) : S64_MAX;
}

bool kcsd_value_aligned(struct kcsd_value v, u64 n)
{
	return !((v.start | v.stride) & (n - 1));
}

bool kcsd_value_has(struct kcsd_value v, u64 n)
{
	u64 off = n - v.start;

	return off <= v.span && (!off || !(off % v.stride));
}

struct kcsd_value kcsd_value_zero_extend(struct kcsd_value v, u32 bits)
{
	u64 last = bits < 64 ? (1ull << bits) - 1 : ~0ull;
	u64 start = v.start & last;

	if (bits == 64)
		return v;
	if (v.span <= last - start)
		return (struct kcsd_value){ start, v.span, v.stride };
	return all_like(start, v.stride, bits);
}

struct kcsd_value kcsd_value_sign_extend(struct kcsd_value v, u32 bits)
{
	u64 half = 1ull << (bits - 1);

	/* Moved up by half, the numbers of these bits are in order. */
	v = kcsd_value_zero_extend(kcsd_value_add(v, kcsd_value_const(half)), bits);
	return kcsd_value_sub(v, kcsd_value_const(half));
}

struct kcsd_value kcsd_value_neg(struct kcsd_value v)
{
	return (struct kcsd_value){ -kcsd_value_last(v), v.span, v.stride };
}

struct kcsd_value kcsd_value_add(struct kcsd_value a, struct kcsd_value b)
{
	u64 stride = gcd64(a.stride, b.stride);

	if (add_overflows(a.span, b.span))
		return all_like(a.start + b.start, stride, 64);
	return (struct kcsd_value){ a.start + b.start, a.span + b.span, stride };
}

struct kcsd_value kcsd_value_sub(struct kcsd_value a, struct kcsd_value b)
{
	return kcsd_value_add(a, kcsd_value_neg(b));
}

static struct kcsd_value mul_const(struct kcsd_value v, u64 n)
{
	if (!n || kcsd_value_is_const(v))
		return kcsd_value_const(v.start * n);
	if ((s64)n < 0 && n != SIGN_BIT)
		return kcsd_value_neg(mul_const(v, -n));
	if (mul_overflows(v.span, n))
		return all_like(v.start * n, lowest_bit(v.stride) * lowest_bit(n), 64);
	return (struct kcsd_value){ v.start * n, v.span * n, v.stride * n };
}

struct kcsd_value kcsd_value_mul(struct kcsd_value a, struct kcsd_value b)
{
	u64 stride;

	if (kcsd_value_is_const(a))
		return mul_const(b, a.start);
	if (kcsd_value_is_const(b))
		return mul_const(a, b.start);
	if (!in_order(a) || !in_order(b) ||
	    mul_overflows(kcsd_value_last(a), kcsd_value_last(b)))
		return kcsd_value_any();
	stride = gcd64(gcd64(a.start * b.stride, b.start * a.stride), a.stride * b.stride);
	return (struct kcsd_value){
		a.start * b.start,
		kcsd_value_last(a) * kcsd_value_last(b) - a.start * b.start,
		stride,
	};
}

/* Dividing by 0 gives 0. */
struct kcsd_value kcsd_value_div(struct kcsd_value a, struct kcsd_value b)
{
	u64 least = kcsd_value_min(b), most = kcsd_value_max(b);

	if (!most)
		return kcsd_value_const(0);
	if (!least)
		return kcsd_value_range(0, kcsd_value_max(a));
	return kcsd_value_range(kcsd_value_min(a) / most, kcsd_value_max(a) / least);
}

/* Modulo 0 changes nothing. */
struct kcsd_value kcsd_value_mod(struct kcsd_value a, struct kcsd_value b)
{
	u64 most = kcsd_value_max(a);

	if (most < kcsd_value_min(b) || !kcsd_value_max(b))
		return a;
	if (!kcsd_value_min(b))
		return kcsd_value_range(0, most);
	return kcsd_value_range(0, min(most, kcsd_value_max(b) - 1));
}

/* Multiples of step, a power of two, from least to most; there is one. */
static struct kcsd_value multiples(u64 least, u64 most, u64 step)
{
	least = (least + step - 1) & -step;
	most &= -step;
	return (struct kcsd_value){ least, most - least, least != most ? step : 0 };
}

/* The power of two that all of v are multiples of; 2^63 for nothing but 0. */
static u64 alignment(struct kcsd_value v)
{
	return lowest_bit(v.start | v.stride | SIGN_BIT);
}

static struct kcsd_value and_mask(struct kcsd_value v, u64 mask)
{
	u64 first = kcsd_value_min(v), last = kcsd_value_max(v), low = fill(first ^ last);
	u64 least, most, step = lowest_bit(mask | SIGN_BIT);

	if (kcsd_value_is_const(v))
		return kcsd_value_const(v.start & mask);
	/* A mask of all upper bits keeps the order. */
	least = mask == -step ? first & mask : first & ~low & mask;
	most = mask == -step ? last & mask : (first | low) & mask;
	return multiples(least, min(most, last), max(step, alignment(v)));
}

struct kcsd_value kcsd_value_and(struct kcsd_value a, struct kcsd_value b)
{
	if (kcsd_value_is_const(b))
		return and_mask(a, b.start);
	if (kcsd_value_is_const(a))
		return and_mask(b, a.start);
	return multiples(0, min(kcsd_value_max(a), kcsd_value_max(b)),
			 max(alignment(a), alignment(b)));
}

/* No bit can be set in both. */
static bool disjoint(struct kcsd_value a, struct kcsd_value b)
{
	return kcsd_value_max(a) < alignment(b) || kcsd_value_max(b) < alignment(a);
}

struct kcsd_value kcsd_value_or(struct kcsd_value a, struct kcsd_value b)
{
	if (kcsd_value_is_const(a) && kcsd_value_is_const(b))
		return kcsd_value_const(a.start | b.start);
	if (disjoint(a, b))
		return kcsd_value_add(a, b);
	return kcsd_value_range(max(kcsd_value_min(a), kcsd_value_min(b)),
				fill(kcsd_value_max(a) | kcsd_value_max(b)));
}

struct kcsd_value kcsd_value_xor(struct kcsd_value a, struct kcsd_value b)
{
	if (kcsd_value_is_const(a) && kcsd_value_is_const(b))
		return kcsd_value_const(a.start ^ b.start);
	if (disjoint(a, b))
		return kcsd_value_add(a, b);
	return multiples(0, fill(kcsd_value_max(a) | kcsd_value_max(b)),
			 min(alignment(a), alignment(b)));
}

struct kcsd_value kcsd_value_lsh(struct kcsd_value a, struct kcsd_value count)
{
	u64 most = kcsd_value_max(count);

	if (kcsd_value_is_const(count))
		return mul_const(a, 1ull << count.start);
	if (most > 63 || kcsd_value_max(a) > ~0ull >> most)
		return kcsd_value_any();
	return kcsd_value_range(kcsd_value_min(a) << kcsd_value_min(count),
				kcsd_value_max(a) << most);
}

/* Shifts that round down leave the distances as they are, if these have no bits to lose. */
static u64 shifted_stride(struct kcsd_value v, u32 count)
{
	u64 stride = v.stride >> count;

	return stride << count == v.stride ? stride : 1;
}

struct kcsd_value kcsd_value_rsh(struct kcsd_value a, struct kcsd_value count)
{
	u64 least = kcsd_value_min(count), most = kcsd_value_max(count);
	struct kcsd_value v;

	if (most > 63)
		return kcsd_value_range(0, kcsd_value_max(a));
	v = kcsd_value_range(kcsd_value_min(a) >> most, kcsd_value_max(a) >> least);
	if (v.span && least == most && in_order(a))
		v.stride = shifted_stride(a, least);
	return v;
}

struct kcsd_value kcsd_value_arsh(struct kcsd_value a, struct kcsd_value count)
{
	s64 least = kcsd_value_smin(a), most = kcsd_value_smax(a);
	struct kcsd_value v;

	if (!kcsd_value_is_const(count))
		return kcsd_value_range(min(least, (s64)0), max(most, (s64)0));
	v = kcsd_value_range(least >> count.start, most >> count.start);
	if (v.span && in_signed_order(a))
		v.stride = shifted_stride(a, count.start);
	return v;
}

/* From a up to the end of b, wherever that begins; false: that is everything. */
static bool join_upwards(struct kcsd_value a, struct kcsd_value b, u64 *span)
{
	u64 off = b.start - a.start;

	if (add_overflows(off, b.span))
		return false;
	*span = max(a.span, off + b.span);
	return true;
}

struct kcsd_value kcsd_value_join(struct kcsd_value a, struct kcsd_value b)
{
	u64 stride = gcd64(a.stride, b.stride), from_a = 0, from_b = 0;
	bool a_first = join_upwards(a, b, &from_a), b_first = join_upwards(b, a, &from_b);

	if (!a_first && !b_first)
		return all_like(a.start, gcd64(stride, lowest_bit(b.start - a.start)), 64);
	if (a_first && (!b_first || from_a <= from_b))
		return (struct kcsd_value){ a.start, from_a, gcd64(stride, b.start - a.start) };
	return (struct kcsd_value){ b.start, from_b, gcd64(stride, a.start - b.start) };
}

/* Only those that are from off "first" to off "last" from the start. */
static bool cut(struct kcsd_value *v, u64 first, u64 last)
{
	if (!v->stride)
		return !first;
	if (first % v->stride) {
		u64 up = v->stride - first % v->stride;

		if (up > last || first > last - up)
			return false;
		first += up;
	}
	last -= last % v->stride;
	if (first > last)
		return false;
	*v = (struct kcsd_value){ v->start + first, last - first, first != last ? v->stride : 0 };
	return true;
}

bool kcsd_value_meet(struct kcsd_value *v, struct kcsd_value w)
{
	u64 first = w.start - v->start, last = first + w.span;
	bool wraps = add_overflows(first, w.span);

	if (kcsd_value_is_const(w) && !kcsd_value_has(*v, w.start))
		return false;
	if (first <= v->span && !wraps)
		return cut(v, first, min(v->span, last));
	/* w ends within v again: two pieces are left, and either set has both in it. */
	if (first <= v->span) {
		*v = w.span < v->span ? w : *v;
		return true;
	}
	return wraps && cut(v, 0, min(v->span, last));
}

bool kcsd_value_exclude(struct kcsd_value *v, u64 n)
{
	if (kcsd_value_is_const(*v))
		return v->start != n;
	if (n == v->start)
		return cut(v, v->stride, v->span);
	if (n == kcsd_value_last(*v))
		return cut(v, 0, v->span - v->stride);
	return true;
}

bool kcsd_value_align(struct kcsd_value *v, u64 n)
{
	u64 off = -v->start & (n - 1);

	/* n is 0 for 2^64; and only steps that divide n reach its multiples regularly. */
	if (!n)
		return kcsd_value_meet(v, kcsd_value_const(0));
	if (!v->stride)
		return !off;
	if (v->stride >= n || v->stride != lowest_bit(v->stride))
		return true;
	if (off % v->stride || off > v->span)
		return false;
	v->start += off;
	v->span = (v->span - off) & -n;
	v->stride = v->span ? n : 0;
	return true;
}

/* The least distance that is at least "least" from "from" up (or down) to a stop. */
static u64 next_stop(u64 from, u64 least, bool down, const u64 *stops, u32 nr_stops)
{
	u64 best = ~0ull, off;
	u32 i;

	for (i = 0; i < nr_stops; i++) {
		off = down ? from - stops[i] : stops[i] - from;
		if (off >= least && off < best)
			best = off;
	}
	return best;
}

struct kcsd_value kcsd_value_widen(struct kcsd_value old, struct kcsd_value now,
				   const u64 *stops, u32 nr_stops)
{
	u64 last = kcsd_value_last(now), span = now.span;

	if (!now.stride || kcsd_value_same(old, now))
		return now;
	if (last != kcsd_value_last(old)) {
		span = next_stop(now.start, now.span, false, stops, nr_stops);
		if (span == ~0ull)
			return all_like(now.start, now.stride, 64);
		now.span = span - span % now.stride;
		last = kcsd_value_last(now);
	}
	if (now.start != old.start) {
		span = next_stop(last, now.span, true, stops, nr_stops);
		if (span == ~0ull)
			return all_like(now.start, now.stride, 64);
		now.span = span - span % now.stride;
		now.start = last - now.span;
	}
	return now;
}
