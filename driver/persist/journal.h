/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * A sidecar as a journal of records. replay.c reads it, journal.c writes it. <linux/kcsd_sidecar.h>
 * describes its layout and the order of writes.
 *
 * The caller serialises.
 */
#ifndef KCSD_JOURNAL_H
#define KCSD_JOURNAL_H

#include "state.h"

/*
 * Access to the file. read, write and sync return 0 or -errno. Positions and lengths are multiples
 * of a sector.
 */
struct kcsd_sidecar_io {
	int (*read)(struct kcsd_sidecar_io *io, u64 pos, void *to, u32 len);
	int (*write)(struct kcsd_sidecar_io *io, u64 pos, const void *from, u32 len);
	/* Make all written data durable. */
	int (*sync)(struct kcsd_sidecar_io *io);
	/* Return pos, or a later position if all bytes from pos up to it are zero. */
	u64 (*skip)(struct kcsd_sidecar_io *io, u64 pos);
	u64 (*random)(struct kcsd_sidecar_io *io);
};

struct kcsd_sidecar_journal {
	struct kcsd_sidecar_io *io;
	struct kcsd_sidecar_state state;	/* contents of the file */
	u64 file_size;
	u32 half;		/* half in use, 0 or 1 */
	int clear;		/* half whose header must be cleared before any write; -1: none */
	bool must_clear;		/* a failed record may be at pos: it must be cleared, too */
	u64 generation;
	u64 id;
	u64 seq;		/* of the next record */
	u64 pos;		/* of the next record, from the start of the half */
};

/* Reasons why a file cannot be used. X(NAME, "sentence") */
#define KCSD_SIDECAR_VERDICTS(X) \
	X(SOUND,	"it is sound") \
	X(HEADER,	"it has no valid header") \
	X(VERSION,	"it was made by another version of kcsd") \
	X(LENGTH,	"its length is not what its header says") \
	X(DRIVE,	"its header describes no possible drive") \
	X(RECORD,	"a record is damaged in both of its copies") \
	X(CONTENT,	"a record says what cannot be")

enum kcsd_sidecar_verdict {
#define SIDECAR_VERDICT_ENUM(name, text) KCSD_SIDECAR_VERDICT_##name,
	KCSD_SIDECAR_VERDICTS(SIDECAR_VERDICT_ENUM)
#undef SIDECAR_VERDICT_ENUM
};

struct kcsd_sidecar_report {
	enum kcsd_sidecar_verdict verdict;
	u64 pos;		/* position in the file that the verdict is about */
	u64 records;		/* good records */
	u32 damaged;		/* bad copies whose other copy was good: no harm done */
	bool torn;		/* the last record is followed by an incomplete one */
};

const char *kcsd_sidecar_verdict_text(enum kcsd_sidecar_verdict verdict);

/*
 * Read all of a file; write nothing. Return 0; -EUCLEAN: the file cannot be used, see report;
 * -ENOMEM; -errno of reading. On failure there is nothing to close; report->records is valid
 * anyway.
 */
int kcsd_sidecar_journal_open(struct kcsd_sidecar_journal *journal, struct kcsd_sidecar_io *io,
			      u64 file_size, struct kcsd_sidecar_report *report);
/*
 * Write a new sidecar of this drive, with all zones empty. The file has file_size bytes, with any
 * contents.
 */
int kcsd_sidecar_journal_create(struct kcsd_sidecar_journal *journal, struct kcsd_sidecar_io *io,
				u64 file_size, const struct kcsd_sidecar_drive *drive);
void kcsd_sidecar_journal_close(struct kcsd_sidecar_journal *journal);

/*
 * Append a record. Takes ownership of d. Return 0: the record is durable and in journal->state. On
 * failure the state does not change: -ENOSPC: no room for another program, or in the file system;
 * -EINVAL: the record is not allowed; -errno of writing.
 */
int kcsd_sidecar_journal_append(struct kcsd_sidecar_journal *journal, struct kcsd_sidecar_draft *d);
/*
 * Make the file match journal->state even if power fails now: clear the rest of a failed record.
 * Return 0 or -errno; then it is tried again before the next record.
 */
int kcsd_sidecar_journal_clear_failed(struct kcsd_sidecar_journal *journal);
/*
 * Write the state to the other half: for files with damaged or torn records, and to change the
 * drive.
 */
int kcsd_sidecar_journal_rewrite(struct kcsd_sidecar_journal *journal);

/* Return the length of a file for so many zones and bytes of programs. */
u64 kcsd_sidecar_file_size(u32 nr_zones, u64 program_bytes);

#endif
