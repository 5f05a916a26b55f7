// SPDX-License-Identifier: GPL-2.0
/*
 * Test device time with the real clock: no command completes before its device time, by whatever
 * way it was sent; late ones are counted; nothing that is held back hinders power off.
 */
#include "harness.h"
#include "admin.h"
#include "histogram.h"
#include "nvm.h"
#include "prog.h"
#include "run.h"

#include <endian.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#define LBA	4096u
#define MS	1000000ull

/* A flash page takes 20 ms to read: far more than the host. One die for each of 4 channels. */
#define SLOW_DRIVE \
	{ "timing/model", "flash" }, { "timing/read_page_ns", "20000000" }, \
	{ "timing/read_part_ns", "20000000" }, { "timing/channels", "4" }, \
	{ "timing/dies", "1" }, { "timing/program_ns", "1000000" }, \
	{ "timing/buffer_size", "65536" }

static __u64 now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 * MS + t.tv_nsec;
}

FIXTURE(real_clock) {
	struct drive d;
	struct io_uring ring;
	__u8 *buf;
};

FIXTURE_SETUP(real_clock)
{
	static const struct drive_attr attrs[] = { DRIVE_SMALL, SLOW_DRIVE, {} };

	drive_sweep();
	self->buf = aligned_alloc(LBA, 1u << 20);
	ASSERT_NE(NULL, self->buf);
	memset(self->buf, 0x5a, 1u << 20);
	ASSERT_EQ(0, drive_create(&self->d, "real-clock", attrs));
	ASSERT_EQ(0, ring_open(&self->ring, 256, true));
}

FIXTURE_TEARDOWN(real_clock)
{
	io_uring_queue_exit(&self->ring);
	EXPECT_EQ(0, drive_remove(&self->d));
	free(self->buf);
}

static int get_timing(const struct drive *d, struct kcsd_timing_log *log)
{
	struct nvme_uring_cmd c = cmd_log(KCSD_LOG_TIMING, log, sizeof(*log), 0);

	c.nsid = 0;
	return cmd_admin(d->ctrl, &c);
}

TEST_F(real_clock, ways)
{
	const struct nvme_uring_cmd c = cmd_rw(NVM_READ, 0, 1, self->buf, LBA);
	int way;

	for (way = 0; way < CMD_WAYS; way++) {
		__u64 start = now(), took;

		EXPECT_EQ(0, cmd_io_way(way, self->d.nvm, &c, NULL));
		took = now() - start;
		EXPECT_LE(20 * MS, took) TH_LOG("%s", cmd_way_name(way));
		EXPECT_GE(200 * MS * time_slow(), took) TH_LOG("%s", cmd_way_name(way));
	}
}

TEST_F(real_clock, block_node)
{
	int fd = drive_open_block(&self->d, O_RDONLY | O_DIRECT);
	__u64 start = now();

	ASSERT_LE(0, fd);
	EXPECT_EQ(LBA, pread(fd, self->buf, LBA, 0));
	EXPECT_LE(20 * MS, now() - start);
	close(fd);
}

/* Commands of one ring share the dies: 4 at once, in 20 ms each. */
TEST_F(real_clock, queue)
{
	__u64 start = now(), tag, result;
	int i, res;

	for (i = 0; i < 16; i++) {
		const struct nvme_uring_cmd c = cmd_rw(NVM_READ, i, 1, self->buf + i * LBA, LBA);

		ASSERT_EQ(0, ring_put(&self->ring, self->d.nvm, NVME_URING_CMD_IO, &c, i));
	}
	ASSERT_EQ(16, io_uring_submit(&self->ring));
	for (i = 0; i < 16; i++) {
		ASSERT_EQ(0, ring_get(&self->ring, 2000, &tag, &res, &result));
		EXPECT_EQ(0, res);
		EXPECT_LE((i / 4 + 1) * 20 * MS, now() - start);
	}
	EXPECT_GE(80 * MS + 200 * MS * time_slow(), now() - start);
}

