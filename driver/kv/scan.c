// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "scan.h"

int kcsd_kv_scan_init(struct kcsd_kv_scan *scan, struct kcsd_kv_medium *medium,
		      const struct kcsd_kv_super *super)
{
	*scan = (struct kcsd_kv_scan){
		.medium = medium,
		.geometry = { le32_to_cpu(super->shift), le32_to_cpu(super->nr_segments) },
	};
	memcpy(scan->uuid, super->uuid, sizeof(scan->uuid));
	scan->mem = kcsd_kv_alloc_medium(kcsd_kv_segment_len(&scan->geometry));
	scan->bad = kcsd_alloc_own(kcsd_kv_segment_len(&scan->geometry) / KCSD_KV_BLOCK);
	if (scan->mem && scan->bad)
		return 0;
	kcsd_kv_scan_destroy(scan);
	return -ENOMEM;
}

void kcsd_kv_scan_destroy(struct kcsd_kv_scan *scan)
{
	kcsd_free(scan->mem);
	kcsd_free(scan->bad);
	scan->mem = NULL;
	scan->bad = NULL;
}

static int read_block(struct kcsd_kv_medium *m, u64 pos, u8 *to, bool *bad)
{
	int ret = m->ops->read(m, pos, to, KCSD_KV_BLOCK, false);

	if (bad)
		*bad = kcsd_kv_is_damage(ret);
	if (!kcsd_kv_is_damage(ret))
		return ret;
	memset(to, 0, KCSD_KV_BLOCK);
	return 0;
}

int kcsd_kv_read_blocks(struct kcsd_kv_medium *m, u64 pos, u8 *to, u32 len, bool *bad)
{
	int ret = m->ops->read(m, pos, to, len, false);
	u32 i, nr = len / KCSD_KV_BLOCK;

	if (bad)
		memset(bad, 0, nr * sizeof(*bad));
	if (!kcsd_kv_is_damage(ret))
		return ret;
	for (ret = 0, i = 0; !ret && i < nr; i++)
		ret = read_block(m, pos + i * KCSD_KV_BLOCK, to + i * KCSD_KV_BLOCK,
				 bad ? &bad[i] : NULL);
	return ret;
}

/* Read into the same place of mem. */
static int load(struct kcsd_kv_scan *scan, u32 index, u32 from, u32 end)
{
	return from >= end ? 0 : kcsd_kv_read_blocks(scan->medium,
						     kcsd_kv_scan_pos(scan, index) + from,
						     scan->mem + from, end - from,
						     scan->bad + from / KCSD_KV_BLOCK);
}

/* Return true if one of some bytes of mem could not be read. */
static bool is_bad(const struct kcsd_kv_scan *scan, u32 from, u32 len)
{
	u32 i;

	for (i = from / KCSD_KV_BLOCK; i < DIV_ROUND_UP(from + len, KCSD_KV_BLOCK); i++)
		if (scan->bad[i])
			return true;
	return false;
}

/*
 * Return what becomes of a record or header that is not there and may be, as its block cannot be
 * read. Whoever only validates goes on; else it would be lost for good when the file is written.
 */
static int not_read(const struct kcsd_kv_scan *scan, u32 at)
{
	return !scan->every && is_bad(scan, at, 1) ? -EIO : 0;
}

/* ---- headers ---- */

static bool header_valid(const struct kcsd_kv_scan *scan, u32 index,
			 const struct kcsd_kv_segment_header *h)
{
	return le32_to_cpu(h->magic) == KCSD_KV_SEGMENT_MAGIC &&
	       le32_to_cpu(h->crc) ==
		       kcsd_kv_crc(0, h, offsetof(struct kcsd_kv_segment_header, crc)) &&
	       le32_to_cpu(h->seed) ==
		       kcsd_kv_crc(0, h, offsetof(struct kcsd_kv_segment_header, seed)) &&
	       le32_to_cpu(h->index) == index &&
	       le64_to_cpu(h->generation) < KCSD_KV_NUMBERS &&
	       le64_to_cpu(h->begun) < KCSD_KV_NUMBERS &&
	       le64_to_cpu(h->completed) < KCSD_KV_NUMBERS &&
	       !memcmp(h->uuid, scan->uuid, sizeof(h->uuid));
}

static bool is_closed(const struct kcsd_kv_scan *scan, const struct kcsd_kv_segment_header *h)
{
	u32 len = kcsd_kv_segment_len(&scan->geometry), nr = le32_to_cpu(h->nr_slots);
	u32 end = le32_to_cpu(h->end);

	return le32_to_cpu(h->flags) & KCSD_KV_SEGMENT_CLOSED &&
	       nr <= (len - 2 * KCSD_KV_BLOCK) / (2 * KCSD_KV_ALIGN) &&
	       end >= KCSD_KV_BLOCK + (nr ? KCSD_KV_ALIGN : 0) && end % KCSD_KV_ALIGN == 0 &&
	       end <= kcsd_kv_slot_at(&scan->geometry, nr) + KCSD_KV_ALIGN;
}

