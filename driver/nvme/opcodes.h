/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Opcodes of a drive. The same tables dispatch commands, decide about permission, and are log page
 * 05h for the host.
 */
#ifndef KCSD_OPCODES_H
#define KCSD_OPCODES_H

#include <linux/bits.h>
#include <linux/nvme.h>
#include <linux/types.h>

struct kcsd_cmd;
struct kcsd_drive;
struct kcsd_timing_cmd;

/* Bits of kcsd_opcode.effects. Command Scope; <linux/nvme.h> has no names for these bits. */
#define KCSD_OF_NAMESPACE	BIT(20)
#define KCSD_OF_CONTROLLER	BIT(21)
#define KCSD_OF_SUBSYSTEM	BIT(25)
/* Command Submission and Execution: no other command meanwhile, of this or of any namespace. */
#define KCSD_ALONE_IN_NAMESPACE	(1 << 16)
#define KCSD_ALONE		(2 << 16)
/* May change the content of a namespace. */
#define KCSD_CHANGES_DATA	NVME_CMD_EFFECTS_LBCC

/* Effects of I/O commands that change nothing, and of those that change data. */
#define KCSD_READS		KCSD_OF_NAMESPACE
#define KCSD_CHANGES		(KCSD_OF_NAMESPACE | KCSD_CHANGES_DATA)

/* Senders that may use an opcode; kcsd_cmd_allowed() decides. */
enum kcsd_opcode_sender {
	KCSD_FOR_ANY,		/* the node is open */
	KCSD_FOR_WRITERS,	/* the node is open for writing, or CAP_SYS_ADMIN */
	KCSD_FOR_ADMIN,		/* CAP_SYS_ADMIN only: erases data of all users */
};

/*
 * Allows a command to execute without pinning its buffer. A command that changes data may do so
 * only if its buffer is within a page: a page missing in the middle would leave it half done.
 */
enum kcsd_opcode_now {
	KCSD_NOW_NEVER,
	KCSD_NOW,
	KCSD_NOW_IN_PAGE,
};

struct kcsd_opcode {
	u8 opcode;
	u8 allowed;		/* enum kcsd_opcode_sender */
	u32 effects;		/* NVME_CMD_EFFECTS_* without CSUPP */
	int (*parse)(struct kcsd_cmd *cmd);
	bool waits;		/* for the store of namespace 1, and is not a job */
	bool sleeps;		/* waits for something else, and is no run and no job */
	u8 now;			/* enum kcsd_opcode_now */
	bool takes_no_time;	/* of the device */
	bool has_result;	/* the 64-bit result of success means something */
	u8 time_op;		/* enum kcsd_time_op of success; 0: that of describe() */
	/*
	 * Describe what a command did that succeeded, for the model of time: op and what follows.
	 * NULL: nothing but its data. A job describes itself.
	 */
	void (*describe)(const struct kcsd_cmd *cmd, struct kcsd_timing_cmd *piece);
};

/* Returns the table row of the opcode of cmd. NULL: Invalid Command Opcode. */
const struct kcsd_opcode *kcsd_opcode_find(const struct kcsd_cmd *cmd);
/*
 * True if cmd may sleep for long while its submitter executes it, so not as a run or job. io_uring
 * must then use a worker thread. The caller has entered the drive.
 */
bool kcsd_opcode_blocks(const struct kcsd_opcode *opcode, const struct kcsd_cmd *cmd);
/*
 * True if the sender of cmd has the permission `who`. All decisions about permission are made here.
 * Call in the context of the submitter: its capabilities count, and the mode of the file.
 */
bool kcsd_cmd_allowed(const struct kcsd_cmd *cmd, enum kcsd_opcode_sender who);
/*
 * Returns log page 05h of one command set of the drive, *len bytes; the caller frees it by
 * kvfree(). NULL: no memory.
 */
void *kcsd_opcodes_page(const struct kcsd_drive *drive, u8 csi, u32 *len);

#endif
