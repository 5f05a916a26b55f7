/* SPDX-License-Identifier: GPL-2.0 */
/* Execute Program, Execute on LBAs, Execute on Sources, Run Receive. */
#ifndef KCSD_EXECUTE_H
#define KCSD_EXECUTE_H

#include <linux/types.h>

struct kcsd_cmd;
struct kcsd_run;

/* Parse Execute Program or Execute on LBAs, and set cmd->async. Returns 0, a status or -errno. */
int kcsd_execute_parse(struct kcsd_cmd *cmd);
/* Parse Execute on Sources, likewise. */
int kcsd_execute_sources_parse(struct kcsd_cmd *cmd);
/* Parse Run Receive, and set cmd->execute. Returns 0 or a status. */
int kcsd_receive_parse(struct kcsd_cmd *cmd);

/* Limits of a run, from the fields of its command or from its header. */
struct kcsd_execute_limits {
	bool audited;
	u32 timeout_ms;		/* 0: the limit of the drive */
	u64 budget;		/* instructions; 0: the limit of the drive */
};

/* Steps of parsing, in this order; all return 0, a status or -errno. */
int kcsd_execute_validate_output(struct kcsd_cmd *cmd, bool audited);
/*
 * Copy what is left of the data from the host: nr_grants grants (validated, and made the stream) or
 * other things, `head` bytes together, then the arguments.
 */
int kcsd_execute_copy_data(struct kcsd_cmd *cmd, struct kcsd_run *run, u32 head, u32 nr_grants);
/* Set the length of the stream of grants or ranges. NULL: all that they have. */
int kcsd_execute_take_len(struct kcsd_cmd *cmd, struct kcsd_run *run, const __le64 *len);
/* Create cmd->async, the run. */
int kcsd_execute_create_run(struct kcsd_cmd *cmd, const struct kcsd_execute_limits *limits);
/* Get the range set that the command names, if any. */
int kcsd_execute_get_set(struct kcsd_cmd *cmd, struct kcsd_run *run);
/* Get the program. Its memory, the arguments and ranges of the run must fit. */
int kcsd_execute_get_program(struct kcsd_run *run);

#endif
