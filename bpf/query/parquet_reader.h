/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* A column of a row group of Parquet, page by page. */
#ifndef KCSD_QUERY_PARQUET_READER_H
#define KCSD_QUERY_PARQUET_READER_H

#include "parquet_page.h"
#include "parquet_value.h"

/* What the bits in "indices" are. */
enum parquet_stored { STORED_PLAIN, STORED_INDICES, STORED_BOOLEANS };

struct reader {
	struct parquet_chunk chunk;
	__u64 at, end;		/* of the next page, in the stream */
	__u64 left;		/* values of the chunk, NULLs count */
	__u64 page_left;	/* of the page */
	struct hybrid levels, indices;
	__u64 stored;		/* enum parquet_stored */
	__u64 has_levels;
	const __u8 *p, *data_end;	/* of values that are stored plainly */
	__u64 bit;			/* of booleans, from p */
	struct buffer packed, data, dictionary_data, entries;
	struct value *dictionary;
	__u64 nr_entries;
	__u64 longest;		/* text that was read, bytes */
};

static struct reader readers[QUERY_USED];

static struct {
	__u64 nr;		/* readers */
	__u64 i;		/* row of the batch */
	__u64 failed;		/* enum query_bad */
	__u64 at;		/* of the page that is damaged */
} pq;

static __attribute__((noinline)) __u64 fail(__u64 why, __u64 at)
{
	if (!pq.failed) {
		pq.failed = why;
		pq.at = at;
	}
	return 0;
}

/* Read a value as read_plain() does. */
static __always_inline const __u8 *reader_plain(struct reader *r, const __u8 *p, const __u8 *end,
						struct value *value)
{
	p = read_plain(&r->chunk, p, end, value);
	if (p && r->chunk.kind == PARQUET_TEXT && value->len > r->longest)
		r->longest = value->len;
	return p;
}

static __u8 header_buf[PARQUET_HEADER + 64];

/* The codec of the helper decompress for one of the format. */
static __always_inline enum kcsd_codec codec_of(__u64 codec)
{
	return codec == PARQUET_SNAPPY ? KCSD_CODEC_SNAPPY : codec == PARQUET_GZIP ?
	       KCSD_CODEC_GZIP : KCSD_CODEC_ZSTD;
}

/*
 * Read the bytes of the page behind its header, at from, to a buffer; the first plain_len of them
 * are never compressed. Returns the bytes, page.size of them, or NULL.
 */
static __attribute__((noinline)) __u8 *read_page(struct reader *r, __u64 from,
						 struct buffer *buffer, __u64 plain_len)
{
	bool is_packed = page.is_packed && r->chunk.codec != PARQUET_UNCOMPRESSED;
	__u8 *data = buffer_get(buffer, page.size), *packed = data;
	long got;

	if (plain_len > page.size || plain_len > page.packed_size ||
	    (!is_packed && page.size != page.packed_size))
		return (__u8 *)fail(QUERY_BAD_PAGE, from);
	if (is_packed)
		packed = buffer_get(&r->packed, page.packed_size);
	if (!data || !packed)
		return (__u8 *)fail(QUERY_BAD_MEMORY, from);
	got = kcsd_stream_read(from, packed, page.packed_size);
	if (got != (long)page.packed_size)
		return (__u8 *)fail(QUERY_BAD_PAGE, from);
	if (!is_packed)
		return data;
	kcsd_memcpy(data, packed, plain_len);
	/* A page of which nothing is left has nothing that is packed. */
	if (page.size == plain_len)
		return data;
	got = kcsd_decompress(codec_of(r->chunk.codec), packed + plain_len,
			      page.packed_size - plain_len, data + plain_len,
			      page.size - plain_len);
	if (got != (long)(page.size - plain_len))
		return (__u8 *)fail(QUERY_BAD_PAGE, from);
	return data;
}

