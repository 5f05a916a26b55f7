// SPDX-License-Identifier: GPL-2.0
/*
 * The statuses of the Computational Programs command set, 189h to 19Bh, each caused by an otherwise
 * valid command; and the effect of each command in each state of a program.
 *
 * For Insufficient Resources see schedule.c.
 */
#include "harness.h"
#include "admin.h"
#include "nvm.h"
#include "run.h"

#include <endian.h>

#define PROGRAMS	4
#define DEVICE		PROGRAMS	/* first device-defined program */
#define DEVICE_RUNNABLE	"histogram"	/* needs no arguments */
#define SLM		(1u << 20)
#define PAGE		KCSD_RANGE_GRANULARITY
#define CHUNK		16u

static const struct drive_attr small[] = {
	DRIVE_SMALL, { "max_programs", "4" }, { "max_active", "2" },
	{ "max_program_bytes", "65536" }, { "slm_size", "1048576" }, { "max_range_sets", "2" },
	{ "max_ranges", "3" }, { "load_granularity", "16" }, { "device_programs", "1" }, {}
};

/* Program: endless if cparam1 is not 0, otherwise returns 7. */
static const struct bpf_insn either[] = {
	I_CTX(R2, R1, cparam1), I_JMP(BPF_JEQ, R2, 0, 1), I_JA(-1), I_MOV(R0, 7), I_EXIT,
};

FIXTURE(status) {
	struct drive d;
	int ctrl;
	__u16 device;		/* index of DEVICE_RUNNABLE */
	struct io_uring ring;	/* holds the run that keeps a program running */
	struct run endless;
};

static int program_desc(int ctrl, __u16 pind, struct kcsd_program_desc *desc)
{
	__u32 off = sizeof(struct kcsd_program_list) + pind * sizeof(*desc);
	struct nvme_uring_cmd c = cmd_log(KCSD_LOG_PROGRAM_LIST, desc, sizeof(*desc), off);

	return cmd_admin(ctrl, &c);
}

static int device_program(int ctrl, const char *name)
{
	struct kcsd_program_desc desc;

	for (__u16 pind = DEVICE; pind < DEVICE + 16; pind++) {
		if (!program_desc(ctrl, pind, &desc) && !strcmp(desc.name, name))
			return pind;
	}
	return -1;
}

FIXTURE_SETUP(status)
{
	drive_sweep();
	ASSERT_EQ(0, drive_create(&self->d, "status", small));
	self->ctrl = self->d.ctrl;
	self->device = device_program(self->ctrl, DEVICE_RUNNABLE);
	ASSERT_EQ(0, ring_open(&self->ring, 4, true));
}

FIXTURE_TEARDOWN(status)
{
	io_uring_queue_exit(&self->ring);
	EXPECT_EQ(0, drive_remove(&self->d));
}

static int load_chunk(int ctrl, __u16 pind, __u32 loff, __u32 numb)
{
	struct nvme_uring_cmd c = prog_load_cmd(pind, (char *)either + loff, numb, loff,
						sizeof(either));

	return cmd_admin(ctrl, &c);
}

static int load(int ctrl, __u16 pind)
{
	return load_chunk(ctrl, pind, 0, sizeof(either));
}

static int exec(int fd, __u16 pind)
{
	struct run r = { .pind = pind };

	return run_exec(fd, &r);
}

/* ---- a status each ---- */

static struct kcsd_memory_range range(__u32 nsid, __u64 start, __u32 len)
{
	return (struct kcsd_memory_range) {
		.nsid = htole32(nsid), .start = htole64(start), .len = htole32(len),
	};
}

static int range_set_create(int ctrl, const struct kcsd_memory_range *r, __u32 nr)
{
	struct nvme_uring_cmd c = {
		.opcode = KCSD_ADMIN_RANGE_SET, .nsid = KCSD_NSID_COMPUTE,
		.addr = (uintptr_t)r, .data_len = nr * sizeof(*r),
		.cdw10 = KCSD_RANGE_SET_CREATE, .cdw11 = nr,
	};

	return cmd_admin(ctrl, &c);
}

