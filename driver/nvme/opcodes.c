// SPDX-License-Identifier: GPL-2.0
/*
 * Admin opcodes, and what is done with the tables of all command sets. NVMe Base, "Commands
 * Supported and Effects".
 */
#include <linux/capability.h>
#include <linux/mm.h>
#include <linux/nvme.h>

#include "drive.h"
#include "media/lbas.h"
#include "nvme/cmd.h"
#include "nvme/namespaces.h"
#include "nvme/opcodes.h"

#define OF_ALL	(KCSD_OF_CONTROLLER | KCSD_OF_NAMESPACE)

static const struct kcsd_opcode admin_opcodes[] = {
	{ nvme_admin_get_log_page, KCSD_FOR_ANY, OF_ALL, kcsd_get_log_parse },
	{ nvme_admin_identify, KCSD_FOR_ANY, OF_ALL, kcsd_identify_parse },
	{ nvme_admin_set_features, KCSD_FOR_WRITERS, KCSD_OF_CONTROLLER, kcsd_feature_parse_set },
	{ nvme_admin_get_features, KCSD_FOR_ANY, KCSD_OF_CONTROLLER, kcsd_feature_parse_get },
	{ nvme_admin_format_nvm, KCSD_FOR_ADMIN, KCSD_CHANGES | KCSD_ALONE_IN_NAMESPACE,
				kcsd_format_parse },
	{ nvme_admin_sanitize_nvm, KCSD_FOR_ADMIN,
				KCSD_OF_SUBSYSTEM | KCSD_CHANGES_DATA | KCSD_ALONE,
				kcsd_sanitize_parse },
	{ KCSD_ADMIN_LOAD_PROGRAM, KCSD_FOR_WRITERS, KCSD_OF_NAMESPACE,
				kcsd_program_parse_load },
	{ KCSD_ADMIN_PROGRAM_ACTIVATION, KCSD_FOR_WRITERS, KCSD_OF_NAMESPACE,
				kcsd_program_parse_activation },
	{ KCSD_ADMIN_RANGE_SET, KCSD_FOR_WRITERS, KCSD_OF_NAMESPACE, kcsd_range_set_parse },
};

const struct kcsd_opcode *kcsd_opcode_find(const struct kcsd_cmd *cmd)
{
	const struct kcsd_ns_ops *ops = cmd->admin ? NULL : kcsd_cmd_ns(cmd)->ops;
	const struct kcsd_opcode *opcode = ops ? ops->opcodes : admin_opcodes;
	int nr = ops ? ops->nr_opcodes : ARRAY_SIZE(admin_opcodes);

	for (; nr; nr--, opcode++)
		if (opcode->opcode == cmd->opcode)
			return opcode;
	return NULL;
}

bool kcsd_opcode_blocks(const struct kcsd_opcode *opcode, const struct kcsd_cmd *cmd)
{
	/* Admin commands allocate, take mutexes and validate programs. Format NVM is a job. */
	if (cmd->admin)
		return cmd->opcode != nvme_admin_format_nvm;
	return opcode->sleeps || (opcode->waits && kcsd_lbas_block(cmd->drive->lbas));
}

bool kcsd_cmd_allowed(const struct kcsd_cmd *cmd, enum kcsd_opcode_sender who)
{
	/* Keep users of a partition inside it. Identify reveals no data outside. */
	if (cmd->partition && !(cmd->admin && cmd->opcode == nvme_admin_identify))
		goto admin;
	/* Reading needs no more than an open node. */
	if (who == KCSD_FOR_ANY)
		return true;
	/* Permission to load programs, by the controller node, must not allow erasing all data. */
	if (who == KCSD_FOR_ADMIN)
		goto admin;
	/*
	 * Admin commands change the drive for all users: accept them only by the controller node.
	 * Nodes of namespaces may be accessible to other users.
	 */
	if (cmd->admin && cmd->node)
		goto admin;
	/* A node open for reading gives no right to change anything. */
	if (!cmd->writable)
		goto admin;
	return true;

	/* Like NVMe nodes of Linux: nvme-cli opens nodes for reading only, for all commands. */
admin:
	return capable(CAP_SYS_ADMIN);
}

static void describe(const struct kcsd_opcode *opcode, int nr, __le32 *effects)
{
	for (; nr; nr--, opcode++)
		effects[opcode->opcode] = cpu_to_le32(opcode->effects | NVME_CMD_EFFECTS_CSUPP);
}

void *kcsd_opcodes_page(const struct kcsd_drive *drive, u8 csi, u32 *len)
{
	const struct kcsd_ns *ns = kcsd_namespaces_find(drive, csi);
	struct nvme_effects_log *page;

	BUILD_BUG_ON(sizeof(*page) != 4096);
	*len = sizeof(*page);
	page = kvzalloc(*len, GFP_KERNEL_ACCOUNT);
	if (!page)
		return NULL;
	describe(admin_opcodes, ARRAY_SIZE(admin_opcodes), page->acs);
	if (ns)
		describe(ns->ops->opcodes, ns->ops->nr_opcodes, page->iocs);
	return page;
}
