// SPDX-License-Identifier: GPL-2.0
/* Identify: describe the controller and its namespaces. NVMe Base, "Identify command". */
#include <linux/log2.h>
#include <linux/nvme.h>
#include <linux/slab.h>
#include <linux/unaligned.h>

#include "drive.h"
#include "media/lbas.h"
#include "media/objects.h"
#include "media/store.h"
#include "nvme/cmd.h"
#include "nvme/identify.h"
#include "nvme/namespaces.h"
#include "nvme/uuid.h"
#include "stats/error_log.h"

/* CNS values. Versions of <linux/nvme.h> differ in their names. */
#define KCSD_CNS_NS		0x00
#define KCSD_CNS_CTRL		0x01
#define KCSD_CNS_ACTIVE_LIST	0x02
#define KCSD_CNS_NS_DESC	0x03
#define KCSD_CNS_CS_NS		0x05
#define KCSD_CNS_CS_CTRL	0x06
#define KCSD_CNS_CS_ACTIVE_LIST	0x07
#define KCSD_CNS_NS_INDEP	0x08
#define KCSD_CNS_CS_FORMAT	0x0a
#define KCSD_CNS_ALLOC_LIST	0x10
#define KCSD_CNS_ALLOC_NS	0x11
#define KCSD_CNS_CS_ALLOC_LIST	0x1a
#define KCSD_CNS_CS_ALLOC_NS	0x1b
#define KCSD_CNS_CSI_VECTORS	0x1c

/* Byte offset of Optional Copy Formats Supported in Identify Controller. */
#define ID_CTRL_OCFS		534

static u8 identify_cns(const struct kcsd_cmd *cmd)
{
	return cmd->cdw10 & 0xff;
}

static u8 identify_csi(const struct kcsd_cmd *cmd)
{
	return cmd->cdw11 >> 24;
}

/* Write an NVMe string: ASCII, padded with spaces, without NUL. */
static void identify_string(char *to, size_t len, const char *from)
{
	memset(to, ' ', len);
	memcpy(to, from, min(len, strlen(from)));
}

void kcsd_identify_serial(const struct kcsd_drive *drive, char sn[KCSD_SERIAL_LEN + 1])
{
	snprintf(sn, KCSD_SERIAL_LEN + 1, "KCSD%8phN", &drive->uuid);
}

void kcsd_identify_firmware(char *fr)
{
	identify_string(fr, sizeof_field(struct nvme_id_ctrl, fr), THIS_MODULE->version ?: "");
}

static int identify_ctrl(struct kcsd_cmd *cmd, void *page)
{
	struct kcsd_drive *drive = cmd->drive;
	struct nvme_id_ctrl *id = page;
	char sn[KCSD_SERIAL_LEN + 1];

	BUILD_BUG_ON(sizeof(id->sn) != KCSD_SERIAL_LEN);
	kcsd_identify_serial(drive, sn);
	identify_string(id->sn, sizeof(id->sn), sn);
	identify_string(id->mn, sizeof(id->mn), KCSD_MODEL);
	kcsd_identify_firmware(id->fr);
	snprintf(id->subnqn, sizeof(id->subnqn), "nqn.2014-08.org.nvmexpress:uuid:%pUb",
		 &drive->uuid);
	id->mdts = ilog2(drive->max_transfer / SZ_4K);
	id->ver = cpu_to_le32(NVME_VS(2, 0, 0));
	id->cntrltype = NVME_CTRL_IO;
	/* Log page 05h; 32-bit NUMD and offsets; log pages 00h, 12h, 13h, and scopes in 05h. */
	id->lpa = NVME_CTRL_LPA_CMD_EFFECTS_LOG | BIT(2) | BIT(5);
	id->elpe = KCSD_ERROR_ENTRIES - 1;
	id->frmw = BIT(0) | 1 << 1;	/* one slot, read-only */
	/*
	 * Leave the bit of Dataset Management cleared: the limits in CNS 06h report its support. A
	 * command beyond the limits is then aborted with Command Size Limit Exceeded. With the bit
	 * set this status is not allowed, and the part beyond the limits would be ignored. NVM
	 * Command Set, "Dataset Management Processing Limits". Linux uses DMRSL as the limit of all
	 * LBAs that one command discards.
	 */
	id->oncs = cpu_to_le16(NVME_CTRL_ONCS_COMPARE | NVME_CTRL_ONCS_WRITE_UNCORRECTABLE |
			       NVME_CTRL_ONCS_WRITE_ZEROES |
			       BIT(4) |		/* Save and Select of features */
			       BIT(7) |		/* Verify */
			       BIT(8));		/* Copy */
	id->oacs = cpu_to_le16(BIT(1));	/* Format NVM */
	id->fna = BIT(3);	/* formats one namespace; no cryptographic erase */
	/* Block erase, overwrite; obeys No-Deallocate and does not modify the media afterwards. */
	id->sanicap = cpu_to_le32(BIT(1) | BIT(2) | 1 << 30);
	put_unaligned_le16(BIT(0), page + ID_CTRL_OCFS);	/* format 0h */
	id->sqes = 0x66;	/* 64 bytes */
	id->cqes = 0x44;	/* 16 bytes */
	id->nn = cpu_to_le32(KCSD_NN);
	id->mnan = cpu_to_le32(KCSD_NN);
	/* Same as the block device reports. Flush accepts no broadcast NSID. */
	id->vwc = (drive->lbas->store.volatile_cache || drive->objects->volatile_cache ?
		   NVME_CTRL_VWC_PRESENT : 0) | 2 << 1;
	*(__le64 *)id->tnvmcap = cpu_to_le64(drive->lbas->store.size);
	return 0;
}

