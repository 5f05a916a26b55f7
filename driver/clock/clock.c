// SPDX-License-Identifier: GPL-2.0
#define pr_fmt(fmt) "kcsd: " fmt

#include <linux/hrtimer.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "clock/clock.h"
#include "clock/latency.h"
#include "config.h"
#include "stats/trace.h"
#include "timing/late.h"
#include "wait.h"

/* ---- life ---- */

void kcsd_clock_config_init(struct kcsd_clock_config *config)
{
	*config = (struct kcsd_clock_config){
		.late_min_ns = 10000,
		.late_permille = 10,
		.depth = 1,
	};
	kcsd_timing_params_init(&config->params);
}

struct kcsd_clock *kcsd_clock_alloc(void)
{
	struct kcsd_clock *clock = kzalloc(sizeof(*clock), GFP_KERNEL);

	if (!clock)
		return NULL;
	spin_lock_init(&clock->lock);
	INIT_LIST_HEAD(&clock->named_flows);
	init_waitqueue_head(&clock->named);
	init_waitqueue_head(&clock->ended);
	kcsd_slots_init(&clock->slots);
	clock->dues = kcsd_dues_alloc();
	clock->latencies = kcsd_latencies_alloc();
	if (clock->dues && clock->latencies)
		return clock;
	kcsd_clock_free(clock);
	return NULL;
}

void kcsd_clock_free(struct kcsd_clock *clock)
{
	if (!clock)
		return;
	kcsd_dues_free(clock->dues);
	kcsd_latencies_free(clock->latencies);
	kfree(clock);
}

/* Each table is one piece, which kvmalloc() limits. */
static bool fits(const struct kcsd_clock_config *config, const struct kcsd_timing_shape *shape,
		 const char *name)
{
	u64 largest, all = kcsd_timing_need(&config->params, shape, &largest);

	if (largest > INT_MAX) {
		pr_err("%s: timing: a table of the model would have %llu bytes, more than 2 GiB: set a larger map_unit, fewer spare_lines, smaller blocks or buffers\n",
		       name, largest);
		return false;
	}
	return kcsd_config_fits_memory(name, "the model of time", all);
}

int kcsd_clock_open(struct kcsd_clock *clock, const struct kcsd_clock_config *config,
		    const struct kcsd_timing_shape *shape, const char *name)
{
	char why[KCSD_TIMING_WHY];
	int ret;

	clock->config = *config;
	clock->shape = *shape;
	clock->is_virtual = config->is_virtual;
	clock->latencies_on = config->has_model;
	if (!config->has_model)
		return 0;
	kcsd_timing_get_costs(&config->params, &clock->costs);
	ret = kcsd_timing_params_check(&config->params, shape, why, sizeof(why));
	if (ret) {
		pr_err("%s: timing: %s\n", name, why);
		return ret;
	}
	if (!fits(config, shape, name))
		return -ENOMEM;
	ret = kcsd_timing_create(&config->params, shape, &clock->model, why, sizeof(why));
	if (ret)
		pr_err("%s: timing: %s\n", name, why);
	return ret;
}

void kcsd_clock_start(struct kcsd_clock *clock)
{
	clock->epoch = ktime_get_ns();
	smp_store_release(&clock->on, clock->model || clock->latencies_on);
}

void kcsd_clock_stop(struct kcsd_clock *clock)
{
	WRITE_ONCE(clock->on, false);
	WRITE_ONCE(clock->stopped, true);
	kcsd_dues_stop(clock->dues);
	wake_up_all(&clock->named);
	wake_up_all(&clock->ended);
	kcsd_slots_stop(&clock->slots);
}

void kcsd_clock_close(struct kcsd_clock *clock)
{
	struct kcsd_timing *model = clock->model;

	WRITE_ONCE(clock->model, NULL);	/* kcsd_clock_holds() of files that are still open */
	kcsd_timing_destroy(model);
}

