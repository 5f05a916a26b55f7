// SPDX-License-Identifier: GPL-2.0
#include "resource.h"

int kcsd_resource_init(struct kcsd_resource *r, u32 most, u64 least, const u64 *now)
{
	*r = (struct kcsd_resource){ .most = most, .least = max(least, 1ULL), .now = now };
	r->spans = kcsd_alloc_own(2 * (size_t)most * sizeof(*r->spans));
	return r->spans ? 0 : -ENOMEM;
}

void kcsd_resource_destroy(struct kcsd_resource *r)
{
	kcsd_free(r->spans);
}

u64 kcsd_resource_memory(const struct kcsd_resource *r)
{
	return 2 * (u64)r->most * sizeof(*r->spans);
}

/*
 * Return the first span that ends after at; there is one. Most reservations are near the end of the
 * list, so search from there, in steps that double.
 */
static u32 find_span(const struct kcsd_resource *r, u64 at)
{
	u32 high = r->last - 1, low = high, step = 1;

	/* spans[high] ends after at, what is before low does not. */
	while (low > r->first) {
		low = low - r->first > step ? low - step : r->first;
		if (r->spans[low].end <= at) {
			low++;
			break;
		}
		high = low;
		step *= 2;
	}
	while (low < high) {
		u32 middle = low + (high - low) / 2;

		if (r->spans[middle].end <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Move *at to the earliest start of len ns. Returns the span that comes after, or r->last. */
static u32 find_gap(const struct kcsd_resource *r, u64 *at, u64 len)
{
	u32 i;

	if (*at < r->floor)
		*at = r->floor;
	if (r->first == r->last || *at >= r->spans[r->last - 1].end)
		return r->last;
	if (*at >= r->spans[r->last - 1].start) {
		*at = r->spans[r->last - 1].end;
		return r->last;
	}
	for (i = find_span(r, *at); i < r->last; i++) {
		const struct kcsd_span *span = &r->spans[i];

		if (*at <= span->start && span->start - *at >= len)
			break;
		*at = span->end;
	}
	return i;
}

/*
 * Close gaps, the furthest ones first, that make a span of at most limit ns, until no more than
 * most spans are left.
 */
static void close_gaps(struct kcsd_resource *r, u64 limit, u32 most)
{
	u32 at = r->last - 1, i = at, left = r->last - r->first;

	/* spans[at] grows towards spans[i], the next one; what is before i is as it was. */
	while (i > r->first && left > most) {
		const struct kcsd_span *span = &r->spans[--i];

		if (r->spans[at].end - span->start <= limit) {
			r->closed += r->spans[at].start - span->end;
			r->spans[at].start = span->start;
			left--;
		} else {
			r->spans[--at] = *span;
		}
	}
	memmove(r->spans + r->last - left, r->spans + r->first,
		(i - r->first) * sizeof(*r->spans));
	r->first = r->last - left;
}

/*
 * Nothing in the full list has passed: free an eighth of it. The first limit is small, so that gaps
 * are closed where they are small. With limit >= step it always succeeds: two neighbours are then
 * longer than that together.
 */
static void thin_out(struct kcsd_resource *r)
{
	u64 reach = r->spans[r->last - 1].end - r->spans[r->first].start;
	u64 step = div64_u64(reach, 2 * r->most) * 5 + 5, limit;
	u32 most = r->most - r->most / 8;

	for (limit = step / 16 + 1; r->last - r->first > most; limit *= 2)
		close_gaps(r, limit, most);
}

/* Put a span before spans[i]; the list is not full. */
static void place(struct kcsd_resource *r, u32 i, u64 start, u64 end)
{
	if (r->last == 2 * r->most) {
		memmove(r->spans, r->spans + r->first, (r->last - r->first) * sizeof(*r->spans));
		i -= r->first;
		r->last -= r->first;
		r->first = 0;
	}
	memmove(r->spans + i + 1, r->spans + i, (r->last - i) * sizeof(*r->spans));
	r->spans[i] = (struct kcsd_span){ start, end };
	r->last++;
}

/* The same with a full list. */
static void make_room(struct kcsd_resource *r, u32 i, u64 start, u64 end)
{
	if (i == r->first && end <= *r->now) {
		/* Forget the new span at once: it is the oldest one. */
		r->floor = end;
		return;
	}
	if (r->spans[r->first].end <= *r->now) {
		r->floor = r->spans[r->first++].end;
	} else {
		thin_out(r);
		i = start < r->spans[r->last - 1].end ? find_span(r, start) : r->last;
		/* The gap that it is in may be closed now. */
		if (i < r->last && r->spans[i].start <= start) {
			r->closed -= end - start;
			return;
		}
	}
	place(r, i, start, end);
}

/* Insert a span before spans[i], which starts after it. */
static void insert(struct kcsd_resource *r, u32 i, u64 start, u64 len)
{
	struct kcsd_span *next = r->spans + i;
	bool joins_last = i > r->first && start - next[-1].end < r->least;
	bool joins_next = i < r->last && next->start - (start + len) < r->least;

	r->busy += len;
	if (joins_last && joins_next) {
		next[-1].end = next->end;
		memmove(next, next + 1, (r->last - i - 1) * sizeof(*next));
		r->last--;
	} else if (joins_last) {
		next[-1].end = start + len;
	} else if (joins_next) {
		next->start = start;
	} else if (r->last - r->first < r->most) {
		place(r, i, start, start + len);
	} else {
		make_room(r, i, start, start + len);
	}
}

u64 kcsd_resource_fit(const struct kcsd_resource *r, u64 at, u64 len)
{
	if (len)
		find_gap(r, &at, len);
	return at;
}

void kcsd_resource_take(struct kcsd_resource *r, u64 start, u64 len)
{
	u32 i;

	if (!len)
		return;
	i = find_gap(r, &start, len);
	insert(r, i, start, len);
}

u64 kcsd_resource_reserve(struct kcsd_resource *r, u64 at, u64 len)
{
	u32 i;

	if (!len)
		return at;
	i = find_gap(r, &at, len);
	insert(r, i, at, len);
	return at;
}

u64 kcsd_resource_reserve_all(struct kcsd_resource *r, u64 at, u64 piece, u32 nr, u64 rest)
{
	u64 all = piece * nr + rest;

	while (nr && all) {
		u32 i = find_gap(r, &at, piece);

		if (i == r->last || r->spans[i].start - at >= all) {
			insert(r, i, at, all);
			return at + all;
		}
		insert(r, i, at, piece);
		at += piece;
		all -= piece;
		nr--;
	}
	return kcsd_resource_reserve(r, at, rest) + rest;
}
