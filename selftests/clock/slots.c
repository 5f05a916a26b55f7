// SPDX-License-Identifier: GPL-2.0
/*
 * Test who has slots, with the real clock: nobody keeps them longer than the device needs, and no
 * command reserves device time without one.
 */
#include "harness.h"
#include "admin.h"
#include "nvm.h"
#include "tenant.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define LBA		4096u
#define FILE_SLOTS	256	/* driver/clock/slot.h */
#define USER_SLOTS	512
#define ADMIN_SLOTS	16
#define OUTPUTS		16	/* of a file */
#define FILES		(USER_SLOTS / OUTPUTS + 1)

FIXTURE(slots) {
	struct drive d;
	__u8 *buf;
};

FIXTURE_SETUP(slots)
{
	drive_sweep();
	self->d = (struct drive)DRIVE_INIT;
	self->buf = aligned_alloc(LBA, 1 << 20);
	ASSERT_NE(NULL, self->buf);
	memset(self->buf, 0, 1 << 20);
}

FIXTURE_TEARDOWN(slots)
{
	EXPECT_EQ(0, drive_remove(&self->d));
	free(self->buf);
}

/* Create a drive whose reads of a page take so many ns. */
static int create(FIXTURE_DATA(slots) *self, const char *ns)
{
	const struct drive_attr attrs[] = {
		DRIVE_SMALL, { "timing/model", "flash" }, { "timing/read_page_ns", ns },
		{ "timing/read_part_ns", ns }, {}
	};

	return drive_create(&self->d, "slots", attrs);
}

static int open_node(const struct drive *d, __u32 nsid, int flags)
{
	char path[64];

	drive_generic_node(path, sizeof(path), d->index, nsid);
	return open(path, flags | O_CLOEXEC);
}

static int open_ring(struct io_uring *ring, unsigned int flags)
{
	struct io_uring_params p = {
		.flags = IORING_SETUP_SQE128 | IORING_SETUP_CQE32 | flags,
	};

	return io_uring_queue_init_params(FILE_SLOTS, ring, &p);
}

static __u64 commands(const struct drive *d)
{
	return drive_number(d, "timing/commands");
}

/* Read an LBA by a new file in a child. Returns its pid. */
static pid_t read_in_child(FIXTURE_DATA(slots) *self, __u64 lba)
{
	const struct nvme_uring_cmd c = cmd_rw(NVM_READ, lba, 1, self->buf, LBA);
	pid_t pid = fork();

	if (!pid)
		_exit(cmd_io_way(CMD_IOCTL64, open_node(&self->d, KCSD_NSID_NVM, O_RDONLY), &c,
				 NULL) != 0);
	return pid;
}

/* Return true if a child ends well within ms. */
static bool ends_within(pid_t pid, unsigned int ms)
{
	__u64 start = time_ns();
	int status;

	while (ms_since(start) < ms * time_slow()) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return !status;
		sleep_ms(10);
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return false;
}

/* Send reads that fill the slots of a file, without polling, which io_uring_submit() does. */
static bool fill_unpolled(FIXTURE_DATA(slots) *self)
{
	const struct nvme_uring_cmd c = cmd_rw(NVM_READ, 0, 1, self->buf, LBA);
	int fd = open_node(&self->d, KCSD_NSID_NVM, O_RDONLY), i;
	struct io_uring ring;

	if (open_ring(&ring, IORING_SETUP_IOPOLL))
		return false;
	for (i = 0; i < FILE_SLOTS; i++) {
		if (ring_put(&ring, fd, NVME_URING_CMD_IO, &c, i))
			return false;
		ring.sq.array[i] = i;
	}
	__atomic_store_n(ring.sq.ktail, FILE_SLOTS, __ATOMIC_RELEASE);
	return syscall(__NR_io_uring_enter, ring.ring_fd, FILE_SLOTS, 0, 0, NULL, 0) == FILE_SLOTS;
}

