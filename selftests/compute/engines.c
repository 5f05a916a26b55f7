// SPDX-License-Identifier: GPL-2.0
/*
 * Run the cases of the data files (engine/tests) on drives, with each engine. Each must complete as
 * in user space, where the result is compared with the file. On a debug kernel, run each case with
 * only one of the engines.
 */
/* Include these first: the harness defines some of their names if they are missing. */
#include "lowered.h"
#include "runner.h"

#include "harness.h"
#include "nvm.h"
#include "prog.h"
#include "slm.h"

#include <endian.h>

#define LBA		DEVICE_LBA_SIZE
#define MAX_MEM		(1u << 20)	/* arena_size of the drives */
#define MAX_ROOM	(1u << 20)	/* of grants and arguments, and of output */

/* Configure a drive with the limits of the device in engine/device.c. */
#define DRIVE_LIKE_DEVICE \
	{ "size", "1048576" }, { "block_size", "512" }, { "cus", "2" }, \
	{ "arena_size", "1048576" }, { "timeout_ms", "10000" }

static const struct engine {
	const char *name;
	__u32 record;		/* number of the engine in the record of a run */
} engines[] = {
	{ "jit", KCSD_ENGINE_JIT },
	{ "interp", KCSD_ENGINE_INTERP },
};

FIXTURE(engines) {
	struct drive drives[ARRAY_SIZE(engines)];
	/* for the current program */
	struct drive *d;
	const struct engine *engine;
	__u32 want_engine;
	__u8 *data, *out;
	/* counts up to now */
	int cases, differ, refused;
	int no_tick, bad_lba, clock, not_granted, no_bytes;	/* not run, for this reason */
};

typedef struct _test_data_engines context;

static int fill_medium(context *c)
{
	struct nvme_uring_cmd cmd = cmd_rw(NVM_WRITE, 0, DEVICE_NSZE, c->data, DEVICE_NSZE * LBA);

	for (__u32 i = 0; i < DEVICE_NSZE * LBA; i++)
		c->data[i] = device_byte(i / LBA, i % LBA);
	return cmd_io(c->d->nvm, &cmd);
}

FIXTURE_SETUP(engines)
{
	size_t i;

	drive_sweep();
	self->data = malloc(MAX_ROOM);
	self->out = malloc(MAX_ROOM);
	ASSERT_TRUE(self->data && self->out);
	for (i = 0; i < ARRAY_SIZE(engines); i++) {
		const struct drive_attr attrs[] = {
			DRIVE_LIKE_DEVICE, { "engine", engines[i].name }, {}
		};

		self->d = &self->drives[i];
		ASSERT_EQ(0, drive_create(self->d, engines[i].name, attrs));
		ASSERT_EQ(0, fill_medium(self));
	}
}

FIXTURE_TEARDOWN(engines)
{
	for (size_t i = 0; i < ARRAY_SIZE(engines); i++)
		EXPECT_EQ(0, drive_remove(&self->drives[i]));
	free(self->data);
	free(self->out);
}

static void differs(context *c, const char *name, const char *what, __u64 want, __u64 got)
{
	ksft_print_msg("%s: %s: %s: expected %#llx, got %#llx\n", c->engine->name, name, what,
		       (unsigned long long)want, (unsigned long long)got);
	c->differ++;
}

/* ---- cases that no drive can run ---- */

static bool is_on_drive(const struct kcsd_lba_grant *g)
{
	return le32toh(g->nlb) && le32toh(g->nlb) <= DEVICE_NSZE &&
	       le64toh(g->slba) <= DEVICE_NSZE - le32toh(g->nlb);
}

static bool grants_are_on_drive(const struct device_run *run)
{
	for (__u32 i = 0; i < run->input.nr_grants; i++)
		if (!is_on_drive(&run->input.grants[i]))
			return false;
	return true;
}

static bool calls(const struct device_run *run, __u32 id)
{
	for (__u32 i = 0; i < run->nr_calls; i++)
		if (run->calls[i].id == id)
			return true;
	return false;
}

/* ---- runs on the drive ---- */

