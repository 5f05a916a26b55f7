// SPDX-License-Identifier: GPL-2.0
/*
 * Test that the state of the model is that of the drive: zones, what Sanitize purged, the write
 * cache, wear. And parameters that need too much memory.
 */
#include "harness.h"
#include "admin.h"
#include "file.h"
#include "nvm.h"
#include "ring.h"
#include "timing.h"
#include "zns.h"

#include <endian.h>
#include <pthread.h>
#include <stdlib.h>

#define LBA	4096u

/* A program is 64 KiB, on one of two dies. */
#define MODEL \
	{ "timing/model", "flash" }, { "timing/clock", "virtual" }, \
	{ "timing/channels", "2" }, { "timing/dies", "1" }, { "timing/dies_per_zone", "2" }, \
	{ "timing/program_size", "64K" }, { "timing/block_pages", "16" }, \
	{ "timing/endurance", "2" }, { "timing/program_ns", "200000" }

static int get_log(const struct drive *d, __u8 lid, void *page, __u32 len)
{
	struct nvme_uring_cmd c = cmd_log(lid, page, len, 0);

	c.nsid = 0;
	return cmd_admin(d->ctrl, &c);
}

static struct kcsd_timing_log timing(const struct drive *d)
{
	struct kcsd_timing_log log = {};

	if (get_log(d, KCSD_LOG_TIMING, &log, sizeof(log)))
		log.programs = ~0ull;
	return log;
}

static __u64 erases(const struct drive *d)
{
	return le64toh(timing(d).erases);
}

static int write_some(const struct drive *d, __u64 slba, void *buf)
{
	const struct nvme_uring_cmd c = cmd_rw(NVM_WRITE, slba, 1, buf, LBA);

	return cmd_io(d->nvm, &c);
}

FIXTURE(model_state) {
	struct drive d;
	__u8 *buf;
};

FIXTURE_SETUP(model_state)
{
	drive_sweep();
	self->d = (struct drive)DRIVE_INIT;
	self->buf = aligned_alloc(LBA, LBA);
	ASSERT_NE(NULL, self->buf);
	memset(self->buf, 0x5a, LBA);
}

FIXTURE_TEARDOWN(model_state)
{
	if (self->d.index >= 0)
		EXPECT_EQ(0, drive_remove(&self->d));
	free(self->buf);
}

/* Zones of a new drive are empty: a reset erases nothing, of one zone or of all. */
TEST_F(model_state, empty_zones)
{
	static const struct drive_attr attrs[] = { ZNS_DRIVE, MODEL, {} };

	ASSERT_EQ(0, drive_create(&self->d, "model-empty", attrs));
	EXPECT_EQ(0, zns_send(self->d.nvm, ZNS_RESET, 1));
	EXPECT_EQ(0, zns_send_all(self->d.nvm, ZNS_RESET));
	EXPECT_EQ(0, erases(&self->d));
	EXPECT_EQ(0, write_some(&self->d, zns_start(1), self->buf));
	EXPECT_EQ(0, zns_send_all(self->d.nvm, ZNS_RESET));
	/* The two dies of this zone. */
	EXPECT_EQ(2, erases(&self->d));
}

/* Finish of all zones programs what the open ones have gathered, whatever SLBA says. */
TEST_F(model_state, finish_all)
{
	static const struct drive_attr attrs[] = { ZNS_DRIVE, MODEL, {} };
	struct nvme_uring_cmd c = zns_send_cmd(ZNS_FINISH, zns_start(2));

	ASSERT_EQ(0, drive_create(&self->d, "model-finish", attrs));
	ASSERT_EQ(0, write_some(&self->d, zns_start(1), self->buf));
	EXPECT_EQ(0, le64toh(timing(&self->d).programs));
	c.cdw13 |= ZNS_SELECT_ALL;
	EXPECT_EQ(0, cmd_io(self->d.nvm, &c));
	EXPECT_EQ(1, le64toh(timing(&self->d).programs));
	EXPECT_EQ(65536 - LBA, le64toh(timing(&self->d).padded_bytes));
	/* Zone 2 is still empty. */
	EXPECT_EQ(0, zns_send(self->d.nvm, ZNS_RESET, 2));
	EXPECT_EQ(0, erases(&self->d));
	EXPECT_EQ(0, zns_send(self->d.nvm, ZNS_RESET, 1));
	EXPECT_EQ(2, erases(&self->d));
}

#define BLOCK_ERASE	0x2
#define OVERWRITE	0x13	/* one pass */
#define NO_DEALLOCATE	0x200

