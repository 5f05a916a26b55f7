// SPDX-License-Identifier: GPL-2.0
/* Change parts of a used file: the damage must be found, or have no effect. */
#include "tests.h"

#define FILES		4

/* Count the results of one kind of damage. */
struct count {
	u32 harmless;
	u32 found;
	u32 lost_last;		/* the state is that before the last append */
	u32 wrong;
	u64 first_wrong;
};

static bool open_is(struct disk *d, const struct model *m, int *ret)
{
	struct kcsd_sidecar_report r;
	struct kcsd_sidecar_journal journal;
	bool is;

	*ret = kcsd_sidecar_journal_open(&journal, &d->io, d->len, &r);
	if (*ret)
		return *ret == -EUCLEAN && r.verdict != KCSD_SIDECAR_VERDICT_SOUND;
	is = model_is(m, &journal.state);
	kcsd_sidecar_journal_close(&journal);
	return is;
}

static void judge(struct disk *d, const struct model *m, const struct model *before,
		  struct count *c, u64 what)
{
	int ret;

	if (open_is(d, m, &ret))
		*(ret ? &c->found : &c->harmless) += 1;
	else if (before && !ret && open_is(d, before, &ret))
		c->lost_last++;
	else if (!c->wrong++)
		c->first_wrong = what;
}

static void verdict_of(const struct count *c, u32 file, const char *what)
{
	tap_point(!c->wrong && c->harmless + c->found > 0, "file %u: %s: %u harmless, %u detected",
		  file, what, c->harmless, c->found);
	if (c->wrong)
		tap_note("%u wrong, the first at %llu", c->wrong,
			 (unsigned long long)c->first_wrong);
}

static void each_byte(struct disk *d, const struct model *m, u32 file)
{
	struct count c = {};
	u64 at;

	for (at = 0; at < d->len; at++) {
		u8 flip = 1 + below(255);

		d->now[at] ^= flip;
		judge(d, m, NULL, &c, at);
		d->now[at] ^= flip;
	}
	verdict_of(&c, file, "each byte");
	tap_point(!c.found, "file %u: no single damaged byte makes it unusable", file);
}

static void each_sector(struct disk *d, const struct model *m, u32 file, bool zero)
{
	u8 save[KCSD_SIDECAR_SECTOR];
	struct count c = {};
	u64 at;
	u32 i;

	for (at = 0; at < d->len; at += sizeof(save)) {
		memcpy(save, d->now + at, sizeof(save));
		for (i = 0; i < sizeof(save); i++)
			d->now[at + i] = zero ? 0 : below(256);
		judge(d, m, NULL, &c, at);
		memcpy(d->now + at, save, sizeof(save));
	}
	verdict_of(&c, file, zero ? "each sector zeroed" : "each sector overwritten");
	tap_point(!c.found, "file %u: no single damaged sector makes it unusable", file);
}

/*
 * Damage two sectors in a row, which are both copies of some data. Damage to both copies of the
 * last record looks like a torn write; in any other record it must be found.
 */
static void each_pair(struct disk *d, const struct model *m, const struct model *before, u32 file)
{
	u8 save[2 * KCSD_SIDECAR_SECTOR];
	struct count c = {};
	u64 at;

	for (at = 0; at + sizeof(save) <= d->len; at += KCSD_SIDECAR_SECTOR) {
		memcpy(save, d->now + at, sizeof(save));
		memset(d->now + at, 0xff, sizeof(save));
		judge(d, m, before, &c, at);
		memcpy(d->now + at, save, sizeof(save));
	}
	verdict_of(&c, file, "each two sectors");
	tap_point(c.found > 5 && c.lost_last <= 3,
		  "file %u: %u damaged copies lost the last change",
		  file, c.lost_last);
}

static void each_length(struct disk *d, u32 file)
{
	struct kcsd_sidecar_report r;
	struct kcsd_sidecar_journal journal;
	u64 len, full = d->len;
	u32 wrong = 0;

	for (len = 0; len < full; len++) {
		d->len = len;
		if (kcsd_sidecar_journal_open(&journal, &d->io, len, &r) != -EUCLEAN)
			wrong++;
	}
	d->len = full;
	tap_point(!wrong, "file %u: every shorter length is detected", file);
}

static void each_longer(const struct disk *d, u32 file)
{
	struct kcsd_sidecar_report r;
	struct kcsd_sidecar_journal journal;
	u32 wrong = 0;
	u64 more;

	for (more = 1; more <= 2 * 8192; more += 1 + below(97)) {
		struct disk *longer = disk_create(d->len + more);

		memcpy(longer->now, d->now, d->len);
		if (kcsd_sidecar_journal_open(&journal, &longer->io, longer->len, &r) != -EUCLEAN)
			wrong++;
		disk_destroy(longer);
	}
	tap_point(!wrong, "file %u: greater lengths are detected", file);
}

/* Test damage without effect: it is gone after the file has been rewritten. */
static void healed(struct disk *d, const struct model *m, u32 file)
{
	struct kcsd_sidecar_report r;
	struct kcsd_sidecar_journal journal;
	struct disk *copy;
	u32 wrong = 0, healed = 0;
	u64 at;

	for (at = 0; at < d->len; at += 100) {
		copy = disk_copy(d);
		copy->now[at] ^= 0x10;
		if (kcsd_sidecar_journal_open(&journal, &copy->io, copy->len, &r)) {
			wrong++;
		} else {
			healed += r.damaged;
			wrong += r.damaged > 1 || kcsd_sidecar_journal_rewrite(&journal);
			kcsd_sidecar_journal_close(&journal);
			wrong += kcsd_sidecar_journal_open(&journal, &copy->io, copy->len, &r) ||
				 r.damaged || !model_is(m, &journal.state);
			kcsd_sidecar_journal_close(&journal);
		}
		disk_destroy(copy);
	}
	tap_point(!wrong && healed > 20, "file %u: %u damaged copies are repaired", file, healed);
}

void damage_tests(void)
{
	struct kcsd_sidecar_report r;
	struct kcsd_sidecar_journal journal;
	struct model m, before;
	struct disk *d;
	u32 i;

	for (i = 0; i < FILES; i++) {
		seed(100 + i);
		d = model_use(&m, MODEL_FILE, 15 + 20 * i);
		before = m;
		kcsd_sidecar_journal_open(&journal, &d->io, d->len, &r);
		/*
		 * Append a record that does not change halves, because then the last record would
		 * not be alone.
		 */
		if (kcsd_sidecar_journal_append(&journal, i % 2 ? model_change_zones(&m) :
						      model_load(&m, i, 600)))
			abort();
		kcsd_sidecar_journal_close(&journal);
		each_byte(d, &m, i);
		each_sector(d, &m, i, true);
		each_sector(d, &m, i, false);
		each_pair(d, &m, &before, i);
		each_length(d, i);
		each_longer(d, i);
		healed(d, &m, i);
		disk_destroy(d);
	}
}
