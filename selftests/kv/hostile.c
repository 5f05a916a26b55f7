// SPDX-License-Identifier: GPL-2.0
/* Files that say anything, with good checksums: nothing crashes, loops or takes all memory. */
#include "tests.h"
#include "record.h"

static struct disk *make_file(bool clean)
{
	struct disk *d = disk_create(32 << 20);
	static struct model m;
	u32 n;

	seed(21);
	model_init(&m, d, 6 << 20);
	if (model_open(&m))
		abort();
	for (n = 0; n < 800; n++)
		model_step(&m);
	model_flush(&m);
	if (!clean)
		kcsd_kv_cut(m.kv, 1);
	model_close(&m);
	return d;
}

static u32 any(void)
{
	static const u32 numbers[] = {
		0, 1, 2, 63, 64, 4096, 131072, 131073, 1 << 20, 1 << 30, 0x7fffffff, 0x80000000,
		0xffffffff, 0xffffffc0,
	};

	return below(2) ? numbers[below(ARRAY_SIZE(numbers))] : below(0x7fffffff);
}

/* Change a number in a structure whose checksum is at crc_at. */
static void change(u8 *p, u32 len, u32 from)
{
	u32 at = from + below((len - from) / 4) * 4, value = any();

	if (below(2))
		memcpy(p + at, &value, sizeof(value));
	else
		p[at] = (u8)value;
}

static void change_super(struct disk *d)
{
	struct kcsd_kv_super *super = (void *)(d->now + (below(2) ? KCSD_KV_SUPER_COPY : 0));

	change((u8 *)super, offsetof(struct kcsd_kv_super, crc), 8);
	super->generation = cpu_to_le64(1000);
	super->crc = cpu_to_le32(kcsd_kv_crc(0, super, offsetof(struct kcsd_kv_super, crc)));
}

static struct kcsd_kv_segment_header *random_header(struct disk *d, u32 *segment)
{
	u32 tries;

	for (tries = 0; tries < 200; tries++) {
		struct kcsd_kv_segment_header *h;

		*segment = 1 + below((d->len >> 20) - 1);
		h = (void *)(d->now + (*segment << 20));
		if (le32_to_cpu(h->magic) == KCSD_KV_SEGMENT_MAGIC)
			return h;
	}
	return NULL;
}

static void change_header(struct disk *d)
{
	u32 segment;
	struct kcsd_kv_segment_header *h = random_header(d, &segment);

	if (!h)
		return;
	if (below(2))
		h = (void *)(d->now + ((u64)(segment + 1) << 20) - KCSD_KV_BLOCK);
	change((u8 *)h, offsetof(struct kcsd_kv_segment_header, crc), 24);
	h->seed = cpu_to_le32(kcsd_kv_crc(0, h, offsetof(struct kcsd_kv_segment_header, seed)));
	h->crc = cpu_to_le32(kcsd_kv_crc(0, h, offsetof(struct kcsd_kv_segment_header, crc)));
}

static void change_record(struct disk *d)
{
	u32 segment, nr = below(60);
	struct kcsd_kv_segment_header *h = random_header(d, &segment);
	struct kcsd_kv_record *r;

	if (!h)
		return;
	r = (void *)(d->now + ((segment + 1) << 20) - KCSD_KV_BLOCK - (nr + 1) * sizeof(*r));
	change((u8 *)r, sizeof(*r), 8);
	kcsd_kv_record_seal(r, le32_to_cpu(h->seed));
	if (below(2))
		memcpy(d->now + (segment << 20) + (le32_to_cpu(r->offset) & 0xfffff), r,
		       min(sizeof(*r), (0x100000 - (le32_to_cpu(r->offset) & 0xfffff))));
}

