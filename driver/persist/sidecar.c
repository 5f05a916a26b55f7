// SPDX-License-Identifier: GPL-2.0
/* Open the sidecar of a drive at power on; write it for flushes and changes of zones. */
#define pr_fmt(fmt) "kcsd: " fmt

#include <linux/container_of.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "config.h"
#include "media/lba_io.h"
#include "media/lbas.h"
#include "media/store.h"
#include "persist/dirty.h"
#include "persist/file.h"
#include "persist/match.h"
#include "persist/sidecar.h"

struct kcsd_sidecar {
	struct mutex lock;	/* protects all below but asked; committed of all zones */
	struct kcsd_sidecar_file file;
	struct kcsd_sidecar_journal journal;
	bool abandoned;
	u64 done;		/* commits done, counted like asked */
	atomic64_t asked;	/* commits requested so far */
};

/*
 * Lock the sidecar. Allocations start no I/O until sidecar_end(): memory reclaim may wait for the
 * pages that are written here. Return the token for sidecar_end().
 */
static unsigned int sidecar_begin(struct kcsd_sidecar *sidecar)
{
	mutex_lock(&sidecar->lock);
	return memalloc_noio_save();
}

static void sidecar_end(struct kcsd_sidecar *sidecar, unsigned int noio)
{
	memalloc_noio_restore(noio);
	mutex_unlock(&sidecar->lock);
}

static int sidecar_append(struct kcsd_lbas *lbas, struct kcsd_sidecar_draft *d)
{
	struct kcsd_sidecar *sidecar = lbas->sidecar;
	int ret;

	lockdep_assert_held(&sidecar->lock);
	if (!d)
		return -ENOMEM;
	if (sidecar->abandoned || sidecar->file.sync.lost) {
		kcsd_free(d);
		return -EIO;
	}
	ret = kcsd_sidecar_journal_append(&sidecar->journal, d);
	if (sidecar->file.sync.lost)
		kcsd_lba_io_lose_data(lbas, "sidecar");
	return ret;
}

/* Clear a failed record. Until that succeeds the file may have it, so nothing is acknowledged. */
static int sidecar_clear_failed(struct kcsd_lbas *lbas)
{
	struct kcsd_sidecar *sidecar = lbas->sidecar;
	int ret;

	lockdep_assert_held(&sidecar->lock);
	ret = kcsd_sidecar_journal_clear_failed(&sidecar->journal);
	if (sidecar->file.sync.lost)
		kcsd_lba_io_lose_data(lbas, "sidecar");
	return ret;
}

static int sidecar_flush_store(struct kcsd_lbas *lbas)
{
	int ret;

	if (READ_ONCE(lbas->data_lost))
		return -EIO;
	ret = lbas->store.ops->flush(&lbas->store);
	if (kcsd_store_has_lost(&lbas->store))
		kcsd_lba_io_lose_data(lbas, "backing");
	return ret;
}

/* ---- zones ---- */

/* Describe a zone as it is recorded: never open. */
static void sidecar_describe_zone(struct kcsd_lbas *lbas, u32 zone, struct kcsd_sidecar_zone *to)
{
	struct kcsd_zone_state state;
	u64 wp;
	u8 cond;

	kcsd_zone_get(lbas, zone, &state);
	wp = state.wp - state.start;
	switch (state.cond) {
	case BLK_ZONE_COND_READONLY:
	case BLK_ZONE_COND_FULL:
	case BLK_ZONE_COND_OFFLINE:
		cond = state.cond;
		break;
	default:
		cond = wp ? KCSD_SIDECAR_CLOSED : KCSD_SIDECAR_EMPTY;
	}
	*to = (struct kcsd_sidecar_zone){
		.zone = cpu_to_le32(zone), .cond = cond, .wp = cpu_to_le64(wp),
	};
}

static bool sidecar_knows_zone(struct kcsd_sidecar *sidecar, const struct kcsd_sidecar_zone *z)
{
	u32 zone = le32_to_cpu(z->zone);

	return kcsd_sidecar_zone_cond(&sidecar->journal.state, zone) == z->cond &&
	       kcsd_sidecar_zone_wp(&sidecar->journal.state, zone) == le64_to_cpu(z->wp);
}

/* Note that the file has these zones now. */
static void sidecar_zones_committed(struct kcsd_lbas *lbas, u32 first, u32 end)
{
	struct kcsd_zone *zones = lbas->zones.zones;

	for (; first < end; first++)
		WRITE_ONCE(zones[first].committed,
			   kcsd_sidecar_zone_wp(&lbas->sidecar->journal.state, first));
}

static struct kcsd_sidecar_draft *sidecar_zones_draft(u32 nr)
{
	return kcsd_sidecar_draft_alloc(KCSD_SIDECAR_ZONES, nr * sizeof(struct kcsd_sidecar_zone));
}

