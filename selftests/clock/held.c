// SPDX-License-Identifier: GPL-2.0
/*
 * Test commands that are executed and wait for their device time: how many there may be, and that
 * nobody has to wait for those of a process that has gone.
 */
#include "harness.h"
#include "admin.h"
#include "nvm.h"

#include <signal.h>
#include <stdlib.h>

#define LBA		4096u
#define FILE_SLOTS	256u	/* driver/clock/slot.h */
#define USER_SLOTS	512u
#define SOON_MS		2000

/* All reads of LBA 0 are on one die: one second each. */
#define SECONDS_DRIVE \
	{ "timing/model", "flash" }, { "timing/read_page_ns", "1000000000" }, \
	{ "timing/read_part_ns", "1000000000" }

/* The same with 100 us. */
#define QUICK_DRIVE \
	{ "timing/model", "flash" }, { "timing/read_page_ns", "100000" }, \
	{ "timing/read_part_ns", "100000" }

FIXTURE(held) {
	struct drive d;
	__u8 *buf;
};

FIXTURE_VARIANT(held) {
	bool polled;
};

FIXTURE_VARIANT_ADD(held, timer) { .polled = false };
FIXTURE_VARIANT_ADD(held, polled) { .polled = true };

FIXTURE_SETUP(held)
{
	static const struct drive_attr attrs[] = { DRIVE_SMALL, SECONDS_DRIVE, {} };

	drive_sweep();
	self->buf = aligned_alloc(LBA, LBA);
	ASSERT_NE(NULL, self->buf);
	memset(self->buf, 0, LBA);
	ASSERT_EQ(0, drive_create(&self->d, "held", attrs));
}

FIXTURE_TEARDOWN(held)
{
	EXPECT_EQ(0, drive_remove(&self->d));
	free(self->buf);
}

static __u64 commands(const struct drive *d)
{
	return drive_number(d, "timing/commands");
}

static int open_ring(struct io_uring *ring, bool polled)
{
	struct io_uring_params p = {
		.flags = IORING_SETUP_SQE128 | IORING_SETUP_CQE32 |
			 (polled ? IORING_SETUP_IOPOLL : 0),
	};

	return io_uring_queue_init_params(1024, ring, &p);
}

/* Send reads of LBA 0. Returns how many were submitted. */
static int send_reads(struct io_uring *ring, int fd, void *buf, int nr)
{
	const struct nvme_uring_cmd c = cmd_rw(NVM_READ, 0, 1, buf, LBA);
	int i;

	for (i = 0; i < nr; i++)
		if (ring_put(ring, fd, NVME_URING_CMD_IO, &c, i))
			break;
	return io_uring_submit(ring);
}

static int open_nvm(const struct drive *d)
{
	char path[64];

	drive_generic_node(path, sizeof(path), d->index, KCSD_NSID_NVM);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* Wait for a child, which ends soon. Returns its status; -1: it does not. */
static int ends_soon(pid_t pid)
{
	__u64 start = time_ns();
	int status;

	while (ms_since(start) < SOON_MS * time_slow()) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		sleep_ms(10);
	}
	kill(pid, SIGKILL);
	return -1;
}

/* A file has so many under way; others wait for them, and are not executed. */
TEST_F(held, file)
{
	struct io_uring ring;
	__u64 nr;

	ASSERT_EQ(0, open_ring(&ring, variant->polled));
	ASSERT_EQ(FILE_SLOTS + 76, send_reads(&ring, self->d.nvm, self->buf, FILE_SLOTS + 76));
	sleep_ms(200);
	nr = commands(&self->d);
	EXPECT_LE(FILE_SLOTS, nr);
	EXPECT_GE(FILE_SLOTS + 20, nr);
	io_uring_queue_exit(&ring);
}

/* So have the files of a user together. */
TEST_F(held, user)
{
	struct io_uring ring[3];
	int i, fd[3];
	__u64 nr;

	for (i = 0; i < 3; i++) {
		fd[i] = open_nvm(&self->d);
		ASSERT_LE(0, fd[i]);
		ASSERT_EQ(0, open_ring(&ring[i], variant->polled));
		ASSERT_EQ(200, send_reads(&ring[i], fd[i], self->buf, 200));
	}
	nr = commands(&self->d);
	EXPECT_LE(USER_SLOTS, nr);
	EXPECT_GE(USER_SLOTS + 20, nr);
	for (i = 0; i < 3; i++) {
		io_uring_queue_exit(&ring[i]);
		close(fd[i]);
	}
}

