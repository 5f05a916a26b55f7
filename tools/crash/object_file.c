// SPDX-License-Identifier: GPL-2.0
#include "object_file.h"

#include <endian.h>
#include <fcntl.h>
#include <linux/kcsd_kv.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "content.h"

#define BLOCK		KCSD_KV_BLOCK_LEN
#define RECORD		((uint32_t)sizeof(struct kcsd_kv_record))
#define MAX_RECORDS	(1u << 18)

struct item {
	struct kcsd_kv_record r;
	const uint8_t *payload;
	bool whole;
};

struct reader {
	struct object_file *out;
	const uint8_t *bytes;
	uint64_t len;
	struct kcsd_kv_super super;
	uint32_t segment_len;
	uint64_t completed;	/* syncs: what began before is durable */
	struct item *items;
	uint32_t nr;
};

static int wrong(const char *what, uint64_t where)
{
	printf("objects: %s at %llu\n", what, (unsigned long long)where);
	return -1;
}

static uint32_t round_to(uint32_t n, uint32_t unit)
{
	return (n + unit - 1) / unit * unit;
}

/* ---- headers ---- */

static bool super_at(struct reader *r, uint64_t pos)
{
	struct kcsd_kv_super super;

	if (pos + BLOCK > r->len)
		return false;
	memcpy(&super, r->bytes + pos, sizeof(super));
	if (memcmp(super.magic, KCSD_KV_SUPER_MAGIC, sizeof(super.magic)) ||
	    le32toh(super.crc) != crc32c(0, &super, offsetof(struct kcsd_kv_super, crc)) ||
	    le32toh(super.shift) < 20 || le32toh(super.shift) > 23)
		return false;
	if (le64toh(super.generation) >= le64toh(r->super.generation))
		r->super = super;
	return true;
}

static bool segment_at(const struct reader *r, uint32_t index, uint32_t at,
		       struct kcsd_kv_segment_header *h)
{
	memcpy(h, r->bytes + (uint64_t)(index + 1) * r->segment_len + at, sizeof(*h));
	return le32toh(h->magic) == KCSD_KV_SEGMENT_MAGIC && le32toh(h->index) == index &&
	       !memcmp(h->uuid, r->super.uuid, sizeof(h->uuid)) &&
	       le32toh(h->crc) == crc32c(0, h, offsetof(struct kcsd_kv_segment_header, crc));
}

/* Take the header that counts. Return false if the segment is free. */
static bool segment_header(const struct reader *r, uint32_t index, struct kcsd_kv_segment_header *h)
{
	struct kcsd_kv_segment_header last;
	bool first_is = segment_at(r, index, 0, h);
	bool last_is = segment_at(r, index, r->segment_len - BLOCK, &last);

	if (last_is && (!first_is || le64toh(last.generation) >= le64toh(h->generation)))
		*h = last;
	return first_is || last_is;
}

/* ---- records ---- */

static bool record_is_valid(const struct reader *r, const struct kcsd_kv_record *rec, uint32_t seed)
{
	uint32_t len = le32toh(rec->len), offset = le32toh(rec->offset);

	return le16toh(rec->magic) == KCSD_KV_RECORD_MAGIC &&
	       le32toh(rec->crc) == crc32c(seed, &rec->payload_crc, RECORD - sizeof(rec->crc)) &&
	       len <= KCSD_KV_PIECE && offset >= BLOCK && offset < r->segment_len &&
	       len + RECORD <= r->segment_len - offset;
}

static void add_record(struct reader *r, const uint8_t *segment, const struct kcsd_kv_record *rec)
{
	const uint8_t *at = segment + le32toh(rec->offset);
	struct item *item = &r->items[r->nr];
	uint64_t begun = le64toh(rec->begun);
	uint32_t lag = le32toh(rec->lag);

	if (r->nr == MAX_RECORDS - 1)
		return;
	*item = (struct item){ .r = *rec, .payload = at + RECORD };
	item->whole = !memcmp(at, rec, RECORD) &&
		      le32toh(rec->payload_crc) == crc32c(0, at + RECORD, le32toh(rec->len));
	r->nr++;
	if (lag != KCSD_KV_LAG_MAX && begun >= lag && begun - lag > r->completed)
		r->completed = begun - lag;
}

/* Where the slot of a record is bad, its header counts, if it is known where that is. */
static void read_segment(struct reader *r, uint32_t index)
{
	const uint8_t *segment = r->bytes + (uint64_t)(index + 1) * r->segment_len;
	struct kcsd_kv_segment_header h;
	uint32_t offset = BLOCK, slots = (r->segment_len - 2 * BLOCK) / (2 * KCSD_KV_ALIGN);
	bool lost = false;

	if (!segment_header(r, index, &h))
		return;
	r->out->segments++;
	if (le64toh(h.completed) > r->completed)
		r->completed = le64toh(h.completed);
	if (le32toh(h.flags) & KCSD_KV_SEGMENT_CLOSED)
		slots = le32toh(h.nr_slots);
	for (uint32_t slot = 0; slot < slots; slot++) {
		uint32_t at = r->segment_len - BLOCK - (slot + 1) * RECORD;
		struct kcsd_kv_record rec;

		memcpy(&rec, segment + at, RECORD);
		if (!record_is_valid(r, &rec, le32toh(h.seed)) || le32toh(rec.offset) < offset) {
			memcpy(&rec, segment + offset, RECORD);
			if (lost || !record_is_valid(r, &rec, le32toh(h.seed)) ||
			    le32toh(rec.offset) != offset) {
				lost = true;
				continue;
			}
		}
		lost = false;
		offset = le32toh(rec.offset);
		if (rec.kind != KCSD_KV_VOID)
			add_record(r, segment, &rec);
		if (rec.kind != KCSD_KV_VOID || rec.len)
			offset += round_to(RECORD + le32toh(rec.len), KCSD_KV_ALIGN);
	}
}