/* A polled command that nobody polls returns its slot when its device time is over. */
TEST_F_TIMEOUT(slots, unpolled, 120)
{
	pid_t pid;

	ASSERT_EQ(0, create(self, "1000000"));
	pid = fork();
	if (!pid) {
		if (!fill_unpolled(self) || !fill_unpolled(self))
			_exit(1);
		pause();
	}
	while (commands(&self->d) < USER_SLOTS)
		sleep_ms(10);
	sleep_ms(USER_SLOTS + 100);
	EXPECT_TRUE(ends_within(read_in_child(self, 0), 2000));
	EXPECT_EQ(0, waitpid(pid, NULL, WNOHANG));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Jobs of processes that have gone count until their device time is over. */
TEST_F_TIMEOUT(slots, jobs, 200)
{
	const struct nvme_uring_cmd c = nvm_lbas(NVM_VERIFY, 0, 256);
	__u64 before = 0, now;
	int i, k;

	ASSERT_EQ(0, create(self, "1000000000"));
	for (i = 0; i < USER_SLOTS / 16 + 8; i++) {
		pid_t pid = fork();

		if (!pid) {
			int fd = open_node(&self->d, KCSD_NSID_NVM, O_RDONLY);
			struct io_uring ring;

			if (open_ring(&ring, 0))
				_exit(1);
			for (k = 0; k < 16; k++)
				ring_put(&ring, fd, NVME_URING_CMD_IO, &c, k);
			_exit(io_uring_submit(&ring) != 16);
		}
		EXPECT_TRUE(ends_within(pid, 10000));
		now = commands(&self->d);
		if (now == before)
			break;
		before = now;
	}
	EXPECT_GE(USER_SLOTS + 16, commands(&self->d));
}

static void *get_log(void *arg)
{
	const struct drive *d = arg;
	void *page = malloc(1 << 16);
	struct nvme_uring_cmd c = cmd_log(KCSD_LOG_TIMING, page, 1 << 16, 0);

	c.nsid = 0;
	cmd_admin_way(CMD_IOCTL64, open_node(d, KCSD_NSID_NVM, O_RDONLY), &c, NULL);
	free(page);
	return NULL;
}

/* So do commands of the controller, which have few slots. Each of these takes 64 ms of the link. */
TEST_F_TIMEOUT(slots, admin, 120)
{
	static const struct drive_attr attrs[] = {
		DRIVE_SMALL, { "timing/model", "flash" }, { "timing/link_read_mbps", "1" }, {}
	};
	__u64 start;
	int i, k;

	ASSERT_EQ(0, drive_create(&self->d, "slots", attrs));
	start = time_ns();
	for (i = 0; i < 4; i++) {
		pid_t pid = fork();

		if (!pid) {
			pthread_t t;

			for (k = 0; k < 2 * ADMIN_SLOTS; k++)
				pthread_create(&t, NULL, get_log, &self->d);
			sleep_ms(50);
			kill(getpid(), SIGKILL);
		}
		waitpid(pid, NULL, 0);
	}
	EXPECT_LE(commands(&self->d), ADMIN_SLOTS + 1 + ms_since(start) / 64);
	EXPECT_LE(1, commands(&self->d));
}

/* ---- Run Receive ---- */

struct waiting {
	int fd;
	struct io_uring ring;
	struct kcsd_run_header header[OUTPUTS];
};

static struct waiting waiting[FILES];

/* Send runs with output IDs from 1 on. Returns how many were sent. */
static int send_runs(struct waiting *w, int nr)
{
	struct nvme_uring_cmd c = {
		.opcode = KCSD_CMD_EXECUTE_SOURCES, .nsid = KCSD_NSID_COMPUTE,
		.data_len = sizeof(w->header[0]),
	};
	int i;

	if (ring_open(&w->ring, 2 * OUTPUTS, true))
		return 0;
	for (i = 0; i < nr; i++) {
		w->header[i] = (struct kcsd_run_header){
			.size = htole32(sizeof(w->header[i])), .oid = htole16(i + 1),
			.out_len = htole32(4096),
		};
		c.addr = (uintptr_t)&w->header[i];
		if (ring_put(&w->ring, w->fd, NVME_URING_CMD_IO, &c, i))
			return 0;
	}
	return io_uring_submit(&w->ring);
}

static int receive(int fd, __u16 oid)
{
	__u8 buf[64];
	const struct nvme_uring_cmd c = {
		.opcode = KCSD_CMD_RUN_RECEIVE, .nsid = KCSD_NSID_COMPUTE,
		.cdw10 = oid, .cdw11 = sizeof(buf), .addr = (uintptr_t)buf,
		.data_len = sizeof(buf),
	};

	return cmd_io_way(CMD_IOCTL64, fd, &c, NULL);
}

static void *receive_thread(void *arg)
{
	long n = (long)arg;

	receive(waiting[n / OUTPUTS].fd, n % OUTPUTS + 1);
	return NULL;
}

static int start_receives(void)
{
	pthread_attr_t attr;
	pthread_t t;
	long n;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 1 << 16);
	for (n = 0; n < FILES * OUTPUTS; n++)
		if (pthread_create(&t, &attr, receive_thread, (void *)n))
			break;
	return n;
}