/* ---- zones that a commit records ---- */

struct sidecar_dirty {
	struct kcsd_sidecar_dirty zones;
	struct kcsd_lbas *lbas;
};

static struct kcsd_lbas *lbas_of_dirty(struct kcsd_sidecar_dirty *zones)
{
	return container_of(zones, struct sidecar_dirty, zones)->lbas;
}

static u32 sidecar_next_dirty(struct kcsd_sidecar_dirty *zones, u32 zone)
{
	const struct kcsd_zones *zs = &lbas_of_dirty(zones)->zones;

	zone = max(zone, zs->nr_conventional);
	while (zone < zs->nr && !kcsd_zone_is_dirty(&zs->zones[zone]))
		zone++;
	return zone;
}

static void sidecar_describe_dirty(struct kcsd_sidecar_dirty *zones, u32 zone,
				   struct kcsd_sidecar_zone *to)
{
	sidecar_describe_zone(lbas_of_dirty(zones), zone, to);
}

/* Take the write pointers, flush the store, then write the pointers to the sidecar. */
static int sidecar_commit(struct kcsd_lbas *lbas)
{
	struct sidecar_dirty dirty = {
		.zones = {
			.nr = lbas->zones.nr,
			.next = sidecar_next_dirty, .describe = sidecar_describe_dirty,
		},
		.lbas = lbas,
	};
	struct kcsd_sidecar_draft *d;
	int ret;

	/* A zone that is reset meanwhile waits for sidecar->lock, and is recorded afterwards. */
	ret = kcsd_sidecar_draft_dirty(&dirty.zones, &d);
	if (ret)
		return ret;
	ret = sidecar_flush_store(lbas);
	if (ret || !d) {
		kcsd_free(d);
		return ret ?: sidecar_clear_failed(lbas);
	}
	ret = sidecar_append(lbas, d);
	if (!ret)
		sidecar_zones_committed(lbas, lbas->zones.nr_conventional, lbas->zones.nr);
	return ret;
}

static int journal_commit(struct kcsd_lbas *lbas)
{
	struct kcsd_sidecar *sidecar = lbas->sidecar;
	unsigned int noio;
	u64 mine, all;
	int ret = 0;

	if (!sidecar)
		return sidecar_flush_store(lbas);
	mine = atomic64_inc_return(&sidecar->asked);
	noio = sidecar_begin(sidecar);
	if (sidecar->done < mine) {
		all = atomic64_read(&sidecar->asked);
		ret = sidecar_commit(lbas);
		if (!ret)
			sidecar->done = all;
	}
	sidecar_end(sidecar, noio);
	return ret;
}

static int sidecar_write_zones(struct kcsd_lbas *lbas, u32 first, u32 end)
{
	struct kcsd_sidecar_draft *d = sidecar_zones_draft(end - first);
	struct kcsd_sidecar_zone *z;
	bool forward = false;
	u32 i, nr = 0;
	int ret = 0;

	if (!d)
		return -ENOMEM;
	if (READ_ONCE(lbas->data_lost)) {
		kcsd_free(d);
		return -EIO;
	}
	z = kcsd_sidecar_payload(d);
	for (i = first; i < end; i++) {
		sidecar_describe_zone(lbas, i, &z[nr]);
		if (sidecar_knows_zone(lbas->sidecar, &z[nr]))
			continue;
		forward |= le64_to_cpu(z[nr++].wp) > lbas->zones.zones[i].committed;
	}
	if (forward)
		ret = sidecar_flush_store(lbas);
	if (ret || !nr) {
		kcsd_free(d);
		return ret;
	}
	kcsd_sidecar_draft_trim(d, nr * sizeof(*z));
	ret = sidecar_append(lbas, d);
	if (!ret)
		sidecar_zones_committed(lbas, first, end);
	return ret;
}

static unsigned int journal_begin(struct kcsd_lbas *lbas)
{
	return lbas->sidecar ? sidecar_begin(lbas->sidecar) : 0;
}

static void journal_end(struct kcsd_lbas *lbas, unsigned int token)
{
	if (lbas->sidecar)
		sidecar_end(lbas->sidecar, token);
}

static int journal_record(struct kcsd_lbas *lbas, u32 first, u32 nr)
{
	u32 end = first + nr;

	first = max(first, lbas->zones.nr_conventional);
	if (!lbas->sidecar || first >= end)
		return 0;
	lockdep_assert_held(&lbas->sidecar->lock);
	return sidecar_write_zones(lbas, first, end);
}

static const struct kcsd_zone_journal zone_journal = {
	.commit	= journal_commit,
	.begin	= journal_begin,
	.record	= journal_record,
	.end	= journal_end,
};

