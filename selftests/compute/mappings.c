// SPDX-License-Identifier: GPL-2.0
/*
 * Test mappings of memory ranges into the memory of a program: bounds, and the mappings that a unit
 * keeps.
 */
#include "execute_ranges.h"
#include "range_set.h"

/* ---- bounds ---- */

/* True if the program faults at `addr`, which it was given. */
static bool faults(struct drive *d, struct run *r, __u16 pind, __u64 addr)
{
	r->pind = pind;
	r->cparam1 = addr;
	return run_exec(d->compute, r) == KCSD_SC_PROGRAM_FAULT &&
	       le32toh(r->out.rec.reason) == KCSD_FAULT_MEMORY && le64toh(r->out.rec.addr) == addr;
}

static int done(struct drive *d, struct run *r, __u16 pind, __u64 addr)
{
	r->pind = pind;
	r->cparam1 = addr;
	return run_exec(d->compute, r);
}

TEST_F(execute_ranges, edges)
{
	const __u64 first = run_ranges_at(0), second = first + 2 * PAGE, end = second + PAGE;
	const struct { __u64 addr, slm; } edges[] = {
		{ first, 20 * PAGE }, { second - 1, 22 * PAGE - 1 }, { second, 10 * PAGE },
		{ end - 1, 11 * PAGE - 1 },
	};
	struct run *r = &self->r;

	run_range(r, 20 * PAGE, 2 * PAGE);
	run_range(r, 10 * PAGE, PAGE);
	for (size_t i = 0; i < ARRAY_SIZE(edges); i++) {
		r->cparam2 = 0x60 + i;
		EXPECT_EQ(0, done(&self->d, r, STORE, edges[i].addr)) TH_LOG("edge %zu", i);
		EXPECT_EQ(0x60 + (int)i, slm_byte(&self->d, edges[i].slm)) TH_LOG("edge %zu", i);
		EXPECT_EQ(0, done(&self->d, r, LOAD, edges[i].addr)) TH_LOG("edge %zu", i);
		EXPECT_EQ(0x60 + i, r->result) TH_LOG("edge %zu", i);
	}
	EXPECT_EQ(0, done(&self->d, r, SWAP, end - 8));
	EXPECT_EQ(0x63ULL << 56, r->result);
	/* Access one past the end, and across the end. */
	EXPECT_TRUE(faults(&self->d, r, LOAD, end));
	EXPECT_TRUE(faults(&self->d, r, STORE, end));
	EXPECT_TRUE(faults(&self->d, r, SWAP, end));
	EXPECT_TRUE(faults(&self->d, r, LOAD, ~0ULL));
	EXPECT_TRUE(faults(&self->d, r, STORE, end + (1ULL << 32)));
	r->cparam2 = 2;
	EXPECT_EQ(0, done(&self->d, r, EMIT, end - 2));
	EXPECT_TRUE(faults(&self->d, r, EMIT, end - 1));
	/* Bytes of SLM beside the ranges are not mapped. */
	EXPECT_EQ(0, slm_byte(&self->d, 11 * PAGE));
	EXPECT_EQ(0, slm_byte(&self->d, 22 * PAGE));
	EXPECT_EQ(0, slm_byte(&self->d, 20 * PAGE - 1));
}

/* Test that ranges follow each other without a gap, wherever they are in SLM. */
TEST_F(execute_ranges, across_two_ranges)
{
	const __u64 border = run_ranges_at(0) + PAGE;
	struct run *r = &self->r;

	ASSERT_EQ(0, set_byte(&self->d, 21 * PAGE - 1, 0xaa));
	ASSERT_EQ(0, set_byte(&self->d, 10 * PAGE, 0xbb));
	run_range(r, 20 * PAGE, PAGE);
	run_range(r, 10 * PAGE, PAGE);
	r->cparam2 = 2;
	ASSERT_EQ(0, done(&self->d, r, EMIT, border - 1));
	EXPECT_EQ(0xaa, r->out.bytes[0]);
	EXPECT_EQ(0xbb, r->out.bytes[1]);
}

/*
 * Test the memory between arguments and ranges: it belongs to one run, is zero whatever was there,
 * and its bytes do not reach the next run, which may have longer arguments.
 */
TEST_F(execute_ranges, bytes_after_arguments_are_zero)
{
	struct run *r = &self->r;

	ASSERT_EQ(0, range_drive_create(&self->other, "ranges2", variant->engine, "1"));
	memset(self->buf, 0xff, RUN_ARGS_MAX);
	r->pind = OR_ALL;
	run_range(r, 0, PAGE);
	for (int i = 0; i < 8; i++) {
		__u32 args_len = i % 4 * 100;

		run_args(r, self->buf, args_len);
		ASSERT_EQ(0, run_exec(self->other.compute, r));
		EXPECT_EQ(0, r->result) TH_LOG("run %d", i);
		if (args_len != 300)
			continue;
		/* Run without ranges, with memory up to that address. */
		struct run plain = { .pind = EMIT, .cparam2 = 8 };

		plain.cparam1 = KCSD_GUEST_DATA + KCSD_MAX_CALL_DEPTH * KCSD_FRAME_SIZE + 8;
		run_args(&plain, "12345678" "\0\0\0\0\0\0\0", 16);
		ASSERT_EQ(0, run_exec(self->other.compute, &plain));
		EXPECT_EQ(0, memcmp(plain.out.bytes, "\0\0\0\0\0\0\0", 8));
	}
	EXPECT_EQ(0, slm_byte(&self->other, 0));
}

