// SPDX-License-Identifier: GPL-2.0
/*
 * Execute Program and Execute on LBAs: validate the fields and create a run. <linux/kcsd.h> defines
 * the formats. The two commands differ in the table at the start of the data: memory ranges or LBA
 * grants.
 */
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "compute/async.h"
#include "compute/audit.h"
#include "compute/compute.h"
#include "compute/mapping.h"
#include "compute/program.h"
#include "compute/range_set.h"
#include "compute/run.h"
#include "compute/stream.h"
#include "drive.h"
#include "media/lbas.h"
#include "nvme/cmd.h"
#include "nvme/execute.h"
#include "nvme/execute_grants.h"
#include "nvme/opcodes.h"
#include "nvme/sanitize.h"

static bool execute_grants(const struct kcsd_cmd *cmd)
{
	return cmd->opcode == KCSD_CMD_EXECUTE_LBA;
}

static u16 execute_rsid(const struct kcsd_cmd *cmd)
{
	return cmd->cdw2 >> KCSD_EXEC_RSID_SHIFT;
}

/* Returns NUMR, the number of grants or ranges. */
static u32 execute_nr(const struct kcsd_cmd *cmd)
{
	return cmd->cdw3 & KCSD_EXEC_NUMR_MASK;
}

static bool execute_audited(const struct kcsd_cmd *cmd)
{
	return cmd->cdw3 & KCSD_EXEC_AUDIT;
}

static bool execute_has_len(const struct kcsd_cmd *cmd)
{
	return cmd->cdw3 & KCSD_EXEC_LEN;
}

/* Returns the bytes of the metadata buffer that are not available to program output. */
static size_t execute_reserved(bool audited)
{
	return sizeof(struct kcsd_run_record) + (audited ? KCSD_AUDIT_LEN : 0);
}

/* Returns the size of the grants or ranges in bytes. */
static size_t execute_table_len(const struct kcsd_cmd *cmd)
{
	return execute_nr(cmd) * (execute_grants(cmd) ? sizeof(struct kcsd_lba_grant) :
							sizeof(struct kcsd_memory_range));
}

/* Returns the bytes before the arguments: grants or ranges, and the length if present. */
static size_t execute_head_len(const struct kcsd_cmd *cmd)
{
	return execute_table_len(cmd) + (execute_has_len(cmd) ? sizeof(__le64) : 0);
}

int kcsd_execute_validate_output(struct kcsd_cmd *cmd, bool audited)
{
	if (cmd->metadata_len > KCSD_MAX_OUTPUT)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_MPTR);
	if ((cmd->metadata_len || audited) && cmd->metadata_len < execute_reserved(audited))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_MPTR);
	return 0;
}

static int execute_validate_nr(struct kcsd_cmd *cmd)
{
	if (execute_grants(cmd))
		return execute_nr(cmd) <= KCSD_MAX_GRANTS ? 0 :
		       kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW3);
	if (execute_nr(cmd) && execute_rsid(cmd))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW3);
	return execute_nr(cmd) <= cmd->drive->cfg.max_ranges ? 0 : KCSD_SC_MAX_RANGES;
}

/* Validate all fields of the command, before its data is copied. */
static int execute_validate(struct kcsd_cmd *cmd)
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
	int ret = kcsd_cmd_validate_unused(cmd, &uses) ?: execute_validate_nr(cmd);

	if (ret)
		return ret;
	if (len < execute_head_len(cmd) ||
	    len - execute_head_len(cmd) > KCSD_MAX_ARGS)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	return kcsd_execute_validate_output(cmd, execute_audited(cmd));
}

/* ---- access of the program ---- */

/* Returns 0 if the sender may use memory ranges at all; otherwise -errno or a status. */
static int execute_may_range(const struct kcsd_cmd *cmd)
{
	if (!kcsd_cmd_allowed(cmd, KCSD_FOR_WRITERS))
		return -EACCES;
	return KCSD_MAPPINGS_POSSIBLE ? 0 : KCSD_SC_INSUFFICIENT_RESOURCES;
}

/* Validate the grants in the data, and make them the stream. Its sources follow the data. */
static int execute_take_grants(struct kcsd_cmd *cmd, struct kcsd_run *run, u32 nr, void *sources)
{
	int ret;

	run->grants = run->data;
	run->nr_grants = nr;
	ret = kcsd_grants_validate(cmd, run->data, run->nr_grants);
	if (ret)
		return ret;
	kcsd_stream_init(&run->stream, sources, run->nr_grants);
	kcsd_stream_add_grants(&run->stream, run->grants, run->nr_grants,
			       run->compute->lbas->lba_shift);
	return 0;
}

int kcsd_execute_copy_data(struct kcsd_cmd *cmd, struct kcsd_run *run, u32 head, u32 nr_grants)
{
	size_t len = iov_iter_count(&cmd->data), sources = ALIGN(len, sizeof(u64));
	int ret;

	if (!len)
		return 0;
	run->data = kvmalloc(sources + kcsd_stream_size(nr_grants), GFP_KERNEL_ACCOUNT);
	if (!run->data)
		return -ENOMEM;
	ret = kcsd_cmd_copy_from_host(cmd, run->data, len);
	if (ret)
		return ret;
	run->args = run->data + head;
	run->args_len = len - head;
	return nr_grants ? execute_take_grants(cmd, run, nr_grants, run->data + sources) : 0;
}

