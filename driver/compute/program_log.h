/* SPDX-License-Identifier: GPL-2.0 */
/* What programs said and how runs failed, the newest of each user: log page C0h. */
#ifndef KCSD_PROGRAM_LOG_H
#define KCSD_PROGRAM_LOG_H

#include <linux/spinlock.h>
#include <linux/kcsd.h>

#include "stats/fair_ring.h"

struct kcsd_vm_end;

struct kcsd_program_log {
	spinlock_t lock;		/* all below; a leaf */
	u64 seq;			/* of the newest entry; 0: none yet */
	struct kcsd_fair_ring places;
	struct kcsd_log_entry *ring;	/* KCSD_LOG_ENTRIES, by place */
};

int kcsd_program_log_init(struct kcsd_program_log *log);
void kcsd_program_log_destroy(struct kcsd_program_log *log);
/*
 * Append, for the owner of the run. text is cut to KCSD_LOG_TEXT_LEN; what is not printable becomes
 * '?'.
 */
void kcsd_program_log_line(struct kcsd_program_log *log, struct kcsd_owner owner, u16 pind, const char *text,
		   u64 len);
void kcsd_program_log_fault(struct kcsd_program_log *log, struct kcsd_owner owner, u16 pind,
		    const struct kcsd_vm_end *end);
void kcsd_log_medium(struct kcsd_program_log *log, struct kcsd_owner owner, u16 pind, int status,
		     u64 lba);
/* An open file is closed: stats/fair_ring.h. Process context. */
void kcsd_log_close(struct kcsd_program_log *log, struct kcsd_owner owner);
/* Forget all entries; seq goes on. Process context. */
void kcsd_log_erase(struct kcsd_program_log *log);
/* The log page, kvmalloc'ed, *len bytes; NULL without memory. */
void *kcsd_log_page(struct kcsd_program_log *log, u32 *len);

#endif
