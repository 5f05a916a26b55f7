// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Scan JSON: objects, each in a line of its own (JSON Lines), or one array of objects. Each object
 * is a row for query_take().
 *
 * The helper positions() finds all quotes, brackets and so on of a piece: the marks. The parser
 * goes from mark to mark, and validates what is between them. After an object that is malformed,
 * the next line begins a new one; in an array that is the end.
 */
#define KCSD_STREAM_CARRY	262144
#include <kcsd_helpers.h>
#include "json_path.h"
#include "json_text.h"
#include "row.h"

#define MAX_MARKS	65536	/* of a row */
#define MAX_DEPTH	64	/* of objects and arrays in one another */

static struct query_row query_row;

/* In the order of the bytes in MARK_BYTES, the lowest first. */
enum mark {
	MARK_QUOTE, MARK_ESCAPE, MARK_OBJECT, MARK_OBJECT_END, MARK_ARRAY, MARK_ARRAY_END,
	MARK_COLON, MARK_COMMA,
};
#define MARK_BYTES	0x2c3a5d5b7d7b5c22ULL	/* " \ { } [ ] : , */

static __u32 json_marks[MAX_MARKS + 16];

static __always_inline __u64 mark_at(__u32 mark)
{
	return mark & (KCSD_POSITION_MAX - 1);
}

static __always_inline enum mark mark_kind(__u32 mark)
{
	return mark >> KCSD_POSITION_SHIFT;
}

/* A value of the row. */
enum cell_kind { CELL_NULL, CELL_TEXT, CELL_ESCAPED };

struct json_cell {
	const __u8 *text;
	__u32 len;
	__u32 kind;
};
static struct json_cell json_cells[QUERY_COLUMNS];

/*
 * Strings without escapes: a key while the parser compares it; then those of the row, which are
 * all in the row, so they fit.
 */
static __u8 json_decoded[QUERY_ROW_MAX + 64];
static __u64 json_decoded_len;

static __always_inline enum query_state query_cell(__u64 column, const __u8 **text, __u64 *len);

#include "take.h"

/* Get the text of a value. Escapes were validated before. */
static __always_inline enum query_state query_cell(__u64 column, const __u8 **text, __u64 *len)
{
	struct json_cell *cell = &json_cells[column];
	__u8 *to = json_decoded + json_decoded_len;

	if (cell->kind == CELL_ESCAPED) {
		cell->len = json_decode(to, cell->text, cell->len);
		json_decoded_len += cell->len;
		cell->text = to;
		cell->kind = CELL_TEXT;
	}
	*text = cell->text;
	*len = cell->len;
	return cell->kind == CELL_NULL ? QUERY_NULL : QUERY_OK;
}

/* ---- the parser ---- */

/* What may come next. */
enum state { FIRST_KEY, KEY, COLON, FIRST_VALUE, VALUE, END };

static struct {
	const __u8 *base;	/* what the marks count from */
	const __u32 *mark, *marks_end;
	__u64 at;		/* behind what was read so far, from base */
	__u64 depth;
	__u64 state;
	__u64 columns;		/* bit i: the value under way is, or has, the one of json_paths i */
	struct {
		__u64 columns;	/* that are in this object; of an array none */
		__u64 is_array;
		__u64 own;	/* columns whose value it is */
		__u64 start;	/* from base */
	} stack[MAX_DEPTH + 1];
} json;

/* Results of the parser, besides enum query_bad. */
#define MORE	100		/* the object does not end in these bytes */

static __always_inline void set_cells(__u64 columns, const __u8 *text, __u64 len, __u64 kind)
{
	struct json_cell *cell;
	__u64 i;

	for (i = 0; columns; i++, columns >>= 1) {
		if (!(columns & 1))
			continue;
		cell = &json_cells[json_paths.column[i]];
		cell->text = text;
		cell->len = len;
		cell->kind = kind;
	}
}

