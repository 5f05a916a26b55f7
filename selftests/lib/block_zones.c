// SPDX-License-Identifier: GPL-2.0
#include "block_zones.h"

#include <stdlib.h>
#include <sys/ioctl.h>

int block_write(const struct zone_dev *dev, __u32 zone, __u64 offset, __u32 len)
{
	off_t pos = (zone * dev->zone_lbas + offset) * dev->lba;
	ssize_t n = pwrite(dev->fd, dev->buf, len, pos);

	return n < 0 ? -errno : n == len ? 0 : -EIO;
}

static int block_manage(const struct zone_dev *dev, unsigned long request, __u32 zone, __u32 nr)
{
	struct blk_zone_range range = {
		.sector = zone * dev->zone_lbas * dev->lba / 512,
		.nr_sectors = nr * dev->zone_lbas * dev->lba / 512,
	};

	return ioctl(dev->fd, request, &range) ? -errno : 0;
}

static int block_run(const struct zone_dev *dev, enum zone_op op, __u32 zone, __u64 offset,
		     __u32 len)
{
	switch (op) {
	case ZONE_WRITE:
		return block_write(dev, zone, offset, len);
	case ZONE_OPEN:
		return block_manage(dev, BLKOPENZONE, zone, 1);
	case ZONE_CLOSE:
		return block_manage(dev, BLKCLOSEZONE, zone, 1);
	case ZONE_FINISH:
		return block_manage(dev, BLKFINISHZONE, zone, 1);
	case ZONE_RESET:
		return block_manage(dev, BLKRESETZONE, zone, 1);
	case ZONE_RESET_ALL:
		return block_manage(dev, BLKRESETZONE, 0, dev->nr);
	default:
		return -EOPNOTSUPP;
	}
}

int block_report(const struct zone_dev *dev, __u64 sector, struct blk_zone *zones, __u32 nr)
{
	size_t len = nr * sizeof(*zones);
	struct blk_zone_report *report = calloc(1, sizeof(*report) + len);
	int ret;

	if (!report)
		return -ENOMEM;
	report->sector = sector;
	report->nr_zones = nr;
	ret = ioctl(dev->fd, BLKREPORTZONE, report) ? -errno : (int)report->nr_zones;
	if (ret >= 0 && !(report->flags & BLK_ZONE_REP_CAPACITY))
		ret = -EPROTO;
	memcpy(zones, report->zones, len);
	free(report);
	return ret;
}

static int block_look(const struct zone_dev *dev, __u32 zone, struct zone_seen *seen)
{
	struct blk_zone z;
	int ret = block_report(dev, zone * dev->zone_lbas * dev->lba / 512, &z, 1);

	if (ret != 1)
		return ret < 0 ? ret : -EPROTO;
	seen->is = zone_of_cond(z.cond);
	seen->wp = (z.wp - z.start) * 512 / dev->lba;
	return 0;
}

static int block_result(int status)
{
	switch (status) {
	case KCSD_SC_TOO_MANY_OPEN_ZONES:
		return -ETOOMANYREFS;
	case KCSD_SC_TOO_MANY_ACTIVE_ZONES:
		return -EOVERFLOW;
	default:
		return -EIO;
	}
}

const struct zone_front block_front = {
	.name	= "block",
	.ops	= 1 << ZONE_WRITE | 1 << ZONE_OPEN | 1 << ZONE_CLOSE | 1 << ZONE_FINISH |
		  1 << ZONE_RESET | 1 << ZONE_RESET_ALL,
	.run	= block_run,
	.look	= block_look,
	.result	= block_result,
};

int block_read(const struct zone_dev *dev, __u32 zone, __u64 offset, void *buf, __u64 nlb)
{
	off_t pos = (zone * dev->zone_lbas + offset) * dev->lba;
	ssize_t n = pread(dev->fd, buf, nlb * dev->lba, pos);

	return n < 0 ? -errno : n == (ssize_t)(nlb * dev->lba) ? 0 : -EIO;
}

int zone_dev_create(struct zone_dev *dev, struct drive *d, const struct drive_attr *attr)
{
	int ret = drive_create(d, "zones", attr);

	if (ret)
		return ret;
	*dev = (struct zone_dev) {
		.front = &block_front,
		.d = d,
		.fd = drive_open_block(d, O_RDWR | O_DIRECT),
		.lba = drive_get_number(d->name, "block_size"),
		.first = drive_get_number(d->name, "conventional_zones"),
		.nr = drive_get_number(d->name, "size") / ZONE_BYTES,
		.buf = aligned_alloc(4096, ZONE_BYTES),
	};
	if (dev->fd < 0 || !dev->buf)
		return -ENODEV;
	dev->zone_lbas = ZONE_BYTES / dev->lba;
	dev->capacity = drive_get_number(d->name, "zone_capacity") / dev->lba ?: dev->zone_lbas;
	for (__u32 i = 0; i < ZONE_BYTES; i++)
		((__u8 *)dev->buf)[i] = i * 31 + (i >> 8) * 7 + 1;
	return 0;
}

void zone_dev_close(struct zone_dev *dev)
{
	fd_close(&dev->fd);
	free(dev->buf);
}

void zones_file_remove(void)
{
	unlink(ZONES_FILE);
	unlink(ZONES_FILE ".kcsd");
}

int zones_file_make(void)
{
	int fd = open(ZONES_FILE, O_RDWR | O_CREAT, 0600);

	if (fd < 0)
		return -errno;
	return close(fd);
}

__u64 queue_limit(const struct drive *d, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/block/kcsd%dn1/queue/%s", d->index, name);
	return file_number(path);
}