static int range_set_delete(int ctrl, __u16 rsid)
{
	struct nvme_uring_cmd c = {
		.opcode = KCSD_ADMIN_RANGE_SET, .nsid = KCSD_NSID_COMPUTE,
		.cdw10 = KCSD_RANGE_SET_DELETE | (__u32)rsid << KCSD_RANGE_SET_RSID_SHIFT,
	};

	return cmd_admin(ctrl, &c);
}

TEST_F(status, memory_range_statuses)
{
	struct kcsd_memory_range good[] = {
		range(KCSD_NSID_SLM, 0, PAGE), range(KCSD_NSID_SLM, PAGE, PAGE),
		range(KCSD_NSID_SLM, 2 * PAGE, PAGE), range(KCSD_NSID_SLM, 3 * PAGE, PAGE),
	};
	struct kcsd_memory_range r;

	r = range(KCSD_NSID_NVM, 0, PAGE);
	EXPECT_EQ(KCSD_SC_INVALID_MEMORY_NS, range_set_create(self->ctrl, &r, 1));
	r = range(KCSD_NSID_SLM, SLM, PAGE);
	EXPECT_EQ(KCSD_SC_INVALID_RANGE_SET, range_set_create(self->ctrl, &r, 1));
	EXPECT_EQ(KCSD_SC_MAX_RANGES, range_set_create(self->ctrl, good, 4));
	EXPECT_EQ(KCSD_SC_INVALID_RANGE_SET_ID, range_set_delete(self->ctrl, 1));
	EXPECT_EQ(0, range_set_create(self->ctrl, good, 3));
	EXPECT_EQ(0, range_set_create(self->ctrl, good, 1));
	EXPECT_EQ(KCSD_SC_MAX_RANGE_SETS, range_set_create(self->ctrl, good, 1));
	EXPECT_EQ(0, range_set_delete(self->ctrl, 2));
	good[1] = good[0];
	EXPECT_EQ(KCSD_SC_OVERLAPPING_RANGES, range_set_create(self->ctrl, good, 2));
}

TEST_F(status, load_statuses)
{
	static __u8 data[65536];
	struct image im = { .insns = either, .insn_cnt = ARRAY_SIZE(either), .data_len = 40000 };
	struct image bad = { .insns = either, .insn_cnt = 1 };
	struct nvme_uring_cmd c = prog_load_cmd(0, either, sizeof(either), 0, sizeof(either));

	EXPECT_EQ(KCSD_SC_INVALID_PROGRAM_DATA, prog_load_image(self->ctrl, 0, &bad, NULL));
	EXPECT_EQ(KCSD_SC_INVALID_PROGRAM_INDEX, load(self->ctrl, DEVICE + 16));
	EXPECT_EQ(KCSD_SC_INVALID_PROGRAM_INDEX, load(self->ctrl, 0xffff));
	c.cdw10 = 0x01 << KCSD_LOAD_PTYPE_SHIFT;
	EXPECT_EQ(KCSD_SC_INVALID_PROGRAM_TYPE, cmd_admin(self->ctrl, &c));
	EXPECT_EQ(0, prog_load_image(self->ctrl, 0, &im, NULL));
	EXPECT_EQ(KCSD_SC_MAX_PROGRAM_BYTES, prog_load_image(self->ctrl, 1, &im, NULL));
	EXPECT_EQ(KCSD_SC_PROGRAM_IN_USE, prog_load_image(self->ctrl, 0, &bad, NULL));
	EXPECT_EQ(KCSD_SC_NOT_DOWNLOADABLE, load(self->ctrl, self->device));
	EXPECT_EQ(KCSD_SC_NOT_DOWNLOADABLE, prog_unload(self->ctrl, self->device));
	EXPECT_EQ(KCSD_SC_NO_PROGRAM, prog_unload(self->ctrl, 1));
	c = prog_load_cmd(2, data, sizeof(data), 0, (1 << 20) + 16);
	EXPECT_EQ(KCSD_SC_PROGRAM_TOO_BIG, cmd_admin(self->ctrl, &c));
}

