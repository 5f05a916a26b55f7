// SPDX-License-Identifier: GPL-2.0
/* Test runs that write their sources in place: what changes, what is refused, who is noticed. */
#include "harness.h"
#include "capability.h"
#include "errors.h"
#include "file.h"
#include "nvm.h"
#include "source.h"
#include "zns.h"

#include <endian.h>
#include <pthread.h>
#include <stdlib.h>

#define DISK	(64u << 10)	/* bytes from LBA 0 on that have a pattern */
#define HEAP	(64u << 10)
#define ROUNDS	60		/* of runs that meet a writer */

/* Fill cparam2 bytes of the heap with the first argument, write them at cparam1 of the stream. */
static const struct bpf_insn prog_once[] = {
	I_MOVR(R6, R1),
	I_CTX(R2, R6, args), I_LDX(BPF_B, R2, R2, 0),
	I_CTX(R1, R6, heap), I_CTX(R3, R6, cparam2), I_HELPER(memset),
	I_CTX(R1, R6, cparam1), I_CTX(R2, R6, heap), I_CTX(R3, R6, cparam2),
	I_HELPER(stream_write), I_EXIT,
};

/* The same again and again, as often as the second to fifth argument say. */
static const struct bpf_insn prog_often[] = {
	I_MOVR(R6, R1),
	I_CTX(R2, R6, args), I_LDX(BPF_W, R7, R2, 1), I_LDX(BPF_B, R2, R2, 0),
	I_CTX(R1, R6, heap), I_CTX(R3, R6, cparam2), I_HELPER(memset),
	I_CTX(R1, R6, cparam1), I_CTX(R2, R6, heap), I_CTX(R3, R6, cparam2),
	I_HELPER(stream_write), I_ADD(R7, -1), I_JMP(BPF_JNE, R7, 0, -6), I_EXIT,
};

enum { ONCE, OFTEN };

FIXTURE(stream_write) {
	struct drive d;
	struct source_run r;
	__u32 lba;
	__u8 *disk;		/* DISK bytes: what the LBAs must hold */
	__u8 *buf;
	char file[40];
};

FIXTURE_VARIANT(stream_write) {
	const char *engine;
	const char *block_size;
	const char *cache_size;	/* NULL: the store is memory; else it is a file */
};

FIXTURE_VARIANT_ADD(stream_write, jit) { .engine = "jit", .block_size = "4096" };
FIXTURE_VARIANT_ADD(stream_write, interp) { .engine = "interp", .block_size = "512" };
FIXTURE_VARIANT_ADD(stream_write, file) {
	.engine = "jit", .block_size = "4096", .cache_size = "0"
};
FIXTURE_VARIANT_ADD(stream_write, cache) {
	.engine = "interp", .block_size = "512", .cache_size = "1M"
};

static int install(struct drive *d)
{
	struct image im = {
		.insns = prog_once, .insn_cnt = ARRAY_SIZE(prog_once), .heap_len = HEAP,
	};
	int ret = prog_install_image(d->ctrl, ONCE, &im);

	im.insns = prog_often;
	im.insn_cnt = ARRAY_SIZE(prog_often);
	return ret ? ret : prog_install_image(d->ctrl, OFTEN, &im);
}

FIXTURE_SETUP(stream_write)
{
	struct drive_attr attrs[] = {
		DRIVE_SMALL, { "engine", variant->engine }, { "block_size", variant->block_size },
		{ "backing_file", self->file }, { "cache_size", variant->cache_size ?: "0" }, {}
	};

	drive_sweep();
	if (variant->cache_size) {
		strcpy(self->file, "/tmp/kst-write-XXXXXX");
		ASSERT_EQ(0, file_make(self->file, 16 * KST_MIB));
	}
	self->lba = atoi(variant->block_size);
	self->disk = aligned_alloc(4096, DISK);
	self->buf = aligned_alloc(4096, DISK);
	ASSERT_TRUE(self->disk && self->buf);
	ASSERT_EQ(0, drive_create(&self->d, "write", attrs));
	ASSERT_EQ(0, install(&self->d));
	nvm_pattern(self->disk, 0, DISK / self->lba, self->lba, 5);
	ASSERT_EQ(0, nvm_write(self->d.nvm, 0, DISK / self->lba, self->lba, self->disk));
	self->r = (struct source_run) { .slid = 1, .args_len = 5, .data.args = { 0xdd } };
}

