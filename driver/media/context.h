/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Context in which a drive uses its files: a kernel thread. It has no resource limits, is in the
 * root control group and cannot be stopped; it uses the credentials of the task that powered the
 * drive on. The sender of a command does not influence what the file system does.
 */
#ifndef KCSD_CONTEXT_H
#define KCSD_CONTEXT_H

struct cred;
struct workqueue_struct;

struct kcsd_context {
	struct workqueue_struct *wq;
	const struct cred *cred;
};

/* Take the credentials of the caller. Return 0 or -ENOMEM. */
int kcsd_context_init(struct kcsd_context *c, const char *name);
/* Call when no kcsd_context_call() is under way. */
void kcsd_context_destroy(struct kcsd_context *c);
/*
 * Call fn(arg) in the context, with memory allocations that start no I/O, and return its result.
 * Sleeps until fn has returned. A kernel thread calls fn itself. fn must not take a lock that a
 * caller of this holds.
 */
int kcsd_context_call(struct kcsd_context *c, int (*fn)(void *arg), void *arg);

#endif
