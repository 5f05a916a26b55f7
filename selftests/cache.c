// SPDX-License-Identifier: GPL-2.0
/* The volatile write cache: when data come to the file, and that nobody sees where they are. */
#include "drive.h"
#include "cmd.h"

#include <linux/fs.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

#define LBA	4096
#define NSZE	4096u
#define CACHED	64u	/* LBAs */

FIXTURE(cache) {
	struct drive d;
	char dir[32];
	int image;
	int block;
	__u8 *buf;
};

FIXTURE_SETUP(cache)
{
	static const struct drive_attr attrs[] = { DRIVE_SMALL, { "cache_size", "262144" }, {} };
	char path[64];

	drive_sweep();
	strcpy(self->dir, "/tmp/kst-cache-XXXXXX");
	self->buf = aligned_alloc(LBA, KST_MIB);
	ASSERT_NE(NULL, self->buf);
	ASSERT_NE(NULL, mkdtemp(self->dir));
	ASSERT_EQ(0, mount("cache", self->dir, "tmpfs", 0, "size=4m"));
	snprintf(path, sizeof(path), "%s/image", self->dir);
	self->image = open(path, O_CREAT | O_RDWR, 0600);
	ASSERT_LE(0, self->image);
	ASSERT_EQ(0, ftruncate(self->image, NSZE * LBA));
	ASSERT_EQ(0, drive_prepare(&self->d, "cache", attrs));
	ASSERT_EQ(0, drive_set(self->d.name, "backing_file", path));
	ASSERT_EQ(0, drive_power(&self->d, true));
	self->d.index = drive_get_number(self->d.name, "index");
	ASSERT_EQ(0, drive_open(&self->d, O_RDWR));
	self->block = drive_open_block(&self->d, O_RDWR | O_DIRECT);
	ASSERT_LE(0, self->block);
}

FIXTURE_TEARDOWN(cache)
{
	fd_close(&self->block);
	EXPECT_EQ(0, drive_remove(&self->d));
	close(self->image);
	EXPECT_EQ(0, umount(self->dir));
	EXPECT_EQ(0, rmdir(self->dir));
	free(self->buf);
}

static int nvm_io(const struct drive *d, __u8 opcode, __u64 slba, __u32 nlb, void *buf)
{
	struct nvme_uring_cmd c = cmd_rw(opcode, slba, nlb, buf, nlb * LBA);

	return cmd_io_way(CMD_IOCTL, d->nvm, &c, NULL);
}

static int nvm_flush(const struct drive *d)
{
	struct nvme_uring_cmd c = cmd_flush();

	return cmd_io(d->nvm, &c);
}

static __u64 count(const struct drive *d, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), KST_CLASS "/kcsd%d/cache/%s", d->index, name);
	return file_number(path);
}

/* The byte that all of the LBA is made of, in the file or (image -1) on the drive; -1: several. */
static int byte_of(const struct drive *d, int image, __u64 lba)
{
	static __u8 data[LBA] __attribute__((aligned(LBA)));

	if (image >= 0 ? pread(image, data, LBA, lba * LBA) != LBA :
			 nvm_io(d, NVM_READ, lba, 1, data))
		return -2;
	return memcmp(data, data + 1, LBA - 1) ? -1 : data[0];
}

static int write_byte(const struct drive *d, __u64 slba, __u32 nlb, __u8 *buf, __u8 byte)
{
	memset(buf, byte, nlb * LBA);
	return nvm_io(d, NVM_WRITE, slba, nlb, buf);
}

TEST_F(cache, written_by_flush)
{
	EXPECT_EQ(CACHED * LBA, count(&self->d, "size"));
	EXPECT_EQ(0, count(&self->d, "dirty_bytes"));
	ASSERT_EQ(0, write_byte(&self->d, 10, 4, self->buf, 0x11));
	EXPECT_EQ(4 * LBA, count(&self->d, "dirty_bytes"));
	EXPECT_EQ(0, byte_of(&self->d, self->image, 10));
	EXPECT_EQ(0x11, byte_of(&self->d, -1, 10));
	EXPECT_EQ(LBA, count(&self->d, "hit_bytes"));
	/* Again: it takes no more room. */
	ASSERT_EQ(0, write_byte(&self->d, 12, 1, self->buf, 0x22));
	EXPECT_EQ(4 * LBA, count(&self->d, "dirty_bytes"));
	ASSERT_EQ(0, nvm_flush(&self->d));
	EXPECT_EQ(0x11, byte_of(&self->d, self->image, 13));
	EXPECT_EQ(0x22, byte_of(&self->d, self->image, 12));
	EXPECT_EQ(0x22, byte_of(&self->d, -1, 12));
	EXPECT_EQ(0, count(&self->d, "dirty_bytes"));
	EXPECT_EQ(4 * LBA, count(&self->d, "flushed_bytes"));
	EXPECT_EQ(0, count(&self->d, "evicted_bytes"));
	EXPECT_EQ(LBA, count(&self->d, "hit_bytes"));
}

TEST_F(cache, written_by_fua_and_fsync)
{
	struct nvme_uring_cmd c = cmd_rw(NVM_WRITE, 7, 1, self->buf, LBA);

	memset(self->buf, 0x33, LBA);
	c.cdw12 |= NVM_CDW12_FUA;
	ASSERT_EQ(0, cmd_io(self->d.nvm, &c));
	EXPECT_EQ(0x33, byte_of(&self->d, self->image, 7));
	memset(self->buf, 0x44, LBA);
	ASSERT_EQ(LBA, pwrite(self->block, self->buf, LBA, 8 * LBA));
	EXPECT_EQ(0, byte_of(&self->d, self->image, 8));
	ASSERT_EQ(0, fdatasync(self->block));
	EXPECT_EQ(0x44, byte_of(&self->d, self->image, 8));
}

