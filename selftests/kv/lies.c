// SPDX-License-Identifier: GPL-2.0
/* Files with good checksums whose parts contradict each other, and what compaction makes of it. */
#include "tests.h"
#include "record.h"

#define LEN	20000

static const struct kcsd_kv_config config = {
	.size = 4200 << 10, .max_value = 64 << 10, .max_keys = 1000,
};

static struct kcsd_kv *open_store(struct disk *d)
{
	struct kcsd_kv *kv;
	char why[100];

	if (kcsd_kv_open(&config, &d->medium, &kv, why, sizeof(why)))
		abort();
	return kv;
}

/* Make a file of 200 objects, some overwritten; the power is cut, or not. */
static struct disk *make_file(bool cut)
{
	struct disk *d = disk_create(32 << 20);
	struct kcsd_kv *kv = open_store(d);
	struct kcsd_kv_name name;
	u32 i;

	for (i = 0; i < 300; i++) {
		name = name_of(i < 200 ? i : (i - 200) * 2 + 1);
		store(kv, &name, LEN, i, 0);
	}
	if (kcsd_kv_flush(kv))
		abort();
	if (cut)
		kcsd_kv_cut(kv, 1);
	kcsd_kv_close(kv);
	return d;
}

/* Objects of which a file says what is not so. */
static bool is_liar(u32 nr)
{
	return nr % 2 == 0 && ((nr >= 10 && nr < 20) || (nr >= 40 && nr < 50));
}

static bool is_entry_of_liar(const struct kcsd_kv_index_entry *e)
{
	u32 i;

	for (i = 0; i < 200; i++) {
		struct kcsd_kv_name name = name_of(i);

		if (is_liar(i) && e->key_len == name.len &&
		    !memcmp(e->key, name.key, sizeof(e->key)))
			return true;
	}
	return false;
}

/*
 * Let the index say that values are longer than they are. Their neighbours have been overwritten:
 * else there would be too many bytes in a segment. Returns how many.
 */
static u32 lie_about_len(struct disk *d)
{
	const u32 used = KCSD_KV_INDEX_UNITS * KCSD_KV_INDEX_UNIT;
	const struct kcsd_kv_super *super = (void *)d->now;
	u8 *block = d->now + ((u64)(le32_to_cpu(super->nr_segments) + 1) << 20);
	__le64 nr = 0;
	__le32 sum;
	u32 i, found = 0;

	for (i = 0; i < KCSD_KV_INDEX_UNITS; i++) {
		struct kcsd_kv_index_entry *e = (void *)(block + i * KCSD_KV_INDEX_UNIT);

		if (!is_entry_of_liar(e))
			continue;
		e->len = cpu_to_le32(LEN + 4000);
		found++;
	}
	sum = cpu_to_le32(kcsd_kv_crc(kcsd_kv_crc((u32)le64_to_cpu(super->nonce), block, used),
				      &nr, sizeof(nr)));
	memcpy(block + used, &sum, sizeof(sum));
	memcpy(d->stable, d->now, d->len);
	return found;
}

/* Return how many liars are neither damaged nor sound. *sound: how many are. */
static u32 count_wrong(struct kcsd_kv *kv, u32 *sound)
{
	struct kcsd_kv_name name;
	u32 i, wrong = 0;
	int ret;

	for (*sound = 0, i = 0; i < 200; i++) {
		if (!is_liar(i))
			continue;
		name = name_of(i);
		ret = expect(kv, &name, LEN, i);
		*sound += !ret;
		wrong += ret && ret != KCSD_SC_UNRECOVERED;
	}
	return wrong;
}

/*
 * Overwrite all others of a full store, in any order, so that compaction moves the liars. Returns
 * how many of these are wrong at any time. *moved: bytes.
 */
static u32 stir(struct kcsd_kv *kv, u64 *moved)
{
	struct kcsd_kv_stats stats;
	struct kcsd_kv_name name;
	u32 i, sound, wrong = 0;

	seed(9);
	for (i = 0; i < 1500; i++) {
		u32 nr = below(220);

		if (is_liar(nr))
			continue;
		name = name_of(nr);
		store(kv, &name, LEN, nr, 0);
		if (i % 8 == 1)
			wrong += count_wrong(kv, &sound);
	}
	kcsd_kv_get_stats(kv, &stats);
	*moved = stats.moved;
	return wrong;
}

static void index_lies(void)
{
	struct disk *d = make_file(false);
	u32 found = lie_about_len(d), sound;
	struct kcsd_kv *kv = open_store(d);
	u64 moved;

	OK(found == 10, "an index with %u wrong lengths", found);
	IS(count_wrong(kv, &sound), 0, "none is read as what it is not");
	IS(sound, 0, "all are damaged");
	IS(stir(kv, &moved), 0, "nor is one that was to be moved");
	OK(moved, "as others were");
	kcsd_kv_close(kv);
	disk_destroy(d);
}

/* Let the headers of closed segments say that they end where they begin. Returns how many. */
static u32 lie_about_end(struct disk *d)
{
	u32 found = 0;
	u64 at;

	for (at = 1 << 20; at < d->len; at += 1 << 20) {
		struct kcsd_kv_segment_header *h =
			(void *)(d->now + at + (1 << 20) - KCSD_KV_BLOCK);

		if (le32_to_cpu(h->magic) != KCSD_KV_SEGMENT_MAGIC || !h->nr_slots)
			continue;
		h->end = cpu_to_le32(KCSD_KV_BLOCK);
		h->crc = cpu_to_le32(kcsd_kv_crc(0, h, offsetof(struct kcsd_kv_segment_header,
								crc)));
		found++;
	}
	memcpy(d->stable, d->now, d->len);
	return found;
}

static void headers_lie(void)
{
	struct disk *d = make_file(true);
	u32 found = lie_about_end(d), sound;
	struct kcsd_kv *kv = open_store(d);
	u64 moved;

	OK(found > 1, "%u headers with a wrong end", found);
	IS(count_wrong(kv, &sound), 0, "nothing is read as what it is not");
	IS(sound, 10, "all is found by its records");
	IS(stir(kv, &moved), 0, "also while it is moved");
	OK(moved, "as some was");
	IS(count_wrong(kv, &sound), 0, "and after that");
	IS(sound, 10, "all is there");
	kcsd_kv_close(kv);
	disk_destroy(d);
}

/* More objects than kv_max_keys bounds do not open: they would take any amount of memory. */
static void too_many(void)
{
	struct kcsd_kv_config c = { .size = 24 << 20, .max_value = 1 << 20, .max_keys = 100000 };
	struct disk *d = disk_create(64 << 20);
	struct kcsd_kv_name name;
	struct kcsd_kv *kv;
	char why[100] = "";
	u32 i, cut;

	for (cut = 0; cut < 2; cut++) {
		if (kcsd_kv_open(&c, &d->medium, &kv, why, sizeof(why)))
			abort();
		for (i = 0; !cut && i < 90000; i++) {
			name = name_of(i);
			store(kv, &name, 10, i, 0);
		}
		kcsd_kv_flush(kv);
		if (cut)
			kcsd_kv_cut(kv, 1);
		kcsd_kv_close(kv);
		c.max_keys = 100;
		IS(kcsd_kv_open(&c, &d->medium, &kv, why, sizeof(why)), -E2BIG,
		   "too many objects, power %s", cut ? "cut" : "off");
		OK(strstr(why, "kv_max_keys"), "and what to do: %s", why);
		c.max_keys = 100000;
	}
	disk_destroy(d);
}

void lies_tests(void)
{
	index_lies();
	headers_lie();
	too_many();
}
