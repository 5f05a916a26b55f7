// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Helpers of a simulated drive: like driver/compute/helpers.c, on memory of the caller. */
#include <time.h>

#include "sim.h"

static struct sim_run *run_of(struct kcsd_vm *vm)
{
	return (struct sim_run *)vm;
}

u64 kcsd_sim_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static bool granted(const struct sim_run *run, u64 lba, u8 access)
{
	const struct kcsd_lba_grant *g;

	for (g = run->grants; g < run->grants + run->nr_grants; g++)
		if (g->access & access && lba - le64_to_cpu(g->slba) < le32_to_cpu(g->nlb))
			return true;
	return false;
}

/* Returns the number of granted LBAs from slba on, at most nlb. */
static u64 granted_lbas(const struct sim_run *run, u64 slba, u64 nlb, u8 access)
{
	u64 i;

	for (i = 0; i < nlb && granted(run, slba + i, access); i++)
		;
	return i;
}

static u8 *lba_ptr(const struct kcsd_sim_opts *o, u64 lba)
{
	return (u8 *)o->lbas + lba * o->lba_size;
}

void kcsd_sim_read_lba(const struct kcsd_sim_opts *o, u64 lba, u32 from, u8 *buf, u32 len)
{
	if (o->zone_size && !kcsd_sim_zone_written(o, lba))
		memset(buf, 0, len);
	else
		memcpy(buf, lba_ptr(o, lba) + from, len);
}

static void read_lbas(const struct kcsd_sim_opts *o, u64 slba, u8 *buf, u64 nlb)
{
	u64 i;

	for (i = 0; i < nlb; i++)
		kcsd_sim_read_lba(o, slba + i, 0, buf + i * o->lba_size, o->lba_size);
}

static s64 write_lbas(const struct kcsd_sim_opts *o, u64 slba, const u8 *buf, u64 nlb)
{
	s64 ret = o->zone_size ? kcsd_sim_zone_write(o, slba, nlb) : 0;

	if (!ret)
		memcpy(lba_ptr(o, slba), buf, nlb * o->lba_size);
	return ret;
}

/* Read or write LBAs; accesses none unless all are granted. Grants lie within the medium. */
static s64 move_lbas(struct sim_run *run, u64 slba, void *buf, u64 len, u8 access)
{
	const struct kcsd_sim_opts *o = &run->sim->opts;
	bool write = access == KCSD_GRANT_WRITE;
	u64 ok, nlb = len / o->lba_size;
	s64 ret;

	if (len % o->lba_size)
		return -KCSD_EINVAL;
	if (!len)
		return 0;
	ok = granted_lbas(run, slba, nlb, access);
	if (ok < nlb) {
		kcsd_vm_fault(&run->vm, write ? KCSD_FAULT_LBA_WRITE : KCSD_FAULT_LBA_READ,
			      slba + ok);
		return 0;
	}
	if (!write) {
		read_lbas(o, slba, buf, nlb);
		run->read_bytes += len;
		return 0;
	}
	ret = write_lbas(o, slba, buf, nlb);
	if (!ret)
		run->written_bytes += len;
	return ret;
}

/* Append to a zone. As on a drive, validate the zone first, then the grant. */
static s64 append(struct sim_run *run, u64 zslba, const void *buf, u64 len)
{
	const struct kcsd_sim_opts *o = &run->sim->opts;
	u64 ok;
	s64 lba;

	if (!kcsd_sim_zone_can_append(o, zslba, len))
		return -KCSD_EINVAL;
	ok = granted_lbas(run, zslba, o->zone_size, KCSD_GRANT_APPEND);
	if (ok < o->zone_size) {
		kcsd_vm_fault(&run->vm, KCSD_FAULT_LBA_WRITE, zslba + ok);
		return 0;
	}
	lba = kcsd_sim_zone_append(o, zslba, len);
	if (lba < 0)
		return lba;
	memcpy(lba_ptr(o, lba), buf, len);
	run->written_bytes += len;
	return lba;
}

/* Reset or finish a zone. */
static s64 manage(struct sim_run *run, u64 zslba, bool finish)
{
	const struct kcsd_sim_opts *o = &run->sim->opts;
	u64 ok;

	if (!kcsd_sim_zone_begins(o, zslba))
		return -KCSD_EINVAL;
	ok = granted_lbas(run, zslba, o->zone_size, KCSD_GRANT_MANAGE);
	if (ok < o->zone_size) {
		kcsd_vm_fault(&run->vm, KCSD_FAULT_LBA_WRITE, zslba + ok);
		return 0;
	}
	kcsd_sim_zone_manage(o, zslba, finish);
	return 0;
}

static s64 zone(struct sim_run *run, u64 lba, void *dst, u64 len)
{
	const struct kcsd_sim_opts *o = &run->sim->opts;
	struct kcsd_zone_info info;

	if (!o->zone_size)
		return -KCSD_EINVAL;
	if (!granted(run, lba, KCSD_GRANT_ANY)) {
		kcsd_vm_fault(&run->vm, KCSD_FAULT_LBA_READ, lba);
		return 0;
	}
	kcsd_sim_zone_info(o, lba, &info);
	return kcsd_helper_copy_struct(dst, len, &info, sizeof(info));
}

