// SPDX-License-Identifier: GPL-2.0
/*
 * What a program can ask the drive for: <linux/kcsd_bpf.h> says what each
 * helper does. Addresses have been checked by the engine.
 */
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/sched.h>
#include <linux/uio.h>

#include "audit.h"
#include "compute.h"
#include "drive.h"

#define KCSD_OUT_FIRST	SZ_4K	/* bytes allocated at the first emit */

static struct kcsd_run *kcsd_vm_run(struct kcsd_vm *vm)
{
	return container_of(vm, struct kcsd_run, vm);
}

/* A grant that allows access to this LBA, or NULL. */
static const struct kcsd_lba_grant *kcsd_run_find_grant(const struct kcsd_run *run, u64 lba,
							u8 access)
{
	const struct kcsd_lba_grant *g;

	for (g = run->grants; g < run->grants + run->nr_grants; g++)
		if (g->access & access && lba - le64_to_cpu(g->slba) < le32_to_cpu(g->nlb))
			return g;
	return NULL;
}

/*
 * The one place that decides whether a run may touch LBAs. All of [slba, slba + nlb) must be
 * granted, by one grant or several; returns the number of leading LBAs that are. Each
 * grant is used at most once: it takes the search past its end. nlb is not 0.
 *
 * mask is for when the CPU mis-speculates: computed beside the branches, it is all ones if all
 * is granted, else 0.
 */
static u64 kcsd_run_granted(const struct kcsd_run *run, u64 slba, u64 nlb, u8 access, u64 *mask)
{
	const struct kcsd_lba_grant *g;
	u64 lba = slba;

	*mask = ~0ull;
	while (lba - slba < nlb) {
		g = kcsd_run_find_grant(run, lba, access);
		if (!g)
			break;
		*mask &= array_index_mask_nospec(lba - le64_to_cpu(g->slba), le32_to_cpu(g->nlb));
		*mask &= array_index_mask_nospec(0, g->access & access);
		lba = le64_to_cpu(g->slba) + le32_to_cpu(g->nlb);
	}
	*mask &= array_index_mask_nospec(nlb - 1, lba - slba);
	return min(nlb, lba - slba);
}

/* 0, or the status that this access was told to fail with. Lasts no longer than the run may. */
static int kcsd_run_inject(struct kcsd_run *run, enum kcsd_inject_op op, u64 slba, u64 nlb)
{
	u64 now = ktime_get_ns();
	const struct kcsd_inject_cmd cmd = {
		.op = op,
		.slba = slba,
		.nlb = nlb,
		.timeout_ms = now < run->deadline_ns ?
			      DIV_ROUND_UP_ULL(run->deadline_ns - now, NSEC_PER_MSEC) : 0,
		.cancelled = &run->cancelled,
	};

	return kcsd_inject(run->drive, &cmd);
}

/* Move LBAs between medium and program memory. */
static s64 kcsd_run_move(struct kcsd_run *run, u64 slba, void *buf, u64 len, u8 access)
{
	bool write = access == KCSD_GRANT_WRITE;
	struct kcsd_drive *drive = run->drive;
	struct kvec kvec = { .iov_base = buf };
	u64 nlb = len >> drive->lba_shift, ok, mask;
	struct iov_iter iter;
	int ret;

	if (len & ((1U << drive->lba_shift) - 1))
		return -KCSD_EINVAL;
	if (!len)
		return 0;
	ok = kcsd_run_granted(run, slba, nlb, access, &mask);
	if (ok < nlb) {
		kcsd_vm_fault(&run->vm, write ? KCSD_FAULT_LBA_WRITE : KCSD_FAULT_LBA_READ,
			      slba + ok);
		return 0;
	}
	slba &= mask;
	len &= mask;

	kvec.iov_len = len;
	kcsd_audit_add(run->audit, slba, nlb, access);
	iov_iter_kvec(&iter, write ? ITER_SOURCE : ITER_DEST, &kvec, 1, len);
	ret = kcsd_run_inject(run, write ? KCSD_INJECT_WRITE : KCSD_INJECT_READ, slba, nlb);
	if (!ret)
		ret = write ? kcsd_media_write(drive, slba, &iter) :
			      kcsd_media_read(drive, slba, &iter);
	if (ret)
		return ret == -ENOSPC ? -KCSD_ENOSPC : -KCSD_EIO;
	if (write)
		run->written_bytes += len;
	else
		run->read_bytes += len;
	return 0;
}

