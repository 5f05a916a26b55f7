/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * Finding a byte string. Looks for the string's rarest byte, 32 bytes at a
 * time, and compares the rest only there: about one instruction per byte of
 * text, where a byte-wise search needs five or more.
 */
#ifndef KCSD_FIND_H
#define KCSD_FIND_H

#include <kcsd_helpers.h>

#define KCSD_EACH_BYTE(value)	(0x0101010101010101ULL * (value))

struct kcsd_needle {
	const __u8 *bytes;
	__u64 len;
	__u64 anchor;		/* index of the rarest byte */
	__u64 pattern;		/* that byte, eight times */
};

/* What text and binary files are full of, commonest first. */
static const __u8 kcsd_common_bytes[] __attribute__((unused)) =
	"\0 etaoinsrhldcumfpg\nwyb\tv.,_-/*0k=;()1";

/* How rare a byte is in usual data; the higher the rarer. */
static __always_inline __u64 kcsd_byte_rarity(__u8 byte)
{
	__u64 i;

	for (i = 0; i < sizeof(kcsd_common_bytes) - 1; i++)
		if (kcsd_common_bytes[i] == byte)
			break;
	return i;
}

/* bytes stays the caller's and must outlive the needle. */
static __always_inline void kcsd_needle_init(struct kcsd_needle *needle, const __u8 *bytes,
					     __u64 len)
{
	__u64 i, rarity, best = 0;

	needle->bytes = bytes;
	needle->len = len;
	needle->anchor = 0;
	needle->pattern = len ? KCSD_EACH_BYTE(bytes[0]) : 0;
	for (i = 0; i < len; i++) {
		rarity = kcsd_byte_rarity(bytes[i]);
		if (rarity <= best)
			continue;
		best = rarity;
		needle->anchor = i;
		needle->pattern = KCSD_EACH_BYTE(bytes[i]);
	}
}

/*
 * Bit 7 of every byte of x that is 0. A byte above a 0 may be marked, too (the
 * borrow); the lowest mark is always true.
 */
static __always_inline __u64 kcsd_zero_marks(__u64 x)
{
	return (x - KCSD_EACH_BYTE(1)) & ~x & KCSD_EACH_BYTE(0x80);
}

/* Index of the lowest marked byte; marks is not 0. */
static __always_inline __u64 kcsd_first_mark(__u64 marks)
{
	return (((marks & -marks) - 1) & KCSD_EACH_BYTE(1)) * KCSD_EACH_BYTE(1) >> 56;
}

/*
 * The first 32 bytes at p + 32 * n, before stop, that may have a byte of the
 * pattern in them; stop or beyond if none have. The loop that all the time goes into:
 * a function of its own, so that it keeps everything in registers.
 */
static __attribute__((noinline, unused)) const __u8 *
kcsd_find_byte(const __u8 *p, const __u8 *stop, __u64 pattern)
{
	const __u64 low = KCSD_EACH_BYTE(1), high = KCSD_EACH_BYTE(0x80);

	for (; p < stop; p += 32) {
		__u64 a = kcsd_load64(p) ^ pattern, b = kcsd_load64(p + 8) ^ pattern;
		__u64 c = kcsd_load64(p + 16) ^ pattern, d = kcsd_load64(p + 24) ^ pattern;

		if ((((a - low) & ~a) | ((b - low) & ~b) |
		     ((c - low) & ~c) | ((d - low) & ~d)) & high)
			break;
	}
	return p;
}

/* The first match whose anchor is in the 32 bytes at p and before stop, or NULL. */
static __always_inline const __u8 *kcsd_find_near(const struct kcsd_needle *needle,
						  const __u8 *p, const __u8 *stop)
{
	const __u8 *end = p + 32, *match;
	__u64 marks;

	for (; p < end; p += 8) {
		marks = kcsd_zero_marks(kcsd_load64(p) ^ needle->pattern);
		for (; marks; marks &= marks - 1) {
			match = p + kcsd_first_mark(marks) - 1;
			if (match >= stop)
				return NULL;
			match -= needle->anchor;
			if (kcsd_equal(match, needle->bytes, needle->len))
				return match;
		}
	}
	return NULL;
}

/*
 * The first occurrence that lies wholly in [p, end), or NULL. An empty needle
 * is found at p unless p is end. Up to 32 bytes after end are read.
 */
static __attribute__((unused)) const __u8 *
kcsd_find(const struct kcsd_needle *needle, const __u8 *p, const __u8 *end)
{
	const __u8 *stop, *match;

	if (p >= end || (__u64)(end - p) < needle->len)
		return NULL;
	if (!needle->len)
		return p;
	stop = end - needle->len + 1 + needle->anchor;
	for (p += needle->anchor; p < stop; p += 32) {
		p = kcsd_find_byte(p, stop, needle->pattern);
		if (p >= stop)
			break;
		match = kcsd_find_near(needle, p, stop);
		if (match)
			return match;
	}
	return NULL;
}

#endif
