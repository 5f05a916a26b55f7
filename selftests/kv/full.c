// SPDX-License-Identifier: GPL-2.0
/* A store that is full, and a disk that is. */
#include "store.h"
#include "tests.h"

/* Store objects of this length until there is no room. Returns how many. */
static u32 fill_up(struct kcsd_kv *kv, u32 len)
{
	struct kcsd_kv_name name;
	u32 nr;

	for (nr = 0;; nr++) {
		name = name_of(nr);
		if (store(kv, &name, len, nr, 0))
			return nr;
	}
}

static u32 check_all(struct kcsd_kv *kv, u32 nr, u32 len, u32 generation)
{
	struct kcsd_kv_name name;
	u32 i, wrong = 0;

	for (i = 0; i < nr; i++) {
		name = name_of(i);
		wrong += expect(kv, &name, len, i + generation) != 0;
	}
	return wrong;
}

/* Overwrite all objects of a full store. Returns how many failed. */
static u32 overwrite_all(struct kcsd_kv *kv, u32 nr, u32 len, u32 generation)
{
	struct kcsd_kv_name name;
	u32 i, failed = 0;

	for (i = 0; i < nr && !failed; i++) {
		/* Each once, not in the order in which they lie. */
		u32 key = i % 2 ? nr - 1 - i / 2 : i / 2;

		name = name_of(key);
		failed += store(kv, &name, len, key + generation, 0) != 0;
	}
	return failed;
}

static void churn(struct disk *d, u32 len, u32 percent)
{
	struct kcsd_kv_config c = { .size = 8 << 20, .max_value = 2 << 20, .max_keys = 100000 };
	struct kcsd_kv_stats stats;
	struct kcsd_kv_name name;
	struct kcsd_kv *kv;
	char why[100];
	u32 nr, k, failed = 0, i;
	u64 charge = 0;

	if (kcsd_kv_open(&c, d ? &d->medium : NULL, &kv, why, sizeof(why)))
		abort();
	nr = fill_up(kv, len);
	kcsd_kv_get_stats(kv, &stats);
	OK(stats.used <= stats.size && stats.used >= stats.size / 100 * percent,
	   "%s: values of %u bytes fill %u of 100", d ? "a file" : "memory", len,
	   (u32)(stats.used * 100 / stats.size));
	for (i = 0; i < nr; i++)
		charge += kcsd_kv_charge(name_of(i).len, len);
	IS(stats.room, stats.size - charge, "and what is left is as charged");
	OK(stats.room < kcsd_kv_charge(name_of(nr).len, len), "which is too little for one more");
	for (k = 1; k <= rounds(3); k++)
		failed += overwrite_all(kv, nr, len, k * 1000);
	IS(failed, 0, "overwrite all of it");
	IS(check_all(kv, nr, len, (k - 1) * 1000), 0, "read it");
	for (i = 0; i < nr; i++) {
		name = name_of(i);
		failed += kcsd_kv_delete(kv, &name, 0, NULL) != 0;
	}
	IS(failed, 0, "delete it");
	kcsd_kv_get_stats(kv, &stats);
	IS(stats.used, 0, "nothing is used");
	OK(fill_up(kv, len) >= nr - nr / 20, "and fill it again");
	kcsd_kv_close(kv);
}

/* Overwrite random objects below nr, n times. */
static void make_garbage(struct kcsd_kv *kv, u32 nr, u32 len, u32 n)
{
	struct kcsd_kv_name name;
	u32 key;

	while (n--) {
		key = below(nr);
		name = name_of(key);
		store(kv, &name, len, key, 0);
	}
}

static u64 bytes_moved(struct kcsd_kv *kv)
{
	struct kcsd_kv_stats stats;

	kcsd_kv_get_stats(kv, &stats);
	return stats.moved;
}

/* A store of a full file that cannot succeed does not make compaction rewrite what is there. */
static void in_vain(void)
{
	struct kcsd_kv_config c = { .size = 16 << 20, .max_value = 1 << 20, .max_keys = 100000 };
	struct disk *d = disk_create(64 << 20);
	struct kcsd_kv_name one, other;
	struct kcsd_kv *kv;
	char why[100];
	u64 moved, before;
	u32 nr, i, stored = 0;

	seed(17);
	if (kcsd_kv_open(&c, &d->medium, &kv, why, sizeof(why)))
		abort();
	nr = fill_up(kv, 4000);
	make_garbage(kv, nr, 4000, 2 * nr);
	for (i = 0, moved = 0; i < 20; i++) {
		one = name_of(i * 100);
		other = name_of(90000 + i);
		if (kcsd_kv_delete(kv, &one, 0, NULL) || store(kv, &other, 3800, 1, 0))
			abort();
		/* Let segments have something dead, and compaction no other reason. */
		make_garbage(kv, nr, 4000, 30);
		before = bytes_moved(kv);
		stored += !store(kv, &one, 8000, 1, 0);
		moved += bytes_moved(kv) - before;
	}
	OK(!stored && moved < 4 << 20, "a store that is too much moves nothing: %llu bytes",
	   (unsigned long long)moved);
	kcsd_kv_close(kv);
	disk_destroy(d);
}

