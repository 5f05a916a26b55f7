// SPDX-License-Identifier: GPL-2.0
/*
 * Format NVM: erase all of namespace 1, empty its zones, clear its bad blocks; or delete all
 * objects of namespace 4. NVMe Base, "Format NVM command". There is one format. The format closes
 * the gate of the namespace: it starts when all accesses in flight have completed, and later
 * accesses fail until it is complete.
 */
#define pr_fmt(fmt) "kcsd: " fmt

#include <linux/nvme.h>
#include <linux/printk.h>
#include <linux/slab.h>

#include "compute/tenant.h"
#include "compute/unit.h"
#include "drive.h"
#include "media/badblocks.h"
#include "media/erase.h"
#include "media/lba_io.h"
#include "media/lbas.h"
#include "media/objects.h"
#include "nvme/cmd.h"
#include "nvme/job.h"
#include "nvme/nvm_range.h"
#include "nvme/retained.h"
#include "nvme/sanitize.h"

#define CDW10_ALL	0x3fffu
#define CDW10_FORMAT	0x31ffu			/* LBAFL, MSET, PI, PIL, LBAFU: must be 0 */
#define CDW10_SES(cmd)	((cmd)->cdw10 >> 9 & 7)	/* Secure Erase Settings */
#define SES_NONE	0
#define SES_USER_DATA	1

/*
 * True once power off begins. Does not look at kcsd_job_cancelled(): a sender that is killed or
 * cancels must not leave the data half erased.
 */
static bool format_stopped(void *ctx)
{
	struct kcsd_drive *drive = ctx;

	return percpu_ref_is_dying(&drive->live);
}

static int erase_all(struct kcsd_drive *drive)
{
	const struct kcsd_erase how = { .stopped = format_stopped, .ctx = drive };
	int ret = kcsd_erase(drive->lbas, &how);

	if (ret)
		pr_err("kcsd%u: Format NVM ended with %pe: a part of namespace 1 may be erased\n",
		       drive->index, ERR_PTR(ret));
	return ret;
}

static int format_erase(struct kcsd_job *job)
{
	const struct kcsd_nvm_range all = { .nlb = job->async.drive->lbas->nsze };
	struct kcsd_drive *drive = job->async.drive;
	int ret = kcsd_nvm_range_inject(job, KCSD_INJECT_WRITE, &all);

	if (!ret)
		ret = erase_all(drive);
	if (!ret)
		ret = kcsd_badblocks_clear(drive->lbas, &drive->retained->lbas.badblocks, 0,
					   drive->lbas->nsze);
	return ret == -ECANCELED ? KCSD_SC_ABORT_REQUESTED :
				   kcsd_lba_io_status(ret, KCSD_SC_WRITE_FAULT);
}

/*
 * All blocks are free again. With the virtual clock this takes no time, like all commands of the
 * controller. The gate is closed: nothing that is written after the format is trimmed.
 */
static void format_take_time(struct kcsd_job *job, struct kcsd_time *time)
{
	const struct kcsd_nvm_range all = { .nlb = job->async.drive->lbas->nsze };
	struct kcsd_drive *drive = job->async.drive;

	if (drive->clock->is_virtual) {
		kcsd_clock_purge(drive->clock, 0, drive->lbas->nsze << drive->lbas->lba_shift);
		kcsd_clock_forget(drive->clock, time);
	} else if (drive->lbas->zones.nr) {
		kcsd_zones_take_time(drive->lbas, &job->async.turn.tenant->flow, time,
				     KCSD_TIMING_ZONE_RESET);
	} else {
		kcsd_nvm_range_take_time(job, time, KCSD_TIMING_TRIM, false, &all,
					 KCSD_CLOCK_ABREAST);
	}
}

static int format_lbas(struct kcsd_job *job)
{
	struct kcsd_gate *gate = &job->async.drive->lbas->gate;
	int ret = kcsd_sanitize_close_gate(job->async.drive, gate, KCSD_SC_FORMAT_IN_PROGRESS);

	if (ret)
		return ret;
	kcsd_gate_wait(gate);
	ret = format_erase(job);
	if (!ret)
		format_take_time(job, &job->async.held.time);
	kcsd_gate_open(gate);
	return ret;
}

/* The same for the part of the model that is of objects. */
static void format_objects_take_time(struct kcsd_job *job, struct kcsd_time *time)
{
	const struct kcsd_objects *objects = job->async.drive->objects;
	struct kcsd_clock *clock = job->async.drive->clock;
	const struct kcsd_timing_cmd piece = {
		.op = KCSD_TIMING_TRIM,
		.flags = KCSD_TIMING_INSIDE,
		.offset = objects->time_start,
		.bytes = objects->time_bytes,
	};

	if (clock->is_virtual) {
		kcsd_clock_purge(clock, piece.offset, piece.bytes);
		kcsd_clock_forget(clock, time);
	} else if (piece.bytes) {
		kcsd_clock_submit(clock, &job->async.turn.tenant->flow, time, piece,
				  KCSD_CLOCK_ABREAST);
	}
}

static int format_objects(struct kcsd_job *job)
{
	struct kcsd_drive *drive = job->async.drive;
	struct kcsd_gate *gate = &drive->objects->gate;
	int ret = kcsd_sanitize_close_gate(drive, gate, KCSD_SC_FORMAT_IN_PROGRESS);

	if (ret)
		return ret;
	kcsd_units_cancel_objects(drive->compute);
	kcsd_objects_drain(drive->objects);
	ret = kcsd_objects_erase(drive->objects);
	if (ret)
		pr_err("kcsd%u: Format NVM ended with %pe: a part of namespace 4 may be erased\n",
		       drive->index, ERR_PTR(ret));
	else
		format_objects_take_time(job, &job->async.held.time);
	kcsd_gate_open(gate);
	return kcsd_lba_io_status(ret, KCSD_SC_WRITE_FAULT);
}

static bool of_objects(const struct kcsd_cmd *cmd)
{
	return cmd->nsid == KCSD_NSID_KV;
}

static int format_validate(struct kcsd_cmd *cmd)
{
	static const struct kcsd_cmd_uses uses = { .cdw10 = CDW10_ALL };
	int ret = kcsd_cmd_validate_unused(cmd, &uses);

	if (ret)
		return ret;
	if (iov_iter_count(&cmd->data))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	/* FNA: format one namespace at a time. Others than these have no format. */
	if (cmd->nsid == NVME_NSID_ALL)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_NSID);
	if (cmd->nsid != KCSD_NSID_NVM && !(of_objects(cmd) && cmd->drive->objects->ns.active))
		return KCSD_SC_INVALID_NS;
	if (CDW10_SES(cmd) != SES_NONE && CDW10_SES(cmd) != SES_USER_DATA)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW10);
	return cmd->cdw10 & CDW10_FORMAT ? KCSD_SC_INVALID_FORMAT : 0;
}

int kcsd_format_parse(struct kcsd_cmd *cmd)
{
	struct kcsd_job *job;
	int ret = format_validate(cmd);

	if (ret)
		return ret;
	job = kcsd_job_create(cmd, sizeof(*job), false, &ret);
	if (!job)
		return ret;
	job->execute = of_objects(cmd) ? format_objects : format_lbas;
	return 0;
}
