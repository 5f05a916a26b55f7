// SPDX-License-Identifier: GPL-2.0
/*
 * Repeat all steps of programs hundreds of times, from several threads, while the drive is powered
 * off and on: load, activate, run, deactivate, unload. Nothing must stay allocated.
 */
#include "harness.h"
#include "free_memory.h"
#include "tenant.h"

#include <pthread.h>

#define THREADS		6
#define POWER_CYCLES	3	/* in one round */
#define PATIENCE_MS	60000
#define HEAP		65536

struct worker {
	pthread_t thread;
	const struct drive *d;
	__u16 pind;
	_Atomic bool stop;
	_Atomic int cycles;	/* complete ones */
	int off;		/* cycles that a power off stopped */
	int bad;		/* result that is not allowed; then the thread stops */
	const char *step;	/* step that gave it */
};

FIXTURE(cycles) {
	struct drive d;
	struct worker w[THREADS];
};

FIXTURE_VARIANT(cycles) {
	const char *engine;
};

FIXTURE_VARIANT_ADD(cycles, jit) { .engine = "jit" };
FIXTURE_VARIANT_ADD(cycles, interp) { .engine = "interp" };

FIXTURE_SETUP(cycles)
{
	const struct drive_attr attrs[] = {
		DRIVE_SMALL, { "engine", variant->engine }, { "cus", "3" }, {}
	};

	drive_sweep();
	ASSERT_EQ(0, drive_create(&self->d, "cycles", attrs));
	drive_close(&self->d);
}

FIXTURE_TEARDOWN(cycles)
{
	EXPECT_EQ(0, drive_remove(&self->d));
}

/* True for the results of commands that are sent while the power goes off. */
static bool power_went(int ret)
{
	return ret == -ENODEV || ret == -ENXIO || ret == -ENOENT ||
	       ret == KCSD_SC_PROGRAM_CANCELLED;
}

static int load(int ctrl, __u16 pind)
{
	static const struct bpf_insn insns[] = {
		I_CTX(R2, R1, heap), I_CTX(R3, R1, heap_len), I_ALUR(BPF_ADD, R3, R2),
		I_LDX(BPF_DW, R0, R3, -8), I_ST(BPF_DW, R3, -8, 1), I_ADD(R0, 7), I_EXIT,
	};
	struct kcsd_image head = {
		.version = KCSD_IMAGE_VERSION, .hdr_len = sizeof(head),
		.insn_cnt = ARRAY_SIZE(insns), .heap_len = HEAP, .name = "cycle",
	};
	__u8 image[sizeof(head) + sizeof(insns)] __attribute__((aligned(8)));
	struct nvme_uring_cmd c = prog_load_cmd(pind, image, sizeof(image), 0, sizeof(image));

	memcpy(head.magic, KCSD_IMAGE_MAGIC, KCSD_IMAGE_MAGIC_LEN);
	memcpy(image, &head, sizeof(head));
	memcpy(image + sizeof(head), insns, sizeof(insns));
	return cmd_admin_way(CMD_IOCTL, ctrl, &c, NULL);
}

/* Run the program. Its memory is new each time, so the result is 7. */
static int run(int compute, __u16 pind)
{
	struct nvme_uring_cmd c = tenant_cmd(pind, 0, 0);
	__u64 result = 0;
	int ret = cmd_io_way(CMD_IOCTL64, compute, &c, &result);

	return ret || result == 7 ? ret : -EPROTO;
}

/* Do all steps once. Returns 0, or the wrong result of w->step. */
static int cycle(struct worker *w, int ctrl, int compute)
{
	struct nvme_uring_cmd on = prog_activation_cmd(w->pind, KCSD_ACTIVATION_ACTIVATE);
	struct nvme_uring_cmd off = prog_activation_cmd(w->pind, KCSD_ACTIVATION_DEACTIVATE);
	struct nvme_uring_cmd unload = prog_unload_cmd(w->pind);
	int ret;

	w->step = "load";
	ret = load(ctrl, w->pind);
	w->step = ret ? w->step : "activate";
	ret = ret ? ret : cmd_admin_way(CMD_IOCTL, ctrl, &on, NULL);
	w->step = ret ? w->step : "run";
	for (int i = 0; !ret && i < 6; i++)
		ret = run(compute, w->pind);
	w->step = ret ? w->step : "deactivate";
	ret = ret ? ret : cmd_admin_way(CMD_IOCTL, ctrl, &off, NULL);
	w->step = ret ? w->step : "unload";
	return ret ? ret : cmd_admin_way(CMD_IOCTL, ctrl, &unload, NULL);
}

