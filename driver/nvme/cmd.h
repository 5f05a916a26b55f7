/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A command on its way: the front end fills it in once, a command set's parse
 * function checks all of it and sets execute (or run, or job), and nothing checks again.
 *
 * Parse and execute return 0, an NVMe status (positive, without DNR), or -errno.
 */
#ifndef KCSD_CMD_H
#define KCSD_CMD_H

#include <linux/types.h>
#include <linux/uio.h>
#include <linux/kcsd.h>

#include "stats/trace_cmd.h"

struct kcsd_drive;
struct kcsd_job;
struct kcsd_memory_range;
struct kcsd_run;
struct kcsd_tenant;

struct kcsd_cmd {
	struct kcsd_drive *drive;
	struct kcsd_tenant *tenant;	/* the open file that it came by, or the user */
	u8 opcode;
	bool admin;
	bool writable;		/* the file was opened for writing */
	bool partition;		/* the file is of a partition of the block device */
	u32 node;		/* NSID of the node that it was opened on; 0: the controller's */
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
	struct iov_iter data;	/* the host's buffer, of bvecs; its count is DLEN */

	/* Set by parse: one of the three. */
	int (*execute)(struct kcsd_cmd *cmd);
	struct kcsd_run *run;	/* asynchronous; the front end submits it */
	struct kcsd_job *job;	/* likewise, unless it is quick */

	/*
	 * Only if that can be done without waiting, for the host's memory, either: it may not be
	 * pinned. Otherwise -EAGAIN or -EFAULT, and nothing is counted.
	 */
	bool now;
	bool started;		/* the host's buffer may have been written to */
	struct kcsd_trace_cmd trace;
	u64 failed_lba;		/* the first LBA that failed, if its quick job says; else 0 */
	u64 result;		/* CQE DW0-1; of an invalid command, see kcsd_cmd_invalid() */
};

/* The bits that a command uses; all others must be zero. */
struct kcsd_cmd_uses {
	u32 cdw2, cdw3;
	u32 cdw10, cdw11, cdw12, cdw13, cdw14, cdw15;
	bool metadata;
};

/* Invalid Field in Command, with its place as the result. */
static inline int kcsd_cmd_invalid(struct kcsd_cmd *cmd, enum kcsd_field field)
{
	cmd->result = field;
	return KCSD_SC_INVALID_FIELD;
}

/* What the host is told of a status: not to try again, but where time alone can help. */
static inline int kcsd_status_to_host(int status)
{
	switch (status) {
	case 0:
	case KCSD_SC_INSUFFICIENT_RESOURCES:
	case KCSD_SC_SANITIZE_IN_PROGRESS:
	case KCSD_SC_FORMAT_IN_PROGRESS:
		return status;
	default:
		return status | KCSD_SC_DNR;
	}
}

/* 0, or Invalid Field in Command for the first that has a bit it should not. */
int kcsd_cmd_check_unused(struct kcsd_cmd *cmd, const struct kcsd_cmd_uses *uses);

static inline u64 kcsd_cmd_u64(u32 low, u32 high)
{
	return (u64)high << 32 | low;
}

/* To and from the host's buffer, counted as link traffic. 0 or -EFAULT. */
int kcsd_cmd_copy_to_host(struct kcsd_cmd *cmd, const void *from, size_t len);
int kcsd_cmd_copy_from_host(struct kcsd_cmd *cmd, void *to, size_t len);

/*
 * Parse functions, called by opcodes.c's table; compute/compute.h, compute/program.h, compute/range_set.h and
 * slm.h have the others.
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

/*
 * May these ranges, a copy of what the host sent, be used together? 0 or the status;
 * cmd->result is then the range's index, or the field of Invalid Field.
 */
int kcsd_memory_ranges_check(struct kcsd_cmd *cmd, const struct kcsd_memory_range *range, u32 nr);

/* SLBA of the commands that have one. */
static inline u64 kcsd_nvm_slba(const struct kcsd_cmd *cmd)
{
	return kcsd_cmd_u64(cmd->cdw10, cmd->cdw11);
}

/* nvm.c: what Zone Append has in common with Write. CDW12 of both: */
#define KCSD_NVM_CONTROL_ALL	((u32)(NVME_RW_FUA | NVME_RW_LR) << 16)
static inline u32 kcsd_nvm_nlb(const struct kcsd_cmd *cmd)
{
	return (cmd->cdw12 & 0xffff) + 1;
}

/* Execute either. */
int kcsd_nvm_write(struct kcsd_cmd *cmd);
/* nvm_verify.c: execute Compare, whose fields are those of Read. */
int kcsd_nvm_compare(struct kcsd_cmd *cmd);

/* nvm.c: the first LBA of a failed command, if the status is about LBAs; else 0. */
u64 kcsd_nvm_failed_lba(const struct kcsd_cmd *cmd, int status);

#endif
