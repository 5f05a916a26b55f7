/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Logs of a drive: health, error log, program log. By <libkcsd.h>. */
#ifndef LIBKCSD_LOG_H
#define LIBKCSD_LOG_H

#include <libkcsd/drive.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Health: log page 02h ---- */

/* Totals since the drive was created, over all its power cycles. */
struct kcsd_health_info {
	uint64_t data_units_read;	/* of namespace 1; 512000 bytes each, rounded up */
	uint64_t data_units_written;
	uint64_t host_reads;		/* commands */
	uint64_t host_writes;
	uint64_t busy_minutes;		/* of all compute units together */
	uint64_t power_cycles;
	uint64_t power_on_hours;
	uint64_t media_errors;
	uint64_t errors;		/* failed commands: kcsd_error_log_each() */
	uint64_t critical_warning;	/* bits as in SMART; 4: not reliable, 8: read-only */
};

KCSD_API int kcsd_health_get(struct kcsd_drive *drv, struct kcsd_health_info *info, size_t size);

/* ---- Error log (failed commands): log page 01h ---- */

struct kcsd_error_log_entry {
	uint64_t count;		/* counts from 1 */
	uint64_t lba;		/* the first failed LBA, if any */
	uint32_t nsid;
	uint32_t status;	/* KCSD_SC_*, without DNR */
	int32_t field;		/* enum kcsd_field: the invalid field; -1: none */
	uint32_t admin;		/* 1: an admin command */
};

/*
 * Call fn for each of the newest entries (64 on a kcsd drive), newest first. A value other than 0
 * from fn ends the walk and is returned.
 */
KCSD_API int kcsd_error_log_each(struct kcsd_drive *drv,
				 int (*fn)(const struct kcsd_error_log_entry *entry, void *arg),
				 void *arg);

/* ---- Program log (lines of programs, faults): log page C0h ---- */

struct kcsd_program_log_entry {
	uint64_t seq;		/* counts from 1; a gap: lines were lost */
	uint64_t time_ns;	/* CLOCK_REALTIME */
	uint32_t pind;
	uint32_t type;		/* KCSD_LOG_LINE, KCSD_LOG_FAULT or KCSD_LOG_MEDIUM */
	uint32_t reason;	/* KCSD_FAULT_* for KCSD_LOG_FAULT, KCSD_SC_* for KCSD_LOG_MEDIUM */
	uint32_t pc;		/* for KCSD_LOG_FAULT */
	uint64_t lba;		/* of the failed access, for both types, if there was one */
	uint32_t text_len;	/* bytes; the text of a program may contain any byte values */
	char text[KCSD_LOG_TEXT_LEN + 1];	/* NUL-terminated */
};

/*
 * Call fn for each entry of the program log newer than seq (0: all), oldest first (log page C0h). A
 * value other than 0 from fn ends the walk and is returned. -EPROTO: the drive sent malformed data.
 */
KCSD_API int kcsd_program_log_each(struct kcsd_drive *drv, uint64_t seq,
				   int (*fn)(const struct kcsd_program_log_entry *line, void *arg),
				   void *arg);
/* Get the raw data of any log page: len bytes from offset on, both multiples of 4. */
KCSD_API int kcsd_log_page_get(struct kcsd_drive *drv, uint8_t lid, uint32_t nsid, uint64_t offset,
			       void *buf, size_t len);

#ifdef __cplusplus
}
#endif

#endif