/* Returns those of the columns whose path ends at a depth. */
static __always_inline __u64 complete(__u64 columns, __u64 depth)
{
	__u64 found = 0, i;

	if (!columns)
		return 0;
	for (i = 0; i < json_paths.nr; i++)
		if (columns >> i & 1 && json_paths.nr_parts[i] == depth)
			found |= 1ULL << i;
	return found;
}

/* A value has ended: what comes next. */
static __always_inline void end_value(void)
{
	json.columns = 0;
	json.state = END;
}

/* Find the quote that ends the string that begins at this mark. Returns 0 or MORE. */
static __always_inline __u64 find_quote(bool *escaped)
{
	const __u32 *mark = json.mark;
	__u64 skip = ~0ULL, at;

	*escaped = false;
	for (mark++; mark < json.marks_end; mark++) {
		at = mark_at(*mark);
		if (at == skip)
			continue;
		if (mark_kind(*mark) == MARK_ESCAPE) {
			*escaped = true;
			skip = at + 1;
		} else if (mark_kind(*mark) == MARK_QUOTE) {
			json.mark = mark;
			return 0;
		}
	}
	return MORE;
}

/* A key of the object at the top of the stack. */
static __always_inline void take_key(const __u8 *text, __u64 len)
{
	json.columns = 0;
	if (json.stack[json.depth].columns)
		json.columns = json_paths_match(json.stack[json.depth].columns, json.depth - 1,
						text, len);
	/* Of equal keys the last one counts. */
	if (json.columns)
		set_cells(json.columns, NULL, 0, CELL_NULL);
	json.state = COLON;
}

static __attribute__((noinline)) __u64 take_string(void)
{
	const __u8 *text = json.base + mark_at(*json.mark) + 1;
	__u64 len, bad;
	bool escaped;
	long decoded;

	bad = find_quote(&escaped);
	if (bad)
		return bad;
	json.at = mark_at(*json.mark) + 1;
	len = json.base + mark_at(*json.mark) - text;
	if (len > QUERY_ROW_MAX || json_has_control(text, len))
		return QUERY_BAD_SYNTAX;
	if (escaped) {
		decoded = json_decode(json_decoded, text, len);
		if (decoded < 0)
			return QUERY_BAD_SYNTAX;
	}
	switch (json.state) {
	case FIRST_KEY:
	case KEY:
		take_key(escaped ? json_decoded : text, escaped ? (__u64)decoded : len);
		return 0;
	case FIRST_VALUE:
	case VALUE:
		set_cells(complete(json.columns, json.depth), text, len,
			  escaped ? CELL_ESCAPED : CELL_TEXT);
		end_value();
		return 0;
	default:
		return QUERY_BAD_SYNTAX;
	}
}

static __always_inline bool is_word(const __u8 *p, __u64 len, const char *word, __u64 word_len)
{
	return len == word_len && !kcsd_memcmp(p, word, len);
}

/* A number, true, false or null between the last mark and this one. */
static __attribute__((noinline)) __u64 take_scalar(const __u8 *p, const __u8 *end)
{
	__u64 len, kind = CELL_TEXT;

	while (json_is_blank(end[-1]))
		end--;
	len = end - p;
	if (is_word(p, len, "null", 4))
		kind = CELL_NULL;
	else if (!is_word(p, len, "true", 4) && !is_word(p, len, "false", 5) &&
		 !json_is_number(p, end))
		return QUERY_BAD_SYNTAX;
	set_cells(complete(json.columns, json.depth), p, len, kind);
	end_value();
	return 0;
}

static __always_inline __u64 open(bool is_array, __u64 at)
{
	__u64 columns = json.columns;

	if (json.state != VALUE && json.state != FIRST_VALUE)
		return QUERY_BAD_SYNTAX;
	if (json.depth == MAX_DEPTH)
		return QUERY_BAD_DEEP;
	json.depth++;
	json.stack[json.depth].is_array = is_array;
	json.stack[json.depth].own = complete(columns, json.depth - 1);
	json.stack[json.depth].columns = is_array ? 0 : columns;
	json.stack[json.depth].start = at;
	json.columns = 0;
	json.state = is_array ? FIRST_VALUE : FIRST_KEY;
	return 0;
}