/* Where nothing is to be gained, that is known until something changes. */
static void no_credit(void)
{
	struct kcsd_kv_config c = { .size = 8 << 20, .max_value = 1 << 20, .max_keys = 100000 };
	struct disk *d = disk_create(32 << 20);
	struct kcsd_kv_name one, other = name_of(89999);
	struct kcsd_kv *kv;
	char why[100];
	u64 rounds;
	u32 nr, i, stored = 0;

	if (kcsd_kv_open(&c, &d->medium, &kv, why, sizeof(why)))
		abort();
	nr = fill_up(kv, 4000);
	/* The records of all of these are in an open segment: none can be forgotten. */
	one = name_of(nr - 1);
	kcsd_kv_delete(kv, &one, 0, NULL);
	for (i = 90000; ; i++) {
		one = name_of(i);
		if (store(kv, &one, 0, 1, 0))
			break;
	}
	OK(i > 90010, "one deleted makes room for %u empty ones", i - 90000);
	IS(store(kv, &other, 0, 1, 0), KCSD_SC_CAPACITY_EXCEEDED, "but not for one more");
	rounds = READ_ONCE(kv->rounds);
	for (i = 0; i < 100; i++)
		stored += !store(kv, &other, 0, 1, 0);
	OK(!stored && READ_ONCE(kv->rounds) - rounds < 2,
	   "compaction does not look again: %llu rounds",
	   (unsigned long long)(READ_ONCE(kv->rounds) - rounds));
	for (i = 0; i < 10; i++) {
		one = name_of(i);
		kcsd_kv_delete(kv, &one, 0, NULL);
	}
	IS(store(kv, &other, 0, 1, 0), 0, "once others are deleted, there is room");
	kcsd_kv_close(kv);
	disk_destroy(d);
}

/* A disk without room: everything before is there, and when there is room it goes on. */
static void disk_full(bool reserves)
{
	struct disk *d = disk_create(64 << 20);
	struct kcsd_kv_config c = { .size = 24 << 20, .max_value = 1 << 20, .max_keys = 100000 };
	struct kcsd_kv *kv;
	struct kcsd_kv_name name = name_of(99999);
	char why[100];
	u32 nr;

	d->reserves = reserves;
	if (kcsd_kv_open(&c, &d->medium, &kv, why, sizeof(why)))
		abort();
	d->room = d->blocks + (10 << 20) / KCSD_KV_BLOCK;
	nr = fill_up(kv, 5000);
	OK(nr > 1000, "a full disk, %s: %u values", reserves ? "reserved" : "not reserved", nr);
	IS(check_all(kv, nr, 5000, 0), 0, "what was stored is there");
	IS(kcsd_kv_flush(kv), 0, "flush");
	d->room = 0;
	IS(store(kv, &name, 300000, 1, KCSD_KV_DURABLE), 0, "with room, it goes on");
	kcsd_kv_cut(kv, 7);
	kcsd_kv_close(kv);
	if (kcsd_kv_open(&c, &d->medium, &kv, why, sizeof(why)))
		abort();
	IS(check_all(kv, nr, 5000, 0) + expect(kv, &name, 300000, 1), 0, "all is durable");
	kcsd_kv_close(kv);
	disk_destroy(d);
}

/* Delete every other object below nr. Returns how many failed. */
static u32 delete_half(struct kcsd_kv *kv, u32 nr)
{
	struct kcsd_kv_name name;
	u32 i, failed = 0;

	for (i = 1; i < nr; i += 2) {
		name = name_of(i);
		failed += kcsd_kv_delete(kv, &name, 0, NULL) != 0;
	}
	return failed;
}

/* Store every other object below nr. Returns how many failed. */
static u32 store_half(struct kcsd_kv *kv, u32 nr, u32 len, u32 generation)
{
	struct kcsd_kv_name name;
	u32 i, failed = 0;

	for (i = 1; i < nr; i += 2) {
		name = name_of(i);
		failed += store(kv, &name, len, i + generation, 0) != 0;
	}
	return failed;
}