/* A Receive that waits for a run has no slot meanwhile. */
TEST_F_TIMEOUT(slots, receive, 200)
{
	pid_t pid;
	int i;

	ASSERT_EQ(0, create(self, "1000"));
	ASSERT_EQ(0, prog_install(self->d.ctrl, 0, prog_seven));
	ASSERT_EQ(0, drive_set(self->d.name, "inject", "execute delay=600000"));
	pid = fork();
	if (!pid) {
		for (i = 0; i < FILES; i++) {
			waiting[i].fd = open_node(&self->d, KCSD_NSID_COMPUTE, O_RDWR);
			if (send_runs(&waiting[i], OUTPUTS) != OUTPUTS)
				_exit(1);
		}
		if (start_receives() == FILES * OUTPUTS)
			pause();
		_exit(1);
	}
	sleep_ms(3000);
	EXPECT_TRUE(ends_within(read_in_child(self, 0), 5000));
	EXPECT_EQ(0, waitpid(pid, NULL, WNOHANG));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static const struct kcsd_latency *find_latency(const struct kcsd_latency_log *log, __u8 what,
					       __u8 op)
{
	const struct kcsd_latency *e = (const struct kcsd_latency *)(log + 1);
	__u32 i;

	for (i = 0; i < le32toh(log->nr); i++)
		if (e[i].what == what && e[i].op == op)
			return &e[i];
	return NULL;
}

/* A Receive that waited is not late; its wait and an injected delay are no time of a CPU. */
TEST_F_TIMEOUT(slots, receive_late, 60)
{
	struct nvme_uring_cmd c = cmd_log(KCSD_LOG_LATENCIES, self->buf, 1 << 16, 0);
	const struct kcsd_latency_log *log = (void *)self->buf;
	const struct kcsd_latency *e;

	ASSERT_EQ(0, create(self, "1000"));
	ASSERT_EQ(0, prog_install(self->d.ctrl, 0, prog_seven));
	ASSERT_EQ(0, drive_set(self->d.name, "inject", "execute delay=2000"));
	waiting[0].fd = self->d.compute;
	ASSERT_EQ(1, send_runs(&waiting[0], 1));
	ASSERT_EQ(0, receive(self->d.compute, 1));
	EXPECT_GT(1000000000u, drive_number(&self->d, "timing/late_max_ns"));
	ASSERT_EQ(0, ring_get(&waiting[0].ring, 10000, &(__u64){ 0 }, &(int){ 0 }, NULL));
	c.nsid = 0;
	ASSERT_EQ(0, cmd_admin(self->d.ctrl, &c));
	e = find_latency(log, KCSD_LATENCY_CPU, KCSD_TIME_RUN);
	ASSERT_NE(NULL, e);
	EXPECT_GT(1000000000u, le64toh(e->max));
	e = find_latency(log, KCSD_LATENCY_CPU, KCSD_TIME_OTHER);
	ASSERT_NE(NULL, e);
	EXPECT_GT(1000000000u, le64toh(e->max));
	io_uring_queue_exit(&waiting[0].ring);
}

/* ---- others of a drive ---- */

static void *read_thread(void *arg)
{
	FIXTURE_DATA(slots) *self = arg;
	static int lba;
	const struct nvme_uring_cmd c = cmd_rw(NVM_READ, __atomic_fetch_add(&lba, 1, 0), 1,
					       self->buf, LBA);

	cmd_io_way(CMD_IOCTL64, open_node(&self->d, KCSD_NSID_NVM, O_RDONLY), &c, NULL);
	return NULL;
}

/* Fill the slots of a user with reads of 64 dies, and wait for them. */
static int fill_user(FIXTURE_DATA(slots) *self, uid_t uid)
{
	struct io_uring ring[2];
	int i, k;

	if (seteuid(uid))
		return 1;
	for (k = 0; k < 2; k++) {
		int fd = open_node(&self->d, KCSD_NSID_NVM, O_RDONLY);

		if (open_ring(&ring[k], 0))
			return 1;
		for (i = 0; i < FILE_SLOTS; i++) {
			struct nvme_uring_cmd c = cmd_rw(NVM_READ, i % 64, 1, self->buf, LBA);

			if (ring_put(&ring[k], fd, NVME_URING_CMD_IO, &c, i))
				return 1;
		}
		if (io_uring_submit(&ring[k]) != FILE_SLOTS)
			return 1;
	}
	for (k = 0; k < 2; k++)
		for (i = 0; i < FILE_SLOTS; i++)
			if (ring_get(&ring[k], 60000, &(__u64){ 0 }, &(int){ 0 }, NULL))
				return 1;
	return 0;
}

/*
 * A drive was full. When it is no more, all go on that waited, not one after the other: 40 reads
 * of a third user, of 40 dies, take 300 ms together.
 */
TEST_F_TIMEOUT(slots, all_go_on, 120)
{
	__u64 end = 0;
	char path[64];
	pid_t pid[3];
	int u, i;

	ASSERT_EQ(0, create(self, "300000000"));
	drive_generic_node(path, sizeof(path), self->d.index, KCSD_NSID_NVM);
	ASSERT_EQ(0, chmod(path, 0666));
	for (u = 0; u < 2; u++) {
		pid[u] = fork();
		if (!pid[u])
			_exit(fill_user(self, 1001 + u));
	}
	while (commands(&self->d) < 2 * USER_SLOTS)
		sleep_ms(20);
	pid[2] = fork();
	if (!pid[2]) {
		pthread_t t[40];

		if (seteuid(1003))
			_exit(1);
		for (i = 0; i < 40; i++)
			pthread_create(&t[i], NULL, read_thread, self);
		for (i = 0; i < 40; i++)
			pthread_join(t[i], NULL);
		_exit(0);
	}
	for (u = 0; u < 2; u++)
		EXPECT_TRUE(ends_within(pid[u], 30000));
	end = time_ns();
	EXPECT_TRUE(ends_within(pid[2], 3000));
	ksft_print_msg("the third user ended %d ms after the others\n", (int)ms_since(end));
}

DRIVE_TEST_MAIN
