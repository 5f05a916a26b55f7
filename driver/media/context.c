// SPDX-License-Identifier: GPL-2.0
#include <linux/completion.h>
#include <linux/cred.h>
#include <linux/errno.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "media/context.h"

struct call {
	struct work_struct work;
	struct completion done;
	struct kcsd_context *context;
	int (*fn)(void *arg);
	void *arg;
	int ret;
};

int kcsd_context_init(struct kcsd_context *c, const char *name)
{
	/*
	 * Allow as many calls at once as there are submitters: each may wait for a range lock of
	 * another. Run on the CPU of the submitter, which sleeps meanwhile.
	 */
	c->wq = alloc_workqueue("%s-files", KCSD_WQ_PERCPU | WQ_MEM_RECLAIM, WQ_MAX_ACTIVE, name);
	if (!c->wq)
		return -ENOMEM;
	c->cred = get_current_cred();
	return 0;
}

void kcsd_context_destroy(struct kcsd_context *c)
{
	destroy_workqueue(c->wq);
	put_cred(c->cred);
}

/*
 * Call fn with the credentials of the drive. Memory reclaim must not wait for the drive: it may
 * wait for the very pages that fn writes.
 */
static int call_here(struct kcsd_context *c, int (*fn)(void *arg), void *arg)
{
	const struct cred *own = override_creds(c->cred);
	unsigned int flags = current->flags, noio = memalloc_noio_save();
	int ret;

	current->flags |= PF_LOCAL_THROTTLE;
	ret = fn(arg);
	current_restore_flags(flags, PF_LOCAL_THROTTLE);
	memalloc_noio_restore(noio);
	revert_creds(own);
	return ret;
}

static void call_work(struct work_struct *work)
{
	struct call *call = container_of(work, struct call, work);

	call->ret = call_here(call->context, call->fn, call->arg);
	complete(&call->done);
}

int kcsd_context_call(struct kcsd_context *c, int (*fn)(void *arg), void *arg)
{
	struct call call = { .context = c, .fn = fn, .arg = arg };

	if (current->flags & PF_KTHREAD)
		return call_here(c, fn, arg);
	INIT_WORK_ONSTACK(&call.work, call_work);
	init_completion(&call.done);
	queue_work(c->wq, &call.work);
	wait_for_completion(&call.done);
	destroy_work_on_stack(&call.work);
	return call.ret;
}
