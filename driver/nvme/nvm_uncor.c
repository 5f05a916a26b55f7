// SPDX-License-Identifier: GPL-2.0
/*
 * Write Uncorrectable: make LBAs unreadable until they are written. NVM Command Set, "Write
 * Uncorrectable command". In a sequential zone it obeys the rules of any write: it starts at the
 * write pointer and moves it.
 */
#include <linux/mm.h>
#include <linux/nvme.h>
#include <linux/slab.h>

#include "drive.h"
#include "media/badblocks.h"
#include "media/lba_io.h"
#include "media/lbas.h"
#include "nvme/cmd.h"
#include "nvme/identify.h"
#include "nvme/job.h"
#include "nvme/nvm_range.h"
#include "stats/counters.h"

#define PIECE	KCSD_JOB_CHUNK	/* bytes written to a zone at once */

struct nvm_uncor {
	struct kcsd_job job;
	struct kcsd_nvm_range range;
	bool sequential;	/* touches a sequential zone */
	void *zeroes;		/* written to that zone; allocated while the job executes */
};

static struct nvm_uncor *to_uncor(struct kcsd_job *job)
{
	return container_of(job, struct nvm_uncor, job);
}

static int write_piece(struct kcsd_job *job, const struct kcsd_nvm_range *piece)
{
	return kcsd_nvm_range_write(job, piece, to_uncor(job)->zeroes);
}

static int move_write_pointer(struct nvm_uncor *uncor)
{
	const struct kcsd_nvm_range *r = &uncor->range;
	int ret = kcsd_zone_validate_write(uncor->job.async.drive->lbas, r->slba, r->nlb);

	if (ret)
		return ret;
	uncor->zeroes = kcsd_nvm_range_buffer(&uncor->job, r->nlb, PIECE);
	if (!uncor->zeroes)
		return -ENOMEM;
	ret = kcsd_nvm_range_each(&uncor->job, r, PIECE, write_piece);
	kvfree(uncor->zeroes);
	return ret;
}

static int uncor_execute(struct kcsd_job *job)
{
	struct nvm_uncor *uncor = to_uncor(job);
	const struct kcsd_nvm_range *r = &uncor->range;
	struct kcsd_drive *drive = job->async.drive;
	int ret = kcsd_nvm_range_inject(job, KCSD_INJECT_WRITE, r);

	if (!ret)
		ret = kcsd_lba_io_status(kcsd_lba_io_validate_uncorrectable(drive->lbas, r->nlb),
					 KCSD_SC_WRITE_FAULT);
	if (!ret && uncor->sequential)
		ret = move_write_pointer(uncor);
	if (!ret)
		ret = kcsd_lba_io_status(
			kcsd_lba_io_make_uncorrectable(drive->lbas, r->slba, r->nlb),
			KCSD_SC_WRITE_FAULT);
	if (ret) {
		job->async.lba = r->slba;
		return ret;
	}
	kcsd_stat_inc(drive, write_uncor_commands);
	return 0;
}

static int uncor_validate(struct kcsd_cmd *cmd)
{
	static const struct kcsd_cmd_uses uses = {
		.cdw10 = U32_MAX, .cdw11 = U32_MAX,	/* SLBA */
		.cdw12 = 0xffff,			/* NLB */
	};

	return kcsd_nvm_range_validate(cmd, &uses, KCSD_MAX_WRITE_UNCOR);
}

int kcsd_nvm_parse_write_uncor(struct kcsd_cmd *cmd)
{
	u64 slba = kcsd_nvm_slba(cmd);
	u32 nlb = kcsd_nvm_nlb(cmd);
	bool sequential = kcsd_zone_touches_sequential(&cmd->drive->lbas->zones, slba, nlb);
	struct nvm_uncor *uncor;
	struct kcsd_job *job;
	int ret = uncor_validate(cmd);

	if (ret)
		return ret;
	job = kcsd_nvm_job_create(cmd, sizeof(*uncor), nlb, &ret);
	if (!job)
		return ret;
	job->execute = uncor_execute;
	uncor = to_uncor(job);
	uncor->range = (struct kcsd_nvm_range){ .slba = slba, .nlb = nlb };
	uncor->sequential = sequential;
	return 0;
}
