// SPDX-License-Identifier: GPL-2.0
/*
 * Several threads on a disk on which anything fails at any time: errors of some or all calls, no
 * memory, then the power. What a flush acknowledged is there after that.
 */
#include "tests.h"

#define THREADS		4
#define KEYS		24
#define SINCE		400

struct rough_worker {
	struct kcsd_kv *kv;
	u32 nr;
	u64 random;
	u32 tag;
	struct version durable[KEYS];
	struct version since[KEYS][SINCE];	/* changes that are not promised */
	u32 nr_since[KEYS];
	u32 flushes;
	u32 wrong;
	char what[100];
};

struct rough {
	struct kcsd_kv_config config;
	struct disk *disk;
	struct rough_worker workers[THREADS];
};

static u32 next(struct rough_worker *w, u32 n)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return (w->random >> 20) % n;
}

static void wrong(struct rough_worker *w, const char *what, u32 key, int ret)
{
	if (!w->wrong++)
		snprintf(w->what, sizeof(w->what), "%s, key %u: %d", what, key, ret);
}

static bool is_dead(struct disk *d)
{
	bool dead;

	pthread_mutex_lock(&d->lock);
	dead = d->dead;
	pthread_mutex_unlock(&d->lock);
	return dead;
}

static bool may_be(int ret)
{
	return !ret || ret == KCSD_SC_CAPACITY_EXCEEDED || ret == KCSD_SC_NO_KEY || ret == -EIO ||
	       ret == -ENOMEM || ret == -EAGAIN || ret == -EBUSY;
}

static void note(struct rough_worker *w, u32 key, struct version v)
{
	w->since[key][w->nr_since[key]++] = v;
}

static void change(struct rough_worker *w, u32 key)
{
	struct kcsd_kv_name name = name_of(w->nr * KEYS + key);
	u32 len = next(w, 8) ? next(w, 5000) : next(w, 300000);
	struct version v = { next(w, 10) < 6, len, ++w->tag };
	int ret;

	if (v.there) {
		ret = store(w->kv, &name, len, v.tag, 0);
	} else {
		v = (struct version){};
		ret = kcsd_kv_delete(w->kv, &name, 0, NULL);
	}
	if (!may_be(ret))
		wrong(w, "change", key, ret);
	if (!ret)
		note(w, key, v);
}

/* Flush; what this thread had changed before is durable, unless power failed meanwhile. */
static void flush(struct rough_worker *w, struct disk *d)
{
	u32 key;
	int ret = kcsd_kv_flush(w->kv);

	if (!may_be(ret))
		wrong(w, "flush", 0, ret);
	if (ret || is_dead(d))
		return;
	w->flushes++;
	for (key = 0; key < KEYS; key++)
		if (w->nr_since[key]) {
			w->durable[key] = w->since[key][w->nr_since[key] - 1];
			w->nr_since[key] = 0;
		}
}

struct rough_start {
	struct rough *r;
	struct rough_worker *w;
	u32 steps;
};

static void *work(void *arg)
{
	struct rough_start *start = arg;
	struct rough_worker *w = start->w;
	u32 i, key;

	for (i = 0; i < start->steps && !is_dead(start->r->disk); i++) {
		key = next(w, KEYS);
		if (w->nr_since[key] == SINCE || !next(w, 12))
			flush(w, start->r->disk);
		else
			change(w, key);
	}
	return NULL;
}

static bool is(struct rough_worker *w, u32 key, const struct version *v, int *ret)
{
	struct kcsd_kv_name name = name_of(w->nr * KEYS + key);

	*ret = expect(w->kv, &name, v->len, v->tag);
	return *ret == (v->there ? 0 : KCSD_SC_NO_KEY);
}

/* What is there now was promised before, or done since; take it over. */
static void compare(struct rough_worker *w)
{
	u32 key, i;
	int ret;

	for (key = 0; key < KEYS; key++) {
		bool found = is(w, key, &w->durable[key], &ret);

		for (i = 0; !found && i < w->nr_since[key]; i++) {
			found = is(w, key, &w->since[key][i], &ret);
			if (found)
				w->durable[key] = w->since[key][i];
		}
		if (!found)
			wrong(w, "nothing that it was", key, ret);
		w->nr_since[key] = 0;
	}
}