static int open_polled(struct io_uring *ring)
{
	struct io_uring_params p = {
		.flags = IORING_SETUP_SQE128 | IORING_SETUP_CQE32 | IORING_SETUP_IOPOLL,
	};

	return io_uring_queue_init_params(8, ring, &p);
}

/* The poller looks at the clock. */
TEST_F(real_clock, polled)
{
	const struct nvme_uring_cmd c = cmd_rw(NVM_READ, 0, 1, self->buf, LBA);
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	__u64 start = now();

	ASSERT_EQ(0, open_polled(&ring));
	ASSERT_EQ(0, ring_put(&ring, self->d.nvm, NVME_URING_CMD_IO, &c, 1));
	ASSERT_EQ(1, io_uring_submit_and_wait(&ring, 1));
	ASSERT_EQ(0, io_uring_wait_cqe(&ring, &cqe));
	EXPECT_EQ(0, cqe->res);
	EXPECT_LE(20 * MS, now() - start);
	io_uring_cqe_seen(&ring, cqe);
	io_uring_queue_exit(&ring);
}

/* A ring that is closed does not hang: its commands complete in their time. */
TEST_F(real_clock, ring_is_closed)
{
	const struct nvme_uring_cmd c = cmd_rw(NVM_READ, 0, 1, self->buf, LBA);
	struct io_uring ring;
	int i;

	ASSERT_EQ(0, open_polled(&ring));
	for (i = 0; i < 8; i++)
		ASSERT_EQ(0, ring_put(&ring, self->d.nvm, NVME_URING_CMD_IO, &c, i));
	ASSERT_EQ(8, io_uring_submit(&ring));
	io_uring_queue_exit(&ring);
	ASSERT_EQ(0, ring_open(&ring, 8, true));
	for (i = 0; i < 8; i++)
		ASSERT_EQ(0, ring_put(&ring, self->d.nvm, NVME_URING_CMD_IO, &c, i));
	ASSERT_EQ(8, io_uring_submit(&ring));
	io_uring_queue_exit(&ring);
}

/* Commands whose device time is seconds away complete at power off. */
TEST_F(real_clock, power_off)
{
	__u64 start, tag, result;
	int i, res;

	for (i = 0; i < 200; i++) {
		const struct nvme_uring_cmd c = cmd_rw(NVM_READ, 4 * i, 1, self->buf, LBA);

		ASSERT_EQ(0, ring_put(&self->ring, self->d.nvm, NVME_URING_CMD_IO, &c, i));
	}
	ASSERT_EQ(200, io_uring_submit(&self->ring));
	start = now();
	ASSERT_EQ(0, drive_power(&self->d, false));
	for (i = 0; i < 200; i++) {
		ASSERT_EQ(0, ring_get(&self->ring, 2000, &tag, &res, &result));
		EXPECT_EQ(0, res);
	}
	EXPECT_GE(800 * MS * time_slow(), now() - start);
	ASSERT_EQ(0, drive_power(&self->d, true));
}

/* A task that waits by ioctl can be killed. */
TEST_F(real_clock, killed)
{
	struct nvme_uring_cmd c;
	__u64 start = now();
	int i, status;
	pid_t pid = fork();

	if (!pid) {
		for (i = 0; i < 200; i++) {
			c = cmd_rw(NVM_READ, 4 * i, 1, self->buf, LBA);
			ring_put(&self->ring, self->d.nvm, NVME_URING_CMD_IO, &c, i);
		}
		io_uring_submit(&self->ring);
		c = cmd_rw(NVM_READ, 0, 1, self->buf, LBA);
		_exit(cmd_io_way(CMD_IOCTL64, self->d.nvm, &c, NULL));
	}
	usleep(50000);
	kill(pid, SIGKILL);
	EXPECT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_GE(1000 * MS * time_slow(), now() - start);
}

/* ---- late commands ---- */

#define LATE_READS	20

