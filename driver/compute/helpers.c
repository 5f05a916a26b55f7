// SPDX-License-Identifier: GPL-2.0
/*
 * Helpers that access the drive; <linux/kcsd_bpf.h> documents each. The engine has validated the
 * addresses.
 */
#include <linux/mm.h>
#include <linux/nvme.h>
#include <linux/sched/mm.h>
#include <linux/uio.h>

#include "compat.h"
#include "compute/audit.h"
#include "compute/charged.h"
#include "compute/compute.h"
#include "compute/grant.h"
#include "compute/move.h"
#include "compute/output.h"
#include "compute/program.h"
#include "compute/program_log.h"
#include "compute/run.h"
#include "compute/store_object.h"
#include "compute/stream.h"
#include "compute/tenant.h"
#include "compute/unit.h"
#include "media/lba_io.h"
#include "media/lbas.h"
#include "media/zone.h"

static struct kcsd_run *vm_run(struct kcsd_vm *vm)
{
	return container_of(vm, struct kcsd_run, vm);
}

/* Move LBAs between the store and program memory. Returns the value for the program. */
static s64 run_move(struct kcsd_run *run, u64 slba, void *buf, u64 len, u8 access)
{
	u32 shift = run->compute->lbas->lba_shift;
	u64 nlb = len >> shift, ok, mask;

	if (len & ((1U << shift) - 1))
		return -KCSD_EINVAL;
	if (!len)
		return 0;
	ok = kcsd_run_granted(run, slba, nlb, access, &mask);
	if (ok < nlb) {
		kcsd_vm_fault(&run->vm, access == KCSD_GRANT_WRITE ? KCSD_FAULT_LBA_WRITE :
								     KCSD_FAULT_LBA_READ,
			      slba + ok);
		return 0;
	}
	return kcsd_run_error(kcsd_run_move(run, slba & mask, buf, len & mask, access));
}

/* True if the arguments are valid for a Zone Append. */
static bool run_can_append(const struct kcsd_compute *compute, u64 zslba, u64 len)
{
	return compute->lbas->zones.nr && len &&
	       len >> compute->lbas->lba_shift <= compute->lbas->zones.max_append &&
	       !(len & ((1U << compute->lbas->lba_shift) - 1)) &&
	       kcsd_zone_starts_at(&compute->lbas->zones, zslba);
}

static s64 run_append(struct kcsd_run *run, u64 zslba, void *buf, u64 len)
{
	struct kcsd_compute *compute = run->compute;
	struct kvec kvec = { .iov_base = buf };
	struct iov_iter iter;
	u64 ok, mask, lba, zone_size;
	int ret;

	if (!run_can_append(compute, zslba, len))
		return -KCSD_EINVAL;
	zone_size = kcsd_zone_size(&compute->lbas->zones);
	ok = kcsd_run_granted(run, zslba, zone_size, KCSD_GRANT_APPEND, &mask);
	if (ok < zone_size) {
		kcsd_vm_fault(&run->vm, KCSD_FAULT_LBA_WRITE, zslba + ok);
		return 0;
	}
	zslba &= mask;
	len &= mask;

	kvec.iov_len = len;
	iov_iter_kvec(&iter, ITER_SOURCE, &kvec, 1, len);
	ret = kcsd_run_inject(run, KCSD_INJECT_APPEND, zslba, zone_size);
	if (!ret)
		ret = kcsd_lba_io_append(compute->lbas, zslba, &iter, &lba);
	kcsd_run_note_failure(run, zslba, ret, KCSD_SC_WRITE_FAULT);
	if (ret)
		return kcsd_run_error(ret);
	kcsd_audit_add(run->audit, lba, len >> compute->lbas->lba_shift, KCSD_GRANT_APPEND);
	run->written_bytes += len;
	kcsd_run_clock_media(&run->clock, KCSD_TIMING_WRITE, lba, len);
	return lba;
}

