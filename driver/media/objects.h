/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Namespace 4: objects. The store is kv/; here is what a drive adds: its medium, power, the
 * volatile write cache, the gate, counters. All access to objects goes through these functions, for
 * commands and programs.
 *
 * Functions return 0, -errno, or a positive NVMe status (KCSD_SC_*), and may sleep unless flags
 * have KCSD_KV_NOWAIT. The caller has entered objects->gate.
 */
#ifndef KCSD_OBJECTS_H
#define KCSD_OBJECTS_H

#include <linux/atomic.h>
#include <linux/mutex.h>
#include <linux/types.h>

#include "gate.h"
#include "kv/kv.h"
#include "media/kv_file.h"
#include "ns.h"

struct inode;
struct iov_iter;
struct kcsd_clock;
struct kcsd_config;
struct kcsd_lbas;
struct kcsd_stats;

/* All members are set before the first node of the drive appears. */
struct kcsd_objects {
	struct kcsd_ns ns;
	unsigned int index;		/* of the drive, for messages */
	const struct kcsd_config *cfg;	/* of the drive; constant */
	struct kcsd_stats __percpu *stats;	/* of the drive */
	struct kcsd_lbas *lbas;		/* of the drive: rules of inject, delays, "erased" */
	struct kcsd_clock *clock;	/* device time of the drive */
	/*
	 * One for each command, and for each run from its creation to its end, if it has objects:
	 * Format and Sanitize close it. Passed after the memory gate of the drive.
	 */
	struct kcsd_gate gate;
	struct kcsd_kv *kv;		/* NULL: no namespace 4 */
	struct kcsd_kv_file file;	/* of the store, if cfg->kv_file is set */
	u64 size;			/* bytes of keys and values that fit; 0: no namespace 4 */
	u32 max_value;			/* bytes */
	u32 max_keys;
	/*
	 * Place of the medium in the address space of the model of time: behind namespace 1, in the
	 * same flash. time_bytes 0: objects take the time of the memory of the drive.
	 */
	u64 time_start, time_bytes;
	bool volatile_cache;		/* what was stored needs a flush to be durable */
	bool stopping;			/* power off has begun: end long commands */
	bool cancelling;		/* the gate is closed and being waited for: likewise */
	bool dead;			/* power was cut: everything fails from now on */
	struct mutex cache_lock;	/* taken to change the next; a leaf but for the store */
	bool write_through;		/* Set Features: what has completed is durable */
	bool missing_fails;		/* feature 20h: Delete of no object fails */
	atomic_t claims;		/* commands that need the space which runs pin */
};

/*
 * Set up what commands may use after power off. The caller has set index, cfg, stats, lbas and
 * clock. Returns 0 or -ENOMEM.
 */
int kcsd_objects_init(struct kcsd_objects *objects);
void kcsd_objects_destroy(struct kcsd_objects *objects);
/*
 * Power on: open the store, unless kv_size is 0. Returns 0, or -errno after a line in the kernel
 * log. name: of the drive, for that line.
 */
int kcsd_objects_open(struct kcsd_objects *objects, const char *name);
void kcsd_objects_close(struct kcsd_objects *objects);
/* Power is being cut: commands fail from now on, and nothing becomes durable any more. */
void kcsd_objects_kill(struct kcsd_objects *objects);
/* Power is cut: no command is left. seed: selects what is lost. */
void kcsd_objects_cut(struct kcsd_objects *objects, u64 seed);

/* True if a long command shall end, or its sender is killed; for struct kcsd_kv_stop. */
bool kcsd_objects_stopped(void *objects);
/*
 * Returns where len bytes of an object are in the address space of the model of time; where: their
 * place in the medium. Only if time_bytes is not 0.
 */
u64 kcsd_objects_time_offset(const struct kcsd_objects *objects, u64 where, u64 len);

/*
 * As the functions of kv/kv.h; these count media errors and obey the volatile write cache. Store
 * and Delete return -EBUSY if they found no room only because of values that others have got.
 */
int kcsd_objects_store(struct kcsd_objects *objects, struct kcsd_kv_store *store);
int kcsd_objects_delete(struct kcsd_objects *objects, const struct kcsd_kv_name *name, u32 flags);
int kcsd_objects_get(struct kcsd_objects *objects, const struct kcsd_kv_name *name,
		     struct kcsd_kv_value *value);
int kcsd_objects_exist(struct kcsd_objects *objects, const struct kcsd_kv_name *name);
/* Create a cursor, as kcsd_kv_cursor_create(). now: or return -EAGAIN. */
int kcsd_objects_cursor(struct kcsd_objects *objects, const struct kcsd_kv_name *from, bool now,
			struct kcsd_kv_cursor **cursor);
void kcsd_objects_put(struct kcsd_objects *objects, struct kcsd_kv_value *value);
int kcsd_objects_read(struct kcsd_objects *objects, struct kcsd_kv_value *value, u64 offset,
		      struct iov_iter *to, u32 flags);
int kcsd_objects_flush(struct kcsd_objects *objects);
/*
 * Wait until nobody is inside the gate, which the caller has closed. Commands inside complete soon.
 */
void kcsd_objects_drain(struct kcsd_objects *objects);
/*
 * Claim the space of values that runs pin, and give the claim back. Meanwhile no run begins to pin
 * some; the caller cancels those that do.
 */
static inline void kcsd_objects_claim(struct kcsd_objects *objects)
{
	atomic_inc(&objects->claims);
}

static inline void kcsd_objects_unclaim(struct kcsd_objects *objects)
{
	atomic_dec(&objects->claims);
}

static inline bool kcsd_objects_claimed(const struct kcsd_objects *objects)
{
	return unlikely(atomic_read(&objects->claims));
}

/* Erase all. The gate is closed and nobody is inside. */
int kcsd_objects_erase(struct kcsd_objects *objects);
/* Turn the volatile write cache on or off, as kcsd_lba_io_use_cache(). */
int kcsd_objects_use_cache(struct kcsd_objects *objects, bool use);
/* Returns the inode of the file; NULL: in memory, or no namespace 4. */
const struct inode *kcsd_objects_inode(const struct kcsd_objects *objects);
/* True if what was stored is lost, because the file could not be synced. */
bool kcsd_objects_have_lost(const struct kcsd_objects *objects);
/* All 0 without namespace 4. */
void kcsd_objects_get_stats(const struct kcsd_objects *objects, struct kcsd_kv_stats *stats);

#endif
