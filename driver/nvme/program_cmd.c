// SPDX-License-Identifier: GPL-2.0
/* Parse and execute Load Program and Program Activation Management. */
#include <linux/mm.h>
#include <linux/slab.h>

#include "compute/compute.h"
#include "compute/program.h"
#include "drive.h"
#include "limits.h"
#include "nvme/cmd.h"
#include "persist/sidecar.h"

static u16 cmd_pind(const struct kcsd_cmd *cmd)
{
	return cmd->cdw10 & 0xffff;
}

/*
 * Validate a complete image and store the program. programs.lock is free during validation; the
 * place at this PIND does not change meanwhile: it is marked as finishing.
 */
static int program_finish(struct kcsd_cmd *cmd, struct kcsd_loading *l)
{
	struct kcsd_verdict verdict;
	int ret = kcsd_programs_finish(cmd->drive->compute, cmd_pind(cmd), l, &verdict);

	if (ret >= 0 || ret == -EINTR)
		return ret;
	if (ret != -EINVAL)
		return KCSD_SC_INSUFFICIENT_PROGRAM_RESOURCES;
	cmd->result = KCSD_LOAD_RESULT(verdict.reason, verdict.pc);
	return KCSD_SC_INVALID_PROGRAM_DATA;
}

static int program_load(struct kcsd_cmd *cmd)
{
	struct kcsd_program_chunk chunk = {
		.off = cmd->cdw15,
		.len = cmd->cdw14,
		.psize = cmd->cdw11,
		.pit = cmd->cdw10 >> KCSD_LOAD_PIT_SHIFT & 7,
		.persistent = cmd->cdw10 & KCSD_LOAD_PERSISTENT,
		.puid = kcsd_cmd_u64(cmd->cdw12, cmd->cdw13),
	};
	struct kcsd_loading complete = {};
	enum kcsd_field field;
	int ret;

	/* Allocate without the lock: a sender waits if its control group is over its limit. */
	chunk.data = kvmalloc(chunk.off ? chunk.len : chunk.psize, GFP_KERNEL_ACCOUNT);
	if (!chunk.data)
		return KCSD_SC_INSUFFICIENT_PROGRAM_RESOURCES;
	ret = kcsd_cmd_copy_from_host(cmd, chunk.data, chunk.len);
	if (!ret)
		ret = kcsd_programs_add_chunk(cmd->drive->compute, cmd_pind(cmd), &chunk, &complete,
					      &field);
	kvfree(chunk.data);
	if (ret == KCSD_SC_INVALID_FIELD)
		return kcsd_cmd_invalid(cmd, field);
	return complete.image ? program_finish(cmd, &complete) : ret;
}

static int program_unload(struct kcsd_cmd *cmd)
{
	return kcsd_programs_unload(cmd->drive->compute, cmd_pind(cmd));
}

static int program_parse_index(const struct kcsd_cmd *cmd)
{
	return cmd_pind(cmd) < cmd->drive->compute->programs->nr ? 0
								 : KCSD_SC_INVALID_PROGRAM_INDEX;
}

/* Validate the index of a program that the host may load and unload. */
static int program_parse_host_index(const struct kcsd_cmd *cmd)
{
	int ret = program_parse_index(cmd);

	if (ret)
		return ret;
	return cmd_pind(cmd) < cmd->drive->cfg.max_programs ? 0 : KCSD_SC_NOT_DOWNLOADABLE;
}

static int program_parse_unload(struct kcsd_cmd *cmd)
{
	static const struct kcsd_cmd_uses uses = {
		.cdw10 = 0xffff | KCSD_LOAD_SEL_UNLOAD,	/* PIND */
	};
	int ret = kcsd_cmd_validate_unused(cmd, &uses);

	if (ret)
		return ret;
	if (iov_iter_count(&cmd->data))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	cmd->execute = program_unload;
	return program_parse_host_index(cmd);
}

/* Validate PTYPE, PIT and PUID, and that a persistent program can be stored. */
static int program_validate_type(struct kcsd_cmd *cmd)
{
	u8 pit = cmd->cdw10 >> KCSD_LOAD_PIT_SHIFT & 7;

	if ((cmd->cdw10 >> KCSD_LOAD_PTYPE_SHIFT & 0xff) != KCSD_PTYPE_EBPF)
		return KCSD_SC_INVALID_PROGRAM_TYPE;
	if (pit > KCSD_PIT_VENDOR)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW10);
	if (cmd->cdw10 & KCSD_LOAD_PERSISTENT && !kcsd_sidecar_has_programs(cmd->drive->lbas))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW10);
	if (pit == KCSD_PIT_NONE && (cmd->cdw12 || cmd->cdw13))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW12);
	return 0;
}

/* Validate PSIZE, NUMB and LOFF. */
static int program_validate_chunk(struct kcsd_cmd *cmd)
{
	u32 psize = cmd->cdw11, numb = cmd->cdw14, loff = cmd->cdw15;

	if (psize > KCSD_MAX_PROGRAM_LEN)
		return KCSD_SC_PROGRAM_TOO_BIG;
	if (!numb || numb > cmd->drive->max_transfer || numb > psize)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW14);
	if (loff > psize - numb)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW15);
	/* Require a multiple of LPG, except for the last chunk. */
	if (numb & (cmd->drive->cfg.load_granularity - 1) && numb != psize - loff)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW14);
	if (iov_iter_count(&cmd->data) != numb)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	return 0;
}

int kcsd_program_parse_load(struct kcsd_cmd *cmd)
{
	static const struct kcsd_cmd_uses uses = {
		.cdw10 = KCSD_LOAD_CDW10_ALL,
		.cdw11 = U32_MAX,			/* PSIZE */
		.cdw12 = U32_MAX, .cdw13 = U32_MAX,	/* PUID */
		.cdw14 = U32_MAX,			/* NUMB */
		.cdw15 = U32_MAX,			/* LOFF */
	};
	int ret;

	if (cmd->nsid != KCSD_NSID_COMPUTE)
		return KCSD_SC_INVALID_NS;
	if (cmd->cdw10 & KCSD_LOAD_SEL_UNLOAD)
		return program_parse_unload(cmd);
	ret = kcsd_cmd_validate_unused(cmd, &uses) ?: program_validate_type(cmd) ?:
	      program_validate_chunk(cmd);
	if (ret)
		return ret;
	cmd->execute = program_load;
	return program_parse_host_index(cmd);
}

static int program_activate(struct kcsd_cmd *cmd)
{
	return kcsd_programs_activate(cmd->drive->compute, cmd_pind(cmd),
				      cmd->cdw10 >> KCSD_ACTIVATION_SEL_SHIFT);
}

int kcsd_program_parse_activation(struct kcsd_cmd *cmd)
{
	static const struct kcsd_cmd_uses uses = {
		.cdw10 = KCSD_ACTIVATION_CDW10_ALL,
	};
	int ret;

	if (cmd->nsid != KCSD_NSID_COMPUTE)
		return KCSD_SC_INVALID_NS;
	ret = kcsd_cmd_validate_unused(cmd, &uses);
	if (ret)
		return ret;
	if (cmd->cdw10 >> KCSD_ACTIVATION_SEL_SHIFT > KCSD_ACTIVATION_ACTIVATE)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW10);
	if (iov_iter_count(&cmd->data))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	cmd->execute = program_activate;
	return program_parse_index(cmd);
}