static __always_inline __u64 close(bool is_array, __u64 at)
{
	__u64 start = json.stack[json.depth].start;

	if (json.stack[json.depth].is_array != is_array ||
	    (json.state != END && json.state != (is_array ? FIRST_VALUE : FIRST_KEY)))
		return QUERY_BAD_SYNTAX;
	set_cells(json.stack[json.depth].own, json.base + start, at + 1 - start, CELL_TEXT);
	json.depth--;
	end_value();
	return 0;
}

static __always_inline __u64 take_colon(void)
{
	if (json.state != COLON)
		return QUERY_BAD_SYNTAX;
	json.state = VALUE;
	return 0;
}

static __always_inline __u64 take_comma(void)
{
	if (json.state != END || !json.depth)
		return QUERY_BAD_SYNTAX;
	json.state = json.stack[json.depth].is_array ? VALUE : KEY;
	return 0;
}

/* Take what is before a mark, then the mark. */
static __always_inline __u64 take_mark(void)
{
	__u64 at = mark_at(*json.mark), bad;
	const __u8 *end = json.base + at, *p = json_skip_blanks(json.base + json.at, end);

	json.at = at + 1;
	if (p < end) {
		if (json.state != VALUE && json.state != FIRST_VALUE)
			return QUERY_BAD_SYNTAX;
		bad = take_scalar(p, end);
		if (bad)
			return bad;
	}
	switch (mark_kind(*json.mark)) {
	case MARK_QUOTE:
		return take_string();
	case MARK_OBJECT:
		return open(false, at);
	case MARK_OBJECT_END:
		return close(false, at);
	case MARK_ARRAY:
		return open(true, at);
	case MARK_ARRAY_END:
		return close(true, at);
	case MARK_COLON:
		return take_colon();
	case MARK_COMMA:
		return take_comma();
	default:
		return QUERY_BAD_SYNTAX;
	}
}

/* Returns the length of all values of the row. */
static __always_inline __u64 cells_len(void)
{
	__u64 len = 0, i;

	for (i = 0; i < json_paths.nr; i++)
		if (json_cells[json_paths.column[i]].kind != CELL_NULL)
			len += json_cells[json_paths.column[i]].len;
	return len;
}

static __always_inline void clear_cells(void)
{
	__u64 i;

	for (i = 0; i < json_paths.nr; i++)
		json_cells[json_paths.column[i]].kind = CELL_NULL;
}

/*
 * Parse the object that begins at json.mark. Returns 0: json.at and json.mark are behind it; MORE;
 * or enum query_bad.
 */
static __attribute__((noinline)) __u64 parse_object(void)
{
	__u64 bad;

	clear_cells();
	json.depth = 0;
	json.state = VALUE;
	json.columns = json_paths.nr ? ~0ULL >> (64 - json_paths.nr) : 0;
	json.at = mark_at(*json.mark);
	do {
		bad = take_mark();
		if (bad)
			return bad;
		json.mark++;
		if (!json.depth)
			return 0;
	} while (json.mark < json.marks_end);
	return MORE;
}

/* ---- the stream ---- */

static struct {
	__u64 began;		/* 1: something was found before */
	__u64 is_last;		/* no bytes come behind these */
	__u64 is_array;
	__u64 need_comma;	/* of the array: between rows */
	__u64 may_end;		/* of the array: ']' can come: not behind a comma */
	__u64 ended;		/* the array has ended */
	__u64 skipping;		/* 1: in a line that is no row */
	__u64 failed;		/* 1: nothing can be read any more */
	__u64 rows, bad;
} scan;

/* Tell about a row that is none. Returns true if the stream ends with it. */
static __always_inline bool take_bad(__u64 bad)
{
	query_row.number++;
	scan.bad++;
	query_send_bad(bad);
	scan.failed = scan.is_array;
	return scan.failed || query_out.failed;
}

