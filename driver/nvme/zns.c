// SPDX-License-Identifier: GPL-2.0
/*
 * Zoned Namespace command set: replaces the NVM command set in namespace 1 of a zoned drive.
 * Implements Zone Management Send and Receive, and Zone Append; see nvm.c for Read, Write and
 * Flush.
 */
#include <linux/blkzoned.h>
#include <linux/mm.h>
#include <linux/nvme.h>

#include "drive.h"
#include "compute/tenant.h"
#include "media/lba_io.h"
#include "media/lbas.h"
#include "media/zone.h"
#include "nvme/cmd.h"
#include "nvme/identify.h"
#include "stats/counters.h"

/* CDW13 of Zone Management Send and of Receive. */
#define ZNS_ACTION(cmd)		((cmd)->cdw13 & 0xff)
#define ZNS_SELECT_ALL		BIT(8)
#define ZNS_FILTER(cmd)		((cmd)->cdw13 >> 8 & 0xff)
#define ZNS_PARTIAL		BIT(16)

static u64 zns_slba(const struct kcsd_cmd *cmd)
{
	return kcsd_cmd_u64(cmd->cdw10, cmd->cdw11);
}

static bool zns_starts_zone(const struct kcsd_cmd *cmd)
{
	return kcsd_zone_starts_at(&cmd->drive->lbas->zones, zns_slba(cmd));
}

/* ---- Zone Management Send ---- */

/* Return the action for the model of time: opening and closing only takes the controller. */
static u8 zns_time_op(const struct kcsd_cmd *cmd)
{
	switch (ZNS_ACTION(cmd)) {
	case NVME_ZONE_RESET:
		return KCSD_TIMING_ZONE_RESET;
	case NVME_ZONE_FINISH:
		return KCSD_TIMING_ZONE_FINISH;
	default:
		return KCSD_TIMING_OTHER;
	}
}

static int zns_send(struct kcsd_cmd *cmd)
{
	int ret;

	if (cmd->cdw13 & ZNS_SELECT_ALL)
		ret = kcsd_lba_io_manage_all_zones(cmd->drive->lbas, ZNS_ACTION(cmd));
	else
		ret = kcsd_lba_io_manage_zone(cmd->drive->lbas, zns_slba(cmd), ZNS_ACTION(cmd));
	if (!ret)
		kcsd_stat_inc(cmd->drive, zone_commands);
	if (!ret && cmd->cdw13 & ZNS_SELECT_ALL && zns_time_op(cmd) != KCSD_TIMING_OTHER)
		kcsd_zones_take_time(cmd->drive->lbas, &cmd->tenant->flow, cmd->time,
				     zns_time_op(cmd));
	return kcsd_lba_io_status(ret, KCSD_SC_WRITE_FAULT);
}

/* A change of all zones has taken its time, unless no zone changed: then that of the controller. */
void kcsd_zns_describe_send(const struct kcsd_cmd *cmd, struct kcsd_timing_cmd *piece)
{
	piece->bytes = 0;
	if (cmd->cdw13 & ZNS_SELECT_ALL && !cmd->time->arrived)
		return;
	piece->offset = zns_slba(cmd) << cmd->drive->lbas->lba_shift;
	piece->op = zns_time_op(cmd);
}

/* Set Zone Descriptor Extension is not supported: extensions have no bytes here. */
static bool zns_has_action(u8 action)
{
	return action >= NVME_ZONE_CLOSE && action <= NVME_ZONE_OFFLINE;
}

int kcsd_zns_parse_send(struct kcsd_cmd *cmd)
{
	static const struct kcsd_cmd_uses uses = {
		.cdw10 = U32_MAX, .cdw11 = U32_MAX,	/* SLBA, ignored with Select All */
		.cdw13 = ZNS_SELECT_ALL | 0xff,		/* ZSA */
	};
	int ret = kcsd_cmd_validate_unused(cmd, &uses);

	if (ret)
		return ret;
	if (!zns_has_action(ZNS_ACTION(cmd)))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW13);
	if (iov_iter_count(&cmd->data))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	if (!(cmd->cdw13 & ZNS_SELECT_ALL)) {
		if (!kcsd_lbas_have(cmd->drive->lbas, zns_slba(cmd), 1))
			return KCSD_SC_LBA_RANGE;
		if (!zns_starts_zone(cmd))
			return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW10);
	}
	cmd->execute = zns_send;
	return 0;
}

