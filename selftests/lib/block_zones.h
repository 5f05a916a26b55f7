/* SPDX-License-Identifier: GPL-2.0 */
/* A zoned drive by its block node, as a front end of zone_front.h. */
#ifndef KST_BLOCK_ZONES_H
#define KST_BLOCK_ZONES_H

#include <linux/blkzoned.h>

#include "zone_front.h"

/* ZONED configures the zoned drive; ZONES_FILE is the path for a drive with a backing file. */
#define ZONE_BYTES	65536u
#define CAPACITY_BYTES	49152u
#define CONVENTIONAL	2
#define ZONES		260
#define ZONED \
	DRIVE_SMALL, { "size", "17039360" }, { "zone_size", "65536" }, \
	{ "zone_capacity", "49152" }, { "conventional_zones", "2" }

#define ZONES_FILE	"/tmp/kst-zones"

extern const struct zone_front block_front;

int block_write(const struct zone_dev *dev, __u32 zone, __u64 offset, __u32 len);

/* Report at most nr zones from a sector on. Returns the number of zones, or -errno. */
int block_report(const struct zone_dev *dev, __u64 sector, struct blk_zone *zones, __u32 nr);

/* Read from an offset in a zone. The read may continue in the following zones. */
int block_read(const struct zone_dev *dev, __u32 zone, __u64 offset, void *buf, __u64 nlb);

int zone_dev_create(struct zone_dev *dev, struct drive *d, const struct drive_attr *attr);
void zone_dev_close(struct zone_dev *dev);
void zones_file_remove(void);
int zones_file_make(void);
__u64 queue_limit(const struct drive *d, const char *name);

#endif