static int identify_ns(struct kcsd_cmd *cmd, void *page)
{
	const struct kcsd_ns *ns = kcsd_drive_ns(cmd->drive, cmd->nsid);

	/* Return zeroes for an inactive namespace. */
	if (!ns)
		return 0;
	/* The NVM command set defines this structure, and ZNS uses it; others do not. */
	return ns->ops->identify ? ns->ops->identify(cmd, page) :
				   kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW10);
}

static int identify_ns_indep(struct kcsd_cmd *cmd, void *page)
{
	struct nvme_id_ns_cs_indep *id = page;

	if (kcsd_drive_ns(cmd->drive, cmd->nsid))
		id->nstat = NVME_NSTAT_NRDY;	/* bit 0: ready */
	return 0;
}

static void identify_add_desc(void **p, u8 nidt, const void *nid, u8 nidl)
{
	struct nvme_ns_id_desc *desc = *p;

	desc->nidt = nidt;
	desc->nidl = nidl;
	memcpy(desc + 1, nid, nidl);
	*p += sizeof(*desc) + nidl;
}

static int identify_ns_desc(struct kcsd_cmd *cmd, void *page)
{
	const struct kcsd_ns *ns = kcsd_drive_ns(cmd->drive, cmd->nsid);
	struct kcsd_ns_names names;

	if (!ns)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_NSID);
	kcsd_uuid_names(cmd->drive, cmd->nsid, &names);
	identify_add_desc(&page, NVME_NIDT_EUI64, names.eui64, NVME_NIDT_EUI64_LEN);
	identify_add_desc(&page, NVME_NIDT_NGUID, names.nguid, NVME_NIDT_NGUID_LEN);
	identify_add_desc(&page, NVME_NIDT_UUID, &names.uuid, NVME_NIDT_UUID_LEN);
	identify_add_desc(&page, NVME_NIDT_CSI, &ns->ops->csi, NVME_NIDT_CSI_LEN);
	return 0;
}

/* List the NSIDs above cmd->nsid, of one command set or (csi < 0) of all. */
static int identify_list(struct kcsd_cmd *cmd, void *page, int csi)
{
	const struct kcsd_ns *ns;
	__le32 *list = page;
	u32 nsid;

	if (cmd->nsid >= NVME_NSID_ALL - 1)
		return KCSD_SC_INVALID_NS;
	for (nsid = cmd->nsid + 1; nsid <= KCSD_NN; nsid++) {
		ns = kcsd_drive_ns(cmd->drive, nsid);
		if (ns && (csi < 0 || ns->ops->csi == csi))
			*list++ = cpu_to_le32(nsid);
	}
	return 0;
}

static int identify_active_list(struct kcsd_cmd *cmd, void *page)
{
	return identify_list(cmd, page, -1);
}

static int identify_cs_active_list(struct kcsd_cmd *cmd, void *page)
{
	return identify_list(cmd, page, identify_csi(cmd));
}

/* Fill in data of the command set; zeroes: there are none. */
static int identify_cs_ns(struct kcsd_cmd *cmd, void *page)
{
	const struct kcsd_ns *ns = kcsd_drive_ns(cmd->drive, cmd->nsid);

	if (!ns)
		return 0;
	if (ns->ops->csi != identify_csi(cmd))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW11);
	return ns->ops->identify_set ? ns->ops->identify_set(cmd, page) : 0;
}

/*
 * Fill in limits of the command set; zeroes: none besides MDTS. Zoned drives have the NVM commands,
 * so they report the limits of NVM, too.
 */
static int identify_cs_ctrl(struct kcsd_cmd *cmd, void *page)
{
	u8 csi = identify_csi(cmd);
	const struct kcsd_ns *ns = kcsd_namespaces_find(cmd->drive, csi);
	const struct kcsd_ns_ops *ops = csi == KCSD_CSI_NVM ? &kcsd_nvm_ops : ns ? ns->ops : NULL;

	if (!ops)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW11);
	return ops->identify_ctrl ? ops->identify_ctrl(cmd, page) : 0;
}

