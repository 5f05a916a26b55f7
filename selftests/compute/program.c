// SPDX-License-Identifier: GPL-2.0
/* Test the states of a program: empty, loading, loaded, activated, running. */
#include "harness.h"
#include "admin.h"
#include "change.h"
#include "run.h"

#include <endian.h>
#include <pthread.h>

#define PROGRAMS	8

static const struct drive_attr small[] = {
	DRIVE_SMALL, { "max_programs", "8" }, { "max_active", "3" },
	{ "max_program_bytes", "2097152" }, {}
};
/* Configure one compute unit. An endless run keeps it while a test looks at the state. */
static const struct drive_attr little_room[] = {
	DRIVE_SMALL, { "max_program_bytes", "65536" }, {}
};

FIXTURE(program) {
	struct drive d;
	int ctrl;
};

FIXTURE_SETUP(program)
{
	drive_sweep();
	ASSERT_EQ(0, drive_create(&self->d, "program", small));
	self->ctrl = self->d.ctrl;
}

FIXTURE_TEARDOWN(program)
{
	EXPECT_EQ(0, drive_remove(&self->d));
}

static int program_desc(int ctrl, __u16 pind, struct kcsd_program_desc *desc)
{
	struct {
		struct kcsd_program_list list;
		struct kcsd_program_desc desc[PROGRAMS];
	} page;
	struct nvme_uring_cmd c = cmd_log(KCSD_LOG_PROGRAM_LIST, &page, sizeof(page), 0);
	int ret = cmd_admin(ctrl, &c);

	*desc = page.desc[pind];
	return ret;
}

/* Returns PEOCC and ACT of a program index, or -1. */
static int program_state(int ctrl, __u16 pind)
{
	struct kcsd_program_desc desc;

	if (program_desc(ctrl, pind, &desc))
		return -1;
	return desc.state & (3 | KCSD_PROGRAM_ACT);
}

#define STATE_EMPTY	KCSD_PROGRAM_PEOCC_EMPTY
#define STATE_LOADED	KCSD_PROGRAM_PEOCC_DOWNLOADED
#define STATE_ACTIVE	(KCSD_PROGRAM_PEOCC_DOWNLOADED | KCSD_PROGRAM_ACT)

static int exec(int fd, __u16 pind)
{
	struct run r = { .pind = pind };

	return run_exec(fd, &r);
}

TEST_F(program, load_activate_run_unload)
{
	int fd = self->d.compute;

	EXPECT_EQ(STATE_EMPTY, program_state(self->ctrl, 2));
	EXPECT_EQ(KCSD_SC_NO_PROGRAM, exec(fd, 2));
	EXPECT_EQ(KCSD_SC_NO_PROGRAM, prog_activate(self->ctrl, 2));
	EXPECT_EQ(KCSD_SC_NO_PROGRAM, prog_deactivate(self->ctrl, 2));
	EXPECT_EQ(KCSD_SC_NO_PROGRAM, prog_unload(self->ctrl, 2));

	EXPECT_EQ(0, prog_load(self->ctrl, 2, prog_seven, sizeof(prog_seven), NULL));
	EXPECT_EQ(STATE_LOADED, program_state(self->ctrl, 2));
	EXPECT_EQ(KCSD_SC_NOT_ACTIVATED, exec(fd, 2));
	EXPECT_EQ(0, prog_deactivate(self->ctrl, 2));
	EXPECT_EQ(KCSD_SC_PROGRAM_IN_USE,
		  prog_load(self->ctrl, 2, prog_seven, sizeof(prog_seven), NULL));

	EXPECT_EQ(0, prog_activate(self->ctrl, 2));
	EXPECT_EQ(0, prog_activate(self->ctrl, 2));
	EXPECT_EQ(STATE_ACTIVE, program_state(self->ctrl, 2));
	EXPECT_TRUE(run_works(fd, 2));
	EXPECT_EQ(KCSD_SC_PROGRAM_IN_USE, prog_unload(self->ctrl, 2));
	EXPECT_EQ(STATE_ACTIVE, program_state(self->ctrl, 2));

	EXPECT_EQ(0, prog_deactivate(self->ctrl, 2));
	EXPECT_EQ(STATE_LOADED, program_state(self->ctrl, 2));
	EXPECT_EQ(KCSD_SC_NOT_ACTIVATED, exec(fd, 2));
	EXPECT_EQ(0, prog_unload(self->ctrl, 2));
	EXPECT_EQ(STATE_EMPTY, program_state(self->ctrl, 2));
	EXPECT_EQ(KCSD_SC_NO_PROGRAM, exec(fd, 2));
	EXPECT_EQ(0, prog_install(self->ctrl, 2, prog_seven));
	EXPECT_TRUE(run_works(fd, 2));
}

