// SPDX-License-Identifier: GPL-2.0
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "compute/tenant.h"
#include "drive.h"
#include "media/lba_io.h"
#include "media/lbas.h"
#include "nvme/cmd.h"
#include "nvme/identify.h"
#include "nvme/job.h"
#include "nvme/nvm_range.h"

int kcsd_nvm_range_validate(struct kcsd_cmd *cmd, const struct kcsd_cmd_uses *uses, u64 max)
{
	int ret = kcsd_cmd_validate_unused(cmd, uses);

	if (ret)
		return ret;
	if ((u64)kcsd_nvm_nlb(cmd) << cmd->drive->lbas->lba_shift > max)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW12);
	if (iov_iter_count(&cmd->data))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	if (!kcsd_lbas_have(cmd->drive->lbas, kcsd_nvm_slba(cmd), kcsd_nvm_nlb(cmd)))
		return KCSD_SC_LBA_RANGE;
	return 0;
}

struct kcsd_job *kcsd_nvm_job_create(struct kcsd_cmd *cmd, size_t size, u64 nlb, int *ret)
{
	struct kcsd_drive *drive = cmd->drive;
	/* Occupies its submitter no longer than a piece of a Read or Write. */
	bool quick =
		!kcsd_lbas_block(drive->lbas) && nlb <= KCSD_PIECE >> drive->lbas->lba_shift;

	return kcsd_job_create(cmd, size, quick, ret);
}

int kcsd_nvm_range_inject(struct kcsd_job *job, enum kcsd_inject_op op,
			  const struct kcsd_nvm_range *r)
{
	const struct kcsd_inject_cmd cmd = {
		.op = op,
		.slba = r->slba,
		.nlb = r->nlb,
		.timeout_ms = kcsd_drive_timeout_ms(job->async.drive, 0),
		.cancelled = &job->async.cancelled,
		.delay_ns = &job->async.held.time.delay_ns,
	};
	int ret = kcsd_inject(job->async.drive->lbas, &cmd);

	if (ret)
		job->async.lba = r->slba;
	return ret;
}

void kcsd_nvm_range_take_time(struct kcsd_job *job, struct kcsd_time *time, u8 op, bool fua,
			      const struct kcsd_nvm_range *r, enum kcsd_clock_order order)
{
	struct kcsd_drive *drive = job->async.drive;
	const struct kcsd_timing_cmd piece = {
		.op = op,
		.flags = KCSD_TIMING_INSIDE | (fua ? KCSD_TIMING_FUA : 0),
		.offset = r->slba << drive->lbas->lba_shift,
		.bytes = r->nlb << drive->lbas->lba_shift,
	};

	kcsd_clock_submit(drive->clock, &job->async.turn.tenant->flow, time, piece, order);
}

int kcsd_nvm_range_each(struct kcsd_job *job, const struct kcsd_nvm_range *r, u64 most,
			int (*fn)(struct kcsd_job *job, const struct kcsd_nvm_range *piece))
{
	u64 most_lbas = most >> job->async.drive->lbas->lba_shift, left;
	struct kcsd_nvm_range piece = { .slba = r->slba };
	int ret;

	for (left = r->nlb; left; left -= piece.nlb, piece.slba += piece.nlb) {
		if (kcsd_job_cancelled(job))
			return KCSD_SC_ABORT_REQUESTED;
		piece.nlb = min(left, most_lbas);
		ret = fn(job, &piece);
		if (ret) {
			job->async.lba = piece.slba;
			return ret;
		}
		cond_resched();
	}
	return 0;
}

void *kcsd_nvm_range_buffer(struct kcsd_job *job, u64 nlb, u64 most)
{
	return kvzalloc(min(nlb << job->async.drive->lbas->lba_shift, most), GFP_KERNEL_ACCOUNT);
}

static void to_iter(struct kcsd_job *job, const struct kcsd_nvm_range *piece, unsigned int dir,
		    struct kvec *kvec, void *mem, struct iov_iter *iter)
{
	kvec->iov_base = mem;
	kvec->iov_len = piece->nlb << job->async.drive->lbas->lba_shift;
	iov_iter_kvec(iter, dir, kvec, 1, kvec->iov_len);
}

int kcsd_nvm_range_read(struct kcsd_job *job, const struct kcsd_nvm_range *piece, void *to)
{
	struct iov_iter iter;
	struct kvec kvec;

	to_iter(job, piece, ITER_DEST, &kvec, to, &iter);
	return kcsd_lba_io_status(kcsd_lba_io_read(job->async.drive->lbas, piece->slba, &iter),
				  KCSD_SC_READ_ERROR);
}

int kcsd_nvm_range_write(struct kcsd_job *job, const struct kcsd_nvm_range *piece,
			 const void *from)
{
	struct iov_iter iter;
	struct kvec kvec;

	to_iter(job, piece, ITER_SOURCE, &kvec, (void *)from, &iter);
	return kcsd_lba_io_status(kcsd_lba_io_write(job->async.drive->lbas, piece->slba, &iter),
				  KCSD_SC_WRITE_FAULT);
}
