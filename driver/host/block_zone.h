/* SPDX-License-Identifier: GPL-2.0 */
/* The block node of a zoned drive: what block.c leaves to block_zone.c. */
#ifndef KCSD_BLOCK_ZONE_H
#define KCSD_BLOCK_ZONE_H

#include <linux/blk-mq.h>
#include <linux/blkdev.h>

struct kcsd_drive;

#ifdef CONFIG_BLK_DEV_ZONED

extern const struct block_device_operations kcsd_block_zoned_fops;

/* Change the limits of a plain drive to those of this one, which is zoned. */
void kcsd_block_zone_limits(const struct kcsd_drive *drive, struct queue_limits *lim);
/* Between allocating and adding the disk: the block layer looks at all zones. 0 or -errno. */
int kcsd_block_zone_register(struct gendisk *disk);
/* Carry out REQ_OP_ZONE_OPEN, _CLOSE, _FINISH, _RESET or _RESET_ALL. 0, -errno or a status. */
int kcsd_block_zone_manage(struct request *rq);

#else

/* kcsd_zones_init() lets no zoned drive get here. */
#define kcsd_block_zoned_fops	block_fops

static inline void kcsd_block_zone_limits(const struct kcsd_drive *drive,
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