TEST_F(program, indices_are_below_max_programs)
{
	EXPECT_EQ(0, prog_install(self->ctrl, PROGRAMS - 1, prog_seven));
	EXPECT_TRUE(run_works(self->d.compute, PROGRAMS - 1));
	for (__u32 pind = PROGRAMS; pind < 0x10000; pind = pind * 2 + 1) {
		EXPECT_EQ(KCSD_SC_INVALID_PROGRAM_INDEX,
			  prog_load(self->ctrl, pind, prog_seven, sizeof(prog_seven), NULL));
		EXPECT_EQ(KCSD_SC_INVALID_PROGRAM_INDEX, prog_unload(self->ctrl, pind));
		EXPECT_EQ(KCSD_SC_INVALID_PROGRAM_INDEX, prog_activate(self->ctrl, pind));
		EXPECT_EQ(KCSD_SC_INVALID_PROGRAM_INDEX, prog_deactivate(self->ctrl, pind));
		EXPECT_EQ(KCSD_SC_INVALID_PROGRAM_INDEX, exec(self->d.compute, pind));
	}
}

TEST_F(program, descriptor_of_a_loaded_program)
{
	struct image im = {
		.insns = prog_seven, .insn_cnt = ARRAY_SIZE(prog_seven), .name = "seventh heaven",
	};
	struct kcsd_program_desc desc;
	struct nvme_uring_cmd c;
	__u32 len;
	void *buf = image_build(&im, &len);

	c = prog_load_cmd(4, buf, len, 0, len);
	c.cdw10 |= KCSD_PIT_VENDOR << KCSD_LOAD_PIT_SHIFT;
	c.cdw12 = 0x89abcdef;
	c.cdw13 = 0x01234567;
	ASSERT_EQ(0, cmd_admin(self->ctrl, &c));
	ASSERT_EQ(0, program_desc(self->ctrl, 4, &desc));
	EXPECT_EQ(STATE_LOADED | KCSD_PIT_VENDOR << 3, desc.state);
	EXPECT_EQ(KCSD_PTYPE_EBPF, desc.ptype);
	EXPECT_EQ(0x0123456789abcdefULL, le64toh(desc.puid));
	EXPECT_EQ(len, le32toh(desc.psize));
	EXPECT_STREQ("seventh heaven", desc.name);
	EXPECT_EQ(0, desc.rsvd20);

	ASSERT_EQ(0, prog_unload(self->ctrl, 4));
	ASSERT_EQ(0, program_desc(self->ctrl, 4, &desc));
	for (size_t i = 0; i < sizeof(desc); i++) {
		EXPECT_EQ(0, ((__u8 *)&desc)[i]);
	}
}

/* Test plain instructions: no opcode is the first byte of the magic, so they need no header. */
TEST_F(program, load_plain_instructions)
{
	struct kcsd_program_desc desc;

	ASSERT_EQ(0, prog_load(self->ctrl, 0, prog_seven, sizeof(prog_seven), NULL));
	ASSERT_EQ(0, program_desc(self->ctrl, 0, &desc));
	EXPECT_EQ(sizeof(prog_seven), le32toh(desc.psize));
	EXPECT_EQ(0, desc.puid);
	ASSERT_EQ(0, prog_activate(self->ctrl, 0));
	EXPECT_TRUE(run_works(self->d.compute, 0));
}

