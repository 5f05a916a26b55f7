/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The program log, log page C0h: output of programs and failures of runs, the newest of each user.
 */
#ifndef KCSD_PROGRAM_LOG_H
#define KCSD_PROGRAM_LOG_H

#include <linux/spinlock.h>
#include <linux/kcsd.h>

#include "stats/fair_ring.h"

struct kcsd_vm_end;

struct kcsd_program_log {
	spinlock_t lock;		/* protects all below; innermost; process context */
	u64 seq;			/* sequence number of the newest entry; 0: none yet */
	struct kcsd_fair_ring places;
	struct kcsd_log_entry *ring;	/* KCSD_LOG_ENTRIES, by place */
};

int kcsd_program_log_init(struct kcsd_program_log *log);
void kcsd_program_log_destroy(struct kcsd_program_log *log);
/*
 * Append an entry for the owner of the run. text is cut to KCSD_LOG_TEXT_LEN; each character that
 * is not printable becomes '?'.
 */
void kcsd_program_log_line(struct kcsd_program_log *log, struct kcsd_owner owner, u16 pind,
			   const char *text, u64 len);
void kcsd_program_log_fault(struct kcsd_program_log *log, struct kcsd_owner owner, u16 pind,
			    const struct kcsd_vm_end *end);
/* Append the status of the first access that the store or a zone failed. lba: where. */
void kcsd_program_log_io(struct kcsd_program_log *log, struct kcsd_owner owner, u16 pind,
			 int status, u64 lba);
/* Tell the log that an open file is closed: stats/fair_ring.h. Process context. */
void kcsd_program_log_close(struct kcsd_program_log *log, struct kcsd_owner owner);
/* Delete all entries; seq goes on. Process context. */
void kcsd_program_log_erase(struct kcsd_program_log *log);
/* Return the log page, *len bytes, to be freed by kvfree(). NULL without memory. */
void *kcsd_program_log_page(struct kcsd_program_log *log, u32 *len);

#endif
