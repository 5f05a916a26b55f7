// SPDX-License-Identifier: GPL-2.0
/* Copies inside the drive: Memory Copy, and Memory Fill, which copies one byte many times. */
#include <linux/overflow.h>
#include <linux/slab.h>

#include "compute/tenant.h"
#include "drive.h"
#include "nvme/slm_cmd.h"
#include "media/lba_io.h"
#include "media/lbas.h"
#include "media/slm.h"
#include "nvme/cmd.h"
#include "nvme/identify.h"
#include "nvme/job.h"
#include "stats/counters.h"

enum kcsd_slm_from {
	KCSD_SLM_FROM_LBAS,
	KCSD_SLM_FROM_SLM,
	KCSD_SLM_FROM_BYTE,
};

struct kcsd_slm_source {
	u64 start;		/* byte offset in namespace 1 or SLM; Fill: the byte */
	u64 len;		/* bytes */
};

/* Memory Copy or Fill in flight; all fields are valid. */
struct kcsd_slm_copy {
	struct kcsd_job job;	/* the first member */
	enum kcsd_slm_from from;
	u64 to;			/* first byte in SLM */
	u64 len;		/* bytes in total */
	u64 done;		/* bytes copied */
	u64 turn_end;		/* value of done that ends the turn of the job */
	u64 from_source;	/* bytes copied of the current source */
	u32 nr;
	struct kcsd_slm_source source[] __counted_by(nr);
};

/* ---- execute ---- */

static int slm_copy_lbas(struct kcsd_drive *drive, u64 from, void *to, size_t len)
{
	struct kvec kvec = { .iov_base = to, .iov_len = len };
	struct iov_iter iter;

	iov_iter_kvec(&iter, ITER_DEST, &kvec, 1, len);
	return kcsd_lba_io_status(
		kcsd_lba_io_read(drive->lbas, from >> drive->lbas->lba_shift, &iter),
		KCSD_SC_READ_ERROR);
}

static int slm_copy_chunk(struct kcsd_slm_copy *copy, u64 from, void *to, size_t len)
{
	struct kcsd_drive *drive = copy->job.async.drive;

	switch (copy->from) {
	case KCSD_SLM_FROM_LBAS:
		return slm_copy_lbas(drive, from, to, len);
	case KCSD_SLM_FROM_SLM:
		memcpy(to, drive->slm->mem + from, len);
		return 0;
	case KCSD_SLM_FROM_BYTE:
		memset(to, from, len);
	}
	return 0;
}

/* Returns 0, or the status of an error injected into reading s. Sleeps for an injected delay. */
static int slm_copy_inject(struct kcsd_slm_copy *copy, const struct kcsd_slm_source *s)
{
	struct kcsd_drive *drive = copy->job.async.drive;
	const struct kcsd_inject_cmd cmd = {
		.op = KCSD_INJECT_READ,
		.slba = s->start >> drive->lbas->lba_shift,
		.nlb = s->len >> drive->lbas->lba_shift,
		.timeout_ms = kcsd_drive_timeout_ms(drive, 0),
		.cancelled = &copy->job.async.cancelled,
		.delay_ns = &copy->job.async.held.time.delay_ns,
	};

	return copy->from == KCSD_SLM_FROM_LBAS ? kcsd_inject(drive->lbas, &cmd) : 0;
}

/* Copy the next chunk of a source. */
static int slm_copy_next(struct kcsd_slm_copy *copy, const struct kcsd_slm_source *s)
{
	u64 from = s->start + (copy->from == KCSD_SLM_FROM_BYTE ? 0 : copy->from_source);
	u64 n = min(s->len - copy->from_source, KCSD_JOB_CHUNK);
	struct kcsd_drive *drive = copy->job.async.drive;
	void *to = drive->slm->mem + copy->to + copy->done;
	int ret = slm_copy_chunk(copy, from, to, n);

	if (ret) {
		copy->job.async.lba = from >> drive->lbas->lba_shift;
		return ret;
	}
	copy->from_source += n;
	copy->done += n;
	return 0;
}

/* Copy the rest of one source, or as much as the turn of the job allows. */
static int slm_copy_source(struct kcsd_slm_copy *copy, const struct kcsd_slm_source *s)
{
	int ret = copy->from_source ? 0 : slm_copy_inject(copy, s);

	if (ret)
		copy->job.async.lba = s->start >> copy->job.async.drive->lbas->lba_shift;
	while (!ret && copy->from_source < s->len) {
		if (kcsd_job_cancelled(&copy->job))
			return KCSD_SC_ABORT_REQUESTED;
		ret = slm_copy_next(copy, s);
		if (!ret && copy->done >= copy->turn_end && copy->done < copy->len)
			return KCSD_JOB_REST;
		cond_resched();
	}
	return ret;
}