/* Hand output to the caller, who may cancel the run. */
static s64 emit_now(struct sim_run *run, const void *src, u64 len)
{
	if (!len || !run->output(run->output_arg, src, len)) {
		run->out_len += len;
		return 0;
	}
	run->cancelled = true;
	kcsd_vm_fault(&run->vm, KCSD_FAULT_CANCELLED, 0);
	return 0;
}

static s64 emit(struct sim_run *run, const void *src, u64 len)
{
	if (run->output)
		return emit_now(run, src, len);
	if (len > run->out_max - run->out_len) {
		run->cut = true;
		return -KCSD_ENOSPC;
	}
	if (len)
		memcpy(run->out + run->out_len, src, len);
	run->out_len += len;
	return 0;
}

static s64 log_line(struct sim_run *run, const char *line, u64 len)
{
	const struct kcsd_sim_opts *o = &run->sim->opts;

	if (o->log)
		o->log(len ? line : "", min(len, (u64)KCSD_LOG_TEXT_LEN), o->arg);
	return 0;
}

static s64 geometry(struct sim_run *run, void *dst, u64 len)
{
	const struct kcsd_geometry g = {
		.nsze = run->sim->opts.nsze,
		.lba_size = run->sim->opts.lba_size,
		.cus = run->sim->opts.cus,
		.zone_size = run->sim->opts.zone_size,
		.max_append = run->sim->opts.zone_size ? KCSD_SIM_MAX_APPEND : 0,
	};

	return kcsd_helper_copy_struct(dst, len, &g, sizeof(g));
}

/* No keys are granted in the simulator. */
static s64 store_object(u64 key_len, u64 flags)
{
	return !key_len || key_len > 16 || flags > KCSD_STORE_MUST_NOT_EXIST ? -KCSD_EINVAL :
									       -KCSD_EACCES;
}

static s64 helper(struct kcsd_vm *vm, u32 id, const struct kcsd_helper_args *a)
{
	struct sim_run *run = run_of(vm);

	if (vm->costs)
		run->sim->helper_seen(id, a->val, vm->cost, run->sim->opts.arg);
	switch (id) {
	case KCSD_HELPER_read:
		return move_lbas(run, a->val[0], a->ptr[1], a->val[2], KCSD_GRANT_READ);
	case KCSD_HELPER_write:
		return move_lbas(run, a->val[0], a->ptr[1], a->val[2], KCSD_GRANT_WRITE);
	case KCSD_HELPER_append:
		return append(run, a->val[0], a->ptr[1], a->val[2]);
	case KCSD_HELPER_zone:
		return zone(run, a->val[0], a->ptr[1], a->val[2]);
	case KCSD_HELPER_emit:
		return emit(run, a->ptr[0], a->val[1]);
	case KCSD_HELPER_log:
		return log_line(run, a->ptr[0], a->val[1]);
	case KCSD_HELPER_geometry:
		return geometry(run, a->ptr[0], a->val[1]);
	case KCSD_HELPER_time:
		return kcsd_sim_now_ns();
	case KCSD_HELPER_stream_read:
		return kcsd_sim_stream_read(run, a->val[0], a->ptr[1], a->val[2]);
	case KCSD_HELPER_stream_write:
		return kcsd_sim_stream_write(run, a->val[0], a->ptr[1], a->val[2]);
	case KCSD_HELPER_zone_reset:
		return manage(run, a->val[0], false);
	case KCSD_HELPER_zone_finish:
		return manage(run, a->val[0], true);
	case KCSD_HELPER_flush:
		return 0;
	case KCSD_HELPER_kv_store:
		return store_object(a->val[1], a->val[4]);
	}
	/* The validator refuses other helpers. */
	kcsd_vm_fault(vm, KCSD_FAULT_INTERNAL, 0);
	return 0;
}

/* True if the caller cancels the run. */
static bool show_progress(struct sim_run *run, u64 now)
{
	const struct kcsd_sim_opts *o = &run->sim->opts;

	if (!o->progress || now < run->progress_ns)
		return false;
	run->progress_ns = now + PROGRESS_NS;
	run->cancelled = o->progress(run->read_bytes, o->arg);
	return run->cancelled;
}

static u32 tick(struct kcsd_vm *vm)
{
	struct sim_run *run = run_of(vm);
	u64 now = kcsd_sim_now_ns();

	if (show_progress(run, now))
		return KCSD_FAULT_CANCELLED;
	return now > run->deadline_ns ? KCSD_FAULT_TIME : KCSD_FAULT_NONE;
}

static void *alloc(struct kcsd_vm *vm, size_t size)
{
	(void)vm;
	return kcsd_alloc(size);
}

const struct kcsd_vm_ops kcsd_sim_ops = { .helper = helper, .tick = tick, .alloc = alloc };
