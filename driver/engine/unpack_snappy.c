// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Snappy, the format without frames: the length of the output, then literals and copies of earlier
 * output. Places and lengths are private; copies stay within the output also if the CPU
 * mis-speculates. Earlier output can change meanwhile, but only gives the bytes of a copy.
 */
#include "unpack.h"

#define MAX_TAG		5	/* bytes of a tag and what belongs to it */
#define MAX_COPY	64	/* bytes of a copy */
#define FAST_IN		(MAX_TAG + MAX_COPY)	/* bytes that an element can take, or one more */
#define FAST_OUT	(MAX_COPY + 24)		/* bytes that it can write, or more */

enum tag_kind { LITERAL, COPY1, COPY2, COPY4 };	/* lowest two bits of a tag */

/* Read the length of the output. Returns false if it has no end or more than 32 bits. */
static bool read_length(struct kcsd_unpack *u, u64 *len)
{
	u32 shift;
	u8 byte;

	*len = 0;
	for (shift = 0; shift < 35; shift += 7) {
		if (!kcsd_unpack_want(u, 1))
			return false;
		byte = *kcsd_unpack_in(u);
		u->at++;
		*len |= (u64)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return *len <= U32_MAX;
	}
	return false;
}

/* Load a number of n bytes, 1 to 4. */
static u32 load(const u8 *p, u32 n)
{
	u32 value = 0;

	while (n--)
		value = value << 8 | p[n];
	return value;
}

/* Returns the bytes that belong to a tag, with itself but without those of a literal. */
static u32 tag_size(u8 tag)
{
	static const u8 size[] = { 0, 2, 3, 5 };

	if ((tag & 3) != LITERAL)
		return size[tag & 3];
	return tag >> 2 < 60 ? 1 : (tag >> 2) - 60 + 2;
}

static u64 literal_len(const u8 *in)
{
	u32 n = *in >> 2;

	return n < 60 ? 1 + n : 1 + (u64)load(in + 1, n - 59);
}

/* The next two have no branches, which no CPU could predict. MAX_TAG bytes are there. */
static u64 copy_len(u8 tag)
{
	bool is_short = (tag & 3) == COPY1;

	return (tag >> 2 & (is_short ? 7 : 63)) + (is_short ? 4 : 1);
}

/* Returns 0, which is no offset, for a literal. */
static u64 copy_offset(const u8 *in)
{
	static const u32 low[] = { 0, 0xff, 0xffff, 0xffffffff }, high[] = { 0, 0x700, 0, 0 };
	u32 kind = *in & 3;

	return (le32_to_cpu(get_unaligned((const __le32 *)(in + 1))) & low[kind]) |
	       (*in << 3 & high[kind]);
}

static void move8(u8 *to, const u8 *from)
{
	put_unaligned(get_unaligned((const u64 *)from), (u64 *)to);
}

/*
 * Copy len bytes, at most MAX_COPY, to p from offset before it. May write up to FAST_OUT bytes,
 * those behind len any. A short pattern is repeated until eight bytes of it are there.
 */
static void copy_fast(u8 *p, u64 offset, u64 len)
{
	const u8 *from = p - offset, *end = p + len;

	if (offset >= 16) {
		memcpy(p, from, 16);
		for (p += 16, from += 16; p < end; p += 16, from += 16)
			memcpy(p, from, 16);
		return;
	}
	for (; p - from < 8 && p < end; p += p - from)
		move8(p, from);
	for (; p < end; p += 8, from += 8)
		move8(p, from);
}

static void copy_exact(u8 *p, u64 offset, u64 len)
{
	const u8 *from = p - offset;

	while (len--)
		*p++ = *from++;
}

static s64 unpack_copy(struct kcsd_unpack *u, u64 offset, u64 len)
{
	u64 left = u->dst_len - u->done;

	if (offset - 1 >= u->done || len > left)
		return -KCSD_EBADMSG;
	offset = kcsd_index_nospec(offset - 1, u->done) + 1;
	copy_exact(u->dst + u->done, offset, kcsd_index_nospec(len, left + 1));
	u->done += len;
	return kcsd_unpack_work(u, 0, len) ? 0 : KCSD_UNPACK_STOPPED;
}

