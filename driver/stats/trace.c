// SPDX-License-Identifier: GPL-2.0
/* Code of the tracepoints, and identifiers of traced commands. */
#include <linux/atomic.h>

#define CREATE_TRACE_POINTS
#include "stats/trace.h"

void kcsd_trace_submitted(struct kcsd_trace_cmd *trace)
{
	static atomic64_t last_id;

	trace->id = atomic64_inc_return(&last_id);
	trace->submit_ns = ktime_get_ns();
}
