/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Zones of namespace 1: one state machine for every front end. NVMe Zoned Namespace Command Set,
 * "Zone State Machine"; conditions are enum blk_zone_cond, whose numbers are those of ZNS's states.
 *
 * The first zones may be conventional: without write pointer, written anywhere. All others are
 * sequential; what was not written there since the last reset reads as zeroes.
 *
 * Lock order: zones->all, zones' locks by their numbers, then zones->lock or those of the sidecar
 * and the store. Only who holds zones->all holds more than one zone's.
 */
#ifndef KCSD_ZONE_H
#define KCSD_ZONE_H

#include <linux/blkzoned.h>
#include <linux/cache.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/nvme.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/uio.h>

#define KCSD_NR_ZONE_CONDS	16

struct kcsd_drive;

/*
 * For sequential zones; a conventional one's is not used. One cache line, and the only one that
 * a write to an open zone writes to.
 *
 * While nobody holds zones->lock: an empty zone's wp is 0, an open or closed one's below
 * the capacity; counted is cond, unless a change of cond is being made durable.
 */
struct kcsd_zone {
	/* Held while data moves: wp, and the order of writes. */
	union {
		struct mutex mutex;	/* zones->blocking */
		spinlock_t spin;
	};
	struct list_head lru;	/* zones->lock: in zones->implicit; empty: not in there */
	/*
	 * LBAs from the zone's first that have data, in every state: a full zone that was finished
	 * has less than its capacity. If cond changes with it, under zones->lock too.
	 */
	u32 wp;
	u32 committed;		/* persist/sidecar.c: wp as the sidecar has it */
	u8 cond;		/* zones->lock to change it */
	u8 counted;		/* zones->lock: the condition whose resources it takes */
} ____cacheline_aligned_in_smp;

/* Of a drive; nr is 0 if it is not zoned, and then nothing else here is valid. */
struct kcsd_zones {
	/* Constant. */
	u32 nr;
	u32 nr_conventional;
	u32 shift;		/* a zone is 1 << shift LBAs */
	u32 capacity;		/* LBAs of a sequential zone that can be written */
	u32 max_open;		/* 0: no limit */
	u32 max_active;		/* open or closed; 0: no limit */
	u32 max_append;		/* LBAs */
	bool blocking;		/* the store is: zones have mutexes */
	struct kcsd_zone *zones;

	struct mutex all;	/* the right to hold many zones' locks */

	/* For changes of conditions; a write to an open zone does not take it. */
	spinlock_t lock ____cacheline_aligned_in_smp;
	u32 count[KCSD_NR_ZONE_CONDS];	/* zones by their counted */
	struct list_head implicit;	/* implicitly open zones, least recently opened first */
};

/* What a zone is at one instant. LBAs are the drive's. */
struct kcsd_zone_state {
	u32 index;
	bool conventional;
	u8 cond;	/* enum blk_zone_cond */
	u64 start;
	u64 size;	/* LBAs */
	u64 capacity;	/* LBAs */
	u64 wp;		/* the first LBA never written, in any state; conventional: start */
};

/* zone.c */
/*
 * The zones that the configuration asks for, all empty; the drive's size becomes a whole number
 * of them. -errno with one line in the kernel log on failure, nothing held. name is
 * the drive's, for that line.
 */
int kcsd_zones_init(struct kcsd_drive *drive, const char *name);
void kcsd_zones_destroy(struct kcsd_drive *drive);

/*
 * For lba_io.c: 0, -errno or a status. Reads may cross zones' ends; writes in sequential zones
 * may not.
 */
int kcsd_zone_read(struct kcsd_drive *drive, u64 slba, struct iov_iter *iter, bool now);
int kcsd_zone_write(struct kcsd_drive *drive, u64 slba, struct iov_iter *iter);
int kcsd_zone_append(struct kcsd_drive *drive, u64 zslba, struct iov_iter *iter, u64 *lba);
int kcsd_zone_zero(struct kcsd_drive *drive, u64 slba, u64 nlb, bool unmap);

/* True if some of these LBAs are in a sequential zone. */
bool kcsd_zone_touches_sequential(const struct kcsd_zones *zs, u64 slba, u64 nlb);
/*
 * Return 0, or the status that a write of all these LBAs would fail with now: for those that are
 * written in several pieces. On a drive that is not zoned always 0.
 */
int kcsd_zone_check_write(struct kcsd_drive *drive, u64 slba, u64 nlb);