static s64 unpack_literal(struct kcsd_unpack *u, u64 len)
{
	u64 n;

	if (len > u->dst_len - u->done)
		return -KCSD_EBADMSG;
	len = kcsd_index_nospec(len, u->dst_len - u->done + 1);
	for (; len; len -= n) {
		if (!kcsd_unpack_want(u, 1))
			return -KCSD_EBADMSG;
		n = min(len, (u64)kcsd_unpack_in_len(u));
		memcpy(u->dst + u->done, kcsd_unpack_in(u), n);
		u->at += n;
		u->done += n;
		if (!kcsd_unpack_work(u, n, n))
			return KCSD_UNPACK_STOPPED;
	}
	return 0;
}

/* Unpack one element; some input is there. */
static s64 unpack_element(struct kcsd_unpack *u)
{
	u8 tag[MAX_TAG] = {};
	u32 size;

	/* There may be fewer: the last tag need not be the longest. */
	kcsd_unpack_want(u, MAX_TAG);
	memcpy(tag, kcsd_unpack_in(u), min(kcsd_unpack_in_len(u), (u32)MAX_TAG));
	size = tag_size(tag[0]);
	if (size > kcsd_unpack_in_len(u))
		return -KCSD_EBADMSG;
	u->at += size;
	if (!kcsd_unpack_work(u, size, 0))
		return KCSD_UNPACK_STOPPED;
	if ((tag[0] & 3) == LITERAL)
		return unpack_literal(u, literal_len(tag));
	return unpack_copy(u, copy_offset(tag), copy_len(tag[0]));
}

/*
 * Unpack elements while there is so much input and room that none of the short ones needs another
 * check. Returns where it stops: at what only unpack_element() does, or judges.
 */
static const u8 *unpack_fast(struct kcsd_unpack *u, const u8 *in)
{
	const u8 *end = in + kcsd_unpack_in_len(u);
	u64 done = u->done, stop = min(u->dst_len, done + KCSD_TICK_BYTES);
	u8 *const dst = u->dst;
	u64 offset, len;
	u8 tag;

	while (end - in >= FAST_IN && stop - done >= FAST_OUT) {
		tag = *in;
		if (!(tag & 3) && tag >> 2 < 60) {
			len = 1 + (tag >> 2);
			memcpy(dst + done, in + 1, MAX_COPY);
			in += 1 + len;
		} else {
			offset = copy_offset(in);
			if (offset - 1 >= done)
				break;
			len = copy_len(tag);
			copy_fast(dst + done, kcsd_index_nospec(offset - 1, done) + 1, len);
			in += tag_size(tag);
		}
		done += len;
	}
	u->done = done;
	return in;
}

/* Returns false if the run has ended. */
static bool unpack_some(struct kcsd_unpack *u)
{
	const u8 *in = kcsd_unpack_in(u);
	u64 done = u->done, read = unpack_fast(u, in) - in;

	u->at += read;
	return kcsd_unpack_work(u, read, u->done - done);
}

s64 kcsd_unpack_snappy(struct kcsd_unpack *u)
{
	u64 len;
	s64 ret = 0;

	if (!read_length(u, &len))
		return -KCSD_EBADMSG;
	if (len > u->dst_len)
		return -KCSD_ENOSPC;
	u->dst_len = kcsd_index_nospec(len, u->dst_len + 1);
	while (!ret && kcsd_unpack_want(u, 1)) {
		if (!unpack_some(u))
			return KCSD_UNPACK_STOPPED;
		ret = kcsd_unpack_want(u, 1) ? unpack_element(u) : 0;
	}
	return !ret && u->done < u->dst_len ? -KCSD_EBADMSG : ret;
}
