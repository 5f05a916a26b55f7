// SPDX-License-Identifier: GPL-2.0
#include <linux/cred.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uidgid.h>

#include "compute/tenant.h"

static atomic64_t tenants;		/* number of tenants opened so far */

static u32 weight_of_nice(int nice)
{
	u32 weight = KCSD_WEIGHT_ONE;

	for (; nice < 0; nice++)
		weight += weight / 4;
	for (; nice > 0; nice--)
		weight -= weight / 5;
	return weight;
}

/*
 * Return a number for the current user: its uid in the initial user namespace plus 1, so never 0.
 */
static u64 current_user_id(void)
{
	return (u64)from_kuid(&init_user_ns, current_fsuid()) + 1;
}

static struct kcsd_tenant *create(u64 file)
{
	struct kcsd_tenant *t = kzalloc(sizeof(*t), GFP_KERNEL_ACCOUNT);

	if (!t)
		return NULL;
	t->owner = (struct kcsd_owner){ .user = current_user_id(), .file = file };
	t->flow.user = t->owner.user;
	t->weight = weight_of_nice(task_nice(current));
	INIT_LIST_HEAD(&t->queue);
	kcsd_source_lists_init(&t->source_lists);
	kcsd_outputs_init(&t->outputs);
	return t;
}

struct kcsd_tenant *kcsd_tenant_create(void)
{
	return create(atomic64_inc_return(&tenants));
}

void kcsd_tenant_destroy(struct kcsd_tenant *t)
{
	WARN_ON(atomic_read(&t->slots));
	kcsd_source_lists_destroy(&t->source_lists);
	kcsd_outputs_destroy(&t->outputs);
	kcsd_flow_destroy(&t->flow);
	kfree(t);
}

void kcsd_user_tenants_init(struct kcsd_user_tenants *u)
{
	spin_lock_init(&u->lock);
	INIT_LIST_HEAD(&u->list);
}

/* Return the tenant of a user, or NULL. */
static struct kcsd_tenant *find_tenant(const struct kcsd_user_tenants *u, u64 user)
{
	struct kcsd_tenant *t;

	lockdep_assert_held(&u->lock);
	list_for_each_entry(t, &u->list, of_users)
		if (t->owner.user == user)
			return t;
	return NULL;
}

/*
 * Add a command to the tenant of a user; if the user has none, `new` becomes it. Returns the
 * tenant, or NULL if there is none and `new` is NULL.
 */
static struct kcsd_tenant *join(struct kcsd_user_tenants *u, struct kcsd_tenant *new, u64 user)
{
	struct kcsd_tenant *t;

	spin_lock(&u->lock);
	t = find_tenant(u, user);
	if (!t && new) {
		list_add(&new->of_users, &u->list);
		t = new;
	}
	if (t)
		t->commands++;
	spin_unlock(&u->lock);
	return t;
}

struct kcsd_tenant *kcsd_user_tenant_get(struct kcsd_user_tenants *u)
{
	u64 user = current_user_id();
	struct kcsd_tenant *new, *t = join(u, NULL, user);

	if (t)
		return t;
	new = create(KCSD_NO_FILE);
	if (!new)
		return NULL;
	t = join(u, new, user);
	if (t != new)
		kfree(new);
	return t;
}

void kcsd_user_tenant_put(struct kcsd_user_tenants *u, struct kcsd_tenant *t)
{
	bool last;

	spin_lock(&u->lock);
	last = !--t->commands;
	if (last)
		list_del(&t->of_users);
	spin_unlock(&u->lock);
	if (last)
		kcsd_tenant_destroy(t);
}

void kcsd_tenant_show(struct seq_file *m, struct kcsd_tenant *t)
{
	seq_printf(m, "kcsd-weight:\t%u\n", t->weight);
	seq_printf(m, "kcsd-slots:\t%d\n", atomic_read(&t->slots));
	seq_printf(m, "kcsd-queued:\t%u\n", READ_ONCE(t->queued));
	seq_printf(m, "kcsd-running:\t%u\n", READ_ONCE(t->running));
	seq_printf(m, "kcsd-run-ns:\t%llu\n", READ_ONCE(t->run_ns));
	seq_printf(m, "kcsd-list-bytes:\t%llu\n", READ_ONCE(t->source_lists.memory));
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
