// SPDX-License-Identifier: GPL-2.0
/* Identify: describe the controller and its namespaces. NVMe Base, "Identify command". */
#include <linux/log2.h>
#include <linux/nvme.h>
#include <linux/slab.h>
#include <linux/unaligned.h>

#include "drive.h"
#include "nvme/cmd.h"
#include "nvme/identify.h"
#include "nvme/uuid.h"

/* CNS values. Versions of <linux/nvme.h> differ in their names. */
#define KCSD_CNS_NS		0x00
#define KCSD_CNS_CTRL		0x01
#define KCSD_CNS_ACTIVE_LIST	0x02
#define KCSD_CNS_NS_DESC	0x03
#define KCSD_CNS_CS_NS		0x05
#define KCSD_CNS_CS_CTRL	0x06
#define KCSD_CNS_CS_ACTIVE_LIST	0x07
#define KCSD_CNS_NS_INDEP	0x08
#define KCSD_CNS_ALLOC_LIST	0x10
#define KCSD_CNS_ALLOC_NS	0x11
#define KCSD_CNS_CS_ALLOC_LIST	0x1a
#define KCSD_CNS_CS_ALLOC_NS	0x1b
#define KCSD_CNS_CSI_VECTORS	0x1c

/* Byte offsets of fields without names in <linux/nvme.h>: Identify Controller and Namespace. */
#define ID_CTRL_OCFS		534	/* Optional Copy Formats Supported */
#define ID_NS_MSSRL		74	/* maximum LBAs of one source of a Copy */
#define ID_NS_MCL		76	/* maximum LBAs of a Copy */
#define ID_NS_MSRC		80	/* maximum sources of a Copy, 0's based */

#define KCSD_NN			KCSD_NSID_COMPUTE	/* the largest NSID */

/* All possible namespaces, in ascending order, with their command sets; see kcsd_csi(). */
static const struct {
	u32 nsid;
	u8 csi;
} kcsd_namespaces[] = {
	{ KCSD_NSID_NVM,	KCSD_CSI_NVM },
	{ KCSD_NSID_SLM,	KCSD_CSI_SLM },
	{ KCSD_NSID_COMPUTE,	KCSD_CSI_COMPUTE },
};

/* Returns the command set of kcsd_namespaces[i]: on a zoned drive ZNS instead of NVM. */
static u8 kcsd_csi(const struct kcsd_drive *drive, int i)
{
	if (kcsd_namespaces[i].nsid == KCSD_NSID_NVM && drive->zones.nr)
		return KCSD_CSI_ZNS;
	return kcsd_namespaces[i].csi;
}

static u8 identify_cns(const struct kcsd_cmd *cmd)
{
	return cmd->cdw10 & 0xff;
}

static u8 identify_csi(const struct kcsd_cmd *cmd)
{
	return cmd->cdw11 >> 24;
}

static bool namespace_active(const struct kcsd_drive *drive, u32 nsid)
{
	return nsid != KCSD_NSID_SLM || drive->slm.size;
}

/* Returns the CSI of a namespace; -1 if it is not active. */
static int namespace_csi(const struct kcsd_drive *drive, u32 nsid)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(kcsd_namespaces); i++)
		if (kcsd_namespaces[i].nsid == nsid && namespace_active(drive, nsid))
			return kcsd_csi(drive, i);
	return -1;
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
	id->mdts = KCSD_MDTS;
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
	id->vwc = (drive->store.volatile_cache ? NVME_CTRL_VWC_PRESENT : 0) | 2 << 1;
	*(__le64 *)id->tnvmcap = cpu_to_le64(drive->store.size);
	return 0;
}

/* Returns the number of LBAs that can be written. */
static u64 identify_capacity(const struct kcsd_drive *drive)
{
	const struct kcsd_zones *zones = &drive->zones;

	if (!zones->nr)
		return drive->nsze;
	return zones->nr_conventional * kcsd_zone_size(zones) +
	       (u64)(zones->nr - zones->nr_conventional) * zones->capacity;
}

