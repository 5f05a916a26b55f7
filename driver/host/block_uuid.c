// SPDX-License-Identifier: GPL-2.0
/* Names of namespace 1 in sysfs, at the block device. */
#include <linux/blkdev.h>
#include <linux/sysfs.h>
#include <linux/kcsd.h>

#include "host/block.h"
#include "nvme/uuid.h"

#define NAME_ATTR(_name, format, value)						\
static ssize_t _name##_show(struct device *dev, struct device_attribute *attr, char *page) \
{											\
	const struct kcsd_disk *disk = dev_to_disk(dev)->private_data;			\
	struct kcsd_ns_names names;							\
											\
	kcsd_uuid_names(disk->drive, KCSD_NSID_NVM, &names);				\
	return sysfs_emit(page, format "\n", value);					\
}											\
static DEVICE_ATTR_RO(_name)

NAME_ATTR(wwid, "uuid.%pUb", &names.uuid);
NAME_ATTR(uuid, "%pUb", &names.uuid);
NAME_ATTR(nguid, "%pUb", names.nguid);
NAME_ATTR(eui, "%8ph", names.eui64);

static struct attribute *name_attrs[] = {
	&dev_attr_wwid.attr,
	&dev_attr_uuid.attr,
	&dev_attr_nguid.attr,
	&dev_attr_eui.attr,
	NULL,
};

static const struct attribute_group name_group = {
	.attrs = name_attrs,
};

const struct attribute_group *kcsd_block_groups[] = {
	&name_group,
	NULL,
};
