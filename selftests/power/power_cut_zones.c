// SPDX-License-Identifier: GPL-2.0
/*
 * Cut the power during a load on zones: appends, writes at write pointers, resets, finishes, and
 * writes to conventional zones. Check the data in the backing file, and the zones in their report.
 */
#define _GNU_SOURCE
#include "harness.h"
#include "cut_drive.h"
#include "nvm.h"
#include "zone_promise.h"

#include <linux/blkzoned.h>
#include <sys/uio.h>

#define LBA		STAMP_LBA
#define WORDS		STAMP_WORDS
#define ZONES		12u
#define ZONE_LBAS	1024u
#define CONVENTIONAL	2u		/* zones */
#define CONV_LBAS	(CONVENTIONAL * ZONE_LBAS)
#define SHARED		(ZONES - 2)	/* all senders use this zone and those after it */
#define SENDERS		MODEL_SENDERS

static const struct drive_attr zoned[] = {
	DRIVE_SMALL, { "size", "48M" }, { "zone_size", "4M" }, { "zone_capacity", "3M" },
	{ "conventional_zones", "2" }, { "max_open_zones", "4" }, {}
};

FIXTURE(power_cut_zones) {
	struct cut_drive c;
	__u64 *buf;
	struct promise promise[CONV_LBAS];
	struct zone_model zone[ZONES];
	struct cut_count conventional;
	struct cut_count sequential;
};

FIXTURE_VARIANT(power_cut_zones) {
	const char *cache_size;
	int cuts;
};

FIXTURE_VARIANT_ADD(power_cut_zones, cached) { .cache_size = "1048576", .cuts = 100 };
FIXTURE_VARIANT_ADD(power_cut_zones, not_cached) { .cache_size = "0", .cuts = 25 };

FIXTURE_SETUP(power_cut_zones)
{
	self->buf = aligned_alloc(LBA, CONV_LBAS * LBA);
	ASSERT_NE(NULL, self->buf);
	for (__u32 i = 0; i < ZONES; i++)
		pthread_mutex_init(&self->zone[i].lock, NULL);
	ASSERT_EQ(0, cut_drive_up(&self->c, zoned, variant->cache_size));
}

FIXTURE_TEARDOWN(power_cut_zones)
{
	EXPECT_EQ(0, cut_drive_down(&self->c));
	free(self->buf);
}

static __u64 start_of(__u32 zone)
{
	return (__u64)zone * ZONE_LBAS;
}

static int command(int fd, const struct nvme_uring_cmd *c, __u64 *result)
{
	return cmd_io_way(CMD_IOCTL64, fd, c, result);
}

static int manage(int fd, enum zns_action action, __u32 zone)
{
	struct nvme_uring_cmd c = zns_send_cmd(action, start_of(zone));

	return command(fd, &c, NULL);
}

/* ---- the load ---- */

struct sender {
	FIXTURE_DATA(power_cut_zones) *self;
	unsigned int nr;
	unsigned int rnd;
	int block;	/* -1: also accesses its own zones with commands */
	__u64 seq;
	__u64 *buf;
	struct zone_attempt *attempt;
	int early;	/* error while there was power */
	pthread_t thread;
};

static atomic_bool cutting;
static atomic_uint done;	/* operations since power on */

static unsigned int draw(struct sender *s, unsigned int below)
{
	return rand_r(&s->rnd) % below;
}

static int write_lbas(const struct sender *s, __u64 lba, __u32 nlb, bool fua)
{
	struct nvme_uring_cmd c = cmd_rw(NVM_WRITE, lba, nlb, s->buf, nlb * LBA);
	struct iovec iov = { s->buf, nlb * LBA };

	if (s->block >= 0)
		return pwritev2(s->block, &iov, 1, lba * LBA, fua ? RWF_DSYNC : 0) < 0 ? -errno : 0;
	if (fua)
		c.cdw12 |= NVM_CDW12_FUA;
	return command(s->self->c.d.nvm, &c, NULL);
}