/* Room for len more bytes of output, growing by doubling, never past out_max. */
static bool kcsd_run_grow_output(struct kcsd_run *run, u64 len)
{
	u64 need = run->out_len + len;
	u64 room = max3(need, (u64)run->out_room * 2, (u64)KCSD_OUT_FIRST);
	void *out;

	if (need <= run->out_room)
		return true;
	room = min(room, (u64)run->out_max);
	out = kvmalloc(room, GFP_KERNEL);
	if (!out)
		return false;
	memcpy(out, run->out, run->out_len);
	kvfree(run->out);
	run->out = out;
	run->out_room = room;
	return true;
}

static s64 kcsd_run_emit(struct kcsd_run *run, const void *src, u64 len)
{
	if (len > run->out_max - run->out_len)
		return -KCSD_ENOSPC;
	if (!len)
		return 0;
	if (!kcsd_run_grow_output(run, len)) {
		kcsd_vm_fault(&run->vm, KCSD_FAULT_INTERNAL, 0);
		return 0;
	}
	memcpy(run->out + run->out_len, src, len);
	run->out_len += len;
	return 0;
}

static s64 kcsd_run_geometry(struct kcsd_run *run, void *dst, u64 len)
{
	struct kcsd_geometry g = {
		.nsze = run->drive->nsze,
		.lba_size = 1U << run->drive->lba_shift,
		.cus = run->drive->units.nr,
	};

	len = min_t(u64, len, sizeof(g));
	memcpy(dst, &g, len);
	return len;
}

static s64 kcsd_run_helper(struct kcsd_vm *vm, u32 id, const struct kcsd_helper_args *a)
{
	struct kcsd_run *run = kcsd_vm_run(vm);

	switch (id) {
	case KCSD_HELPER_read:
		return kcsd_run_move(run, a->val[0], a->ptr[1], a->val[2], KCSD_GRANT_READ);
	case KCSD_HELPER_write:
		return kcsd_run_move(run, a->val[0], a->ptr[1], a->val[2], KCSD_GRANT_WRITE);
	case KCSD_HELPER_emit:
		return kcsd_run_emit(run, a->ptr[0], a->val[1]);
	case KCSD_HELPER_log:
		kcsd_log_line(&run->drive->log, run->pind, a->ptr[0], a->val[1]);
		return 0;
	case KCSD_HELPER_geometry:
		return kcsd_run_geometry(run, a->ptr[0], a->val[1]);
	case KCSD_HELPER_time:
		return ktime_get_ns();
	}
	/* The checker lets no other through. */
	WARN_ON_ONCE(1);
	return -KCSD_EINVAL;
}

static u32 kcsd_run_tick(struct kcsd_vm *vm)
{
	struct kcsd_run *run = kcsd_vm_run(vm);

	if (READ_ONCE(run->cancelled))
		return KCSD_FAULT_CANCELLED;
	if (ktime_get_ns() > run->deadline_ns)
		return KCSD_FAULT_TIME;
	if (run->is_inline && kcsd_run_give_up(run))
		return KCSD_FAULT_CANCELLED;
	cond_resched();
	return KCSD_FAULT_NONE;
}

const struct kcsd_vm_ops kcsd_run_ops = {
	.helper	= kcsd_run_helper,
	.tick	= kcsd_run_tick,
};