FIXTURE_TEARDOWN(stream_write)
{
	EXPECT_EQ(0, drive_remove(&self->d));
	if (self->file[0])
		file_remove(self->file);
	free(self->disk);
	free(self->buf);
}

static struct kcsd_source writable(__u64 slba, __u64 len)
{
	struct kcsd_source s = source_lbas(slba, len);

	s.access |= KCSD_GRANT_WRITE;
	return s;
}

static int send_list(FIXTURE_DATA(stream_write) *self, __u16 slid, const struct kcsd_source *s,
		     __u32 nr)
{
	int ret = source_send(self->d.compute, slid, s, nr);

	return ret ? ret : source_watch(self->d.compute, slid);
}

/* Write bytes of the stream. Returns the status; the value of the helper is r.result. */
static int write_at(FIXTURE_DATA(stream_write) *self, __u64 offset, __u64 len)
{
	self->r.cparam1 = offset;
	self->r.cparam2 = len;
	return source_run(self->d.compute, &self->r);
}

/* True if the LBAs hold self->disk. */
static bool holds(FIXTURE_DATA(stream_write) *self)
{
	return !nvm_read(self->d.nvm, 0, DISK / self->lba, self->lba, self->buf) &&
	       !memcmp(self->buf, self->disk, DISK);
}

/*
 * The stream is three sources that lie in another order on the drive, and the last LBA of each
 * counts in part. Write parts of LBAs, whole LBAs, and across sources.
 */
TEST_F(stream_write, every_place)
{
	const __u32 lba = self->lba, len[] = { lba + 7, 3 * lba, lba / 2 };
	const __u32 slba[] = { 5, 9, 2 };
	const struct kcsd_source s[] = {
		writable(slba[0], len[0]), writable(slba[1], len[1]), writable(slba[2], len[2]),
	};
	const __u32 all = len[0] + len[1] + len[2];
	const __u32 lens[] = { 1, 9, lba - 1, lba, lba + 1, 2 * lba, 3 * lba };
	__u32 seen = 0;

	ASSERT_EQ(0, send_list(self, 1, s, 3));
	for (__u32 at = 0; at < all; at += lba / 3 + 1)
		for (__u32 l = 0; l < ARRAY_SIZE(lens) && at + lens[l] <= all; l++) {
			self->r.data.args[0] = ++seen;
			for (__u32 i = at; i < at + lens[l]; i++) {
				__u32 k = 0, off = i;

				for (; off >= len[k]; k++)
					off -= len[k];
				self->disk[slba[k] * lba + off] = seen;
			}
			ASSERT_EQ(0, write_at(self, at, lens[l]));
			ASSERT_EQ(0, self->r.result);
			ASSERT_TRUE(holds(self)) TH_LOG("%u bytes at %u", lens[l], at);
		}
	EXPECT_LT(30, seen);
}

/* More than one edit, and whole LBAs between two parts. */
TEST_F(stream_write, long_write)
{
	const struct kcsd_source s = writable(0, DISK);

	ASSERT_EQ(0, send_list(self, 1, &s, 1));
	ASSERT_EQ(0, write_at(self, 100, DISK - 300));
	ASSERT_EQ(0, self->r.result);
	EXPECT_EQ(DISK, le64toh(self->r.out.rec.written_bytes));
	memset(self->disk + 100, 0xdd, DISK - 300);
	EXPECT_TRUE(holds(self));
}

