// SPDX-License-Identifier: GPL-2.0
/*
 * Cut the power at each write and sync of a small store, again and again: with none, all, all but
 * one, only one of the calls that were not synced, with any blocks, with any sectors of them.
 */
#include "tests.h"
#include "trace.h"

#define KEYS	30

/* What the script did: changes and flushes, with the calls that were made before and after. */
struct event {
	bool flush;
	u32 key;
	struct version v;
	u32 begin, end;
};

struct script {
	struct kcsd_kv_config config;
	struct disk *start, *disk;
	struct trace trace;
	struct event *events;
	u32 nr;
	u32 tag;
	u32 wrong;
	char what[200];
};

static void script_wrong(struct script *s, const char *what, u32 at, int ret)
{
	if (!s->wrong++)
		snprintf(s->what, sizeof(s->what), "call %u of %u: %s: %d", at, s->trace.nr, what,
			 ret);
}

/* ---- run ---- */

static void note_event(struct script *s, struct event e)
{
	e.end = trace_now(&s->trace);
	s->events[s->nr++] = e;
}

static void step(struct script *s, struct kcsd_kv *kv)
{
	struct event e = { .key = below(KEYS), .begin = trace_now(&s->trace) };
	struct kcsd_kv_name name = name_of(e.key);
	u32 what = below(16), len = below(8) ? below(6000) : below(400000);
	int ret;

	if (what < 9) {
		e.v = (struct version){ true, len, ++s->tag };
		ret = store(kv, &name, len, e.v.tag, 0);
		if (ret && ret != KCSD_SC_CAPACITY_EXCEEDED && ret != -EBUSY)
			script_wrong(s, "store", e.begin, ret);
	} else if (what < 14) {
		ret = kcsd_kv_delete(kv, &name, 0, NULL);
		if (ret && ret != KCSD_SC_NO_KEY)
			script_wrong(s, "delete", e.begin, ret);
	} else {
		e.flush = true;
		ret = kcsd_kv_flush(kv);
		if (ret)
			script_wrong(s, "flush", e.begin, ret);
	}
	if (!ret)
		note_event(s, e);
}

/* Run the script on a copy of the disk that it begins with. */
static void run(struct script *s, u32 steps)
{
	struct kcsd_kv *kv;
	char why[100];
	u32 i;

	trace_init(&s->trace, s->disk);
	if (kcsd_kv_open(&s->config, &s->trace.medium, &kv, why, sizeof(why)))
		abort();
	for (i = 0; i < steps; i++)
		step(s, kv);
	kcsd_kv_close(kv);
	/* Power off is a flush. */
	note_event(s, (struct event){ .flush = true });
}

/* ---- look ---- */

static bool is(struct kcsd_kv *kv, u32 key, const struct version *v, int *ret)
{
	struct kcsd_kv_name name = name_of(key);

	*ret = expect(kv, &name, v->len, v->tag);
	return *ret == (v->there ? 0 : KCSD_SC_NO_KEY);
}

/* Return true if a key is what it was at the last flush before a call, or has become since. */
static bool may_be(struct script *s, struct kcsd_kv *kv, u32 key, u32 at, struct version *found)
{
	struct version durable = {};
	u32 i, flushed = 0;
	int ret;

	for (i = 0; i < s->nr; i++)
		if (s->events[i].flush && s->events[i].end <= at)
			flushed = i + 1;
	for (i = 0; i < flushed; i++)
		if (!s->events[i].flush && s->events[i].key == key)
			durable = s->events[i].v;
	*found = durable;
	if (is(kv, key, &durable, &ret))
		return true;
	for (; i < s->nr && s->events[i].begin <= at; i++) {
		*found = s->events[i].v;
		if (!s->events[i].flush && s->events[i].key == key && is(kv, key, found, &ret))
			return true;
	}
	return false;
}

