// SPDX-License-Identifier: GPL-2.0
/* Test how tenants share the compute units, and the numbers that they read of it. */
#include "harness.h"
#include "block_zones.h"
#include "free_memory.h"
#include "tenant.h"

#include <sys/resource.h>

#define MANY		10000	/* on a machine of usual speed */
#define GATE_MS		600000
#define SPIN		1000000	/* loops of a run that takes some time */

enum { WHEN, ENDLESS };

FIXTURE(schedule) {
	struct drive d;
	struct tenant gate, a, b;
	struct completion *of_a, *of_b;	/* results, `many` of each */
	int many;
};

FIXTURE_VARIANT(schedule) {
	const char *cus;
	int units;
};

FIXTURE_VARIANT_ADD(schedule, one_unit) { .cus = "1", .units = 1 };
FIXTURE_VARIANT_ADD(schedule, two_units) { .cus = "2", .units = 2 };

/*
 * Let every unit run WHEN, so that its JIT code is ready there: a first run starts late, and
 * runs that start meanwhile on other units would seem to be preferred.
 */
static bool warm_up(struct tenant *t, const struct drive *d, int units)
{
	struct nvme_uring_cmd c = tenant_cmd(WHEN, SPIN, 0);
	char file[64];

	for (int unit = 0, tries = 0; unit < units && tries < 100; tries++) {
		if (tenant_send(t, &c, units, 0) || tenant_reap(t, NULL, units))
			return false;
		snprintf(file, sizeof(file), "units/%d/runs", unit);
		unit += drive_number(d, file) > 0;
	}
	return true;
}

FIXTURE_SETUP(schedule)
{
	const struct drive_attr attrs[] = {
		DRIVE_SMALL, { "cus", variant->cus }, { "timeout_ms", "600000" }, {}
	};

	drive_sweep();
	self->many = repeats(MANY, 1000);
	self->gate.fd = self->a.fd = self->b.fd = -1;
	self->of_a = calloc(MANY, sizeof(*self->of_a));
	self->of_b = calloc(MANY, sizeof(*self->of_b));
	ASSERT_TRUE(self->of_a && self->of_b);
	ASSERT_EQ(0, drive_create(&self->d, "schedule", attrs));
	ASSERT_EQ(0, prog_install(self->d.ctrl, WHEN, prog_when));
	ASSERT_EQ(0, prog_install(self->d.ctrl, ENDLESS, prog_endless));
	ASSERT_EQ(0, tenant_open(&self->gate, &self->d));
	ASSERT_EQ(0, tenant_open(&self->a, &self->d));
	ASSERT_EQ(0, tenant_open(&self->b, &self->d));
	ASSERT_TRUE(warm_up(&self->gate, &self->d, variant->units));
}

FIXTURE_TEARDOWN(schedule)
{
	tenant_close(&self->gate);
	tenant_close(&self->a);
	tenant_close(&self->b);
	free(self->of_a);
	free(self->of_b);
	EXPECT_EQ(0, drive_remove(&self->d));
}

/* Keep all units busy until gate_open(). Commands that are sent before have to wait. */
static bool gate_close(struct tenant *gate, const struct drive *d, int units)
{
	struct nvme_uring_cmd c = tenant_cmd(ENDLESS, 0, GATE_MS);

	return !tenant_send(gate, &c, units, 0) && drive_becomes(d, "units/running", units);
}

static void gate_open(struct tenant *gate)
{
	tenant_close(gate);
}

static int count_ok(const struct completion *e, int nr)
{
	int ok = 0;

	for (int i = 0; i < nr; i++)
		ok += !e[i].res;
	return ok;
}

/* Returns the number of these runs that started after `from` and before `to`. */
static int started_between(const struct completion *e, int nr, __u64 from, __u64 to)
{
	int n = 0;

	for (int i = 0; i < nr; i++)
		n += !e[i].res && e[i].r0 > from && e[i].r0 < to;
	return n;
}

