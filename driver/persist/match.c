// SPDX-License-Identifier: GPL-2.0
/* Compare a sidecar with the configuration of its drive. */
#define pr_fmt(fmt) "kcsd: " fmt

#include <linux/printk.h>

#include "media/lbas.h"
#include "media/store.h"
#include "persist/file.h"
#include "persist/match.h"

void kcsd_sidecar_describe(const struct kcsd_lbas *lbas, struct kcsd_sidecar_drive *to)
{
	const struct kcsd_zones *zs = &lbas->zones;

	*to = (struct kcsd_sidecar_drive){
		.size = cpu_to_le64(lbas->nsze << lbas->lba_shift),
		.block_size = cpu_to_le32(1U << lbas->lba_shift),
	};
	if (!zs->nr)
		return;
	to->zone_size = cpu_to_le64(1ULL << (zs->shift + lbas->lba_shift));
	to->zone_capacity = cpu_to_le64((u64)zs->capacity << lbas->lba_shift);
	to->conventional = cpu_to_le32(zs->nr_conventional);
}

/* Return the option that differs first, and both values; NULL if none differs. */
static const char *first_difference(const struct kcsd_sidecar_drive *a,
				    const struct kcsd_sidecar_drive *b, u64 *in_a, u64 *in_b)
{
	const struct {
		const char *name;
		u64 a, b;
	} fields[] = {
		{ "zone_size", le64_to_cpu(a->zone_size), le64_to_cpu(b->zone_size) },
		{ "block_size", le32_to_cpu(a->block_size), le32_to_cpu(b->block_size) },
		{ "zone_capacity", le64_to_cpu(a->zone_capacity), le64_to_cpu(b->zone_capacity) },
		{ "conventional_zones", le32_to_cpu(a->conventional),
					le32_to_cpu(b->conventional) },
		{ "size", le64_to_cpu(a->size), le64_to_cpu(b->size) },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		if (fields[i].a == fields[i].b)
			continue;
		*in_a = fields[i].a;
		*in_b = fields[i].b;
		return fields[i].name;
	}
	return NULL;
}

static bool all_zones_empty(const struct kcsd_sidecar_state *s)
{
	u32 i;

	for (i = 0; i < s->nr_zones; i++)
		if (kcsd_sidecar_zone_cond(s, i) != KCSD_SIDECAR_EMPTY)
			return false;
	return true;
}

/*
 * Return true if the sidecar may change with the configuration. Without zones before and after, the
 * LBAs stay as they are; otherwise there must be no data.
 */
static bool may_follow(const struct kcsd_lbas *lbas, const struct kcsd_sidecar_state *s,
		       u64 file_size)
{
	if (!lbas->zones.nr && !s->nr_zones)
		return true;
	return kcsd_sidecar_file_size(lbas->zones.nr, 0) <= file_size && all_zones_empty(s) &&
	       kcsd_store_is_hole(&lbas->store);
}

/* Rewrite the sidecar for other zones, all empty. Programs and UUID stay. */
static int follow(struct kcsd_sidecar_journal *journal, const struct kcsd_sidecar_drive *wanted)
{
	struct kcsd_sidecar_state s, old = journal->state;
	int ret;

	ret = kcsd_sidecar_state_init(&s, wanted);
	if (ret)
		return ret;
	memcpy(s.drive.uuid, old.drive.uuid, sizeof(s.drive.uuid));
	s.programs = old.programs;
	journal->state = s;
	ret = kcsd_sidecar_journal_rewrite(journal);
	if (ret) {
		journal->state = old;
		old = s;
	}
	old.programs = NULL;
	kcsd_sidecar_state_destroy(&old);
	return ret;
}

int kcsd_sidecar_match(struct kcsd_lbas *lbas, struct kcsd_sidecar_journal *journal,
		       const char *name, const char *path)
{
	struct kcsd_sidecar_drive wanted;
	const char *what;
	u64 ours, theirs;
	int ret;

	kcsd_sidecar_describe(lbas, &wanted);
	what = first_difference(&wanted, &journal->state.drive, &ours, &theirs);
	if (!what)
		return 0;
	if (!may_follow(lbas, &journal->state, journal->file_size)) {
		pr_err("%s: %s is %llu, but the sidecar %s says %llu\n", name, what, ours, path,
		       theirs);
		return -EINVAL;
	}
	ret = follow(journal, &wanted);
	if (ret)
		pr_err("%s: sidecar %s cannot be written: error %d\n", name, path, ret);
	return ret;
}