static int sanitize(const struct drive *d, __u32 how)
{
	const struct nvme_uring_cmd c = { .opcode = ADMIN_SANITIZE, .cdw10 = how };
	__u8 page[512] = {};
	int ret = cmd_admin(d->ctrl, &c), i;

	for (i = 0; !ret && i < 1000 * (int)time_slow() && (page[2] & 7) != 1; i++) {
		sleep_ms(10);
		ret = get_log(d, LOG_SANITIZE, page, sizeof(page));
	}
	return ret ?: (page[2] & 7) == 1 ? 0 : -ETIMEDOUT;
}

/* After Sanitize nothing is mapped: reads do not go to the flash. */
TEST_F(model_state, sanitize_purges)
{
	static const struct drive_attr attrs[] = { DRIVE_SMALL, MODEL, { "kv_size", "0" }, {} };
	const struct nvme_uring_cmd read = cmd_rw(NVM_READ, 0, 1, self->buf, LBA);

	ASSERT_EQ(0, drive_create(&self->d, "model-sanitize", attrs));
	EXPECT_EQ(16777216, le64toh(timing(&self->d).mapped_bytes));
	ASSERT_EQ(0, sanitize(&self->d, BLOCK_ERASE));
	EXPECT_EQ(0, le64toh(timing(&self->d).mapped_bytes));
	EXPECT_EQ(0, cmd_io(self->d.nvm, &read));
	EXPECT_EQ(0, le64toh(timing(&self->d).page_reads));
}

/* Objects are behind the LBAs, and not kept where the LBAs are. */
TEST_F(model_state, sanitize_purges_objects)
{
	static const struct drive_attr attrs[] = { DRIVE_SMALL, MODEL, {} };

	ASSERT_EQ(0, drive_create(&self->d, "model-objects", attrs));
	EXPECT_LT(16777216 + (16 << 20), le64toh(timing(&self->d).mapped_bytes));
	ASSERT_EQ(0, sanitize(&self->d, OVERWRITE | NO_DEALLOCATE));
	EXPECT_EQ(16777216, le64toh(timing(&self->d).mapped_bytes));
	ASSERT_EQ(0, sanitize(&self->d, BLOCK_ERASE));
	EXPECT_EQ(0, le64toh(timing(&self->d).mapped_bytes));
}

/* ---- Format ---- */

#define FORMAT_SIZE	(8ull << 30)

struct format {
	pthread_t thread;
	int ctrl;
	int ret;	/* -EINPROGRESS until it has ended */
};

static void *send_format(void *arg)
{
	const struct nvme_uring_cmd c = { .opcode = ADMIN_FORMAT, .nsid = KCSD_NSID_NVM };
	struct format *f = arg;

	__atomic_store_n(&f->ret, cmd_admin_way(CMD_IOCTL64, f->ctrl, &c, NULL), __ATOMIC_RELEASE);
	return NULL;
}

/* Write the last LBA until a format that has begun lets it. Returns how often it was refused. */
static int write_after_format(const struct drive *d, const struct format *f, void *buf)
{
	int ret, refused = 0;

	while ((ret = write_some(d, FORMAT_SIZE / LBA - 1, buf)) == KCSD_SC_FORMAT_IN_PROGRESS ||
	       (!ret && !refused && __atomic_load_n(&f->ret, __ATOMIC_ACQUIRE) == -EINPROGRESS))
		refused += ret != 0;
	return ret ? -1 : refused;
}

/* The model has what is written as soon as a format has ended. */
static void write_at_the_end(struct __test_metadata *_metadata, struct drive *d, __u8 *buf,
			     const char *clock)
{
	char path[64] = "/tmp/kst-format-XXXXXX";
	const struct drive_attr attrs[] = {
		DRIVE_SMALL, MODEL, { "timing/clock", clock }, { "size", "8589934592" },
		{ "backing_file", path }, {}
	};
	const struct nvme_uring_cmd read = cmd_rw(NVM_READ, FORMAT_SIZE / LBA - 1, 1, buf, LBA);
	struct format f = { .ret = -EINPROGRESS };

	ASSERT_EQ(0, file_make(path, FORMAT_SIZE));
	ASSERT_EQ(0, drive_create(d, "model-format", attrs));
	f.ctrl = d->ctrl;
	ASSERT_EQ(0, pthread_create(&f.thread, NULL, send_format, &f));
	EXPECT_LT(0, write_after_format(d, &f, buf));
	pthread_join(f.thread, NULL);
	EXPECT_EQ(0, f.ret);
	EXPECT_EQ(0, cmd_io(d->nvm, &read));
	EXPECT_EQ(LBA, le64toh(timing(d).buffer_read_bytes));
	EXPECT_EQ(0, drive_remove(d));
	*d = (struct drive)DRIVE_INIT;
	file_remove(path);
}