/* Put the ranges or grants of a run at the start of the data of a command. Returns their length. */
static __u32 put_granted(context *c, const struct device_run *run)
{
	const struct kcsd_vm_input *in = &run->input;
	__u32 len = in->nr_ranges ? in->nr_ranges * sizeof(*in->ranges) :
				    in->nr_grants * sizeof(*in->grants);

	if (len)
		memcpy(c->data, in->nr_ranges ? (const void *)in->ranges : in->grants, len);
	return len;
}

static struct nvme_uring_cmd exec_cmd(context *c, const struct device_run *run, __u64 budget)
{
	__u32 granted_len = put_granted(c, run);

	if (run->input.args_len)
		memcpy(c->data + granted_len, run->input.args, run->input.args_len);
	return (struct nvme_uring_cmd) {
		.opcode = run->input.nr_ranges ? KCSD_CMD_EXECUTE : KCSD_CMD_EXECUTE_LBA,
		.nsid = KCSD_NSID_COMPUTE,
		.cdw3 = run->input.nr_ranges ? run->input.nr_ranges : run->input.nr_grants,
		.addr = (uintptr_t)c->data, .data_len = granted_len + run->input.args_len,
		.metadata = (uintptr_t)c->out,
		.metadata_len = sizeof(struct kcsd_run_record) + run->input.out_max,
		.cdw10 = (__u32)run->input.cparam1, .cdw11 = run->input.cparam1 >> 32,
		.cdw12 = (__u32)run->input.cparam2, .cdw13 = run->input.cparam2 >> 32,
		.cdw14 = (__u32)budget, .cdw15 = budget >> 32,
	};
}

/* Fill the ranges with the bytes that the case has before a run. */
static int fill_ranges(context *c, const struct device_run *run)
{
	int ret = 0;

	for (__u32 i = 0; !ret && i < run->input.nr_ranges; i++) {
		const struct kcsd_memory_range *range = &run->input.ranges[i];
		__u32 len = le32toh(range->len);
		struct nvme_uring_cmd cmd;

		for (__u32 off = 0; off < len; off++)
			c->out[off] = device_slm_byte(le64toh(range->start) + off);
		cmd = slm_cmd(KCSD_SLM_WRITE, le64toh(range->start), len, c->out);
		ret = cmd_io(c->d->slm, &cmd);
	}
	return ret;
}

static int wanted_status(__u32 reason)
{
	if (reason == KCSD_FAULT_NONE)
		return 0;
	return reason == KCSD_FAULT_BUDGET ? KCSD_SC_PROGRAM_BUDGET : KCSD_SC_PROGRAM_FAULT;
}

static void compare(context *c, const char *name, const struct device_run *run, bool counted)
{
	const struct kcsd_run_record *rec = (const void *)c->out;
	const struct kcsd_vm_end *end = &run->vm.end;
	const __u64 pairs[][2] = {
		{ end->reason, le32toh(rec->reason) }, { end->pc, le32toh(rec->pc) },
		{ end->helper, le32toh(rec->helper) }, { end->addr, le64toh(rec->addr) },
		{ end->lba, le64toh(rec->lba) }, { end->r0, le64toh(rec->result) },
		{ run->emitted_len, le32toh(rec->out_len) },
		{ c->want_engine, le32toh(rec->engine) },
		{ counted ? end->insns : 0, le64toh(rec->insns) },
	};
	static const char * const what[ARRAY_SIZE(pairs)] = {
		"reason", "pc", "helper", "address", "LBA", "result", "bytes emitted", "engine",
		"instructions",
	};

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		if (pairs[i][0] != pairs[i][1])
			differs(c, name, what[i], pairs[i][0], pairs[i][1]);
	if (run->emitted_len == le32toh(rec->out_len) &&
	    memcmp(rec + 1, run->emitted, run->emitted_len))
		differs(c, name, "what is emitted", 0, 0);
}

static void execute(context *c, const char *name, const struct device_run *run, __u64 budget)
{
	struct nvme_uring_cmd cmd = exec_cmd(c, run, budget);
	int want = wanted_status(run->vm.end.reason);
	int got = fill_ranges(c, run);

	if (!got)
		got = cmd_io(c->d->compute, &cmd);

	if (got != want)
		differs(c, name, "status", want, got);
	else
		compare(c, name, run, budget || c->want_engine == KCSD_ENGINE_INTERP);
	if ((calls(run, KCSD_HELPER_write) || calls(run, KCSD_HELPER_stream_write)) &&
	    fill_medium(c))
		differs(c, name, "writing the medium", 0, 1);
}

