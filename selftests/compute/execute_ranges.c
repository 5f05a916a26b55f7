// SPDX-License-Identifier: GPL-2.0
/* Test Execute Program on memory ranges: their bytes in a program, and how runs complete. */
#include "execute_ranges.h"
#include "nvm.h"
#include "slm.h"

#include <pthread.h>

/* ---- the bytes of ranges ---- */

TEST_F(execute_ranges, table_of_ranges)
{
	static const struct { __u64 start; __u32 len; } want[] = {
		{ 7 * PAGE, PAGE }, { 0, 3 * PAGE }, { SLM - 2 * PAGE, 2 * PAGE },
	};
	static const __u32 args_lens[] = { 0, 1, RUN_ARGS_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(args_lens); i++) {
		struct run *r = &self->r;
		const struct kcsd_mem_range *table = (void *)r->out.bytes;
		__u64 at = run_ranges_at(args_lens[i]);

		*r = (struct run){ .pind = TABLE };
		for (size_t k = 0; k < ARRAY_SIZE(want); k++)
			run_range(r, want[k].start, want[k].len);
		run_args(r, self->buf, args_lens[i]);
		ASSERT_EQ(0, run_exec(self->d.compute, r));
		EXPECT_EQ(variant->record, le32toh(r->out.rec.engine));
		EXPECT_EQ(KCSD_GUEST_CTX + KCSD_GUEST_RANGES_OFF, r->result);
		ASSERT_EQ(sizeof(*table) * ARRAY_SIZE(want), le32toh(r->out.rec.out_len));
		for (size_t k = 0; k < ARRAY_SIZE(want); k++) {
			EXPECT_EQ(at, table[k].addr);
			EXPECT_EQ(want[k].len, table[k].len);
			at += want[k].len;
		}
	}
}

TEST_F(execute_ranges, maximum_of_ranges_in_all_ways)
{
	struct run *r = &self->r;

	r->pind = EMIT;
	r->cparam1 = run_ranges_at(0) + (RANGES - 1) * PAGE;
	r->cparam2 = 4;
	for (int i = 0; i < RANGES; i++)
		run_range(r, (RANGES - i) * PAGE, PAGE);
	ASSERT_EQ(0, slm_fill(self->d.slm, PAGE, PAGE, 0x5c));
	for (int way = 0; way < CMD_WAYS; way++) {
		EXPECT_EQ(0, run_way(way, self->d.compute, r)) TH_LOG("%s", cmd_way_name(way));
		EXPECT_EQ(0, memcmp(r->out.bytes, "\x5c\x5c\x5c\x5c", 4));
	}
	r->nr_ranges++;
	EXPECT_EQ(KCSD_SC_MAX_RANGES, run_exec(self->d.compute, r));
}

TEST_F(execute_ranges, data_is_visible_both_ways)
{
	struct run *r = &self->r;
	__u8 *p = self->buf;

	for (__u32 i = 0; i < SLM; i++)
		p[i] = i * 13 + (i >> 12);
	ASSERT_EQ(0, slm_rw_all(self->d.slm, KCSD_SLM_WRITE, 0, SLM, p));
	r->pind = COPY;
	run_range(r, 5 * PAGE, 16 * PAGE);
	run_range(r, 100 * PAGE, 16 * PAGE);
	ASSERT_EQ(0, run_exec(self->d.compute, r));
	EXPECT_EQ(16 * PAGE, r->result);
	EXPECT_EQ(variant->record, le32toh(r->out.rec.engine));
	for (__u32 i = 0; i < 16 * PAGE; i++)
		p[100 * PAGE + i] = ~p[5 * PAGE + i];
	/* No other byte of SLM has changed. */
	for (__u32 at = 0; at < SLM; at += SLM_MDTS) {
		static __u8 got[SLM_MDTS];

		ASSERT_EQ(0, slm_rw(self->d.slm, KCSD_SLM_READ, at, SLM_MDTS, got));
		EXPECT_EQ(0, memcmp(got, p + at, SLM_MDTS)) TH_LOG("from %u on", at);
	}
}

