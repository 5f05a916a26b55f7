/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One NVMe command in flight. The front end fills it in once. The parse function of the command
 * set validates all fields and sets execute or async. No later code validates them again.
 *
 * Parse and execute return 0, an NVMe status (positive, without DNR), or -errno.
 */
#ifndef KCSD_CMD_H
#define KCSD_CMD_H

#include <linux/nospec.h>
#include <linux/types.h>
#include <linux/uio.h>
#include <linux/kcsd.h>

#include "clock/clock.h"
#include "drive.h"
#include "stats/trace_cmd.h"
#include "status.h"

struct kcsd_async;
struct kcsd_async_ops;
struct kcsd_memory_range;
struct kcsd_opcode;
struct kcsd_tenant;

/* Returned by execute: neither a status nor an errno that a command returns. */
#define KCSD_CMD_WAITS	(-EINPROGRESS)

struct kcsd_cmd {
	struct kcsd_drive *drive;
	struct kcsd_tenant *tenant;	/* open file that sent it, or user of the block node */
	const struct kcsd_opcode *found;	/* by kcsd_cmd_issue(); NULL: no such opcode */
	u8 opcode;
	bool admin;
	bool writable;		/* the file is open for writing */
	bool partition;		/* the file is a partition of the block device */
	u32 node;		/* NSID of the open node; 0: controller node */
	u32 nsid;
	u32 cdw2;
	u32 cdw3;
	u32 cdw10;
	u32 cdw11;
	u32 cdw12;
	u32 cdw13;
	u32 cdw14;
	u32 cdw15;
	u32 timeout_ms;
	void __user *metadata;
	u32 metadata_len;	/* bytes */
	struct iov_iter data;	/* host buffer: bvecs, unless now is set; its count is DLEN */

	/* Parse sets one of these two; or both for a quick job, which execute then executes. */
	int (*execute)(struct kcsd_cmd *cmd);
	struct kcsd_async *async;	/* submitted by the front end; freed by it if parse fails */

	/*
	 * Set by an execute that returns KCSD_CMD_WAITS, to wait for other users. The front end
	 * leaves the drive and calls wait, which returns 0 or -errno. It then enters the drive
	 * again, and calls resume with 0. If the wait or the entry fails, it calls resume with that
	 * error, only to release waited_for; the drive may have no power then.
	 */
	int (*wait)(struct kcsd_cmd *cmd);
	int (*resume)(struct kcsd_cmd *cmd, int ret);
	void *waited_for;	/* for these two */

	/*
	 * Execute only if that needs no waiting, not even for host memory, which is not pinned.
	 * Otherwise return -EAGAIN or -EFAULT, and count nothing.
	 */
	bool now;
	bool started;		/* the host buffer may have been written */
	struct kcsd_trace_cmd trace;
	u64 failed_lba;		/* first LBA that failed, set by a quick job; otherwise 0 */
	u64 result;		/* CQE DW0-1; for Invalid Field see kcsd_cmd_invalid() */
	u64 where;		/* for describe: place of an object in its medium; List: bytes */
	u32 data_len;		/* bytes of the host buffer, before they move */
	/* Owned by the front end; of a command that its submitter executes: */
	struct kcsd_time *time;
	struct kcsd_slot *slot;	/* NULL: none, or async has it */
};

/* Bits of each field that a command uses; all others must be zero. */
struct kcsd_cmd_uses {
	u32 cdw2, cdw3;
	u32 cdw10, cdw11, cdw12, cdw13, cdw14, cdw15;
	bool metadata;
};

/*
 * Returns the namespace of an I/O command, by the NSID of its node; the front end has compared it
 * with that of the command. Mask it, since an admin command may come here by mis-speculation.
 */
static inline struct kcsd_ns *kcsd_cmd_ns(const struct kcsd_cmd *cmd)
{
	return cmd->drive->ns[array_index_nospec(cmd->node - 1, KCSD_NN)];
}

static inline enum kcsd_slot_kind kcsd_cmd_slot_kind(const struct kcsd_cmd *cmd)
{
	return cmd->admin ? KCSD_SLOT_ADMIN : KCSD_SLOT_IO;
}

/* Set the result to the invalid field. Returns Invalid Field in Command. */
static inline int kcsd_cmd_invalid(struct kcsd_cmd *cmd, enum kcsd_field field)
{
	cmd->result = field;
	return KCSD_SC_INVALID_FIELD;
}

/* Returns 0, or Invalid Field in Command for the first field with an unused bit set. */
int kcsd_cmd_validate_unused(struct kcsd_cmd *cmd, const struct kcsd_cmd_uses *uses);

/*
 * If kcsd_trace_enabled(): start to trace a command; then trace it when it was parsed, before it is
 * executed or refused. cmd->async gets a copy of cmd->trace.
 */
void kcsd_cmd_trace_begin(struct kcsd_cmd *cmd);
void kcsd_cmd_trace_submit(struct kcsd_cmd *cmd);

