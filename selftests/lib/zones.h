/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state machine of zones of the NVMe Zoned Namespace Command Set, written a second time, and
 * functions that compare a front end with it.
 *
 * A test passes its front end in struct zone_front; all functions here use only that. Functions
 * that return bool print the difference before they return false.
 */
#ifndef KST_ZONES_H
#define KST_ZONES_H

#include "drive.h"

#include <linux/blkzoned.h>

/* The order is that of zone_letters. */
enum zone_is {
	Z_EMPTY, Z_IMPLICIT, Z_EXPLICIT, Z_CLOSED, Z_FULL, Z_READONLY, Z_OFFLINE,
	NR_ZONE_IS
};

enum zone_op {
	ZONE_WRITE,	/* writes one LBA */
	ZONE_APPEND,
	ZONE_OPEN,
	ZONE_CLOSE,
	ZONE_FINISH,
	ZONE_RESET,
	ZONE_OFFLINE,
	ZONE_OPEN_ALL,
	ZONE_CLOSE_ALL,
	ZONE_FINISH_ALL,
	ZONE_RESET_ALL,
	ZONE_OFFLINE_ALL,
	NR_ZONE_OPS
};

static const char zone_letters[] = "EIOCFRX";

static const char * const zone_op_names[NR_ZONE_OPS] = {
	"write", "append", "open", "close", "finish", "reset", "offline",
	"open all", "close all", "finish all", "reset all", "offline all",
};

/*
 * Allowed operations: the states that each accepts, and the state after it. All others are refused.
 */
static const struct zone_rule {
	enum zone_op op;
	const char *from;
	char to;
} zone_rules[] = {
	{ ZONE_WRITE,		"EIC",		'I' },
	{ ZONE_WRITE,		"O",		'O' },
	{ ZONE_APPEND,		"EIC",		'I' },
	{ ZONE_APPEND,		"O",		'O' },
	{ ZONE_OPEN,		"EIOC",		'O' },
	{ ZONE_CLOSE,		"IOC",		'C' },
	{ ZONE_FINISH,		"EIOCF",	'F' },
	{ ZONE_RESET,		"EIOCF",	'E' },
	{ ZONE_OFFLINE,		"RX",		'X' },
	/* Operations on all zones: a zone in another state is skipped, without an error. */
	{ ZONE_OPEN_ALL,	"C",		'O' },
	{ ZONE_CLOSE_ALL,	"IO",		'C' },
	{ ZONE_FINISH_ALL,	"IOC",		'F' },
	{ ZONE_RESET_ALL,	"IOCF",		'E' },
	{ ZONE_OFFLINE_ALL,	"R",		'X' },
};

#define ZONE_NO_WP	(~0ULL)	/* the state has no write pointer */

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

static inline enum zone_is zone_of_letter(char letter)
{
	return strchr(zone_letters, letter) - zone_letters;
}

static inline enum zone_is zone_of_cond(__u8 cond)
{
	static const __u8 conds[NR_ZONE_IS] = { 0x1, 0x2, 0x3, 0x4, 0xe, 0xd, 0xf };
	int is = 0;

	while (is < NR_ZONE_IS && conds[is] != cond)
		is++;
	return is;
}

/* Returns the status that the operation must get; stores the state that must follow in *after. */
static inline int zone_expect(enum zone_op op, enum zone_is before, enum zone_is *after)
{
	static const int refused[NR_ZONE_IS] = {
		[Z_FULL] = KCSD_SC_ZONE_FULL,
		[Z_READONLY] = KCSD_SC_ZONE_READ_ONLY,
		[Z_OFFLINE] = KCSD_SC_ZONE_OFFLINE,
	};

	*after = before;
	for (size_t i = 0; i < ARRAY_SIZE(zone_rules); i++) {
		if (zone_rules[i].op != op || !strchr(zone_rules[i].from, zone_letters[before]))
			continue;
		*after = zone_of_letter(zone_rules[i].to);
		return 0;
	}
	if (op >= ZONE_OPEN_ALL)
		return 0;
	return op <= ZONE_APPEND ? refused[before] : KCSD_SC_INVALID_ZONE_TRANSITION;
}

static inline int zone_run(const struct zone_dev *dev, enum zone_op op, __u32 zone, __u64 offset)
{
	return dev->front->run(dev, op, zone, offset, dev->lba);
}

/* True if the zone is in the state and, if that state has a write pointer, wp is equal. */
static inline bool zone_looks(const struct zone_dev *dev, __u32 zone, char letter, __u64 wp)
{
	struct zone_seen seen = { .is = NR_ZONE_IS };
	int ret = dev->front->look(dev, zone, &seen);

	if (!ret && seen.is == zone_of_letter(letter) &&
	    (seen.is >= Z_FULL || seen.wp == wp))
		return true;
	ksft_print_msg("%s: zone %u: %d, state %c wp %lld, want %c wp %lld\n", dev->front->name,
		       zone, ret, seen.is < NR_ZONE_IS ? zone_letters[seen.is] : '?',
		       (long long)seen.wp, letter, (long long)wp);
	return false;
}

