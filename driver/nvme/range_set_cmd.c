// SPDX-License-Identifier: GPL-2.0
/* Memory Range Set Management, and validation of memory ranges for all commands. */
#include <linux/mm.h>
#include <linux/slab.h>

#include "compute/range_set.h"
#include "drive.h"
#include "media/slm.h"
#include "nvme/cmd.h"

static u32 range_set_sel(const struct kcsd_cmd *cmd)
{
	return cmd->cdw10 & KCSD_RANGE_SET_SEL_MASK;
}

static u16 range_set_rsid(const struct kcsd_cmd *cmd)
{
	return cmd->cdw10 >> KCSD_RANGE_SET_RSID_SHIFT;
}

static int memory_range_validate(struct kcsd_cmd *cmd, const struct kcsd_memory_range *r)
{
	u64 start = le64_to_cpu(r->start);
	u32 len = le32_to_cpu(r->len);

	BUILD_BUG_ON(sizeof(*r) != 32);
	if (memchr_inv(r->rsvd, 0, sizeof(r->rsvd)))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	if (le32_to_cpu(r->nsid) != KCSD_NSID_SLM || !cmd->drive->slm->size)
		return KCSD_SC_INVALID_MEMORY_NS;
	if (!len || (start | len) & (KCSD_RANGE_GRANULARITY - 1) ||
	    !kcsd_slm_has(cmd->drive->slm, start, len))
		return KCSD_SC_INVALID_RANGE_SET;
	return 0;
}

/* Both ranges are valid, so the sums do not overflow. */
static bool memory_ranges_overlap(const struct kcsd_memory_range *a,
				  const struct kcsd_memory_range *b)
{
	return le64_to_cpu(a->start) < le64_to_cpu(b->start) + le32_to_cpu(b->len) &&
	       le64_to_cpu(b->start) < le64_to_cpu(a->start) + le32_to_cpu(a->len);
}

int kcsd_memory_ranges_validate(struct kcsd_cmd *cmd, const struct kcsd_memory_range *range, u32 nr)
{
	u32 i, k;
	int ret;

	for (i = 0; i < nr; i++) {
		ret = memory_range_validate(cmd, &range[i]);
		for (k = 0; !ret && k < i; k++)
			if (memory_ranges_overlap(&range[i], &range[k]))
				ret = KCSD_SC_OVERLAPPING_RANGES;
		if (ret && ret != KCSD_SC_INVALID_FIELD)
			cmd->result = i;
		if (ret)
			return ret;
	}
	return 0;
}

static int range_set_create(struct kcsd_cmd *cmd)
{
	struct kcsd_range_set *set;
	u32 nr = cmd->cdw11;
	int ret;

	set = kzalloc(struct_size(set, range, nr), GFP_KERNEL_ACCOUNT);
	if (!set)
		return -ENOMEM;
	set->nr = nr;
	ret = kcsd_cmd_copy_from_host(cmd, set->range, nr * sizeof(set->range[0]));
	if (!ret)
		ret = kcsd_memory_ranges_validate(cmd, set->range, nr);
	if (ret)
		goto out_free;
	cmd->result = kcsd_range_set_add(cmd->drive->compute, set);
	ret = cmd->result ? 0 : KCSD_SC_MAX_RANGE_SETS;
	if (!ret)
		return 0;
out_free:
	kfree(set);
	return ret;
}

static int range_set_delete(struct kcsd_cmd *cmd)
{
	return kcsd_range_set_delete(cmd->drive->compute, range_set_rsid(cmd));
}

static int range_set_parse_create(struct kcsd_cmd *cmd)
{
	if (range_set_rsid(cmd))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW10);
	if (!cmd->cdw11)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW11);
	if (cmd->cdw11 > cmd->drive->cfg.max_ranges)
		return KCSD_SC_MAX_RANGES;
	if (iov_iter_count(&cmd->data) != cmd->cdw11 * sizeof(struct kcsd_memory_range))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	cmd->execute = range_set_create;
	return 0;
}

static int range_set_parse_delete(struct kcsd_cmd *cmd)
{
	if (cmd->cdw11)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW11);
	if (iov_iter_count(&cmd->data))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	cmd->execute = range_set_delete;
	return 0;
}

int kcsd_range_set_parse(struct kcsd_cmd *cmd)
{
	static const struct kcsd_cmd_uses uses = {
		.cdw10 = KCSD_RANGE_SET_CDW10_ALL,	/* RSID, SEL */
		.cdw11 = U32_MAX,			/* NUMR */
	};
	int ret;

	if (cmd->nsid != KCSD_NSID_COMPUTE)
		return KCSD_SC_INVALID_NS;
	ret = kcsd_cmd_validate_unused(cmd, &uses);
	if (ret)
		return ret;
	switch (range_set_sel(cmd)) {
	case KCSD_RANGE_SET_CREATE:
		return range_set_parse_create(cmd);
	case KCSD_RANGE_SET_DELETE:
		return range_set_parse_delete(cmd);
	default:
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW10);
	}
}
