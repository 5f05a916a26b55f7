// SPDX-License-Identifier: GPL-2.0
/*
 * Copy LBAs of namespace 1 to other LBAs of it. NVM Command Set, "Copy command", format 0h.
 *
 * Sources are copied in order, piece by piece. Other commands may see a part of the copy, but only
 * whole pieces. The destination must not overlap a source. In a sequential zone it obeys the rules
 * of any write.
 */
#include <linux/mm.h>
#include <linux/nvme.h>
#include <linux/slab.h>

#include "drive.h"
#include "media/lba_io.h"
#include "media/lbas.h"
#include "nvme/cmd.h"
#include "nvme/identify.h"
#include "nvme/job.h"
#include "nvme/nvm_range.h"
#include "stats/counters.h"

#define PIECE			KCSD_JOB_CHUNK	/* bytes copied at once */
#define CDW12_NR_MASK		0x000000ffu
#define CDW12_FORMAT_SHIFT	8
#define CDW12_FORMAT_MASK	0xfu

struct nvm_copy {
	struct kcsd_job job;
	u64 to;			/* next LBA to write */
	u64 nlb;		/* of all sources */
	bool fua;
	void *buf;		/* allocated while the job executes */
	u32 nr;
	struct kcsd_nvm_range source[] __counted_by(nr);
};

static struct nvm_copy *to_copy(struct kcsd_job *job)
{
	return container_of(job, struct nvm_copy, job);
}

/* ---- execute ---- */

static int copy_piece(struct kcsd_job *job, const struct kcsd_nvm_range *piece)
{
	struct nvm_copy *copy = to_copy(job);
	struct kcsd_nvm_range to = { .slba = copy->to, .nlb = piece->nlb };
	int ret = kcsd_nvm_range_read(job, piece, copy->buf);

	if (!ret)
		ret = kcsd_nvm_range_write(job, &to, copy->buf);
	if (!ret)
		copy->to += piece->nlb;
	return ret;
}

static int copy_source(struct nvm_copy *copy, const struct kcsd_nvm_range *source)
{
	struct kcsd_job *job = &copy->job;
	int ret = kcsd_nvm_range_inject(job, KCSD_INJECT_READ, source);

	return ret ?: kcsd_nvm_range_each(job, source, PIECE, copy_piece);
}

static int copy_validate_destination(struct nvm_copy *copy)
{
	const struct kcsd_nvm_range to = { .slba = copy->to, .nlb = copy->nlb };
	int ret = kcsd_nvm_range_inject(&copy->job, KCSD_INJECT_WRITE, &to);

	return ret ?: kcsd_zone_validate_write(copy->job.async.drive->lbas, to.slba, to.nlb);
}

static int copy_sources(struct nvm_copy *copy)
{
	int ret = 0;
	u32 i;

	copy->buf = kcsd_nvm_range_buffer(&copy->job, copy->nlb, PIECE);
	if (!copy->buf)
		return -ENOMEM;
	for (i = 0; !ret && i < copy->nr; i++) {
		ret = copy_source(copy, &copy->source[i]);
		if (ret)
			copy->job.async.result = i;
	}
	kvfree(copy->buf);
	return ret;
}

static int copy_execute(struct kcsd_job *job)
{
	struct nvm_copy *copy = to_copy(job);
	struct kcsd_drive *drive = job->async.drive;
	int ret = copy_validate_destination(copy);

	if (!ret)
		ret = copy_sources(copy);
	if (!ret && copy->fua)
		ret = kcsd_lba_io_status(kcsd_lba_io_flush(drive->lbas), KCSD_SC_WRITE_FAULT);
	if (ret)
		return ret;
	kcsd_stat_inc(drive, copy_commands);
	kcsd_stat_add(drive, copy_bytes, copy->nlb << drive->lbas->lba_shift);
	return 0;
}

static void copy_take_time(struct kcsd_job *job, struct kcsd_time *time)
{
	struct nvm_copy *copy = to_copy(job);
	/* copy->to is now behind the destination. */
	const struct kcsd_nvm_range to = { .slba = copy->to - copy->nlb, .nlb = copy->nlb };
	u32 i;

	for (i = 0; i < copy->nr; i++)
		kcsd_nvm_range_take_time(job, time, KCSD_TIMING_READ, false, &copy->source[i],
					 KCSD_CLOCK_ABREAST);
	kcsd_nvm_range_take_time(job, time, KCSD_TIMING_WRITE, copy->fua, &to, KCSD_CLOCK_AFTER);
}

/* ---- parse ---- */

static u32 copy_nr(const struct kcsd_cmd *cmd)
{
	return (cmd->cdw12 & CDW12_NR_MASK) + 1;
}

