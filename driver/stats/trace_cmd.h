/* SPDX-License-Identifier: GPL-2.0 */
/* Data of a command for the tracepoints, from its submission to its completion: trace.h. */
#ifndef KCSD_TRACE_CMD_H
#define KCSD_TRACE_CMD_H

#include <linux/types.h>

/* All zero if tracing was off when the command was submitted: it is then not traced at all. */
struct kcsd_trace_cmd {
	u64 id;			/* number from 1, unique over all drives */
	u64 submit_ns;		/* ktime */
	u32 drive;		/* index */
	u32 nsid;
	u8 opcode;
	bool admin;
};

/* A completed run, as the tracepoints show it. */
struct kcsd_trace_run {
	int pind;
	u32 engine;
	u32 reason;
	u64 insns;
	u64 run_ns;
	u64 read_bytes;
	u64 written_bytes;
};

/* Device time of a command, as the tracepoints show it; ns. */
struct kcsd_trace_device {
	u8 op;			/* enum kcsd_time_op */
	u64 arrival, start, end;
	u64 link, controller, media, compute, waiting;
};

#endif
