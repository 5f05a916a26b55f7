/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which entry of a full log makes room for a new one. Users have equal shares, and so have the open
 * files of a user within its share: of the user with the most entries the file with the most loses
 * its oldest. So whoever fills a log up pushes out entries of its own, and the newest ones of
 * others stay.
 *
 * Entries of closed files stay the user's, together as those of one file: to open a node again and
 * again is not to have more shares.
 */
#ifndef KCSD_FAIR_RING_H
#define KCSD_FAIR_RING_H

#include <linux/types.h>

#define KCSD_FAIR_RING_MAX	256
#define KCSD_NO_FILE		0

/* Who an entry belongs to. All zero: the drive itself. */
struct kcsd_owner {
	u64 user;
	u64 file;		/* of that user, never used again; or KCSD_NO_FILE */
};

/* A user, or a file. */
struct kcsd_fair_share {
	u64 id;
	u64 turn;		/* when it came, or lost an entry last: tells equals apart */
	u16 user;		/* of a file: the row of users */
	u16 nr;			/* entries; 0: the row is free */
	u16 oldest, newest;	/* of a file: places */
};

struct kcsd_fair_shares {
	u16 end;		/* rows from here on are free */
	struct kcsd_fair_share row[KCSD_FAIR_RING_MAX];
};

/* Says where entries are, not what they are. The caller locks. All zero but nr: it is empty. */
struct kcsd_fair_ring {
	u16 nr;				/* places, up to KCSD_FAIR_RING_MAX */
	u16 used;			/* of them: the first ones, for ever */
	u64 turn;
	u16 newer[KCSD_FAIR_RING_MAX];	/* by place: the next newer one of the same file */
	struct kcsd_fair_shares users;
	struct kcsd_fair_shares files;
};

/*
 * Return the place that a new entry of this owner is to overwrite. Makes a few passes over the
 * users and the files that have entries: seldom more than a handful, at most as many as places.
 */
u32 kcsd_fair_ring_add(struct kcsd_fair_ring *ring, struct kcsd_owner owner);
/* The file is closed. Its entries come after those of files closed before. */
void kcsd_fair_ring_close(struct kcsd_fair_ring *ring, struct kcsd_owner owner);

/* There are no entries any more. */
void kcsd_fair_ring_clear(struct kcsd_fair_ring *ring);

#endif
