/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The sidecar of a drive that has a backing file: what must survive besides the LBAs.
 * <linux/kcsd_sidecar.h> has its layout, driver/persist/ the code that reads and writes it,
 * file.c the file.
 *
 * Without a sidecar (memory, or sidecar=0) all of these are there and do nothing but
 * what is said. They sleep.
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
 * At power on, when the medium is open and the zones have their geometry: open the sidecar, or
 * make it; then drive->uuid and the zones are as it says. -errno with a line in the kernel
 * log on failure, nothing held. name is the drive's, for that line.
 */
int kcsd_sidecar_open(struct kcsd_drive *drive, const char *name);
/* At power off, before the medium is closed: a last commit. */
void kcsd_sidecar_close(struct kcsd_drive *drive);
/* Power was cut: nothing is written any more, and what should be fails with -EIO. */
void kcsd_sidecar_abandon(struct kcsd_drive *drive);

/*
 * Flush the medium, then make the write pointers durable that were there before: so none ever
 * points past data that is not. Concurrent calls share the work. Takes no zone's
 * lock. 0 or -errno; then zones stay dirty, and a later call may succeed.
 */
int kcsd_sidecar_commit(struct kcsd_drive *drive);

/*
 * Make changes of zones durable: conditions that change other than by writing, and pointers that
 * go back. In this order, with the zones' locks held:
 *
 *	kcsd_sidecar_begin_zones(), change the zones in memory, kcsd_sidecar_zones(), change them
 *	back if that failed, kcsd_sidecar_end_zones(), discard data.
 *
 * Between begin and end there is no kcsd_sidecar_commit(), so no flush records a change that is not
 * acknowledged, or brings an old pointer back. kcsd_sidecar_zones() flushes the medium first if a
 * pointer has gone forward. Order of locks: a zone's, then what begin takes, then zones->lock.
 */
unsigned int kcsd_sidecar_begin_zones(struct kcsd_drive *drive);
int kcsd_sidecar_zones(struct kcsd_drive *drive, u32 first, u32 nr);
void kcsd_sidecar_end_zones(struct kcsd_drive *drive, unsigned int token);

/* Has the drive a place for programs that are to stay? */
bool kcsd_sidecar_has_programs(const struct kcsd_drive *drive);
/* Keep a program, forget it, or keep what became of it (KCSD_SIDECAR_ACTIVATE..). 0 or -errno. */
int kcsd_sidecar_add_program(struct kcsd_drive *drive, const struct kcsd_program *p);
int kcsd_sidecar_change_program(struct kcsd_drive *drive, u16 pind, u8 what);
/*
 * Call fn with each program that is kept, by index: a struct kcsd_sidecar_program and the image of len
 * bytes that follows it. Ends with the first result that is not 0.
 */
int kcsd_sidecar_each_program(struct kcsd_drive *drive,
			   int (*fn)(struct kcsd_drive *drive, const struct kcsd_sidecar_program *p,
				     u32 len));

#endif
