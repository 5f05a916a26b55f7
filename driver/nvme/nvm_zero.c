// SPDX-License-Identifier: GPL-2.0
/*
 * Write Zeroes, and Deallocate of Dataset Management: make LBAs read as zeroes. NVM Command Set,
 * "Write Zeroes command", "Dataset Management command".
 *
 * In a sequential zone Write Zeroes obeys the rules of any write: it starts at the write pointer
 * and moves it. Deallocate is only advice and does nothing there: a reset deallocates the zone.
 */
#include <linux/mm.h>
#include <linux/nvme.h>
#include <linux/slab.h>

#include "drive.h"
#include "media/lba_io.h"
#include "media/lbas.h"
#include "media/store.h"
#include "nvme/cmd.h"
#include "nvme/identify.h"
#include "nvme/job.h"
#include "nvme/nvm_range.h"
#include "stats/counters.h"

/* Bytes zeroed at once: few in memory (occupies a CPU), more in files (mostly punch holes). */
#define PIECE_INLINE	SZ_1M
#define PIECE_BLOCKING	SZ_16M

#define WRITE_ZEROES_CONTROL_ALL	((u32)(NVME_RW_FUA | NVME_RW_LR | NVME_WZ_DEAC) << 16)

#define PIECE_ZONE	KCSD_JOB_CHUNK	/* bytes written to a zone at once */

struct nvm_zero {
	struct kcsd_job job;
	bool deallocate;	/* Dataset Management, else Write Zeroes */
	bool unmap;
	bool fua;
	bool sequential;	/* touches a sequential zone */
	void *zeroes;		/* written to such zones; allocated while the job executes */
	u32 nr;
	struct kcsd_nvm_range range[] __counted_by(nr);
};

static struct nvm_zero *to_zero(struct kcsd_job *job)
{
	return container_of(job, struct nvm_zero, job);
}

/* ---- execute ---- */

static int zero_piece(struct kcsd_job *job, const struct kcsd_nvm_range *piece)
{
	return kcsd_lba_io_status(kcsd_lba_io_zero(job->async.drive->lbas, piece->slba, piece->nlb,
						   to_zero(job)->unmap), KCSD_SC_WRITE_FAULT);
}

static int write_piece(struct kcsd_job *job, const struct kcsd_nvm_range *piece)
{
	return kcsd_nvm_range_write(job, piece, to_zero(job)->zeroes);
}

/* Write zeroes to a range that touches one or more sequential zones. */
static int write_range(struct nvm_zero *zero, const struct kcsd_nvm_range *r)
{
	struct kcsd_job *job = &zero->job;
	int ret = kcsd_zone_validate_write(job->async.drive->lbas, r->slba, r->nlb);

	if (ret) {
		job->async.lba = r->slba;
		return ret;
	}
	zero->zeroes = kcsd_nvm_range_buffer(job, r->nlb, PIECE_ZONE);
	if (!zero->zeroes)
		return -ENOMEM;
	ret = kcsd_nvm_range_each(job, r, PIECE_ZONE, write_piece);
	kvfree(zero->zeroes);
	return ret;
}

static int zero_range(struct nvm_zero *zero, const struct kcsd_nvm_range *r)
{
	struct kcsd_job *job = &zero->job;
	bool blocking = job->async.drive->lbas->store.ops->blocking;
	int ret = kcsd_nvm_range_inject(job, KCSD_INJECT_WRITE, r);

	if (ret)
		return ret;
	if (zero->sequential)
		return write_range(zero, r);
	return kcsd_nvm_range_each(job, r, blocking ? PIECE_BLOCKING : PIECE_INLINE, zero_piece);
}

static int zero_execute(struct kcsd_job *job)
{
	struct nvm_zero *zero = to_zero(job);
	struct kcsd_drive *drive = job->async.drive;
	u64 nlb = 0;
	int ret = 0;
	u32 i;

	for (i = 0; !ret && i < zero->nr; i++) {
		ret = zero_range(zero, &zero->range[i]);
		nlb += zero->range[i].nlb;
	}
	if (!ret && zero->fua)
		ret = kcsd_lba_io_status(kcsd_lba_io_flush(drive->lbas), KCSD_SC_WRITE_FAULT);
	if (ret)
		return ret;
	if (zero->deallocate && zero->nr) {
		kcsd_stat_inc(drive, discard_commands);
		kcsd_stat_add(drive, discard_bytes, nlb << drive->lbas->lba_shift);
	} else if (!zero->deallocate) {
		kcsd_stat_inc(drive, write_zeroes_commands);
		kcsd_stat_add(drive, write_zeroes_bytes, nlb << drive->lbas->lba_shift);
	}
	return 0;
}

static void zero_take_time(struct kcsd_job *job, struct kcsd_time *time)
{
	struct nvm_zero *zero = to_zero(job);
	u32 i;

	for (i = 0; i < zero->nr; i++)
		kcsd_nvm_range_take_time(job, time, zero->sequential ? KCSD_TIMING_WRITE :
					 KCSD_TIMING_TRIM, zero->fua, &zero->range[i],
					 KCSD_CLOCK_ABREAST);
}

/*
 * Create the job; see kcsd_job_create(). nlb: LBAs of all nr ranges. sequential: some are in a
 * sequential zone.
 */
