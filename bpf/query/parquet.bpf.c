// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Scan a row group of Parquet: values of all columns that are used, in step, for query_take().
 *
 * Values are decoded for up to BATCH rows at a time. Pages of different columns end at different
 * rows.
 */
#include <kcsd_helpers.h>
#include "parquet_args.h"
#include "parquet_page.h"
#include "row.h"

#define QUERY_TYPED
#define BATCH		256

static struct query_row query_row;

#include "take.h"
#include "parquet_print.h"

/* A value: an integer, or a text. */
struct value {
	__u64 v;		/* integer, or address of the text */
	__u32 len;		/* of the text, bytes */
	__u32 state;		/* enum query_state */
};

/* A column of the row group. */
struct reader {
	struct parquet_chunk chunk;
	__u64 at, end;		/* of the next page, in the stream */
	__u64 left;		/* values of the chunk, NULLs count */
	__u64 page_left;	/* of the page */
	struct hybrid levels, indices;
	__u64 has_indices;
	__u64 has_levels;
	const __u8 *p, *data_end;	/* of values that are stored plainly */
	__u64 bit;			/* of booleans, from p */
	struct buffer packed, data, dictionary_data, entries;
	struct value *dictionary;
	__u64 nr_entries;
};
static struct reader readers[QUERY_USED];
static struct value batch[QUERY_USED][BATCH];
static __u8 reader_of[QUERY_COLUMNS];	/* of a column */

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

/* ---- values ---- */

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

