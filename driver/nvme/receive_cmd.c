// SPDX-License-Identifier: GPL-2.0
/* Run Receive. <linux/kcsd.h> has its fields. */
#include <linux/mm.h>

#include "compute/audit.h"
#include "compute/compute.h"
#include "compute/output.h"
#include "compute/tenant.h"
#include "drive.h"
#include "nvme/cmd.h"
#include "nvme/execute.h"
#include "stats/counters.h"

static u16 receive_oid(const struct kcsd_cmd *cmd)
{
	return cmd->cdw10 & 0xffff;
}

static bool receives_record(const struct kcsd_cmd *cmd)
{
	return cmd->cdw10 & KCSD_RECEIVE_RECORD;
}

/*
 * Drop output from before a Sanitize. Returns 0, or Command Abort Requested if its run, which the
 * Sanitize has cancelled, has not ended yet.
 */
static int drop_erased(const struct kcsd_cmd *cmd, struct kcsd_output *out)
{
	if (READ_ONCE(cmd->drive->compute->erasures) == out->erasures)
		return 0;
	if (!kcsd_output_has_ended(out))
		return KCSD_SC_ABORT_REQUESTED;
	kcsd_output_drop(out);
	return 0;
}

static int receive_bytes(struct kcsd_cmd *cmd, struct kcsd_output *out)
{
	ssize_t len = kcsd_output_receive(out, &cmd->data);

	if (len < 0)
		return len;
	kcsd_stat_add(cmd->drive, host_read_bytes, len);
	cmd->result = len | (kcsd_output_is_over(out) ? KCSD_RECEIVE_END : 0);
	return 0;
}

/* Copy the record, and the audit behind it. */
static int receive_record(struct kcsd_cmd *cmd, struct kcsd_output *out)
{
	u32 len = sizeof(out->record);
	int ret;

	/* The run sets record and audit until it has ended. */
	if (!kcsd_output_is_over(out))
		return KCSD_SC_OUTPUT_IN_USE;
	if (out->audit)
		len += kcsd_audit_len(out->audit);
	if (len > iov_iter_count(&cmd->data))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW11);
	ret = kcsd_cmd_copy_to_host(cmd, &out->record, sizeof(out->record));
	if (!ret && out->audit)
		ret = kcsd_audit_copy(out->audit, &cmd->data);
	if (!ret)
		cmd->result = len | KCSD_RECEIVE_END;
	return ret;
}

static int receive(struct kcsd_cmd *cmd, struct kcsd_output *out)
{
	int ret = drop_erased(cmd, out);

	if (ret)
		return ret;
	if (!receives_record(cmd))
		return receive_bytes(cmd, out);
	ret = receive_record(cmd, out);
	if (!ret)
		kcsd_outputs_remove(&cmd->tenant->outputs, receive_oid(cmd), out);
	return ret;
}

static int receive_wait(struct kcsd_cmd *cmd)
{
	return kcsd_output_wait(cmd->waited_for);
}

/* Receive, unless ret is an error. Releases the output. */
static int receive_finish(struct kcsd_cmd *cmd, int ret)
{
	struct kcsd_output *out = cmd->waited_for;

	ret = ret ?: receive(cmd, out);
	kcsd_output_receive_end(out);
	kcsd_output_put(out);
	return ret;
}

static int receive_execute(struct kcsd_cmd *cmd)
{
	struct kcsd_output *out = kcsd_outputs_get(&cmd->tenant->outputs, receive_oid(cmd));

	if (!out)
		return KCSD_SC_INVALID_OUTPUT;
	if (!kcsd_output_receive_begin(out)) {
		kcsd_output_put(out);
		return KCSD_SC_OUTPUT_IN_USE;
	}
	cmd->waited_for = out;
	if (receives_record(cmd) || kcsd_output_is_ready(out))
		return receive_finish(cmd, 0);
	cmd->wait = receive_wait;
	cmd->resume = receive_finish;
	return KCSD_CMD_WAITS;
}

int kcsd_receive_parse(struct kcsd_cmd *cmd)
{
	static const struct kcsd_cmd_uses uses = {
		.cdw10 = KCSD_RECEIVE_CDW10_ALL,	/* OID, RECORD */
		.cdw11 = U32_MAX,			/* NUMB */
	};
	size_t len = iov_iter_count(&cmd->data);
	int ret = kcsd_cmd_validate_unused(cmd, &uses);

	if (ret)
		return ret;
	if (!receive_oid(cmd) || receive_oid(cmd) > KCSD_MAX_OUTPUTS)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW10);
	if (!cmd->cdw11 || cmd->cdw11 > KCSD_MAX_RECEIVE)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW11);
	if (cmd->cdw11 != len)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	cmd->execute = receive_execute;
	return 0;
}