/* ---- mappings ---- */

/* Use more sets than a unit keeps mapped, in turn, in a thousand runs: each sees its own bytes. */
TEST_F_TIMEOUT(execute_ranges, sets_in_turn, 60)
{
	int runs = repeats(200, 40);
	__u16 rsid[MAPPINGS + 1];
	__u64 maps;

	ASSERT_EQ(0, range_drive_create(&self->other, "ranges2", variant->engine, "1"));
	for (int i = 0; i <= MAPPINGS; i++) {
		rsid[i] = range_set_make(&self->other, 2 * i * PAGE, PAGE);
		ASSERT_NE(0, rsid[i]);
		ASSERT_EQ(0, set_byte(&self->other, 2 * i * PAGE, 0x80 + i));
	}
	for (int nr = 1; nr <= MAPPINGS + 1; nr++) {
		maps = drive_stat(&self->other, "range_maps");
		for (int i = 0; i < runs; i++) {
			struct run r = { .pind = LOAD, .rsid = rsid[i % nr],
					 .cparam1 = run_ranges_at(0) };

			ASSERT_EQ(0, run_way(CMD_IOCTL64, self->other.compute, &r));
			ASSERT_EQ(0x80 + i % nr, r.result);
		}
		maps = drive_stat(&self->other, "range_maps") - maps;
		EXPECT_EQ(nr <= MAPPINGS ? 1 : runs - MAPPINGS, maps) TH_LOG("%d sets", nr);
	}
}

/* Test an identifier that is used again for other ranges: a run gets these, not the old mapping. */
TEST_F(execute_ranges, set_replaced)
{
	for (int i = 0; i < 20; i++) {
		struct run r = { .opcode = KCSD_CMD_EXECUTE, .pind = LOAD, .rsid = 1,
				 .cparam1 = run_ranges_at(0) };

		ASSERT_EQ(1, range_set_make(&self->d, i * PAGE, PAGE));
		ASSERT_EQ(0, set_byte(&self->d, i * PAGE, i + 1));
		ASSERT_EQ(0, run_exec(self->d.compute, &r));
		EXPECT_EQ(i + 1, r.result);
		ASSERT_EQ(0, range_set_delete(self->d.ctrl, 1));
	}
}

/* Print the time to map ranges, the best of some runs each. */
TEST_F(execute_ranges, counters_of_mapping)
{
	static const __u32 pages[] = { 1, 16, 256, 512 };
	int n = repeats(100, 10);

	for (size_t k = 0; k < ARRAY_SIZE(pages); k++) {
		__u64 same = ~0ULL, changing = ~0ULL, ns;

		for (int i = 0; i < 2 * n; i++) {
			struct run r = { .pind = SEVEN };

			/* Each of the two units keeps four mappings. */
			run_range(&r, (i < n ? 0 : i % n + 1) * PAGE, pages[k] * PAGE);
			ASSERT_EQ(0, run_exec(self->d.compute, &r));
			ns = le64toh(r.out.rec.run_ns);
			if (i < n)
				same = ns < same ? ns : same;
			else
				changing = ns < changing ? ns : changing;
		}
		ksft_print_msg("%u pages: %llu ns mapped already, %llu ns to map and run\n",
			       pages[k], (unsigned long long)same, (unsigned long long)changing);
	}
}

/* ---- memory of the mappings ---- */

static __u64 vmalloc_used(void)
{
	char text[8192], *p;
	__u64 kib = 0;

	if (file_read("/proc/meminfo", text, sizeof(text)) > 0 &&
	    (p = strstr(text, "VmallocUsed:")))
		sscanf(p, "VmallocUsed: %llu", &kib);
	return kib << 10;
}

/* Power off frees the mappings. */
TEST_F(execute_ranges, memory_is_freed)
{
	__u64 before, after = 0;

	for (int round = 0; round < 4; round++) {
		ASSERT_EQ(0, range_drive_create(&self->other, "ranges2", variant->engine, "2"));
		for (int i = 0; i < 60; i++) {
			struct run r = { .pind = LOAD, .cparam1 = run_ranges_at(0) };

			run_range(&r, i % 30 * PAGE, SLM / 2);
			ASSERT_EQ(0, run_exec(self->other.compute, &r));
		}
		ASSERT_EQ(0, drive_remove(&self->other));
		self->other = (struct drive)DRIVE_INIT;
		before = after;
		after = vmalloc_used();
		if (round > 1)
			EXPECT_GE(before + (1 << 20), after);
	}
}

DRIVE_TEST_MAIN
