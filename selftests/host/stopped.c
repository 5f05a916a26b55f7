// SPDX-License-Identifier: GPL-2.0
/*
 * Stopping or freezing a process must not cancel its commands, whichever way they were sent, and no
 * command may prevent a suspend of the system.
 */
#include "harness.h"
#include "errors.h"
#include "nvm.h"
#include "process.h"
#include "slm.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>

#define CGROUP		"/tmp/kst-stopped"
#define HOUR		"3600000"	/* ms, longer than the test: it clears the rules earlier */

enum command { A_RUN, A_READ, A_COPY, COMMANDS };
enum way { BY_IOCTL, BY_ASYNC, WAYS };

static const char * const command_names[] = { "run", "Read", "Memory Copy" };
static const char * const way_names[] = { "ioctl", "IOSQE_ASYNC" };

FIXTURE(stopped) {
	struct errors e;
	pid_t child;
	int *res;	/* result of the child, in shared memory */
	struct run *run;
	struct kcsd_copy_lba *from;
};

FIXTURE_VARIANT(stopped) {
	enum command command;
	enum way way;
};

FIXTURE_VARIANT_ADD(stopped, run_by_ioctl) { A_RUN, BY_IOCTL };
FIXTURE_VARIANT_ADD(stopped, run_in_a_thread) { A_RUN, BY_ASYNC };
FIXTURE_VARIANT_ADD(stopped, read_by_ioctl) { A_READ, BY_IOCTL };
FIXTURE_VARIANT_ADD(stopped, read_in_a_thread) { A_READ, BY_ASYNC };
FIXTURE_VARIANT_ADD(stopped, copy_by_ioctl) { A_COPY, BY_IOCTL };
FIXTURE_VARIANT_ADD(stopped, copy_in_a_thread) { A_COPY, BY_ASYNC };

FIXTURE_SETUP(stopped)
{
	drive_sweep();
	self->child = 0;
	self->res = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->res);
	*self->res = -EINPROGRESS;
	self->run = calloc(1, sizeof(*self->run));
	self->from = calloc(1, sizeof(*self->from));
	ASSERT_EQ(0, errors_up(&self->e, false));
}

FIXTURE_TEARDOWN(stopped)
{
	if (self->child > 0) {
		kill(self->child, SIGKILL);
		waitpid(self->child, NULL, 0);
	}
	EXPECT_EQ(0, errors_down(&self->e));
	munmap(self->res, 4096);
	free(self->run);
	free(self->from);
}

/* Build the command, and store the file to send it to in *fd. */
static struct nvme_uring_cmd make(FIXTURE_DATA(stopped) *self, enum command command, int *fd)
{
	const struct drive *d = &self->e.d;

	switch (command) {
	case A_RUN:
		*fd = d->compute;
		self->run->pind = SEVEN;
		return run_cmd(self->run);
	case A_READ:
		*fd = d->nvm;
		return cmd_rw(NVM_READ, 0, 1, self->e.buf, LBA);
	default:
		*fd = d->slm;
		*self->from = slm_from_lbas(0, 1);
		return slm_copy_cmd(0, LBA, KCSD_COPY_LBA, 1, self->from, sizeof(*self->from));
	}
}

static int send_async(int fd, const struct nvme_uring_cmd *c)
{
	struct io_uring ring;
	struct io_uring_cqe *cqe;
	int ret = ring_open(&ring, 2, true);

	if (ret || ring_put(&ring, fd, NVME_URING_CMD_IO, c, 1))
		return -EIO;
	ring.sq.sqes[0].flags |= IOSQE_ASYNC;
	if (io_uring_submit(&ring) != 1)
		return -EIO;
	do {
		ret = io_uring_wait_cqe(&ring, &cqe);
	} while (ret == -EINTR);
	return ret ? ret : cmd_status(cqe->res);
}

/* Wait until the rule of inject shows that it delays a command. False after 60 s. */
static bool is_held(FIXTURE_DATA(stopped) *self)
{
	char rules[4096];

	for (int i = 0; i < 60000; i++) {
		if (drive_get(&self->e.d.name[0], "inject", rules, sizeof(rules)) > 0 &&
		    strstr(rules, "next=0"))
			return true;
		usleep(1000);
	}
	return false;
}

/* Fork a child that sends the command; the command waits until the rules are cleared. */
static bool start(FIXTURE_DATA(stopped) *self, enum command command, enum way way)
{
	int fd;
	struct nvme_uring_cmd c = make(self, command, &fd);
	const char *rule = command == A_RUN ? "execute delay=" HOUR " next=1" :
					      "read delay=" HOUR " next=1";

	c.timeout_ms = atoi(HOUR);
	if (set_rule(&self->e.d, rule))
		return false;
	self->child = fork();
	if (!self->child) {
		*self->res = way == BY_ASYNC ? send_async(fd, &c) :
					       cmd_ioctl64(fd, NVME_IOCTL_IO64_CMD, &c, NULL);
		_exit(0);
	}
	return is_held(self);
}

