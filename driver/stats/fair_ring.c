// SPDX-License-Identifier: GPL-2.0
#include "stats/fair_ring.h"

#define NONE	KCSD_FAIR_RING_MAX

/* ---- rows of users and of files; `user` is 0 for rows of users ---- */

/* Return the row of an id, or NONE. */
static u32 find(const struct kcsd_fair_shares *s, u64 id, u32 user)
{
	u32 i;

	for (i = 0; i < s->end; i++)
		if (s->row[i].id == id && s->row[i].nr && s->row[i].user == user)
			return i;
	return NONE;
}

/*
 * Return the row of an id; if there is none, give it a free row. There are as many rows as places.
 */
static u32 get(struct kcsd_fair_ring *r, struct kcsd_fair_shares *s, u64 id, u32 user)
{
	u32 i = find(s, id, user);

	if (i != NONE)
		return i;
	for (i = 0; i < s->end && s->row[i].nr; i++)
		;
	if (i == s->end)
		s->end++;
	s->row[i] = (struct kcsd_fair_share){ .id = id, .turn = ++r->turn, .user = user };
	return i;
}

static bool has_more(const struct kcsd_fair_share *a, const struct kcsd_fair_share *b, u64 id)
{
	if (a->nr != b->nr)
		return a->nr > b->nr;
	/*
	 * If both have the same number: prefer `id`, which adds an entry; else the row that lost
	 * none for longer.
	 */
	if (a->id == id || b->id == id)
		return a->id == id;
	return a->turn < b->turn;
}

/* Return the row with the most entries. id: adds an entry. */
static u32 find_most(const struct kcsd_fair_shares *s, u64 id, u32 user)
{
	u32 most = NONE, i;

	for (i = 0; i < s->end; i++)
		if (s->row[i].nr && s->row[i].user == user &&
		    (most == NONE || has_more(&s->row[i], &s->row[most], id)))
			most = i;
	return most;
}

/* Take nr entries from a row. */
static void lose(struct kcsd_fair_ring *r, struct kcsd_fair_shares *s, u32 row, u32 nr)
{
	s->row[row].nr -= nr;
	s->row[row].turn = ++r->turn;
	while (s->end && !s->row[s->end - 1].nr)
		s->end--;
}

/* ---- places ---- */

static u32 take_oldest(struct kcsd_fair_ring *r, u32 file)
{
	struct kcsd_fair_share *f = &r->files.row[file];
	u32 place = f->oldest;

	f->oldest = r->newer[place];
	lose(r, &r->users, f->user, 1);
	lose(r, &r->files, file, 1);
	return place;
}

static u32 make_room(struct kcsd_fair_ring *r, struct kcsd_owner owner)
{
	u32 user = find_most(&r->users, owner.user, 0);

	return take_oldest(r, find_most(&r->files, owner.file, user));
}

/* Append the places from first to last, nr of them, behind the newest place of a file. */
static void append(struct kcsd_fair_ring *r, struct kcsd_fair_share *f, u32 first, u32 last, u32 nr)
{
	if (f->nr)
		r->newer[f->newest] = first;
	else
		f->oldest = first;
	f->newest = last;
	f->nr += nr;
}

u32 kcsd_fair_ring_add(struct kcsd_fair_ring *r, struct kcsd_owner owner)
{
	u32 place = r->used < r->nr ? r->used++ : make_room(r, owner);
	u32 user = get(r, &r->users, owner.user, 0);
	u32 file;

	r->users.row[user].nr++;
	file = get(r, &r->files, owner.file, user);
	append(r, &r->files.row[file], place, place, 1);
	return place;
}

void kcsd_fair_ring_close(struct kcsd_fair_ring *r, struct kcsd_owner owner)
{
	u32 user = find(&r->users, owner.user, 0), file, closed;
	struct kcsd_fair_share *f;

	if (user == NONE)
		return;
	file = find(&r->files, owner.file, user);
	closed = find(&r->files, KCSD_NO_FILE, user);
	if (file == NONE)
		return;
	f = &r->files.row[file];
	if (closed == NONE) {
		f->id = KCSD_NO_FILE;
		return;
	}
	append(r, &r->files.row[closed], f->oldest, f->newest, f->nr);
	lose(r, &r->files, file, f->nr);
}

void kcsd_fair_ring_clear(struct kcsd_fair_ring *r)
{
	r->used = 0;
	r->users.end = 0;
	r->files.end = 0;
}
