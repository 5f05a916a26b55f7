// SPDX-License-Identifier: GPL-2.0
/* Test the JIT and the interpreter: which one runs, how runs are stopped, and their memory. */
#include "harness.h"
#include "run.h"

#include <endian.h>
#include <pthread.h>

#define LBA		4096
#define HARDEN		"/proc/sys/net/core/bpf_jit_harden"
#define ENABLE		"/proc/sys/net/core/bpf_jit_enable"
#define LIMIT		"/proc/sys/net/core/bpf_jit_limit"
#define PROMPT_NS	(time_slow() * 50000000ULL)	/* time to cancel, in the best of TRIES */
#define TRIES		10
#define PADDING		30000	/* instructions that take long to compile */

enum { SEVEN, ENDLESS, LOOP, OTHER };

/* Execute 2 * cparam1 + 3 instructions. */
static const struct bpf_insn prog_loop[] = {
	I_CTX(R2, R1, cparam1), I_ADD(R2, -1), I_JMP(BPF_JNE, R2, 0, -2), I_MOV(R0, 0), I_EXIT,
};

FIXTURE(jit) {
	struct drive d;
	struct run r;
	char harden[16], enable[16], limit[32];
};

FIXTURE_VARIANT(jit) {
	const char *engine;
	__u32 record;
};

FIXTURE_VARIANT_ADD(jit, jit) { .engine = "jit", .record = KCSD_ENGINE_JIT };
FIXTURE_VARIANT_ADD(jit, interp) { .engine = "interp", .record = KCSD_ENGINE_INTERP };

static int create(struct drive *d, const char *name, const char *engine, const char *max_bytes)
{
	const struct drive_attr attrs[] = {
		DRIVE_SMALL, { "engine", engine }, { "max_jit_bytes", max_bytes }, {}
	};
	int ret = drive_create(d, name, attrs);

	if (!ret)
		ret = prog_install(d->ctrl, SEVEN, prog_seven);
	if (!ret)
		ret = prog_install(d->ctrl, ENDLESS, prog_endless);
	return ret ? ret : prog_install(d->ctrl, LOOP, prog_loop);
}

FIXTURE_SETUP(jit)
{
	drive_sweep();
	ASSERT_LT(0, file_read(HARDEN, self->harden, sizeof(self->harden)));
	ASSERT_LT(0, file_read(ENABLE, self->enable, sizeof(self->enable)));
	ASSERT_LT(0, file_read(LIMIT, self->limit, sizeof(self->limit)));
	ASSERT_EQ(0, create(&self->d, "jit", variant->engine, "64M"));
}

FIXTURE_TEARDOWN(jit)
{
	file_write(HARDEN, self->harden);
	file_write(ENABLE, self->enable);
	file_write(LIMIT, self->limit);
	EXPECT_EQ(0, drive_remove(&self->d));
}

static __u64 counter(int index, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), KST_CLASS "/kcsd%d/%s", index, name);
	return file_number(path);
}

/* Returns the engine that runs program pind now, or -1 if the run fails. */
static int engine_of(struct drive *d, __u16 pind)
{
	struct run r = { .pind = pind, .cparam1 = 5 };

	return run_exec(d->compute, &r) ? -1 : (int)le32toh(r.out.rec.engine);
}

TEST_F(jit, counters_of_engines)
{
	bool jit = variant->record == KCSD_ENGINE_JIT;
	int index = self->d.index;

	for (int i = 0; i < 5; i++) {
		EXPECT_EQ((int)variant->record, engine_of(&self->d, SEVEN));
	}
	EXPECT_EQ((int)variant->record, engine_of(&self->d, LOOP));
	EXPECT_EQ(jit ? 6 : 0, counter(index, "stats/runs_jit"));
	EXPECT_EQ(jit ? 0 : 6, counter(index, "stats/runs_interp"));
	EXPECT_EQ(jit ? 5 : 0, counter(index, "programs/0/runs_jit"));
	EXPECT_EQ(jit ? 0 : 5, counter(index, "programs/0/runs_interp"));
	/* Only interpreted instructions were counted: no run had a budget. */
	EXPECT_EQ(jit ? 0 : 5 * 2 + 13, counter(index, "stats/insns"));
	EXPECT_EQ(jit ? 0 : 5 * 2, counter(index, "programs/0/insns"));
}

TEST_F(jit, results_are_of_64_bits)
{
	static const struct bpf_insn insns[] = {
		I_CALL(1), I_EXIT, I_IMM64(R0, 0x8877665544332211), I_EXIT,
	};

	ASSERT_EQ(0, prog_install(self->d.ctrl, OTHER, insns));
	self->r.pind = OTHER;
	ASSERT_EQ(0, run_exec(self->d.compute, &self->r));
	EXPECT_EQ(0x8877665544332211ULL, self->r.result);
}

