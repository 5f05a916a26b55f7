// SPDX-License-Identifier: GPL-2.0
/*
 * Flip a bit in each block of a file: that costs at most the object that it belongs to, which is
 * reported, and never brings back an older value. A block of zeroes or of anything costs those that
 * are in it.
 */
#include "record.h"
#include "tests.h"

#define KEYS	120

/* Values that were overwritten and deleted; then one more, so that all before is certain. */
static struct disk *make_file(bool clean, struct version *is, struct kcsd_kv_config *c)
{
	struct disk *d = disk_create(32 << 20);
	struct kcsd_kv_name name;
	struct kcsd_kv *kv;
	char why[100];
	u32 i, k;

	*c = (struct kcsd_kv_config){ .size = 8 << 20, .max_value = 1 << 20, .max_keys = 1000 };
	if (kcsd_kv_open(c, &d->medium, &kv, why, sizeof(why)))
		abort();
	for (k = 0; k < 3; k++) {
		for (i = 0; i < KEYS; i++) {
			name = name_of(i);
			is[i] = (struct version){ true, i % 20 ? below(6000) : 200000 + i, k };
			if (k == 2 && i % 5 == 1) {
				is[i].there = false;
				kcsd_kv_delete(kv, &name, 0, NULL);
			} else {
				store(kv, &name, is[i].len, is[i].tag, 0);
			}
		}
		kcsd_kv_flush(kv);
	}
	/* Of what is written last, a bad record cannot be told from one that never was. */
	for (i = 0; i < 64; i++) {
		name = name_of(10000 + i);
		store(kv, &name, 10, 1, 0);
	}
	kcsd_kv_flush(kv);
	if (!clean)
		kcsd_kv_cut(kv, 1);
	kcsd_kv_close(kv);
	return d;
}

struct result {
	u32 lost;		/* objects */
	u32 wrong;
	bool reported;
};

static void count_damage(const struct kcsd_kv_damage *damage, void *arg)
{
	(void)damage;
	++*(u32 *)arg;
}

static struct result look(struct disk *d, const struct kcsd_kv_config *c, const struct version *is)
{
	struct kcsd_kv_report report = {};
	struct result result = {};
	struct kcsd_kv_name name;
	struct kcsd_kv *kv;
	char why[100];
	u32 i, told = 0;
	int ret;

	ret = kcsd_kv_file_validate(&d->medium, &report, count_damage, &told);
	result.reported = report.damaged || report.lost;
	result.wrong += ret != 0;
	if (kcsd_kv_open(c, &d->medium, &kv, why, sizeof(why))) {
		result.wrong++;
		return result;
	}
	for (i = 0; i < KEYS; i++) {
		name = name_of(i);
		ret = expect(kv, &name, is[i].len, is[i].tag);
		if (ret == KCSD_SC_UNRECOVERED)
			result.lost++;
		else if (ret != (is[i].there ? 0 : KCSD_SC_NO_KEY))
			result.wrong++;
	}
	kcsd_kv_cut(kv, 2);
	kcsd_kv_close(kv);
	return result;
}

enum spoil { BIT, ZEROES, ANYTHING };

static void spoil_block(struct disk *d, u32 block, enum spoil how)
{
	u8 *at = d->now + (u64)block * KCSD_KV_BLOCK;
	u32 i;

	if (how == BIT)
		at[below(KCSD_KV_BLOCK)] ^= 1 << below(8);
	for (i = 0; how != BIT && i < KCSD_KV_BLOCK; i++)
		at[i] = how == ZEROES ? 0 : (u8)below(256);
	memcpy(d->stable + (u64)block * KCSD_KV_BLOCK, at, KCSD_KV_BLOCK);
}

static void flip(bool clean, enum spoil how)
{
	static const char *const names[] = { "a bit flips", "a block is zeroes", "a block is bad" };
	static struct version is[KEYS];
	struct kcsd_kv_config c;
	struct disk *start, *d = disk_create(32 << 20);
	u32 block, tried = 0, lost = 0, bad = 0, step = rounds(1) > 1 ? 1 : how == BIT ? 5 : 29;
	struct result r;

	seed(9);
	start = make_file(clean, is, &c);
	for (block = 0; block < start->len / KCSD_KV_BLOCK; block++) {
		if (!start->used[block] || tried++ % step)
			continue;
		disk_copy(d, start);
		spoil_block(d, block, how);
		r = look(d, &c, is);
		lost += r.lost;
		if (r.wrong || (how == BIT && r.lost > 1) || (r.lost && !r.reported)) {
			if (!bad++)
				tap_note("block %u of segment %u: %u lost, %u wrong", block % 256,
					 block / 256, r.lost, r.wrong);
		}
	}
	OK(!bad, "%s in a file that was %s: %u blocks, %u objects lost", names[how],
	   clean ? "closed" : "cut", tried / step, lost);
	disk_destroy(start);
	disk_destroy(d);
}

static void keep_damage(const struct kcsd_kv_damage *damage, void *arg)
{
	*(struct kcsd_kv_damage *)arg = *damage;
}

/*
 * One large value in a file, and nothing old: a bad byte in any of its blocks is told as a place at
 * most a piece before that byte, never behind it, and never as harmless.
 */
static void place_of_piece(void)
{
	struct kcsd_kv_config c = { .size = 8 << 20, .max_value = 1 << 20, .max_keys = 1000 };
	struct disk *start = disk_create(32 << 20), *d = disk_create(32 << 20);
	struct kcsd_kv_name name = name_of(1);
	u32 block, told = 0, bad = 0;
	struct kcsd_kv *kv;
	char why[100];
	u64 at;

	if (kcsd_kv_open(&c, &start->medium, &kv, why, sizeof(why)))
		abort();
	store(kv, &name, 588895, 1, 0);
	kcsd_kv_close(kv);
	for (block = 0; block < start->len / KCSD_KV_BLOCK; block++) {
		struct kcsd_kv_report report = {};
		struct kcsd_kv_damage damage = {};

		if (!start->used[block])
			continue;
		disk_copy(d, start);
		at = (u64)block * KCSD_KV_BLOCK + KCSD_KV_BLOCK / 2;
		d->now[at] ^= 1;
		if (kcsd_kv_file_validate(&d->medium, &report, keep_damage, &damage))
			continue;
		bad += report.damaged_stale != 0;
		if (!report.damaged)
			continue;
		told++;
		bad += report.damaged != 1 || report.objects != 1 || damage.place > at ||
		       at - damage.place > KCSD_KV_PIECE + KCSD_KV_BLOCK;
	}
	OK(told >= 588895 / KCSD_KV_BLOCK && !bad,
	   "a bad byte of a large value has its place: %u blocks, %u wrong", told, bad);
	disk_destroy(start);
	disk_destroy(d);
}

void flip_tests(void)
{
	enum spoil how;

	place_of_piece();

	for (how = BIT; how <= ANYTHING; how++) {
		flip(true, how);
		flip(false, how);
	}
}
