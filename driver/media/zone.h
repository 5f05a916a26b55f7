/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Zones of namespace 1: one state machine for every front end. NVMe Zoned Namespace Command Set,
 * "Zone State Machine". Conditions are enum blk_zone_cond, whose numbers are those of the states in
 * ZNS.
 *
 * The first zones may be conventional: without write pointer, writable anywhere. All others are
 * sequential; LBAs not written since the last reset read as zeroes.
 *
 * Lock order: zones->all, locks of zones by number, then zones->lock or the locks of sidecar and
 * store. Only a holder of zones->all holds the locks of more than one zone.
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

struct kcsd_lbas;

/*
 * A sequential zone; unused for a conventional one. One cache line, the only one that a write to an
 * open zone writes to.
 *
 * While nobody holds zones->lock: wp of an empty zone is 0, of an open or closed one below the
 * capacity; counted equals cond, unless a change of cond is being made durable.
 */
struct kcsd_zone {
	/* Held while data moves: protects wp and the order of writes. */
	union {
		struct mutex mutex;	/* zones->blocking */
		spinlock_t spin;
	};
	struct list_head lru;	/* zones->lock: in zones->implicit, or empty */
	/*
	 * LBAs with data, from the first of the zone on, in every state: a full zone that was
	 * finished may have less than its capacity. Also under zones->lock if cond changes with it.
	 */
	u32 wp;
	u32 committed;		/* persist/sidecar.c: wp as in the sidecar */
	u8 cond;		/* changes under zones->lock */
	u8 counted;		/* zones->lock: condition whose resources the zone uses */
} ____cacheline_aligned_in_smp;

/* Zones of a drive. nr is 0 if it is not zoned; then nothing else here is valid. */
struct kcsd_zones {
	/* Constant. */
	u32 nr;
	u32 nr_conventional;
	u32 shift;		/* a zone is 1 << shift LBAs */
	u32 capacity;		/* LBAs of a sequential zone that can be written */
	u32 max_open;		/* 0: no limit */
	u32 max_active;		/* limit of open and closed zones; 0: none */
	u32 max_append;		/* LBAs */
	bool blocking;		/* of the store: zones have mutexes */
	struct kcsd_zone *zones;

	struct mutex all;	/* held to lock many zones */

	/* Protects changes of conditions. A write to an open zone does not take it. */
	spinlock_t lock ____cacheline_aligned_in_smp;
	u32 count[KCSD_NR_ZONE_CONDS];	/* zones per value of counted */
	struct list_head implicit;	/* implicitly open zones, in order of opening */
};

/* State of a zone at one instant. LBAs count from the first of the drive. */
struct kcsd_zone_state {
	u32 index;
	bool conventional;
	u8 cond;	/* enum blk_zone_cond */
	u64 start;
	u64 size;	/* LBAs */
	u64 capacity;	/* LBAs */
	u64 wp;		/* first LBA without data, in any state; conventional: start */
};

/* zone.c */
/*
 * Allocate the zones that the configuration asks for, all empty, and round the size of the drive
 * down to whole zones. On failure return -errno, log one line, own nothing. name: of the drive, for
 * that line.
 */
int kcsd_zones_init(struct kcsd_lbas *lbas, const char *name);
void kcsd_zones_destroy(struct kcsd_lbas *lbas);

/*
 * For lba_io.c. Return 0, -errno or a status. Reads may cross the ends of zones; writes in
 * sequential zones may not.
 */
int kcsd_zone_read(struct kcsd_lbas *lbas, u64 slba, struct iov_iter *iter, bool now);
int kcsd_zone_write(struct kcsd_lbas *lbas, u64 slba, struct iov_iter *iter);
int kcsd_zone_append(struct kcsd_lbas *lbas, u64 zslba, struct iov_iter *iter, u64 *lba);
int kcsd_zone_zero(struct kcsd_lbas *lbas, u64 slba, u64 nlb, bool unmap);

/* Return true if some of these LBAs are in a sequential zone. */
bool kcsd_zone_touches_sequential(const struct kcsd_zones *zs, u64 slba, u64 nlb);
/*
 * Return 0, or the status with which a write of all these LBAs would fail now: for data that is
 * written in several pieces. Always 0 on a drive that is not zoned.
 */