static int append_lbas(const struct sender *s, __u32 zone, __u32 nlb, bool fua, __u32 *offset)
{
	struct nvme_uring_cmd c = zns_append_cmd(start_of(zone), nlb, s->buf);
	__u64 lba = ~0ULL;
	int ret;

	if (fua)
		c.cdw12 |= NVM_CDW12_FUA;
	ret = command(s->self->c.d.nvm, &c, &lba);
	*offset = lba - start_of(zone);
	return ret;
}

/*
 * Write to a zone: at the write pointer or by append if it belongs to this sender, else by append.
 */
static int write_zone(struct sender *s, __u32 zone)
{
	struct zone_model *z = &s->self->zone[zone];
	bool shared = zone >= SHARED, fua = !draw(s, 16);
	__u32 nlb = 1 + draw(s, MODEL_NLB), offset = z->acked;
	__u64 tag = (__u64)(zone + 1) << 56 | (__u64)s->nr << 48 | ++s->seq * MODEL_NLB;
	int ret;

	if (!shared && nlb > MODEL_CAP - offset)
		nlb = MODEL_CAP - offset;
	if (!shared && (z->finished || !nlb))
		return 0;
	for (__u32 i = 0; i < nlb; i++)
		stamp_fill(s->buf + i * WORDS, tag + i);
	*s->attempt = (struct zone_attempt){ zone, nlb, tag };
	zone_model_sent(z, nlb);
	if (shared || (s->block < 0 && draw(s, 2)))
		ret = append_lbas(s, zone, nlb, fua, &offset);
	else
		ret = write_lbas(s, start_of(zone) + offset, nlb, fua);
	if (shared && (ret == KCSD_SC_ZONE_FULL || ret == KCSD_SC_ZONE_BOUNDARY))
		zone_model_sent(z, -nlb);
	else if (ret)
		return ret;
	else
		ret = zone_model_acked(z, offset, nlb, tag, fua);
	s->attempt->nlb = 0;
	return ret == -ERANGE ? ret : 0;
}

static int write_conventional(struct sender *s)
{
	__u32 nlb = 1 + draw(s, MODEL_NLB), part = CONV_LBAS / SENDERS;
	__u32 lba = s->nr * part + draw(s, part - nlb + 1);
	struct promise *p = s->self->promise + lba;
	bool fua = !draw(s, 16);
	int ret;

	for (__u32 i = 0; i < nlb; i++)
		promise_fill(s->buf + i * WORDS, lba + i, atomic_fetch_add(&p[i].sent, 1) + 1);
	ret = write_lbas(s, lba, nlb, fua);
	for (__u32 i = 0; !ret && i < nlb; i++) {
		atomic_store(&p[i].acked, p[i].sent);
		if (fua)
			raise_to(&p[i].durable, p[i].sent);
	}
	return ret;
}

/* Flush, and record as durable all writes of all senders that completed before it began. */
static int flush_all(struct sender *s)
{
	struct nvme_uring_cmd c = cmd_flush();
	unsigned int acked[CONV_LBAS], wp[ZONES], resets[ZONES];
	int ret;

	for (__u32 i = 0; i < CONV_LBAS; i++)
		acked[i] = atomic_load(&s->self->promise[i].acked);
	for (__u32 i = CONVENTIONAL; i < ZONES; i++) {
		pthread_mutex_lock(&s->self->zone[i].lock);
		wp[i] = s->self->zone[i].acked;
		resets[i] = s->self->zone[i].resets;
		pthread_mutex_unlock(&s->self->zone[i].lock);
	}
	if (s->block >= 0)
		ret = fdatasync(s->block) ? -errno : 0;
	else
		ret = command(s->self->c.d.nvm, &c, NULL);
	for (__u32 i = 0; !ret && i < CONV_LBAS; i++)
		raise_to(&s->self->promise[i].durable, acked[i]);
	for (__u32 i = CONVENTIONAL; !ret && i < ZONES; i++)
		zone_model_flushed(&s->self->zone[i], wp[i], resets[i]);
	return ret;
}

