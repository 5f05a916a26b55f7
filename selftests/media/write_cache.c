// SPDX-License-Identifier: GPL-2.0
/*
 * Test if a drive reports a volatile write cache, and its behaviour when the cache is turned off.
 */
#include "harness.h"
#include "admin.h"
#include "cached.h"
#include "feature.h"
#include "nvm.h"
#include "run.h"
#include "zns.h"

#include <linux/fs.h>
#include <sys/ioctl.h>

#define LOG_FEATURES	0x12
#define ID_CTRL_VWC	525

/* ---- reports ---- */

FIXTURE(write_cache) {
	struct drive d;
	char file[32];
	bool has;
	__u8 *buf;
};

FIXTURE_VARIANT(write_cache) {
	bool file;
	const char *cache_size;
};
FIXTURE_VARIANT_ADD(write_cache, memory) { false, "0" };
FIXTURE_VARIANT_ADD(write_cache, file) { true, "0" };
FIXTURE_VARIANT_ADD(write_cache, cached_memory) { false, "1048576" };
FIXTURE_VARIANT_ADD(write_cache, cached_file) { true, "1048576" };

FIXTURE_SETUP(write_cache)
{
	const struct drive_attr attrs[] = {
		DRIVE_SMALL, { "cache_size", variant->cache_size }, { "backing_file", self->file },
		{}
	};

	drive_sweep();
	self->d = (struct drive)DRIVE_INIT;
	self->has = variant->file || strcmp(variant->cache_size, "0");
	self->buf = aligned_alloc(LBA, LBA);
	ASSERT_NE(NULL, self->buf);
	if (variant->file) {
		strcpy(self->file, "/tmp/kst-vwc-XXXXXX");
		ASSERT_EQ(0, file_make(self->file, 0));
	}
	ASSERT_EQ(0, drive_create(&self->d, "vwc", attrs));
}

FIXTURE_TEARDOWN(write_cache)
{
	EXPECT_EQ(0, drive_remove(&self->d));
	if (self->file[0]) {
		unlink(self->file);
		strcat(self->file, ".kcsd");
		unlink(self->file);
	}
	free(self->buf);
}

/* True if a file of the queue of the block device has this text. */
static bool queue_says(const struct drive *d, const char *name, const char *want)
{
	char path[128], text[32];

	snprintf(path, sizeof(path), "/sys/block/kcsd%dn1/queue/%s", d->index, name);
	if (file_read(path, text, sizeof(text)) < 0)
		return false;
	text[strcspn(text, "\n")] = '\0';
	if (strcmp(text, want))
		ksft_print_msg("%s: got '%s', expected '%s'\n", name, text, want);
	return !strcmp(text, want);
}

TEST_F(write_cache, same_in_all_places)
{
	struct nvme_uring_cmd c = cmd_identify(1, 0, 0, self->buf);
	struct nvme_uring_cmd log = cmd_log(LOG_FEATURES, self->buf, 1024, 0);

	ASSERT_EQ(0, cmd_admin(self->d.ctrl, &c));
	EXPECT_EQ(self->has, self->buf[ID_CTRL_VWC] & 1);
	log.nsid = 0;
	ASSERT_EQ(0, cmd_admin(self->d.ctrl, &log));
	EXPECT_EQ(self->has, self->buf[FEATURE_WRITE_CACHE * 4] & 1);
	EXPECT_EQ(self->has ? 1 : ~0ULL,
		  feature(self->d.ctrl, FEATURE_WRITE_CACHE, FEATURE_CURRENT));
	EXPECT_TRUE(queue_says(&self->d, "write_cache",
			       self->has ? "write back" : "write through"));
	EXPECT_TRUE(queue_says(&self->d, "fua", self->has ? "1" : "0"));
}

