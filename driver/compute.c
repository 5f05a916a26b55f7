// SPDX-License-Identifier: GPL-2.0
/* Compute units: threads that take runs from a queue. */
#include <linux/kthread.h>
#include <linux/log2.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "compute.h"
#include "drive.h"
#include "native.h"
#include "window.h"

/* The next run, now this unit's, or NULL. */
static struct kcsd_run *kcsd_units_take(struct kcsd_units *us)
{
	struct kcsd_run *run;

	spin_lock(&us->lock);
	run = list_first_entry_or_null(&us->queue, struct kcsd_run, entry);
	if (run) {
		run->state = KCSD_RUN_RUNNING;
		list_move_tail(&run->entry, &us->running);
	}
	spin_unlock(&us->lock);
	return run;
}

/* Off the lists: from here on nobody but the caller finds it there. */
static void kcsd_units_drop(struct kcsd_units *us, struct kcsd_run *run)
{
	lockdep_assert_held(&us->lock);
	run->state = KCSD_RUN_ENDED;
	list_del(&run->entry);
}

static void kcsd_unit_execute(struct kcsd_unit *unit, struct kcsd_run *run)
{
	struct kcsd_units *us = &unit->drive->units;
	u64 start = ktime_get_ns();

	WRITE_ONCE(unit->busy_since, start);
	kcsd_run_execute(run, unit);
	WRITE_ONCE(unit->busy_ns, unit->busy_ns + (ktime_get_ns() - start));
	WRITE_ONCE(unit->busy_since, 0);

	scoped_guard(spinlock, &us->lock)
		kcsd_units_drop(us, run);
	kcsd_run_end(run);
}

static int kcsd_unit_thread(void *data)
{
	struct kcsd_unit *unit = data;
	struct kcsd_units *us = &unit->drive->units;
	struct kcsd_run *run;

	while (!kthread_should_stop()) {
		/* Idle, not interruptible: a wait for work is no load and no hung task. */
		wait_event_idle_exclusive(us->wait, !list_empty_careful(&us->queue) ||
					  kthread_should_stop());
		while ((run = kcsd_units_take(us)))
			kcsd_unit_execute(unit, run);
	}
	return 0;
}

void kcsd_run_submit(struct kcsd_run *run)
{
	struct kcsd_units *us = &run->drive->units;
	bool stopping;

	run->queued_ns = ktime_get_ns();
	scoped_guard(spinlock, &us->lock) {
		stopping = us->stopping || run->cancelled;
		run->state = stopping ? KCSD_RUN_ENDED : KCSD_RUN_QUEUED;
		if (!stopping)
			list_add_tail(&run->entry, &us->queue);
	}
	if (!stopping) {
		wake_up(&us->wait);
		return;
	}
	kcsd_vm_fault(&run->vm, KCSD_FAULT_CANCELLED, 0);
	kcsd_run_end(run);
}

/* A queued one has yet to be taken off the queue; a running one will see it soon. */
static void kcsd_run_set_cancelled(struct kcsd_units *us, struct kcsd_run *run)
{
	lockdep_assert_held(&us->lock);
	WRITE_ONCE(run->cancelled, true);
	if (run->ctl)
		kcsd_lowered_stop(run->ctl);
}

void kcsd_run_cancel(struct kcsd_run *run)
{
	struct kcsd_units *us = &run->drive->units;

	scoped_guard(spinlock, &us->lock) {
		kcsd_run_set_cancelled(us, run);
		if (run->state != KCSD_RUN_QUEUED)
			return;
		kcsd_units_drop(us, run);
	}
	kcsd_vm_fault(&run->vm, KCSD_FAULT_CANCELLED, 0);
	kcsd_run_end(run);
}