static int load_chunk(int ctrl, const __u8 *buf, __u32 loff, __u32 numb, __u32 psize)
{
	struct nvme_uring_cmd c = prog_load_cmd(1, buf + loff, numb, loff, psize);

	return cmd_admin(ctrl, &c);
}

TEST_F(program, chunks_of_any_length)
{
	static const __u32 chunk[] = { 1, 7, 8, 24, 64, 79, 4096 };
	struct image im = { .insns = prog_seven, .insn_cnt = ARRAY_SIZE(prog_seven) };
	__u32 len;
	__u8 *buf = image_build(&im, &len);

	for (size_t i = 0; i < ARRAY_SIZE(chunk); i++) {
		for (__u32 off = 0; off < len; off += chunk[i]) {
			__u32 n = len - off < chunk[i] ? len - off : chunk[i];

			ASSERT_EQ(0, load_chunk(self->ctrl, buf, off, n, len));
			EXPECT_EQ(off + n == len ? STATE_LOADED : STATE_EMPTY,
				  program_state(self->ctrl, 1));
		}
		ASSERT_EQ(0, prog_activate(self->ctrl, 1));
		EXPECT_TRUE(run_works(self->d.compute, 1));
		ASSERT_EQ(0, prog_deactivate(self->ctrl, 1));
		ASSERT_EQ(0, prog_unload(self->ctrl, 1));
	}
}

TEST_F(program, chunks_must_be_in_order)
{
	struct image im = { .insns = prog_seven, .insn_cnt = ARRAY_SIZE(prog_seven) };
	__u32 len;
	__u8 *buf = image_build(&im, &len);

	EXPECT_EQ(KCSD_SC_INVALID_FIELD, load_chunk(self->ctrl, buf, 8, 8, len));
	ASSERT_EQ(0, load_chunk(self->ctrl, buf, 0, 16, len));
	EXPECT_EQ(KCSD_SC_NO_PROGRAM, prog_activate(self->ctrl, 1));
	EXPECT_EQ(KCSD_SC_NO_PROGRAM, exec(self->d.compute, 1));
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, load_chunk(self->ctrl, buf, 24, 8, len));
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, load_chunk(self->ctrl, buf, 8, 16, len));
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, load_chunk(self->ctrl, buf, 16, len - 16, len + 8));
	/* The refused command has changed nothing. */
	EXPECT_EQ(0, load_chunk(self->ctrl, buf, 16, len - 16, len));
	EXPECT_EQ(STATE_LOADED, program_state(self->ctrl, 1));
}

TEST_F(program, offset_0_restarts_the_load)
{
	struct image im = { .insns = prog_seven, .insn_cnt = ARRAY_SIZE(prog_seven) };
	__u32 len;
	__u8 *buf = image_build(&im, &len);

	ASSERT_EQ(0, load_chunk(self->ctrl, buf, 0, 40, len + 1000));
	ASSERT_EQ(0, load_chunk(self->ctrl, buf, 0, 16, len));
	ASSERT_EQ(0, load_chunk(self->ctrl, buf, 16, len - 16, len));
	ASSERT_EQ(0, prog_activate(self->ctrl, 1));
	EXPECT_TRUE(run_works(self->d.compute, 1));
}

