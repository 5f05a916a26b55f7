// SPDX-License-Identifier: GPL-2.0
/* Test Execute on LBAs: the input of a run, its output, and refused commands. */
#include "harness.h"
#include "change.h"
#include "nvm.h"
#include "run.h"

#include <endian.h>
#include <sys/mman.h>

#define LBA	4096
#define NSZE	4096		/* LBAs of the small drive */

static const struct drive_attr small[] = { DRIVE_SMALL, {} };
static const struct drive_attr small_512[] = { DRIVE_SMALL, { "block_size", "512" }, {} };

/* Emit the context, the grants and the arguments. */
static const struct bpf_insn prog_mirror[] = {
	I_MOVR(R6, R1),
	I_MOV(R2, sizeof(struct kcsd_ctx)), I_HELPER(emit),
	I_CTX(R1, R6, grants), I_CTX(R2, R6, nr_grants), I_ALU(BPF_LSH, R2, 4), I_HELPER(emit),
	I_CTX(R1, R6, args), I_CTX(R2, R6, args_len), I_HELPER(emit),
	I_IMM64(R0, 0x1122334455667788), I_EXIT,
};

/* Return cparam1 * 3 + cparam2. */
static const struct bpf_insn prog_sum[] = {
	I_CTX(R0, R1, cparam1), I_ALU(BPF_MUL, R0, 3), I_CTX(R2, R1, cparam2),
	I_ALUR(BPF_ADD, R0, R2), I_EXIT,
};

/* Read LBA cparam1 to the heap and emit cparam2 bytes of it. */
static const struct bpf_insn prog_peek[] = {
	I_MOVR(R6, R1),
	I_CTX(R1, R6, cparam1), I_CTX(R2, R6, heap), I_CTX(R3, R6, lba_size), I_HELPER(read),
	I_JMP(BPF_JNE, R0, 0, 3),
	I_CTX(R1, R6, heap), I_CTX(R2, R6, cparam2), I_HELPER(emit),
	I_EXIT,
};

/* Fill one LBA with the byte cparam2 and write it to LBA cparam1. */
static const struct bpf_insn prog_poke[] = {
	I_MOVR(R6, R1),
	I_CTX(R1, R6, heap), I_CTX(R2, R6, lba_size), I_CTX(R3, R6, cparam2),
	I_STX(BPF_B, R1, 0, R3), I_ADD(R1, 1), I_ADD(R2, -1), I_JMP(BPF_JNE, R2, 0, -4),
	I_CTX(R1, R6, cparam1), I_CTX(R2, R6, heap), I_CTX(R3, R6, lba_size), I_HELPER(write),
	I_EXIT,
};

enum { SEVEN, MIRROR, SUM, PEEK, POKE, LEN };

FIXTURE(execute) {
	struct drive d;
	struct drive other;
	__u8 *buf;
	struct run r;
};

static int install_heap(int ctrl, __u16 pind, const struct bpf_insn *insns, __u32 cnt)
{
	struct image im = { .insns = insns, .insn_cnt = cnt, .heap_len = 2 * LBA };

	return prog_install_image(ctrl, pind, &im);
}

FIXTURE_SETUP(execute)
{
	drive_sweep();
	self->other = (struct drive)DRIVE_INIT;
	self->buf = aligned_alloc(LBA, 4 * LBA);
	ASSERT_NE(NULL, self->buf);
	ASSERT_EQ(0, drive_create(&self->d, "exec", small));
	ASSERT_EQ(0, prog_install(self->d.ctrl, SEVEN, prog_seven));
	ASSERT_EQ(0, prog_install(self->d.ctrl, MIRROR, prog_mirror));
	ASSERT_EQ(0, prog_install(self->d.ctrl, SUM, prog_sum));
	ASSERT_EQ(0, install_heap(self->d.ctrl, PEEK, prog_peek, ARRAY_SIZE(prog_peek)));
	ASSERT_EQ(0, install_heap(self->d.ctrl, POKE, prog_poke, ARRAY_SIZE(prog_poke)));
}

FIXTURE_TEARDOWN(execute)
{
	drive_remove(&self->other);
	EXPECT_EQ(0, drive_remove(&self->d));
	free(self->buf);
}

