// SPDX-License-Identifier: GPL-2.0
/* Shared by commands: reject unused fields, copy from and to the host, create cmd->async. */
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/uio.h>

#include "compute/async.h"
#include "compute/tenant.h"
#include "drive.h"
#include "nvme/cmd.h"
#include "stats/counters.h"
#include "stats/trace.h"

int kcsd_cmd_pause(const struct kcsd_cmd *cmd)
{
	cond_resched();
	return fatal_signal_pending(current) || percpu_ref_is_dying(&cmd->drive->live) ?
	       KCSD_SC_ABORT_REQUESTED : 0;
}

/* Call move for pieces of len bytes at p. Returns 0 or what ended it. */
static int each_piece(struct kcsd_cmd *cmd, void *p, size_t len,
		      int (*move)(struct kcsd_cmd *cmd, void *p, size_t len))
{
	size_t done = 0, n;
	int ret = 0;

	while (!ret && done < len) {
		n = min_t(size_t, len - done, KCSD_PIECE);
		ret = move(cmd, p + done, n);
		done += n;
		if (!ret && done < len)
			ret = kcsd_cmd_pause(cmd);
	}
	return ret;
}

static int piece_to_host(struct kcsd_cmd *cmd, void *from, size_t len)
{
	if (copy_to_iter(from, len, &cmd->data) != len)
		return -EFAULT;
	kcsd_stat_add(cmd->drive, host_read_bytes, len);
	return 0;
}

int kcsd_cmd_copy_to_host(struct kcsd_cmd *cmd, const void *from, size_t len)
{
	return each_piece(cmd, (void *)from, len, piece_to_host);
}

static int piece_from_host(struct kcsd_cmd *cmd, void *to, size_t len)
{
	if (!copy_from_iter_full(to, len, &cmd->data))
		return -EFAULT;
	kcsd_stat_add(cmd->drive, host_write_bytes, len);
	return 0;
}

int kcsd_cmd_copy_from_host(struct kcsd_cmd *cmd, void *to, size_t len)
{
	return each_piece(cmd, to, len, piece_from_host);
}

static int piece_of_zeroes(struct kcsd_cmd *cmd, void *unused, size_t len)
{
	return iov_iter_zero(len, &cmd->data) == len ? 0 : -EFAULT;
}

int kcsd_cmd_zero_host(struct kcsd_cmd *cmd)
{
	return each_piece(cmd, NULL, iov_iter_count(&cmd->data), piece_of_zeroes);
}

int kcsd_cmd_validate_unused(struct kcsd_cmd *cmd, const struct kcsd_cmd_uses *uses)
{
	if (cmd->cdw2 & ~uses->cdw2)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW2);
	if (cmd->cdw3 & ~uses->cdw3)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW3);
	if (!uses->metadata && (cmd->metadata || cmd->metadata_len))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_MPTR);
	if (cmd->cdw10 & ~uses->cdw10)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW10);
	if (cmd->cdw11 & ~uses->cdw11)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW11);
	if (cmd->cdw12 & ~uses->cdw12)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW12);
	if (cmd->cdw13 & ~uses->cdw13)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW13);
	if (cmd->cdw14 & ~uses->cdw14)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW14);
	if (cmd->cdw15 & ~uses->cdw15)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW15);
	return 0;
}

int kcsd_cmd_create_async(struct kcsd_cmd *cmd, const struct kcsd_async_ops *ops, size_t size,
			  bool needs_slot)
{
	struct kcsd_async *async;

	/* Take the slot before allocating, so that a tenant over its limit uses no memory. */
	if (needs_slot && !kcsd_tenant_get_slot(cmd->tenant, cmd->drive->cfg.queue_limit))
		return KCSD_SC_INSUFFICIENT_RESOURCES;
	async = kvzalloc(size, GFP_KERNEL_ACCOUNT);
	if (!async) {
		if (needs_slot)
			kcsd_tenant_put_slot(cmd->tenant);
		return -ENOMEM;
	}
	async->ops = ops;
	async->turn.tenant = cmd->tenant;
	async->admin = cmd->admin;
	async->opcode = cmd->opcode;
	async->op = KCSD_TIME_COPY;
	async->nsid = cmd->nsid;
	async->drive = cmd->drive;
	async->gate = cmd->admin ? NULL : kcsd_cmd_ns(cmd)->gate;
	async->slot_of = needs_slot ? cmd->tenant : NULL;
	cmd->async = async;
	return 0;
}

void kcsd_cmd_trace_begin(struct kcsd_cmd *cmd)
{
	cmd->trace = (struct kcsd_trace_cmd) {
		.drive = cmd->drive->index,
		.nsid = cmd->nsid,
		.opcode = cmd->opcode,
		.admin = cmd->admin,
	};
	kcsd_trace_submitted(&cmd->trace);
}

void kcsd_cmd_trace_submit(struct kcsd_cmd *cmd)
{
	const u32 cdw[] = {
		cmd->cdw2, cmd->cdw3,
		cmd->cdw10, cmd->cdw11, cmd->cdw12, cmd->cdw13, cmd->cdw14, cmd->cdw15,
	};

	if (cmd->async)
		cmd->async->trace = cmd->trace;
	trace_kcsd_cmd_submit(&cmd->trace, cdw);
}
