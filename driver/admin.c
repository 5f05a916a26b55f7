// SPDX-License-Identifier: GPL-2.0
/* The admin command set: who is asked for what, and Get Log Page. */
#include <linux/mm.h>
#include <linux/nvme.h>

#include "cmd.h"
#include "drive.h"
#include "identify.h"

static u64 kcsd_log_offset(const struct kcsd_cmd *cmd)
{
	return kcsd_cmd_u64(cmd->cdw12, cmd->cdw13);
}

/* A page that parse has found to exist: kvmalloc'ed, NULL without memory. */
static void *kcsd_admin_log_page(struct kcsd_drive *drive, u8 lid, u32 *len)
{
	switch (lid) {
	case KCSD_LOG_PROGRAM_LIST:
		return kcsd_programs_page(drive, len);
	case KCSD_LOG_RANGE_SET_LIST:
		return kcsd_range_sets_page(drive, len);
	default:
		return kcsd_log_page(&drive->log, len);
	}
}

static int kcsd_admin_get_log(struct kcsd_cmd *cmd)
{
	size_t want = iov_iter_count(&cmd->data);
	u64 off = kcsd_log_offset(cmd);
	u32 len;
	void *page;
	int ret = 0;

	page = kcsd_admin_log_page(cmd->drive, cmd->cdw10 & 0xff, &len);
	if (!page)
		return KCSD_SC_INTERNAL;
	if (off > len) {
		ret = kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW12);
	} else {
		size_t n = min_t(u64, want, len - off);

		ret = kcsd_cmd_copy_to_host(cmd, page + off, n);
		/* Past its end a page reads as zeroes. */
		if (!ret && iov_iter_zero(want - n, &cmd->data) != want - n)
			ret = -EFAULT;
	}
	kvfree(page);
	return ret;
}

/* NVMe Base, "Get Log Page command". */
static int kcsd_admin_parse_get_log(struct kcsd_cmd *cmd)
{
	static const struct kcsd_cmd_uses uses = {
		.cdw10 = 0xffff80ff,			/* NUMDL, RAE, LID; no page has an LSP */
		.cdw11 = 0x0000ffff,			/* NUMDU; nor an LSI */
		.cdw12 = U32_MAX, .cdw13 = U32_MAX,	/* LPO */
	};
	u64 len = ((u64)(cmd->cdw10 >> 16 | cmd->cdw11 << 16) + 1) * 4;
	int ret = kcsd_cmd_check_unused(cmd, &uses);

	if (ret)
		return ret;
	if (len > KCSD_MAX_TRANSFER)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW10);
	if (iov_iter_count(&cmd->data) != len)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	if (kcsd_log_offset(cmd) & 3)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW12);
	if (cmd->nsid && cmd->nsid != KCSD_NSID_COMPUTE && cmd->nsid != NVME_NSID_ALL)
		return KCSD_SC_INVALID_NS;

	switch (cmd->cdw10 & 0xff) {
	case KCSD_LOG_PROGRAM_LIST:
	case KCSD_LOG_RANGE_SET_LIST:
	case KCSD_LOG_PROGRAM_OUTPUT:
		cmd->execute = kcsd_admin_get_log;
		return 0;
	default:
		return KCSD_SC_INVALID_LOG_PAGE;
	}
}

int kcsd_admin_parse(struct kcsd_cmd *cmd)
{
	/* They allocate, take mutexes, and check whole programs. */
	cmd->blocking = true;
	switch (cmd->opcode) {
	case nvme_admin_get_log_page:
		return kcsd_admin_parse_get_log(cmd);
	case nvme_admin_identify:
		return kcsd_identify_parse(cmd);
	case KCSD_ADMIN_LOAD_PROGRAM:
		return kcsd_program_parse_load(cmd);
	case KCSD_ADMIN_PROGRAM_ACTIVATION:
		return kcsd_program_parse_activation(cmd);
	case KCSD_ADMIN_RANGE_SET:
		return kcsd_range_set_parse(cmd);
	default:
		return KCSD_SC_INVALID_OPCODE;
	}
}