TEST_F(model_state, format)
{
	write_at_the_end(_metadata, &self->d, self->buf, "real");
	write_at_the_end(_metadata, &self->d, self->buf, "virtual");
}

/* With the virtual clock, a command of the controller takes no time, and does not count as sent. */
TEST_F(model_state, format_has_no_time)
{
	static const struct drive_attr attrs[] = { DRIVE_SMALL, MODEL, { "kv_size", "0" }, {} };
	struct format f = {};
	__u64 now;

	ASSERT_EQ(0, drive_create(&self->d, "model-format", attrs));
	f.ctrl = self->d.ctrl;
	ASSERT_EQ(0, write_some(&self->d, 0, self->buf));
	now = le64toh(timing(&self->d).device_ns);
	send_format(&f);
	EXPECT_EQ(0, f.ret);
	EXPECT_EQ(0, le64toh(timing(&self->d).mapped_bytes));
	EXPECT_EQ(now, le64toh(timing(&self->d).device_ns));
	EXPECT_EQ(0, timing(&self->d).flags);
}

/* A range that the model takes in several pieces: all units in it are trimmed. */
TEST_F(model_state, long_trim)
{
	static const struct drive_attr attrs[] = {
		DRIVE_SMALL, MODEL, { "size", "64M" }, { "block_size", "512" }, {}
	};

	ASSERT_EQ(0, drive_create(&self->d, "model-trim", attrs));
	ASSERT_EQ(0, nvm_on(self->d.nvm, NVM_WRITE_ZEROES, 1, 65536));
	EXPECT_EQ(8191 * LBA, le64toh(timing(&self->d).trimmed_bytes));
}

/* SMART tells the share of the rated erases: here, each erase of the average block is 50 %. */
TEST_F(model_state, wear)
{
	static const struct drive_attr attrs[] = { DRIVE_SMALL, MODEL, { "kv_size", "0" }, {} };
	__u8 page[512] = {};
	int i;

	ASSERT_EQ(0, drive_create(&self->d, "model-wear", attrs));
	ASSERT_EQ(0, get_log(&self->d, LOG_HEALTH, page, sizeof(page)));
	EXPECT_EQ(0, page[5]);
	for (i = 0; i < 3 * 4096; i++)
		ASSERT_EQ(0, write_some(&self->d, i % 4096, self->buf));
	ASSERT_EQ(0, get_log(&self->d, LOG_HEALTH, page, sizeof(page)));
	EXPECT_LE(100, page[5]);
	EXPECT_EQ(le64toh(timing(&self->d).wear_avg_milli) / 20, page[5]);
}

/* Tables that the kernel could not allocate are refused, without a warning of it. */
TEST_F(model_state, tables_too_large)
{
	static const struct drive_attr attrs[] = {
		DRIVE_SMALL, { "timing/model", "flash" }, { "timing/spare_lines", "200" },
		{ "timing/block_pages", "65536" }, {}
	};
	struct drive d = DRIVE_INIT;

	ASSERT_EQ(0, drive_prepare(&d, "model-large", attrs));
	EXPECT_EQ(-ENOMEM, drive_power(&d, true));
	EXPECT_EQ(0, drive_rmdir(d.name));
}

/*
 * A command of an SQPOLL ring is not ended by completions of others, though with the virtual clock
 * the thread that polls waits for it.
 */
TEST_F(model_state, sqpoll)
{
	static const struct drive_attr attrs[] = { DRIVE_SMALL, MODEL, {} };
	const struct nvme_uring_cmd verify = nvm_lbas(NVM_VERIFY, 0, 4);
	struct io_uring_params p = {
		.flags = IORING_SETUP_SQPOLL | IORING_SETUP_SQE128 | IORING_SETUP_CQE32,
		.sq_thread_idle = 1000,
	};
	struct __kernel_timespec soon = { .tv_nsec = 50 * 1000 * 1000 };
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	__u64 tag, result;
	int i, res;

	ASSERT_EQ(0, drive_create(&self->d, "model-sqpoll", attrs));
	ASSERT_EQ(0, drive_set(self->d.name, "inject", "read delay=500ms"));
	ASSERT_EQ(0, io_uring_queue_init_params(8, &ring, &p));
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_timeout(sqe, &soon, 0, 0);
	io_uring_sqe_set_data64(sqe, 1);
	ASSERT_EQ(0, ring_put(&ring, self->d.nvm, NVME_URING_CMD_IO, &verify, 2));
	ASSERT_EQ(2, io_uring_submit(&ring));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, ring_get(&ring, 20000 * time_slow(), &tag, &res, &result));
		EXPECT_EQ(tag == 1 ? -ETIME : 0, res);
	}
	io_uring_queue_exit(&ring);
}

DRIVE_TEST_MAIN
