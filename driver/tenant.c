// SPDX-License-Identifier: GPL-2.0
#include <linux/cred.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uidgid.h>

#include "tenant.h"

/* In front of a user's number. */
#define KCSD_TENANT_USER	BIT_ULL(63)

static atomic64_t kcsd_tenants;		/* opened so far */

static u32 kcsd_weight_of_nice(int nice)
{
	u32 weight = KCSD_WEIGHT_ONE;

	for (; nice < 0; nice++)
		weight += weight / 4;
	for (; nice > 0; nice--)
		weight -= weight / 5;
	return weight;
}

struct kcsd_tenant *kcsd_tenant_create(void)
{
	struct kcsd_tenant *t = kzalloc(sizeof(*t), GFP_KERNEL_ACCOUNT);

	if (!t)
		return NULL;
	t->id = atomic64_inc_return(&kcsd_tenants);
	t->user = KCSD_TENANT_USER | from_kuid(&init_user_ns, current_fsuid());
	t->weight = kcsd_weight_of_nice(task_nice(current));
	INIT_LIST_HEAD(&t->queue);
	return t;
}

void kcsd_tenant_destroy(struct kcsd_tenant *t)
{
	WARN_ON(atomic_read(&t->slots));
	kfree(t);
}

void kcsd_tenant_show(struct seq_file *m, struct kcsd_tenant *t)
{
	seq_printf(m, "kcsd-weight:\t%u\n", t->weight);
	seq_printf(m, "kcsd-slots:\t%d\n", atomic_read(&t->slots));
	seq_printf(m, "kcsd-queued:\t%u\n", READ_ONCE(t->queued));
	seq_printf(m, "kcsd-running:\t%u\n", READ_ONCE(t->running));
	seq_printf(m, "kcsd-run-ns:\t%llu\n", READ_ONCE(t->run_ns));
}

bool kcsd_tenant_get_slot(struct kcsd_tenant *t, u64 limit)
{
	if (atomic_inc_return(&t->slots) <= limit)
		return true;
	atomic_dec(&t->slots);
	return false;
}

void kcsd_tenant_put_slot(struct kcsd_tenant *t)
{
	atomic_dec(&t->slots);
}