/* What may not be written, whole or in part, is not written in part either. */
TEST_F(stream_write, refused)
{
	const __u32 lba = self->lba;
	const struct kcsd_source s[] = {
		writable(0, lba), source_zeroes(lba), writable(1, lba), source_lbas(2, lba),
		writable(3, lba), source_bytes(0, 5), writable(4, lba / 2),
	};
	const struct { __u64 at, len; __s64 want; } tries[] = {
		{ lba, 1, -KCSD_EROFS }, { lba - 1, 2, -KCSD_EROFS },
		{ 2 * lba - 1, 2, -KCSD_EROFS },
		{ 0, 3 * lba, -KCSD_EROFS }, { 3 * lba - 1, 2, -KCSD_EROFS },
		{ 3 * lba + 1, 1, -KCSD_EROFS }, { 5 * lba - 1, 2, -KCSD_EROFS },
		{ 5 * lba + 4, 2, -KCSD_EROFS }, { 0, 5 * lba + 5 + lba / 2, -KCSD_EROFS },
		{ 5 * lba + 5 + lba / 2, 1, -KCSD_ENOSPC },
		{ 5 * lba + 5 + lba / 2 - 1, 2, -KCSD_ENOSPC },
		{ ~0ULL, 1, -KCSD_ENOSPC }, { ~0ULL - 1, 5, -KCSD_ENOSPC },
		{ lba, 0, 0 }, { ~0ULL, 0, 0 },
	};
	struct nvme_uring_cmd c = source_add_cmd(1, s, ARRAY_SIZE(s), 0, ARRAY_SIZE(s), 5);

	ASSERT_EQ(0, cmd_io(self->d.compute, &c));
	c = source_bytes_cmd(1, "bytes", 5, 0);
	ASSERT_EQ(0, cmd_io(self->d.compute, &c));
	ASSERT_EQ(0, source_watch(self->d.compute, 1));
	for (__u32 i = 0; i < ARRAY_SIZE(tries); i++) {
		ASSERT_EQ(0, write_at(self, tries[i].at, tries[i].len));
		EXPECT_EQ(tries[i].want, (__s64)self->r.result) TH_LOG("try %u", i);
		EXPECT_EQ(0, le64toh(self->r.out.rec.written_bytes));
		EXPECT_TRUE(holds(self)) TH_LOG("try %u", i);
	}
	/* Between them it can be written, up to the last byte. */
	ASSERT_EQ(0, write_at(self, 5 * lba + 5, lba / 2));
	EXPECT_EQ(0, self->r.result);
	memset(self->disk + 4 * lba, 0xdd, lba / 2);
	EXPECT_TRUE(holds(self));
}

/* A change by another before the write ends the run, and nothing is written. */
TEST_F(stream_write, changed_before)
{
	const struct kcsd_source s = writable(3, 2 * self->lba);

	ASSERT_EQ(0, send_list(self, 1, &s, 1));
	ASSERT_EQ(0, nvm_write(self->d.nvm, 2, 1, self->lba, self->disk + 2 * self->lba));
	ASSERT_EQ(0, write_at(self, 1, 1));
	self->disk[3 * self->lba + 1] = 0xdd;
	EXPECT_TRUE(holds(self));
	/* The change is of another LBA than the one to write. */
	ASSERT_EQ(0, nvm_on(self->d.nvm, NVM_WRITE_ZEROES, 4, 1));
	memset(self->disk + 4 * self->lba, 0, self->lba);
	for (__u32 len = 1; len <= self->lba; len += self->lba - 1) {
		EXPECT_EQ(KCSD_SC_PROGRAM_CHANGED, write_at(self, 0, len));
		EXPECT_EQ(KCSD_FAULT_CHANGED, le32toh(self->r.out.rec.reason));
		EXPECT_EQ(KCSD_HELPER_stream_write, le32toh(self->r.out.rec.helper));
		EXPECT_EQ(0, le64toh(self->r.out.rec.written_bytes));
	}
	EXPECT_TRUE(holds(self));
	ASSERT_EQ(0, source_watch(self->d.compute, 1));
	EXPECT_EQ(0, write_at(self, 0, 1));
}

