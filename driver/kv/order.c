// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Objects in the order of their keys: each shard has a tree, a cursor merges them. */
#include "store.h"

static int compare(const struct kcsd_kv_entry *e, const u8 *key, u8 len)
{
	int ret = memcmp(e->key, key, KCSD_KV_MAX_KEY);

	return ret ? ret : (int)e->key_len - len;
}

void kcsd_kv_entry_show(struct kcsd_kv_shard *shard, struct kcsd_kv_entry *e)
{
	struct rb_node **at = &shard->tree.rb_node, *parent = NULL;

	while (*at) {
		parent = *at;
		if (compare(rb_entry(parent, struct kcsd_kv_entry, node), e->key, e->key_len) > 0)
			at = &parent->rb_left;
		else
			at = &parent->rb_right;
	}
	rb_link_node(&e->node, parent, at);
	rb_insert_color(&e->node, &shard->tree);
}

void kcsd_kv_entry_show_last(struct kcsd_kv_shard *shard, struct kcsd_kv_entry *e,
			     struct rb_node **last)
{
	rb_link_node(&e->node, *last, *last ? &(*last)->rb_right : &shard->tree.rb_node);
	rb_insert_color(&e->node, &shard->tree);
	*last = &e->node;
}

void kcsd_kv_entry_hide(struct kcsd_kv_shard *shard, struct kcsd_kv_entry *e)
{
	rb_erase(&e->node, &shard->tree);
}

/* ---- cursor ---- */

/* The next key of each shard that has one; shard[] is a heap, that of the first key on top. */
struct kcsd_kv_cursor {
	struct kcsd_kv *kv;
	u32 nr;
	u8 shard[KCSD_KV_SHARDS];
	struct kcsd_kv_name next[KCSD_KV_SHARDS];
};

/* Return the first object not before a key, or with after: behind it. */
static struct kcsd_kv_entry *seek(struct kcsd_kv_shard *shard, const struct kcsd_kv_name *name,
				  bool after)
{
	struct rb_node *at = shard->tree.rb_node;
	struct kcsd_kv_entry *found = NULL;

	while (at) {
		struct kcsd_kv_entry *e = rb_entry(at, struct kcsd_kv_entry, node);

		if (compare(e, name->key, name->len) >= after) {
			found = e;
			at = at->rb_left;
		} else {
			at = at->rb_right;
		}
	}
	return found;
}

/*
 * Set name to the first object of a shard not before it, or with after: behind it. Returns false if
 * there is none.
 */
static bool next_name(struct kcsd_kv_shard *shard, struct kcsd_kv_name *name, bool after)
{
	struct kcsd_kv_entry *e;

	spin_lock(&shard->lock);
	e = seek(shard, name, after);
	if (e) {
		name->len = e->key_len;
		memcpy(name->key, e->key, sizeof(name->key));
	}
	spin_unlock(&shard->lock);
	return e;
}

static bool is_before(const struct kcsd_kv_cursor *c, u32 a, u32 b)
{
	const struct kcsd_kv_name *x = &c->next[c->shard[a]], *y = &c->next[c->shard[b]];
	int ret = memcmp(x->key, y->key, sizeof(x->key));

	return ret ? ret < 0 : x->len < y->len;
}

static void sift_down(struct kcsd_kv_cursor *c, u32 at)
{
	u32 child;

	for (; (child = 2 * at + 1) < c->nr; at = child) {
		if (child + 1 < c->nr && is_before(c, child + 1, child))
			child++;
		if (is_before(c, at, child))
			break;
		swap(c->shard[at], c->shard[child]);
	}
}

struct kcsd_kv_cursor *kcsd_kv_cursor_create(struct kcsd_kv *kv, const struct kcsd_kv_name *from,
					     bool now)
{
	struct kcsd_kv_cursor *c = now ? kcsd_kv_alloc_now(sizeof(*c)) : kcsd_alloc_own(sizeof(*c));
	u32 i;

	if (!c)
		return NULL;
	c->kv = kv;
	for (i = 0; i < KCSD_KV_SHARDS; i++) {
		c->next[i] = *from;
		if (next_name(&kv->shards[i], &c->next[i], false))
			c->shard[c->nr++] = i;
	}
	for (i = c->nr / 2; i--;)
		sift_down(c, i);
	return c;
}

void kcsd_kv_cursor_destroy(struct kcsd_kv_cursor *c)
{
	kcsd_free(c);
}

bool kcsd_kv_cursor_next(struct kcsd_kv_cursor *c, struct kcsd_kv_name *name)
{
	u32 first = c->shard[0];

	if (!c->nr)
		return false;
	*name = c->next[first];
	if (!next_name(&c->kv->shards[first], &c->next[first], true))
		c->shard[0] = c->shard[--c->nr];
	sift_down(c, 0);
	return true;
}
