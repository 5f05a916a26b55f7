// SPDX-License-Identifier: GPL-2.0
/* Power is cut during a load: every promise is checked in the file itself, by who knows no drive. */
#define _GNU_SOURCE
#include "drive.h"
#include "cmd.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/uio.h>

#define LBA	4096
#define NSZE	1024u
#define WORDS	(LBA / sizeof(__u64))
#define CUTS	200
#define MAX_NLB	8u

static const struct drive_attr cached[] = {
	DRIVE_SMALL, { "size", "4194304" }, { "cache_size", "1048576" }, {}
};

/* Of an LBA: versions count its writes, 0 is what was there at first, zeroes. */
struct promise {
	atomic_uint sent;	/* the last that was written */
	atomic_uint acked;	/* the last of whose end somebody was told */
	atomic_uint durable;	/* acked before a flush that has ended, or with FUA */
};

FIXTURE(power_cut) {
	struct drive d;
	char file[32];
	int image;
	__u64 *buf;
	struct promise promise[NSZE];
};

FIXTURE_SETUP(power_cut)
{
	drive_sweep();
	strcpy(self->file, "/tmp/kst-cut-XXXXXX");
	self->image = mkstemp(self->file);
	ASSERT_LE(0, self->image);
	ASSERT_EQ(0, ftruncate(self->image, NSZE * LBA));
	self->buf = aligned_alloc(LBA, NSZE * LBA);
	ASSERT_NE(NULL, self->buf);
	ASSERT_EQ(0, drive_prepare(&self->d, "cut", cached));
	ASSERT_EQ(0, drive_set(self->d.name, "backing_file", self->file));
	ASSERT_EQ(0, drive_power(&self->d, true));
	self->d.index = drive_get_number(self->d.name, "index");
	ASSERT_EQ(0, drive_open(&self->d, O_RDWR));
}

FIXTURE_TEARDOWN(power_cut)
{
	EXPECT_EQ(0, drive_remove(&self->d));
	close(self->image);
	unlink(self->file);
	strcat(self->file, ".kcsd");
	unlink(self->file);
	free(self->buf);
}

static __u64 mix(__u64 x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

static __u64 word_of(__u32 lba, __u32 version, unsigned int i)
{
	return i ? mix(((__u64)lba << 32 | version) + i * 0x9e3779b97f4a7c15) :
		   (__u64)lba << 32 | version;
}

static void fill(__u64 *to, __u32 lba, __u32 version)
{
	for (unsigned int i = 0; i < WORDS; i++)
		to[i] = word_of(lba, version, i);
}

/* The version that an LBA holds; -1: none that was ever written there, or parts of several. */
static __s64 version_of(const __u64 *data, __u32 lba)
{
	__u32 version = data[0];

	for (unsigned int i = 0; i < WORDS; i++)
		if (data[i] != (data[0] ? word_of(lba, version, i) : 0))
			return -1;
	return version;
}

static int cut(struct drive *d, unsigned int seed)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", seed);
	return drive_set(d->name, "power_cut", text);
}

static int power_on(struct drive *d)
{
	int ret;

	drive_close(d);
	ret = drive_power(d, true);
	return ret ? ret : drive_open(d, O_RDWR);
}

/* ---- the load ---- */

struct writer {
	struct promise *promise;
	const struct drive *d;
	unsigned int nr;	/* writes the LBAs of its own quarter */
	unsigned int rnd;
	int block;		/* -1: by commands */
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

static void raise_to(atomic_uint *to, unsigned int version)
{
	unsigned int was = atomic_load(to);

	while (was < version && !atomic_compare_exchange_weak(to, &was, version))
		;
}

static int write_some(struct writer *w)
{
	__u32 nlb = 1 + rand_r(&w->rnd) % MAX_NLB;
	__u32 lba = w->nr * (NSZE / 4) + rand_r(&w->rnd) % (NSZE / 4 - nlb + 1);
	bool fua = !(rand_r(&w->rnd) % 16);
	struct promise *p = w->promise + lba;

	for (__u32 i = 0; i < nlb; i++)
		fill(w->buf + i * WORDS, lba + i, atomic_fetch_add(&p[i].sent, 1) + 1);
	if (write_lbas(w, lba, nlb, fua))
		return -EIO;
	for (__u32 i = 0; i < nlb; i++) {
		atomic_store(&p[i].acked, p[i].sent);
		if (fua)
			raise_to(&p[i].durable, p[i].sent);
	}
	return 0;
}

/* All that had ended before it began, whoever wrote it. */
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
	return nr % 2 ? drive_open_block(&self->d, O_RDWR | O_DIRECT) : -1;
}

