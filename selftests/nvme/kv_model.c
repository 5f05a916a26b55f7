// SPDX-License-Identifier: GPL-2.0
/*
 * Random commands on objects by several threads, compared with a map in the test; with power cycles
 * and power cuts where the objects are in a file.
 *
 * Each thread has its own keys, so it knows what each of them must have. A value is made from its
 * key and a number, which is its first word.
 */
#include "harness.h"
#include "kv.h"
#include "timing.h"

#include <pthread.h>
#include <stdlib.h>

#define THREADS		4
#define KEYS		40	/* of each thread */
#define MAX_LEN		(300 << 10)
#define ROUNDS		6
#define COMMANDS	400	/* of each thread in a round */

/* What a key has. */
struct key {
	__u64 number;		/* of the value; 0: none */
	__u32 len;
};

struct worker {
	pthread_t thread;
	int fd, nr;
	unsigned int seed;
	struct key key[KEYS];		/* as the last command left it */
	struct key durable[KEYS];	/* as it was at the last flush */
	bool unsure[KEYS];		/* changed since then */
	__u64 last;			/* number of a value */
	__u8 *out, *in;
	char bad[120];
};

static const struct drive_attr small[] = {
	DRIVE_SMALL, { "kv_size", "48M" }, { "kv_max_value", "1M" }, {}
};

FIXTURE(kv_model) {
	struct drive d;
	char file[64];
	struct worker w[THREADS];
};

FIXTURE_VARIANT(kv_model) {
	bool file;
};

FIXTURE_VARIANT_ADD(kv_model, memory) { .file = false };
FIXTURE_VARIANT_ADD(kv_model, file) { .file = true };

FIXTURE_SETUP(kv_model)
{
	int ret;

	drive_sweep();
	ASSERT_EQ(0, drive_prepare(&self->d, "kv-model", small));
	if (variant->file) {
		strcpy(self->file, "/tmp/kst-kv-XXXXXX");
		ASSERT_EQ(0, file_make(self->file, 0));
		ASSERT_EQ(0, drive_set(self->d.name, "kv_file", self->file));
	}
	ret = drive_power(&self->d, true);
	if (ret == -EOPNOTSUPP)
		SKIP(return, "no kv_file");
	ASSERT_EQ(0, ret);
	self->d.index = drive_get_number(self->d.name, "index");
	ASSERT_EQ(0, drive_open(&self->d, O_RDWR));
	for (int i = 0; i < THREADS; i++) {
		struct worker *w = &self->w[i];

		*w = (struct worker){ .nr = i, .seed = i + 1, .out = malloc(MAX_LEN),
				      .in = malloc(MAX_LEN) };
		ASSERT_TRUE(w->out && w->in);
	}
}

FIXTURE_TEARDOWN(kv_model)
{
	EXPECT_EQ(0, drive_remove(&self->d));
	for (int i = 0; i < THREADS; i++) {
		free(self->w[i].out);
		free(self->w[i].in);
	}
	if (self->file[0])
		unlink(self->file);
}

static __u8 make_key(const struct worker *w, int k, char key[17])
{
	/* Lengths from 3 to 16. */
	int len = snprintf(key, 17, "%d/%0*d", w->nr, 1 + k % 14, k);

	return len > 16 ? 16 : len;
}

static void make_value(__u8 *to, __u64 number, __u32 len)
{
	__u64 x = number * 0x9e3779b97f4a7c15 + len;

	for (__u32 i = 0; i < len; i++) {
		if (i % 8 == 0)
			x = (x ^ x >> 29) * 0xbf58476d1ce4e5b9 + i;
		to[i] = x >> i % 8 * 8;
	}
}

static bool fail(struct worker *w, const char *what, int k, int ret)
{
	snprintf(w->bad, sizeof(w->bad), "thread %d, key %d: %s: %d", w->nr, k, what, ret);
	return false;
}

/* True if the key has this state. */
static bool has(struct worker *w, int k, const struct key *want, int *status)
{
	char key[17];
	__u8 len = make_key(w, k, key);
	__u64 got = 0;

	*status = kv_retrieve(w->fd, key, len, w->in, MAX_LEN, &got);
	if (!want->number)
		return *status == KCSD_SC_NO_KEY;
	if (*status || got != want->len)
		return false;
	make_value(w->out, want->number, want->len);
	return !memcmp(w->in, w->out, got);
}

static bool do_store(struct worker *w, int k)
{
	struct key new = { .number = ++w->last };
	__u32 options = 0;
	char key[17];
	__u8 len = make_key(w, k, key);
	int want = 0, ret;

	new.len = rand_r(&w->seed) % (rand_r(&w->seed) % 8 ? 5000 : MAX_LEN);
	if (rand_r(&w->seed) % 4 == 0)
		options = rand_r(&w->seed) % 2 ? KCSD_KV_MUST_EXIST : KCSD_KV_MUST_NOT_EXIST;
	if (options == KCSD_KV_MUST_EXIST && !w->key[k].number)
		want = KCSD_SC_NO_KEY;
	if (options == KCSD_KV_MUST_NOT_EXIST && w->key[k].number)
		want = KCSD_SC_KEY_EXISTS;
	make_value(w->out, new.number, new.len);
	ret = kv_store(w->fd, key, len, w->out, new.len, options);
	if (ret != want)
		return fail(w, "store", k, ret);
	if (!ret) {
		w->key[k] = new;
		w->unsure[k] = true;
	}
	return true;
}

