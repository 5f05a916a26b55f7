// SPDX-License-Identifier: GPL-2.0
/* Blocks that cannot be read, bits that flip where records never happened, syncs that fail once. */
#include <unistd.h>

#include "tests.h"
#include "record.h"

static const struct kcsd_kv_config config = {
	.size = 8 << 20, .max_value = 1 << 20, .max_keys = 10000,
};

static struct kcsd_kv *open_store(struct disk *d)
{
	struct kcsd_kv *kv;
	char why[100];

	if (kcsd_kv_open(&config, &d->medium, &kv, why, sizeof(why)))
		abort();
	return kv;
}

/* Store objects [first, end). Returns how many failed. */
static u32 store_some(struct kcsd_kv *kv, u32 first, u32 end, u32 generation)
{
	struct kcsd_kv_name name;
	u32 i, failed = 0;

	for (i = first; i < end; i++) {
		name = name_of(i);
		failed += store(kv, &name, 4000, i + generation, 0) != 0;
	}
	return failed;
}

static u32 check_some(struct kcsd_kv *kv, u32 first, u32 end, u32 generation)
{
	struct kcsd_kv_name name;
	u32 i, wrong = 0;

	for (i = first; i < end; i++) {
		name = name_of(i);
		wrong += expect(kv, &name, 4000, i + generation) != 0;
	}
	return wrong;
}

/* One copy of the superblock cannot be read: the other one counts, whatever errno says so. */
static void bad_super(void)
{
	static const int errors[] = { -EIO, -ENODATA, -EREMOTEIO, -EILSEQ };
	struct disk *d = disk_create(32 << 20);
	struct kcsd_kv *kv = open_store(d);
	u32 i, wrong = 0;

	store_some(kv, 0, 100, 0);
	kcsd_kv_close(kv);
	for (i = 0; i < 2 * ARRAY_SIZE(errors); i++) {
		d->bad = i % 2 ? KCSD_KV_SUPER_COPY / KCSD_KV_BLOCK : 0;
		d->bad_error = errors[i / 2];
		kv = open_store(d);
		wrong += check_some(kv, 0, 100, 0);
		d->bad_error = 0;
		kcsd_kv_close(kv);
	}
	IS(wrong, 0, "a copy of the superblock cannot be read: all objects are there");
	disk_destroy(d);
}

/* The slots of a segment cannot be read: compaction goes on with the others. */
static void bad_slots(int error)
{
	struct disk *d = disk_create(32 << 20);
	struct kcsd_kv *kv = open_store(d);
	u32 k, failed = 0;

	store_some(kv, 0, 1500, 0);
	kcsd_kv_flush(kv);
	d->bad = ((6 << 20) - 2 * KCSD_KV_BLOCK) / KCSD_KV_BLOCK;
	d->bad_error = error;
	for (k = 1; k < 8; k++)
		failed += store_some(kv, 0, 1500, k * 10000);
	IS(failed, 0, "slots cannot be read: all is overwritten");
	IS(check_some(kv, 0, 1500, (k - 1) * 10000), 0, "and is there");
	kcsd_kv_close(kv);
	disk_destroy(d);
}

/* A sync fails and the next one does not: what that one promised survives a power cut. */
static void sync_fails_once(void)
{
	struct disk *d = disk_create(32 << 20);
	struct kcsd_kv *kv = open_store(d);
	u32 wrong = 0, n;

	for (n = 0; n < 5; n++) {
		store_some(kv, 0, 1200, n * 10000);
		d->sync_error = -ENOMEM;
		kcsd_kv_flush(kv);
		d->sync_error = 0;
		if (kcsd_kv_flush(kv))
			abort();
		kcsd_kv_cut(kv, n);
		kcsd_kv_close(kv);
		kv = open_store(d);
		wrong += check_some(kv, 0, 1200, n * 10000);
	}
	IS(wrong, 0, "a sync fails, the next one does not: nothing promised is lost");
	kcsd_kv_close(kv);
	disk_destroy(d);
}

static void fail_writes(struct disk *d, bool fail)
{
	pthread_mutex_lock(&d->lock);
	d->write_error = fail ? -EIO : 0;
	pthread_mutex_unlock(&d->lock);
}

/* Overwrite random objects below nr until one fails, at most so many. Returns what it returned. */
static int overwrite_some(struct kcsd_kv *kv, u32 nr, u32 most)
{
	struct kcsd_kv_name name;
	int ret = 0;
	u32 i, key;

	for (i = 0; i < most && !ret; i++) {
		key = below(nr);
		name = name_of(key);
		ret = store(kv, &name, 4000, key, 0);
	}
	return ret;
}

