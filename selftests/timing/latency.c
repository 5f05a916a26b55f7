// SPDX-License-Identifier: GPL-2.0
/* The time of a command on an idle drive is the sum of its parts, as added up on paper. */
#include "tests.h"

struct row {
	const char *preset;
	const char *name;
	u8 op;
	u64 offset;
	u64 bytes;
	u64 controller;
	u64 media;
	u64 link;
	u64 waiting;		/* pieces of the same command for each other */
};

static const struct row rows[] = {
	/* 4 KiB on a channel of 800 MB/s: 5,120; on the link of 3,360 MB/s: 1,219. */
	{ "970pro", "read 4 KiB, fast page", KCSD_TIMING_READ, 0, 4 * KB,
	  21500, 29760 + 5120, 1219, 0 },
	/* A partition has 4 dies, so its second row of programs begins at its unit 4 * 8. */
	{ "970pro", "read 4 KiB, slow page", KCSD_TIMING_READ, 4 * 32 * 4 * KB, 4 * KB,
	  21500, 41760 + 5120, 1219, 0 },
	{ "970pro", "read 512 bytes: the channel moves 4 KiB", KCSD_TIMING_READ, 512, 512,
	  21500, 29760 + 5120, 152, 0 },
	/* Two units, of two partitions: two parts of pages. */
	{ "970pro", "read 8 KiB", KCSD_TIMING_READ, 0, 8 * KB,
	  30490, 29760 + 5120, 2 * 1219, 0 },
	/* Four pages of 32 KiB on four channels: 16 KiB are 20,480 there, 4,876 on the link. */
	{ "970pro", "read 128 KiB", KCSD_TIMING_READ, 0, 128 * KB,
	  30490, 30013 + 2 * 20480, 4 * 4876, 0 },
	{ "970pro", "write 4 KiB", KCSD_TIMING_WRITE, 0, 4 * KB,
	  4000 + 460, 0, 1219, 0 },
	{ "970pro", "write 512 bytes", KCSD_TIMING_WRITE, 0, 512,
	  4000 + 460, 0, 152, 0 },
	{ "970pro", "write 128 KiB", KCSD_TIMING_WRITE, 0, 128 * KB,
	  4000 + 32 * 460, 0, 8 * 4876, 0 },
	{ "970pro", "trim", KCSD_TIMING_TRIM, 0, 1 * MB, 0, 0, 0, 0 },
	{ "970pro", "flush", KCSD_TIMING_FLUSH, 0, 0, 0, 0, 0, 0 },
	{ "970pro", "read of no bytes", KCSD_TIMING_READ, 0, 0, 21500, 0, 0, 0 },
	/* Memory of 8,000 MB/s. */
	{ "970pro", "memory read 4 KiB", KCSD_TIMING_MEM_READ, 0, 4 * KB, 0, 512, 1219, 0 },
	{ "970pro", "memory write 4 KiB", KCSD_TIMING_MEM_WRITE, 0, 4 * KB, 0, 512, 1219, 0 },
	{ "970pro", "4 KiB of the controller", KCSD_TIMING_OTHER, 0, 4 * KB, 0, 0, 1219, 0 },

	/* 4 KiB at 450 MB/s: 9,102; 32 KiB: 72,818; at 3,050 MB/s: 1,343 and 10,744. */
	{ "zn540", "read 4 KiB", KCSD_TIMING_READ, 0, 4 * KB, 20000, 50000 + 9102, 1343, 0 },
	{ "zn540", "read a page", KCSD_TIMING_READ, 0, 32 * KB, 13000, 58000 + 72818, 10744, 0 },
	/* Three pages of one die, one after the other; the channel is slower. */
	{ "zn540", "read 96 KiB", KCSD_TIMING_READ, 0, 96 * KB,
	  13000, 58000 + 72818, 10744, 2 * 72818 },
	{ "zn540", "write 4 KiB", KCSD_TIMING_WRITE, 0, 4 * KB, 5600 + 600, 0, 1343, 0 },
	{ "zn540", "write 96 KiB", KCSD_TIMING_WRITE, 0, 96 * KB,
	  5600 + 24 * 600, 0, 3 * 10744, 0 },

	{ "zns-prototype", "read 4 KiB", KCSD_TIMING_READ, 0, 4 * KB,
	  32150, 25485 + 5120 + 413, 1280, 0 },
	{ "zns-prototype", "read a page", KCSD_TIMING_READ, 0, 64 * KB,
	  32150, 40950 + 81920 + 413, 20480, 0 },
	{ "zns-prototype", "write 128 KiB", KCSD_TIMING_WRITE, 0, 128 * KB,
	  0, 2 * (81920 + 413) + 1913640, 2 * 20480, 0 },
	{ "zns-prototype", "reset", KCSD_TIMING_ZONE_RESET, 0, 0, 0, 0, 0, 0 },

	{ "optane", "read 4 KiB", KCSD_TIMING_READ, 0, 4 * KB, 0, 1000 + 6827 + 893, 1280, 0 },
	{ "optane", "write 4 KiB", KCSD_TIMING_WRITE, 0, 4 * KB, 0, 1000 + 6827 + 893, 1280, 0 },
	/* Four lanes at once. */
	{ "optane", "read 16 KiB", KCSD_TIMING_READ, 0, 16 * KB,
	  0, 1000 + 6827 + 893, 4 * 1280, 0 },

	{ "plain", "read 4 KiB", KCSD_TIMING_READ, 0, 4 * KB, 0, 40000, 1280, 0 },
	{ "plain", "write 4 KiB", KCSD_TIMING_WRITE, 0, 4 * KB, 0, 0, 1280, 0 },
};

