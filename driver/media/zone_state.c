// SPDX-License-Identifier: GPL-2.0
/*
 * Change the states of zones; enforce the limits on open and active ones.
 *
 * Opening and closing take zones->lock only: data that a write under way moves then counts as
 * written before. A change that loses data or ends the use of a zone takes the lock of the zone,
 * and is durable before it counts. Until then the zone keeps its resources (counted), so that the
 * change can be undone.
 */
#include "media/badblocks.h"
#include "media/lbas.h"
#include "media/store.h"

#define ZONE_BATCH	64	/* zones changed with one write of the sidecar */

enum zone_op { OP_WRITE, OP_OPEN, OP_CLOSE, OP_FINISH, OP_RESET, OP_OFFLINE, NR_OPS };

#define EMPTY		BLK_ZONE_COND_EMPTY
#define IMP_OPEN	BLK_ZONE_COND_IMP_OPEN
#define EXP_OPEN	BLK_ZONE_COND_EXP_OPEN
#define CLOSED		BLK_ZONE_COND_CLOSED
#define FULL		BLK_ZONE_COND_FULL
#define READONLY	BLK_ZONE_COND_READONLY
#define OFFLINE		BLK_ZONE_COND_OFFLINE

/* The new state, by state and operation; 0: refused. */
static const u8 next_cond[KCSD_NR_ZONE_CONDS][NR_OPS] = {
		      /* WRITE     OPEN      CLOSE   FINISH RESET  OFFLINE */
	[EMPTY]		= { IMP_OPEN, EXP_OPEN, 0,      FULL,  EMPTY, 0 },
	[IMP_OPEN]	= { IMP_OPEN, EXP_OPEN, CLOSED, FULL,  EMPTY, 0 },
	[EXP_OPEN]	= { EXP_OPEN, EXP_OPEN, CLOSED, FULL,  EMPTY, 0 },
	[CLOSED]	= { IMP_OPEN, EXP_OPEN, CLOSED, FULL,  EMPTY, 0 },
	[FULL]		= { 0,        0,        0,      FULL,  EMPTY, 0 },
	[READONLY]	= { 0,        0,        0,      0,     0,     OFFLINE },
	[OFFLINE]	= { 0,        0,        0,      0,     0,     OFFLINE },
};

/* States that Select All applies to. */
static const u16 all_conds[NR_OPS] = {
	[OP_OPEN]	= BIT(CLOSED),
	[OP_CLOSE]	= BIT(IMP_OPEN) | BIT(EXP_OPEN),
	[OP_FINISH]	= BIT(IMP_OPEN) | BIT(EXP_OPEN) | BIT(CLOSED),
	[OP_RESET]	= BIT(IMP_OPEN) | BIT(EXP_OPEN) | BIT(CLOSED) | BIT(FULL),
	[OP_OFFLINE]	= BIT(READONLY),
};

/* Return NR_OPS for an unknown action. */
static enum zone_op op_of_action(enum nvme_zone_mgmt_action action)
{
	switch (action) {
	case NVME_ZONE_OPEN:
		return OP_OPEN;
	case NVME_ZONE_CLOSE:
		return OP_CLOSE;
	case NVME_ZONE_FINISH:
		return OP_FINISH;
	case NVME_ZONE_RESET:
		return OP_RESET;
	case NVME_ZONE_OFFLINE:
		return OP_OFFLINE;
	default:
		return NR_OPS;
	}
}

static bool is_open(u8 cond)
{
	return cond == IMP_OPEN || cond == EXP_OPEN;
}

static bool is_active(u8 cond)
{
	return is_open(cond) || cond == CLOSED;
}

static u32 nr_open(const struct kcsd_zones *zs)
{
	return zs->count[IMP_OPEN] + zs->count[EXP_OPEN];
}

/* Set the condition. The caller then calls count_zone() to change the resources. */
static void set_cond(struct kcsd_zones *zs, struct kcsd_zone *z, u8 cond)
{
	lockdep_assert_held(&zs->lock);
	list_del_init(&z->lru);
	WRITE_ONCE(z->cond, cond);
	if (cond == IMP_OPEN)
		list_add_tail(&z->lru, &zs->implicit);
}

