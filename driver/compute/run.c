// SPDX-License-Identifier: GPL-2.0
/* One run: set it up, execute it, account for it, and copy its record and output to the host. */
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "compute/async.h"
#include "compute/audit.h"
#include "compute/compute.h"
#include "compute/jit_run.h"
#include "compute/mapping.h"
#include "compute/output.h"
#include "compute/program.h"
#include "compute/program_log.h"
#include "compute/range_set.h"
#include "compute/run.h"
#include "compute/run_objects.h"
#include "compute/source_list.h"
#include "compute/tenant.h"
#include "compute/unit.h"
#include "media/lbas.h"
#include "media/objects.h"
#include "stats/counters.h"
#include "stats/error_log.h"
#include "stats/trace.h"

/*
 * Wipe the data of earlier programs behind the `own` bytes of this one. A run with ranges can also
 * write to the rest of the last page. To wipe may take far longer than the run, so it is no time of
 * the run; and what another tenant left is not charged to the tenant of this run.
 */
static void unit_wipe(struct kcsd_unit *unit, const struct kcsd_run *run, u64 own)
{
	u64 start = ktime_get_ns(), tenant = run->async.turn.tenant->owner.file;

	unit->wipe_ns = 0;
	if (unit->dirty > own) {
		memset(unit->arena + own, 0, unit->dirty - own);
		if (unit->dirty_by != tenant)
			unit->wipe_ns = ktime_get_ns() - start;
	}
	unit->dirty = run->nr_ranges ? PAGE_ALIGN(own) : own;
	unit->dirty_by = tenant;
}

/*
 * Find the memory of the run; it is not set up yet. Returns false without memory for the mapping.
 */
static bool run_place(struct kcsd_run *run, struct kcsd_unit *unit, u64 own)
{
	struct kcsd_vm *vm = &run->vm;

	vm->mem = unit->arena;
	vm->mem_len = own;
	if (!run->nr_ranges)
		return true;
	vm->mem_len = kcsd_layout_add_ranges(&vm->layout, own, run->ranges, run->nr_ranges);
	vm->mem = kcsd_mapping_get(unit, run, own, vm->mem_len);
	return vm->mem;
}

/* Returns the bytes that the program may emit. */
static u64 run_out_max(const struct kcsd_run *run)
{
	if (!run->output)
		return run->out_max;
	return run->output->waits ? U64_MAX : run->output->max;
}

static void run_begin_clock(struct kcsd_run *run)
{
	run->clock.vm = &run->vm;
	run->clock.time = &run->async.held.time;
	run->clock.lbas = run->compute->lbas;
	run->clock.cancelled = &run->async.cancelled;
	run->clock.deadline_ns = &run->deadline_ns;
	kcsd_run_clock_begin(&run->clock, run->compute->clock, &run->async.turn.tenant->flow);
}

/* Returns the bytes that go to the host when the run completes. Run Receive sends others. */
static u64 run_output_len(const struct kcsd_run *run)
{
	return run->metadata_len ? sizeof(struct kcsd_run_record) + run->out_len : 0;
}

static void run_start(struct kcsd_run *run, struct kcsd_unit *unit,
		      const struct kcsd_jit *jit)
{
	const struct kcsd_vm_input in = {
		.cparam1 = run->cparam1,
		.cparam2 = run->cparam2,
		.grants = run->grants,
		.nr_grants = run->nr_grants,
		.lba_size = 1U << run->compute->lbas->lba_shift,
		.args = run->args,
		.args_len = run->args_len,
		.ranges = run->ranges,
		.nr_ranges = run->nr_ranges,
		.out_max = run_out_max(run),
		.stream_len = run->stream_len,
	};

	run->vm.budget = run->budget ?: U64_MAX;
	run->vm.ops = &kcsd_run_ops;
	kcsd_vm_setup(&run->vm, &run->program->view, &in);
	run->engine = jit ? KCSD_ENGINE_JIT : KCSD_ENGINE_INTERP;
	trace_kcsd_cmd_start(&run->async.trace, unit->nr, run->pind);
	run_begin_clock(run);
	if (jit)
		kcsd_jit_run_start(unit, run, jit);
	else
		kcsd_interp(run->program->code, &run->vm);
	kcsd_run_clock_end(&run->clock, run_output_len(run));
	kcsd_vm_release(&run->vm);
}

/*
 * Apply injected delays and failures. Returns false if the run may not begin: vm.end then says why.
 */
