// SPDX-License-Identifier: GPL-2.0
/* Log page C1h: model, counters, use of the resources. */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "clock/clock.h"

u64 kcsd_clock_now(struct kcsd_clock *clock)
{
	if (!clock->model)
		return 0;
	return clock->is_virtual ? READ_ONCE(clock->latest) : ktime_get_ns() - clock->epoch;
}

void kcsd_clock_get_counters(struct kcsd_clock *clock, struct kcsd_timing_stats *stats)
{
	*stats = (struct kcsd_timing_stats){};
	if (!clock->model)
		return;
	scoped_guard(spinlock, &clock->lock)
		kcsd_timing_get_counters(clock->model, stats);
}

/* Copies what commands change under the lock; the wear of all blocks takes longer, without it. */
void kcsd_clock_get_stats(struct kcsd_clock *clock, struct kcsd_timing_stats *stats)
{
	kcsd_clock_get_counters(clock, stats);
	if (clock->model)
		kcsd_timing_get_wear(clock->model, stats);
}

u32 kcsd_clock_count(struct kcsd_clock *clock, u32 kind)
{
	return clock->model ? kcsd_timing_count(clock->model, kind) : 0;
}

u64 kcsd_clock_busy(struct kcsd_clock *clock, u32 kind)
{
	u32 i, nr = kcsd_clock_count(clock, kind);
	u64 sum = 0;

	spin_lock(&clock->lock);
	for (i = 0; i < nr; i++)
		sum += kcsd_timing_busy(clock->model, kind, i);
	spin_unlock(&clock->lock);
	return sum;
}

static u32 count_resources(const struct kcsd_clock *clock)
{
	u32 kind, nr = 0;

	for (kind = 0; clock->model && kind < KCSD_TIMING_NR_KINDS; kind++)
		nr += kcsd_timing_count(clock->model, kind);
	return nr;
}

static void describe_resources(struct kcsd_clock *clock, struct kcsd_timing_resource *to)
{
	u32 kind, i;

	spin_lock(&clock->lock);
	for (kind = 0; kind < KCSD_TIMING_NR_KINDS; kind++) {
		for (i = 0; i < kcsd_timing_count(clock->model, kind); i++)
			*to++ = (struct kcsd_timing_resource){
				.kind = kind,
				.index = cpu_to_le32(i),
				.busy_ns = cpu_to_le64(kcsd_timing_busy(clock->model, kind, i)),
			};
	}
	spin_unlock(&clock->lock);
}

static void describe_stats(struct kcsd_clock *clock, struct kcsd_timing_log *log)
{
	struct kcsd_timing_stats s;

	kcsd_clock_get_stats(clock, &s);
	log->link_read_bytes = cpu_to_le64(s.host_read);
	log->link_write_bytes = cpu_to_le64(s.host_written);
	log->read_bytes = cpu_to_le64(s.user_read);
	log->write_bytes = cpu_to_le64(s.user_written);
	log->media_read_bytes = cpu_to_le64(s.media_read);
	log->media_write_bytes = cpu_to_le64(s.media_written);
	log->buffer_read_bytes = cpu_to_le64(s.buffer_read);
	log->moved_bytes = cpu_to_le64(s.moved);
	log->padded_bytes = cpu_to_le64(s.padded);
	log->trimmed_bytes = cpu_to_le64(s.trimmed);
	log->page_reads = cpu_to_le64(s.page_reads);
	log->programs = cpu_to_le64(s.programs);
	log->erases = cpu_to_le64(s.erases);
	log->wear_min = cpu_to_le64(s.wear_min);
	log->wear_max = cpu_to_le64(s.wear_max);
	log->wear_avg_milli = cpu_to_le64(s.wear_avg_milli);
	log->mapped_bytes = cpu_to_le64(s.mapped);
	log->free_lines = cpu_to_le64(s.free_lines);
	log->memory = cpu_to_le64(kcsd_timing_memory(clock->model));
}

static void describe(struct kcsd_clock *clock, struct kcsd_timing_log *log)
{
	log->model = KCSD_MODEL_FLASH;
	log->clock = clock->is_virtual ? KCSD_CLOCK_VIRTUAL : KCSD_CLOCK_REAL;
	log->flags = READ_ONCE(clock->marks);
	if (log->flags)
		log->flags |= KCSD_TIMING_MARKED;
	strscpy(log->preset, clock->config.preset, sizeof(log->preset));
	log->device_ns = cpu_to_le64(kcsd_clock_now(clock));
	log->commands = cpu_to_le64(READ_ONCE(clock->commands));
	log->late_commands = cpu_to_le64(atomic64_read(&clock->late_commands));
	log->late_permille = cpu_to_le64(clock->config.late_permille);
	log->late_min_ns = cpu_to_le64(clock->config.late_min_ns);
	log->late_max_ns = cpu_to_le64(atomic64_read(&clock->late_max_ns));
	describe_stats(clock, log);
}

void *kcsd_clock_page(struct kcsd_clock *clock, u32 *len)
{
	u32 nr = count_resources(clock);
	struct kcsd_timing_log *log;

	BUILD_BUG_ON(sizeof(*log) != 248 || sizeof(struct kcsd_timing_resource) != 16);
	*len = sizeof(*log) + nr * sizeof(struct kcsd_timing_resource);
	log = kvzalloc(*len, GFP_KERNEL_ACCOUNT);
	if (!log)
		return NULL;
	log->size = cpu_to_le32(sizeof(*log));
	log->nr = cpu_to_le32(nr);
	log->resource_len = cpu_to_le32(sizeof(struct kcsd_timing_resource));
	if (clock->model) {
		describe(clock, log);
		describe_resources(clock, (struct kcsd_timing_resource *)(log + 1));
	}
	return log;
}