static void count_zone(struct kcsd_zones *zs, struct kcsd_zone *z)
{
	lockdep_assert_held(&zs->lock);
	zs->count[z->counted]--;
	z->counted = z->cond;
	zs->count[z->counted]++;
}

/* Close the implicitly open zone that was opened first. Return false if there is none. */
static bool close_implicit(struct kcsd_zones *zs)
{
	struct kcsd_zone *z = list_first_entry_or_null(&zs->implicit, struct kcsd_zone, lru);

	if (!z)
		return false;
	set_cond(zs, z, CLOSED);
	count_zone(zs, z);
	return true;
}

/* Make room to open a zone; close another one if necessary. Return 0 or a status. */
static int make_room(struct kcsd_zones *zs, const struct kcsd_zone *z)
{
	if (!is_active(z->cond) && zs->max_active &&
	    nr_open(zs) + zs->count[CLOSED] >= zs->max_active)
		return KCSD_SC_TOO_MANY_ACTIVE_ZONES;
	if (!is_open(z->cond) && zs->max_open && nr_open(zs) >= zs->max_open && !close_implicit(zs))
		return KCSD_SC_TOO_MANY_OPEN_ZONES;
	return 0;
}

static int change_locked(struct kcsd_zones *zs, struct kcsd_zone *z, enum zone_op op)
{
	u8 to = next_cond[z->cond][op];
	int ret = 0;

	lockdep_assert_held(&zs->lock);
	if (!to)
		return KCSD_SC_INVALID_ZONE_TRANSITION;
	if (to == z->cond)
		return 0;
	if (is_open(to))
		ret = make_room(zs, z);
	if (ret)
		return ret;
	set_cond(zs, z, to);
	count_zone(zs, z);
	return 0;
}

/* Change a zone for a write, open or close. Nothing has to be durable. */
static int change_now(struct kcsd_zones *zs, struct kcsd_zone *z, enum zone_op op)
{
	int ret;

	spin_lock(&zs->lock);
	ret = change_locked(zs, z, op);
	spin_unlock(&zs->lock);
	return ret;
}

int kcsd_zone_validate_writable(const struct kcsd_zone *z)
{
	switch (READ_ONCE(z->cond)) {
	case FULL:
		return KCSD_SC_ZONE_FULL;
	case READONLY:
		return KCSD_SC_ZONE_READ_ONLY;
	case OFFLINE:
		return KCSD_SC_ZONE_OFFLINE;
	default:
		return 0;
	}
}

int kcsd_zone_open_for_write(struct kcsd_zones *zs, struct kcsd_zone *z)
{
	return is_open(READ_ONCE(z->cond)) ? 0 : change_now(zs, z, OP_WRITE);
}

void kcsd_zone_fill(struct kcsd_zones *zs, struct kcsd_zone *z)
{
	spin_lock(&zs->lock);
	smp_store_release(&z->wp, zs->capacity);
	set_cond(zs, z, FULL);
	count_zone(zs, z);
	spin_unlock(&zs->lock);
}

/* Change zones in the states from to the state to. A change to EMPTY loses the data. */
struct zone_change {
	u16 from;	/* BIT(condition) */
	u8 to;
};

#define UNCHANGED	U32_MAX

/* Begin a change. Return the previous write pointer, or UNCHANGED if from excludes the zone. */
static u32 begin_change(struct kcsd_zones *zs, struct kcsd_zone *z,
			const struct zone_change *change)
{
	u32 wp = z->wp;

	if (!(BIT(z->cond) & change->from))
		return UNCHANGED;
	set_cond(zs, z, change->to);
	if (change->to == EMPTY)
		WRITE_ONCE(z->wp, 0);
	return wp;
}

/* Go back to the counted condition: the previous one, or the result of an Open meanwhile. */
static void undo_change(struct kcsd_zones *zs, struct kcsd_zone *z, u32 wp)
{
	WRITE_ONCE(z->wp, wp);
	set_cond(zs, z, z->counted);
}