/* Reset or finish a zone. */
static s64 run_manage(struct kcsd_run *run, u64 zslba, enum nvme_zone_mgmt_action action)
{
	struct kcsd_lbas *lbas = run->compute->lbas;
	u64 ok, mask, zone_size;
	int ret;

	if (!lbas->zones.nr || !kcsd_zone_starts_at(&lbas->zones, zslba) ||
	    kcsd_zone_is_conventional(&lbas->zones, kcsd_zone_index(&lbas->zones, zslba)))
		return -KCSD_EINVAL;
	zone_size = kcsd_zone_size(&lbas->zones);
	ok = kcsd_run_granted(run, zslba, zone_size, KCSD_GRANT_MANAGE, &mask);
	if (ok < zone_size) {
		kcsd_vm_fault(&run->vm, KCSD_FAULT_LBA_WRITE, zslba + ok);
		return 0;
	}
	zslba &= mask;
	ret = kcsd_lba_io_manage_zone(lbas, zslba, action);
	kcsd_run_note_failure(run, zslba, ret, KCSD_SC_WRITE_FAULT);
	/* Also if it failed otherwise: the zone may have changed. */
	if (ret != KCSD_SC_INVALID_ZONE_TRANSITION)
		kcsd_audit_add(run->audit, zslba, zone_size, KCSD_GRANT_MANAGE);
	if (!ret)
		kcsd_run_clock_media(&run->clock, action == NVME_ZONE_RESET ?
				     KCSD_TIMING_ZONE_RESET : KCSD_TIMING_ZONE_FINISH, zslba, 0);
	return kcsd_run_error(ret);
}

static s64 run_flush(struct kcsd_run *run)
{
	int ret = kcsd_run_inject(run, KCSD_INJECT_FLUSH, 0, 0);

	if (!ret)
		ret = kcsd_lba_io_flush(run->compute->lbas);
	kcsd_run_note_failure(run, 0, ret, KCSD_SC_WRITE_FAULT);
	if (!ret)
		kcsd_run_clock_media(&run->clock, KCSD_TIMING_FLUSH, 0, 0);
	return kcsd_run_error(ret);
}

static s64 run_zone(struct kcsd_run *run, u64 lba, void *dst, u64 len)
{
	struct kcsd_zones *zones = &run->compute->lbas->zones;
	struct kcsd_zone_state state;
	struct kcsd_zone_info info;
	u64 mask;

	if (!zones->nr)
		return -KCSD_EINVAL;
	if (!kcsd_run_granted(run, lba, 1, KCSD_GRANT_ANY, &mask)) {
		kcsd_vm_fault(&run->vm, KCSD_FAULT_LBA_READ, lba);
		return 0;
	}
	kcsd_zone_get(run->compute->lbas, kcsd_zone_index(zones, lba & mask), &state);
	info = (struct kcsd_zone_info){
		.start = state.start,
		.size = state.size,
		.cap = state.capacity,
		.wp = kcsd_zone_shows_wp(&state) ? state.wp : U64_MAX,
		.cond = state.cond,
	};
	return kcsd_helper_copy_struct(dst, len, &info, sizeof(info));
}

/*
 * Copy to the output at an offset, up to the end of the page. Returns the bytes copied; 0 if there
 * is no memory for the page.
 */
static u64 run_emit_piece(struct kcsd_run *run, u64 at, const void *src, u64 len)
{
	u8 **page = &run->out_page[array_index_nospec(at >> PAGE_SHIFT, run->nr_out_pages)];

	len = min(len, PAGE_SIZE - offset_in_page(at));
	if (!*page)
		*page = kcsd_compat_page_for(run->memcg);
	if (!*page)
		return 0;
	memcpy(*page + offset_in_page(at), src, len);
	return len;
}

/*
 * Emit in pieces, with a tick between two pieces: to allocate a page may take time when the cgroup
 * of the submitter is full.
 */
static s64 run_emit_copied(struct kcsd_run *run, const void *src, u64 len)
{
	u64 done, piece;

	if (len > run->out_max - run->out_len) {
		run->cut = true;
		return -KCSD_ENOSPC;
	}
	for (done = 0; done < len; done += piece) {
		if (done)
			kcsd_vm_fault(&run->vm, kcsd_run_tick(run), 0);
		if (run->vm.end.reason)
			return 0;
		piece = run_emit_piece(run, run->out_len + done, src + done, len - done);
		if (!piece) {
			kcsd_vm_fault(&run->vm, KCSD_FAULT_INTERNAL, 0);
			return 0;
		}
	}
	run->out_len += len;
	return 0;
}