/* Do cycles with files of this thread, which are opened again after each power off. */
static void *worker_thread(void *arg)
{
	struct worker *w = arg;

	while (!w->stop && !w->bad) {
		struct drive d = *w->d;
		int ret = drive_open(&d, O_RDWR);

		while (!ret && !w->stop) {
			ret = cycle(w, d.ctrl, d.compute);
			w->cycles += !ret;
		}
		w->bad = power_went(ret) ? 0 : ret;
		w->off += ret && d.ctrl >= 0;
		drive_close(&d);
		sleep_ms(1);
	}
	return NULL;
}

static int cycles_of(const struct worker *w)
{
	int sum = 0;

	for (int i = 0; i < THREADS; i++)
		sum += w[i].cycles;
	return sum;
}

/* Returns the minimum of cycles of all threads in a round. */
static int cycles_wanted(void)
{
	return repeats(150, 30);
}

/* Wait until so many cycles are complete. Returns false if it takes too long. */
static bool wait_cycles(const struct worker *w, int wanted)
{
	for (int ms = 0; ms < PATIENCE_MS; ms += 5) {
		if (cycles_of(w) >= wanted)
			return true;
		sleep_ms(5);
	}
	return false;
}

static void start(struct worker *w, const struct drive *d)
{
	for (int i = 0; i < THREADS; i++) {
		w[i] = (struct worker){ .d = d, .pind = i };
		if (pthread_create(&w[i].thread, NULL, worker_thread, &w[i]))
			abort();
	}
}

static void stop(struct worker *w)
{
	for (int i = 0; i < THREADS; i++)
		w[i].stop = true;
	for (int i = 0; i < THREADS; i++)
		pthread_join(w[i].thread, NULL);
}

/* Run the threads while the power goes off and on. The drive is off afterwards. */
static bool stress(struct worker *w, const struct drive *d)
{
	bool good = true;

	start(w, d);
	for (int i = 0; good && i < POWER_CYCLES; i++)
		good = wait_cycles(w, cycles_of(w) + cycles_wanted() / POWER_CYCLES) &&
		       !drive_power(d, false) && !drive_power(d, true);
	good = good && wait_cycles(w, cycles_of(w) + THREADS);
	stop(w);
	return good;
}

/* Returns the available memory, after the kernel has freed the memory that it can free. */
static __u64 memory_at_rest(void)
{
	sync();
	file_write("/proc/sys/vm/drop_caches", "3");
	sleep_ms(500);
	return memory_available();
}

TEST_F_TIMEOUT(cycles, programs_and_power, 240)
{
	__u64 bytes = drive_number(&self->d, "stats/memory_bytes"), before = 0, after = 0;
	int offs = 0;

	/* The first round fills caches. */
	for (int round = 0; round < 3; round++) {
		ASSERT_TRUE(stress(self->w, &self->d));
		for (int i = 0; i < THREADS; i++) {
			EXPECT_EQ(0, self->w[i].bad) TH_LOG("thread %d: %s", i, self->w[i].step);
			offs += self->w[i].off;
		}
		EXPECT_LE(cycles_wanted(), cycles_of(self->w));
		EXPECT_EQ(bytes, drive_number(&self->d, "stats/memory_bytes"));
		EXPECT_EQ(0, drive_number(&self->d, "units/queued"));
		EXPECT_TRUE(drive_becomes(&self->d, "units/running", 0));
		ASSERT_EQ(0, drive_power(&self->d, false));
		*(round ? &after : &before) = memory_at_rest();
		ASSERT_EQ(0, drive_power(&self->d, true));
	}
	EXPECT_LE(3 * POWER_CYCLES, offs);
	EXPECT_GT(after + MEMORY_SLACK, before)
		TH_LOG("free memory: %llu KiB less", (unsigned long long)(before - after) >> 10);
}

DRIVE_TEST_MAIN
