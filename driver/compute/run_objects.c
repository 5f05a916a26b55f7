// SPDX-License-Identifier: GPL-2.0
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "compute/charged.h"
#include "compute/run_objects.h"
#include "compute/source.h"
#include "compute/source_list.h"
#include "engine/helper.h"
#include "media/lba_io.h"
#include "media/objects.h"

#define PAUSE_AFTER	1024	/* objects that are looked up */

/* Copy the key of a source, which is within the bytes of the list. Returns false if it is none. */
static bool take_name(const struct kcsd_stream *s, const struct kcsd_source *source,
		      struct kcsd_kv_name *name)
{
	struct kcsd_kv_key key;
	u64 at = kcsd_index_nospec(le64_to_cpu(source->start), s->bytes_len - sizeof(key) + 1);

	BUILD_BUG_ON(sizeof(key) != 24 || sizeof(key.key) != sizeof(name->key));
	memcpy(&key, s->bytes + at, sizeof(key));
	if (!key.len || key.len > sizeof(key.key) || memchr_inv(key.rsvd, 0, sizeof(key.rsvd)))
		return false;
	name->len = kcsd_index_nospec(key.len, sizeof(key.key) + 1);
	memcpy(name->key, key.key, sizeof(name->key));
	return !memchr_inv(name->key + name->len, 0, sizeof(name->key) - name->len);
}

/* Get the value of the object that is source i. *len: bytes of it that are in the stream. */
static int get_value(struct kcsd_run_objects *o, const struct kcsd_stream *s, u32 i, u64 *len)
{
	struct kcsd_kv_name name;
	int ret;

	if (!take_name(s, &s->source[i], &name))
		return KCSD_SC_INVALID_KEY_SIZE;
	ret = kcsd_objects_get(o->objects, &name, &o->value[i]);
	if (ret)
		return ret == -ENOMEM ? ret : kcsd_lba_io_status(ret, KCSD_SC_READ_ERROR);
	if (!*len || *len > o->value[i].len)
		*len = o->value[i].len;
	return 0;
}

/* Look up source i, and set where it ends. */
static int get_source(struct kcsd_run_objects *o, struct kcsd_stream *s, u32 i)
{
	u64 len = le64_to_cpu(s->source[i].len), end;
	int ret = 0;

	if (s->source[i].type == KCSD_SOURCE_OBJECT)
		ret = get_value(o, s, i, &len);
	if (ret)
		return ret;
	o->nr = i + 1;
	if (check_add_overflow(s->begin[i], len, &end) || end > S64_MAX)
		return KCSD_SC_INVALID_SOURCE_LIST;
	s->begin[i + 1] = end;
	return 0;
}

static int get_sources(struct kcsd_run_objects *o, struct kcsd_stream *s, u32 *bad)
{
	int ret = 0;
	u32 i;

	for (i = 0; !ret && i < s->nr; i++) {
		if (i % PAUSE_AFTER == PAUSE_AFTER - 1) {
			cond_resched();
			if (kcsd_objects_stopped(o->objects) || kcsd_objects_claimed(o->objects))
				return KCSD_SC_ABORT_REQUESTED;
		}
		*bad = i;
		ret = get_source(o, s, i);
	}
	return ret;
}

/* Allocate the values, and where the sources begin in this run. */
static int alloc_objects(struct kcsd_source_lists *lists, struct kcsd_stream *s,
			 struct kcsd_run_objects **out)
{
	struct kcsd_run_objects *o;
	size_t len = struct_size(o, value, s->nr) + (s->nr + 1) * sizeof(*s->begin);

	if (!kcsd_source_lists_reserve(lists, len))
		return KCSD_SC_INSUFFICIENT_RESOURCES;
	o = kcsd_charged_alloc(len);
	if (!o) {
		kcsd_source_lists_unreserve(lists, len);
		return -ENOMEM;
	}
	o->lists = lists;
	o->memory = len;
	o->source = s->source;
	s->begin = (void *)(o->value + s->nr);
	s->begin[0] = 0;
	*out = o;
	return 0;
}

int kcsd_run_objects_get(struct kcsd_objects *objects, struct kcsd_source_lists *lists,
			 struct kcsd_stream *stream, struct kcsd_run_objects **out, u32 *bad)
{
	int ret = kcsd_gate_enter(&objects->gate);

	*out = NULL;
	if (ret)
		return ret;
	ret = kcsd_objects_claimed(objects) ? KCSD_SC_ABORT_REQUESTED :
					      alloc_objects(lists, stream, out);
	if (ret) {
		kcsd_gate_exit(&objects->gate);
		return ret;
	}
	(*out)->objects = objects;
	return get_sources(*out, stream, bad);
}

void kcsd_run_objects_put(struct kcsd_run_objects *o)
{
	struct kcsd_objects *objects;
	u32 i;

	if (!o)
		return;
	objects = o->objects;
	for (i = 0; i < o->nr; i++) {
		if (o->source[i].type == KCSD_SOURCE_OBJECT)
			kcsd_objects_put(objects, &o->value[i]);
		cond_resched();
	}
	kcsd_source_lists_unreserve(o->lists, o->memory);
	kvfree(o);
	kcsd_gate_exit(&objects->gate);
}
