/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * Pages of a column of Parquet: their headers, their bytes, the levels and indices in them. Nothing
 * of a file is trusted: each length is compared with what is there before it is used.
 */
#ifndef KCSD_QUERY_PARQUET_PAGE_H
#define KCSD_QUERY_PARQUET_PAGE_H

#include <kcsd_helpers.h>
#include "parquet_args.h"
#include "row.h"

#define PARQUET_HEADER	16384	/* bytes of the header of a page */

/* Memory for pages: given once, from the heap. */
static struct {
	__u8 *p, *end;
} pages_memory;

/* Returns room for len bytes and 64 more, or NULL. */
static __always_inline __u8 *pages_room(__u64 len)
{
	__u8 *room = pages_memory.p;

	len = (len + 64 + 7) & ~7ULL;
	if (len > (__u64)(pages_memory.end - room))
		return NULL;
	pages_memory.p += len;
	return room;
}

/* A buffer that grows. */
struct buffer {
	__u8 *p;
	__u64 room;
};

static __attribute__((noinline)) __u8 *buffer_get(struct buffer *buffer, __u64 len)
{
	__u8 *p;

	if (len <= buffer->room)
		return buffer->p;
	p = pages_room(len);
	if (!p)
		return NULL;
	buffer->p = p;
	buffer->room = len;
	return p;
}

/* ---- the hybrid of runs and packed bits ---- */

struct hybrid {
	const __u8 *p, *end;
	__u64 width;		/* bits of a value */
	__u64 run;		/* values left of the run, all of them "value" */
	__u64 value;
	__u64 packed;		/* values left that are packed */
	__u64 bit;		/* of the next one, from p */
	__u64 failed;
};

static __always_inline void hybrid_init(struct hybrid *h, const __u8 *p, const __u8 *end,
					__u64 width)
{
	h->p = p;
	h->end = end;
	h->width = width;
	h->run = 0;
	h->packed = 0;
	h->bit = 0;
	h->failed = width > 32;
}

/* Begin with the next run. */
static __attribute__((noinline)) void hybrid_next(struct hybrid *h)
{
	__u64 head = 0, shift, bytes = (h->width + 7) / 8, i;

	/* Behind packed values. */
	h->p += (h->bit + 7) / 8;
	h->bit = 0;
	for (shift = 0; shift < 35; shift += 7) {
		if (h->p >= h->end)
			goto fail;
		head |= (__u64)(*h->p & 0x7f) << shift;
		if (!(*h->p++ & 0x80))
			break;
	}
	if (head & 1) {
		h->packed = (head >> 1) * 8;
		/* Packed values may end with the page, before their last group does. */
		if (h->packed * h->width > (__u64)(h->end - h->p) * 8)
			h->packed = h->width ? (__u64)(h->end - h->p) * 8 / h->width : h->packed;
		if (!h->packed)
			goto fail;
		return;
	}
	h->run = head >> 1;
	if (!h->run || (__u64)(h->end - h->p) < bytes)
		goto fail;
	h->value = 0;
	for (i = 0; i < bytes; i++)
		h->value |= (__u64)*h->p++ << (8 * i);
	return;
fail:
	h->failed = 1;
	h->run = ~0ULL;
	h->value = 0;
}

/* Begin with the next run, if none is under way. */
static __always_inline void hybrid_begin(struct hybrid *h)
{
	if (!h->run && !h->packed)
		hybrid_next(h);
}

/* Returns the values left of the run. */
static __always_inline __u64 hybrid_left(const struct hybrid *h)
{
	return h->run ? h->run : h->packed;
}

static __always_inline __u64 hybrid_get(struct hybrid *h)
{
	const __u8 *p;
	__u64 value;

	hybrid_begin(h);
	if (h->run) {
		h->run--;
		return h->value;
	}
	h->packed--;
	p = h->p + h->bit / 8;
	/* Up to 7 bytes behind the page are read: each has 64 that belong to it. */
	value = kcsd_load64(p) >> (h->bit & 7);
	h->bit += h->width;
	return value & ((1ULL << h->width) - 1);
}

/* ---- headers: Thrift, the compact protocol ---- */

static struct {
	const __u8 *p, *end;
	__u64 failed;
} thrift;

static __always_inline __u8 thrift_byte(void)
{
	if (thrift.p < thrift.end)
		return *thrift.p++;
	thrift.failed = 1;
	return 0;
}

