// SPDX-License-Identifier: GPL-2.0
/* Error Information, NVMe Base, "Error Information (Log Page Identifier 01h)". */
#include <linux/mm.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/kcsd.h>

#include "stats/error_log.h"
#include "status.h"

/* A passthrough command has no identifier that its sender knows. */
#define KCSD_ERROR_NO_CID	0xffff

void kcsd_error_log_init(struct kcsd_error_log *log)
{
	spin_lock_init(&log->lock);
	log->places.nr = KCSD_ERROR_ENTRIES;
}

void kcsd_error_log_add(struct kcsd_error_log *log, const struct kcsd_failure *f)
{
	struct nvme_error_slot e = {
		.sqid = cpu_to_le16(f->admin ? 0 : 1),
		.cmdid = cpu_to_le16(KCSD_ERROR_NO_CID),
		/* As in a completion queue entry: above the phase tag. */
		.status_field = cpu_to_le16(kcsd_status_to_host(f->status) << 1),
		.param_error_location = cpu_to_le16(f->place),
		.lba = cpu_to_le64(f->lba),
		.nsid = cpu_to_le32(f->nsid),
	};

	BUILD_BUG_ON(sizeof(e) != 64);
	spin_lock(&log->lock);
	e.error_count = cpu_to_le64(++log->count);
	log->ring[kcsd_fair_ring_add(&log->places, f->owner)] = e;
	spin_unlock(&log->lock);
}

void kcsd_error_log_close(struct kcsd_error_log *log, struct kcsd_owner owner)
{
	spin_lock(&log->lock);
	kcsd_fair_ring_close(&log->places, owner);
	spin_unlock(&log->lock);
}

u64 kcsd_error_log_count(struct kcsd_error_log *log)
{
	u64 count;

	spin_lock(&log->lock);
	count = log->count;
	spin_unlock(&log->lock);
	return count;
}

static int compare_newest_first(const void *a, const void *b)
{
	const struct nvme_error_slot *x = a, *y = b;

	return le64_to_cpu(x->error_count) > le64_to_cpu(y->error_count) ? -1 : 1;
}

void *kcsd_error_log_page(struct kcsd_error_log *log, u32 *len)
{
	struct nvme_error_slot *page;
	u32 nr;

	*len = sizeof(log->ring);
	page = kvzalloc(*len, GFP_KERNEL_ACCOUNT);
	if (!page)
		return NULL;

	spin_lock(&log->lock);
	nr = log->places.used;
	memcpy(page, log->ring, nr * sizeof(*page));
	spin_unlock(&log->lock);
	sort(page, nr, sizeof(*page), compare_newest_first, NULL);
	return page;
}