static u32 check_half(struct kcsd_kv *kv, u32 first, u32 nr, u32 len, u32 generation)
{
	struct kcsd_kv_name name;
	u32 i, wrong = 0;

	for (i = first; i < nr; i += 2) {
		name = name_of(i);
		wrong += expect(kv, &name, len, i + generation) != 0;
	}
	return wrong;
}

/* Open a store on a disk that is full, after a power cut or a shutdown. */
static struct kcsd_kv *open_again(struct kcsd_kv *kv, const struct kcsd_kv_config *c,
				  struct disk *d, bool cut)
{
	char why[100];

	if (cut)
		kcsd_kv_cut(kv, 3);
	kcsd_kv_close(kv);
	if (kcsd_kv_open(c, &d->medium, &kv, why, sizeof(why)))
		abort();
	return kv;
}

/* On a full disk, deletes make room, again and again, also after the power was off. */
static void disk_full_deletes(u32 len, bool cut, bool reserves)
{
	struct disk *d = disk_create(64 << 20);
	struct kcsd_kv_config c = { .size = 24 << 20, .max_value = 1 << 20, .max_keys = 100000 };
	struct kcsd_kv *kv;
	char why[100];
	u32 nr, most, k;

	d->reserves = reserves;
	if (kcsd_kv_open(&c, &d->medium, &kv, why, sizeof(why)))
		abort();
	d->room = d->blocks + (10 << 20) / KCSD_KV_BLOCK;
	nr = fill_up(kv, len);
	/* Each lane has a segment, which need not be full, and two are kept. */
	most = nr / 2;
	OK((u64)nr * len > 3 << 20, "a full disk has %u values of %u bytes", nr, len);
	IS(kcsd_kv_flush(kv), 0, "flush");
	for (k = 1; k <= rounds(4); k++) {
		kv = open_again(kv, &c, d, cut);
		IS(delete_half(kv, k > 1 ? most : nr), 0, "delete half of them");
		IS(store_half(kv, most, len, k), 0, "store half as many");
		IS(kcsd_kv_flush(kv), 0, "flush");
		IS(check_half(kv, 0, nr, len, 0) + check_half(kv, 1, most, len, k), 0,
		   "all are there");
	}
	kcsd_kv_close(kv);
	disk_destroy(d);
}

/* Store with write-through until one fails. Returns how many did not. *wrong: that one did. */
static u32 store_durably(struct kcsd_kv *kv, u32 len, u32 generation, u32 old, u32 *wrong)
{
	struct kcsd_kv_name name;
	u32 nr;
	int ret;

	for (nr = 0;; nr++) {
		name = name_of(nr);
		if (store(kv, &name, len, nr + generation, KCSD_KV_DURABLE))
			break;
	}
	ret = expect(kv, &name, old, nr);
	*wrong = ret != (old ? 0 : KCSD_SC_NO_KEY);
	return nr;
}

/* A store with write-through that a full disk has no room for changes nothing. */
static void durable_or_not(bool reserves)
{
	struct disk *d = disk_create(64 << 20);
	struct kcsd_kv_config c = { .size = 24 << 20, .max_value = 1 << 20, .max_keys = 100000 };
	struct kcsd_kv *kv;
	char why[100];
	u32 nr, longer, wrong;

	d->reserves = reserves;
	if (kcsd_kv_open(&c, &d->medium, &kv, why, sizeof(why)))
		abort();
	d->room = d->blocks + (8 << 20) / KCSD_KV_BLOCK;
	nr = store_durably(kv, 40000, 0, 0, &wrong);
	OK(nr > 50 && !wrong, "a full disk, %s: value %u is not there", reserves ? "reserved" :
	   "not reserved", nr);
	longer = store_durably(kv, 70000, 1000, 40000, &wrong);
	OK(longer < nr && !wrong, "value %u, overwritten, is the old one", longer);
	kv = open_again(kv, &c, d, true);
	IS(check_all(kv, longer, 70000, 1000), 0, "what was overwritten is there");
	wrong = 0;
	for (; longer < nr; longer++) {
		struct kcsd_kv_name name = name_of(longer);

		wrong += expect(kv, &name, 40000, longer) != 0;
	}
	IS(wrong, 0, "and what was not");
	kcsd_kv_close(kv);
	disk_destroy(d);
}

