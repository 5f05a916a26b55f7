// SPDX-License-Identifier: GPL-2.0
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/nvme.h>
#include <linux/unaligned.h>

#include "clock/clock.h"
#include "compute/compute.h"
#include "compute/unit.h"
#include "drive.h"
#include "media/lbas.h"
#include "media/objects.h"
#include "nvme/retained.h"
#include "nvme/smart.h"
#include "stats/counters.h"
#include "stats/error_log.h"

#define KCSD_DATA_UNIT		(1000 * 512)	/* bytes */
#define KCSD_NSEC_PER_MINUTE	(60 * NSEC_PER_SEC)
#define KCSD_NSEC_PER_HOUR	(60 * KCSD_NSEC_PER_MINUTE)

void kcsd_health_sum(struct kcsd_drive *drive, struct kcsd_health *h)
{
	struct kcsd_unit_times times;
	int cpu;

	*h = drive->retained->health_before;
	for_each_possible_cpu(cpu) {
		const struct kcsd_stats *s = per_cpu_ptr(drive->stats, cpu);

		h->read_bytes += READ_ONCE(s->read_bytes);
		h->write_bytes += READ_ONCE(s->write_bytes);
		h->read_commands += READ_ONCE(s->read_commands);
		h->write_commands += READ_ONCE(s->write_commands);
		/* SMART counts these as reads. */
		h->read_commands += READ_ONCE(s->compare_commands) + READ_ONCE(s->verify_commands);
		h->read_bytes += READ_ONCE(s->compare_bytes) + READ_ONCE(s->verify_bytes);
		h->read_bytes += READ_ONCE(s->kv_retrieve_bytes);
		h->write_bytes += READ_ONCE(s->kv_store_bytes);
		h->read_commands += READ_ONCE(s->kv_retrieve_commands);
		h->write_commands += READ_ONCE(s->kv_store_commands);
		h->media_errors += READ_ONCE(s->media_errors);
	}
	kcsd_units_get_times(drive->compute, &times);
	h->busy_ns += times.busy_ns;
	h->on_ns += ktime_get_ns() - drive->compute->units->started_ns;
}

/* Returns the wear of the average block, in per cent of what it is rated for. 0 without a model. */
static u8 health_used(struct kcsd_drive *drive)
{
	struct kcsd_timing_stats s;
	u64 rated = drive->clock->config.params.endurance * 1000;

	kcsd_clock_get_stats(drive->clock, &s);
	return min(div64_u64(s.wear_avg_milli * 100, rated), 255ULL);
}

/* The drive has no sensor: fields about one stay 0. All of the spare is available. */
void *kcsd_health_page(struct kcsd_drive *drive, u32 *len)
{
	struct nvme_smart_log *page;
	struct kcsd_health h;

	BUILD_BUG_ON(sizeof(*page) != 512);
	*len = sizeof(*page);
	page = kvzalloc(*len, GFP_KERNEL_ACCOUNT);
	if (!page)
		return NULL;

	kcsd_health_sum(drive, &h);
	/* The drive is not reliable, and read-only. */
	if (READ_ONCE(drive->lbas->data_lost) || kcsd_objects_have_lost(drive->objects))
		page->critical_warning = NVME_SMART_CRIT_RELIABILITY | NVME_SMART_CRIT_MEDIA;
	page->avail_spare = 100;
	page->percent_used = health_used(drive);
	put_unaligned_le64(DIV_ROUND_UP_ULL(h.read_bytes, KCSD_DATA_UNIT), page->data_units_read);
	put_unaligned_le64(DIV_ROUND_UP_ULL(h.write_bytes, KCSD_DATA_UNIT),
			   page->data_units_written);
	put_unaligned_le64(h.read_commands, page->host_reads);
	put_unaligned_le64(h.write_commands, page->host_writes);
	put_unaligned_le64(div64_u64(h.busy_ns, KCSD_NSEC_PER_MINUTE), page->ctrl_busy_time);
	put_unaligned_le64(drive->retained->power_cycles, page->power_cycles);
	put_unaligned_le64(drive->retained->cuts, page->unsafe_shutdowns);
	put_unaligned_le64(div64_u64(h.on_ns, KCSD_NSEC_PER_HOUR), page->power_on_hours);
	put_unaligned_le64(h.media_errors, page->media_errors);
	put_unaligned_le64(kcsd_error_log_count(drive->errors),
			   page->num_err_log_entries);
	return page;
}
