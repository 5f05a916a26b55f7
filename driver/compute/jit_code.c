// SPDX-License-Identifier: GPL-2.0
#include <linux/err.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "compute/compute.h"
#include "compute/jit_code.h"
#include "config.h"
#include "engine/jit.h"

int kcsd_jit_code_alloc(struct kcsd_compute *compute, struct kcsd_jit_code **code)
{
	if (compute->cfg->engine == KCSD_ENGINE_CHOICE_INTERP)
		return 0;
	*code = kvcalloc(kcsd_config_max_units(compute->cfg), sizeof(**code), GFP_KERNEL_ACCOUNT);
	return *code ? 0 : -ENOMEM;
}

void kcsd_jit_code_destroy(struct kcsd_jit_code *code)
{
	kvfree(code);
}

static void code_drop_one(struct kcsd_compute *compute, struct kcsd_jit *jit)
{
	if (IS_ERR_OR_NULL(jit))
		return;
	atomic64_sub(kcsd_jit_bytes(jit), &compute->jit_bytes);
	kcsd_jit_destroy(jit);
}

void kcsd_jit_code_drop(struct kcsd_compute *compute, struct kcsd_jit_code *code)
{
	u32 i, k;

	for (i = 0; code && i < kcsd_config_max_units(compute->cfg); i++)
		for (k = 0; k < 4; k++)
			code_drop_one(compute, code[i].code[k / 2][k % 2].jit);
}

/*
 * The limit of the kernel (net.core.bpf_jit_limit) does not hold here: a task with CAP_BPF, like a
 * kernel thread, may exceed it.
 */
bool kcsd_jit_code_charge(struct kcsd_compute *compute, u64 bytes)
{
	if (atomic64_add_return(bytes, &compute->jit_bytes) <= compute->cfg->max_jit_bytes)
		return true;
	atomic64_sub(bytes, &compute->jit_bytes);
	return false;
}

bool kcsd_jit_code_has_room(const struct kcsd_compute *compute, const struct kcsd_jit_variant *code)
{
	u64 need = max(code->need, 1ull);

	return atomic64_read(&compute->jit_bytes) + need <= compute->cfg->max_jit_bytes;
}
