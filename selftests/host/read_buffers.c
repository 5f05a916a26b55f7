// SPDX-License-Identifier: GPL-2.0
/*
 * Read into buffers that are not present, or only in part: such a read has the same result as any
 * other, and is counted once.
 */
#include "harness.h"
#include "nvm.h"
#include "slm.h"
#include "zns.h"

#include <sys/mman.h>

#define FILE_NAME	"/tmp/kst-read-buffers"
#define LBA		4096u
#define LBAS		64u
#define WRITTEN		24u	/* LBAs written; the others never were */
#define LEN		(LBAS * LBA)
#define GUARD		(2 * LBA)	/* bytes behind the buffer that no read may touch */

FIXTURE(read_buffers) {
	struct drive d;
	__u8 *data;	/* content of the LBAs */
	__u8 *buf;	/* LEN bytes, followed by the guard */
};

FIXTURE_VARIANT(read_buffers) {
	const char *file;
	const char *cache;
	bool zoned;
};

FIXTURE_VARIANT_ADD(read_buffers, memory) { .cache = "0" };
FIXTURE_VARIANT_ADD(read_buffers, zoned) { .cache = "0", .zoned = true };
FIXTURE_VARIANT_ADD(read_buffers, file) { .file = FILE_NAME, .cache = "0" };
FIXTURE_VARIANT_ADD(read_buffers, cached_file) { .file = FILE_NAME, .cache = "1M" };
FIXTURE_VARIANT_ADD(read_buffers, zoned_file) { .file = FILE_NAME, .cache = "0", .zoned = true };

static void remove_files(void)
{
	unlink(FILE_NAME);
	unlink(FILE_NAME ".kcsd");
}

/* Map pages that are not present yet, with the guard behind them. */
static __u8 *map_buffer(void)
{
	__u8 *mem = mmap(NULL, LEN + GUARD, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);

	if (mem == MAP_FAILED)
		return NULL;
	return mprotect(mem + LEN, GUARD, PROT_NONE) ? NULL : mem;
}

FIXTURE_SETUP(read_buffers)
{
	static const struct drive_attr flat[] = { DRIVE_SMALL, { "slm_size", "1M" }, {} };
	static const struct drive_attr zones[] = { ZNS_DRIVE, { "slm_size", "1M" }, {} };
	struct nvme_uring_cmd c;
	int fd;

	drive_sweep();
	remove_files();
	self->data = calloc(1, LEN);
	for (__u32 i = 0; i < WRITTEN * LBA; i++)
		self->data[i] = i / LBA * 7 + i % 251 + 1;
	self->buf = map_buffer();
	ASSERT_NE(NULL, self->buf);
	ASSERT_EQ(0, drive_prepare(&self->d, "read-buffers", variant->zoned ? zones : flat));
	ASSERT_EQ(0, drive_set(self->d.name, "cache_size", variant->cache));
	if (variant->file) {
		fd = open(FILE_NAME, O_CREAT | O_RDWR, 0600);
		ASSERT_LE(0, fd);
		close(fd);
		ASSERT_EQ(0, drive_set(self->d.name, "backing_file", FILE_NAME));
	}
	ASSERT_EQ(0, drive_power(&self->d, true));
	self->d.index = drive_get_number(self->d.name, "index");
	ASSERT_EQ(0, drive_open(&self->d, O_RDWR));
	c = cmd_rw(NVM_WRITE, 0, WRITTEN, self->data, WRITTEN * LBA);
	ASSERT_EQ(0, cmd_io(self->d.nvm, &c));
	ASSERT_EQ(0, slm_rw(self->d.slm, KCSD_SLM_WRITE, 0, LEN, self->data));
}

FIXTURE_TEARDOWN(read_buffers)
{
	drive_remove(&self->d);
	munmap(self->buf, LEN + GUARD);
	free(self->data);
	remove_files();
}

/* Read nlb LBAs into a buffer that ends `beyond` bytes behind the last mapped byte. */
static int read_lbas(FIXTURE_DATA(read_buffers) *self, int way, __u32 nlb, __u32 beyond)
{
	struct nvme_uring_cmd c = cmd_rw(NVM_READ, 0, nlb, self->buf + LEN - nlb * LBA + beyond,
					 nlb * LBA);

	return cmd_io_way(way, self->d.nvm, &c, NULL);
}