/* Commands of a process that has gone count until their device time is over. */
TEST_F(held, left)
{
	struct io_uring ring;
	__u64 nr;
	int i;

	for (i = 0; i < 3; i++) {
		pid_t pid = fork();

		if (!pid) {
			int fd = open_nvm(&self->d);

			_exit(open_ring(&ring, variant->polled) ||
			      send_reads(&ring, fd, self->buf, 200) != 200);
		}
		EXPECT_EQ(0, ends_soon(pid));
	}
	nr = commands(&self->d);
	EXPECT_LE(USER_SLOTS - 10, nr);
	EXPECT_GE(USER_SLOTS + 20, nr);
}

/* exec() cancels them, also those that wait for a slot. */
TEST_F(held, exec)
{
	struct io_uring ring;
	pid_t pid = fork();

	if (!pid) {
		if (!open_ring(&ring, variant->polled) &&
		    send_reads(&ring, self->d.nvm, self->buf, FILE_SLOTS + 76) > 0)
			execl("/bin/true", "true", NULL);
		_exit(1);
	}
	EXPECT_EQ(0, ends_soon(pid));
}

/* Commands over the limit go on when others have ended. */
TEST_F(held, goes_on)
{
	static const struct drive_attr attrs[] = { DRIVE_SMALL, QUICK_DRIVE, {} };
	struct drive d = DRIVE_INIT;
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	int i;

	ASSERT_EQ(0, drive_create(&d, "held-quick", attrs));
	ASSERT_EQ(0, open_ring(&ring, variant->polled));
	ASSERT_EQ(600, send_reads(&ring, d.nvm, self->buf, 600));
	for (i = 0; i < 600; i++) {
		ASSERT_EQ(0, io_uring_wait_cqe(&ring, &cqe));
		EXPECT_EQ(0, cqe->res);
		io_uring_cqe_seen(&ring, cqe);
	}
	io_uring_queue_exit(&ring);
	EXPECT_EQ(0, drive_remove(&d));
}

/* Power off completes a command that waits in an ioctl, and one that waits for a slot. */
TEST_F(held, power_off)
{
	const struct nvme_uring_cmd c = cmd_rw(NVM_READ, 0, 1, self->buf, LBA);
	struct io_uring ring;
	int other = open_nvm(&self->d);
	pid_t due, slot;

	ASSERT_EQ(0, open_ring(&ring, variant->polled));
	ASSERT_EQ(20, send_reads(&ring, other, self->buf, 20));
	due = fork();
	if (!due)
		_exit(cmd_io_way(CMD_IOCTL64, other, &c, NULL));
	ASSERT_EQ(FILE_SLOTS, send_reads(&ring, self->d.nvm, self->buf, FILE_SLOTS));
	slot = fork();
	if (!slot)
		_exit(cmd_io_way(CMD_IOCTL64, self->d.nvm, &c, NULL) != -ENODEV);
	sleep_ms(200);
	EXPECT_EQ(0, waitpid(due, NULL, WNOHANG));
	EXPECT_EQ(0, waitpid(slot, NULL, WNOHANG));
	ASSERT_EQ(0, drive_power(&self->d, false));
	EXPECT_EQ(0, ends_soon(due));
	EXPECT_EQ(0, ends_soon(slot));
	io_uring_queue_exit(&ring);
	close(other);
	ASSERT_EQ(0, drive_power(&self->d, true));
}

/* A task that waits for a slot can be killed. Admin commands do not wait for one. */
TEST_F(held, killed)
{
	const struct nvme_uring_cmd c = cmd_rw(NVM_READ, 0, 1, self->buf, LBA);
	const struct nvme_uring_cmd id = cmd_identify(0, KCSD_NSID_NVM, 0, self->buf);
	struct io_uring ring;
	int status;
	pid_t pid;

	ASSERT_EQ(0, open_ring(&ring, variant->polled));
	ASSERT_EQ(FILE_SLOTS, send_reads(&ring, self->d.nvm, self->buf, FILE_SLOTS));
	pid = fork();
	if (!pid)
		_exit(cmd_io_way(CMD_IOCTL64, self->d.nvm, &c, NULL));
	sleep_ms(200);
	EXPECT_EQ(0, waitpid(pid, NULL, WNOHANG));
	kill(pid, SIGKILL);
	status = ends_soon(pid);
	EXPECT_TRUE(status != -1 && WIFSIGNALED(status));
	EXPECT_EQ(0, cmd_admin_way(CMD_IOCTL64, self->d.nvm, &id, NULL));
	io_uring_queue_exit(&ring);
}

DRIVE_TEST_MAIN