/* Memory ranges that do not fit the address space of a program, which ends at 4 GiB. */
TEST_F_TIMEOUT(status, program_resource_statuses, 120)
{
	static const struct drive_attr large[] = {
		DRIVE_SMALL, { "slm_size", "4G" }, { "max_ranges", "2" }, {}
	};
	struct run r = {}, half = {};
	struct drive d;
	int ret;

	ASSERT_EQ(0, drive_prepare(&d, "large", large));
	ret = drive_power(&d, true);
	if (ret == -ENOMEM) {
		drive_remove(&d);
		SKIP(return, "no 4 GiB of memory for SLM");
	}
	ASSERT_EQ(0, ret);
	d.index = drive_get_number(d.name, "index");
	ASSERT_EQ(0, drive_open(&d, O_RDWR));
	ASSERT_EQ(0, load(d.ctrl, 0));
	ASSERT_EQ(0, prog_activate(d.ctrl, 0));
	run_range(&half, 0, 1u << 31);
	EXPECT_EQ(0, run_exec(d.compute, &half));
	EXPECT_EQ(7, half.result);
	run_range(&r, 0, 1u << 31);
	run_range(&r, 1u << 31, 1u << 31);
	EXPECT_EQ(KCSD_SC_INSUFFICIENT_PROGRAM_RESOURCES, run_exec(d.compute, &r));
	EXPECT_EQ(0, drive_remove(&d));
}

TEST_F(status, activation_and_execution_statuses)
{
	for (int i = 0; i < 3; i++)
		ASSERT_EQ(0, load(self->ctrl, i));
	EXPECT_EQ(KCSD_SC_NO_PROGRAM, prog_activate(self->ctrl, 3));
	EXPECT_EQ(KCSD_SC_NO_PROGRAM, exec(self->d.compute, 3));
	EXPECT_EQ(KCSD_SC_NOT_ACTIVATED, exec(self->d.compute, 0));
	EXPECT_EQ(KCSD_SC_NOT_ACTIVATED, exec(self->d.compute, self->device));
	EXPECT_EQ(KCSD_SC_INVALID_PROGRAM_INDEX, exec(self->d.compute, DEVICE + 16));
	EXPECT_EQ(KCSD_SC_INVALID_PROGRAM_INDEX, prog_activate(self->ctrl, DEVICE + 16));
	EXPECT_EQ(0, prog_activate(self->ctrl, 0));
	EXPECT_EQ(0, prog_activate(self->ctrl, self->device));
	EXPECT_EQ(KCSD_SC_MAX_ACTIVATED, prog_activate(self->ctrl, 1));
	EXPECT_EQ(0, prog_deactivate(self->ctrl, self->device));
	EXPECT_EQ(0, prog_activate(self->ctrl, 1));
	EXPECT_EQ(KCSD_SC_MAX_ACTIVATED, prog_activate(self->ctrl, self->device));
}

/* ---- states ---- */

enum state { EMPTY, LOADING, LOADED, ACTIVE, RUNNING, OWN, OWN_ACTIVE, STATES };
enum step { FIRST, NEXT, UNLOAD, ACTIVATE, DEACTIVATE, EXECUTE, STEPS };

static const char * const state_name[] = {
	"empty", "loading", "loaded", "activated", "running", "device-defined",
	"device-defined, activated",
};
static const char * const step_name[] = {
	"load the first chunk", "load the next chunk", "unload", "activate", "deactivate",
	"execute",
};

#define IN_USE	KCSD_SC_PROGRAM_IN_USE
#define NONE	KCSD_SC_NO_PROGRAM
#define NOT_DL	KCSD_SC_NOT_DOWNLOADABLE
#define OFF	KCSD_SC_NOT_ACTIVATED

