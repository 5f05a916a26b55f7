// SPDX-License-Identifier: GPL-2.0
/* One command after the other, in memory and in a file. */
#include "compact.h"
#include "super.h"
#include "tests.h"

static void conditions(struct kcsd_kv *kv)
{
	struct kcsd_kv_name a = name_of(1), b = name_of(2);

	IS(store(kv, &a, 100, 1, KCSD_KV_IF_EXISTS), KCSD_SC_NO_KEY, "store if there is one");
	IS(store(kv, &a, 100, 1, KCSD_KV_IF_MISSING), 0, "store if there is none");
	IS(store(kv, &a, 100, 2, KCSD_KV_IF_MISSING), KCSD_SC_KEY_EXISTS, "there is one");
	IS(expect(kv, &a, 100, 1), 0, "nothing has changed");
	IS(store(kv, &a, 200, 3, KCSD_KV_IF_EXISTS), 0, "overwrite");
	IS(store(kv, &a, 400000, 4, KCSD_KV_IF_MISSING), KCSD_SC_KEY_EXISTS, "a large one: exists");
	IS(store(kv, &b, 400000, 4, KCSD_KV_IF_EXISTS), KCSD_SC_NO_KEY, "a large one: missing");
	IS(expect(kv, &a, 200, 3), 0, "the new value");
	OK(kcsd_kv_exists(kv, &a) && !kcsd_kv_exists(kv, &b), "exists");
	IS(kcsd_kv_delete(kv, &b, 0, NULL), KCSD_SC_NO_KEY, "delete what is not there");
	IS(kcsd_kv_delete(kv, &a, 0, NULL), 0, "delete");
	IS(expect(kv, &a, 0, 0), KCSD_SC_NO_KEY, "it is gone");
	IS(store(kv, &a, (1 << 20) + 1, 1, 0), KCSD_SC_INVALID_VALUE_SIZE, "a value too long");
}

static void faults(struct kcsd_kv *kv)
{
	struct kcsd_kv_name name = name_of(7);
	static u8 bytes[300000];
	struct iov_iter from = { .at = bytes, .count = 5000, .fault = 3000 };
	struct kcsd_kv_store s = { .name = name, .len = 5000, .from = &from };

	IS(store(kv, &name, 50, 9, 0), 0, "a value");
	IS(kcsd_kv_store(kv, &s), -EFAULT, "a page fault");
	s.len = 300000;
	from = (struct iov_iter){ .at = bytes, .count = 300000, .fault = 200000 };
	IS(kcsd_kv_store(kv, &s), -EFAULT, "a page fault in a second piece");
	IS(expect(kv, &name, 50, 9), 0, "nothing has changed");
}

static bool stop_soon(void *ctx)
{
	return ++*(u32 *)ctx > 2;
}

static void stop(struct kcsd_kv *kv)
{
	static u8 bytes[900000];
	struct iov_iter from = { .at = bytes, .count = sizeof(bytes) };
	u32 asked = 0;
	struct kcsd_kv_stats before, after;
	struct kcsd_kv_store s = {
		.name = name_of(8), .len = sizeof(bytes), .from = &from,
		.stop = { stop_soon, &asked },
	};

	kcsd_kv_get_stats(kv, &before);
	IS(kcsd_kv_store(kv, &s), KCSD_SC_ABORT_REQUESTED, "a long store is stopped");
	kcsd_kv_get_stats(kv, &after);
	OK(!kcsd_kv_exists(kv, &s.name) && before.used == after.used, "nothing has changed");
}

static void parts(struct kcsd_kv *kv)
{
	struct kcsd_kv_name name = name_of(9);
	u32 len = 3 * KCSD_KV_PIECE + 77, at, n, wrong = 0;
	u8 *wanted = malloc(len), *got = malloc(len);
	struct kcsd_kv_value value;
	struct iov_iter to;

	fill(wanted, len, 5);
	IS(store(kv, &name, len, 5, 0), 0, "a value in pieces");
	kcsd_kv_flush(kv);
	IS(kcsd_kv_value_get(kv, &name, &value), 0, "get");
	for (at = 0; at < len; at += n) {
		n = min(1 + below(50000), len - at);
		to = (struct iov_iter){ .at = got, .count = n };
		wrong += kcsd_kv_value_read(kv, &value, at, &to, 0) != 0;
		wrong += memcmp(got, wanted + at, n) != 0;
	}
	IS(wrong, 0, "read in parts");
	to = (struct iov_iter){ .at = got, .count = 2 };
	IS(kcsd_kv_value_read(kv, &value, len - 1, &to, 0), -EINVAL, "read beyond the end");
	kcsd_kv_value_put(kv, &value);
	free(wanted);
	free(got);
}