static int identify_ns(struct kcsd_cmd *cmd, void *page)
{
	struct kcsd_drive *drive = cmd->drive;
	struct kcsd_ns_names names;
	struct nvme_id_ns *id = page;

	/* Return zeroes for an inactive namespace. */
	if (namespace_csi(cmd->drive, cmd->nsid) < 0)
		return 0;
	/* The NVM command set defines this structure, and ZNS uses it; others do not. */
	if (cmd->nsid != KCSD_NSID_NVM)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW10);
	id->nsze = cpu_to_le64(drive->nsze);
	id->ncap = cpu_to_le64(identify_capacity(drive));
	id->nuse = id->ncap;
	id->dlfeat = 1 | BIT(3); /* deallocated LBAs read as zeroes; Write Zeroes can deallocate */
	put_unaligned_le16(KCSD_MAX_COPY_SOURCE >> drive->lba_shift, page + ID_NS_MSSRL);
	put_unaligned_le32(KCSD_MAX_COPY >> drive->lba_shift, page + ID_NS_MCL);
	*(u8 *)(page + ID_NS_MSRC) = KCSD_MAX_COPY_SOURCES - 1;
	id->lbaf[0].ds = drive->lba_shift;
	kcsd_uuid_names(drive, cmd->nsid, &names);
	memcpy(id->nguid, names.nguid, sizeof(id->nguid));
	memcpy(id->eui64, names.eui64, sizeof(id->eui64));
	return 0;
}

static int identify_ns_indep(struct kcsd_cmd *cmd, void *page)
{
	struct nvme_id_ns_cs_indep *id = page;

	if (namespace_csi(cmd->drive, cmd->nsid) >= 0)
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
	struct kcsd_ns_names names;
	int csi = namespace_csi(cmd->drive, cmd->nsid);
	u8 csi8 = csi;

	if (csi < 0)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_NSID);
	kcsd_uuid_names(cmd->drive, cmd->nsid, &names);
	identify_add_desc(&page, NVME_NIDT_EUI64, names.eui64, NVME_NIDT_EUI64_LEN);
	identify_add_desc(&page, NVME_NIDT_NGUID, names.nguid, NVME_NIDT_NGUID_LEN);
	identify_add_desc(&page, NVME_NIDT_UUID, &names.uuid, NVME_NIDT_UUID_LEN);
	identify_add_desc(&page, NVME_NIDT_CSI, &csi8, NVME_NIDT_CSI_LEN);
	return 0;
}

/* List the NSIDs above cmd->nsid, of one command set or (csi < 0) of all. */
static int identify_list(struct kcsd_cmd *cmd, void *page, int csi)
{
	__le32 *list = page;
	int i;

	if (cmd->nsid >= NVME_NSID_ALL - 1)
		return KCSD_SC_INVALID_NS;
	for (i = 0; i < ARRAY_SIZE(kcsd_namespaces); i++)
		if (kcsd_namespaces[i].nsid > cmd->nsid &&
		    namespace_active(cmd->drive, kcsd_namespaces[i].nsid) &&
		    (csi < 0 || kcsd_csi(cmd->drive, i) == csi))
			*list++ = cpu_to_le32(kcsd_namespaces[i].nsid);
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

static void identify_compute(struct kcsd_drive *drive, struct kcsd_id_ns_compute *id)
{
	const struct kcsd_config *c = &drive->cfg;

	BUILD_BUG_ON(sizeof(*id) != KCSD_IDENTIFY_LEN);
	id->maxact = cpu_to_le16(c->max_active);
	if (drive->slm.size) {
		id->maxmemrs = cpu_to_le16(c->max_range_sets);
		id->mrsg = cpu_to_le16(KCSD_RANGE_GRANULARITY);
		id->maxmemr = c->max_ranges;
	}
	id->maxpb = cpu_to_le64(DIV_ROUND_UP_ULL(c->max_program_bytes, SZ_1M));
	id->lpg = ilog2(c->load_granularity);
	id->nr_device = cpu_to_le16(drive->programs.nr - c->max_programs);
	id->maxprog = cpu_to_le16(c->max_programs);
	id->cus = cpu_to_le16(c->cus);
	id->max_program_len = cpu_to_le32(KCSD_MAX_PROGRAM_LEN);
	id->arena_len = cpu_to_le64(c->arena_size);
	id->insn_budget = cpu_to_le64(READ_ONCE(drive->insn_budget));
	id->timeout_ms = cpu_to_le32(READ_ONCE(drive->timeout_ms));
}

static void identify_slm(struct kcsd_drive *drive, struct kcsd_id_ns_slm *id)
{
	BUILD_BUG_ON(sizeof(*id) != KCSD_IDENTIFY_LEN);
	id->size = cpu_to_le64(drive->slm.size);
	id->max_sources = cpu_to_le32(KCSD_COPY_MAX_SOURCES);
}

/* Fill in limits of zones. MAR and MOR are 0's based; all ones (from 0) means no limit. */
static void identify_zns(const struct kcsd_drive *drive, struct nvme_id_ns_zns *id)
{
	BUILD_BUG_ON(sizeof(*id) != KCSD_IDENTIFY_LEN);
	id->ozcs = cpu_to_le16(BIT(0));	/* reads may cross the ends of zones */
	id->mar = cpu_to_le32(drive->zones.max_active - 1);
	id->mor = cpu_to_le32(drive->zones.max_open - 1);
	id->lbafe[0].zsze = cpu_to_le64(kcsd_zone_size(&drive->zones));
}

/* Fill in data of the command set. NVM: zeroes, there is no protection information. */
static int identify_cs_ns(struct kcsd_cmd *cmd, void *page)
{
	int csi = namespace_csi(cmd->drive, cmd->nsid);

	if (csi < 0)
		return 0;
	if (csi != identify_csi(cmd))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW11);
	if (csi == KCSD_CSI_COMPUTE)
		identify_compute(cmd->drive, page);
	else if (csi == KCSD_CSI_SLM)
		identify_slm(cmd->drive, page);
	else if (csi == KCSD_CSI_ZNS)
		identify_zns(cmd->drive, page);
	return 0;
}

