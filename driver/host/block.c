// SPDX-License-Identifier: GPL-2.0
/* Create, open and delete the block device of namespace 1. block_request.c has its requests. */
#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/cpu.h>
#include <linux/nvme_ioctl.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "config.h"
#include "drive.h"
#include "host/block.h"
#include "host/block_zone.h"
#include "host/node.h"
#include "host/passthru.h"
#include "media/lbas.h"
#include "media/store.h"

#define MAX_TRANSFER		SZ_1M
/* Bytes zeroed by one request: few in memory (occupies a CPU), more in files (mostly holes). */
#define MAX_ZERO_INLINE		SZ_4M
#define MAX_ZERO_BLOCKING	SZ_256M

/* Called under gendisk->open_mutex. */
int kcsd_block_open(struct gendisk *gendisk, blk_mode_t mode)
{
	struct kcsd_disk *disk = gendisk->private_data;

	if (disk->claimed)
		return -ENXIO;
	/* Requests from the first open to the last close are one stream. */
	if (!disk_openers(gendisk))
		kcsd_flow_restart(&disk->flow);
	return 0;
}

/* Free the disk. An open file holds it, even a deleted one. */
void kcsd_block_free_disk(struct gendisk *gendisk)
{
	struct kcsd_disk *disk = gendisk->private_data;
	struct kcsd_drive *drive = disk->drive;

	kcsd_flow_destroy(&disk->flow);
	kfree(disk);
	kcsd_drive_put(drive);	/* last: the module may be unloaded from now on */
}

/* True if the ioctl sends a command of the namespace, in any of its forms (32-bit programs). */
static bool sends_command(unsigned int op)
{
	return _IOC_TYPE(op) == _IOC_TYPE(NVME_IOCTL_IO_CMD) &&
	       (_IOC_NR(op) == _IOC_NR(NVME_IOCTL_SUBMIT_IO) ||
		_IOC_NR(op) == _IOC_NR(NVME_IOCTL_IO_CMD) ||
		_IOC_NR(op) == _IOC_NR(NVME_IOCTL_IO64_CMD) ||
		_IOC_NR(op) == _IOC_NR(NVME_IOCTL_IO64_CMD_VEC));
}

/*
 * Execute an NVMe command, like /dev/nvme0n1. Deleting the disk does not wait for ioctls; power off
 * waits for their commands in flight. The block layer does not tell which open file sends a
 * command: its tenant is the user who sends it.
 */
int kcsd_block_ioctl(struct block_device *bdev, blk_mode_t mode, unsigned int op,
		     unsigned long arg)
{
	struct kcsd_disk *disk = bdev->bd_disk->private_data;
	struct kcsd_origin from = {
		.drive = disk->drive,
		.tenant = kcsd_user_tenant_get(&disk->tenants),
		.nsid = KCSD_NSID_NVM,
		.writable = mode & BLK_OPEN_WRITE,
		.partition = bdev_is_partition(bdev),
	};

	int ret = -ENOMEM;

	if (from.tenant) {
		if (sends_command(op))
			kcsd_flow_note_ioctl(&disk->flow, task_pid_nr(current));
		ret = kcsd_ioctl_from(&from, op, (void __user *)arg);
		kcsd_user_tenant_put(&disk->tenants, from.tenant);
	}
	return ret;
}

static const struct block_device_operations block_fops = {
	.owner		= THIS_MODULE,
	.open		= kcsd_block_open,
	.free_disk	= kcsd_block_free_disk,
	.ioctl		= kcsd_block_ioctl,
	.compat_ioctl	= blkdev_compat_ptr_ioctl,
};

static int init_tag_set(struct kcsd_disk *disk, const struct kcsd_lbas *lbas)
{
	struct blk_mq_tag_set *set = &disk->tag_set;
	int ret;

	set->ops = lbas->store.ops->blocking ? &kcsd_block_work_ops :
						 &kcsd_block_inline_ops;
	set->cmd_size = sizeof(struct kcsd_block_work);
	set->nr_hw_queues = kcsd_config_nr_queues(lbas->cfg);
	set->queue_depth = lbas->cfg->queue_depth;
	set->numa_node = NUMA_NO_NODE;
	set->flags = KCSD_BLK_MQ_FLAGS | BLK_MQ_F_NO_SCHED_BY_DEFAULT;
	/* Spreading CPUs over queues warns (7.2) if one of them goes offline meanwhile. */
	cpus_read_lock();
	ret = blk_mq_alloc_tag_set(set);
	cpus_read_unlock();
	return ret;
}

static struct queue_limits block_limits(const struct kcsd_lbas *lbas)
{
	const struct kcsd_store *store = &lbas->store;
	u32 zero = store->ops->blocking ? MAX_ZERO_BLOCKING : MAX_ZERO_INLINE;
	struct queue_limits lim = {
		.logical_block_size	= 1U << lbas->lba_shift,
		.physical_block_size	= SZ_4K,
		.io_min			= SZ_4K,
		.max_hw_sectors		= MAX_TRANSFER >> SECTOR_SHIFT,
		.max_segments		= USHRT_MAX,
		.max_segment_size	= MAX_TRANSFER,
		/* Sector alignment at most: a store that needs more bounces the buffer. */
		.dma_alignment		= min(store->alignment, SECTOR_SIZE) - 1,
		.max_write_zeroes_sectors = zero >> SECTOR_SHIFT,
	};

