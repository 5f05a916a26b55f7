/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state machine of zones as the NVMe Zoned Namespace Command Set describes it, written down
 * a second time, and how to try a front end against it.
 *
 * A test names its front end in struct zone_front; all else here goes through that. Functions that
 * return bool have printed what was wrong.
 */
#ifndef KST_ZONES_H
#define KST_ZONES_H

#include "drive.h"

#include <linux/blkzoned.h>

/* In the order of zone_letters. */
enum zone_is {
	Z_EMPTY, Z_IMPLICIT, Z_EXPLICIT, Z_CLOSED, Z_FULL, Z_READONLY, Z_OFFLINE,
	NR_ZONE_IS
};

enum zone_op {
	ZONE_WRITE,	/* one LBA */
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

/* From which states an operation leads where; that which is not listed is refused. */
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
	/* These pass over all others. */
	{ ZONE_OPEN_ALL,	"C",		'O' },
	{ ZONE_CLOSE_ALL,	"IO",		'C' },
	{ ZONE_FINISH_ALL,	"IOC",		'F' },
	{ ZONE_RESET_ALL,	"IOCF",		'E' },
	{ ZONE_OFFLINE_ALL,	"R",		'X' },
};

#define ZONE_NO_WP	(~0ULL)	/* the state has none */

struct zone_seen {
	enum zone_is is;
	__u64 wp;	/* LBAs from the zone's first */
};

struct zone_dev;

struct zone_front {
	const char *name;
	__u32 ops;	/* 1 << enum zone_op: what it can ask for */
	/* Write and append: len bytes of dev->buf, a write at that LBA of the zone. */
	int (*run)(const struct zone_dev *dev, enum zone_op op, __u32 zone, __u64 offset,
		   __u32 len);
	int (*look)(const struct zone_dev *dev, __u32 zone, struct zone_seen *seen);
	/* What run() returns when the drive's answer is this status. */
	int (*result)(int status);
};

struct zone_dev {
	const struct zone_front *front;
	struct drive *d;
	int fd;
	__u32 lba;		/* bytes */
	__u32 first;		/* sequential zone */
	__u32 nr;		/* zones */
	__u64 zone_lbas;
	__u64 capacity;		/* LBAs */
	void *buf;		/* a zone's bytes */
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

/* The status that an operation must get, and the state that it must leave behind. */
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

/* Does the zone look so? wp: only compared if the state has one. */
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

/* Does the operation give this status, as the front end shows it? 0: success. */
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
 * Ways into the states, one letter for each step: w write one LBA, W write all that is left,
 * o open, c close, f finish; r read-only, x offline, by configfs.
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

/* A zone that was never used gets into the state, then meets the operation. */
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

/* Every operation of the front end in every state; returns how many went wrong. */
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
 * A drive with max_open n, no max_active and all of n + 2 zones empty: the zone that was opened
 * first is closed for the next.
 */
static inline bool zone_closes_the_oldest(const struct zone_dev *dev, __u32 n)
{
	__u32 z = dev->first;
	bool ok = true;

	for (__u32 i = 0; i < n + 2; i++)
		ok &= zone_gives(dev, ZONE_WRITE, z + i, 0, 0);
	for (__u32 i = 0; i < n + 2; i++)
		ok &= zone_looks(dev, z + i, i < 2 ? 'C' : 'I', 1);
	/* Writing to an open zone is not opening it: z + 2 stays the oldest. */
	ok &= zone_gives(dev, ZONE_WRITE, z + 2, 1, 0);
	ok &= zone_gives(dev, ZONE_WRITE, z, 1, 0);
	ok &= zone_looks(dev, z + 2, 'C', 2) && zone_looks(dev, z, 'I', 2);
	/* An explicit open makes room likewise. */
	ok &= zone_gives(dev, ZONE_OPEN, z + 1, 0, 0);
	ok &= zone_looks(dev, z + 1, 'O', 1);
	ok &= zone_looks(dev, n == 1 ? z : z + 3, 'C', n == 1 ? 2 : 1);
	return ok;
}

/* The same drive, all of its zones empty again: what was opened explicitly stays open. */
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
	/* Each of these gives the place back. */
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

/* A drive with max_active n and all of its zones empty. */
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
	/* What is active already may be opened and written. */
	ok &= zone_gives(dev, ZONE_OPEN, z, 0, 0);
	ok &= zone_gives(dev, ZONE_WRITE, z, 1, 0);
	ok &= zone_gives(dev, ZONE_FINISH, z, 0, 0);
	ok &= zone_gives(dev, ZONE_WRITE, z + n, 0, 0);
	ok &= zone_gives(dev, ZONE_WRITE, z + n + 1, 0, KCSD_SC_TOO_MANY_ACTIVE_ZONES);
	ok &= zone_gives(dev, ZONE_RESET, z + n, 0, 0);
	ok &= zone_gives(dev, ZONE_OPEN, z + n + 1, 0, 0);
	/* An empty zone need not be active to become full. */
	ok &= zone_gives(dev, ZONE_FINISH, z + n, 0, 0);
	return ok;
}

#endif