/* Test that two programs can be loaded at the same time. */
TEST_F(program, loads_interleave)
{
	static const struct bpf_insn eight[] = { I_MOV(R0, 8), I_EXIT };
	struct run r = { .pind = 2 };
	struct nvme_uring_cmd c[4] = {
		prog_load_cmd(1, prog_seven, 8, 0, 16), prog_load_cmd(2, eight, 8, 0, 16),
		prog_load_cmd(1, prog_seven + 1, 8, 8, 16), prog_load_cmd(2, eight + 1, 8, 8, 16),
	};

	for (int i = 0; i < 4; i++) {
		ASSERT_EQ(0, cmd_admin(self->ctrl, &c[i]));
	}
	ASSERT_EQ(0, prog_activate(self->ctrl, 1));
	ASSERT_EQ(0, prog_activate(self->ctrl, 2));
	EXPECT_TRUE(run_works(self->d.compute, 1));
	EXPECT_EQ(0, run_exec(self->d.compute, &r));
	EXPECT_EQ(8, r.result);
}

TEST_F(program, load_refusals)
{
	static const __u32 ptype = KCSD_PTYPE_EBPF << KCSD_LOAD_PTYPE_SHIFT;
	static const struct cmd_change changes[] = {
		CMD_CHANGE(nsid, 0, KCSD_SC_INVALID_NS),
		CMD_CHANGE(nsid, 1, KCSD_SC_INVALID_NS),
		CMD_CHANGE(nsid, 0xffffffff, KCSD_SC_INVALID_NS),
		CMD_CHANGE(cdw10, 0, KCSD_SC_INVALID_PROGRAM_TYPE),
		CMD_CHANGE(cdw10, 0xc1 << KCSD_LOAD_PTYPE_SHIFT, KCSD_SC_INVALID_PROGRAM_TYPE),
		CMD_CHANGE(cdw10, ptype | 2 << KCSD_LOAD_PIT_SHIFT, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw10, ptype | 7 << KCSD_LOAD_PIT_SHIFT, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw10, ptype | 1u << 28, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw10, ptype | 1u << 31, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE_MISFIT(cdw11, 0, cdw14),		/* PSIZE < NUMB */
		CMD_CHANGE_MISFIT(cdw11, 8, cdw14),
		CMD_CHANGE(cdw11, (1 << 20) + 8, KCSD_SC_PROGRAM_TOO_BIG),
		CMD_CHANGE(cdw11, 0xffffffff, KCSD_SC_PROGRAM_TOO_BIG),
		CMD_CHANGE(cdw12, 1, KCSD_SC_INVALID_FIELD),		/* PUID without PIT */
		CMD_CHANGE_MISFIT(cdw13, 1, cdw12),
		CMD_CHANGE(cdw14, 0, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE_MISFIT(cdw14, 8, addr),		/* NUMB != data_len */
		CMD_CHANGE(cdw14, 24, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw14, 0xfffffff8, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw15, 8, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw15, 0xfffffff8, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(data_len, 8, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(data_len, 0, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw2, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw3, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(addr, 0x1000, -EFAULT),
		CMD_CHANGE(addr, 0, -EFAULT),
		CMD_CHANGE(flags, 1, -EINVAL),
	};
	__u32 len = sizeof(prog_seven);
	struct nvme_uring_cmd base = prog_load_cmd(0, prog_seven, len, 0, len);

	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		EXPECT_TRUE(cmd_refused(CMD_URING, true, self->ctrl, &base, &changes[i]));
		EXPECT_EQ(STATE_EMPTY, program_state(self->ctrl, 0));
	}
	EXPECT_EQ(0, cmd_admin(self->ctrl, &base));
}

TEST_F(program, unload_refusals)
{
	static const struct cmd_change changes[] = {
		CMD_CHANGE(nsid, 1, KCSD_SC_INVALID_NS),
		CMD_CHANGE(cdw10, 1 | KCSD_LOAD_SEL_UNLOAD, KCSD_SC_NO_PROGRAM),
		CMD_CHANGE(cdw10, KCSD_LOAD_SEL_UNLOAD | 1u << 28, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw10, KCSD_LOAD_SEL_UNLOAD | 1 << KCSD_LOAD_PTYPE_SHIFT,
			   KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw10, KCSD_LOAD_SEL_UNLOAD | 1 << KCSD_LOAD_PIT_SHIFT,
			   KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw11, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw12, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw13, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw14, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw15, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw2, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(data_len, 8, KCSD_SC_INVALID_FIELD),
	};
	struct nvme_uring_cmd base = prog_unload_cmd(0);

	ASSERT_EQ(0, prog_load(self->ctrl, 0, prog_seven, sizeof(prog_seven), NULL));
	base.addr = (uintptr_t)prog_seven;
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		EXPECT_TRUE(cmd_refused(CMD_URING, true, self->ctrl, &base, &changes[i]));
		EXPECT_EQ(STATE_LOADED, program_state(self->ctrl, 0));
	}
	EXPECT_EQ(0, cmd_admin(self->ctrl, &base));
}

TEST_F(program, activation_refusals)
{
	static const struct cmd_change changes[] = {
		CMD_CHANGE(nsid, 0, KCSD_SC_INVALID_NS),
		CMD_CHANGE(nsid, 1, KCSD_SC_INVALID_NS),
		CMD_CHANGE(cdw10, 2 << KCSD_ACTIVATION_SEL_SHIFT, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw10, 15 << KCSD_ACTIVATION_SEL_SHIFT, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw10, 1 << KCSD_ACTIVATION_SEL_SHIFT | 1 << 20, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw10, 1 << KCSD_ACTIVATION_SEL_SHIFT | 1u << 31, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw11, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw12, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw13, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw14, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw15, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw2, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw3, 1, KCSD_SC_INVALID_FIELD),
	};
	struct nvme_uring_cmd base = prog_activation_cmd(0, KCSD_ACTIVATION_ACTIVATE);

	ASSERT_EQ(0, prog_load(self->ctrl, 0, prog_seven, sizeof(prog_seven), NULL));
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		EXPECT_TRUE(cmd_refused(CMD_URING, true, self->ctrl, &base, &changes[i]));
		EXPECT_EQ(STATE_LOADED, program_state(self->ctrl, 0));
	}
	EXPECT_EQ(0, cmd_admin(self->ctrl, &base));
}

TEST_F(program, max_active)
{
	for (int i = 0; i < 4; i++) {
		ASSERT_EQ(0, prog_load(self->ctrl, i, prog_seven, sizeof(prog_seven), NULL));
	}
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(0, prog_activate(self->ctrl, i));
	}
	EXPECT_EQ(KCSD_SC_MAX_ACTIVATED, prog_activate(self->ctrl, 3));
	EXPECT_EQ(0, prog_activate(self->ctrl, 1));
	EXPECT_EQ(0, prog_deactivate(self->ctrl, 1));
	EXPECT_EQ(0, prog_activate(self->ctrl, 3));
	EXPECT_EQ(KCSD_SC_MAX_ACTIVATED, prog_activate(self->ctrl, 1));
}

TEST_F(program, max_program_bytes_is_the_sum)
{
	struct image im = { .insns = prog_seven, .insn_cnt = 2, .data_len = 40000 };
	struct drive d;

	ASSERT_EQ(0, drive_create(&d, "program2", little_room));
	EXPECT_EQ(0, prog_load_image(d.ctrl, 0, &im, NULL));
	EXPECT_EQ(KCSD_SC_MAX_PROGRAM_BYTES, prog_load_image(d.ctrl, 1, &im, NULL));
	EXPECT_EQ(0, prog_unload(d.ctrl, 0));
	EXPECT_EQ(0, prog_load_image(d.ctrl, 1, &im, NULL));
	/* A refused program does not keep its memory. */
	im.insn_cnt = 1;
	im.data_len = 20000;
	for (int i = 0; i < 4; i++) {
		EXPECT_EQ(KCSD_SC_INVALID_PROGRAM_DATA, prog_load_image(d.ctrl, 2, &im, NULL));
	}
	im.insn_cnt = 2;
	EXPECT_EQ(0, prog_load_image(d.ctrl, 2, &im, NULL));
	EXPECT_EQ(0, drive_remove(&d));
}

TEST_F(program, biggest_program)
{
	struct image im = { .insns = prog_seven, .insn_cnt = 2 };

	im.data_len = (1 << 20) - sizeof(struct kcsd_image) - sizeof(prog_seven);
	/* The program fits the drive, but its data does not fit a compute unit of 1 MiB. */
	EXPECT_EQ(KCSD_SC_INVALID_PROGRAM_DATA, prog_load_image(self->ctrl, 0, &im, NULL));
	im.data_len -= 128 << 10;
	EXPECT_EQ(0, prog_install_image(self->ctrl, 0, &im));
	EXPECT_TRUE(run_works(self->d.compute, 0));
	im.data_len += (128 << 10) + 1;
	EXPECT_EQ(KCSD_SC_PROGRAM_TOO_BIG, prog_load_image(self->ctrl, 1, &im, NULL));
}

TEST_F(program, running_program_is_not_unloaded)
{
	struct run r = { .pind = 0, .budget = ~0ULL, .timeout_ms = 400 };
	struct nvme_uring_cmd c = run_cmd(&r);
	struct io_uring ring;
	__u64 tag;
	int res;

	ASSERT_EQ(0, prog_install(self->ctrl, 0, prog_endless));
	ASSERT_EQ(0, prog_install(self->ctrl, 1, prog_seven));
	ASSERT_EQ(0, ring_open(&ring, 4, true));
	ASSERT_EQ(0, ring_put(&ring, self->d.compute, NVME_URING_CMD_IO, &c, 1));
	ASSERT_EQ(1, io_uring_submit(&ring));
	EXPECT_EQ(KCSD_SC_PROGRAM_IN_USE, prog_deactivate(self->ctrl, 0));
	EXPECT_EQ(KCSD_SC_PROGRAM_IN_USE, prog_unload(self->ctrl, 0));
	EXPECT_EQ(STATE_ACTIVE, program_state(self->ctrl, 0));
	EXPECT_TRUE(run_works(self->d.compute, 1));
	ASSERT_EQ(0, ring_get(&ring, 5000, &tag, &res, NULL));
	EXPECT_EQ(KCSD_SC_PROGRAM_TIME, cmd_status(res));
	EXPECT_EQ(0, prog_deactivate(self->ctrl, 0));
	EXPECT_EQ(0, prog_unload(self->ctrl, 0));
	io_uring_queue_exit(&ring);
}

/* Load, activate and unload from all threads at once: the index holds one program or none. */
#define TURNS		200

/* Send by ioctl: the ring of cmd_admin() is for one thread. */
static void admin(int ctrl, struct nvme_uring_cmd c)
{
	cmd_admin_way(CMD_IOCTL64, ctrl, &c, NULL);
}

static void *come_and_go(void *arg)
{
	int ctrl = *(int *)arg;
	__u8 page[4096];

	for (int i = 0; i < TURNS; i++) {
		admin(ctrl, prog_load_cmd(0, prog_seven, sizeof(prog_seven), 0,
					  sizeof(prog_seven)));
		admin(ctrl, cmd_log(KCSD_LOG_PROGRAM_LIST, page, sizeof(page), 0));
		admin(ctrl, prog_activation_cmd(0, KCSD_ACTIVATION_ACTIVATE));
		admin(ctrl, prog_activation_cmd(0, KCSD_ACTIVATION_DEACTIVATE));
		admin(ctrl, prog_unload_cmd(0));
	}
	return NULL;
}

TEST_F(program, many_load_into_one_slot)
{
	static struct bpf_insn insns[KCSD_MAX_INSNS];
	struct image im = { .insns = prog_seven, .insn_cnt = 2 };
	pthread_t threads[3];
	int ret, state;

	for (int i = 0; i < KCSD_MAX_INSNS; i++)
		insns[i] = I_EXIT;
	for (int i = 0; i < 3; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, come_and_go, &self->ctrl));
	for (int i = 0; i < TURNS / 10; i++) {
		ret = prog_load(self->ctrl, 0, insns, sizeof(insns), NULL);
		EXPECT_TRUE(!ret || ret == KCSD_SC_PROGRAM_IN_USE);
		state = program_state(self->ctrl, 0);
		EXPECT_TRUE(state == STATE_EMPTY || state == STATE_LOADED || state == STATE_ACTIVE);
		prog_unload(self->ctrl, 0);
	}
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	prog_deactivate(self->ctrl, 0);
	prog_unload(self->ctrl, 0);
	EXPECT_EQ(STATE_EMPTY, program_state(self->ctrl, 0));
	/* No memory stays in use: all of the 2 MiB can be allocated. */
	im.data_len = (512 << 10) - sizeof(struct kcsd_image) - sizeof(prog_seven);
	for (int i = 0; i < 4; i++)
		EXPECT_EQ(0, prog_load_image(self->ctrl, i, &im, NULL));
	EXPECT_EQ(KCSD_SC_MAX_PROGRAM_BYTES,
		  prog_load(self->ctrl, 4, prog_seven, sizeof(prog_seven), NULL));
}

/*
 * Load the longest programs, of shapes that take the most time in each step of loading. If a step
 * took more time than in proportion to the length, loading took a minute or more. The time is
 * printed, not tested.
 */
#define LONG	(KCSD_MAX_INSNS - 1)

static void shape_jumps(struct bpf_insn *p)
{
	for (int i = 0; i < LONG; i++)
		p[i] = I_RAW(BPF_JMP | BPF_JGT | BPF_X, i % 10, (i + 1) % 10, 0, 0);
}

/* Nest 16,000 loops. */
static void shape_loops(struct bpf_insn *p)
{
	for (int i = 0; i < LONG; i++)
		p[i] = I_ADD(i % 10, 1);
	for (int i = 0; i < 16000; i++)
		p[16000 + i] = I_RAW(BPF_JMP | BPF_JGT | BPF_X, i % 10, (i + 1) % 10,
				     -(2 * i + 2), 0);
}

static void shape_calls(struct bpf_insn *p)
{
	for (int i = 0; i < LONG; i++)
		p[i] = i % 8192 == 8191 || i >= 57344 ? I_EXIT :
			I_CALL(8191 - i % 8192);
}

static void shape_atomics(struct bpf_insn *p)
{
	for (int i = 0; i < LONG; i++)
		p[i] = I_RAW(BPF_STX | BPF_ATOMIC | BPF_DW, R10, R0, -8, 0xa1);
}

TEST_F_TIMEOUT(program, longest_programs, 60)
{
	static const struct {
		const char *name;
		void (*fill)(struct bpf_insn *p);
	} shapes[] = {
		{ "jumps", shape_jumps }, { "loops in loops", shape_loops },
		{ "calls", shape_calls }, { "atomics", shape_atomics },
	};
	static struct bpf_insn insns[KCSD_MAX_INSNS];
	struct run r = { .pind = 0, .budget = 1000, .timeout_ms = 1 };

	insns[LONG] = I_EXIT;
	for (unsigned int i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		__u64 start = time_ns() / 1000000, loaded;

		shapes[i].fill(insns);
		EXPECT_EQ(0, prog_load(self->ctrl, 0, insns, sizeof(insns), NULL));
		loaded = time_ns() / 1000000;
		EXPECT_EQ(0, prog_activate(self->ctrl, 0));
		run_exec(self->d.compute, &r);
		ksft_print_msg("%s: loaded in %llu ms; first run in %llu ms\n", shapes[i].name,
			       (unsigned long long)(loaded - start),
			       (unsigned long long)(time_ns() / 1000000 - loaded));
		EXPECT_EQ(0, prog_deactivate(self->ctrl, 0));
		EXPECT_EQ(0, prog_unload(self->ctrl, 0));
	}
}

DRIVE_TEST_MAIN