static int sidecar_restore_zones(struct kcsd_lbas *lbas, const char *name)
{
	const struct kcsd_sidecar_state *s = &lbas->sidecar->journal.state;
	u32 i;

	for (i = lbas->zones.nr_conventional; i < lbas->zones.nr; i++) {
		u8 cond = kcsd_sidecar_zone_cond(s, i);

		if (cond == KCSD_SIDECAR_EMPTY)
			continue;
		if (!kcsd_zones_restore(lbas, i, kcsd_sidecar_zone_wp(s, i), cond))
			continue;
		pr_err("%s: max_active_zones %llu: the sidecar has more active zones\n", name,
		       lbas->cfg->max_active_zones);
		return -EINVAL;
	}
	return 0;
}

/* ---- programs ---- */

bool kcsd_sidecar_has_programs(const struct kcsd_lbas *lbas)
{
	return lbas->sidecar;
}

int kcsd_sidecar_add_program(struct kcsd_lbas *lbas, const struct kcsd_sidecar_program *p,
			     const void *image, u32 len)
{
	struct kcsd_sidecar_draft *d =
		kcsd_sidecar_draft_alloc(KCSD_SIDECAR_PROGRAM, sizeof(*p) + len);
	struct kcsd_sidecar_program *to;
	unsigned int noio;
	int ret;

	if (!d)
		return -ENOMEM;
	to = kcsd_sidecar_payload(d);
	*to = *p;
	memcpy(to + 1, image, len);
	noio = sidecar_begin(lbas->sidecar);
	ret = sidecar_append(lbas, d);
	sidecar_end(lbas->sidecar, noio);
	return ret;
}

int kcsd_sidecar_change_program(struct kcsd_lbas *lbas, u16 pind, u8 what)
{
	struct kcsd_sidecar_draft *d =
		kcsd_sidecar_draft_alloc(KCSD_SIDECAR_PROGRAM_CHANGE,
					 sizeof(struct kcsd_sidecar_change));
	struct kcsd_sidecar_change *c;
	unsigned int noio;
	int ret;

	if (!d)
		return -ENOMEM;
	c = kcsd_sidecar_payload(d);
	c->pind = cpu_to_le16(pind);
	c->what = what;
	noio = sidecar_begin(lbas->sidecar);
	ret = sidecar_append(lbas, d);
	sidecar_end(lbas->sidecar, noio);
	return ret;
}

int kcsd_sidecar_each_program(struct kcsd_lbas *lbas,
			      int (*fn)(void *ctx, const struct kcsd_sidecar_program *p, u32 len),
			      void *ctx)
{
	struct kcsd_sidecar_draft *d;
	int ret = 0;

	if (!lbas->sidecar)
		return 0;
	guard(mutex)(&lbas->sidecar->lock);
	for (d = lbas->sidecar->journal.state.programs; d && !ret; d = d->next) {
		const struct kcsd_sidecar_program *p = kcsd_sidecar_payload(d);

		ret = fn(ctx, p, le32_to_cpu(d->record->len) - sizeof(*p));
	}
	return ret;
}

/* ---- power on, power off ---- */

/*
 * Create the sidecar. Reserves room for programs by max_program_bytes; an existing file does not
 * change its length later.
 */
static int sidecar_create(struct kcsd_sidecar *sidecar, struct kcsd_lbas *lbas, const char *name,
			  const char *path)
{
	const struct kcsd_config *c = lbas->cfg;
	u64 len = kcsd_sidecar_file_size(lbas->zones.nr,
					 c->max_program_bytes + c->max_programs * SZ_1K);
	struct kcsd_sidecar_drive wanted;
	int ret;

	if (lbas->zones.nr && !kcsd_store_is_hole(&lbas->store)) {
		pr_err("%s: backing file %s has data, but there is no sidecar %s with the write pointers of its zones: restore the sidecar\n",
		       name, c->backing_file, path);
		return -ENOENT;
	}
	kcsd_sidecar_describe(lbas, &wanted);
	generate_random_uuid(wanted.uuid);
	ret = kcsd_sidecar_file_create(&sidecar->file, kcsd_store_context(&lbas->store), path,
				       len);
	if (ret)
		goto fail;
	ret = kcsd_sidecar_journal_create(&sidecar->journal, &sidecar->file.io, len, &wanted);
	if (ret)
		goto discard;
	ret = kcsd_sidecar_file_sync_new(&sidecar->file);
	if (!ret)
		return 0;
	kcsd_sidecar_journal_close(&sidecar->journal);
discard:
	kcsd_sidecar_file_discard(&sidecar->file);
fail:
	pr_err("%s: sidecar %s cannot be made: error %d\n", name, path, ret);
	return ret;
}

