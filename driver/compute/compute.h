/* SPDX-License-Identifier: GPL-2.0 */
/* Runs of programs, and the compute units that carry them out. */
#ifndef KCSD_COMPUTE_H
#define KCSD_COMPUTE_H

#include <linux/hrtimer.h>
#include <linux/list.h>
#include <linux/seqlock.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/kcsd.h>

#include "compute/schedule.h"
#include "engine/engine.h"
#include "engine/lowered.h"
#include "stats/trace_cmd.h"

struct io_uring_cmd;
struct kcsd_audit;
struct kcsd_cmd;
struct kcsd_drive;
struct kcsd_program;
struct kcsd_range_set;
struct kcsd_tenant;
struct kcsd_mapping;
struct kobject;
struct mem_cgroup;

enum kcsd_run_state {
	KCSD_RUN_NEW,		/* not submitted yet */
	KCSD_RUN_QUEUED,	/* in units.schedule */
	KCSD_RUN_RUNNING,	/* on a unit */
	KCSD_RUN_ENDED,		/* the submitter's again */
};

/*
 * One Execute command. Made when it is parsed, handed to the units by
 * kcsd_run_submit(), and given back by calling done() exactly once, from a
 * compute unit or from whoever cancels it. The front end then frees it. Holds the program, the
 * range set, drive->memory_gate and drive->live until just before done(). After that only the
 * front end's open file keeps struct kcsd_drive, perhaps without power: its stats, units.lock and
 * held are valid, no more. It keeps its tenant's slot until its buffers are freed: memory of runs
 * that ended and were not picked up counts, too.
 */
struct kcsd_run {
	struct kcsd_turn turn;		/* its entry: units.running while it runs; units.lock */
	enum kcsd_run_state state;	/* units.lock */
	bool cancelled;			/* set once by anyone, read by the unit */
	u16 pind;
	u16 nr_grants;
	u16 nr_ranges;
	u32 args_len;			/* bytes */
	u32 timeout_ms;
	u32 out_max;			/* bytes that may be emitted */
	u32 out_len;			/* bytes emitted */
	bool cut;			/* more was, for which there was no room */
	u64 cparam1;
	u64 cparam2;
	u64 stream_len;			/* bytes */
	u64 budget;			/* instructions, 0: no limit */
	struct kcsd_drive *drive;
	struct kcsd_tenant *slot_of;	/* who gave a slot for it; NULL: has it back */
	struct mem_cgroup *memcg;	/* of its submitter: to charge for its output; referenced */
	struct kcsd_program *program;
	const struct kcsd_range_set *range_set;	/* NULL: none was named */
	void *data;			/* what the command brought; owned, NULL: nothing */
	const struct kcsd_lba_grant *grants;	/* nr_grants */
	const struct kcsd_memory_range *ranges;	/* nr_ranges, in data or in range_set */
	const void *args;		/* args_len bytes */
	u64 queued_ns, start_ns, end_ns;	/* ktime */
	u64 deadline_ns;		/* ktime */
	u64 read_bytes, written_bytes;	/* media */
	int medium_status;		/* of the first access that medium or zone failed; 0: none */
	u64 medium_lba;			/* the first LBA of that */
	struct kcsd_trace_cmd trace;
	struct kcsd_audit *audit;	/* NULL: not asked for; owned */
	u32 engine;			/* KCSD_ENGINE_* */
	struct kcsd_lowered_ctl *ctl;	/* while it runs as native code; units.lock */
	u32 nr_out_pages;		/* for out_max bytes, at least one */
	bool is_quick;			/* its submitter carries it out; quick_run.c */
	bool overran;			/* which took too long: it is to be started over */
	struct kcsd_vm vm;		/* vm.end is valid once ended */

	/* The front end's. */
	void (*done)(struct kcsd_run *run);
	void *done_data;
	void __user *metadata;		/* output buffer, or NULL */
	u32 metadata_len;		/* bytes */

	/* Pages of what was emitted, allocated while it runs; NULL: not yet; owned. */
	u8 *out_page[] __counted_by(nr_out_pages);
};

/* Memory ranges that a unit keeps mapped: more than a pipeline on it has on its way. */
#define KCSD_UNIT_WINDOWS	4

/*
 * A compute unit: private program memory, and a thread. At any time at most one has it, its thread
 * or the submitter of a run (quick_run.c); a unit that nobody has is in units.idle. What is marked [h]
 * is for who has it.
 */
