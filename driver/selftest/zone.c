// SPDX-License-Identifier: GPL-2.0
/* Test the states of zones, by the functions that all front ends call. */
#include <linux/nvme.h>
#include <linux/slab.h>

#include "config.h"
#include "media/badblocks.h"
#include "media/lbas.h"
#include "media/store.h"
#include "selftest/selftest.h"

#define LBA		4096U
#define ZONE_LBAS	256U		/* 1 MiB */
#define CAPACITY	200U

static int rw(struct kcsd_lbas *lbas, bool write, u64 slba, void *buf, u32 nlb)
{
	struct kvec kvec = { .iov_base = buf, .iov_len = nlb * LBA };
	struct iov_iter iter;

	iov_iter_kvec(&iter, write ? ITER_SOURCE : ITER_DEST, &kvec, 1, nlb * LBA);
	return write ? kcsd_zone_write(lbas, slba, &iter) :
		       kcsd_zone_read(lbas, slba, &iter, false);
}

static u8 cond(struct kcsd_lbas *lbas, u32 zone)
{
	struct kcsd_zone_state state;

	kcsd_zone_get(lbas, zone, &state);
	return state.cond;
}

static u64 wp(struct kcsd_lbas *lbas, u32 zone)
{
	struct kcsd_zone_state state;

	kcsd_zone_get(lbas, zone, &state);
	return state.wp - state.start;
}

/*
 * Test that writes succeed only at the write pointer, not past the capacity, and not in a full
 * zone.
 */
static int test_writes(struct kcsd_lbas *lbas, u8 *buf)
{
	int failed = 0, i;

	KCSD_EXPECT(failed, cond(lbas, 0) == BLK_ZONE_COND_EMPTY);
	KCSD_EXPECT(failed, rw(lbas, true, 1, buf, 1) == KCSD_SC_ZONE_INVALID_WRITE);
	KCSD_EXPECT(failed, !rw(lbas, true, 0, buf, 4));
	KCSD_EXPECT(failed, cond(lbas, 0) == BLK_ZONE_COND_IMP_OPEN && wp(lbas, 0) == 4);
	KCSD_EXPECT(failed, rw(lbas, true, 0, buf, 1) == KCSD_SC_ZONE_INVALID_WRITE);
	for (i = 4; i < CAPACITY - 4; i += 4)
		KCSD_EXPECT(failed, !rw(lbas, true, i, buf, 4));
	KCSD_EXPECT(failed, rw(lbas, true, CAPACITY - 4, buf, 8) == KCSD_SC_ZONE_BOUNDARY);
	KCSD_EXPECT(failed, !rw(lbas, true, CAPACITY - 4, buf, 4));
	KCSD_EXPECT(failed, cond(lbas, 0) == BLK_ZONE_COND_FULL);
	KCSD_EXPECT(failed, rw(lbas, true, CAPACITY, buf, 1) != 0);
	KCSD_EXPECT(failed, !kcsd_zone_manage(lbas, 0, NVME_ZONE_RESET));
	KCSD_EXPECT(failed, cond(lbas, 0) == BLK_ZONE_COND_EMPTY && !wp(lbas, 0));
	KCSD_EXPECT(failed, !rw(lbas, false, 0, buf + 8 * LBA, 8));
	KCSD_EXPECT(failed, !memchr_inv(buf + 8 * LBA, 0, 8 * LBA));
	return failed;
}

/*
 * Test the limits: two open zones, three active ones. An implicitly open zone gives way to another,
 * an explicitly open one does not.
 */
