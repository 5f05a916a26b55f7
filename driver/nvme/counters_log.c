// SPDX-License-Identifier: GPL-2.0
/* Log page C2h: all counters of a drive, by the names that they have in sysfs. */
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "clock/clock.h"
#include "compute/compute.h"
#include "compute/unit.h"
#include "drive.h"
#include "media/lbas.h"
#include "media/objects.h"
#include "media/store.h"
#include "nvme/counters_log.h"
#include "stats/counters.h"

/* The counters of struct kcsd_stats. */
static const struct {
	const char *name;
	size_t offset;
} fields[] = {
#define DRIVE_FIELD(name) { "stats/" #name, offsetof(struct kcsd_stats, name) },
	KCSD_DRIVE_COUNTERS(DRIVE_FIELD)
#undef DRIVE_FIELD
#define NS_FIELD(name) { "ns1/" #name, offsetof(struct kcsd_stats, name) },
	KCSD_NS_COUNTERS(NS_FIELD)
#undef NS_FIELD
#define SLM_FIELD(name) { "ns2/" #name, offsetof(struct kcsd_stats, slm_##name) },
	KCSD_SLM_COUNTERS(SLM_FIELD)
#undef SLM_FIELD
#define KV_FIELD(name) { "ns4/" #name, offsetof(struct kcsd_stats, kv_##name) },
	KCSD_KV_COUNTERS(KV_FIELD)
#undef KV_FIELD
};

/* Counters that are kept elsewhere. */
#define NR_OTHERS	51

static void add(struct kcsd_counters *page, const char *name, u64 value)
{
	struct kcsd_counter *counter = (struct kcsd_counter *)(page + 1) + le32_to_cpu(page->nr);

	strscpy(counter->name, name, sizeof(counter->name));
	counter->value = cpu_to_le64(value);
	le32_add_cpu(&page->nr, 1);
}

static void add_fields(struct kcsd_counters *page, const struct kcsd_drive *drive)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(fields); i++)
		add(page, fields[i].name, kcsd_stats_sum(drive->stats, fields[i].offset));
}

static void add_units(struct kcsd_counters *page, const struct kcsd_drive *drive)
{
	struct kcsd_unit_times times;

	kcsd_units_get_times(drive->compute, &times);
	add(page, "stats/cu_busy_ns", times.busy_ns);
	add(page, "stats/cu_idle_ns", times.idle_ns);
}

static void add_cache(struct kcsd_counters *page, const struct kcsd_drive *drive)
{
	struct kcsd_cache_stats cache;

	kcsd_store_cache_stats(&drive->lbas->store, &cache);
	add(page, "cache/dirty_bytes", cache.dirty_bytes);
	add(page, "cache/hit_bytes", cache.hit_bytes);
	add(page, "cache/evicted_bytes", cache.evicted_bytes);
	add(page, "cache/flushed_bytes", cache.flushed_bytes);
}

static void add_resources(struct kcsd_counters *page, struct kcsd_clock *clock)
{
#define ADD_KIND(KIND, name) \
	add(page, "timing/" #name "_count", kcsd_clock_count(clock, KCSD_TIMING_##KIND)); \
	add(page, "timing/" #name "_busy_ns", kcsd_clock_busy(clock, KCSD_TIMING_##KIND));
	KCSD_CLOCK_KINDS(ADD_KIND)
#undef ADD_KIND
}

static void add_objects(struct kcsd_counters *page, const struct kcsd_drive *drive)
{
	struct kcsd_kv_stats s;

	kcsd_objects_get_stats(drive->objects, &s);
	add(page, "kv/used_bytes", s.used);
	add(page, "kv/keys", s.keys);
	add(page, "kv/medium_bytes", s.medium_bytes);
	add(page, "kv/memory_bytes", s.memory);
	add(page, "kv/segments", s.segments);
	add(page, "kv/free_segments", s.free_segments);
	add(page, "kv/pinned", s.pinned);
	add(page, "kv/written_bytes", s.written);
	add(page, "kv/moved_bytes", s.moved);
	add(page, "kv/damaged", s.damaged);
}

static void add_clock(struct kcsd_counters *page, const struct kcsd_drive *drive)
{
	struct kcsd_clock *clock = drive->clock;
	struct kcsd_timing_stats s;
	const struct kcsd_timing_stats none = {};

	kcsd_clock_get_stats(clock, &s);
	add(page, "timing/device_ns", kcsd_clock_now(clock));
	add(page, "timing/commands", READ_ONCE(clock->commands));
	add(page, "timing/late_commands", atomic64_read(&clock->late_commands));
	add(page, "timing/commands_ns", READ_ONCE(clock->commands_ns));
	add(page, "timing/late_ns", atomic64_read(&clock->late_ns));
	add(page, "timing/late_max_ns", atomic64_read(&clock->late_max_ns));
	add(page, "timing/marked", !!READ_ONCE(clock->marks));
	add(page, "timing/read_bytes", s.user_read);
	add(page, "timing/write_bytes", s.user_written);
	add(page, "timing/media_read_bytes", s.media_read);
	add(page, "timing/media_write_bytes", s.media_written);
	add(page, "timing/moved_bytes", s.moved);
	add(page, "timing/padded_bytes", s.padded);
	add(page, "timing/erases", s.erases);
	add(page, "timing/wear_min", s.wear_min);
	add(page, "timing/wear_max", s.wear_max);
	add(page, "timing/wear_avg_milli", s.wear_avg_milli);
	add(page, "timing/write_amplification_milli", kcsd_timing_amplification(&none, &s));
	add_resources(page, clock);
}

void *kcsd_counters_page(const struct kcsd_drive *drive, u32 *len)
{
	struct kcsd_counters *page;

	BUILD_BUG_ON(sizeof(*page) != 16 || sizeof(struct kcsd_counter) != 48);
	page = kvzalloc(sizeof(*page) + (ARRAY_SIZE(fields) + NR_OTHERS) *
			sizeof(struct kcsd_counter), GFP_KERNEL_ACCOUNT);
	if (!page)
		return NULL;
	page->entry_len = cpu_to_le32(sizeof(struct kcsd_counter));
	page->time_ns = cpu_to_le64(ktime_get_real_ns());
	add_fields(page, drive);
	add_units(page, drive);
	add_cache(page, drive);
	add_objects(page, drive);
	add_clock(page, drive);
	*len = sizeof(*page) + le32_to_cpu(page->nr) * sizeof(struct kcsd_counter);
	return page;
}
