// SPDX-License-Identifier: GPL-2.0
/*
 * Test completed runs that the submitter does not reap. Their memory is charged to the submitter,
 * and they count for its limit of runs.
 */
#include "harness.h"
#include "admin.h"
#include "cgroup.h"
#include "nvm.h"
#include "tenant.h"

#include <sys/mman.h>

#define RUNS		16
#define PIECE		65536		/* bytes of one emit */
#define OUT_LEN		(4u << 20)	/* bytes of output of a run */
#define LIMIT		4

enum { EMIT };

/* Emit the heap, cparam1 times. */
static const struct bpf_insn prog_emit[] = {
	I_CTX(R6, R1, cparam1), I_CTX(R7, R1, heap),
	I_MOVR(R1, R7), I_MOV(R2, PIECE), I_HELPER(emit),
	I_ADD(R6, -1), I_JMP(BPF_JNE, R6, 0, -5),
	I_MOV(R0, 0), I_EXIT,
};

FIXTURE(unreaped) {
	struct drive d;
	struct nvme_uring_cmd cmd;
	int fd;				/* compute node, opened read-only */
};

FIXTURE_VARIANT(unreaped) { unsigned int flags; };
/* Defer completions until the task enters the kernel for them, or polls. */
FIXTURE_VARIANT_ADD(unreaped, deferred) {
	.flags = IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SINGLE_ISSUER
};
FIXTURE_VARIANT_ADD(unreaped, polled) { .flags = IORING_SETUP_IOPOLL };

static int set_up(struct drive *d, int *fd, const char *limit)
{
	const struct drive_attr attrs[] = { DRIVE_SMALL, { "queue_limit", limit }, {} };
	const struct image im = { .insns = prog_emit, .insn_cnt = ARRAY_SIZE(prog_emit),
				  .heap_len = PIECE };
	int ret = drive_create(d, "unreaped", attrs);
	char path[64];

	if (ret)
		return ret;
	drive_generic_node(path, sizeof(path), d->index, KCSD_NSID_COMPUTE);
	*fd = open(path, O_RDONLY | O_CLOEXEC);
	return *fd < 0 ? -errno : prog_install_image(d->ctrl, EMIT, &im);
}