TEST_F(schedule, many_runs_delay_another_by_one_per_unit)
{
	struct nvme_uring_cmd c = tenant_cmd(WHEN, 100, 0);
	int before;

	ASSERT_TRUE(gate_close(&self->gate, &self->d, variant->units));
	ASSERT_EQ(0, tenant_send(&self->a, &c, self->many, 0));
	EXPECT_EQ(self->many, drive_number(&self->d, "units/queued"));
	EXPECT_EQ(self->many, tenant_number(self->a.fd, "kcsd-queued:"));
	ASSERT_EQ(0, tenant_send(&self->b, &c, 1, 0));
	gate_open(&self->gate);
	ASSERT_EQ(0, tenant_reap(&self->b, self->of_b, 1));
	ASSERT_EQ(0, tenant_reap(&self->a, self->of_a, self->many));
	EXPECT_EQ(1, count_ok(self->of_b, 1));
	EXPECT_EQ(self->many, count_ok(self->of_a, self->many));
	before = started_between(self->of_a, self->many, 0, self->of_b[0].r0);
	EXPECT_GE(variant->units, before) TH_LOG("%d runs completed before", before);
	EXPECT_EQ(0, drive_number(&self->d, "units/queued"));
	EXPECT_TRUE(drive_becomes(&self->d, "units/running", 0));
	EXPECT_EQ(0, tenant_number(self->a.fd, "kcsd-queued:"));
}

/*
 * Test that each run of a tenant that uses less than its share starts soon, not only the first one.
 * One may seem late, if its sender was preempted between the clock and the queue; without shares
 * all eight are late.
 */
TEST_F(schedule, single_runs_among_many)
{
	struct nvme_uring_cmd many = tenant_cmd(WHEN, SPIN / 5, 0);
	struct run one = { .pind = WHEN };
	__u64 queued[8], started[8];
	int late = 0;

	ASSERT_EQ(0, tenant_send(&self->a, &many, self->many / 4, 0));
	for (int i = 0; i < 8; i++) {
		sleep_ms(20);
		ASSERT_EQ(0, run_exec(self->b.fd, &one));
		started[i] = one.result;
		queued[i] = started[i] - one.out.rec.wait_ns;
	}
	ASSERT_EQ(0, tenant_reap(&self->a, self->of_a, self->many / 4));
	for (int i = 0; i < 8; i++) {
		int n = started_between(self->of_a, self->many / 4, queued[i], started[i]);

		if (n > variant->units)
			ksft_print_msg("run %d: %d others completed before\n", i, n);
		late += n > variant->units;
	}
	EXPECT_GE(2, late);
}

/*
 * Test that runs of one tenant start in order. With one unit, because they overtake each other
 * between units.
 */
TEST_F(schedule, in_order_within_a_tenant)
{
	struct nvme_uring_cmd c = tenant_cmd(WHEN, 0, 0);

	if (variant->units > 1)
		SKIP(return, "one unit only");
	ASSERT_TRUE(gate_close(&self->gate, &self->d, 1));
	ASSERT_EQ(0, tenant_send(&self->a, &c, 500, 0));
	gate_open(&self->gate);
	ASSERT_EQ(0, tenant_reap(&self->a, self->of_a, 500));
	for (int i = 0; i < 500; i++)
		self->of_b[self->of_a[i].tag] = self->of_a[i];
	for (int i = 1; i < 500; i++) {
		EXPECT_LT(self->of_b[i - 1].r0, self->of_b[i].r0)
			TH_LOG("run %d", i);
	}
}

#define SHARED_NS	2000000000ULL	/* time over which shares are measured, unless */
#define SHARED_RUNS	2500		/* as many runs take less */

/* True if both tenants have enough runs queued for some time. */
static bool both_busy(const struct tenant *a, const struct tenant *b)
{
	return tenant_number(a->fd, "kcsd-queued:") > SHARED_RUNS / 4 &&
	       tenant_number(b->fd, "kcsd-queued:") > SHARED_RUNS / 4;
}

/*
 * Returns the run time of b in percent of the run time of a, while both have enough queued. (A
 * count of runs would depend on the other work of the machine.)
 */
