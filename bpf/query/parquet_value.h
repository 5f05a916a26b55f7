/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Values of Parquet as they are stored in pages. */
#ifndef KCSD_QUERY_PARQUET_VALUE_H
#define KCSD_QUERY_PARQUET_VALUE_H

#include <kcsd_helpers.h>
#include "parquet_args.h"
#include "row.h"

/* A value: an integer, or a text. */
struct value {
	__u64 v;		/* integer, or address of the text */
	__u32 len;		/* of the text, bytes */
	__u32 state;		/* enum query_state */
};

/* A decimal in bytes, the highest first. */
static __attribute__((noinline)) void read_decimal(const __u8 *p, __u64 len, struct value *value)
{
	__u64 sign = len && *p & 0x80 ? ~0ULL : 0, i;
	__u64 v = sign;

	value->v = (__u64)p;
	value->len = len;
	/* Bytes in front that only repeat the sign. */
	for (i = 0; i + 8 < len; i++)
		if (p[i] != (__u8)sign || (p[i + 1] ^ (__u8)sign) & 0x80)
			break;
	if (len - i > 8 || !len) {
		/* More than 64 bits: the host gets it as text. */
		value->state = QUERY_ODD;
		return;
	}
	for (; i < len; i++)
		v = v << 8 | p[i];
	value->v = v;
	value->len = 0;
	value->state = QUERY_OK;
}

static __always_inline __u64 load32(const __u8 *p)
{
	return kcsd_load64(p) & 0xffffffffULL;
}

/* Read a value that is stored plainly. Returns the byte behind it; NULL: the page ends before. */
static __always_inline const __u8 *read_plain(const struct parquet_chunk *c, const __u8 *p,
					      const __u8 *end, struct value *value)
{
	__u64 left = end - p, len;

	value->state = QUERY_OK;
	switch (c->physical) {
	case PARQUET_INT32:
	case PARQUET_FLOAT:
		if (left < 4)
			return NULL;
		value->v = load32(p);
		if (c->kind == PARQUET_NUMBER)
			value->v = (__s64)(value->v << 32) >> 32;
		return p + 4;
	case PARQUET_INT64:
	case PARQUET_DOUBLE:
		if (left < 8)
			return NULL;
		value->v = kcsd_load64(p);
		return p + 8;
	case PARQUET_BYTE_ARRAY:
		if (left < 4)
			return NULL;
		len = load32(p);
		if (len > left - 4)
			return NULL;
		p += 4;
		break;
	case PARQUET_FIXED:
		len = c->type_len;
		if (len > left)
			return NULL;
		break;
	default:
		return NULL;
	}
	if (c->kind == PARQUET_DECIMAL) {
		read_decimal(p, len, value);
	} else {
		value->v = (__u64)p;
		value->len = len;
	}
	return p + len;
}

#endif