static void test_row(const struct row *row)
{
	const u64 arrival = 1000000;
	struct kcsd_timing *t = make_preset(row->preset, 4 * GB);
	struct kcsd_timing_done done = submit(t, arrival, row->op, row->offset, row->bytes);
	u64 sum = row->controller + row->media + row->link + row->waiting;

	IS(done.end - arrival, sum, "%s: %s: %" PRIu64 " ns", row->preset, row->name, sum);
	OK(done.parts.controller == row->controller && done.parts.media == row->media &&
	   done.parts.link == row->link && done.parts.waiting == row->waiting &&
	   !done.parts.compute, "%s: %s: its parts", row->preset, row->name);
	if (done.end - arrival != sum || done.parts.media != row->media)
		tap_note("controller %" PRIu64 ", media %" PRIu64 ", link %" PRIu64
			 ", waiting %" PRIu64, (uint64_t)done.parts.controller,
			 (uint64_t)done.parts.media, (uint64_t)done.parts.link,
			 (uint64_t)done.parts.waiting);
	kcsd_timing_destroy(t);
}

static void test_latency_of_link(void)
{
	struct kcsd_timing_params p;
	struct kcsd_timing *t;

	kcsd_timing_preset(&p, "plain");
	p.link_ns = 700;
	p.command_ns = 300;
	t = make_model(&p, 1 * GB, 0);
	IS(submit(t, 0, KCSD_TIMING_READ, 0, 4 * KB).end, 300 + 40000 + 1280 + 700,
	   "the link adds its latency, a core its time");
	IS(submit(t, 0, KCSD_TIMING_FLUSH, 0, 0).end, 600, "the second command waits for the core");
	kcsd_timing_destroy(t);
}

/* A program of 4 KiB needs the data, then the channel, then the die. */
static void test_write_through(void)
{
	struct kcsd_timing_params p;
	struct kcsd_timing_done done;
	struct kcsd_timing *t;

	kcsd_timing_preset(&p, "plain");
	p.buffer_size = 0;
	p.channel_mbps = 400;
	t = make_model(&p, 1 * GB, 0);
	done = submit(t, 0, KCSD_TIMING_WRITE, 0, 4 * KB);
	IS(done.end, 1280 + 10240 + 200000, "without a buffer a write ends when it is programmed");
	IS(done.parts.media, 10240 + 200000, "which is time of the media");
	kcsd_timing_destroy(t);
}