static int lba_fill(int fd, __u64 slba, __u8 *buf, __u8 byte)
{
	struct nvme_uring_cmd c = cmd_rw(NVM_WRITE, slba, 1, buf, LBA);

	memset(buf, byte, LBA);
	return cmd_io(fd, &c);
}

/* Returns the byte that fills the LBA, or -1 if its bytes differ. */
static int lba_byte(int fd, __u64 slba, __u8 *buf)
{
	struct nvme_uring_cmd c = cmd_rw(NVM_READ, slba, 1, buf, LBA);

	if (cmd_io(fd, &c))
		return -1;
	for (int i = 1; i < LBA; i++) {
		if (buf[i] != buf[0])
			return -1;
	}
	return buf[0];
}

TEST_F(execute, result_in_all_ways)
{
	struct run *r = &self->r;
	static const __u64 want[CMD_WAYS] = {
		[CMD_URING] = 0x369d0369cf36b1ULL, [CMD_URING_CQE16] = 0,
		[CMD_IOCTL] = 0x69cf36b1, [CMD_IOCTL64] = 0x369d0369cf36b1ULL,
	};

	r->pind = SUM;
	r->cparam1 = 0x12345678abcdeULL;
	r->cparam2 = 0x369d0369cf36b1ULL - 3 * 0x12345678abcdeULL;
	for (int way = 0; way < CMD_WAYS; way++) {
		EXPECT_EQ(0, run_way(way, self->d.compute, r)) TH_LOG("%s", cmd_way_name(way));
		EXPECT_EQ(want[way], r->result) TH_LOG("%s", cmd_way_name(way));
		EXPECT_EQ(0x369d0369cf36b1ULL, le64toh(r->out.rec.result));
	}
}

TEST_F(execute, context_has_all_inputs)
{
	static const char args[] = "some arguments";
	struct run *r = &self->r;
	struct kcsd_ctx ctx;

	r->pind = MIRROR;
	r->cparam1 = 0xfedcba9876543210ULL;
	r->cparam2 = 0x0f1e2d3c4b5a6978ULL;
	run_grant(r, 5, 7, KCSD_GRANT_READ);
	run_grant(r, NSZE - 1, 1, KCSD_GRANT_READ | KCSD_GRANT_WRITE);
	run_grant(r, 0, NSZE, KCSD_GRANT_WRITE);
	run_args(r, args, sizeof(args));
	for (int way = 0; way < CMD_WAYS; way++) {
		ASSERT_EQ(0, run_way(way, self->d.compute, r)) TH_LOG("%s", cmd_way_name(way));
		ASSERT_EQ(sizeof(ctx) + 48 + sizeof(args), le32toh(r->out.rec.out_len));
		memcpy(&ctx, r->out.bytes, sizeof(ctx));
		EXPECT_EQ(r->cparam1, ctx.cparam1);
		EXPECT_EQ(r->cparam2, ctx.cparam2);
		EXPECT_EQ(sizeof(args), ctx.args_len);
		EXPECT_EQ(0, ctx.args % KCSD_GUEST_ALIGN);
		EXPECT_EQ(KCSD_GUEST_CTX + KCSD_GUEST_GRANTS_OFF, ctx.grants);
		EXPECT_EQ(3, ctx.nr_grants);
		EXPECT_EQ(LBA, ctx.lba_size);
		EXPECT_EQ(0, ctx.heap_len);
		EXPECT_EQ(RUN_OUT_MAX, ctx.out_max);
		EXPECT_EQ(0, ctx.nr_ranges);
		EXPECT_EQ(0, ctx.rsvd);
		EXPECT_EQ(8 * LBA, ctx.stream_len);
		EXPECT_EQ(0, memcmp(r->out.bytes + sizeof(ctx), r->data, 48 + sizeof(args)));
	}
}

