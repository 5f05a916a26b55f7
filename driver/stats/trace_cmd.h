/* SPDX-License-Identifier: GPL-2.0 */
/* What the tracepoints tell of a command, from its submission to its completion: trace.h. */
#ifndef KCSD_TRACE_CMD_H
#define KCSD_TRACE_CMD_H

#include <linux/types.h>

/* All zero when nobody traced as the command was submitted: then it is not told of at all. */
struct kcsd_trace_cmd {
	u64 id;			/* counts from 1, over all drives */
	u64 submit_ns;		/* ktime */
	u32 nsid;
	u8 opcode;
	bool admin;
};

#endif
