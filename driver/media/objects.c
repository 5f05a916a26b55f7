// SPDX-License-Identifier: GPL-2.0
#define pr_fmt(fmt) "kcsd: " fmt

#include <linux/fs.h>
#include <linux/printk.h>
#include <linux/sched/signal.h>
#include <linux/string.h>

#include "config.h"
#include "kv/record.h"
#include "media/lba_io.h"
#include "media/lbas.h"
#include "media/objects.h"
#include "stats/counters.h"

int kcsd_objects_init(struct kcsd_objects *objects)
{
	mutex_init(&objects->cache_lock);
	return kcsd_gate_init(&objects->gate);
}

void kcsd_objects_destroy(struct kcsd_objects *objects)
{
	kcsd_gate_destroy(&objects->gate);
	mutex_destroy(&objects->cache_lock);
}

/* ---- power ---- */

static int validate_config(const struct kcsd_config *c, const char *name)
{
	u64 charge = kcsd_kv_charge(KCSD_KV_MAX_KEY, c->kv_max_value);

	if (charge <= c->kv_size)
		return 0;
	pr_err("%s: kv_size %llu does not hold a value of kv_max_value %llu and its key: set kv_size to at least %llu, or a lower kv_max_value\n",
	       name, c->kv_size, c->kv_max_value, ALIGN(charge, SZ_4K));
	return -EINVAL;
}

static void close_file(struct kcsd_objects *objects)
{
	if (objects->cfg->kv_file)
		kcsd_kv_file_close(&objects->file);
}

int kcsd_objects_open(struct kcsd_objects *objects, const char *name)
{
	const struct kcsd_config *c = objects->cfg;
	const struct kcsd_kv_config config = {
		.size = c->kv_size, .max_value = c->kv_max_value, .max_keys = c->kv_max_keys,
	};
	char why[128] = "";
	int ret;

	if (!c->kv_size) {
		if (c->kv_file)
			pr_warn("%s: kv_size is 0: kv_file %s is not used\n", name, c->kv_file);
		return 0;
	}
	ret = validate_config(c, name);
	if (ret)
		return ret;
	if (c->kv_file)
		ret = kcsd_kv_file_open(&objects->file, c->kv_file, name);
	if (ret)
		return ret;
	ret = kcsd_kv_open(&config, c->kv_file ? &objects->file.medium : NULL, &objects->kv, why,
			   sizeof(why));
	if (ret) {
		pr_err("%s: objects in %s cannot be opened: %s%serror %d\n", name,
		       c->kv_file ?: "memory", why, *why ? ": " : "", ret);
		close_file(objects);
		return ret;
	}
	objects->volatile_cache = c->kv_file;
	objects->size = c->kv_size;
	objects->max_value = c->kv_max_value;
	objects->max_keys = c->kv_max_keys;
	return 0;
}

void kcsd_objects_close(struct kcsd_objects *objects)
{
	int ret;

	if (!objects->kv)
		return;
	ret = kcsd_kv_close(objects->kv);
	if (ret)
		pr_err("kcsd%u: objects in %s: writing back failed, what was not flushed may be lost: error %d\n",
		       objects->index, objects->cfg->kv_file, ret);
	objects->kv = NULL;
	close_file(objects);
}

void kcsd_objects_kill(struct kcsd_objects *objects)
{
	WRITE_ONCE(objects->dead, true);
	if (objects->kv)
		kcsd_kv_kill(objects->kv);
}

void kcsd_objects_cut(struct kcsd_objects *objects, u64 seed)
{
	if (objects->kv)
		kcsd_kv_cut(objects->kv, seed);
}

bool kcsd_objects_stopped(void *ctx)
{
	const struct kcsd_objects *objects = ctx;

	return READ_ONCE(objects->stopping) || READ_ONCE(objects->cancelling) ||
	       fatal_signal_pending(current);
}

u64 kcsd_objects_time_offset(const struct kcsd_objects *objects, u64 where, u64 len)
{
	u64 last = objects->time_bytes - min(len, objects->time_bytes);

	/* The pieces of a value may be anywhere: take them as one behind the other. */
	return objects->time_start + min(where, last);
}

/* ---- access ---- */

/*
 * Count a media error. Not counted: a full store, a fault of user memory, a call that would wait or
 * has waited in vain, one that was interrupted.
 */
static int result(struct kcsd_objects *objects, int ret)
{
	if (ret == KCSD_SC_UNRECOVERED ||
	    (ret < 0 && !kcsd_lba_io_is_full(ret) && ret != -EFAULT && ret != -EAGAIN &&
	     ret != -ENOMEM && ret != -EINTR && ret != -EBUSY))
		kcsd_stat_inc(objects, media_errors);
	return ret;
}

static bool is_dead(const struct kcsd_objects *objects)
{
	return unlikely(READ_ONCE(objects->dead));
}

/*
 * Complete a change that was made with these flags. While the volatile cache is off, it completes
 * when it is durable, also if the cache was turned off meanwhile.
 */
