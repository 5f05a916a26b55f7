// SPDX-License-Identifier: GPL-2.0
/* The commands of all command sets. NVMe Base, "Commands Supported and Effects". */
#include <linux/mm.h>
#include <linux/nvme.h>

#include "cmd.h"
#include "command.h"
#include "drive.h"

/* Command Scope, which <linux/nvme.h> has no names for. */
#define OF_NAMESPACE	BIT(20)
#define OF_CONTROLLER	BIT(21)
/* It may change what is read from a namespace. */
#define CHANGES_DATA	NVME_CMD_EFFECTS_LBCC

static const struct kcsd_command kcsd_admin_commands[] = {
	{ nvme_admin_get_log_page,	false, OF_CONTROLLER | OF_NAMESPACE, kcsd_get_log_parse },
	{ nvme_admin_identify,		false, OF_CONTROLLER | OF_NAMESPACE, kcsd_identify_parse },
	{ nvme_admin_set_features,	true,  OF_CONTROLLER, kcsd_feature_parse_set },
	{ nvme_admin_get_features,	false, OF_CONTROLLER, kcsd_feature_parse_get },
	{ KCSD_ADMIN_LOAD_PROGRAM,	true,  OF_NAMESPACE, kcsd_program_parse_load },
	{ KCSD_ADMIN_PROGRAM_ACTIVATION, true, OF_NAMESPACE, kcsd_program_parse_activation },
	{ KCSD_ADMIN_RANGE_SET,		true,  OF_NAMESPACE, kcsd_range_set_parse },
};

/* The frequent ones first: they are searched one by one. */
static const struct kcsd_command kcsd_nvm_commands[] = {
	{ nvme_cmd_read,	false, OF_NAMESPACE, kcsd_nvm_parse_rw },
	{ nvme_cmd_write,	true,  OF_NAMESPACE | CHANGES_DATA, kcsd_nvm_parse_rw },
	{ nvme_cmd_flush,	false, OF_NAMESPACE, kcsd_nvm_parse_flush },
};

static const struct kcsd_command kcsd_slm_commands[] = {
	{ KCSD_SLM_READ,	false, OF_NAMESPACE, kcsd_slm_parse_rw },
	{ KCSD_SLM_WRITE,	true,  OF_NAMESPACE | CHANGES_DATA, kcsd_slm_parse_rw },
	{ KCSD_SLM_COPY,	true,  OF_NAMESPACE | CHANGES_DATA, kcsd_slm_parse_copy },
	{ KCSD_SLM_FILL,	true,  OF_NAMESPACE | CHANGES_DATA, kcsd_slm_parse_fill },
};

/* Execute changes something only with write grants or ranges: kcsd_execute_parse() looks. */
static const struct kcsd_command kcsd_compute_commands[] = {
	{ KCSD_CMD_EXECUTE,	false, OF_NAMESPACE | CHANGES_DATA, kcsd_execute_parse },
	{ KCSD_CMD_EXECUTE_LBA,	false, OF_NAMESPACE | CHANGES_DATA, kcsd_execute_parse },
};

struct kcsd_command_set {
	u8 csi;
	u8 nr;
	const struct kcsd_command *command;
};

#define SET(csi, table) { csi, ARRAY_SIZE(table), table }

static const struct kcsd_command_set kcsd_admin_set = SET(0, kcsd_admin_commands);

/* By namespace. */
static const struct kcsd_command_set kcsd_command_sets[] = {
	[KCSD_NSID_NVM]		= SET(KCSD_CSI_NVM, kcsd_nvm_commands),
	[KCSD_NSID_SLM]		= SET(KCSD_CSI_SLM, kcsd_slm_commands),
	[KCSD_NSID_COMPUTE]	= SET(KCSD_CSI_COMPUTE, kcsd_compute_commands),
};

const struct kcsd_command *kcsd_command_find(const struct kcsd_cmd *cmd)
{
	/* The front end has seen to it that an I/O command's NSID is its node's. */
	const struct kcsd_command_set *set = cmd->admin ? &kcsd_admin_set :
					     &kcsd_command_sets[cmd->nsid];
	int i;

	for (i = 0; i < set->nr; i++)
		if (set->command[i].opcode == cmd->opcode)
			return &set->command[i];
	return NULL;
}

static void kcsd_command_set_describe(const struct kcsd_command_set *set, __le32 *effects)
{
	int i;

	for (i = 0; i < set->nr; i++)
		effects[set->command[i].opcode] =
			cpu_to_le32(set->command[i].effects | NVME_CMD_EFFECTS_CSUPP);
}

void *kcsd_commands_page(u8 csi, u32 *len)
{
	struct nvme_effects_log *page;
	int nsid;

	BUILD_BUG_ON(sizeof(*page) != 4096);
	*len = sizeof(*page);
	page = kvzalloc(*len, GFP_KERNEL);
	if (!page)
		return NULL;
	kcsd_command_set_describe(&kcsd_admin_set, page->acs);
	for (nsid = KCSD_NSID_NVM; nsid < ARRAY_SIZE(kcsd_command_sets); nsid++)
		if (kcsd_command_sets[nsid].csi == csi)
			kcsd_command_set_describe(&kcsd_command_sets[nsid], page->iocs);
	return page;
}