/* Writes of a run are no change for its own list, in this run and the next; for others they are. */
TEST_F(stream_write, who_notices)
{
	const struct kcsd_source s = writable(3, 2 * self->lba);
	const struct kcsd_source beside = writable(5, self->lba);

	ASSERT_EQ(0, send_list(self, 1, &s, 1));
	ASSERT_EQ(0, send_list(self, 2, &s, 1));
	ASSERT_EQ(0, send_list(self, 3, &beside, 1));
	self->r.pind = OFTEN;
	self->r.data.args[1] = 9;
	ASSERT_EQ(0, write_at(self, 3, 5));
	ASSERT_EQ(0, write_at(self, 0, 2 * self->lba));
	EXPECT_EQ(9 * 2 * self->lba, le64toh(self->r.out.rec.written_bytes));
	self->r.slid = 2;
	EXPECT_EQ(KCSD_SC_PROGRAM_CHANGED, write_at(self, 0, 1));
	self->r.slid = 3;
	EXPECT_EQ(0, write_at(self, 0, 1));
	/* The refused one has changed nothing. */
	self->r.slid = 1;
	EXPECT_EQ(0, write_at(self, 0, 1));
}

TEST_F(stream_write, audit)
{
	const __u32 lba = self->lba;
	const struct kcsd_source s[] = { writable(8, lba), writable(3, lba), writable(4, lba) };
	const struct kcsd_audit_header *head;
	const struct kcsd_audit_range *range;

	ASSERT_EQ(0, send_list(self, 1, s, 3));
	self->r.data.header.flags = htole32(KCSD_RUN_HEADER_AUDIT);
	ASSERT_EQ(0, write_at(self, lba - 1, lba + 2));
	head = (const void *)&self->r.out + le32toh(self->r.out.rec.audit_off);
	range = (const void *)(head + 1);
	ASSERT_EQ(2, le32toh(head->nr));
	EXPECT_EQ(3, le64toh(range[0].slba));
	EXPECT_EQ(2, le64toh(range[0].nlb));
	EXPECT_EQ(KCSD_GRANT_WRITE, range[0].access);
	EXPECT_EQ(8, le64toh(range[1].slba));
	EXPECT_EQ(1, le64toh(range[1].nlb));
	EXPECT_EQ(KCSD_GRANT_WRITE, range[1].access);
}

/* A run whose list could be written, but is not watched, does not begin. */
TEST_F(stream_write, not_watched)
{
	const struct kcsd_source s = writable(3, 2 * self->lba), plain = source_lbas(3, 1);

	ASSERT_EQ(0, source_send(self->d.compute, 1, &s, 1));
	EXPECT_EQ(KCSD_SC_INVALID_SOURCE_LIST, write_at(self, 0, 1));
	ASSERT_EQ(0, source_watch(self->d.compute, 1));
	EXPECT_EQ(0, write_at(self, 0, 0));
	/* A new list of this SLID starts anew. */
	ASSERT_EQ(0, source_send(self->d.compute, 1, &plain, 1));
	EXPECT_EQ(0, write_at(self, 0, 1));
	EXPECT_EQ(-KCSD_EROFS, (__s64)self->r.result);
	EXPECT_TRUE(holds(self));
}

TEST_F(stream_write, invalid_access)
{
	static const __u8 bad[] = {
		0, KCSD_GRANT_WRITE, KCSD_GRANT_READ | KCSD_GRANT_APPEND,
		KCSD_GRANT_ALL | KCSD_GRANT_APPEND, KCSD_GRANT_ALL | 0x80,
	};
	struct kcsd_source s = writable(3, 2 * self->lba);
	struct drive rdonly = { .index = self->d.index };

	for (__u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		s.access = bad[i];
		EXPECT_EQ(KCSD_SC_INVALID_FIELD, source_send(self->d.compute, 1, &s, 1));
	}
	s = source_zeroes(10);
	s.access |= KCSD_GRANT_WRITE;
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, source_send(self->d.compute, 1, &s, 1));
	ASSERT_EQ(0, drive_open(&rdonly, O_RDONLY));
	ASSERT_EQ(0, admin_set(false));
	s = writable(3, 2 * self->lba);
	EXPECT_EQ(-EACCES, source_send(rdonly.compute, 1, &s, 1));
	s.access = KCSD_GRANT_READ;
	EXPECT_EQ(0, source_send(rdonly.compute, 1, &s, 1));
	drive_close(&rdonly);
	ASSERT_EQ(0, admin_set(true));
}