static __attribute__((noinline)) void read_dictionary(struct reader *r, __u64 from)
{
	const __u8 *p, *end;
	__u64 i;

	if (page.encoding != PARQUET_PLAIN && page.encoding != PARQUET_PLAIN_DICTIONARY) {
		fail(QUERY_BAD_ENCODING, from);
		return;
	}
	/* Each value but a text without bytes has a byte in the page at least. */
	if (page.values > page.size) {
		fail(QUERY_BAD_PAGE, from);
		return;
	}
	p = read_page(r, from, &r->dictionary_data, 0);
	r->dictionary = (struct value *)buffer_get(&r->entries,
						   page.values * sizeof(struct value));
	if (!p || !r->dictionary) {
		fail(QUERY_BAD_MEMORY, from);
		return;
	}
	end = p + page.size;
	for (i = 0; i < page.values && p; i++)
		p = reader_plain(r, p, end, &r->dictionary[i]);
	if (!p)
		fail(QUERY_BAD_PAGE, from);
	r->nr_entries = page.values;
}

/* Set where levels are. Returns the byte behind them, or NULL. */
static __always_inline const __u8 *begin_levels(struct reader *r, const __u8 *p, const __u8 *end)
{
	__u64 len;

	r->has_levels = r->chunk.optional;
	if (page.type == PAGE_DATA_V2) {
		hybrid_init(&r->levels, p + page.repetition_len,
			    p + page.repetition_len + page.levels_len, 1);
		if (r->has_levels && !page.levels_len)
			return NULL;
		return p + page.repetition_len + page.levels_len;
	}
	if (!r->has_levels)
		return p;
	if (page.levels_encoding != PARQUET_RLE || end - p < 4)
		return NULL;
	len = load32(p);
	p += 4;
	if (len > (__u64)(end - p))
		return NULL;
	hybrid_init(&r->levels, p, p + len, 1);
	return p + len;
}

/* Set where values are. */
static __always_inline void begin_values(struct reader *r, const __u8 *p, const __u8 *end,
					 __u64 from)
{
	__u64 len;

	r->p = p;
	r->data_end = end;
	r->bit = 0;
	r->stored = STORED_PLAIN;
	if (page.encoding == PARQUET_RLE_DICTIONARY || page.encoding == PARQUET_PLAIN_DICTIONARY) {
		r->stored = STORED_INDICES;
		/* A page of NULLs may have nothing. */
		hybrid_init(&r->indices, p + (p < end), end, p < end ? *p : 0);
		if (r->indices.failed)
			fail(QUERY_BAD_PAGE, from);
	} else if (page.encoding == PARQUET_RLE && r->chunk.physical == PARQUET_BOOLEAN) {
		if (end - p < 4)
			len = ~0ULL;
		else
			len = load32(p);
		if (len > (__u64)(end - p) - 4) {
			fail(QUERY_BAD_PAGE, from);
			return;
		}
		hybrid_init(&r->indices, p + 4, p + 4 + len, 1);
		r->stored = STORED_BOOLEANS;
	} else if (page.encoding != PARQUET_PLAIN) {
		fail(QUERY_BAD_ENCODING, from);
	}
}

/* Read the next page. False: failed. */
static __attribute__((noinline)) bool next_page(struct reader *r)
{
	__u64 from = r->at, room = r->end - r->at, levels;
	const __u8 *p, *end;
	long got;

	if (!room) {
		fail(QUERY_BAD_PAGE, from);
		return false;
	}
	if (room > PARQUET_HEADER)
		room = PARQUET_HEADER;
	got = kcsd_stream_read(from, header_buf, room);
	if (got <= 0 || !read_header(header_buf, got) ||
	    page.packed_size > r->end - from - page.header_len) {
		fail(QUERY_BAD_PAGE, from);
		return false;
	}
	from += page.header_len;
	r->at = from + page.packed_size;
	if (page.type == PAGE_DICTIONARY) {
		read_dictionary(r, from);
		return !pq.failed;
	}
	if (page.type != PAGE_DATA && page.type != PAGE_DATA_V2)
		return true;
	levels = page.type == PAGE_DATA_V2 ? page.levels_len + page.repetition_len : 0;
	if (page.values > r->left || levels > page.size) {
		fail(QUERY_BAD_PAGE, from);
		return false;
	}
	p = read_page(r, from, &r->data, levels);
	if (!p)
		return false;
	end = p + page.size;
	p = begin_levels(r, p, end);
	if (!p) {
		fail(QUERY_BAD_PAGE, from);
		return false;
	}
	begin_values(r, p, end, from);
	r->page_left = page.values;
	return !pq.failed;
}

#endif
