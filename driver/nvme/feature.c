// SPDX-License-Identifier: GPL-2.0
/* NVMe Base, "Get Features command", "Set Features command". No feature can be saved. */
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/nvme.h>

#include "config.h"
#include "drive.h"
#include "media/lba_io.h"
#include "media/lbas.h"
#include "media/objects.h"
#include "media/store.h"
#include "nvme/cmd.h"
#include "nvme/feature.h"

#define KCSD_FEAT_IO_PROFILE	0x19	/* I/O Command Set Profile */

#define KCSD_FEATURE_SAVE	BIT(31)
#define KCSD_CAP_OF_NAMESPACE	BIT(1)
#define KCSD_CAP_CHANGEABLE	BIT(2)

/* Scope of a feature in log page 12h. */
#define KCSD_FID_SUPPORTED	BIT(0)
#define KCSD_FID_OF_NAMESPACE	BIT(20)
#define KCSD_FID_OF_CONTROLLER	BIT(21)

enum kcsd_feature_sel { SEL_CURRENT, SEL_DEFAULT, SEL_SAVED, SEL_CAPABILITIES };

/* Returns Arbitration: no limit of a burst (7); one queue, round robin. */
static u64 arbitration(const struct kcsd_drive *drive)
{
	return 7;
}

/* True if Identify Controller reports a volatile write cache (VWC). */
static bool has_cache(const struct kcsd_drive *drive)
{
	return drive->lbas->store.volatile_cache || drive->objects->volatile_cache;
}

static u64 get_cache(const struct kcsd_drive *drive)
{
	return !READ_ONCE(drive->lbas->write_through);
}

static u64 default_cache(const struct kcsd_drive *drive)
{
	return 1;
}

static int use_cache(struct kcsd_drive *drive, bool use)
{
	bool before = get_cache(drive);
	int ret = kcsd_lba_io_use_cache(drive->lbas, use);

	if (ret)
		return ret;
	ret = kcsd_objects_use_cache(drive->objects, use);
	if (ret)
		kcsd_lba_io_use_cache(drive->lbas, before);
	return ret;
}

static int set_cache(struct kcsd_cmd *cmd)
{

	if (cmd->cdw12)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW12);
	if (cmd->cdw11 > 1)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW11);
	return kcsd_lba_io_status(use_cache(cmd->drive, cmd->cdw11), KCSD_SC_WRITE_FAULT);
}

static bool has_objects(const struct kcsd_drive *drive)
{
	return drive->objects->ns.active;
}

static u64 get_kv(const struct kcsd_drive *drive)
{
	return READ_ONCE(drive->objects->missing_fails) ? KCSD_FEATURE_KV_ERROR : 0;
}

static int set_kv(struct kcsd_cmd *cmd)
{
	if (cmd->cdw12)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW12);
	if (cmd->cdw11 & ~KCSD_FEATURE_KV_ERROR)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW11);
	WRITE_ONCE(cmd->drive->objects->missing_fails, cmd->cdw11 & KCSD_FEATURE_KV_ERROR);
	return 0;
}

/* Returns the queues of the block device, 0's based: submission, and as many for completion. */
static u64 queues(const struct kcsd_drive *drive)
{
	u32 last = kcsd_config_nr_queues(&drive->cfg) - 1;

	return last | last << 16;
}

/* Returns 0: the only power state; no events are sent; first combination of command sets. */
static u64 zero(const struct kcsd_drive *drive)
{
	return 0;
}

static u64 get_timeout(const struct kcsd_drive *drive)
{
	return READ_ONCE(drive->timeout_ms);
}

static u64 default_timeout(const struct kcsd_drive *drive)
{
	return drive->cfg.timeout_ms;
}

static int set_timeout(struct kcsd_cmd *cmd)
{
	if (cmd->cdw12)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW12);
	if (!cmd->cdw11 || cmd->cdw11 > KCSD_MAX_TIMEOUT_MS)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW11);
	WRITE_ONCE(cmd->drive->timeout_ms, cmd->cdw11);
	return 0;
}

static u64 get_budget(const struct kcsd_drive *drive)
{
	return READ_ONCE(drive->insn_budget);
}

static u64 default_budget(const struct kcsd_drive *drive)
{
	return drive->cfg.insn_budget;
}

static int set_budget(struct kcsd_cmd *cmd)
{
	WRITE_ONCE(cmd->drive->insn_budget, kcsd_cmd_u64(cmd->cdw11, cmd->cdw12));
	return 0;
}

static const struct kcsd_feature {
	u8 fid;
	u64 (*get)(const struct kcsd_drive *drive);
	u64 (*def)(const struct kcsd_drive *drive);	/* value at power on; NULL: use get */
	int (*set)(struct kcsd_cmd *cmd);		/* NULL: Feature Not Changeable */
	bool (*has)(const struct kcsd_drive *drive);	/* NULL: every drive has it */
	u32 nsid;					/* whose; 0: the controller's */
} features[] = {
	{ NVME_FEAT_ARBITRATION,	.get = arbitration },
	{ NVME_FEAT_POWER_MGMT,		.get = zero },
	{ NVME_FEAT_VOLATILE_WC,	get_cache, default_cache, set_cache,
					has_cache },
	{ NVME_FEAT_NUM_QUEUES,		.get = queues },
	{ NVME_FEAT_ASYNC_EVENT,	.get = zero },
	{ KCSD_FEAT_IO_PROFILE,		.get = zero },
	{ KCSD_FEATURE_KV,		get_kv, zero, set_kv, has_objects, KCSD_NSID_KV },
	{ KCSD_FEATURE_TIMEOUT,		get_timeout, default_timeout, set_timeout },
	{ KCSD_FEATURE_BUDGET,		get_budget, default_budget, set_budget },
};

