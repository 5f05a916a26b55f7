// SPDX-License-Identifier: GPL-2.0
/* Code of the tracepoints, and identifiers of traced commands. */
#include <linux/atomic.h>

#define CREATE_TRACE_POINTS
#include "stats/trace.h"

void kcsd_trace_begin_enabled(struct kcsd_cmd *cmd)
{
	static atomic64_t last_id;

	cmd->trace = (struct kcsd_trace_cmd) {
		.id = atomic64_inc_return(&last_id),
		.submit_ns = ktime_get_ns(),
		.nsid = cmd->nsid,
		.opcode = cmd->opcode,
		.admin = cmd->admin,
	};
}

void kcsd_trace_submit_enabled(struct kcsd_cmd *cmd)
{
	if (cmd->async)
		cmd->async->trace = cmd->trace;
	trace_kcsd_cmd_submit(cmd);
}
