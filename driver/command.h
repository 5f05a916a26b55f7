/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The commands that a drive has: one table, by which they are dispatched and permitted, and which
 * the host reads as log page 05h.
 */
#ifndef KCSD_COMMAND_H
#define KCSD_COMMAND_H

#include <linux/types.h>

struct kcsd_cmd;
struct kcsd_drive;

struct kcsd_command {
	u8 opcode;
	bool changes;		/* takes a file that was opened for writing */
	u32 effects;		/* NVME_CMD_EFFECTS_*, besides that it is supported */
	int (*parse)(struct kcsd_cmd *cmd);
};

/* The command that a cmd asks for; NULL: Invalid Command Opcode. */
const struct kcsd_command *kcsd_command_find(const struct kcsd_cmd *cmd);
/* Log page 05h, kvmalloc'ed, *len bytes; NULL without memory. */
void *kcsd_commands_page(u8 csi, u32 *len);

#endif
