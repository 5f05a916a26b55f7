// SPDX-License-Identifier: GPL-2.0
/*
 * Test quick runs, which the submitter executes: which runs are quick, and how slow ones are
 * started over.
 */
#include "harness.h"
#include "cgroup.h"
#include "nvm.h"
#include "tenant.h"

#include <pthread.h>
#include <sched.h>

#define LBA		4096
#define QUICK_RUNS	4	/* as in the driver: so many quick runs make a program quick, */
#define PENALTY		64	/* so many more after a run that was started over */
#define QUICK_US	"10000"	/* longer than a quick run takes on any machine */
#define GIVE_UP_NS	40000000	/* as in the driver: four times that */
#define FOR_EVER	(1ULL << 60)
#define WHILE		120000000
#define SHORT_WHILE	500000
#define PERIOD_NS	200000000ULL	/* period of the quota of a cgroup */
#define NO_STALL	3		/* exit status of stall() */

enum { SPIN, LOGS, BAD, SEVEN, ENDLESS, STREAM };

/* Read LBA 0 if cparam2 is 1, emit 8 bytes, loop for cparam1 ns. Returns 2^32 + cparam2. */
static const struct bpf_insn prog_spin[] = {
	I_MOVR(R6, R1), I_CTX(R7, R6, cparam1), I_CTX(R8, R6, cparam2),
	I_JMP(BPF_JNE, R8, 1, 4),
	I_MOV(R1, 0), I_CTX(R2, R6, heap), I_MOV(R3, LBA), I_HELPER(read),
	I_STX(BPF_DW, R10, -8, R8), I_MOVR(R1, R10), I_ADD(R1, -8), I_MOV(R2, 8), I_HELPER(emit),
	I_HELPER(time), I_ALUR(BPF_ADD, R7, R0), I_HELPER(time), I_JMPR(BPF_JLT, R0, R7, -2),
	I_MOV(R0, 1), I_ALU(BPF_LSH, R0, 32), I_ALUR(BPF_ADD, R0, R8), I_EXIT,
};

static const struct bpf_insn prog_logs[] = {
	I_ST(BPF_B, R10, -1, 'x'), I_MOVR(R1, R10), I_ADD(R1, -1), I_MOV(R2, 1), I_HELPER(log),
	I_MOV(R0, 7), I_EXIT,
};

/* Read 2 bytes of the stream, from cparam1 on, and emit them. */
static const struct bpf_insn prog_stream[] = {
	I_CTX(R1, R1, cparam1), I_MOVR(R2, R10), I_ADD(R2, -8), I_MOV(R3, 2), I_HELPER(stream_read),
	I_MOVR(R6, R0), I_MOVR(R1, R10), I_ADD(R1, -8), I_MOV(R2, 2), I_HELPER(emit),
	I_MOVR(R0, R6), I_EXIT,
};

/* Load from address cparam1. */
static const struct bpf_insn prog_bad[] = {
	I_CTX(R1, R1, cparam1), I_LDX(BPF_DW, R0, R1, 0), I_MOV(R0, 7), I_EXIT,
};

FIXTURE(quick_run) {
	struct drive d;
	struct tenant t, other;
};

FIXTURE_VARIANT(quick_run) {
	const char *engine;
	const char *budget;	/* not 0: JIT code counts, looks at the clock earlier */
};

FIXTURE_VARIANT_ADD(quick_run, jit) { .engine = "jit", .budget = "0" };
FIXTURE_VARIANT_ADD(quick_run, jit_counting) { .engine = "jit", .budget = "1000000000000000" };
FIXTURE_VARIANT_ADD(quick_run, interp) { .engine = "interp", .budget = "0" };

