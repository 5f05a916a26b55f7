// SPDX-License-Identifier: GPL-2.0
/* Zones: their dies, their buffers, reset and finish. */
#include "tests.h"

static void test_reset(void)
{
	struct kcsd_timing_params p;
	struct kcsd_timing_stats s;
	struct kcsd_timing_done done;
	struct kcsd_timing *t;

	kcsd_timing_preset(&p, "zn540");
	p.erase_ns = 3000000;
	t = make_model(&p, 4 * GB, 2 * GB);
	IS(submit(t, 0, KCSD_TIMING_ZONE_RESET, 2 * GB, 0).end, 3000000, "a reset erases");
	kcsd_timing_get_stats(t, &s);
	IS(s.erases, 32, "a block on each die of the zone");
	IS(s.wear_max, 1, "which wears it");
	IS(s.wear_min, 0, "and no other zone");
	IS(submit(t, 9000000, KCSD_TIMING_ZONE_RESET, 3 * GB, 0).end, 9000000,
	   "an empty zone is not erased again");
	IS(submit(t, 9000000, KCSD_TIMING_READ, 2 * GB, 4 * KB).parts.media, 0,
	   "nor read from flash");
	submit(t, 9000000, KCSD_TIMING_WRITE, 2 * GB, 192 * KB);
	done = submit(t, 9000000 + 50000000, KCSD_TIMING_READ, 2 * GB, 4 * KB);
	IS(done.end - 59000000, 20000 + 50000 + 9102 + 1343, "until it is written");
	kcsd_timing_destroy(t);
}

static void test_finish(void)
{
	struct kcsd_timing *t = make_preset("zn540", 4 * GB);
	struct kcsd_timing_stats s;

	submit(t, 0, KCSD_TIMING_ZONE_RESET, 0, 0);
	submit(t, 0, KCSD_TIMING_WRITE, 0, 40 * KB);
	kcsd_timing_get_stats(t, &s);
	IS(s.programs, 0, "a part of a program stays in the buffer of the zone");
	IS(submit(t, 100000, KCSD_TIMING_READ, 32 * KB, 4 * KB).parts.media, 0,
	   "and is read from there");
	submit(t, 200000, KCSD_TIMING_ZONE_FINISH, 0, 0);
	kcsd_timing_get_stats(t, &s);
	IS(s.programs, 1, "finish programs it");
	IS(s.padded, 56 * KB, "with padding");
	submit(t, 300000, KCSD_TIMING_ZONE_FINISH, 0, 0);
	kcsd_timing_get_stats(t, &s);
	IS(s.programs, 1, "once");
	kcsd_timing_destroy(t);
}

/* All that was written is programmed by a settle, once, in zones and without them. */
static void test_settle(void)
{
	static const u64 zone_sizes[] = { 0, 2 * GB };
	struct kcsd_timing_params p;
	struct kcsd_timing_stats s;
	struct kcsd_timing *t;
	u32 i;

	kcsd_timing_preset(&p, "zn540");
	for (i = 0; i < ARRAY_SIZE(zone_sizes); i++) {
		t = make_model(&p, 4 * GB, zone_sizes[i]);
		submit(t, 0, KCSD_TIMING_WRITE, 0, 40 * KB);
		kcsd_timing_settle(t);
		kcsd_timing_settle(t);
		kcsd_timing_get_stats(t, &s);
		IS(s.media_written, 96 * KB, "settle programs what is gathered, %s zones",
		   i ? "with" : "without");
		IS(s.padded, 56 * KB, "with padding");
		kcsd_timing_destroy(t);
	}
}

/*
 * Appends of several CPUs are submitted in another order than they were executed in: the bytes are
 * programmed once all the same, and leave the buffer.
 */
static void test_other_order(void)
{
	struct kcsd_timing *t = make_preset("zn540", 4 * GB);
	struct kcsd_timing_stats s;
	u64 offset = 0, at = 0, state = 7, wrong = 0, most = 0, took;

	submit(t, 0, KCSD_TIMING_ZONE_RESET, 0, 0);
	while (offset < 200 * MB) {
		u64 first = (1 + loop_random(&state) % 16) * 4 * KB;
		u64 second = (1 + loop_random(&state) % 16) * 4 * KB;

		if (loop_random(&state) % 2) {
			took = submit(t, at, KCSD_TIMING_WRITE, offset + first, second).end - at;
			most = max(most, took);
			submit(t, at, KCSD_TIMING_WRITE, offset, first);
		} else {
			submit(t, at, KCSD_TIMING_WRITE, offset, first);
			submit(t, at, KCSD_TIMING_WRITE, offset + first, second);
		}
		wrong += t->zones.zones[0].buffer.used > t->zones.zones[0].buffer.size;
		offset += first + second;
		at += 200000;
	}
	kcsd_timing_get_stats(t, &s);
	IS(wrong, 0, "in another order: the buffer never holds more than it has");
	IS(s.padded, 0, "and no program is padded");
	IS(s.programs, offset / (96 * KB), "and each byte is programmed once");
	OK(most < 100000, "and no write waits for the others");
	submit(t, at, KCSD_TIMING_ZONE_RESET, 0, 0);
	OK(t->zones.zones[0].buffer.used <= t->zones.zones[0].buffer.nr * 96 * KB,
	   "after a reset only programs under way are in the buffer");
	kcsd_timing_destroy(t);
}

/* The buffer of a zone of zn540 has ten programs. */
static void test_buffer(void)
{
	struct kcsd_timing *t = make_preset("zn540", 8 * GB);
	u64 waiting = 0, i;

	for (i = 0; i < 10; i++)
		waiting += submit(t, 0, KCSD_TIMING_WRITE, i * 96 * KB, 96 * KB).parts.link > 32232;
	OK(!waiting, "ten programs of a zone fit into its buffer");
	for (; i < 14; i++)
		submit(t, 0, KCSD_TIMING_WRITE, i * 96 * KB, 96 * KB);
	OK(submit(t, 0, KCSD_TIMING_WRITE, i * 96 * KB, 96 * KB).end > 561000,
	   "more wait for a program");
	OK(submit(t, 0, KCSD_TIMING_WRITE, 2 * GB, 4 * KB).end < 600000,
	   "the buffer of another zone has room");
	kcsd_timing_destroy(t);
}

/* Zones of zns-prototype are on one die each, of 128. */
static void test_dies(void)
{
	struct kcsd_timing *t = make_preset("zns-prototype", 8 * GB);
	u64 one = submit(t, 0, KCSD_TIMING_WRITE, 0, 256 * KB).end, two;

	OK(one > 2 * 1913640, "two programs of a zone are one after the other");
	two = submit(t, 0, KCSD_TIMING_WRITE, 32 * MB, 256 * KB).end;
	OK(two < one + 200000, "a zone on another die does not wait for them");
	two = submit(t, 0, KCSD_TIMING_WRITE, 128 * 32 * MB, 256 * KB).end;
	OK(two > 4 * 1913640ULL, "the zone 128 after it does");
	kcsd_timing_destroy(t);
}

void zone_tests(void)
{
	test_reset();
	test_finish();
	test_settle();
	test_other_order();
	test_buffer();
	test_dies();
}
