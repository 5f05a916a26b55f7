// SPDX-License-Identifier: GPL-2.0
/* Timing: device time of the commands of an open file. <linux/kcsd.h> has its fields. */
#include <linux/mm.h>

#include "clock/clock.h"
#include "compute/tenant.h"
#include "drive.h"
#include "nvme/cmd.h"
#include "nvme/opcodes.h"
#include "wait.h"

static int setup_execute(struct kcsd_cmd *cmd)
{
	int ret = kcsd_flow_setup(&cmd->tenant->flow, cmd->drive->clock, cmd->cdw11, cmd->cdw12,
				  cmd->cdw13);

	return ret == KCSD_SC_INVALID_FIELD ? kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW13) : ret;
}

/* True if the command need not wait any more: the drive may have no power then. */
static bool arrival_is_over(struct kcsd_cmd *cmd)
{
	return READ_ONCE(cmd->drive->clock->stopped) || kcsd_flow_is_first(&cmd->tenant->flow);
}

static int arrival_wait(struct kcsd_cmd *cmd)
{
	return kcsd_wait_event(cmd->drive->clock->named, arrival_is_over(cmd)) ? 0 : -EINTR;
}

static int arrival_resume(struct kcsd_cmd *cmd, int ret)
{
	return ret;
}

static int arrival_execute(struct kcsd_cmd *cmd)
{
	if (kcsd_flow_name(&cmd->tenant->flow, kcsd_cmd_u64(cmd->cdw12, cmd->cdw13)))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW12);
	if (arrival_is_over(cmd))
		return 0;
	cmd->wait = arrival_wait;
	cmd->resume = arrival_resume;
	return KCSD_CMD_WAITS;
}

/* Returns 0, a status, or -EACCES. */
static int setup_validate(struct kcsd_cmd *cmd)
{
	static const struct kcsd_cmd_uses uses = {
		.cdw10 = KCSD_TIMING_SEL_MASK,
		.cdw11 = U32_MAX,			/* depth */
		.cdw12 = KCSD_TIMING_FLAGS_ALL,
		.cdw13 = U32_MAX,			/* stream */
	};
	bool named = cmd->cdw12 & KCSD_TIMING_ARRIVALS;
	int ret = kcsd_cmd_validate_unused(cmd, &uses);

	if (ret)
		return ret;
	if (!cmd->cdw11 || cmd->cdw11 > KCSD_TIMING_MAX_DEPTH || (named && cmd->cdw11 > 1))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW11);
	if (named && !cmd->drive->clock->is_virtual)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW12);
	if (cmd->cdw13 && !named)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW13);
	return named && !kcsd_cmd_allowed(cmd, KCSD_FOR_WRITERS) ? -EACCES : 0;
}

static int arrival_validate(struct kcsd_cmd *cmd)
{
	static const struct kcsd_cmd_uses uses = {
		.cdw10 = KCSD_TIMING_SEL_MASK,
		.cdw12 = U32_MAX, .cdw13 = U32_MAX,	/* arrival */
	};
	int ret = kcsd_cmd_validate_unused(cmd, &uses);

	if (!ret && kcsd_cmd_u64(cmd->cdw12, cmd->cdw13) > KCSD_TIMING_MAX_ARRIVAL)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW12);
	return ret;
}

int kcsd_timing_parse(struct kcsd_cmd *cmd)
{
	u32 sel = cmd->cdw10 & KCSD_TIMING_SEL_MASK;
	int ret;

	if (!cmd->drive->clock->model)
		return KCSD_SC_NO_MODEL;
	if (sel > KCSD_TIMING_ARRIVAL)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW10);
	ret = sel == KCSD_TIMING_SETUP ? setup_validate(cmd) : arrival_validate(cmd);
	if (ret)
		return ret;
	if (iov_iter_count(&cmd->data))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	cmd->execute = sel == KCSD_TIMING_SETUP ? setup_execute : arrival_execute;
	return 0;
}
