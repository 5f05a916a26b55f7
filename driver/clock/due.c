// SPDX-License-Identifier: GPL-2.0
#include <linux/ktime.h>
#include <linux/percpu.h>

#include "clock/due.h"
#include "compat.h"

/* Fired at most in one interrupt; the timer then fires again. */
#define BATCH	64

static struct kcsd_due *first(struct kcsd_due_queue *q)
{
	struct rb_node *node = rb_first_cached(&q->root);

	return node ? rb_entry(node, struct kcsd_due, node) : NULL;
}

static void take(struct kcsd_due_queue *q, struct kcsd_due *due)
{
	lockdep_assert_held(&q->lock);
	rb_erase_cached(&due->node, &q->root);
	RB_CLEAR_NODE(&due->node);
}

/* Take the first one that is due by now. */
static struct kcsd_due *take_due(struct kcsd_due_queue *q, u64 now)
{
	struct kcsd_due *due;
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	due = first(q);
	if (due && !q->stopped && due->at > now)
		due = NULL;
	if (due)
		take(q, due);
	spin_unlock_irqrestore(&q->lock, flags);
	return due;
}

static enum hrtimer_restart timer_fn(struct hrtimer *timer)
{
	struct kcsd_due_queue *q = container_of(timer, struct kcsd_due_queue, timer);
	struct kcsd_due *due;
	unsigned long flags;
	int left = BATCH;

	while (left-- && (due = take_due(q, ktime_get_ns())))
		due->fire(due);
	spin_lock_irqsave(&q->lock, flags);
	due = first(q);
	/* kcsd_due_add() on another CPU, if this one went offline, may have started it already. */
	if (due && !hrtimer_is_queued(timer))
		hrtimer_start(timer, ns_to_ktime(due->at), HRTIMER_MODE_ABS);
	spin_unlock_irqrestore(&q->lock, flags);
	return HRTIMER_NORESTART;
}

struct kcsd_due_queue __percpu *kcsd_dues_alloc(void)
{
	struct kcsd_due_queue __percpu *queues = alloc_percpu(struct kcsd_due_queue);
	int cpu;

	if (!queues)
		return NULL;
	for_each_possible_cpu(cpu) {
		struct kcsd_due_queue *q = per_cpu_ptr(queues, cpu);

		spin_lock_init(&q->lock);
		q->root = RB_ROOT_CACHED;
		kcsd_hrtimer_setup(&q->timer, timer_fn, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
	}
	return queues;
}

void kcsd_dues_free(struct kcsd_due_queue __percpu *queues)
{
	int cpu;

	if (!queues)
		return;
	for_each_possible_cpu(cpu)
		hrtimer_cancel(&per_cpu_ptr(queues, cpu)->timer);
	free_percpu(queues);
}

static bool is_earlier(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct kcsd_due, node)->at < rb_entry(b, struct kcsd_due, node)->at;
}

void kcsd_due_add(struct kcsd_due_queue __percpu *queues, struct kcsd_due *due)
{
	struct kcsd_due_queue *q = raw_cpu_ptr(queues);
	unsigned long flags;
	bool now;

	spin_lock_irqsave(&q->lock, flags);
	WRITE_ONCE(due->queue, q);
	smp_mb();	/* pairs with kcsd_due_now(): it sees the queue, or this sees hurry */
	now = q->stopped || READ_ONCE(due->hurry);
	if (now)
		RB_CLEAR_NODE(&due->node);
	else if (rb_add_cached(&due->node, &q->root, is_earlier))
		hrtimer_start(&q->timer, ns_to_ktime(due->at), HRTIMER_MODE_ABS);
	spin_unlock_irqrestore(&q->lock, flags);
	if (now)
		due->fire(due);
}

void kcsd_due_now(struct kcsd_due *due)
{
	struct kcsd_due_queue *q;
	unsigned long flags;
	bool waits;

	WRITE_ONCE(due->hurry, true);
	smp_mb();	/* pairs with kcsd_due_add() */
	q = READ_ONCE(due->queue);
	if (!q)
		return;
	spin_lock_irqsave(&q->lock, flags);
	waits = !RB_EMPTY_NODE(&due->node);
	if (waits)
		take(q, due);
	spin_unlock_irqrestore(&q->lock, flags);
	if (waits)
		due->fire(due);
}

void kcsd_dues_stop(struct kcsd_due_queue __percpu *queues)
{
	struct kcsd_due *due;
	int cpu;

	for_each_possible_cpu(cpu) {
		struct kcsd_due_queue *q = per_cpu_ptr(queues, cpu);
		unsigned long flags;

		spin_lock_irqsave(&q->lock, flags);
		q->stopped = true;
		spin_unlock_irqrestore(&q->lock, flags);
		while ((due = take_due(q, 0)))
			due->fire(due);
	}
}