static int sidecar_load(struct kcsd_sidecar *sidecar, struct kcsd_lbas *lbas, const char *name,
			const char *path)
{
	struct kcsd_sidecar_report r;
	int ret;

	ret = kcsd_sidecar_journal_open(&sidecar->journal, &sidecar->file.io,
					kcsd_sidecar_file_len(&sidecar->file), &r);
	if (ret == -EUCLEAN)
		pr_err("%s: sidecar %s cannot be used: %s (at byte %llu); see kcsd fsck\n",
		       name, path, kcsd_sidecar_verdict_text(r.verdict), r.pos);
	else if (ret)
		pr_err("%s: sidecar %s cannot be read: error %d\n", name, path, ret);
	if (ret)
		return ret;
	ret = kcsd_sidecar_match(lbas, &sidecar->journal, name, path);
	if (ret)
		goto fail;
	if (r.damaged)
		pr_warn("%s: sidecar %s: repaired %u damaged copies\n", name, path, r.damaged);
	if (!r.damaged && !r.torn)
		return 0;
	ret = kcsd_sidecar_journal_rewrite(&sidecar->journal);
	if (!ret)
		return 0;
	pr_err("%s: sidecar %s cannot be written: error %d\n", name, path, ret);
fail:
	kcsd_sidecar_journal_close(&sidecar->journal);
	return ret;
}

/* Set up file and journal. An existing file that cannot be used is not changed. */
static int sidecar_setup(struct kcsd_sidecar *sidecar, struct kcsd_lbas *lbas, const char *name)
{
	char *path = kasprintf(GFP_KERNEL, "%s" KCSD_SIDECAR_SUFFIX, lbas->cfg->backing_file);
	int ret;

	if (!path)
		return -ENOMEM;
	ret = kcsd_sidecar_file_open(&sidecar->file, kcsd_store_context(&lbas->store), path);
	if (ret == -ENOENT) {
		ret = sidecar_create(sidecar, lbas, name, path);
	} else if (ret) {
		pr_err("%s: sidecar %s: %s: error %d\n", name, path, kcsd_file_error(ret), ret);
	} else {
		ret = sidecar_load(sidecar, lbas, name, path);
		if (ret)
			kcsd_sidecar_file_close(&sidecar->file);
	}
	kfree(path);
	return ret;
}

static void sidecar_free(struct kcsd_lbas *lbas)
{
	struct kcsd_sidecar *sidecar = lbas->sidecar;

	lbas->sidecar = NULL;
	kcsd_sidecar_journal_close(&sidecar->journal);
	kcsd_sidecar_file_close(&sidecar->file);
	mutex_destroy(&sidecar->lock);
	kfree(sidecar);
}

/* Return 1 if the drive has no sidecar, 0 if it has one; -EINVAL: it needs one but has none. */
static int sidecar_is_unwanted(const struct kcsd_lbas *lbas, const char *name)
{
	if (!lbas->cfg->backing_file)
		return 1;
	if (lbas->cfg->sidecar)
		return 0;
	if (!lbas->zones.nr)
		return 1;
	pr_err("%s: zones in a backing file need sidecar\n", name);
	return -EINVAL;
}

int kcsd_sidecar_open(struct kcsd_lbas *lbas, const char *name, uuid_t *uuid)
{
	struct kcsd_sidecar *sidecar;
	int ret;

	lbas->journal = &zone_journal;
	ret = sidecar_is_unwanted(lbas, name);
	if (ret)
		return min(ret, 0);
	sidecar = kzalloc(sizeof(*sidecar), GFP_KERNEL);
	if (!sidecar)
		return -ENOMEM;
	ret = sidecar_setup(sidecar, lbas, name);
	if (ret) {
		kfree(sidecar);
		return ret;
	}
	mutex_init(&sidecar->lock);
	lbas->sidecar = sidecar;
	import_uuid(uuid, sidecar->journal.state.drive.uuid);
	ret = sidecar_restore_zones(lbas, name);
	if (ret)
		sidecar_free(lbas);
	return ret;
}

void kcsd_sidecar_abandon(struct kcsd_lbas *lbas)
{
	if (!lbas->sidecar)
		return;
	guard(mutex)(&lbas->sidecar->lock);
	lbas->sidecar->abandoned = true;
}

void kcsd_sidecar_close(struct kcsd_lbas *lbas)
{
	int ret = 0;

	if (!lbas->sidecar)
		return;
	if (!lbas->sidecar->abandoned)
		ret = journal_commit(lbas);
	if (ret)
		pr_err("kcsd%u: the last write pointers could not be written to the sidecar: error %d\n",
		       lbas->index, ret);
	sidecar_free(lbas);
}