/* Test that a budget of n is enough for n instructions, and a lower one stops at the same place. */
TEST_F(jit, budget_is_exact)
{
	struct run *r = &self->r;

	r->pind = LOOP;
	for (__u64 n = 1; n < 100000; n = n * 3 + 1) {
		r->cparam1 = n;
		r->budget = 2 * n + 3;
		ASSERT_EQ(0, run_exec(self->d.compute, r));
		EXPECT_EQ(2 * n + 3, le64toh(r->out.rec.insns));
		EXPECT_EQ(variant->record, le32toh(r->out.rec.engine));
	}
	for (__u64 budget = 1; budget < 200000; budget = budget * 3 + 1) {
		r->cparam1 = 0;
		r->budget = budget;
		ASSERT_EQ(KCSD_SC_PROGRAM_BUDGET, run_exec(self->d.compute, r));
		/* The first back edge comes after 3 instructions, then one after every 2. */
		EXPECT_EQ(3 + (budget - 1) / 2 * 2, le64toh(r->out.rec.insns))
			TH_LOG("budget %llu", budget);
		EXPECT_EQ(2, le32toh(r->out.rec.pc));
	}
}

static bool wait_for(int index, const char *name, __u64 value)
{
	__u64 end = time_ns() + 5000000000ULL;

	while (counter(index, name) != value) {
		if (time_ns() > end)
			return false;
		sleep_ms(1);
	}
	return true;
}

/*
 * Start an endless run on a new ring and close the ring. Returns the time until the run has
 * completed.
 */
static __u64 cancel_ns(struct drive *d, struct run *r)
{
	__u64 cancelled = counter(d->index, "stats/faults_cancelled"), start;
	struct nvme_uring_cmd c = run_cmd(r);
	struct io_uring ring;

	if (ring_open(&ring, 4, true) || ring_put(&ring, d->compute, NVME_URING_CMD_IO, &c, 0) ||
	    io_uring_submit(&ring) != 1)
		return ~0ULL;
	sleep_ms(20);
	start = time_ns();
	io_uring_queue_exit(&ring);
	if (!wait_for(d->index, "stats/faults_cancelled", cancelled + 1))
		return ~0ULL;
	return time_ns() - start;
}

static __u64 best_cancel_ns(struct drive *d, struct run *r)
{
	__u64 best = ~0ULL, ns;

	for (int i = 0; i < TRIES; i++) {
		ns = cancel_ns(d, r);
		best = ns < best ? ns : best;
	}
	return best;
}

TEST_F(jit, cancel_is_prompt)
{
	__u64 best;

	self->r.pind = ENDLESS;
	best = best_cancel_ns(&self->d, &self->r);
	ksft_print_msg("%s: cancelled in %llu us\n", variant->engine,
		       (unsigned long long)best / 1000);
	EXPECT_GT(PROMPT_NS, best);
	/* The next run on that unit is not affected. */
	EXPECT_TRUE(run_works(self->d.compute, SEVEN));
	self->r.budget = ~0ULL;
	EXPECT_GT(PROMPT_NS, best_cancel_ns(&self->d, &self->r));
}

/* Test that the time to compile is not counted as time of the run that needs the code. */
TEST_F(jit, compile_time_is_not_run_time)
{
	struct bpf_insn *insns = calloc(PADDING + 3, sizeof(*insns));
	struct run r = { .pind = OTHER };
	bool apart = false;

	if (variant->record != KCSD_ENGINE_JIT)
		SKIP(return, "the interpreter compiles nothing");
	ASSERT_NE(NULL, insns);
	insns[0] = I_MOV(R0, 7);
	insns[1] = I_JMP(BPF_JEQ, R0, 7, PADDING);
	for (int i = 0; i < PADDING; i++)
		insns[2 + i] = I_ADD(R0, 1);
	insns[PADDING + 2] = I_EXIT;
	/* The machine may be busy with other work, but not in all tries. */
	for (int i = 0; i < TRIES && !apart; i++) {
		ASSERT_EQ(0, prog_replace_insns(self->d.ctrl, OTHER, insns, PADDING + 3));
		ASSERT_EQ(0, run_exec(self->d.compute, &r));
		ASSERT_EQ(7, r.result);
		ASSERT_EQ(KCSD_ENGINE_JIT, le32toh(r.out.rec.engine));
		apart = le64toh(r.out.rec.run_ns) * 4 < le64toh(r.out.rec.wait_ns);
	}
	EXPECT_TRUE(apart) TH_LOG("run %llu ns, wait %llu ns",
				  (unsigned long long)le64toh(r.out.rec.run_ns),
				  (unsigned long long)le64toh(r.out.rec.wait_ns));
	free(insns);
}

