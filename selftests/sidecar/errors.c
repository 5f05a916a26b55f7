// SPDX-License-Identifier: GPL-2.0
/* Make writes, syncs and reads fail: the caller gets the error, and the state stays as before. */
#include "tests.h"

#define MAX_CALLS	40

struct tally {
	u32 failed;
	u32 wrong;
	const char *what;
};

static void expect(struct tally *t, bool ok, const char *what)
{
	if (!ok && !t->wrong++)
		t->what = what;
}

static void result(const struct tally *t, const char *name)
{
	tap_point(!t->wrong && t->failed > 2, "%s: %u failures", name, t->failed);
	if (t->wrong)
		tap_note("%u times not: %s", t->wrong, t->what);
}

static bool on_disk(const struct disk *d, const struct model *m, bool stable)
{
	struct disk *copy = disk_copy(d);
	struct kcsd_sidecar_report r;
	struct kcsd_sidecar_journal journal;
	bool is;

	if (stable)
		memcpy(copy->now, d->stable, d->len);
	is = !kcsd_sidecar_journal_open(&journal, &copy->io, copy->len, &r) &&
	     model_is(m, &journal.state);
	kcsd_sidecar_journal_close(&journal);
	disk_destroy(copy);
	return is;
}

/* Create a used file and open it. `full`: the next record does not fit its half. */
static struct disk *prepare(struct model *m, struct kcsd_sidecar_journal *journal, u64 n, bool full)
{
	struct kcsd_sidecar_report r;
	struct disk *d;

	seed(n);
	d = model_use(m, MODEL_FILE, 10);
	if (kcsd_sidecar_journal_open(journal, &d->io, d->len, &r))
		abort();
	while (full && journal->pos + 1024 <= d->len / 2)
		if (kcsd_sidecar_journal_append(journal, model_change_zones(m)))
			abort();
	d->calls = 0;
	return d;
}

/* Append while calls `at` to `until` fail: of this append, and maybe of later ones. */
static bool fail_append(struct tally *t, u32 at, u32 until, bool full, int error)
{
	struct kcsd_sidecar_journal journal;
	struct model m, before, after;
	struct disk *d = prepare(&m, &journal, 40 + at, full);
	u32 tries = 0;
	bool failed;
	int ret;

	before = m;
	d->fail_at = at;
	d->fail_until = until;
	d->error = error;
	ret = kcsd_sidecar_journal_append(&journal, model_change_zones(&m));
	failed = d->calls >= at;
	after = m;
	if (ret)
		m = before;
	t->failed += failed;
	/* Failing to clear a header is no error: the record is written. */
	expect(t, !ret || ret == error, "the error is what the file said");
	expect(t, failed || !ret, "no failure without one");
	expect(t, model_is(&m, &journal.state), "the state is that before");
	expect(t, on_disk(d, &before, true) || on_disk(d, &after, true), "stable: old or new");
	expect(t, ret || on_disk(d, &after, true), "acknowledged: new");
	expect(t, !ret || until != at || on_disk(d, &before, false), "refused: taken back");
	do {
		before = m;
		ret = kcsd_sidecar_journal_append(&journal, model_change_zones(&m));
		m = ret ? before : m;
	} while (ret && tries++ < MAX_CALLS);
	d->fail_at = 0;
	expect(t, !ret && model_is(&m, &journal.state), "the next goes well");
	expect(t, on_disk(d, &m, true), "and is on disk");
	expect(t, !kcsd_sidecar_journal_append(&journal, model_change_zones(&m)), "and one more");
	expect(t, on_disk(d, &m, true), "which is, too");
	kcsd_sidecar_journal_close(&journal);
	disk_destroy(d);
	return failed;
}

static void appends(void)
{
	struct tally t = {};
	u32 at;

	for (at = 1; at < MAX_CALLS && fail_append(&t, at, at, false, -EIO); at++)
		;
	result(&t, "an append");
	t = (struct tally){};
	for (at = 1; at < MAX_CALLS && fail_append(&t, at, at + 6, false, -ENOSPC); at++)
		;
	result(&t, "an append, and what is tried after it");
	t = (struct tally){};
	for (at = 1; at < MAX_CALLS && fail_append(&t, at, at, true, -EIO); at++)
		;
	result(&t, "a change of halves");
	t = (struct tally){};
	for (at = 1; at < MAX_CALLS && fail_append(&t, at, at + 9, true, -ENOSPC); at++)
		;
	result(&t, "a change of halves, and what is tried after it");
}