/* True if the front end returns its result for this status. 0: success. */
static inline bool zone_gives(const struct zone_dev *dev, enum zone_op op, __u32 zone,
			      __u64 offset, int status)
{
	int want = status ? dev->front->result(status) : 0;
	int got = zone_run(dev, op, zone, offset);

	if (got != want)
		ksft_print_msg("%s: %s zone %u: %d, want %d\n", dev->front->name,
			       zone_op_names[op], zone, got, want);
	return got == want;
}

/*
 * Ways into the states, one letter for each step: w write one LBA, W write the rest of the zone, o
 * open, c close, f finish; r read-only, x offline (both by configfs).
 */
static const struct zone_way {
	const char *steps;
	char state;
} zone_ways[] = {
	{ "", 'E' }, { "w", 'I' }, { "wcw", 'I' },
	{ "o", 'O' }, { "ow", 'O' }, { "wo", 'O' }, { "wco", 'O' },
	{ "oc", 'C' }, { "wc", 'C' }, { "owc", 'C' },
	{ "f", 'F' }, { "wf", 'F' }, { "of", 'F' }, { "wcf", 'F' }, { "W", 'F' }, { "oW", 'F' },
	{ "r", 'R' }, { "wr", 'R' }, { "owr", 'R' }, { "wcr", 'R' }, { "wfr", 'R' },
	{ "x", 'X' }, { "wx", 'X' }, { "ox", 'X' }, { "fx", 'X' }, { "wrx", 'X' },
};

static inline int zone_wear_out(const struct zone_dev *dev, const char *attr, __u32 zone)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", zone);
	return drive_set(dev->d->name, attr, text);
}

static inline int zone_step(const struct zone_dev *dev, char step, __u32 zone, __u64 *wp)
{
	int ret;

	switch (step) {
	case 'w':
		ret = zone_run(dev, ZONE_WRITE, zone, *wp);
		*wp += 1;
		return ret;
	case 'W':
		ret = dev->front->run(dev, ZONE_WRITE, zone, *wp, (dev->capacity - *wp) * dev->lba);
		*wp = dev->capacity;
		return ret;
	case 'o':
		return zone_run(dev, ZONE_OPEN, zone, 0);
	case 'c':
		return zone_run(dev, ZONE_CLOSE, zone, 0);
	case 'f':
		return zone_run(dev, ZONE_FINISH, zone, 0);
	case 'r':
		return zone_wear_out(dev, "zone_readonly", zone);
	default:
		return zone_wear_out(dev, "zone_offline", zone);
	}
}

/* Bring a zone that was never used into a state, then try the operation. */
static inline bool zone_try(const struct zone_dev *dev, const struct zone_way *way,
			    enum zone_op op, __u32 zone)
{
	enum zone_is after;
	int status = zone_expect(op, zone_of_letter(way->state), &after);
	bool ok = true;
	__u64 wp = 0;

	for (const char *step = way->steps; *step; step++) {
		int ret = zone_step(dev, *step, zone, &wp);

		if (ret)
			ksft_print_msg("step %c of '%s': %d\n", *step, way->steps, ret);
		ok &= !ret;
	}
	ok = ok && zone_looks(dev, zone, way->state, wp) && zone_gives(dev, op, zone, wp, status);
	if (op <= ZONE_APPEND)
		wp++;
	if (after == Z_EMPTY)
		wp = 0;
	ok = ok && zone_looks(dev, zone, zone_letters[after], wp);
	if (!ok)
		ksft_print_msg("%s after '%s'\n", zone_op_names[op], way->steps);
	return ok;
}

/* Try every operation of the front end in every state. Returns the number of failures, or -1. */
static inline int zone_try_all(const struct zone_dev *dev)
{
	__u32 zone = dev->first;
	int wrong = 0;

	for (int op = 0; op < NR_ZONE_OPS; op++) {
		if (!(dev->front->ops & 1u << op))
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(zone_ways); i++, zone++) {
			if (zone >= dev->nr) {
				ksft_print_msg("the drive has too few zones\n");
				return -1;
			}
			wrong += !zone_try(dev, &zone_ways[i], op, zone);
		}
	}
	return wrong;
}

/*
 * Open n + 2 zones one after another: the drive must close the one that was opened first. The drive
 * has max_open n, no max_active, and all n + 2 zones are empty.
 */
