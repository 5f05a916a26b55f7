// SPDX-License-Identifier: GPL-2.0
/*
 * Test device time with the virtual clock: sums on paper, closed loops, named arrivals, results,
 * and that the same commands have the same times, on each host and kernel.
 */
#include "harness.h"
#include "admin.h"
#include "capability.h"
#include "nvm.h"
#include "prog.h"
#include "ring.h"
#include "run.h"

#include <endian.h>
#include <pthread.h>
#include <stdlib.h>

#define LBA	4096u
#define MANY	600		/* fewer than the log has */

/*
 * A drive whose sums are easy: a command takes a core 1,000 ns, the link 4 ns for a byte and 500
 * more, a channel 2 ns for a byte, a flash page 40,000 ns to read, 200,000 to program.
 */
#define TIMED_DRIVE \
	{ "timing/model", "flash" }, { "timing/clock", "virtual" }, \
	{ "timing/command_ns", "1000" }, { "timing/link_ns", "500" }, \
	{ "timing/link_read_mbps", "250" }, { "timing/link_write_mbps", "250" }, \
	{ "timing/channel_mbps", "500" }, { "timing/slm_mbps", "1000" }, \
	{ "timing/channels", "2" }, { "timing/dies", "2" }, \
	{ "timing/read_delay_ns", "3000" }, { "timing/read_small_delay_ns", "2000" }, \
	{ "timing/write_delay_ns", "4000" }, { "timing/write_4k_delay_ns", "100" }, \
	{ "timing/buffer_size", "65536" }

#define COMMAND		1000
#define LINK		(4 * LBA + 500)
#define CHANNEL		(2 * LBA)
#define PAGE		40000
#define READ_4K		(COMMAND + 2000 + PAGE + CHANNEL + LINK)
#define WRITE_4K	(COMMAND + LINK + 4000 + 100)

struct log {
	struct kcsd_device_times header;
	struct kcsd_device_entry entry[KCSD_DEVICE_TIMES];
};

static struct nvme_uring_cmd cmd_timing(__u32 nsid, __u32 depth, __u32 flags, __u32 stream)
{
	return (struct nvme_uring_cmd){
		.opcode = KCSD_CMD_TIMING, .nsid = nsid, .cdw10 = KCSD_TIMING_SETUP,
		.cdw11 = depth, .cdw12 = flags, .cdw13 = stream,
	};
}

static struct nvme_uring_cmd cmd_arrival(__u32 nsid, __u64 at)
{
	return (struct nvme_uring_cmd){
		.opcode = KCSD_CMD_TIMING, .nsid = nsid, .cdw10 = KCSD_TIMING_ARRIVAL,
		.cdw12 = at, .cdw13 = at >> 32,
	};
}

static int setup(int fd, __u32 depth, __u32 flags, __u32 stream)
{
	const struct nvme_uring_cmd c = cmd_timing(KCSD_NSID_NVM, depth, flags, stream);

	return cmd_io(fd, &c);
}

/* Send a command that succeeds. Returns its result, or ~0. */
static __u64 result_of(int fd, const struct nvme_uring_cmd *c)
{
	__u64 result = 0;

	return cmd_io_way(CMD_IOCTL64, fd, c, &result) ? ~0ull : result;
}

static __u64 rw(int fd, __u8 opcode, __u64 lba, __u32 nlb, void *buf)
{
	const struct nvme_uring_cmd c = cmd_rw(opcode, lba, nlb, buf, nlb * LBA);

	return result_of(fd, &c);
}

static struct nvme_uring_cmd mem_rw(__u8 opcode, void *buf)
{
	return (struct nvme_uring_cmd){
		.opcode = opcode, .nsid = KCSD_NSID_SLM, .cdw12 = LBA,
		.addr = (uintptr_t)buf, .data_len = LBA,
	};
}

static int get_log(int fd, struct log *log)
{
	struct nvme_uring_cmd c = cmd_log(KCSD_LOG_DEVICE_TIMES, log, sizeof(*log), 0);

	c.nsid = 0;
	return cmd_admin_way(CMD_IOCTL64, fd, &c, NULL);
}

static int get_timing(const struct drive *d, struct kcsd_timing_log *log)
{
	struct nvme_uring_cmd c = cmd_log(KCSD_LOG_TIMING, log, sizeof(*log), 0);

	c.nsid = 0;
	return cmd_admin(d->ctrl, &c);
}

FIXTURE(virtual_clock) {
	struct drive d;
	struct log log;
	__u8 *buf;
};

FIXTURE_SETUP(virtual_clock)
{
	static const struct drive_attr attrs[] = { DRIVE_SMALL, TIMED_DRIVE, {} };

	drive_sweep();
	self->buf = aligned_alloc(LBA, 1u << 20);
	ASSERT_NE(NULL, self->buf);
	memset(self->buf, 0x5a, 1u << 20);
	ASSERT_EQ(0, drive_create(&self->d, "virtual-clock", attrs));
	ASSERT_EQ(0, setup(self->d.nvm, 1, KCSD_TIMING_RESULT | KCSD_TIMING_LOG, 0));
}

FIXTURE_TEARDOWN(virtual_clock)
{
	EXPECT_EQ(0, drive_remove(&self->d));
	free(self->buf);
}