/* Values stay readable whatever happens to the objects. */
static void pins(struct kcsd_kv *kv)
{
	struct kcsd_kv_name small = name_of(20), large = name_of(21), other;
	struct kcsd_kv_value values[2];
	static u8 got[700000], wanted[700000];
	struct iov_iter to;
	u32 i, k;

	store(kv, &small, 3000, 1, 0);
	store(kv, &large, 700000, 2, 0);
	for (i = 0; i < 300; i++) {
		other = name_of(1000 + i);
		store(kv, &other, 20000, i, 0);
	}
	kcsd_kv_value_get(kv, &small, &values[0]);
	kcsd_kv_value_get(kv, &large, &values[1]);
	kcsd_kv_delete(kv, &small, 0, NULL);
	store(kv, &large, 10, 3, 0);
	for (k = 0; k < 8; k++)
		for (i = 0; i < 300; i++) {
			other = name_of(1000 + i);
			store(kv, &other, 20000, i + k, 0);
		}
	to = (struct iov_iter){ .at = got, .count = 3000 };
	fill(wanted, 3000, 1);
	OK(!kcsd_kv_value_read(kv, &values[0], 0, &to, 0) && !memcmp(got, wanted, 3000),
	   "a value that was deleted");
	to = (struct iov_iter){ .at = got, .count = 700000 };
	fill(wanted, 700000, 2);
	OK(!kcsd_kv_value_read(kv, &values[1], 0, &to, 0) && !memcmp(got, wanted, 700000),
	   "a large value that was overwritten");
	kcsd_kv_value_put(kv, &values[0]);
	kcsd_kv_value_put(kv, &values[1]);
	for (i = 0; i < 300; i++) {
		other = name_of(1000 + i);
		kcsd_kv_delete(kv, &other, 0, NULL);
	}
}

static void use(struct disk *d, const char *medium)
{
	struct model m;
	struct kcsd_kv_stats stats;

	model_init(&m, d, 16 << 20);
	if (model_open(&m))
		abort();
	tap_note("%s", medium);
	conditions(m.kv);
	faults(m.kv);
	stop(m.kv);
	parts(m.kv);
	pins(m.kv);
	IS(kcsd_kv_erase(m.kv), 0, "erase");
	kcsd_kv_get_stats(m.kv, &stats);
	OK(!stats.keys && !stats.used && stats.free_segments == stats.segments, "it is empty");
	conditions(m.kv);
	model_close(&m);
}

static bool is_zero(const struct disk *d, u64 from)
{
	for (; from < d->len; from++)
		if (d->now[from])
			return false;
	return true;
}

static void erase_file(void)
{
	struct disk *d = disk_create(64 << 20);
	struct model m;
	u32 n;

	model_init(&m, d, 16 << 20);
	if (model_open(&m))
		abort();
	for (n = 0; n < 3000; n++)
		model_step(&m);
	kcsd_kv_flush(m.kv);
	IS(kcsd_kv_erase(m.kv), 0, "erase a file");
	OK(is_zero(d, 1 << 20), "it has zeroes");
	kcsd_kv_cut(m.kv, 1);
	model_close(&m);
	memset(m.durable, 0, sizeof(m.durable));
	memset(m.nr_since, 0, sizeof(m.nr_since));
	IS(model_open(&m), 0, "open it");
	model_compare(&m);
	IS(m.wrong, 0, "nothing comes back");
	model_close(&m);
	disk_destroy(d);
}

/* Return true if bytes of a key are on the disk, from a position on. */
static bool has_key(const struct disk *d, u64 pos, const struct kcsd_kv_name *name)
{
	return memmem(d->now + pos, d->len - pos, name->key, name->len);
}