static void take_header(struct kcsd_kv_scan *scan, struct kcsd_kv_scan_segment *s,
			const struct kcsd_kv_segment_header *h)
{
	s->used = true;
	s->header = *h;
	s->seed = le32_to_cpu(h->seed);
	s->generation = le64_to_cpu(h->generation);
	s->begun = le64_to_cpu(h->begun);
	s->completed = le64_to_cpu(h->completed);
	s->closed = is_closed(scan, h);
	s->nr_slots = s->closed ? le32_to_cpu(h->nr_slots) : 0;
	s->end = s->closed ? le32_to_cpu(h->end) : KCSD_KV_BLOCK;
}

int kcsd_kv_scan_headers(struct kcsd_kv_scan *scan, u32 index, struct kcsd_kv_scan_segment *s)
{
	u32 last = kcsd_kv_segment_len(&scan->geometry) - KCSD_KV_BLOCK;
	const struct kcsd_kv_segment_header *a = (const void *)scan->mem;
	const struct kcsd_kv_segment_header *b = (const void *)(scan->mem + last);
	bool a_valid, b_valid;
	int ret;

	*s = (struct kcsd_kv_scan_segment){ .index = index };
	ret = load(scan, index, 0, KCSD_KV_BLOCK);
	if (!ret)
		ret = load(scan, index, last, last + KCSD_KV_BLOCK);
	if (ret)
		return ret;
	a_valid = header_valid(scan, index, a);
	b_valid = header_valid(scan, index, b);
	s->half = a_valid != b_valid;
	if (b_valid && (!a_valid || le64_to_cpu(b->generation) >= le64_to_cpu(a->generation)))
		take_header(scan, s, b);
	else if (a_valid)
		take_header(scan, s, a);
	if (!s->used)
		ret = not_read(scan, 0) ?: not_read(scan, last);
	return ret;
}

/* ---- records ---- */

struct walk {
	struct kcsd_kv_scan *scan;
	struct kcsd_kv_scan_segment *s;
	u32 offset;		/* end of the last record that is known */
	u32 slot;
	u32 limit;		/* no more slots than this */
	struct kcsd_kv_found lost;	/* the first of some that are lost */
	bool has_lost;
};

static int load_records(struct walk *w)
{
	struct kcsd_kv_scan *scan = w->scan;
	int ret = 0;

	if (!scan->has_records)
		ret = load(scan, w->s->index, KCSD_KV_BLOCK, scan->slots_from);
	scan->has_records = true;
	return ret;
}

/* Return true if a header is that of a record which begins at or after an offset. */
static bool is_record(const struct walk *w, const struct kcsd_kv_record *r, u32 offset)
{
	return kcsd_kv_record_valid(r, &w->scan->geometry, w->s->seed) &&
	       le32_to_cpu(r->offset) >= offset;
}

static const struct kcsd_kv_record *slot_of(const struct walk *w, u32 slot)
{
	u32 at = kcsd_kv_slot_at(&w->scan->geometry, slot);
	const struct kcsd_kv_record *r = (const void *)(w->scan->mem + at);

	if (!is_record(w, r, w->offset))
		return NULL;
	/* No record is where the slots are. */
	return r->kind == KCSD_KV_VOID ||
	       le32_to_cpu(r->offset) + kcsd_kv_record_len(le32_to_cpu(r->len)) <=
	       round_down(at, KCSD_KV_BLOCK) ? r : NULL;
}

static const struct kcsd_kv_record *header_at(const struct walk *w, u32 offset)
{
	const struct kcsd_kv_record *r = (const void *)(w->scan->mem + offset);

	if (offset > kcsd_kv_slot_at(&w->scan->geometry, w->slot) ||
	    !is_record(w, r, offset) || le32_to_cpu(r->offset) != offset)
		return NULL;
	return r;
}

static bool is_durable(const struct walk *w, const struct kcsd_kv_record *r)
{
	return le64_to_cpu(r->begun) < w->scan->completed;
}

/* Return true if header and payload are what the record says. */
static bool is_whole(const struct walk *w, const struct kcsd_kv_record *r)
{
	u32 offset = le32_to_cpu(r->offset);
	const u8 *mem = w->scan->mem + offset;

	return header_at(w, offset) && !memcmp(mem, r, sizeof(*r)) &&
	       le32_to_cpu(r->payload_crc) == kcsd_kv_crc(0, mem + sizeof(*r), le32_to_cpu(r->len));
}

static int judge(struct walk *w, struct kcsd_kv_found *f)
{
	int ret;

	f->durable = is_durable(w, &f->r);
	f->state = KCSD_KV_SOUND;
	if (w->scan->trusting || f->r.kind == KCSD_KV_VOID || (f->durable && !w->scan->every))
		return 0;
	ret = load_records(w);
	if (ret || is_whole(w, &f->r))
		return ret;
	/* If it could not be read, it may be whole: whoever reads it finds out. */
	if (w->scan->every || !is_bad(w->scan, f->offset, kcsd_kv_record_end(&f->r) - f->offset))
		f->state = f->durable ? KCSD_KV_DAMAGED : KCSD_KV_TORN;
	return 0;
}

