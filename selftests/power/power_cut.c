// SPDX-License-Identifier: GPL-2.0
/* Cut the power during a load. Check each promise in the backing file, without the drive. */
#define _GNU_SOURCE
#include "harness.h"
#include "cut_drive.h"
#include "nvm.h"
#include "promise.h"

#include <pthread.h>
#include <sys/uio.h>

#define LBA	STAMP_LBA
#define NSZE	1024u
#define WORDS	STAMP_WORDS
#define MAX_NLB	8u

static const struct drive_attr small[] = {
	DRIVE_SMALL, { "size", "4194304" }, {}
};

FIXTURE(power_cut) {
	struct cut_drive c;
	__u64 *buf;
	struct promise promise[NSZE];
};

FIXTURE_SETUP(power_cut)
{
	self->buf = aligned_alloc(LBA, NSZE * LBA);
	ASSERT_NE(NULL, self->buf);
	ASSERT_EQ(0, cut_drive_up(&self->c, small, "1048576"));
}

FIXTURE_TEARDOWN(power_cut)
{
	EXPECT_EQ(0, cut_drive_down(&self->c));
	free(self->buf);
}

/* ---- the load ---- */

struct writer {
	struct promise *promise;
	const struct drive *d;
	unsigned int nr;	/* writes the LBAs of quarter `nr` */
	unsigned int rnd;
	int block;		/* -1: write with commands */
	__u64 *buf;
	pthread_t thread;
};

static int write_lbas(const struct writer *w, __u32 lba, __u32 nlb, bool fua)
{
	struct nvme_uring_cmd c = cmd_rw(NVM_WRITE, lba, nlb, w->buf, nlb * LBA);
	struct iovec iov = { w->buf, nlb * LBA };

	if (w->block >= 0)
		return pwritev2(w->block, &iov, 1, (off_t)lba * LBA, fua ? RWF_DSYNC : 0) < 0;
	if (fua)
		c.cdw12 |= NVM_CDW12_FUA;
	return cmd_io_way(CMD_IOCTL, w->d->nvm, &c, NULL);
}

static int flush(const struct writer *w)
{
	struct nvme_uring_cmd c = cmd_flush();

	return w->block >= 0 ? fdatasync(w->block) : cmd_io_way(CMD_IOCTL, w->d->nvm, &c, NULL);
}

static int write_some(struct writer *w)
{
	__u32 nlb = 1 + rand_r(&w->rnd) % MAX_NLB;
	__u32 lba = w->nr * (NSZE / 4) + rand_r(&w->rnd) % (NSZE / 4 - nlb + 1);
	bool fua = !(rand_r(&w->rnd) % 16);
	struct promise *p = w->promise + lba;

	for (__u32 i = 0; i < nlb; i++)
		promise_fill(w->buf + i * WORDS, lba + i, atomic_fetch_add(&p[i].sent, 1) + 1);
	if (write_lbas(w, lba, nlb, fua))
		return -EIO;
	for (__u32 i = 0; i < nlb; i++) {
		atomic_store(&p[i].acked, p[i].sent);
		if (fua)
			raise_to(&p[i].durable, p[i].sent);
	}
	return 0;
}

/* Flush, and record as durable all writes of all threads that completed before it began. */
static int flush_all(const struct writer *w)
{
	unsigned int acked[NSZE];

	for (__u32 i = 0; i < NSZE; i++)
		acked[i] = atomic_load(&w->promise[i].acked);
	if (flush(w))
		return -EIO;
	for (__u32 i = 0; i < NSZE; i++)
		raise_to(&w->promise[i].durable, acked[i]);
	return 0;
}

static void *write_until_cut(void *arg)
{
	struct writer *w = arg;

	while (!(rand_r(&w->rnd) % 24 ? write_some(w) : flush_all(w)))
		;
	return NULL;
}

static int start_writer(struct writer *w)
{
	w->buf = aligned_alloc(LBA, MAX_NLB * LBA);
	return w->buf ? -pthread_create(&w->thread, NULL, write_until_cut, w) : -ENOMEM;
}

static int open_image(FIXTURE_DATA(power_cut) *self, unsigned int nr)
{
	return nr % 2 ? drive_open_block(&self->c.d, O_RDWR | O_DIRECT) : -1;
}

/* Check each LBA in the file. Returns 0 if all versions were promised or are allowed. */
static int check_image(FIXTURE_DATA(power_cut) *self, struct cut_count *count)
{
	int ret = 0;

	if (pread(self->c.image, self->buf, NSZE * LBA, 0) != NSZE * LBA)
		return -EIO;
	for (__u32 lba = 0; !ret && lba < NSZE; lba++)
		ret = promise_check(&self->promise[lba], self->buf + lba * WORDS, lba, count);
	return ret;
}