static void change_index(struct disk *d)
{
	const struct kcsd_kv_super *super = (void *)d->now;
	const u32 used = KCSD_KV_INDEX_UNITS * KCSD_KV_INDEX_UNIT;
	u64 start = (u64)(le32_to_cpu(super->nr_segments) + 1) << 20;
	__le64 block = 0;
	u8 *index = d->now + start;
	__le32 sum;

	if (!le32_to_cpu(super->clean) || start + KCSD_KV_INDEX_LEN > d->len)
		return;
	change(index, used / 4, 0);
	sum = cpu_to_le32(kcsd_kv_crc(kcsd_kv_crc((u32)le64_to_cpu(super->nonce), index, used),
				      &block, sizeof(block)));
	memcpy(index + used, &sum, sizeof(sum));
}

static void change_bytes(struct disk *d)
{
	u32 n;

	for (n = below(200); n; n--)
		d->now[below((u32)d->len)] = (u8)below(256);
}

static void change_some(struct disk *d)
{
	u32 n = 1 + below(4);

	while (n--)
		switch (below(8)) {
		case 0:
			change_super(d);
			break;
		case 1:
			change_header(d);
			break;
		case 2:
			change_bytes(d);
			break;
		case 3:
		case 4:
			change_index(d);
			break;
		default:
			change_record(d);
		}
}

static void use_file(struct disk *d, struct model *m)
{
	struct kcsd_kv_name names[50], from = {};
	u32 nr, i;

	for (nr = keys_from(m->kv, &from, names, 50), i = 0; i < nr; i++)
		expect(m->kv, &names[i], 10, 10);
	/* Any of these may fail. */
	m->fails = true;
	for (i = 0; i < 150; i++)
		model_step(m);
	(void)d;
}

/* ---- directed ---- */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

#define NR_WEAK	20000

/* The second half of the key cancels the constant that it is mixed with: all are of one shard. */
static struct kcsd_kv_name weak_name(u32 nr, bool weak)
{
	static const u8 half[8] = { 0x2f, 0x64, 0xbd, 0x78, 0x64, 0x1d, 0x76, 0xa0 };
	struct kcsd_kv_name name = { .len = 16 };
	u64 mixed = (nr + 1) * 0x9e3779b97f4a7c15ULL;

	memcpy(name.key, &nr, sizeof(nr));
	if (weak)
		memcpy(name.key + 8, half, sizeof(half));
	else
		memcpy(name.key + 8, &mixed, sizeof(mixed));
	return name;
}

/* Return the seconds that it takes to find each key of a store that has them, or not. */
static double time_keys(struct kcsd_kv *kv, bool weak)
{
	struct kcsd_kv_name name;
	u32 i, k, found = 0;
	double start;

	for (i = 0; i < NR_WEAK; i++) {
		name = weak_name(i, weak);
		if (store(kv, &name, 1, i, 0))
			abort();
	}
	start = now();
	for (k = 0; k < 5; k++)
		for (i = 0; i < NR_WEAK; i++) {
			name = weak_name(i, weak);
			found += kcsd_kv_exists(kv, &name);
		}
	return found == 5 * NR_WEAK ? now() - start : 1e9;
}

/* Keys chosen to meet in one place are found about as fast as others. */
static void weak_keys(void)
{
	struct kcsd_kv_config c = { .size = 32 << 20, .max_value = 1 << 20, .max_keys = 100000 };
	struct kcsd_kv *kv;
	double random, weak;
	char why[100];

	if (kcsd_kv_open(&c, NULL, &kv, why, sizeof(why)))
		abort();
	random = time_keys(kv, false);
	weak = time_keys(kv, true);
	OK(weak < 20 * random + 0.01, "keys of one shard: %.1f times as long", weak / random);
	kcsd_kv_close(kv);
}

