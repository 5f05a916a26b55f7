// SPDX-License-Identifier: GPL-2.0
/* NVM command set of namespace 1: Read, Write, Flush. Also moves the data of Zone Append. */
#include <linux/nvme.h>

#include "drive.h"
#include "media/lba_io.h"
#include "media/lbas.h"
#include "nvme/cmd.h"
#include "nvme/identify.h"
#include "stats/counters.h"

static int move_piece(struct kcsd_cmd *cmd, u64 slba, struct iov_iter *piece)
{
	struct kcsd_lbas *lbas = cmd->drive->lbas;

	switch (cmd->opcode) {
	case nvme_cmd_zone_append:
		return kcsd_lba_io_status(kcsd_lba_io_append(lbas, slba, piece, &cmd->result),
					  KCSD_SC_WRITE_FAULT);
	case nvme_cmd_write:
		return kcsd_lba_io_status(kcsd_lba_io_write(lbas, slba, piece),
					  KCSD_SC_WRITE_FAULT);
	default:
		return kcsd_lba_io_status(kcsd_lba_io_read(lbas, slba, piece),
					  KCSD_SC_READ_ERROR);
	}
}

/* Validate a write of several pieces to a zone, so that it does not fail in its middle. */
static int validate_pieces(const struct kcsd_cmd *cmd)
{
	struct kcsd_lbas *lbas = cmd->drive->lbas;

	if (!lbas->zones.nr || cmd->opcode != nvme_cmd_write ||
	    iov_iter_count(&cmd->data) <= KCSD_PIECE)
		return 0;
	return kcsd_zone_validate_write(lbas, kcsd_nvm_slba(cmd), kcsd_nvm_nlb(cmd));
}

/* Move all in pieces, so that nobody waits for a lock longer than for one. */
static int nvm_move(struct kcsd_cmd *cmd)
{
	u64 slba = kcsd_nvm_slba(cmd);
	int ret = validate_pieces(cmd);
	struct iov_iter piece;
	size_t len;

	while (!ret) {
		piece = cmd->data;
		iov_iter_truncate(&piece, KCSD_PIECE);
		len = iov_iter_count(&piece);
		ret = move_piece(cmd, slba, &piece);
		if (ret && slba != kcsd_nvm_slba(cmd))
			cmd->failed_lba = slba;
		iov_iter_advance(&cmd->data, len);
		if (ret || !iov_iter_count(&cmd->data))
			break;
		slba += len >> cmd->drive->lbas->lba_shift;
		ret = kcsd_cmd_pause(cmd);
	}
	return ret;
}

/* Returns 0, or the status of an injected error. Sleeps for an injected delay. */
static int nvm_inject(struct kcsd_cmd *cmd, enum kcsd_inject_op op)
{
	const struct kcsd_inject_cmd c = {
		.op = op,
		.slba = kcsd_nvm_slba(cmd),
		.nlb = op == KCSD_INJECT_APPEND ? kcsd_zone_size(&cmd->drive->lbas->zones) :
						  kcsd_nvm_nlb(cmd),
		.timeout_ms = kcsd_drive_timeout_ms(cmd->drive, cmd->timeout_ms),
		.delay_ns = &cmd->time->delay_ns,
	};

	return kcsd_inject(cmd->drive->lbas, &c);
}

static int nvm_move_now(struct kcsd_cmd *cmd)
{
	int ret = -EAGAIN;

	/* Ask each rule of inject only once per command: leave that to a call that may sleep. */
	if (!kcsd_inject_is_armed(cmd->drive->lbas, KCSD_INJECT_READ) &&
	    iov_iter_count(&cmd->data) <= KCSD_PIECE)
		ret = kcsd_lba_io_read_now(cmd->drive->lbas, kcsd_nvm_slba(cmd), &cmd->data);
	if (ret == -EAGAIN || ret == -EFAULT)
		return ret;
	return kcsd_lba_io_status(ret, KCSD_SC_READ_ERROR);
}

static int nvm_read(struct kcsd_cmd *cmd)
{
	size_t len = iov_iter_count(&cmd->data);
	int ret = cmd->now ? nvm_move_now(cmd) :
			     nvm_inject(cmd, KCSD_INJECT_READ) ?: nvm_move(cmd);

	if (!ret) {
		kcsd_stat_inc(cmd->drive, read_commands);
		kcsd_stat_add(cmd->drive, read_bytes, len);
		kcsd_stat_add(cmd->drive, host_read_bytes, len);
	}
	return ret;
}