/* One command at a time takes the sum of its parts. */
TEST_F(virtual_clock, sums)
{
	const struct nvme_uring_cmd flush = cmd_flush();
	const struct nvme_uring_cmd trim = nvm_lbas(NVM_WRITE_ZEROES, 0, 4);
	int fd = self->d.nvm;

	EXPECT_EQ(READ_4K, rw(fd, NVM_READ, 0, 1, self->buf));
	EXPECT_EQ(READ_4K, rw(fd, NVM_READ, 100, 1, self->buf));
	EXPECT_EQ(WRITE_4K, rw(fd, NVM_WRITE, 7, 1, self->buf));
	EXPECT_EQ(COMMAND, result_of(fd, &flush));
	EXPECT_EQ(COMMAND, result_of(fd, &trim));
	/* What was trimmed is not read from flash. */
	EXPECT_EQ(READ_4K - PAGE - CHANNEL, rw(fd, NVM_READ, 1, 1, self->buf));
}

/* Memory of the drive: 1 ns for a byte, then the link. */
TEST_F(virtual_clock, memory)
{
	struct nvme_uring_cmd c = cmd_timing(KCSD_NSID_SLM, 1, KCSD_TIMING_RESULT, 0);
	int fd = self->d.slm;

	ASSERT_EQ(0, cmd_io(fd, &c));
	c = mem_rw(KCSD_SLM_READ, self->buf);
	EXPECT_EQ(COMMAND + LBA + LINK, result_of(fd, &c));
	c = mem_rw(KCSD_SLM_WRITE, self->buf);
	EXPECT_EQ(COMMAND + LBA + LINK, result_of(fd, &c));
}

/* The log has each command, and its parts add up. */
TEST_F(virtual_clock, log)
{
	const struct kcsd_device_entry *e = self->log.entry;
	int i;

	for (i = 0; i < 3; i++)
		rw(self->d.nvm, NVM_READ, i, 1, self->buf);
	rw(self->d.nvm, NVM_WRITE, 0, 1, self->buf);
	ASSERT_EQ(0, get_log(self->d.nvm, &self->log));
	ASSERT_EQ(4, le32toh(self->log.header.nr));
	for (i = 0; i < 4; i++) {
		const struct kcsd_device_time *t = &e[i].time;

		EXPECT_EQ((__u64)i + 1, le64toh(e[i].seq));
		EXPECT_EQ(i < 3 ? KCSD_TIME_READ : KCSD_TIME_WRITE, e[i].op);
		EXPECT_EQ(i < 3 ? NVM_READ : NVM_WRITE, e[i].opcode);
		EXPECT_EQ(le64toh(t->end) - le64toh(t->arrival),
			  le64toh(t->link_ns) + le64toh(t->controller_ns) + le64toh(t->media_ns) +
			  le64toh(t->compute_ns) + le64toh(t->waiting_ns));
		if (i)
			EXPECT_EQ(le64toh(e[i - 1].time.end), le64toh(t->arrival));
	}
	EXPECT_EQ(3000, le64toh(e[0].time.controller_ns));
	EXPECT_EQ(PAGE + CHANNEL, le64toh(e[0].time.media_ns));
	EXPECT_EQ(LINK, le64toh(e[0].time.link_ns));
	EXPECT_EQ(0, le64toh(e[0].time.waiting_ns));
}

/* Without being asked, results are 0, and nothing is logged. */
TEST_F(virtual_clock, not_asked)
{
	ASSERT_EQ(0, setup(self->d.nvm, 1, 0, 0));
	EXPECT_EQ(0, rw(self->d.nvm, NVM_READ, 0, 1, self->buf));
	ASSERT_EQ(0, get_log(self->d.nvm, &self->log));
	EXPECT_EQ(0, le32toh(self->log.header.nr));
}

