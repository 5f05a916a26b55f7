/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The side file of a drive that has a backing file: what must survive besides the LBAs.
 * <linux/kcsd_side.h> has its layout, driver/persist/ the code that reads and writes it,
 * file.c the file.
 *
 * Without a side file (memory, or side_file=0) all of these are there and do nothing but
 * what is said. They sleep.
 */
#ifndef KCSD_SIDE_H
#define KCSD_SIDE_H

#include <linux/types.h>
#include <linux/uuid.h>
#include <linux/kcsd_side.h>

struct kcsd_drive;
struct kcsd_program;
struct kcsd_side;

/*
 * At power on, when the medium is open and the zones have their geometry: open the side file, or
 * make it; then drive->uuid and the zones are as it says. -errno with a line in the kernel
 * log on failure, nothing held. name is the drive's, for that line.
 */
int kcsd_side_open(struct kcsd_drive *drive, const char *name);
/* At power off, before the medium is closed: a last commit. */
void kcsd_side_close(struct kcsd_drive *drive);
/* Power was cut: nothing is written any more, and what should be fails with -EIO. */
void kcsd_side_abandon(struct kcsd_drive *drive);

/*
 * Flush the medium, then make the write pointers durable that were there before: so none ever
 * points past data that is not. Concurrent calls share the work. Takes no zone's
 * lock. 0 or -errno; then zones stay dirty, and a later call may succeed.
 */
int kcsd_side_commit(struct kcsd_drive *drive);

/*
 * Make changes of zones durable: conditions that change other than by writing, and pointers that
 * go back. In this order, with the zones' locks held:
 *
 *	kcsd_side_begin_zones(), change the zones in memory, kcsd_side_zones(), change them
 *	back if that failed, kcsd_side_end_zones(), discard data.
 *
 * Between begin and end there is no kcsd_side_commit(), so no flush records a change that is not
 * acknowledged, or brings an old pointer back. kcsd_side_zones() flushes the medium first if a
 * pointer has gone forward. Order of locks: a zone's, then what begin takes, then zones->lock.
 */
unsigned int kcsd_side_begin_zones(struct kcsd_drive *drive);
int kcsd_side_zones(struct kcsd_drive *drive, u32 first, u32 nr);
void kcsd_side_end_zones(struct kcsd_drive *drive, unsigned int token);

/* Has the drive a place for programs that are to stay? */
bool kcsd_side_keeps_programs(const struct kcsd_drive *drive);
/* Keep a program, forget it, or keep what became of it (KCSD_SIDE_ACTIVATE..). 0 or -errno. */
int kcsd_side_add_program(struct kcsd_drive *drive, const struct kcsd_program *p);
int kcsd_side_change_program(struct kcsd_drive *drive, u16 pind, u8 what);
/*
 * Call fn with each program that is kept, by index: a struct kcsd_side_program and the image of len
 * bytes that follows it. Ends with the first result that is not 0.
 */
int kcsd_side_each_program(struct kcsd_drive *drive,
			   int (*fn)(struct kcsd_drive *drive, const struct kcsd_side_program *p,
				     u32 len));

#endif