/* Fill in what any namespace with this format reports. There is one format; NSID is not used. */
static int identify_cs_format(struct kcsd_cmd *cmd, void *page)
{
	const struct kcsd_ns *ns = kcsd_namespaces_find(cmd->drive, identify_csi(cmd));

	if (!ns || !ns->ops->identify_format || cmd->cdw11 & 0xffff)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW11);
	return ns->ops->identify_format(cmd, page);
}

static int identify_csi_vectors(struct kcsd_cmd *cmd, void *page)
{
	const struct kcsd_ns *ns;
	u64 vector = 0;
	u32 nsid;

	for (nsid = 1; nsid <= KCSD_NN; nsid++) {
		ns = kcsd_drive_ns(cmd->drive, nsid);
		if (ns)
			vector |= BIT_ULL(ns->ops->csi);
	}
	*(__le64 *)page = cpu_to_le64(vector);
	return 0;
}

/* For each CNS: the function that fills in the page, and the fields that the CNS uses. */
static const struct kcsd_identify_cns {
	u8 cns;
	bool ns;	/* uses NSID, which must be 1..NN */
	bool csi;
	bool format;	/* uses the index of a format */
	int (*fill)(struct kcsd_cmd *cmd, void *page);
} identify_table[] = {
	{ KCSD_CNS_NS,			.ns = true, .fill = identify_ns },
	{ KCSD_CNS_CTRL,		.fill = identify_ctrl },
	{ KCSD_CNS_ACTIVE_LIST,		.fill = identify_active_list },
	{ KCSD_CNS_NS_DESC,		.ns = true, .fill = identify_ns_desc },
	{ KCSD_CNS_CS_NS,		.ns = true, .csi = true, .fill = identify_cs_ns },
	{ KCSD_CNS_CS_CTRL,		.csi = true, .fill = identify_cs_ctrl },
	{ KCSD_CNS_CS_ACTIVE_LIST,	.csi = true,
					.fill = identify_cs_active_list },
	{ KCSD_CNS_NS_INDEP,		.ns = true, .fill = identify_ns_indep },
	{ KCSD_CNS_CS_FORMAT,		.csi = true, .format = true,
					.fill = identify_cs_format },
	/* No Namespace Management: allocated namespaces are the active ones. */
	{ KCSD_CNS_ALLOC_LIST,		.fill = identify_active_list },
	{ KCSD_CNS_ALLOC_NS,		.ns = true, .fill = identify_ns },
	{ KCSD_CNS_CS_ALLOC_LIST,	.csi = true,
					.fill = identify_cs_active_list },
	{ KCSD_CNS_CS_ALLOC_NS,		.ns = true, .csi = true, .fill = identify_cs_ns },
	{ KCSD_CNS_CSI_VECTORS,		.fill = identify_csi_vectors },
};

static const struct kcsd_identify_cns *identify_find(u8 cns)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(identify_table); i++)
		if (identify_table[i].cns == cns)
			return &identify_table[i];
	return NULL;
}

static int identify_execute(struct kcsd_cmd *cmd)
{
	void *page;
	int ret;

	page = kzalloc(KCSD_IDENTIFY_LEN, GFP_KERNEL_ACCOUNT);
	if (!page)
		return -ENOMEM;
	ret = identify_find(identify_cns(cmd))->fill(cmd, page);
	if (!ret)
		ret = kcsd_cmd_copy_to_host(cmd, page, KCSD_IDENTIFY_LEN);
	kfree(page);
	return ret;
}

int kcsd_identify_parse(struct kcsd_cmd *cmd)
{
	const struct kcsd_identify_cns *c = identify_find(identify_cns(cmd));
	const struct kcsd_cmd_uses uses = {
		.cdw10 = 0xffff00ff,			/* CNTID, CNS */
		/* CSI, index */
		.cdw11 = (c && c->csi ? 0xff000000 : 0) | (c && c->format ? 0xffff : 0),
	};
	u16 cntid = cmd->cdw10 >> 16;
	int ret = kcsd_cmd_validate_unused(cmd, &uses);

	/* Accept CNTID FFFFh (this controller): tools send it even where it is not used. */
	if (!c || (cntid && cntid != 0xffff))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW10);
	if (ret)
		return ret;
	if (iov_iter_count(&cmd->data) != KCSD_IDENTIFY_LEN)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	/* Accept any NSID where it is not used: tools send that of their node. */
	if (c->ns && (!cmd->nsid || cmd->nsid > KCSD_NN))
		return KCSD_SC_INVALID_NS;
	cmd->execute = identify_execute;
	return 0;
}
