// SPDX-License-Identifier: GPL-2.0
#include <linux/mm.h>
#include <linux/slab.h>

#include "clock/clock.h"
#include "clock/flow.h"

/* ---- ends of commands in flight: a binary heap ---- */

static void swap_down(u64 *end, u32 nr, u32 at)
{
	u32 child;

	for (; (child = 2 * at + 1) < nr; at = child) {
		if (child + 1 < nr && end[child + 1] < end[child])
			child++;
		if (end[at] <= end[child])
			return;
		swap(end[at], end[child]);
	}
}

static void swap_up(u64 *end, u32 at)
{
	for (; at && end[at] < end[(at - 1) / 2]; at = (at - 1) / 2)
		swap(end[at], end[(at - 1) / 2]);
}

static u64 pop_end(struct kcsd_flow *flow)
{
	u64 first = flow->end[0];

	flow->end[0] = flow->end[--flow->nr_ends];
	swap_down(flow->end, flow->nr_ends, 0);
	return first;
}

static void push_end(struct kcsd_flow *flow, u64 end)
{
	if (!flow->end || flow->nr_ends == flow->depth)
		return;
	flow->end[flow->nr_ends] = end;
	swap_up(flow->end, flow->nr_ends++);
}

/* ---- arrive and leave ---- */

static bool is_named(const struct kcsd_flow *flow)
{
	return flow->flags & KCSD_TIMING_ARRIVALS;
}

/* Add a flow to counts and list of the clock (n: 1), or take it off before it changes (-1). */
static void count(struct kcsd_flow *flow, int n)
{
	struct kcsd_clock *clock = flow->clock;

	lockdep_assert_held(&clock->lock);
	if (is_named(flow)) {
		clock->nr_named += n;
		if (n > 0)
			list_add(&flow->entry, &clock->named_flows);
		else
			list_del(&flow->entry);
	}
	if (is_named(flow) || (flow->arrived && !flow->shared))
		clock->nr_senders += n;
}

static void mark(struct kcsd_clock *clock, u8 why)
{
	lockdep_assert_held(&clock->lock);
	WRITE_ONCE(clock->marks, clock->marks | why);
}

/*
 * Mark the clock if the order of commands of several flows is not defined. The block device counts
 * while it sends requests beside others.
 */
static void check_senders(struct kcsd_clock *clock, const struct kcsd_flow *sender)
{
	u32 nr = clock->nr_senders + (sender->shared && sender->arrived);

	if (clock->is_virtual && nr > 1 && clock->nr_named < nr)
		mark(clock, KCSD_TIMING_FILES);
}

static bool is_before(const struct kcsd_flow_place *a, const struct kcsd_flow_place *b)
{
	return a->arrival < b->arrival || (a->arrival == b->arrival && a->stream < b->stream);
}

/*
 * A command with a named arrival comes after all commands of other flows that have an earlier
 * place. Otherwise it did not wait for its turn, or its flow was set up after they were sent.
 */
static void check_place(struct kcsd_flow *flow)
{
	const struct kcsd_flow_place place = { flow->arrival, flow->stream };
	struct kcsd_clock *clock = flow->clock;

	if (is_before(&place, &clock->others_place))
		mark(clock, KCSD_TIMING_FILES);
	if (is_before(&clock->last_place, &place))
		clock->last_place = place;
}

/*
 * Flows may follow one another: one that was set up again, and so has ended, does not go on after
 * another has sent.
 */
static void check_turn(struct kcsd_flow *flow)
{
	struct kcsd_clock *clock = flow->clock;
	bool changes = clock->last_flow != flow;

	if (changes)
		clock->others_place = clock->last_place;
	clock->last_flow = flow;
	if (is_named(flow))
		check_place(flow);
	else if (changes && flow->sent && !flow->arrived && !flow->shared)
		mark(clock, KCSD_TIMING_FILES);
	flow->sent = true;
}

/*
 * A request of the block node arrives. Its order is that in which one thread has sent it and those
 * before, or it arrives after these; no other thread sends commands by ioctl. Otherwise mark the
 * clock.
 */
static void check_order(struct kcsd_flow *flow, const struct kcsd_time *time, u64 arrival)
{
	struct kcsd_clock *clock = flow->clock;

	if (time->sender != flow->sender)
		flow->others_end = flow->last_end;
	flow->sender = time->sender;
	flow->number++;
	if (arrival < flow->others_end || time->number != flow->number ||
	    (flow->ioctl_sender && flow->ioctl_sender != time->sender))
		mark(clock, KCSD_TIMING_BLOCK);
}

/*
 * Each command is executed before the next one of the open file begins, unless several threads send
 * them, or the next one receives the output of a run: their order is that of the threads.
 */
