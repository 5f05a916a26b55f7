// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Report, manage and append to zones of namespace 1: Zone Management Send and Receive, Zone Append.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

#define CNS_CS_NS		0x05
#define CNS_CS_CTRL		0x06

/* Offsets of Identify Namespace and Identify Controller for zones. */
enum { NS_MAR = 4, NS_MOR = 8, NS_LBAFE = 2816, LBAFE_LEN = 16, CTRL_ZASL = 0 };

/* A report: header of this many bytes, and as many for each zone; then offsets in a descriptor. */
#define REPORT_UNIT		64
enum { DESC_STATE = 1, DESC_CAP = 8, DESC_START = 16, DESC_WP = 24 };

#define REPORT_ZONES		1024	/* of one command */
#define REPORT_PARTIAL		(1u << 16)
#define SEND_ALL		(1u << 8)
#define CDW13_FILTER_SHIFT	8

#define ZASL_UNIT		4096u
#define MAX_NLB			65536u	/* LBAs of one command */

/* ---- identify ---- */

int kcsd_zns_identify(struct kcsd_drive *drv, struct kcsd_zns_info *info, size_t size)
{
	uint8_t ns[KCSD_IDENTIFY_LEN], ctrl[KCSD_IDENTIFY_LEN];
	struct kcsd_zns_info z;
	uint8_t csi;
	int ret;

	/*
	 * Compare the command set first: a drive that is not zoned would refuse the commands below,
	 * and each refusal adds an entry to its error log.
	 */
	ret = kcsd_ns_csi(drv, KCSD_NSID_NVM, &csi);
	if (!ret && csi != KCSD_CSI_ZNS)
		ret = KCSD_SC_INVALID_FIELD;
	if (!ret)
		ret = kcsd_drive_identify(drv, CNS_CS_CTRL, KCSD_CSI_ZNS, 0, ctrl);
	if (!ret)
		ret = kcsd_drive_identify(drv, CNS_CS_NS, KCSD_CSI_ZNS, KCSD_NSID_NVM, ns);
	if (ret)
		return ret;
	/* The limits are 0's based; all ones become 0, which means no limit. */
	z = (struct kcsd_zns_info){
		.zone_size = kcsd_get64(ns + NS_LBAFE),
		.max_append = drv->max_transfer,
		.max_open = kcsd_get32(ns + NS_MOR) + 1,
		.max_active = kcsd_get32(ns + NS_MAR) + 1,
	};
	if (!z.zone_size || z.zone_size & (z.zone_size - 1) || ctrl[CTRL_ZASL] > 31)
		return -EPROTO;
	z.nr_zones = drv->nsze / z.zone_size;
	if (ctrl[CTRL_ZASL])
		z.max_append = MIN((uint64_t)z.max_append, (uint64_t)ZASL_UNIT << ctrl[CTRL_ZASL]);
	kcsd_info_copy(info, size, &z, sizeof(z));
	return 0;
}

/* ---- report ---- */

/* State of a walk over zones. */
struct report {
	struct kcsd_drive *drv;
	uint64_t zone_size;
	uint64_t slba;		/* the next part begins here */
	uint8_t filter;
	uint8_t *buf;
	uint32_t len;
};

/* Returns the report filter for a condition. -EINVAL: there is none. */
static int filter_of(uint32_t cond)
{
	static const uint32_t conds[] = {
		KCSD_ZONE_COND_ANY, KCSD_ZONE_COND_EMPTY, KCSD_ZONE_COND_IMP_OPEN,
		KCSD_ZONE_COND_EXP_OPEN, KCSD_ZONE_COND_CLOSED, KCSD_ZONE_COND_FULL,
		KCSD_ZONE_COND_READONLY, KCSD_ZONE_COND_OFFLINE,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(conds); i++)
		if (conds[i] == cond)
			return i;
	return -EINVAL;
}