static int slm_copy_execute(struct kcsd_job *job)
{
	struct kcsd_slm_copy *copy = container_of(job, struct kcsd_slm_copy, job);
	struct kcsd_drive *drive = job->async.drive;
	int ret;

	copy->turn_end = copy->done + KCSD_JOB_TURN;
	/* job->async.result is the index of the current source until all is copied. */
	while (job->async.result < copy->nr) {
		ret = slm_copy_source(copy, &copy->source[job->async.result]);
		if (ret)
			return ret;
		copy->from_source = 0;
		job->async.result++;
	}
	job->async.result = 0;
	if (copy->from == KCSD_SLM_FROM_BYTE) {
		kcsd_stat_inc(drive, slm_fill_commands);
		kcsd_stat_add(drive, slm_fill_bytes, copy->len);
	} else {
		kcsd_stat_inc(drive, slm_copy_commands);
		kcsd_stat_add(drive, slm_copy_bytes, copy->len);
	}
	return 0;
}

/* Sources in namespace 1 are read; memory of the drive is copied without time. */
static void slm_copy_take_time(struct kcsd_job *job, struct kcsd_time *time)
{
	struct kcsd_slm_copy *copy = container_of(job, struct kcsd_slm_copy, job);
	u32 i;

	for (i = 0; copy->from == KCSD_SLM_FROM_LBAS && i < copy->nr; i++) {
		const struct kcsd_timing_cmd piece = {
			.op = KCSD_TIMING_READ,
			.flags = KCSD_TIMING_INSIDE,
			.offset = copy->source[i].start,
			.bytes = copy->source[i].len,
		};

		kcsd_clock_submit(job->async.drive->clock, &job->async.turn.tenant->flow, time,
				  piece, KCSD_CLOCK_ABREAST);
	}
}

/* Create the job. Returns NULL with *ret set: Insufficient Resources, or -ENOMEM. */
static struct kcsd_slm_copy *slm_copy_create(struct kcsd_cmd *cmd, enum kcsd_slm_from from,
					     u64 len, u32 nr, int *ret)
{
	bool blocking = from == KCSD_SLM_FROM_LBAS && kcsd_lbas_block(cmd->drive->lbas);
	/* Occupies its submitter no longer than a Read or Write. */
	bool quick = !blocking && len <= KCSD_PIECE;
	struct kcsd_slm_copy *copy;
	struct kcsd_job *job;

	job = kcsd_job_create(cmd, struct_size(copy, source, nr), quick, ret);
	if (!job)
		return NULL;
	job->execute = slm_copy_execute;
	job->take_time = slm_copy_take_time;
	copy = container_of(job, struct kcsd_slm_copy, job);
	copy->from = from;
	copy->to = kcsd_cmd_u64(cmd->cdw10, cmd->cdw11);
	copy->len = len;
	copy->nr = nr;
	return copy;
}

/* ---- Memory Copy: parse ---- */

static u32 copy_nr(const struct kcsd_cmd *cmd)
{
	return (cmd->cdw12 & KCSD_COPY_NR_MASK) + 1;
}

static u32 copy_format(const struct kcsd_cmd *cmd)
{
	return cmd->cdw12 >> KCSD_COPY_FORMAT_SHIFT;
}

static u64 copy_len(const struct kcsd_cmd *cmd)
{
	return kcsd_cmd_u64(cmd->cdw2, cmd->cdw3);
}

/* Returns the bytes of a descriptor; 0 for an unknown format. */
static size_t copy_desc_len(u32 format)
{
	BUILD_BUG_ON(sizeof(struct kcsd_copy_lba) != 32);
	BUILD_BUG_ON(sizeof(struct kcsd_copy_lba_pi) != 40);
	BUILD_BUG_ON(sizeof(struct kcsd_copy_slm) != 32);
	switch (format) {
	case KCSD_COPY_LBA:
		return sizeof(struct kcsd_copy_lba);
	case KCSD_COPY_LBA_PI:
		return sizeof(struct kcsd_copy_lba_pi);
	case KCSD_COPY_SLM:
		return sizeof(struct kcsd_copy_slm);
	default:
		return 0;
	}
}

/* Parse a descriptor of format 2h or 3h, len bytes long. */
static int copy_parse_lbas(struct kcsd_cmd *cmd, const struct kcsd_copy_lba *d, size_t len,
			   struct kcsd_slm_source *s)
{
	struct kcsd_drive *drive = cmd->drive;
	u32 nlb = le16_to_cpu(d->nlb) + 1;
	u64 slba = le64_to_cpu(d->slba);

	if (memchr_inv(d->rsvd4, 0, sizeof(d->rsvd4)) ||
	    memchr_inv((const u8 *)d + offsetof(struct kcsd_copy_lba, rsvd18), 0,
		       len - offsetof(struct kcsd_copy_lba, rsvd18)))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	if (le32_to_cpu(d->snsid) != KCSD_NSID_NVM)
		return KCSD_SC_INVALID_NS;
	if (!kcsd_lbas_have(drive->lbas, slba, nlb))
		return KCSD_SC_LBA_RANGE;
	s->start = slba << drive->lbas->lba_shift;
	s->len = (u64)nlb << drive->lbas->lba_shift;
	return 0;
}

