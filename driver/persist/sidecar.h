/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The sidecar of a drive with a backing file: data that must survive besides the LBAs.
 * <linux/kcsd_sidecar.h> has its layout; state.c, journal.c and replay.c read and write it, file.c
 * accesses the file.
 *
 * Without a sidecar (memory, or sidecar=0) these functions do nothing but what their comments say.
 * All sleep.
 */
#ifndef KCSD_SIDECAR_H
#define KCSD_SIDECAR_H

#include <linux/types.h>
#include <linux/uuid.h>
#include <linux/kcsd_sidecar.h>

struct kcsd_drive;
struct kcsd_program;
struct kcsd_sidecar;

/*
 * Open or create the sidecar, and set drive->uuid and the zones from it. Call at power on, when the
 * store is open and the zones have their geometry. On failure return -errno, log one line, own
 * nothing. name: of the drive, for that line.
 */
int kcsd_sidecar_open(struct kcsd_drive *drive, const char *name);
/* Commit and close. Call at power off, before the store is closed. */
void kcsd_sidecar_close(struct kcsd_drive *drive);
/* Cut power: write nothing from now on; attempts fail with -EIO. */
void kcsd_sidecar_abandon(struct kcsd_drive *drive);

/*
 * Flush the store, then make the write pointers from before the flush durable, so that none ever
 * points past durable data. Concurrent calls share the work. Takes no lock of a zone. Return 0 or
 * -errno; on failure zones stay dirty, and a later call may succeed.
 */
int kcsd_sidecar_commit(struct kcsd_drive *drive);

/*
 * Make changes of zones durable: conditions that change other than by writing, and pointers that
 * go back. In this order, with the locks of the zones held:
 *
 *	kcsd_sidecar_begin_zones(), change the zones in memory, kcsd_sidecar_zones(), undo the
 *	change if that failed, kcsd_sidecar_end_zones(), discard data.
 *
 * Between begin and end no kcsd_sidecar_commit() runs, so no flush records a change that is not
 * acknowledged, or restores an old pointer. kcsd_sidecar_zones() flushes the store first if a
 * pointer has gone forward. Lock order: lock of a zone, the lock that begin takes, zones->lock.
 */
unsigned int kcsd_sidecar_begin_zones(struct kcsd_drive *drive);
int kcsd_sidecar_zones(struct kcsd_drive *drive, u32 first, u32 nr);
void kcsd_sidecar_end_zones(struct kcsd_drive *drive, unsigned int token);

/* Return true if the drive can persist programs. */
bool kcsd_sidecar_has_programs(const struct kcsd_drive *drive);
/*
 * Persist a program that was loaded, or its change (KCSD_SIDECAR_DEACTIVATE, _ACTIVATE, _UNLOAD).
 * Return 0 or -errno.
 */
int kcsd_sidecar_add_program(struct kcsd_drive *drive, const struct kcsd_program *p);
int kcsd_sidecar_change_program(struct kcsd_drive *drive, u16 pind, u8 what);
/*
 * Call fn with each persistent program, by index: a struct kcsd_sidecar_program, followed by an
 * image of len bytes. Stops at the first result that is not 0, and returns it.
 */
int kcsd_sidecar_each_program(struct kcsd_drive *drive,
			      int (*fn)(struct kcsd_drive *drive,
					const struct kcsd_sidecar_program *p, u32 len));

#endif