/* Of the lateness between two readings: the values in buckets above a bound, and not below it. */
static void count_above(const void *now, const void *before, __u64 bound, __u64 *least,
			__u64 *most)
{
	const struct kcsd_latency_histogram *h, *old;
	const struct kcsd_latency_bucket *bucket;
	__u64 last, n;
	__u32 i;

	*least = 0;
	*most = 0;
	h = histogram_find(now, KCSD_LATENCY_LATE, KCSD_TIME_READ, 0);
	old = histogram_find(before, KCSD_LATENCY_LATE, KCSD_TIME_READ, 0);
	bucket = (const void *)(h + 1);
	for (i = 0; h && i < le32toh(h->nr); i++) {
		last = le64toh(bucket[i].last);
		n = le64toh(bucket[i].count) - histogram_bucket(old, last);
		if (last > bound)
			*most += n;
		if (last > histogram_last_of(bound))
			*least += n;
	}
}

/*
 * A command is late if it is late by more than both bounds: the lateness of each command is in a
 * histogram, the commands that were late are a counter.
 */
TEST_F(real_clock, late)
{
	enum { SOME, ALL, NONE };
	static const struct {
		const char *read_ns, *min_ns, *permille;
		int late;
	} rows[] = {
		/* The usual bounds: 10 us up to 1 ms, 1 % above. */
		{ "100000", "10000", "10", SOME }, { "5000000", "10000", "10", SOME },
		/* Nobody delivers in 10 ns, and everybody in a second. */
		{ "1", "0", "1", ALL }, { "1", "10", "1", ALL }, { "1", "0", "1000", ALL },
		{ "1", "1000000000", "1", NONE },
		{ "20000000", "0", "1000", SOME }, { "20000000", "20000", "1", SOME },
		{ "1000000", "50000", "50", SOME },
	};
	__u8 *before = calloc(2, HISTOGRAMS_LEN), *now = before + HISTOGRAMS_LEN;
	const struct nvme_uring_cmd setup = {
		.opcode = KCSD_CMD_TIMING, .nsid = KCSD_NSID_NVM, .cdw10 = KCSD_TIMING_SETUP,
		.cdw11 = 1, .cdw12 = KCSD_TIMING_RESULT,
	};
	const struct nvme_uring_cmd c = cmd_rw(NVM_READ, 0, 1, self->buf, LBA);
	size_t row;
	int i;

	for (row = 0; row < ARRAY_SIZE(rows); row++) {
		const struct drive_attr attrs[] = {
			DRIVE_SMALL, { "timing/model", "flash" },
			{ "timing/read_part_ns", rows[row].read_ns },
			{ "timing/late_min_ns", rows[row].min_ns },
			{ "timing/late_permille", rows[row].permille }, {}
		};
		__u64 ns = 0, late, bound, min_ns, permille, least, most;
		struct kcsd_timing_log log;
		struct drive d = DRIVE_INIT;

		ASSERT_EQ(0, drive_create(&d, "late", attrs));
		ASSERT_EQ(0, cmd_io(d.nvm, &setup));
		ASSERT_EQ(0, histograms_get(d.ctrl, before));
		/* In sysfs: no command comes between. */
		late = drive_number(&d, "timing/late_commands");
		for (i = 0; i < LATE_READS; i++)
			EXPECT_EQ(0, cmd_io_way(CMD_IOCTL64, d.nvm, &c, &ns));
		late = drive_number(&d, "timing/late_commands") - late;
		ASSERT_EQ(0, histograms_get(d.ctrl, now));
		ASSERT_EQ(0, get_timing(&d, &log));
		min_ns = le64toh(log.late_min_ns);
		permille = le64toh(log.late_permille);
		EXPECT_EQ(strtoull(rows[row].min_ns, NULL, 10), min_ns);
		EXPECT_EQ(strtoull(rows[row].permille, NULL, 10), permille);
		bound = ns * permille / 1000 > min_ns ? ns * permille / 1000 : min_ns;
		count_above(now, before, bound, &least, &most);
		EXPECT_LE(least, late) TH_LOG("row %zu: %llu, %llu", row, ns, bound);
		EXPECT_GE(most, late) TH_LOG("row %zu: %llu, %llu", row, ns, bound);
		EXPECT_TRUE(rows[row].late != ALL || late == LATE_READS) TH_LOG("row %zu", row);
		EXPECT_TRUE(rows[row].late != NONE || !late) TH_LOG("row %zu", row);
		EXPECT_LT(0, le64toh(log.late_max_ns));
		EXPECT_EQ(0, drive_remove(&d));
	}
	free(before);
}