static int install(struct drive *d)
{
	struct image spin = {
		.insns = prog_spin, .insn_cnt = ARRAY_SIZE(prog_spin), .heap_len = LBA,
	};
	int ret = prog_install_image(d->ctrl, SPIN, &spin);

	ret = ret ? ret : prog_install(d->ctrl, LOGS, prog_logs);
	ret = ret ? ret : prog_install(d->ctrl, BAD, prog_bad);
	ret = ret ? ret : prog_install(d->ctrl, SEVEN, prog_seven);
	ret = ret ? ret : prog_install(d->ctrl, STREAM, prog_stream);
	return ret ? ret : prog_install(d->ctrl, ENDLESS, prog_endless);
}

static int create(struct drive *d, const struct drive_attr *more)
{
	const struct drive_attr attrs[] = {
		DRIVE_SMALL, { "timeout_ms", "600000" }, { "quick_us", QUICK_US },
		more[0], more[1], {}
	};
	int ret = drive_create(d, "quick", attrs);

	return ret ? ret : install(d);
}

FIXTURE_SETUP(quick_run)
{
	const struct drive_attr more[] = {
		{ "engine", variant->engine }, { "insn_budget", variant->budget },
	};

	drive_sweep();
	self->t.fd = self->other.fd = -1;
	ASSERT_EQ(0, create(&self->d, more));
	ASSERT_EQ(0, tenant_open(&self->t, &self->d));
	ASSERT_EQ(0, tenant_open(&self->other, &self->d));
}

FIXTURE_TEARDOWN(quick_run)
{
	tenant_close(&self->t);
	tenant_close(&self->other);
	EXPECT_EQ(0, drive_remove(&self->d));
}

/* Open a file for a new tenant: the one before may have stalled, on a busy machine. */
static int open_anew(const struct drive *d)
{
	char path[64];

	drive_generic_node(path, sizeof(path), d->index, KCSD_NSID_COMPUTE);
	return open(path, O_RDWR | O_CLOEXEC);
}

/* Run `r`, which is quick, until it is a quick run. Returns false if it never becomes one. */
static bool becomes_quick(struct drive *d, struct run *r)
{
	__u64 before = drive_stat(d, "runs_quick");

	for (int i = 0; i < 4 * (QUICK_RUNS + PENALTY); i++) {
		if (run_exec(d->compute, r))
			return false;
		if (drive_stat(d, "runs_quick") > before)
			return true;
		fd_close(&d->compute);
		d->compute = open_anew(d);
	}
	return false;
}

/*
 * True if one of several runs in a row is a quick run. On a busy machine any of them may seem slow.
 */
static bool is_quick(struct drive *d, struct run *r)
{
	__u64 before = drive_stat(d, "runs_quick");

	for (int i = 0; i < 3 * QUICK_RUNS; i++)
		if (run_exec(d->compute, r))
			return false;
	return drive_stat(d, "runs_quick") > before;
}

static bool never_quick(struct drive *d, struct run *r)
{
	__u64 before = drive_stat(d, "runs_quick");

	for (int i = 0; i < 3 * QUICK_RUNS; i++)
		if (run_exec(d->compute, r))
			return false;
	return drive_stat(d, "runs_quick") == before;
}

TEST_F(quick_run, in_all_ways)
{
	struct run r = { .pind = SPIN, .cparam2 = 5 };

	for (int way = 0; way < CMD_WAYS; way++) {
		__u64 before, runs = drive_stat(&self->d, "runs");

		ASSERT_TRUE(becomes_quick(&self->d, &r));
		before = drive_stat(&self->d, "runs_quick");
		for (int i = 0; i < 4 * QUICK_RUNS; i++) {
			ASSERT_EQ(0, run_way(way, self->d.compute, &r));
			if (way != CMD_URING_CQE16)
				EXPECT_EQ(5, (__u32)r.result);
			if (way == CMD_URING || way == CMD_IOCTL64)
				EXPECT_EQ(1, r.result >> 32);
			EXPECT_EQ(8, le32toh(r.out.rec.out_len));
			EXPECT_EQ(5, r.out.bytes[0]);
			EXPECT_EQ((1ULL << 32) + 5, le64toh(r.out.rec.result));
		}
		EXPECT_LT(before, drive_stat(&self->d, "runs_quick"))
			TH_LOG("%s", cmd_way_name(way));
		EXPECT_LE(runs + 4 * QUICK_RUNS, drive_stat(&self->d, "runs"));
	}
	EXPECT_EQ(0, drive_stat(&self->d, "runs_restarted"));
	EXPECT_EQ(drive_stat(&self->d, "runs"),
		  drive_number(&self->d, "units/0/runs") + drive_number(&self->d, "units/1/runs"));
}