int kcsd_clock_keep_latencies(struct kcsd_clock *clock, bool keep)
{
	if (clock->model)
		return keep ? 0 : -EINVAL;
	WRITE_ONCE(clock->latencies_on, keep);
	WRITE_ONCE(clock->on, keep);
	return 0;
}

/* ---- a command ---- */

void kcsd_clock_begin_on(struct kcsd_clock *clock, struct kcsd_flow *flow, struct kcsd_time *time)
{
	*time = (struct kcsd_time){
		.begin_ns = ktime_get_ns(),
		.begun = clock->is_virtual ? flow : NULL,
		.op = KCSD_TIME_OTHER,	/* until it is executed */
		.depth = kcsd_latency_class(atomic_inc_return(&clock->in_flight)),
	};
	if (time->begun)
		kcsd_flow_begin(time->begun, clock);
}

static void end_begun(struct kcsd_time *time)
{
	if (time->begun)
		kcsd_flow_end(time->begun);
	time->begun = NULL;
}

void kcsd_clock_forget(struct kcsd_clock *clock, struct kcsd_time *time)
{
	if (time->begin_ns) {
		end_begun(time);
		atomic_dec(&clock->in_flight);
	}
	time->begin_ns = 0;
}

void kcsd_clock_arrive(struct kcsd_clock *clock, struct kcsd_flow *flow,
		       struct kcsd_time *time)
{
	u32 depth;

	lockdep_assert_held(&clock->lock);
	kcsd_flow_join(flow, clock);
	if (clock->is_virtual) {
		time->arrival = kcsd_flow_arrive(flow, time, &depth);
		time->depth = kcsd_latency_class(depth);
	} else {
		time->arrival = time->begin_ns + time->waited_ns - clock->epoch;
	}
	time->arrived = true;
	time->start = U64_MAX;
	time->end = time->arrival + time->delay_ns;
}

void kcsd_clock_untimed(struct kcsd_clock *clock, struct kcsd_time *time)
{
	lockdep_assert_held(&clock->lock);
	WRITE_ONCE(clock->marks, clock->marks | KCSD_TIMING_UNTIMED);
	time->start = min(time->start, time->arrival);
}

/* Add where the time of a piece went. */
static void add_parts(struct kcsd_timing_parts *to, const struct kcsd_timing_parts *parts)
{
	to->link += parts->link;
	to->controller += parts->controller;
	to->media += parts->media;
	to->compute += parts->compute;
	to->waiting += parts->waiting;
}

/* The parts are those along what ended last: before it began, and its own. */
static void add_piece(struct kcsd_time *time, const struct kcsd_timing_done *done,
		      const struct kcsd_timing_parts *before)
{
	time->start = min(time->start, done->start);
	if (done->end < time->end)
		return;
	time->parts = *before;
	add_parts(&time->parts, &done->parts);
	time->end = done->end;
}

/* Submit a piece that arrives with the command, or at this time if that is later. */
static void submit(struct kcsd_clock *clock, struct kcsd_flow *flow, struct kcsd_time *time,
		   struct kcsd_timing_cmd *piece, u64 at, const struct kcsd_timing_parts *before)
{
	struct kcsd_timing_done done;

	lockdep_assert_held(&clock->lock);
	if (!time->arrived)
		kcsd_clock_arrive(clock, flow, time);
	piece->offset = kcsd_index_nospec(piece->offset, clock->shape.capacity);
	piece->arrival = max(time->arrival + time->delay_ns, at);
	piece->flags |= at ? KCSD_TIMING_LATER : 0;
	/* The command was valid: this fails at the end of time only. */
	if (kcsd_timing_submit(clock->model, piece, &done))
		kcsd_clock_untimed(clock, time);
	else
		add_piece(time, &done, before);
}

/*
 * Holds the lock for a piece of up to KCSD_TIMING_MAX_BYTES: 16 MiB of writes that collect garbage
 * are some 2 ms. Only jobs send more than 1 MiB. Shorter pieces would be other commands to the
 * model: each takes a core and has its delay.
 */