/* A delay that was asked for is no lateness of the host. */
TEST_F(real_clock, injected)
{
	int block = drive_open_block(&self->d, O_RDWR | O_DIRECT);
	struct kcsd_timing_log log;
	__u64 start = now();

	ASSERT_LE(0, block);
	ASSERT_EQ(0, drive_set(self->d.name, "inject", "write delay=300"));
	EXPECT_EQ(0, nvm_write(self->d.nvm, 0, 1, LBA, self->buf));
	EXPECT_EQ(LBA, pwrite(block, self->buf, LBA, 0));
	EXPECT_LE(600 * MS, now() - start);
	ASSERT_EQ(0, get_timing(&self->d, &log));
	EXPECT_LE(2, le64toh(log.commands));
	EXPECT_GE(100 * MS * time_slow(), le64toh(log.late_max_ns));
	close(block);
}

/* Data is there although its time is the model's. */
TEST_F(real_clock, content)
{
	static __u8 want[16 * LBA];

	nvm_pattern(want, 0, 16, LBA, 7);
	ASSERT_EQ(0, nvm_write(self->d.nvm, 0, 16, LBA, want));
	EXPECT_TRUE(nvm_holds(&self->d, want, sizeof(want), LBA, self->buf));
}

/* Impossible combinations do not get power. */
TEST_F(real_clock, impossible)
{
	static const struct drive_attr attrs[] = {
		DRIVE_SMALL, { "timing/model", "flash" }, { "timing/page_size", "16384" },
		{ "timing/program_size", "8192" }, {}
	};
	struct drive d = DRIVE_INIT;

	ASSERT_EQ(0, drive_prepare(&d, "impossible", attrs));
	EXPECT_EQ(-EINVAL, drive_power(&d, true));
	EXPECT_EQ(0, drive_remove(&d));
}

/* True if a value is refused, and a line of the kernel log has this text. */
static bool is_refused(const char *drive, const char *attr, const char *value, const char *why)
{
	int kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK), ret;
	bool found = false;
	char line[1024];
	ssize_t len;

	if (kmsg < 0 || lseek(kmsg, 0, SEEK_END) < 0)
		return false;
	ret = drive_set(drive, attr, value);
	while ((len = read(kmsg, line, sizeof(line) - 1)) > 0) {
		line[len] = 0;
		found |= strstr(line, why) && strstr(line, drive);
	}
	close(kmsg);
	return ret == -EINVAL && found;
}

#define LATE_MIN_REFUSED	"timing: late_min_ns is a number from 0 to 1000000000, ns."