static inline u64 kcsd_cmd_u64(u32 low, u32 high)
{
	return (u64)high << 32 | low;
}

/*
 * Call after each piece of KCSD_PIECE bytes of a long command, without locks. Lets others have the
 * CPU. Returns 0, or Command Abort Requested if the sender is killed or the drive is powering off.
 */
int kcsd_cmd_pause(const struct kcsd_cmd *cmd);
/*
 * Copy to or from the host buffer, in pieces, and count the bytes as link traffic. Return 0,
 * -EFAULT, or between pieces what kcsd_cmd_pause() returns.
 */
int kcsd_cmd_copy_to_host(struct kcsd_cmd *cmd, const void *from, size_t len);
int kcsd_cmd_copy_from_host(struct kcsd_cmd *cmd, void *to, size_t len);
/* Zero the rest of the host buffer; counts nothing. Returns likewise. */
int kcsd_cmd_zero_host(struct kcsd_cmd *cmd);

/*
 * Allocate size bytes, zeroed, with cmd->async as first member. Takes a slot of the tenant if
 * needs_slot is set. Returns 0; Insufficient Resources if no slot is free; or -ENOMEM.
 */
int kcsd_cmd_create_async(struct kcsd_cmd *cmd, const struct kcsd_async_ops *ops, size_t size,
			  bool needs_slot);

/*
 * Parse functions, called through the tables of opcodes. nvme/execute.h and nvme/slm_cmd.h declare
 * the others.
 */
int kcsd_get_log_parse(struct kcsd_cmd *cmd);
int kcsd_identify_parse(struct kcsd_cmd *cmd);
int kcsd_feature_parse_get(struct kcsd_cmd *cmd);
int kcsd_feature_parse_set(struct kcsd_cmd *cmd);
int kcsd_format_parse(struct kcsd_cmd *cmd);
int kcsd_sanitize_parse(struct kcsd_cmd *cmd);
int kcsd_nvm_parse_rw(struct kcsd_cmd *cmd);
int kcsd_nvm_parse_flush(struct kcsd_cmd *cmd);
int kcsd_nvm_parse_write_zeroes(struct kcsd_cmd *cmd);
int kcsd_nvm_parse_dsm(struct kcsd_cmd *cmd);
int kcsd_nvm_parse_verify(struct kcsd_cmd *cmd);
int kcsd_nvm_parse_copy(struct kcsd_cmd *cmd);
int kcsd_nvm_parse_write_uncor(struct kcsd_cmd *cmd);
int kcsd_zns_parse_send(struct kcsd_cmd *cmd);
int kcsd_zns_parse_receive(struct kcsd_cmd *cmd);
int kcsd_zns_parse_append(struct kcsd_cmd *cmd);
int kcsd_program_parse_load(struct kcsd_cmd *cmd);
int kcsd_program_parse_activation(struct kcsd_cmd *cmd);
int kcsd_range_set_parse(struct kcsd_cmd *cmd);
int kcsd_sources_parse(struct kcsd_cmd *cmd);
int kcsd_timing_parse(struct kcsd_cmd *cmd);

/* Describe functions: kcsd_opcode.describe. */
void kcsd_nvm_describe(const struct kcsd_cmd *cmd, struct kcsd_timing_cmd *piece);
void kcsd_zns_describe_send(const struct kcsd_cmd *cmd, struct kcsd_timing_cmd *piece);
void kcsd_slm_describe(const struct kcsd_cmd *cmd, struct kcsd_timing_cmd *piece);

/*
 * Validate memory ranges that are used together. range is a copy of the data that the host sent.
 * Returns 0 or a status; cmd->result is then the index of the bad range, or the invalid field.
 */
int kcsd_memory_ranges_validate(struct kcsd_cmd *cmd, const struct kcsd_memory_range *range,
				u32 nr);

/* Returns SLBA of a command that has this field. */
static inline u64 kcsd_nvm_slba(const struct kcsd_cmd *cmd)
{
	return kcsd_cmd_u64(cmd->cdw10, cmd->cdw11);
}

/* nvm.c: shared by Write and Zone Append. Control bits in CDW12 of both: */
#define KCSD_NVM_CONTROL_ALL	((u32)(NVME_RW_FUA | NVME_RW_LR) << 16)
static inline u32 kcsd_nvm_nlb(const struct kcsd_cmd *cmd)
{
	return (cmd->cdw12 & 0xffff) + 1;
}

/* Execute Write or Zone Append. */
int kcsd_nvm_write(struct kcsd_cmd *cmd);
/* nvm_verify.c: execute Compare. Its fields are those of Read. */
int kcsd_nvm_compare(struct kcsd_cmd *cmd);

/* nvm.c: returns the first LBA of a failed command if the status concerns LBAs; otherwise 0. */
u64 kcsd_nvm_failed_lba(const struct kcsd_cmd *cmd, int status);

#endif
