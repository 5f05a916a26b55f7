// SPDX-License-Identifier: GPL-2.0
/* /sys/kernel/config/kcsd: create, configure, power and remove drives. */
#define pr_fmt(fmt) "kcsd: " fmt

#include <linux/configfs.h>
#include <linux/ctype.h>
#include <linux/idr.h>
#include <linux/kstrtox.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "config.h"
#include "clock/clock.h"
#include "control/configfs.h"
#include "control/timing_dir.h"
#include "drive.h"
#include "media/badblocks.h"
#include "media/lbas.h"
#include "nvme/retained.h"
#include "power.h"

#define MAX_INDEX	9999
#define MAX_NAME_LEN	31
#define FEATURES "memory file block passthru slm range-sets execute-lba interp jit zones " \
	"inject badblocks cache power-cut timing kv"

/*
 * The directory of a drive. A directory made by a user lives from mkdir until, after rmdir, the
 * last file in it is closed; a directory of the module lives as long as the module. Lock order:
 * locks of configfs (su_mutex, or frag_sem of a fragment), lock, locks of the drive.
 */
struct kcsd_entry {
	struct config_group group;
	unsigned int index;		/* N of kcsdN; freed by shut_entry() */
	struct mutex lock;		/* cfg, retained.power_cycles, drive */
	struct kcsd_config cfg;
	struct kcsd_retained retained;
	struct kcsd_drive *drive;	/* NULL: powered off */
	struct kcsd_timing_dir *timing;	/* default group; referenced */
};

static DEFINE_IDA(indices);

static struct kcsd_entry *to_entry(struct config_item *item)
{
	return container_of(to_config_group(item), struct kcsd_entry, group);
}

/* Set an option by its setter, for all attributes. -EBUSY while the drive has power. */
static ssize_t store_option(struct config_item *item, const char *page, size_t count,
			    int (*set)(struct kcsd_config *c, const char *text))
{
	struct kcsd_entry *entry = to_entry(item);
	int ret;

	guard(mutex)(&entry->lock);
	if (entry->drive)
		return -EBUSY;
	ret = set(&entry->cfg, page);
	return ret ?: count;
}

/*
 * Return the value to show. The size of a drive with power is the actual one: its store and its
 * zones may have changed the option.
 */
static u64 shown_option(const struct kcsd_entry *entry, const u64 *option)
{
	if (entry->drive && option == &entry->cfg.size)
		return entry->drive->lbas->nsze << entry->drive->lbas->lba_shift;
	return *option;
}