/* Test that a running program sees writes of the host, and the host sees writes of the program. */
TEST_F(execute_ranges, host_and_run_share_bytes)
{
	struct nvme_uring_cmd c;
	struct io_uring ring;
	__u64 tag, result = 0;
	int res;

	self->r.pind = WAIT;
	run_range(&self->r, 3 * PAGE, PAGE);
	c = run_cmd(&self->r);
	ASSERT_EQ(0, ring_open(&ring, 4, true));
	ASSERT_EQ(0, ring_put(&ring, self->d.compute, NVME_URING_CMD_IO, &c, 1));
	ASSERT_EQ(1, io_uring_submit(&ring));
	EXPECT_EQ(-ETIME, ring_get(&ring, 50, &tag, &res, NULL));
	ASSERT_EQ(0, set_byte(&self->d, 3 * PAGE, 0x42));
	ASSERT_EQ(0, ring_get(&ring, 8000, &tag, &res, &result));
	EXPECT_EQ(0, res);
	EXPECT_EQ(0x42, result);
	EXPECT_EQ(0x42, slm_byte(&self->d, 3 * PAGE + 1));
	io_uring_queue_exit(&ring);
}

/* Test a run with grants and a range set: it moves data from LBAs to SLM without the host. */
TEST_F(execute_ranges, execute_on_lbas_with_a_set)
{
	struct run *r = &self->r;
	struct nvme_uring_cmd c = cmd_rw(NVM_WRITE, 5, 1, self->buf, LBA);

	memset(self->buf, 0x77, LBA);
	ASSERT_EQ(0, cmd_io(self->d.nvm, &c));
	ASSERT_EQ(0, set_byte(&self->d, 9 * PAGE, 0x11));
	r->pind = BOTH;
	r->rsid = range_set_make(&self->d, 9 * PAGE, PAGE);
	ASSERT_NE(0, r->rsid);
	run_grant(r, 5, 1, KCSD_GRANT_READ);
	ASSERT_EQ(0, run_exec(self->d.compute, r));
	EXPECT_EQ(0x1177, r->result);
	EXPECT_EQ(0x77, slm_byte(&self->d, 10 * PAGE - 1));
	EXPECT_EQ(0, slm_byte(&self->d, 10 * PAGE));
}

TEST_F(execute_ranges, no_lbas_in_execute_program)
{
	self->r.pind = READ;
	run_range(&self->r, 0, PAGE);
	EXPECT_EQ(KCSD_SC_PROGRAM_FAULT, run_exec(self->d.compute, &self->r));
	EXPECT_EQ(KCSD_FAULT_LBA_READ, le32toh(self->r.out.rec.reason));
}

TEST_F(execute_ranges, no_ranges)
{
	struct run *r = &self->r;

	r->opcode = KCSD_CMD_EXECUTE;
	r->pind = TABLE;
	ASSERT_EQ(0, run_exec(self->d.compute, r));
	EXPECT_EQ(0, le32toh(r->out.rec.out_len));
	/* Then no memory is behind the arguments. */
	r->pind = LOAD;
	r->cparam1 = run_ranges_at(8);
	run_args(r, self->buf, 8);
	EXPECT_EQ(KCSD_SC_PROGRAM_FAULT, run_exec(self->d.compute, r));
	EXPECT_EQ(0, drive_stat(&self->d, "range_maps"));
}

/* ---- two runs at once ---- */

struct adder {
	int fd, ret;
	struct run r;
};

static void *add(void *arg)
{
	struct adder *a = arg;

	a->ret = run_way(CMD_IOCTL64, a->fd, &a->r);
	return NULL;
}

