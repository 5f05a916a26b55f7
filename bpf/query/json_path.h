/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * The columns of JSON: paths of keys, "a.b". libkcsd passes them as arguments of the program:
 *
 *	u32 number of columns; for each: u32 column, u32 parts; for each part: u32 bytes, the key
 *	itself, padded to 4
 */
#ifndef KCSD_QUERY_JSON_PATH_H
#define KCSD_QUERY_JSON_PATH_H

#define JSON_PARTS	8	/* keys of a path */

#ifdef __bpf__
#include <kcsd_helpers.h>
#include "row.h"

struct json_part {
	const __u8 *key;
	__u64 len;
};

static struct {
	__u64 nr;
	__u64 nested;		/* 1: one of them is within another: "a" and "a.b" */
	__u32 column[QUERY_USED];
	__u32 nr_parts[QUERY_USED];
	struct json_part parts[QUERY_USED][JSON_PARTS];
} json_paths;

static __always_inline __u64 json_load32(const __u8 *p)
{
	return p[0] | (__u64)p[1] << 8 | (__u64)p[2] << 16 | (__u64)p[3] << 24;
}

/* True if path a is the beginning of path b. */
static __always_inline bool json_path_begins(__u64 a, __u64 b)
{
	const struct json_part *x = json_paths.parts[a], *y = json_paths.parts[b];
	__u64 i;

	if (json_paths.nr_parts[a] > json_paths.nr_parts[b])
		return false;
	for (i = 0; i < json_paths.nr_parts[a]; i++)
		if (x[i].len != y[i].len || kcsd_memcmp(x[i].key, y[i].key, x[i].len))
			return false;
	return true;
}

static __always_inline bool json_paths_nested(void)
{
	__u64 a, b;

	for (a = 0; a < json_paths.nr; a++)
		for (b = 0; b < json_paths.nr; b++)
			if (a != b && json_path_begins(a, b))
				return true;
	return false;
}

/* Read the arguments, which libkcsd made. Returns false if they are something else. */
static __always_inline bool json_paths_init(const struct kcsd_ctx *ctx)
{
	const __u8 *p = kcsd_args(ctx), *end = p + ctx->args_len;
	__u64 i, j, len;

	if (end - p < 4)
		return false;
	json_paths.nr = json_load32(p);
	p += 4;
	if (json_paths.nr > QUERY_USED)
		return false;
	for (i = 0; i < json_paths.nr; i++) {
		if (end - p < 8)
			return false;
		json_paths.column[i] = json_load32(p);
		json_paths.nr_parts[i] = json_load32(p + 4);
		p += 8;
		if (json_paths.nr_parts[i] - 1 >= JSON_PARTS ||
		    json_paths.column[i] >= QUERY_COLUMNS)
			return false;
		for (j = 0; j < json_paths.nr_parts[i]; j++) {
			if (end - p < 4)
				return false;
			len = json_load32(p);
			p += 4;
			if ((__u64)(end - p) < len)
				return false;
			json_paths.parts[i][j].key = p;
			json_paths.parts[i][j].len = len;
			p += (len + 3) & ~3ULL;
		}
	}
	json_paths.nested = json_paths_nested();
	return true;
}

/* Returns those of the columns whose part at a depth is this key. */
static __always_inline __u64 json_paths_match(__u64 columns, __u64 depth, const __u8 *key,
					      __u64 len)
{
	const struct json_part *part;
	__u64 found = 0, i;

	if (depth >= JSON_PARTS)
		return 0;
	for (i = 0; i < json_paths.nr; i++) {
		if (!(columns >> i & 1) || depth >= json_paths.nr_parts[i])
			continue;
		part = &json_paths.parts[i][depth];
		if (part->len == len && !kcsd_memcmp(part->key, key, len))
			found |= 1ULL << i;
	}
	return found;
}

#endif
#endif
