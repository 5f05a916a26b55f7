// SPDX-License-Identifier: GPL-2.0
/* Execute on Sources. <linux/kcsd.h> has its fields. */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compute/async.h"
#include "compute/compute.h"
#include "compute/run.h"
#include "compute/source_list.h"
#include "compute/tenant.h"
#include "drive.h"
#include "nvme/cmd.h"
#include "nvme/execute.h"

/* Validate all fields of the command, before its data is copied. */
static int sources_validate(struct kcsd_cmd *cmd)
{
	static const struct kcsd_cmd_uses uses = {
		.cdw2 = KCSD_EXEC_CDW2_ALL,
		.cdw3 = U16_MAX,			/* SLID */
		.cdw10 = U32_MAX, .cdw11 = U32_MAX,	/* CPARAM1 */
		.cdw12 = U32_MAX, .cdw13 = U32_MAX,	/* CPARAM2 */
		.metadata = true,
	};
	size_t len = iov_iter_count(&cmd->data);
	int ret = kcsd_cmd_validate_unused(cmd, &uses);

	if (ret)
		return ret;
	if (!cmd->cdw3 || cmd->cdw3 > KCSD_MAX_SOURCE_LISTS)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW3);
	if (len < sizeof(struct kcsd_run_header) ||
	    len - sizeof(struct kcsd_run_header) > KCSD_MAX_ARGS)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	return 0;
}

/* Copy the header from the host, and validate the copy. */
static int sources_take_header(struct kcsd_cmd *cmd, struct kcsd_execute_limits *limits)
{
	struct kcsd_run_header h;
	int ret = kcsd_cmd_copy_from_host(cmd, &h, sizeof(h));

	BUILD_BUG_ON(sizeof(h) != 64);
	if (ret)
		return ret;
	if (le32_to_cpu(h.size) != sizeof(h) || le32_to_cpu(h.flags) & ~KCSD_RUN_HEADER_AUDIT ||
	    memchr_inv(h.rsvd, 0, sizeof(h.rsvd)))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	*limits = (struct kcsd_execute_limits){
		.audited = le32_to_cpu(h.flags) & KCSD_RUN_HEADER_AUDIT,
		.timeout_ms = le32_to_cpu(h.timeout_ms),
		.budget = le64_to_cpu(h.budget),
	};
	return kcsd_execute_validate_output(cmd, limits->audited);
}

static int sources_copy_args(struct kcsd_cmd *cmd, struct kcsd_run *run)
{
	size_t len = iov_iter_count(&cmd->data);

	if (!len)
		return 0;
	run->data = kvmalloc(len, GFP_KERNEL_ACCOUNT);
	if (!run->data)
		return -ENOMEM;
	run->args = run->data;
	run->args_len = len;
	return kcsd_cmd_copy_from_host(cmd, run->data, len);
}

static int sources_get_list(struct kcsd_cmd *cmd, struct kcsd_run *run)
{
	int ret;

	run->list = kcsd_source_list_get(&cmd->tenant->source_lists, cmd->cdw3, run->erasures,
					 &ret);
	if (!run->list)
		return ret;
	run->stream = run->list->stream;
	run->stream_len = run->stream.end[run->stream.nr - 1];
	return 0;
}

int kcsd_execute_sources_parse(struct kcsd_cmd *cmd)
{
	struct kcsd_execute_limits limits;
	struct kcsd_run *run;
	int ret;

	ret = sources_validate(cmd) ?: sources_take_header(cmd, &limits) ?:
	      kcsd_execute_create_run(cmd, &limits);
	if (ret)
		return ret;
	run = kcsd_async_run(cmd->async);
	return sources_copy_args(cmd, run) ?: kcsd_execute_get_set(cmd, run) ?:
	       sources_get_list(cmd, run) ?: kcsd_execute_get_program(run);
}