/* Values out of bounds are refused with a sentence: name, bounds, unit. */
TEST_F(real_clock, refused)
{
	static const struct {
		const char *attr, *value, *why;
	} rows[] = {
		{ "model", "disk", "timing: model is none or flash." },
		{ "clock", "fast", "timing: clock is real or virtual." },
		{ "preset", "x", "timing: preset is one of 970pro, zn540, " },
		{ "late_min_ns", "1000000001", LATE_MIN_REFUSED },
		{ "late_min_ns", "-1", LATE_MIN_REFUSED },
		{ "late_min_ns", "1K", LATE_MIN_REFUSED },
		{ "late_permille", "0", "timing: late_permille is a number from 1 to 1000, " },
		{ "late_permille", "1001", "timing: late_permille is a number from 1 to 1000, " },
		{ "depth", "0", "timing: depth is a number from 1 to 4096, commands." },
		{ "depth", "4097", "timing: depth is a number from 1 to 4096, commands." },
		{ "channels", "65", "timing: channels is a number from 1 to 64." },
		{ "erase_ns", "-1", "timing: erase_ns is a number from 0 to 1000000000, ns." },
		{ "gc", "none", "timing: gc is greedy or fifo." },
	};
	char attr[64];
	size_t i;

	drive_close(&self->d);
	ASSERT_EQ(0, drive_power(&self->d, false));
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		snprintf(attr, sizeof(attr), "timing/%s", rows[i].attr);
		EXPECT_TRUE(is_refused(self->d.name, attr, rows[i].value, rows[i].why))
			TH_LOG("%s %s", rows[i].attr, rows[i].value);
	}
	EXPECT_EQ(10000, drive_get_number(self->d.name, "timing/late_min_ns"));
	EXPECT_EQ(10, drive_get_number(self->d.name, "timing/late_permille"));
	EXPECT_EQ(0, drive_set(self->d.name, "timing/late_min_ns", "1000000000"));
	EXPECT_EQ(1000000000, drive_get_number(self->d.name, "timing/late_min_ns"));
	EXPECT_EQ(0, drive_set(self->d.name, "timing/late_min_ns", "0"));
	EXPECT_EQ(0, drive_get_number(self->d.name, "timing/late_min_ns"));
	EXPECT_EQ(0, drive_set(self->d.name, "timing/depth", "4096"));
	EXPECT_EQ(4096, drive_get_number(self->d.name, "timing/depth"));
}

/* The configuration is fixed while there is power. */
TEST_F(real_clock, configuration)
{
	char text[64];

	EXPECT_EQ(-EBUSY, drive_set(self->d.name, "timing/model", "none"));
	EXPECT_EQ(-EBUSY, drive_set(self->d.name, "timing/channels", "2"));
	drive_close(&self->d);
	ASSERT_EQ(0, drive_power(&self->d, false));
	EXPECT_EQ(-EINVAL, drive_set(self->d.name, "timing/model", "disk"));
	EXPECT_EQ(-EINVAL, drive_set(self->d.name, "timing/clock", ""));
	EXPECT_EQ(-EINVAL, drive_set(self->d.name, "timing/channels", "0"));
	EXPECT_EQ(-EINVAL, drive_set(self->d.name, "timing/preset", "mystery"));
	EXPECT_EQ(-EINVAL, drive_set(self->d.name, "timing/late_permille", "1001"));
	EXPECT_EQ(0, drive_set(self->d.name, "timing/preset", "970pro"));
	EXPECT_EQ(6, drive_get(self->d.name, "timing/preset", text, sizeof(text)));
	EXPECT_EQ(0, strncmp("970pro", text, 6));
	EXPECT_EQ(0, drive_set(self->d.name, "timing/channels", "4"));
	EXPECT_EQ(0, drive_get(self->d.name, "timing/preset", text, sizeof(text)));
	EXPECT_EQ(4, drive_get_number(self->d.name, "timing/channels"));
}

/* ---- runs ---- */

/* Read LBA cparam1 into the heap, cparam2 times. */
static const struct bpf_insn prog_reads[] = {
	I_MOVR(R6, R1), I_CTX(R8, R6, cparam2), I_MOV(R7, 0),
	I_JMPR(BPF_JGE, R7, R8, 6),
	I_CTX(R1, R6, cparam1), I_CTX(R2, R6, heap), I_MOV(R3, LBA), I_HELPER(read),
	I_ADD(R7, 1), I_JA(-7),
	I_MOVR(R0, R7), I_EXIT,
};

FIXTURE(real_run) {
	struct drive d;
};

FIXTURE_VARIANT(real_run) {
	const char *engine;
	__u64 budget;
};

FIXTURE_VARIANT_ADD(real_run, jit) { .engine = "jit" };
FIXTURE_VARIANT_ADD(real_run, jit_counts) { .engine = "jit", .budget = 1ull << 40 };
FIXTURE_VARIANT_ADD(real_run, interp) { .engine = "interp" };