static bool do_delete(struct worker *w, int k)
{
	char key[17];
	__u8 len = make_key(w, k, key);
	int ret = kv_delete(w->fd, key, len);

	if (ret)
		return fail(w, "delete", k, ret);
	w->key[k] = (struct key){};
	w->unsure[k] = true;
	return true;
}

static bool do_retrieve(struct worker *w, int k)
{
	int status;

	return has(w, k, &w->key[k], &status) || fail(w, "retrieve", k, status);
}

static bool do_exist(struct worker *w, int k)
{
	char key[17];
	__u8 len = make_key(w, k, key);
	int ret = kv_exist(w->fd, key, len);

	return ret == (w->key[k].number ? 0 : KCSD_SC_NO_KEY) || fail(w, "exist", k, ret);
}

static bool do_flush(struct worker *w, int k)
{
	int ret = kv_flush(w->fd);

	if (ret)
		return fail(w, "flush", k, ret);
	memcpy(w->durable, w->key, sizeof(w->key));
	memset(w->unsure, 0, sizeof(w->unsure));
	return true;
}

/* List the keys of this thread: each one that exists, and no other. */
static bool do_list(struct worker *w, int k)
{
	const struct kcsd_kv_list_entry *e = NULL;
	char prefix[4];
	int have = 0, ret;
	__u32 nr;

	snprintf(prefix, sizeof(prefix), "%d/", w->nr);
	ret = kv_list(w->fd, KV_STR(prefix), w->in, MAX_LEN);
	if (ret)
		return fail(w, "list", k, ret);
	nr = *(__le32 *)w->in;
	for (__u32 i = 0; i < nr; i++) {
		e = kv_next(w->in, e);
		have += e->len > 2 && !memcmp(e->key, prefix, 2);
	}
	for (int i = 0; i < KEYS; i++)
		have -= !!w->key[i].number;
	return !have || fail(w, "list: keys too many", k, have);
}

static void *work(void *arg)
{
	struct worker *w = arg;
	bool ok = true;

	for (int i = 0; ok && i < COMMANDS; i++) {
		int k = rand_r(&w->seed) % KEYS;

		switch (rand_r(&w->seed) % 32) {
		case 0:
			ok = do_flush(w, k);
			break;
		case 1 ... 5:
			ok = do_delete(w, k);
			break;
		case 6 ... 12:
			ok = do_retrieve(w, k);
			break;
		case 13 ... 14:
			ok = do_exist(w, k);
			break;
		case 15:
			ok = do_list(w, k);
			break;
		default:
			ok = do_store(w, k);
		}
	}
	return NULL;
}

/* Let all threads work. Returns true if each command did what it must. */
static bool round_of(struct drive *d, struct worker *w)
{
	bool ok = true;

	for (int i = 0; i < THREADS; i++) {
		w[i].fd = d->kv;
		pthread_create(&w[i].thread, NULL, work, &w[i]);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(w[i].thread, NULL);
		if (w[i].bad[0])
			ksft_print_msg("%s\n", w[i].bad);
		ok = ok && !w[i].bad[0];
	}
	return ok;
}

/*
 * Find out what a key has after a power cut: what it had at the last flush, or something later,
 * whole. Takes that over.
 */
static bool key_survived(struct worker *w, int k)
{
	const struct key *durable = &w->durable[k];
	struct key found = {};
	int status;
	char key[17];
	__u8 len = make_key(w, k, key);
	__u64 got = 0;

	w->key[k] = *durable;
	if (has(w, k, durable, &status))
		return true;
	status = kv_retrieve(w->fd, key, len, w->in, MAX_LEN, &got);
	w->key[k] = found;
	if (status)
		return status == KCSD_SC_NO_KEY || fail(w, "after a power cut", k, status);
	found.len = got;
	for (found.number = w->last; found.number; found.number--) {
		make_value(w->out, found.number, found.len);
		if (!memcmp(w->in, w->out, found.len))
			break;
	}
	if (!found.number)
		return fail(w, "a value that was never stored", k, found.len);
	if (found.number < durable->number)
		return fail(w, "an older value than the durable one", k, found.len);
	w->key[k] = found;
	return true;
}

/* Compare all keys with the map, which after a power cut takes over what it cannot know. */
static bool all_is(struct worker *w, bool after_cut)
{
	int status;

	for (int k = 0; k < KEYS; k++) {
		if (after_cut && w->unsure[k]) {
			if (!key_survived(w, k))
				return false;
		} else if (!has(w, k, &w->key[k], &status)) {
			return fail(w, "after power", k, status);
		}
	}
	return true;
}

static bool power_returns(struct drive *d, bool cut, int seed)
{
	char text[16];

	drive_close(d);
	snprintf(text, sizeof(text), "%d", seed);
	if (cut ? drive_set(d->name, "power_cut", text) : drive_power(d, false))
		return false;
	return !drive_power(d, true) && !drive_open(d, O_RDWR);
}

TEST_F_TIMEOUT(kv_model, commands_of_several_threads, 120 * time_slow())
{
	for (int i = 0; i < ROUNDS; i++) {
		bool cut = i % 2;

		ASSERT_TRUE(round_of(&self->d, self->w));
		if (variant->file)
			ASSERT_TRUE(power_returns(&self->d, cut, i));
		for (int t = 0; t < THREADS; t++) {
			self->w[t].fd = self->d.kv;
			EXPECT_TRUE(all_is(&self->w[t], variant->file && cut))
				TH_LOG("%s", self->w[t].bad);
			ASSERT_STREQ("", self->w[t].bad);
			ASSERT_TRUE(do_flush(&self->w[t], 0));
		}
	}
}

DRIVE_TEST_MAIN