static struct nvm_zero *zero_create(struct kcsd_cmd *cmd, u32 nr, u64 nlb, bool sequential,
				    int *ret)
{
	struct nvm_zero *zero;
	struct kcsd_job *job;

	job = kcsd_nvm_job_create(cmd, struct_size(zero, range, nr), nlb, ret);
	if (!job)
		return NULL;
	job->execute = zero_execute;
	job->take_time = zero_take_time;
	job->async.op = KCSD_TIME_TRIM;
	zero = to_zero(job);
	zero->sequential = sequential;
	zero->nr = nr;
	return zero;
}

/* ---- Write Zeroes: parse ---- */

static int write_zeroes_validate(struct kcsd_cmd *cmd)
{
	static const struct kcsd_cmd_uses uses = {
		.cdw10 = U32_MAX, .cdw11 = U32_MAX,	/* SLBA */
		.cdw12 = 0xffff | WRITE_ZEROES_CONTROL_ALL,	/* NLB */
	};

	return kcsd_nvm_range_validate(cmd, &uses, KCSD_MAX_WRITE_ZEROES);
}

int kcsd_nvm_parse_write_zeroes(struct kcsd_cmd *cmd)
{
	u64 slba = kcsd_nvm_slba(cmd);
	u32 nlb = kcsd_nvm_nlb(cmd);
	struct nvm_zero *zero;
	int ret = write_zeroes_validate(cmd);

	if (ret)
		return ret;
	zero = zero_create(cmd, 1, nlb,
			   kcsd_zone_touches_sequential(&cmd->drive->lbas->zones, slba, nlb), &ret);
	if (!zero)
		return ret;
	zero->range[0] = (struct kcsd_nvm_range){ .slba = slba, .nlb = nlb };
	zero->unmap = cmd->cdw12 & (u32)NVME_WZ_DEAC << 16;
	zero->fua = cmd->cdw12 & (u32)NVME_RW_FUA << 16;
	return 0;
}

/* ---- Dataset Management: parse ---- */

static u32 dsm_nr(const struct kcsd_cmd *cmd)
{
	return (cmd->cdw10 & 0xff) + 1;
}

/* Returns how many LBAs of the range are before the sequential zones, which come last. */
static u64 dsm_deallocatable(const struct kcsd_zones *zones, u64 slba, u64 nlb)
{
	u64 end = kcsd_zone_start(zones, zones->nr_conventional);

	if (!zones->nr || slba + nlb <= end)
		return nlb;
	return slba < end ? end - slba : 0;
}

/* Validate and convert the ranges. Ignores context attributes, which are hints. */
static int dsm_parse_ranges(struct kcsd_cmd *cmd, const struct nvme_dsm_range *from,
			    struct nvm_zero *zero)
{
	u64 nlb = 0;
	u32 i;

	for (i = 0; i < zero->nr; i++) {
		struct kcsd_nvm_range *r = &zero->range[i];

		r->slba = le64_to_cpu(from[i].slba);
		r->nlb = le32_to_cpu(from[i].nlb);
		if (!kcsd_lbas_have(cmd->drive->lbas, r->slba, r->nlb))
			return KCSD_SC_LBA_RANGE;
		nlb += r->nlb;
		r->nlb = dsm_deallocatable(&cmd->drive->lbas->zones, r->slba, r->nlb);
	}
	if (nlb > KCSD_MAX_DSM >> cmd->drive->lbas->lba_shift)
		return KCSD_SC_COMMAND_SIZE;
	/* Without AD the command only gives hints: do nothing. */
	if (!(cmd->cdw11 & NVME_DSMGMT_AD))
		zero->nr = 0;
	return 0;
}

static int dsm_read_ranges(struct kcsd_cmd *cmd, struct nvm_zero *zero)
{
	struct nvme_dsm_range *from = kmalloc_array(zero->nr, sizeof(*from), GFP_KERNEL_ACCOUNT);
	int ret;

	if (!from)
		return -ENOMEM;
	ret = kcsd_cmd_copy_from_host(cmd, from, zero->nr * sizeof(*from));
	if (!ret)
		ret = dsm_parse_ranges(cmd, from, zero);
	kfree(from);
	return ret;
}

int kcsd_nvm_parse_dsm(struct kcsd_cmd *cmd)
{
	static const struct kcsd_cmd_uses uses = {
		.cdw10 = 0xff,	/* NR */
		.cdw11 = NVME_DSMGMT_IDR | NVME_DSMGMT_IDW | NVME_DSMGMT_AD,
	};
	struct nvm_zero *zero;
	int ret = kcsd_cmd_validate_unused(cmd, &uses);

	if (ret)
		return ret;
	if (dsm_nr(cmd) > KCSD_DMRL)
		return KCSD_SC_COMMAND_SIZE;
	if (iov_iter_count(&cmd->data) != dsm_nr(cmd) * sizeof(struct nvme_dsm_range))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	/* Assume the maximum length: the ranges have not been copied yet. */
	zero = zero_create(cmd, dsm_nr(cmd), KCSD_MAX_DSM >> cmd->drive->lbas->lba_shift, false,
			   &ret);
	if (!zero)
		return ret;
	zero->deallocate = true;
	zero->unmap = true;
	return dsm_read_ranges(cmd, zero);
}
