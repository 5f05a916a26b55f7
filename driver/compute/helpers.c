// SPDX-License-Identifier: GPL-2.0
/*
 * Helpers that access the drive; <linux/kcsd_bpf.h> documents each. The engine has validated the
 * addresses.
 */
#include <linux/mm.h>
#include <linux/uio.h>

#include "compat.h"
#include "compute/audit.h"
#include "compute/compute.h"
#include "compute/grant.h"
#include "compute/program.h"
#include "compute/program_log.h"
#include "compute/run.h"
#include "compute/tenant.h"
#include "compute/unit.h"
#include "media/lba_io.h"
#include "media/lbas.h"
#include "media/zone.h"

#define KCSD_MOVE_BYTES	SZ_1M	/* moved between two checks of the clock; whole LBAs */

static struct kcsd_run *vm_run(struct kcsd_vm *vm)
{
	return container_of(vm, struct kcsd_run, vm);
}

/* Convert a result of the store or of a zone to the return value of a helper. */
static s64 run_error(int ret)
{
	switch (ret) {
	case 0:
		return 0;
	case -ENOSPC:
	case -EDQUOT:
	case KCSD_SC_CAPACITY_EXCEEDED:
	case KCSD_SC_ZONE_BOUNDARY:
	case KCSD_SC_ZONE_FULL:
		return -KCSD_ENOSPC;
	case KCSD_SC_ZONE_INVALID_WRITE:
		return -KCSD_ESPIPE;
	case KCSD_SC_TOO_MANY_ACTIVE_ZONES:
	case KCSD_SC_TOO_MANY_OPEN_ZONES:
		return -KCSD_EBUSY;
	case KCSD_SC_ZONE_READ_ONLY:
		return -KCSD_EROFS;
	case KCSD_SC_ZONE_OFFLINE:
		return -KCSD_ENXIO;
	case KCSD_SC_INVALID_FIELD:
		return -KCSD_EINVAL;
	default:
		return -KCSD_EIO;
	}
}

/*
 * Remember the first access that failed, for the record and the logs. otherwise: as in
 * kcsd_lba_io_status().
 */
static void note_failure(struct kcsd_run *run, u64 lba, int ret, int otherwise)
{
	/* An access that was let go because the run is cancelled has not failed by itself. */
	if (!ret || run->io_status || READ_ONCE(run->async.cancelled))
		return;
	run->io_status = kcsd_lba_io_status(ret, otherwise);
	run->io_lba = lba;
}

/* True if a zone refused the access before any data was moved. */
static bool run_was_refused(int ret)
{
	return ret >= KCSD_SC_ZONE_BOUNDARY && ret <= KCSD_SC_INVALID_ZONE_TRANSITION;
}

/*
 * Inject a failure or a delay. Returns 0, or the status to fail this access with. A delay ends at
 * the deadline of the run at the latest.
 */
static int run_inject(struct kcsd_run *run, enum kcsd_inject_op op, u64 slba, u64 nlb)
{
	struct kcsd_inject_cmd cmd = {
		.op = op,
		.slba = slba,
		.nlb = nlb,
		.cancelled = &run->async.cancelled,
	};
	u64 now;

	if (likely(!kcsd_inject_is_armed(run->compute->lbas, op)))
		return 0;
	now = ktime_get_ns();
	if (now < run->deadline_ns)
		cmd.timeout_ms = DIV_ROUND_UP_ULL(run->deadline_ns - now, NSEC_PER_MSEC);
	return kcsd_inject_ask(run->compute->lbas, &cmd);
}

static u32 run_tick(struct kcsd_vm *vm)
{
	struct kcsd_run *run = vm_run(vm);

	if (READ_ONCE(run->async.cancelled))
		return KCSD_FAULT_CANCELLED;
	if (ktime_get_ns() > run->deadline_ns)
		return KCSD_FAULT_TIME;
	if (run->is_quick && kcsd_run_overran(run))
		return KCSD_FAULT_CANCELLED;
	cond_resched();
	return KCSD_FAULT_NONE;
}

