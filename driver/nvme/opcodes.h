/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The commands that a drive has: one table, by which they are dispatched and permitted, and which
 * the host reads as log page 05h.
 */
#ifndef KCSD_OPCODES_H
#define KCSD_OPCODES_H

#include <linux/types.h>

struct kcsd_cmd;
struct kcsd_drive;

/* Who may send a command; kcsd_cmd_allowed() decides. */
enum kcsd_command_for {
	KCSD_FOR_ANY,		/* whoever has the node open */
	KCSD_FOR_WRITERS,	/* who has it open for writing, or CAP_SYS_ADMIN */
	KCSD_FOR_ADMIN,		/* CAP_SYS_ADMIN alone: erases what belongs to all users */
};

struct kcsd_opcode {
	u8 opcode;
	u8 allowed;		/* enum kcsd_command_for */
	u32 effects;		/* NVME_CMD_EFFECTS_*, besides that it is supported */
	int (*parse)(struct kcsd_cmd *cmd);
	bool waits;		/* for the medium of namespace 1, and is no job */
};

/* The command that a cmd asks for; NULL: Invalid Command Opcode. */
const struct kcsd_opcode *kcsd_opcode_find(const struct kcsd_cmd *cmd);
/*
 * May it sleep for long, not as a run or a job but as it is carried out? Then io_uring has to do
 * that in a thread of its own. The drive has been entered.
 */
bool kcsd_opcode_blocks(const struct kcsd_opcode *command, const struct kcsd_cmd *cmd);
/*
 * May the command do what is reserved to these? The only place that decides about permission. In
 * the submitter's context: its capabilities count, and those of the file.
 */
bool kcsd_cmd_allowed(const struct kcsd_cmd *cmd, enum kcsd_command_for who);
/* Log page 05h of one of the drive's command sets, kvmalloc'ed, *len bytes; NULL without memory. */
void *kcsd_opcodes_page(const struct kcsd_drive *drive, u8 csi, u32 *len);

#endif