TEST_F_TIMEOUT(power_cut, flushed_data_survives, 280)
{
	unsigned int cuts = repeats(200, 20), seed;
	struct cut_count count = {};

	for (seed = 0; seed < cuts; seed++) {
		struct writer w[4] = {};

		for (unsigned int i = 0; i < 4; i++) {
			w[i] = (struct writer){
				.promise = self->promise, .d = &self->c.d, .nr = i,
				.rnd = seed * 4 + i, .block = open_image(self, i),
			};
			ASSERT_EQ(0, start_writer(&w[i]));
		}
		sleep_ms(5 + seed % 40);
		ASSERT_EQ(0, cut_power(&self->c, seed));
		for (unsigned int i = 0; i < 4; i++) {
			pthread_join(w[i].thread, NULL);
			fd_close(&w[i].block);
			free(w[i].buf);
		}
		ASSERT_EQ(0, check_image(self, &count)) TH_LOG("seed %u", seed);
		ASSERT_EQ(0, cut_power_on(&self->c));
	}
	/* Otherwise nothing was tested. A slow machine writes little between two cuts. */
	TH_LOG("unflushed versions lost: %u, kept: %u", count.lost, count.kept);
	EXPECT_LT(cuts / 10, count.lost);
	EXPECT_LT(cuts / 10, count.kept);
	EXPECT_EQ(cuts, drive_get_number(self->c.d.name, "power_cut"));
}

/* ---- the choice of LBAs that survive ---- */

#define FEW	100u	/* LBAs: all fit into the cache */

/*
 * Write FEW LBAs after a flush, and cut the power. Sets bits[i] to '1' if LBA i survives, else '0'.
 */
static int survivors(FIXTURE_DATA(power_cut) *self, unsigned int seed, char *bits)
{
	static __u32 version;
	struct writer w = { .d = &self->c.d, .block = -1, .buf = self->buf };

	for (int pass = 0; pass < 2; pass++) {
		version++;
		for (__u32 lba = 0; lba < FEW; lba++) {
			promise_fill(self->buf, lba * 3, version);
			if (write_lbas(&w, lba * 3, 1, false))
				return -EIO;
		}
		if (!pass && flush(&w))
			return -EIO;
	}
	if (cut_power(&self->c, seed) ||
	    pread(self->c.image, self->buf, NSZE * LBA, 0) != NSZE * LBA)
		return -EIO;
	for (__u32 lba = 0; lba < FEW; lba++) {
		__s64 v = promise_version(self->buf + lba * 3 * WORDS, lba * 3);

		if (v != version && v != version - 1)
			return -EILSEQ;
		bits[lba] = '0' + (v == version);
	}
	return cut_power_on(&self->c);
}

TEST_F(power_cut, seed_determines_losses)
{
	char first[FEW + 1] = "", again[FEW + 1] = "", other[FEW + 1] = "";
	int differ = 0, mixed = 0;

	for (unsigned int seed = 0; seed < 8; seed++) {
		ASSERT_EQ(0, survivors(self, seed, first));
		ASSERT_EQ(0, survivors(self, seed, again));
		EXPECT_STREQ(first, again) TH_LOG("seed %u", seed);
		differ += strcmp(first, other);
		mixed += strchr(first, '0') && strchr(first, '1');
		strcpy(other, first);
	}
	EXPECT_NE(0, differ);
	EXPECT_LT(4, mixed);
}

/* Test power off, which is no power cut: all data is written. */
TEST_F(power_cut, power_off_keeps_everything)
{
	struct writer w = { .d = &self->c.d, .block = -1, .buf = self->buf };

	for (__u32 lba = 0; lba < FEW; lba++) {
		promise_fill(self->buf, lba, 1);
		ASSERT_EQ(0, write_lbas(&w, lba, 1, false));
	}
	drive_close(&self->c.d);
	ASSERT_EQ(0, drive_power(&self->c.d, false));
	ASSERT_EQ(FEW * LBA, pread(self->c.image, self->buf, FEW * LBA, 0));
	for (__u32 lba = 0; lba < FEW; lba++) {
		ASSERT_EQ(1, promise_version(self->buf + lba * WORDS, lba));
	}
	EXPECT_EQ(0, drive_get_number(self->c.d.name, "power_cut"));
}

TEST_F(power_cut, refusals)
{
	static const char * const wrong[] = { "", "x", "-1", "+1", "1 2", "0x1", "1x",
					      "18446744073709551616" };

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		EXPECT_EQ(-EINVAL, drive_set(self->c.d.name, "power_cut", wrong[i]))
			TH_LOG("%s", wrong[i]);
	}
	EXPECT_EQ(1, drive_get_number(self->c.d.name, "power"));
	EXPECT_EQ(0, cut_power(&self->c, 1));
	EXPECT_EQ(0, drive_get_number(self->c.d.name, "power"));
	EXPECT_EQ(-ENODEV, cut_power(&self->c, 1));
	EXPECT_EQ(1, drive_get_number(self->c.d.name, "power_cut"));
}

DRIVE_TEST_MAIN