TEST_F(jit, time_limit)
{
	__u64 best = ~0ULL, ns;

	self->r.pind = ENDLESS;
	self->r.timeout_ms = 30;
	for (int i = 0; i < TRIES; i++) {
		ASSERT_EQ(KCSD_SC_PROGRAM_TIME, run_exec(self->d.compute, &self->r));
		EXPECT_EQ(variant->record, le32toh(self->r.out.rec.engine));
		ns = le64toh(self->r.out.rec.run_ns);
		EXPECT_LE(30000000, ns);
		best = ns < best ? ns : best;
	}
	EXPECT_GT(30000000 + PROMPT_NS, best);
}

/* Test that other tasks get the CPU while endless programs run on every CPU. */
TEST_F(jit, other_tasks_get_the_cpu)
{
	struct nvme_uring_cmd c;
	struct io_uring ring;
	__u64 start;

	self->r.pind = ENDLESS;
	self->r.timeout_ms = 10000;
	c = run_cmd(&self->r);
	ASSERT_EQ(0, ring_open(&ring, 4, true));
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, ring_put(&ring, self->d.compute, NVME_URING_CMD_IO, &c, i));
	}
	ASSERT_EQ(2, io_uring_submit(&ring));
	start = time_ns();
	for (int i = 0; i < 50; i++)
		sleep_ms(1);
	EXPECT_GT(3000000000ULL, time_ns() - start);
	io_uring_queue_exit(&ring);
}

/* ---- the memory of a run ---- */

#define BIG	(512 << 10)

/* Fill cparam1 bytes from cparam2. */
static const struct bpf_insn prog_soil[] = {
	I_CTX(R2, R1, cparam2), I_CTX(R3, R1, cparam1), I_ALUR(BPF_ADD, R3, R2),
	I_ST(BPF_DW, R2, 0, 0x5a5a5a5a), I_ADD(R2, 8), I_JMPR(BPF_JLT, R2, R3, -3),
	I_CTX(R0, R1, heap), I_EXIT,
};

/* Return the OR of all words in cparam1 bytes from cparam2. */
static const struct bpf_insn prog_sniff[] = {
	I_CTX(R2, R1, cparam2), I_CTX(R3, R1, cparam1), I_ALUR(BPF_ADD, R3, R2), I_MOV(R0, 0),
	I_LDX(BPF_DW, R4, R2, 0), I_ALUR(BPF_OR, R0, R4), I_ADD(R2, 8),
	I_JMPR(BPF_JLT, R2, R3, -4), I_EXIT,
};

static int install_heap(int ctrl, __u16 pind, const struct bpf_insn *insns, __u32 cnt, __u32 heap)
{
	struct image im = { .insns = insns, .insn_cnt = cnt, .heap_len = heap };

	return prog_install_image(ctrl, pind, &im);
}

TEST_F(jit, nothing_is_left_for_the_next_run)
{
	const __u64 heap = KCSD_GUEST_DATA + KCSD_MAX_CALL_DEPTH * KCSD_FRAME_SIZE;
	struct run soil = { .pind = OTHER, .cparam1 = BIG, .cparam2 = heap };
	struct run sniff = { .pind = OTHER + 1 };
	int fd = self->d.compute;

	ASSERT_EQ(0, install_heap(self->d.ctrl, OTHER, prog_soil, ARRAY_SIZE(prog_soil), BIG));
	ASSERT_EQ(0, install_heap(self->d.ctrl, OTHER + 1, prog_sniff, ARRAY_SIZE(prog_sniff),
				  LBA));
	for (int i = 0; i < 8; i++) {
		ASSERT_EQ(0, run_exec(fd, &soil));
		ASSERT_EQ(heap, soil.result);
		/* Look at all of its memory, then one word further, then far away. */
		sniff.cparam2 = KCSD_GUEST_DATA;
		sniff.cparam1 = heap + LBA - KCSD_GUEST_DATA;
		ASSERT_EQ(0, run_exec(fd, &sniff));
		EXPECT_EQ(0, sniff.result);
		sniff.cparam1 += 8;
		EXPECT_EQ(KCSD_SC_PROGRAM_FAULT, run_exec(fd, &sniff));
		EXPECT_EQ(heap + LBA, le64toh(sniff.out.rec.addr));
		sniff.cparam2 = heap + BIG / 2;
		sniff.cparam1 = 8;
		EXPECT_EQ(KCSD_SC_PROGRAM_FAULT, run_exec(fd, &sniff));
		EXPECT_EQ(heap + BIG / 2, le64toh(sniff.out.rec.addr));
	}
}