void kcsd_clock_submit(struct kcsd_clock *clock, struct kcsd_flow *flow, struct kcsd_time *time,
		       struct kcsd_timing_cmd piece, enum kcsd_clock_order order)
{
	struct kcsd_timing_parts before = {};
	u64 left = piece.bytes, at = 0;

	if (!time->begin_ns || !clock->model)
		return;
	/* Only the submitter has the times of its command. */
	if (order == KCSD_CLOCK_AFTER && time->arrived) {
		before = time->parts;
		at = time->end;
	}
	do {
		piece.bytes = left;
		/* Cut where units of the map end. */
		if (left > KCSD_TIMING_MAX_BYTES)
			piece.bytes = KCSD_TIMING_MAX_BYTES - piece.offset % KCSD_TIMING_MAX_BYTES;
		scoped_guard(spinlock, &clock->lock)
			submit(clock, flow, time, &piece, at, &before);
		piece.offset += piece.bytes;
		left -= piece.bytes;
		/* Whoever sends so much may sleep: requests are shorter, or have a work item. */
		if (left)
			cond_resched();
	} while (left);
}

bool kcsd_clock_zone_changes(struct kcsd_clock *clock, u8 op, u64 offset)
{
	bool changes;

	spin_lock(&clock->lock);
	changes = kcsd_timing_zone_changes(clock->model, op, offset);
	spin_unlock(&clock->lock);
	return changes;
}

void kcsd_clock_set_zone(struct kcsd_clock *clock, u64 offset, u64 written)
{
	spin_lock(&clock->lock);
	kcsd_timing_set_zone(clock->model, offset, written);
	spin_unlock(&clock->lock);
}

void kcsd_clock_set_through(struct kcsd_clock *clock, bool through)
{
	spin_lock(&clock->lock);
	if (clock->model)
		kcsd_timing_set_through(clock->model, through);
	spin_unlock(&clock->lock);
}

void kcsd_clock_purge(struct kcsd_clock *clock, u64 start, u64 len)
{
	u64 offset, bytes;

	for (offset = start; clock->model && offset < start + len; offset += bytes) {
		bytes = min(start + len - offset, KCSD_TIMING_MAX_BYTES);
		scoped_guard(spinlock, &clock->lock)
			kcsd_timing_purge(clock->model, offset, bytes);
		cond_resched();
	}
}

static void leave(struct kcsd_clock *clock, struct kcsd_flow *flow, struct kcsd_time *time,
		  u8 opcode)
{
	const struct kcsd_timing_parts before = {};
	struct kcsd_timing_cmd nothing = { .op = KCSD_TIMING_OTHER };

	lockdep_assert_held(&clock->lock);
	if (!time->arrived)
		submit(clock, flow, time, &nothing, 0, &before);
	time->parts.waiting += time->delay_ns;
	WRITE_ONCE(clock->latest, max(clock->latest, time->end));
	clock->commands++;
	WRITE_ONCE(clock->commands_ns, clock->commands_ns + time->end - time->arrival);
	kcsd_flow_leave(flow, time, opcode);
}

void kcsd_clock_leave(struct kcsd_clock *clock, struct kcsd_flow *flow, struct kcsd_time *time,
		      u8 op, u8 opcode)
{
	if (!time->begin_ns)
		return;
	time->op = op;
	if (clock->model) {
		scoped_guard(spinlock, &clock->lock)
			leave(clock, flow, time, opcode);
		kcsd_latency_add(clock->latencies, KCSD_LATENCY_DEVICE, op, time->depth,
				 time->end - time->arrival);
	}
	end_begun(time);
	kcsd_latency_add(clock->latencies, KCSD_LATENCY_CPU, op, time->depth, time->cpu_ns);
}

/* ---- completion ---- */

u64 kcsd_clock_due(const struct kcsd_clock *clock, const struct kcsd_time *time)
{
	if (!time->arrived || clock->is_virtual || READ_ONCE(clock->stopped))
		return 0;
	return clock->epoch + time->end;
}

