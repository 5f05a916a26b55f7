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

/* What a file must have been opened for. */
enum kcsd_command_for {
	KCSD_FOR_ANY,
	KCSD_FOR_WRITERS,
	/*
	 * Or for anything, by a process with CAP_SYS_ADMIN: as on Linux's NVMe nodes. nvme-cli,
	 * whose commands for zones these are, opens for reading only.
	 */
	KCSD_FOR_WRITERS_OR_ADMIN,
};

struct kcsd_command {
	u8 opcode;
	u8 allowed;		/* enum kcsd_command_for */
	u32 effects;		/* NVME_CMD_EFFECTS_*, besides that it is supported */
	int (*parse)(struct kcsd_cmd *cmd);
};

/* The command that a cmd asks for; NULL: Invalid Command Opcode. */
const struct kcsd_command *kcsd_command_find(const struct kcsd_cmd *cmd);
/* May the file it came by have it? */
bool kcsd_command_allowed(const struct kcsd_command *command, const struct kcsd_cmd *cmd);
/* Log page 05h of one of the drive's command sets, kvmalloc'ed, *len bytes; NULL without memory. */
void *kcsd_commands_page(const struct kcsd_drive *drive, u8 csi, u32 *len);

#endif