TEST_F(virtual_clock, invalid)
{
	const struct {
		__u32 cdw10, cdw11, cdw12, cdw13;
		enum kcsd_field field;
	} cases[] = {
		{ 2, 1, 0, 0, KCSD_FIELD_CDW10 },
		{ 0x100, 1, 0, 0, KCSD_FIELD_CDW10 },
		{ KCSD_TIMING_SETUP, 0, 0, 0, KCSD_FIELD_CDW11 },
		{ KCSD_TIMING_SETUP, KCSD_TIMING_MAX_DEPTH + 1, 0, 0, KCSD_FIELD_CDW11 },
		{ KCSD_TIMING_SETUP, 2, KCSD_TIMING_ARRIVALS, 0, KCSD_FIELD_CDW11 },
		{ KCSD_TIMING_SETUP, 1, 0x8, 0, KCSD_FIELD_CDW12 },
		{ KCSD_TIMING_SETUP, 1, 0, 1, KCSD_FIELD_CDW13 },
		{ KCSD_TIMING_ARRIVAL, 1, 0, 0, KCSD_FIELD_CDW11 },
		{ KCSD_TIMING_ARRIVAL, 0, 5, 0, KCSD_FIELD_CDW12 },	/* set up without */
		{ KCSD_TIMING_ARRIVAL, 0, 1, 1u << 29, KCSD_FIELD_CDW12 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct nvme_uring_cmd c = {
			.opcode = KCSD_CMD_TIMING, .nsid = KCSD_NSID_NVM, .cdw10 = cases[i].cdw10,
			.cdw11 = cases[i].cdw11, .cdw12 = cases[i].cdw12, .cdw13 = cases[i].cdw13,
		};
		__u64 result = 0;

		EXPECT_EQ(KCSD_SC_INVALID_FIELD, cmd_io_way(CMD_URING, self->d.nvm, &c, &result));
		EXPECT_EQ(cases[i].field, result) TH_LOG("case %zu", i);
	}
}

/* ---- closed loops ---- */

/* With n slots, reads of different dies go on at once: the link limits them. */
TEST_F(virtual_clock, depth)
{
	__u64 begin, end;
	int i;

	ASSERT_EQ(0, setup(self->d.nvm, 16, KCSD_TIMING_LOG, 0));
	for (i = 0; i < MANY; i++)
		rw(self->d.nvm, NVM_READ, i % 4096, 1, self->buf);
	ASSERT_EQ(0, get_log(self->d.nvm, &self->log));
	ASSERT_EQ(MANY, le32toh(self->log.header.nr));
	begin = le64toh(self->log.entry[100].time.end);
	end = le64toh(self->log.entry[MANY - 1].time.end);
	/* 4 bytes a ns: 16,384 ns for each. */
	EXPECT_LE((MANY - 101) * 16384ull, end - begin);
	EXPECT_GE((MANY - 101) * 16384ull * 102 / 100, end - begin);
}

/* An open file that sets none has the depth of the drive. */
TEST_F(virtual_clock, depth_of_drive)
{
	__u64 one, many;
	int i;

	drive_close(&self->d);
	ASSERT_EQ(0, drive_power(&self->d, false));
	for (i = 0; i < 2; i++) {
		struct kcsd_timing_log log;
		int n;

		ASSERT_EQ(0, drive_set(self->d.name, "timing/depth", i ? "16" : "1"));
		ASSERT_EQ(0, drive_power(&self->d, true));
		ASSERT_EQ(0, drive_open(&self->d, O_RDWR));
		for (n = 0; n < 64; n++)
			rw(self->d.nvm, NVM_READ, n, 1, self->buf);
		ASSERT_EQ(0, get_timing(&self->d, &log));
		EXPECT_EQ(0, log.flags);
		*(i ? &many : &one) = le64toh(log.device_ns);
		drive_close(&self->d);
		ASSERT_EQ(0, drive_power(&self->d, false));
	}
	/* With 16 in flight the link is busy all the time. */
	EXPECT_EQ(64 * READ_4K, one);
	EXPECT_LE(64ull * 4 * LBA, many);
	EXPECT_GE(64ull * 4 * LBA + 2 * READ_4K, many);
	ASSERT_EQ(0, drive_power(&self->d, true));
}

static __u64 random_of(__u64 *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return *state >> 33;
}

/* Send reads, writes, flushes, trims in an order that the seed gives. */
static void send_mix(int fd, __u64 seed, int nr, void *buf)
{
	int i;

	for (i = 0; i < nr; i++) {
		__u64 lba = random_of(&seed) % 4000, nlb = 1 + random_of(&seed) % 16;
		const struct nvme_uring_cmd flush = cmd_flush();
		const struct nvme_uring_cmd trim = nvm_lbas(NVM_WRITE_ZEROES, lba, nlb);

		switch (random_of(&seed) % 8) {
		case 0:
			cmd_io(fd, &flush);
			break;
		case 1:
			cmd_io(fd, &trim);
			break;
		case 2 ... 4:
			rw(fd, NVM_WRITE, lba, nlb, buf);
			break;
		default:
			rw(fd, NVM_READ, lba, nlb, buf);
		}
	}
}

static __u64 hash(__u64 h, __u64 value)
{
	return (h ^ value) * 1099511628211ull;
}

/* A hash of the times of all commands, without when the first one arrived. */
static __u64 hash_log(const struct log *log)
{
	__u64 h = 14695981039346656037ull, begin = le64toh(log->entry[0].time.arrival);
	__u32 i;

	for (i = 0; i < le32toh(log->header.nr); i++) {
		const struct kcsd_device_time *t = &log->entry[i].time;

		h = hash(h, le64toh(t->arrival) - begin);
		h = hash(h, le64toh(t->end) - begin);
		h = hash(h, le64toh(t->media_ns));
		h = hash(h, le64toh(t->waiting_ns));
	}
	return h;
}

/*
 * The same commands have the same times, on each host and kernel: the hash is a constant. When a
 * change of the model is meant to change times, take what the test prints.
 */
TEST_F(virtual_clock, same_everywhere)
{
	const __u64 wanted = 0x36a8d081c052d831;
	__u64 got;

	ASSERT_EQ(0, setup(self->d.nvm, 8, KCSD_TIMING_LOG, 0));
	send_mix(self->d.nvm, 1, MANY, self->buf);
	ASSERT_EQ(0, get_log(self->d.nvm, &self->log));
	ASSERT_EQ(MANY, le32toh(self->log.header.nr));
	got = hash_log(&self->log);
	EXPECT_EQ(wanted, got) TH_LOG("the hash is 0x%llx", got);
}

/* ---- counters ---- */

struct counters {
	struct kcsd_counters header;
	struct kcsd_counter entry[256];
};

/* Returns a counter of log page C2h, or ~0. */
static __u64 counter(const struct counters *page, const char *name)
{
	__u32 i;

	for (i = 0; i < le32toh(page->header.nr); i++)
		if (!strcmp(page->entry[i].name, name))
			return le64toh(page->entry[i].value);
	return ~0ull;
}

/* Return a number in sysfs, or thousandths of the decimal "timing/x" for "timing/x_milli". */
static __u64 number_of(const struct drive *d, const char *name)
{
	int len = strlen(name) - strlen("_milli");
	__u64 whole = 0, part = 0;
	char path[128];
	FILE *file;

	if (len < 0 || strcmp(name + len, "_milli"))
		return drive_number(d, name);
	snprintf(path, sizeof(path), "/sys/class/kcsd/kcsd%d/%.*s", d->index, len, name);
	file = fopen(path, "r");
	if (!file || fscanf(file, "%llu.%3llu\n", &whole, &part) != 2)
		whole = 1ull << 32;
	if (file)
		fclose(file);
	return 1000 * whole + part;
}

/* Log page C2h has what sysfs has, by the same names; the use of resources adds up. */
TEST_F(virtual_clock, counters)
{
	static struct counters page;
	struct nvme_uring_cmd c = cmd_log(KCSD_LOG_COUNTERS, &page, sizeof(page), 0);
	__u32 i, nr = 0;

	c.nsid = 0;
	for (i = 0; i < 100; i++)
		rw(self->d.nvm, i % 2 ? NVM_READ : NVM_WRITE, i, 1, self->buf);
	ASSERT_EQ(0, cmd_admin(self->d.ctrl, &c));
	for (i = 0; i < le32toh(page.header.nr); i++) {
		if (strncmp(page.entry[i].name, "timing/", 7))
			continue;
		nr++;
		EXPECT_EQ(number_of(&self->d, page.entry[i].name), le64toh(page.entry[i].value))
			TH_LOG("%s", page.entry[i].name);
	}
	EXPECT_LE(34, nr);
	/* One after another. */
	EXPECT_EQ(counter(&page, "timing/device_ns"), counter(&page, "timing/commands_ns"));
	EXPECT_EQ(50 * LBA, counter(&page, "timing/read_bytes"));
	EXPECT_EQ(50 * LBA, counter(&page, "timing/write_bytes"));
	EXPECT_EQ(2, counter(&page, "timing/channel_count"));
	EXPECT_EQ(4, counter(&page, "timing/die_count"));
	EXPECT_EQ(100 * COMMAND, counter(&page, "timing/core_busy_ns"));
	EXPECT_EQ(50 * 4 * LBA, counter(&page, "timing/link_out_busy_ns"));
	EXPECT_EQ(50 * 4 * LBA, counter(&page, "timing/link_in_busy_ns"));
}

/* ---- several files ---- */

static int open_nvm(const struct drive *d)
{
	char path[64];

	drive_generic_node(path, sizeof(path), d->index, KCSD_NSID_NVM);
	return open(path, O_RDWR | O_CLOEXEC);
}

static int name_arrival(int fd, __u64 at)
{
	const struct nvme_uring_cmd c = cmd_arrival(KCSD_NSID_NVM, at);

	return cmd_io_way(CMD_IOCTL64, fd, &c, NULL);
}

static bool is_marked(const struct drive *d)
{
	struct kcsd_timing_log log = {};

	return get_timing(d, &log) || log.flags & KCSD_TIMING_MARKED;
}

/* Returns why the drive is marked: KCSD_TIMING_FILES, ... */
static int marks(const struct drive *d)
{
	struct kcsd_timing_log log = {};

	return get_timing(d, &log) ? -1 : log.flags & ~KCSD_TIMING_MARKED;
}

/* All four ways to send a command have the same device time. */
TEST_F(virtual_clock, ways)
{
	const struct nvme_uring_cmd c = cmd_rw(NVM_READ, 0, 1, self->buf, LBA);
	__u64 result;
	int way;

	for (way = 0; way < CMD_WAYS; way++) {
		result = READ_4K;
		EXPECT_EQ(0, cmd_io_way(way, self->d.nvm, &c,
					way == CMD_URING_CQE16 ? NULL : &result));
		EXPECT_EQ(READ_4K, result) TH_LOG("%s", cmd_way_name(way));
	}
}

TEST_F(virtual_clock, marked)
{
	int other = open_nvm(&self->d);

	ASSERT_LE(0, other);
	rw(self->d.nvm, NVM_READ, 0, 1, self->buf);
	EXPECT_FALSE(is_marked(&self->d));
	rw(other, NVM_READ, 0, 1, self->buf);
	EXPECT_TRUE(is_marked(&self->d));
	EXPECT_EQ(KCSD_TIMING_FILES, marks(&self->d));
	close(other);
}

/* Files that send by turns have no defined order, even if each one is set up before it sends. */
TEST_F(virtual_clock, by_turns)
{
	int other = open_nvm(&self->d);

	ASSERT_LE(0, other);
	rw(self->d.nvm, NVM_READ, 0, 1, self->buf);
	ASSERT_EQ(0, setup(self->d.nvm, 1, 0, 0));
	rw(other, NVM_READ, 0, 1, self->buf);
	ASSERT_EQ(0, setup(other, 1, 0, 0));
	EXPECT_EQ(0, marks(&self->d));
	rw(other, NVM_READ, 0, 1, self->buf);
	ASSERT_EQ(0, setup(other, 1, 0, 0));
	EXPECT_EQ(0, marks(&self->d));
	rw(self->d.nvm, NVM_READ, 0, 1, self->buf);
	EXPECT_EQ(KCSD_TIMING_FILES, marks(&self->d));
	close(other);
}

/* Send reads by one ring. Returns 0 if all have succeeded. */
static int send_ring(int fd, unsigned int flags, __u8 *buf)
{
	struct io_uring ring;
	__u64 tag, result;
	int i, res, ret;

	ret = ring_open(&ring, 64, true);
	for (i = 0; !ret && i < 64; i++) {
		const struct nvme_uring_cmd c = cmd_rw(NVM_READ, i, 1, buf + i * LBA, LBA);

		ret = ring_put(&ring, fd, NVME_URING_CMD_IO, &c, i);
		ring.sq.sqes[2 * i].flags |= flags;
	}
	ret = ret ?: io_uring_submit(&ring) - 64;
	for (i = 0; !ret && i < 64; i++)
		ret = ring_get(&ring, 20000 * time_slow(), &tag, &res, &result) ?: res;
	io_uring_queue_exit(&ring);
	return ret;
}

struct sender {
	pthread_t thread;
	int fd;
	int ret;
	void *buf;
};

static void *send_slow_read(void *arg)
{
	struct sender *s = arg;

	s->ret = rw(s->fd, NVM_READ, 0, 1, s->buf) == ~0ull;
	return NULL;
}

/* Commands of one file are in order, but for those of several threads at once. */
TEST_F(virtual_clock, one_file_at_once)
{
	struct sender s[2];
	int i;

	EXPECT_EQ(0, send_ring(self->d.nvm, 0, self->buf));
	EXPECT_EQ(0, send_ring(self->d.nvm, IOSQE_IO_DRAIN | IOSQE_ASYNC, self->buf));
	/* Threads, one after another. */
	for (i = 0; i < 2; i++) {
		s[i] = (struct sender){ .fd = self->d.nvm, .buf = self->buf };
		ASSERT_EQ(0, pthread_create(&s[i].thread, NULL, send_slow_read, &s[i]));
		pthread_join(s[i].thread, NULL);
	}
	EXPECT_EQ(0, marks(&self->d));
	ASSERT_EQ(0, drive_set(self->d.name, "inject", "read delay=300ms"));
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&s[i].thread, NULL, send_slow_read, &s[i]));
	for (i = 0; i < 2; i++) {
		pthread_join(s[i].thread, NULL);
		EXPECT_EQ(0, s[i].ret);
	}
	EXPECT_EQ(KCSD_TIMING_AT_ONCE, marks(&self->d));
}