/* Writes fail for a while, often: no segment is given up for that. */
static void writes_fail_for_a_while(void)
{
	struct kcsd_kv_config c = { .size = 24 << 20, .max_value = 1 << 20, .max_keys = 10000 };
	struct disk *d = disk_create(64 << 20);
	u32 n, other = 0, failed = 0, nr = 4500;
	struct kcsd_kv *kv;
	char why[100];
	int ret;

	if (kcsd_kv_open(&c, &d->medium, &kv, why, sizeof(why)))
		abort();
	store_some(kv, 0, nr, 0);
	for (n = 0; n < 20; n++) {
		failed += overwrite_some(kv, nr, 1500) != 0;
		fail_writes(d, true);
		ret = overwrite_some(kv, nr, 1200);
		other += ret && ret != -EIO;
		fail_writes(d, false);
	}
	IS(failed, 0, "writes fail for a while: those after that do not");
	IS(other, 0, "and the failure is that of the medium");
	IS(check_some(kv, 0, nr, 0), 0, "all is there");
	kcsd_kv_close(kv);
	disk_destroy(d);
}

/*
 * While power goes on after a power cut, a block cannot be read, once: what was promised is there
 * when it can be again. Returns how many objects are not.
 */
static u32 unreadable_once(struct disk *d, u64 block, u32 *refused)
{
	struct kcsd_kv *kv;
	char why[100];
	u32 wrong;

	d->bad = block;
	d->bad_error = -EIO;
	if (kcsd_kv_open(&config, &d->medium, &kv, why, sizeof(why))) {
		++*refused;
	} else {
		kcsd_kv_cut(kv, 1);
		kcsd_kv_close(kv);
	}
	d->bad_error = 0;
	kv = open_store(d);
	wrong = check_some(kv, 0, 100, 1000);
	kcsd_kv_cut(kv, 1);
	kcsd_kv_close(kv);
	return wrong;
}

static void unreadable_at_power_on(void)
{
	struct disk *d = disk_create(32 << 20), *before = disk_create(32 << 20);
	struct kcsd_kv *kv = open_store(d);
	u32 wrong = 0, refused = 0;
	u64 block;

	store_some(kv, 0, 100, 0);
	kcsd_kv_flush(kv);
	store_some(kv, 0, 100, 1000);
	kcsd_kv_flush(kv);
	kcsd_kv_cut(kv, 1);
	kcsd_kv_close(kv);
	disk_copy(before, d);
	for (block = 256; block < d->len / KCSD_KV_BLOCK; block += 7) {
		disk_copy(d, before);
		wrong += unreadable_once(d, block, &refused);
	}
	IS(wrong, 0, "a block cannot be read at power on: nothing promised is lost");
	OK(refused < 20, "power on was refused for %u blocks", refused);
	disk_destroy(d);
	disk_destroy(before);
}

static bool flush_between(void *ctx)
{
	kcsd_kv_flush(ctx);
	return false;
}

/* Return the head in the log of a large value of this length. */
static struct kcsd_kv_record *find_head(struct disk *d, u32 len)
{
	u64 at;

	for (at = 1 << 20; at < d->len; at += KCSD_KV_ALIGN) {
		struct kcsd_kv_record *r = (void *)(d->now + at);

		if (le16_to_cpu(r->magic) == KCSD_KV_RECORD_MAGIC && r->kind == KCSD_KV_VALUE &&
		    le32_to_cpu(r->value_len) == len &&
		    le32_to_cpu(r->offset) == (at & ((1 << 20) - 1)))
			return r;
	}
	abort();
}

/* The head of a large value in the log is bad, and its slot is not: nothing is lost. */
static void bad_head(void)
{
	struct disk *d = disk_create(32 << 20);
	struct kcsd_kv *kv = open_store(d);
	struct kcsd_kv_name name = name_of(7);
	struct kcsd_kv_report report;

	if (store(kv, &name, 600000, 7, 0))
		abort();
	kcsd_kv_close(kv);
	((u8 *)find_head(d, 600000))[24] ^= 1;
	IS(kcsd_kv_file_validate(&d->medium, &report, NULL, NULL), 0, "a bad head: validate");
	IS(report.damaged, 0, "no object is damaged");
	IS(report.damaged_stale, 1, "but a record is");
	kv = open_store(d);
	IS(expect(kv, &name, 600000, 7), 0, "as reading says");
	kcsd_kv_close(kv);
	disk_destroy(d);
}