#define OPTION_ATTR(kind, name, def, min, max) \
static ssize_t drive_##name##_show(struct config_item *item, char *page) \
{ \
	struct kcsd_entry *entry = to_entry(item); \
\
	guard(mutex)(&entry->lock); \
	return kcsd_config_print_##name(shown_option(entry, &entry->cfg.name), page); \
} \
static ssize_t drive_##name##_store(struct config_item *item, const char *page, size_t count) \
{ \
	return store_option(item, page, count, kcsd_config_set_##name); \
} \
CONFIGFS_ATTR(drive_, name);
KCSD_OPTIONS(OPTION_ATTR)
#undef OPTION_ATTR

#define FILE_ATTR(name, set) \
static ssize_t drive_##name##_show(struct config_item *item, char *page) \
{ \
	struct kcsd_entry *entry = to_entry(item); \
\
	guard(mutex)(&entry->lock); \
	return sysfs_emit(page, "%s\n", entry->cfg.name ?: ""); \
} \
static int set_##name(struct kcsd_config *c, const char *text) \
{ \
	return set(c, text, strlen(text)); \
} \
static ssize_t drive_##name##_store(struct config_item *item, const char *page, size_t count) \
{ \
	return store_option(item, page, count, set_##name); \
} \
CONFIGFS_ATTR(drive_, name);
FILE_ATTR(backing_file, kcsd_config_set_file)
FILE_ATTR(kv_file, kcsd_config_set_kv_file)
#undef FILE_ATTR

static ssize_t drive_cu_cpus_show(struct config_item *item, char *page)
{
	struct kcsd_entry *entry = to_entry(item);

	guard(mutex)(&entry->lock);
	return scnprintf(page, KCSD_CONFIGFS_LEN, "%s\n", entry->cfg.cu_cpus ?: "");
}

static ssize_t drive_cu_cpus_store(struct config_item *item, const char *page, size_t count)
{
	return store_option(item, page, count, kcsd_config_set_cpus);
}
CONFIGFS_ATTR(drive_, cu_cpus);

static ssize_t drive_inject_show(struct config_item *item, char *page)
{
	return kcsd_inject_show(&to_entry(item)->retained.lbas.inject, page);
}

static ssize_t drive_inject_store(struct config_item *item, const char *page, size_t count)
{
	struct kcsd_entry *entry = to_entry(item);
	int ret;

	guard(mutex)(&entry->lock);
	ret = kcsd_inject_store(&entry->retained.lbas.inject,
				entry->drive ? entry->drive->lbas : NULL, page);
	return ret ?: count;
}
CONFIGFS_ATTR(drive_, inject);

static ssize_t drive_badblocks_show(struct config_item *item, char *page)
{
	return kcsd_badblocks_show(&to_entry(item)->retained.lbas, page);
}

static ssize_t drive_badblocks_store(struct config_item *item, const char *page, size_t count)
{
	int ret = kcsd_badblocks_store(&to_entry(item)->retained.lbas, page);

	return ret ?: count;
}
CONFIGFS_ATTR(drive_, badblocks);

static ssize_t drive_index_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%u\n", to_entry(item)->index);
}
CONFIGFS_ATTR_RO(drive_, index);

/* Print the numbers of the zones in this condition; an empty line while power is off. */
static ssize_t show_zones(struct config_item *item, char *page, enum blk_zone_cond cond)
{
	struct kcsd_entry *entry = to_entry(item);

	guard(mutex)(&entry->lock);
	return entry->drive ? kcsd_zone_print(entry->drive->lbas, cond, page)
			    : sysfs_emit(page, "\n");
}

/* Put the zone with this number into a condition. */
static ssize_t wear_out_zone(struct config_item *item, const char *page, size_t count,
			     enum blk_zone_cond cond)
{
	struct kcsd_entry *entry = to_entry(item);
	u32 index;
	int ret;

	if (kstrtou32(page, 10, &index))
		return -EINVAL;
	guard(mutex)(&entry->lock);
	if (!entry->drive)
		return -ENODEV;
	ret = kcsd_zone_wear_out(entry->drive->lbas, index, cond);
	return ret ?: count;
}

#define ZONE_ATTR(name, cond) \
static ssize_t drive_##name##_show(struct config_item *item, char *page) \
{ \
	return show_zones(item, page, cond); \
} \
static ssize_t drive_##name##_store(struct config_item *item, const char *page, size_t count) \
{ \
	return wear_out_zone(item, page, count, cond); \
} \
CONFIGFS_ATTR(drive_, name);
ZONE_ATTR(zone_readonly, BLK_ZONE_COND_READONLY)
ZONE_ATTR(zone_offline, BLK_ZONE_COND_OFFLINE)
#undef ZONE_ATTR

static ssize_t drive_power_show(struct config_item *item, char *page)
{
	/* Without the lock: a reader must not wait for a power off that takes long. */
	return sysfs_emit(page, "%d\n", READ_ONCE(to_entry(item)->drive) ? 1 : 0);
}

static int power_on(struct kcsd_entry *entry)
{
	struct kcsd_clock_config timing;
	int ret;

	lockdep_assert_held(&entry->lock);
	if (entry->drive)
		return 0;
	kcsd_timing_dir_lock(entry->timing, &timing);
	ret = kcsd_power_on(&entry->cfg, &timing, &entry->retained, entry->index, &entry->drive);
	if (ret)
		kcsd_timing_dir_unlock(entry->timing);
	return ret;
}

static void note_off(struct kcsd_entry *entry)
{
	WRITE_ONCE(entry->drive, NULL);
	kcsd_timing_dir_unlock(entry->timing);
}

static int power_off(struct kcsd_entry *entry, bool force)
{
	int ret;

	lockdep_assert_held(&entry->lock);
	if (!entry->drive)
		return 0;
	ret = kcsd_power_off(entry->drive, force);
	if (!ret)
		note_off(entry);
	return ret;
}

static ssize_t drive_power_store(struct config_item *item, const char *page, size_t count)
{
	struct kcsd_entry *entry = to_entry(item);
	u8 on;
	int ret;

	if (kstrtou8(page, 10, &on) || on > 1)
		return -EINVAL;
	guard(mutex)(&entry->lock);
	ret = on ? power_on(entry) : power_off(entry, false);
	return ret ?: count;
}
CONFIGFS_ATTR(drive_, power);

/* Print the number of power cuts. */
static ssize_t drive_power_cut_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%llu\n", READ_ONCE(to_entry(item)->retained.cuts));
}