/* An admin command is none of the stream. */
TEST_F(virtual_clock, admin_at_once)
{
	struct sender s = { .fd = self->d.nvm, .buf = self->buf };

	ASSERT_EQ(0, drive_set(self->d.name, "inject", "read delay=300ms"));
	ASSERT_EQ(0, pthread_create(&s.thread, NULL, send_slow_read, &s));
	while (!drive_number(&self->d, "timing/commands"))
		ASSERT_EQ(0, get_log(self->d.nvm, &self->log));
	pthread_join(s.thread, NULL);
	EXPECT_EQ(0, marks(&self->d));
}

/* ---- the block node ---- */

struct reads {
	pthread_t thread;
	int fd;
	int failed;
	void *buf;
};

static void *read_block(void *arg)
{
	struct reads *r = arg;
	int i;

	for (i = 0; i < 20; i++)
		r->failed |= pread(r->fd, r->buf, LBA, i * LBA) != LBA;
	return NULL;
}

/* Let a thread read from a file of the block node. Returns 0 if that succeeded. */
static int read_by_thread(int fd, void *buf)
{
	struct reads r = { .fd = fd, .buf = buf };

	if (pthread_create(&r.thread, NULL, read_block, &r))
		return -1;
	pthread_join(r.thread, NULL);
	return r.failed;
}