static void look_at(struct script *s, struct kcsd_kv *kv, u32 at, struct version *found)
{
	struct kcsd_kv_name names[KEYS + 1], from = {};
	u32 key, there = 0;

	for (key = 0; key < KEYS; key++) {
		if (!may_be(s, kv, key, at, &found[key]))
			script_wrong(s, "key is nothing that it was", at, key);
		there += found[key].there;
	}
	if (keys_from(kv, &from, names, KEYS + 1) != there)
		script_wrong(s, "list", at, there);
}

static void validate(struct script *s, struct disk *d, u32 at)
{
	struct kcsd_kv_report report = {};
	int ret = kcsd_kv_file_validate(&d->medium, &report, NULL, NULL);

	/* Before the first sync there is nothing. */
	if (ret && at < 4)
		return;
	if (ret || report.damaged || report.lost)
		script_wrong(s, "validation", at, ret);
}

/* Open the disk and look. again: store something, cut the power, and open it once more. */
static void look(struct script *s, struct disk *d, u32 at, bool again)
{
	struct version found[KEYS];
	struct kcsd_kv *kv;
	char why[100];
	u32 key;
	int ret;

	validate(s, d, at);
	ret = kcsd_kv_open(&s->config, &d->medium, &kv, why, sizeof(why));
	if (ret) {
		if (at >= 4)
			script_wrong(s, "open", at, ret);
		return;
	}
	look_at(s, kv, at, found);
	/* What was found stays: torn records do not come back. */
	if (again) {
		struct kcsd_kv_name name = name_of(5000);

		for (key = 0; key < 3; key++)
			store(kv, &name, 3000, key, key ? 0 : KCSD_KV_DURABLE);
		kcsd_kv_cut(kv, at);
	} else {
		kcsd_kv_cut(kv, 1);
	}
	kcsd_kv_close(kv);
	if (!again)
		return;
	disk_crash(d);
	validate(s, d, at);
	if (kcsd_kv_open(&s->config, &d->medium, &kv, why, sizeof(why))) {
		script_wrong(s, "second open", at, 0);
		return;
	}
	for (key = 0; key < KEYS; key++)
		if (!is(kv, key, &found[key], &ret))
			script_wrong(s, "key is not what it was found as", at, key);
	kcsd_kv_close(kv);
}

/* Cut the power in the open that follows a cut. */
static void cut_open(struct script *s, struct disk *d, u32 at)
{
	struct disk *begin = disk_create(d->len), *end = disk_create(d->len);
	struct version found[KEYS];
	struct kcsd_kv *kv;
	struct trace t;
	char why[100];
	u32 i;

	disk_copy(begin, d);
	trace_init(&t, d);
	if (!kcsd_kv_open(&s->config, &t.medium, &kv, why, sizeof(why))) {
		look_at(s, kv, at, found);
		kcsd_kv_cut(kv, 1);
		kcsd_kv_close(kv);
	}
	for (i = 0; i < t.nr; i++) {
		trace_cut(&t, i, begin, end, below(CUT_HOWS), below(4));
		look(s, end, at, false);
	}
	trace_destroy(&t);
	disk_destroy(begin);
	disk_destroy(end);
}

static u32 cut_at(struct script *s, struct disk *d, u32 at)
{
	u32 how, which, nr = 1, images = 0;

	for (how = 0; how < CUT_HOWS && !s->wrong; how++) {
		bool each = how == CUT_ONE || how == CUT_BUT_ONE;

		for (which = 0; which < (each ? min(nr, 12U) : 1) && !s->wrong; which++) {
			nr = trace_cut(&s->trace, at, s->start, d, how, which);
			look(s, d, at, below(2));
			images++;
			if (s->wrong)
				printf("# how %u, which %u of %u\n", how, which, nr);
		}
	}
	if (!below(10) && !s->wrong) {
		trace_cut(&s->trace, at, s->start, d, CUT_BLOCKS, 0);
		cut_open(s, d, at);
	}
	return images;
}