/*
 * Discard the data that a zone had before its reset, and make its LBAs readable. In memory the data
 * may stay, since nobody reads past a write pointer. For the same reason a failure does no harm.
 */
static void discard_data(struct kcsd_lbas *lbas, u32 index)
{
	const struct kcsd_zones *zs = &lbas->zones;

	kcsd_badblocks_clear(lbas, &lbas->retained->uncorrectable, kcsd_zone_start(zs, index),
			     kcsd_zone_size(zs));
	if (zs->blocking)
		lbas->store.ops->zero(&lbas->store,
				       kcsd_zone_start(zs, index) << lbas->lba_shift,
				       (u64)zs->capacity << lbas->lba_shift, true);
}

/* Change up to ZONE_BATCH zones. The caller holds their locks. Return 0; -errno: none changed. */
static int change_durably(struct kcsd_lbas *lbas, u32 first, u32 nr,
			  const struct zone_change *change)
{
	struct kcsd_zones *zs = &lbas->zones;
	struct kcsd_zone *z = zs->zones + first;
	u32 wp[ZONE_BATCH];
	unsigned int token = lbas->journal->begin(lbas);
	bool any = false;
	int ret = 0;
	u32 i;

	spin_lock(&zs->lock);
	for (i = 0; i < nr; i++) {
		wp[i] = begin_change(zs, &z[i], change);
		any |= wp[i] != UNCHANGED;
	}
	spin_unlock(&zs->lock);
	if (any && zs->blocking)
		ret = lbas->journal->record(lbas, first, nr);
	spin_lock(&zs->lock);
	for (i = 0; i < nr; i++) {
		if (ret && wp[i] != UNCHANGED)
			undo_change(zs, &z[i], wp[i]);
		count_zone(zs, &z[i]);
	}
	spin_unlock(&zs->lock);
	lbas->journal->end(lbas, token);
	for (i = 0; !ret && i < nr; i++)
		if (wp[i] != UNCHANGED && change->to == EMPTY)
			discard_data(lbas, first + i);
	return ret;
}

/* Change zones with one write of the sidecar. They have mutexes; zs->all allows to lock many. */
static int change_batch(struct kcsd_lbas *lbas, u32 first, u32 nr,
			const struct zone_change *change)
{
	struct kcsd_zones *zs = &lbas->zones;
	int ret;
	u32 i;

	lockdep_assert_held(&zs->all);
	for (i = first; i < first + nr; i++)
		mutex_lock_nest_lock(&zs->zones[i].mutex, &zs->all);
	ret = change_durably(lbas, first, nr, change);
	for (i = first; i < first + nr; i++)
		mutex_unlock(&zs->zones[i].mutex);
	return ret;
}

static int change_all(struct kcsd_lbas *lbas, const struct zone_change *change)
{
	struct kcsd_zones *zs = &lbas->zones;
	int ret = 0;
	u32 i;

	if (!zs->blocking) {
		for (i = zs->nr_conventional; i < zs->nr; i++) {
			spin_lock(&zs->zones[i].spin);
			change_durably(lbas, i, 1, change);
			spin_unlock(&zs->zones[i].spin);
		}
		return 0;
	}
	guard(mutex)(&zs->all);
	for (i = zs->nr_conventional; !ret && i < zs->nr; i += ZONE_BATCH) {
		/* Zones of a file are punched one by one: do not delay power off until all are. */
		if (smp_load_acquire(&lbas->stopping))	/* pairs with lbas_stop() */
			return KCSD_SC_ABORT_REQUESTED;
		ret = change_batch(lbas, i, min(zs->nr - i, ZONE_BATCH), change);
		cond_resched();
	}
	return ret;
}

static void close_all(struct kcsd_zones *zs)
{
	u32 i;

	spin_lock(&zs->lock);
	for (i = zs->nr_conventional; i < zs->nr; i++)
		if (is_open(zs->zones[i].cond))
			change_locked(zs, &zs->zones[i], OP_CLOSE);
	spin_unlock(&zs->lock);
}

