// SPDX-License-Identifier: GPL-2.0
/* Commands of namespace 1 that wait for a worker must hold no memory for their data meanwhile. */
#include "harness.h"
#include "cgroup.h"
#include "nvm.h"

#define LBA	4096u
#define LBAS	512u	/* more than a submitter executes itself */
#define WAITING	200
#define BUFFER	65536u	/* bytes of memory for each command that executes */

FIXTURE(nvm_waiting) { struct drive d; };

FIXTURE_VARIANT(nvm_waiting) { bool copy; };
FIXTURE_VARIANT_ADD(nvm_waiting, verify) { .copy = false };
FIXTURE_VARIANT_ADD(nvm_waiting, copy) { .copy = true };

FIXTURE_SETUP(nvm_waiting)
{
	const struct drive_attr attrs[] = { DRIVE_SMALL, { "queue_limit", "1000" }, { } };

	drive_sweep();
	self->d = (struct drive)DRIVE_INIT;
	ASSERT_EQ(0, drive_create(&self->d, "waiting", attrs));
}

FIXTURE_TEARDOWN(nvm_waiting)
{
	EXPECT_EQ(0, drive_remove(&self->d));
	cgroup_leave();
}

TEST_F(nvm_waiting, waiting_takes_no_memory_for_data)
{
	struct kcsd_nvm_copy_lba source = nvm_source(0, LBAS);
	struct nvme_uring_cmd c = variant->copy ? nvm_copy(2 * LBAS, &source, 1) :
						  nvm_lbas(NVM_VERIFY, 0, LBAS);
	struct io_uring ring;
	__u64 before, tag;
	int res;

	/*
	 * A rule delays the first commands, which occupy all workers; the other commands wait for
	 * them.
	 */
	ASSERT_EQ(0, drive_set(self->d.name, "inject", "read delay=3600000"));
	ASSERT_EQ(0, drive_set(self->d.name, "inject", "write delay=3600000"));
	ASSERT_EQ(0, cgroup_enter());
	ASSERT_EQ(0, ring_open(&ring, WAITING, false));
	for (int i = 0; i < WAITING; i++)
		ASSERT_EQ(0, ring_put(&ring, self->d.nvm, NVME_URING_CMD_IO, &c, i));
	before = cgroup_number("memory.current");
	ASSERT_EQ(WAITING, io_uring_submit(&ring));
	EXPECT_GT(before + WAITING * BUFFER / 2, cgroup_number("memory.current"));
	ASSERT_EQ(0, cgroup_move_out());
	ASSERT_EQ(0, drive_set(self->d.name, "inject", "clear"));
	for (int i = 0; i < WAITING; i++) {
		ASSERT_EQ(0, ring_get(&ring, 30000, &tag, &res, NULL));
		EXPECT_EQ(0, res);
	}
	io_uring_queue_exit(&ring);
}

DRIVE_TEST_MAIN
