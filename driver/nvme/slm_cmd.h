/* SPDX-License-Identifier: GPL-2.0 */
/* Commands of Subsystem Local Memory; parse functions, see nvme/cmd.h. */
#ifndef KCSD_SLM_CMD_H
#define KCSD_SLM_CMD_H

struct kcsd_cmd;

/* slm_cmd.c: Memory Read and Memory Write. */
int kcsd_slm_parse_rw(struct kcsd_cmd *cmd);
/* Validate the bytes that Memory Read, Write or Fill names. Returns 0 or a status. */
int kcsd_slm_validate_bytes(struct kcsd_cmd *cmd);

/* slm_copy.c: Memory Copy and Memory Fill. Both set cmd->async. */
int kcsd_slm_parse_copy(struct kcsd_cmd *cmd);
int kcsd_slm_parse_fill(struct kcsd_cmd *cmd);

#endif
