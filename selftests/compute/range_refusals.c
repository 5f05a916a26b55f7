// SPDX-License-Identifier: GPL-2.0
/* Test refused memory ranges of runs, and range sets that runs hold. */
#include "execute_ranges.h"
#include "capability.h"
#include "change.h"
#include "range_set.h"

/* ---- sets in use ---- */

TEST_F(execute_ranges, sets_in_use_are_not_deleted)
{
	struct run runs[3] = {};
	struct io_uring ring;
	__u16 rsid = range_set_make(&self->d, 0, PAGE);
	int left = 0;

	ASSERT_EQ(1, rsid);
	/* Two runs have a unit, one is queued. */
	ASSERT_EQ(0, ring_open(&ring, 4, true));
	for (int i = 0; i < 3; i++) {
		struct nvme_uring_cmd c;

		runs[i] = (struct run){ .pind = ENDLESS, .rsid = rsid,
					.opcode = i ? KCSD_CMD_EXECUTE : KCSD_CMD_EXECUTE_LBA };
		c = run_cmd(&runs[i]);
		ASSERT_EQ(0, ring_put(&ring, self->d.compute, NVME_URING_CMD_IO, &c, i));
	}
	ASSERT_EQ(3, io_uring_submit(&ring));
	EXPECT_EQ(KCSD_SC_RANGE_SET_IN_USE, range_set_delete(self->d.ctrl, rsid));
	sleep_ms(20);
	EXPECT_EQ(KCSD_SC_RANGE_SET_IN_USE, range_set_delete(self->d.ctrl, rsid));
	io_uring_queue_exit(&ring);
	while (range_set_delete(self->d.ctrl, rsid) && left++ < 200)
		sleep_ms(10);
	EXPECT_GT(200, left);
	EXPECT_EQ(1, range_set_make(&self->d, 0, PAGE));
}

/* Test that refused commands release the set. */
TEST_F(execute_ranges, sets_of_refused_commands)
{
	struct run r = { .rsid = range_set_make(&self->d, 0, PAGE), .pind = OTHER };

	ASSERT_EQ(1, r.rsid);
	EXPECT_EQ(KCSD_SC_NO_PROGRAM, run_exec(self->d.compute, &r));
	r.pind = 9999;
	EXPECT_EQ(KCSD_SC_INVALID_PROGRAM_INDEX, run_exec(self->d.compute, &r));
	EXPECT_EQ(0, range_set_delete(self->d.ctrl, 1));
}

/* ---- refusals ---- */