static int share_of_b(struct tenant *a, __u64 loops_a, struct tenant *b, __u64 loops_b,
		      struct tenant *gate)
{
	struct nvme_uring_cmd ca = tenant_cmd(WHEN, loops_a, 0), cb = tenant_cmd(WHEN, loops_b, 0);
	__u64 a0 = tenant_number(a->fd, "kcsd-run-ns:"), b0 = tenant_number(b->fd, "kcsd-run-ns:");
	__u64 of_a = 0, of_b = 0;

	if (tenant_send(a, &ca, SHARED_RUNS, 0) || tenant_send(b, &cb, SHARED_RUNS, 0))
		return -1;
	gate_open(gate);
	for (int i = 0; i < 2000 && of_a + of_b < SHARED_NS && both_busy(a, b); i++) {
		sleep_ms(10);
		of_a = tenant_number(a->fd, "kcsd-run-ns:") - a0;
		of_b = tenant_number(b->fd, "kcsd-run-ns:") - b0;
	}
	/* Fail if one tenant had the units alone at the end. */
	if (!tenant_number(a->fd, "kcsd-queued:") || !tenant_number(b->fd, "kcsd-queued:"))
		return -1;
	return of_a ? of_b * 100 / of_a : -1;
}

TEST_F(schedule, equal_tenants_have_equal_shares)
{
	int n;

	ASSERT_TRUE(gate_close(&self->gate, &self->d, variant->units));
	n = share_of_b(&self->a, SPIN, &self->b, SPIN, &self->gate);
	EXPECT_TRUE(n > 50 && n < 200) TH_LOG("got %d, expected about 100", n);
	EXPECT_LT(0, tenant_number(self->a.fd, "kcsd-run-ns:"));
}

/* Test runs that take ten times as long: the same time, so a tenth of the runs. */
TEST_F(schedule, long_runs_count_for_more)
{
	int n;

	ASSERT_TRUE(gate_close(&self->gate, &self->d, variant->units));
	n = share_of_b(&self->a, 10 * SPIN, &self->b, SPIN, &self->gate);
	EXPECT_TRUE(n > 50 && n < 200) TH_LOG("got %d, expected about 100", n);
}

/*
 * Test the weight of a tenant, the nice value of the task that opened the file: 5 steps make a
 * third.
 */
TEST_F(schedule, weight)
{
	struct tenant nice;
	int n;

	ASSERT_EQ(0, setpriority(PRIO_PROCESS, 0, 5));
	ASSERT_EQ(0, tenant_open(&nice, &self->d));
	ASSERT_EQ(0, setpriority(PRIO_PROCESS, 0, 0));
	EXPECT_EQ(1024, tenant_number(self->a.fd, "kcsd-weight:"));
	EXPECT_EQ(336, tenant_number(nice.fd, "kcsd-weight:"));
	ASSERT_TRUE(gate_close(&self->gate, &self->d, variant->units));
	n = share_of_b(&self->a, SPIN, &nice, SPIN, &self->gate);
	EXPECT_TRUE(n > 16 && n < 66) TH_LOG("got %d, expected about 33", n);
	tenant_close(&nice);
}

/* Test that a tenant that was idle for long gets no more than its share afterwards. */
TEST_F(schedule, idle_tenants_save_no_time)
{
	struct nvme_uring_cmd c = tenant_cmd(WHEN, SPIN, 0);
	int n;

	ASSERT_EQ(0, tenant_send(&self->b, &c, 1, 0));
	ASSERT_EQ(0, tenant_reap(&self->b, self->of_b, 1));
	ASSERT_EQ(0, tenant_send(&self->a, &c, 100, 0));
	ASSERT_EQ(0, tenant_reap(&self->a, self->of_a, 100));
	ASSERT_TRUE(gate_close(&self->gate, &self->d, variant->units));
	n = share_of_b(&self->a, SPIN, &self->b, SPIN, &self->gate);
	EXPECT_TRUE(n > 50 && n < 200) TH_LOG("got %d, expected about 100", n);
}