/* ---- pages ---- */

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
		p = read_plain(&r->chunk, p, end, &r->dictionary[i]);
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
	r->has_indices = page.encoding == PARQUET_RLE_DICTIONARY ||
			 page.encoding == PARQUET_PLAIN_DICTIONARY;
	if (r->has_indices) {
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
		r->has_indices = 2;
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

/* ---- batches ---- */

/* Read a value that is not NULL. */
static __always_inline bool read_value(struct reader *r, struct value *value)
{
	__u64 i;

	if (r->has_indices) {
		i = hybrid_get(&r->indices);
		if (r->has_indices == 2) {
			value->v = i;
			value->state = QUERY_OK;
			return true;
		}
		if (i >= r->nr_entries)
			return false;
		*value = r->dictionary[i];
		return true;
	}
	if (r->chunk.physical == PARQUET_BOOLEAN) {
		if (r->bit / 8 >= (__u64)(r->data_end - r->p))
			return false;
		value->v = r->p[r->bit / 8] >> (r->bit & 7) & 1;
		value->state = QUERY_OK;
		r->bit++;
		return true;
	}
	r->p = read_plain(&r->chunk, r->p, r->data_end, value);
	return r->p;
}

/* Read nr values of the page, NULLs count. Returns false: failed. */
static __attribute__((noinline)) bool fill(struct reader *r, struct value *values, __u64 nr)
{
	__u64 i;

	r->page_left -= nr;
	r->left -= nr;

	for (i = 0; i < nr; i++) {
		if (r->has_levels && !hybrid_get(&r->levels)) {
			values[i].state = QUERY_NULL;
			continue;
		}
		if (!read_value(r, &values[i])) {
			fail(QUERY_BAD_PAGE, r->at);
			return false;
		}
	}
	if (r->levels.failed || (r->has_indices && r->indices.failed))
		fail(QUERY_BAD_PAGE, r->at);
	return !pq.failed;
}

/* ---- called by the emitted code ---- */

static __always_inline const struct value *value_of(__u64 column)
{
	return &batch[reader_of[column]][pq.i];
}

/* An integer of the unit that the type has here. */
__attribute__((noinline)) __u64 query_int(__u64 column, __u64 scale)
{
	const struct value *value = value_of(column);
	__s64 factor = readers[reader_of[column]].chunk.factor, v = value->v;

	(void)scale;
	if (value->state)
		return value->state;
	/* Integers of more digits than all that follows expects. */
	if (v >= 1000000000000000000LL || v <= -1000000000000000000LL)
		return QUERY_ODD;
	if (factor != 1) {
		if (v > 9000000000000000LL || v < -9000000000000000LL)
			return QUERY_ODD;
		v *= factor;
	}
	query_row.value = v;
	return QUERY_OK;
}

__attribute__((noinline)) __u64 query_bool(__u64 column)
{
	return query_int(column, 0);
}

__attribute__((noinline)) __u64 query_date(__u64 column)
{
	__u64 state = query_int(column, 0);

	if (!state && !print_is_day(query_row.value))
		return QUERY_ODD;
	return state;
}

__attribute__((noinline)) __u64 query_timestamp(__u64 column)
{
	__u64 state = query_int(column, 0);

	/* From 0001-01-01 to 9999-12-31. */
	if (!state && (query_row.value < -62135596800000000LL ||
		       query_row.value > 253402300799999999LL))
		return QUERY_ODD;
	return state;
}

__attribute__((noinline)) __u64 query_text(__u64 column)
{
	const struct value *value = value_of(column);

	if (value->state)
		return value->state;
	if (value->len > QUERY_ROW_MAX ||
	    (!query_ascii((const __u8 *)value->v, value->len) &&
	     !query_utf8((const __u8 *)value->v, value->len)))
		return QUERY_ODD;
	query_row.text = value->v;
	query_row.text_len = value->len;
	return QUERY_OK;
}

/* ---- odd rows ---- */

/* Print a decimal of up to 16 bytes. */
static __attribute__((noinline)) void print_long_decimal(const __u8 *p, __u64 len, __u64 scale)
{
	__u8 digits[48], bytes[16];
	__u64 negative = len && *p & 0x80, i, rest, nr = 0, any, carry = 1;

	if (len > 16 || !len) {
		/* It has more digits than any that is supported. */
		print_word("1e99", 4);
		return;
	}
	for (i = len; i--;) {
		rest = negative ? (__u8)~p[i] + carry : p[i];
		carry = negative ? rest >> 8 : 0;
		bytes[i] = rest;
	}
	do {
		rest = 0;
		any = 0;
		for (i = 0; i < len; i++) {
			rest = rest << 8 | bytes[i];
			bytes[i] = rest / 10;
			any |= bytes[i];
			rest %= 10;
		}
		digits[nr++] = '0' + rest;
	} while (any && nr < 40);
	if (negative)
		print_byte('-');
	while (nr)
		print_byte(digits[--nr]);
	print_byte('e');
	print_byte('-');
	print_number(scale, 1);
}

static __always_inline void print_value(const struct parquet_chunk *c, const struct value *value)
{
	__s64 v = value->v;

	if (c->kind == PARQUET_REAL) {
		print_double(c->physical == PARQUET_FLOAT ? widen_float(v) : (__u64)v);
		return;
	}
	if (c->kind == PARQUET_DECIMAL && value->state == QUERY_ODD) {
		print_long_decimal((const __u8 *)value->v, value->len, c->scale);
		return;
	}
	if (c->print == PARQUET_PRINT_BOOL) {
		print_byte(v ? 't' : 'f');
		return;
	}
	if (c->print == PARQUET_PRINT_DATE && print_is_day(v)) {
		print_date(v);
		return;
	}
	if (c->print == PARQUET_PRINT_TIMESTAMP && v <= 9000000000000000000LL / c->factor &&
	    v >= -9000000000000000000LL / c->factor &&
	    v * c->factor >= -62135596800000000LL && v * c->factor <= 253402300799999999LL) {
		print_timestamp(v * c->factor);
		return;
	}
	/* A day that is none here becomes a number, which is no date. */
	print_decimal(v, c->scale);
}

__attribute__((noinline)) __u64 query_raw(__u64 column)
{
	__u64 i = reader_of[column];
	const struct value *value = value_of(column);

	if (value->state == QUERY_NULL)
		return QUERY_NULL;
	if (readers[i].chunk.kind == PARQUET_TEXT) {
		query_row.text = value->v;
		query_row.text_len = value->len;
		return QUERY_OK;
	}
	print.p = print_buf[i];
	print_value(&readers[i].chunk, value);
	query_row.text = (__u64)print_buf[i];
	query_row.text_len = print.p - print_buf[i];
	return QUERY_OK;
}

/* ---- the row group ---- */

/* Returns the bytes of the texts of a row: what a message needs room for. */
static __always_inline __u64 texts_len(void)
{
	__u64 len = 0, j;

	for (j = 0; j < pq.nr; j++)
		if (readers[j].chunk.kind == PARQUET_TEXT && !batch[j][pq.i].state)
			len += batch[j][pq.i].len;
	return len + PRINT_LEN * QUERY_USED;
}

/* Take the rows of a batch. Returns true if no more are needed. */
static __attribute__((noinline)) bool take_batch(__u64 nr)
{
	for (pq.i = 0; pq.i < nr; pq.i++) {
		query_row.len = texts_len();
		if (query_row.len > QUERY_ROW_MAX) {
			query_send_bad(QUERY_BAD_LONG);
		} else if (query_take_row()) {
			return true;
		}
		query_row.number++;
	}
	return false;
}

static bool begin(const struct kcsd_ctx *ctx)
{
	const struct parquet_args *args = (const struct parquet_args *)kcsd_args(ctx);
	__u64 i;

	if (ctx->args_len < sizeof(*args) || args->nr_chunks > QUERY_USED ||
	    ctx->args_len < sizeof(*args) + args->nr_chunks * sizeof(args->chunks[0]))
		return false;
	pq.nr = args->nr_chunks;
	query_row.number = args->first;
	for (i = 0; i < pq.nr; i++) {
		struct reader *r = &readers[i];

		kcsd_memcpy(&r->chunk, &args->chunks[i], sizeof(r->chunk));
		if (r->chunk.column >= QUERY_COLUMNS)
			return false;
		reader_of[r->chunk.column] = i;
		r->at = r->chunk.offset;
		r->end = r->at + r->chunk.len;
		r->left = r->chunk.values;
		if (r->left != args->rows)
			fail(QUERY_BAD_PAGE, r->at);
	}
	return true;
}

/*
 * Read the next rows, at most nr: no more than there are in the page of each column, since texts
 * stay in the pages. Returns how many; 0: failed.
 */
static __always_inline __u64 fill_all(__u64 nr)
{
	__u64 i;

	for (i = 0; i < pq.nr; i++) {
		while (!readers[i].page_left)
			if (!next_page(&readers[i]))
				return 0;
		if (readers[i].page_left < nr)
			nr = readers[i].page_left;
	}
	for (i = 0; i < pq.nr; i++)
		if (!fill(&readers[i], batch[i], nr))
			return 0;
	return nr;
}

SEC("kcsd")
__u64 query_parquet(struct kcsd_ctx *ctx)
{
	const struct parquet_args *args = (const struct parquet_args *)kcsd_args(ctx);
	__u64 groups = ctx->heap_len / 4, left, nr;

	if (!begin(ctx))
		return -KCSD_EINVAL;
	pages_memory.p = (__u8 *)kcsd_heap(ctx) + ((groups + 7) & ~7ULL);
	pages_memory.end = (__u8 *)kcsd_heap(ctx) + ctx->heap_len;
	query_start(ctx, groups);
	for (left = args->rows; left && !pq.failed; left -= nr) {
		nr = fill_all(left < BATCH ? left : BATCH);
		if (!nr || take_batch(nr))
			break;
	}
	if (pq.failed) {
		query_row.at = pq.at;
		query_send_bad(pq.failed);
		query_flush();
		return -KCSD_EBADMSG;
	}
	return query_finish(0, args->rows, 0);
}