void kcsd_units_cancel_all(struct kcsd_drive *drive)
{
	struct kcsd_units *us = &drive->units;
	struct kcsd_run *run;
	LIST_HEAD(queued);

	scoped_guard(spinlock, &us->lock) {
		us->stopping = true;
		list_splice_init(&us->queue, &queued);
		list_for_each_entry(run, &queued, entry)
			run->state = KCSD_RUN_ENDED;
		list_for_each_entry(run, &us->running, entry)
			kcsd_run_set_cancelled(us, run);
	}
	while ((run = list_first_entry_or_null(&queued, struct kcsd_run, entry))) {
		list_del(&run->entry);
		kcsd_vm_fault(&run->vm, KCSD_FAULT_CANCELLED, 0);
		kcsd_run_end(run);
	}
}

static int kcsd_unit_alloc_arena(struct kcsd_unit *unit, u64 size)
{
	u64 len = roundup_pow_of_two(size);
	u8 *memory = vzalloc(KCSD_LOWERED_BEFORE + len);

	if (!memory)
		return -ENOMEM;
	unit->arena = memory + KCSD_LOWERED_BEFORE;
	unit->arena_len = len;
	return 0;
}

static void kcsd_unit_free_arena(struct kcsd_unit *unit)
{
	kcsd_windows_destroy(unit);
	vfree(unit->arena - KCSD_LOWERED_BEFORE);
}

static int kcsd_unit_init(struct kcsd_drive *drive, struct kcsd_unit *unit, u32 nr)
{
	struct task_struct *task;

	unit->drive = drive;
	unit->nr = nr;
	if (kcsd_unit_alloc_arena(unit, drive->cfg.arena_size))
		return -ENOMEM;
	timer_setup(&unit->timer, kcsd_native_timer, 0);
	task = kthread_run(kcsd_unit_thread, unit, "kcsd%u-cu%u", drive->index, nr);
	if (IS_ERR(task)) {
		kcsd_unit_free_arena(unit);
		return PTR_ERR(task);
	}
	unit->task = task;
	return 0;
}

static void kcsd_unit_destroy(struct kcsd_unit *unit)
{
	kthread_stop(unit->task);
	kcsd_unit_free_arena(unit);
}

int kcsd_units_init(struct kcsd_drive *drive)
{
	struct kcsd_units *us = &drive->units;
	int ret;

	spin_lock_init(&us->lock);
	INIT_LIST_HEAD(&us->queue);
	INIT_LIST_HEAD(&us->running);
	init_waitqueue_head(&us->wait);
	us->started_ns = ktime_get_ns();
	us->unit = kcalloc(drive->cfg.cus, sizeof(*us->unit), GFP_KERNEL);
	if (!us->unit)
		return -ENOMEM;
	for (; us->nr < drive->cfg.cus; us->nr++) {
		ret = kcsd_unit_init(drive, &us->unit[us->nr], us->nr);
		if (ret) {
			kcsd_units_destroy(drive);
			return ret;
		}
	}
	return 0;
}

void kcsd_units_destroy(struct kcsd_drive *drive)
{
	struct kcsd_units *us = &drive->units;

	while (us->nr)
		kcsd_unit_destroy(&us->unit[--us->nr]);
	kfree(us->unit);
}

u64 kcsd_units_busy_ns(struct kcsd_drive *drive)
{
	struct kcsd_units *us = &drive->units;
	u64 now = ktime_get_ns(), since, sum = 0;
	u32 i;

	for (i = 0; i < us->nr; i++) {
		since = READ_ONCE(us->unit[i].busy_since);
		sum += READ_ONCE(us->unit[i].busy_ns);
		if (since && since < now)
			sum += now - since;
	}
	return sum;
}

u64 kcsd_units_total_ns(struct kcsd_drive *drive)
{
	return (ktime_get_ns() - drive->units.started_ns) * drive->units.nr;
}

u64 kcsd_units_memory(const struct kcsd_drive *drive)
{
	const struct kcsd_units *us = &drive->units;

	return us->nr * (KCSD_LOWERED_BEFORE + us->unit[0].arena_len) +
	       atomic64_read(&us->jit_bytes);
}
