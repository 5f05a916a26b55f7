// SPDX-License-Identifier: GPL-2.0
#include <linux/nospec.h>
#include <linux/string.h>
#include <linux/uio.h>

#include "compute/audit.h"
#include "compute/compute.h"
#include "compute/move.h"
#include "compute/program_log.h"
#include "compute/run.h"
#include "compute/store_object.h"
#include "compute/tenant.h"
#include "engine/helper.h"
#include "media/lba_io.h"
#include "media/lbas.h"
#include "media/objects.h"
#include "stats/counters.h"

#define FLAGS_ALL	(KCSD_STORE_MUST_EXIST | KCSD_STORE_MUST_NOT_EXIST)

/* Decide whether a run may store an object; nothing else decides it. */
static bool may_store(const struct kcsd_run *run, const struct kcsd_kv_name *name)
{
	const struct kcsd_key_grant *g;

	for (g = run->key_grants; g < run->key_grants + run->nr_key_grants; g++)
		if (name->len >= g->len && !memcmp(name->key, g->prefix, g->len))
			return true;
	return false;
}

/* Log the first key that the run may not store. */
static void log_refused(struct kcsd_run *run, const struct kcsd_kv_name *name)
{
	static const char before[] = "kv_store: no grant for key \"";
	char text[sizeof(before) + sizeof(name->key)];
	size_t len = sizeof(before) - 1;

	if (run->refused_key)
		return;
	run->refused_key = true;
	memcpy(text, before, len);
	memcpy(text + len, name->key, name->len);
	len += name->len;
	text[len++] = '"';
	kcsd_program_log_line(run->compute->log, run->async.turn.tenant->owner, run->pind, text,
			      len);
}

/* End a long store if the run has to end; the tick after it says why. Does not sleep. */
static bool store_stopped(void *ctx)
{
	const struct kcsd_run *run = ctx;

	return READ_ONCE(run->async.cancelled) || ktime_get_ns() > run->deadline_ns ||
	       kcsd_objects_stopped(run->compute->objects);
}

static s64 store_error(int ret)
{
	switch (ret) {
	case KCSD_SC_NO_KEY:
		return -KCSD_ENOENT;
	case KCSD_SC_KEY_EXISTS:
		return -KCSD_EEXIST;
	case -EBUSY:	/* runs pin the space, this one perhaps: none gives way to a run */
		return -KCSD_ENOSPC;
	default:
		return kcsd_run_error(ret);
	}
}

/* True if the medium failed. No room, or a condition that does not hold, is for the program. */
static bool is_failure(int ret)
{
	return ret && ret != KCSD_SC_NO_KEY && ret != KCSD_SC_KEY_EXISTS &&
	       ret != KCSD_SC_CAPACITY_EXCEEDED && ret != -EBUSY;
}

static void take_time(struct kcsd_run *run, const struct kcsd_kv_store *store)
{
	const struct kcsd_objects *objects = run->compute->objects;

	run->written_bytes += store->len;
	kcsd_stat_add(run->compute, media_write_bytes, store->len);
	if (objects->time_bytes)
		kcsd_run_clock_bytes(&run->clock, KCSD_TIMING_WRITE,
				     kcsd_objects_time_offset(objects, store->where, store->len),
				     store->len);
}

static s64 run_store(struct kcsd_run *run, struct kcsd_kv_store *store)
{
	int ret = kcsd_run_inject(run, KCSD_INJECT_STORE, 0, 0);

	/* After a delay that reached the deadline nothing is stored. */
	if (!ret && store_stopped(run))
		ret = KCSD_SC_ABORT_REQUESTED;
	if (!ret)
		ret = kcsd_objects_store(run->compute->objects, store);
	if (ret == KCSD_SC_ABORT_REQUESTED) {
		kcsd_vm_fault(&run->vm, kcsd_run_tick(run), 0);
		return -KCSD_EIO;
	}
	if (is_failure(ret))
		kcsd_run_note_object(run, KCSD_NO_SOURCE, ret, KCSD_SC_WRITE_FAULT);
	if (!ret) {
		kcsd_audit_add_stored(run->audit, &store->name);
		take_time(run, store);
	}
	return store_error(ret);
}

s64 kcsd_run_store_object(struct kcsd_run *run, const struct kcsd_helper_args *a)
{
	u64 key_len = a->val[1], len = a->val[3], flags = a->val[4];
	struct kvec kvec = { .iov_base = a->ptr[2], .iov_len = len };
	struct iov_iter from;
	struct kcsd_kv_store store = {
		.flags = (flags & KCSD_STORE_MUST_EXIST ? KCSD_KV_IF_EXISTS : 0) |
			 (flags & KCSD_STORE_MUST_NOT_EXIST ? KCSD_KV_IF_MISSING : 0),
		.from = &from, .stop = { store_stopped, run },
	};

	if (!key_len || key_len > KCSD_KV_MAX_KEY || flags & ~(u64)FLAGS_ALL || flags == FLAGS_ALL)
		return -KCSD_EINVAL;
	store.name.len = kcsd_index_nospec(key_len, KCSD_KV_MAX_KEY + 1);
	memcpy(store.name.key, a->ptr[0], store.name.len);
	if (!may_store(run, &store.name)) {
		log_refused(run, &store.name);
		return -KCSD_EACCES;
	}
	/* A CPU that mispredicts a branch up to here must not go on to the store. */
	barrier_nospec();
	if (len > run->compute->objects->max_value)
		return -KCSD_EINVAL;
	store.len = len;
	iov_iter_kvec(&from, ITER_SOURCE, &kvec, 1, len);
	return run_store(run, &store);
}
