// SPDX-License-Identifier: GPL-2.0
/* Test ordinary use: appended records are there when the file is opened again. */
#include "tests.h"

#define CHANGES		2000

static bool header_is_zero(const struct disk *d, u32 half)
{
	const u8 *p = d->now + half * (d->len / 2);
	u32 i;

	for (i = 0; i < KCSD_SIDECAR_HEADER_LEN; i++)
		if (p[i])
			return false;
	return true;
}

/* Open the file. True if its state is that of the model, without damage or torn records. */
static bool reopened(struct disk *d, const struct model *m, struct kcsd_sidecar_journal *journal)
{
	struct kcsd_sidecar_report r;

	return !kcsd_sidecar_journal_open(journal, &d->io, d->len, &r) &&
	       r.verdict == KCSD_SIDECAR_VERDICT_SOUND &&
	       !r.damaged && !r.torn && model_is(m, &journal->state) &&
	       header_is_zero(d, !journal->half);
}

static void many(void)
{
	struct kcsd_sidecar_journal journal;
	u32 i, half = 0, moves = 0;
	struct model m;
	struct disk *d;
	bool ok = true;

	seed(1);
	d = model_use(&m, MODEL_FILE, 0);
	ok = reopened(d, &m, &journal);
	tap_point(ok, "a new file");
	for (i = 0; i < CHANGES && ok; i++) {
		ok = !kcsd_sidecar_journal_append(&journal, model_change(&m)) &&
		     model_is(&m, &journal.state);
		moves += journal.half != half;
		half = journal.half;
		kcsd_sidecar_journal_close(&journal);
		ok = ok && reopened(d, &m, &journal);
	}
	tap_point(ok, "%u changes, opened after each", CHANGES);
	if (!ok)
		tap_note("the one of number %u", i);
	tap_point(moves > 20, "the half was changed %u times", moves);
	ok = ok && !kcsd_sidecar_journal_rewrite(&journal) && journal.half != half;
	kcsd_sidecar_journal_close(&journal);
	ok = ok && reopened(d, &m, &journal);
	tap_point(ok, "write the file anew");
	kcsd_sidecar_journal_close(&journal);
	disk_destroy(d);
}

/* Test the number of syncs: one for each append, two more for a change of halves. */
static void syncs(void)
{
	struct kcsd_sidecar_journal journal;
	u64 syncs, most = 0, least = 99;
	struct model m;
	struct disk *d;
	u32 i;

	d = model_use(&m, MODEL_FILE, 0);
	reopened(d, &m, &journal);
	for (i = 0; i < 100; i++) {
		syncs = d->syncs;
		kcsd_sidecar_journal_append(&journal, model_change_zones(&m));
		most = max(most, d->syncs - syncs);
		least = min(least, d->syncs - syncs);
	}
	tap_point(least == 1 && most == 3, "an append takes %u sync, at most %u", (u32)least,
		  (u32)most);
	kcsd_sidecar_journal_close(&journal);
	disk_destroy(d);
}

/* Test a full file: programs fail with -ENOSPC, zones can still change. */
static void full(void)
{
	struct kcsd_sidecar_journal journal;
	struct model m, before;
	struct disk *d;
	int ret = 0;
	u32 i;

	d = model_use(&m, MODEL_FILE, 0);
	reopened(d, &m, &journal);
	for (i = 0; i < MODEL_PROGRAMS && !ret; i++) {
		before = m;
		ret = kcsd_sidecar_journal_append(&journal, model_load(&m, i, MODEL_LARGE));
	}
	tap_point(ret == -ENOSPC && i > 2, "no space for program %u", i);
	m = before;
	tap_point(model_is(&m, &journal.state), "a refused program changes nothing");
	for (i = 0, ret = 0; i < 500 && !ret; i++)
		ret = kcsd_sidecar_journal_append(&journal, model_change_zones(&m));
	tap_point(!ret, "500 changes of zones beside these programs");
	kcsd_sidecar_journal_close(&journal);
	tap_point(reopened(d, &m, &journal), "the programs are there after opening again");
	kcsd_sidecar_journal_close(&journal);
	disk_destroy(d);
}

#define MANY_ZONES	5000

static struct kcsd_sidecar_draft *all_zones(u32 wp)
{
	struct kcsd_sidecar_draft *d =
		kcsd_sidecar_draft_alloc(KCSD_SIDECAR_ZONES,
					 MANY_ZONES * sizeof(struct kcsd_sidecar_zone));
	struct kcsd_sidecar_zone *z = kcsd_sidecar_payload(d);
	u32 i;

	for (i = 0; i < MANY_ZONES; i++) {
		z[i].zone = htole32(i);
		z[i].cond = KCSD_SIDECAR_CLOSED;
		z[i].wp = htole64(wp + i % 7);
	}
	return d;
}

struct big {
	struct kcsd_sidecar_io io;
	u8 *bytes;
};

static int big_read(struct kcsd_sidecar_io *io, u64 pos, void *to, u32 len)
{
	memcpy(to, ((struct big *)io)->bytes + pos, len);
	return 0;
}

static int big_write(struct kcsd_sidecar_io *io, u64 pos, const void *from, u32 len)
{
	memcpy(((struct big *)io)->bytes + pos, from, len);
	return 0;
}

static int big_sync(struct kcsd_sidecar_io *io)
{
	(void)io;
	return 0;
}

static u64 big_skip(struct kcsd_sidecar_io *io, u64 pos)
{
	(void)io;
	return pos;
}

static u64 big_random(struct kcsd_sidecar_io *io)
{
	(void)io;
	return below(1u << 30);
}

/* Test that kcsd_sidecar_file_size() returns enough for that many zones and programs. */
static void sized(void)
{
	const u32 program = 100000, programs = 30;
	const u64 len = kcsd_sidecar_file_size(MANY_ZONES, programs * (program + 1024));
	struct kcsd_sidecar_drive drive = model_drive;
	struct kcsd_sidecar_report r;
	struct kcsd_sidecar_journal journal;
	struct big b = {
		.io = { big_read, big_write, big_sync, big_skip, big_random },
		.bytes = malloc(len),
	};
	int ret;
	u32 i;

	drive.size = htole64(MANY_ZONES * 128 * 4096ULL);
	drive.conventional = 0;
	memset(b.bytes, 0x5a, len);
	ret = kcsd_sidecar_journal_create(&journal, &b.io, len, &drive);
	for (i = 0; i < programs && !ret; i++) {
		struct kcsd_sidecar_draft *d =
			kcsd_sidecar_draft_alloc(KCSD_SIDECAR_PROGRAM, program + 16);

		((struct kcsd_sidecar_program *)kcsd_sidecar_payload(d))->pind = htole16(i);
		ret = kcsd_sidecar_journal_append(&journal, d);
	}
	tap_point(!ret, "space for %u programs", i);
	for (i = 0; i < 30 && !ret; i++)
		ret = kcsd_sidecar_journal_append(&journal, all_zones(1 + i));
	tap_point(!ret, "space for %u zones beside them", MANY_ZONES);
	kcsd_sidecar_journal_close(&journal);
	ret = kcsd_sidecar_journal_open(&journal, &b.io, len, &r);
	for (i = 0; i < MANY_ZONES && !ret; i++)
		if (kcsd_sidecar_zone_wp(&journal.state, i) != 30 + i % 7)
			ret = 1;
	tap_point(!ret, "programs and zones are there after opening again");
	kcsd_sidecar_journal_close(&journal);
	free(b.bytes);
}

void use_tests(void)
{
	many();
	syncs();
	full();
	sized();
}