/* Opened while the disk is full: once there is room, some is kept for later. */
static void full_at_first(void)
{
	struct disk *d = disk_create(64 << 20);
	struct kcsd_kv_config c = { .size = 24 << 20, .max_value = 1 << 20, .max_keys = 100000 };
	struct kcsd_kv *kv;
	char why[100];
	u32 nr;

	d->room = 100;
	if (kcsd_kv_open(&c, &d->medium, &kv, why, sizeof(why)))
		abort();
	IS(fill_up(kv, 5000), 0, "a disk without room");
	pthread_mutex_lock(&d->lock);
	d->room = (10 << 20) / KCSD_KV_BLOCK;
	pthread_mutex_unlock(&d->lock);
	nr = fill_up(kv, 5000);
	OK(nr > 500, "with some room it has %u values", nr);
	IS(delete_half(kv, nr), 0, "delete half of them");
	IS(store_half(kv, nr / 2, 5000, 0), 0, "store half as many");
	kcsd_kv_close(kv);
	disk_destroy(d);
}

/*
 * Closed while the disk has no room for what it had reserved, as one that copies on write: that is
 * told, and what was flushed is there.
 */
static void close_full(void)
{
	struct disk *d = disk_create(64 << 20);
	struct kcsd_kv_config c = { .size = 24 << 20, .max_value = 1 << 20, .max_keys = 100000 };
	struct kcsd_kv_name name = name_of(1);
	struct kcsd_kv *kv;
	char why[100];

	if (kcsd_kv_open(&c, &d->medium, &kv, why, sizeof(why)))
		abort();
	IS(store(kv, &name, 5000, 1, KCSD_KV_DURABLE), 0, "a durable value");
	d->error = -ENOSPC;
	d->fail_until = U64_MAX;
	d->fail_at = d->calls + 1;
	name = name_of(2);
	IS(store(kv, &name, 50000, 1, 0), 0, "another, which is not");
	IS(kcsd_kv_flush(kv), KCSD_SC_CAPACITY_EXCEEDED, "it cannot become durable");
	IS(kcsd_kv_close(kv), -ENOSPC, "nor when it is closed");
	d->fail_at = 0;
	if (kcsd_kv_open(&c, &d->medium, &kv, why, sizeof(why)))
		abort();
	name = name_of(1);
	IS(expect(kv, &name, 5000, 1), 0, "the durable one is there");
	name = name_of(2);
	IS(store(kv, &name, 50000, 2, 0), 0, "with room, it goes on");
	IS(kcsd_kv_close(kv), 0, "and is closed");
	disk_destroy(d);
}

/* Readers have values of all segments: no room, but nobody waits for ever. */
static void all_pinned(struct disk *d)
{
	static struct kcsd_kv_value values[500];
	struct kcsd_kv_config c = { .size = 8 << 20, .max_value = 1 << 20, .max_keys = 1000 };
	struct kcsd_kv_name name;
	struct kcsd_kv *kv;
	char why[100];
	u32 nr, i, k, failed = 0;

	if (kcsd_kv_open(&c, d ? &d->medium : NULL, &kv, why, sizeof(why)))
		abort();
	nr = min(fill_up(kv, 20000), 500U);
	for (i = 0; i < nr; i++) {
		name = name_of(i);
		kcsd_kv_value_get(kv, &name, &values[i]);
	}
	for (k = 1; k < 10 && !failed; k++)
		failed = overwrite_all(kv, 10, 20000, k * 1000) +
			 overwrite_all(kv, nr, 20000, k * 1000);
	OK(failed, "no room while values are read");
	for (i = 0; i < nr; i++)
		kcsd_kv_value_put(kv, &values[i]);
	IS(overwrite_all(kv, nr, 20000, 5000), 0, "there is room after that");
	IS(check_all(kv, nr, 20000, 5000), 0, "read it");
	kcsd_kv_close(kv);
}

struct writer {
	struct kcsd_kv *kv;
	u32 key;
	u32 len;
	u32 failed;
};

static void *overwrite_often(void *arg)
{
	struct writer *w = arg;
	struct kcsd_kv_name name = name_of(w->key);
	u32 i;

	for (i = 0; i < 30; i++)
		w->failed += store(w->kv, &name, w->len, i, 0) != 0;
	return NULL;
}

/* Two overwrite large values of a full store at once: each needs the bytes that one may borrow. */
static void large_at_once(void)
{
	struct kcsd_kv_config c = { .size = 8 << 20, .max_value = 2 << 20, .max_keys = 1000 };
	struct writer w[2];
	pthread_t threads[2];
	struct kcsd_kv *kv;
	char why[100];
	u32 nr, i;

	if (kcsd_kv_open(&c, NULL, &kv, why, sizeof(why)))
		abort();
	nr = fill_up(kv, 2000000);
	OK(nr > 2, "a full store has %u large values", nr);
	for (i = 0; i < 2; i++) {
		w[i] = (struct writer){ .kv = kv, .key = i, .len = 2000000 };
		pthread_create(&threads[i], NULL, overwrite_often, &w[i]);
	}
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	IS(w[0].failed + w[1].failed, 0, "two are overwritten at once");
	kcsd_kv_close(kv);
}

