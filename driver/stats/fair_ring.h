/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Select the entry of a full log that a new entry overwrites. Users have equal shares of the log,
 * and the open files of a user have equal shares of its share: the file with the most entries, of
 * the user with the most entries, loses its oldest one. So a user that fills the log pushes out its
 * own entries, and the newest entries of other users stay.
 *
 * Entries of closed files stay with the user, together as if from one file: to open a node again
 * and again gives no larger share.
 */
#ifndef KCSD_FAIR_RING_H
#define KCSD_FAIR_RING_H

#include <linux/types.h>

#define KCSD_FAIR_RING_MAX	256
#define KCSD_NO_FILE		0

/* The user and the file that an entry belongs to. All zero: the drive. */
struct kcsd_owner {
	u64 user;
	u64 file;		/* unique number of a file of that user, or KCSD_NO_FILE */
};

/* The row of a user, or of a file. */
struct kcsd_fair_share {
	u64 id;
	u64 turn;		/* when it was added or last lost an entry; decides ties */
	u16 user;		/* of a file: row of its user */
	u16 nr;			/* entries; 0: the row is free */
	u16 oldest, newest;	/* of a file: its oldest and newest place */
};

struct kcsd_fair_shares {
	u16 end;		/* rows from here on are free */
	struct kcsd_fair_share row[KCSD_FAIR_RING_MAX];
};

/*
 * Places of the entries of a log, without their contents. The caller locks. Zero-filled except nr,
 * it is empty.
 */
struct kcsd_fair_ring {
	u16 nr;				/* places, up to KCSD_FAIR_RING_MAX */
	u16 used;			/* places in use: always the first ones */
	u64 turn;			/* last value given to a row */
	u16 newer[KCSD_FAIR_RING_MAX];	/* by place: next newer place of the same file */
	struct kcsd_fair_shares users;
	struct kcsd_fair_shares files;
};

/*
 * Return the place for a new entry of this owner; its old contents are to be overwritten. Makes a
 * few passes over the users and files that have entries: seldom more than a handful, at most as
 * many as there are places.
 */
u32 kcsd_fair_ring_add(struct kcsd_fair_ring *ring, struct kcsd_owner owner);
/* Add the entries of a file that is closed to those of files closed before. */
void kcsd_fair_ring_close(struct kcsd_fair_ring *ring, struct kcsd_owner owner);
/* Remove all entries. */
void kcsd_fair_ring_clear(struct kcsd_fair_ring *ring);

#endif