/* ---- Zone Management Receive ---- */

#define REPORT_CHUNK	1024u	/* descriptors copied to the host at once */

/* A zone report in the making. */
struct kcsd_zns_report {
	struct nvme_zone_descriptor *chunk;
	u32 in_chunk;	/* descriptors in it */
	u64 room;	/* descriptors that fit into the host buffer */
	u64 nr;		/* matching zones found so far */
};

#define KCSD_ZNS_ANY	0x100

/* Returns the zone condition that a filter selects, KCSD_ZNS_ANY, or -1 for an unknown filter. */
static int zns_filter(u8 filter)
{
	static const s16 cond[] = {
		[NVME_ZRASF_ZONE_REPORT_ALL]		= KCSD_ZNS_ANY,
		[NVME_ZRASF_ZONE_STATE_EMPTY]		= BLK_ZONE_COND_EMPTY,
		[NVME_ZRASF_ZONE_STATE_IMP_OPEN]	= BLK_ZONE_COND_IMP_OPEN,
		[NVME_ZRASF_ZONE_STATE_EXP_OPEN]	= BLK_ZONE_COND_EXP_OPEN,
		[NVME_ZRASF_ZONE_STATE_CLOSED]		= BLK_ZONE_COND_CLOSED,
		[NVME_ZRASF_ZONE_STATE_FULL]		= BLK_ZONE_COND_FULL,
		[NVME_ZRASF_ZONE_STATE_READONLY]	= BLK_ZONE_COND_READONLY,
		[NVME_ZRASF_ZONE_STATE_OFFLINE]		= BLK_ZONE_COND_OFFLINE,
	};

	return filter < ARRAY_SIZE(cond) ? cond[filter] : -1;
}

/*
 * Fill in the descriptor of a zone. The standard has no conventional zones (U): report them with
 * the type that block devices report.
 */
static void zns_describe(struct nvme_zone_descriptor *d, const struct kcsd_zone_state *zone)
{
	d->zt = zone->conventional ? BLK_ZONE_TYPE_CONVENTIONAL : NVME_ZONE_TYPE_SEQWRITE_REQ;
	d->zs = zone->cond << 4;
	d->zcap = cpu_to_le64(zone->capacity);
	d->zslba = cpu_to_le64(zone->start);
	d->wp = cpu_to_le64(kcsd_zone_shows_wp(zone) ? zone->wp : U64_MAX);
}

static int zns_copy_chunk(struct kcsd_cmd *cmd, struct kcsd_zns_report *r)
{
	u32 nr = r->in_chunk;

	r->in_chunk = 0;
	return kcsd_cmd_copy_to_host(cmd, r->chunk, nr * sizeof(r->chunk[0])) ?:
	       kcsd_cmd_pause(cmd);
}

/* Copy the descriptors that fit, and count all. */
static int zns_gather(struct kcsd_cmd *cmd, struct kcsd_zns_report *r)
{
	int wanted = zns_filter(ZNS_FILTER(cmd));
	struct kcsd_zones *zones = &cmd->drive->lbas->zones;
	bool partial = cmd->cdw13 & ZNS_PARTIAL;
	struct kcsd_zone_state zone;
	int ret = 0;
	u32 i;

	for (i = kcsd_zone_index(zones, zns_slba(cmd)); !ret && i < zones->nr; i++) {
		if (partial && r->nr == r->room)
			break;
		cond_resched();
		kcsd_zone_get(cmd->drive->lbas, i, &zone);
		if (wanted != KCSD_ZNS_ANY && wanted != zone.cond)
			continue;
		if (r->nr < r->room)
			zns_describe(&r->chunk[r->in_chunk++], &zone);
		r->nr++;
		if (r->in_chunk == REPORT_CHUNK)
			ret = zns_copy_chunk(cmd, r);
	}
	return ret ?: zns_copy_chunk(cmd, r);
}

