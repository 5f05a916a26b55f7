/* SPDX-License-Identifier: GPL-2.0 */
/* Runs of programs, and the compute units that execute them. */
#ifndef KCSD_COMPUTE_H
#define KCSD_COMPUTE_H

#include <linux/hrtimer.h>
#include <linux/list.h>
#include <linux/seqlock.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/kcsd.h>

#include "compute/async.h"
#include "engine/engine.h"
#include "engine/lowered.h"

struct io_uring_cmd;
struct kcsd_audit;
struct kcsd_cmd;
struct kcsd_drive;
struct kcsd_program;
struct kcsd_range_set;
struct kcsd_mapping;
struct kobject;
struct mem_cgroup;

/*
 * One Execute command. Holds the program and the range set until just before done(), like all that
 * struct kcsd_async holds.
 */
struct kcsd_run {
	struct kcsd_async async;	/* the first member; async.turn.entry: in units.running */
	u16 pind;
	u16 nr_grants;
	u16 nr_ranges;
	u32 args_len;			/* bytes */
	u32 timeout_ms;
	u32 out_max;			/* bytes that may be emitted */
	u32 out_len;			/* bytes emitted */
	u32 sanitizes;			/* drive->sanitize.nr when the run was created */
	bool cut;			/* output was cut: out_max was too small */
	u64 cparam1;
	u64 cparam2;
	u64 stream_len;			/* bytes */
	u64 budget;			/* instructions, 0: no limit */
	struct mem_cgroup *memcg;	/* of the submitter, charged for the output; referenced */
	struct kcsd_program *program;
	const struct kcsd_range_set *range_set;	/* NULL: the command named none */
	void *data;			/* data of the command, owned; NULL: none */
	const struct kcsd_lba_grant *grants;	/* nr_grants */
	const struct kcsd_memory_range *ranges;	/* nr_ranges, in data or in range_set */
	const void *args;		/* args_len bytes */
	u64 queued_ns, start_ns, end_ns;	/* ktime */
	u64 deadline_ns;		/* ktime */
	u64 read_bytes, written_bytes;	/* read from and written to LBAs */
	int io_status;		/* first access failed by store or zone; 0: none */
	u64 io_lba;			/* first LBA of that access */
	struct kcsd_audit *audit;	/* NULL: not asked for; owned */
	u32 engine;			/* KCSD_ENGINE_* */
	struct kcsd_lowered_ctl *ctl;	/* while it runs as JIT code; units.lock */
	u32 nr_out_pages;		/* for out_max bytes, at least one */
	bool is_quick;			/* its submitter executes it; quick_run.c */
	bool overran;			/* a quick run overran its slice: start it over */
	struct kcsd_vm vm;		/* vm.end is valid in KCSD_ASYNC_COMPLETE */

	void __user *metadata;		/* output buffer of the host, or NULL */
	u32 metadata_len;		/* bytes */

	/* Pages of the output, allocated while it runs; NULL: not allocated yet. Owned. */
	u8 *out_page[] __counted_by(nr_out_pages);
};

/* Mappings that a unit caches: more than a pipeline on one unit has runs in flight. */
#define KCSD_UNIT_MAPPINGS	4

/*
 * A compute unit: a thread and private program memory. A unit has at most one owner at a time: its
 * thread, or the submitter of a quick run (quick_run.c). A unit without an owner is in units.idle.
 * Only the owner may use members marked [h].
 */