/* Emit output that the host receives by commands. If it waits for its reader, emit all or fault. */
static s64 run_emit_received(struct kcsd_run *run, const void *src, u64 len)
{
	struct kcsd_output *out = run->output;
	u64 done, piece;

	if (!out->waits && len > out->max - out->head) {
		run->cut = true;
		return -KCSD_ENOSPC;
	}
	for (done = 0; done < len; done += piece) {
		bool full = kcsd_output_is_full(out);

		if (full)
			kcsd_run_park(run);
		if (done || full)
			kcsd_vm_fault(&run->vm, kcsd_run_tick(run), 0);
		if (run->vm.end.reason)
			return 0;
		piece = kcsd_output_emit(out, src + done, len - done);
		if (!piece) {
			kcsd_vm_fault(&run->vm, KCSD_FAULT_INTERNAL, 0);
			return 0;
		}
	}
	return 0;
}

static s64 run_emit(struct kcsd_run *run, const void *src, u64 len)
{
	return run->output ? run_emit_received(run, src, len) : run_emit_copied(run, src, len);
}

static s64 run_geometry(struct kcsd_run *run, void *dst, u64 len)
{
	const struct kcsd_zones *zones = &run->compute->lbas->zones;
	struct kcsd_geometry g = {
		.nsze = run->compute->lbas->nsze,
		.lba_size = 1U << run->compute->lbas->lba_shift,
		.cus = run->compute->units->nr,
	};

	if (zones->nr) {
		g.zone_size = kcsd_zone_size(zones);
		g.max_append = zones->max_append << run->compute->lbas->lba_shift;
	}
	return kcsd_helper_copy_struct(dst, len, &g, sizeof(g));
}

static s64 run_helper(struct kcsd_vm *vm, u32 id, const struct kcsd_helper_args *a)
{
	struct kcsd_run *run = vm_run(vm);

	switch (id) {
	case KCSD_HELPER_read:
		return run_move(run, a->val[0], a->ptr[1], a->val[2], KCSD_GRANT_READ);
	case KCSD_HELPER_write:
		return run_move(run, a->val[0], a->ptr[1], a->val[2], KCSD_GRANT_WRITE);
	case KCSD_HELPER_append:
		return run_append(run, a->val[0], a->ptr[1], a->val[2]);
	case KCSD_HELPER_zone:
		return run_zone(run, a->val[0], a->ptr[1], a->val[2]);
	case KCSD_HELPER_emit:
		return run_emit(run, a->ptr[0], a->val[1]);
	case KCSD_HELPER_log:
		kcsd_program_log_line(run->compute->log, run->async.turn.tenant->owner,
				      run->pind, a->ptr[0], a->val[1]);
		return 0;
	case KCSD_HELPER_geometry:
		return run_geometry(run, a->ptr[0], a->val[1]);
	case KCSD_HELPER_time:
		return ktime_get_ns();
	case KCSD_HELPER_stream_read:
		return kcsd_run_stream_read(run, a->val[0], a->ptr[1], a->val[2]);
	case KCSD_HELPER_stream_write:
		return kcsd_run_stream_write(run, a->val[0], a->ptr[1], a->val[2]);
	case KCSD_HELPER_zone_reset:
		return run_manage(run, a->val[0], NVME_ZONE_RESET);
	case KCSD_HELPER_zone_finish:
		return run_manage(run, a->val[0], NVME_ZONE_FINISH);
	case KCSD_HELPER_flush:
		return run_flush(run);
	case KCSD_HELPER_kv_store:
		return kcsd_run_store_object(run, a);
	}
	/* Validation of the program lets no other helper through. */
	WARN_ON_ONCE(1);
	return -KCSD_EINVAL;
}

static u32 run_tick(struct kcsd_vm *vm)
{
	return kcsd_run_tick(vm_run(vm));
}

/* Like the output: no I/O for it, which could come to this drive. */
static void *run_alloc(struct kcsd_vm *vm, size_t size)
{
	unsigned int flags = memalloc_noio_save();
	void *mem = kcsd_charged_alloc_for(vm_run(vm)->memcg, size);

	memalloc_noio_restore(flags);
	return mem;
}

const struct kcsd_vm_ops kcsd_run_ops = {
	.helper	= run_helper,
	.tick	= run_tick,
	.alloc	= run_alloc,
};
