// SPDX-License-Identifier: GPL-2.0
#define pr_fmt(fmt) "kcsd: " fmt

#include <linux/configfs.h>
#include <linux/kstrtox.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/time64.h>

#include "clock/clock.h"
#include "config.h"
#include "control/timing_dir.h"

struct kcsd_timing_dir {
	struct config_group group;
	struct mutex lock;		/* the next two */
	bool locked;
	struct kcsd_clock_config config;
};

static struct kcsd_timing_dir *to_dir(struct config_item *item)
{
	return container_of(to_config_group(item), struct kcsd_timing_dir, group);
}

/* Sets why[KCSD_TIMING_WHY], which is empty before, if it returns -EINVAL. */
typedef int (*set_fn)(struct kcsd_clock_config *config, const char *name, const char *text,
		      char *why);

/* Change the configuration. -EBUSY while the drive has power; -EINVAL, with a line in the log. */
static ssize_t store(struct config_item *item, const char *page, size_t count, const char *name,
		     set_fn set)
{
	struct kcsd_timing_dir *dir = to_dir(item);
	char why[KCSD_TIMING_WHY] = "";
	int ret;

	guard(mutex)(&dir->lock);
	if (dir->locked)
		return -EBUSY;
	ret = set(&dir->config, name, page, why);
	if (ret)
		pr_err("%s: timing: %s\n", config_item_name(item->ci_parent), why);
	return ret ?: count;
}

static const char * const models[] = { "none", "flash" };
static const char * const clocks[] = { "real", "virtual" };

static int set_choice(bool *value, const char *name, const char * const *choices,
		      const char *text, char *why)
{
	int i = __sysfs_match_string(choices, 2, text);

	if (i >= 0)
		*value = i;
	else
		snprintf(why, KCSD_TIMING_WHY, "%s is %s or %s.", name, choices[0], choices[1]);
	return min(i, 0);
}

static int set_model(struct kcsd_clock_config *config, const char *name, const char *text,
		     char *why)
{
	return set_choice(&config->has_model, name, models, text, why);
}

static int set_clock(struct kcsd_clock_config *config, const char *name, const char *text,
		     char *why)
{
	return set_choice(&config->is_virtual, name, clocks, text, why);
}

static int set_number(u32 *value, const char *name, u32 min, u32 max, const char *unit,
		      const char *text, char *why)
{
	u32 n;

	if (kstrtou32(text, 10, &n) || n < min || n > max) {
		snprintf(why, KCSD_TIMING_WHY, "%s is a number from %u to %u, %s.", name, min, max,
			 unit);
		return -EINVAL;
	}
	*value = n;
	return 0;
}

static int set_late_min_ns(struct kcsd_clock_config *config, const char *name,
			   const char *text, char *why)
{
	return set_number(&config->late_min_ns, name, 0, NSEC_PER_SEC, "ns", text, why);
}

static int set_late_permille(struct kcsd_clock_config *config, const char *name,
			     const char *text, char *why)
{
	return set_number(&config->late_permille, name, 1, 1000, "thousandths of the device time",
			  text, why);
}

static int set_depth(struct kcsd_clock_config *config, const char *name, const char *text,
		     char *why)
{
	return set_number(&config->depth, name, 1, KCSD_TIMING_MAX_DEPTH, "commands", text,
			  why);
}

/* Say which presets there are. */
static int refuse_preset(char *why)
{
	const struct kcsd_timing_preset *preset = kcsd_timing_presets;
	int i, n = scnprintf(why, KCSD_TIMING_WHY, "preset is one of");

	for (i = 0; i < kcsd_timing_nr_presets; i++)
		n += scnprintf(why + n, KCSD_TIMING_WHY - n, "%s %s", i ? "," : "",
			       preset[i].name);
	return -EINVAL;
}

static int set_preset(struct kcsd_clock_config *config, const char *attr, const char *text,
		      char *why)
{
	char name[sizeof(config->preset)];

	if (strscpy(name, text, sizeof(name)) < 0 ||
	    !kcsd_timing_preset(&config->params, strim(name)))
		return refuse_preset(why);
	config->has_model = true;
	strscpy(config->preset, strim(name), sizeof(config->preset));
	return 0;
}