/* Returns the bytes to the end of the line; all, if it does not end here. */
static __always_inline __u64 skip_line(const __u8 *p, __u64 len)
{
	const __u8 *end = (const __u8 *)kcsd_memchr(p, '\n', len);

	scan.skipping = !end;
	return end ? (__u64)(end + 1 - p) : len;
}

/* Read what is between rows of an array. Returns false if it is wrong. */
static __always_inline bool take_between(const __u8 *p)
{
	if (!scan.began && *p == '[') {
		scan.is_array = 1;
		scan.may_end = 1;
	} else if (*p == ',' && scan.need_comma) {
		scan.need_comma = 0;
		scan.may_end = 0;
	} else if (*p == ']' && scan.is_array && !scan.ended && scan.may_end) {
		scan.ended = 1;
		scan.need_comma = 0;
	} else {
		return false;
	}
	return true;
}

static __always_inline bool is_row(const __u8 *p)
{
	return *p == '{' && !scan.need_comma && !scan.ended;
}

/* Validate that an object which is in no array is all that its line has. p: behind it. */
static __always_inline __u64 end_line(__u64 start, const __u8 *p, const __u8 *end)
{
	const __u8 *begin = json.base + start;

	if (scan.is_array)
		return 0;
	if (kcsd_memchr(begin, '\n', p - begin))
		return QUERY_BAD_LINES;
	while (p < end && *p != '\n' && json_is_blank(*p))
		p++;
	if (p == end)
		return scan.is_last ? 0 : MORE;
	return *p == '\n' || (query_params.padded && !*p) ? 0 : QUERY_BAD_SYNTAX;
}

/* Take an object as a row. Returns enum query_bad, MORE, or 0: *enough is set, if it is. */
static __always_inline __u64 take_object(const __u8 *end, bool *enough)
{
	const __u32 *first = json.mark;
	__u64 start = mark_at(*first), bad = parse_object();

	if (!bad)
		bad = end_line(start, json.base + json.at, end);

	/* Its line has ended. */
	if (bad == MORE && !scan.is_array &&
	    kcsd_memchr(json.base + start, '\n', end - json.base - start))
		bad = QUERY_BAD_SYNTAX;
	/* All marks that there is room for are in this object. */
	if (bad == MORE && json.marks_end - first == MAX_MARKS)
		bad = QUERY_BAD_PARTS;
	query_row.len = json.at - start;
	/* The values are longer than the row if some are within others. */
	if (!bad && json_paths.nested && cells_len() > query_row.len)
		query_row.len = cells_len();
	if (!bad && query_row.len > QUERY_ROW_MAX)
		bad = QUERY_BAD_LONG;
	if (bad) {
		/* The next line may begin before the place where the parser stopped. */
		json.mark = first;
		return bad;
	}
	query_row.number++;
	json_decoded_len = 0;
	scan.rows++;
	scan.need_comma = scan.is_array;
	scan.may_end = 1;
	*enough = query_take_row();
	return 0;
}

/*
 * Take what begins at p, the first byte that is not blank. Returns its bytes; 0: it does not end
 * here; -1: no more is needed.
 */
static __attribute__((noinline)) long take_one(const __u8 *p, const __u8 *end)
{
	__u64 bad = QUERY_BAD_SYNTAX;
	bool enough = false;

	if (is_row(p)) {
		scan.began = 1;
		bad = take_object(end, &enough);
		if (enough)
			return -1;
		if (!bad)
			return json.base + json.at - p;
		if (bad == MORE)
			return 0;
	} else if (take_between(p)) {
		scan.began = 1;
		return 1;
	}
	scan.began = 1;
	return take_bad(bad) ? -1 : (long)skip_line(p, end - p);
}

/* True if the marks end, but perhaps only because there is no room for more. */
static __always_inline bool ends_early(const __u8 *p)
{
	while (json.mark < json.marks_end && json.base + mark_at(*json.mark) < p)
		json.mark++;
	return json.mark == json.marks_end && json.marks_end - json_marks == MAX_MARKS;
}

