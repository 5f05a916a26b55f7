// SPDX-License-Identifier: GPL-2.0
/* Attributes of the controller device, described in Documentation/ABI/testing/sysfs-class-kcsd. */
#include <linux/module.h>
#include <linux/sysfs.h>

#include "clock/clock.h"
#include "compute/compute.h"
#include "compute/program.h"
#include "compute/unit.h"
#include "control/sysfs.h"
#include "drive.h"
#include "media/lbas.h"
#include "media/objects.h"
#include "media/slm.h"
#include "media/store.h"
#include "nvme/identify.h"
#include "stats/counters.h"

static struct kcsd_drive *dev_drive(struct device *dev)
{
	return dev_get_drvdata(dev);
}

#define KCSD_ATTR_RO(_name, fmt, value)							\
static ssize_t _name##_show(struct device *dev, struct device_attribute *attr, char *page) \
{											\
	struct kcsd_drive *drive = dev_drive(dev);					\
											\
	return sysfs_emit(page, fmt "\n", value);					\
}											\
static DEVICE_ATTR_RO(_name)

/* Files in ns1, ns2 and ns4 have equal names, so the functions for ns2 and ns4 need a prefix. */
#define KCSD_NS_COUNTER_ATTR(ns, _name)							\
static ssize_t ns##_##_name##_show(struct device *dev, struct device_attribute *attr,	\
				   char *page)						\
{											\
	return sysfs_emit(page, "%llu\n", kcsd_stats_sum(dev_drive(dev)->stats,	\
			  offsetof(struct kcsd_stats, ns##_##_name)));			\
}											\
static struct device_attribute dev_attr_##ns##_##_name =				\
	__ATTR(_name, 0444, ns##_##_name##_show, NULL);
#define KCSD_SLM_COUNTER_ATTR(_name) KCSD_NS_COUNTER_ATTR(slm, _name)
#define KCSD_SLM_COUNTER_ATTR_PTR(_name) &dev_attr_slm_##_name.attr,
#define KCSD_KV_COUNTER_ATTR(_name) KCSD_NS_COUNTER_ATTR(kv, _name)
#define KCSD_KV_COUNTER_ATTR_PTR(_name) &dev_attr_kv_##_name.attr,

#define KCSD_COUNTER_ATTR(_name) \
	KCSD_ATTR_RO(_name, "%llu", \
		     kcsd_stats_sum(drive->stats, offsetof(struct kcsd_stats, _name)));
#define KCSD_COUNTER_ATTR_PTR(_name) &dev_attr_##_name.attr,

KCSD_DRIVE_COUNTERS(KCSD_COUNTER_ATTR)
KCSD_NS_COUNTERS(KCSD_COUNTER_ATTR)
KCSD_SLM_COUNTERS(KCSD_SLM_COUNTER_ATTR)
KCSD_KV_COUNTERS(KCSD_KV_COUNTER_ATTR)

/* Return the bytes of system memory that the drive holds, without buffers of runs. */
static u64 drive_memory(const struct kcsd_drive *drive)
{
	const struct kcsd_timing *model = drive->clock->model;
	struct kcsd_kv_stats kv;

	kcsd_objects_get_stats(drive->objects, &kv);
	return drive->lbas->store.memory + drive->slm->size + kcsd_units_memory(drive->compute) +
	       kv.memory + (drive->cfg.kv_file ? 0 : kv.medium_bytes) +
	       READ_ONCE(drive->compute->programs->bytes) + (model ? kcsd_timing_memory(model) : 0);
}

KCSD_ATTR_RO(memory_bytes, "%llu", drive_memory(drive));

static struct kcsd_unit_times drive_times(const struct kcsd_drive *drive)
{
	struct kcsd_unit_times times;

	kcsd_units_get_times(drive->compute, &times);
	return times;
}

KCSD_ATTR_RO(cu_busy_ns, "%llu", drive_times(drive).busy_ns);
KCSD_ATTR_RO(cu_idle_ns, "%llu", drive_times(drive).idle_ns);

KCSD_ATTR_RO(store, "%s", kcsd_store_bottom(&drive->lbas->store)->ops->name);
KCSD_ATTR_RO(size, "%llu", drive->lbas->store.size);
KCSD_ATTR_RO(block_size, "%u", 1U << drive->lbas->lba_shift);
KCSD_ATTR_RO(slm_size, "%llu", drive->slm->size);
KCSD_ATTR_RO(uuid, "%pUb", &drive->uuid);
KCSD_ATTR_RO(data_lost, "%d", READ_ONCE(drive->lbas->data_lost) ||
	     kcsd_objects_have_lost(drive->objects));

/* Named as for NVMe controllers in Linux: lsblk looks for these files in the parent of the disk. */
static ssize_t serial_show(struct device *dev, struct device_attribute *attr, char *page)
{
	char sn[KCSD_SERIAL_LEN + 1];

	kcsd_identify_serial(dev_drive(dev), sn);
	return sysfs_emit(page, "%s\n", sn);
}
static DEVICE_ATTR_RO(serial);

static ssize_t model_show(struct device *dev, struct device_attribute *attr, char *page)
{
	return sysfs_emit(page, "%s\n", KCSD_MODEL);
}
static DEVICE_ATTR_RO(model);

static ssize_t firmware_rev_show(struct device *dev, struct device_attribute *attr, char *page)
{
	return sysfs_emit(page, "%s\n", THIS_MODULE->version ?: "");
}
static DEVICE_ATTR_RO(firmware_rev);

static struct kcsd_cache_stats drive_cache(const struct kcsd_drive *drive)
{
	struct kcsd_cache_stats stats;

	kcsd_store_cache_stats(&drive->lbas->store, &stats);
	return stats;
}

#define KCSD_CACHE_ATTR(_name)								\
static ssize_t cache_##_name##_show(struct device *dev, struct device_attribute *attr,	\
				    char *page)						\
{											\
	return sysfs_emit(page, "%llu\n", drive_cache(dev_drive(dev))._name);	\
}											\
static struct device_attribute dev_attr_cache_##_name =					\
	__ATTR(_name, 0444, cache_##_name##_show, NULL)

KCSD_CACHE_ATTR(size);
KCSD_CACHE_ATTR(dirty_bytes);
KCSD_CACHE_ATTR(hit_bytes);
KCSD_CACHE_ATTR(evicted_bytes);
KCSD_CACHE_ATTR(flushed_bytes);

static struct attribute *cache_attrs[] = {
	&dev_attr_cache_size.attr,
	&dev_attr_cache_dirty_bytes.attr,
	&dev_attr_cache_hit_bytes.attr,
	&dev_attr_cache_evicted_bytes.attr,
	&dev_attr_cache_flushed_bytes.attr,
	NULL,
};

/* Present on a drive without a cache, too: the values stay 0. */
static const struct attribute_group cache_group = {
	.name = "cache",
	.attrs = cache_attrs,
};

static struct attribute *drive_attrs[] = {
	&dev_attr_store.attr,
	&dev_attr_size.attr,
	&dev_attr_block_size.attr,
	&dev_attr_slm_size.attr,
	&dev_attr_model.attr,
	&dev_attr_serial.attr,
	&dev_attr_firmware_rev.attr,
	&dev_attr_uuid.attr,
	&dev_attr_data_lost.attr,
	NULL,
};

static const struct attribute_group drive_group = {
	.attrs = drive_attrs,
};

static struct attribute *stats_attrs[] = {
	KCSD_DRIVE_COUNTERS(KCSD_COUNTER_ATTR_PTR)
	&dev_attr_memory_bytes.attr,
	&dev_attr_cu_busy_ns.attr,
	&dev_attr_cu_idle_ns.attr,
	NULL,
};

static const struct attribute_group stats_group = {
	.name = "stats",
	.attrs = stats_attrs,
};

static struct attribute *ns1_attrs[] = {
	KCSD_NS_COUNTERS(KCSD_COUNTER_ATTR_PTR)
	NULL,
};

static const struct attribute_group ns1_group = {
	.name = "ns1",
	.attrs = ns1_attrs,
};

static struct attribute *ns2_attrs[] = {
	KCSD_SLM_COUNTERS(KCSD_SLM_COUNTER_ATTR_PTR)
	NULL,
};

/* Present on a drive without SLM, too: the values stay 0. */
static const struct attribute_group ns2_group = {
	.name = "ns2",
	.attrs = ns2_attrs,
};

static struct attribute *ns4_attrs[] = {
	KCSD_KV_COUNTERS(KCSD_KV_COUNTER_ATTR_PTR)
	NULL,
};

/* Present on a drive without objects, too: the values stay 0. */
static const struct attribute_group ns4_group = {
	.name = "ns4",
	.attrs = ns4_attrs,
};

/* Gauges of the store of objects: name of the file, member of struct kcsd_kv_stats. */
#define KCSD_KV_GAUGES(X)								\
	X(size, size) X(used_bytes, used) X(room_bytes, room)				\
	X(keys, keys) X(max_keys, max_keys)						\
	X(medium_bytes, medium_bytes) X(medium_size, medium_size)			\
	X(memory_bytes, memory) X(segments, segments) X(free_segments, free_segments)	\
	X(pinned, pinned) X(written_bytes, written) X(moved_bytes, moved) X(damaged, damaged)

static struct kcsd_kv_stats drive_objects(const struct kcsd_drive *drive)
{
	struct kcsd_kv_stats stats;

	kcsd_objects_get_stats(drive->objects, &stats);
	return stats;
}

#define KCSD_KV_GAUGE_ATTR(_name, member)						\
static ssize_t gauge_##_name##_show(struct device *dev, struct device_attribute *attr,	\
				    char *page)						\
{											\
	return sysfs_emit(page, "%llu\n", drive_objects(dev_drive(dev)).member);	\
}											\
static struct device_attribute dev_attr_gauge_##_name =					\
	__ATTR(_name, 0444, gauge_##_name##_show, NULL);
KCSD_KV_GAUGES(KCSD_KV_GAUGE_ATTR)

static struct attribute *kv_attrs[] = {
#define KCSD_KV_GAUGE_ATTR_PTR(_name, member) &dev_attr_gauge_##_name.attr,
	KCSD_KV_GAUGES(KCSD_KV_GAUGE_ATTR_PTR)
	NULL,
};

static const struct attribute_group kv_group = {
	.name = "kv",
	.attrs = kv_attrs,
};

const struct attribute_group *kcsd_drive_groups[] = {
	&drive_group,
	&stats_group,
	&cache_group,
	&ns1_group,
	&ns2_group,
	&ns4_group,
	&kv_group,
	&kcsd_timing_attr_group,
	NULL,
};