struct kcsd_unit {
	struct kcsd_drive *drive;
	u32 nr;				/* its index in units.unit */
	struct list_head idle;		/* units.idle; units.lock */
	bool called;			/* its thread has it; units.lock */
	wait_queue_head_t wait;		/* its thread, until it is called */
	struct task_struct *task;
	struct kobject *dir;		/* in sysfs; control/units_dir.c */
	/*
	 * [h] Memory of the program it runs. Behind the dirty bytes everything is zero,
	 * for ever in front of the arena (KCSD_LOWERED_BEFORE): native code can get there
	 * when the CPU mis-speculates, and shall find nothing.
	 */
	u8 *arena;
	u64 arena_len;			/* bytes; a power of two, at least cfg.arena_size */
	u64 dirty;			/* [h] bytes that the last program could write to */
	u64 wipe_ns;			/* [h] what wiping them took before the run at hand */
	struct kcsd_mapping *mapping[KCSD_UNIT_WINDOWS];	/* [h] NULL: none yet */
	u64 mapping_clock;		/* [h] uses of windows so far */
	struct kcsd_lowered_ctl ctl;	/* [h] of native code; cancelling: see kcsd_run.ctl */
	struct hrtimer timer;		/* of native code that does not count; native.c */
	bool ticks;			/* [h] such code runs */
	u64 runs;			/* [h] read by anyone */
	seqcount_t busy_seq;		/* [h] of the next two; read by anyone */
	u64 busy_ns;			/* without the run on it */
	u64 busy_since;			/* ktime, 0: idle */
};

struct kcsd_units {
	/* The next four, the state of runs; process context, nothing inside but waking a unit. */
	spinlock_t lock;
	struct kcsd_schedule schedule;	/* those that wait */
	struct list_head running;
	struct list_head idle;		/* units that nobody has: none while runs wait for long */
	bool stopping;			/* runs submitted from now on are cancelled at once */
	atomic64_t jit_bytes;		/* of all native code */
	u64 started_ns;			/* ktime */
	u32 nr;
	struct kcsd_unit *unit;		/* nr of them */
	struct kobject *dir;		/* units/ in sysfs */
};

int kcsd_units_init(struct kcsd_drive *drive);
void kcsd_units_destroy(struct kcsd_drive *drive);
/* End all runs, queued and running. New ones have been shut out: for_good, or by memory_gate. */
void kcsd_units_cancel_all(struct kcsd_drive *drive, bool for_good);
/* Clear what runs have left in the units' memory. No run is under way, and none can begin. */
void kcsd_units_erase(struct kcsd_drive *drive);
/* Nanoseconds that a unit, or all together, were busy and idle since power on. Never decrease. */
struct kcsd_unit_times {
	u64 busy_ns;
	u64 idle_ns;
};

void kcsd_unit_get_times(const struct kcsd_unit *unit, struct kcsd_unit_times *times);
void kcsd_units_get_times(const struct kcsd_drive *drive, struct kcsd_unit_times *times);
/* Kernel memory that they hold, native code included. */
u64 kcsd_units_memory(const struct kcsd_drive *drive);

/* Give a run to the units. It may have ended, and be gone, when this returns. */
void kcsd_run_submit(struct kcsd_run *run);
/*
 * Instead: an idle unit with the run on it, if nothing waits for one and all is made that the run
 * needs there. kcsd_unit_execute(), then give it back. NULL: submit the run.
 */
struct kcsd_unit *kcsd_unit_borrow(struct kcsd_run *run);
void kcsd_unit_return(struct kcsd_unit *unit);
/* Who has the unit: carry out a run that is on it. It is then ended, but nobody told. */
void kcsd_unit_execute(struct kcsd_unit *unit, struct kcsd_run *run);
/* Ask it to end soon; a queued one ends before this returns. The run must not have been freed. */
void kcsd_run_cancel(struct kcsd_run *run);

/* control/units_dir.c: the units/ directory, below the controller's device. _del also after a failure. */
int kcsd_units_add_dir(struct kcsd_drive *drive);
void kcsd_units_del_dir(struct kcsd_drive *drive);

/* quick_run.c */
/*
 * The submitter, instead of kcsd_run_submit(): carry it out here and now if that is sure to be
 * quick. True: it has ended, as after done(), which is not called. False: nothing has happened.
 */
bool kcsd_run_quick(struct kcsd_run *run);
/* An inline run's tick: has it shown that it is not quick? */
bool kcsd_run_overran(struct kcsd_run *run);

/* nvme/execute.c */
/* Execute Program and Execute on LBAs: parse; sets cmd->run. */
int kcsd_execute_parse(struct kcsd_cmd *cmd);

/* run.c */
/* Carry out a run. Who has the unit. */
void kcsd_run_execute(struct kcsd_run *run, struct kcsd_unit *unit);
/* It ended as run->vm.end says: account for it, and let go of what it holds of the drive. */
void kcsd_run_retire(struct kcsd_run *run);
/* And give it back with done(). */
void kcsd_run_complete(struct kcsd_run *run);
/* NVMe status of an ended run. */
int kcsd_run_status(const struct kcsd_run *run);
/* Copy record and output to run->metadata. In the submitter's mm. 0 or -EFAULT. */
int kcsd_run_copy_output(struct kcsd_run *run);
/* Let go of the range set, if there is one. */
void kcsd_run_put_ranges(struct kcsd_run *run);
/* Free its buffers and give back its slot. What a cancelling may look at stays. */
void kcsd_run_release(struct kcsd_run *run);
/* Release it, if that has not been done, and free it. */
void kcsd_run_free(struct kcsd_run *run);
/* helpers.c: the engine's callbacks for a drive's runs. */
extern const struct kcsd_vm_ops kcsd_run_ops;

#endif