/* More than fits, in one command, and again. */
TEST_F(cache, evicted_when_full)
{
	for (int round = 1; round < 4; round++) {
		ASSERT_EQ(0, write_byte(&self->d, 100, 256, self->buf, round));
		EXPECT_GE(CACHED * LBA, count(&self->d, "dirty_bytes"));
		EXPECT_LT(0, count(&self->d, "dirty_bytes"));
		EXPECT_LE(round * (256 - CACHED) * LBA, count(&self->d, "evicted_bytes"));
		for (__u32 i = 0; i < 256; i += 15) {
			ASSERT_EQ(round, byte_of(&self->d, -1, 100 + i)) TH_LOG("%u", i);
		}
	}
	/* A read that finds some LBAs here and some there. */
	ASSERT_EQ(0, nvm_flush(&self->d));
	for (__u32 i = 0; i < 256; i += 3) {
		ASSERT_EQ(0, write_byte(&self->d, 100 + i, 1, self->buf, 9));
	}
	ASSERT_EQ(0, nvm_io(&self->d, NVM_READ, 100, 256, self->buf));
	for (__u32 i = 0; i < 256; i++) {
		ASSERT_EQ(i % 3 ? 3 : 9, self->buf[i * LBA]) TH_LOG("%u", i);
		ASSERT_EQ(i % 3 ? 3 : 9, self->buf[i * LBA + LBA - 1]);
	}
}

TEST_F(cache, zeroes_of_what_is_cached)
{
	__u64 range[2] = { 20 * LBA, 8 * LBA };

	for (int discard = 0; discard < 2; discard++) {
		ASSERT_EQ(0, write_byte(&self->d, 16, 16, self->buf, 0x55));
		ASSERT_EQ(0, ioctl(self->block, discard ? BLKDISCARD : BLKZEROOUT, range));
		EXPECT_EQ(8 * LBA, count(&self->d, "dirty_bytes"));
		EXPECT_EQ(0x55, byte_of(&self->d, -1, 19));
		EXPECT_EQ(0, byte_of(&self->d, -1, 20));
		EXPECT_EQ(0, byte_of(&self->d, -1, 27));
		EXPECT_EQ(0x55, byte_of(&self->d, -1, 28));
		ASSERT_EQ(0, nvm_flush(&self->d));
		EXPECT_EQ(0, byte_of(&self->d, self->image, 27));
		EXPECT_EQ(0x55, byte_of(&self->d, self->image, 28));
	}
}

/* The file system of the file is full: the flush says so, and nothing is lost. */
TEST_F(cache, what_cannot_be_written_stays)
{
	char path[64];
	int full;

	snprintf(path, sizeof(path), "%s/full", self->dir);
	full = open(path, O_CREAT | O_RDWR, 0600);
	ASSERT_LE(0, full);
	while (write(full, self->buf, KST_MIB) > 0)
		;
	while (write(full, self->buf, LBA) > 0)
		;
	ASSERT_EQ(0, write_byte(&self->d, 50, 8, self->buf, 0x66));
	EXPECT_EQ(KCSD_SC_CAPACITY_EXCEEDED, nvm_flush(&self->d));
	EXPECT_EQ(KCSD_SC_CAPACITY_EXCEEDED, nvm_flush(&self->d));
	EXPECT_EQ(8 * LBA, count(&self->d, "dirty_bytes"));
	EXPECT_EQ(0x66, byte_of(&self->d, -1, 57));
	/* When there is no room in the cache either, the next write is told. */
	EXPECT_EQ(KCSD_SC_CAPACITY_EXCEEDED,
		  write_byte(&self->d, 200, 256, self->buf, 0x77));
	EXPECT_EQ(0x66, byte_of(&self->d, -1, 50));
	ASSERT_EQ(0, ftruncate(full, 0));
	close(full);
	EXPECT_EQ(0, nvm_flush(&self->d));
	EXPECT_EQ(0, count(&self->d, "dirty_bytes"));
	EXPECT_EQ(0x66, byte_of(&self->d, self->image, 50));
	EXPECT_EQ(0x66, byte_of(&self->d, self->image, 57));
	ASSERT_EQ(0, unlink(path));
}

/* ---- at the same time ---- */

struct worker {
	const struct drive *d;
	unsigned int nr;
	__u64 until_ns;
	int torn;
	int failed;
	pthread_t thread;
};

/* Two write the same LBAs, two read them, one flushes: an LBA is always one writer's. */
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
			w->failed |= write_byte(w->d, lba, 8, buf, rand_r(&rnd));
		} else {
			w->failed |= nvm_io(w->d, NVM_READ, lba, 8, buf);
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
			.d = &self->d, .nr = i, .until_ns = time_ns() + 3000000000ULL,
		};
		ASSERT_EQ(0, pthread_create(&w[i].thread, NULL, work, &w[i]));
	}
	for (unsigned int i = 0; i < 5; i++) {
		pthread_join(w[i].thread, NULL);
		EXPECT_EQ(0, w[i].torn);
		EXPECT_EQ(0, w[i].failed);
	}
	EXPECT_LT(0, count(&self->d, "evicted_bytes"));
	EXPECT_LT(0, count(&self->d, "flushed_bytes"));
	ASSERT_EQ(0, nvm_flush(&self->d));
	for (__u64 lba = 0; lba < 128; lba++) {
		ASSERT_EQ(byte_of(&self->d, -1, lba), byte_of(&self->d, self->image, lba));
	}
}

DRIVE_TEST_MAIN