static ssize_t drive_power_cut_store(struct config_item *item, const char *page, size_t count)
{
	struct kcsd_entry *entry = to_entry(item);
	u64 seed;

	if (!isdigit(*page) || kstrtou64(page, 10, &seed))
		return -EINVAL;
	guard(mutex)(&entry->lock);
	if (!entry->drive)
		return -ENODEV;
	kcsd_power_cut(entry->drive, seed);
	note_off(entry);
	return count;
}
CONFIGFS_ATTR(drive_, power_cut);

static struct configfs_attribute *drive_attrs[] = {
#define OPTION_ATTR_ENTRY(kind, name, def, min, max) &drive_attr_##name,
	KCSD_OPTIONS(OPTION_ATTR_ENTRY)
#undef OPTION_ATTR_ENTRY
	&drive_attr_backing_file,
	&drive_attr_kv_file,
	&drive_attr_cu_cpus,
	&drive_attr_inject,
	&drive_attr_badblocks,
	&drive_attr_index,
	&drive_attr_power,
	&drive_attr_power_cut,
	&drive_attr_zone_readonly,
	&drive_attr_zone_offline,
	NULL,
};

static void drive_release(struct config_item *item)
{
	struct kcsd_entry *entry = to_entry(item);

	kcsd_timing_dir_put(entry->timing);
	kcsd_retained_destroy(&entry->retained);
	kcsd_config_destroy(&entry->cfg);
	kfree(entry);
}

static struct configfs_item_operations drive_item_ops = {
	.release = drive_release,
};

static const struct config_item_type drive_type = {
	.ct_item_ops	= &drive_item_ops,
	.ct_attrs	= drive_attrs,
	.ct_owner	= THIS_MODULE,
};

/* True if the name is safe in messages and scripts. */
static bool is_valid_name(const char *name)
{
	size_t len = strlen(name);
	size_t i;

	if (!len || len > MAX_NAME_LEN)
		return false;
	for (i = 0; i < len; i++)
		if (!isalnum(name[i]) && !strchr("_-.", name[i]))
			return false;
	return true;
}

/* Return N of a name kcsd<N>, or -1 if the name has another form. */
static int index_of_name(const char *name)
{
	char canonical[MAX_NAME_LEN + 1];
	unsigned int n;

	if (strncmp(name, "kcsd", 4) || kstrtouint(name + 4, 10, &n) || n > MAX_INDEX)
		return -1;
	snprintf(canonical, sizeof(canonical), "kcsd%u", n);
	return strcmp(name, canonical) ? -1 : n;
}

/* Allocate the index: N for a name kcsd<N>, else the first free one. Returns it or -errno. */
static int alloc_index(const char *name)
{
	int wanted = index_of_name(name);
	int got;

	if (wanted < 0)
		return ida_alloc_max(&indices, MAX_INDEX, GFP_KERNEL);
	got = ida_alloc_range(&indices, wanted, wanted, GFP_KERNEL);
	return got == -ENOSPC ? -EEXIST : got;
}

/*
 * Create an entry that owns an index, or pass on an error in it. The group is not initialised. On
 * failure the index is freed.
 */
static struct kcsd_entry *alloc_entry(int index)
{
	struct kcsd_entry *entry;

	if (index < 0)
		return ERR_PTR(index);
	entry = kzalloc(sizeof(*entry), GFP_KERNEL);
	if (!entry) {
		ida_free(&indices, index);
		return ERR_PTR(-ENOMEM);
	}
	entry->index = index;
	mutex_init(&entry->lock);
	if (kcsd_retained_init(&entry->retained)) {
		ida_free(&indices, index);
		kfree(entry);
		return ERR_PTR(-ENOMEM);
	}
	return entry;
}