void kcsd_flow_begin(struct kcsd_flow *flow, struct kcsd_clock *clock)
{
	if (atomic_inc_return(&flow->begun) == 1)
		return;
	spin_lock(&clock->lock);
	mark(clock, KCSD_TIMING_AT_ONCE);
	spin_unlock(&clock->lock);
}

void kcsd_flow_end(struct kcsd_flow *flow)
{
	atomic_dec(&flow->begun);
}

void kcsd_flow_join(struct kcsd_flow *flow, struct kcsd_clock *clock)
{
	lockdep_assert_held(&clock->lock);
	if (!flow->clock)
		WRITE_ONCE(flow->clock, clock);
}

void kcsd_flow_note_ioctl(struct kcsd_flow *flow, u32 sender)
{
	struct kcsd_clock *clock = flow->clock;

	if (!clock->is_virtual)
		return;
	spin_lock(&clock->lock);
	if ((flow->ioctl_sender && flow->ioctl_sender != sender) ||
	    (flow->arrived && flow->sender != sender))
		mark(clock, KCSD_TIMING_BLOCK);
	flow->ioctl_sender = sender;
	spin_unlock(&clock->lock);
}

static u64 next_arrival(struct kcsd_flow *flow, u32 slots)
{
	if (is_named(flow))
		return flow->arrival;
	if (flow->arrived <= slots)
		return flow->begin;
	/* Depth 1; or other commands of this flow are being executed by other threads. */
	if (!flow->end || !flow->nr_ends)
		return flow->last_end;
	return pop_end(flow);
}

u64 kcsd_flow_arrive(struct kcsd_flow *flow, const struct kcsd_time *time, u32 *depth)
{
	u32 slots = max(flow->depth, 1u);
	u64 arrival;

	check_turn(flow);
	if (!flow->arrived) {
		flow->begin = flow->clock->latest;
		flow->last_end = flow->begin;
		count(flow, -1);
		flow->arrived = 1;
		count(flow, 1);
	} else {
		flow->arrived++;
	}
	if (flow->arrived == 1 || flow->shared)
		check_senders(flow->clock, flow);
	*depth = min_t(u64, flow->arrived, slots);
	arrival = next_arrival(flow, slots);
	if (flow->shared)
		check_order(flow, time, arrival);
	return arrival;
}

static void log_time(struct kcsd_flow *flow, const struct kcsd_time *time, u8 opcode)
{
	struct kcsd_device_entry *e = &flow->log[flow->seq % KCSD_DEVICE_TIMES];

	*e = (struct kcsd_device_entry){
		.seq = cpu_to_le64(flow->seq),
		.op = time->op,
		.opcode = opcode,
	};
	kcsd_time_describe(time, &e->time);
}

void kcsd_flow_leave(struct kcsd_flow *flow, const struct kcsd_time *time, u8 opcode)
{
	flow->seq++;
	flow->last_end = max(flow->last_end, time->end);
	push_end(flow, time->end);
	if (flow->log)
		log_time(flow, time, opcode);
}

/* ---- setup ---- */

static void free_memory(u64 *end, struct kcsd_device_entry *log)
{
	kvfree(end);
	kvfree(log);
}

void kcsd_flow_destroy(struct kcsd_flow *flow)
{
	struct kcsd_clock *clock = flow->clock;

	if (clock) {
		spin_lock(&clock->lock);
		count(flow, -1);
		if (clock->last_flow == flow)
			clock->last_flow = NULL;
		spin_unlock(&clock->lock);
		wake_up_all(&clock->named);
	}
	kcsd_slots_leave(&flow->slots);
	free_memory(flow->end, flow->log);
}

static bool stream_is_used(const struct kcsd_flow *flow, u32 stream)
{
	struct kcsd_flow *other;

	list_for_each_entry(other, &flow->clock->named_flows, entry)
		if (other != flow && other->stream == stream)
			return true;
	return false;
}

static void restart(struct kcsd_flow *flow)
{
	flow->arrival = 0;
	flow->arrived = 0;
	flow->nr_ends = 0;
	flow->others_end = 0;
	flow->ioctl_sender = 0;
}

void kcsd_flow_restart(struct kcsd_flow *flow)
{
	spin_lock(&flow->clock->lock);
	count(flow, -1);
	restart(flow);
	count(flow, 1);
	spin_unlock(&flow->clock->lock);
}