TEST_F(virtual_clock, block_node)
{
	struct reads mine = { .buf = self->buf };
	int i;

	/* One after another: each has its own stream. */
	for (i = 0; i < 3; i++) {
		mine.fd = drive_open_block(&self->d, O_RDONLY | O_DIRECT);
		ASSERT_LE(0, mine.fd);
		EXPECT_EQ(0, read_by_thread(mine.fd, self->buf));
		close(mine.fd);
	}
	/* Before a char node is used, like a scan for partitions. */
	rw(self->d.nvm, NVM_READ, 0, 1, self->buf);
	EXPECT_EQ(0, marks(&self->d));
	/* Two threads of one stream. */
	drive_close(&self->d);
	ASSERT_EQ(0, drive_open(&self->d, O_RDWR));
	mine.fd = drive_open_block(&self->d, O_RDONLY | O_DIRECT);
	ASSERT_LE(0, mine.fd);
	read_block(&mine);
	EXPECT_EQ(0, mine.failed);
	EXPECT_EQ(0, marks(&self->d));
	EXPECT_EQ(0, read_by_thread(mine.fd, self->buf));
	EXPECT_EQ(KCSD_TIMING_BLOCK, marks(&self->d));
	close(mine.fd);
}

static void *send_block_ioctl(void *arg)
{
	struct sender *b = arg;
	const struct nvme_uring_cmd c = cmd_rw(NVM_READ, 0, 1, b->buf, LBA);

	b->ret = cmd_io_way(CMD_IOCTL64, b->fd, &c, NULL);
	return NULL;
}

/* NVMe commands by ioctl are in order if one thread sends them, and requests of the same file. */
TEST_F(virtual_clock, block_ioctls)
{
	struct sender b = { .buf = self->buf };
	int i;

	drive_close(&self->d);
	ASSERT_EQ(0, drive_open(&self->d, O_RDWR));
	for (i = 0; i < 3; i++) {
		b.fd = drive_open_block(&self->d, O_RDWR | O_DIRECT);
		ASSERT_LE(0, b.fd);
		EXPECT_EQ(LBA, pread(b.fd, self->buf, LBA, 0));
		send_block_ioctl(&b);
		EXPECT_EQ(0, b.ret);
		EXPECT_EQ(LBA, pread(b.fd, self->buf, LBA, LBA));
		close(b.fd);
	}
	/* One thread after another, each with its own open. */
	b.fd = drive_open_block(&self->d, O_RDWR | O_DIRECT);
	ASSERT_LE(0, b.fd);
	ASSERT_EQ(0, pthread_create(&b.thread, NULL, send_block_ioctl, &b));
	pthread_join(b.thread, NULL);
	EXPECT_EQ(0, b.ret);
	EXPECT_EQ(0, marks(&self->d));
	send_block_ioctl(&b);
	EXPECT_EQ(0, b.ret);
	EXPECT_EQ(KCSD_TIMING_BLOCK, marks(&self->d));
	close(b.fd);
}

