/* SPDX-License-Identifier: GPL-2.0 */
/* The error log, log page 01h: failed commands, the newest of each user. */
#ifndef KCSD_ERROR_LOG_H
#define KCSD_ERROR_LOG_H

#include <linux/nvme.h>
#include <linux/spinlock.h>

#include "stats/fair_ring.h"

#define KCSD_ERROR_ENTRIES	64
#define KCSD_ERROR_NO_PLACE	0xffff	/* no field has caused the failure */

struct kcsd_error_log {
	spinlock_t lock;		/* protects all below; innermost; process context */
	u64 count;			/* failures so far; number of the newest entry */
	struct kcsd_fair_ring places;
	struct nvme_error_slot ring[KCSD_ERROR_ENTRIES];	/* by place */
};

/* A command that the drive failed with an NVMe status. */
struct kcsd_failure {
	struct kcsd_owner owner;	/* user and file that sent it; all zero: the drive */
	bool admin;
	int status;		/* without DNR */
	u32 nsid;
	u16 place;		/* byte of the field that caused it, or KCSD_ERROR_NO_PLACE */
	u64 lba;		/* first LBA that failed; 0: none */
};

void kcsd_error_log_init(struct kcsd_error_log *log);
/* Add a failure, just before the command completes. All failures pass here. Process context. */
void kcsd_error_log_add(struct kcsd_error_log *log, const struct kcsd_failure *f);
/* Tell the log that an open file is closed: fair_ring.h. Process context. */
void kcsd_error_log_close(struct kcsd_error_log *log, struct kcsd_owner owner);
/* Return the number of failures so far. Process context. */
u64 kcsd_error_log_count(struct kcsd_error_log *log);
/*
 * Return the log page, *len bytes, newest entry first, to be freed by kvfree(). NULL without
 * memory. The numbers of its entries may have gaps.
 */
void *kcsd_error_log_page(struct kcsd_error_log *log, u32 *len);

#endif