/* ---- without the JIT ---- */

/* Load the program again. Returns the engine that runs it. */
static int engine_anew(struct drive *d)
{
	int ret = prog_replace(d->ctrl, OTHER, prog_loop);

	return ret ? -1 : engine_of(d, OTHER);
}

TEST_F(jit, blinding_of_constants)
{
	if (file_write(HARDEN, "2"))
		SKIP(return, "bpf_jit_harden cannot be set");
	EXPECT_EQ(KCSD_ENGINE_INTERP, engine_anew(&self->d));
	EXPECT_EQ(1, counter(self->d.index, "stats/runs_interp"));
	ASSERT_EQ(0, file_write(HARDEN, "0"));
	EXPECT_EQ((int)variant->record, engine_anew(&self->d));
}

TEST_F(jit, jit_switched_off)
{
	if (file_write(ENABLE, "0"))
		SKIP(return, "bpf_jit_enable cannot be set");
	EXPECT_EQ(KCSD_ENGINE_INTERP, engine_anew(&self->d));
	ASSERT_EQ(0, file_write(ENABLE, "1"));
	EXPECT_EQ((int)variant->record, engine_anew(&self->d));
}

/*
 * Test the limits for code: that of the kernel does not apply to threads of the kernel, that of the
 * drive does.
 */
TEST_F(jit, code_memory_limits)
{
	struct drive other = DRIVE_INIT;

	ASSERT_EQ(0, file_write(LIMIT, "65536"));
	EXPECT_EQ((int)variant->record, engine_anew(&self->d));
	ASSERT_EQ(0, create(&other, "jit2", variant->engine, "4K"));
	EXPECT_EQ(KCSD_ENGINE_INTERP, engine_of(&other, SEVEN));
	EXPECT_EQ(0, drive_remove(&other));
	ASSERT_EQ(0, create(&other, "jit2", variant->engine, "0"));
	EXPECT_EQ(KCSD_ENGINE_INTERP, engine_of(&other, SEVEN));
	EXPECT_EQ(0, drive_remove(&other));
}

static __u64 code_bytes(struct drive *d, __u16 pind)
{
	__u64 before = counter(d->index, "stats/memory_bytes");

	engine_of(d, pind);
	return counter(d->index, "stats/memory_bytes") - before;
}

/*
 * Test a program whose code does not fit: interpreted, and not compiled each time, until other code
 * is freed.
 */
TEST_F(jit, unload_makes_room_for_code)
{
	__u64 first = code_bytes(&self->d, SEVEN), second = code_bytes(&self->d, LOOP);
	struct drive other = DRIVE_INIT;
	char limit[32];

	if (variant->record != KCSD_ENGINE_JIT)
		SKIP(return, "there is no JIT code");
	snprintf(limit, sizeof(limit), "%llu",
		 (unsigned long long)(first > second ? first : second) + 100);
	ASSERT_EQ(0, create(&other, "jit2", "jit", limit));
	EXPECT_EQ(KCSD_ENGINE_JIT, engine_of(&other, SEVEN));
	/* Run it often enough to become quick, if it can. */
	for (int i = 0; i < 10; i++) {
		EXPECT_EQ(KCSD_ENGINE_INTERP, engine_of(&other, LOOP));
	}
	ASSERT_EQ(0, prog_deactivate(other.ctrl, SEVEN));
	ASSERT_EQ(0, prog_unload(other.ctrl, SEVEN));
	EXPECT_EQ(KCSD_ENGINE_JIT, engine_of(&other, LOOP));
	EXPECT_EQ(0, drive_remove(&other));
}

/* Test a program with more memory than could be masked: it is interpreted, and works. */
TEST_F(jit, program_with_nearly_all_memory)
{
	const __u32 heap = KST_MIB - KCSD_MAX_ARGS - 3 * 4096 - KCSD_MAX_CALL_DEPTH * 512;

	ASSERT_EQ(0, install_heap(self->d.ctrl, OTHER, prog_seven, ARRAY_SIZE(prog_seven), heap));
	EXPECT_LT(KCSD_ENGINE_NONE, engine_of(&self->d, OTHER));
}

/* ---- cycles of loading and power ---- */