/* Send endless runs, which only their time limit stops, four times as many as there are units. */
TEST_F(schedule, endless_programs_get_their_share_only)
{
	struct nvme_uring_cmd endless = tenant_cmd(ENDLESS, 0, 250), c = tenant_cmd(WHEN, 0, 0);
	int nr = 4 * variant->units, over;

	ASSERT_EQ(0, tenant_send(&self->a, &endless, nr, 0));
	ASSERT_TRUE(drive_becomes(&self->d, "units/running", variant->units));
	for (int i = 0; i < 3; i++) {
		over = drive_number(&self->d, "stats/faults_time");
		ASSERT_EQ(0, tenant_send(&self->b, &c, 1, 0));
		ASSERT_EQ(0, tenant_reap(&self->b, self->of_b, 1));
		EXPECT_EQ(0, self->of_b[0].res);
		over = drive_number(&self->d, "stats/faults_time") - over;
		EXPECT_GE(variant->units, over) TH_LOG("%d endless runs completed before", over);
	}
	ASSERT_EQ(0, tenant_reap(&self->a, self->of_a, nr));
	for (int i = 0; i < nr; i++)
		EXPECT_EQ(KCSD_SC_PROGRAM_TIME, cmd_status(self->of_a[i].res));
}

/* Test that thousands of runs in flight, all cancelled, leave no memory allocated. */
TEST_F(schedule, memory_of_many_runs_is_freed)
{
	struct nvme_uring_cmd c = tenant_cmd(ENDLESS, 0, 0);
	__u64 bytes = drive_number(&self->d, "stats/memory_bytes"), before = 0, after = 0;

	/* The first round fills caches. */
	for (int round = 0; round < 3; round++) {
		ASSERT_EQ(0, tenant_send(&self->a, &c, self->many, 0));
		/* Read one number after the other: a run may move between them. */
		EXPECT_TRUE(drive_becomes(&self->d, "units/running", variant->units));
		EXPECT_EQ(self->many - variant->units, drive_number(&self->d, "units/queued"));
		tenant_close(&self->a);
		EXPECT_TRUE(drive_becomes(&self->d, "units/queued", 0));
		EXPECT_TRUE(drive_becomes(&self->d, "units/running", 0));
		EXPECT_TRUE(drive_becomes(&self->d, "stats/faults_cancelled",
					  self->many * (round + 1)));
		sleep_ms(300);
		*(round ? &after : &before) = memory_available();
		ASSERT_EQ(0, tenant_open(&self->a, &self->d));
	}
	EXPECT_GT(after + MEMORY_SLACK, before)
		TH_LOG("free memory: %llu KiB less", (unsigned long long)(before - after) >> 10);
	EXPECT_LE(bytes, drive_number(&self->d, "stats/memory_bytes"));
	EXPECT_GE(bytes + KST_MIB, drive_number(&self->d, "stats/memory_bytes"));
}

TEST_F(schedule, units_in_sysfs)
{
	struct nvme_uring_cmd c = tenant_cmd(ENDLESS, 0, 200);
	__u64 runs = 0, busy = 0, idle = 0;
	char file[64];

	ASSERT_EQ(0, tenant_send(&self->a, &c, 2 * variant->units, 0));
	ASSERT_EQ(0, tenant_reap(&self->a, self->of_a, 2 * variant->units));
	ASSERT_TRUE(drive_becomes(&self->d, "units/running", 0));
	for (int i = 0; i < variant->units; i++) {
		snprintf(file, sizeof(file), "units/%d/runs", i);
		runs += drive_number(&self->d, file);
		snprintf(file, sizeof(file), "units/%d/busy_ns", i);
		EXPECT_LE(200000000, drive_number(&self->d, file));
		busy += drive_number(&self->d, file);
		snprintf(file, sizeof(file), "units/%d/idle_ns", i);
		EXPECT_LT(0, drive_number(&self->d, file));
		idle += drive_number(&self->d, file);
	}
	EXPECT_EQ(drive_number(&self->d, "stats/runs"), runs);
	EXPECT_EQ(drive_number(&self->d, "stats/cu_busy_ns"), busy);
	EXPECT_LE(idle, drive_number(&self->d, "stats/cu_idle_ns"));
	snprintf(file, sizeof(file), "units/%d/runs", variant->units);
	EXPECT_EQ(~0ULL, drive_number(&self->d, file));
}

/*
 * Time limit of one run: enough, on the slowest machine, for the commands that are tried during it.
 */