/* A piece was durable before its head: if it is bad, the object is damaged, for all who look. */
static void bad_piece(void)
{
	static u8 bytes[600000];
	struct disk *d = disk_create(32 << 20);
	struct kcsd_kv *kv = open_store(d);
	struct iov_iter from = { .at = bytes, .count = sizeof(bytes) };
	struct kcsd_kv_store s = {
		.name = name_of(7), .len = sizeof(bytes), .from = &from,
		.stop = { flush_between, kv },
	};
	struct kcsd_kv_report report;

	fill(bytes, sizeof(bytes), 7);
	if (kcsd_kv_store(kv, &s) || kcsd_kv_flush(kv))
		abort();
	kcsd_kv_cut(kv, 1);
	kcsd_kv_close(kv);
	d->now[s.where + 200] ^= 1;
	memcpy(d->stable, d->now, d->len);
	IS(kcsd_kv_file_validate(&d->medium, &report, NULL, NULL), 0, "a bad piece: validate");
	IS(report.damaged, 1, "the object is damaged");
	IS(report.torn, 0, "it did happen");
	kv = open_store(d);
	IS(expect(kv, &s.name, sizeof(bytes), 7), KCSD_SC_UNRECOVERED, "as reading says");
	kcsd_kv_close(kv);
	disk_destroy(d);
}

static bool is_void(const struct kcsd_kv_record *r)
{
	return le16_to_cpu(r->magic) == KCSD_KV_RECORD_MAGIC && r->kind == KCSD_KV_VOID;
}

/* Return true if a block has slots of which nothing is known: headers do not lead on there. */
static bool has_lost(const struct disk *d, u64 at)
{
	const struct kcsd_kv_record *r = (void *)(d->now + round_down(at, KCSD_KV_BLOCK));
	u32 i;

	for (i = 0; i < KCSD_KV_BLOCK / sizeof(*r); i++)
		if (is_void(&r[i]) && r[i].index)
			return true;
	return false;
}

/* Return the next VOID slot of the file from *at on; NULL: there are no more. */
static struct kcsd_kv_record *next_void(struct disk *d, u64 *at)
{
	for (; *at < d->len; *at += sizeof(struct kcsd_kv_record)) {
		struct kcsd_kv_record *r = (void *)(d->now + *at);

		/* Not the header, which says the same. */
		if (!is_void(r) || le32_to_cpu(r->offset) == (*at & ((1 << 20) - 1)) ||
		    has_lost(d, *at))
			continue;
		*at += sizeof(*r);
		return r;
	}
	return NULL;
}

static u32 count_voids(struct disk *d)
{
	u64 at = 1 << 20;
	u32 nr = 0;

	while (next_void(d, &at))
		nr++;
	return nr;
}

/* Damage a slot by a bit, or the whole block that it is in. */
static void damage_slot(struct disk *d, struct kcsd_kv_record *r, bool block)
{
	u64 at = round_down((u64)((u8 *)r - d->now), KCSD_KV_BLOCK);

	if (block)
		memset(d->now + at, 0, KCSD_KV_BLOCK);
	else
		((u8 *)r)[24] ^= 1;
}

/* What never happened does not come back when what says so is damaged, nor take others along. */
static void bad_void(bool block)
{
	struct disk *d = disk_create(32 << 20), *before = disk_create(32 << 20);
	static struct model m, then;
	struct kcsd_kv_record *r;
	u32 round, i, seen = 0;
	u64 at = 1 << 20;

	seed(31);
	model_init(&m, d, 8 << 20);
	if (model_open(&m))
		abort();
	for (round = 0; round < 100 && count_voids(d) < 20; round++) {
		for (i = 0; i < 150; i++)
			model_step(&m);
		model_crash(&m, 0);
	}
	for (i = 0; i < 300; i++)
		model_step(&m);
	model_flush(&m);
	kcsd_kv_cut(m.kv, 1);
	model_close(&m);
	disk_copy(before, d);
	then = m;
	for (r = next_void(d, &at); r && !m.wrong && seen < rounds(60); r = next_void(d, &at)) {
		disk_copy(d, before);
		damage_slot(d, r, block);
		m = then;
		if (model_open(&m))
			abort();
		memcpy(m.now, m.durable, sizeof(m.now));
		model_compare(&m);
		kcsd_kv_cut(m.kv, 1);
		model_close(&m);
		disk_copy(d, before);
		seen++;
	}
	OK(seen > 10 && !m.wrong, "%s of %u records that never happened",
	   block ? "blocks of slots" : "bits", seen);
	if (m.wrong)
		tap_note("%s", m.what);
	disk_destroy(d);
	disk_destroy(before);
}

void bad_tests(void)
{
	bad_super();
	bad_slots(-EIO);
	bad_slots(-ENODATA);
	sync_fails_once();
	writes_fail_for_a_while();
	unreadable_at_power_on();
	bad_head();
	bad_piece();
	bad_void(false);
	bad_void(true);
}
