// SPDX-License-Identifier: GPL-2.0
/*
 * Persistent programs: record them in the sidecar, and restore them. The caller holds
 * programs.lock.
 */
#define pr_fmt(fmt) "kcsd: " fmt

#include <linux/mm.h>
#include <linux/printk.h>

#include "drive.h"
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

int kcsd_program_record(struct kcsd_drive *drive, const struct kcsd_program *p)
{
	return p->persistent ? record_status(kcsd_sidecar_add_program(drive, p)) : 0;
}

int kcsd_program_record_change(struct kcsd_drive *drive, const struct kcsd_program *p, u8 what)
{
	if (!p->persistent)
		return 0;
	return record_status(kcsd_sidecar_change_program(drive, p->pind, what));
}

static const char *restore_reason(const struct kcsd_verdict *verdict)
{
	static const char * const texts[] = {
#define TEXT(name, text) [KCSD_VERDICT_##name] = text,
		KCSD_VERDICTS(TEXT)
#undef TEXT
	};

	return texts[verdict->check];
}

static int restore_unfit(struct kcsd_drive *drive, u16 pind, const char *option, u64 value)
{
	pr_err("kcsd%u: %s is %llu: too little for program %u of the sidecar\n", drive->index,
	       option, value, pind);
	return -EINVAL;
}

static int restore_validate(struct kcsd_drive *drive, u16 pind, bool active, u32 psize)
{
	const struct kcsd_config *c = &drive->cfg;

	if (pind >= c->max_programs)
		return restore_unfit(drive, pind, "max_programs", c->max_programs);
	if (psize > c->max_program_bytes - drive->programs.bytes)
		return restore_unfit(drive, pind, "max_program_bytes", c->max_program_bytes);
	if (active && drive->programs.active == c->max_active)
		return restore_unfit(drive, pind, "max_active", c->max_active);
	return 0;
}

/*
 * Put a program from the sidecar into its slot. Returns 0 or -errno. A program that the drive would
 * not load today is left out, with a line in the kernel log; it stays in the sidecar.
 */
static int restore_program(struct kcsd_drive *drive, const struct kcsd_sidecar_program *record,
			   u32 len)
{
	struct kcsd_programs *ps = &drive->programs;
	struct kcsd_loading l = {
		.psize = len, .pit = record->pit, .puid = le64_to_cpu(record->puid),
		.persistent = true,
	};
	u16 pind = le16_to_cpu(record->pind);
	struct kcsd_verdict verdict = { .check = KCSD_VERDICT_IMAGE };
	struct kcsd_program *p;
	int ret;

	ret = restore_validate(drive, pind, record->active, len);
	if (ret)
		return ret;
	l.image = kvmalloc(len, GFP_KERNEL);
	if (!l.image)
		return -ENOMEM;
	memcpy(l.image, record + 1, len);
	ret = record->ptype == KCSD_PTYPE_EBPF && len <= KCSD_MAX_PROGRAM_LEN ?
	      kcsd_program_create(drive, pind, &l, &p, &verdict) : -EINVAL;
	if (ret) {
		kvfree(l.image);
		if (ret != -EINVAL)
			return ret;
		pr_warn("kcsd%u: program %u of the sidecar is none for this drive: %s\n",
			drive->index, pind, restore_reason(&verdict));
		return 0;
	}
	ret = kcsd_program_add(drive, p);
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

int kcsd_programs_restore(struct kcsd_drive *drive)
{
	lockdep_assert_held(&drive->programs.lock);
	return kcsd_sidecar_each_program(drive, restore_program);
}