#define LONG_MS		2000

/* Test that a run is charged for its own memory, not for wiping the memory of an earlier tenant. */
TEST_F(schedule, wiping_after_others_is_not_charged)
{
	const struct drive_attr attrs[] = {
		DRIVE_SMALL, { "cus", "1" }, { "arena_size", "67108864" }, {}
	};
	const struct image large = {
		.insns = prog_seven, .insn_cnt = ARRAY_SIZE(prog_seven), .heap_len = 60 * KST_MIB,
	};
	struct nvme_uring_cmd c[2] = { tenant_cmd(0, 0, 0), tenant_cmd(1, 0, 0) };
	struct drive d = DRIVE_INIT;
	__u64 before[2], took[2];
	struct tenant t[2];

	ASSERT_EQ(0, drive_create(&d, "schedule-large", attrs));
	ASSERT_EQ(0, prog_install_image(d.ctrl, 0, &large));
	ASSERT_EQ(0, prog_install(d.ctrl, 1, prog_seven));
	for (int i = 0; i < 2; i++)
		ASSERT_EQ(0, tenant_open(&t[i], &d));
	for (int round = 0; round < 6; round++) {
		for (int i = 0; i < 2; i++) {
			if (round == 1)
				before[i] = tenant_number(t[i].fd, "kcsd-run-ns:");
			ASSERT_EQ(0, tenant_send(&t[i], &c[i], 1, 0));
			ASSERT_EQ(0, tenant_reap(&t[i], NULL, 1));
		}
	}
	for (int i = 0; i < 2; i++) {
		took[i] = tenant_number(t[i].fd, "kcsd-run-ns:") - before[i];
		tenant_close(&t[i]);
	}
	EXPECT_LT(took[1], took[0] / 4);
	EXPECT_EQ(0, drive_remove(&d));
}

/*
 * Test that a tenant is charged for wiping its own memory: all time of a unit is charged to a
 * tenant.
 */
TEST_F(schedule, wiping_own_memory_is_charged)
{
	const struct drive_attr attrs[] = {
		DRIVE_SMALL, { "cus", "1" }, { "arena_size", "67108864" }, {}
	};
	const struct image large = {
		.insns = prog_seven, .insn_cnt = ARRAY_SIZE(prog_seven), .heap_len = 60 * KST_MIB,
	};
	struct nvme_uring_cmd c[2] = { tenant_cmd(0, 0, 0), tenant_cmd(1, 0, 0) };
	struct drive d = DRIVE_INIT;
	__u64 now, before = 0, took[2] = {};
	struct tenant t;

	ASSERT_EQ(0, drive_create(&d, "schedule-large", attrs));
	ASSERT_EQ(0, prog_install_image(d.ctrl, 0, &large));
	ASSERT_EQ(0, prog_install(d.ctrl, 1, prog_seven));
	ASSERT_EQ(0, tenant_open(&t, &d));
	for (int i = 0; i < 12; i++) {
		ASSERT_EQ(0, tenant_send(&t, &c[i % 2], 1, 0));
		ASSERT_EQ(0, tenant_reap(&t, NULL, 1));
		now = tenant_number(t.fd, "kcsd-run-ns:");
		if (i > 1)
			took[i % 2] += now - before;
		before = now;
	}
	/* The small one wipes what the large one clears: about as long. */
	EXPECT_GT(took[1], took[0] / 8);
	tenant_close(&t);
	EXPECT_EQ(0, drive_remove(&d));
}

FIXTURE(queue_limit) {
	struct drive d;
	struct tenant a, b;
	struct completion of_a[16];
};

FIXTURE_SETUP(queue_limit)
{
	static const struct drive_attr attrs[] = {
		DRIVE_SMALL, { "cus", "1" }, { "queue_limit", "4" }, {}
	};

	drive_sweep();
	self->a.fd = self->b.fd = -1;
	ASSERT_EQ(0, drive_create(&self->d, "limit", attrs));
	ASSERT_EQ(0, prog_install(self->d.ctrl, WHEN, prog_when));
	ASSERT_EQ(0, prog_install(self->d.ctrl, ENDLESS, prog_endless));
	ASSERT_EQ(0, tenant_open(&self->a, &self->d));
	ASSERT_EQ(0, tenant_open(&self->b, &self->d));
}

