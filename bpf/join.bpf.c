// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Emit the rows of a table whose column has one of some keys: a join in which the large side stays
 * on the drive. Rows are lines, columns are separated by one byte; there is no quoting.
 *
 * arguments	the separator, then the keys, each with a newline after it
 * cparam1	the column, counted from 1
 * result	the number of rows emitted; negative: -EINVAL, column 0, CPARAM2, or
 *		invalid arguments; -EIO, the medium failed; -ENOSPC, the rows do not fit
 *		the output (it has those that fit); -E2BIG, more than KEYS_MAX keys, or a
 *		row longer than ROW_MAX
 * output	the rows, each with its newline; a last row without one gets one
 */
#define ROW_MAX			65536
#define KCSD_STREAM_CARRY	ROW_MAX
#include <kcsd_helpers.h>
#include <kcsd_string.h>

#define KEYS_MAX	8192
#define SLOTS		16384	/* a power of two, twice the keys */

struct text {
	const __u8 *at;
	__u64 len;
};

/* Hash table with open addressing; at is NULL in a free slot. */
static struct text keys[SLOTS];
static __u64 nr_keys;

static __u64 column;	/* from 0 */
static __u8 separator;
static __u64 rows;	/* emitted */

/* Returns the slot of a key, or the free slot for it. */
static __attribute__((noinline)) struct text *find_slot(const struct text *key)
{
	__u64 slot = kcsd_crc32c(0, key->at, key->len);

	for (;; slot++) {
		struct text *there = &keys[slot % SLOTS];

		if (!there->at || (there->len == key->len &&
				   !memcmp(there->at, key->at, key->len)))
			return there;
	}
}

static long add_keys(const __u8 *p, const __u8 *end)
{
	struct text key, *slot;

	for (; p < end; p += key.len + 1) {
		const __u8 *newline = memchr(p, '\n', end - p);

		if (!newline)
			return kcsd_invalid("the last key has no newline after it");
		key = (struct text){ p, newline - p };
		slot = find_slot(&key);
		if (slot->at)
			continue;
		if (nr_keys++ == KEYS_MAX)
			return -KCSD_E2BIG;
		*slot = key;
	}
	return 0;
}

/* Reduce a row to its column. Returns false if it has fewer columns. */
static bool take_column(struct text *row)
{
	const __u8 *end = row->at + row->len, *next;
	__u64 i;

	for (i = 0; i < column; i++) {
		next = memchr(row->at, separator, end - row->at);
		if (!next)
			return false;
		row->at = next + 1;
	}
	next = memchr(row->at, separator, end - row->at);
	row->len = (next ? next : end) - row->at;
	return true;
}

/* Emit a row (given without its newline) if its column has one of the keys. */
static __attribute__((noinline)) long join_row(const __u8 *row, __u64 len)
{
	static const char newline[] = "\n";
	struct text key = { row, len };
	long err;

	if (!take_column(&key) || !find_slot(&key)->at)
		return 0;
	err = kcsd_emit(row, len);
	if (!err)
		err = kcsd_emit(newline, 1);
	if (!err)
		rows++;
	return err;
}

static long join_chunk(const struct kcsd_chunk *chunk, void *state)
{
	const __u8 *p = chunk->data, *end = p + chunk->len, *newline;
	long err;

	(void)state;
	while ((newline = memchr(p, '\n', end - p))) {
		err = join_row(p, newline - p);
		if (err)
			return err;
		p = newline + 1;
	}
	if (chunk->left || p == end)
		return end - p;
	return join_row(p, end - p);
}

SEC("kcsd")
__u64 join(struct kcsd_ctx *ctx)
{
	const __u8 *args = kcsd_args(ctx);
	long err;

	if (!ctx->cparam1 || ctx->cparam2 || !ctx->args_len || *args == '\n')
		return kcsd_invalid(
			"CPARAM1 is the column, from 1; the argument a separator, then lines");
	column = ctx->cparam1 - 1;
	separator = *args;
	err = add_keys(args + 1, args + ctx->args_len);
	if (!err)
		err = kcsd_stream(ctx, join_chunk, NULL);
	return err ? (__u64)err : rows;
}