TEST_F(execute, record_of_a_successful_run)
{
	const struct kcsd_run_record *rec = &self->r.out.rec;

	self->r.pind = SEVEN;
	self->r.budget = 1000;
	ASSERT_EQ(0, run_exec(self->d.compute, &self->r));
	EXPECT_EQ(168, sizeof(*rec));
	EXPECT_EQ(sizeof(*rec), le32toh(rec->size));
	EXPECT_EQ(KCSD_FAULT_NONE, le32toh(rec->reason));
	EXPECT_EQ(0, le32toh(rec->helper));
	EXPECT_EQ(0, le64toh(rec->addr));
	EXPECT_EQ(0, le64toh(rec->lba));
	EXPECT_EQ(7, le64toh(rec->result));
	EXPECT_EQ(2, le64toh(rec->insns));
	EXPECT_LT(0, le64toh(rec->run_ns));
	EXPECT_GT(5000000000ULL, le64toh(rec->run_ns));
	EXPECT_GT(5000000000ULL, le64toh(rec->wait_ns));
	EXPECT_EQ(0, le64toh(rec->read_bytes));
	EXPECT_EQ(0, le64toh(rec->written_bytes));
	EXPECT_EQ(0, le32toh(rec->out_len));
	EXPECT_NE(KCSD_ENGINE_NONE, le32toh(rec->engine));
	EXPECT_EQ(0, rec->audit_off);
	EXPECT_EQ(0, rec->audit_len);
	/* The bytes behind the record are not changed. */
	for (int i = 0; i < RUN_OUT_MAX; i++) {
		ASSERT_EQ(0xa5, self->r.out.bytes[i]);
	}
}

TEST_F(execute, program_reads_host_data)
{
	struct run *r = &self->r;

	ASSERT_EQ(0, lba_fill(self->d.nvm, 1, self->buf, 0x11));
	ASSERT_EQ(0, lba_fill(self->d.nvm, NSZE - 1, self->buf, 0xee));
	r->pind = PEEK;
	r->cparam2 = 100;
	run_grant(r, 1, 1, KCSD_GRANT_READ);
	run_grant(r, NSZE - 1, 1, KCSD_GRANT_READ);
	r->cparam1 = 1;
	ASSERT_EQ(0, run_exec(self->d.compute, r));
	EXPECT_EQ(100, le32toh(r->out.rec.out_len));
	EXPECT_EQ(LBA, le64toh(r->out.rec.read_bytes));
	EXPECT_EQ(0x11, r->out.bytes[0]);
	EXPECT_EQ(0x11, r->out.bytes[99]);
	EXPECT_EQ(0xa5, r->out.bytes[100]);
	r->cparam1 = NSZE - 1;
	ASSERT_EQ(0, run_exec(self->d.compute, r));
	EXPECT_EQ(0xee, r->out.bytes[99]);
}

TEST_F(execute, host_reads_program_data)
{
	struct run *r = &self->r;

	r->pind = POKE;
	r->cparam1 = 77;
	r->cparam2 = 0x99;
	run_grant(r, 70, 10, KCSD_GRANT_WRITE);
	ASSERT_EQ(0, run_exec(self->d.compute, r));
	EXPECT_EQ(0, r->result);
	EXPECT_EQ(LBA, le64toh(r->out.rec.written_bytes));
	EXPECT_EQ(0, lba_byte(self->d.nvm, 76, self->buf));
	EXPECT_EQ(0x99, lba_byte(self->d.nvm, 77, self->buf));
	EXPECT_EQ(0, lba_byte(self->d.nvm, 78, self->buf));
}

TEST_F(execute, lbas_of_512_bytes)
{
	struct run *r = &self->r;
	struct nvme_uring_cmd c = cmd_rw(NVM_READ, 8, 3, self->buf, 3 * 512);

	ASSERT_EQ(0, drive_create(&self->other, "exec2", small_512));
	ASSERT_EQ(0, install_heap(self->other.ctrl, 0, prog_poke, ARRAY_SIZE(prog_poke)));
	r->cparam1 = 9;
	r->cparam2 = 0x42;
	run_grant(r, 9, 1, KCSD_GRANT_WRITE);
	ASSERT_EQ(0, run_exec(self->other.compute, r));
	EXPECT_EQ(512, le64toh(r->out.rec.written_bytes));
	ASSERT_EQ(0, cmd_io(self->other.nvm, &c));
	for (int i = 0; i < 3 * 512; i++) {
		ASSERT_EQ(i / 512 == 1 ? 0x42 : 0, self->buf[i])
			TH_LOG("byte %d", i);
	}
}

TEST_F(execute, no_output_is_no_error)
{
	struct run *r = &self->r;
	struct nvme_uring_cmd c;
	__u64 result = 0;

	r->pind = SUM;
	r->cparam1 = 5;
	c = run_cmd(r);
	c.metadata = 0;
	c.metadata_len = 0;
	EXPECT_EQ(0, cmd_io_way(CMD_URING, self->d.compute, &c, &result));
	EXPECT_EQ(15, result);
}