int kcsd_nvm_write(struct kcsd_cmd *cmd)
{
	size_t len = iov_iter_count(&cmd->data);
	bool append = cmd->opcode == nvme_cmd_zone_append;
	int ret = nvm_inject(cmd, append ? KCSD_INJECT_APPEND : KCSD_INJECT_WRITE) ?:
		  nvm_move(cmd);

	if (!ret && cmd->cdw12 & (u32)NVME_RW_FUA << 16)
		ret = kcsd_lba_io_status(kcsd_lba_io_flush(cmd->drive->lbas), KCSD_SC_WRITE_FAULT);
	if (!ret) {
		kcsd_stat_inc(cmd->drive, write_commands);
		kcsd_stat_add(cmd->drive, write_bytes, len);
		kcsd_stat_add(cmd->drive, host_write_bytes, len);
	}
	return ret;
}

static int nvm_flush(struct kcsd_cmd *cmd)
{
	int ret = nvm_inject(cmd, KCSD_INJECT_FLUSH) ?: kcsd_lba_io_flush(cmd->drive->lbas);

	if (ret)
		return kcsd_lba_io_status(ret, KCSD_SC_WRITE_FAULT);
	kcsd_stat_inc(cmd->drive, flush_commands);
	return 0;
}

static int nvm_compare_or_fail(struct kcsd_cmd *cmd)
{
	return nvm_inject(cmd, KCSD_INJECT_READ) ?: kcsd_nvm_compare(cmd);
}

static int (*execute_of(u8 opcode))(struct kcsd_cmd *cmd)
{
	switch (opcode) {
	case nvme_cmd_write:
		return kcsd_nvm_write;
	case nvme_cmd_compare:
		return nvm_compare_or_fail;
	default:
		return nvm_read;
	}
}

/* NVM Command Set, "Read command", CDW12 and CDW13. Write and Compare have the same fields. */
int kcsd_nvm_parse_rw(struct kcsd_cmd *cmd)
{
	static const struct kcsd_cmd_uses uses = {
		.cdw10 = U32_MAX, .cdw11 = U32_MAX,	/* SLBA */
		.cdw12 = 0xffff | KCSD_NVM_CONTROL_ALL,	/* NLB */
		.cdw13 = 0xff,				/* DSM: hints, not followed */
	};
	u32 nlb = kcsd_nvm_nlb(cmd);
	u64 len = (u64)nlb << cmd->drive->lbas->lba_shift;
	int ret = kcsd_cmd_validate_unused(cmd, &uses);

	if (ret)
		return ret;
	if (len > cmd->drive->max_transfer)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW12);
	if (iov_iter_count(&cmd->data) != len)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	if (!kcsd_lbas_have(cmd->drive->lbas, kcsd_nvm_slba(cmd), nlb))
		return KCSD_SC_LBA_RANGE;
	cmd->execute = execute_of(cmd->opcode);
	return 0;
}

int kcsd_nvm_parse_flush(struct kcsd_cmd *cmd)
{
	static const struct kcsd_cmd_uses uses = {};

	if (iov_iter_count(&cmd->data))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	cmd->execute = nvm_flush;
	return kcsd_cmd_validate_unused(cmd, &uses);
}

/* A Compare reads, and gets as many bytes over the link. */
void kcsd_nvm_describe(const struct kcsd_cmd *cmd, struct kcsd_timing_cmd *piece)
{
	bool append = cmd->opcode == nvme_cmd_zone_append;

	if (cmd->opcode == nvme_cmd_flush) {
		piece->op = KCSD_TIMING_FLUSH;
		return;
	}
	piece->op = append || cmd->opcode == nvme_cmd_write ? KCSD_TIMING_WRITE :
							      KCSD_TIMING_READ;
	piece->offset = (append ? cmd->result : kcsd_nvm_slba(cmd)) << cmd->drive->lbas->lba_shift;
	piece->bytes = cmd->data_len;
	if (cmd->cdw12 & (u32)NVME_RW_FUA << 16)
		piece->flags = KCSD_TIMING_FUA;
}

u64 kcsd_nvm_failed_lba(const struct kcsd_cmd *cmd, int status)
{
	if (cmd->admin || cmd->nsid != KCSD_NSID_NVM || cmd->opcode == nvme_cmd_dsm)
		return 0;
	switch (status) {
	case KCSD_SC_LBA_RANGE:
	case KCSD_SC_CAPACITY_EXCEEDED:
	case KCSD_SC_WRITE_FAULT:
	case KCSD_SC_READ_ERROR:
	case KCSD_SC_COMPARE_FAILED:
	case KCSD_SC_ZONE_BOUNDARY ... KCSD_SC_INVALID_ZONE_TRANSITION:
		return kcsd_nvm_slba(cmd);
	default:
		return 0;
	}
}
