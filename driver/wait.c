// SPDX-License-Identifier: GPL-2.0
/*
 * Wait for a command. A worker thread of io_uring gets a notification (TIF_NOTIFY_SIGNAL) when its
 * command is cancelled or its ring closed; to notice it, the thread must sleep interruptibly.
 * Signals interrupt such a sleep, too, but only SIGKILL ends the wait. For other signals (SIGSTOP,
 * that of the freezer) the thread clears TIF_SIGPENDING, sleeps again, and sets it again after the
 * wait.
 */
#include <linux/completion.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/thread_info.h>

#include "wait.h"

/* Returns the lock of the signals of the current task, which is valid as long as the task runs. */
static spinlock_t *signals_lock(void)
{
	return &rcu_dereference_protected(current->sighand, true)->siglock;
}

/*
 * True in a worker thread. The thread that polls submissions (SQPOLL) is none: it is notified of
 * each completion of its rings, and never of a cancel.
 */
static bool is_uring_worker(void)
{
	return current->flags & PF_IO_WORKER && current->worker_private;
}

unsigned int kcsd_wait_state(void)
{
	return (is_uring_worker() ? TASK_INTERRUPTIBLE : TASK_KILLABLE) | TASK_FREEZABLE;
}

bool kcsd_wait_is_over(void)
{
	spinlock_t *lock = signals_lock();
	bool over;

	spin_lock_irq(lock);
	over = fatal_signal_pending(current) ||
	       (is_uring_worker() && test_thread_flag(TIF_NOTIFY_SIGNAL));
	if (!over)
		clear_thread_flag(TIF_SIGPENDING);
	spin_unlock_irq(lock);
	return over;
}

void kcsd_wait_end(void)
{
	spinlock_t *lock = signals_lock();

	if (!is_uring_worker())
		return;
	spin_lock_irq(lock);
	recalc_sigpending();
	spin_unlock_irq(lock);
}

bool kcsd_wait_for(struct completion *done)
{
	bool over = false;

	while (!over && wait_for_completion_state(done, kcsd_wait_state()))
		over = kcsd_wait_is_over();
	kcsd_wait_end();
	return !over;
}
