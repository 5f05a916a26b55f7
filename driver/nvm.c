// SPDX-License-Identifier: GPL-2.0
/* The NVM command set on namespace 1: Read, Write, Flush; and how Zone Append moves data. */
#include <linux/bvec.h>
#include <linux/mm.h>
#include <linux/nvme.h>

#include "cmd.h"
#include "drive.h"
#include "identify.h"
#include "media.h"
#include "pin.h"

#define KCSD_NVM_BATCH	16	/* pages pinned at once */

/* NVM Command Set, "Read command", CDW12 and CDW13. */
static u64 kcsd_nvm_slba(const struct kcsd_cmd *cmd)
{
	return kcsd_cmd_u64(cmd->cdw10, cmd->cdw11);
}

static int kcsd_nvm_rw(struct kcsd_cmd *cmd, u64 slba, struct iov_iter *iter)
{
	struct kcsd_drive *drive = cmd->drive;

	switch (cmd->opcode) {
	case nvme_cmd_zone_append:
		return kcsd_media_status(kcsd_media_append(drive, slba, iter, &cmd->result),
					 KCSD_SC_WRITE_FAULT);
	case nvme_cmd_write:
		return kcsd_media_status(kcsd_media_write(drive, slba, iter), KCSD_SC_WRITE_FAULT);
	default:
		return kcsd_media_status(kcsd_media_read(drive, slba, iter), KCSD_SC_READ_ERROR);
	}
}

/* Into a zone: all of it or nothing. */
static int kcsd_nvm_write_zone(struct kcsd_cmd *cmd)
{
	struct kcsd_pinned pinned;
	int ret = kcsd_pin(&pinned, &cmd->data);

	if (ret)
		return ret;
	ret = kcsd_nvm_rw(cmd, kcsd_nvm_slba(cmd), &pinned.iter);
	kcsd_unpin(&pinned);
	return ret;
}

/* The medium wants kernel memory: pin the pages of this much of the buffer, move, unpin. */
static int kcsd_nvm_rw_pinned(struct kcsd_cmd *cmd, u64 slba, size_t len)
{
	struct page *pages[KCSD_NVM_BATCH], **p = pages;
	bool pinned = iov_iter_extract_will_pin(&cmd->data);
	struct bio_vec bvec[KCSD_NVM_BATCH];
	unsigned int i, nr, dir = cmd->data.data_source;
	struct iov_iter iter;
	size_t off;
	ssize_t got;
	int ret = -EFAULT;

	got = iov_iter_extract_pages(&cmd->data, &p, len, KCSD_NVM_BATCH, 0, &off);
	if (got <= 0)
		return -EFAULT;
	nr = DIV_ROUND_UP(off + got, PAGE_SIZE);
	if (got == len) {
		for (i = 0; i < nr; i++, len -= bvec[i - 1].bv_len, off = 0)
			bvec_set_page(&bvec[i], pages[i], min(len, PAGE_SIZE - off), off);
		iov_iter_bvec(&iter, dir, bvec, nr, got);
		ret = kcsd_nvm_rw(cmd, slba, &iter);
	}
	if (pinned)
		unpin_user_pages_dirty_lock(pages, nr, dir == ITER_DEST);
	return ret;
}

/* A buffer in pieces that need not be multiples of an LBA. Rare: bounce it. */
static int kcsd_nvm_rw_bounced(struct kcsd_cmd *cmd, u64 slba)
{
	size_t len = iov_iter_count(&cmd->data);
	bool write = cmd->opcode == nvme_cmd_write;
	struct iov_iter iter;
	struct kvec kvec;
	void *buf;
	int ret;

	buf = kvmalloc(len, GFP_KERNEL_ACCOUNT);
	if (!buf)
		return -ENOMEM;
	kvec = (struct kvec){ .iov_base = buf, .iov_len = len };
	iov_iter_kvec(&iter, write ? ITER_SOURCE : ITER_DEST, &kvec, 1, len);

	ret = -EFAULT;
	if (write && !copy_from_iter_full(buf, len, &cmd->data))
		goto out;
	ret = kcsd_nvm_rw(cmd, slba, &iter);
	if (!ret && !write && copy_to_iter(buf, len, &cmd->data) != len)
		ret = -EFAULT;
out:
	kvfree(buf);
	return ret;
}

/* Bytes from the iterator's place on that are one piece of user memory. */
static size_t kcsd_iter_piece(const struct iov_iter *iter)
{
	return iter_is_ubuf(iter) ? iov_iter_count(iter) : iter_iov_len(iter);
}

/* No LBA lies in two pieces of the buffer. */
static bool kcsd_iter_whole_lbas(const struct iov_iter *iter, u32 lba_size)
{
	unsigned int i;

	if (iter_is_ubuf(iter))
		return true;
	for (i = 0; i < iter->nr_segs; i++) {
		size_t len = iter_iov(iter)[i].iov_len;

		if (!len || len & (lba_size - 1))
			return false;
	}
	return true;
}

