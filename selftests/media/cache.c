// SPDX-License-Identifier: GPL-2.0
/*
 * Test the volatile write cache: when data reaches the file, and that reads do not depend on where
 * the data is.
 */
#include "harness.h"
#include "cached.h"
#include "nvm.h"

#include <linux/fs.h>
#include <pthread.h>
#include <sys/ioctl.h>

FIXTURE(cache) { struct cached c; };

FIXTURE_SETUP(cache)
{
	drive_sweep();
	ASSERT_EQ(0, cached_up(&self->c));
}

FIXTURE_TEARDOWN(cache)
{
	EXPECT_EQ(0, cached_down(&self->c));
}

TEST_F(cache, written_by_flush)
{
	EXPECT_EQ(CACHED * LBA, cached_count(&self->c.d, "size"));
	EXPECT_EQ(0, cached_count(&self->c.d, "dirty_bytes"));
	ASSERT_EQ(0, cached_write(&self->c.d, 10, 4, self->c.buf, 0x11));
	EXPECT_EQ(4 * LBA, cached_count(&self->c.d, "dirty_bytes"));
	EXPECT_EQ(0, cached_byte(&self->c.d, self->c.image, 10));
	EXPECT_EQ(0x11, cached_byte(&self->c.d, -1, 10));
	EXPECT_EQ(LBA, cached_count(&self->c.d, "hit_bytes"));
	/* Write the same LBA again: it takes no more space. */
	ASSERT_EQ(0, cached_write(&self->c.d, 12, 1, self->c.buf, 0x22));
	EXPECT_EQ(4 * LBA, cached_count(&self->c.d, "dirty_bytes"));
	ASSERT_EQ(0, nvm_flush(&self->c.d));
	EXPECT_EQ(0x11, cached_byte(&self->c.d, self->c.image, 13));
	EXPECT_EQ(0x22, cached_byte(&self->c.d, self->c.image, 12));
	EXPECT_EQ(0x22, cached_byte(&self->c.d, -1, 12));
	EXPECT_EQ(0, cached_count(&self->c.d, "dirty_bytes"));
	EXPECT_EQ(4 * LBA, cached_count(&self->c.d, "flushed_bytes"));
	EXPECT_EQ(0, cached_count(&self->c.d, "evicted_bytes"));
	EXPECT_EQ(LBA, cached_count(&self->c.d, "hit_bytes"));
}

TEST_F(cache, written_by_fua_or_fsync)
{
	struct nvme_uring_cmd c = cmd_rw(NVM_WRITE, 7, 1, self->c.buf, LBA);

	memset(self->c.buf, 0x33, LBA);
	c.cdw12 |= NVM_CDW12_FUA;
	ASSERT_EQ(0, cmd_io(self->c.d.nvm, &c));
	EXPECT_EQ(0x33, cached_byte(&self->c.d, self->c.image, 7));
	memset(self->c.buf, 0x44, LBA);
	ASSERT_EQ(LBA, pwrite(self->c.block, self->c.buf, LBA, 8 * LBA));
	EXPECT_EQ(0, cached_byte(&self->c.d, self->c.image, 8));
	ASSERT_EQ(0, fdatasync(self->c.block));
	EXPECT_EQ(0x44, cached_byte(&self->c.d, self->c.image, 8));
}

/* Write more than fits into the cache, in one command, twice. */
TEST_F(cache, evicted_when_full)
{
	for (int round = 1; round < 4; round++) {
		ASSERT_EQ(0, cached_write(&self->c.d, 100, 256, self->c.buf, round));
		EXPECT_GE(CACHED * LBA, cached_count(&self->c.d, "dirty_bytes"));
		EXPECT_LT(0, cached_count(&self->c.d, "dirty_bytes"));
		EXPECT_LE(round * (256 - CACHED) * LBA, cached_count(&self->c.d, "evicted_bytes"));
		for (__u32 i = 0; i < 256; i += 15) {
			ASSERT_EQ(round, cached_byte(&self->c.d, -1, 100 + i)) TH_LOG("%u", i);
		}
	}
	/* Read LBAs of which some are in the cache and some in the file. */
	ASSERT_EQ(0, nvm_flush(&self->c.d));
	for (__u32 i = 0; i < 256; i += 3) {
		ASSERT_EQ(0, cached_write(&self->c.d, 100 + i, 1, self->c.buf, 9));
	}
	ASSERT_EQ(0, cached_io(&self->c.d, NVM_READ, 100, 256, self->c.buf));
	for (__u32 i = 0; i < 256; i++) {
		ASSERT_EQ(i % 3 ? 3 : 9, self->c.buf[i * LBA]) TH_LOG("%u", i);
		ASSERT_EQ(i % 3 ? 3 : 9, self->c.buf[i * LBA + LBA - 1]);
	}
}

