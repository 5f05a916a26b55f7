// SPDX-License-Identifier: GPL-2.0
/* Test CPUs that go offline and come back while endless programs run. */
#include "harness.h"
#include "run.h"

#define CPU		"1"
#define ONLINE		"/sys/devices/system/cpu/cpu" CPU "/online"
#define UNITS		2
#define LIMIT_MS	(time_slow() * 500)
#define LATE_NS		(time_slow() * 5000000000ULL)	/* beyond the limit: a CPU goes offline */
#define ROUNDS		repeats(20, 4)

/* Configure units that begin on the CPU that goes offline. */
#define UNITS_THERE	DRIVE_SMALL, { "cus", "2" }, { "cu_cpus", CPU }, \
	{ "timeout_ms", "600000" }

static const struct drive_attr jit_units[] = { UNITS_THERE, {} };
static const struct drive_attr interp_units[] = { UNITS_THERE, { "engine", "interp" }, {} };

FIXTURE(hotplug) {
	struct drive d;
	struct io_uring ring;
	struct run r[UNITS];
	bool there;		/* the CPU can be turned off */
};

FIXTURE_VARIANT(hotplug) {
	const struct drive_attr *attr;
};

FIXTURE_VARIANT_ADD(hotplug, jit) { .attr = jit_units };
FIXTURE_VARIANT_ADD(hotplug, interp) { .attr = interp_units };

static int set_online(bool on)
{
	return file_write(ONLINE, on ? "1" : "0");
}

FIXTURE_SETUP(hotplug)
{
	drive_sweep();
	self->there = !access(ONLINE, W_OK) && file_number(ONLINE) == 1;
	if (!self->there)
		SKIP(return, "CPU " CPU " is missing, or cannot be turned off");
	ASSERT_EQ(0, drive_create(&self->d, "hotplug", variant->attr));
	ASSERT_EQ(0, prog_install(self->d.ctrl, 0, prog_endless));
	ASSERT_EQ(0, ring_open(&self->ring, UNITS, true));
	for (int i = 0; i < UNITS; i++)
		self->r[i] = (struct run){ .timeout_ms = LIMIT_MS };
}

FIXTURE_TEARDOWN(hotplug)
{
	if (!self->there)
		return;
	EXPECT_EQ(0, set_online(true));
	EXPECT_EQ(0, drive_remove(&self->d));
	io_uring_queue_exit(&self->ring);
}

/* Start an endless run without a budget on each unit. */
static bool begin(struct drive *d, struct io_uring *ring, struct run *r)
{
	for (int i = 0; i < UNITS; i++) {
		struct nvme_uring_cmd c = run_cmd(&r[i]);

		if (ring_put(ring, d->compute, NVME_URING_CMD_IO, &c, i))
			return false;
	}
	return io_uring_submit(ring) == UNITS && drive_becomes(d, "units/running", UNITS);
}

/*
 * Test that time limits work while a CPU goes offline, when its work moves to other CPUs, which are
 * busy.
 */
TEST_F_TIMEOUT(hotplug, runs_complete_in_time, 300)
{
	__u64 start, tag;
	int res;

	for (__u32 round = 0; round < ROUNDS; round++) {
		start = time_ns();
		ASSERT_TRUE(begin(&self->d, &self->ring, self->r));
		ASSERT_EQ(0, set_online(false));
		for (int i = 0; i < UNITS; i++) {
			ASSERT_EQ(0, ring_get(&self->ring, CMD_TIMEOUT_S * 1000, &tag, &res, NULL));
			EXPECT_EQ(KCSD_SC_PROGRAM_TIME, cmd_status(res));
		}
		EXPECT_GT(LIMIT_MS * 1000000ULL + LATE_NS, time_ns() - start);
		ASSERT_EQ(0, set_online(true));
	}
}

TEST_F_TIMEOUT(hotplug, power_off_during_hotplug, 300)
{
	__u64 start, tag;
	int res;

	for (int i = 0; i < UNITS; i++)
		self->r[i].timeout_ms = 600000;
	ASSERT_TRUE(begin(&self->d, &self->ring, self->r));
	ASSERT_EQ(0, set_online(false));
	start = time_ns();
	EXPECT_EQ(0, drive_power(&self->d, false));
	EXPECT_GT(LATE_NS, time_ns() - start);
	for (int i = 0; i < UNITS; i++) {
		ASSERT_EQ(0, ring_get(&self->ring, CMD_TIMEOUT_S * 1000, &tag, &res, NULL));
		EXPECT_EQ(KCSD_SC_PROGRAM_CANCELLED, cmd_status(res));
	}
}

DRIVE_TEST_MAIN