static bool always(void *ctx)
{
	++*(u32 *)ctx;
	return true;
}

/* Overwrite and get values until no segment is free; fill the open one. Returns how many. */
static u32 take_segments(struct kcsd_kv *kv, struct kcsd_kv_value *values, u32 most)
{
	struct kcsd_kv_name name;
	u32 nr, i;

	for (nr = 0; nr < most; nr++) {
		name = name_of(nr % 50);
		if (store(kv, &name, 20000, nr, 0))
			break;
		kcsd_kv_value_get(kv, &name, &values[nr]);
	}
	for (i = 0; i < 10000; i++) {
		name = name_of(1000 + i);
		if (store(kv, &name, 0, i, KCSD_KV_NOWAIT))
			break;
	}
	return nr;
}

/* A delete that waits for room ends when it is told to. */
static void delete_stops(void)
{
	static struct kcsd_kv_value values[2000];
	struct kcsd_kv_config c = { .size = 8 << 20, .max_value = 1 << 20, .max_keys = 20000 };
	struct kcsd_kv_name name = name_of(1000);
	struct disk *d = disk_create(32 << 20);
	u32 nr, i, asked = 0;
	struct kcsd_kv_stop stop = { always, &asked };
	struct kcsd_kv *kv;
	char why[100];

	if (kcsd_kv_open(&c, &d->medium, &kv, why, sizeof(why)))
		abort();
	nr = take_segments(kv, values, ARRAY_SIZE(values));
	IS(kcsd_kv_delete(kv, &name, 0, &stop), KCSD_SC_ABORT_REQUESTED,
	   "a delete without room ends when it is told to");
	IS(asked, 1, "at once");
	IS(kcsd_kv_delete(kv, &name, 0, NULL), -EBUSY, "or in its time: readers have the room");
	OK(kcsd_kv_exists(kv, &name), "both have changed nothing");
	for (i = 0; i < nr; i++)
		kcsd_kv_value_put(kv, &values[i]);
	IS(kcsd_kv_delete(kv, &name, 0, NULL), 0, "it succeeds once there is room");
	kcsd_kv_close(kv);
	disk_destroy(d);
}

static void most_keys(void)
{
	struct kcsd_kv_config c = { .size = 8 << 20, .max_value = 1 << 20, .max_keys = 100 };
	struct kcsd_kv_name name = name_of(5);
	struct disk *d = disk_create(32 << 20);
	struct kcsd_kv *kv;
	char why[100];

	if (kcsd_kv_open(&c, &d->medium, &kv, why, sizeof(why)))
		abort();
	IS(fill_up(kv, 10), 100, "max_keys");
	IS(store(kv, &name, 20, 1, 0), 0, "overwrite one of them");
	IS(kcsd_kv_delete(kv, &name, 0, NULL), 0, "delete one");
	name = name_of(1000);
	kcsd_kv_flush(kv);
	IS(store(kv, &name, 20, 1, 0), 0, "store another");
	kcsd_kv_close(kv);
	disk_destroy(d);
}

void full_tests(void)
{
	static const struct {
		u32 len;
		u32 percent;
	} sizes[] = { { 100, 30 }, { 4000, 90 }, { 50000, 97 }, { 1000000, 90 } };
	struct disk *d;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		churn(NULL, sizes[i].len, sizes[i].percent);
		d = disk_create(32 << 20);
		churn(d, sizes[i].len, sizes[i].percent);
		disk_destroy(d);
	}
	in_vain();
	no_credit();
	all_pinned(NULL);
	d = disk_create(32 << 20);
	all_pinned(d);
	disk_destroy(d);
	disk_full(true);
	disk_full(false);
	disk_full_deletes(5000, true, true);
	disk_full_deletes(5000, false, true);
	disk_full_deletes(100, true, true);
	disk_full_deletes(200000, true, true);
	disk_full_deletes(5000, true, false);
	disk_full_deletes(100, false, false);
	disk_full_deletes(200000, true, false);
	durable_or_not(true);
	durable_or_not(false);
	full_at_first();
	close_full();
	large_at_once();
	delete_stops();
	most_keys();
}