static void torture(u32 number, u32 steps)
{
	struct script s = {
		.config = { .size = 2 << 20, .max_value = 400000, .max_keys = 1000 },
		.start = disk_create(20 << 20), .disk = disk_create(20 << 20),
	};
	struct disk *d = disk_create(20 << 20);
	u32 at, images = 0, every = rounds(1) > 1 ? 1 : 23;

	seed(number);
	s.events = calloc(steps + 1, sizeof(*s.events));
	run(&s, steps);
	for (at = below(every); at < s.trace.nr && !s.wrong; at += every)
		images += cut_at(&s, d, at);
	OK(!s.wrong, "power cut at %u calls in %u ways", s.trace.nr / every, images);
	if (s.wrong)
		tap_note("%s", s.what);
	trace_destroy(&s.trace);
	free(s.events);
	disk_destroy(s.start);
	disk_destroy(s.disk);
	disk_destroy(d);
}

/* Returns how many of the objects are there, as they were. */
static u32 count_objects(struct script *s, struct disk *d, u32 *keys)
{
	struct kcsd_kv_name names[2 * KEYS], from = {}, name;
	struct kcsd_kv *kv;
	char why[100];
	u32 i, nr = 0;

	if (kcsd_kv_open(&s->config, &d->medium, &kv, why, sizeof(why)))
		return ~0U;
	for (i = 0; i < KEYS; i++) {
		name = name_of(i);
		nr += !expect(kv, &name, 3000, 1000 + i);
	}
	*keys = keys_from(kv, &from, names, 2 * KEYS);
	kcsd_kv_cut(kv, 1);
	kcsd_kv_close(kv);
	return nr;
}

/* Cut the power while all is erased: all is there, or nothing. */
static void cut_erase(void)
{
	struct script s = {
		.config = { .size = 2 << 20, .max_value = 400000, .max_keys = 1000 },
		.start = disk_create(20 << 20), .disk = disk_create(20 << 20),
	};
	struct disk *d = disk_create(20 << 20);
	struct kcsd_kv_name name;
	u32 i, at, images = 0, bad = 0, all = 0, keys, nr;
	struct kcsd_kv *kv;
	char why[100];

	trace_init(&s.trace, s.disk);
	if (kcsd_kv_open(&s.config, &s.trace.medium, &kv, why, sizeof(why)))
		abort();
	/* In several segments: older values before newer ones, some of these deleted. */
	for (i = 0; i < 8 * KEYS; i++) {
		name = name_of(i / KEYS == 3 ? 100 + i % KEYS : i % KEYS);
		store(kv, &name, i / KEYS == 7 ? 3000 : 30000, 1000 + i % KEYS, 0);
	}
	for (i = 0; i < KEYS; i++) {
		name = name_of(100 + i);
		kcsd_kv_delete(kv, &name, 0, NULL);
	}
	kcsd_kv_flush(kv);
	at = trace_now(&s.trace);
	IS(kcsd_kv_erase(kv), 0, "erase");
	for (; at < s.trace.nr; at++)
		for (i = 0; i < 40; i++, images++) {
			trace_cut(&s.trace, at, s.start, d, i % CUT_HOWS, below(4));
			nr = count_objects(&s, d, &keys);
			bad += keys != nr || (nr && nr != KEYS);
			all += nr == KEYS;
		}
	OK(!bad && all, "power cut in an erase, %u ways: %u have all, %u a part", images, all,
	   bad);
	kcsd_kv_cut(kv, 1);
	kcsd_kv_close(kv);
	trace_destroy(&s.trace);
	disk_destroy(s.start);
	disk_destroy(s.disk);
	disk_destroy(d);
}

void torture_tests(void)
{
	u32 i;

	cut_erase();

	for (i = 0; i < rounds(1); i++)
		torture(100 + i, rounds(1) > 1 ? 1200 : 300);
}