	if (store->volatile_cache)
		lim.features |= BLK_FEAT_WRITE_CACHE | BLK_FEAT_FUA;
	if (store->stable_writes)
		lim.features |= BLK_FEAT_STABLE_WRITES;
	if (store->discard_granularity) {
		lim.discard_granularity = store->discard_granularity;
		lim.max_hw_discard_sectors = zero >> SECTOR_SHIFT;
	}
	if (lbas->zones.nr)
		kcsd_block_zone_limits(lbas, &lim);
	return lim;
}

/*
 * Set the name of the device. Returns 0 or -ENOMEM. device_add_disk() sets the name again, but does
 * not check for -ENOMEM; it would then refuse a device without a name with -EINVAL.
 */
static int set_disk_name(struct gendisk *gendisk, u32 index)
{
	snprintf(gendisk->disk_name, sizeof(gendisk->disk_name), "kcsd%un%u", index, KCSD_NSID_NVM);
	return dev_set_name(disk_to_dev(gendisk), "%s", gendisk->disk_name);
}

static int add_gendisk(struct kcsd_disk *disk, struct kcsd_lbas *lbas)
{
	struct queue_limits lim = block_limits(lbas);
	struct gendisk *gendisk;
	int ret;

	gendisk = blk_mq_alloc_disk(&disk->tag_set, &lim, lbas);
	if (IS_ERR(gendisk))
		return PTR_ERR(gendisk);
	gendisk->fops = lbas->zones.nr ? &kcsd_block_zoned_fops : &block_fops;
	gendisk->private_data = disk;
	set_capacity(gendisk, lbas->nsze << (lbas->lba_shift - SECTOR_SHIFT));
	disk->gendisk = gendisk;
	ret = set_disk_name(gendisk, lbas->index);
	if (!ret && lbas->zones.nr)
		ret = kcsd_block_zone_register(gendisk);
	if (!ret)
		ret = device_add_disk(&disk->drive->ctrl->dev, gendisk, kcsd_block_groups);
	if (ret)
		put_disk(gendisk);	/* never added: does not call free_disk */
	return ret;
}

/* Wait until no queue_rq is running: a request is executed there unless it is queued as work. */
static void block_quiesce(struct kcsd_lbas *lbas)
{
	struct request_queue *queue = lbas->disk->gendisk->queue;

	blk_mq_quiesce_queue(queue);
	blk_mq_unquiesce_queue(queue);
}

int kcsd_block_create(struct kcsd_drive *drive)
{
	struct kcsd_disk *disk = kzalloc(sizeof(*disk), GFP_KERNEL);
	int ret = -ENOMEM;

	if (!disk)
		return ret;
	kcsd_user_tenants_init(&disk->tenants);
	disk->drive = drive;
	disk->wq = alloc_workqueue("kcsd%u", WQ_UNBOUND | WQ_MEM_RECLAIM, 0, drive->index);
	if (!disk->wq)
		goto out_free;
	ret = kcsd_flow_setup(&disk->flow, drive->clock, drive->cfg.queue_depth, 0, 0);
	if (ret)
		goto out_wq;
	disk->flow.shared = true;
	ret = init_tag_set(disk, drive->lbas);
	if (ret)
		goto out_flow;
	drive->lbas->disk = disk;
	drive->lbas->quiesce = block_quiesce;
	kcsd_drive_get(drive);
	ret = add_gendisk(disk, drive->lbas);
	if (ret)
		goto out_tags;
	return 0;

out_tags:
	drive->lbas->quiesce = NULL;
	drive->lbas->disk = NULL;
	kcsd_drive_put(drive);
	blk_mq_free_tag_set(&disk->tag_set);
out_flow:
	kcsd_flow_destroy(&disk->flow);
out_wq:
	destroy_workqueue(disk->wq);
out_free:
	kfree(disk);
	return ret;
}

void kcsd_block_destroy(struct kcsd_drive *drive)
{
	struct kcsd_disk *disk = drive->lbas->disk;

	drive->lbas->quiesce = NULL;
	del_gendisk(disk->gendisk);
	drive->lbas->disk = NULL;
	blk_mq_free_tag_set(&disk->tag_set);
	destroy_workqueue(disk->wq);
	put_disk(disk->gendisk);
}

void kcsd_block_kill(struct kcsd_drive *drive)
{
	blk_mark_disk_dead(drive->lbas->disk->gendisk);
}

int kcsd_block_claim(struct kcsd_drive *drive)
{
	struct kcsd_disk *disk = drive->lbas->disk;

	guard(mutex)(&disk->gendisk->open_mutex);
	if (disk_openers(disk->gendisk))
		return -EBUSY;
	disk->claimed = true;
	return 0;
}