/* A request of a thread and a command of another have no order. */
TEST_F(virtual_clock, block_ioctl_and_requests)
{
	struct sender b = { .buf = self->buf };

	drive_close(&self->d);
	ASSERT_EQ(0, drive_open(&self->d, O_RDWR));
	b.fd = drive_open_block(&self->d, O_RDWR | O_DIRECT);
	ASSERT_LE(0, b.fd);
	EXPECT_EQ(LBA, pread(b.fd, self->buf, LBA, 0));
	EXPECT_EQ(0, marks(&self->d));
	ASSERT_EQ(0, pthread_create(&b.thread, NULL, send_block_ioctl, &b));
	pthread_join(b.thread, NULL);
	EXPECT_EQ(KCSD_TIMING_BLOCK, marks(&self->d));
	close(b.fd);
}

/* One file after another is in order. */
TEST_F(virtual_clock, one_after_another)
{
	int i, other;

	drive_close(&self->d);
	for (i = 0; i < 3; i++) {
		other = open_nvm(&self->d);
		ASSERT_LE(0, other);
		rw(other, NVM_READ, 0, 1, self->buf);
		close(other);
	}
	ASSERT_EQ(0, drive_open(&self->d, O_RDWR));
	EXPECT_FALSE(is_marked(&self->d));
}

/* ---- named arrivals ---- */

struct stream {
	pthread_t thread;
	int fd;
	__u64 step;
	int failed;
	void *buf;
	__u64 hash;
	struct log log;
};

/* Send commands that arrive at multiples of a step. Closes the file: nobody waits for it then. */
static void *send_stream(void *arg)
{
	struct stream *s = arg;
	__u64 seed = s->step;
	int i;

	for (i = 1; i <= 200; i++) {
		const struct nvme_uring_cmd c = cmd_arrival(KCSD_NSID_NVM, i * s->step);

		s->failed |= result_of(s->fd, &c) != 0;
		rw(s->fd, i % 3 ? NVM_READ : NVM_WRITE, random_of(&seed) % 4000, 1, s->buf);
		if (random_of(&seed) % 16 == 0)
			usleep(1000);
	}
	s->failed |= get_log(s->fd, &s->log);
	s->hash = hash_log(&s->log);
	close(s->fd);
	return NULL;
}

/* Send three streams at once. Returns the hash of all times; 0: something failed. */
static __u64 three_streams(const struct drive *d, __u8 *buf)
{
	static const __u64 steps[] = { 30000, 45000, 61000 };
	static struct stream s[3];
	__u64 h = 1;
	int i;

	for (i = 0; i < 3; i++) {
		s[i] = (struct stream){ .fd = open_nvm(d), .step = steps[i], .buf = buf + i * LBA };
		if (s[i].fd < 0 || setup(s[i].fd, 1, KCSD_TIMING_ARRIVALS | KCSD_TIMING_LOG, i))
			return 0;
	}
	for (i = 0; i < 3; i++)
		pthread_create(&s[i].thread, NULL, send_stream, &s[i]);
	for (i = 0; i < 3; i++) {
		pthread_join(s[i].thread, NULL);
		h = s[i].failed ? 0 : hash(h, s[i].hash);
	}
	return h;
}

/* The order of the threads does not matter, and the times are the same everywhere. */
TEST_F(virtual_clock, named_arrivals)
{
	const __u64 wanted = 0xe37a08e93ea3e8ca;
	__u64 got = three_streams(&self->d, self->buf);

	EXPECT_EQ(wanted, got) TH_LOG("the hash is 0x%llx", got);
	EXPECT_FALSE(is_marked(&self->d));
}

/* One file may begin again. Another that names arrivals before those that were sent is late. */
TEST_F(virtual_clock, named_late)
{
	int other = open_nvm(&self->d), i;

	ASSERT_LE(0, other);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, setup(self->d.nvm, 1, KCSD_TIMING_ARRIVALS, 1));
		rw(self->d.nvm, NVM_READ, 0, 1, self->buf);
		ASSERT_EQ(0, name_arrival(self->d.nvm, 1000000));
		rw(self->d.nvm, NVM_READ, 0, 1, self->buf);
	}
	ASSERT_EQ(0, name_arrival(self->d.nvm, 2000000));
	ASSERT_EQ(0, setup(other, 1, KCSD_TIMING_ARRIVALS, 2));
	ASSERT_EQ(0, name_arrival(other, 1000000));
	rw(other, NVM_READ, 0, 1, self->buf);
	EXPECT_EQ(0, marks(&self->d));
	ASSERT_EQ(0, setup(other, 1, KCSD_TIMING_ARRIVALS, 0));
	ASSERT_EQ(0, name_arrival(other, 1000000));
	rw(other, NVM_READ, 0, 1, self->buf);
	EXPECT_EQ(KCSD_TIMING_FILES, marks(&self->d));
	close(other);
}

/* A command is sent before the turn of its file has come. */
TEST_F(virtual_clock, named_no_wait)
{
	int other = open_nvm(&self->d);

	ASSERT_LE(0, other);
	ASSERT_EQ(0, setup(self->d.nvm, 1, KCSD_TIMING_ARRIVALS, 1));
	ASSERT_EQ(0, setup(other, 1, KCSD_TIMING_ARRIVALS, 2));
	rw(other, NVM_READ, 0, 1, self->buf);
	EXPECT_EQ(0, marks(&self->d));
	rw(self->d.nvm, NVM_READ, 0, 1, self->buf);
	EXPECT_EQ(KCSD_TIMING_FILES, marks(&self->d));
	close(other);
}

