// SPDX-License-Identifier: GPL-2.0
/* units/ in sysfs, with one directory per compute unit. */
#include <linux/cpumask.h>
#include <linux/kobject.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "compute/compute.h"
#include "compute/unit.h"
#include "control/sysfs.h"
#include "drive.h"
#include "host/node.h"

/*
 * units/, or the directory of one unit below it. Deleted before the units are destroyed; then no
 * show() runs.
 */
struct kcsd_units_dir {
	struct kobject kobj;
	struct kcsd_drive *drive;
	struct kcsd_unit *unit;		/* NULL: units/ */
};

struct kcsd_units_attr {
	struct attribute attr;
	ssize_t (*show)(struct kcsd_units_dir *dir, char *page);
};

#define KCSD_UNITS_ATTR(_name, fmt, ...)						\
static ssize_t show_##_name(struct kcsd_units_dir *dir, char *page)			\
{											\
	return sysfs_emit(page, fmt "\n", __VA_ARGS__);					\
}											\
static struct kcsd_units_attr attr_##_name = {						\
	.attr = { .name = #_name, .mode = 0444 },					\
	.show = show_##_name,								\
}

KCSD_UNITS_ATTR(queued, "%u", READ_ONCE(dir->drive->compute->units->schedule.queued));
KCSD_UNITS_ATTR(running, "%u", READ_ONCE(dir->drive->compute->units->schedule.running));
KCSD_UNITS_ATTR(waiting, "%u", READ_ONCE(dir->drive->compute->units->nr_parked));

static struct attribute *units_attrs[] = {
	&attr_queued.attr,
	&attr_running.attr,
	&attr_waiting.attr,
	NULL,
};
ATTRIBUTE_GROUPS(units);

static struct kcsd_unit_times units_dir_times(const struct kcsd_units_dir *dir)
{
	struct kcsd_unit_times times;

	kcsd_unit_get_times(dir->unit, &times);
	return times;
}

KCSD_UNITS_ATTR(busy_ns, "%llu", units_dir_times(dir).busy_ns);
KCSD_UNITS_ATTR(idle_ns, "%llu", units_dir_times(dir).idle_ns);
KCSD_UNITS_ATTR(runs, "%llu", READ_ONCE(dir->unit->runs));
KCSD_UNITS_ATTR(cpus, "%*pbl", cpumask_pr_args(dir->unit->task->cpus_ptr));

static struct attribute *unit_attrs[] = {
	&attr_busy_ns.attr,
	&attr_idle_ns.attr,
	&attr_runs.attr,
	&attr_cpus.attr,
	NULL,
};
ATTRIBUTE_GROUPS(unit);

static ssize_t units_attr_show(struct kobject *kobj, struct attribute *attr, char *page)
{
	return container_of(attr, struct kcsd_units_attr, attr)->show(
		container_of(kobj, struct kcsd_units_dir, kobj), page);
}

static void units_dir_release(struct kobject *kobj)
{
	kfree(container_of(kobj, struct kcsd_units_dir, kobj));
}

static const struct sysfs_ops units_sysfs_ops = { .show = units_attr_show };

static const struct kobj_type units_ktype = {
	.release	= units_dir_release,
	.sysfs_ops	= &units_sysfs_ops,
	.default_groups	= units_groups,
};

static const struct kobj_type unit_ktype = {
	.release	= units_dir_release,
	.sysfs_ops	= &units_sysfs_ops,
	.default_groups	= unit_groups,
};

/* Create units/, or the directory of a unit. Returns NULL on failure. */
static struct kobject *units_dir_create(struct kcsd_drive *drive, struct kcsd_unit *unit)
{
	struct kcsd_units_dir *dir = kzalloc(sizeof(*dir), GFP_KERNEL);
	int ret;

	if (!dir)
		return NULL;
	dir->drive = drive;
	dir->unit = unit;
	if (unit)
		ret = kobject_init_and_add(&dir->kobj, &unit_ktype, drive->compute->units->dir,
					   "%u", unit->nr);
	else
		ret = kobject_init_and_add(&dir->kobj, &units_ktype, &drive->ctrl->dev.kobj,
					   "units");
	if (!ret)
		return &dir->kobj;
	kobject_put(&dir->kobj);
	return NULL;
}

static void units_dir_destroy(struct kobject *kobj)
{
	if (!kobj)
		return;
	kobject_del(kobj);
	kobject_put(kobj);
}

int kcsd_units_add_dir(struct kcsd_drive *drive)
{
	struct kcsd_units *us = drive->compute->units;
	u32 i;

	us->dir = units_dir_create(drive, NULL);
	if (!us->dir)
		return -ENOMEM;
	for (i = 0; i < us->nr; i++) {
		us->unit[i].dir = units_dir_create(drive, &us->unit[i]);
		if (!us->unit[i].dir)
			return -ENOMEM;
	}
	return 0;
}

void kcsd_units_del_dir(struct kcsd_drive *drive)
{
	struct kcsd_units *us = drive->compute->units;
	u32 i;

	for (i = 0; i < us->nr; i++)
		units_dir_destroy(us->unit[i].dir);
	units_dir_destroy(us->dir);
}
