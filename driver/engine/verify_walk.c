// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "verify_walk.h"

#define MAX_BYTES	(8u << 20)	/* of states */
#define MAX_STATE	(KCSD_MAX_VARS + KCSD_MAX_PAIRS)
#define STEPS_PER_INSN	256		/* on average, before it is too tangled */
#define NARROWINGS	3

/* How often a head of a loop grows freely, to all stops, to the common ones. */
#define FREE_VISITS	3
#define STOP_VISITS	10
#define COMMON_VISITS	16

struct walk {
	const struct kcsd_walk *w;
	struct kcsd_states *states;
	const struct kcsd_function *f;
	const struct kcsd_summary *summaries;
	struct kcsd_value *now;		/* where the walk is */
	struct kcsd_value *branch;	/* after a jump taken, or not */
	bool narrowing;
	bool back_only;			/* of the edges, those that go back */
	u32 next;			/* block to look at, while growing */
};

/* ---- storage ---- */

int kcsd_states_init(struct kcsd_states *states, const struct kcsd_flow *flow)
{
	u32 k, blocks = 0, all = 0;

	memset(states, 0, sizeof(*states));
	for (k = 0; k < flow->nr_functions; k++) {
		blocks = max(blocks, flow->functions[k].nr_blocks);
		all = max(all, flow->functions[k].nr_blocks + flow->functions[k].nr_heads);
	}
	states->capacity = min((u64)all * MAX_STATE, (u64)(MAX_BYTES / sizeof(*states->values)));
	states->values = kcsd_alloc(states->capacity * sizeof(*states->values));
	states->scratch = kcsd_alloc(2 * MAX_STATE * sizeof(*states->scratch));
	states->valid = kcsd_alloc(all * sizeof(*states->valid));
	states->dirty = kcsd_alloc(blocks * sizeof(*states->dirty));
	states->visits = kcsd_alloc(blocks * sizeof(*states->visits));
	if (!states->values || !states->scratch || !states->valid || !states->dirty ||
	    !states->visits)
		return -ENOMEM;
	return 0;
}

void kcsd_states_exit(struct kcsd_states *states)
{
	kcsd_free(states->visits);
	kcsd_free(states->dirty);
	kcsd_free(states->valid);
	kcsd_free(states->scratch);
	kcsd_free(states->values);
}

static struct kcsd_value *state_at(const struct kcsd_states *states, u32 k)
{
	return &states->values[(u64)k * states->len];
}

static void copy(const struct kcsd_states *states, struct kcsd_value *to,
		 const struct kcsd_value *from)
{
	memcpy(to, from, states->len * sizeof(*to));
}

/* ---- along the edges ---- */

static bool grow(struct walk *a, u32 k, const struct kcsd_value *s)
{
	struct kcsd_states *states = a->states;
	const struct kcsd_vars *vars = a->w->vars;
	struct kcsd_value *into = state_at(states, k);
	u32 common = min(vars->nr_stops, (u8)KCSD_COMMON_STOPS);
	u32 stops = states->visits[k] < STOP_VISITS ? vars->nr_stops :
		    states->visits[k] < COMMON_VISITS ? common : 0;

	if (!a->w->flow->blocks[a->f->first_block + k].head || states->visits[k] < FREE_VISITS) {
		if (!kcsd_state_join(vars, into, s))
			return false;
	} else if (!kcsd_state_widen(vars, into, s, stops)) {
		return false;
	}
	states->visits[k] += states->visits[k] < COMMON_VISITS;
	return true;
}

static void join(struct walk *a, u32 k, const struct kcsd_value *s)
{
	if (a->states->valid[k])
		kcsd_state_join(a->w->vars, state_at(a->states, k), s);
	else
		copy(a->states, state_at(a->states, k), s);
	a->states->valid[k] = true;
}

/* Control may go from instruction "from" to "to", with s. */
static void flow_to(struct walk *a, u32 from, u32 to, const struct kcsd_value *s)
{
	const struct kcsd_flow *flow = a->w->flow;
	u32 k = flow->block_of[to] - a->f->first_block;
	bool back = to <= from;

	if (a->narrowing) {
		if (back && a->back_only)
			join(a, a->f->nr_blocks + flow->blocks[flow->block_of[to]].rank, s);
		else if (!back && !a->back_only)
			join(a, k, s);
		return;
	}
	if (!a->states->valid[k])
		join(a, k, s);
	else if (!grow(a, k, s))
		return;
	a->states->dirty[k] = true;
	a->next = min(a->next, k);
}

static void branch(struct walk *a, u32 i, bool taken, u32 to)
{
	copy(a->states, a->branch, a->now);
	if (!a->w->learn ||
	    kcsd_state_branch(a->w->vars, a->w->flow, a->branch, i, taken))
		flow_to(a, i, to, a->branch);
}

