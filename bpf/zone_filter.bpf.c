// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Append rows of fixed length from one zone to another, if their column is within bounds.
 *
 * grants	the source zone, to read; the destination zone, to append to
 * arguments	struct zone_filter
 * output	for each append its first LBA and its number of rows, 8 bytes each. The rows
 *		begin there, one after another; the rest after the last row is zero.
 * result	the number of rows copied; negative: -EINVAL, invalid arguments; or the error of
 *		a helper, such as -ENOSPC, the destination is full
 */
#include <kcsd_helpers.h>

#define BUF_LEN	65536

struct zone_filter {
	__u64	from;		/* first LBA of the source zone */
	__u64	to;		/* first LBA of the destination zone */
	__u64	low;		/* selects rows with low <= column <= high */
	__u64	high;
	__u32	row_len;	/* bytes; the LBA size is a multiple of it */
	__u32	column;		/* offset of the column in the row, bytes; it has 8 bytes */
};

struct output {
	__u64	used;		/* bytes of out */
	__u64	rows;		/* in out */
	__u64	max;		/* bytes of one append, a multiple of the LBA size */
};

static __u8 in[BUF_LEN], out[BUF_LEN];

static bool valid(const struct kcsd_ctx *ctx, const struct zone_filter *f)
{
	return ctx->args_len == sizeof(*f) && f->row_len >= 8 && f->column <= f->row_len - 8 &&
	       ctx->lba_size % f->row_len == 0;
}

/* Returns the LBA after the last one written, or an error. */
static long end_of(__u64 zslba)
{
	struct kcsd_zone_info zone;
	long err = kcsd_zone(zslba, &zone, sizeof(zone));

	if (err < 0)
		return err;
	/* A full zone has no write pointer. */
	return zone.wp == ~0ull ? zone.start + zone.cap : zone.wp;
}

static long flush(const struct kcsd_ctx *ctx, const struct zone_filter *f, struct output *o)
{
	__u64 len = (o->used + ctx->lba_size - 1) / ctx->lba_size * ctx->lba_size, where[2];
	long lba;

	if (!o->used)
		return 0;
	kcsd_memset(out + o->used, 0, len - o->used);
	lba = kcsd_append(f->to, out, len);
	if (lba < 0)
		return lba;
	where[0] = lba;
	where[1] = o->rows;
	o->used = 0;
	o->rows = 0;
	return kcsd_emit(where, sizeof(where));
}

/* Copy the selected rows of len bytes to the output. Returns their number, or an error. */
static long filter(const struct kcsd_ctx *ctx, const struct zone_filter *f, __u64 len,
		   struct output *o)
{
	const __u8 *row, *end = in + len;
	long kept = 0, err;

	for (row = in; row < end; row += f->row_len) {
		__u64 value = kcsd_load64(row + f->column);

		if (value < f->low || value > f->high)
			continue;
		if (o->used + f->row_len > o->max) {
			err = flush(ctx, f, o);
			if (err)
				return err;
		}
		kcsd_memcpy(out + o->used, row, f->row_len);
		o->used += f->row_len;
		o->rows++;
		kept++;
	}
	return kept;
}

SEC("kcsd")
__u64 zone_filter(struct kcsd_ctx *ctx)
{
	const struct zone_filter *f = (const void *)kcsd_args(ctx);
	struct kcsd_geometry geometry = {};
	struct output o = {};
	long lba, end, kept = 0, ret;

	if (!valid(ctx, f))
		return kcsd_invalid(
			"the argument is 40 bytes; an LBA holds a whole number of rows");
	kcsd_geometry(&geometry, sizeof(geometry));
	o.max = geometry.max_append < BUF_LEN ? geometry.max_append : BUF_LEN;
	end = end_of(f->from);
	if (end < 0)
		return end;
	for (lba = f->from; lba < end; lba += BUF_LEN / ctx->lba_size) {
		__u64 len = (__u64)(end - lba) * ctx->lba_size;

		if (len > BUF_LEN)
			len = BUF_LEN;
		ret = kcsd_read(lba, in, len);
		if (!ret)
			ret = filter(ctx, f, len, &o);
		if (ret < 0)
			return ret;
		kept += ret;
	}
	ret = flush(ctx, f, &o);
	return ret ? ret : kept;
}
