// SPDX-License-Identifier: GPL-2.0
#include <linux/log2.h>

#include "config.h"
#include "media/lbas.h"
#include "media/store.h"

int kcsd_lbas_init(struct kcsd_lbas *lbas)
{
	int ret;

	mutex_init(&lbas->cache_lock);
	mutex_init(&lbas->edit_mutex);
	spin_lock_init(&lbas->edit_lock);
	kcsd_delayed_init(&lbas->delayed);
	ret = kcsd_watches_init(&lbas->watches);
	if (ret)
		return ret;
	ret = kcsd_gate_init(&lbas->gate);
	if (ret)
		kcsd_watches_destroy(&lbas->watches);
	return ret;
}

void kcsd_lbas_destroy(struct kcsd_lbas *lbas)
{
	kcsd_gate_destroy(&lbas->gate);
	kcsd_watches_destroy(&lbas->watches);
}

int kcsd_lbas_open(struct kcsd_lbas *lbas, const char *name)
{
	int ret = kcsd_store_open(&lbas->store, lbas->cfg, name);

	if (ret)
		return ret;
	lbas->lba_shift = ilog2(lbas->cfg->block_size);
	lbas->nsze = lbas->store.size >> lbas->lba_shift;
	ret = kcsd_zones_init(lbas, name);
	if (ret)
		kcsd_store_close(&lbas->store);
	return ret;
}

void kcsd_lbas_close(struct kcsd_lbas *lbas)
{
	kcsd_zones_destroy(lbas);
	kcsd_store_close(&lbas->store);
}