/* Test a fault of a quick run: reported, counted and logged once; the next run is not affected. */
TEST_F(quick_run, faults)
{
	struct run good = { .pind = BAD, .cparam1 = KCSD_GUEST_CTX }, bad = { .pind = BAD };
	__u64 quicks, faults;

	ASSERT_TRUE(becomes_quick(&self->d, &good));
	quicks = drive_stat(&self->d, "runs_quick");
	faults = drive_stat(&self->d, "faults_memory");
	for (int i = 0; i < 4 * QUICK_RUNS; i++) {
		EXPECT_EQ(KCSD_SC_PROGRAM_FAULT, run_exec(self->d.compute, &bad));
		EXPECT_EQ(KCSD_FAULT_MEMORY, le32toh(bad.out.rec.reason));
		EXPECT_EQ(1, le32toh(bad.out.rec.pc));
	}
	EXPECT_LT(quicks, drive_stat(&self->d, "runs_quick"));
	EXPECT_EQ(faults + 4 * QUICK_RUNS, drive_stat(&self->d, "faults_memory"));
	EXPECT_EQ(0, run_exec(self->d.compute, &good));
}

/*
 * Test a quick run that overruns its slice and is started over: its reads and output are there
 * once, and the program is not quick again soon.
 */
TEST_F(quick_run, long_runs_move_to_a_unit)
{
	struct run r = { .pind = SPIN, .cparam2 = 1 }, quick = { .pind = SPIN, .cparam2 = 1 };
	__u64 quicks = 0, runs = 0;

	run_grant(&r, 0, 1, KCSD_GRANT_READ);
	run_grant(&quick, 0, 1, KCSD_GRANT_READ);
	r.cparam1 = WHILE;
	/* Try again: on a busy machine a run may have seemed slow just before. */
	for (int i = 0; i < 5 && !drive_stat(&self->d, "runs_restarted"); i++) {
		ASSERT_TRUE(becomes_quick(&self->d, &quick));
		runs = drive_stat(&self->d, "runs");
		quicks = drive_stat(&self->d, "runs_quick");
		ASSERT_EQ(0, run_exec(self->d.compute, &r));
	}
	EXPECT_EQ(1, drive_stat(&self->d, "runs_restarted"));
	EXPECT_EQ(quicks, drive_stat(&self->d, "runs_quick"));
	EXPECT_EQ(runs + 1, drive_stat(&self->d, "runs"));
	EXPECT_EQ((1ULL << 32) + 1, r.result);
	EXPECT_EQ(8, le32toh(r.out.rec.out_len));
	EXPECT_EQ(1, r.out.bytes[0]);
	EXPECT_EQ(LBA, le64toh(r.out.rec.read_bytes));
	EXPECT_LT(GIVE_UP_NS, le64toh(r.out.rec.wait_ns));
	EXPECT_EQ(drive_stat(&self->d, "runs"),
		  drive_number(&self->d, "units/0/runs") + drive_number(&self->d, "units/1/runs"));
	for (int i = 0; i < PENALTY; i++)
		ASSERT_EQ(0, run_exec(self->d.compute, &quick));
	EXPECT_EQ(quicks, drive_stat(&self->d, "runs_quick"));
	EXPECT_TRUE(becomes_quick(&self->d, &quick));
}

