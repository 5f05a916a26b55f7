// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Compact a zone: append its live LBAs to another zone, in their order, then reset it.
 *
 * grants	the source zone, to read and to manage; the destination zone, to append to
 * arguments	struct compact, then a bitmap: bit i % 8 of byte i / 8 is 1 if LBA from + i is
 *		live. LBAs that it does not have are dead.
 * output	for each append its first LBA and its number of LBAs, 8 bytes each
 * result	the number of LBAs moved; negative: -EINVAL, invalid arguments, or an LBA that was
 *		never written is live; -ENOSPC, the destination has too little room, and nothing
 *		was copied; or the error of a helper. Then the source is not reset, and copies are
 *		behind the old write pointer of the destination.
 *
 * The copies are made durable before the source is reset. So at any instant of a power cut each
 * live LBA is in the source or in the destination, or in both and equal. To run it again, also to
 * another destination, completes it. Data that names itself (a key, a number of its version) can
 * then be found by reading both zones. Nobody else may write the source meanwhile.
 */
#include <kcsd_helpers.h>

#define BUF_LEN	65536

struct compact {
	__u64	from;		/* first LBA of the source zone */
	__u64	to;		/* first LBA of the destination zone */
};

struct copy {
	const struct compact *zones;
	const __u8 *live;	/* the bitmap */
	__u64	nr;		/* LBAs that it has */
	__u64	used;		/* LBAs in buf */
	__u64	max;		/* LBAs of one append */
	__u64	moved;		/* LBAs */
};

static __u8 buf[BUF_LEN];

static bool is_live(const struct copy *c, __u64 i)
{
	return i < c->nr && c->live[i / 8] >> i % 8 & 1;
}

static __u64 count_live(const struct copy *c)
{
	__u64 i, nr = 0;

	for (i = 0; i < c->nr; i++)
		nr += is_live(c, i);
	return nr;
}

/* Append what is in buf, and emit where it went. */
static long append(const struct kcsd_ctx *ctx, struct copy *c)
{
	__u64 where[2];
	long lba;

	if (!c->used)
		return 0;
	lba = kcsd_append(c->zones->to, buf, c->used * ctx->lba_size);
	if (lba < 0)
		return lba;
	where[0] = lba;
	where[1] = c->used;
	c->moved += c->used;
	c->used = 0;
	return kcsd_emit(where, sizeof(where));
}

/* Copy the live LBAs from i on that follow one another, as many as fit. Returns their number. */
static long copy_some(const struct kcsd_ctx *ctx, struct copy *c, __u64 i)
{
	__u64 nr = 1;
	long err;

	while (c->used + nr < c->max && is_live(c, i + nr))
		nr++;
	err = kcsd_read(c->zones->from + i, buf + c->used * ctx->lba_size, nr * ctx->lba_size);
	if (err)
		return err;
	c->used += nr;
	if (c->used == c->max)
		err = append(ctx, c);
	return err ? err : (long)nr;
}

static long copy_live(const struct kcsd_ctx *ctx, struct copy *c)
{
	__u64 i = 0;
	long nr;

	while (i < c->nr) {
		nr = is_live(c, i) ? copy_some(ctx, c, i) : 1;
		if (nr < 0)
			return nr;
		i += nr;
	}
	return append(ctx, c);
}

/* Get the write pointer of a zone and its first LBA that cannot be written. */
static long bounds_of(__u64 zslba, __u64 *wp, __u64 *end)
{
	struct kcsd_zone_info zone;
	long err = kcsd_zone(zslba, &zone, sizeof(zone));

	if (err < 0)
		return err;
	*end = zone.start + zone.cap;
	*wp = zone.wp == ~0ull ? *end : zone.wp;
	return zone.start == zslba && zone.cond != KCSD_ZONE_COND_NOT_WP ? 0 : -KCSD_EINVAL;
}

/* Validate the bitmap, and that there is room for what is live. */
static long check(const struct copy *c)
{
	__u64 wp, end, i;
	long err = bounds_of(c->zones->from, &wp, &end);

	if (err)
		return err;
	for (i = wp - c->zones->from; i < c->nr; i++)
		if (is_live(c, i))
			return -KCSD_EINVAL;
	err = bounds_of(c->zones->to, &wp, &end);
	if (err)
		return err;
	return count_live(c) > end - wp ? -KCSD_ENOSPC : 0;
}

SEC("kcsd")
long compact(struct kcsd_ctx *ctx)
{
	const struct compact *zones = (const struct compact *)ctx->args;
	struct kcsd_geometry g;
	struct copy c = { .zones = zones, .live = (const __u8 *)(zones + 1) };
	long err;

	kcsd_geometry(&g, sizeof(g));
	if (!g.zone_size || ctx->args_len < sizeof(*zones) || zones->from == zones->to)
		return -KCSD_EINVAL;
	c.nr = (ctx->args_len - sizeof(*zones)) * 8;
	c.max = (g.max_append < BUF_LEN ? g.max_append : BUF_LEN) / ctx->lba_size;
	if (!c.max)
		return -KCSD_EINVAL;
	err = check(&c);
	if (!err)
		err = copy_live(ctx, &c);
	if (!err)
		err = kcsd_flush();
	if (!err)
		err = kcsd_zone_reset(zones->from);
	return err ? err : (long)c.moved;
}