static int copy_parse_slm(struct kcsd_cmd *cmd, const struct kcsd_copy_slm *d,
			  struct kcsd_slm_source *s)
{
	u64 to = kcsd_cmd_u64(cmd->cdw10, cmd->cdw11);

	if (memchr_inv(d->rsvd4, 0, sizeof(d->rsvd4)) ||
	    memchr_inv(d->rsvd24, 0, sizeof(d->rsvd24)) || !d->len)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	if (le32_to_cpu(d->snsid) != KCSD_NSID_SLM)
		return KCSD_SC_INVALID_MEMORY_NS;
	s->start = le64_to_cpu(d->saddr);
	s->len = le64_to_cpu(d->len);
	if (!kcsd_slm_has(cmd->drive->slm, s->start, s->len))
		return KCSD_SC_LBA_RANGE;
	if (s->start < to + copy_len(cmd) && to < s->start + s->len)
		return KCSD_SC_OVERLAPPING_IO_RANGE;
	return 0;
}

static int copy_parse_sources(struct kcsd_cmd *cmd, const void *descs, size_t desc_len,
			      struct kcsd_slm_copy *copy)
{
	u64 sum = 0;
	u32 i;
	int ret;

	for (i = 0; i < copy->nr; i++) {
		const void *d = descs + i * desc_len;

		if (copy->from == KCSD_SLM_FROM_LBAS)
			ret = copy_parse_lbas(cmd, d, desc_len, &copy->source[i]);
		else
			ret = copy_parse_slm(cmd, d, &copy->source[i]);
		if (ret && ret != KCSD_SC_INVALID_FIELD)
			cmd->result = i;
		if (ret)
			return ret;
		sum += copy->source[i].len;
	}
	/* No source is longer than namespace 1 or SLM, so the sum of a few does not overflow. */
	return sum == copy->len ? 0 : kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW2);
}

static int copy_parse_descs(struct kcsd_cmd *cmd, size_t desc_len, struct kcsd_slm_copy *copy)
{
	size_t len = copy->nr * desc_len;
	void *descs;
	int ret;

	descs = kvmalloc(len, GFP_KERNEL_ACCOUNT);
	if (!descs)
		return -ENOMEM;
	ret = kcsd_cmd_copy_from_host(cmd, descs, len);
	if (!ret)
		ret = copy_parse_sources(cmd, descs, desc_len, copy);
	kvfree(descs);
	return ret;
}

/* Validate the command without its descriptors. */
static int copy_validate(struct kcsd_cmd *cmd)
{
	static const struct kcsd_cmd_uses uses = {
		.cdw2 = U32_MAX, .cdw3 = U32_MAX,	/* length */
		.cdw10 = U32_MAX, .cdw11 = U32_MAX,	/* first byte of the destination */
		.cdw12 = KCSD_COPY_CDW12_ALL,
	};
	size_t desc_len = copy_desc_len(copy_format(cmd));
	int ret = kcsd_cmd_validate_unused(cmd, &uses);

	if (ret)
		return ret;
	if (!copy_len(cmd))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW2);
	if (!desc_len)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW12);
	if (iov_iter_count(&cmd->data) != copy_nr(cmd) * desc_len)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	if (!kcsd_slm_has(cmd->drive->slm, kcsd_cmd_u64(cmd->cdw10, cmd->cdw11),
			  copy_len(cmd)))
		return KCSD_SC_LBA_RANGE;
	return 0;
}

int kcsd_slm_parse_copy(struct kcsd_cmd *cmd)
{
	u32 format = copy_format(cmd);
	struct kcsd_slm_copy *copy;
	int ret = copy_validate(cmd);

	if (ret)
		return ret;
	copy = slm_copy_create(cmd, format == KCSD_COPY_SLM ? KCSD_SLM_FROM_SLM :
			       KCSD_SLM_FROM_LBAS, copy_len(cmd), copy_nr(cmd),
			       &ret);
	if (!copy)
		return ret;
	return copy_parse_descs(cmd, copy_desc_len(format), copy);
}

/* ---- Memory Fill: parse ---- */

int kcsd_slm_parse_fill(struct kcsd_cmd *cmd)
{
	static const struct kcsd_cmd_uses uses = {
		.cdw10 = U32_MAX, .cdw11 = U32_MAX,	/* first byte */
		.cdw12 = U32_MAX,			/* length */
		.cdw13 = U8_MAX,			/* the byte */
	};
	struct kcsd_slm_copy *copy;
	int ret = kcsd_cmd_validate_unused(cmd, &uses);

	if (!ret)
		ret = kcsd_slm_validate_bytes(cmd);
	if (ret)
		return ret;
	if (iov_iter_count(&cmd->data))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	copy = slm_copy_create(cmd, KCSD_SLM_FROM_BYTE, cmd->cdw12, 1, &ret);
	if (!copy)
		return ret;
	copy->source[0].start = cmd->cdw13;
	copy->source[0].len = copy->len;
	return 0;
}