static void count_late(struct kcsd_clock *clock, struct kcsd_time *time, u64 now, u64 due)
{
	u64 late = now - min(now, due);
	s64 most = atomic64_read(&clock->late_max_ns);

	time->late_ns = late;
	kcsd_latency_add(clock->latencies, KCSD_LATENCY_LATE, time->op, time->depth, late);
	atomic64_add(late, &clock->late_ns);
	if (late > kcsd_timing_late_bound(time->end - time->arrival, clock->config.late_min_ns,
					  clock->config.late_permille))
		atomic64_inc(&clock->late_commands);
	while (most < late && !atomic64_try_cmpxchg(&clock->late_max_ns, &most, late))
		;
}

void kcsd_clock_complete_on(struct kcsd_clock *clock, struct kcsd_time *time)
{
	u64 now = ktime_get_ns(), due = kcsd_clock_due(clock, time);

	kcsd_latency_add(clock->latencies, KCSD_LATENCY_HOST, time->op, time->depth,
			 now - time->begin_ns);
	if (due)
		count_late(clock, time, now, due);
	atomic_dec(&clock->in_flight);
}

static void held_fire(struct kcsd_due *due)
{
	struct kcsd_held *held = container_of(due, struct kcsd_held, due);

	kcsd_clock_complete(held->clock, &held->time);
	held->done(held);
}

void kcsd_clock_hold(struct kcsd_held *held, bool now)
{
	u64 at = kcsd_clock_due(held->clock, &held->time);

	held->due.at = at;
	held->due.fire = held_fire;
	if (!now && at > ktime_get_ns())
		kcsd_due_add(held->clock->dues, &held->due);
	else
		held_fire(&held->due);
}

/* Sleep once. Returns true if the wait is over before it is due (wait.h). */
static bool sleep_until(struct kcsd_clock *clock, u64 at)
{
	ktime_t until = ns_to_ktime(at);
	bool interrupted = false;
	DEFINE_WAIT(wait);

	prepare_to_wait(&clock->ended, &wait, kcsd_wait_state());
	if (!READ_ONCE(clock->stopped))
		interrupted = schedule_hrtimeout(&until, HRTIMER_MODE_ABS);
	finish_wait(&clock->ended, &wait);
	return interrupted && kcsd_wait_is_over();
}

void kcsd_clock_wait_on(struct kcsd_clock *clock, struct kcsd_time *time)
{
	bool over = false, slept = false;
	u64 at;

	/* kcsd_clock_stop() makes it due. */
	while (!over && (at = kcsd_clock_due(clock, time)) > ktime_get_ns()) {
		slept = true;
		over = sleep_until(clock, at);
	}
	if (slept)
		kcsd_wait_end();
	kcsd_clock_complete_on(clock, time);
}

void kcsd_time_trace(const struct kcsd_time *time, const struct kcsd_trace_cmd *trace)
{
	const struct kcsd_trace_device device = {
		.op = time->op,
		.arrival = time->arrival,
		.start = time->start,
		.end = time->end,
		.link = time->parts.link,
		.controller = time->parts.controller,
		.media = time->parts.media,
		.compute = time->parts.compute,
		.waiting = time->parts.waiting,
	};

	if (time->arrived)
		trace_kcsd_cmd_device(trace, &device);
}

void kcsd_time_describe(const struct kcsd_time *time, struct kcsd_device_time *to)
{
	*to = (struct kcsd_device_time){};
	if (!time->arrived)
		return;
	to->arrival = cpu_to_le64(time->arrival);
	to->start = cpu_to_le64(time->start);
	to->end = cpu_to_le64(time->end);
	to->link_ns = cpu_to_le64(time->parts.link);
	to->controller_ns = cpu_to_le64(time->parts.controller);
	to->media_ns = cpu_to_le64(time->parts.media);
	to->compute_ns = cpu_to_le64(time->parts.compute);
	to->waiting_ns = cpu_to_le64(time->parts.waiting);
}
