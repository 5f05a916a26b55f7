// SPDX-License-Identifier: GPL-2.0
/*
 * Test power cuts in each state of zones: the write pointers afterwards, and how they depend on the
 * seed.
 */
#include "harness.h"
#include "cut_drive.h"
#include "nvm.h"
#include "stamp.h"
#include "zns.h"

#define LBA		STAMP_LBA
#define WORDS		STAMP_WORDS
#define ZONES		12u
#define ZONE_LBAS	1024u
#define CAP		768u
#define CONVENTIONAL	2u		/* zones */

static const struct drive_attr zoned[] = {
	DRIVE_SMALL, { "size", "48M" }, { "zone_size", "4M" }, { "zone_capacity", "3M" },
	{ "conventional_zones", "2" }, { "max_open_zones", "4" }, {}
};

FIXTURE(power_cut_wps) {
	struct cut_drive c;
	__u64 *buf;
};

FIXTURE_VARIANT(power_cut_wps) {
	bool cached;
};

FIXTURE_VARIANT_ADD(power_cut_wps, cached) { .cached = true };
FIXTURE_VARIANT_ADD(power_cut_wps, not_cached) { .cached = false };

FIXTURE_SETUP(power_cut_wps)
{
	self->buf = aligned_alloc(LBA, CAP * LBA);
	ASSERT_NE(NULL, self->buf);
	ASSERT_EQ(0, cut_drive_up(&self->c, zoned, variant->cached ? "1048576" : "0"));
}

FIXTURE_TEARDOWN(power_cut_wps)
{
	EXPECT_EQ(0, cut_drive_down(&self->c));
	free(self->buf);
}

static __u64 start_of(__u32 zone)
{
	return (__u64)zone * ZONE_LBAS;
}

static int manage(FIXTURE_DATA(power_cut_wps) *self, enum zns_action action, __u32 zone)
{
	struct nvme_uring_cmd c = zns_send_cmd(action, start_of(zone));

	return cmd_io(self->c.d.nvm, &c);
}

static int cond_of(FIXTURE_DATA(power_cut_wps) *self, __u32 zone, __u64 *wp)
{
	struct zns_report r;
	int ret = zns_receive(self->c.d.nvm, start_of(zone), ZNS_PARTIAL, &r, 128);

	if (wp)
		*wp = r.desc[0].wp;
	return ret ? -ret : r.desc[0].zs >> 4;
}

/* ---- the choice of LBAs that survive ---- */

static int write_tagged(FIXTURE_DATA(power_cut_wps) *self, __u64 lba, __u32 nlb)
{
	struct nvme_uring_cmd c = cmd_rw(NVM_WRITE, lba, nlb, self->buf, nlb * LBA);

	for (__u32 i = 0; i < nlb; i++)
		stamp_fill(self->buf + i * WORDS, lba + i + 1);
	return cmd_io(self->c.d.nvm, &c);
}

static int flush(FIXTURE_DATA(power_cut_wps) *self)
{
	struct nvme_uring_cmd c = cmd_flush();

	return cmd_io(self->c.d.nvm, &c);
}

/* True if the file holds these LBAs as they were written. */
static bool file_has(FIXTURE_DATA(power_cut_wps) *self, __u64 lba, __u32 nlb)
{
	__u64 tag;

	if (pread(self->c.image, self->buf, nlb * LBA, lba * LBA) != nlb * LBA)
		return false;
	for (__u32 i = 0; i < nlb; i++)
		if (!stamp_read(self->buf + i * WORDS, &tag) || tag != lba + i + 1)
			return false;
	return true;
}

#define CONV_LBAS	40u	/* all fit into the cache */
#define FLUSHED		3u	/* LBAs of each zone before the flush, */
#define UNFLUSHED	4u	/* and those after it */

