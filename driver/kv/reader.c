// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "reader.h"
#include "scan.h"
#include "super.h"

/* A record, as far as it matters. */
struct item {
	u8 key[KCSD_KV_MAX_KEY];
	u8 key_len;
	u8 kind;
	bool bad;
	bool durable;
	/* First piece of those of a version and length: all are there, sound, or were durable. */
	bool whole;
	bool kept;
	u64 version;	/* of pieces: that of them all */
	u64 first;	/* of a head in pieces: their version */
	u64 place;
	u32 len;	/* of the value */
	u32 index;
};

struct reader {
	struct kcsd_kv_scan scan;
	struct kcsd_kv_report *report;
	struct item *items;
	u64 nr;
	u64 room;
	void (*tell)(const struct kcsd_kv_damage *damage, void *arg);
	void *arg;
};

/* ---- collect ---- */

static int grow(struct reader *r)
{
	u64 room = r->room ? 2 * r->room : 1024;
	struct item *items = kcsd_alloc(room * sizeof(*items));

	if (!items)
		return -ENOMEM;
	if (r->items)
		memcpy(items, r->items, r->nr * sizeof(*items));
	kcsd_free(r->items);
	r->items = items;
	r->room = room;
	return 0;
}

/* Nothing reads the head of a large value again: its slot, which is sound, has all of it. */
static bool is_needed(const struct kcsd_kv_record *r)
{
	return r->kind != KCSD_KV_VALUE || le32_to_cpu(r->value_len) <= KCSD_KV_PIECE;
}

static int add(struct reader *r, const struct kcsd_kv_found *f)
{
	struct item item = {
		.key_len = f->r.key_len, .kind = f->r.kind, .durable = f->durable,
		.bad = f->state == KCSD_KV_DAMAGED && is_needed(&f->r),
		.version = le64_to_cpu(f->r.version), .len = le32_to_cpu(f->r.value_len),
		.index = le32_to_cpu(f->r.index),
		.place = kcsd_kv_scan_pos(&r->scan, f->segment->index) + f->offset,
	};
	int ret = r->nr == r->room ? grow(r) : 0;

	if (ret)
		return ret;
	if (f->state == KCSD_KV_DAMAGED && !item.bad)
		r->report->damaged_stale++;
	memcpy(item.key, f->r.key, sizeof(item.key));
	item.first = item.version - item.index;
	r->items[r->nr++] = item;
	return 0;
}

static void tell(struct reader *r, const struct item *item, u64 place)
{
	struct kcsd_kv_damage damage = { .place = place };

	if (item) {
		damage.key_len = item->key_len;
		memcpy(damage.key, item->key, sizeof(damage.key));
	}
	if (r->tell)
		r->tell(&damage, r->arg);
}

static int found(struct kcsd_kv_scan *scan, const struct kcsd_kv_found *f)
{
	struct reader *r = container_of(scan, struct reader, scan);

	if (f->state == KCSD_KV_LOST && f->durable) {
		r->report->lost += f->nr;
		tell(r, NULL, kcsd_kv_scan_pos(scan, f->segment->index) + f->offset);
	}
	if (f->state == KCSD_KV_TORN || (f->state == KCSD_KV_LOST && !f->durable))
		r->report->torn++;
	if (f->state == KCSD_KV_TORN || f->state == KCSD_KV_LOST || f->r.kind == KCSD_KV_VOID)
		return 0;
	r->report->records++;
	return add(r, f);
}

static int collect(struct reader *r)
{
	struct kcsd_kv_scan_segment s;
	u32 i;
	int ret = 0;

	for (i = 0; !ret && i < r->scan.geometry.nr; i++) {
		ret = kcsd_kv_scan_headers(&r->scan, i, &s);
		if (ret || !s.used)
			continue;
		r->report->used_segments++;
		ret = kcsd_kv_scan_records(&r->scan, &s);
	}
	return ret;
}

/* ---- judge ---- */

static bool is_piece(const struct item *item)
{
	return item->kind == KCSD_KV_PIECE_OF;
}

static int compare_keys(const struct item *a, const struct item *b)
{
	int ret = memcmp(a->key, b->key, sizeof(a->key));

	return ret ? ret : (int)a->key_len - b->key_len;
}

/* Heads first, the newest first, the sound before the bad; then pieces, by value and index. */
static int compare_in_key(const struct item *a, const struct item *b)
{
	int ret = is_piece(a) - is_piece(b);

	if (!ret && a->version != b->version)
		ret = a->version > b->version ? -1 : 1;
	if (!ret && is_piece(a) && a->len != b->len)
		ret = a->len < b->len ? -1 : 1;
	if (!ret && is_piece(a) && a->index != b->index)
		ret = a->index < b->index ? -1 : 1;
	return ret ? ret : a->bad - b->bad;
}

static int compare(const void *p, const void *q)
{
	const struct item *a = p, *b = q;
	int ret = compare_keys(a, b);

	return ret ? ret : compare_in_key(a, b);
}

static bool is_large(const struct item *head)
{
	return head->kind == KCSD_KV_VALUE && head->len > KCSD_KV_PIECE;
}

static bool is_piece_of(const struct item *item, const struct item *head)
{
	return is_large(head) && is_piece(item) && item->version == head->first &&
	       item->len == head->len;
}

static bool is_same_value(const struct item *a, const struct item *b)
{
	return a->version == b->version && a->len == b->len;
}