FIXTURE_SETUP(real_run)
{
	const struct drive_attr attrs[] = {
		DRIVE_SMALL, SLOW_DRIVE, { "engine", variant->engine }, {}
	};
	const struct image im = {
		.insns = prog_reads, .insn_cnt = ARRAY_SIZE(prog_reads), .heap_len = 65536,
	};

	drive_sweep();
	ASSERT_EQ(0, drive_create(&self->d, "real-run", attrs));
	ASSERT_EQ(0, prog_install_image(self->d.ctrl, 0, &im));
}

FIXTURE_TEARDOWN(real_run)
{
	EXPECT_EQ(0, drive_remove(&self->d));
}

/* A run takes the time of its accesses, and tells where it went. */
TEST_F(real_run, reads)
{
	struct run r = { .budget = variant->budget, .cparam2 = 4 };
	const struct kcsd_device_time *t = &r.out.rec.device;
	__u64 start = now();

	run_grant(&r, 0, 16, KCSD_GRANT_READ);
	ASSERT_EQ(0, run_exec(self->d.compute, &r));
	EXPECT_LE(80 * MS, now() - start);
	EXPECT_EQ(4, r.result);
	EXPECT_LE(80 * MS, le64toh(t->media_ns));
	EXPECT_GE(81 * MS, le64toh(t->media_ns));
	EXPECT_EQ(le64toh(t->end) - le64toh(t->arrival),
		  le64toh(t->link_ns) + le64toh(t->controller_ns) + le64toh(t->media_ns) +
		  le64toh(t->compute_ns) + le64toh(t->waiting_ns));
	EXPECT_LT(0, le64toh(t->compute_ns));
	/* It waited for the device, which is no time on the unit. */
	EXPECT_GE(40 * MS, le64toh(r.out.rec.run_ns));
}

/* A run that is held back can be cancelled. */
TEST_F(real_run, killed)
{
	struct run r = { .budget = variant->budget, .cparam2 = 400 };
	__u64 start = now();
	int status;
	pid_t pid;

	run_grant(&r, 0, 16, KCSD_GRANT_READ);
	pid = fork();
	if (!pid)
		_exit(run_way(CMD_IOCTL64, self->d.compute, &r));
	usleep(100000);
	kill(pid, SIGKILL);
	EXPECT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_GE(1000 * MS * time_slow(), now() - start);
}

/* Its time limit counts while it is held back: here by 200 reads of others on its die. */
TEST_F(real_run, time_limit)
{
	struct run r = { .budget = variant->budget, .cparam2 = 1, .timeout_ms = 200 };
	__u8 *buf = aligned_alloc(LBA, LBA);
	struct nvme_uring_cmd c = cmd_rw(NVM_READ, 0, 1, buf, LBA);
	struct io_uring ring;
	__u64 start = now();
	int i;

	ASSERT_EQ(0, ring_open(&ring, 256, true));
	for (i = 0; i < 200; i++)
		ASSERT_EQ(0, ring_put(&ring, self->d.nvm, NVME_URING_CMD_IO, &c, i));
	ASSERT_EQ(200, io_uring_submit(&ring));
	run_grant(&r, 0, 16, KCSD_GRANT_READ);
	EXPECT_EQ(KCSD_SC_PROGRAM_TIME, run_exec(self->d.compute, &r));
	EXPECT_EQ(KCSD_FAULT_TIME, le32toh(r.out.rec.reason));
	EXPECT_LE(200 * MS, now() - start);
	EXPECT_GE(1500 * MS * time_slow(), now() - start);
	io_uring_queue_exit(&ring);
	free(buf);
}

/* Power off ends it. */
TEST_F(real_run, power_off)
{
	struct run r = { .budget = variant->budget, .cparam2 = 400 };
	__u64 start = now();
	int status;
	pid_t pid;

	run_grant(&r, 0, 16, KCSD_GRANT_READ);
	pid = fork();
	if (!pid)
		_exit(run_way(CMD_IOCTL64, self->d.compute, &r) != KCSD_SC_PROGRAM_CANCELLED);
	usleep(100000);
	ASSERT_EQ(0, drive_power(&self->d, false));
	EXPECT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_GE(2000 * MS * time_slow(), now() - start);
}

TEST_HARNESS_MAIN
