// SPDX-License-Identifier: GPL-2.0
/*
 * A ring outlives the process that submitted to it: another process then polls and gets the
 * completion, but must never get the output, whose address belonged to the first process.
 */
#include "harness.h"
#include "run.h"

#include <sched.h>

#define ROUNDS	64
#define PATTERN	0x77

static const struct drive_attr attr[] = { DRIVE_SMALL, { "quick_us", "0" }, {} };

FIXTURE(ring_owner) {
	struct drive d;
	struct io_uring ring;
	struct run run;
};

/* Stay on one CPU: the kernel then reuses the memory of an mm for the next process most often. */
static void stay_on_one_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

FIXTURE_SETUP(ring_owner)
{
	drive_sweep();
	ASSERT_EQ(0, drive_create(&self->d, "owner", attr));
	ASSERT_EQ(0, prog_install(self->d.ctrl, 0, prog_seven));
	stay_on_one_cpu();
	ASSERT_EQ(0, io_uring_queue_init(4, &self->ring, IORING_SETUP_SQE128 |
					 IORING_SETUP_CQE32 | IORING_SETUP_IOPOLL));
}

FIXTURE_TEARDOWN(ring_owner)
{
	io_uring_queue_exit(&self->ring);
	drive_remove(&self->d);
}

/* Returns the exit status of a process, or -1 if a signal killed it. */
static int wait_for(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/*
 * Submit without io_uring_submit(), which would also poll. Reads the tail from the ring, because
 * other processes have moved it.
 */
static int submit(struct io_uring *ring, int fd, struct run *r)
{
	struct nvme_uring_cmd c = run_cmd(r);

	ring->sq.sqe_head = ring->sq.sqe_tail = *ring->sq.ktail;
	if (ring_put(ring, fd, NVME_URING_CMD_IO, &c, 1))
		return 1;
	__atomic_store_n(ring->sq.ktail, ring->sq.sqe_tail, __ATOMIC_RELEASE);
	return io_uring_enter(ring->ring_fd, 1, 0, 0, NULL) != 1;
}

/* Returns 0 if the run was cancelled, 1 if it has another result, 2 if the buffer changed. */
static int poll_and_look(struct io_uring *ring, struct run *r)
{
	struct io_uring_cqe *cqe;
	__u8 *p = (void *)&r->out;

	memset(p, PATTERN, sizeof(r->out));
	while (io_uring_peek_cqe(ring, &cqe))
		io_uring_enter(ring->ring_fd, 0, 1, IORING_ENTER_GETEVENTS, NULL);
	for (size_t i = 0; i < sizeof(r->out); i++)
		if (p[i] != PATTERN)
			return 2;
	if (cqe->res != -ECANCELED)
		return 1;
	io_uring_cqe_seen(ring, cqe);
	return 0;
}

TEST_F(ring_owner, output_goes_to_the_submitter_only)
{
	pid_t pid;

	self->run.opcode = KCSD_CMD_EXECUTE;
	for (int i = 0; i < ROUNDS; i++) {
		pid = fork();
		if (!pid)
			_exit(submit(&self->ring, self->d.compute, &self->run));
		ASSERT_EQ(0, wait_for(pid));
		pid = fork();
		if (!pid)
			_exit(poll_and_look(&self->ring, &self->run));
		ASSERT_EQ(0, wait_for(pid)) TH_LOG("round %d", i);
	}
}

DRIVE_TEST_MAIN