/*
 * Test a record that is written, but can neither be acknowledged nor taken back: the journal
 * reports the error until it is.
 */
static bool fail_clear(struct tally *t, u32 at)
{
	struct kcsd_sidecar_journal journal;
	struct model m, before;
	struct disk *d = prepare(&m, &journal, 70 + at, false);
	int ret;

	before = m;
	d->fail_at = at;
	d->fail_until = MAX_CALLS;
	d->error = -ENOSPC;
	ret = kcsd_sidecar_journal_append(&journal, model_change_zones(&m));
	expect(t, ret == -ENOSPC, "it fails");
	t->failed++;
	/* At call 1 nothing was written to the file. */
	expect(t, kcsd_sidecar_journal_clear_failed(&journal) == (at > 1 ? -ENOSPC : 0),
	       "cleared only if it is");
	expect(t, model_is(&before, &journal.state), "the state is that before");
	d->fail_at = 0;
	expect(t, !kcsd_sidecar_journal_clear_failed(&journal), "cleared once that is possible");
	expect(t, on_disk(d, &before, false) && on_disk(d, &before, true), "and taken back");
	d->calls = 0;
	expect(t, !kcsd_sidecar_journal_clear_failed(&journal) && !d->calls, "once");
	kcsd_sidecar_journal_close(&journal);
	disk_destroy(d);
	return !t->wrong;
}

static void clears(void)
{
	struct tally t = {};
	u32 at;

	for (at = 1; at <= 3 && fail_clear(&t, at); at++)
		;
	result(&t, "a record that cannot be taken back");
}

/* Test a rewrite that fails: the new half must not look valid, and the old one stays in use. */
static void rewrites(void)
{
	struct kcsd_sidecar_journal journal;
	struct tally t = {};
	struct model m;
	u32 at;

	for (at = 1; at < MAX_CALLS; at++) {
		struct disk *d = prepare(&m, &journal, 40 + at, false);
		int ret;

		d->fail_at = at;
		d->fail_until = at;
		d->error = -EIO;
		ret = kcsd_sidecar_journal_rewrite(&journal);
		t.failed += d->calls >= at;
		d->fail_at = 0;
		expect(&t, !ret || ret == -EIO, "the error is what the file said");
		expect(&t, on_disk(d, &m, true), "the state is as it was");
		expect(&t, !kcsd_sidecar_journal_append(&journal, model_change_zones(&m)),
		       "the next goes well");
		expect(&t, on_disk(d, &m, true), "and is on disk");
		at = d->calls < at ? MAX_CALLS : at;
		kcsd_sidecar_journal_close(&journal);
		disk_destroy(d);
	}
	result(&t, "a file written afresh");
}

static void creation(void)
{
	struct kcsd_sidecar_journal journal;
	struct tally t = {};
	u32 at;

	for (at = 1; at < MAX_CALLS; at++) {
		struct disk *d = disk_create(MODEL_FILE);
		int ret;

		d->fail_at = at;
		d->fail_until = at + 1;
		d->error = -ENOSPC;
		ret = kcsd_sidecar_journal_create(&journal, &d->io, d->len, &model_drive);
		t.failed += d->calls >= at;
		expect(&t, !ret || ret == -ENOSPC, "the error is what the file said");
		if (!ret)
			kcsd_sidecar_journal_close(&journal);
		at = d->calls < at ? MAX_CALLS : at;
		disk_destroy(d);
	}
	result(&t, "a new file");
}

static void reads(void)
{
	struct kcsd_sidecar_report r;
	struct kcsd_sidecar_journal journal;
	struct tally t = {};
	struct model m;
	struct disk *d;
	u32 at;
	int ret;

	seed(77);
	d = model_use(&m, MODEL_FILE, 20);
	d->error = -EIO;
	for (at = 1; at < 400; at++) {
		d->reads = 0;
		d->fail_read = at;
		ret = kcsd_sidecar_journal_open(&journal, &d->io, d->len, &r);
		if (!ret) {
			kcsd_sidecar_journal_close(&journal);
			break;
		}
		t.failed++;
		expect(&t, ret == -EIO, "a read error is not taken for damage");
	}
	result(&t, "reading");
	disk_destroy(d);
}

void errors_tests(void)
{
	appends();
	clears();
	rewrites();
	creation();
	reads();
}