TEST_F(read_buffers, untouched)
{
	__u64 commands = drive_number(&self->d, "ns1/read_commands");
	__u64 moved = drive_number(&self->d, "stats/host_read_bytes");

	for (int way = 0; way < CMD_WAYS; way++) {
		ASSERT_EQ(0, madvise(self->buf, LEN, MADV_DONTNEED));
		ASSERT_EQ(0, read_lbas(self, way, LBAS, 0));
		ASSERT_EQ(0, memcmp(self->buf, self->data, LEN));
		/* Read once more: the pages are now present. */
		memset(self->buf, 0xa5, LEN);
		ASSERT_EQ(0, read_lbas(self, way, LBAS, 0));
		ASSERT_EQ(0, memcmp(self->buf, self->data, LEN));
	}
	EXPECT_EQ(commands + 2 * CMD_WAYS, drive_number(&self->d, "ns1/read_commands"));
	EXPECT_EQ(moved + 2 * CMD_WAYS * LEN, drive_number(&self->d, "stats/host_read_bytes"));
}

TEST_F(read_buffers, cut_off)
{
	__u64 commands = drive_number(&self->d, "ns1/read_commands");
	__u64 errors = drive_number(&self->d, "stats/media_errors");

	memset(self->buf, 0xa5, LEN);
	for (int way = 0; way < CMD_WAYS; way++)
		for (__u32 beyond = LBA / 2; beyond <= 2 * LBA; beyond += LBA / 2)
			ASSERT_EQ(-EFAULT, read_lbas(self, way, 8, beyond));
	EXPECT_EQ(commands, drive_number(&self->d, "ns1/read_commands"));
	EXPECT_EQ(errors, drive_number(&self->d, "stats/media_errors"));
}

TEST_F(read_buffers, read_only)
{
	memset(self->buf, 0xa5, LEN);
	ASSERT_EQ(0, mprotect(self->buf, LEN, PROT_READ));
	for (int way = 0; way < CMD_WAYS; way++)
		ASSERT_EQ(-EFAULT, read_lbas(self, way, LBAS, 0));
	for (__u32 i = 0; i < LEN; i++)
		ASSERT_EQ(0xa5, self->buf[i]);
}

TEST_F(read_buffers, slm_reads)
{
	struct nvme_uring_cmd c = slm_cmd(KCSD_SLM_READ, 0, LEN, self->buf);
	struct nvme_uring_cmd off = slm_cmd(KCSD_SLM_READ, 0, LEN, self->buf + 1);

	for (int way = 0; way < CMD_WAYS; way++) {
		ASSERT_EQ(0, madvise(self->buf, LEN, MADV_DONTNEED));
		ASSERT_EQ(0, cmd_io_way(way, self->d.slm, &c, NULL));
		ASSERT_EQ(0, memcmp(self->buf, self->data, LEN));
		ASSERT_EQ(-EFAULT, cmd_io_way(way, self->d.slm, &off, NULL));
	}
}

/* A Memory Write with a buffer that is cut off must write nothing. */
TEST_F(read_buffers, slm_writes_are_whole)
{
	struct nvme_uring_cmd c;

	memset(self->buf, 0xa5, LEN);
	for (int way = 0; way < CMD_WAYS; way++) {
		c = slm_cmd(KCSD_SLM_WRITE, 0, LEN, self->buf + LBA);
		ASSERT_EQ(-EFAULT, cmd_io_way(way, self->d.slm, &c, NULL));
		memset(self->buf, 0, LEN);
		ASSERT_EQ(0, slm_rw(self->d.slm, KCSD_SLM_READ, 0, LEN, self->buf));
		ASSERT_EQ(0, memcmp(self->buf, self->data, LEN));
		memset(self->buf, 0xa5, LEN);
	}
}

/* A read that is sent after the completion of a write must return the new data. */
TEST_F(read_buffers, after_writes)
{
	struct nvme_uring_cmd write, read;

	if (variant->zoned)
		return;
	for (__u32 i = 0; i < 200; i++) {
		memset(self->data, i + 1, LBA);
		write = cmd_rw(NVM_WRITE, i % LBAS, 1, self->data, LBA);
		read = cmd_rw(NVM_READ, i % LBAS, 1, self->buf, LBA);
		ASSERT_EQ(0, cmd_io_way(i % CMD_WAYS, self->d.nvm, &write, NULL));
		ASSERT_EQ(0, cmd_io_way(i / 2 % CMD_WAYS, self->d.nvm, &read, NULL));
		ASSERT_EQ(0, memcmp(self->buf, self->data, LBA));
	}
}

DRIVE_TEST_MAIN
