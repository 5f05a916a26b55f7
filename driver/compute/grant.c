// SPDX-License-Identifier: GPL-2.0
#include <linux/minmax.h>
#include <linux/nospec.h>

#include "compute/grant.h"
#include "compute/run.h"

/* Return a grant that allows this access to the LBA, or NULL. */
static const struct kcsd_lba_grant *run_find_grant(const struct kcsd_run *run, u64 lba,
						   u8 access)
{
	const struct kcsd_lba_grant *g;

	for (g = run->grants; g < run->grants + run->nr_grants; g++)
		if (g->access & access && lba - le64_to_cpu(g->slba) < le32_to_cpu(g->nlb))
			return g;
	return NULL;
}

/* Uses each grant at most once: the search continues behind its end. */
u64 kcsd_run_granted(const struct kcsd_run *run, u64 slba, u64 nlb, u8 access, u64 *mask)
{
	const struct kcsd_lba_grant *g;
	u64 lba = slba;

	*mask = ~0ull;
	while (lba - slba < nlb) {
		g = run_find_grant(run, lba, access);
		if (!g)
			break;
		*mask &= array_index_mask_nospec(lba - le64_to_cpu(g->slba), le32_to_cpu(g->nlb));
		*mask &= array_index_mask_nospec(0, g->access & access);
		lba = le64_to_cpu(g->slba) + le32_to_cpu(g->nlb);
	}
	*mask &= array_index_mask_nospec(nlb - 1, lba - slba);
	return min(nlb, lba - slba);
}
