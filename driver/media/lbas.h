/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Namespace 1: LBAs, where they are stored, their zones, and the rules that make access to them
 * fail. media/ and persist/ know nothing else of a drive.
 */
#ifndef KCSD_LBAS_H
#define KCSD_LBAS_H

#include <linux/badblocks.h>
#include <linux/compiler.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "gate.h"
#include "media/badblocks.h"
#include "media/inject.h"
#include "media/store.h"
#include "media/watch.h"
#include "media/zone.h"
#include "ns.h"
#include "stats/counters.h"

struct kcsd_clock;
struct kcsd_config;
struct kcsd_disk;
struct kcsd_lbas;
struct kcsd_sidecar;

/* State of LBAs that is retained while power is off; a part of struct kcsd_retained. */
struct kcsd_lbas_retained {
	struct kcsd_inject inject;	/* rules of failures and delays to inject */
	struct badblocks badblocks;	/* LBAs that can be neither read nor written */
	struct badblocks uncorrectable;	/* LBAs of Write Uncorrectable: no reads before a write */
	bool erased;			/* no user data was written since Sanitize, or ever */
};

/*
 * Makes writes and zones durable, behind the media: the sidecar (persist/sidecar.c), or the store
 * alone. All sleep.
 */
struct kcsd_zone_journal {
	/*
	 * Flush the store, then make the write pointers from before the flush durable, so that none
	 * ever points past durable data. Concurrent calls share the work. Takes no lock of a zone.
	 * Return 0 or -errno; on failure zones stay dirty, and a later call may succeed.
	 */
	int (*commit)(struct kcsd_lbas *lbas);
	/*
	 * Make changes of zones durable: conditions that change other than by writing, and pointers
	 * that go back. In this order, with the locks of the zones held: begin(), change the zones
	 * in memory, record(), undo the change if that failed, end(), discard data.
	 *
	 * Between begin() and end() no commit() runs, so no flush records a change that is not
	 * acknowledged, or restores an old pointer. record() flushes the store first if a pointer
	 * has gone forward. Lock order: lock of a zone, the lock that begin() takes, zones->lock.
	 */
	unsigned int (*begin)(struct kcsd_lbas *lbas);
	int (*record)(struct kcsd_lbas *lbas, u32 first, u32 nr);
	void (*end)(struct kcsd_lbas *lbas, unsigned int token);
};

/* All members are set before the first node of the drive appears. */
struct kcsd_lbas {
	struct kcsd_ns ns;
	unsigned int index;		/* of the drive, for messages */
	const struct kcsd_config *cfg;	/* of the drive; constant */
	struct kcsd_stats __percpu *stats;	/* of the drive */
	struct kcsd_lbas_retained *retained;	/* valid while power is on */
	u32 lba_shift;
	u64 nsze;			/* LBAs */
	bool stopping;			/* power off has begun: end long work */
	bool dead;			/* power was cut: all I/O fails from now on */
	bool data_lost;			/* a flush has lost data: all writes fail from now on */
	struct mutex cache_lock;	/* taken to change the next */
	bool write_through;		/* Set Features: completed writes are durable */
	struct kcsd_clock *clock;	/* device time of the drive; owned */
	struct kcsd_delayed delayed;	/* commands and runs that inject delays */
	struct kcsd_watches watches;	/* changes of LBAs trip them */
	/* One of the two is held during an edit: the mutex if the store blocks, else the other. */
	struct mutex edit_mutex;	/* inside of the gate; outside of all locks of the store */
	spinlock_t edit_lock;		/* the same */

	struct kcsd_gate gate;		/* in front of all members below */
	struct kcsd_store store;
	struct kcsd_zones zones;
	const struct kcsd_zone_journal *journal;
	struct kcsd_sidecar *sidecar;	/* NULL: memory, or sidecar is 0 */

	/* host/block.c */
	struct kcsd_disk *disk;		/* /dev/kcsdNn1; owned */
	/* Wait for requests that are executing in a context that may not sleep. */
	void (*quiesce)(struct kcsd_lbas *lbas);
};

/*
 * Set up what commands may use after power off. The caller has set index, cfg, stats and retained.
 * Returns 0 or -ENOMEM.
 */
int kcsd_lbas_init(struct kcsd_lbas *lbas);
void kcsd_lbas_destroy(struct kcsd_lbas *lbas);
/*
 * Open the store and make the zones, all empty. Returns 0, or -errno with a line in the kernel log.
 * name: of the drive, for that line.
 */
int kcsd_lbas_open(struct kcsd_lbas *lbas, const char *name);
void kcsd_lbas_close(struct kcsd_lbas *lbas);

/* True if all of [slba, slba + nlb) is on the drive. */
static inline bool kcsd_lbas_have(const struct kcsd_lbas *lbas, u64 slba, u64 nlb)
{
	return nlb <= lbas->nsze && slba <= lbas->nsze - nlb;
}

/*
 * True if a rule of inject delays commands. Then all commands must come from a context that may
 * sleep.
 */
static inline bool kcsd_inject_sleeps(const struct kcsd_lbas *lbas)
{
	return READ_ONCE(lbas->retained->inject.sleeps);
}

/* True if a command to namespace 1 may sleep. */
static inline bool kcsd_lbas_block(const struct kcsd_lbas *lbas)
{
	return lbas->store.ops->blocking || kcsd_inject_sleeps(lbas);
}

/* True if there are rules of inject for such commands. */
static inline bool kcsd_inject_is_armed(const struct kcsd_lbas *lbas, enum kcsd_inject_op op)
{
	return READ_ONCE(lbas->retained->inject.armed) & BIT(op);
}

/*
 * Apply the rules of inject to a command that begins. Returns 0, or the status to fail it with. May
 * sleep if kcsd_inject_sleeps().
 */
static inline int kcsd_inject(struct kcsd_lbas *lbas, const struct kcsd_inject_cmd *cmd)
{
	if (likely(!kcsd_inject_is_armed(lbas, cmd->op)))
		return 0;
	return kcsd_inject_ask(lbas, cmd);
}

/*
 * True if one of the LBAs is a bad block; this is counted as a media error. Reads memory only once
 * if the drive has no bad blocks.
 */
static inline bool kcsd_lbas_are_bad(struct kcsd_lbas *lbas, u64 slba, u64 nlb)
{
	struct badblocks *bad = &lbas->retained->badblocks;

	if (likely(!READ_ONCE(bad->count)) || !kcsd_badblocks_contain(lbas, bad, slba, nlb))
		return false;
	kcsd_stat_inc(lbas, media_errors);
	return true;
}

/* Likewise for LBAs that Write Uncorrectable has marked. The LBAs are no bad blocks. */
static inline bool kcsd_lbas_are_uncorrectable(struct kcsd_lbas *lbas, u64 slba, u64 nlb)
{
	struct badblocks *bad = &lbas->retained->uncorrectable;

	if (likely(!READ_ONCE(bad->count)) || !kcsd_badblocks_contain(lbas, bad, slba, nlb))
		return false;
	kcsd_stat_inc(lbas, media_errors);
	return true;
}

#endif