TEST_F(execute, output_of_record_only)
{
	/* emit() has no space: it returns an error, and the run continues. */
	static const struct bpf_insn prog_emit_4[] = {
		I_MOV(R2, 4), I_HELPER(emit), I_EXIT,
	};
	struct nvme_uring_cmd c;
	__u64 result = 0;

	ASSERT_EQ(0, prog_install(self->d.ctrl, 10, prog_emit_4));
	self->r.pind = 10;
	c = run_cmd(&self->r);
	c.metadata_len = sizeof(struct kcsd_run_record);
	EXPECT_EQ(0, cmd_io_way(CMD_URING, self->d.compute, &c, &result));
	EXPECT_EQ(-KCSD_ENOSPC, (__s64)result);
	EXPECT_EQ(0, le32toh(self->r.out.rec.out_len));
	EXPECT_EQ(0xa5, self->r.out.bytes[0]);
	c.metadata_len += 4;
	EXPECT_EQ(0, cmd_io_way(CMD_URING, self->d.compute, &c, &result));
	EXPECT_EQ(0, result);
	EXPECT_EQ(4, le32toh(self->r.out.rec.out_len));
	EXPECT_EQ(0xa5, self->r.out.bytes[4]);
}

TEST_F(execute, refusals)
{
	static const struct cmd_change changes[] = {
		CMD_CHANGE_MISFIT(opcode, KCSD_CMD_EXECUTE, addr),
		CMD_CHANGE(opcode, 0x02, KCSD_SC_INVALID_OPCODE),
		CMD_CHANGE(opcode, 0x00, KCSD_SC_INVALID_OPCODE),
		CMD_CHANGE(opcode, 0x84, KCSD_SC_INVALID_OPCODE),
		CMD_CHANGE(nsid, 1, -EINVAL),
		CMD_CHANGE(nsid, 0, -EINVAL),
		CMD_CHANGE(nsid, 0xffffffff, -EINVAL),
		CMD_CHANGE(flags, 1, -EINVAL),
		CMD_CHANGE(cdw2, 1u << 16, KCSD_SC_INVALID_RANGE_SET_ID),
		CMD_CHANGE(cdw2, 1u << 31, KCSD_SC_INVALID_RANGE_SET_ID),
		CMD_CHANGE(cdw2, 9, KCSD_SC_NO_PROGRAM),
		CMD_CHANGE_MISFIT(cdw3, 2 | KCSD_EXEC_AUDIT, metadata),	/* no room for audit */
		CMD_CHANGE(cdw3, 2 | 1u << 18, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw3, 2 | 1u << 31, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE_MISFIT(cdw3, 4, addr),			/* data too short */
		CMD_CHANGE(data_len, 31, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(data_len, 0, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(data_len, 32 + KCSD_MAX_ARGS + 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(data_len, 0xffffffff, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(metadata_len, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(metadata_len, 95, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(metadata_len, KCSD_MAX_OUTPUT + 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(metadata_len, 0xffffffff, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(addr, 0x1000, -EFAULT),
		CMD_CHANGE(addr, 0xffff800000000000, -EFAULT),
		CMD_CHANGE(metadata, 0x1000, -EFAULT),
		CMD_CHANGE(metadata, 0xffff800000000000, -EFAULT),
	};
	/* static: no length that starts at its low address reaches past the end of user space. */
	static struct run low;
	struct nvme_uring_cmd base;

	run_grant(&self->r, 0, 1, KCSD_GRANT_READ);
	run_grant(&self->r, 9, 1, KCSD_GRANT_READ);
	run_args(&self->r, "12345678", 8);
	low = self->r;
	base = run_cmd(&low);
	EXPECT_TRUE(cmd_each_refused(false, self->d.compute, &base, changes, ARRAY_SIZE(changes)));
	EXPECT_EQ(0, cmd_io(self->d.compute, &base));
}

/*
 * Test a command with too much data near the end of user space: it is refused for the length, not
 * for the end address.
 */
TEST_F(execute, too_much_data_at_the_end_of_the_address_space)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
	static const struct cmd_change change =
		CMD_CHANGE(data_len, 0xffffffff, KCSD_SC_INVALID_FIELD);
	struct nvme_uring_cmd c = run_cmd(&self->r);
	void *page = MAP_FAILED;
	size_t below;

	/* Map a page 16 MiB below the end, or lower where that address is in use. */
	for (below = 16 << 20; page == MAP_FAILED && below < 1 << 30; below += 16 << 20)
		page = mmap((void *)(0x7ffffffff000 - below), 4096, PROT_READ | PROT_WRITE, flags,
			    -1, 0);
	ASSERT_NE(MAP_FAILED, page);
	c.addr = (uintptr_t)page;
	for (int way = 0; way < CMD_WAYS; way++)
		EXPECT_TRUE(cmd_refused(way, false, self->d.compute, &c, &change));
	munmap(page, 4096);
}

TEST_F(execute, grant_refusals)
{
	static const struct {
		struct kcsd_lba_grant grant;
		int want;
	} cases[] = {
		{ { .slba = 5, .nlb = 0, .access = KCSD_GRANT_READ }, KCSD_SC_INVALID_FIELD },
		{ { .slba = 5, .nlb = 1, .access = 0 }, KCSD_SC_INVALID_FIELD },
		{ { .slba = 5, .nlb = 1, .access = 4 }, KCSD_SC_INVALID_FIELD },
		{ { .slba = 5, .nlb = 1, .access = 0x81 }, KCSD_SC_INVALID_FIELD },
		{ { .slba = 5, .nlb = 1, .access = 1, .rsvd = { 1 } }, KCSD_SC_INVALID_FIELD },
		{ { .slba = 5, .nlb = 1, .access = 1, .rsvd = { 0, 0, 1 } },
		  KCSD_SC_INVALID_FIELD },
		{ { .slba = NSZE, .nlb = 1, .access = 1 }, KCSD_SC_LBA_RANGE },
		{ { .slba = NSZE - 1, .nlb = 2, .access = 1 }, KCSD_SC_LBA_RANGE },
		{ { .slba = 0, .nlb = NSZE + 1, .access = 2 }, KCSD_SC_LBA_RANGE },
		{ { .slba = 1, .nlb = 0xffffffff, .access = 1 }, KCSD_SC_LBA_RANGE },
		{ { .slba = ~0ULL, .nlb = 1, .access = 1 }, KCSD_SC_LBA_RANGE },
		{ { .slba = ~0ULL - 1, .nlb = 4, .access = 3 }, KCSD_SC_LBA_RANGE },
		{ { .slba = 1ULL << 63, .nlb = 1, .access = 1 }, KCSD_SC_LBA_RANGE },
		{ { .slba = 0, .nlb = NSZE, .access = 3 }, 0 },
		{ { .slba = NSZE - 1, .nlb = 1, .access = 3 }, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		/* Put the bad grant in front of a good one, then behind it. */
		for (int at = 0; at < 2; at++) {
			struct run r = {};

			run_grant(&r, 0, 1, KCSD_GRANT_READ);
			run_grant(&r, 0, 1, KCSD_GRANT_READ);
			memcpy(r.data + at * 16, &cases[i].grant, 16);
			EXPECT_EQ(cases[i].want, run_exec(self->d.compute, &r))
				TH_LOG("case %zu at %d", i, at);
		}
	}
}

/*
 * Run a program that returns the stream length that it sees. *len: the length that the command
 * gives its stream; len is NULL: none.
 */
static int exec_len(struct __test_metadata *_metadata, FIXTURE_DATA(execute) *self,
		    const __le64 *len, __u64 *result)
{
	struct nvme_uring_cmd c;
	int ret;

	self->r.pind = LEN;
	self->r.args_len = 0;
	if (len)
		run_args(&self->r, len, sizeof(*len));
	c = run_cmd(&self->r);
	if (len)
		c.cdw3 |= KCSD_EXEC_LEN;
	*result = ~0ULL;
	ret = cmd_io_way(CMD_URING, self->d.compute, &c, result);
	/* The length is not part of the arguments of the program. */
	if (!ret)
		EXPECT_EQ(0, le32toh(self->r.out.rec.out_len));
	return ret;
}

/* Test lengths of the stream up to the sum of all grants that may be read, to the byte. */
TEST_F(execute, length_of_the_stream)
{
	static const struct bpf_insn see[] = {
		I_MOVR(R6, R1), I_CTX(R1, R6, args), I_CTX(R2, R6, args_len), I_HELPER(emit),
		I_CTX(R0, R6, stream_len), I_EXIT,
	};
	const __u64 max = 5 * LBA, good[] = { 0, 1, LBA - 1, LBA, LBA + 1, max - 1, max };
	const __u64 bad[] = { max + 1, 6 * LBA, 1ULL << 63, ~0ULL };
	__u64 result;

	ASSERT_EQ(0, install_heap(self->d.ctrl, LEN, see, ARRAY_SIZE(see)));
	EXPECT_EQ(0, exec_len(_metadata, self, NULL, &result));
	EXPECT_EQ(0, result);
	run_grant(&self->r, 0, 2, KCSD_GRANT_READ);
	run_grant(&self->r, 7, 4, KCSD_GRANT_WRITE);	/* write only: not part of the stream */
	run_grant(&self->r, 9, 3, KCSD_GRANT_ALL);
	EXPECT_EQ(0, exec_len(_metadata, self, NULL, &result));
	EXPECT_EQ(max, result);
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		__le64 len = htole64(good[i]);

		EXPECT_EQ(0, exec_len(_metadata, self, &len, &result));
		EXPECT_EQ(good[i], result);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		__le64 len = htole64(bad[i]);

		EXPECT_EQ(KCSD_SC_INVALID_FIELD, exec_len(_metadata, self, &len, &result));
		EXPECT_EQ(KCSD_FIELD_DPTR, result);
	}
}

/* Test a length with arguments behind it: args_len does not include the length. */
TEST_F(execute, length_and_arguments)
{
	const struct kcsd_ctx *ctx = (const void *)self->r.out.bytes;
	struct { __le64 len; char args[3]; } in = { htole64(100), "abc" };
	struct nvme_uring_cmd c;
	__u64 result;

	run_grant(&self->r, 0, 1, KCSD_GRANT_READ);
	run_args(&self->r, &in, sizeof(in.len) + sizeof(in.args));
	self->r.pind = MIRROR;
	c = run_cmd(&self->r);
	c.cdw3 |= KCSD_EXEC_LEN;
	ASSERT_EQ(0, cmd_io_way(CMD_URING, self->d.compute, &c, &result));
	ASSERT_EQ(sizeof(*ctx) + 16 + 3, le32toh(self->r.out.rec.out_len));
	EXPECT_EQ(100, ctx->stream_len);
	EXPECT_EQ(3, ctx->args_len);
	EXPECT_EQ(0, memcmp(self->r.out.bytes + sizeof(*ctx) + 16, "abc", 3));
	c.data_len = sizeof(struct kcsd_lba_grant) + 7;		/* too short for the length */
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, cmd_io(self->d.compute, &c));
}

TEST_F(execute, maximum_of_grants)
{
	/* The last of the most grants is used. */
	struct run *r = &self->r;
	struct nvme_uring_cmd c;
	__u8 *data = calloc(1, 129 * 16);

	ASSERT_NE(NULL, data);
	for (int i = 0; i < KCSD_MAX_GRANTS; i++)
		run_grant(r, i * 2, 1, KCSD_GRANT_READ);
	r->pind = PEEK;
	r->cparam1 = 2 * (KCSD_MAX_GRANTS - 1);
	EXPECT_EQ(0, run_exec(self->d.compute, r));
	r->cparam1--;
	EXPECT_EQ(KCSD_SC_PROGRAM_FAULT, run_exec(self->d.compute, r));
	memcpy(data, r->data, 128 * 16);
	memcpy(data + 128 * 16, r->data, 16);
	c = run_cmd(r);
	c.addr = (uintptr_t)data;
	c.cdw3 = KCSD_MAX_GRANTS + 1;
	c.data_len = (KCSD_MAX_GRANTS + 1) * 16;
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, cmd_io(self->d.compute, &c));
	c.cdw3 = 0xffff;
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, cmd_io(self->d.compute, &c));
	free(data);
}

/* Test the longest arguments and the longest output. */
TEST_F(execute, limits_are_inclusive)
{
	static const struct bpf_insn echo[] = {
		I_MOVR(R6, R1), I_CTX(R1, R6, args), I_CTX(R2, R6, args_len), I_HELPER(emit),
		I_JMP(BPF_JEQ, R0, 0, -4), I_CTX(R0, R6, out_max), I_EXIT,
	};
	__u8 *args = malloc(KCSD_MAX_ARGS), *out = malloc(KCSD_MAX_OUTPUT);
	struct kcsd_run_record *rec = (void *)out;
	struct nvme_uring_cmd c;
	__u64 result;

	ASSERT_TRUE(args && out);
	for (__u32 i = 0; i < KCSD_MAX_ARGS; i++)
		args[i] = i * 7 + (i >> 8);
	ASSERT_EQ(0, prog_install(self->d.ctrl, 10, echo));
	self->r.pind = 10;
	c = run_cmd(&self->r);
	c.addr = (uintptr_t)args;
	c.data_len = KCSD_MAX_ARGS;
	c.metadata = (uintptr_t)out;
	c.metadata_len = KCSD_MAX_OUTPUT;
	ASSERT_EQ(0, cmd_io_way(CMD_URING, self->d.compute, &c, &result));
	EXPECT_EQ(KCSD_MAX_OUTPUT - sizeof(*rec), result);
	ASSERT_EQ((KCSD_MAX_OUTPUT / KCSD_MAX_ARGS - 1) * KCSD_MAX_ARGS, le32toh(rec->out_len));
	ASSERT_LE(16 << 20, le32toh(rec->out_len));
	EXPECT_EQ(KCSD_RECORD_CUT, le16toh(rec->flags));
	for (__u32 off = 0; off < le32toh(rec->out_len); off += KCSD_MAX_ARGS) {
		ASSERT_EQ(0, memcmp(out + sizeof(*rec) + off, args, KCSD_MAX_ARGS));
	}
	free(args);
	free(out);
}

/* Test an output buffer of which the second half is not mapped: an error, never a crash. */
TEST_F(execute, read_only_output_buffer)
{
	__u8 *p = mmap(NULL, 2 * LBA, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct nvme_uring_cmd c;

	ASSERT_NE(MAP_FAILED, p);
	ASSERT_EQ(0, mprotect(p + LBA, LBA, PROT_NONE));
	self->r.pind = MIRROR;
	c = run_cmd(&self->r);
	c.metadata = (uintptr_t)p + LBA - 100;
	c.metadata_len = 200;
	for (int way = 0; way < CMD_WAYS; way++) {
		EXPECT_EQ(-EFAULT, cmd_io_way(way, self->d.compute, &c, NULL));
	}
	ASSERT_EQ(0, mprotect(p, LBA, PROT_READ));
	c.metadata = (uintptr_t)p;
	for (int way = 0; way < CMD_WAYS; way++) {
		EXPECT_EQ(-EFAULT, cmd_io_way(way, self->d.compute, &c, NULL));
	}
	EXPECT_TRUE(run_works(self->d.compute, SEVEN));
}

#define FLIGHT	500

TEST_F(execute, many_in_flight)
{
	struct io_uring ring;
	struct run *r = calloc(FLIGHT, sizeof(*r));
	__u8 seen[FLIGHT] = {};
	__u64 tag, result;
	int res;

	ASSERT_NE(NULL, r);
	ASSERT_EQ(0, ring_open(&ring, 512, true));
	for (int i = 0; i < FLIGHT; i++) {
		struct nvme_uring_cmd c;

		r[i].pind = i % 3 ? SUM : MIRROR;
		r[i].cparam1 = i;
		r[i].cparam2 = 1ULL << 40;
		c = run_cmd(&r[i]);
		ASSERT_EQ(0, ring_put(&ring, self->d.compute, NVME_URING_CMD_IO, &c, i));
	}
	ASSERT_EQ(FLIGHT, io_uring_submit(&ring));
	for (int i = 0; i < FLIGHT; i++) {
		ASSERT_EQ(0, ring_get(&ring, 20000, &tag, &res, &result)) TH_LOG("after %d", i);
		ASSERT_GT(FLIGHT, tag);
		EXPECT_EQ(0, seen[tag]++);
		EXPECT_EQ(0, res);
		EXPECT_EQ(0, le32toh(r[tag].out.rec.reason));
		if (tag % 3) {
			EXPECT_EQ((1ULL << 40) + 3 * tag, result);
			continue;
		}
		EXPECT_EQ(0x1122334455667788ULL, result);
		EXPECT_EQ(0, memcmp(r[tag].out.bytes, &tag, 8)) TH_LOG("context of another run");
	}
	io_uring_queue_exit(&ring);
	free(r);
}

DRIVE_TEST_MAIN