/* 0: what the file has of each LBA was promised or is allowed; then that is the beginning. */
static int check_image(FIXTURE_DATA(power_cut) *self, int seed)
{
	unsigned int lost = 0, kept = 0;

	if (pread(self->image, self->buf, NSZE * LBA, 0) != NSZE * LBA)
		return -EIO;
	for (__u32 lba = 0; lba < NSZE; lba++) {
		struct promise *p = &self->promise[lba];
		__s64 version = version_of(self->buf + lba * WORDS, lba);

		if (version < p->durable || version > p->sent) {
			ksft_print_msg("seed %d, LBA %u: version %lld, durable %u, sent %u\n", seed,
				       lba, version, p->durable, p->sent);
			return -EILSEQ;
		}
		lost += version < p->acked;
		kept += version > p->durable;
		p->sent = p->acked = p->durable = version;
	}
	return lost | kept << 16;
}

TEST_F_TIMEOUT(power_cut, promises_are_kept, 280)
{
	unsigned int lost = 0, kept = 0;

	for (int seed = 0; seed < CUTS; seed++) {
		struct writer w[4] = {};
		int ret;

		for (unsigned int i = 0; i < 4; i++) {
			w[i] = (struct writer){
				.promise = self->promise, .d = &self->d, .nr = i,
				.rnd = seed * 4 + i, .block = open_image(self, i),
			};
			ASSERT_EQ(0, start_writer(&w[i]));
		}
		sleep_ms(5 + seed % 40);
		ASSERT_EQ(0, cut(&self->d, seed));
		for (unsigned int i = 0; i < 4; i++) {
			pthread_join(w[i].thread, NULL);
			fd_close(&w[i].block);
			free(w[i].buf);
		}
		ret = check_image(self, seed);
		ASSERT_LE(0, ret) TH_LOG("seed %d", seed);
		lost += ret & 0xffff;
		kept += ret >> 16;
		ASSERT_EQ(0, power_on(&self->d));
	}
	/* Else nothing was tested. */
	TH_LOG("%u versions lost, %u kept that need not be", lost, kept);
	EXPECT_LT(CUTS, lost);
	EXPECT_LT(CUTS, kept);
	EXPECT_EQ(CUTS, drive_get_number(self->d.name, "power_cut"));
}

/* ---- the choice ---- */

#define FEW	100u	/* LBAs: all of them fit into the cache */

/* Which of FEW LBAs survive of the writes after a flush, as ones in a string. */
static int survivors(FIXTURE_DATA(power_cut) *self, unsigned int seed, char *bits)
{
	static __u32 version;
	struct writer w = { .d = &self->d, .block = -1, .buf = self->buf };

	for (int pass = 0; pass < 2; pass++) {
		version++;
		for (__u32 lba = 0; lba < FEW; lba++) {
			fill(self->buf, lba * 3, version);
			if (write_lbas(&w, lba * 3, 1, false))
				return -EIO;
		}
		if (!pass && flush(&w))
			return -EIO;
	}
	if (cut(&self->d, seed) || pread(self->image, self->buf, NSZE * LBA, 0) != NSZE * LBA)
		return -EIO;
	for (__u32 lba = 0; lba < FEW; lba++) {
		__s64 v = version_of(self->buf + lba * 3 * WORDS, lba * 3);

		if (v != version && v != version - 1)
			return -EILSEQ;
		bits[lba] = '0' + (v == version);
	}
	return power_on(&self->d);
}

TEST_F(power_cut, the_seed_decides)
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

/* Power off is none: all is written. */
TEST_F(power_cut, power_off_keeps_all)
{
	struct writer w = { .d = &self->d, .block = -1, .buf = self->buf };

	for (__u32 lba = 0; lba < FEW; lba++) {
		fill(self->buf, lba, 1);
		ASSERT_EQ(0, write_lbas(&w, lba, 1, false));
	}
	drive_close(&self->d);
	ASSERT_EQ(0, drive_power(&self->d, false));
	ASSERT_EQ(FEW * LBA, pread(self->image, self->buf, FEW * LBA, 0));
	for (__u32 lba = 0; lba < FEW; lba++) {
		ASSERT_EQ(1, version_of(self->buf + lba * WORDS, lba));
	}
	EXPECT_EQ(0, drive_get_number(self->d.name, "power_cut"));
}

TEST_F(power_cut, refusals)
{
	static const char * const wrong[] = { "", "x", "-1", "+1", "1 2", "0x1", "1x",
					      "18446744073709551616" };

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		EXPECT_EQ(-EINVAL, drive_set(self->d.name, "power_cut", wrong[i]))
			TH_LOG("%s", wrong[i]);
	}
	EXPECT_EQ(1, drive_get_number(self->d.name, "power"));
	EXPECT_EQ(0, cut(&self->d, 1));
	EXPECT_EQ(0, drive_get_number(self->d.name, "power"));
	EXPECT_EQ(-ENODEV, cut(&self->d, 1));
	EXPECT_EQ(1, drive_get_number(self->d.name, "power_cut"));
}

DRIVE_TEST_MAIN