static int test_limits(struct kcsd_lbas *lbas, u8 *buf)
{
	const u64 z = ZONE_LBAS;
	int failed = 0;

	KCSD_EXPECT(failed, !rw(lbas, true, 0, buf, 1) && !rw(lbas, true, z, buf, 1) &&
				    !rw(lbas, true, 2 * z, buf, 1));
	KCSD_EXPECT(failed, cond(lbas, 0) == BLK_ZONE_COND_CLOSED);
	KCSD_EXPECT(failed, cond(lbas, 2) == BLK_ZONE_COND_IMP_OPEN);
	KCSD_EXPECT(failed, rw(lbas, true, 3 * z, buf, 1) == KCSD_SC_TOO_MANY_ACTIVE_ZONES);
	KCSD_EXPECT(failed, !kcsd_zone_manage(lbas, z, NVME_ZONE_OPEN) &&
		    !kcsd_zone_manage(lbas, 2 * z, NVME_ZONE_OPEN));
	KCSD_EXPECT(failed, kcsd_zone_manage(lbas, 0, NVME_ZONE_OPEN) ==
		    KCSD_SC_TOO_MANY_OPEN_ZONES);
	KCSD_EXPECT(failed, !kcsd_zone_manage(lbas, z, NVME_ZONE_FINISH));
	KCSD_EXPECT(failed, cond(lbas, 1) == BLK_ZONE_COND_FULL);
	KCSD_EXPECT(failed, kcsd_zone_manage(lbas, z + 1, NVME_ZONE_RESET) ==
		    KCSD_SC_INVALID_FIELD);
	KCSD_EXPECT(failed, !kcsd_zone_manage_all(lbas, NVME_ZONE_RESET));
	KCSD_EXPECT(failed, cond(lbas, 1) == BLK_ZONE_COND_EMPTY);
	KCSD_EXPECT(failed, !kcsd_zone_wear_out(lbas, 3, BLK_ZONE_COND_READONLY));
	KCSD_EXPECT(failed, rw(lbas, true, 3 * z, buf, 1) == KCSD_SC_ZONE_READ_ONLY);
	KCSD_EXPECT(failed, !kcsd_zone_wear_out(lbas, 3, BLK_ZONE_COND_OFFLINE));
	KCSD_EXPECT(failed, rw(lbas, false, 3 * z, buf, 1) == KCSD_SC_ZONE_OFFLINE);
	return failed;
}

/* Memory needs no journal. */
static int journal_commit(struct kcsd_lbas *lbas)
{
	return 0;
}

static unsigned int journal_begin(struct kcsd_lbas *lbas)
{
	return 0;
}

static int journal_record(struct kcsd_lbas *lbas, u32 first, u32 nr)
{
	return 0;
}

static void journal_end(struct kcsd_lbas *lbas, unsigned int token)
{
}

static const struct kcsd_zone_journal journal = {
	.commit	= journal_commit,
	.begin	= journal_begin,
	.record	= journal_record,
	.end	= journal_end,
};

static int test_lbas(struct kcsd_lbas *lbas, u8 *buf)
{
	int failed = 0;

	KCSD_EXPECT(failed, !kcsd_lbas_open(lbas, "selftest"));
	if (failed)
		return failed;
	failed += test_writes(lbas, buf);
	failed += test_limits(lbas, buf);
	kcsd_lbas_close(lbas);
	return failed;
}

int kcsd_selftest_zone(void)
{
	struct kcsd_lbas_retained *retained = kzalloc(sizeof(*retained), GFP_KERNEL);
	struct kcsd_lbas *lbas = kzalloc(sizeof(*lbas), GFP_KERNEL);
	u8 *buf = kvmalloc(16 * LBA, GFP_KERNEL);
	struct kcsd_config c;
	int failed = 1;

	kcsd_config_init(&c);
	c.size = 4 * ZONE_LBAS * LBA;
	c.zone_size = ZONE_LBAS * LBA;
	c.zone_capacity = CAPACITY * LBA;
	c.max_open_zones = 2;
	c.max_active_zones = 3;
	if (lbas && retained && buf && !kcsd_badblocks_init(retained)) {
		lbas->cfg = &c;
		lbas->retained = retained;
		lbas->journal = &journal;
		memset(buf, 0xe7, 16 * LBA);
		failed = test_lbas(lbas, buf);
		kcsd_badblocks_exit(retained);
	}
	kvfree(buf);
	kfree(lbas);
	kfree(retained);
	return failed;
}