FIXTURE_SETUP(unreaped)
{
	/* Never touched, so it is not charged to the process. */
	void *out = mmap(NULL, 2 * OUT_LEN, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	drive_sweep();
	ASSERT_NE(MAP_FAILED, out);
	ASSERT_EQ(0, set_up(&self->d, &self->fd, "1000"));
	self->cmd = tenant_cmd(EMIT, OUT_LEN / PIECE, 0);
	self->cmd.metadata = (uintptr_t)out;
	self->cmd.metadata_len = OUT_LEN + sizeof(struct kcsd_run_record);
}

FIXTURE_TEARDOWN(unreaped)
{
	fd_close(&self->fd);
	EXPECT_EQ(0, drive_remove(&self->d));
	cgroup_leave();
}

static int open_ring(struct io_uring *ring, unsigned int flags)
{
	return io_uring_queue_init(2 * RUNS, ring,
				   IORING_SETUP_SQE128 | IORING_SETUP_CQE32 | flags);
}

/* Send nr runs with a system call that reaps nothing; io_uring_submit() might. */
static int send_only(struct io_uring *ring, int fd, const struct nvme_uring_cmd *c, int nr)
{
	struct io_uring_sq *sq = &ring->sq;
	unsigned int mask = *sq->kring_mask, tail = *sq->ktail;

	for (int i = 0; i < nr; i++) {
		if (ring_put(ring, fd, NVME_URING_CMD_IO, c, i))
			return -EBUSY;
	}
	for (; sq->sqe_head != sq->sqe_tail; sq->sqe_head++, tail++)
		sq->array[tail & mask] = sq->sqe_head & mask;
	__atomic_store_n(sq->ktail, tail, __ATOMIC_RELEASE);
	return io_uring_enter(ring->ring_fd, nr, 0, 0, NULL) == nr ? 0 : -errno;
}

TEST_F(unreaped, memory_is_charged_to_the_submitter)
{
	struct io_uring ring;
	__u64 before;

	ASSERT_EQ(0, cgroup_enter());
	ASSERT_EQ(0, open_ring(&ring, variant->flags));
	before = cgroup_number("memory.current");
	ASSERT_EQ(0, send_only(&ring, self->fd, &self->cmd, RUNS));
	ASSERT_TRUE(drive_becomes(&self->d, "stats/runs", RUNS));
	EXPECT_EQ(0, drive_number(&self->d, "stats/runs_failed"));
	EXPECT_LE(before + RUNS * OUT_LEN, cgroup_number("memory.current"));
	io_uring_queue_exit(&ring);
}

/*
 * Test that the runs stay within the limit of the cgroup, and that no process is killed for it. The
 * runs begin after the process has left the cgroup: its own allocations beyond the limit would call
 * the OOM killer.
 */
TEST_F(unreaped, the_limit_of_the_cgroup_holds)
{
	const __u64 max = RUNS * OUT_LEN / 2;
	struct io_uring ring;
	int res, failed = 0;
	__u64 tag;

	ASSERT_EQ(0, cgroup_enter());
	ASSERT_EQ(0, open_ring(&ring, variant->flags));
	ASSERT_EQ(0, file_write(CGROUP "/memory.max", "33554432"));
	ASSERT_EQ(33554432, max);
	ASSERT_EQ(0, drive_set(self->d.name, "inject", "execute delay=600000"));
	ASSERT_EQ(0, send_only(&ring, self->fd, &self->cmd, RUNS));
	ASSERT_EQ(0, cgroup_move_out());
	ASSERT_EQ(0, drive_set(self->d.name, "inject", "clear"));
	ASSERT_TRUE(drive_becomes(&self->d, "stats/runs", RUNS));
	EXPECT_GE(max, cgroup_number("memory.current"));
	EXPECT_LT(0, drive_number(&self->d, "stats/faults_internal"));
	EXPECT_EQ(0, cgroup_event("oom_kill"));
	for (int i = 0; i < RUNS; i++) {
		ASSERT_EQ(0, ring_get(&ring, 30000, &tag, &res, NULL));
		failed += cmd_status(res) == KCSD_SC_PROGRAM_FAULT;
	}
	EXPECT_EQ(drive_number(&self->d, "stats/faults_internal"), failed);
	io_uring_queue_exit(&ring);
}

/*
 * Test that a unit does not wait when the cgroup has more than its memory.high, unlike a thread of
 * the sender. A task that waits is counted as an event, and no other task is in this cgroup.
 */
TEST_F(unreaped, units_do_not_wait_for_the_cgroup)
{
	struct io_uring ring;
	__u64 events;

	ASSERT_EQ(0, cgroup_enter());
	ASSERT_EQ(0, open_ring(&ring, variant->flags));
	ASSERT_EQ(0, drive_set(self->d.name, "inject", "execute delay=600000"));
	ASSERT_EQ(0, send_only(&ring, self->fd, &self->cmd, RUNS));
	ASSERT_EQ(0, cgroup_move_out());
	ASSERT_EQ(0, file_write(CGROUP "/memory.high", "65536"));
	events = cgroup_event("high");
	ASSERT_EQ(0, drive_set(self->d.name, "inject", "clear"));
	/* Stop at the first event: with waits, all runs would take long. */
	while (drive_number(&self->d, "stats/runs") < RUNS && cgroup_event("high") == events)
		usleep(500);
	EXPECT_EQ(events, cgroup_event("high"));
	ASSERT_TRUE(drive_becomes(&self->d, "stats/runs", RUNS));
	EXPECT_EQ(0, drive_number(&self->d, "stats/runs_failed"));
	EXPECT_LE(RUNS * OUT_LEN, cgroup_number("memory.current"));
	io_uring_queue_exit(&ring);
}

TEST_F(unreaped, unreaped_runs_keep_their_slots)
{
	struct io_uring ring;
	int res;
	__u64 tag;

	fd_close(&self->fd);
	ASSERT_EQ(0, drive_remove(&self->d));
	ASSERT_EQ(0, set_up(&self->d, &self->fd, "4"));
	ASSERT_EQ(0, open_ring(&ring, variant->flags));
	ASSERT_EQ(0, send_only(&ring, self->fd, &self->cmd, LIMIT));
	ASSERT_TRUE(drive_becomes(&self->d, "stats/runs", LIMIT));
	EXPECT_EQ(KCSD_SC_INSUFFICIENT_RESOURCES,
		  cmd_io_way(CMD_IOCTL64, self->fd, &self->cmd, NULL));
	EXPECT_EQ(LIMIT, tenant_number(self->fd, "kcsd-slots:"));
	for (int i = 0; i < LIMIT; i++) {
		ASSERT_EQ(0, ring_get(&ring, 30000, &tag, &res, NULL));
		EXPECT_EQ(0, res);
	}
	EXPECT_EQ(0, tenant_number(self->fd, "kcsd-slots:"));
	EXPECT_EQ(0, cmd_io_way(CMD_IOCTL64, self->fd, &self->cmd, NULL));
	/* Runs that are never reaped release their slots, too. */
	ASSERT_EQ(0, send_only(&ring, self->fd, &self->cmd, LIMIT));
	io_uring_queue_exit(&ring);
	for (int i = 0; i < 20000 && tenant_number(self->fd, "kcsd-slots:"); i++)
		usleep(500);
	EXPECT_EQ(0, tenant_number(self->fd, "kcsd-slots:"));
}

/* Wait for the completion of a Sanitize. */
static int sanitize(const struct drive *d)
{
	struct nvme_uring_cmd c = { .opcode = ADMIN_SANITIZE, .cdw10 = 2 /* block erase */ };
	int ret = cmd_admin(d->ctrl, &c);
	__u8 lba[4096];

	if (ret)
		return ret;
	do {
		ret = nvm_read(d->nvm, 0, 1, sizeof(lba), lba);
	} while (ret == KCSD_SC_SANITIZE_IN_PROGRESS);
	return ret;
}

/* Test that Sanitize drops output from before, also if it fails. */
TEST_F(unreaped, sanitize_drops_the_output)
{
	static const struct {
		const char *rule;
		int status;	/* of commands after Sanitize */
	} kinds[] = { { "clear", 0 }, { "write media_error next=1", KCSD_SC_SANITIZE_FAILED } };
	const struct kcsd_run_record *record = (void *)self->cmd.metadata;
	struct io_uring ring;
	int res;
	__u64 tag;

	ASSERT_EQ(0, open_ring(&ring, variant->flags));
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		ASSERT_EQ(0, send_only(&ring, self->fd, &self->cmd, 1));
		ASSERT_TRUE(drive_becomes(&self->d, "stats/runs", i + 1));
		ASSERT_EQ(0, drive_set(self->d.name, "inject", kinds[i].rule));
		ASSERT_EQ(kinds[i].status, sanitize(&self->d));
		ASSERT_EQ(0, ring_get(&ring, 30000, &tag, &res, NULL));
		EXPECT_EQ(0, res);
		EXPECT_EQ(0, le32toh(record->out_len)) TH_LOG("after %s", kinds[i].rule);
		EXPECT_EQ(KCSD_RECORD_CUT, le16toh(record->flags));
	}
	io_uring_queue_exit(&ring);
}

DRIVE_TEST_MAIN