/* Copy grants or ranges, length and arguments from the host once, then validate the copy. */
static int execute_take_data(struct kcsd_cmd *cmd, struct kcsd_run *run)
{
	u32 nr_grants = execute_grants(cmd) ? execute_nr(cmd) : 0;
	int ret = kcsd_execute_copy_data(cmd, run, execute_head_len(cmd), nr_grants);

	if (ret || !execute_nr(cmd) || nr_grants)
		return ret;
	run->ranges = run->data;
	run->nr_ranges = execute_nr(cmd);
	return execute_may_range(cmd) ?:
	       kcsd_memory_ranges_validate(cmd, run->ranges, run->nr_ranges);
}

int kcsd_execute_get_set(struct kcsd_cmd *cmd, struct kcsd_run *run)
{
	int ret;

	if (!execute_rsid(cmd))
		return 0;
	ret = execute_may_range(cmd);
	if (ret)
		return ret;
	run->range_set = kcsd_range_set_get(cmd->drive->compute, execute_rsid(cmd), &ret);
	if (!run->range_set)
		return ret;
	run->ranges = run->range_set->range;
	run->nr_ranges = run->range_set->nr;
	return 0;
}

int kcsd_execute_take_len(struct kcsd_cmd *cmd, struct kcsd_run *run, const __le64 *len)
{
	const struct kcsd_vm_input in = {
		.grants = run->grants,
		.nr_grants = run->nr_grants,
		.lba_size = 1U << run->compute->lbas->lba_shift,
		.ranges = run->ranges,
		.nr_ranges = run->nr_ranges,
	};
	u64 max = kcsd_stream_max(&in);

	run->stream_len = max;
	if (len)
		run->stream_len = le64_to_cpup(len);
	return run->stream_len <= max ? 0 : kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
}

int kcsd_execute_get_program(struct kcsd_run *run)
{
	struct kcsd_layout layout;
	u64 len;
	int ret;

	run->program = kcsd_program_get(run->compute, run->pind, &ret);
	if (!run->program)
		return ret;
	len = kcsd_layout_init(&layout, &run->program->view, run->args_len);
	len = kcsd_layout_add_ranges(&layout, len, run->ranges, run->nr_ranges);
	if (KCSD_GUEST_CTX + len <= KCSD_GUEST_END)
		return 0;
	kcsd_program_put(run->program);
	run->program = NULL;
	return KCSD_SC_INSUFFICIENT_PROGRAM_RESOURCES;
}

/* ---- run ---- */

/* Returns the maximum number of bytes that the program may emit. */
static u32 execute_out_max(const struct kcsd_cmd *cmd, bool audited)
{
	u32 max;

	if (!cmd->metadata_len)
		return 0;
	max = cmd->metadata_len - execute_reserved(audited);
	/* The audit follows the output, aligned to 8 bytes. */
	return audited ? round_down(max, 8) : max;
}

int kcsd_execute_create_run(struct kcsd_cmd *cmd, const struct kcsd_execute_limits *limits)
{
	u32 out_max = execute_out_max(cmd, limits->audited);
	u32 nr_out_pages = DIV_ROUND_UP(max(out_max, 1u), PAGE_SIZE);
	struct kcsd_drive *drive = cmd->drive;
	struct kcsd_run *run;
	int ret = kcsd_cmd_create_async(cmd, &kcsd_run_async_ops,
					struct_size(run, out_page, nr_out_pages), true);

	if (ret)
		return ret;
	run = kcsd_async_run(cmd->async);
	run->compute = cmd->drive->compute;
	run->out_max = out_max;
	run->nr_out_pages = nr_out_pages;
	run->memcg = get_mem_cgroup_from_mm(current->mm);
	run->pind = cmd->cdw2;
	run->erasures = READ_ONCE(drive->compute->erasures);
	run->timeout_ms = kcsd_drive_timeout_ms(drive, limits->timeout_ms);
	run->cparam1 = kcsd_cmd_u64(cmd->cdw10, cmd->cdw11);
	run->cparam2 = kcsd_cmd_u64(cmd->cdw12, cmd->cdw13);
	run->budget = kcsd_drive_budget(drive, limits->budget);
	run->metadata = cmd->metadata;
	run->metadata_len = cmd->metadata_len;
	if (!limits->audited)
		return 0;
	run->audit = kcsd_audit_alloc();
	return run->audit ? 0 : -ENOMEM;
}

int kcsd_execute_parse(struct kcsd_cmd *cmd)
{
	const struct kcsd_execute_limits limits = {
		.audited = execute_audited(cmd),
		.timeout_ms = cmd->timeout_ms,
		.budget = kcsd_cmd_u64(cmd->cdw14, cmd->cdw15),
	};
	int ret = execute_validate(cmd) ?: kcsd_execute_create_run(cmd, &limits);
	struct kcsd_run *run;

	if (ret)
		return ret;
	run = kcsd_async_run(cmd->async);
	ret = execute_take_data(cmd, run) ?: kcsd_execute_get_set(cmd, run);
	if (ret)
		return ret;
	return kcsd_execute_take_len(cmd, run, execute_has_len(cmd) ?
				     run->data + execute_table_len(cmd) : NULL) ?:
	       kcsd_execute_get_program(run);
}