static bool run_admit(struct kcsd_run *run)
{
	const struct kcsd_inject_cmd cmd = {
		.op = KCSD_INJECT_EXECUTE,
		.timeout_ms = run->timeout_ms,
		.cancelled = &run->async.cancelled,
		.delay_ns = &run->async.held.time.delay_ns,
	};
	int status = kcsd_inject(run->compute->lbas, &cmd);

	if (!status && !READ_ONCE(run->async.cancelled))
		return true;
	if (READ_ONCE(run->async.cancelled))
		kcsd_vm_fault(&run->vm, KCSD_FAULT_CANCELLED, 0);
	else if (status == KCSD_SC_ABORT_REQUESTED)
		kcsd_vm_fault(&run->vm, KCSD_FAULT_TIME, 0);
	else
		kcsd_vm_fault(&run->vm, KCSD_FAULT_INJECTED, 0);
	return false;
}

void kcsd_run_execute(struct kcsd_run *run, struct kcsd_unit *unit)
{
	/* Code compiled here serves later runs, too: not charged as time of this run. */
	const struct kcsd_jit *jit = kcsd_jit_run_get(unit, run);
	/* The layout fits: validated for the longest arguments when the program was loaded. */
	u64 own = kcsd_layout_init(&run->vm.layout, &run->program->view, run->args_len);

	unit_wipe(unit, run, own);
	run->unit = unit;
	run->start_ns = ktime_get_ns();
	run->deadline_ns = run->start_ns + (u64)run->timeout_ms * NSEC_PER_MSEC;
	if (!run_admit(run))
		goto out;
	if (run_place(run, unit, own))
		run_start(run, unit, jit);
	else
		kcsd_vm_fault(&run->vm, KCSD_FAULT_INTERNAL, 0);
out:
	run->end_ns = ktime_get_ns();
}

static void run_count_fault(struct kcsd_compute *compute, u32 reason)
{
	static const size_t counter[] = {
		[KCSD_FAULT_MEMORY]	= offsetof(struct kcsd_stats, faults_memory),
		[KCSD_FAULT_LBA_READ]	= offsetof(struct kcsd_stats, faults_lba_read),
		[KCSD_FAULT_LBA_WRITE]	= offsetof(struct kcsd_stats, faults_lba_write),
		[KCSD_FAULT_BUDGET]	= offsetof(struct kcsd_stats, faults_budget),
		[KCSD_FAULT_TIME]	= offsetof(struct kcsd_stats, faults_time),
		[KCSD_FAULT_CANCELLED]	= offsetof(struct kcsd_stats, faults_cancelled),
		[KCSD_FAULT_INTERNAL]	= offsetof(struct kcsd_stats, faults_internal),
		[KCSD_FAULT_INJECTED]	= offsetof(struct kcsd_stats, faults_injected),
		[KCSD_FAULT_CHANGED]	= offsetof(struct kcsd_stats, faults_changed),
	};

	kcsd_stat_inc(compute, runs_failed);
	this_cpu_inc(*(u64 __percpu *)((void __percpu *)compute->stats + counter[reason]));
}

static void run_count(struct kcsd_run *run)
{
	kcsd_stat_inc(run->compute, runs);
	if (run->is_quick)
		kcsd_stat_inc(run->compute, runs_quick);
	if (run->engine == KCSD_ENGINE_JIT)
		kcsd_stat_inc(run->compute, runs_jit);
	else if (run->engine == KCSD_ENGINE_INTERP)
		kcsd_stat_inc(run->compute, runs_interp);
	kcsd_stat_add(run->compute, insns, run->vm.end.insns);
	if (run->vm.end.reason)
		run_count_fault(run->compute, run->vm.end.reason);
}

/*
 * Log an access that the store or a zone failed, in the error log too, like a failed Read or Write.
 */
static void run_log_io(const struct kcsd_run *run)
{
	struct kcsd_owner owner = run->async.turn.tenant->owner;
	struct kcsd_failure f = {
		.owner = owner,
		.status = run->io_status,
		.nsid = run->io_object ? KCSD_NSID_KV : KCSD_NSID_NVM,
		.place = KCSD_ERROR_NO_PLACE,
		.lba = run->io_lba,
	};

	kcsd_program_log_io(run->compute->log, owner, run->pind, f.status, f.lba);
	kcsd_error_log_add(run->compute->errors, &f);
}

static void run_put_list(struct kcsd_run *run)
{
	kcsd_run_objects_put(run->objects);
	run->objects = NULL;
	if (run->nr_key_grants)
		kcsd_gate_exit(&run->compute->objects->gate);
	run->nr_key_grants = 0;
	if (run->list)
		kcsd_source_list_put(&run->async.turn.tenant->source_lists, run->list);
	run->list = NULL;
}