/* Keys in an index that does not count any more: gone once the file was opened, and erased. */
static void stale_index(bool cut_in_close)
{
	struct kcsd_kv_config c = { .size = 8 << 20, .max_value = 1 << 20, .max_keys = 10000 };
	struct kcsd_kv_name name = { .len = 16, .key = "key to be found" };
	struct disk *d = disk_create(64 << 20);
	struct kcsd_kv *kv;
	char why[100];
	u64 end;

	if (kcsd_kv_open(&c, &d->medium, &kv, why, sizeof(why)))
		abort();
	end = (u64)(kv->geometry.nr + 1) << kv->geometry.shift;
	IS(store(kv, &name, 100, 1, KCSD_KV_DURABLE), 0, "store");
	if (cut_in_close) {
		/* Of the superblock, after the index, nothing is written. */
		kcsd_kv_compact_stop(kv);
		kcsd_kv_disk_close(kv);
		kv->super->clean = 0;
		kv->super->index_len = 0;
		kcsd_kv_super_write(&d->medium, kv->super, kv->block);
		kcsd_kv_cut(kv, 1);
	}
	kcsd_kv_close(kv);
	OK(has_key(d, end, &name), "the index has it, %s", cut_in_close ? "cut" : "closed");
	if (!cut_in_close) {
		/* Both copies of the superblock, each with a sync: then the power fails. */
		d->dead_at = d->calls + 5;
		if (!kcsd_kv_open(&c, &d->medium, &kv, why, sizeof(why))) {
			kcsd_kv_cut(kv, 1);
			kcsd_kv_close(kv);
		}
		disk_crash(d);
		OK(has_key(d, end, &name), "still, as power failed before it was discarded");
	}
	IS(kcsd_kv_open(&c, &d->medium, &kv, why, sizeof(why)), 0, "open it");
	OK(!has_key(d, end, &name), "the index is gone");
	IS(expect(kv, &name, 100, 1), 0, "the object is not");
	IS(kcsd_kv_erase(kv), 0, "erase");
	OK(!has_key(d, 0, &name), "nothing has it");
	kcsd_kv_close(kv);
	disk_destroy(d);
}

static bool all_zero(const u8 *p, u64 len)
{
	return !p || (!p[0] && !memcmp(p, p + 1, len - 1));
}

/* Return true if memory that had values has none. */
static bool is_erased(const struct kcsd_kv *kv)
{
	bool erased = all_zero(kv->compactor->chunk, KCSD_KV_CHUNK) && !kv->nr_spares;
	u32 i;

	for (i = 0; kv->windows && i < KCSD_KV_WINDOWS; i++)
		erased &= all_zero(kv->windows[i].mem, KCSD_KV_WINDOW_LEN);
	for (i = 0; i <= kv->nr_lanes; i++)
		erased &= all_zero(kv->lanes[i].block, 2 * KCSD_KV_BLOCK);
	return erased;
}

/* After an erase no memory has values, and a full disk has the space that compaction needs. */
static void erase_all_memory(struct disk *d)
{
	struct model m;
	u32 n;

	seed(4);
	model_init(&m, d, 6 << 20);
	if (model_open(&m))
		abort();
	for (n = 0; n < 3000; n++)
		model_step(&m);
	kcsd_kv_flush(m.kv);
	OK(!d || !is_erased(m.kv), "memory has values");
	IS(kcsd_kv_erase(m.kv), 0, "erase");
	OK(is_erased(m.kv), "memory of %s has none", d ? "a file" : "a store in memory");
	IS(m.kv->nr_free, m.kv->geometry.nr, "all segments are free");
	OK(!d || d->blocks * KCSD_KV_BLOCK >= (u64)KCSD_KV_RESERVE << m.kv->geometry.shift,
	   "space is kept");
	IS(m.kv->nr_kept, d ? KCSD_KV_RESERVE : 0, "and known");
	memset(m.now, 0, sizeof(m.now));
	for (n = 0; n < 1000; n++) {
		memset(m.nr_since, 0, sizeof(m.nr_since));
		model_step(&m);
	}
	IS(m.wrong, 0, "and it can be used");
	model_close(&m);
}

static void sizes_of_file(void)
{
	struct disk *d = disk_create(64 << 20);
	struct kcsd_kv_config c = { .size = 8 << 20, .max_value = 1 << 20, .max_keys = 100 };
	struct kcsd_kv_name name = name_of(3);
	struct kcsd_kv *kv;
	char why[100] = "";

	IS(kcsd_kv_open(&c, &d->medium, &kv, why, sizeof(why)), 0, "a new file");
	store(kv, &name, 1000, 1, 0);
	kcsd_kv_close(kv);
	c.size = 16 << 20;
	IS(kcsd_kv_open(&c, &d->medium, &kv, why, sizeof(why)), 0, "with a larger size");
	IS(expect(kv, &name, 1000, 1), 0, "it has what it had");
	kcsd_kv_close(kv);
	c.size = 8 << 20;
	IS(kcsd_kv_open(&c, &d->medium, &kv, why, sizeof(why)), -EINVAL, "with a smaller size");
	SAYS(why, "it was made for 16777216 bytes: set kv_size to that or more");
	memset(d->now, 'x', 1 << 20);
	IS(kcsd_kv_open(&c, &d->medium, &kv, why, sizeof(why)), -EUCLEAN, "another file");
	SAYS(why, "no valid superblock");
	disk_destroy(d);
}