static void run_on_drive(context *c, const char *name, const struct device_run *run)
{
	int i;

	/* The second run must not depend on the first. */
	for (i = 0; i < 2; i++)
		execute(c, name, run, run->vm.budget);
	/* Also run without a budget, unless the program only stops because of its budget. */
	if (run->vm.end.reason != KCSD_FAULT_BUDGET)
		execute(c, name, run, 0);
}

/* ---- a case ---- */

/*
 * Returns the engine that must run the program: the JIT only if the lowered code is not too long.
 */
static __u32 wanted_engine(const context *c, const struct program *prog)
{
	const struct kcsd_lower_options opt = { .count = true, .shifts_wrap = true };
	struct kcsd_lowered *lowered;

	if (kcsd_lower(&prog->view, &opt, &lowered))
		return KCSD_ENGINE_INTERP;
	kcsd_lowered_destroy(lowered);
	return c->engine->record;
}

/* Load the program and run it. `loads`: the program is valid in user space. */
static void load(context *c, const char *name, const struct program *prog, bool loads,
		 const struct device_run *run)
{
	__u64 want = KCSD_LOAD_RESULT(prog->verdict.reason, prog->verdict.pc), why = 0;
	int ret = prog_load(c->d->ctrl, 0, prog->buf, prog->len, &why);

	if (!loads) {
		if (ret != KCSD_SC_INVALID_PROGRAM_DATA || why != want)
			differs(c, name, "refusal", want, why);
		return;
	}
	if (ret || prog_activate(c->d->ctrl, 0)) {
		differs(c, name, "load", 0, ret);
		return;
	}
	c->want_engine = wanted_engine(c, prog);
	run_on_drive(c, name, run);
	prog_deactivate(c->d->ctrl, 0);
	prog_unload(c->d->ctrl, 0);
}

/* Run the case in user space. Returns true if a drive can run it. */
static bool fits(context *c, struct program *prog, struct device_run *run)
{
	struct program here;
	int *skipped = NULL;

	program_copy(&here, prog->buf, prog->len);
	if (!prog->len) {
		skipped = &c->no_bytes;
	} else if (program_load(&here) && program_prepare(&here, run, MAX_MEM)) {
		program_run(&here, run);
		if (run->stop_tick)
			skipped = &c->no_tick;
		else if (run->met_bad_lba)
			skipped = &c->bad_lba;
		else if (calls(run, KCSD_HELPER_time))
			skipped = &c->clock;
		else if (!grants_are_on_drive(run))
			skipped = &c->not_granted;
	}
	program_exit(&here);
	if (skipped)
		++*skipped;
	return !skipped;
}

static void run_case(const char *name, struct program *prog, struct device_run *run, void *arg)
{
	context *c = arg;
	bool by_one = time_slow() > 1, loads;
	size_t i;

	c->cases++;
	if (!fits(c, prog, run))
		return;
	loads = program_load(prog);
	c->refused += !loads;
	for (i = 0; i < ARRAY_SIZE(engines); i++) {
		if (by_one && c->cases % ARRAY_SIZE(engines) != i)
			continue;
		c->d = &c->drives[i];
		c->engine = &engines[i];
		load(c, name, prog, loads, run);
	}
}

TEST_F_TIMEOUT(engines, all_data_files, 600)
{
	ASSERT_TRUE(runner_for_each_run(ENGINE_TESTS, run_case, self));
	ksft_print_msg("%d cases, %d of them refused\n", self->cases, self->refused);
	ksft_print_msg("not run: %d need a tick of their own, %d an LBA that fails, %d another "
		       "clock, %d grants that no drive has, %d are empty\n", self->no_tick,
		       self->bad_lba, self->clock, self->not_granted, self->no_bytes);
	EXPECT_LT(1000, self->cases);
	EXPECT_LT(300, self->refused);
	EXPECT_GT(60, self->no_tick + self->bad_lba + self->clock + self->not_granted +
		  self->no_bytes);
	EXPECT_EQ(0, self->differ);
}

DRIVE_TEST_MAIN