TEST_F(cache, write_zeroes_of_cached_lbas)
{
	__u64 range[2] = { 20 * LBA, 8 * LBA };

	for (int discard = 0; discard < 2; discard++) {
		ASSERT_EQ(0, cached_write(&self->c.d, 16, 16, self->c.buf, 0x55));
		ASSERT_EQ(0, ioctl(self->c.block, discard ? BLKDISCARD : BLKZEROOUT, range));
		EXPECT_EQ(8 * LBA, cached_count(&self->c.d, "dirty_bytes"));
		EXPECT_EQ(0x55, cached_byte(&self->c.d, -1, 19));
		EXPECT_EQ(0, cached_byte(&self->c.d, -1, 20));
		EXPECT_EQ(0, cached_byte(&self->c.d, -1, 27));
		EXPECT_EQ(0x55, cached_byte(&self->c.d, -1, 28));
		ASSERT_EQ(0, nvm_flush(&self->c.d));
		EXPECT_EQ(0, cached_byte(&self->c.d, self->c.image, 27));
		EXPECT_EQ(0x55, cached_byte(&self->c.d, self->c.image, 28));
	}
}

/* Test a file on a full file system: the flush fails, and no data is lost. */
TEST_F(cache, failed_writes_stay_cached)
{
	ASSERT_EQ(0, small_fs_fill(&self->c.fs));
	ASSERT_EQ(0, cached_write(&self->c.d, 50, 8, self->c.buf, 0x66));
	EXPECT_EQ(KCSD_SC_CAPACITY_EXCEEDED, nvm_flush(&self->c.d));
	EXPECT_EQ(KCSD_SC_CAPACITY_EXCEEDED, nvm_flush(&self->c.d));
	EXPECT_EQ(8 * LBA, cached_count(&self->c.d, "dirty_bytes"));
	EXPECT_EQ(0x66, cached_byte(&self->c.d, -1, 57));
	/* If the cache has no space either, the next write fails. */
	EXPECT_EQ(KCSD_SC_CAPACITY_EXCEEDED,
		  cached_write(&self->c.d, 200, 256, self->c.buf, 0x77));
	EXPECT_EQ(0x66, cached_byte(&self->c.d, -1, 50));
	small_fs_make_room(&self->c.fs);
	EXPECT_EQ(0, nvm_flush(&self->c.d));
	EXPECT_EQ(0, cached_count(&self->c.d, "dirty_bytes"));
	EXPECT_EQ(0x66, cached_byte(&self->c.d, self->c.image, 50));
	EXPECT_EQ(0x66, cached_byte(&self->c.d, self->c.image, 57));
}

/* ---- concurrent access ---- */

struct worker {
	const struct drive *d;
	unsigned int nr;
	__u64 until_ns;
	int torn;
	int failed;
	pthread_t thread;
};

/*
 * Two threads write the same LBAs, two read them, one flushes. Each LBA must hold the data of one
 * write.
 */
static void *work(void *arg)
{
	struct worker *w = arg;
	__u8 *buf = aligned_alloc(LBA, 8 * LBA);
	unsigned int rnd = w->nr;

	while (time_ns() < w->until_ns) {
		__u64 lba = rand_r(&rnd) % 120;

		if (w->nr == 4) {
			w->failed |= nvm_flush(w->d);
		} else if (w->nr < 2) {
			w->failed |= cached_write(w->d, lba, 8, buf, rand_r(&rnd));
		} else {
			w->failed |= cached_io(w->d, NVM_READ, lba, 8, buf);
			for (int i = 0; i < 8; i++)
				w->torn += !!memcmp(buf + i * LBA, buf + i * LBA + 1, LBA - 1);
		}
	}
	free(buf);
	return NULL;
}

TEST_F(cache, lbas_are_never_torn)
{
	struct worker w[5];

	for (unsigned int i = 0; i < 5; i++) {
		w[i] = (struct worker){
			.d = &self->c.d, .nr = i, .until_ns = time_ns() + 3000000000ULL,
		};
		ASSERT_EQ(0, pthread_create(&w[i].thread, NULL, work, &w[i]));
	}
	for (unsigned int i = 0; i < 5; i++) {
		pthread_join(w[i].thread, NULL);
		EXPECT_EQ(0, w[i].torn);
		EXPECT_EQ(0, w[i].failed);
	}
	EXPECT_LT(0, cached_count(&self->c.d, "evicted_bytes"));
	EXPECT_LT(0, cached_count(&self->c.d, "flushed_bytes"));
	ASSERT_EQ(0, nvm_flush(&self->c.d));
	for (__u64 lba = 0; lba < 128; lba++) {
		ASSERT_EQ(cached_byte(&self->c.d, -1, lba),
			  cached_byte(&self->c.d, self->c.image, lba));
	}
}

DRIVE_TEST_MAIN