/* Make a segment of heads of one key: large values without pieces that were never promised. */
static u32 make_torn(struct disk *d, const struct kcsd_kv_super *super, u32 index)
{
	struct kcsd_kv_segment_header h = {
		.magic = cpu_to_le32(KCSD_KV_SEGMENT_MAGIC), .index = cpu_to_le32(index),
		.generation = cpu_to_le64(index + 1), .flags = cpu_to_le32(KCSD_KV_SEGMENT_CLOSED),
	};
	u8 *at = d->now + ((u64)(index + 1) << 20);
	u32 i, nr = (1 << 20) / 128 - 100;

	memcpy(h.uuid, super->uuid, sizeof(h.uuid));
	h.seed = cpu_to_le32(kcsd_kv_crc(0, &h, offsetof(struct kcsd_kv_segment_header, seed)));
	h.nr_slots = cpu_to_le32(nr);
	h.end = cpu_to_le32(KCSD_KV_BLOCK + nr * 64);
	h.crc = cpu_to_le32(kcsd_kv_crc(0, &h, offsetof(struct kcsd_kv_segment_header, crc)));
	memcpy(at, &h, sizeof(h));
	memcpy(at + (1 << 20) - KCSD_KV_BLOCK, &h, sizeof(h));
	for (i = 0; i < nr; i++) {
		struct kcsd_kv_record r = {
			.magic = cpu_to_le16(KCSD_KV_RECORD_MAGIC), .kind = KCSD_KV_VALUE,
			.key_len = 1, .key = { 'k' }, .value_len = cpu_to_le32(1 << 20),
			.version = cpu_to_le64((u64)index * nr + i + 10), .index = cpu_to_le32(2),
			.begun = cpu_to_le64(1000), .lag = cpu_to_le32(1000),
			.offset = cpu_to_le32(KCSD_KV_BLOCK + i * 64),
		};

		kcsd_kv_record_seal(&r, le32_to_cpu(h.seed));
		memcpy(at + KCSD_KV_BLOCK + i * 64, &r, sizeof(r));
		memcpy(at + (1 << 20) - KCSD_KV_BLOCK - (i + 1) * 64, &r, sizeof(r));
	}
	return nr;
}

/* A file of many heads of one key is validated in the time of one of many keys. */
static void many_heads(void)
{
	struct kcsd_kv_config c = { .size = 16 << 20, .max_value = 1 << 20, .max_keys = 100000 };
	struct disk *d = disk_create(48 << 20);
	const struct kcsd_kv_super *super = (void *)d->now;
	struct kcsd_kv_report report;
	struct kcsd_kv *kv;
	char why[100];
	double start;
	u32 i, nr = 0;

	if (kcsd_kv_open(&c, &d->medium, &kv, why, sizeof(why)))
		abort();
	kcsd_kv_cut(kv, 1);
	kcsd_kv_close(kv);
	for (i = 0; i < 12; i++)
		nr += make_torn(d, super, i);
	start = now();
	IS(kcsd_kv_file_validate(&d->medium, &report, NULL, NULL), 0, "validate %u heads", nr);
	OK(now() - start < 3, "which takes %.1f s", now() - start);
	IS(report.torn, nr, "none happened");
	disk_destroy(d);
}

static void random_lies(void)
{
	struct disk *files[2] = { make_file(true), make_file(false) };
	struct disk *d = disk_create(32 << 20);
	static struct model m;
	struct kcsd_kv_report report;
	u32 i, opened = 0, n = rounds(80);

	for (i = 0; i < n; i++) {
		seed(1000 + i);
		disk_copy(d, files[i % 2]);
		change_some(d);
		memcpy(d->stable, d->now, d->len);
		kcsd_kv_file_validate(&d->medium, &report, NULL, NULL);
		model_init(&m, d, 6 << 20);
		if (model_open(&m))
			continue;
		opened++;
		use_file(d, &m);
		model_close(&m);
	}
	OK(opened > n / 4, "files that say anything: %u of %u are stores", opened, n);
	disk_destroy(files[0]);
	disk_destroy(files[1]);
	disk_destroy(d);
}

void hostile_tests(void)
{
	random_lies();
	weak_keys();
	many_heads();
}
