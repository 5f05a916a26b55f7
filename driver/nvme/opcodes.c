// SPDX-License-Identifier: GPL-2.0
/* Opcode tables of all command sets. NVMe Base, "Commands Supported and Effects". */
#include <linux/capability.h>
#include <linux/mm.h>
#include <linux/nvme.h>

#include "drive.h"
#include "nvme/cmd.h"
#include "nvme/opcodes.h"

/* Command Scope. <linux/nvme.h> has no names for these bits. */
#define OF_NAMESPACE	BIT(20)
#define OF_CONTROLLER	BIT(21)
#define OF_SUBSYSTEM	BIT(25)
/* Command Submission and Execution: no other command meanwhile, of this or of any namespace. */
#define ALONE_IN_NAMESPACE	(1 << 16)
#define ALONE		(2 << 16)
/* May change the content of a namespace. */
#define CHANGES_DATA	NVME_CMD_EFFECTS_LBCC

#define ANYONE			KCSD_FOR_ANY
#define WRITERS			KCSD_FOR_WRITERS
#define ADMIN			KCSD_FOR_ADMIN

/* Waits for the LBA store (kcsd_opcode.waits). */
#define MEDIUM			true

static const struct kcsd_opcode admin_opcodes[] = {
	{ nvme_admin_get_log_page,	ANYONE, OF_CONTROLLER | OF_NAMESPACE, kcsd_get_log_parse },
	{ nvme_admin_identify,		ANYONE, OF_CONTROLLER | OF_NAMESPACE, kcsd_identify_parse },
	{ nvme_admin_set_features,	WRITERS, OF_CONTROLLER, kcsd_feature_parse_set },
	{ nvme_admin_get_features,	ANYONE, OF_CONTROLLER, kcsd_feature_parse_get },
	{ nvme_admin_format_nvm, ADMIN, OF_NAMESPACE | CHANGES_DATA | ALONE_IN_NAMESPACE,
				kcsd_format_parse },
	{ nvme_admin_sanitize_nvm, ADMIN, OF_SUBSYSTEM | CHANGES_DATA | ALONE,
				kcsd_sanitize_parse },
	{ KCSD_ADMIN_LOAD_PROGRAM,	WRITERS, OF_NAMESPACE, kcsd_program_parse_load },
	{ KCSD_ADMIN_PROGRAM_ACTIVATION, WRITERS, OF_NAMESPACE, kcsd_program_parse_activation },
	{ KCSD_ADMIN_RANGE_SET,		WRITERS, OF_NAMESPACE, kcsd_range_set_parse },
};

/* Less frequent opcodes of both sets. nvme-cli opens nodes for reading only. */
#define NVM_AND_ZNS									\
	{ nvme_cmd_write_zeroes, WRITERS, OF_NAMESPACE | CHANGES_DATA,			\
				kcsd_nvm_parse_write_zeroes },				\
	{ nvme_cmd_dsm,		WRITERS, OF_NAMESPACE | CHANGES_DATA,			\
				kcsd_nvm_parse_dsm },					\
	{ nvme_cmd_compare,	ANYONE, OF_NAMESPACE, kcsd_nvm_parse_rw, MEDIUM },	\
	{ nvme_cmd_verify,	ANYONE, OF_NAMESPACE, kcsd_nvm_parse_verify },		\
	{ KCSD_NVM_COPY,	WRITERS, OF_NAMESPACE | CHANGES_DATA,			\
				kcsd_nvm_parse_copy },					\
	{ nvme_cmd_write_uncor,	WRITERS, OF_NAMESPACE | CHANGES_DATA,			\
				kcsd_nvm_parse_write_uncor },

/* List frequent opcodes first: the search is linear. */
static const struct kcsd_opcode nvm_opcodes[] = {
	{ nvme_cmd_read,	ANYONE, OF_NAMESPACE, kcsd_nvm_parse_rw, MEDIUM },
	{ nvme_cmd_write,	WRITERS, OF_NAMESPACE | CHANGES_DATA, kcsd_nvm_parse_rw, MEDIUM },
	{ nvme_cmd_flush,	ANYONE, OF_NAMESPACE, kcsd_nvm_parse_flush, MEDIUM },
	NVM_AND_ZNS
};

