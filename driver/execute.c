// SPDX-License-Identifier: GPL-2.0
/* The Execute on LBAs command: from its fields to a run. <linux/kcsd.h> has the format. */
#include <linux/mm.h>
#include <linux/slab.h>

#include "audit.h"
#include "cmd.h"
#include "compute.h"
#include "drive.h"

static u32 kcsd_execute_nr_grants(const struct kcsd_cmd *cmd)
{
	return cmd->cdw3 & KCSD_EXEC_NUMR_MASK;
}

static bool kcsd_execute_audited(const struct kcsd_cmd *cmd)
{
	return cmd->cdw3 & KCSD_EXEC_AUDIT;
}

/* Bytes of the host's buffer that are not for what the program emits. */
static size_t kcsd_execute_reserved(const struct kcsd_cmd *cmd)
{
	return sizeof(struct kcsd_run_record) + (kcsd_execute_audited(cmd) ? KCSD_AUDIT_LEN : 0);
}

static size_t kcsd_execute_grants_len(const struct kcsd_cmd *cmd)
{
	return kcsd_execute_nr_grants(cmd) * sizeof(struct kcsd_lba_grant);
}

/* Everything that the command alone tells. */
static int kcsd_execute_check(struct kcsd_cmd *cmd)
{
	static const struct kcsd_cmd_uses uses = {
		.cdw2 = KCSD_EXEC_CDW2_ALL,
		.cdw3 = KCSD_EXEC_CDW3_ALL,
		.cdw10 = U32_MAX, .cdw11 = U32_MAX,	/* CPARAM1 */
		.cdw12 = U32_MAX, .cdw13 = U32_MAX,	/* CPARAM2 */
		.cdw14 = U32_MAX, .cdw15 = U32_MAX,	/* budget */
		.metadata = true,
	};
	size_t len = iov_iter_count(&cmd->data);
	int ret = kcsd_cmd_check_unused(cmd, &uses);

	if (ret)
		return ret;
	if (kcsd_execute_nr_grants(cmd) > KCSD_MAX_GRANTS)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW3);
	if (len < kcsd_execute_grants_len(cmd) ||
	    len - kcsd_execute_grants_len(cmd) > KCSD_MAX_ARGS)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	if (cmd->metadata_len > KCSD_MAX_OUTPUT)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_MPTR);
	if ((cmd->metadata_len || kcsd_execute_audited(cmd)) &&
	    cmd->metadata_len < kcsd_execute_reserved(cmd))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_MPTR);
	return 0;
}

static int kcsd_grant_check(struct kcsd_cmd *cmd, const struct kcsd_lba_grant *g)
{
	if (!g->nlb || !g->access || g->access & ~KCSD_GRANT_ALL ||
	    memchr_inv(g->rsvd, 0, sizeof(g->rsvd)))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	if (!kcsd_drive_has_lbas(cmd->drive, le64_to_cpu(g->slba), le32_to_cpu(g->nlb)))
		return KCSD_SC_LBA_RANGE;
	if (g->access & KCSD_GRANT_WRITE && !cmd->writable)
		return -EACCES;
	return 0;
}

/* The grants and arguments, copied once and then checked. */
static int kcsd_execute_copy_data(struct kcsd_cmd *cmd, struct kcsd_run *run)
{
	size_t len = iov_iter_count(&cmd->data);
	int i, ret;

	if (!len)
		return 0;
	run->grants = kvmalloc(len, GFP_KERNEL_ACCOUNT);
	if (!run->grants)
		return -ENOMEM;
	ret = kcsd_cmd_copy_from_host(cmd, run->grants, len);
	for (i = 0; !ret && i < run->nr_grants; i++)
		ret = kcsd_grant_check(cmd, &run->grants[i]);
	return ret;
}

int kcsd_execute_parse(struct kcsd_cmd *cmd)
{
	struct kcsd_drive *drive = cmd->drive;
	struct kcsd_run *run;
	int ret;

	ret = kcsd_execute_check(cmd);
	if (ret)
		return ret;

	run = kzalloc(sizeof(*run), GFP_KERNEL_ACCOUNT);
	if (!run)
		return -ENOMEM;
	run->drive = drive;
	run->pind = cmd->cdw2;
	run->nr_grants = kcsd_execute_nr_grants(cmd);
	run->args_len = iov_iter_count(&cmd->data) - kcsd_execute_grants_len(cmd);
	run->timeout_ms = cmd->timeout_ms ?: READ_ONCE(drive->timeout_ms);
	run->cparam1 = kcsd_cmd_u64(cmd->cdw10, cmd->cdw11);
	run->cparam2 = kcsd_cmd_u64(cmd->cdw12, cmd->cdw13);
	run->budget = kcsd_cmd_u64(cmd->cdw14, cmd->cdw15) ?: READ_ONCE(drive->insn_budget);
	run->metadata = cmd->metadata;
	run->metadata_len = cmd->metadata_len;
	if (run->metadata_len)
		run->out_max = run->metadata_len - kcsd_execute_reserved(cmd);
	if (kcsd_execute_audited(cmd)) {
		run->out_max = round_down(run->out_max, 8);	/* the audit begins at such */
		run->audit = kcsd_audit_alloc();
		ret = run->audit ? 0 : -ENOMEM;
	}
	if (!ret)
		ret = kcsd_execute_copy_data(cmd, run);
	if (ret)
		goto out_free;
	run->program = kcsd_program_get(drive, run->pind, &ret);
	if (!run->program)
		goto out_free;
	cmd->run = run;
	return 0;

out_free:
	kcsd_run_free(run);
	return ret;
}
