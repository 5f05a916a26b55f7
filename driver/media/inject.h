/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Inject errors: rules, set in configfs, make commands fail, hang or take long.
 *
 * Each command is judged once, before it does anything; an access of a program to LBAs counts as a
 * command. Rules apply in the order in which they were set: delays add up, the first error ends the
 * search.
 */
#ifndef KCSD_INJECT_H
#define KCSD_INJECT_H

#include <linux/prandom.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>

#define KCSD_MAX_INJECT_RULES	16	/* so that all can be shown in a page */

struct kcsd_lbas;

/* X(NAME, "name", has LBAs): the commands that a rule can be about. */
#define KCSD_INJECT_OPS(X) \
	X(READ,    "read",    true) \
	X(WRITE,   "write",   true)	/* zeroing included */ \
	X(APPEND,  "append",  true)	/* matches by the LBAs of its zone */ \
	X(FLUSH,   "flush",   false) \
	X(EXECUTE, "execute", false) \
	X(STORE,   "store",   false)	/* objects of namespace 4: this and below */ \
	X(RETRIEVE, "retrieve", false) \
	X(DELETE,  "delete",  false) \
	X(LIST,    "list",    false) \
	X(EXIST,   "exist",   false)

enum kcsd_inject_op {
#define KCSD_INJECT_ENUM(NAME, name, lbas) KCSD_INJECT_##NAME,
	KCSD_INJECT_OPS(KCSD_INJECT_ENUM)
#undef KCSD_INJECT_ENUM
	KCSD_NR_INJECT_OPS
};

enum kcsd_inject_outcome {
	KCSD_INJECT_NOTHING,
	KCSD_INJECT_MEDIA_ERROR,
	KCSD_INJECT_TIMEOUT,	/* fail after a delay */
	KCSD_INJECT_DELAY,	/* delay without error */
};

struct kcsd_inject_rule {
	enum kcsd_inject_op op;
	enum kcsd_inject_outcome outcome;
	u64 slba;
	u64 nlb;		/* 0: all LBAs */
	u32 delay_ms;
	u32 billionths;		/* share of matching commands that it hits; 0: all */
	u32 next;		/* hits left, if counts is set */
	bool counts;
	u64 seed;
	struct rnd_state rnd;
	u64 hits;
};

/* Rules of a drive. The configfs directory owns them, in struct kcsd_retained. */
struct kcsd_inject {
	unsigned long armed;	/* BIT(op): there are rules about op. Written under lock */
	bool sleeps;		/* some rule makes commands wait. Written under lock */

	spinlock_t lock;	/* protects nr and rule; a leaf, process context */
	u32 nr;
	struct kcsd_inject_rule rule[KCSD_MAX_INJECT_RULES];

	/* Times that all rules were cleared; each time releases the delayed commands. */
	u32 cleared;
};

/* Delayed commands of a powered drive. */
struct kcsd_delayed {
	wait_queue_head_t wait;
	bool on;		/* from power on to power off: delay commands */
};

/* A command, as rules see it. */
struct kcsd_inject_cmd {
	enum kcsd_inject_op op;
	u64 slba;
	u64 nlb;
	u32 timeout_ms;		/* time after which the sender would time out */
	const bool *cancelled;	/* NULL, or set before kcsd_delayed_wake() is called */
	u64 *delay_ns;		/* NULL, or: add the delay that was injected */
	u64 deadline_ns;	/* ktime: a delay ends then at the latest; 0: none */
};

void kcsd_inject_init(struct kcsd_inject *inject);
/*
 * Add the rule in text, or clear all rules. drive belongs to the same directory; NULL if it has no
 * power. The caller serialises calls. Return 0; -EINVAL: not a rule; -ENOSPC: too many rules;
 * -ENOMEM.
 */
int kcsd_inject_store(struct kcsd_inject *inject, struct kcsd_lbas *lbas, const char *text);
/* Print one line per rule to a page. Return the length. */
ssize_t kcsd_inject_show(struct kcsd_inject *inject, char *page);

void kcsd_delayed_init(struct kcsd_delayed *delayed);
/* Allow delays. Call when power on is complete. */
void kcsd_delayed_start(struct kcsd_delayed *delayed);
/*
 * Stop delays. Call when power off begins. Delayed commands continue, and fail if their rule says
 * so.
 */
void kcsd_delayed_stop(struct kcsd_delayed *delayed);
/*
 * Let a kernel thread sleep until a time (ktime), or until *cancelled is set or delays stop. Wakes
 * with delayed commands.
 */
void kcsd_delayed_sleep(struct kcsd_delayed *delayed, u64 until, const bool *cancelled);
/* Wake delayed commands. Call after setting cancelled of one of them. */
void kcsd_delayed_wake(struct kcsd_delayed *delayed);

/*
 * Judge a command. Return 0 or a status: Unrecovered Read Error, of objects Unrecovered Error,
 * Write Fault, Command Abort Requested. Sleeps if kcsd_inject_sleeps(). Call kcsd_inject() instead.
 */
int kcsd_inject_ask(struct kcsd_lbas *lbas, const struct kcsd_inject_cmd *cmd);

#endif