/*
 * Test that the submitter returns while an endless run continues, with its time limit and
 * cancelling.
 */
TEST_F(quick_run, endless_runs_do_not_block_the_submitter)
{
	struct run quick = { .pind = SPIN, .cparam2 = 5 };
	struct nvme_uring_cmd c = tenant_cmd(SPIN, FOR_EVER, 100);
	struct completion e;

	for (int round = 0; round < 2; round++) {
		ASSERT_TRUE(becomes_quick(&self->d, &quick));
		ASSERT_EQ(0, tenant_send(&self->t, &c, 1, 0));
		/* The system call returned while the run continues. */
		EXPECT_TRUE(drive_becomes(&self->d, "units/running", 1));
		if (round)
			break;
		ASSERT_EQ(0, tenant_reap(&self->t, &e, 1));
		EXPECT_EQ(KCSD_SC_PROGRAM_TIME, cmd_status(e.res));
		c.timeout_ms = 0;
	}
	EXPECT_LT(0, drive_stat(&self->d, "runs_restarted"));
	tenant_close(&self->t);
	EXPECT_TRUE(drive_becomes(&self->d, "units/running", 0));
	EXPECT_EQ(1, drive_stat(&self->d, "faults_cancelled"));
	EXPECT_EQ(1, drive_stat(&self->d, "faults_time"));
}

/* Test that no run with visible effects is quick: it could not be started over. */
TEST_F(quick_run, not_with_side_effects)
{
	struct run reads = { .pind = SPIN }, writes = reads, both = reads, logs = { .pind = LOGS };
	struct run range = { .pind = SPIN };
	__u64 before;

	run_grant(&reads, 0, 4, KCSD_GRANT_READ);
	run_grant(&writes, 0, 4, KCSD_GRANT_WRITE);
	run_grant(&both, 0, 4, KCSD_GRANT_READ);
	run_grant(&both, 4, 4, KCSD_GRANT_READ | KCSD_GRANT_WRITE);
	run_range(&range, 0, LBA);
	ASSERT_TRUE(becomes_quick(&self->d, &reads));
	EXPECT_TRUE(never_quick(&self->d, &writes));
	EXPECT_TRUE(never_quick(&self->d, &both));
	EXPECT_TRUE(never_quick(&self->d, &range));
	EXPECT_TRUE(never_quick(&self->d, &logs));
	EXPECT_TRUE(is_quick(&self->d, &reads));
	before = drive_stat(&self->d, "runs_quick");
	for (int i = 0; i < 3 * QUICK_RUNS; i++) {
		static __u8 out[65536];
		struct nvme_uring_cmd c = run_cmd(&reads);

		c.cdw3 |= KCSD_EXEC_AUDIT;
		c.metadata = (uintptr_t)out;
		c.metadata_len = sizeof(out);
		EXPECT_EQ(0, cmd_io(self->d.compute, &c));
	}
	EXPECT_EQ(before, drive_stat(&self->d, "runs_quick"));
	EXPECT_TRUE(is_quick(&self->d, &reads));
}

/* Test that no run is quick while an earlier one waits for a unit. */
TEST_F(quick_run, not_before_waiting_runs)
{
	struct nvme_uring_cmd endless = tenant_cmd(ENDLESS, 0, 0), c = tenant_cmd(SPIN, 0, 0);
	struct run r = { .pind = SPIN };
	struct completion e[3];
	__u64 before;

	ASSERT_TRUE(becomes_quick(&self->d, &r));
	/* Keep only one of the two units. */
	ASSERT_EQ(0, tenant_send(&self->other, &endless, 1, 0));
	EXPECT_TRUE(drive_becomes(&self->d, "units/running", 1));
	EXPECT_TRUE(becomes_quick(&self->d, &r));
	ASSERT_EQ(0, tenant_send(&self->other, &endless, 1, 0));
	EXPECT_TRUE(drive_becomes(&self->d, "units/running", 2));
	before = drive_stat(&self->d, "runs_quick");
	for (int i = 0; i < 3; i++)
		ASSERT_EQ(0, tenant_send(&self->t, &c, 1, i));
	EXPECT_EQ(3, drive_number(&self->d, "units/queued"));
	EXPECT_EQ(before, drive_stat(&self->d, "runs_quick"));
	tenant_close(&self->other);
	ASSERT_EQ(0, tenant_reap(&self->t, e, 3));
	EXPECT_EQ(before, drive_stat(&self->d, "runs_quick"));
	EXPECT_TRUE(becomes_quick(&self->d, &r));
}