TEST_F(execute_ranges, refusals)
{
	static const struct cmd_change changes[] = {
		CMD_CHANGE(nsid, 1, -EINVAL),
		CMD_CHANGE(flags, 1, -EINVAL),
		CMD_CHANGE(cdw2, OTHER, KCSD_SC_NO_PROGRAM),
		CMD_CHANGE(cdw2, OTHER + 1, KCSD_SC_NOT_ACTIVATED),
		CMD_CHANGE(cdw2, 16, KCSD_SC_INVALID_PROGRAM_INDEX),
		CMD_CHANGE(cdw2, 0xffff, KCSD_SC_INVALID_PROGRAM_INDEX),
		CMD_CHANGE_MISFIT(cdw2, 1u << 16, cdw3),		/* both a set and ranges */
		CMD_CHANGE(cdw3, 2 | 1u << 18, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw3, 2 | 1u << 31, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw3, RANGES + 1, KCSD_SC_MAX_RANGES),
		CMD_CHANGE(cdw3, 0xffff, KCSD_SC_MAX_RANGES),
		CMD_CHANGE_MISFIT(cdw3, 3, addr),			/* data too short */
		CMD_CHANGE(data_len, 63, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(data_len, 0, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(data_len, 64 + KCSD_MAX_ARGS + 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(metadata_len, 95, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(metadata_len, KCSD_MAX_OUTPUT + 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(addr, 0x1000, -EFAULT),
		CMD_CHANGE(metadata, 0x1000, -EFAULT),
	};
	/* static: no length that starts at its low address reaches past the end of user space. */
	static struct run low;
	struct nvme_uring_cmd base;
	__u32 len;
	void *image = image_build(&(struct image){
		.insns = prog_seven, .insn_cnt = ARRAY_SIZE(prog_seven) }, &len);

	ASSERT_EQ(0, prog_load(self->d.ctrl, OTHER + 1, image, len, NULL));
	run_range(&self->r, 0, PAGE);
	run_range(&self->r, PAGE, PAGE);
	run_args(&self->r, "12345678", 8);
	low = self->r;
	base = run_cmd(&low);
	EXPECT_TRUE(cmd_each_refused(false, self->d.compute, &base, changes, ARRAY_SIZE(changes)));
	EXPECT_EQ(0, cmd_io(self->d.compute, &base));
}

/* Test the length of the stream: of ranges, or of LBAs if the run has grants. */
TEST_F(execute_ranges, length_of_the_stream)
{
	static const struct bpf_insn see[] = { I_CTX(R0, R1, stream_len), I_EXIT };
	const struct kcsd_memory_range set = range(8 * PAGE, PAGE);
	const __le64 len = htole64(3 * PAGE - 1), more = htole64(3 * PAGE + 1);
	struct run set_run = { .pind = OTHER }, lbas = { .pind = OTHER };
	struct run r = { .pind = OTHER };
	struct nvme_uring_cmd c;
	__u64 rsid;
	__u64 result;

	ASSERT_EQ(0, prog_install(self->d.ctrl, OTHER, see));
	run_range(&r, 0, PAGE);
	run_range(&r, 4 * PAGE, 2 * PAGE);
	ASSERT_EQ(0, run_exec(self->d.compute, &r));
	EXPECT_EQ(3 * PAGE, r.result);
	run_args(&r, &len, sizeof(len));
	c = run_cmd(&r);
	c.cdw3 |= KCSD_EXEC_LEN;
	ASSERT_EQ(0, cmd_io_way(CMD_URING, self->d.compute, &c, &result));
	EXPECT_EQ(3 * PAGE - 1, result);
	run_args(&r, &more, sizeof(more));
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, cmd_io(self->d.compute, &c));

	ASSERT_EQ(0, range_set_create(self->d.ctrl, &set, 1, &rsid));
	set_run.rsid = rsid;
	lbas.rsid = rsid;
	set_run.opcode = KCSD_CMD_EXECUTE;
	ASSERT_EQ(0, run_exec(self->d.compute, &set_run));
	EXPECT_EQ(PAGE, set_run.result);
	run_grant(&lbas, 0, 3, KCSD_GRANT_READ);
	ASSERT_EQ(0, run_exec(self->d.compute, &lbas));
	EXPECT_EQ(3 * 4096, lbas.result);
	EXPECT_EQ(0, range_set_delete(self->d.ctrl, rsid));
}

/*
 * Test refused ranges, given in a command and in a set: the result is the index of the bad range.
 */
TEST_F(execute_ranges, range_refusals)
{
	struct kcsd_memory_range good = range(8 * PAGE, PAGE);
	struct { struct kcsd_memory_range range; int want; __u64 result; } cases[] = {
		{ range(0, 0), KCSD_SC_INVALID_RANGE_SET, 1 },
		{ range(0, PAGE - 1), KCSD_SC_INVALID_RANGE_SET, 1 },
		{ range(1, PAGE), KCSD_SC_INVALID_RANGE_SET, 1 },
		{ range(SLM, PAGE), KCSD_SC_INVALID_RANGE_SET, 1 },
		{ range(SLM - PAGE, 2 * PAGE), KCSD_SC_INVALID_RANGE_SET, 1 },
		{ range(0, 0xfffff000), KCSD_SC_INVALID_RANGE_SET, 1 },
		{ range(~0ULL - PAGE + 1, PAGE), KCSD_SC_INVALID_RANGE_SET, 1 },
		{ range(8 * PAGE, PAGE), KCSD_SC_OVERLAPPING_RANGES, 1 },
		{ range(7 * PAGE, 2 * PAGE), KCSD_SC_OVERLAPPING_RANGES, 1 },
		{ range(0, SLM), KCSD_SC_OVERLAPPING_RANGES, 1 },
		{ range(0, PAGE), KCSD_SC_INVALID_MEMORY_NS, 1 },
		{ range(0, PAGE), KCSD_SC_INVALID_FIELD, KCSD_FIELD_DPTR },
		{ range(7 * PAGE, PAGE), 0, 7 },
		{ range(9 * PAGE, PAGE), 0, 7 },
	};

	cases[10].range.nsid = htole32(KCSD_NSID_NVM);
	cases[11].range.rsvd[15] = 1;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct run r = { .pind = SEVEN, .nr_ranges = 2 };

		memcpy(r.data, &good, sizeof(good));
		memcpy(r.data + sizeof(good), &cases[i].range, sizeof(good));
		EXPECT_EQ(cases[i].want, run_exec(self->d.compute, &r)) TH_LOG("case %zu", i);
		EXPECT_EQ(cases[i].result, r.result) TH_LOG("case %zu", i);
	}
}

TEST_F(execute_ranges, identifiers)
{
	static const __u8 opcodes[] = { KCSD_CMD_EXECUTE, KCSD_CMD_EXECUTE_LBA };
	static const __u16 none[] = { 2, 16, 17, 0xffff };

	ASSERT_EQ(1, range_set_make(&self->d, 0, PAGE));
	for (size_t i = 0; i < ARRAY_SIZE(opcodes); i++) {
		struct run r = { .opcode = opcodes[i], .pind = SEVEN, .rsid = 1 };

		EXPECT_EQ(0, run_exec(self->d.compute, &r));
		for (size_t k = 0; k < ARRAY_SIZE(none); k++) {
			r.rsid = none[k];
			EXPECT_EQ(KCSD_SC_INVALID_RANGE_SET_ID, run_exec(self->d.compute, &r));
		}
	}
}

TEST_F(execute_ranges, ranges_need_a_file_open_for_writing)
{
	struct drive rdonly = { .index = self->d.index };
	struct run inside = { .pind = SEVEN }, set = { .pind = SEVEN };
	struct run none = { .opcode = KCSD_CMD_EXECUTE, .pind = SEVEN };

	set.rsid = range_set_make(&self->d, 0, PAGE);
	run_range(&inside, 0, PAGE);
	ASSERT_EQ(0, drive_open(&rdonly, O_RDONLY));
	ASSERT_EQ(0, admin_set(false));
	for (int way = 0; way < CMD_WAYS; way++) {
		EXPECT_EQ(-EACCES, run_way(way, rdonly.compute, &inside));
		EXPECT_EQ(-EACCES, run_way(way, rdonly.compute, &set));
		EXPECT_EQ(0, run_way(way, rdonly.compute, &none));
	}
	drive_close(&rdonly);
	EXPECT_EQ(0, range_set_delete(self->d.ctrl, set.rsid));
}

TEST_F(execute_ranges, drive_without_slm)
{
	static const struct drive_attr without[] = { DRIVE_SMALL, { "slm_size", "0" }, {} };
	struct run r = { .pind = SEVEN };

	ASSERT_EQ(0, drive_create(&self->other, "ranges2", without));
	ASSERT_EQ(0, prog_install(self->other.ctrl, SEVEN, prog_seven));
	run_range(&r, 0, PAGE);
	EXPECT_EQ(KCSD_SC_INVALID_MEMORY_NS, run_exec(self->other.compute, &r));
	r = (struct run){ .opcode = KCSD_CMD_EXECUTE, .pind = SEVEN };
	EXPECT_EQ(0, run_exec(self->other.compute, &r));
}

DRIVE_TEST_MAIN