/*
 * Manage an own zone through the block node, if the sender writes there: the block layer keeps its
 * own write pointers.
 */
static int manage_own(struct sender *s, enum zns_action action, __u32 zone)
{
	static const unsigned int ioctls[] = {
		[ZNS_CLOSE] = BLKCLOSEZONE, [ZNS_FINISH] = BLKFINISHZONE,
		[ZNS_RESET] = BLKRESETZONE,
	};
	struct blk_zone_range range = {
		.sector = start_of(zone) * (LBA / 512), .nr_sectors = ZONE_LBAS * (LBA / 512),
	};

	if (s->block < 0)
		return manage(s->self->c.d.nvm, action, zone);
	return ioctl(s->block, ioctls[action], &range) ? -errno : 0;
}

static int end_zone(struct sender *s, __u32 zone, bool reset)
{
	struct zone_model *z = &s->self->zone[zone];
	int ret;

	z->maybe = reset ? MAYBE_RESET : MAYBE_FINISHED;
	ret = manage_own(s, reset ? ZNS_RESET : ZNS_FINISH, zone);
	if (ret)
		return ret;
	z->maybe = SURE;
	if (reset)
		zone_model_reset(z);
	else
		zone_model_finished(z);
	return 0;
}

static int do_something(struct sender *s)
{
	__u32 own = CONVENTIONAL + s->nr * 2 + draw(s, 2);
	struct zone_model *z = &s->self->zone[own];
	unsigned int what = draw(s, 100);

	if (what < 45)
		return write_zone(s, own);
	if (what < 70)
		return write_zone(s, SHARED + draw(s, ZONES - SHARED));
	if (what < 85)
		return write_conventional(s);
	if (what < 88)
		return flush_all(s);
	if (what < 92)
		return z->acked && !z->finished && z->acked < MODEL_CAP ?
		       manage_own(s, ZNS_CLOSE, own) : 0;
	return end_zone(s, own, what < 98);
}

static void *send_until_cut(void *arg)
{
	struct sender *s = arg;
	int ret;

	while (!(ret = do_something(s)))
		atomic_fetch_add(&done, 1);
	if (!atomic_load(&cutting))
		s->early = ret;
	return NULL;
}

static int start_senders(FIXTURE_DATA(power_cut_zones) *self, struct sender *senders,
			 struct zone_attempt *attempts, int seed)
{
	int ret = 0;

	atomic_store(&cutting, false);
	atomic_store(&done, 0);
	for (unsigned int i = 0; !ret && i < SENDERS; i++) {
		struct sender *s = &senders[i];

		*s = (struct sender){
			.self = self, .nr = i, .rnd = seed * SENDERS + i, .block = -1,
			.seq = (__u64)seed << 24, .attempt = &attempts[i],
			.buf = aligned_alloc(LBA, MODEL_NLB * LBA),
		};
		if (i % 2)
			s->block = drive_open_block(&self->c.d, O_RDWR | O_DIRECT);
		ret = pthread_create(&s->thread, NULL, send_until_cut, s);
	}
	return -ret;
}

/* Wait until the senders have completed nr operations: 10 s at most, more on a slow machine. */
static void wait_for_operations(unsigned int nr)
{
	for (int ms = 0; ms < 10000 * time_slow() && atomic_load(&done) < nr; ms++)
		sleep_ms(1);
}

/* Returns the first error of the senders from before the cut, or 0. */
static int join_senders(struct sender *senders)
{
	int ret = 0;

	for (unsigned int i = 0; i < SENDERS; i++) {
		pthread_join(senders[i].thread, NULL);
		fd_close(&senders[i].block);
		free(senders[i].buf);
		ret = ret ?: senders[i].early;
	}
	return ret;
}

