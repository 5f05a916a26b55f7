/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Errors on demand: rules, set by configfs, that make commands fail, hang or take long.
 *
 * A command asks once, before it does anything; a program's access to LBAs is a command.
 * Rules are asked in the order in which they were set: delays add up, the first error ends
 * the search.
 */
#ifndef KCSD_INJECT_H
#define KCSD_INJECT_H

#include <linux/prandom.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>

#define KCSD_MAX_INJECT_RULES	16	/* all of them can be shown in a page */

struct kcsd_drive;

/* X(NAME, "name", has LBAs): what a rule is about. */
#define KCSD_INJECT_OPS(X) \
	X(READ,    "read",    true) \
	X(WRITE,   "write",   true)	/* what zeroes, too */ \
	X(APPEND,  "append",  true)	/* the LBAs of its zone */ \
	X(FLUSH,   "flush",   false) \
	X(EXECUTE, "execute", false)

enum kcsd_inject_op {
#define KCSD_INJECT_ENUM(NAME, name, lbas) KCSD_INJECT_##NAME,
	KCSD_INJECT_OPS(KCSD_INJECT_ENUM)
#undef KCSD_INJECT_ENUM
	KCSD_NR_INJECT_OPS
};

enum kcsd_inject_outcome {
	KCSD_INJECT_NOTHING,
	KCSD_INJECT_MEDIA_ERROR,
	KCSD_INJECT_TIMEOUT,	/* an error that comes late */
	KCSD_INJECT_DELAY,	/* no error */
};

struct kcsd_inject_rule {
	enum kcsd_inject_op op;
	enum kcsd_inject_outcome outcome;
	u64 slba;
	u64 nlb;		/* 0: all LBAs */
	u32 delay_ms;
	u32 billionths;		/* of the commands that match; 0: all of them */
	u32 next;		/* how many more it hits, if it counts them */
	bool counts;
	u64 seed;
	struct rnd_state rnd;
	u64 hits;
};

/* A drive's rules: its directory's, like struct kcsd_retained, of which it is a part. */
struct kcsd_inject {
	unsigned long armed;	/* BIT(op): there are rules about it. Written under lock */
	bool sleeps;		/* some rule makes commands wait. Likewise */

	spinlock_t lock;	/* the next two; a leaf, process context */
	u32 nr;
	struct kcsd_inject_rule rule[KCSD_MAX_INJECT_RULES];

	u32 cleared;		/* times that all were cleared, which lets go whom they held up */
};

/* The commands that wait, of a drive with power. */
struct kcsd_delayed {
	wait_queue_head_t wait;
	bool on;		/* from power on to power off; nobody waits before or after */
};

/* A command, as far as rules are concerned. */
struct kcsd_inject_cmd {
	enum kcsd_inject_op op;
	u64 slba;
	u64 nlb;
	u32 timeout_ms;		/* after which its sender would give it up */
	const bool *cancelled;	/* set by who then calls kcsd_delayed_wake(); NULL: by none */
};

void kcsd_inject_init(struct kcsd_inject *inject);
/*
 * Add the rule in text, or clear all. -EINVAL: no rule. -ENOSPC: as many as there can be. drive is
 * the directory's if it is powered; calls are serialised by the caller.
 */
int kcsd_inject_store(struct kcsd_inject *inject, struct kcsd_drive *drive, const char *text);
/* A line for each rule; a page. */
ssize_t kcsd_inject_show(struct kcsd_inject *inject, char *page);

void kcsd_delayed_init(struct kcsd_delayed *delayed);
/* Power on is complete. */
void kcsd_delayed_start(struct kcsd_delayed *delayed);
/* Power off begins: who waits goes on, with an error if there was to be one. */
void kcsd_delayed_stop(struct kcsd_delayed *delayed);
/* Some command's cancelled was set. */
void kcsd_delayed_wake(struct kcsd_delayed *delayed);

/*
 * 0 or a status: Unrecovered Read Error, Write Fault, Command Abort Requested. Sleeps if
 * kcsd_inject_sleeps(). Use kcsd_inject().
 */
int kcsd_inject_ask(struct kcsd_drive *drive, const struct kcsd_inject_cmd *cmd);

#endif
