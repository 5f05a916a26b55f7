// SPDX-License-Identifier: GPL-2.0
/*
 * Commit while zones are written and reset: all zones that were dirty at the start must be in the
 * file.
 */
#include "tests.h"
#include "dirty.h"

#define FIRST		MODEL_CONVENTIONAL
#define LATER		50	/* LBAs of a zone after another write */

/* Zones of a drive. One of them changes before step `when`. */
struct busy {
	struct kcsd_sidecar_dirty zones;
	u64 wp[MODEL_ZONES];
	bool dirty[MODEL_ZONES];
	u32 steps;
	u32 when;		/* counted from 1 */
	u32 which;		/* MODEL_ZONES: with each step, the last one that is not dirty */
	bool reset;		/* false: it is written */
};

static void happen(struct busy *b)
{
	u32 zone = b->which;

	b->steps++;
	if (zone < MODEL_ZONES && b->steps != b->when)
		return;
	if (zone == MODEL_ZONES)
		for (zone--; zone > FIRST && b->dirty[zone]; zone--)
			;
	b->dirty[zone] = !b->reset;
	b->wp[zone] = b->reset ? 0 : LATER + zone;
}

static u32 busy_next(struct kcsd_sidecar_dirty *zones, u32 zone)
{
	struct busy *b = (struct busy *)zones;

	happen(b);
	while (zone < MODEL_ZONES && !b->dirty[zone])
		zone++;
	return zone;
}

static void busy_describe(struct kcsd_sidecar_dirty *zones, u32 zone, struct kcsd_sidecar_zone *to)
{
	struct busy *b = (struct busy *)zones;

	happen(b);
	to->zone = htole32(zone);
	to->cond = b->wp[zone] ? KCSD_SIDECAR_CLOSED : KCSD_SIDECAR_EMPTY;
	to->wp = htole64(b->wp[zone]);
}

/* Make the zones of the set dirty. Each has as many LBAs as its number. */
static void busy_init(struct busy *b, u32 set)
{
	u32 i;

	*b = (struct busy){
		.zones = { MODEL_ZONES, busy_next, busy_describe },
		.which = FIRST,
	};
	for (i = FIRST; i < MODEL_ZONES; i++) {
		b->dirty[i] = set >> i & 1;
		b->wp[i] = b->dirty[i] ? i : 0;
	}
}

/* True if the state has each zone of the set as it was or as it became, and no other changes. */
static bool holds(const struct kcsd_sidecar_state *s, const struct busy *b, u32 set)
{
	u32 i;

	for (i = 0; i < MODEL_ZONES; i++) {
		u64 wp = kcsd_sidecar_zone_wp(s, i);

		if (wp != b->wp[i] && wp != (set >> i & 1 ? i : 0))
			return false;
	}
	return true;
}

/* Commit to a new file. True if all that was dirty is there. */
static bool commit(struct busy *b, u32 set)
{
	struct kcsd_sidecar_draft *draft;
	struct kcsd_sidecar_report r;
	struct kcsd_sidecar_journal journal;
	struct model m;
	struct disk *d;
	bool ok;

	if (kcsd_sidecar_draft_dirty(&b->zones, &draft))
		return false;
	d = model_use(&m, MODEL_FILE, 0);
	ok = !kcsd_sidecar_journal_open(&journal, &d->io, d->len, &r) &&
	     (!draft || !kcsd_sidecar_journal_append(&journal, draft)) &&
	     holds(&journal.state, b, set);
	kcsd_sidecar_journal_close(&journal);
	disk_destroy(d);
	return ok;
}

/* sets of no, one, some, all zones */
static const u32 sets[] = { 0, 1 << FIRST, 1 << (MODEL_ZONES - 1), 0x803100, 0xfffffc };

/* Change each zone before each step. */
static void any_time(bool reset)
{
	u32 i, runs = 0, wrong = 0;
	struct busy b;

	for (i = 0; i < ARRAY_SIZE(sets); i++) {
		u32 zone, when;

		for (zone = FIRST; zone < MODEL_ZONES; zone++) {
			b.steps = when = 0;
			do {
				busy_init(&b, sets[i]);
				b.when = ++when;
				b.which = zone;
				b.reset = reset;
				wrong += !commit(&b, sets[i]);
				runs++;
			} while (b.steps >= when);
		}
	}
	tap_point(!wrong && runs > 2000, "a zone is %s during a commit: in %u places, %u wrong",
		  reset ? "reset" : "written to", runs, wrong);
}

/* Test that a commit completes although zones become dirty faster than it describes them. */
static void all_the_time(void)
{
	u32 i, wrong = 0;
	struct busy b;

	for (i = 0; i < ARRAY_SIZE(sets); i++) {
		busy_init(&b, sets[i]);
		b.which = MODEL_ZONES;
		wrong += !commit(&b, sets[i]);
	}
	tap_point(!wrong, "zones are written to all the time during a commit");
}

static void quiet(void)
{
	struct kcsd_sidecar_draft *d;
	struct busy b;

	busy_init(&b, 0);
	b.when = ~0u;
	tap_point(!kcsd_sidecar_draft_dirty(&b.zones, &d) && !d, "nothing is dirty: no record");
	busy_init(&b, sets[3]);
	b.when = ~0u;
	tap_point(!kcsd_sidecar_draft_dirty(&b.zones, &d) &&
		  le32toh(d->record->len) == 4 * sizeof(struct kcsd_sidecar_zone),
		  "a record has the zones that are dirty, and no other");
	free(d);
}

static void no_memory(void)
{
	u32 at, wrong = 0, failed = 0;
	struct kcsd_sidecar_draft *d;
	struct busy b;
	int ret;

	for (at = 1; at < 20; at++) {
		busy_init(&b, sets[1]);
		b.which = MODEL_ZONES;
		fail_allocation(at);
		ret = kcsd_sidecar_draft_dirty(&b.zones, &d);
		fail_allocation(0);
		failed += ret == -ENOMEM;
		wrong += ret && ret != -ENOMEM;
		if (ret)
			continue;
		free(d);
		break;
	}
	tap_point(!ret && !wrong && failed > 1, "no memory for a record: %u times", failed);
}

void dirty_tests(void)
{
	any_time(false);
	any_time(true);
	all_the_time();
	quiet();
	no_memory();
}