/* A store whose superblocks are zeroes is no new file: what it has must not be overwritten. */
static void no_superblock(void)
{
	static const u64 copies[] = { 0, KCSD_KV_SUPER_COPY };
	struct disk *d = disk_create(64 << 20), *before = disk_create(64 << 20);
	struct kcsd_kv_config c = { .size = 8 << 20, .max_value = 1 << 20, .max_keys = 100 };
	struct kcsd_kv_name name = name_of(3);
	struct kcsd_kv_report report;
	struct kcsd_kv *kv;
	char why[100] = "";
	u32 i;

	IS(kcsd_kv_file_validate(&d->medium, &report, NULL, NULL), -ENODATA, "an empty file");
	IS(kcsd_kv_open(&c, &d->medium, &kv, why, sizeof(why)), 0, "becomes a store");
	store(kv, &name, 1000, 1, 0);
	kcsd_kv_close(kv);
	disk_copy(before, d);
	for (i = 0; i < ARRAY_SIZE(copies); i++)
		memset(d->now + copies[i], 0, KCSD_KV_BLOCK);
	IS(kcsd_kv_open(&c, &d->medium, &kv, why, sizeof(why)), -EUCLEAN, "superblocks of zeroes");
	SAYS(why, "no valid superblock; only an empty file becomes a new store");
	IS(kcsd_kv_file_validate(&d->medium, &report, NULL, NULL), -EUCLEAN, "to a reader, too");
	OK(!memcmp(d->now + (1 << 20), before->now + (1 << 20), d->len - (1 << 20)),
	   "nothing was written");
	memcpy(d->now, before->now, KCSD_KV_BLOCK);
	IS(kcsd_kv_open(&c, &d->medium, &kv, why, sizeof(why)), 0, "with one of them");
	IS(expect(kv, &name, 1000, 1), 0, "it has what it had");
	kcsd_kv_close(kv);
	disk_destroy(before);
	disk_destroy(d);
}

/* A file that lost its end: its deletes could be gone, and what they hid not. */
static void cut_short(bool clean)
{
	struct kcsd_kv_config c = { .size = 8 << 20, .max_value = 1 << 20, .max_keys = 100 };
	struct disk *d = disk_create(32 << 20);
	struct kcsd_kv_report report;
	struct kcsd_kv_name name;
	struct kcsd_kv *kv;
	char why[100] = "";
	u64 len;
	u32 i;

	if (kcsd_kv_open(&c, &d->medium, &kv, why, sizeof(why)))
		abort();
	for (i = 0; i < 100; i++) {
		name = name_of(i % 10);
		store(kv, &name, 30000, i, 0);
	}
	kcsd_kv_flush(kv);
	if (!clean)
		kcsd_kv_cut(kv, 1);
	kcsd_kv_close(kv);
	len = 8 << 20;
	memset(d->now + len, 0, d->len - len);
	d->medium.len = len;
	IS(kcsd_kv_open(&c, &d->medium, &kv, why, sizeof(why)), -EUCLEAN, "a file cut short");
	SAYS(why, "cut short");
	IS(kcsd_kv_file_validate(&d->medium, &report, NULL, NULL), -ESPIPE, "and validated");
	/* Made as long again, it opens with what it has. */
	d->medium.len = d->len;
	IS(kcsd_kv_open(&c, &d->medium, &kv, why, sizeof(why)), 0, "it is long enough again");
	kcsd_kv_close(kv);
	disk_destroy(d);
}

void use_tests(void)
{
	struct disk *d = disk_create(64 << 20);

	seed(1);
	use(NULL, "memory");
	use(d, "file");
	disk_destroy(d);
	erase_file();
	stale_index(false);
	stale_index(true);
	erase_all_memory(NULL);
	d = disk_create(48 << 20);
	erase_all_memory(d);
	disk_destroy(d);
	cut_short(true);
	cut_short(false);
	sizes_of_file();
	no_superblock();
}