/* Cut the power. Sets `counts` to the number of unflushed LBAs that each zone has afterwards. */
static int survivors(FIXTURE_DATA(power_cut_wps) *self, unsigned int seed, char *counts)
{
	int ret = 0;

	for (__u32 i = CONVENTIONAL; !ret && i < ZONES; i++)
		ret = manage(self, ZNS_RESET, i) ?:
		      write_tagged(self, start_of(i), FLUSHED);
	ret = ret ?: flush(self);
	for (__u32 i = CONVENTIONAL; !ret && i < ZONES; i++)
		ret = write_tagged(self, start_of(i) + FLUSHED, UNFLUSHED);
	ret = ret ?: cut_power(&self->c, seed) ?: cut_power_on(&self->c);
	for (__u32 i = CONVENTIONAL; !ret && i < ZONES; i++) {
		__u64 wp = 0, nlb;

		if (cond_of(self, i, &wp) != KCSD_ZONE_COND_CLOSED)
			return -EPROTO;
		nlb = wp - start_of(i);
		if (nlb < FLUSHED || nlb > FLUSHED + UNFLUSHED ||
		    !file_has(self, start_of(i), nlb))
			return -EILSEQ;
		*counts++ = '0' + nlb - FLUSHED;
	}
	return ret;
}

TEST_F(power_cut_wps, seed_determines_losses)
{
	char first[ZONES] = "", again[ZONES] = "", other[ZONES] = "";
	unsigned int seen = 0;
	int differ = 0;

	for (unsigned int seed = 0; seed < 8; seed++) {
		ASSERT_EQ(0, survivors(self, seed, first));
		ASSERT_EQ(0, survivors(self, seed, again));
		EXPECT_STREQ(first, again) TH_LOG("seed %u", seed);
		differ += !!strcmp(first, other);
		strcpy(other, first);
		for (const char *c = first; *c; c++)
			seen |= 1u << (*c - '0');
	}
	EXPECT_EQ(8, differ);
	/* All numbers from none to all have been seen, and no others. */
	EXPECT_EQ((1u << (UNFLUSHED + 1)) - 1, seen);
}

/*
 * Write LBAs of conventional zones after a flush and cut the power. Sets bits[i] to '1' for those
 * that survive.
 */
static int conventional_survivors(FIXTURE_DATA(power_cut_wps) *self, unsigned int seed, char *bits)
{
	static __u64 version;
	__u64 tag;
	int ret = 0;

	for (int pass = 0; pass < 2; pass++) {
		version++;
		for (__u32 i = 0; !ret && i < CONV_LBAS; i++) {
			struct nvme_uring_cmd c = cmd_rw(NVM_WRITE, i, 1, self->buf, LBA);

			stamp_fill(self->buf, version);
			ret = cmd_io(self->c.d.nvm, &c);
		}
		ret = ret ?: pass ? ret : flush(self);
	}
	ret = ret ?: cut_power(&self->c, seed);
	if (!ret && pread(self->c.image, self->buf, CONV_LBAS * LBA, 0) != CONV_LBAS * LBA)
		ret = -EIO;
	for (__u32 i = 0; !ret && i < CONV_LBAS; i++) {
		if (!stamp_read(self->buf + i * WORDS, &tag) || version - tag > 1)
			ret = -EILSEQ;
		bits[i] = '0' + (tag == version);
	}
	return ret ?: cut_power_on(&self->c);
}

/*
 * Test that each conventional LBA survives alone, as without zones. Without a cache all are in the
 * file already.
 */
TEST_F(power_cut_wps, conventional_lbas)
{
	char first[CONV_LBAS + 1] = "", again[CONV_LBAS + 1] = "";
	int mixed = 0, lost = 0;

	for (unsigned int seed = 0; seed < 8; seed++) {
		ASSERT_EQ(0, conventional_survivors(self, seed, first));
		ASSERT_EQ(0, conventional_survivors(self, seed, again));
		EXPECT_STREQ(first, again) TH_LOG("seed %u", seed);
		mixed += strchr(first, '0') && strchr(first, '1');
		lost += !!strchr(first, '0');
	}
	EXPECT_TRUE(variant->cached ? mixed > 4 : !lost) TH_LOG("%d mixed, %d lost", mixed, lost);
}

/* ---- conditions ---- */