/* An injected failure: the helper says so, and the run goes on. */
TEST_F(stream_write, medium_fails)
{
	const struct kcsd_source s = writable(3, 2 * self->lba);

	ASSERT_EQ(0, send_list(self, 1, &s, 1));
	ASSERT_EQ(0, set_rule(&self->d, "write lba=4+1 media_error"));
	ASSERT_EQ(0, write_at(self, self->lba + 1, 1));
	EXPECT_EQ(-KCSD_EIO, (__s64)self->r.result);
	EXPECT_TRUE(le16toh(self->r.out.rec.flags) & KCSD_RECORD_MEDIUM);
	EXPECT_EQ(4, le64toh(self->r.out.rec.lba));
	EXPECT_TRUE(holds(self));
}

/* An LBA that cannot be read cannot be written in part; written whole, it can be read again. */
TEST_F(stream_write, unreadable)
{
	const struct kcsd_source s = writable(3, 2 * self->lba);

	ASSERT_EQ(0, nvm_on(self->d.nvm, NVM_WRITE_UNCOR, 3, 1));
	ASSERT_EQ(0, send_list(self, 1, &s, 1));
	ASSERT_EQ(0, write_at(self, 1, 1));
	EXPECT_EQ(-KCSD_EIO, (__s64)self->r.result);
	ASSERT_EQ(0, write_at(self, 0, self->lba));
	EXPECT_EQ(0, self->r.result);
	memset(self->disk + 3 * self->lba, 0xdd, self->lba);
	EXPECT_TRUE(holds(self));
}

TEST_F(stream_write, time_limit)
{
	const struct kcsd_source s = writable(0, DISK);

	ASSERT_EQ(0, send_list(self, 1, &s, 1));
	self->r.pind = OFTEN;
	memset(self->r.data.args + 1, 0xff, 4);
	self->r.data.header.timeout_ms = htole32(200);
	EXPECT_EQ(KCSD_SC_PROGRAM_TIME, write_at(self, 1, DISK - 2));
}

struct beside {
	FIXTURE_DATA(stream_write) *self;
	int ret;
};

static void *run_beside(void *arg)
{
	struct beside *b = arg;

	b->ret = source_run(b->self->d.compute, &b->self->r);
	return NULL;
}

/*
 * Runs write parts of an LBA all the time. Once another has begun to write it, they never do again:
 * it keeps what the other wrote. So it is for a block that has left the file.
 */
TEST_F(stream_write, never_on_top_of_a_change)
{
	const struct kcsd_source s = writable(3, self->lba);
	struct beside b = { .self = self };
	struct nvme_uring_cmd c;
	pthread_t thread;

	self->r.pind = OFTEN;
	self->r.cparam1 = 1;
	self->r.cparam2 = self->lba - 2;
	memset(self->r.data.args + 1, 0xff, 4);
	ASSERT_EQ(0, source_send(self->d.compute, 1, &s, 1));
	for (__u32 i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(0, source_watch(self->d.compute, 1));
		ASSERT_EQ(0, pthread_create(&thread, NULL, run_beside, &b));
		/* Wait for the run. */
		do {
			c = cmd_rw(NVM_READ, 3, 1, self->buf, self->lba);
			ASSERT_EQ(0, cmd_io_way(CMD_IOCTL64, self->d.nvm, &c, NULL));
		} while (self->buf[1] != 0xdd);
		memset(self->disk, i, self->lba);
		c = cmd_rw(NVM_WRITE, 3, 1, self->disk, self->lba);
		ASSERT_EQ(0, cmd_io_way(CMD_IOCTL64, self->d.nvm, &c, NULL));
		ASSERT_EQ(0, pthread_join(thread, NULL));
		ASSERT_EQ(KCSD_SC_PROGRAM_CHANGED, b.ret);
		ASSERT_EQ(0, nvm_read(self->d.nvm, 3, 1, self->lba, self->buf));
		ASSERT_EQ(0, memcmp(self->buf, self->disk, self->lba)) TH_LOG("round %u", i);
	}
}

