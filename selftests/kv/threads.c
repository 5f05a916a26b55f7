// SPDX-License-Identifier: GPL-2.0
/* Several threads, each with keys of its own, against what each has stored. */
#include "tests.h"

#define THREADS		4
#define KEYS		48

struct worker {
	struct kcsd_kv *kv;
	u32 nr;
	u32 steps;
	u64 random;
	u32 wrong;
	int first;
	struct version now[KEYS];
};

static u32 next(struct worker *w, u32 n)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return (w->random >> 20) % n;
}

static void wrong(struct worker *w, int ret)
{
	if (!w->wrong++)
		w->first = ret;
}

static void step(struct worker *w)
{
	u32 key = next(w, KEYS), what = next(w, 22), len;
	struct kcsd_kv_name name = name_of(w->nr * KEYS + key);
	struct version *v = &w->now[key];
	u32 flags = next(w, 3) ? 0 : KCSD_KV_NOWAIT;
	int ret;

	if (what < 10) {
		len = next(w, 8) ? next(w, 4000) : next(w, 300000);
		ret = store(w->kv, &name, len, key + what, flags);
		if (!ret)
			*v = (struct version){ true, len, key + what };
		else if (ret != KCSD_SC_CAPACITY_EXCEEDED && ret != -EAGAIN && ret != -EBUSY)
			wrong(w, ret);
	} else if (what < 13) {
		ret = kcsd_kv_delete(w->kv, &name, flags, NULL);
		if (!ret)
			v->there = false;
		else if (ret != -EAGAIN && (ret != KCSD_SC_NO_KEY || v->there))
			wrong(w, ret);
	} else if (what < 21) {
		ret = expect(w->kv, &name, v->len, v->tag);
		if (ret != (v->there ? 0 : KCSD_SC_NO_KEY))
			wrong(w, ret);
	} else {
		ret = kcsd_kv_flush(w->kv);
		if (ret)
			wrong(w, ret);
	}
}

static void *work(void *arg)
{
	struct worker *w = arg;
	u32 i;

	for (i = 0; i < w->steps; i++)
		step(w);
	return NULL;
}

static void run(struct worker *workers, struct kcsd_kv *kv, u32 steps)
{
	pthread_t ids[THREADS];
	u32 i;

	for (i = 0; i < THREADS; i++) {
		workers[i].kv = kv;
		workers[i].nr = i;
		workers[i].steps = steps;
		workers[i].random = workers[i].random ?: i * 7919 + 13;
		pthread_create(&ids[i], NULL, work, &workers[i]);
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(ids[i], NULL);
}

static void threads(struct disk *d, u64 size)
{
	static struct worker workers[THREADS];
	struct model m;
	u32 i, round, sum = 0;

	memset(workers, 0, sizeof(workers));
	model_init(&m, d, size);
	if (model_open(&m))
		abort();
	for (round = 0; round < rounds(2); round++) {
		run(workers, m.kv, 800);
		if (!d)
			continue;
		model_close(&m);
		if (model_open(&m))
			abort();
	}
	for (i = 0; i < THREADS; i++)
		sum += workers[i].wrong;
	IS(sum, 0, "%u threads, %s of %u MiB", THREADS, d ? "a file" : "memory",
	   (u32)(size >> 20));
	if (sum)
		tap_note("the first: %d", workers[0].first);
	model_close(&m);
}

void threads_tests(void)
{
	struct disk *d = disk_create(96 << 20), *small = disk_create(64 << 20);

	threads(NULL, 32 << 20);
	threads(NULL, 4 << 20);
	threads(d, 32 << 20);
	threads(small, 4 << 20);
	disk_destroy(d);
	disk_destroy(small);
}