TEST_F(write_cache, feature)
{
	struct nvme_uring_cmd get = cmd_get_feature(FEATURE_WRITE_CACHE, FEATURE_CURRENT);
	int absent = KCSD_SC_INVALID_FIELD, ctrl = self->d.ctrl;

	if (!self->has) {
		EXPECT_EQ(absent, cmd_admin(ctrl, &get));
		EXPECT_EQ(absent, set_feature(ctrl, FEATURE_WRITE_CACHE, 0));
		EXPECT_EQ(absent, set_feature(ctrl, FEATURE_WRITE_CACHE, 1));
		return;
	}
	EXPECT_EQ(4, feature(ctrl, FEATURE_WRITE_CACHE, FEATURE_CAPABILITIES));
	EXPECT_EQ(0, set_feature(ctrl, FEATURE_WRITE_CACHE, 0));
	EXPECT_EQ(0, feature(ctrl, FEATURE_WRITE_CACHE, FEATURE_CURRENT));
	EXPECT_EQ(1, feature(ctrl, FEATURE_WRITE_CACHE, FEATURE_DEFAULT));
	EXPECT_EQ(1, feature(ctrl, FEATURE_WRITE_CACHE, FEATURE_SAVED));
	/* The command is refused and changes nothing. */
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, set_feature(ctrl, FEATURE_WRITE_CACHE, 2));
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, set_feature(ctrl, FEATURE_WRITE_CACHE, 3));
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, set_feature(ctrl, FEATURE_WRITE_CACHE, 1ULL << 32 | 1));
	EXPECT_EQ(0, feature(ctrl, FEATURE_WRITE_CACHE, FEATURE_CURRENT));
	EXPECT_EQ(0, set_feature(ctrl, FEATURE_WRITE_CACHE, 1));
	EXPECT_EQ(1, feature(ctrl, FEATURE_WRITE_CACHE, FEATURE_CURRENT));
	/* The value is not saved. */
	EXPECT_EQ(0, set_feature(ctrl, FEATURE_WRITE_CACHE, 0));
	drive_close(&self->d);
	ASSERT_EQ(0, drive_power(&self->d, false));
	ASSERT_EQ(0, drive_power(&self->d, true));
	ASSERT_EQ(0, drive_open(&self->d, O_RDWR));
	EXPECT_EQ(1, feature(self->d.ctrl, FEATURE_WRITE_CACHE, FEATURE_CURRENT));
}

/* Test that a flush is no error when there is nothing to flush. */
TEST_F(write_cache, flushes_succeed)
{
	int block = drive_open_block(&self->d, O_RDWR);

	ASSERT_LE(0, block);
	EXPECT_EQ(0, nvm_flush(&self->d));
	EXPECT_EQ(0, fsync(block));
	close(block);
}

/* ---- with the cache off ---- */

FIXTURE(cache_off) { struct cached c; };

FIXTURE_SETUP(cache_off)
{
	drive_sweep();
	ASSERT_EQ(0, cached_up(&self->c));
}

FIXTURE_TEARDOWN(cache_off)
{
	EXPECT_EQ(0, cached_down(&self->c));
}

/* Write the zeroes of the heap to LBA cparam1. */
static const struct bpf_insn prog_write[] = {
	I_CTX(R2, R1, heap), I_CTX(R3, R1, lba_size), I_CTX(R1, R1, cparam1), I_HELPER(write),
	I_EXIT,
};

static int run_write(const struct drive *d, __u64 lba)
{
	struct image im = {
		.insns = prog_write, .insn_cnt = ARRAY_SIZE(prog_write), .heap_len = LBA,
	};
	struct run r = { .pind = 0, .cparam1 = lba };
	int ret = prog_install_image(d->ctrl, 0, &im);

	run_grant(&r, lba, 1, KCSD_GRANT_WRITE);
	return ret ?: run_exec(d->compute, &r) ?: (int)r.result;
}

/* Test that writes from every front end are in the file. */
TEST_F(cache_off, writes_reach_the_file)
{
	struct cached *c = &self->c;
	__u64 range[2] = { 30 * LBA, 2 * LBA };

	ASSERT_EQ(0, cached_write(&c->d, 30, 2, c->buf, 0x10));
	ASSERT_EQ(0, cached_write(&c->d, 50, 1, c->buf, 0x10));
	EXPECT_EQ(0, cached_byte(&c->d, c->image, 30));
	/* Turning the cache off first writes its data to the file. */
	ASSERT_EQ(0, set_feature(c->d.ctrl, FEATURE_WRITE_CACHE, 0));
	EXPECT_EQ(0, cached_count(&c->d, "dirty_bytes"));
	EXPECT_EQ(0x10, cached_byte(&c->d, c->image, 30));
	ASSERT_EQ(0, cached_write(&c->d, 10, 4, c->buf, 0x11));
	EXPECT_EQ(0x11, cached_byte(&c->d, c->image, 13));
	memset(c->buf, 0x12, LBA);
	ASSERT_EQ(LBA, pwrite(c->block, c->buf, LBA, 20 * LBA));
	EXPECT_EQ(0x12, cached_byte(&c->d, c->image, 20));
	ASSERT_EQ(0, ioctl(c->block, BLKZEROOUT, range));
	EXPECT_EQ(0, cached_byte(&c->d, c->image, 30));
	ASSERT_EQ(0, run_write(&c->d, 50));
	EXPECT_EQ(0, cached_byte(&c->d, c->image, 50));
	EXPECT_EQ(0, cached_count(&c->d, "dirty_bytes"));
	ASSERT_EQ(0, set_feature(c->d.ctrl, FEATURE_WRITE_CACHE, 1));
	ASSERT_EQ(0, cached_write(&c->d, 10, 1, c->buf, 0x13));
	EXPECT_EQ(0x11, cached_byte(&c->d, c->image, 10));
	EXPECT_EQ(LBA, cached_count(&c->d, "dirty_bytes"));
}