/* Returns the allocations of the kernel for eBPF programs. */
static int bpf_allocations(void)
{
	FILE *f = fopen("/proc/vmallocinfo", "r");
	char line[512];
	int n = 0;

	while (f && fgets(line, sizeof(line), f))
		n += !!strstr(line, "bpf_prog_alloc");
	if (f)
		fclose(f);
	return n;
}

static bool wait_allocations(int want)
{
	for (int i = 0; i < 200; i++) {
		if (bpf_allocations() == want)
			return true;
		sleep_ms(20);
	}
	ksft_print_msg("got %d allocations, expected %d\n", bpf_allocations(), want);
	return false;
}

struct worker {
	pthread_t thread;
	struct drive d;
	__u16 pind;
	bool *stop;
	int cycles;	/* atomic */
};

static struct nvme_uring_cmd seven_cmd(struct run *r, __u16 pind)
{
	r->pind = pind;
	return run_cmd(r);
}

/* Use ioctls: the rings of cmd.h belong to the process, not to a thread. */
static void *cycle(void *arg)
{
	struct worker *w = arg;
	struct nvme_uring_cmd c;
	struct run *r = calloc(1, sizeof(*r));

	while (r && !*w->stop) {
		c = prog_load_cmd(w->pind, prog_loop, sizeof(prog_loop), 0, sizeof(prog_loop));
		cmd_admin_way(CMD_IOCTL64, w->d.ctrl, &c, NULL);
		c = prog_activation_cmd(w->pind, KCSD_ACTIVATION_ACTIVATE);
		cmd_admin_way(CMD_IOCTL64, w->d.ctrl, &c, NULL);
		for (int i = 0; i < 3; i++) {
			c = seven_cmd(r, w->pind);
			c.cdw10 = 100;
			c.cdw14 = i & 1 ? 100000 : 0;
			if (!cmd_io_way(CMD_IOCTL64, w->d.compute, &c, NULL))
				__atomic_add_fetch(&w->cycles, 1, __ATOMIC_RELAXED);
		}
		c = prog_activation_cmd(w->pind, KCSD_ACTIVATION_DEACTIVATE);
		cmd_admin_way(CMD_IOCTL64, w->d.ctrl, &c, NULL);
		c = prog_unload_cmd(w->pind);
		cmd_admin_way(CMD_IOCTL64, w->d.ctrl, &c, NULL);
	}
	free(r);
	return NULL;
}

#define WORKERS	4

static bool all_have_run(struct worker *w)
{
	__u64 end = time_ns() + CMD_TIMEOUT_S * time_slow() * 1000000000ULL;

	for (int i = 0; i < WORKERS; i++) {
		while (!__atomic_load_n(&w[i].cycles, __ATOMIC_RELAXED)) {
			if (time_ns() > end)
				return false;
			sleep_ms(10);
		}
	}
	return true;
}

TEST_F_TIMEOUT(jit, code_comes_and_goes, 60 * time_slow())
{
	struct worker w[WORKERS];
	bool stop;
	int before;

	drive_close(&self->d);
	ASSERT_EQ(0, drive_power(&self->d, false));
	sleep_ms(300);
	before = bpf_allocations();
	for (int round = 0; round < 4; round++) {
		ASSERT_EQ(0, drive_power(&self->d, true));
		stop = false;
		for (int i = 0; i < WORKERS; i++) {
			w[i] = (struct worker){ .d = self->d, .pind = i, .stop = &stop };
			ASSERT_EQ(0, drive_open(&w[i].d, O_RDWR));
			ASSERT_EQ(0, pthread_create(&w[i].thread, NULL, cycle, &w[i]));
		}
		EXPECT_TRUE(all_have_run(w));
		sleep_ms(50);
		/* Power off while the cycles continue. */
		EXPECT_EQ(0, drive_power(&self->d, false));
		stop = true;
		for (int i = 0; i < WORKERS; i++) {
			pthread_join(w[i].thread, NULL);
			drive_close(&w[i].d);
		}
	}
	EXPECT_TRUE(wait_allocations(before));
	ASSERT_EQ(0, drive_power(&self->d, true));
}

TEST_F(jit, memory_is_accounted_for)
{
	int index = self->d.index;
	__u64 before = counter(index, "stats/memory_bytes");

	EXPECT_EQ((int)variant->record, engine_anew(&self->d));
	if (variant->record == KCSD_ENGINE_JIT)
		EXPECT_LT(before + 4096, counter(index, "stats/memory_bytes"));
	ASSERT_EQ(0, prog_deactivate(self->d.ctrl, OTHER));
	ASSERT_EQ(0, prog_unload(self->d.ctrl, OTHER));
	EXPECT_EQ(before, counter(index, "stats/memory_bytes"));
}

DRIVE_TEST_MAIN
