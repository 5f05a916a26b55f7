// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* What a simulated drive does for a program: as driver/helpers.c, on memory of the caller's. */
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

/* All LBAs are granted, or none is touched. Grants lie within the medium. */
static s64 move_lbas(struct sim_run *run, u64 slba, void *buf, u64 len, u8 access)
{
	const struct kcsd_sim_opts *o = &run->sim->opts;
	bool write = access == KCSD_GRANT_WRITE;
	u64 i, nlb = len / o->lba_size;
	u8 *lbas;

	if (len % o->lba_size)
		return -KCSD_EINVAL;
	if (!len)
		return 0;
	for (i = 0; i < nlb; i++) {
		if (granted(run, slba + i, access))
			continue;
		kcsd_vm_fault(&run->vm, write ? KCSD_FAULT_LBA_WRITE : KCSD_FAULT_LBA_READ,
			      slba + i);
		return 0;
	}
	lbas = (u8 *)o->lbas + slba * o->lba_size;
	if (write) {
		memcpy(lbas, buf, len);
		run->written_bytes += len;
	} else {
		memcpy(buf, lbas, len);
		run->read_bytes += len;
	}
	return 0;
}

static s64 emit(struct sim_run *run, const void *src, u64 len)
{
	if (len > run->out_max - run->out_len)
		return -KCSD_ENOSPC;
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
	};

	len = min(len, (u64)sizeof(g));
	if (len)
		memcpy(dst, &g, len);
	return len;
}

static s64 helper(struct kcsd_vm *vm, u32 id, const struct kcsd_helper_args *a)
{
	struct sim_run *run = run_of(vm);

	switch (id) {
	case KCSD_HELPER_read:
		return move_lbas(run, a->val[0], a->ptr[1], a->val[2], KCSD_GRANT_READ);
	case KCSD_HELPER_write:
		return move_lbas(run, a->val[0], a->ptr[1], a->val[2], KCSD_GRANT_WRITE);
	case KCSD_HELPER_emit:
		return emit(run, a->ptr[0], a->val[1]);
	case KCSD_HELPER_log:
		return log_line(run, a->ptr[0], a->val[1]);
	case KCSD_HELPER_geometry:
		return geometry(run, a->ptr[0], a->val[1]);
	case KCSD_HELPER_time:
		return kcsd_sim_now_ns();
	}
	/* The checker lets no other through. */
	kcsd_vm_fault(vm, KCSD_FAULT_INTERNAL, 0);
	return 0;
}

static u32 tick(struct kcsd_vm *vm)
{
	return kcsd_sim_now_ns() > run_of(vm)->deadline_ns ? KCSD_FAULT_TIME : KCSD_FAULT_NONE;
}

const struct kcsd_vm_ops kcsd_sim_ops = { .helper = helper, .tick = tick };
