/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The side file of a drive that has a backing file: what must survive besides the LBAs.
 * <linux/kcsd_side.h> has its layout, driver/side/ the code that reads and writes it.
 *
 * Without a side file (memory, or side_file=0) all of these are there and do nothing but
 * what is said. They sleep.
 */
#ifndef KCSD_SIDE_H
#define KCSD_SIDE_H

#include <linux/types.h>

struct kcsd_drive;

/*
 * Flush the medium, then make the write pointers durable that were there before: so none ever
 * points past data that is not. Concurrent calls share the work. Takes no zone's
 * lock. 0 or -errno; then zones stay dirty, and a later call may succeed.
 */
int kcsd_side_commit(struct kcsd_drive *drive);

/*
 * Make the state of these zones durable, as it is now: conditions that changed other than by
 * writing, and pointers that went back. When it returns 0 they are; else the caller puts back
 * what was.
 *
 * The caller holds the zones' locks and has changed the zones already, so that a
 * kcsd_side_commit() that comes just after cannot bring the old pointer back; it
 * discards data afterwards. The medium is flushed first if a pointer has gone forward.
 *
 * Order of locks: a zone's, then this file's own.
 */
int kcsd_side_zones(struct kcsd_drive *drive, u32 first, u32 nr);

#endif