bool kcsd_identify_has_csi(const struct kcsd_drive *drive, u8 csi)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(kcsd_namespaces); i++)
		if (kcsd_csi(drive, i) == csi)
			return namespace_active(drive, kcsd_namespaces[i].nsid);
	return false;
}

static void identify_ctrl_nvm(const struct kcsd_drive *drive, struct nvme_id_ctrl_nvm *id)
{
	BUILD_BUG_ON(sizeof(*id) != KCSD_IDENTIFY_LEN);
	id->vsl = KCSD_VSL;
	id->wzsl = KCSD_WZSL;
	id->wusl = KCSD_WUSL;
	id->dmrl = KCSD_DMRL;
	id->dmrsl = cpu_to_le32(KCSD_MAX_DSM >> drive->lba_shift);
	id->dmsl = cpu_to_le64(KCSD_MAX_DSM >> drive->lba_shift);
}

static void identify_ctrl_zns(const struct kcsd_drive *drive, struct nvme_id_ctrl_zns *id)
{
	u64 max_append = (u64)drive->zones.max_append << drive->lba_shift;

	BUILD_BUG_ON(sizeof(*id) != KCSD_IDENTIFY_LEN);
	id->zasl = ilog2(max_append / SZ_4K);
}

/*
 * Fill in limits of the command set; zeroes: none besides MDTS. Zoned drives have the NVM commands,
 * so they report the limits of NVM, too.
 */
static int identify_cs_ctrl(struct kcsd_cmd *cmd, void *page)
{
	u8 csi = identify_csi(cmd);

	if (csi == KCSD_CSI_NVM)
		identify_ctrl_nvm(cmd->drive, page);
	else if (!kcsd_identify_has_csi(cmd->drive, csi))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW11);
	else if (csi == KCSD_CSI_ZNS)
		identify_ctrl_zns(cmd->drive, page);
	return 0;
}

static int identify_csi_vectors(struct kcsd_cmd *cmd, void *page)
{
	u64 vector = 0;
	int i;

	for (i = 0; i < ARRAY_SIZE(kcsd_namespaces); i++)
		if (namespace_active(cmd->drive, kcsd_namespaces[i].nsid))
			vector |= BIT(kcsd_csi(cmd->drive, i));
	*(__le64 *)page = cpu_to_le64(vector);
	return 0;
}

/* For each CNS: the function that fills in the page, and the fields that the CNS uses. */
static const struct kcsd_identify_cns {
	u8 cns;
	bool ns;	/* uses NSID, which must be 1..NN */
	bool csi;
	int (*fill)(struct kcsd_cmd *cmd, void *page);
} kcsd_identify_table[] = {
	{ KCSD_CNS_NS,			.ns = true, .fill = identify_ns },
	{ KCSD_CNS_CTRL,		.fill = identify_ctrl },
	{ KCSD_CNS_ACTIVE_LIST,		.fill = identify_active_list },
	{ KCSD_CNS_NS_DESC,		.ns = true, .fill = identify_ns_desc },
	{ KCSD_CNS_CS_NS,		.ns = true, .csi = true, .fill = identify_cs_ns },
	{ KCSD_CNS_CS_CTRL,		.csi = true, .fill = identify_cs_ctrl },
	{ KCSD_CNS_CS_ACTIVE_LIST,	.csi = true,
					.fill = identify_cs_active_list },
	{ KCSD_CNS_NS_INDEP,		.ns = true, .fill = identify_ns_indep },
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

	for (i = 0; i < ARRAY_SIZE(kcsd_identify_table); i++)
		if (kcsd_identify_table[i].cns == cns)
			return &kcsd_identify_table[i];
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
		.cdw11 = c && c->csi ? 0xff000000 : 0,	/* CSI */
	};
	u16 cntid = cmd->cdw10 >> 16;
	int ret = kcsd_cmd_check_unused(cmd, &uses);

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