static void run_put_ranges(struct kcsd_run *run)
{
	if (run->range_set)
		kcsd_range_set_put(run->compute, run->range_set);
	run->range_set = NULL;
}

void kcsd_run_describe(const struct kcsd_run *run, struct kcsd_trace_run *to)
{
	*to = (struct kcsd_trace_run) {
		.pind = run->pind,
		.engine = run->engine,
		.reason = run->vm.end.reason,
		.insns = run->vm.end.insns,
		.run_ns = run->end_ns - run->start_ns,
		.read_bytes = run->read_bytes,
		.written_bytes = run->written_bytes,
	};
}

static void run_account(const struct kcsd_run *run)
{
	struct kcsd_trace_run facts;

	kcsd_run_describe(run, &facts);
	kcsd_program_account(run->program, &facts, kcsd_run_was_quick(run));
}

/*
 * Return the LBA of the access that ended the run, else of the first access that the store or a
 * zone failed.
 */
static u64 failed_lba(const struct kcsd_run *run)
{
	u32 reason = run->vm.end.reason;
	bool ended_it = reason == KCSD_FAULT_LBA_READ || reason == KCSD_FAULT_LBA_WRITE;

	return ended_it ? run->vm.end.lba : run->io_lba;
}

/* Add the times of the device. */
static void record_clock(const struct kcsd_run *run, struct kcsd_run_record *r)
{
	const struct kcsd_time *time = &run->async.held.time;

	kcsd_time_describe(time, &r->device);
	r->late_ns = cpu_to_le64(time->late_ns);
}

/* Returns the time on the unit, without waiting for reader and device. */
static u64 run_ns(const struct kcsd_run *run)
{
	return run->end_ns - run->start_ns - run->reader_ns - run->clock.paced_ns;
}

/* The same, without the delays that were injected. */
static u64 cpu_ns(const struct kcsd_run *run)
{
	u64 delays = run->async.held.time.delay_ns + run->clock.delay_ns + run->clock.delayed_ns;

	return run_ns(run) - min(run_ns(run), delays);
}

static void run_fill_record(const struct kcsd_run *run, struct kcsd_run_record *r)
{
	const struct kcsd_vm_end *end = &run->vm.end;
	u64 out_len = run->output ? run->output->head : run->out_len;

	BUILD_BUG_ON(sizeof(*r) != 168);
	*r = (struct kcsd_run_record){
		.size		= cpu_to_le32(sizeof(*r)),
		.reason		= cpu_to_le32(end->reason),
		.pc		= cpu_to_le32(end->pc),
		.helper		= cpu_to_le32(end->helper),
		.addr		= cpu_to_le64(end->addr),
		.lba		= cpu_to_le64(failed_lba(run)),
		.result		= cpu_to_le64(end->r0),
		.insns		= cpu_to_le64(end->insns),
		.run_ns		= cpu_to_le64(run_ns(run)),
		.wait_ns	= cpu_to_le64(run->start_ns - run->queued_ns + run->reader_ns),
		.read_bytes	= cpu_to_le64(run->read_bytes),
		.written_bytes	= cpu_to_le64(run->written_bytes),
		.out_len	= cpu_to_le32(min(out_len, U32_MAX)),
		.engine		= cpu_to_le16(run->engine),
		.flags		= cpu_to_le16((run->cut ? KCSD_RECORD_CUT : 0) |
					      (run->io_status ? KCSD_RECORD_MEDIUM : 0) |
					      (run->io_object ? KCSD_RECORD_OBJECT : 0)),
	};
	record_clock(run, r);
}

static void run_release_unit(struct kcsd_run *run)
{
	if (run->reserved)
		kcsd_units_release(run->compute, run->async.turn.tenant->owner.user);
	run->reserved = false;
}

/* End the output that the host receives by commands. */
static void run_end_output(struct kcsd_run *run)
{
	struct kcsd_run_record r;

	run_release_unit(run);
	if (!run->output)
		return;
	run_fill_record(run, &r);
	if (run->audit) {
		r.audit_off = cpu_to_le32(sizeof(r));
		r.audit_len = cpu_to_le32(kcsd_audit_len(run->audit));
	}
	kcsd_output_end(run->output, &r, run->audit);
	run->audit = NULL;
}