/* Validate a move as if it were done in one piece. Returns 0 or a status. */
static int run_validate_move(struct kcsd_run *run, u64 slba, u64 len, bool write)
{
	struct kcsd_compute *compute = run->compute;
	u64 nlb = len >> compute->lbas->lba_shift;
	int ret = run_inject(run, write ? KCSD_INJECT_WRITE : KCSD_INJECT_READ, slba, nlb);

	/* A zone must refuse a write that does not fit before any piece is written. */
	if (!ret && write && len > KCSD_MOVE_BYTES && compute->lbas->zones.nr)
		ret = kcsd_zone_validate_write(compute->lbas, slba, nlb);
	return ret;
}

static int run_move_piece(struct kcsd_run *run, u64 slba, void *buf, u64 len, bool write)
{
	struct kvec kvec = { .iov_base = buf, .iov_len = len };
	struct kcsd_compute *compute = run->compute;
	struct iov_iter iter;
	int ret;

	iov_iter_kvec(&iter, write ? ITER_SOURCE : ITER_DEST, &kvec, 1, len);
	ret = write ? kcsd_lba_io_write(compute->lbas, slba, &iter)
		    : kcsd_lba_io_read(compute->lbas, slba, &iter);
	if (ret)
		return ret;
	if (write)
		run->written_bytes += len;
	else
		run->read_bytes += len;
	return 0;
}

/*
 * Move data in pieces, one after another. Between two pieces run_tick() may end the run, which then
 * has moved only some of them. *done is set to the bytes moved.
 */
static int run_move_pieces(struct kcsd_run *run, u64 slba, void *buf, u64 len, bool write,
			   u64 *done)
{
	u64 piece;
	int ret;

	for (*done = 0; *done < len; *done += piece) {
		if (*done)
			kcsd_vm_fault(&run->vm, run_tick(&run->vm), 0);
		if (run->vm.end.reason)
			return 0;
		piece = min(len - *done, (u64)KCSD_MOVE_BYTES);
		ret = run_move_piece(run, slba + (*done >> run->compute->lbas->lba_shift),
				     buf + *done, piece, write);
		if (ret)
			return ret;
	}
	return 0;
}

/* Move LBAs between the store and program memory. Returns the value for the program. */
static s64 run_move(struct kcsd_run *run, u64 slba, void *buf, u64 len, u8 access)
{
	bool write = access == KCSD_GRANT_WRITE;
	struct kcsd_compute *compute = run->compute;
	u64 nlb = len >> compute->lbas->lba_shift, done = 0, ok, mask;
	int otherwise = write ? KCSD_SC_WRITE_FAULT : KCSD_SC_READ_ERROR;
	int ret;

	if (len & ((1U << compute->lbas->lba_shift) - 1))
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

	ret = run_validate_move(run, slba, len, write);
	if (!ret)
		ret = run_move_pieces(run, slba, buf, len, write, &done);
	note_failure(run, slba + (done >> compute->lbas->lba_shift), ret, otherwise);
	/* Audit all that was tried: the failed piece may have been moved in part. */
	if (ret && !run_was_refused(ret))
		done = len;
	if (done)
		kcsd_audit_add(run->audit, slba, done >> compute->lbas->lba_shift, access);
	return run_error(ret);
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
	ret = run_inject(run, KCSD_INJECT_APPEND, zslba, zone_size);
	if (!ret)
		ret = kcsd_lba_io_append(compute->lbas, zslba, &iter, &lba);
	note_failure(run, zslba, ret, KCSD_SC_WRITE_FAULT);
	if (ret)
		return run_error(ret);
	kcsd_audit_add(run->audit, lba, len >> compute->lbas->lba_shift, KCSD_GRANT_APPEND);
	run->written_bytes += len;
	return lba;
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
static s64 run_emit(struct kcsd_run *run, const void *src, u64 len)
{
	u64 done, piece;

	if (len > run->out_max - run->out_len) {
		run->cut = true;
		return -KCSD_ENOSPC;
	}
	for (done = 0; done < len; done += piece) {
		if (done)
			kcsd_vm_fault(&run->vm, run_tick(&run->vm), 0);
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
	}
	/* Validation of the program lets no other helper through. */
	WARN_ON_ONCE(1);
	return -KCSD_EINVAL;
}

const struct kcsd_vm_ops kcsd_run_ops = {
	.helper	= run_helper,
	.tick	= run_tick,
};