FIXTURE_TEARDOWN(queue_limit)
{
	tenant_close(&self->a);
	tenant_close(&self->b);
	EXPECT_EQ(0, drive_remove(&self->d));
}

/* Test one run more than the limit: refused at once, without DNR, and uses nothing. */
TEST_F(queue_limit, run_above_the_limit_is_refused)
{
	struct nvme_uring_cmd endless = tenant_cmd(ENDLESS, 0, LONG_MS), c = tenant_cmd(WHEN, 0, 0);
	int status = 0;

	ASSERT_EQ(0, tenant_send(&self->a, &endless, 4, 0));
	ASSERT_EQ(0, tenant_send(&self->a, &c, 3, 100));
	ASSERT_EQ(0, tenant_reap(&self->a, self->of_a, 3));
	for (int i = 0; i < 3; i++) {
		EXPECT_LE(100, self->of_a[i].tag);
		EXPECT_EQ(KCSD_SC_INSUFFICIENT_RESOURCES, self->of_a[i].res);
	}
	for (int way = CMD_IOCTL; way <= CMD_IOCTL64; way++)
		EXPECT_EQ(KCSD_SC_INSUFFICIENT_RESOURCES,
			  cmd_io_way(way, self->a.fd, &c, NULL));
	EXPECT_TRUE(drive_becomes(&self->d, "units/running", 1));
	EXPECT_EQ(3, drive_number(&self->d, "units/queued"));
	/* The other tenant has its own limit. */
	EXPECT_EQ(0, cmd_io_way(CMD_IOCTL64, self->b.fd, &c, NULL));
	ASSERT_EQ(0, tenant_reap(&self->a, self->of_a, 4));
	for (int i = 0; i < 4 && !status; i++)
		status = cmd_io_way(CMD_IOCTL64, self->a.fd, &c, NULL);
	EXPECT_EQ(0, status);
}

/* Test copies of a descriptor, also in a child: the same open file, so the same limit. */
TEST_F(queue_limit, descriptor_copies_share_a_tenant)
{
	struct nvme_uring_cmd endless = tenant_cmd(ENDLESS, 0, LONG_MS), c = tenant_cmd(WHEN, 0, 0);
	int copy = dup(self->a.fd), status;
	pid_t pid;

	ASSERT_LE(0, copy);
	ASSERT_EQ(0, tenant_send(&self->a, &endless, 4, 0));
	EXPECT_EQ(KCSD_SC_INSUFFICIENT_RESOURCES, cmd_io_way(CMD_IOCTL64, copy, &c, NULL));
	pid = fork();
	if (!pid)
		_exit(cmd_io_way(CMD_IOCTL64, copy, &c, NULL) != KCSD_SC_INSUFFICIENT_RESOURCES);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	close(copy);
	ASSERT_EQ(0, tenant_reap(&self->a, self->of_a, 4));
}

/* Test that commands that are refused as invalid give back their slots. */
TEST_F(queue_limit, refused_commands_do_not_count)
{
	struct nvme_uring_cmd bad = tenant_cmd(77, 0, 0), none = tenant_cmd(2, 0, 0);
	struct nvme_uring_cmd unmapped = tenant_cmd(WHEN, 0, 0), c = unmapped;

	unmapped.addr = 8;
	unmapped.data_len = 4096;
	for (int i = 0; i < 10; i++) {
		EXPECT_NE(0, cmd_io_way(CMD_IOCTL64, self->a.fd, &bad, NULL));
		EXPECT_EQ(KCSD_SC_NO_PROGRAM, cmd_io_way(CMD_IOCTL64, self->a.fd, &none, NULL));
		EXPECT_EQ(-EFAULT, cmd_io_way(CMD_IOCTL64, self->a.fd, &unmapped, NULL));
	}
	EXPECT_EQ(0, cmd_io_way(CMD_IOCTL64, self->a.fd, &c, NULL));
}

DRIVE_TEST_MAIN
