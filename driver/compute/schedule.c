// SPDX-License-Identifier: GPL-2.0
#include <linux/list.h>
#include <linux/math64.h>
#include <linux/minmax.h>

#include "compute/schedule.h"
#include "compute/tenant.h"

/* Share of the last turn in typical_ns of a tenant: 1 / 2^n. */
#define KCSD_TYPICAL_SHIFT	2

static u64 weighted(u64 ns, u64 weight)
{
	return div64_u64(ns * KCSD_WEIGHT_ONE, weight);
}

/* Compare virtual times, which may wrap. */
static bool vtime_before(u64 a, u64 b)
{
	return (s64)(a - b) < 0;
}

static struct kcsd_tenant *node_tenant(const struct rb_node *node)
{
	return rb_entry(node, struct kcsd_tenant, node);
}

static bool tenant_before(struct rb_node *a, const struct rb_node *b)
{
	return vtime_before(node_tenant(a)->vtime, node_tenant(b)->vtime);
}

static struct kcsd_tenant *schedule_first(const struct kcsd_schedule *s)
{
	struct rb_node *node = rb_first_cached(&s->waiting);

	return node ? node_tenant(node) : NULL;
}

/*
 * Set the virtual time of a tenant that had nothing waiting: it gets no extra share for that time.
 */
static void schedule_join(struct kcsd_schedule *s, struct kcsd_tenant *t)
{
	const struct kcsd_tenant *first = schedule_first(s);
	u64 start = s->vtime;

	if (!t->running) {
		/* The tenant is alone: it owes no other tenant any time. */
		if (!s->weight && vtime_before(s->vtime, t->vtime))
			start = s->vtime = t->vtime;
		s->weight += t->weight;
	}
	/* Do not put it behind tenants that had less than their share. */
	if (first && vtime_before(first->vtime, start))
		start = first->vtime;
	if (vtime_before(t->vtime, start))
		t->vtime = start;
}

static void schedule_leave(struct kcsd_schedule *s, struct kcsd_tenant *t)
{
	if (!t->queued && !t->running)
		s->weight -= t->weight;
}

void kcsd_schedule_add(struct kcsd_schedule *s, struct kcsd_turn *turn)
{
	struct kcsd_tenant *t = turn->tenant;

	if (!t->queued) {
		schedule_join(s, t);
		rb_add_cached(&t->node, &s->waiting, tenant_before);
	}
	list_add_tail(&turn->entry, &t->queue);
	WRITE_ONCE(t->queued, t->queued + 1);
	WRITE_ONCE(s->queued, s->queued + 1);
}

static void schedule_dequeue(struct kcsd_schedule *s, struct kcsd_turn *turn)
{
	struct kcsd_tenant *t = turn->tenant;

	list_del(&turn->entry);
	WRITE_ONCE(t->queued, t->queued - 1);
	WRITE_ONCE(s->queued, s->queued - 1);
	if (!t->queued)
		rb_erase_cached(&t->node, &s->waiting);
}

/* Change the virtual time of a tenant, and its place if it waits. */
static void schedule_charge(struct kcsd_schedule *s, struct kcsd_tenant *t, u64 more)
{
	if (t->queued)
		rb_erase_cached(&t->node, &s->waiting);
	t->vtime += more;
	if (t->queued)
		rb_add_cached(&t->node, &s->waiting, tenant_before);
}

struct kcsd_turn *kcsd_schedule_next(struct kcsd_schedule *s)
{
	struct kcsd_tenant *t = schedule_first(s);
	struct kcsd_turn *turn;

	if (!t)
		return NULL;
	turn = list_first_entry(&t->queue, struct kcsd_turn, entry);
	schedule_dequeue(s, turn);
	WRITE_ONCE(t->running, t->running + 1);
	WRITE_ONCE(s->running, s->running + 1);
	/* Charge at least 1: a tenant that comes now must be before this one. */
	turn->charged = weighted(t->typical_ns, t->weight) + 1;
	schedule_charge(s, t, turn->charged);
	return turn;
}

void kcsd_schedule_end(struct kcsd_schedule *s, struct kcsd_turn *turn, u64 ns)
{
	struct kcsd_tenant *t = turn->tenant;

	schedule_charge(s, t, weighted(ns, t->weight) + 1 - turn->charged);
	s->vtime += weighted(ns, s->weight);
	WRITE_ONCE(t->run_ns, t->run_ns + ns);
	if (t->typical_ns)
		ns = t->typical_ns - (t->typical_ns >> KCSD_TYPICAL_SHIFT) +
		     (ns >> KCSD_TYPICAL_SHIFT);
	t->typical_ns = ns;
	WRITE_ONCE(t->running, t->running - 1);
	WRITE_ONCE(s->running, s->running - 1);
	schedule_leave(s, t);
}

void kcsd_schedule_remove(struct kcsd_schedule *s, struct kcsd_turn *turn)
{
	schedule_dequeue(s, turn);
	schedule_leave(s, turn->tenant);
}

/* The tenant leaves the schedule with its last turn. */
static void schedule_drain_tenant(struct kcsd_schedule *s, struct kcsd_tenant *t,
				  struct list_head *turns,
				  bool (*match)(const struct kcsd_turn *turn))
{
	struct kcsd_turn *turn, *next;

	list_for_each_entry_safe(turn, next, &t->queue, entry) {
		if (match && !match(turn))
			continue;
		kcsd_schedule_remove(s, turn);
		list_add_tail(&turn->entry, turns);
	}
}

void kcsd_schedule_drain(struct kcsd_schedule *s, struct list_head *turns,
			 bool (*match)(const struct kcsd_turn *turn))
{
	struct rb_node *node, *next;

	for (node = rb_first_cached(&s->waiting); node; node = next) {
		next = rb_next(node);
		schedule_drain_tenant(s, node_tenant(node), turns, match);
	}
}