int kcsd_zone_validate_write(struct kcsd_lbas *lbas, u64 slba, u64 nlb);

/* zone_state.c */
/*
 * Open, close, finish, reset or set offline the zone that begins with zslba (Zone Management Send).
 * Return 0, -errno or a status: Invalid Field if no zone begins there or for other actions. Sleeps
 * if the store blocks; then the change is durable on return.
 */
int kcsd_zone_manage(struct kcsd_lbas *lbas, u64 zslba, enum nvme_zone_mgmt_action action);
/*
 * Like kcsd_zone_manage(), with Select All: change all zones in the states that the action applies
 * to. Opens all or none; other actions may be done in part on failure.
 */
int kcsd_zone_manage_all(struct kcsd_lbas *lbas, enum nvme_zone_mgmt_action action);
/*
 * Make a sequential zone READONLY or OFFLINE, as if worn out: from any state, but OFFLINE is final.
 * Return 0 or -errno.
 */
int kcsd_zone_wear_out(struct kcsd_lbas *lbas, u32 index, enum blk_zone_cond cond);

/* For zone.c. The caller holds the lock of the zone. */
/* Return 0, or the status if the state of the zone refuses a write. */
int kcsd_zone_validate_writable(const struct kcsd_zone *z);
/* Open a zone for a write if it is not open. Return 0 or a status. */
int kcsd_zone_open_for_write(struct kcsd_zones *zs, struct kcsd_zone *z);
/* Make a zone full: data has reached its capacity. */
void kcsd_zone_fill(struct kcsd_zones *zs, struct kcsd_zone *z);

/* Cut power: lose the data from wp on, if the state of the zone allows a reset. */
void kcsd_zone_cut(struct kcsd_zones *zs, struct kcsd_zone *z, u32 wp);

/* zone_report.c */
/* Get the state of a zone. index is below zones.nr. Takes zones->lock, but no lock of a zone. */
void kcsd_zone_get(struct kcsd_lbas *lbas, u32 index, struct kcsd_zone_state *state);
/*
 * Print the zones in this condition, such as 3,5-7, and a newline. Return the length, at most
 * KCSD_CONFIGFS_LEN.
 */
ssize_t kcsd_zone_print(struct kcsd_lbas *lbas, enum blk_zone_cond cond, char *page);
/*
 * Restore a sequential zone from the sidecar. Call at power on, before the first node, while the
 * zone is empty. An open zone comes back closed, or empty if nothing was written. Return 0;
 * -EINVAL: there is no such state, or max_active is too small for it.
 */
int kcsd_zones_restore(struct kcsd_lbas *lbas, u32 index, u32 wp, enum blk_zone_cond cond);

static inline bool kcsd_zone_is_conventional(const struct kcsd_zones *zs, u32 index)
{
	return index < zs->nr_conventional;
}

/* Return the zone of an LBA. */
static inline u32 kcsd_zone_index(const struct kcsd_zones *zs, u64 lba)
{
	return lba >> zs->shift;
}

/* Return the LBAs of a zone, including those above its capacity. */
static inline u64 kcsd_zone_size(const struct kcsd_zones *zs)
{
	return 1ULL << zs->shift;
}

/* Return true if this is the first LBA of a zone. */
static inline bool kcsd_zone_starts_at(const struct kcsd_zones *zs, u64 lba)
{
	return !(lba & (kcsd_zone_size(zs) - 1));
}

/* Return true if the write pointer is valid, as the standard defines it. */
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

/* Return true if a flush would change the pointer in the sidecar. A guess: takes no lock. */
static inline bool kcsd_zone_is_dirty(const struct kcsd_zone *z)
{
	return READ_ONCE(z->wp) != READ_ONCE(z->committed);
}

/* zone_time.c */
struct kcsd_flow;
struct kcsd_time;
/* Tell the model of time what the zones hold. Call before the first command. */
void kcsd_zones_start_time(struct kcsd_lbas *lbas);
/*
 * Let a command take the time of a change of all zones: KCSD_TIMING_ZONE_RESET or
 * KCSD_TIMING_ZONE_FINISH. Process context.
 */
void kcsd_zones_take_time(struct kcsd_lbas *lbas, struct kcsd_flow *flow, struct kcsd_time *time,
			  u8 op);

#endif