TEST_F(cache_off, power_cuts_lose_nothing)
{
	struct cached *c = &self->c;

	ASSERT_EQ(0, set_feature(c->d.ctrl, FEATURE_WRITE_CACHE, 0));
	for (__u32 i = 0; i < CACHED; i++) {
		ASSERT_EQ(0, cached_write(&c->d, i * 3, 1, c->buf, i + 1));
	}
	ASSERT_EQ(0, drive_set(c->d.name, "power_cut", "1"));
	for (__u32 i = 0; i < CACHED; i++) {
		EXPECT_EQ(i + 1, cached_byte(&c->d, c->image, i * 3)) TH_LOG("%u", i);
	}
}

/*
 * Test a full file system: the writer gets the error, and so does the command that turns the cache
 * off.
 */
TEST_F(cache_off, errors_go_to_the_writer)
{
	struct cached *c = &self->c;

	ASSERT_EQ(0, small_fs_fill(&c->fs));
	ASSERT_EQ(0, cached_write(&c->d, 50, 1, c->buf, 0x20));
	/* The command that failed has no effect: the cache stays on. */
	EXPECT_EQ(KCSD_SC_CAPACITY_EXCEEDED, set_feature(c->d.ctrl, FEATURE_WRITE_CACHE, 0));
	EXPECT_EQ(1, feature(c->d.ctrl, FEATURE_WRITE_CACHE, FEATURE_CURRENT));
	small_fs_make_room(&c->fs);
	EXPECT_EQ(0, set_feature(c->d.ctrl, FEATURE_WRITE_CACHE, 0));
	ASSERT_EQ(0, small_fs_fill(&c->fs));
	EXPECT_EQ(KCSD_SC_CAPACITY_EXCEEDED, cached_write(&c->d, 60, 1, c->buf, 0x21));
	memset(c->buf, 0x22, LBA);
	EXPECT_EQ(-1, pwrite(c->block, c->buf, LBA, 70 * LBA));
	EXPECT_EQ(ENOSPC, errno);
	EXPECT_EQ(-KCSD_ENOSPC, run_write(&c->d, 80));
	small_fs_make_room(&c->fs);
	EXPECT_EQ(0, cached_write(&c->d, 90, 1, c->buf, 0x23));
	EXPECT_EQ(0x20, cached_byte(&c->d, c->image, 50));
	EXPECT_EQ(0x23, cached_byte(&c->d, c->image, 90));
}

/* ---- zones: a write pointer is as durable as the data before it ---- */

FIXTURE(zoned) {
	struct drive d;
	char file[32];
};

FIXTURE_SETUP(zoned)
{
	const struct drive_attr attrs[] = {
		ZNS_DRIVE, { "cache_size", "1048576" }, { "backing_file", self->file }, {}
	};

	drive_sweep();
	strcpy(self->file, "/tmp/kst-vwc-XXXXXX");
	ASSERT_EQ(0, file_make(self->file, 0));
	ASSERT_EQ(0, drive_create(&self->d, "vwc", attrs));
}

FIXTURE_TEARDOWN(zoned)
{
	EXPECT_EQ(0, drive_remove(&self->d));
	unlink(self->file);
	strcat(self->file, ".kcsd");
	unlink(self->file);
}

TEST_F(zoned, write_pointers_survive)
{
	static __u8 lbas[4 * ZNS_LBA];
	static struct zns_report report;

	ASSERT_EQ(0, set_feature(self->d.ctrl, FEATURE_WRITE_CACHE, 0));
	for (__u32 zone = 1; zone < ZNS_ZONES; zone++) {
		ASSERT_EQ(0, zns_append(self->d.nvm, zone, 1 + zone % 4, lbas, NULL));
	}
	ASSERT_EQ(0, drive_set(self->d.name, "power_cut", "3"));
	drive_close(&self->d);
	ASSERT_EQ(0, drive_power(&self->d, true));
	ASSERT_EQ(0, drive_open(&self->d, O_RDWR));
	ASSERT_EQ(0, zns_report(self->d.nvm, ZNS_ALL, &report));
	for (__u32 zone = 1; zone < ZNS_ZONES; zone++) {
		EXPECT_EQ(zns_start(zone) + 1 + zone % 4, le64toh(report.desc[zone].wp))
			TH_LOG("zone %u", zone);
	}
}

DRIVE_TEST_MAIN