/* Tell of the records that were lost before one that is known, or before the end. */
static int tell_lost(struct walk *w, bool durable)
{
	if (!w->has_lost)
		return 0;
	w->has_lost = false;
	w->lost.state = KCSD_KV_LOST;
	w->lost.durable = durable;
	w->lost.nr = w->slot - w->lost.slot;
	return w->scan->found(w->scan, &w->lost);
}

static int tell(struct walk *w, const struct kcsd_kv_record *r)
{
	struct kcsd_kv_found f = {
		.segment = w->s, .r = *r, .offset = le32_to_cpu(r->offset), .slot = w->slot,
	};
	int ret = tell_lost(w, is_durable(w, r));

	if (!ret)
		ret = judge(w, &f);
	w->offset = kcsd_kv_record_end(r);
	return ret ? ret : w->scan->found(w->scan, &f);
}

/* Return the record of the next slot; its header counts if the slot is bad. */
static int find(struct walk *w, const struct kcsd_kv_record **r)
{
	int ret;

	*r = slot_of(w, w->slot);
	/* After lost ones, nobody knows where the next begins. */
	if (*r || w->has_lost)
		return 0;
	ret = load_records(w);
	*r = header_at(w, w->offset);
	if (ret || *r || (w->s->closed && w->s->begun < w->scan->completed))
		return ret;
	/* In an open segment, that may be the end. */
	return not_read(w->scan, kcsd_kv_slot_at(&w->scan->geometry, w->slot)) ?:
	       not_read(w->scan, w->offset);
}

static int walk_on(struct walk *w)
{
	const struct kcsd_kv_record *r;
	int ret;

	for (; w->slot < w->limit; w->slot++) {
		ret = find(w, &r);
		if (ret)
			return ret;
		if (r) {
			ret = tell(w, r);
			if (ret)
				return ret;
			if (!w->s->closed)
				w->s->nr_slots = w->slot + 1;
		} else if (!w->has_lost) {
			w->has_lost = true;
			w->lost.segment = w->s;
			w->lost.offset = w->offset;
			w->lost.slot = w->slot;
		}
	}
	/* In an open segment, nothing follows: that is its end. */
	return w->s->closed ? tell_lost(w, w->s->begun < w->scan->completed) : 0;
}

int kcsd_kv_scan_records(struct kcsd_kv_scan *scan, struct kcsd_kv_scan_segment *s)
{
	u32 len = kcsd_kv_segment_len(&scan->geometry);
	u32 most = (len - 2 * KCSD_KV_BLOCK) / (2 * KCSD_KV_ALIGN);
	struct walk w = {
		.scan = scan, .s = s, .offset = KCSD_KV_BLOCK,
		.limit = s->closed ? s->nr_slots : most,
	};
	int ret;

	scan->has_records = false;
	scan->slots_from = round_down(kcsd_kv_slot_at(&scan->geometry, w.limit), KCSD_KV_BLOCK);
	ret = load(scan, s->index, scan->slots_from, len - KCSD_KV_BLOCK);
	/* Of an open one, records may be where slots are in others: read all, below. */
	if (!ret && !s->closed) {
		scan->slots_from = len - KCSD_KV_BLOCK;
		ret = load(scan, s->index, KCSD_KV_BLOCK, len - KCSD_KV_BLOCK);
		scan->has_records = true;
	}
	if (!ret)
		ret = walk_on(&w);
	if (!s->closed)
		s->end = w.offset;
	return ret;
}

/* ---- syncs ---- */

static int note_completed(struct kcsd_kv_scan *scan, const struct kcsd_kv_found *f)
{
	u64 begun = le64_to_cpu(f->r.begun);
	u32 lag = le32_to_cpu(f->r.lag);

	if (f->state == KCSD_KV_SOUND && f->r.kind != KCSD_KV_VOID && lag != KCSD_KV_LAG_MAX &&
	    begun >= lag)
		scan->highest = max(scan->highest, begun - lag);
	return 0;
}

int kcsd_kv_scan_completed(struct kcsd_kv_scan *scan)
{
	int (*found)(struct kcsd_kv_scan *scan, const struct kcsd_kv_found *f) = scan->found;
	struct kcsd_kv_scan_segment s;
	u32 i;
	int ret = 0;

	scan->trusting = true;
	scan->highest = 0;
	scan->found = note_completed;
	for (i = 0; !ret && i < scan->geometry.nr; i++) {
		ret = kcsd_kv_scan_headers(scan, i, &s);
		if (ret || !s.used)
			continue;
		scan->highest = max(scan->highest, s.completed);
		if (!s.closed)
			ret = kcsd_kv_scan_records(scan, &s);
	}
	scan->found = found;
	scan->completed = scan->highest;
	scan->trusting = false;
	return ret;
}