/* ---- objects ---- */

static int compare_keys(const struct item *a, const struct item *b)
{
	int ret = memcmp(a->r.key, b->r.key, sizeof(a->r.key));

	return ret ? ret : a->r.key_len - b->r.key_len;
}

/* By key, the newest first; of the same version the pieces in order, the whole first. */
static int compare(const void *p, const void *q)
{
	const struct item *a = p, *b = q;
	uint64_t x = le64toh(a->r.version), y = le64toh(b->r.version);
	int ret = compare_keys(a, b);

	if (!ret && x != y)
		ret = x > y ? -1 : 1;
	if (!ret)
		ret = (a->r.kind == KCSD_KV_PIECE_OF) - (b->r.kind == KCSD_KV_PIECE_OF);
	if (!ret && a->r.kind == KCSD_KV_PIECE_OF)
		ret = (int)le32toh(a->r.index) - (int)le32toh(b->r.index);
	return ret ? ret : b->whole - a->whole;
}

/* Join the pieces of a value, from the items [i, end) of its key. NULL: not all are there. */
static uint8_t *join(const struct reader *r, const struct item *head, uint32_t i, uint32_t end)
{
	uint64_t first = le64toh(head->r.version) - le32toh(head->r.index);
	uint32_t len = le32toh(head->r.value_len), done = 0;
	uint8_t *value = malloc(len + 1);

	for (; i < end && done < len; i++) {
		const struct kcsd_kv_record *p = &r->items[i].r;

		if (p->kind != KCSD_KV_PIECE_OF || le64toh(p->version) != first ||
		    !r->items[i].whole || (uint64_t)le32toh(p->index) * KCSD_KV_PIECE != done ||
		    p->value_len != head->r.value_len || le32toh(p->len) > len - done)
			continue;
		memcpy(value + done, r->items[i].payload, le32toh(p->len));
		done += le32toh(p->len);
	}
	if (done == len)
		return value;
	free(value);
	return NULL;
}

static uint8_t *value_of(const struct reader *r, uint32_t i, uint32_t end)
{
	const struct item *head = &r->items[i];
	uint32_t len = le32toh(head->r.value_len);
	uint8_t *value;

	if (!head->whole)
		return NULL;
	if (len > KCSD_KV_PIECE)
		return join(r, head, i + 1, end);
	value = malloc(len + 1);
	memcpy(value, head->payload, len);
	return value;
}

/* Find the state of a key: that of its newest head, unless this never happened. */
static void judge(struct reader *r, uint32_t i, uint32_t end)
{
	for (; i < end; i++) {
		const struct item *item = &r->items[i];
		struct object_key key = { .len = item->r.key_len };
		uint8_t *value;

		if (item->r.kind == KCSD_KV_PIECE_OF)
			continue;
		if (item->r.kind == KCSD_KV_DELETED && item->whole)
			return;
		value = item->r.kind == KCSD_KV_VALUE ? value_of(r, i, end) : NULL;
		if (!value && le64toh(item->r.begun) >= r->completed) {
			r->out->torn++;
			continue;
		}
		memcpy(key.bytes, item->r.key, sizeof(key.bytes));
		r->out->found(r->out->arg, &key, (struct object_value *)value,
			      le32toh(item->r.value_len));
		free(value);
		return;
	}
}

static void judge_all(struct reader *r)
{
	uint32_t start, end;

	qsort(r->items, r->nr, sizeof(*r->items), compare);
	for (start = 0; start < r->nr; start = end) {
		for (end = start + 1; end < r->nr; end++)
			if (compare_keys(&r->items[start], &r->items[end]))
				break;
		judge(r, start, end);
	}
}

/* ---- all ---- */

static int read_all(struct reader *r)
{
	bool first = super_at(r, 0), second = super_at(r, KCSD_KV_SUPER_COPY);
	uint32_t nr = le32toh(r->super.nr_segments);

	if (!first && !second)
		return wrong("no superblock", 0);
	r->segment_len = 1u << le32toh(r->super.shift);
	for (uint32_t i = 0; i < nr && (uint64_t)(i + 2) * r->segment_len <= r->len; i++)
		read_segment(r, i);
	if (r->nr == MAX_RECORDS - 1)
		return wrong("too many records", r->nr);
	/* When it was closed, all was durable. */
	if (le32toh(r->super.clean))
		r->completed = UINT64_MAX;
	r->out->records = r->nr;
	judge_all(r);
	return 0;
}

/* Map a file. Behind its end, the store has zeroes: have some more. */
static const uint8_t *map_file(const char *path, uint64_t *len)
{
	int fd = open(path, O_RDONLY);
	struct stat st;
	uint8_t *bytes;

	if (fd < 0 || fstat(fd, &st)) {
		perror(path);
		return NULL;
	}
	*len = st.st_size + (1 << 23);
	bytes = mmap(NULL, *len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (bytes == MAP_FAILED || pread(fd, bytes, st.st_size, 0) != st.st_size) {
		perror(path);
		return NULL;
	}
	close(fd);
	return bytes;
}

int object_file_read(struct object_file *f, const char *path)
{
	struct reader r = { .out = f };
	int ret;

	r.bytes = map_file(path, &r.len);
	r.items = calloc(MAX_RECORDS, sizeof(*r.items));
	if (!r.bytes || !r.items)
		return -1;
	ret = read_all(&r);
	munmap((void *)r.bytes, r.len);
	free(r.items);
	return ret;
}