static bool ends_well(FIXTURE_DATA(stopped) *self)
{
	int status;

	if (set_rule(&self->e.d, "clear") || waitpid(self->child, &status, 0) != self->child)
		return false;
	self->child = 0;
	return WIFEXITED(status) && !WEXITSTATUS(status) && !*self->res;
}

TEST_F(stopped, stop_and_continue)
{
	ASSERT_TRUE(start(self, variant->command, variant->way));
	ASSERT_EQ(0, kill(self->child, SIGSTOP));
	/* A process that waits in an ioctl stops only when the command has completed. */
	if (variant->way == BY_ASYNC)
		ASSERT_EQ('T', process_becomes(self->child, "T"));
	ASSERT_EQ(-EINPROGRESS, *self->res);
	ASSERT_EQ(0, kill(self->child, SIGCONT));
	EXPECT_TRUE(ends_well(self))
		TH_LOG("%s by %s: %d", command_names[variant->command], way_names[variant->way],
		       *self->res);
}

/* A stopped process can be killed, and its command is then cancelled. */
TEST_F(stopped, stop_and_kill)
{
	int status;

	ASSERT_TRUE(start(self, variant->command, variant->way));
	ASSERT_EQ(0, kill(self->child, SIGSTOP));
	if (variant->way == BY_ASYNC)
		ASSERT_EQ('T', process_becomes(self->child, "T"));
	ASSERT_EQ(0, kill(self->child, SIGKILL));
	ASSERT_EQ(self->child, waitpid(self->child, &status, 0));
	self->child = 0;
	/* Power off would wait for the command, if it had not been cancelled. */
	EXPECT_EQ(0, errors_power(&self->e, false));
	EXPECT_EQ(0, errors_power(&self->e, true));
}

static bool in_freezer(pid_t pid)
{
	char path[64], text[64];

	snprintf(path, sizeof(path), "/proc/%d/wchan", pid);
	for (int i = 0; i < 60000; i++) {
		if (file_read(path, text, sizeof(text)) < 0)
			return false;
		if (strstr(text, "freezer") || strstr(text, "get_signal"))
			return true;
		usleep(1000);
	}
	return false;
}

TEST_F(stopped, control_group_freezer)
{
	char text[32];

	mkdir(CGROUP, 0700);
	ASSERT_EQ(0, mount("none", CGROUP, "cgroup2", 0, NULL));
	ASSERT_EQ(0, mkdir(CGROUP "/frozen", 0700));
	EXPECT_TRUE(start(self, variant->command, variant->way));
	snprintf(text, sizeof(text), "%d", self->child);
	EXPECT_EQ(0, file_write(CGROUP "/frozen/cgroup.procs", text));
	EXPECT_EQ(0, file_write(CGROUP "/frozen/cgroup.freeze", "1"));
	if (variant->way == BY_ASYNC)
		EXPECT_TRUE(in_freezer(self->child));
	EXPECT_EQ(-EINPROGRESS, *self->res);
	EXPECT_EQ(0, file_write(CGROUP "/frozen/cgroup.freeze", "0"));
	EXPECT_TRUE(ends_well(self))
		TH_LOG("%s by %s: %d", command_names[variant->command], way_names[variant->way],
		       *self->res);
	EXPECT_EQ(0, rmdir(CGROUP "/frozen"));
	EXPECT_EQ(0, umount(CGROUP));
	rmdir(CGROUP);
}

/* Suspend up to its first step: the kernel freezes all processes, then thaws them. */
TEST_F(stopped, suspend)
{
	char timeout[32], slow[32];

	ASSERT_LT(0, file_read("/sys/power/pm_freeze_timeout", timeout, sizeof(timeout)));
	snprintf(slow, sizeof(slow), "%u", 5000 * time_slow());
	ASSERT_EQ(0, file_write("/sys/power/pm_freeze_timeout", slow));
	EXPECT_EQ(0, file_write("/sys/module/suspend/parameters/pm_test_delay", "0"));
	EXPECT_EQ(0, file_write("/sys/power/pm_test", "freezer"));
	EXPECT_TRUE(start(self, variant->command, variant->way));
	EXPECT_EQ(0, file_write("/sys/power/state", "freeze"));
	EXPECT_EQ(-EINPROGRESS, *self->res);
	EXPECT_TRUE(ends_well(self))
		TH_LOG("%s by %s: %d", command_names[variant->command], way_names[variant->way],
		       *self->res);
	EXPECT_EQ(0, file_write("/sys/power/pm_test", "none"));
	EXPECT_EQ(0, file_write("/sys/power/pm_freeze_timeout", timeout));
}

DRIVE_TEST_MAIN