/* True if what was stored ends here, and zeroes follow up to the end of an LBA. */
static __always_inline bool is_padding(const __u8 *p)
{
	return query_params.padded && !*p;
}

/*
 * Take all that is whole of len bytes at base, by their marks. Returns the bytes; -1: no more is
 * needed.
 */
static __attribute__((noinline)) long take_marked(const __u8 *base, __u64 len, __u64 nr)
{
	const __u8 *p = base, *end = base + len;
	__u64 at = query_row.at;
	long got = 1;

	json.base = base;
	json.mark = json_marks;
	json.marks_end = json_marks + nr;
	while (got) {
		p = json_skip_blanks(p, end);
		if (p == end || ends_early(p))
			break;
		if (is_padding(p))
			return -1;
		query_row.at = at + (p - base);
		got = take_one(p, end);
		if (got < 0)
			return -1;
		p += got;
	}
	query_row.at = at + (p - base);
	return p - base;
}

/* Take the rows of a piece. Returns the bytes to keep, or -1. */
static long take_piece(const __u8 *base, __u64 len)
{
	__u64 done = 0;
	long nr, got;

	if (scan.skipping) {
		done = skip_line(base, len);
		query_row.at += done;
	}
	while (done < len) {
		nr = kcsd_positions(base + done, len - done, MARK_BYTES, json_marks,
				    4 * MAX_MARKS);
		got = take_marked(base + done, len - done, nr);
		if (got < 0)
			return got;
		if (!got)
			break;
		done += got;
	}
	/* An object that does not end in the memory for rows. */
	if (len - done >= QUERY_ROW_MAX) {
		if (take_bad(QUERY_BAD_LONG))
			return -1;
		got = skip_line(base + done, len - done);
		query_row.at += got;
		done += got;
	}
	return len - done;
}

/* Returns the bytes of a byte order mark at the beginning of the stream. */
static __always_inline __u64 skip_mark(const __u8 *p, __u64 len)
{
	if (query_row.at || len < 3 || p[0] != 0xef || p[1] != 0xbb || p[2] != 0xbf)
		return 0;
	query_row.at = 3;
	return 3;
}

static long json_chunk(const struct kcsd_chunk *chunk, void *state)
{
	__u64 mark = scan.began ? 0 : skip_mark(chunk->data, chunk->len);
	long keep;

	(void)state;
	scan.is_last = !chunk->left;
	keep = take_piece(chunk->data + mark, chunk->len - mark);
	if (keep < 0)
		return -KCSD_EEXIST;
	/* An object, or an array, does not end. */
	if (!chunk->left && (keep || (scan.is_array && !scan.ended))) {
		take_bad(QUERY_BAD_SYNTAX);
		keep = 0;
	}
	if (chunk->left && query_slice_over())
		return -KCSD_EEXIST;
	return keep;
}

static __always_inline void set_state(__u64 state)
{
	scan.began = state & 1;
	scan.is_array = state >> 1 & 1;
	scan.need_comma = state >> 2 & 1;
	scan.may_end = state >> 3 & 1;
	scan.ended = state >> 4 & 1;
	scan.skipping = state >> 5 & 1;
}

static __always_inline __u64 get_state(void)
{
	return scan.began | scan.is_array << 1 | scan.need_comma << 2 | scan.may_end << 3 |
	       scan.ended << 4 | scan.skipping << 5;
}

SEC("kcsd")
__u64 query_json(struct kcsd_ctx *ctx)
{
	long err;

	set_state(query_go_on(ctx));

	if (!json_paths_init(ctx))
		return -KCSD_EINVAL;
	query_start(ctx, ctx->heap_len);
	err = kcsd_stream_from(ctx, query_row.at, json_chunk, NULL);
	/* Enough rows, or the end of a slice: not an error. */
	if (err == -KCSD_EEXIST)
		err = 0;
	if (scan.failed) {
		query_flush();
		err = -KCSD_EBADMSG;
	}
	return query_finish(err, scan.rows, scan.bad, get_state());
}
