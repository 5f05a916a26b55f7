// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Copy rows of fixed length from one piece of SLM to another, if their column is within bounds.
 *
 * ranges	0: rows, one after another; 1: destination of the selected rows
 * arguments	struct filter
 * result	the number of rows copied; negative: -EINVAL, not two ranges, or invalid
 *		arguments; -ENOSPC, range 1 is full
 */
#include <kcsd_helpers.h>

struct filter {
	__u64	rows;		/* number to read, from the beginning of range 0 */
	__u64	low;		/* selects rows with low <= column <= high */
	__u64	high;
	__u32	row_len;	/* bytes */
	__u32	column;		/* offset of the column in the row, bytes; it has 8 bytes */
};

static bool valid(const struct kcsd_ctx *ctx, const struct filter *f)
{
	return ctx->nr_ranges == 2 && ctx->args_len == sizeof(*f) && f->row_len >= 8 &&
	       f->column <= f->row_len - 8 && f->rows <= kcsd_ranges(ctx)[0].len / f->row_len;
}

SEC("kcsd")
__u64 filter(struct kcsd_ctx *ctx)
{
	const struct filter *f = (const void *)kcsd_args(ctx);
	const struct kcsd_mem_range *range = kcsd_ranges(ctx);
	const __u8 *row, *end;
	__u64 value, kept = 0;
	__u8 *to, *to_end;

	if (!valid(ctx, f))
		return kcsd_invalid(
			"wanted are two ranges, and 32 bytes of argument that fit them");
	row = (const __u8 *)range[0].addr;
	end = row + f->rows * f->row_len;
	to = (__u8 *)range[1].addr;
	to_end = to + range[1].len;
	for (; row < end; row += f->row_len) {
		value = kcsd_load64(row + f->column);
		if (value < f->low || value > f->high)
			continue;
		if ((__u64)(to_end - to) < f->row_len)
			return -KCSD_ENOSPC;
		kcsd_copy(to, row, f->row_len);
		to += f->row_len;
		kept++;
	}
	return kept;
}
