// SPDX-License-Identifier: GPL-2.0
/* Cut the power: what was flushed is there, everything else is old or new. */
#include "tests.h"

static void crash_often(u64 number, u64 size)
{
	struct disk *d = disk_create(64 << 20);
	struct model m;
	u32 round, n, nr = rounds(16);

	seed(number);
	model_init(&m, d, size);
	if (model_open(&m))
		abort();
	for (round = 0; round < nr && !m.wrong; round++) {
		for (n = below(1200); n; n--)
			model_step(&m);
		if (below(3))
			model_crash(&m, below(2));
		else
			model_reopen(&m);
	}
	OK(!m.wrong, "power cuts in a store of %u MiB, %u times", (u32)(size >> 20), round);
	if (m.wrong)
		tap_note("round %u: %s", round, m.what);
	if (m.kv)
		model_close(&m);
	disk_destroy(d);
}

/*
 * On a disk with less room than the store, power cuts take nothing that was promised, and each
 * delete and flush finds room.
 */
static void crash_full(bool reserves)
{
	struct disk *d = disk_create(64 << 20);
	static struct model m;
	u32 round, n, nr = rounds(10);

	seed(31 + reserves);
	d->reserves = reserves;
	model_init(&m, d, 24 << 20);
	if (model_open(&m))
		abort();
	m.most = 900000;
	d->room = d->blocks + (7 << 20) / KCSD_KV_BLOCK;
	for (round = 0; round < nr && !m.wrong; round++) {
		for (n = below(1200); n; n--)
			model_step(&m);
		if (below(3))
			model_crash(&m, below(2));
		else
			model_reopen(&m);
	}
	OK(!m.wrong && m.full > 100, "power cuts on a full disk, %s, %u times, %u stores in vain",
	   reserves ? "reserved" : "not reserved", round, m.full);
	if (m.wrong)
		tap_note("round %u: %s", round, m.what);
	if (m.kv)
		model_close(&m);
	disk_destroy(d);
}

/* Do the same each time, with the power cut at another write or sync. Returns true at the end. */
static bool crash_at(struct disk *d, const struct disk *start, const struct model *begin, u64 at,
		     struct model *m)
{
	u32 n;
	bool end;

	disk_copy(d, start);
	*m = *begin;
	m->disk = d;
	seed(77);
	d->calls = 0;
	if (model_open(m))
		abort();
	d->dead_at = d->calls + at;
	d->dead = false;
	for (n = 0; n < 700; n++) {
		pthread_mutex_lock(&d->lock);
		end = d->dead;
		pthread_mutex_unlock(&d->lock);
		if (end)
			break;
		model_step(m);
	}
	end = n == 700;
	seed(at);
	model_crash(m, 0);
	return end;
}

/* Make a store that is nearly full, so that compaction has to work. */
static void prepare(struct model *m, struct disk *d)
{
	u32 n;

	seed(5);
	model_init(m, d, 6 << 20);
	if (model_open(m))
		abort();
	for (n = 0; n < 1500; n++)
		model_step(m);
	if (model_flush(m))
		abort();
	kcsd_kv_cut(m->kv, 1);
	model_close(m);
}

static void crash_everywhere(void)
{
	struct disk *start = disk_create(32 << 20), *d = disk_create(32 << 20);
	static struct model begin, m;
	u64 at, step = rounds(1) > 1 ? 1 : 5;
	bool end = false;

	prepare(&begin, start);
	for (at = 1; !end && at < 5000; at += step) {
		end = crash_at(d, start, &begin, at, &m);
		if (m.wrong)
			break;
		model_close(&m);
	}
	OK(!m.wrong, "power cut at writes and syncs up to %u", (u32)at);
	if (m.wrong)
		tap_note("at %u: %s", (u32)at, m.what);
	if (m.wrong && m.kv)
		model_close(&m);
	disk_destroy(d);
	disk_destroy(start);
}

/* All syncs fail, and all that was stored reaches the disk nevertheless. */
static void many_unsynced(void)
{
	const u32 len = KCSD_KV_PIECE + 1, nr = rounds(1) > 1 ? 4200 : 100;
	struct kcsd_kv_config c = { .size = (nr + 10ULL) * len, .max_value = len, .max_keys = nr };
	struct disk *d = disk_create(round_up(c.size + c.size / 3 + (64 << 20), 1ULL << 20));
	struct kcsd_kv_name name;
	struct kcsd_kv *kv;
	char why[100] = "";
	u32 i, wrong = 0;
	int ret;

	if (kcsd_kv_open(&c, &d->medium, &kv, why, sizeof(why)))
		abort();
	d->sync_error = -ENOMEM;
	for (i = 0; i < nr; i++) {
		name = name_of(i);
		wrong += store(kv, &name, len, i, 0) != 0;
	}
	IS(kcsd_kv_flush(kv), -ENOMEM, "a flush fails");
	kcsd_kv_close(kv);
	d->sync_error = 0;
	ret = kcsd_kv_open(&c, &d->medium, &kv, why, sizeof(why));
	IS(ret, 0, "open with %u large values that were not synced", nr);
	for (i = 0; !ret && i < nr; i++) {
		name = name_of(i);
		wrong += expect(kv, &name, len, i) != 0;
	}
	IS(wrong, 0, "all are there");
	if (!ret)
		kcsd_kv_close(kv);
	disk_destroy(d);
}

/* A durable delete finds that another one, not yet durable, was first. */
static void deleted_already(void)
{
	struct kcsd_kv_config c = { .size = 8 << 20, .max_value = 1 << 20, .max_keys = 100 };
	struct disk *d = disk_create(32 << 20);
	struct kcsd_kv_name name = name_of(1);
	struct kcsd_kv *kv;
	char why[100];

	if (kcsd_kv_open(&c, &d->medium, &kv, why, sizeof(why)))
		abort();
	store(kv, &name, 1000, 1, KCSD_KV_DURABLE);
	kcsd_kv_delete(kv, &name, 0, NULL);
	IS(kcsd_kv_delete(kv, &name, KCSD_KV_DURABLE, NULL), KCSD_SC_NO_KEY, "there is none");
	d->dead = true;
	kcsd_kv_close(kv);
	d->dead = false;
	memcpy(d->now, d->stable, d->len);
	if (kcsd_kv_open(&c, &d->medium, &kv, why, sizeof(why)))
		abort();
	IS(expect(kv, &name, 1000, 1), KCSD_SC_NO_KEY, "nor after a power cut");
	kcsd_kv_close(kv);
	disk_destroy(d);
}

void crash_tests(void)
{
	deleted_already();
	many_unsynced();
	crash_often(1, 12 << 20);
	crash_often(2, 4 << 20);
	crash_often(3, 24 << 20);
	crash_full(true);
	crash_full(false);
	crash_everywhere();
}