#define ATTR(name, fmt, value) \
static ssize_t timing_##name##_show(struct config_item *item, char *page) \
{ \
	struct kcsd_timing_dir *dir = to_dir(item); \
\
	guard(mutex)(&dir->lock); \
	return sysfs_emit(page, fmt "\n", value); \
} \
static ssize_t timing_##name##_store(struct config_item *item, const char *page, size_t count) \
{ \
	return store(item, page, count, #name, set_##name); \
} \
CONFIGFS_ATTR(timing_, name)

ATTR(model, "%s", models[dir->config.has_model]);
ATTR(clock, "%s", clocks[dir->config.is_virtual]);
ATTR(late_min_ns, "%u", dir->config.late_min_ns);
ATTR(late_permille, "%u", dir->config.late_permille);
ATTR(depth, "%u", dir->config.depth);
ATTR(preset, "%s", dir->config.preset);

/* ---- parameters ---- */

static ssize_t show_param(struct config_item *item, char *page, const char *name)
{
	struct kcsd_timing_dir *dir = to_dir(item);
	int n;

	guard(mutex)(&dir->lock);
	n = kcsd_timing_params_print(&dir->config.params, kcsd_timing_param_find(name), page,
				     KCSD_CONFIGFS_LEN - 1);
	page[n] = '\n';
	return n + 1;
}

static int set_param(struct kcsd_clock_config *config, const char *name, const char *text,
		     char *why)
{
	int ret = kcsd_timing_params_parse(&config->params, name, text, why, KCSD_TIMING_WHY);

	if (!ret)
		config->preset[0] = '\0';
	return ret;
}

#define PARAM_ATTR(name, unit, value, min, max, text) \
static ssize_t timing_##name##_show(struct config_item *item, char *page) \
{ \
	return show_param(item, page, #name); \
} \
static ssize_t timing_##name##_store(struct config_item *item, const char *page, size_t count) \
{ \
	return store(item, page, count, #name, set_param); \
} \
CONFIGFS_ATTR(timing_, name);
KCSD_TIMING_PARAMS(PARAM_ATTR)
#undef PARAM_ATTR

/* The option cus is that. */
#define NO_ATTR	"units"

static struct configfs_attribute *attrs[] = {
	&timing_attr_model,
	&timing_attr_clock,
	&timing_attr_late_min_ns,
	&timing_attr_late_permille,
	&timing_attr_depth,
	&timing_attr_preset,
#define PARAM_ENTRY(name, unit, value, min, max, text) &timing_attr_##name,
	KCSD_TIMING_PARAMS(PARAM_ENTRY)
#undef PARAM_ENTRY
	NULL,
};

void kcsd_timing_dirs_init(void)
{
	int from, to = 0;

	for (from = 0; from < ARRAY_SIZE(attrs); from++)
		if (!attrs[from] || strcmp(attrs[from]->ca_name, NO_ATTR))
			attrs[to++] = attrs[from];
}

/* ---- the directory ---- */

static void release(struct config_item *item)
{
	kfree(to_dir(item));
}

static struct configfs_item_operations item_ops = {
	.release = release,
};

static const struct config_item_type type = {
	.ct_item_ops	= &item_ops,
	.ct_attrs	= attrs,
	.ct_owner	= THIS_MODULE,
};

struct kcsd_timing_dir *kcsd_timing_dir_create(struct config_group *parent)
{
	struct kcsd_timing_dir *dir = kzalloc(sizeof(*dir), GFP_KERNEL);

	if (!dir)
		return NULL;
	mutex_init(&dir->lock);
	kcsd_clock_config_init(&dir->config);
	config_group_init_type_name(&dir->group, "timing", &type);
	configfs_add_default_group(&dir->group, parent);
	config_group_get(&dir->group);
	return dir;
}

void kcsd_timing_dir_put(struct kcsd_timing_dir *dir)
{
	config_group_put(&dir->group);
}

void kcsd_timing_dir_lock(struct kcsd_timing_dir *dir, struct kcsd_clock_config *config)
{
	guard(mutex)(&dir->lock);
	dir->locked = true;
	*config = dir->config;
}

void kcsd_timing_dir_unlock(struct kcsd_timing_dir *dir)
{
	guard(mutex)(&dir->lock);
	dir->locked = false;
}