static void test_volatile_buffer(void)
{
	struct kcsd_timing_cmd fua = { .op = KCSD_TIMING_WRITE, .bytes = 4 * KB,
				       .flags = KCSD_TIMING_FUA };
	struct kcsd_timing_params p;
	struct kcsd_timing_done done;
	struct kcsd_timing *t;
	struct kcsd_timing_stats s;

	kcsd_timing_preset(&p, "plain");
	p.buffer_safe = 0;
	p.program_size = 16 * KB;
	t = make_model(&p, 1 * GB, 0);
	IS(submit(t, 0, KCSD_TIMING_WRITE, 0, 4 * KB).end, 1280, "a buffered write does not wait");
	IS(submit(t, 1280, KCSD_TIMING_FLUSH, 0, 0).end, 1280 + 200000,
	   "a flush of a buffer that is not safe waits for the program");
	kcsd_timing_get_stats(t, &s);
	IS(s.padded, 12 * KB, "which is padded");
	IS(kcsd_timing_submit(t, &fua, &done), 0, "FUA is taken");
	OK(done.end >= 200000, "and waits for its program");
	kcsd_timing_destroy(t);
}

/* The buffer of 970pro has 1 MiB, 64 pages of 16 KiB. */
static void test_full_buffer(void)
{
	struct kcsd_timing *t = make_preset("970pro", 4 * GB);
	struct kcsd_timing_done done;
	u64 i;

	for (i = 0; i < 8; i++)
		done = submit(t, 0, KCSD_TIMING_WRITE, i * 128 * KB, 128 * KB);
	/* Eight pieces of 4,876 ns each. */
	IS(done.parts.waiting, 7 * 39008, "writes that fit into the buffer wait for the link alone");
	for (; i < 32; i++)
		done = submit(t, 0, KCSD_TIMING_WRITE, i * 128 * KB, 128 * KB);
	OK(done.parts.waiting > 31 * 39008, "more of them wait for programs");
	kcsd_timing_destroy(t);
}

static void test_buffered_read(void)
{
	struct kcsd_timing *t = make_preset("970pro", 1 * GB);
	struct kcsd_timing_done done;
	struct kcsd_timing_stats s;

	submit(t, 0, KCSD_TIMING_WRITE, 0, 4 * KB);
	done = submit(t, 100000, KCSD_TIMING_READ, 0, 4 * KB);
	IS(done.end - 100000, 21500 + 1219, "data in the write buffer is read from there");
	submit(t, 200000, KCSD_TIMING_WRITE, 0, 128 * KB);
	done = submit(t, 300000, KCSD_TIMING_READ, 0, 4 * KB);
	IS(done.parts.media, 0, "also while it is programmed");
	kcsd_timing_get_stats(t, &s);
	IS(s.buffer_read, 8 * KB, "which is counted");
	done = submit(t, 10000000, KCSD_TIMING_READ, 0, 4 * KB);
	OK(done.parts.media, "later it is read from flash");
	kcsd_timing_destroy(t);
}

static void test_absent(void)
{
	struct kcsd_timing_params p;
	struct kcsd_timing *t;

	kcsd_timing_preset(&p, "970pro");
	p.filled = 0;
	t = make_model(&p, 1 * GB, 0);
	IS(submit(t, 0, KCSD_TIMING_READ, 0, 4 * KB).end, 21500 + 1219,
	   "what was never written takes no time of the media");
	kcsd_timing_destroy(t);
	t = make_preset("970pro", 1 * GB);
	submit(t, 0, KCSD_TIMING_TRIM, 4 * KB, 8 * KB);
	IS(submit(t, 0, KCSD_TIMING_READ, 4 * KB, 4 * KB).end, 21500 + 1219,
	   "neither does what was trimmed");
	IS(submit(t, 100000, KCSD_TIMING_READ, 12 * KB, 4 * KB).end - 100000,
	   21500 + 29760 + 5120 + 1219, "what is beside it does");
	kcsd_timing_destroy(t);
}

static void test_inside(void)
{
	struct kcsd_timing *t = make_preset("970pro", 1 * GB);
	struct kcsd_timing_cmd cmd = { .op = KCSD_TIMING_READ, .bytes = 4 * KB,
				       .flags = KCSD_TIMING_INSIDE };
	struct kcsd_timing_done done;

	IS(kcsd_timing_submit(t, &cmd, &done), 0, "a read that stays in the drive is taken");
	IS(done.end, 21500 + 29760 + 5120, "and does not use the link");
	IS(kcsd_timing_busy(t, KCSD_TIMING_LINK_OUT, 0), 0, "which has been idle");
	kcsd_timing_destroy(t);
}

void latency_tests(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		test_row(&rows[i]);
	test_latency_of_link();
	test_write_through();
	test_volatile_buffer();
	test_full_buffer();
	test_buffered_read();
	test_absent();
	test_inside();
}