/* Take the new memory, and return the old one in its place. */
static int set_up(struct kcsd_flow *flow, const struct kcsd_flow *to, u64 **end,
		  struct kcsd_device_entry **log)
{
	if (is_named(to) && stream_is_used(flow, to->stream))
		return KCSD_SC_INVALID_FIELD;
	count(flow, -1);
	WRITE_ONCE(flow->flags, to->flags);
	flow->depth = to->depth;
	flow->stream = to->stream;
	restart(flow);
	count(flow, 1);
	flow->seq = 0;
	swap(flow->end, *end);
	swap(flow->log, *log);
	check_senders(flow->clock, flow);
	return 0;
}

int kcsd_flow_open(struct kcsd_flow *flow, struct kcsd_clock *clock)
{
	u32 depth = clock->config.depth;
	u64 *end;

	if (!clock->is_virtual || depth == 1 || READ_ONCE(flow->clock))
		return 0;
	end = kvmalloc_array(depth, sizeof(*end), GFP_KERNEL_ACCOUNT);
	if (!end)
		return -ENOMEM;
	spin_lock(&clock->lock);
	if (!flow->clock) {
		kcsd_flow_join(flow, clock);
		flow->depth = depth;
		swap(flow->end, end);
	}
	spin_unlock(&clock->lock);
	kvfree(end);
	return 0;
}

int kcsd_flow_setup(struct kcsd_flow *flow, struct kcsd_clock *clock, u32 depth, u32 flags,
		    u32 stream)
{
	const struct kcsd_flow to = { .depth = depth, .flags = flags, .stream = stream };
	struct kcsd_device_entry *log = NULL;
	u64 *end = NULL;
	int ret = -ENOMEM;

	if (depth > 1)
		end = kvmalloc_array(depth, sizeof(*end), GFP_KERNEL_ACCOUNT);
	if (flags & KCSD_TIMING_LOG)
		log = kvcalloc(KCSD_DEVICE_TIMES, sizeof(*log), GFP_KERNEL_ACCOUNT);
	if ((depth == 1 || end) && (!(flags & KCSD_TIMING_LOG) || log)) {
		spin_lock(&clock->lock);
		kcsd_flow_join(flow, clock);
		ret = set_up(flow, &to, &end, &log);
		spin_unlock(&clock->lock);
		wake_up_all(&clock->named);
	}
	free_memory(end, log);
	return ret;
}

/* ---- named arrivals ---- */

int kcsd_flow_name(struct kcsd_flow *flow, u64 arrival)
{
	struct kcsd_clock *clock = flow->clock;
	int ret = -EINVAL;

	if (!clock)
		return ret;
	spin_lock(&clock->lock);
	if (is_named(flow) && arrival >= flow->arrival) {
		flow->arrival = arrival;
		ret = 0;
	}
	spin_unlock(&clock->lock);
	if (!ret)
		wake_up_all(&clock->named);
	return ret;
}

bool kcsd_flow_is_first(struct kcsd_flow *flow)
{
	struct kcsd_clock *clock = flow->clock;
	struct kcsd_flow *other;
	bool first = true;

	spin_lock(&clock->lock);
	list_for_each_entry(other, &clock->named_flows, entry)
		if (other != flow &&
		    (other->arrival < flow->arrival ||
		     (other->arrival == flow->arrival && other->stream < flow->stream)))
			first = false;
	spin_unlock(&clock->lock);
	return first;
}

/* ---- the log page ---- */

/* Returns the number of entries. */
static u32 copy_log(const struct kcsd_flow *flow, struct kcsd_device_entry *to)
{
	u32 i, nr = flow->log ? min_t(u64, flow->seq, KCSD_DEVICE_TIMES) : 0;

	for (i = 0; i < nr; i++)
		to[i] = flow->log[(flow->seq - nr + 1 + i) % KCSD_DEVICE_TIMES];
	return nr;
}

void *kcsd_flow_page(struct kcsd_flow *flow, u32 *len)
{
	struct kcsd_device_times *page;
	struct kcsd_device_entry *entry;
	struct kcsd_clock *clock;
	u32 nr = 0;

	BUILD_BUG_ON(sizeof(*page) != 16 || sizeof(*entry) != 80);
	page = kvzalloc(sizeof(*page) + KCSD_DEVICE_TIMES * sizeof(*entry), GFP_KERNEL_ACCOUNT);
	if (!page)
		return NULL;
	entry = (struct kcsd_device_entry *)(page + 1);
	clock = READ_ONCE(flow->clock);
	if (clock) {
		spin_lock(&clock->lock);
		nr = copy_log(flow, entry);
		spin_unlock(&clock->lock);
	}
	page->nr = cpu_to_le32(nr);
	page->entry_len = cpu_to_le32(sizeof(*entry));
	*len = sizeof(*page) + nr * sizeof(*entry);
	return page;
}
