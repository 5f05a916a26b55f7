// SPDX-License-Identifier: GPL-2.0
#include <linux/overflow.h>
#include <linux/string.h>

#include "drive.h"
#include "media/lbas.h"
#include "nvme/cmd.h"
#include "nvme/execute_grants.h"
#include "nvme/opcodes.h"

#define KCSD_GRANT_CHANGES	(KCSD_GRANT_WRITE | KCSD_GRANT_APPEND | KCSD_GRANT_MANAGE)
/* Valid on a zoned drive only. */
#define KCSD_GRANT_ZONED	(KCSD_GRANT_APPEND | KCSD_GRANT_MANAGE | KCSD_GRANT_ZONES)

static bool grant_valid(const struct kcsd_lbas *lbas, const struct kcsd_lba_grant *g)
{
	u8 known = KCSD_GRANT_ANY | KCSD_GRANT_ZONES;

	if (!lbas->zones.nr)
		known &= ~KCSD_GRANT_ZONED;
	return g->nlb && g->access & KCSD_GRANT_ANY && !(g->access & ~known) &&
	       !memchr_inv(g->rsvd, 0, sizeof(g->rsvd));
}

/* Convert a grant of zones to a grant of LBAs. Returns 0 or a status. */
static int grant_resolve(struct kcsd_cmd *cmd, struct kcsd_lba_grant *g)
{
	const struct kcsd_zones *zones = &cmd->drive->lbas->zones;
	u64 slba = le64_to_cpu(g->slba);
	u32 nlb;

	if (!kcsd_zone_starts_at(zones, slba))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	/* The result exceeds 32 bits: a grant cannot say it, even if the drive is that large. */
	if (check_shl_overflow(le32_to_cpu(g->nlb), zones->shift, &nlb))
		return KCSD_SC_LBA_RANGE;
	g->nlb = cpu_to_le32(nlb);
	g->access &= ~KCSD_GRANT_ZONES;
	return 0;
}

static int grant_validate(struct kcsd_cmd *cmd, struct kcsd_lba_grant *g)
{
	int ret = 0;

	if (!grant_valid(cmd->drive->lbas, g))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	if (g->access & KCSD_GRANT_ZONES)
		ret = grant_resolve(cmd, g);
	if (ret)
		return ret;
	if (!kcsd_lbas_have(cmd->drive->lbas, le64_to_cpu(g->slba), le32_to_cpu(g->nlb)))
		return KCSD_SC_LBA_RANGE;
	if (g->access & KCSD_GRANT_CHANGES && !kcsd_cmd_allowed(cmd, KCSD_FOR_WRITERS))
		return -EACCES;
	return 0;
}

int kcsd_grants_validate(struct kcsd_cmd *cmd, struct kcsd_lba_grant *grants, u32 nr)
{
	int ret = 0;
	u32 i;

	for (i = 0; !ret && i < nr; i++)
		ret = grant_validate(cmd, &grants[i]);
	return ret;
}