struct kcsd_unit {
	struct kcsd_drive *drive;
	u32 nr;				/* index in units.unit */
	struct list_head idle;		/* units.idle; units.lock */
	bool called;			/* its thread is the owner; units.lock */
	wait_queue_head_t wait;		/* the thread waits here until called is set */
	struct task_struct *task;
	struct kobject *dir;		/* in sysfs; control/units_dir.c */
	/*
	 * [h] Memory of the program that runs. All bytes after the first `dirty` ones are zero. The
	 * bytes in front of the arena (KCSD_LOWERED_BEFORE) are always zero: JIT code can read them
	 * when the CPU mis-speculates, and must find nothing there.
	 */
	u8 *arena;
	u64 arena_len;			/* bytes; a power of two, at least cfg.arena_size */
	u64 dirty;			/* [h] bytes that the last program could write */
	u64 dirty_by;			/* [h] owner.file of the tenant that ran it */
	u64 wipe_ns;			/* [h] time to wipe what another tenant left, before the run */
	struct kcsd_mapping *mapping[KCSD_UNIT_MAPPINGS];	/* [h] NULL: none yet */
	u64 mapping_clock;		/* [h] uses of mappings so far */
	struct kcsd_lowered_ctl ctl;	/* [h] of JIT code; to cancel it: kcsd_run.ctl */
	struct hrtimer timer;		/* for JIT code that counts no instructions; jit_code.c */
	bool ticks;			/* [h] such code is running */
	u64 runs;			/* [h] read without a lock */
	seqcount_t busy_seq;		/* [h] for the next two; read without a lock */
	u64 busy_ns;			/* without the current run */
	u64 busy_since;			/* ktime, 0: idle */
};

struct kcsd_units {
	/*
	 * Protects the next four and the state of runs. Process context; nothing is taken inside,
	 * but units are woken.
	 */
	spinlock_t lock;
	struct kcsd_schedule schedule;	/* runs that wait */
	struct list_head running;
	struct list_head idle;		/* units without an owner; none while runs wait for long */
	bool stopping;			/* cancel new runs at once */
	atomic64_t jit_bytes;		/* bytes of all JIT code */
	u64 started_ns;			/* ktime */
	u32 nr;
	struct kcsd_unit *unit;		/* nr of them */
	struct kobject *dir;		/* units/ in sysfs */
};

int kcsd_units_init(struct kcsd_drive *drive);
void kcsd_units_destroy(struct kcsd_drive *drive);
/*
 * Cancel all runs, queued and running. The caller has locked out new runs: by for_good, or by
 * closing memory_gate.
 */
void kcsd_units_cancel_all(struct kcsd_drive *drive, bool for_good);
/* Zero the memory of all units. No run is under way, and none can begin. */
void kcsd_units_erase(struct kcsd_drive *drive);
/*
 * Nanoseconds that one unit, or all units together, were busy and idle since power on. Neither
 * value ever decreases.
 */
struct kcsd_unit_times {
	u64 busy_ns;
	u64 idle_ns;
};

void kcsd_unit_get_times(const struct kcsd_unit *unit, struct kcsd_unit_times *times);
void kcsd_units_get_times(const struct kcsd_drive *drive, struct kcsd_unit_times *times);
/* Return the bytes of kernel memory that all units hold, JIT code included. */
u64 kcsd_units_memory(const struct kcsd_drive *drive);

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

/*
 * For a quick run, instead of kcsd_run_submit(): make the caller the owner of an idle unit and put
 * the run on it. Then call kcsd_unit_execute() and kcsd_unit_return(). Returns NULL if no unit is
 * idle, if other runs wait, if no run may begin, or if code must first be compiled or much memory
 * wiped: then submit the run.
 */
struct kcsd_unit *kcsd_unit_borrow(struct kcsd_run *run);
void kcsd_unit_return(struct kcsd_unit *unit);
/*
 * Execute a run on a unit that the caller owns. The run is then KCSD_ASYNC_COMPLETE; done() is not
 * called.
 */
void kcsd_unit_execute(struct kcsd_unit *unit, struct kcsd_run *run);

/* control/units_dir.c */
/*
 * Create and remove the directory units/ below the device of the controller. Call _del also if
 * _add has failed.
 */
int kcsd_units_add_dir(struct kcsd_drive *drive);
void kcsd_units_del_dir(struct kcsd_drive *drive);

/* quick_run.c */
/*
 * Execute the run in the task of its submitter, instead of kcsd_run_submit(), if it is expected to
 * be quick. Returns true if the run is complete; done() is not called. Returns false if nothing has
 * happened.
 */
bool kcsd_run_quick(struct kcsd_run *run);
/*
 * True once a quick run has overrun its slice; the thread of a unit then starts it over. Called
 * from its tick.
 */
bool kcsd_run_overran(struct kcsd_run *run);

/* nvme/execute.c */
/* Parse Execute Program or Execute on LBAs, and set cmd->async. Returns 0, a status or -errno. */
int kcsd_execute_parse(struct kcsd_cmd *cmd);

/* run.c */
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
