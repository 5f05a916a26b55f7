/* SPDX-License-Identifier: GPL-2.0 */
/* A run of a program: one Execute command. */
#ifndef KCSD_RUN_H
#define KCSD_RUN_H

#include <linux/types.h>
#include <linux/kcsd.h>

#include "compute/async.h"
#include "compute/run_clock.h"
#include "compute/source.h"
#include "engine/engine.h"
#include "engine/lowered.h"

struct kcsd_audit;
struct kcsd_compute;
struct kcsd_output;
struct kcsd_program;
struct kcsd_range_set;
struct kcsd_run_objects;
struct kcsd_source_list;
struct kcsd_unit;
struct mem_cgroup;

/*
 * One Execute command. Holds the program and the range set until just before done(), like all that
 * struct kcsd_async holds.
 */
struct kcsd_run {
	struct kcsd_async async;	/* the first member; async.turn.entry: in units.running */
	struct kcsd_compute *compute;
	u16 pind;
	u16 nr_grants;
	u16 nr_ranges;
	u16 nr_key_grants;		/* not 0: inside the gate of the objects */
	u32 args_len;			/* bytes */
	u32 timeout_ms;
	u32 out_max;			/* bytes that may be emitted */
	u32 out_len;			/* bytes emitted */
	u32 erasures;				/* compute->erasures when the run was created */
	bool cut;			/* output was cut: out_max was too small */
	u64 cparam1;
	u64 cparam2;
	u64 stream_len;			/* bytes; no more than stream or the ranges have */
	u64 budget;			/* instructions, 0: no limit */
	struct mem_cgroup *memcg;	/* of the submitter, charged for the output; referenced */
	struct kcsd_program *program;
	const struct kcsd_range_set *range_set;	/* NULL: the command named none */
	void *data;			/* data of the command, owned; NULL: none */
	const struct kcsd_lba_grant *grants;	/* nr_grants */
	const struct kcsd_key_grant *key_grants;	/* nr_key_grants; validated */
	const struct kcsd_memory_range *ranges;	/* nr_ranges, in data or in range_set */
	const void *args;		/* args_len bytes */
	struct kcsd_stream stream;	/* of the grants, in data; no sources: stream of ranges */
	struct kcsd_source_list *list;	/* of the tenant, with the stream; NULL: none */
	struct kcsd_run_objects *objects;	/* that it reads; NULL: none; owned */
	struct kcsd_output *output;	/* for commands that receive; NULL: metadata gets it */
	bool reserved;			/* has a spare unit: it may wait for its reader */
	struct kcsd_unit *unit;		/* that executes it; NULL: none yet */
	struct kcsd_unit *parked_on;	/* queued again, to go on on this unit; units.lock */
	u64 queued_ns, start_ns, end_ns;	/* ktime */
	u64 deadline_ns;		/* ktime */
	u64 reader_ns;			/* of that time it waited for its reader */
	u64 read_bytes, written_bytes;	/* read from and written to LBAs */
	int io_status;		/* first access failed by store or zone; 0: none */
	u64 io_lba;		/* first LBA of that access; of an object: index of its source */
	bool io_object;			/* that access was of an object */
	bool refused_key;		/* kv_store was refused a key, which is in the log */
	struct kcsd_audit *audit;	/* NULL: not asked for; owned */
	u32 engine;			/* KCSD_ENGINE_* */
	struct kcsd_lowered_ctl *ctl;	/* while it runs as JIT code; units.lock */
	u32 nr_out_pages;		/* for out_max bytes, at least one */
	struct kcsd_run_clock clock;	/* its device time */
	bool is_quick;			/* its submitter executes it; quick_run.c */
	bool overran;			/* a quick run overran its slice: start it over */
	struct kcsd_vm vm;		/* vm.end is valid in KCSD_ASYNC_COMPLETE */

	void __user *metadata;		/* output buffer of the host, or NULL */
	u32 metadata_len;		/* bytes */

	/* Pages of the output, allocated while it runs; NULL: not allocated yet. Owned. */
	u8 *out_page[] __counted_by(nr_out_pages);
};

/* The ops of runs, in run.c, and the two of them that unit.c implements. */
extern const struct kcsd_async_ops kcsd_run_async_ops;
void kcsd_run_submit(struct kcsd_async *async);
void kcsd_run_cancel(struct kcsd_async *async);

/* Return the run, or NULL if it is another asynchronous command. */
static inline struct kcsd_run *kcsd_async_run(struct kcsd_async *async)
{
	return async->ops == &kcsd_run_async_ops ? container_of(async, struct kcsd_run, async) :
						   NULL;
}

/* quick_run.c */
/*
 * Execute the run in the task of its submitter, instead of kcsd_run_submit(), if it is expected to
 * be quick. Returns true if the run is complete; done() is not called. Returns false if nothing has
 * happened.
 */
bool kcsd_run_quick(struct kcsd_run *run);
/* True if the completed run took no longer than a quick run may, on a unit or by its submitter. */
bool kcsd_run_was_quick(const struct kcsd_run *run);
/*
 * True once a quick run has overrun its slice; the thread of a unit then starts it over. Called
 * from its tick.
 */
bool kcsd_run_overran(struct kcsd_run *run);

/* run.c */
/* Describe a completed run for the tracepoints. */
void kcsd_run_describe(const struct kcsd_run *run, struct kcsd_trace_run *to);
/* Run the program on a unit that the caller owns. */
void kcsd_run_execute(struct kcsd_run *run, struct kcsd_unit *unit);
/*
 * Account for a run that ended as run->vm.end says, log it if it failed, and release all that it
 * holds of the drive.
 */
void kcsd_run_retire(struct kcsd_run *run);
/* Retire the run, then call done(). */
void kcsd_run_complete(struct kcsd_run *run);
/* Callbacks of the engine for the runs of a drive; helpers.c. */
extern const struct kcsd_vm_ops kcsd_run_ops;

#endif