/* ---- checks after a cut ---- */

static int check_conventional(FIXTURE_DATA(power_cut_zones) *self)
{
	int ret = 0;

	if (pread(self->c.image, self->buf, CONV_LBAS * LBA, 0) != CONV_LBAS * LBA)
		return -EIO;
	for (__u32 lba = 0; !ret && lba < CONV_LBAS; lba++)
		ret = promise_check(&self->promise[lba], self->buf + lba * WORDS, lba,
				    &self->conventional);
	return ret;
}

/* Check that LBAs behind the write pointer read as zeroes, whatever the file holds there. */
static int check_behind(FIXTURE_DATA(power_cut_zones) *self, __u32 zone)
{
	__u32 wp = self->zone[zone].acked;
	struct nvme_uring_cmd c = cmd_rw(NVM_READ, start_of(zone) + wp, MODEL_NLB, self->buf,
					 MODEL_NLB * LBA);
	int ret = command(self->c.d.nvm, &c, NULL);

	for (__u32 i = 0; !ret && i < MODEL_NLB * WORDS; i++)
		if (self->buf[i])
			ret = -EILSEQ;
	if (ret)
		ksft_print_msg("zone %u: read after its write pointer: got %d\n", zone, ret);
	return ret;
}

static int check_zones(FIXTURE_DATA(power_cut_zones) *self, struct zone_attempt *attempts)
{
	struct zns_report report;
	int ret = zns_report(self->c.d.nvm, ZNS_ALL, &report);

	for (__u32 i = CONVENTIONAL; !ret && i < ZONES; i++) {
		ret = zone_model_check(&self->zone[i], i, &report.desc[i], self->c.image, self->buf,
				       attempts, &self->sequential);
		ret = ret ?: check_behind(self, i);
	}
	return ret;
}

/* Reset the shared zones that are nearly full, so that writes continue. */
static int make_room(FIXTURE_DATA(power_cut_zones) *self)
{
	int ret = 0;

	for (__u32 i = SHARED; !ret && i < ZONES; i++) {
		if (self->zone[i].acked < MODEL_CAP * 3 / 4)
			continue;
		ret = manage(self->c.d.nvm, ZNS_RESET, i);
		zone_model_reset(&self->zone[i]);
	}
	return ret;
}

TEST_F_TIMEOUT(power_cut_zones, flushed_data_survives, 280)
{
	unsigned int cuts = repeats(variant->cuts, 10), seed;

	for (seed = 0; seed < cuts; seed++) {
		struct zone_attempt attempts[SENDERS] = {};
		struct sender senders[SENDERS];

		ASSERT_EQ(0, make_room(self));
		ASSERT_EQ(0, start_senders(self, senders, attempts, seed));
		wait_for_operations(20 + seed * 37 % 200);
		atomic_store(&cutting, true);
		ASSERT_EQ(0, cut_power(&self->c, seed));
		ASSERT_EQ(0, join_senders(senders)) TH_LOG("seed %u", seed);
		ASSERT_EQ(0, check_conventional(self)) TH_LOG("seed %u", seed);
		ASSERT_EQ(0, cut_power_on(&self->c));
		ASSERT_EQ(0, check_zones(self, attempts)) TH_LOG("seed %u", seed);
	}
	/* Otherwise nothing was tested. */
	TH_LOG("zones that lost unflushed data: %u, that kept some: %u",
	       self->sequential.lost, self->sequential.kept);
	EXPECT_LT(cuts / 4, self->sequential.lost);
	EXPECT_LT(cuts / 4, self->sequential.kept);
	if (atoi(variant->cache_size)) {
		EXPECT_LT(cuts / 4, self->conventional.lost);
		EXPECT_LT(cuts / 4, self->conventional.kept);
	}
}

DRIVE_TEST_MAIN
