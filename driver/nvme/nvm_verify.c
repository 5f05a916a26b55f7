// SPDX-License-Identifier: GPL-2.0
/* Compare and Verify: read LBAs, transfer no data to the host. NVM Command Set. */
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

#define PIECE	KCSD_JOB_CHUNK	/* bytes read at once */

/* ---- Compare ---- */

/* Compare one piece of the host buffer. have and want: caller's memory for len bytes each. */
static int compare_piece(struct kcsd_cmd *cmd, u64 slba, size_t len, void *have, void *want)
{
	struct kvec kvec = { .iov_base = have, .iov_len = len };
	struct iov_iter iter;
	int ret;

	if (!copy_from_iter_full(want, len, &cmd->data))
		return -EFAULT;
	iov_iter_kvec(&iter, ITER_DEST, &kvec, 1, len);
	ret = kcsd_lba_io_status(kcsd_lba_io_read(cmd->drive->lbas, slba, &iter),
				 KCSD_SC_READ_ERROR);
	if (ret)
		return ret;
	return memcmp(have, want, len) ? KCSD_SC_COMPARE_FAILED : 0;
}

static int compare_all(struct kcsd_cmd *cmd, size_t piece, void *have, void *want)
{
	u64 slba = kcsd_nvm_slba(cmd);
	size_t len;
	int ret = 0;

	while (!ret && iov_iter_count(&cmd->data)) {
		len = min(iov_iter_count(&cmd->data), piece);
		ret = compare_piece(cmd, slba, len, have, want);
		slba += len >> cmd->drive->lbas->lba_shift;
		if (!ret)
			ret = kcsd_cmd_pause(cmd);
	}
	return ret;
}

int kcsd_nvm_compare(struct kcsd_cmd *cmd)
{
	size_t len = iov_iter_count(&cmd->data);
	size_t piece = min_t(size_t, len, PIECE);
	void *buf;
	int ret;

	buf = kvmalloc(2 * piece, GFP_KERNEL_ACCOUNT);
	if (!buf)
		return -ENOMEM;
	ret = compare_all(cmd, piece, buf, buf + piece);
	kvfree(buf);
	if (ret)
		return ret;
	kcsd_stat_inc(cmd->drive, compare_commands);
	kcsd_stat_add(cmd->drive, compare_bytes, len);
	kcsd_stat_add(cmd->drive, host_write_bytes, len);
	return 0;
}

/* ---- Verify ---- */

struct nvm_verify {
	struct kcsd_job job;
	bool fua;
	struct kcsd_nvm_range range;
	void *buf;		/* allocated while the job executes */
};

static struct nvm_verify *to_verify(struct kcsd_job *job)
{
	return container_of(job, struct nvm_verify, job);
}

static int verify_piece(struct kcsd_job *job, const struct kcsd_nvm_range *piece)
{
	return kcsd_nvm_range_read(job, piece, to_verify(job)->buf);
}

static int verify_range(struct nvm_verify *verify)
{
	struct kcsd_job *job = &verify->job;
	int ret;

	verify->buf = kcsd_nvm_range_buffer(job, verify->range.nlb, PIECE);
	if (!verify->buf)
		return -ENOMEM;
	ret = kcsd_nvm_range_each(job, &verify->range, PIECE, verify_piece);
	kvfree(verify->buf);
	return ret;
}

static int verify_execute(struct kcsd_job *job)
{
	struct nvm_verify *verify = to_verify(job);
	struct kcsd_drive *drive = job->async.drive;
	int ret = kcsd_nvm_range_inject(job, KCSD_INJECT_READ, &verify->range);

	/* FUA: flush first, to verify the store and not its cache. */
	if (!ret && verify->fua)
		ret = kcsd_lba_io_status(kcsd_lba_io_flush(drive->lbas), KCSD_SC_WRITE_FAULT);
	if (!ret)
		ret = verify_range(verify);
	if (ret)
		return ret;
	kcsd_stat_inc(drive, verify_commands);
	kcsd_stat_add(drive, verify_bytes, verify->range.nlb << drive->lbas->lba_shift);
	return 0;
}

static void verify_take_time(struct kcsd_job *job, struct kcsd_time *time)
{
	kcsd_nvm_range_take_time(job, time, KCSD_TIMING_READ, false, &to_verify(job)->range,
				 KCSD_CLOCK_ABREAST);
}

static int verify_validate(struct kcsd_cmd *cmd)
{
	static const struct kcsd_cmd_uses uses = {
		.cdw10 = U32_MAX, .cdw11 = U32_MAX,	/* SLBA */
		.cdw12 = 0xffff | KCSD_NVM_CONTROL_ALL,	/* NLB */
	};

	return kcsd_nvm_range_validate(cmd, &uses, KCSD_MAX_VERIFY);
}

int kcsd_nvm_parse_verify(struct kcsd_cmd *cmd)
{
	struct nvm_verify *verify;
	struct kcsd_job *job;
	int ret = verify_validate(cmd);

	if (ret)
		return ret;
	job = kcsd_nvm_job_create(cmd, sizeof(*verify), kcsd_nvm_nlb(cmd), &ret);
	if (!job)
		return ret;
	verify = to_verify(job);
	job->execute = verify_execute;
	job->take_time = verify_take_time;
	verify->fua = cmd->cdw12 & (u32)NVME_RW_FUA << 16;
	verify->range.slba = kcsd_nvm_slba(cmd);
	verify->range.nlb = kcsd_nvm_nlb(cmd);
	return 0;
}
