// SPDX-License-Identifier: GPL-2.0
#include "trace.h"

#define SECTOR	512

static struct trace *to_trace(struct kcsd_kv_medium *m)
{
	return container_of(m, struct trace, medium);
}

/* With the lock. */
static void note(struct trace *t, enum call_kind kind, u64 pos, u64 len, const void *data)
{
	struct call *c;

	if (t->nr == t->room) {
		t->room = t->room ? 2 * t->room : 256;
		t->calls = realloc(t->calls, t->room * sizeof(*t->calls));
	}
	c = &t->calls[t->nr++];
	*c = (struct call){ .kind = kind, .pos = pos, .len = len };
	if (!data)
		return;
	c->data = malloc(len);
	memcpy(c->data, data, len);
}

static int trace_read(struct kcsd_kv_medium *m, u64 pos, void *to, u32 len, bool now)
{
	struct disk *d = to_trace(m)->disk;

	return d->medium.ops->read(&d->medium, pos, to, len, now);
}

static int trace_write(struct kcsd_kv_medium *m, u64 pos, const void *from, u32 len)
{
	struct trace *t = to_trace(m);
	int ret;

	pthread_mutex_lock(&t->lock);
	note(t, CALL_WRITE, pos, len, from);
	ret = t->disk->medium.ops->write(&t->disk->medium, pos, from, len);
	pthread_mutex_unlock(&t->lock);
	return ret;
}

static int trace_sync(struct kcsd_kv_medium *m)
{
	struct trace *t = to_trace(m);
	int ret;

	pthread_mutex_lock(&t->lock);
	note(t, CALL_SYNC, 0, 0, NULL);
	ret = t->disk->medium.ops->sync(&t->disk->medium);
	m->len = t->disk->medium.len;
	pthread_mutex_unlock(&t->lock);
	return ret;
}

static int trace_discard(struct kcsd_kv_medium *m, u64 pos, u64 len)
{
	struct trace *t = to_trace(m);
	int ret;

	len = pos < t->disk->len ? min(len, t->disk->len - pos) : 0;
	pthread_mutex_lock(&t->lock);
	note(t, CALL_DISCARD, pos, len, NULL);
	ret = t->disk->medium.ops->discard(&t->disk->medium, pos, len);
	pthread_mutex_unlock(&t->lock);
	return ret;
}

static int trace_reserve(struct kcsd_kv_medium *m, u64 pos, u64 len)
{
	struct disk *d = to_trace(m)->disk;

	return d->medium.ops->reserve(&d->medium, pos, len);
}

static const struct kcsd_kv_medium_ops trace_ops = {
	.read = trace_read, .write = trace_write, .sync = trace_sync, .discard = trace_discard,
	.reserve = trace_reserve,
};

void trace_init(struct trace *t, struct disk *d)
{
	*t = (struct trace){ .disk = d };
	t->medium.ops = &trace_ops;
	t->medium.len = d->medium.len;
	pthread_mutex_init(&t->lock, NULL);
}

void trace_destroy(struct trace *t)
{
	while (t->nr)
		free(t->calls[--t->nr].data);
	free(t->calls);
	pthread_mutex_destroy(&t->lock);
}

u32 trace_now(struct trace *t)
{
	u32 nr;

	pthread_mutex_lock(&t->lock);
	nr = t->nr;
	pthread_mutex_unlock(&t->lock);
	return nr;
}

/* ---- cut ---- */

static void apply(const struct call *c, u8 *to, u64 at, u32 len)
{
	if (c->kind == CALL_WRITE)
		memcpy(to + c->pos + at, c->data + at, len);
	else
		memset(to + c->pos + at, 0, len);
}

static void apply_some(const struct call *c, u8 *to, u32 unit)
{
	u64 at;

	for (at = 0; at < c->len; at += unit)
		if (below(2))
			apply(c, to, at, unit);
}

static void apply_call(const struct call *c, u8 *to, enum cut_how how, bool is_it)
{
	switch (how) {
	case CUT_NONE:
		return;
	case CUT_BLOCKS:
		apply_some(c, to, KCSD_KV_BLOCK);
		return;
	case CUT_SECTORS:
		apply_some(c, to, SECTOR);
		return;
	default:
		if (how == CUT_ALL || is_it == (how == CUT_ONE))
			apply(c, to, 0, (u32)c->len);
	}
}

u32 trace_cut(const struct trace *t, u32 at, const struct disk *start, struct disk *d,
	      enum cut_how how, u32 which)
{
	u32 i, first = 0, nr = 0;

	disk_copy(d, start);
	for (i = 0; i < at; i++)
		if (t->calls[i].kind == CALL_SYNC)
			first = i + 1;
	for (i = 0; i < first; i++)
		if (t->calls[i].kind != CALL_SYNC)
			apply(&t->calls[i], d->now, 0, (u32)t->calls[i].len);
	for (; i <= at && i < t->nr; i++)
		if (t->calls[i].kind != CALL_SYNC)
			apply_call(&t->calls[i], d->now, how, nr++ == which);
	memcpy(d->stable, d->now, d->len);
	memset(d->used, 1, d->len / KCSD_KV_BLOCK);
	if (first || nr)
		d->medium.len = d->len;
	return nr;
}