/* Two runs of one list write neighbouring bytes of an LBA: neither loses what the other wrote. */
TEST_F(stream_write, two_runs_of_a_list)
{
	const struct kcsd_source s = writable(3, self->lba);
	struct source_run other = self->r;
	struct beside b = { .self = self };
	pthread_t thread;

	self->r.pind = other.pind = OFTEN;
	self->r.data.args[2] = other.data.args[2] = 1;	/* 256 times */
	self->r.cparam2 = other.cparam2 = 7;
	other.cparam1 = 7;
	ASSERT_EQ(0, send_list(self, 1, &s, 1));
	for (__u32 i = 0; i < ROUNDS; i++) {
		self->r.data.args[0] = i;
		other.data.args[0] = ~i;
		ASSERT_EQ(0, pthread_create(&thread, NULL, run_beside, &b));
		ASSERT_EQ(0, source_run(self->d.compute, &other));
		ASSERT_EQ(0, pthread_join(thread, NULL));
		ASSERT_EQ(0, b.ret);
		memset(self->disk + 3 * self->lba, i, 7);
		memset(self->disk + 3 * self->lba + 7, ~i, 7);
		ASSERT_TRUE(holds(self)) TH_LOG("round %u", i);
	}
}

/* The stream of grants: those to read and write. */
TEST_F(stream_write, grants)
{
	const __u32 lba = self->lba;
	const struct {
		struct kcsd_lba_grant g[3];
		__u8 arg;
	} __attribute__((packed)) data = {
		{
			{ .slba = htole64(7), .nlb = htole32(1), .access = KCSD_GRANT_READ |
									   KCSD_GRANT_WRITE },
			{ .slba = htole64(1), .nlb = htole32(1), .access = KCSD_GRANT_WRITE },
			{ .slba = htole64(2), .nlb = htole32(1), .access = KCSD_GRANT_READ },
		}, 0xdd,
	};
	const struct { __u64 at, len; __s64 want; } tries[] = {
		{ lba - 5, 5, 0 }, { lba - 5, 6, -KCSD_EROFS }, { lba, 1, -KCSD_EROFS },
		{ 2 * lba, 1, -KCSD_ENOSPC },
	};
	__u64 result;

	memset(self->disk + 8 * lba - 5, 0xdd, 5);
	for (__u32 i = 0; i < ARRAY_SIZE(tries); i++) {
		struct nvme_uring_cmd c = {
			.opcode = KCSD_CMD_EXECUTE_LBA, .nsid = KCSD_NSID_COMPUTE,
			.cdw2 = ONCE, .cdw3 = 3, .addr = (uintptr_t)&data, .data_len = sizeof(data),
			.cdw10 = tries[i].at, .cdw12 = tries[i].len,
		};

		ASSERT_EQ(0, cmd_io_way(CMD_IOCTL64, self->d.compute, &c, &result));
		EXPECT_EQ(tries[i].want, (__s64)result) TH_LOG("try %u", i);
		EXPECT_TRUE(holds(self)) TH_LOG("try %u", i);
	}
}

FIXTURE(stream_write_zoned) {
	struct drive d;
};

FIXTURE_SETUP(stream_write_zoned)
{
	static const struct drive_attr zoned[] = { ZNS_DRIVE, {} };

	drive_sweep();
	ASSERT_EQ(0, drive_create(&self->d, "write", zoned));
}

FIXTURE_TEARDOWN(stream_write_zoned)
{
	EXPECT_EQ(0, drive_remove(&self->d));
}

/* Also in a conventional zone. */
TEST_F(stream_write_zoned, refused)
{
	struct kcsd_source s = writable(0, 1);

	EXPECT_EQ(KCSD_SC_INVALID_FIELD, source_send(self->d.compute, 1, &s, 1));
	s = writable(zns_start(2), 1);
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, source_send(self->d.compute, 1, &s, 1));
}

DRIVE_TEST_MAIN