/* Wanted status of each step, and the state that follows. */
static const struct {
	int status;
	enum state then;
} transitions[STATES][STEPS] = {
	[EMPTY] = {
		{ 0, LOADING }, { KCSD_SC_INVALID_FIELD, EMPTY }, { NONE, EMPTY },
		{ NONE, EMPTY }, { NONE, EMPTY }, { NONE, EMPTY },
	},
	[LOADING] = {
		{ 0, LOADING }, { 0, LOADED }, { 0, EMPTY },
		{ NONE, LOADING }, { NONE, LOADING }, { NONE, LOADING },
	},
	[LOADED] = {
		{ IN_USE, LOADED }, { IN_USE, LOADED }, { 0, EMPTY },
		{ 0, ACTIVE }, { 0, LOADED }, { OFF, LOADED },
	},
	[ACTIVE] = {
		{ IN_USE, ACTIVE }, { IN_USE, ACTIVE }, { IN_USE, ACTIVE },
		{ 0, ACTIVE }, { 0, LOADED }, { 0, ACTIVE },
	},
	[RUNNING] = {
		{ IN_USE, RUNNING }, { IN_USE, RUNNING }, { IN_USE, RUNNING },
		{ 0, RUNNING }, { IN_USE, RUNNING }, { 0, RUNNING },
	},
	[OWN] = {
		{ NOT_DL, OWN }, { NOT_DL, OWN }, { NOT_DL, OWN },
		{ 0, OWN_ACTIVE }, { 0, OWN }, { OFF, OWN },
	},
	[OWN_ACTIVE] = {
		{ NOT_DL, OWN_ACTIVE }, { NOT_DL, OWN_ACTIVE }, { NOT_DL, OWN_ACTIVE },
		{ 0, OWN_ACTIVE }, { 0, OWN }, { 0, OWN_ACTIVE },
	},
};

static int take(const struct drive *d, __u16 pind, enum step step)
{
	switch (step) {
	case FIRST:
		return load_chunk(d->ctrl, pind, 0, CHUNK);
	case NEXT:
		return load_chunk(d->ctrl, pind, CHUNK, sizeof(either) - CHUNK);
	case UNLOAD:
		return prog_unload(d->ctrl, pind);
	case ACTIVATE:
		return prog_activate(d->ctrl, pind);
	case DEACTIVATE:
		return prog_deactivate(d->ctrl, pind);
	default:
		return exec(d->compute, pind);
	}
}

/*
 * Returns the state, from the program list. The list does not show a load in progress: an empty
 * index that can be unloaded is one.
 */
static enum state state_of(const struct drive *d, __u16 pind, bool running)
{
	struct kcsd_program_desc desc;
	bool active;

	if (program_desc(d->ctrl, pind, &desc))
		return STATES;
	active = desc.state & KCSD_PROGRAM_ACT;
	switch (KCSD_PROGRAM_PEOCC(desc.state)) {
	case KCSD_PROGRAM_PEOCC_EMPTY:
		return prog_unload(d->ctrl, pind) ? EMPTY : LOADING;
	case KCSD_PROGRAM_PEOCC_DEVICE:
		return active ? OWN_ACTIVE : OWN;
	default:
		return !active ? LOADED : running ? RUNNING : ACTIVE;
	}
}

static int bring_to(const struct drive *d, __u16 pind, enum state state)
{
	switch (state) {
	case EMPTY:
	case OWN:
		return 0;
	case LOADING:
		return load_chunk(d->ctrl, pind, 0, CHUNK);
	case OWN_ACTIVE:
		return prog_activate(d->ctrl, pind);
	case LOADED:
		return load(d->ctrl, pind);
	default:
		return load(d->ctrl, pind) ?: prog_activate(d->ctrl, pind);
	}
}

static int begin_endless(struct io_uring *ring, struct run *r, int fd, __u16 pind)
{
	struct nvme_uring_cmd c;

	*r = (struct run){ .pind = pind, .cparam1 = 1, .timeout_ms = 300 };
	c = run_cmd(r);
	return ring_put(ring, fd, NVME_URING_CMD_IO, &c, 1) ?: io_uring_submit(ring) - 1;
}

static int end_endless(struct io_uring *ring)
{
	__u64 tag;
	int res;

	return ring_get(ring, 20000, &tag, &res, NULL) ?: cmd_status(res);
}

TEST_F(status, every_step_in_every_state)
{
	for (int i = 0; i < STATES * STEPS; i++) {
		enum state state = i / STEPS;
		enum step step = i % STEPS;
		__u16 pind = state == OWN || state == OWN_ACTIVE ? self->device : 1;

		ASSERT_EQ(0, bring_to(&self->d, pind, state));
		if (state == RUNNING)
			ASSERT_EQ(0, begin_endless(&self->ring, &self->endless, self->d.compute,
						   pind));
		EXPECT_EQ(transitions[state][step].status, take(&self->d, pind, step))
			TH_LOG("%s: %s", state_name[state], step_name[step]);
		EXPECT_EQ(transitions[state][step].then,
			  state_of(&self->d, pind, state == RUNNING))
			TH_LOG("%s: %s, then", state_name[state], step_name[step]);
		if (state == RUNNING)
			EXPECT_EQ(KCSD_SC_PROGRAM_TIME, end_endless(&self->ring));
		prog_deactivate(self->ctrl, pind);
		prog_unload(self->ctrl, pind);
	}
}