/* Open all closed zones, then make room: zones closed to make room must not be opened again. */
static void open_closed(struct kcsd_zones *zs)
{
	u32 i;

	lockdep_assert_held(&zs->lock);
	for (i = zs->nr_conventional; i < zs->nr; i++) {
		if (zs->zones[i].cond == CLOSED) {
			set_cond(zs, &zs->zones[i], EXP_OPEN);
			count_zone(zs, &zs->zones[i]);
		}
	}
	while (zs->max_open && nr_open(zs) > zs->max_open && close_implicit(zs))
		;
}

static int open_all(struct kcsd_zones *zs)
{
	bool fits;

	spin_lock(&zs->lock);
	fits = !zs->max_open || zs->count[EXP_OPEN] + zs->count[CLOSED] <= zs->max_open;
	if (fits)
		open_closed(zs);
	spin_unlock(&zs->lock);
	return fits ? 0 : KCSD_SC_TOO_MANY_OPEN_ZONES;
}

int kcsd_zone_manage_all(struct kcsd_lbas *lbas, enum nvme_zone_mgmt_action action)
{
	enum zone_op op = op_of_action(action);
	struct zone_change change;

	switch (op) {
	case NR_OPS:
		return KCSD_SC_INVALID_FIELD;
	case OP_OPEN:
		return open_all(&lbas->zones);
	case OP_CLOSE:
		close_all(&lbas->zones);
		return 0;
	default:
		change.from = all_conds[op];
		change.to = next_cond[__ffs(all_conds[op])][op];
		return change_all(lbas, &change);
	}
}

/*
 * Finish, reset or set offline: all states that allow it go to the same one. The caller holds the
 * lock of the zone.
 */
static int change_by_op(struct kcsd_lbas *lbas, u32 index, enum zone_op op)
{
	u8 cond = READ_ONCE(lbas->zones.zones[index].cond);
	struct zone_change change = { .to = next_cond[cond][op] };

	if (!change.to)
		return KCSD_SC_INVALID_ZONE_TRANSITION;
	change.from = ~BIT(change.to);
	return change_durably(lbas, index, 1, &change);
}

int kcsd_zone_manage(struct kcsd_lbas *lbas, u64 zslba, enum nvme_zone_mgmt_action action)
{
	struct kcsd_zones *zs = &lbas->zones;
	u32 index = kcsd_zone_index(zs, zslba);
	enum zone_op op = op_of_action(action);
	struct kcsd_zone *z;
	int ret;

	if (op == NR_OPS || index >= zs->nr || zslba != kcsd_zone_start(zs, index))
		return KCSD_SC_INVALID_FIELD;
	z = &zs->zones[index];
	if (op == OP_OPEN || op == OP_CLOSE)
		return change_now(zs, z, op);
	kcsd_zone_lock(zs, z);
	ret = change_by_op(lbas, index, op);
	kcsd_zone_unlock(zs, z);
	return ret;
}

int kcsd_zone_wear_out(struct kcsd_lbas *lbas, u32 index, enum blk_zone_cond cond)
{
	const struct zone_change change = { .from = ~(BIT(OFFLINE) | BIT(cond)), .to = cond };
	struct kcsd_zones *zs = &lbas->zones;
	struct kcsd_zone *z = &zs->zones[index];
	int ret = -EINVAL;

	if (index >= zs->nr || kcsd_zone_is_conventional(zs, index))
		return -EINVAL;
	kcsd_zone_lock(zs, z);
	if (READ_ONCE(z->cond) != OFFLINE || cond == OFFLINE)
		ret = change_durably(lbas, index, 1, &change);
	kcsd_zone_unlock(zs, z);
	return ret;
}

void kcsd_zone_cut(struct kcsd_zones *zs, struct kcsd_zone *z, u32 wp)
{
	if (!next_cond[z->cond][OP_RESET] || wp == z->wp)
		return;
	spin_lock(&zs->lock);
	z->wp = wp;
	set_cond(zs, z, wp ? CLOSED : EMPTY);
	count_zone(zs, z);
	spin_unlock(&zs->lock);
}
