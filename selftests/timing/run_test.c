// SPDX-License-Identifier: GPL-2.0
/* Runs of programs: their work, their media, contention with the host. */
#include "tests.h"

static void test_charge(void)
{
	struct kcsd_timing_work work = {};
	struct kcsd_timing *t = make_preset("970pro", 1 * GB);
	struct kcsd_timing_run run;
	struct kcsd_costs c;
	u64 i;

	kcsd_timing_get_costs(kcsd_timing_get_params(t), &c);
	work.cycles = 10 * c.alu + 2 * c.mul + c.div + 5 * c.access + 3 * c.taken +
		      2 * c.not_taken + c.call + c.helper + 100 * c.helper_byte;
	IS(work.cycles, 10 * 100 + 2 * 300 + 2000 + 5 * 200 + 3 * 200 + 2 * 100 + 400 + 5000 +
	   100 * 25, "the costs are those of the parameters");

	IS(kcsd_timing_run_begin(t, &run, 1000, KCSD_TIMING_ANY_UNIT), 0, "a run begins");
	for (i = 0; i < 1200; i++)
		kcsd_timing_run_charge(t, &run, &work);
	/* Hundredths of cycles at 1,200 MHz. */
	IS(run.now - 1000, work.cycles * 10, "work takes its cycles, without a rounding error");
	IS(run.parts.compute, work.cycles * 10, "which is time of computing");
	i = work.cycles * 10;
	work = (struct kcsd_timing_work){ .slm_bytes = 8000 };
	kcsd_timing_run_charge(t, &run, &work);
	IS(run.parts.media, 1000, "memory of the drive takes its bandwidth");
	kcsd_timing_run_end(t, &run, NULL);
	IS(kcsd_timing_busy(t, KCSD_TIMING_UNITS, 0), i + 1000, "the unit was busy");
	kcsd_timing_destroy(t);
}

static void test_units(void)
{
	struct kcsd_timing *t = make_preset("970pro", 1 * GB);
	struct kcsd_timing_work work = { .cycles = 1200000 };
	struct kcsd_timing_run one, two, three;
	struct kcsd_timing_done done;

	kcsd_timing_run_begin(t, &one, 0, 1);
	IS(one.unit, 1, "a run gets the unit it wants");
	IS(kcsd_timing_run_begin(t, &two, 0, 1), -EBUSY, "which no other can have");
	IS(kcsd_timing_run_begin(t, &two, 0, 2), -EINVAL, "there are two units");
	IS(kcsd_timing_run_begin(t, &two, 0, KCSD_TIMING_ANY_UNIT), 0, "another gets the other");
	IS(kcsd_timing_run_begin(t, &three, 0, KCSD_TIMING_ANY_UNIT), -EBUSY, "a third none");
	kcsd_timing_run_charge(t, &one, &work);
	kcsd_timing_run_end(t, &one, NULL);
	kcsd_timing_run_begin(t, &three, 4000, KCSD_TIMING_ANY_UNIT);
	IS(three.start, 10000, "it begins when a unit is free");
	kcsd_timing_run_charge(t, &three, &work);
	kcsd_timing_run_end(t, &three, &done);
	IS(done.end, 20000, "and ends after its work");
	OK(done.parts.waiting == 6000 && done.parts.compute == 10000, "of which it waited some");
	kcsd_timing_run_end(t, &two, NULL);
	kcsd_timing_destroy(t);
}

static void test_media(void)
{
	struct kcsd_timing *t = make_preset("970pro", 1 * GB);
	struct kcsd_timing_done done, ahead;
	struct kcsd_timing_run run;
	u64 free_read, link;

	kcsd_timing_run_begin(t, &run, 0, KCSD_TIMING_ANY_UNIT);
	IS(kcsd_timing_run_media(t, &run, KCSD_TIMING_READ, 0, 4 * KB, &done), 0, "a run reads");
	/* Flash, channel, 4 KiB into memory of 8,000 MB/s. */
	IS(done.end, 29760 + 5120 + 512, "without firmware and link");
	IS(run.now, 0, "and goes on, until it waits");
	kcsd_timing_run_wait(t, &run, &done);
	IS(run.now, done.end, "for the end");
	IS(kcsd_timing_busy(t, KCSD_TIMING_LINK_OUT, 0), 0, "the link was idle");
	kcsd_timing_run_media(t, &run, KCSD_TIMING_READ, 4 * KB, 4 * KB, &done);
	kcsd_timing_run_media(t, &run, KCSD_TIMING_READ, 8 * KB, 4 * KB, &ahead);
	OK(ahead.end - done.end < 6000, "reads of other dies overlap");
	kcsd_timing_run_wait(t, &run, &done);
	kcsd_timing_run_wait(t, &run, &ahead);
	IS(run.parts.media + run.parts.waiting, run.now, "all its time is of the media");

	/* The host reads from the same die: it waits for the program's read, or the other way. */
	free_read = submit(t, 10000000, KCSD_TIMING_READ, 0, 4 * KB).parts.waiting;
	kcsd_timing_run_wait(t, &run, &(struct kcsd_timing_done){ .end = 20000000 });
	kcsd_timing_run_media(t, &run, KCSD_TIMING_READ, 0, 4 * KB, &done);
	OK(!free_read && submit(t, 20000000 - 21500, KCSD_TIMING_READ, 0, 4 * KB).parts.waiting ==
	   29760, "a command of the host waits for a die that a program uses");

	link = run.now;
	IS(kcsd_timing_run_output(t, &run, 4 * KB), 0, "a run sends output");
	IS(run.now - link, 512 + 1219, "from memory over the link");
	IS(kcsd_timing_run_output(t, &run, KCSD_TIMING_MAX_BYTES + 1), -EINVAL, "not too much");
	IS(kcsd_timing_run_media(t, &run, KCSD_TIMING_MEM_READ, 0, 4 * KB, &done), -EINVAL,
	   "a run cannot submit what has no media");
	IS(kcsd_timing_run_media(t, &run, KCSD_TIMING_READ, 1 * GB, 4 * KB, &done), -ERANGE,
	   "nor beyond the capacity");
	kcsd_timing_run_end(t, &run, &done);
	IS(done.parts.compute + done.parts.media + done.parts.waiting + done.parts.link +
	   done.parts.controller, done.end, "the parts of a run add up");
	kcsd_timing_destroy(t);
}

static void test_write(void)
{
	struct kcsd_timing *t = make_preset("970pro", 1 * GB);
	struct kcsd_timing_done done;
	struct kcsd_timing_run run;
	struct kcsd_timing_stats s;

	kcsd_timing_run_begin(t, &run, 0, 0);
	kcsd_timing_run_media(t, &run, KCSD_TIMING_WRITE, 0, 128 * KB, &done);
	/* Eight pieces of 16 KiB: 2,048 ns each. */
	IS(done.end, 8 * 2048, "a write of a run ends in the buffer");
	kcsd_timing_run_end(t, &run, NULL);
	kcsd_timing_get_stats(t, &s);
	IS(s.host_written, 0, "no byte came over the link");
	IS(s.user_written, 128 * KB, "all were written");
	IS(s.programs, 4, "and programmed");
	IS(s.runs, 1, "one run has ended");
	kcsd_timing_destroy(t);
}

void run_tests(void)
{
	test_charge();
	test_units();
	test_media();
	test_write();
}