static bool feature_has(const struct kcsd_feature *f, const struct kcsd_drive *drive)
{
	return !f->has || f->has(drive);
}

static const struct kcsd_feature *feature_find(const struct kcsd_cmd *cmd)
{
	u8 fid = cmd->cdw10 & 0xff;
	int i;

	for (i = 0; i < ARRAY_SIZE(features); i++)
		if (features[i].fid == fid)
			return feature_has(&features[i], cmd->drive) ?
			       &features[i] : NULL;
	return NULL;
}

static enum kcsd_feature_sel feature_sel(const struct kcsd_cmd *cmd)
{
	return cmd->cdw10 >> 8 & 7;
}

static int feature_get(struct kcsd_cmd *cmd)
{
	const struct kcsd_feature *f = feature_find(cmd);

	switch (feature_sel(cmd)) {
	case SEL_CURRENT:
		cmd->result = f->get(cmd->drive);
		return 0;
	case SEL_CAPABILITIES:
		cmd->result = (f->set ? KCSD_CAP_CHANGEABLE : 0) |
			      (f->nsid ? KCSD_CAP_OF_NAMESPACE : 0);
		return 0;
	default:
		/* Default, and Saved: without a saved value, return that of power on. */
		cmd->result = (f->def ?: f->get)(cmd->drive);
		return 0;
	}
}

static int feature_set(struct kcsd_cmd *cmd)
{
	const struct kcsd_feature *f = feature_find(cmd);

	return f->set ? f->set(cmd) : KCSD_SC_FEATURE_NOT_CHANGEABLE;
}

static bool feature_of_all(const struct kcsd_cmd *cmd)
{
	return !cmd->nsid || cmd->nsid == NVME_NSID_ALL;
}

/*
 * Accept the NSID of a namespace: tools send that of their node. Returns features of the
 * controller, and of the only namespace that has the feature.
 */
int kcsd_feature_parse_get(struct kcsd_cmd *cmd)
{
	static const struct kcsd_cmd_uses uses = {
		.cdw10 = 0x000007ff,	/* SEL, FID */
	};
	int ret = kcsd_cmd_validate_unused(cmd, &uses);

	if (ret)
		return ret;
	if (!feature_find(cmd) || feature_sel(cmd) > SEL_CAPABILITIES)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW10);
	if (iov_iter_count(&cmd->data))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	if (!feature_of_all(cmd) && cmd->nsid > KCSD_NN)
		return KCSD_SC_INVALID_NS;
	cmd->execute = feature_get;
	return 0;
}

/* Validate the NSID of Set Features. */
static int feature_validate_nsid(struct kcsd_cmd *cmd, const struct kcsd_feature *f)
{
	if (!feature_of_all(cmd) && cmd->nsid > KCSD_NN)
		return KCSD_SC_INVALID_NS;
	if (!f->nsid)
		return feature_of_all(cmd) ? 0 : KCSD_SC_FEATURE_NOT_PER_NS;
	if (!cmd->nsid)
		return KCSD_SC_INVALID_NS;
	return cmd->nsid == f->nsid || cmd->nsid == NVME_NSID_ALL ? 0 :
	       kcsd_cmd_invalid(cmd, KCSD_FIELD_NSID);
}

int kcsd_feature_parse_set(struct kcsd_cmd *cmd)
{
	static const struct kcsd_cmd_uses uses = {
		.cdw10 = KCSD_FEATURE_SAVE | 0xff,	/* FID */
		.cdw11 = U32_MAX, .cdw12 = U32_MAX,	/* defined by each feature */
	};
	int ret = kcsd_cmd_validate_unused(cmd, &uses);

	if (ret)
		return ret;
	if (!feature_find(cmd))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW10);
	if (iov_iter_count(&cmd->data))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	if (cmd->cdw10 & KCSD_FEATURE_SAVE)
		return KCSD_SC_FEATURE_NOT_SAVEABLE;
	cmd->execute = feature_set;
	return feature_validate_nsid(cmd, feature_find(cmd));
}

/* NVMe Base, "Feature Identifiers Supported and Effects". */
void *kcsd_features_page(const struct kcsd_drive *drive, u32 *len)
{
	__le32 *page;
	int i;

	*len = 256 * sizeof(*page);
	page = kvzalloc(*len, GFP_KERNEL_ACCOUNT);
	if (!page)
		return NULL;
	for (i = 0; i < ARRAY_SIZE(features); i++)
		if (feature_has(&features[i], drive))
			page[features[i].fid] = cpu_to_le32(KCSD_FID_SUPPORTED |
							    (features[i].nsid ?
							     KCSD_FID_OF_NAMESPACE :
							     KCSD_FID_OF_CONTROLLER));
	return page;
}
