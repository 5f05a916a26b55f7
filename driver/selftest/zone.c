// SPDX-License-Identifier: GPL-2.0
/* Test the states of zones, by the functions that all front ends call. */
#include <linux/nvme.h>
#include <linux/slab.h>

#include "drive.h"
#include "selftest/selftest.h"

#define LBA		4096U
#define ZONE_LBAS	256U		/* 1 MiB */
#define CAPACITY	200U

static int rw(struct kcsd_drive *drive, bool write, u64 slba, void *buf, u32 nlb)
{
	struct kvec kvec = { .iov_base = buf, .iov_len = nlb * LBA };
	struct iov_iter iter;

	iov_iter_kvec(&iter, write ? ITER_SOURCE : ITER_DEST, &kvec, 1, nlb * LBA);
	return write ? kcsd_zone_write(drive, slba, &iter) :
		       kcsd_zone_read(drive, slba, &iter, false);
}

static u8 cond(struct kcsd_drive *drive, u32 zone)
{
	struct kcsd_zone_state state;

	kcsd_zone_get(drive, zone, &state);
	return state.cond;
}

static u64 wp(struct kcsd_drive *drive, u32 zone)
{
	struct kcsd_zone_state state;

	kcsd_zone_get(drive, zone, &state);
	return state.wp - state.start;
}

/*
 * Test that writes succeed only at the write pointer, not past the capacity, and not in a full
 * zone.
 */
static int test_writes(struct kcsd_drive *drive, u8 *buf)
{
	int failed = 0, i;

	KCSD_EXPECT(failed, cond(drive, 0) == BLK_ZONE_COND_EMPTY);
	KCSD_EXPECT(failed, rw(drive, true, 1, buf, 1) == KCSD_SC_ZONE_INVALID_WRITE);
	KCSD_EXPECT(failed, !rw(drive, true, 0, buf, 4));
	KCSD_EXPECT(failed, cond(drive, 0) == BLK_ZONE_COND_IMP_OPEN && wp(drive, 0) == 4);
	KCSD_EXPECT(failed, rw(drive, true, 0, buf, 1) == KCSD_SC_ZONE_INVALID_WRITE);
	for (i = 4; i < CAPACITY - 4; i += 4)
		KCSD_EXPECT(failed, !rw(drive, true, i, buf, 4));
	KCSD_EXPECT(failed, rw(drive, true, CAPACITY - 4, buf, 8) == KCSD_SC_ZONE_BOUNDARY);
	KCSD_EXPECT(failed, !rw(drive, true, CAPACITY - 4, buf, 4));
	KCSD_EXPECT(failed, cond(drive, 0) == BLK_ZONE_COND_FULL);
	KCSD_EXPECT(failed, rw(drive, true, CAPACITY, buf, 1) != 0);
	KCSD_EXPECT(failed, !kcsd_zone_manage(drive, 0, NVME_ZONE_RESET));
	KCSD_EXPECT(failed, cond(drive, 0) == BLK_ZONE_COND_EMPTY && !wp(drive, 0));
	KCSD_EXPECT(failed, !rw(drive, false, 0, buf + 8 * LBA, 8));
	KCSD_EXPECT(failed, !memchr_inv(buf + 8 * LBA, 0, 8 * LBA));
	return failed;
}

/*
 * Test the limits: two open zones, three active ones. An implicitly open zone gives way to another,
 * an explicitly open one does not.
 */
static int test_limits(struct kcsd_drive *drive, u8 *buf)
{
	const u64 z = ZONE_LBAS;
	int failed = 0;

	KCSD_EXPECT(failed, !rw(drive, true, 0, buf, 1) && !rw(drive, true, z, buf, 1) &&
		    !rw(drive, true, 2 * z, buf, 1));
	KCSD_EXPECT(failed, cond(drive, 0) == BLK_ZONE_COND_CLOSED);
	KCSD_EXPECT(failed, cond(drive, 2) == BLK_ZONE_COND_IMP_OPEN);
	KCSD_EXPECT(failed, rw(drive, true, 3 * z, buf, 1) == KCSD_SC_TOO_MANY_ACTIVE_ZONES);
	KCSD_EXPECT(failed, !kcsd_zone_manage(drive, z, NVME_ZONE_OPEN) &&
		    !kcsd_zone_manage(drive, 2 * z, NVME_ZONE_OPEN));
	KCSD_EXPECT(failed, kcsd_zone_manage(drive, 0, NVME_ZONE_OPEN) ==
		    KCSD_SC_TOO_MANY_OPEN_ZONES);
	KCSD_EXPECT(failed, !kcsd_zone_manage(drive, z, NVME_ZONE_FINISH));
	KCSD_EXPECT(failed, cond(drive, 1) == BLK_ZONE_COND_FULL);
	KCSD_EXPECT(failed, kcsd_zone_manage(drive, z + 1, NVME_ZONE_RESET) ==
		    KCSD_SC_INVALID_FIELD);
	KCSD_EXPECT(failed, !kcsd_zone_manage_all(drive, NVME_ZONE_RESET));
	KCSD_EXPECT(failed, cond(drive, 1) == BLK_ZONE_COND_EMPTY);
	KCSD_EXPECT(failed, !kcsd_zone_wear_out(drive, 3, BLK_ZONE_COND_READONLY));
	KCSD_EXPECT(failed, rw(drive, true, 3 * z, buf, 1) == KCSD_SC_ZONE_READ_ONLY);
	KCSD_EXPECT(failed, !kcsd_zone_wear_out(drive, 3, BLK_ZONE_COND_OFFLINE));
	KCSD_EXPECT(failed, rw(drive, false, 3 * z, buf, 1) == KCSD_SC_ZONE_OFFLINE);
	return failed;
}

static int test_drive(struct kcsd_drive *drive, u8 *buf)
{
	struct kcsd_config *c = &drive->cfg;
	int failed = 0;

	kcsd_config_init(c);
	c->size = 4 * ZONE_LBAS * LBA;
	c->zone_size = ZONE_LBAS * LBA;
	c->zone_capacity = CAPACITY * LBA;
	c->max_open_zones = 2;
	c->max_active_zones = 3;
	KCSD_EXPECT(failed, !kcsd_store_open(&drive->store, c, "selftest"));
	if (failed)
		return failed;
	drive->lba_shift = ilog2(LBA);
	KCSD_EXPECT(failed, !kcsd_zones_init(drive, "selftest"));
	if (!failed) {
		failed += test_writes(drive, buf);
		failed += test_limits(drive, buf);
		kcsd_zones_destroy(drive);
	}
	kcsd_store_close(&drive->store);
	return failed;
}

int kcsd_selftest_zone(void)
{
	struct kcsd_drive *drive = kzalloc(sizeof(*drive), GFP_KERNEL);
	struct kcsd_retained *retained = kzalloc(sizeof(*retained), GFP_KERNEL);
	u8 *buf = kvmalloc(16 * LBA, GFP_KERNEL);
	int failed = 1;

	if (drive && retained && buf && !kcsd_retained_init(retained)) {
		drive->retained = retained;
		memset(buf, 0xe7, 16 * LBA);
		failed = test_drive(drive, buf);
		kcsd_retained_destroy(retained);
	}
	kvfree(buf);
	kfree(retained);
	kfree(drive);
	return failed;
}
