// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Send Identify (NVMe Base specification) and decode its data into structs. */
#include <errno.h>
#include <string.h>

#include "private.h"

#define CNS_NS		0x00
#define CNS_CTRL	0x01
#define CNS_NS_DESC	0x03
#define CNS_CS_NS	0x05

/* Namespace Identification Descriptors: type, length, 2 reserved bytes, the value. */
#define DESC_HEAD	4
#define DESC_CSI	4

/* Offsets of Identify Controller. */
enum {
	CTRL_VID = 0, CTRL_SSVID = 2, CTRL_SN = 4, CTRL_MN = 24, CTRL_FR = 64, CTRL_MDTS = 77,
	CTRL_CNTLID = 78, CTRL_VER = 80, CTRL_NN = 516, CTRL_ONCS = 520, CTRL_VWC = 525,
};

/* Offsets of Identify Namespace (NVM). */
enum {
	NS_NSZE = 0, NS_NCAP = 8, NS_NUSE = 16, NS_NSFEAT = 24, NS_FLBAS = 26, NS_DLFEAT = 33,
	NS_LBAF = 128,
};

#define MDTS_UNIT	4096u
#define MAX_MDTS	19	/* 2^31 bytes: the largest that fits max_transfer */
#define MAX_LBADS	31

/* Copy a string of NVMe without its padding, which is spaces. */
static void get_string(char *to, const uint8_t *from, size_t len)
{
	while (len && (from[len - 1] == ' ' || !from[len - 1]))
		len--;
	memcpy(to, from, len);
	to[len] = '\0';
}

int kcsd_drive_identify(struct kcsd_drive *drv, uint8_t cns, uint8_t csi, uint32_t nsid, void *buf)
{
	struct nvme_passthru_cmd64 cmd = {
		.opcode = NVME_ADMIN_IDENTIFY,
		.nsid = nsid,
		.addr = (uintptr_t)buf,
		.data_len = KCSD_IDENTIFY_LEN,
		.cdw10 = cns,
		.cdw11 = (uint32_t)csi << 24,
	};

	return kcsd_drive_admin(drv, &cmd);
}

int kcsd_ctrl_identify(struct kcsd_drive *drv, struct kcsd_ctrl_info *info, size_t size)
{
	struct kcsd_ctrl_info c = {};
	uint8_t id[KCSD_IDENTIFY_LEN];
	int ret;

	ret = kcsd_drive_identify(drv, CNS_CTRL, 0, 0, id);
	if (ret)
		return ret;
	get_string(c.serial, id + CTRL_SN, sizeof(c.serial) - 1);
	get_string(c.model, id + CTRL_MN, sizeof(c.model) - 1);
	get_string(c.firmware, id + CTRL_FR, sizeof(c.firmware) - 1);
	c.mdts = id[CTRL_MDTS];
	c.max_transfer = c.mdts ? MDTS_UNIT << MIN(c.mdts, MAX_MDTS) : 0;
	c.version = kcsd_get32(id + CTRL_VER);
	c.nn = kcsd_get32(id + CTRL_NN);
	c.vid = kcsd_get16(id + CTRL_VID);
	c.ssvid = kcsd_get16(id + CTRL_SSVID);
	c.cntlid = kcsd_get16(id + CTRL_CNTLID);
	c.oncs = kcsd_get16(id + CTRL_ONCS);
	c.vwc = id[CTRL_VWC];
	kcsd_info_copy(info, size, &c, sizeof(c));
	return 0;
}

int kcsd_ns_identify(struct kcsd_drive *drv, uint32_t nsid, struct kcsd_ns_info *info, size_t size)
{
	struct kcsd_ns_info ns = {};
	uint8_t id[KCSD_IDENTIFY_LEN];
	const uint8_t *lbaf;
	int ret;

	ret = kcsd_drive_identify(drv, CNS_NS, KCSD_CSI_NVM, nsid, id);
	if (ret)
		return ret;
	ns.nsze = kcsd_get64(id + NS_NSZE);
	ns.ncap = kcsd_get64(id + NS_NCAP);
	ns.nuse = kcsd_get64(id + NS_NUSE);
	/* An inactive namespace is all zeroes. */
	if (!ns.nsze)
		return KCSD_SC_INVALID_NS;
	lbaf = id + NS_LBAF + 4 * (id[NS_FLBAS] & 0xf);
	if (lbaf[2] > MAX_LBADS)
		return -EPROTO;
	ns.lba_size = 1u << lbaf[2];
	ns.ms = kcsd_get16(lbaf);
	ns.nsfeat = id[NS_NSFEAT];
	ns.dlfeat = id[NS_DLFEAT];
	kcsd_info_copy(info, size, &ns, sizeof(ns));
	return 0;
}

int kcsd_ns_csi(struct kcsd_drive *drv, uint32_t nsid, uint8_t *csi)
{
	uint8_t id[KCSD_IDENTIFY_LEN];
	size_t at = 0;
	int ret;

	*csi = KCSD_CSI_NVM;
	ret = kcsd_drive_identify(drv, CNS_NS_DESC, 0, nsid, id);
	if (ret)
		return ret;
	while (at + DESC_HEAD < sizeof(id) && id[at + 1]) {
		if (id[at] == DESC_CSI)
			*csi = id[at + DESC_HEAD];
		at += DESC_HEAD + id[at + 1];
	}
	return 0;
}

int kcsd_compute_identify(struct kcsd_drive *drv, struct kcsd_compute_info *info, size_t size)
{
	struct kcsd_id_ns_compute id;
	struct kcsd_compute_info c;
	int ret;

	_Static_assert(sizeof(id) == KCSD_IDENTIFY_LEN, "Identify is one page");
	ret = kcsd_drive_identify(drv, CNS_CS_NS, KCSD_CSI_COMPUTE, KCSD_NSID_COMPUTE, &id);
	if (ret)
		return ret;
	c = (struct kcsd_compute_info){
		.maxact = le16toh(id.maxact),
		.maxprog = le16toh(id.maxprog),
		.cus = le16toh(id.cus),
		.lpg = 1u << MIN(id.lpg, 31),
		.max_program_len = le32toh(id.max_program_len),
		.timeout_ms = le32toh(id.timeout_ms),
		.maxpb = le64toh(id.maxpb) << 20,
		.arena_len = le64toh(id.arena_len),
		.insn_budget = le64toh(id.insn_budget),
		.maxmemrs = le16toh(id.maxmemrs),
		.maxmemr = id.maxmemr,
		.mrsg = le16toh(id.mrsg),
		.nr_device = le16toh(id.nr_device),
	};
	kcsd_info_copy(info, size, &c, sizeof(c));
	return 0;
}
