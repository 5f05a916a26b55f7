// SPDX-License-Identifier: GPL-2.0
/* At depth 128 the throughput is that of the resource that is used most, within 2 %. */
#include "tests.h"

#define DEPTH	128

/* Where command nr goes, so that all servers have the same share of the work. */
typedef u64 (*offset_fn)(u64 nr);

struct limit {
	const char *name;
	const char *preset;
	const char *set[8];	/* parameters: name, value, ... */
	u8 op;
	u64 bytes;
	offset_fn offset;
	u64 nr;			/* commands */
	u64 servers;
	u64 ns;			/* of a command on one of them */
};

static u64 in_order(u64 nr)
{
	return nr * 4 * KB % GB;
}

static u64 in_order_128k(u64 nr)
{
	return nr * 128 * KB % GB;
}

/* By turns on the 32 dies of a zone of zn540, 4 KiB of each page after the other. */
static u64 over_zone_dies(u64 nr)
{
	return nr % 32 * 96 * KB + nr / 32 % 24 * 4 * KB;
}

/* The next 128 KiB of zone 0 of zns-prototype, which are 32 MiB, all over again. */
static u64 in_zone(u64 nr)
{
	return nr * 128 * KB % (32 * MB);
}

static u64 in_zone_32k(u64 nr)
{
	return nr * 32 * KB % (2 * GB);
}

static const struct limit limits[] = {
	/* Fast and slow pages by turns: 35,760 ns. */
	{ "dies, reads", "970pro", {}, KCSD_TIMING_READ, 4 * KB, in_order, 60000, 16, 35760 },
	{ "dies, reads of zones", "zn540", {}, KCSD_TIMING_READ, 4 * KB, over_zone_dies, 40000,
	  32, 50000 },
	{ "dies, programs", "970pro", {}, KCSD_TIMING_WRITE, 128 * KB, in_order_128k, 6000,
	  16, 4 * 185000 },
	{ "one die, programs of a zone", "zns-prototype", {}, KCSD_TIMING_WRITE, 128 * KB, in_zone,
	  2000, 1, 1913640 },
	{ "planes, reads", "plain", { "planes", "2", "plane_reads", "1", "program_size", "8K",
				      "link_read_mbps", "0" },
	  KCSD_TIMING_READ, 4 * KB, in_order, 40000, 128, 40000 },
	{ "channels, reads", "970pro", { "channel_mbps", "100" }, KCSD_TIMING_READ, 4 * KB,
	  in_order, 40000, 8, 40960 },
	{ "channels, writes", "970pro", { "channel_mbps", "100" }, KCSD_TIMING_WRITE, 128 * KB,
	  in_order_128k, 4000, 8, 128 * KB * 10 },
	{ "link out", "970pro", { "link_read_mbps", "1000" }, KCSD_TIMING_READ, 4 * KB, in_order,
	  40000, 1, 4096 },
	/* Ten programs of 96 KiB under way, each on the link, on a channel, on the die. */
	{ "buffer of a zone", "zn540", {}, KCSD_TIMING_WRITE, 32 * KB, in_zone_32k, 20000,
	  10 * 3, 3 * (10744 + 72818) + 561000 },
	{ "link in", "zn540", { "zone_buffer_size", "64M" }, KCSD_TIMING_WRITE, 32 * KB,
	  in_zone_32k, 40000, 1, 10744 },
	{ "one core", "970pro", { "command_ns", "4000" }, KCSD_TIMING_READ, 4 * KB, in_order,
	  40000, 1, 4000 },
	{ "three cores", "970pro", { "command_ns", "9000", "cores", "3" }, KCSD_TIMING_READ,
	  4 * KB, in_order, 40000, 3, 9000 },
	{ "lanes, reads", "optane", {}, KCSD_TIMING_READ, 4 * KB, in_order, 40000, 4, 6827 },
	{ "lanes, writes", "optane", {}, KCSD_TIMING_WRITE, 4 * KB, in_order, 40000, 4, 6827 },
	{ "memory of the drive", "plain", { "slm_mbps", "500" }, KCSD_TIMING_MEM_READ, 4 * KB,
	  in_order, 40000, 1, 8192 },
};

static struct kcsd_timing *make_limit(const struct limit *limit)
{
	char why[KCSD_TIMING_WHY];
	struct kcsd_timing_params p;
	const struct kcsd_timing_preset *preset = kcsd_timing_preset(&p, limit->preset);
	size_t i;

	for (i = 0; i + 1 < ARRAY_SIZE(limit->set) && limit->set[i]; i += 2) {
		if (kcsd_timing_params_parse(&p, limit->set[i], limit->set[i + 1], why,
					     sizeof(why)))
			printf("Bail out! %s\n", why);
	}
	return make_model(&p, 2 * GB, preset->zone_size);
}

/* Submit a command. A zone that is full is reset first, which takes no time. */
static void limit_submit(const struct limit *limit, struct loop *l, u64 nr)
{
	u64 offset = limit->offset(nr);

	if (limit->op == KCSD_TIMING_WRITE && l->t->zoned && !offset)
		kcsd_timing_zone_set(&l->t->zones, l->t->zones.zones, 0);
	loop_submit(l, limit->op, offset, limit->bytes, NULL);
}

static void test_limit(const struct limit *limit)
{
	struct loop l = { .t = make_limit(limit), .depth = DEPTH };
	u64 i, began, took, wanted = limit->nr / 2 * limit->ns / limit->servers;

	/* The first half is for the buffer to fill. */
	for (i = 0; i < limit->nr / 2; i++)
		limit_submit(limit, &l, i);
	began = l.last;
	for (; i < limit->nr; i++)
		limit_submit(limit, &l, i);
	took = l.last - began;
	OK(took * 100 >= wanted * 98 && took * 100 <= wanted * 102,
	   "limit: %s (%s): within 2 %%", limit->name, limit->preset);
	tap_note("%+.2f %%", (double)took / wanted * 100 - 100);
	kcsd_timing_destroy(l.t);
}

/*
 * Random dies leave some idle: no fewer are in use than with service times that are random, too,
 * which gives depth / (depth + dies - 1) of the limit.
 */
static void test_random_dies(void)
{
	struct loop l = { .depth = DEPTH };
	struct kcsd_timing_params p;
	u64 state = 1, i, nr = 100000, limit = nr * 40000 / 64;

	kcsd_timing_preset(&p, "plain");
	p.link_read_mbps = 0;
	l.t = make_model(&p, GB, 0);
	for (i = 0; i < nr; i++)
		loop_submit(&l, KCSD_TIMING_READ, loop_random(&state) % (GB / 4096) * 4096, 4096,
			    NULL);
	OK(l.last > limit && l.last < limit * (DEPTH + 63) / DEPTH,
	   "limit: random dies: less, but more than depth / (depth + dies - 1) of it");
	tap_note("%.3f of the limit", (double)limit / l.last);
	kcsd_timing_destroy(l.t);
}

void limit_tests(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(limits); i++)
		test_limit(&limits[i]);
	test_random_dies();
}