static int receive(const struct report *r)
{
	struct nvme_passthru_cmd64 cmd = {
		.opcode = NVME_ZONE_RECEIVE,
		.nsid = KCSD_NSID_NVM,
		.addr = (uintptr_t)r->buf,
		.data_len = r->len,
		.cdw10 = (uint32_t)r->slba,
		.cdw11 = r->slba >> 32,
		.cdw12 = r->len / 4 - 1,
		.cdw13 = r->filter << CDW13_FILTER_SHIFT | REPORT_PARTIAL,
	};

	return kcsd_drive_io(r->drv, &cmd);
}

/*
 * Decode one descriptor and call fn. The next part begins after this zone; a zone before slba is an
 * error.
 */
static int visit(struct report *r, const uint8_t *desc,
		 int (*fn)(const struct kcsd_zone_info *zone, void *arg), void *arg)
{
	struct kcsd_zone_info zone = {
		.start = kcsd_get64(desc + DESC_START),
		.size = r->zone_size,
		.cap = kcsd_get64(desc + DESC_CAP),
		.wp = kcsd_get64(desc + DESC_WP),
		.cond = desc[DESC_STATE] >> 4,
	};

	if (zone.start + zone.size <= r->slba || zone.start > r->drv->nsze - zone.size)
		return -EPROTO;
	r->slba = zone.start + zone.size;
	return fn(&zone, arg);
}

static int report_parts(struct report *r, int (*fn)(const struct kcsd_zone_info *zone, void *arg),
			void *arg)
{
	const uint64_t room = r->len / REPORT_UNIT - 1;
	uint64_t i, nr;
	int ret;

	do {
		ret = receive(r);
		if (ret)
			return ret;
		nr = kcsd_get64(r->buf);
		if (nr > room)
			return -EPROTO;
		for (i = 0; i < nr; i++) {
			ret = visit(r, r->buf + REPORT_UNIT * (i + 1), fn, arg);
			if (ret)
				return ret;
		}
	} while (nr == room && r->slba < r->drv->nsze);
	return 0;
}

int kcsd_zone_each(struct kcsd_drive *drv, uint64_t slba, uint32_t cond,
		   int (*fn)(const struct kcsd_zone_info *zone, void *arg), void *arg)
{
	int filter = filter_of(cond), ret;
	struct kcsd_zns_info info;
	struct report r;

	if (filter < 0)
		return filter;
	ret = kcsd_zns_identify(drv, &info, sizeof(info));
	if (ret)
		return ret;
	r = (struct report){
		.drv = drv,
		.zone_size = info.zone_size,
		.slba = slba,
		.filter = filter,
		.len = MIN(drv->max_transfer, REPORT_UNIT * (REPORT_ZONES + 1)),
	};
	r.buf = malloc(r.len);
	if (!r.buf)
		return -ENOMEM;
	ret = report_parts(&r, fn, arg);
	free(r.buf);
	return ret;
}

/* ---- change ---- */

int kcsd_zone_manage(struct kcsd_drive *drv, enum kcsd_zone_action action, uint64_t zslba)
{
	bool all = zslba == KCSD_ZONE_ALL;
	struct nvme_passthru_cmd64 cmd = {
		.opcode = NVME_ZONE_SEND,
		.nsid = KCSD_NSID_NVM,
		.cdw10 = all ? 0 : (uint32_t)zslba,
		.cdw11 = all ? 0 : zslba >> 32,
		.cdw13 = (action & 0xff) | (all ? SEND_ALL : 0),
	};

	return kcsd_drive_io(drv, &cmd);
}

int kcsd_zone_append(struct kcsd_drive *drv, uint64_t zslba, const void *buf, size_t len,
		     uint64_t *lba)
{
	struct nvme_passthru_cmd64 cmd = {
		.opcode = NVME_ZONE_APPEND,
		.nsid = KCSD_NSID_NVM,
		.addr = (uintptr_t)buf,
		.data_len = len,
		.cdw10 = (uint32_t)zslba,
		.cdw11 = zslba >> 32,
		.cdw12 = len / drv->lba_size - 1,
	};
	int ret;

	if (!len || len % drv->lba_size || len / drv->lba_size > MAX_NLB)
		return -EINVAL;
	ret = kcsd_drive_io(drv, &cmd);
	if (!ret)
		*lba = cmd.result;
	return ret;
}
