/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The context in which a drive uses its files: a thread of the kernel's, which has no resource
 * limits, is in no control group but the root, and is stopped by nobody; with the credentials of
 * who powered the drive on. The sender of a command has no part in what the file system does.
 */
#ifndef KCSD_CONTEXT_H
#define KCSD_CONTEXT_H

struct cred;
struct workqueue_struct;

struct kcsd_context {
	struct workqueue_struct *wq;
	const struct cred *cred;
};

/* The caller's credentials. 0 or -ENOMEM. */
int kcsd_context_init(struct kcsd_context *c, const char *name);
/* No call is under way. */
void kcsd_context_destroy(struct kcsd_context *c);
/*
 * Call fn(arg) there, without I/O for the sake of memory, and return what it returns. Sleeps until
 * it has returned. A thread of the kernel's calls it itself. fn may take no lock that a caller of
 * this holds.
 */
int kcsd_context_call(struct kcsd_context *c, int (*fn)(void *arg), void *arg);

#endif
