/* SPDX-License-Identifier: GPL-2.0 */
/* Commands that failed, the newest of each user: log page 01h. */
#ifndef KCSD_ERROR_LOG_H
#define KCSD_ERROR_LOG_H

#include <linux/nvme.h>
#include <linux/spinlock.h>

#include "stats/fair_ring.h"

#define KCSD_ERROR_ENTRIES	64
#define KCSD_ERROR_NO_PLACE	0xffff	/* no field is to blame */

struct kcsd_error_log {
	spinlock_t lock;		/* all below; a leaf */
	u64 count;			/* of all failures so far; the newest entry's number */
	struct kcsd_fair_ring places;
	struct nvme_error_slot ring[KCSD_ERROR_ENTRIES];	/* by place */
};

/* A command that failed with a status of the drive's. */
struct kcsd_failure {
	struct kcsd_owner owner;	/* who sent it; all zero: the drive itself */
	bool admin;
	int status;		/* without DNR */
	u32 nsid;
	u16 place;		/* byte of the field that is to blame, or KCSD_ERROR_NO_PLACE */
	u64 lba;		/* the first LBA that failed, 0: none */
};

void kcsd_error_log_init(struct kcsd_error_log *log);
/* The one place that failures come to, just before a command completes. Process context. */
void kcsd_error_log_add(struct kcsd_error_log *log, const struct kcsd_failure *f);
/* An open file is closed: fair_ring.h. Process context. */
void kcsd_error_log_close(struct kcsd_error_log *log, struct kcsd_owner owner);
u64 kcsd_error_log_count(struct kcsd_error_log *log);
/* The log page, newest first, numbers may be missing; kvmalloc'ed, *len bytes. NULL: no memory. */
void *kcsd_error_log_page(struct kcsd_error_log *log, u32 *len);

#endif
