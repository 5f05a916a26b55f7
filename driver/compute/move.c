// SPDX-License-Identifier: GPL-2.0
#include <linux/uio.h>

#include "compute/audit.h"
#include "compute/compute.h"
#include "compute/move.h"
#include "compute/run.h"
#include "media/lba_io.h"
#include "media/lbas.h"
#include "media/zone.h"

s64 kcsd_run_error(int ret)
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
	case KCSD_SC_INVALID_ZONE_TRANSITION:
		return -KCSD_EROFS;
	case KCSD_SC_ZONE_OFFLINE:
		return -KCSD_ENXIO;
	case KCSD_SC_INVALID_FIELD:
		return -KCSD_EINVAL;
	default:
		return -KCSD_EIO;
	}
}

void kcsd_run_note_failure(struct kcsd_run *run, u64 lba, int ret, int otherwise)
{
	/* An access that was let go because the run is cancelled has not failed by itself. */
	if (!ret || run->io_status || READ_ONCE(run->async.cancelled))
		return;
	run->io_status = kcsd_lba_io_status(ret, otherwise);
	run->io_lba = lba;
}

void kcsd_run_note_object(struct kcsd_run *run, u32 source, int ret, int otherwise)
{
	bool before = run->io_status;

	kcsd_run_note_failure(run, source, ret, otherwise);
	run->io_object |= !before && run->io_status;
}

int kcsd_run_inject(struct kcsd_run *run, enum kcsd_inject_op op, u64 slba, u64 nlb)
{
	struct kcsd_inject_cmd cmd = {
		.op = op,
		.slba = slba,
		.nlb = nlb,
		.cancelled = &run->async.cancelled,
		.delay_ns = &run->clock.delay_ns,
		.deadline_ns = run->deadline_ns,
	};
	u64 now;

	if (likely(!kcsd_inject_is_armed(run->compute->lbas, op)))
		return 0;
	now = ktime_get_ns();
	if (now < run->deadline_ns)
		cmd.timeout_ms = DIV_ROUND_UP_ULL(run->deadline_ns - now, NSEC_PER_MSEC);
	return kcsd_inject_ask(run->compute->lbas, &cmd);
}

u32 kcsd_run_tick(struct kcsd_run *run)
{
	kcsd_run_clock_tick(&run->clock);
	if (READ_ONCE(run->async.cancelled))
		return KCSD_FAULT_CANCELLED;
	if (ktime_get_ns() > run->deadline_ns)
		return KCSD_FAULT_TIME;
	if (run->is_quick && kcsd_run_overran(run))
		return KCSD_FAULT_CANCELLED;
	cond_resched();
	return KCSD_FAULT_NONE;
}

/* True if a zone refused the access before any data was moved. */
static bool run_was_refused(int ret)
{
	return ret >= KCSD_SC_ZONE_BOUNDARY && ret <= KCSD_SC_INVALID_ZONE_TRANSITION;
}

/* Validate a move as if it were done in one piece. Returns 0 or a status. */
static int run_validate_move(struct kcsd_run *run, u64 slba, u64 len, bool write)
{
	struct kcsd_compute *compute = run->compute;
	u64 nlb = len >> compute->lbas->lba_shift;
	int ret = kcsd_run_inject(run, write ? KCSD_INJECT_WRITE : KCSD_INJECT_READ, slba, nlb);

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
 * Move data in pieces, one after another. Between two pieces kcsd_run_tick() may end the run, which
 * then has moved only some of them. *done is set to the bytes moved.
 */
static int run_move_pieces(struct kcsd_run *run, u64 slba, void *buf, u64 len, bool write,
			   u64 *done)
{
	u64 piece;
	int ret;

	for (*done = 0; *done < len; *done += piece) {
		if (*done)
			kcsd_vm_fault(&run->vm, kcsd_run_tick(run), 0);
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

int kcsd_run_move(struct kcsd_run *run, u64 slba, void *buf, u64 len, u8 access)
{
	bool write = access == KCSD_GRANT_WRITE;
	u32 shift = run->compute->lbas->lba_shift;
	u64 done = 0;
	int ret;

	ret = run_validate_move(run, slba, len, write);
	if (!ret)
		ret = run_move_pieces(run, slba, buf, len, write, &done);
	kcsd_run_note_failure(run, slba + (done >> shift), ret,
			      write ? KCSD_SC_WRITE_FAULT : KCSD_SC_READ_ERROR);
	/* Audit all that was tried: the failed piece may have been moved in part. */
	if (ret && !run_was_refused(ret))
		done = len;
	if (done)
		kcsd_audit_add(run->audit, slba, done >> shift, access);
	if (!ret && done)
		kcsd_run_clock_media(&run->clock, write ? KCSD_TIMING_WRITE : KCSD_TIMING_READ,
				     slba, done);
	return ret;
}
