/* SPDX-License-Identifier: GPL-2.0 */
/* Block device of a zoned drive: functions of block_zone.c that block.c uses. */
#ifndef KCSD_BLOCK_ZONE_H
#define KCSD_BLOCK_ZONE_H

#include <linux/blk-mq.h>
#include <linux/blkdev.h>

struct kcsd_lbas;

#ifdef CONFIG_BLK_DEV_ZONED

extern const struct block_device_operations kcsd_block_zoned_fops;

/* Change the limits of a disk without zones to those of this zoned drive. */
void kcsd_block_zone_limits(const struct kcsd_lbas *lbas, struct queue_limits *lim);
/*
 * Let the block layer read all zones. Call between allocating and adding the disk. Returns 0 or
 * -errno.
 */
int kcsd_block_zone_register(struct gendisk *disk);
/*
 * Execute REQ_OP_ZONE_OPEN, _CLOSE, _FINISH, _RESET or _RESET_ALL; -EOPNOTSUPP for others. Returns
 * 0, -errno or a status.
 */
int kcsd_block_zone_manage(struct request *rq);

#else

/* Never used: kcsd_zones_init() refuses zoned drives. */
#define kcsd_block_zoned_fops	block_fops

static inline void kcsd_block_zone_limits(const struct kcsd_lbas *lbas,
					  struct queue_limits *lim)
{
}

static inline int kcsd_block_zone_register(struct gendisk *disk)
{
	return -EOPNOTSUPP;
}

static inline int kcsd_block_zone_manage(struct request *rq)
{
	return -EOPNOTSUPP;
}

#endif
#endif