static bool overlap(const struct nvm_copy *copy, const struct kcsd_nvm_range *source)
{
	return source->slba < copy->to + copy->nlb && copy->to < source->slba + source->nlb;
}

static int copy_parse_source(struct kcsd_cmd *cmd, const struct kcsd_nvm_copy_lba *d,
			     struct kcsd_nvm_range *source)
{
	if (d->eilbrt || d->elbat || d->elbatm)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	source->slba = le64_to_cpu(d->slba);
	source->nlb = le16_to_cpu(d->nlb) + 1;
	if (source->nlb > KCSD_MAX_COPY_SOURCE >> cmd->drive->lbas->lba_shift)
		return KCSD_SC_COMMAND_SIZE;
	return kcsd_lbas_have(cmd->drive->lbas, source->slba, source->nlb) ? 0 : KCSD_SC_LBA_RANGE;
}

/* Sets cmd->result to the index of a source if that source causes the status. */
static int copy_parse_sources(struct kcsd_cmd *cmd, const struct kcsd_nvm_copy_lba *d,
			      struct nvm_copy *copy)
{
	u32 i;
	int ret;

	for (i = 0; i < copy->nr; i++) {
		ret = copy_parse_source(cmd, &d[i], &copy->source[i]);
		if (ret && ret != KCSD_SC_INVALID_FIELD)
			cmd->result = i;
		if (ret)
			return ret;
		copy->nlb += copy->source[i].nlb;
	}
	if (copy->nlb > KCSD_MAX_COPY >> cmd->drive->lbas->lba_shift)
		return KCSD_SC_COMMAND_SIZE;
	if (!kcsd_lbas_have(cmd->drive->lbas, copy->to, copy->nlb))
		return KCSD_SC_LBA_RANGE;
	for (i = 0; i < copy->nr; i++) {
		if (overlap(copy, &copy->source[i])) {
			cmd->result = i;
			return KCSD_SC_OVERLAPPING_IO_RANGE;
		}
	}
	return 0;
}

static int copy_read_sources(struct kcsd_cmd *cmd, struct nvm_copy *copy)
{
	struct kcsd_nvm_copy_lba *d = kmalloc_array(copy->nr, sizeof(*d), GFP_KERNEL_ACCOUNT);
	int ret;

	if (!d)
		return -ENOMEM;
	ret = kcsd_cmd_copy_from_host(cmd, d, copy->nr * sizeof(*d));
	if (!ret)
		ret = copy_parse_sources(cmd, d, copy);
	kfree(d);
	return ret;
}

/* Validate the command without its sources. */
static int copy_validate(struct kcsd_cmd *cmd)
{
	static const struct kcsd_cmd_uses uses = {
		.cdw10 = U32_MAX, .cdw11 = U32_MAX,	/* SDLBA */
		.cdw12 = CDW12_NR_MASK | CDW12_FORMAT_MASK << CDW12_FORMAT_SHIFT |
			 KCSD_NVM_CONTROL_ALL,
	};
	int ret = kcsd_cmd_validate_unused(cmd, &uses);

	BUILD_BUG_ON(sizeof(struct kcsd_nvm_copy_lba) != 32);
	if (ret)
		return ret;
	if (cmd->cdw12 >> CDW12_FORMAT_SHIFT & CDW12_FORMAT_MASK)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW12);
	if (copy_nr(cmd) > KCSD_NVM_COPY_MAX_SOURCES)
		return KCSD_SC_COMMAND_SIZE;
	if (iov_iter_count(&cmd->data) != copy_nr(cmd) * sizeof(struct kcsd_nvm_copy_lba))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	return 0;
}

static struct nvm_copy *copy_create(struct kcsd_cmd *cmd, int *ret)
{
	struct nvm_copy *copy;
	struct kcsd_job *job;

	/* Assume the maximum length: the sources have not been copied yet. */
	job = kcsd_nvm_job_create(cmd, struct_size(copy, source, copy_nr(cmd)),
				  KCSD_MAX_COPY >> cmd->drive->lbas->lba_shift, ret);
	if (!job)
		return NULL;
	job->execute = copy_execute;
	job->take_time = copy_take_time;
	copy = to_copy(job);
	copy->to = kcsd_nvm_slba(cmd);
	copy->fua = cmd->cdw12 & (u32)NVME_RW_FUA << 16;
	copy->nr = copy_nr(cmd);
	return copy;
}

int kcsd_nvm_parse_copy(struct kcsd_cmd *cmd)
{
	struct nvm_copy *copy;
	int ret = copy_validate(cmd);

	if (ret)
		return ret;
	copy = copy_create(cmd, &ret);
	if (!copy)
		return ret;
	return copy_read_sources(cmd, copy);
}
