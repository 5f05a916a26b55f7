/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * A sidecar as a log of records. replay.c reads it, compute/program_log.c writes it; <linux/kcsd_sidecar.h> says
 * what it looks like and in what order it is written.
 *
 * The caller serialises.
 */
#ifndef KCSD_SIDECAR_LOG_H
#define KCSD_SIDECAR_LOG_H

#include "state.h"

/* The file. All return 0 or -errno; positions and lengths are multiples of a sector. */
struct kcsd_sidecar_io {
	int (*read)(struct kcsd_sidecar_io *io, u64 pos, void *to, u32 len);
	int (*write)(struct kcsd_sidecar_io *io, u64 pos, const void *from, u32 len);
	/* What has been written stays, whatever happens next. */
	int (*sync)(struct kcsd_sidecar_io *io);
	/* pos, or a later position before which all is zero from pos on. */
	u64 (*skip)(struct kcsd_sidecar_io *io, u64 pos);
	u64 (*random)(struct kcsd_sidecar_io *io);
};

struct kcsd_sidecar_journal {
	struct kcsd_sidecar_io *io;
	struct kcsd_sidecar_state state;	/* what the file says */
	u64 file_size;
	u32 half;		/* 0 or 1: the one in use */
	int clear;		/* the half whose header must go before any write; -1: none */
	bool unsettled;		/* at pos there may be a record that failed: it must go, too */
	u64 generation;
	u64 id;
	u64 seq;		/* of the next record */
	u64 pos;		/* of the next record, from the half's start on */
};

/* Why a file cannot be used. X(NAME, "sentence") */
#define KCSD_SIDECAR_VERDICTS(X) \
	X(SOUND,	"it is sound") \
	X(HEADER,	"it has no valid header") \
	X(VERSION,	"it was made by another version of kcsd") \
	X(LENGTH,	"its length is not what its header says") \
	X(DRIVE,	"its header describes no possible drive") \
	X(RECORD,	"a record is damaged in both of its copies") \
	X(CONTENT,	"a record says what cannot be")

enum kcsd_sidecar_verdict {
#define KCSD_SIDECAR_VERDICT_ENUM(name, text) KCSD_VERDICT_##name,
	KCSD_SIDECAR_VERDICTS(KCSD_SIDECAR_VERDICT_ENUM)
#undef KCSD_SIDECAR_VERDICT_ENUM
};

struct kcsd_sidecar_report {
	enum kcsd_sidecar_verdict verdict;
	u64 pos;		/* in the file: what the verdict is about */
	u64 records;		/* that were good */
	u32 damaged;		/* copies that were not, but the other was: no harm done */
	bool torn;		/* behind the last there is one that was not written to its end */
};

const char *kcsd_sidecar_verdict_text(enum kcsd_sidecar_verdict verdict);

/*
 * Read all of a file; nothing is written. 0; -EUCLEAN: report says why it cannot be used; -errno
 * of reading; -ENOMEM. On failure there is nothing to close, report->records is right anyway.
 */
int kcsd_sidecar_journal_open(struct kcsd_sidecar_journal *log, struct kcsd_sidecar_io *io, u64 file_size,
		       struct kcsd_sidecar_report *report);
/*
 * Make a file of this drive, of which all zones are empty; or, with a log whose state has been set,
 * of that state. The file has file_size bytes, whatever they are.
 */
int kcsd_sidecar_journal_create(struct kcsd_sidecar_journal *log, struct kcsd_sidecar_io *io, u64 file_size,
			 const struct kcsd_sidecar_drive *drive);
int kcsd_sidecar_journal_create_from(struct kcsd_sidecar_journal *log, struct kcsd_sidecar_io *io, u64 file_size);
void kcsd_sidecar_journal_close(struct kcsd_sidecar_journal *log);

/*
 * When this returns 0, the record is on the medium and in log->state. Else the state is as it was;
 * -ENOSPC: no room for one more program, or by the file system; -EINVAL: not allowed.
 * Takes d over.
 */
int kcsd_sidecar_journal_append(struct kcsd_sidecar_journal *log, struct kcsd_sidecar_draft *d);
/*
 * The file says nothing but log->state, even if power fails now: what is left of a record that
 * failed is gone. 0, or the error of taking it back; then it is tried again before the next record.
 */
int kcsd_sidecar_log_sync_new(struct kcsd_sidecar_journal *log);
/* Write the state afresh into the other half: for files with damaged or torn records. */
int kcsd_sidecar_journal_rewrite(struct kcsd_sidecar_journal *log);

/* The length of a file for a drive of so many zones, and programs of so many bytes. */
u64 kcsd_sidecar_file_size(u32 nr_zones, u64 program_bytes);

/* replay.c, for repair: is this sector the first of a valid record of that id? */
bool kcsd_sidecar_record_valid(const struct kcsd_sidecar_record *r, u64 id);
/* Is this the copy of a header that can be used? */
bool kcsd_sidecar_header_valid(const struct kcsd_sidecar_header *h);
/*
 * The record at pos of the file, of which no byte is at end or behind: NULL if it is not valid.
 * *damaged is added to. 0 or -errno.
 */
int kcsd_sidecar_record_read(struct kcsd_sidecar_io *io, u64 pos, u64 end, u64 id, u64 seq,
			  struct kcsd_sidecar_draft **d, u32 *damaged);

#endif