static int kcsd_nvm_move(struct kcsd_cmd *cmd)
{
	u32 lba_size = 1U << cmd->drive->lba_shift;
	u64 slba = kcsd_nvm_slba(cmd);
	int ret = 0;

	/* Registered with the ring: pinned already. */
	if (iov_iter_is_bvec(&cmd->data))
		return kcsd_nvm_rw(cmd, slba, &cmd->data);
	if (cmd->drive->zones.nr && cmd->opcode != nvme_cmd_read)
		return kcsd_nvm_write_zone(cmd);
	if (!kcsd_iter_whole_lbas(&cmd->data, lba_size))
		return kcsd_nvm_rw_bounced(cmd, slba);
	while (!ret && iov_iter_count(&cmd->data)) {
		size_t off = offset_in_page(iter_iov_addr(&cmd->data));
		size_t len = min(kcsd_iter_piece(&cmd->data),
				 round_down(KCSD_NVM_BATCH * PAGE_SIZE - off, lba_size));

		ret = kcsd_nvm_rw_pinned(cmd, slba, len);
		slba += len >> cmd->drive->lba_shift;
	}
	return ret;
}

/* 0, or the status that the command was told to fail with. */
static int kcsd_nvm_inject(const struct kcsd_cmd *cmd, enum kcsd_inject_op op)
{
	const struct kcsd_inject_cmd c = {
		.op = op,
		.slba = kcsd_nvm_slba(cmd),
		.nlb = op == KCSD_INJECT_APPEND ? kcsd_zone_size(&cmd->drive->zones) :
						  kcsd_nvm_nlb(cmd),
		.timeout_ms = kcsd_drive_timeout_ms(cmd->drive, cmd->timeout_ms),
	};

	return kcsd_inject(cmd->drive, &c);
}

static int kcsd_nvm_read(struct kcsd_cmd *cmd)
{
	size_t len = iov_iter_count(&cmd->data);
	int ret = kcsd_nvm_inject(cmd, KCSD_INJECT_READ) ?: kcsd_nvm_move(cmd);

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
	int ret = kcsd_nvm_inject(cmd, append ? KCSD_INJECT_APPEND : KCSD_INJECT_WRITE) ?:
		  kcsd_nvm_move(cmd);

	if (!ret && cmd->cdw12 & (u32)NVME_RW_FUA << 16)
		ret = kcsd_media_status(kcsd_media_flush(cmd->drive), KCSD_SC_WRITE_FAULT);
	if (!ret) {
		kcsd_stat_inc(cmd->drive, write_commands);
		kcsd_stat_add(cmd->drive, write_bytes, len);
		kcsd_stat_add(cmd->drive, host_write_bytes, len);
	}
	return ret;
}

static int kcsd_nvm_flush(struct kcsd_cmd *cmd)
{
	int ret = kcsd_nvm_inject(cmd, KCSD_INJECT_FLUSH) ?: kcsd_media_flush(cmd->drive);

	if (ret)
		return kcsd_media_status(ret, KCSD_SC_WRITE_FAULT);
	kcsd_stat_inc(cmd->drive, flush_commands);
	return 0;
}

int kcsd_nvm_parse_rw(struct kcsd_cmd *cmd)
{
	static const struct kcsd_cmd_uses uses = {
		.cdw10 = U32_MAX, .cdw11 = U32_MAX,	/* SLBA */
		.cdw12 = 0xffff | KCSD_NVM_CONTROL_ALL,	/* NLB */
		.cdw13 = 0xff,				/* DSM: hints, not followed */
	};
	u32 nlb = kcsd_nvm_nlb(cmd);
	u64 len = (u64)nlb << cmd->drive->lba_shift;
	int ret = kcsd_cmd_check_unused(cmd, &uses);

	if (ret)
		return ret;
	if (len > KCSD_MAX_TRANSFER)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW12);
	if (iov_iter_count(&cmd->data) != len)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	if (!kcsd_drive_has_lbas(cmd->drive, kcsd_nvm_slba(cmd), nlb))
		return KCSD_SC_LBA_RANGE;
	cmd->blocking = kcsd_drive_blocks(cmd->drive);
	cmd->execute = cmd->opcode == nvme_cmd_write ? kcsd_nvm_write : kcsd_nvm_read;
	return 0;
}

int kcsd_nvm_parse_flush(struct kcsd_cmd *cmd)
{
	static const struct kcsd_cmd_uses uses = {};

	if (iov_iter_count(&cmd->data))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	cmd->blocking = kcsd_drive_blocks(cmd->drive);
	cmd->execute = kcsd_nvm_flush;
	return kcsd_cmd_check_unused(cmd, &uses);
}

u64 kcsd_nvm_failed_lba(const struct kcsd_cmd *cmd, int status)
{
	if (cmd->admin || cmd->nsid != KCSD_NSID_NVM)
		return 0;
	switch (status) {
	case KCSD_SC_LBA_RANGE:
	case KCSD_SC_CAPACITY_EXCEEDED:
	case KCSD_SC_WRITE_FAULT:
	case KCSD_SC_READ_ERROR:
	case KCSD_SC_ZONE_BOUNDARY ... KCSD_SC_INVALID_ZONE_TRANSITION:
		return kcsd_nvm_slba(cmd);
	default:
		return 0;
	}
}