/* Test that runs sent in one batch go to the units. */
TEST_F(quick_run, not_in_batches)
{
	struct nvme_uring_cmd c = tenant_cmd(SPIN, 0, 0);
	struct run r = { .pind = SPIN };
	struct completion e[32];
	__u64 before;

	ASSERT_TRUE(becomes_quick(&self->d, &r));
	before = drive_stat(&self->d, "runs_quick");
	ASSERT_EQ(0, tenant_send(&self->t, &c, 32, 0));
	ASSERT_EQ(0, tenant_reap(&self->t, e, 32));
	EXPECT_EQ(before, drive_stat(&self->d, "runs_quick"));
	EXPECT_TRUE(is_quick(&self->d, &r));
}

TEST_F(quick_run, not_at_a_lower_priority)
{
	struct run r = { .pind = SPIN };
	int status;
	pid_t pid;

	ASSERT_TRUE(becomes_quick(&self->d, &r));
	pid = fork();
	if (!pid)
		_exit(nice(1) != 1 || !never_quick(&self->d, &r));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/*
 * Test that a task with another policy has no quick runs: it may get no CPU for long, or keep
 * others from it.
 */
TEST_F(quick_run, not_by_another_policy)
{
	static const int policies[] = { SCHED_IDLE, SCHED_BATCH, SCHED_RR, SCHED_FIFO };
	struct run r = { .pind = SPIN };

	for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
		bool real_time = policies[i] == SCHED_RR || policies[i] == SCHED_FIFO;
		struct sched_param param = { .sched_priority = real_time };
		int status;
		pid_t pid;

		ASSERT_TRUE(becomes_quick(&self->d, &r));
		pid = fork();
		if (!pid)
			_exit(sched_setscheduler(0, policies[i], &param) ? 2 :
			      !never_quick(&self->d, &r));
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_EQ(0, status) TH_LOG("policy %d", policies[i]);
	}
}

/*
 * Run a usually quick program for longer than the quota of the cgroup lets this process use a CPU
 * in a period. Returns 0 if the process stalled in the run; NO_STALL if the run was started over
 * after its slice, because the kernel takes the CPU away later; 1 on errors.
 */
static int stall(int fd)
{
	struct run r = { .pind = SPIN, .cparam1 = 2 * PERIOD_NS };
	__u64 wait;

	if (cgroup_enter_with("+cpu") || file_write(CGROUP "/cpu.max", "1000 200000") ||
	    run_exec(fd, &r))
		return 1;
	wait = le64toh(r.out.rec.wait_ns);
	return wait > GIVE_UP_NS && wait < PERIOD_NS / 4 * 3 ? NO_STALL : 0;
}

/* Call stall() in a child process. Returns its exit status, or -1. */
static int stall_once(int fd)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(stall(fd));
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	cgroup_leave();
	return WEXITSTATUS(status);
}

/* Returns the number of runs that their submitters began. */
static __u64 begun_quick(const struct drive *d)
{
	return drive_stat(d, "runs_quick") + drive_stat(d, "runs_restarted");
}

/*
 * Test that a tenant that lost its CPU while it had a unit has no quick runs soon after; others do.
 */