/* Test that conditions that are durable at once also make earlier data of the zone durable. */
TEST_F(power_cut_wps, zone_conditions_survive)
{
	static const enum kcsd_zone_cond conds[] = {
		KCSD_ZONE_COND_EMPTY, KCSD_ZONE_COND_FULL, KCSD_ZONE_COND_READONLY,
		KCSD_ZONE_COND_OFFLINE,
	};

	for (__u32 i = 0; i < ARRAY_SIZE(conds); i++) {
		ASSERT_EQ(0, write_tagged(self, start_of(CONVENTIONAL + i), 5));
	}
	ASSERT_EQ(0, manage(self, ZNS_RESET, CONVENTIONAL));
	ASSERT_EQ(0, manage(self, ZNS_FINISH, CONVENTIONAL + 1));
	ASSERT_EQ(0, zns_wear_out(&self->c.d, "zone_readonly", CONVENTIONAL + 2));
	ASSERT_EQ(0, zns_wear_out(&self->c.d, "zone_offline", CONVENTIONAL + 3));
	for (unsigned int seed = 0; seed < 8; seed++) {
		ASSERT_EQ(0, cut_power(&self->c, seed));
		ASSERT_EQ(0, cut_power_on(&self->c));
		for (__u32 i = 0; i < ARRAY_SIZE(conds); i++) {
			EXPECT_EQ(conds[i], cond_of(self, CONVENTIONAL + i, NULL))
				TH_LOG("seed %u, zone %u", seed, CONVENTIONAL + i);
		}
	}
	EXPECT_TRUE(file_has(self, start_of(CONVENTIONAL + 1), 5));
	EXPECT_TRUE(file_has(self, start_of(CONVENTIONAL + 2), 5));
}

/*
 * Test open zones: closed after the cut, or empty if nothing was written. Their resources are free
 * again.
 */
TEST_F(power_cut_wps, no_zone_stays_open)
{
	for (unsigned int seed = 0; seed < 4; seed++) {
		for (__u32 i = CONVENTIONAL; i < CONVENTIONAL + 4; i++) {
			ASSERT_EQ(0, manage(self, ZNS_OPEN, i)) TH_LOG("seed %u", seed);
		}
		ASSERT_EQ(KCSD_SC_TOO_MANY_OPEN_ZONES, manage(self, ZNS_OPEN, ZONES - 1));
		ASSERT_EQ(0, write_tagged(self, start_of(CONVENTIONAL) + seed, 1));
		ASSERT_EQ(0, flush(self));
		ASSERT_EQ(0, cut_power(&self->c, seed));
		ASSERT_EQ(0, cut_power_on(&self->c));
		EXPECT_EQ(KCSD_ZONE_COND_CLOSED, cond_of(self, CONVENTIONAL, NULL));
		EXPECT_EQ(KCSD_ZONE_COND_EMPTY, cond_of(self, CONVENTIONAL + 1, NULL));
	}
}

/* Test a zone that was filled without a flush: it is full only if all its data survives. */
TEST_F(power_cut_wps, filled_zone)
{
	unsigned int full = 0;

	for (unsigned int seed = 0; seed < 8; seed++) {
		__u64 wp, start = start_of(CONVENTIONAL);
		int cond;

		ASSERT_EQ(0, manage(self, ZNS_RESET, CONVENTIONAL));
		for (__u32 at = 0; at < CAP - CAP / 4; at += CAP / 4) {
			ASSERT_EQ(0, write_tagged(self, start + at, CAP / 4));
		}
		ASSERT_EQ(0, write_tagged(self, start + CAP - CAP / 4, CAP / 4 - 2));
		ASSERT_EQ(0, flush(self));
		ASSERT_EQ(0, write_tagged(self, start + CAP - 2, 2));
		ASSERT_EQ(KCSD_ZONE_COND_FULL, cond_of(self, CONVENTIONAL, NULL));
		ASSERT_EQ(0, cut_power(&self->c, seed));
		ASSERT_EQ(0, cut_power_on(&self->c));
		cond = cond_of(self, CONVENTIONAL, &wp);
		full += cond == KCSD_ZONE_COND_FULL;
		if (cond == KCSD_ZONE_COND_FULL)
			wp = start + CAP;
		else
			ASSERT_EQ(KCSD_ZONE_COND_CLOSED, cond);
		EXPECT_LE(start + CAP - 2, wp);
		EXPECT_TRUE(file_has(self, start, wp - start));
	}
	EXPECT_LT(0, full);
	EXPECT_GT(8, full);
}

DRIVE_TEST_MAIN
