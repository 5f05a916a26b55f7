// SPDX-License-Identifier: GPL-2.0
/* Cut the power during an append or a change of halves: the state must be that before or after. */
#include "tests.h"

#define STARTS		60
#define FEW		10	/* pending sectors of which all subsets are tried */
#define SUBSETS		400	/* number of subsets if there are more */

struct torn {
	const struct model *before, *after;
	u32 cuts, old, new;
	u32 syncs;
	u32 moves;
	u32 wrong;
};

struct subset {
	const struct disk *d;
	u64 bits[DISK_MAX_PENDING / 64];
};

static bool in_subset(void *arg, u32 i)
{
	const struct subset *s = arg;

	return s->bits[i / 64] >> i % 64 & 1;
}

/*
 * True if the drive works after the cut: it appends one more change, and finds it when it opens the
 * file.
 */
static bool goes_on(struct kcsd_sidecar_journal *journal, struct disk *d, const struct model *m)
{
	struct kcsd_sidecar_report r;
	struct model next = *m;
	bool is;

	if (kcsd_sidecar_journal_append(journal, model_change_zones(&next)))
		return false;
	kcsd_sidecar_journal_close(journal);
	if (kcsd_sidecar_journal_open(journal, &d->io, d->len, &r) || r.torn)
		return false;
	is = model_is(&next, &journal->state);
	return is;
}

static void cut_with(struct torn *t, const struct disk *d, struct subset *s)
{
	struct disk *cut = disk_cut(d, in_subset, s);
	struct kcsd_sidecar_report r;
	struct kcsd_sidecar_journal journal;
	bool old, new;

	t->cuts++;
	if (kcsd_sidecar_journal_open(&journal, &cut->io, cut->len, &r)) {
		t->wrong++;
		disk_destroy(cut);
		return;
	}
	new = model_is(t->after, &journal.state);
	old = model_is(t->before, &journal.state);
	t->old += old;
	t->new += new;
	if ((!old && !new) || !goes_on(&journal, cut, new ? t->after : t->before))
		t->wrong++;
	kcsd_sidecar_journal_close(&journal);
	disk_destroy(cut);
}

static void all_subsets(struct torn *t, const struct disk *d)
{
	struct subset s = { .d = d };

	for (s.bits[0] = 0; s.bits[0] < 1u << d->pending; s.bits[0]++)
		cut_with(t, d, &s);
}

/* Try the first i sectors, all but sector i, and random subsets. */
static void some_subsets(struct torn *t, const struct disk *d)
{
	struct subset s;
	u32 i, k;

	for (i = 0; i <= d->pending; i++) {
		memset(&s, 0, sizeof(s));
		for (k = 0; k < i; k++)
			s.bits[k / 64] |= 1ULL << k % 64;
		cut_with(t, d, &s);
		memset(&s, 0xff, sizeof(s));
		s.bits[i / 64] &= ~(1ULL << i % 64);
		cut_with(t, d, &s);
	}
	for (i = 0; i < SUBSETS; i++) {
		for (k = 0; k < ARRAY_SIZE(s.bits); k++)
			s.bits[k] = (u64)below(1u << 30) << 34 ^ (u64)below(1u << 30) << 15 ^
				    below(1u << 30);
		cut_with(t, d, &s);
	}
}

static void at_sync(struct disk *d, void *arg)
{
	struct torn *t = arg;

	t->syncs++;
	if (d->pending <= FEW)
		all_subsets(t, d);
	else
		some_subsets(t, d);
}

static void append_torn(struct torn *t, struct disk *d, struct model *m, bool program)
{
	struct model before = *m;
	struct kcsd_sidecar_report r;
	struct kcsd_sidecar_draft *draft;
	struct kcsd_sidecar_journal journal;
	u32 half;

	if (kcsd_sidecar_journal_open(&journal, &d->io, d->len, &r))
		abort();
	half = journal.half;
	draft = program ? model_load(m, below(3), 1 + below(MODEL_IMAGE)) : model_change(m);
	t->before = &before;
	t->after = m;
	d->on_sync = at_sync;
	d->arg = t;
	if (kcsd_sidecar_journal_append(&journal, draft))
		abort();
	d->on_sync = NULL;
	t->moves += journal.half != half;
	kcsd_sidecar_journal_close(&journal);
}

static void torn_appends(bool program)
{
	struct torn t = {};
	struct model m;
	struct disk *d;
	u32 i;

	for (i = 0; i < STARTS; i++) {
		seed(1000 + i);
		d = model_use(&m, MODEL_FILE, i);
		append_torn(&t, d, &m, program);
		disk_destroy(d);
	}
	tap_point(!t.wrong && t.old > STARTS && t.new > STARTS,
		  "power cut while a %s is written: %u times the old state, %u the new",
		  program ? "program" : "change", t.old, t.new);
	if (t.wrong)
		tap_note("%u of %u cuts are wrong", t.wrong, t.cuts);
}

/* Cut the power only during appends that find their half full. */
static void torn_moves(void)
{
	struct torn t = {};
	struct kcsd_sidecar_report r;
	struct kcsd_sidecar_journal journal;
	struct model m;
	struct disk *d;
	u32 i;

	for (i = 0; i < 6; i++) {
		seed(2000 + i);
		d = model_use(&m, MODEL_FILE, 10);
		do {
			if (kcsd_sidecar_journal_open(&journal, &d->io, d->len, &r) ||
			    kcsd_sidecar_journal_append(&journal, model_change_zones(&m)))
				abort();
			kcsd_sidecar_journal_close(&journal);
		} while (journal.pos + 4096 < d->len / 2);
		while (t.moves <= i)
			append_torn(&t, d, &m, false);
		disk_destroy(d);
	}
	tap_point(!t.wrong && t.moves == 6 && t.old > 100 && t.new > 100,
		  "power cut at each sync of %u changes of halves: %u times the old state, %u the new",
		  t.moves, t.old, t.new);
	if (t.wrong)
		tap_note("%u of %u cuts are wrong", t.wrong, t.cuts);
}

static void at_creation(struct disk *d, void *arg)
{
	struct torn *t = arg;
	struct kcsd_sidecar_report r;
	struct kcsd_sidecar_journal journal;

	t->cuts++;
	/* Without a header the file must not be taken for a sidecar. */
	if (kcsd_sidecar_journal_open(&journal, &d->io, d->len, &r)) {
		t->wrong += r.verdict != KCSD_SIDECAR_VERDICT_HEADER;
		t->old++;
	} else {
		t->wrong += !model_is(t->after, &journal.state);
		t->new++;
		kcsd_sidecar_journal_close(&journal);
	}
}

static void torn_creation(void)
{
	struct torn t = {};
	struct kcsd_sidecar_journal journal;
	struct disk *d = disk_create(MODEL_FILE);
	struct model m;

	model_init(&m);
	t.after = &m;
	d->on_sync = at_creation;
	d->arg = &t;
	if (kcsd_sidecar_journal_create(&journal, &d->io, d->len, &model_drive))
		abort();
	tap_point(!t.wrong && t.old && t.new, "power cut while a file is made: none, or a new one");
	kcsd_sidecar_journal_close(&journal);
	disk_destroy(d);
}

void torn_tests(void)
{
	torn_appends(false);
	torn_appends(true);
	torn_moves();
	torn_creation();
}