/* A command that arrives while another one is served waits for it. */
TEST_F(virtual_clock, arrives_later)
{
	struct nvme_uring_cmd c;

	ASSERT_EQ(0, setup(self->d.nvm, 1, KCSD_TIMING_ARRIVALS | KCSD_TIMING_RESULT, 0));
	c = cmd_arrival(KCSD_NSID_NVM, 1000000);
	ASSERT_EQ(0, cmd_io(self->d.nvm, &c));
	EXPECT_EQ(READ_4K, rw(self->d.nvm, NVM_READ, 0, 1, self->buf));
	/* The same die is busy; all else is a pipeline. */
	EXPECT_EQ(READ_4K + PAGE,
		  rw(self->d.nvm, NVM_READ, 0, 1, self->buf));
	c = cmd_arrival(KCSD_NSID_NVM, 999999);
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, cmd_io(self->d.nvm, &c));
	c = cmd_arrival(KCSD_NSID_NVM, 9000000);
	ASSERT_EQ(0, cmd_io(self->d.nvm, &c));
	EXPECT_EQ(READ_4K, rw(self->d.nvm, NVM_READ, 0, 1, self->buf));
}

/* The first that can be named beyond the limit leaves half of all time to others. */
TEST_F(virtual_clock, last_arrival)
{
	struct nvme_uring_cmd c = cmd_arrival(KCSD_NSID_NVM, KCSD_TIMING_MAX_ARRIVAL);
	int other, i;

	ASSERT_EQ(0, setup(self->d.nvm, 1, KCSD_TIMING_ARRIVALS | KCSD_TIMING_RESULT, 0));
	ASSERT_EQ(0, cmd_io(self->d.nvm, &c));
	EXPECT_EQ(READ_4K, rw(self->d.nvm, NVM_READ, 0, 1, self->buf));
	c = cmd_arrival(KCSD_NSID_NVM, KCSD_TIMING_MAX_ARRIVAL + 1);
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, cmd_io(self->d.nvm, &c));
	ASSERT_EQ(0, setup(self->d.nvm, 1, 0, 0));
	other = open_nvm(&self->d);
	ASSERT_LE(0, other);
	ASSERT_EQ(0, setup(other, 1, KCSD_TIMING_RESULT, 0));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(READ_4K, rw(other, NVM_READ, i, 1, self->buf));
	EXPECT_EQ(0, marks(&self->d));
	close(other);
}

/* A reader does not move the time of others. */
TEST_F(virtual_clock, arrivals_of_reader)
{
	const struct nvme_uring_cmd c =
		cmd_timing(KCSD_NSID_NVM, 1, KCSD_TIMING_ARRIVALS, 0);
	char path[64];
	int fd;

	drive_generic_node(path, sizeof(path), self->d.index, KCSD_NSID_NVM);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, setup(fd, 4, KCSD_TIMING_LOG, 0));
	ASSERT_EQ(0, admin_set(false));
	EXPECT_EQ(-EACCES, cmd_io(fd, &c));
	EXPECT_EQ(0, admin_set(true));
	close(fd);
}

TEST_F(virtual_clock, stream_in_use)
{
	int other = open_nvm(&self->d);

	ASSERT_LE(0, other);
	ASSERT_EQ(0, setup(self->d.nvm, 1, KCSD_TIMING_ARRIVALS, 7));
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, setup(other, 1, KCSD_TIMING_ARRIVALS, 7));
	EXPECT_EQ(0, setup(other, 1, KCSD_TIMING_ARRIVALS, 8));
	close(other);
}

/* Who waits for another can be killed, and goes on when that one closes its file. */
TEST_F(virtual_clock, waits)
{
	const struct nvme_uring_cmd c = cmd_arrival(KCSD_NSID_NVM, 1000);
	int other = open_nvm(&self->d), status;
	pid_t pid;

	ASSERT_LE(0, other);
	ASSERT_EQ(0, setup(self->d.nvm, 1, KCSD_TIMING_ARRIVALS, 0));
	ASSERT_EQ(0, setup(other, 1, KCSD_TIMING_ARRIVALS, 1));
	pid = fork();
	if (!pid)
		_exit(cmd_io_way(CMD_IOCTL64, other, &c, NULL));
	usleep(100000);
	EXPECT_EQ(0, waitpid(pid, &status, WNOHANG));
	kill(pid, SIGKILL);
	EXPECT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	pid = fork();
	if (!pid)
		_exit(cmd_io_way(CMD_IOCTL64, other, &c, NULL));
	usleep(100000);
	EXPECT_EQ(0, waitpid(pid, &status, WNOHANG));
	ASSERT_EQ(0, setup(self->d.nvm, 1, 0, 0));
	EXPECT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	close(other);
}

/* ---- runs ---- */

/* Loop 1,000 times; then, if cparam1 is not 0, read one LBA. */
static const struct bpf_insn prog_loop[] = {
	I_MOVR(R6, R1), I_MOV(R7, 0), I_MOV(R8, 1000),
	I_ADD(R7, 2), I_ALU(BPF_SUB, R8, 1), I_JMP(BPF_JNE, R8, 0, -3),
	I_CTX(R1, R6, cparam1), I_JMP(BPF_JEQ, R1, 0, 4),
	I_MOV(R1, 5), I_CTX(R2, R6, heap), I_MOV(R3, LBA), I_HELPER(read),
	I_MOVR(R0, R7), I_EXIT,
};

/* Hundredths of cycles: 3 + 2,000 + 1 moves and sums, 999 + 1 branches taken, 1 + 0 not, ... */
#define LOOP_CYCLES	(2004 * 100 + 1000 * 200 + 100 + 200 + 400)
#define LOOP_NS		(LOOP_CYCLES / 100 * 1000 / 1200)
/* The same with the read: 2 moves and an access more, the second branch is not taken; a helper. */
#define READ_CYCLES	(LOOP_CYCLES + 2 * 100 + 200 - 100 + 5000)
#define READ_NS		(READ_CYCLES / 100 * 1000 / 1200)
#define OUTPUT_LEN	sizeof(struct kcsd_run_record)