void kcsd_run_retire(struct kcsd_run *run)
{
	const struct kcsd_vm_end *end = &run->vm.end;
	struct kcsd_async *async = &run->async;
	struct kcsd_program *p = run->program;

	if (!run->start_ns) {
		/* The run never reached a unit: all its time was waiting. */
		run->start_ns = ktime_get_ns();
		run->end_ns = run->start_ns;
	}
	run_count(run);
	if (run->engine != KCSD_ENGINE_NONE)
		run_account(run);
	if (run->io_status)
		run_log_io(run);
	if (end->reason)
		kcsd_program_log_fault(run->compute->log, async->turn.tenant->owner, run->pind,
				       end);
	async->status = kcsd_fault_status(end->reason);
	async->result = end->r0;
	async->lba = end->lba;
	async->op = KCSD_TIME_RUN;
	async->overdue = end->reason == KCSD_FAULT_TIME;
	async->held.time.cpu_ns = cpu_ns(run);
	/*
	 * Release these before done() tells the host, which may then deactivate the program. Power
	 * off waits for runs, but not until a submitter reaps its completions: the submitter may be
	 * the task that powers off.
	 */
	run->program = NULL;
	kcsd_program_put(p);
	run_put_ranges(run);
	run_put_list(run);
	run_end_output(run);
	kcsd_async_exit(async);
}

void kcsd_run_complete(struct kcsd_run *run)
{
	kcsd_run_retire(run);
	kcsd_async_complete(&run->async);
}

/* Copy the output to the user, page by page. Returns 0 or -EFAULT. */
static int run_copy_pages(const struct kcsd_run *run, void __user *to)
{
	u32 done, len;

	for (done = 0; done < run->out_len; done += len) {
		len = min_t(u32, run->out_len - done, PAGE_SIZE);
		if (copy_to_user(to + done, run->out_page[done >> PAGE_SHIFT], len))
			return -EFAULT;
	}
	return 0;
}

/* Drop output from before a Sanitize: it may hold data that was erased. */
static void forget_output(struct kcsd_run *run, struct kcsd_run_record *r)
{
	run->out_len = 0;
	r->out_len = 0;
	r->flags |= cpu_to_le16(KCSD_RECORD_CUT);
}

static int run_copy_audit(const struct kcsd_run *run, u32 off, u32 len)
{
	struct iov_iter to;

	return import_ubuf(ITER_DEST, run->metadata + off, len, &to) ?:
	       kcsd_audit_copy(run->audit, &to);
}

/* Copy record, output and audit to run->metadata. Returns 0 or -EFAULT. */
static int run_copy_output(struct kcsd_run *run)
{
	u32 audit_off = 0, audit_len = 0;
	struct kcsd_run_record r;

	if (!run->metadata_len)
		return 0;
	run_fill_record(run, &r);
	if (READ_ONCE(run->compute->erasures) != run->erasures)
		forget_output(run, &r);
	if (run->audit) {
		/* The audit fits: kcsd_execute_parse() has reserved the room. */
		audit_off = ALIGN(sizeof(r) + run->out_len, 8);
		audit_len = kcsd_audit_len(run->audit);
	}
	r.audit_off = cpu_to_le32(audit_off);
	r.audit_len = cpu_to_le32(audit_len);
	if (copy_to_user(run->metadata, &r, sizeof(r)) ||
	    run_copy_pages(run, run->metadata + sizeof(r)))
		return -EFAULT;
	if (run->audit && run_copy_audit(run, audit_off, audit_len))
		return -EFAULT;
	kcsd_stat_add(run->compute, host_read_bytes, sizeof(r) + run->out_len + audit_len);
	return 0;
}

static void run_free_pages(struct kcsd_run *run)
{
	u32 i;

	/* Pages were allocated in order. */
	for (i = 0; i < run->nr_out_pages && run->out_page[i]; i++)
		free_page((unsigned long)run->out_page[i]);
}

static int run_finish(struct kcsd_async *async, bool to_host)
{
	struct kcsd_run *run = container_of(async, struct kcsd_run, async);
	int ret = to_host ? run_copy_output(run) : -ECANCELED;

	run_put_ranges(run);
	run_put_list(run);
	run_release_unit(run);
	kvfree(run->data);
	run_free_pages(run);
	kvfree(run->audit);
	kcsd_output_put(run->output);
	mem_cgroup_put(run->memcg);
	return ret;
}

const struct kcsd_async_ops kcsd_run_async_ops = {
	.submit = kcsd_run_submit,
	.cancel = kcsd_run_cancel,
	.finish = run_finish,
};
