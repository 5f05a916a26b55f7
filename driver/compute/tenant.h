/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tenants: who shares a drive's compute units, and the workers that carry out jobs. Each open file
 * of a char node is one (struct file: descriptors that dup() or fork() made of it are the same
 * tenant), and each user of the block node while it has commands there.
 */
#ifndef KCSD_TENANT_H
#define KCSD_TENANT_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "stats/fair_ring.h"

struct seq_file;

/* The weight of a tenant opened at nice 0; each step is a quarter more, or a fifth less. */
#define KCSD_WEIGHT_ONE		1024

/*
 * Lives as long as the open file, or a command of its user, which outlive its runs and jobs:
 * io_uring and the system calls hold it. It has runs or jobs, as a file is of one namespace. What
 * schedule.c keeps is under units.lock or jobs.lock of the drive.
 */
struct kcsd_tenant {
	/* The next two are constant. */
	struct kcsd_owner owner;	/* its file: from 1, over all drives, or none */
	u32 weight;
	atomic_t slots;			/* runs and jobs admitted and not yet dismissed */
	u64 quick_from;			/* ktime: no quick runs before; quick_run.c, without a lock */

	/* schedule.c */
	struct rb_node node;		/* schedule.waiting, while queue is not empty */
	struct list_head queue;		/* its turns that wait, first come, first served */
	u64 vtime;			/* weighted ns that its turns took */
	u64 typical_ns;			/* that a turn of it takes, of late */
	u64 run_ns;			/* all of them together */
	u32 queued, running;		/* turns */

	/* Of a user's: */
	struct list_head of_users;	/* kcsd_user_tenants.list, with its lock */
	u32 commands;			/* likewise: under way */
};

/* Those of users. */
struct kcsd_user_tenants {
	spinlock_t lock;
	struct list_head list;		/* that have commands under way */
};

/* Made by open(), with the weight that the caller's nice value stands for. NULL without memory. */
struct kcsd_tenant *kcsd_tenant_create(void);
/* By release(): it has no runs or jobs left. */
void kcsd_tenant_destroy(struct kcsd_tenant *tenant);
void kcsd_user_tenants_init(struct kcsd_user_tenants *tenants);
/*
 * The tenant of the user who calls, for a command; created with the first that is under way, and
 * destroyed with the last. NULL without memory.
 */
struct kcsd_tenant *kcsd_user_tenant_get(struct kcsd_user_tenants *tenants);
void kcsd_user_tenant_put(struct kcsd_user_tenants *tenants, struct kcsd_tenant *tenant);
/* Its lines of /proc/PID/fdinfo/FD. */
void kcsd_tenant_show(struct seq_file *m, struct kcsd_tenant *tenant);

/* Take one of its limit slots, for a run or a job. False: none is free. */
bool kcsd_tenant_get_slot(struct kcsd_tenant *tenant, u64 limit);
/* Give it back, when what the run or job took of memory is free again. */
void kcsd_tenant_put_slot(struct kcsd_tenant *tenant);

#endif
