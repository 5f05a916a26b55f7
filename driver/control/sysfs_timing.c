// SPDX-License-Identifier: GPL-2.0
/* Attributes of a drive in timing/: Documentation/ABI/testing/sysfs-class-kcsd. */
#include <linux/device.h>
#include <linux/kstrtox.h>
#include <linux/sysfs.h>

#include "clock/clock.h"
#include "control/sysfs.h"
#include "drive.h"

static struct kcsd_clock *dev_clock(struct device *dev)
{
	struct kcsd_drive *drive = dev_get_drvdata(dev);

	return drive->clock;
}

#define CLOCK_ATTR(_name, fmt, value)							\
static ssize_t _name##_show(struct device *dev, struct device_attribute *attr, char *page) \
{											\
	struct kcsd_clock *clock = dev_clock(dev);					\
											\
	return sysfs_emit(page, fmt "\n", value);					\
}											\
static DEVICE_ATTR_RO(_name)

CLOCK_ATTR(model, "%s", clock->model ? "flash" : "none");
CLOCK_ATTR(clock, "%s", clock->is_virtual ? "virtual" : "real");
CLOCK_ATTR(preset, "%s", clock->model ? clock->config.preset : "");
CLOCK_ATTR(device_ns, "%llu", kcsd_clock_now(clock));
CLOCK_ATTR(commands, "%llu", READ_ONCE(clock->commands));
CLOCK_ATTR(late_commands, "%lld", (s64)atomic64_read(&clock->late_commands));
CLOCK_ATTR(commands_ns, "%llu", READ_ONCE(clock->commands_ns));
CLOCK_ATTR(late_ns, "%lld", (s64)atomic64_read(&clock->late_ns));
CLOCK_ATTR(late_max_ns, "%lld", (s64)atomic64_read(&clock->late_max_ns));
CLOCK_ATTR(late_min_ns, "%u", clock->config.late_min_ns);
CLOCK_ATTR(late_permille, "%u", clock->config.late_permille);
CLOCK_ATTR(marked, "%d", !!READ_ONCE(clock->marks));
CLOCK_ATTR(memory_bytes, "%llu", clock->model ? kcsd_timing_memory(clock->model) : 0ULL);

static struct kcsd_timing_stats clock_stats(struct kcsd_clock *clock)
{
	struct kcsd_timing_stats stats;

	kcsd_clock_get_stats(clock, &stats);
	return stats;
}

static struct kcsd_timing_stats clock_counters(struct kcsd_clock *clock)
{
	struct kcsd_timing_stats stats;

	kcsd_clock_get_counters(clock, &stats);
	return stats;
}

CLOCK_ATTR(read_bytes, "%llu", clock_counters(clock).user_read);
CLOCK_ATTR(write_bytes, "%llu", clock_counters(clock).user_written);
CLOCK_ATTR(media_read_bytes, "%llu", clock_counters(clock).media_read);
CLOCK_ATTR(media_write_bytes, "%llu", clock_counters(clock).media_written);
CLOCK_ATTR(moved_bytes, "%llu", clock_counters(clock).moved);
CLOCK_ATTR(padded_bytes, "%llu", clock_counters(clock).padded);
CLOCK_ATTR(erases, "%llu", clock_counters(clock).erases);
CLOCK_ATTR(wear_min, "%llu", clock_stats(clock).wear_min);
CLOCK_ATTR(wear_max, "%llu", clock_stats(clock).wear_max);

#define KIND_ATTRS(KIND, name) \
CLOCK_ATTR(name##_count, "%u", kcsd_clock_count(clock, KCSD_TIMING_##KIND)); \
CLOCK_ATTR(name##_busy_ns, "%llu", kcsd_clock_busy(clock, KCSD_TIMING_##KIND));
KCSD_CLOCK_KINDS(KIND_ATTRS)
#undef KIND_ATTRS

static ssize_t show_milli(char *page, u64 milli)
{
	return sysfs_emit(page, "%llu.%03llu\n", milli / 1000, milli % 1000);
}

static ssize_t wear_avg_show(struct device *dev, struct device_attribute *attr, char *page)
{
	return show_milli(page, clock_stats(dev_clock(dev)).wear_avg_milli);
}
static DEVICE_ATTR_RO(wear_avg);

static ssize_t write_amplification_show(struct device *dev, struct device_attribute *attr,
					char *page)
{
	const struct kcsd_timing_stats none = {}, now = clock_counters(dev_clock(dev));

	return show_milli(page, kcsd_timing_amplification(&none, &now));
}
static DEVICE_ATTR_RO(write_amplification);

static ssize_t latencies_show(struct device *dev, struct device_attribute *attr, char *page)
{
	return sysfs_emit(page, "%d\n", READ_ONCE(dev_clock(dev)->latencies_on));
}

static ssize_t latencies_store(struct device *dev, struct device_attribute *attr,
			       const char *text, size_t count)
{
	bool keep;
	int ret = kstrtobool(text, &keep);

	if (!ret)
		ret = kcsd_clock_keep_latencies(dev_clock(dev), keep);
	return ret ?: count;
}
static DEVICE_ATTR_RW(latencies);

static struct attribute *timing_attrs[] = {
	&dev_attr_model.attr,
	&dev_attr_clock.attr,
	&dev_attr_preset.attr,
	&dev_attr_device_ns.attr,
	&dev_attr_commands.attr,
	&dev_attr_late_commands.attr,
	&dev_attr_commands_ns.attr,
	&dev_attr_late_ns.attr,
	&dev_attr_late_max_ns.attr,
	&dev_attr_late_min_ns.attr,
	&dev_attr_late_permille.attr,
	&dev_attr_marked.attr,
	&dev_attr_memory_bytes.attr,
	&dev_attr_read_bytes.attr,
	&dev_attr_write_bytes.attr,
	&dev_attr_media_read_bytes.attr,
	&dev_attr_media_write_bytes.attr,
	&dev_attr_moved_bytes.attr,
	&dev_attr_padded_bytes.attr,
	&dev_attr_erases.attr,
	&dev_attr_wear_min.attr,
	&dev_attr_wear_max.attr,
	&dev_attr_wear_avg.attr,
	&dev_attr_write_amplification.attr,
#define KIND_ENTRIES(KIND, name) &dev_attr_##name##_count.attr, &dev_attr_##name##_busy_ns.attr,
	KCSD_CLOCK_KINDS(KIND_ENTRIES)
#undef KIND_ENTRIES
	&dev_attr_latencies.attr,
	NULL,
};

/* Present on a drive without a model, too: the values stay 0. */
const struct attribute_group kcsd_timing_attr_group = {
	.name = "timing",
	.attrs = timing_attrs,
};