/* ---- limits, and device-defined programs ---- */

TEST_F(status, load_granularity)
{
	static __u8 image[4096];
	struct nvme_uring_cmd c;
	struct kcsd_id_ns_compute *id = (void *)image;

	c = cmd_identify(5, KCSD_NSID_COMPUTE, KCSD_CSI_COMPUTE, id);
	ASSERT_EQ(0, cmd_admin(self->ctrl, &c));
	EXPECT_EQ(4, id->lpg);
	EXPECT_EQ(PROGRAMS, le16toh(id->maxprog));
	EXPECT_LT(0, le16toh(id->nr_device));
	for (__u32 numb = 1; numb < sizeof(either); numb++) {
		EXPECT_EQ(numb % 16 ? KCSD_SC_INVALID_FIELD : 0,
			  load_chunk(self->ctrl, 0, 0, numb)) TH_LOG("%u bytes", numb);
	}
	/* The length of the last chunk need not be a multiple. */
	ASSERT_EQ(0, load_chunk(self->ctrl, 0, 0, 16));
	EXPECT_EQ(0, load_chunk(self->ctrl, 0, 16, sizeof(either) - 16));
	EXPECT_EQ(0, prog_activate(self->ctrl, 0));
	EXPECT_TRUE(run_works(self->d.compute, 0));
}

/*
 * Device-defined programs use no resources of loadable ones, are listed and shown, and return at
 * power on.
 */
TEST_F(status, device_defined_programs)
{
	static const char * const names[] = { "word", "grep", "crc32c", "histogram" };
	struct image im = { .insns = either, .insn_cnt = ARRAY_SIZE(either) };
	struct kcsd_program_desc desc;
	char path[128], name[64];

	im.data_len = 65536 - sizeof(struct kcsd_image) - sizeof(either);
	ASSERT_EQ(0, prog_load_image(self->ctrl, 0, &im, NULL));
	for (int power = 0; power < 2; power++) {
		for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
			ASSERT_EQ(0, program_desc(self->ctrl, DEVICE + i, &desc));
			EXPECT_EQ(KCSD_PROGRAM_PEOCC_DEVICE, desc.state);
			EXPECT_EQ(KCSD_PTYPE_EBPF, desc.ptype);
			EXPECT_STREQ(names[i], desc.name);
			snprintf(path, sizeof(path), KST_CLASS "/kcsd%d/programs/%zu/name",
				 self->d.index, DEVICE + i);
			ASSERT_LT(0, file_read(path, name, sizeof(name)));
			EXPECT_STREQ(names[i], name);
		}
		ASSERT_EQ(0, prog_activate(self->ctrl, self->device));
		drive_close(&self->d);
		ASSERT_EQ(0, drive_power(&self->d, false));
		ASSERT_EQ(0, drive_power(&self->d, true));
		ASSERT_EQ(0, drive_open(&self->d, O_RDWR));
		self->ctrl = self->d.ctrl;
	}
}

TEST_F(status, device_defined_program_runs)
{
	static __u8 lba[4096];
	struct nvme_uring_cmd wr = cmd_rw(NVM_WRITE, 3, 1, lba, sizeof(lba));
	struct run r = { .pind = self->device };
	__u64 count;

	memset(lba, 0x5a, sizeof(lba));
	ASSERT_EQ(0, cmd_io(self->d.nvm, &wr));
	ASSERT_EQ(0, prog_activate(self->ctrl, self->device));
	run_grant(&r, 3, 1, KCSD_GRANT_READ);
	ASSERT_EQ(0, run_exec(self->d.compute, &r));
	EXPECT_EQ(4096, r.result);
	memcpy(&count, r.out.bytes + 0x5a * 8, 8);
	EXPECT_EQ(4096, le64toh(count));
}

DRIVE_TEST_MAIN