static int add_by(struct adder *adders, int nr)
{
	pthread_t thread[4];
	int i, bad = 0;

	for (i = 0; i < nr; i++)
		if (pthread_create(&thread[i], NULL, add, &adders[i]))
			return -1;
	for (i = 0; i < nr; i++) {
		pthread_join(thread[i], NULL);
		bad += adders[i].ret != 0;
	}
	return bad;
}

/* Test two runs on the same counters: the same bytes of SLM, at another address in each run. */
TEST_F(execute_ranges, two_runs_count_together)
{
	const __u64 times = variant->record == KCSD_ENGINE_JIT ? 200000 : 20000;
	static struct adder adders[2];
	struct { __u64 first; __u32 second; } got;

	for (int i = 0; i < 2; i++) {
		adders[i].fd = self->d.compute;
		adders[i].r = (struct run){ .pind = ADD, .cparam1 = times };
		run_range(&adders[i].r, 2 * PAGE, (1 + i) * PAGE);
		run_args(&adders[i].r, self->buf, i * 100);
	}
	ASSERT_EQ(0, add_by(adders, 2));
	ASSERT_EQ(0, slm_rw(self->d.slm, KCSD_SLM_READ, 2 * PAGE, 12, &got));
	EXPECT_EQ(2 * times, le64toh(got.first));
	EXPECT_EQ(2 * times, le32toh(got.second));
	for (int i = 0; i < 2; i++)
		EXPECT_EQ(variant->record, le32toh(adders[i].r.out.rec.engine));
}

/* ---- how runs complete ---- */

TEST_F(execute_ranges, budget_and_time)
{
	struct run r = { .pind = ADD, .cparam1 = 100 };

	run_range(&r, 0, PAGE);
	r.budget = 1 << 20;
	ASSERT_EQ(0, run_exec(self->d.compute, &r));
	EXPECT_EQ(variant->record, le32toh(r.out.rec.engine));
	EXPECT_EQ(4 + 100 * 9 + 2, le64toh(r.out.rec.insns));
	r.budget = 500;
	EXPECT_EQ(KCSD_SC_PROGRAM_BUDGET, run_exec(self->d.compute, &r));
	r.budget = 0;
	r.pind = ENDLESS;
	r.timeout_ms = 50;
	EXPECT_EQ(KCSD_SC_PROGRAM_TIME, run_exec(self->d.compute, &r));
	EXPECT_TRUE(run_works(self->d.compute, SEVEN));
}

static void *keep_running(void *arg)
{
	struct drive *d = arg;
	__u32 i;
	int ret = 0;

	for (i = 0; !ret; i++) {
		struct run r = { .pind = i % 16 ? LOAD : ADD };

		r.cparam1 = i % 16 ? run_ranges_at(0) : 1000;
		run_range(&r, i % 7 * PAGE, (i % 3 + 1) * PAGE);
		ret = run_way(CMD_IOCTL64, d->compute, &r);
	}
	return (void *)(long)ret;
}

/* Power the drive off at any moment of runs on ranges, and of runs that hold range sets. */
TEST_F(execute_ranges, power_off_during_run)
{
	pthread_t thread[3];
	void *ret;

	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < 3; i++) {
			ASSERT_EQ(0, pthread_create(&thread[i], NULL, keep_running, &self->d));
		}
		sleep_ms(20 + 10 * round);
		ASSERT_EQ(0, drive_power(&self->d, false));
		for (int i = 0; i < 3; i++) {
			pthread_join(thread[i], &ret);
			EXPECT_TRUE((long)ret == -ENODEV || (long)ret == KCSD_SC_PROGRAM_CANCELLED)
				TH_LOG("%ld", (long)ret);
		}
		drive_close(&self->d);
		ASSERT_EQ(0, drive_power(&self->d, true));
		ASSERT_EQ(0, drive_open(&self->d, O_RDWR));
		ASSERT_EQ(0, range_drive_install(self->d.ctrl));
		EXPECT_EQ(0, slm_byte(&self->d, 0));
	}
}

DRIVE_TEST_MAIN
