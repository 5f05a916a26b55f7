// SPDX-License-Identifier: GPL-2.0
/* Memory Read and Memory Write. NVMe Subsystem Local Memory Command Set. */
#include "drive.h"
#include "media/slm.h"
#include "nvme/cmd.h"
#include "nvme/slm_cmd.h"
#include "stats/counters.h"

static u64 slm_start(const struct kcsd_cmd *cmd)
{
	return kcsd_cmd_u64(cmd->cdw10, cmd->cdw11);
}

static u32 slm_len(const struct kcsd_cmd *cmd)
{
	return cmd->cdw12;
}

static int slm_read(struct kcsd_cmd *cmd)
{
	u32 len = slm_len(cmd);
	int ret = kcsd_cmd_copy_to_host(cmd, cmd->drive->slm->mem + slm_start(cmd), len);

	if (!ret) {
		kcsd_stat_inc(cmd->drive, slm_read_commands);
		kcsd_stat_add(cmd->drive, slm_read_bytes, len);
	}
	return ret;
}

static int slm_write(struct kcsd_cmd *cmd)
{
	u32 len = slm_len(cmd);
	int ret = kcsd_cmd_copy_from_host(cmd, cmd->drive->slm->mem + slm_start(cmd), len);

	if (!ret) {
		kcsd_stat_inc(cmd->drive, slm_write_commands);
		kcsd_stat_add(cmd->drive, slm_write_bytes, len);
	}
	return ret;
}

void kcsd_slm_describe(const struct kcsd_cmd *cmd, struct kcsd_timing_cmd *piece)
{
	piece->op = cmd->opcode == KCSD_SLM_WRITE ? KCSD_TIMING_MEM_WRITE : KCSD_TIMING_MEM_READ;
}

int kcsd_slm_validate_bytes(struct kcsd_cmd *cmd)
{
	if (!slm_len(cmd))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW12);
	if (!kcsd_slm_has(cmd->drive->slm, slm_start(cmd), slm_len(cmd)))
		return KCSD_SC_LBA_RANGE;
	return 0;
}

int kcsd_slm_parse_rw(struct kcsd_cmd *cmd)
{
	static const struct kcsd_cmd_uses uses = {
		.cdw10 = U32_MAX, .cdw11 = U32_MAX,	/* first byte */
		.cdw12 = U32_MAX,			/* length */
	};
	int ret = kcsd_cmd_validate_unused(cmd, &uses);

	if (ret)
		return ret;
	if (slm_len(cmd) > cmd->drive->max_transfer)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW12);
	ret = kcsd_slm_validate_bytes(cmd);
	if (ret)
		return ret;
	if (iov_iter_count(&cmd->data) != slm_len(cmd))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	cmd->execute = cmd->opcode == KCSD_SLM_WRITE ? slm_write : slm_read;
	return 0;
}
