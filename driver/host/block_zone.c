// SPDX-License-Identifier: GPL-2.0
/* Namespace 1 as a host-managed zoned block device. */
#include "compat.h"
#include "drive.h"
#include "host/block.h"
#include "host/block_zone.h"
#include "media/lba_io.h"
#include "media/lbas.h"
#include "stats/counters.h"

#define REPORT_BATCH	16u	/* zones copied at once */

static u32 sector_shift(const struct kcsd_lbas *lbas)
{
	return lbas->lba_shift - SECTOR_SHIFT;
}

/* Only a reset zeroes a sequential zone: discard is for conventional zones only. */
void kcsd_block_zone_limits(const struct kcsd_lbas *lbas, struct queue_limits *lim)
{
	const struct kcsd_zones *zs = &lbas->zones;

	lim->features |= BLK_FEAT_ZONED;
	lim->chunk_sectors = 1U << (zs->shift + sector_shift(lbas));
	lim->kcsd_max_append_sectors = zs->max_append << sector_shift(lbas);
	lim->max_open_zones = zs->max_open;
	lim->max_active_zones = zs->max_active;
	/* The block layer does not split Write Zeroes at the ends of zones. */
	lim->max_write_zeroes_sectors = 0;
	if (!zs->nr_conventional)
		lim->max_hw_discard_sectors = 0;
}

int kcsd_block_zone_register(struct gendisk *disk)
{
	return blk_revalidate_disk_zones(disk);
}

static int do_manage(struct request *rq)
{
	struct kcsd_lbas *lbas = rq->q->queuedata;
	u64 slba = blk_rq_pos(rq) >> sector_shift(lbas);

	switch (req_op(rq)) {
	case REQ_OP_ZONE_OPEN:
		return kcsd_lba_io_manage_zone(lbas, slba, NVME_ZONE_OPEN);
	case REQ_OP_ZONE_CLOSE:
		return kcsd_lba_io_manage_zone(lbas, slba, NVME_ZONE_CLOSE);
	case REQ_OP_ZONE_FINISH:
		return kcsd_lba_io_manage_zone(lbas, slba, NVME_ZONE_FINISH);
	case REQ_OP_ZONE_RESET:
		return kcsd_lba_io_manage_zone(lbas, slba, NVME_ZONE_RESET);
	case REQ_OP_ZONE_RESET_ALL:
		return kcsd_lba_io_manage_all_zones(lbas, NVME_ZONE_RESET);
	default:
		return -EOPNOTSUPP;
	}
}

int kcsd_block_zone_manage(struct request *rq)
{
	struct kcsd_lbas *lbas = rq->q->queuedata;
	int ret = do_manage(rq);

	if (!ret)
		kcsd_stat_inc(lbas, zone_commands);
	return ret;
}

/* Returns the LBA where the next write must start; the end of the zone if none is possible. */
static u64 reported_wp(const struct kcsd_zone_state *state)
{
	switch (state->cond) {
	case BLK_ZONE_COND_EMPTY:
	case BLK_ZONE_COND_IMP_OPEN:
	case BLK_ZONE_COND_EXP_OPEN:
	case BLK_ZONE_COND_CLOSED:
		return state->wp;
	default:
		return state->start + state->size;
	}
}

static int report_zone(struct kcsd_zone_reporter *reporter, const struct kcsd_zone_state *state)
{
	u32 shift = sector_shift(reporter->disk->queue->queuedata);
	struct blk_zone zone = {
		.start		= state->start << shift,
		.len		= state->size << shift,
		.capacity	= state->capacity << shift,
		.wp		= reported_wp(state) << shift,
		.cond		= state->cond,
		.type		= BLK_ZONE_TYPE_SEQWRITE_REQ,
	};

	if (state->conventional)
		zone.type = BLK_ZONE_TYPE_CONVENTIONAL;
	return kcsd_report_zone(reporter, &zone);
}

/* Copy the states of up to nr zones. Returns their number, or -ENODEV once the drive powers off. */
static int copy_states(struct kcsd_drive *drive, u32 first, u32 nr, struct kcsd_zone_state *state)
{
	u32 i;

	if (!kcsd_drive_enter(drive))
		return -ENODEV;
	for (i = 0; i < nr && first + i < drive->lbas->zones.nr; i++)
		kcsd_zone_get(drive->lbas, first + i, &state[i]);
	kcsd_drive_exit(drive);
	return i;
}

/*
 * Returns the number of zones reported, or -errno. Deleting the disk does not wait for ioctls, and
 * a report may wait for user memory without limit: so report copies only, without entering the
 * drive.
 */
static int block_report_zones(struct kcsd_zone_reporter *reporter, sector_t sector,
			      unsigned int nr_zones)
{
	struct kcsd_disk *disk = reporter->disk->private_data;
	struct kcsd_lbas *lbas = disk->drive->lbas;
	u32 first = kcsd_zone_index(&lbas->zones, sector >> sector_shift(lbas));
	struct kcsd_zone_state state[REPORT_BATCH];
	int i, nr, ret = 0;

	while (!ret && reporter->nr < nr_zones) {
		nr = copy_states(disk->drive, first + reporter->nr,
				 min(nr_zones - reporter->nr, REPORT_BATCH), state);
		if (nr <= 0)
			return nr ?: reporter->nr;
		for (i = 0; !ret && i < nr; i++)
			ret = report_zone(reporter, &state[i]);
	}
	return ret ?: reporter->nr;
}
KCSD_REPORT_ZONES(block_report_zones)

const struct block_device_operations kcsd_block_zoned_fops = {
	.owner		= THIS_MODULE,
	.open		= kcsd_block_open,
	.free_disk	= kcsd_block_free_disk,
	.ioctl		= kcsd_block_ioctl,
	.compat_ioctl	= blkdev_compat_ptr_ioctl,
	.report_zones	= block_report_zones_op,
};