/* Power off, even if the drive is in use, and free the index. The directory has been removed. */
static void shut_entry(struct kcsd_entry *entry)
{
	scoped_guard(mutex, &entry->lock)
		power_off(entry, true);
	ida_free(&indices, entry->index);
}

/* Set up the directory. Returns 0; or -ENOMEM, and the entry is freed. */
static int init_group(struct kcsd_entry *entry, const char *name)
{
	config_group_init_type_name(&entry->group, name, &drive_type);
	entry->timing = kcsd_timing_dir_create(&entry->group);
	if (entry->timing)
		return 0;
	ida_free(&indices, entry->index);
	kcsd_retained_destroy(&entry->retained);
	kfree(entry);
	return -ENOMEM;
}

static struct config_group *make_drive(struct config_group *parent, const char *name)
{
	struct kcsd_entry *entry;

	if (!is_valid_name(name))
		return ERR_PTR(-EINVAL);
	entry = alloc_entry(alloc_index(name));
	if (IS_ERR(entry))
		return ERR_CAST(entry);
	kcsd_config_init(&entry->cfg);
	return init_group(entry, name) ? ERR_PTR(-ENOMEM) : &entry->group;
}

static void drop_drive(struct config_group *parent, struct config_item *item)
{
	shut_entry(to_entry(item));
	configfs_remove_default_groups(to_config_group(item));
	config_item_put(item);
}

static ssize_t root_features_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, FEATURES "\n");
}
CONFIGFS_ATTR_RO(root_, features);

static struct configfs_attribute *root_attrs[] = {
	&root_attr_features,
	NULL,
};

static struct configfs_group_operations root_group_ops = {
	.make_group	= make_drive,
	.drop_item	= drop_drive,
};

static const struct config_item_type root_type = {
	.ct_group_ops	= &root_group_ops,
	.ct_attrs	= root_attrs,
	.ct_owner	= THIS_MODULE,
};

static struct configfs_subsystem subsystem = {
	.su_group.cg_item = {
		.ci_namebuf	= "kcsd",
		.ci_type	= &root_type,
	},
	.su_mutex = __MUTEX_INITIALIZER(subsystem.su_mutex),
};

/*
 * Create and power on a drive of the module. Its directory appears when the subsystem is
 * registered, later.
 */
static int add_own_drive(const struct kcsd_config *config)
{
	struct kcsd_entry *entry;
	char name[MAX_NAME_LEN + 1];
	int ret;

	entry = alloc_entry(ida_alloc_max(&indices, MAX_INDEX, GFP_KERNEL));
	if (IS_ERR(entry))
		return PTR_ERR(entry);
	snprintf(name, sizeof(name), "kcsd%u", entry->index);
	ret = init_group(entry, name);
	if (ret)
		return ret;
	ret = kcsd_config_copy(&entry->cfg, config);
	if (ret)
		goto fail;
	scoped_guard(mutex, &entry->lock)
		ret = power_on(entry);
	if (ret)
		goto fail;
	configfs_add_default_group(&entry->group, &subsystem.su_group);
	return 0;

fail:
	shut_entry(entry);
	configfs_remove_default_groups(&entry->group);
	config_item_put(&entry->group.cg_item);
	return ret;
}

static void remove_own_drives(void)
{
	struct config_group *group;

	list_for_each_entry(group, &subsystem.su_group.default_groups, group_entry) {
		shut_entry(to_entry(&group->cg_item));
		configfs_remove_default_groups(group);
	}
	configfs_remove_default_groups(&subsystem.su_group);
	ida_destroy(&indices);
}

int kcsd_configfs_init(const struct kcsd_config *config, unsigned int drives)
{
	int ret = 0;

	kcsd_timing_dirs_init();
	config_group_init(&subsystem.su_group);
	while (drives-- && !ret)
		ret = add_own_drive(config);
	if (!ret)
		ret = configfs_register_subsystem(&subsystem);
	if (ret)
		remove_own_drives();
	return ret;
}

void kcsd_configfs_exit(void)
{
	configfs_unregister_subsystem(&subsystem);
	remove_own_drives();
}