static __attribute__((noinline)) __u64 thrift_varint(void)
{
	__u64 value = 0, shift, byte;

	for (shift = 0; shift < 64; shift += 7) {
		byte = thrift_byte();
		value |= (byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return value;
	}
	thrift.failed = 1;
	return 0;
}

static __always_inline __s64 thrift_int(void)
{
	__u64 value = thrift_varint();

	return (__s64)(value >> 1) ^ -(__s64)(value & 1);
}

enum {
	THRIFT_TRUE = 1, THRIFT_FALSE, THRIFT_I8, THRIFT_I16, THRIFT_I32, THRIFT_I64, THRIFT_DOUBLE,
	THRIFT_BINARY, THRIFT_LIST, THRIFT_SET, THRIFT_MAP, THRIFT_STRUCT,
};

static __always_inline void thrift_skip_bytes(__u64 len)
{
	if (len > (__u64)(thrift.end - thrift.p))
		thrift.failed = 1;
	else
		thrift.p += len;
}

/* Skip a value that has no structures in it. */
static __attribute__((noinline)) void thrift_skip_plain(__u64 type)
{
	switch (type) {
	case THRIFT_TRUE:
	case THRIFT_FALSE:
		return;
	case THRIFT_I8:
		thrift_byte();
		return;
	case THRIFT_I16:
	case THRIFT_I32:
	case THRIFT_I64:
		thrift_varint();
		return;
	case THRIFT_DOUBLE:
		thrift_skip_bytes(8);
		return;
	case THRIFT_BINARY:
		thrift_skip_bytes(thrift_varint());
		return;
	default:
		thrift.failed = 1;
	}
}

/*
 * Skip a value: structures up to a depth of 16. Lists and maps occur in no header that is known.
 */
static __attribute__((noinline)) void thrift_skip(__u64 type)
{
	__u64 depth = 0, head;

	if (type != THRIFT_STRUCT) {
		thrift_skip_plain(type);
		return;
	}
	depth = 1;
	while (depth && !thrift.failed) {
		head = thrift_byte();
		if (!(head & 0x0f)) {
			depth--;
			continue;
		}
		if (!(head >> 4))
			thrift_varint();
		if ((head & 0x0f) != THRIFT_STRUCT)
			thrift_skip_plain(head & 0x0f);
		else if (++depth > 16)
			thrift.failed = 1;
	}
}

/* Get the next field. Returns its type, 0: the end. */
static __always_inline __u64 thrift_field(__s64 *id)
{
	__u64 head = thrift_byte();

	if (thrift.failed || !(head & 0x0f))
		return 0;
	*id = head >> 4 ? *id + (head >> 4) : thrift_int();
	return head & 0x0f;
}

enum { PAGE_DATA, PAGE_INDEX, PAGE_DICTIONARY, PAGE_DATA_V2 };

struct page_header {
	__u64 type, size, packed_size;	/* bytes, without and with compression */
	__u64 values, encoding, levels_encoding;
	__u64 levels_len, repetition_len;	/* of PAGE_DATA_V2 */
	__u64 is_packed;
	__u64 header_len;
};
static struct page_header page;

static __always_inline bool is_number(__u64 type)
{
	return type == THRIFT_I16 || type == THRIFT_I32 || type == THRIFT_I64;
}

/* Read the structure of one kind of page; ids of the fields differ. */
static __attribute__((noinline)) void read_kind(__u64 kind)
{
	__s64 id = 0, value;
	__u64 type;

	while ((type = thrift_field(&id))) {
		if (kind == PAGE_DATA_V2 && id == 7) {
			page.is_packed = type == THRIFT_TRUE;
			continue;
		}
		if (!is_number(type)) {
			thrift_skip(type);
			continue;
		}
		value = thrift_int();
		if (value < 0)
			thrift.failed = 1;
		if (id == 1)
			page.values = value;
		else if (id == (kind == PAGE_DATA_V2 ? 4 : 2))
			page.encoding = value;
		else if (id == 3 && kind == PAGE_DATA)
			page.levels_encoding = value;
		else if (id == 5 && kind == PAGE_DATA_V2)
			page.levels_len = value;
		else if (id == 6 && kind == PAGE_DATA_V2)
			page.repetition_len = value;
	}
}

/* Read the header of a page. Returns false if it is damaged. */
static __attribute__((noinline)) bool read_header(const __u8 *p, __u64 len)
{
	__s64 id = 0, value;
	__u64 type;

	kcsd_memset(&page, 0, sizeof(page));
	page.is_packed = 1;
	thrift.p = p;
	thrift.end = p + len;
	thrift.failed = 0;
	while ((type = thrift_field(&id))) {
		if (type == THRIFT_STRUCT && (id == 5 || id == 7 || id == 8)) {
			read_kind(id == 5 ? PAGE_DATA : id == 7 ? PAGE_DICTIONARY : PAGE_DATA_V2);
			continue;
		}
		if (!is_number(type)) {
			thrift_skip(type);
			continue;
		}
		value = thrift_int();
		if (id > 3)
			continue;
		if (value < 0)
			thrift.failed = 1;
		if (id == 1)
			page.type = value;
		else if (id == 2)
			page.size = value;
		else if (id == 3)
			page.packed_size = value;
	}
	page.header_len = thrift.p - p;
	return !thrift.failed;
}

#endif