static const struct kcsd_opcode zns_opcodes[] = {
	{ nvme_cmd_read,	ANYONE,  OF_NAMESPACE, kcsd_nvm_parse_rw, MEDIUM },
	{ nvme_cmd_write,	WRITERS, OF_NAMESPACE | CHANGES_DATA, kcsd_nvm_parse_rw, MEDIUM },
	{ nvme_cmd_zone_append,	WRITERS, OF_NAMESPACE | CHANGES_DATA,
				kcsd_zns_parse_append, MEDIUM },
	{ nvme_cmd_flush,	ANYONE,  OF_NAMESPACE, kcsd_nvm_parse_flush, MEDIUM },
	{ nvme_cmd_zone_mgmt_send, WRITERS, OF_NAMESPACE | CHANGES_DATA,
				kcsd_zns_parse_send, MEDIUM },
	NVM_AND_ZNS
	{ nvme_cmd_zone_mgmt_recv, ANYONE, OF_NAMESPACE, kcsd_zns_parse_receive },
};

static const struct kcsd_opcode slm_opcodes[] = {
	{ KCSD_SLM_READ,	ANYONE, OF_NAMESPACE, kcsd_slm_parse_rw },
	{ KCSD_SLM_WRITE,	WRITERS, OF_NAMESPACE | CHANGES_DATA, kcsd_slm_parse_rw },
	{ KCSD_SLM_COPY,	WRITERS, OF_NAMESPACE | CHANGES_DATA, kcsd_slm_parse_copy },
	{ KCSD_SLM_FILL,	WRITERS, OF_NAMESPACE | CHANGES_DATA, kcsd_slm_parse_fill },
};

/*
 * Allow ANYONE: only write grants and ranges change anything, and kcsd_execute_parse() checks
 * these.
 */
static const struct kcsd_opcode compute_opcodes[] = {
	{ KCSD_CMD_EXECUTE,	ANYONE, OF_NAMESPACE | CHANGES_DATA, kcsd_execute_parse },
	{ KCSD_CMD_EXECUTE_LBA,	ANYONE, OF_NAMESPACE | CHANGES_DATA, kcsd_execute_parse },
};

struct kcsd_command_set {
	u8 csi;
	u8 nr;
	const struct kcsd_opcode *command;
};

#define SET(csi, table) { csi, ARRAY_SIZE(table), table }

static const struct kcsd_command_set admin_set = SET(0, admin_opcodes);

static const struct kcsd_command_set zns_set = SET(KCSD_CSI_ZNS, zns_opcodes);

/* Command set of each NSID, on a drive that is not zoned. */
static const struct kcsd_command_set command_sets[] = {
	[KCSD_NSID_NVM]		= SET(KCSD_CSI_NVM, nvm_opcodes),
	[KCSD_NSID_SLM]		= SET(KCSD_CSI_SLM, slm_opcodes),
	[KCSD_NSID_COMPUTE]	= SET(KCSD_CSI_COMPUTE, compute_opcodes),
};

static const struct kcsd_command_set *command_set(const struct kcsd_drive *drive, u32 nsid)
{
	if (nsid == KCSD_NSID_NVM && drive->zones.nr)
		return &zns_set;
	return &command_sets[nsid];
}

const struct kcsd_opcode *kcsd_opcode_find(const struct kcsd_cmd *cmd)
{
	/* The front end ensures that the NSID of an I/O command is that of its node. */
	const struct kcsd_command_set *set = cmd->admin ? &admin_set :
					     command_set(cmd->drive, cmd->nsid);
	int i;

	for (i = 0; i < set->nr; i++)
		if (set->command[i].opcode == cmd->opcode)
			return &set->command[i];
	return NULL;
}

bool kcsd_opcode_blocks(const struct kcsd_opcode *command, const struct kcsd_cmd *cmd)
{
	/* Admin commands allocate, take mutexes and validate programs. Format NVM is a job. */
	if (cmd->admin)
		return cmd->opcode != nvme_admin_format_nvm;
	return command->waits && kcsd_drive_blocks(cmd->drive);
}

bool kcsd_cmd_allowed(const struct kcsd_cmd *cmd, enum kcsd_command_for who)
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

static void command_set_describe(const struct kcsd_command_set *set, __le32 *effects)
{
	int i;

	for (i = 0; i < set->nr; i++)
		effects[set->command[i].opcode] =
			cpu_to_le32(set->command[i].effects | NVME_CMD_EFFECTS_CSUPP);
}

void *kcsd_opcodes_page(const struct kcsd_drive *drive, u8 csi, u32 *len)
{
	const struct kcsd_command_set *set;
	struct nvme_effects_log *page;
	int nsid;

	BUILD_BUG_ON(sizeof(*page) != 4096);
	*len = sizeof(*page);
	page = kvzalloc(*len, GFP_KERNEL_ACCOUNT);
	if (!page)
		return NULL;
	command_set_describe(&admin_set, page->acs);
	for (nsid = KCSD_NSID_NVM; nsid < ARRAY_SIZE(command_sets); nsid++) {
		set = command_set(drive, nsid);
		if (set->csi == csi)
			command_set_describe(set, page->iocs);
	}
	return page;
}