TEST_F(quick_run, not_after_a_stall)
{
	struct run r = { .pind = SPIN };
	__u64 before = 0;
	int status = 0;

	/* Try again: on a busy machine a run may have seemed slow just before. */
	for (int i = 0; i < 5 && begun_quick(&self->d) == before; i++) {
		ASSERT_TRUE(becomes_quick(&self->d, &r));
		before = begun_quick(&self->d);
		status = stall_once(self->t.fd);
	}
	if (status == NO_STALL)
		SKIP(return, "the kernel preempts on return to user space only");
	ASSERT_EQ(0, status);
	ASSERT_LT(before, begun_quick(&self->d));
	ASSERT_TRUE(becomes_quick(&self->d, &r));
	before = begun_quick(&self->d);
	for (int i = 0; i < 3 * QUICK_RUNS; i++)
		ASSERT_EQ(0, run_exec(self->t.fd, &r));
	EXPECT_EQ(before, begun_quick(&self->d));
	EXPECT_TRUE(becomes_quick(&self->d, &r));
}

/*
 * Test that each new program must become quick itself, also at the index of an earlier quick one.
 */
TEST_F(quick_run, new_programs_are_not_quick)
{
	struct run r = { .pind = SEVEN };
	__u64 before;

	ASSERT_TRUE(becomes_quick(&self->d, &r));
	ASSERT_EQ(0, prog_replace(self->d.ctrl, SEVEN, prog_seven));
	before = drive_stat(&self->d, "runs_quick");
	for (int i = 0; i < QUICK_RUNS; i++)
		ASSERT_EQ(0, run_exec(self->d.compute, &r));
	EXPECT_EQ(before, drive_stat(&self->d, "runs_quick"));
	EXPECT_TRUE(becomes_quick(&self->d, &r));
}

/* Test that quick runs are charged to the share of the tenant. */
TEST_F(quick_run, quick_runs_are_charged)
{
	struct nvme_uring_cmd c = tenant_cmd(SPIN, 0, 0);
	struct run r = { .pind = SPIN };
	__u64 before, ns;
	struct completion e;

	ASSERT_TRUE(becomes_quick(&self->d, &r));
	before = drive_stat(&self->d, "runs_quick");
	for (int i = 0; i < 3 * QUICK_RUNS; i++) {
		ns = tenant_number(self->t.fd, "kcsd-run-ns:");
		ASSERT_EQ(0, tenant_send(&self->t, &c, 1, 0));
		ASSERT_EQ(0, tenant_reap(&self->t, &e, 1));
		EXPECT_LT(ns, tenant_number(self->t.fd, "kcsd-run-ns:"));
	}
	EXPECT_LT(before, drive_stat(&self->d, "runs_quick"));
	EXPECT_EQ(0, tenant_number(self->t.fd, "kcsd-running:"));
}

FIXTURE(quick_run_one) {
	struct drive d;
};

FIXTURE_SETUP(quick_run_one)
{
	drive_sweep();
}

FIXTURE_TEARDOWN(quick_run_one)
{
	EXPECT_EQ(0, drive_remove(&self->d));
}

struct spinner {
	const struct drive *d;
	int all;		/* rounds in total */
	_Atomic int rounds;	/* rounds that the thread may begin */
	int bad;		/* result of a run that failed */
};

static void *spinner_thread(void *arg)
{
	struct spinner *s = arg;
	struct run r = { .pind = SPIN, .cparam1 = SHORT_WHILE };

	for (int i = 1; i <= s->all && !s->bad; i++) {
		int fd = open_anew(s->d);

		while (s->rounds < i)
			sched_yield();
		s->bad = run_way(CMD_IOCTL64, fd, &r);
		fd_close(&fd);
	}
	return NULL;
}

/*
 * Test a run that is sent while a submitter has the only unit: it gets the unit next, without a
 * later run to wake it.
 */