static inline bool zone_closes_the_oldest(const struct zone_dev *dev, __u32 n)
{
	__u32 z = dev->first;
	bool ok = true;

	for (__u32 i = 0; i < n + 2; i++)
		ok &= zone_gives(dev, ZONE_WRITE, z + i, 0, 0);
	for (__u32 i = 0; i < n + 2; i++)
		ok &= zone_looks(dev, z + i, i < 2 ? 'C' : 'I', 1);
	/* A write to an open zone does not open it again: z + 2 is still the oldest. */
	ok &= zone_gives(dev, ZONE_WRITE, z + 2, 1, 0);
	ok &= zone_gives(dev, ZONE_WRITE, z, 1, 0);
	ok &= zone_looks(dev, z + 2, 'C', 2) && zone_looks(dev, z, 'I', 2);
	/* An explicit open closes the oldest zone too. */
	ok &= zone_gives(dev, ZONE_OPEN, z + 1, 0, 0);
	ok &= zone_looks(dev, z + 1, 'O', 1);
	ok &= zone_looks(dev, n == 1 ? z : z + 3, 'C', n == 1 ? 2 : 1);
	return ok;
}

/*
 * The drive must not close explicitly opened zones. Same drive as above, all its zones empty again.
 */
static inline bool zone_keeps_explicit(const struct zone_dev *dev, __u32 n)
{
	__u32 z = dev->first;
	bool ok = true;

	for (__u32 i = 0; i < n; i++)
		ok &= zone_gives(dev, ZONE_OPEN, z + i, 0, 0);
	ok &= zone_gives(dev, ZONE_OPEN, z + n, 0, KCSD_SC_TOO_MANY_OPEN_ZONES);
	ok &= zone_gives(dev, ZONE_WRITE, z + n, 0, KCSD_SC_TOO_MANY_OPEN_ZONES);
	ok &= zone_looks(dev, z + n, 'E', 0);
	ok &= zone_gives(dev, ZONE_OPEN, z, 0, 0);
	ok &= zone_gives(dev, ZONE_WRITE, z, 0, 0);
	/* Each of these steps frees a place among the open zones. */
	ok &= zone_gives(dev, ZONE_CLOSE, z, 0, 0);
	ok &= zone_gives(dev, ZONE_OPEN, z + n, 0, 0);
	ok &= zone_gives(dev, ZONE_WRITE, z, 1, KCSD_SC_TOO_MANY_OPEN_ZONES);
	ok &= zone_looks(dev, z, 'C', 1);
	ok &= zone_gives(dev, ZONE_FINISH, z + n, 0, 0);
	ok &= zone_gives(dev, ZONE_OPEN, z, 0, 0);
	ok &= zone_gives(dev, ZONE_RESET, z, 0, 0);
	ok &= zone_gives(dev, ZONE_OPEN, z + n + 1, 0, 0);
	ok &= zone_gives(dev, ZONE_WRITE, z, 0, KCSD_SC_TOO_MANY_OPEN_ZONES);
	ok &= !dev->front->run(dev, ZONE_WRITE, z + n + 1, 0, dev->capacity * dev->lba);
	ok &= zone_looks(dev, z + n + 1, 'F', 0);
	ok &= zone_gives(dev, ZONE_OPEN, z + n + 2, 0, 0);
	ok &= !zone_wear_out(dev, "zone_readonly", z + n + 2);
	ok &= zone_gives(dev, ZONE_OPEN, z + n + 3, 0, 0);
	ok &= !zone_wear_out(dev, "zone_offline", z + n + 3);
	ok &= zone_gives(dev, ZONE_OPEN, z, 0, 0);
	ok &= zone_gives(dev, ZONE_WRITE, z + n + 4, 0, KCSD_SC_TOO_MANY_OPEN_ZONES);
	return ok;
}

/* Test the limit of active zones: a drive with max_active n, all its zones empty. */
static inline bool zone_counts_active(const struct zone_dev *dev, __u32 n)
{
	__u32 z = dev->first;
	bool ok = true;

	for (__u32 i = 0; i < n; i++) {
		ok &= zone_gives(dev, ZONE_WRITE, z + i, 0, 0);
		ok &= zone_gives(dev, ZONE_CLOSE, z + i, 0, 0);
	}
	ok &= zone_gives(dev, ZONE_WRITE, z + n, 0, KCSD_SC_TOO_MANY_ACTIVE_ZONES);
	ok &= zone_gives(dev, ZONE_OPEN, z + n, 0, KCSD_SC_TOO_MANY_ACTIVE_ZONES);
	ok &= zone_looks(dev, z + n, 'E', 0);
	/* Opening and writing a zone that is active already needs no new place. */
	ok &= zone_gives(dev, ZONE_OPEN, z, 0, 0);
	ok &= zone_gives(dev, ZONE_WRITE, z, 1, 0);
	ok &= zone_gives(dev, ZONE_FINISH, z, 0, 0);
	ok &= zone_gives(dev, ZONE_WRITE, z + n, 0, 0);
	ok &= zone_gives(dev, ZONE_WRITE, z + n + 1, 0, KCSD_SC_TOO_MANY_ACTIVE_ZONES);
	ok &= zone_gives(dev, ZONE_RESET, z + n, 0, 0);
	ok &= zone_gives(dev, ZONE_OPEN, z + n + 1, 0, 0);
	/* An empty zone can be finished without a free place: it does not become active. */
	ok &= zone_gives(dev, ZONE_FINISH, z + n, 0, 0);
	return ok;
}

#endif
