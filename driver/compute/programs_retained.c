// SPDX-License-Identifier: GPL-2.0
/*
 * Persistent programs: record them in the sidecar, and restore them. The caller holds
 * programs.lock.
 */
#define pr_fmt(fmt) "kcsd: " fmt

#include <linux/mm.h>
#include <linux/printk.h>

#include "compute/compute.h"
#include "compute/program.h"
#include "config.h"
#include "engine/reasons.h"
#include "persist/sidecar.h"

static int record_status(int ret)
{
	switch (ret) {
	case 0:
		return 0;
	case -ENOSPC:
	case -EDQUOT:
		return KCSD_SC_INSUFFICIENT_PROGRAM_RESOURCES;
	case -ENOMEM:
		return ret;
	default:
		return KCSD_SC_WRITE_FAULT;
	}
}

int kcsd_program_record(struct kcsd_compute *compute, const struct kcsd_program *p)
{
	const struct kcsd_sidecar_program record = {
		.pind = cpu_to_le16(p->pind),
		.ptype = KCSD_PTYPE_EBPF,
		.pit = p->pit,
		.puid = cpu_to_le64(p->puid),
	};

	if (!p->persistent)
		return 0;
	return record_status(kcsd_sidecar_add_program(compute->lbas, &record, p->image, p->psize));
}

int kcsd_program_record_change(struct kcsd_compute *compute, const struct kcsd_program *p, u8 what)
{
	if (!p->persistent)
		return 0;
	return record_status(kcsd_sidecar_change_program(compute->lbas, p->pind, what));
}

static const char *restore_reason(const struct kcsd_verdict *verdict)
{
	static const char * const texts[] = {
#define TEXT(name, text) [KCSD_VERDICT_##name] = text,
		KCSD_VERDICTS(TEXT)
#undef TEXT
	};

	return texts[verdict->reason];
}

static int restore_unfit(struct kcsd_compute *compute, u16 pind, const char *option, u64 value)
{
	pr_err("kcsd%u: %s is %llu: too little for program %u of the sidecar\n", compute->index,
	       option, value, pind);
	return -EINVAL;
}

static int restore_validate(struct kcsd_compute *compute, u16 pind, bool active, u32 psize)
{
	const struct kcsd_config *c = compute->cfg;

	if (pind >= c->max_programs)
		return restore_unfit(compute, pind, "max_programs", c->max_programs);
	if (psize > c->max_program_bytes - compute->programs->bytes)
		return restore_unfit(compute, pind, "max_program_bytes", c->max_program_bytes);
	if (active && compute->programs->active == c->max_active)
		return restore_unfit(compute, pind, "max_active", c->max_active);
	return 0;
}

/*
 * Put a program from the sidecar into its slot. Returns 0 or -errno. A program that the drive would
 * not load today is left out, with a line in the kernel log; it stays in the sidecar.
 */
static int restore_program(void *ctx, const struct kcsd_sidecar_program *record, u32 len)
{
	struct kcsd_compute *compute = ctx;
	struct kcsd_programs *ps = compute->programs;
	struct kcsd_loading l = {
		.psize = len, .pit = record->pit, .puid = le64_to_cpu(record->puid),
		.persistent = true,
	};
	u16 pind = le16_to_cpu(record->pind);
	struct kcsd_verdict verdict = { .reason = KCSD_VERDICT_IMAGE };
	struct kcsd_program *p;
	int ret;

	ret = restore_validate(compute, pind, record->active, len);
	if (ret)
		return ret;
	l.image = kvmalloc(len, GFP_KERNEL);
	if (!l.image)
		return -ENOMEM;
	memcpy(l.image, record + 1, len);
	ret = record->ptype == KCSD_PTYPE_EBPF && len <= KCSD_MAX_PROGRAM_LEN ?
	      kcsd_program_create(compute, pind, &l, &p, &verdict) : -EINVAL;
	if (ret) {
		kvfree(l.image);
		if (ret != -EINVAL)
			return ret;
		pr_warn("kcsd%u: program %u of the sidecar does not fit this drive: %s\n",
			compute->index, pind, restore_reason(&verdict));
		return 0;
	}
	ret = kcsd_program_add(compute, p);
	if (ret)
		return ret;
	if (record->active) {
		atomic_set(&p->users, 0);
		ps->active++;
	}
	ps->bytes += len;
	rcu_assign_pointer(ps->slots[pind].program, p);
	return 0;
}

int kcsd_programs_restore(struct kcsd_compute *compute)
{
	lockdep_assert_held(&compute->programs->lock);
	return kcsd_sidecar_each_program(compute->lbas, restore_program, compute);
}