TEST_F(quick_run_one, runs_during_a_quick_run)
{
	const struct drive_attr more[] = { { "cus", "1" }, {} };
	struct nvme_uring_cmd c = tenant_cmd(SEVEN, 0, 0);
	struct run r = { .pind = SPIN };
	struct spinner s = { .d = &self->d, .all = repeats(200, 60) };
	pthread_t thread;
	struct tenant t;
	struct completion e;
	int reaped = 0;

	ASSERT_EQ(0, create(&self->d, more));
	ASSERT_EQ(0, tenant_open(&t, &self->d));
	ASSERT_TRUE(becomes_quick(&self->d, &r));
	ASSERT_EQ(0, pthread_create(&thread, NULL, spinner_thread, &s));
	while (reaped == s.rounds && s.rounds < s.all) {
		s.rounds++;
		usleep(s.rounds);
		ASSERT_EQ(0, tenant_send(&t, &c, 1, 0));
		reaped += !ring_get(&t.ring, 5000, &e.tag, &e.res, &e.r0) && !e.res && e.r0 == 7;
	}
	EXPECT_EQ(s.all, reaped);
	s.rounds = s.all;
	EXPECT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(0, s.bad);
	EXPECT_LT(s.all / 20, drive_stat(&self->d, "runs_quick"));
	tenant_close(&t);
}

TEST_F(quick_run_one, switched_off)
{
	const struct drive_attr more[] = { { "quick_us", "0" }, { "cus", "1" } };
	struct run r = { .pind = SEVEN };

	ASSERT_EQ(0, create(&self->d, more));
	EXPECT_TRUE(never_quick(&self->d, &r));
}

/* Test units that are limited to some CPUs: quick runs stay on these CPUs. */
TEST_F(quick_run_one, units_with_cpus)
{
	const struct drive_attr more[] = { { "cu_cpus", "0" }, { "cus", "1" } };
	struct run r = { .pind = SEVEN };

	ASSERT_EQ(0, create(&self->d, more));
	EXPECT_TRUE(never_quick(&self->d, &r));
}

/* Test a quick run that reads a part of two LBAs of its stream. */
TEST_F(quick_run, reads_a_stream)
{
	struct run r = { .pind = STREAM, .cparam1 = LBA - 1 };
	__u8 *lbas = aligned_alloc(LBA, 2 * LBA);

	ASSERT_NE(NULL, lbas);
	nvm_pattern(lbas, 0, 2, LBA, 3);
	ASSERT_EQ(0, nvm_write(self->d.nvm, 5, 1, LBA, lbas));
	ASSERT_EQ(0, nvm_write(self->d.nvm, 3, 1, LBA, lbas + LBA));
	run_grant(&r, 5, 1, KCSD_GRANT_READ);
	run_grant(&r, 3, 1, KCSD_GRANT_READ);
	EXPECT_TRUE(becomes_quick(&self->d, &r));
	EXPECT_EQ(2, r.result);
	EXPECT_EQ(0, memcmp(r.out.bytes, lbas + LBA - 1, 2));
	EXPECT_EQ(2 * LBA, le64toh(r.out.rec.read_bytes));
	free(lbas);
}

/* Test that a run that may wait for a file is not quick. */
TEST_F(quick_run_one, blocking_media)
{
	char path[] = "/tmp/kst-quick-XXXXXX";
	const struct drive_attr more[] = { { "backing_file", path }, { "cus", "1" } };
	struct run reads = { .pind = SPIN, .cparam2 = 1 }, r = { .pind = SPIN };

	ASSERT_EQ(0, file_make(path, 16 * KST_MIB));
	ASSERT_EQ(0, create(&self->d, more));
	unlink(path);
	run_grant(&reads, 0, 1, KCSD_GRANT_READ);
	EXPECT_TRUE(becomes_quick(&self->d, &r));
	EXPECT_TRUE(never_quick(&self->d, &reads));
	EXPECT_TRUE(is_quick(&self->d, &r));
}

DRIVE_TEST_MAIN