/* Choose what fails in a round. */
static void choose_errors(struct disk *d)
{
	static const int errors[] = { -EIO, -ENOMEM, -ENOSPC };
	u32 how = below(4);

	pthread_mutex_lock(&d->lock);
	d->error = errors[below(ARRAY_SIZE(errors))];
	d->fail_at = how ? d->calls + 1 + below(60) : 0;
	d->fail_until = how == 1 ? d->fail_at : how == 2 ? d->fail_at + below(8) : ~0ULL;
	d->dead_at = d->calls + 1 + below(120);
	pthread_mutex_unlock(&d->lock);
	if (!below(3))
		fail_allocation(1 + below(300));
}

static int open_store(struct rough *r)
{
	char why[100] = "";
	u32 i, tries;
	struct kcsd_kv *kv;
	int ret = -EIO;

	/* Power on may fail as well. */
	for (tries = 0; ret && tries < 4; tries++) {
		r->disk->fail_at = tries < 3 && below(2) ? r->disk->calls + 1 + below(8) : 0;
		r->disk->fail_until = r->disk->fail_at;
		ret = kcsd_kv_open(&r->config, &r->disk->medium, &kv, why, sizeof(why));
	}
	r->disk->fail_at = 0;
	if (ret)
		wrong(&r->workers[0], why, 0, ret);
	for (i = 0; !ret && i < THREADS; i++)
		r->workers[i].kv = kv;
	return ret;
}

static void validate(struct rough *r)
{
	struct kcsd_kv_report report = {};
	int ret = kcsd_kv_file_validate(&r->disk->medium, &report, NULL, NULL);

	if (ret || report.damaged || report.lost)
		wrong(&r->workers[0], "validation", report.damaged, ret);
}

static void round_of(struct rough *r, u32 steps)
{
	struct rough_start start[THREADS];
	pthread_t ids[THREADS];
	u32 i;

	choose_errors(r->disk);
	for (i = 0; i < THREADS; i++) {
		start[i] = (struct rough_start){ r, &r->workers[i], steps };
		pthread_create(&ids[i], NULL, work, &start[i]);
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(ids[i], NULL);
	fail_allocation(0);
	/* A close is no promise: the disk may be dead or failing. */
	kcsd_kv_close(r->workers[0].kv);
	disk_crash(r->disk);
	validate(r);
	if (open_store(r))
		return;
	for (i = 0; i < THREADS; i++)
		compare(&r->workers[i]);
}

static void rough(u32 number, u32 size)
{
	static struct rough r;
	u32 i, n, nr = rounds(6), bad = 0, flushes = 0;

	r = (struct rough){
		.config = { .size = size, .max_value = 1 << 20, .max_keys = 1000 },
		.disk = disk_create(64 << 20),
	};
	seed(number);
	for (i = 0; i < THREADS; i++) {
		r.workers[i].nr = i;
		r.workers[i].random = i * 7919 + 13;
	}
	if (open_store(&r))
		abort();
	for (n = 0; n < nr && !bad; n++) {
		round_of(&r, 400);
		for (i = 0; i < THREADS; i++)
			bad += r.workers[i].wrong;
	}
	for (i = 0; i < THREADS; i++) {
		flushes += r.workers[i].flushes;
		if (r.workers[i].wrong)
			tap_note("round %u, thread %u: %s", n, i, r.workers[i].what);
	}
	OK(!bad && flushes, "errors and a power cut in a store of %u MiB, %u times, %u flushes",
	   size >> 20, n, flushes);
	if (!bad)
		kcsd_kv_close(r.workers[0].kv);
	disk_destroy(r.disk);
}

void rough_tests(void)
{
	rough(31, 24 << 20);
	rough(32, 4 << 20);
}
