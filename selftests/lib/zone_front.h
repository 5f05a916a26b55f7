/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A front end through which a test uses zones, and functions that compare it with zone_state.h.
 * These use only the front end. Functions that return bool print the difference before they return
 * false.
 */
#ifndef KST_ZONE_FRONT_H
#define KST_ZONE_FRONT_H

#include "drive.h"
#include "zone_state.h"

struct zone_seen {
	enum zone_is is;
	__u64 wp;	/* LBAs from the start of the zone */
};

struct zone_dev;

struct zone_front {
	const char *name;
	__u32 ops;	/* bit mask of 1 << enum zone_op: operations that it can send */
	/*
	 * For ZONE_WRITE and ZONE_APPEND: len bytes of dev->buf; a write starts at that LBA of the
	 * zone.
	 */
	int (*run)(const struct zone_dev *dev, enum zone_op op, __u32 zone, __u64 offset,
		   __u32 len);
	int (*look)(const struct zone_dev *dev, __u32 zone, struct zone_seen *seen);
	/* Returns the value that run() must return if the drive completes with this status. */
	int (*result)(int status);
};

struct zone_dev {
	const struct zone_front *front;
	struct drive *d;
	int fd;
	__u32 lba;		/* bytes */
	__u32 first;		/* first sequential zone */
	__u32 nr;		/* number of zones */
	__u64 zone_lbas;
	__u64 capacity;		/* LBAs */
	void *buf;		/* as large as a zone */
};

int zone_run(const struct zone_dev *dev, enum zone_op op, __u32 zone, __u64 offset);

/* True if the zone is in the state and, if that state has a write pointer, wp is equal. */
bool zone_looks(const struct zone_dev *dev, __u32 zone, char letter, __u64 wp);

/* True if the front end returns its result for this status. 0: success. */
bool zone_gives(const struct zone_dev *dev, enum zone_op op, __u32 zone, __u64 offset, int status);

int zone_wear_out(const struct zone_dev *dev, const char *attr, __u32 zone);

#endif