/*
 * Find out which values have all their pieces, among the pieces [i, end) of a key: sound ones, or
 * ones that were durable.
 */
static void find_whole(struct reader *r, u64 i, u64 end)
{
	u32 next, kept;
	u64 first;

	while (i < end) {
		for (first = i, next = 0, kept = 0; i < end; i++) {
			const struct item *item = &r->items[i];

			if (!is_same_value(item, &r->items[first]))
				break;
			next += item->index == next && !item->bad;
			kept += item->index == kept && (!item->bad || item->durable);
		}
		r->items[first].whole = next == kcsd_kv_nr_pieces(r->items[first].len);
		r->items[first].kept = kept == kcsd_kv_nr_pieces(r->items[first].len);
	}
}

/*
 * Return true if all pieces of a value are there, among the items [i, end) of its key, and sound;
 * or, if promised, were durable.
 */
static bool has_pieces(const struct reader *r, const struct item *head, u64 i, u64 end,
		       bool promised)
{
	const struct item piece = {
		.kind = KCSD_KV_PIECE_OF, .version = head->first, .len = head->len,
	};
	u64 low = i, high = end;

	while (low < high) {
		u64 middle = low + (high - low) / 2;

		if (compare_in_key(&r->items[middle], &piece) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == end || !is_piece_of(&r->items[low], head))
		return false;
	return promised ? r->items[low].kept : r->items[low].whole;
}

/*
 * Count the bad records behind a head that do not count any more. Return the first bad piece of the
 * value of which there is no sound copy, NULL: there is none.
 */
static const struct item *find_bad_piece(struct reader *r, const struct item *head, u64 i, u64 end)
{
	const struct item *sound = NULL, *bad = NULL, *item;

	for (; i < end; i++) {
		item = &r->items[i];
		if (!item->bad)
			sound = item;
		else if (!is_piece_of(item, head) || (sound && is_piece_of(sound, head) &&
						      sound->index == item->index))
			r->report->damaged_stale++;
		else if (!bad)
			bad = item;
	}
	return bad;
}

/* True for a large value that was never promised and is not whole: it never happened. */
static bool is_torn(const struct reader *r, u64 i, u64 end)
{
	const struct item *head = &r->items[i];

	return is_large(head) && !head->durable && !has_pieces(r, head, i + 1, end, true);
}

static void judge_key(struct reader *r, u64 start, u64 end)
{
	struct kcsd_kv_report *report = r->report;
	const struct item *head, *bad;
	u64 pieces = start;

	while (pieces < end && !is_piece(&r->items[pieces]))
		pieces++;
	find_whole(r, pieces, end);
	for (; start < end && is_torn(r, start, end); start++)
		report->torn++;
	if (start == end)
		return;
	head = &r->items[start];
	bad = find_bad_piece(r, head, start + 1, end);
	if (is_piece(head)) {
		report->damaged_stale += head->bad;
		return;
	}
	if (head->kind == KCSD_KV_DELETED) {
		report->deletes++;
		return;
	}
	report->objects++;
	report->bytes += (u64)head->key_len + head->len;
	if (!head->bad && (!is_large(head) || has_pieces(r, head, start + 1, end, false)))
		return;
	report->damaged++;
	/* The head stands for a piece that is missing. */
	tell(r, head, bad && !head->bad ? bad->place : head->place);
}

static void judge_all(struct reader *r)
{
	u64 start, end;

	if (r->nr)
		sort(r->items, r->nr, sizeof(*r->items), compare, NULL);
	for (start = 0; start < r->nr; start = end) {
		for (end = start + 1; end < r->nr; end++)
			if (compare_keys(&r->items[start], &r->items[end]))
				break;
		judge_key(r, start, end);
	}
}

/* ---- all ---- */

static int validate(struct reader *r, struct kcsd_kv_medium *m, const struct kcsd_kv_super *super)
{
	int ret = kcsd_kv_scan_init(&r->scan, m, super);

	if (ret)
		return ret;
	r->scan.found = found;
	r->scan.every = true;
	ret = kcsd_kv_scan_completed(&r->scan);
	/* When it was closed, all was durable. */
	if (le32_to_cpu(super->clean))
		r->scan.completed = U64_MAX;
	if (!ret)
		ret = collect(r);
	if (!ret)
		judge_all(r);
	kcsd_kv_scan_destroy(&r->scan);
	kcsd_free(r->items);
	return ret;
}

int kcsd_kv_file_validate(struct kcsd_kv_medium *m, struct kcsd_kv_report *report,
			  void (*tell)(const struct kcsd_kv_damage *damage, void *arg), void *arg)
{
	struct reader r = { .report = report, .tell = tell, .arg = arg };
	struct kcsd_kv_super super;
	u8 *mem = kcsd_alloc_own(KCSD_KV_BLOCK);
	u32 damaged;
	int ret;

	if (!mem)
		return -ENOMEM;
	ret = kcsd_kv_super_read(m, &super, mem, &damaged);
	kcsd_free(mem);
	if (!ret && !kcsd_kv_super_reaches(m, &super))
		ret = -ESPIPE;
	if (ret)
		return ret;
	*report = (struct kcsd_kv_report){
		.clean = le32_to_cpu(super.clean), .damaged_supers = damaged,
		.size = le64_to_cpu(super.size), .segments = le32_to_cpu(super.nr_segments),
	};
	memcpy(report->uuid, super.uuid, sizeof(report->uuid));
	return validate(&r, m, &super);
}