/* Write the report behind its header, zeroes after it, and the header last. */
static int zns_report(struct kcsd_cmd *cmd, struct kcsd_zns_report *r)
{
	struct nvme_zone_report header = {};
	struct iov_iter head = cmd->data;
	int ret;

	iov_iter_advance(&cmd->data, sizeof(header));
	ret = zns_gather(cmd, r);
	kcsd_stat_add(cmd->drive, host_read_bytes, iov_iter_count(&cmd->data));
	ret = ret ?: kcsd_cmd_zero_host(cmd);
	cmd->data = head;
	header.nr_zones = cpu_to_le64(r->nr);
	return ret ?: kcsd_cmd_copy_to_host(cmd, &header, sizeof(header));
}

static int zns_receive(struct kcsd_cmd *cmd)
{
	u64 rest = iov_iter_count(&cmd->data) - sizeof(struct nvme_zone_report);
	struct kcsd_zns_report r = { .room = rest / sizeof(r.chunk[0]) };
	u32 nr = min_t(u64, r.room, REPORT_CHUNK);
	int ret;

	BUILD_BUG_ON(sizeof(struct nvme_zone_report) != 64 || sizeof(r.chunk[0]) != 64);
	/* One at least, for a buffer that has room for the header only. */
	r.chunk = kvcalloc(nr + 1, sizeof(r.chunk[0]), GFP_KERNEL_ACCOUNT);
	if (!r.chunk)
		return -ENOMEM;
	ret = zns_report(cmd, &r);
	kvfree(r.chunk);
	return ret;
}

/* Refuses Extended Report Zones, too: no zone has a descriptor extension (ZDES is 0). */
int kcsd_zns_parse_receive(struct kcsd_cmd *cmd)
{
	static const struct kcsd_cmd_uses uses = {
		.cdw10 = U32_MAX, .cdw11 = U32_MAX,	/* SLBA */
		.cdw12 = U32_MAX,			/* NUMD */
		.cdw13 = ZNS_PARTIAL | 0xffff,		/* ZRASF, ZRA */
	};
	u64 len = ((u64)cmd->cdw12 + 1) * 4;
	int ret = kcsd_cmd_validate_unused(cmd, &uses);

	if (ret)
		return ret;
	if (ZNS_ACTION(cmd) != NVME_ZRA_ZONE_REPORT || zns_filter(ZNS_FILTER(cmd)) < 0)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW13);
	if (len < sizeof(struct nvme_zone_report) || len > cmd->drive->max_transfer)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW12);
	if (iov_iter_count(&cmd->data) != len)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	if (!kcsd_lbas_have(cmd->drive->lbas, zns_slba(cmd), 1))
		return KCSD_SC_LBA_RANGE;
	cmd->execute = zns_receive;
	return 0;
}

/* ---- Zone Append ---- */

int kcsd_zns_parse_append(struct kcsd_cmd *cmd)
{
	/* PIREMAP must be 0: there is no protection information. */
	static const struct kcsd_cmd_uses uses = {
		.cdw10 = U32_MAX, .cdw11 = U32_MAX,	/* ZSLBA */
		.cdw12 = 0xffff | KCSD_NVM_CONTROL_ALL,	/* NLB */
	};
	u64 len = (u64)kcsd_nvm_nlb(cmd) << cmd->drive->lbas->lba_shift;
	int ret = kcsd_cmd_validate_unused(cmd, &uses);

	if (ret)
		return ret;
	if (kcsd_nvm_nlb(cmd) > cmd->drive->lbas->zones.max_append)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW12);
	if (iov_iter_count(&cmd->data) != len)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	if (!kcsd_lbas_have(cmd->drive->lbas, zns_slba(cmd), 1))
		return KCSD_SC_LBA_RANGE;
	if (!zns_starts_zone(cmd))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW10);
	cmd->execute = kcsd_nvm_write;
	return 0;
}