/* zone_state.c */
/*
 * Open, Close, Finish, Reset, Offline of Zone Management Send, on the zone that begins with zslba.
 * 0, -errno or a status: Invalid Field if no zone begins there or the action is
 * another. Sleeps if the store blocks; then what it did is durable.
 */
int kcsd_zone_manage(struct kcsd_drive *drive, u64 zslba, enum nvme_zone_mgmt_action action);
/*
 * Likewise, with Select All: on the zones in the states that this is about for the
 * action. All are opened or none; the others may have been done in part on failure.
 */
int kcsd_zone_manage_all(struct kcsd_drive *drive, enum nvme_zone_mgmt_action action);
/*
 * A sequential zone becomes READONLY or OFFLINE, as if it were worn out: from any state, but
 * OFFLINE is for good. 0 or -errno.
 */
int kcsd_zone_wear_out(struct kcsd_drive *drive, u32 index, enum blk_zone_cond cond);

/* For zone.c, with the zone's lock held. */
/* Would a write be refused for the state that the zone is in? 0 or a status. */
int kcsd_zone_check_writable(const struct kcsd_zone *z);
/* A write begins: open the zone if it is not. 0 or a status. */
int kcsd_zone_open_for_write(struct kcsd_zones *zs, struct kcsd_zone *z);
/* Data has reached the zone's capacity: it is full. */
void kcsd_zone_fill(struct kcsd_zones *zs, struct kcsd_zone *z);

/* Power was cut: what is behind wp is lost, if the zone is one that can be written. */
void kcsd_zone_cut(struct kcsd_zones *zs, struct kcsd_zone *z, u32 wp);

/* zone_report.c */
/* index is below zones.nr. Takes zones->lock, no zone's. */
void kcsd_zone_get(struct kcsd_drive *drive, u32 index, struct kcsd_zone_state *state);
/* The zones in this condition, such as 3,5-7, and a newline; at most KCSD_CONFIGFS_LEN. */
ssize_t kcsd_zone_print(struct kcsd_drive *drive, enum blk_zone_cond cond, char *page);
/*
 * At power on, before the first node: what the sidecar has of a sequential zone that is still
 * empty. If it was open it comes back closed, or empty if nothing was written. -EINVAL: there
 * is no such state, or max_active is too small for it.
 */
int kcsd_zones_restore(struct kcsd_drive *drive, u32 index, u32 wp, enum blk_zone_cond cond);

static inline bool kcsd_zone_is_conventional(const struct kcsd_zones *zs, u32 index)
{
	return index < zs->nr_conventional;
}

/* The zone that an LBA of the drive lies in. */
static inline u32 kcsd_zone_index(const struct kcsd_zones *zs, u64 lba)
{
	return lba >> zs->shift;
}

/* LBAs of a zone, those above its capacity included. */
static inline u64 kcsd_zone_size(const struct kcsd_zones *zs)
{
	return 1ULL << zs->shift;
}

/* Is this the first LBA of a zone? */
static inline bool kcsd_zone_starts_at(const struct kcsd_zones *zs, u64 lba)
{
	return !(lba & (kcsd_zone_size(zs) - 1));
}

/* Is its write pointer valid, as the standard has it? */
static inline bool kcsd_zone_shows_wp(const struct kcsd_zone_state *state)
{
	return state->cond >= BLK_ZONE_COND_EMPTY && state->cond <= BLK_ZONE_COND_CLOSED;
}

static inline u64 kcsd_zone_start(const struct kcsd_zones *zs, u32 index)
{
	return (u64)index << zs->shift;
}

static inline void kcsd_zone_lock(const struct kcsd_zones *zs, struct kcsd_zone *z)
	__acquires(&z->spin)
{
	if (zs->blocking) {
		mutex_lock(&z->mutex);
		__acquire(&z->spin);
	} else {
		spin_lock(&z->spin);
	}
}

static inline void kcsd_zone_unlock(const struct kcsd_zones *zs, struct kcsd_zone *z)
	__releases(&z->spin)
{
	if (zs->blocking) {
		mutex_unlock(&z->mutex);
		__release(&z->spin);
	} else {
		spin_unlock(&z->spin);
	}
}

/* Would a flush move the pointer that the sidecar has? Without the zone's lock: a guess. */
static inline bool kcsd_zone_is_dirty(const struct kcsd_zone *z)
{
	return READ_ONCE(z->wp) != READ_ONCE(z->committed);
}

#endif
