/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tenants share the compute units of a drive, and the workers that execute jobs. Each open file of
 * a char node is a tenant (struct file: descriptors made by dup() or fork() are the same tenant).
 * So is each user of the block node while it has commands under way there.
 */
#ifndef KCSD_TENANT_H
#define KCSD_TENANT_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "clock/flow.h"
#include "compute/output.h"
#include "compute/source_list.h"
#include "stats/fair_ring.h"

struct seq_file;

/* Weight of a tenant opened at nice 0. Each step of nice is a quarter more, or a fifth less. */
#define KCSD_WEIGHT_ONE		1024

/*
 * A tenant lives as long as its open file, or as a command of its user. These outlive its runs and
 * jobs: io_uring and the system calls hold them. It has either runs or jobs, as a file belongs to
 * one namespace. units.lock or jobs.lock of the drive protects the members that schedule.c uses.
 */
struct kcsd_tenant {
	/* These two are constant. */
	struct kcsd_owner owner;	/* owner.file: from 1, unique over all drives, or none */
	u32 weight;
	atomic_t slots;			/* slots taken, one per run or job */
	u64 quick_from;			/* ktime: no quick runs before; no lock; quick_run.c */

	/* schedule.c */
	struct rb_node node;		/* schedule.waiting, while queue is not empty */
	struct list_head queue;		/* turns that wait, first come, first served */
	u64 vtime;			/* virtual time: weighted ns of all turns */
	u64 typical_ns;			/* moving average of the ns of a turn */
	u64 run_ns;			/* ns of all turns */
	u32 queued, running;		/* turns */

	struct kcsd_source_lists source_lists;	/* of its runs; own lock */
	struct kcsd_outputs outputs;	/* likewise */
	struct kcsd_flow flow;		/* its commands in device time; clock->lock */

	/* Only in the tenant of a user. */
	struct list_head of_users;	/* in kcsd_user_tenants.list, under its lock */
	u32 commands;			/* commands under way, under the same lock */
};

/* The tenants of users of the block node. */
struct kcsd_user_tenants {
	spinlock_t lock;
	struct list_head list;		/* tenants with commands under way */
};

/*
 * Create a tenant, for open(). Its weight follows from the nice value of the caller. NULL without
 * memory.
 */
struct kcsd_tenant *kcsd_tenant_create(void);
/* Free a tenant that has no runs or jobs left, for release(). */
void kcsd_tenant_destroy(struct kcsd_tenant *tenant);
void kcsd_user_tenants_init(struct kcsd_user_tenants *tenants);
/*
 * Get the tenant of the calling user, for one command. Created with the first command that is under
 * way, freed with the last. NULL without memory.
 */
struct kcsd_tenant *kcsd_user_tenant_get(struct kcsd_user_tenants *tenants);
void kcsd_user_tenant_put(struct kcsd_user_tenants *tenants, struct kcsd_tenant *tenant);
/* Print the lines of a tenant in /proc/PID/fdinfo/FD. */
void kcsd_tenant_show(struct seq_file *m, struct kcsd_tenant *tenant);

/* Take one of `limit` slots of a tenant, for a run or a job; false if none is free. */
bool kcsd_tenant_get_slot(struct kcsd_tenant *tenant, u64 limit);
/* Return the slot, after all memory of the run or job is free again. */
void kcsd_tenant_put_slot(struct kcsd_tenant *tenant);

#endif
