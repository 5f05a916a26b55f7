// SPDX-License-Identifier: GPL-2.0
/* Threads of the load on namespace 4; each runs until the machine dies or power is cut. */
#include <linux/kcsd.h>

#include "load.h"

typedef unsigned long long ull;

/* Report a change that has completed. epoch: cache_epoch before it was sent. */
static void changed(struct worker *w, unsigned int epoch, const char *what, uint32_t nr,
		    ull version)
{
	if (epoch % 2 && epoch == w->l->cache_epoch)
		say("kv %s %u %llu", what, nr, version);
	else
		say_when_flushed(SAY_OBJECTS, "kv %s %u %llu", what, nr, version);
}

static uint32_t random_len(struct worker *w)
{
	uint32_t kind = worker_random(w, 16);
	uint32_t most = kind < 10 ? 4000 : kind < 15 ? 64000 : OBJECT_MAX - OBJECT_MIN;

	return OBJECT_MIN + worker_random(w, most);
}

static void store_object(struct worker *w, uint32_t nr)
{
	unsigned int epoch = w->l->cache_epoch;
	uint32_t len = random_len(w);
	ull version = ++w->l->version;
	int ret;

	object_make(w->value, nr, version, len);
	ret = drive_store(w->l, nr, w->value, len);
	if (!ret) {
		w->l->objects[nr] = version;
		changed(w, epoch, "stored", nr, version);
	} else if (ret == KCSD_SC_CAPACITY_EXCEEDED) {
		say("kv refused %u %llu", nr, version);
	} else {
		say_bad("store of object %u, %u bytes: %d", nr, len, ret);
	}
}

static void delete_object(struct worker *w, uint32_t nr)
{
	unsigned int epoch = w->l->cache_epoch;
	ull version = ++w->l->version;
	int ret;

	say("kv deleting %u %llu", nr, version);
	ret = drive_delete(w->l, nr);
	if (ret)
		say_bad("delete of object %u: %d", nr, ret);
	w->l->objects[nr] = 0;
	changed(w, epoch, "deleted", nr, version);
}

/* Read an object of this thread, which nobody else changes. */
static void read_object(struct worker *w, uint32_t nr)
{
	ull version = w->l->objects[nr];
	uint32_t len;
	int ret = drive_retrieve(w->l, nr, w->value, OBJECT_MAX, &len);

	if (ret != (version ? 0 : KCSD_SC_NO_KEY))
		say_bad("retrieve of object %u: %d, version %llu", nr, ret, version);
	if (!ret && (!object_is_whole(w->value, nr, len) || w->value->version != version))
		say_bad("object %u is not version %llu", nr, version);
}

static void flush_objects(struct worker *w)
{
	int ret = say_flush(SAY_OBJECTS, drive_flush_objects, w->l);

	if (ret)
		say_bad("flush of objects: %d", ret);
}

void *object_worker(void *worker)
{
	struct worker *w = worker;

	for (;;) {
		uint32_t nr = w->first + worker_random(w, w->nr), what = worker_random(w, 16);

		if (what < 9)
			store_object(w, nr);
		else if (what < 13)
			delete_object(w, nr);
		else
			read_object(w, nr);
		if (!worker_random(w, 500))
			flush_objects(w);
	}
	return NULL;
}

/* Seldom: a power cut waits for the flush that is under way, and is to find something unflushed. */
void *object_flush_worker(void *worker)
{
	struct worker *w = worker;

	for (;;) {
		worker_pause(worker_random(w, 600));
		flush_objects(w);
	}
	return NULL;
}

static int cache_off(struct load *l)
{
	return drive_set_cache(l, false);
}

/* Turn the volatile write cache off and on, which makes durable what has completed. */
void *cache_worker(void *worker)
{
	struct worker *w = worker;
	int ret;

	for (;;) {
		worker_pause(worker_random(w, 1500));
		ret = say_flush(SAY_OBJECTS, cache_off, w->l);
		if (ret)
			say_bad("write cache off: %d", ret);
		w->l->cache_epoch++;
		worker_pause(worker_random(w, 500));
		w->l->cache_epoch++;
		ret = drive_set_cache(w->l, true);
		if (ret)
			say_bad("write cache on: %d", ret);
	}
	return NULL;
}