static int changed(struct kcsd_objects *objects, u32 flags, int ret)
{
	int error;

	/* No object to delete: another command may have deleted it just now. */
	if ((ret && ret != KCSD_SC_NO_KEY) || flags & KCSD_KV_DURABLE || !objects->volatile_cache)
		return ret;
	smp_mb();	/* pairs with smp_mb() in kcsd_objects_use_cache() */
	if (likely(!READ_ONCE(objects->write_through)))
		return ret;
	error = kcsd_kv_flush(objects->kv);
	return error ?: ret;
}

/* Returns flags, with those of the volatile write cache; 0: it cannot be now. */
static int change_flags(const struct kcsd_objects *objects, u32 *flags)
{
	if (is_dead(objects))
		return -EIO;
	if (!READ_ONCE(objects->write_through) || !objects->volatile_cache)
		return 0;
	if (*flags & KCSD_KV_NOWAIT)
		return -EAGAIN;
	*flags |= KCSD_KV_DURABLE;
	return 0;
}

/* Call before something is stored: the drive is no longer erased. */
static void note_data(struct kcsd_objects *objects)
{
	struct kcsd_lbas_retained *retained = objects->lbas->retained;

	if (unlikely(READ_ONCE(retained->erased)))
		WRITE_ONCE(retained->erased, false);
}

int kcsd_objects_store(struct kcsd_objects *objects, struct kcsd_kv_store *store)
{
	int ret = change_flags(objects, &store->flags);

	if (ret)
		return ret;
	note_data(objects);
	ret = kcsd_kv_store(objects->kv, store);
	return result(objects, changed(objects, store->flags, ret));
}

int kcsd_objects_delete(struct kcsd_objects *objects, const struct kcsd_kv_name *name, u32 flags)
{
	const struct kcsd_kv_stop stop = { kcsd_objects_stopped, objects };
	int ret = change_flags(objects, &flags);

	ret = ret ?: kcsd_kv_delete(objects->kv, name, flags, &stop);
	return result(objects, changed(objects, flags, ret));
}

int kcsd_objects_get(struct kcsd_objects *objects, const struct kcsd_kv_name *name,
		     struct kcsd_kv_value *value)
{
	return is_dead(objects) ? -EIO : kcsd_kv_value_get(objects->kv, name, value);
}

int kcsd_objects_exist(struct kcsd_objects *objects, const struct kcsd_kv_name *name)
{
	if (is_dead(objects))
		return -EIO;
	return kcsd_kv_exists(objects->kv, name) ? 0 : KCSD_SC_NO_KEY;
}

int kcsd_objects_cursor(struct kcsd_objects *objects, const struct kcsd_kv_name *from, bool now,
			struct kcsd_kv_cursor **cursor)
{
	if (is_dead(objects))
		return -EIO;
	*cursor = kcsd_kv_cursor_create(objects->kv, from, now);
	if (*cursor)
		return 0;
	return now ? -EAGAIN : -ENOMEM;
}

void kcsd_objects_put(struct kcsd_objects *objects, struct kcsd_kv_value *value)
{
	kcsd_kv_value_put(objects->kv, value);
}

int kcsd_objects_read(struct kcsd_objects *objects, struct kcsd_kv_value *value, u64 offset,
		      struct iov_iter *to, u32 flags)
{
	if (is_dead(objects))
		return -EIO;
	return result(objects, kcsd_kv_value_read(objects->kv, value, offset, to, flags));
}

int kcsd_objects_flush(struct kcsd_objects *objects)
{
	if (is_dead(objects))
		return -EIO;
	return objects->volatile_cache ? result(objects, kcsd_kv_flush(objects->kv)) : 0;
}

void kcsd_objects_drain(struct kcsd_objects *objects)
{
	WRITE_ONCE(objects->cancelling, true);
	kcsd_delayed_wake(&objects->lbas->delayed);
	kcsd_gate_wait(&objects->gate);
	WRITE_ONCE(objects->cancelling, false);
}

int kcsd_objects_erase(struct kcsd_objects *objects)
{
	if (!objects->kv)
		return 0;
	return is_dead(objects) ? -EIO : result(objects, kcsd_kv_erase(objects->kv));
}

/*
 * Set write_through, then flush: a change that does not see it has reached the store before the
 * flush.
 */
int kcsd_objects_use_cache(struct kcsd_objects *objects, bool use)
{
	bool before;
	int ret;

	if (!objects->kv || !objects->volatile_cache)
		return 0;
	guard(mutex)(&objects->cache_lock);
	before = objects->write_through;
	WRITE_ONCE(objects->write_through, !use);
	smp_mb();	/* pairs with smp_mb() in changed() */
	ret = use ? 0 : kcsd_objects_flush(objects);
	/* Undo: the host has not been told that the cache is off. */
	if (ret)
		WRITE_ONCE(objects->write_through, before);
	return ret;
}

const struct inode *kcsd_objects_inode(const struct kcsd_objects *objects)
{
	return objects->kv && objects->cfg->kv_file ? file_inode(objects->file.store.file) : NULL;
}

bool kcsd_objects_have_lost(const struct kcsd_objects *objects)
{
	return objects->kv && objects->cfg->kv_file && kcsd_store_has_lost(&objects->file.store);
}

void kcsd_objects_get_stats(const struct kcsd_objects *objects, struct kcsd_kv_stats *stats)
{
	memset(stats, 0, sizeof(*stats));
	if (objects->kv)
		kcsd_kv_get_stats(objects->kv, stats);
}