static void leave(struct walk *a, u32 i)
{
	const struct kcsd_code *code = a->w->flow->code;
	u32 fields = kcsd_insn_fields(code->insns[i].op);

	if (fields & (KCSD_JUMPS_OFF | KCSD_JUMPS_IMM)) {
		if (fields & KCSD_ENDS) {
			flow_to(a, i, kcsd_flow_target(code, i), a->now);
			return;
		}
		branch(a, i, true, kcsd_flow_target(code, i));
		branch(a, i, false, i + 1);
	} else if (!(fields & KCSD_ENDS)) {
		flow_to(a, i, i + 1, a->now);
	}
}

/* ---- through blocks ---- */

static bool step(struct walk *a, u32 i)
{
	const struct kcsd_flow *flow = a->w->flow;
	const struct kcsd_function *callee;
	const struct kcsd_summary *summary;

	if (flow->code->insns[i].op != KCSD_OP_CALL_LOCAL)
		return kcsd_step(a->w, a->now, i);
	callee = kcsd_flow_function(flow, kcsd_flow_target(flow->code, i));
	summary = &a->summaries[callee - flow->functions];
	kcsd_step_return(a->w, a->now, summary->r0, callee->pure);
	return summary->returns;
}

static void walk_block(struct walk *a, u32 k, kcsd_walk_fn fn, void *arg)
{
	const struct kcsd_block *b = &a->w->flow->blocks[a->f->first_block + k];
	u32 i;

	copy(a->states, a->now, state_at(a->states, k));
	for (i = b->start; i < b->end; i++) {
		if (fn)
			fn(a->w, a->now, i, arg);
		if (!step(a, i))
			return;
	}
	if (!fn)
		leave(a, b->end - 1);
}

static bool spend(struct walk *a, u32 k)
{
	const struct kcsd_block *b = &a->w->flow->blocks[a->f->first_block + k];
	u32 steps = b->end - b->start;

	if (a->states->steps < steps)
		return false;
	a->states->steps -= steps;
	return true;
}

/* Inner loops first: whatever leads back is followed at once. */
static bool ascend(struct walk *a)
{
	while (a->next < a->f->nr_blocks) {
		u32 k = a->next++;

		if (!a->states->dirty[k])
			continue;
		if (!spend(a, k))
			return false;
		a->states->dirty[k] = false;
		walk_block(a, k, NULL, NULL);
	}
	return true;
}

static void walk_valid(struct walk *a, bool back_only)
{
	u32 k;

	a->back_only = back_only;
	for (k = 0; k < a->f->nr_blocks; k++)
		if (a->states->valid[k])
			walk_block(a, k, NULL, NULL);
}

/*
 * What holds is what comes in, given what held so far: the back edges' part first,
 * then all the rest anew, in the order of the code.
 */
static void narrow(struct walk *a, const struct kcsd_value *entry)
{
	const struct kcsd_block *blocks = &a->w->flow->blocks[a->f->first_block];
	u32 k;

	a->narrowing = true;
	memset(a->states->valid + a->f->nr_blocks, 0, a->f->nr_heads);
	walk_valid(a, true);
	memset(a->states->valid, 0, a->f->nr_blocks);
	for (k = 0; k < a->f->nr_blocks; k++)
		if (blocks[k].head && a->states->valid[a->f->nr_blocks + blocks[k].rank])
			join(a, k, state_at(a->states, a->f->nr_blocks + blocks[k].rank));
	join(a, 0, entry);
	walk_valid(a, false);
}

static void begin(struct walk *a, const struct kcsd_value *entry)
{
	memset(a->states->valid, 0, a->f->nr_blocks + a->f->nr_heads);
	memset(a->states->dirty, 0, a->f->nr_blocks);
	memset(a->states->visits, 0, a->f->nr_blocks);
	a->states->steps = (u64)(a->f->end - a->f->start) * STEPS_PER_INSN;
	flow_to(a, a->f->start, a->f->start, entry);
}

bool kcsd_walk_function(const struct kcsd_walk *w, struct kcsd_states *states,
			const struct kcsd_function *f, const struct kcsd_summary *summaries,
			const struct kcsd_value *entry, kcsd_walk_fn fn, void *arg)
{
	struct walk walk = {
		.w = w,
		.states = states,
		.f = f,
		.summaries = summaries,
		.now = states->scratch,
		.branch = states->scratch + MAX_STATE,
	};
	bool done;
	u32 k;

	states->len = kcsd_state_len(w->vars);
	if ((u64)(f->nr_blocks + f->nr_heads) * states->len > states->capacity)
		return false;
	begin(&walk, entry);
	done = ascend(&walk);
	for (k = 0; k < NARROWINGS && done && f->nr_heads; k++)
		narrow(&walk, entry);
	for (k = 0; k < f->nr_blocks && done; k++)
		if (states->valid[k])
			walk_block(&walk, k, fn, arg);
	return done;
}