FIXTURE(virtual_run) {
	struct drive d;
};

FIXTURE_VARIANT(virtual_run) {
	const char *engine;
	__u64 budget;
};

FIXTURE_VARIANT_ADD(virtual_run, jit) { .engine = "jit" };
FIXTURE_VARIANT_ADD(virtual_run, jit_counts) { .engine = "jit", .budget = 1ull << 40 };
FIXTURE_VARIANT_ADD(virtual_run, interp) { .engine = "interp" };

FIXTURE_SETUP(virtual_run)
{
	const struct drive_attr attrs[] = {
		DRIVE_SMALL, TIMED_DRIVE, { "engine", variant->engine }, {}
	};
	const struct image im = {
		.insns = prog_loop, .insn_cnt = ARRAY_SIZE(prog_loop), .heap_len = 65536,
	};

	drive_sweep();
	ASSERT_EQ(0, drive_create(&self->d, "virtual-run", attrs));
	ASSERT_EQ(0, prog_install_image(self->d.ctrl, 0, &im));
}

FIXTURE_TEARDOWN(virtual_run)
{
	EXPECT_EQ(0, drive_remove(&self->d));
}

/* A run takes the time of its instructions, and of its record on the link. */
TEST_F(virtual_run, computes)
{
	struct run r = { .budget = variant->budget };
	const struct kcsd_device_time *t = &r.out.rec.device;

	ASSERT_EQ(0, run_exec(self->d.compute, &r));
	EXPECT_EQ(2000, r.result);
	EXPECT_EQ(LOOP_NS, le64toh(t->compute_ns));
	EXPECT_EQ(COMMAND, le64toh(t->controller_ns));
	EXPECT_EQ(OUTPUT_LEN, le64toh(t->media_ns));
	EXPECT_EQ(4 * OUTPUT_LEN + 500, le64toh(t->link_ns));
	EXPECT_EQ(0, le64toh(t->waiting_ns));
	EXPECT_EQ(COMMAND + LOOP_NS + 5 * OUTPUT_LEN + 500, le64toh(t->end) - le64toh(t->arrival));
}

/* Its reads go through channel and memory of the drive, not over the link. */
TEST_F(virtual_run, reads)
{
	struct run r = { .budget = variant->budget, .cparam1 = 1 };
	const struct kcsd_device_time *t = &r.out.rec.device;

	run_grant(&r, 0, 16, KCSD_GRANT_READ);
	ASSERT_EQ(0, run_exec(self->d.compute, &r));
	EXPECT_EQ(READ_NS, le64toh(t->compute_ns));
	EXPECT_EQ(PAGE + CHANNEL + LBA + OUTPUT_LEN, le64toh(t->media_ns));
	EXPECT_EQ(4 * OUTPUT_LEN + 500, le64toh(t->link_ns));
}

/* ---- injected delays are device time, as waiting ---- */

#define DELAY_NS	20000000

TEST_F(virtual_clock, injected)
{
	const struct kcsd_device_time *t = &self->log.entry[0].time;

	ASSERT_EQ(0, drive_set(self->d.name, "inject", "write delay=20"));
	EXPECT_EQ(WRITE_4K + DELAY_NS, rw(self->d.nvm, NVM_WRITE, 7, 1, self->buf));
	ASSERT_EQ(0, get_log(self->d.nvm, &self->log));
	ASSERT_EQ(1, le32toh(self->log.header.nr));
	EXPECT_EQ(DELAY_NS, le64toh(t->waiting_ns));
	EXPECT_EQ(le64toh(t->arrival) + DELAY_NS, le64toh(t->start));
	ASSERT_EQ(0, drive_set(self->d.name, "inject", "clear"));
	EXPECT_EQ(WRITE_4K, rw(self->d.nvm, NVM_WRITE, 8, 1, self->buf));
}

TEST_F(virtual_run, injected)
{
	struct run r = { .budget = variant->budget, .cparam1 = 1 };
	const struct kcsd_device_time *t = &r.out.rec.device;

	ASSERT_EQ(0, drive_set(self->d.name, "inject", "read delay=20"));
	ASSERT_EQ(0, drive_set(self->d.name, "inject", "execute delay=20"));
	run_grant(&r, 0, 16, KCSD_GRANT_READ);
	ASSERT_EQ(0, run_exec(self->d.compute, &r));
	EXPECT_EQ(READ_NS, le64toh(t->compute_ns));
	EXPECT_EQ(PAGE + CHANNEL + LBA + OUTPUT_LEN, le64toh(t->media_ns));
	EXPECT_EQ(2 * DELAY_NS, le64toh(t->waiting_ns));
	EXPECT_EQ(le64toh(t->end) - le64toh(t->arrival),
		  le64toh(t->link_ns) + le64toh(t->controller_ns) + le64toh(t->media_ns) +
		  le64toh(t->compute_ns) + le64toh(t->waiting_ns));
}

/* ---- no model ---- */

TEST_F(virtual_clock, no_model)
{
	static const struct drive_attr attrs[] = { DRIVE_SMALL, {} };
	struct kcsd_timing_log log = { .commands = 1 };
	struct drive d = DRIVE_INIT;

	ASSERT_EQ(0, drive_create(&d, "no-model", attrs));
	EXPECT_EQ(KCSD_SC_NO_MODEL, setup(d.nvm, 1, 0, 0));
	EXPECT_EQ(0, get_timing(&d, &log));
	EXPECT_EQ(KCSD_MODEL_NONE, log.model);
	EXPECT_EQ(0, le64toh(log.commands));
	EXPECT_EQ(0, drive_remove(&d));
}

TEST_HARNESS_MAIN
