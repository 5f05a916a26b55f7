/* SPDX-License-Identifier: GPL-2.0 */
/* Namespace 1 as a block device. */
#ifndef KCSD_BLOCK_H
#define KCSD_BLOCK_H

#include <linux/blk-mq.h>

#include "clock/clock.h"
#include "compute/tenant.h"

struct kcsd_drive;
struct kcsd_lbas;

/* The block device of a drive. Lives as long as the gendisk: an open file keeps it. */
struct kcsd_disk {
	struct gendisk *gendisk;	/* /dev/kcsdNn1 */
	struct kcsd_drive *drive;	/* referenced */
	struct blk_mq_tag_set tag_set;
	struct workqueue_struct *wq;	/* for requests that may sleep */
	bool claimed;			/* going away, refuse to open; gendisk->open_mutex */
	struct kcsd_user_tenants tenants;	/* users with NVMe commands under way */
	struct kcsd_flow flow;		/* requests in device time */
	atomic_t begun;			/* requests that have begun a device time */
};

/* Create the block device. Needs drive->ctrl. Users can open it before this returns. */
int kcsd_block_create(struct kcsd_drive *drive);
/* Delete the disk: sync a file system that is still mounted, then wait for requests in flight. */
void kcsd_block_destroy(struct kcsd_drive *drive);
/* Claim the disk, so that it can be removed. Returns 0, or -EBUSY if it is open. */
int kcsd_block_claim(struct kcsd_drive *drive);
/* Fail all requests from now on, those of file systems too; the file systems are notified. */
void kcsd_block_kill(struct kcsd_drive *drive);

/* For block_zone.c. */
int kcsd_block_open(struct gendisk *gendisk, blk_mode_t mode);
void kcsd_block_free_disk(struct gendisk *gendisk);
int kcsd_block_ioctl(struct block_device *bdev, blk_mode_t mode, unsigned int op,
		     unsigned long arg);

/* block_request.c: requests of a store that does not block, and of one that does. */
extern const struct blk_mq_ops kcsd_block_inline_ops;
extern const struct blk_mq_ops kcsd_block_work_ops;
/* Private part of a request. */
struct kcsd_block_work {
	struct work_struct work;	/* used only if the request may sleep */
	struct kcsd_held held;		/* its device time */
	blk_status_t status;		/* while it is held */
};

/* block_uuid.c: attributes in sysfs, like those of NVMe block devices. */
extern const struct attribute_group *kcsd_block_groups[];

#endif
