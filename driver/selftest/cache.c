// SPDX-License-Identifier: GPL-2.0
/*
 * Test that no flush succeeds without data that could not be written out, at whatever point of the
 * release of a claim the flush begins: after each critical section of media/cache_claim.c, look at
 * the state as a flush would.
 */
#include <linux/cache.h>
#include <linux/hash.h>
#include <linux/list.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "selftest/selftest.h"

#define ENTRIES		3
#define LOOKS		16

/* State that a flush saves when it begins. */
struct look {
	u64 seq;
	u64 failures;
};

struct kcsd_cache;

static struct kcsd_cache *watched;
static struct look looks[LOOKS];
static u32 nr_looks;

static void take_look(void);

/* Compile a copy of media/cache_claim.c with other names. */
#define kcsd_cache_claim_init		watched_claim_init
#define kcsd_cache_claim_lba		watched_claim_lba
#define kcsd_cache_claim_oldest		watched_claim_oldest
#define kcsd_cache_release		watched_release
#define kcsd_cache_forget		watched_forget
#define kcsd_cache_has_older_claims	watched_has_older_claims
#define kcsd_cache_is_claimed		watched_is_claimed
#define spin_unlock(lock) \
	do { \
		(spin_unlock)(lock); \
		take_look(); \
	} while (0)

#include "media/cache_claim.c"

#undef spin_unlock

static void take_look(void)
{
	if (!watched || nr_looks == LOOKS)
		return;
	guard(spinlock)(&watched->lock);
	looks[nr_looks++] = (struct look){ .seq = watched->seq, .failures = watched->failures };
}

static void add(struct kcsd_cache *c, u64 lba)
{
	struct kcsd_cache_entry *e = kcsd_cache_get_free(c);

	guard(spinlock)(kcsd_cache_lock_of(c, lba));
	kcsd_cache_add(c, e, lba);
}

/* True if a flush that began at this look would miss dirty data and not fail. */
static bool is_passed_by(const struct kcsd_cache *c, const struct look *look)
{
	const struct kcsd_cache_entry *e;

	list_for_each_entry(e, &c->dirty, list)
		if (e->seq > look->seq && c->failures == look->failures)
			return true;
	return false;
}

static int test_release(struct kcsd_cache *c)
{
	struct kcsd_cache_claim claim;
	int failed = 0;
	u64 lba;
	u32 i;

	for (lba = 0; lba < ENTRIES; lba++)
		add(c, lba);
	kcsd_cache_claim_oldest(c, U64_MAX, &claim);
	KCSD_EXPECT(failed, claim.nr == ENTRIES);
	nr_looks = 0;
	watched = c;
	kcsd_cache_release(c, &claim, -EIO);
	watched = NULL;
	KCSD_EXPECT(failed, nr_looks >= 2 * ENTRIES && nr_looks < LOOKS);
	KCSD_EXPECT(failed, c->nr_cached == ENTRIES);
	for (i = 0; i < nr_looks; i++)
		KCSD_EXPECT(failed, !is_passed_by(c, &looks[i]));
	return failed;
}

int kcsd_selftest_cache(void)
{
	struct kcsd_cache *c = kcsd_cache_alloc(ENTRIES * SZ_4K, 12);
	int failed = 0;

	KCSD_EXPECT(failed, c);
	if (!failed) {
		failed += test_release(c);
		kcsd_cache_free(c);
	}
	return failed;
}
