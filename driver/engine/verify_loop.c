// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "verify_loop.h"

#define NR_REGS		10		/* r10 never changes */
#define MAX_STEP	(1 << 20)

/* A register's value: what reg was when the loop's head was come to, and low to high. */
struct kcsd_origin {
	u8 reg;			/* KCSD_NO_VAR: something else, or nobody comes here */
	s32 low;
	s32 high;
};

struct loop {
	const struct kcsd_code *code;
	u32 head;
	u32 last;		/* the jump back */
	struct kcsd_origin (*at)[NR_REGS];
	bool reached[KCSD_LOOP_INSNS];
};

int kcsd_loops_init(struct kcsd_loops *loops, const struct kcsd_flow *flow)
{
	loops->origins = kcsd_alloc((KCSD_LOOP_INSNS + 1) * NR_REGS * sizeof(*loops->origins));
	loops->is_short = kcsd_alloc(flow->code->nr);
	return loops->origins && loops->is_short ? 0 : -ENOMEM;
}

void kcsd_loops_exit(struct kcsd_loops *loops)
{
	kcsd_free(loops->origins);
	kcsd_free(loops->is_short);
}

/* ---- from the head to the jump back ---- */

static void join(struct loop *l, u32 i, const struct kcsd_origin *from)
{
	struct kcsd_origin *into = l->at[i - l->head];
	u32 reg;

	if (!l->reached[i - l->head])
		memcpy(into, from, NR_REGS * sizeof(*from));
	l->reached[i - l->head] = true;
	for (reg = 0; reg < NR_REGS; reg++) {
		if (into[reg].reg != from[reg].reg)
			into[reg].reg = KCSD_NO_VAR;
		into[reg].low = min(into[reg].low, from[reg].low);
		into[reg].high = max(into[reg].high, from[reg].high);
	}
}

static void add(struct kcsd_origin *o, s64 imm)
{
	if (imm < -MAX_STEP || imm > MAX_STEP || o->low + imm < -MAX_STEP ||
	    o->high + imm > MAX_STEP) {
		o->reg = KCSD_NO_VAR;
		return;
	}
	o->low += imm;
	o->high += imm;
}

static void step(struct kcsd_origin *o, const struct kcsd_decoded *d)
{
	u32 fields = kcsd_insn_fields(d->op);

	if (d->op == KCSD_OP_ADD64_K) {
		add(&o[d->dst], (s64)d->imm);
		return;
	}
	if (d->op == KCSD_OP_MOV64_X && d->src < NR_REGS) {
		o[d->dst] = o[d->src];
		return;
	}
	if (fields & KCSD_WRITES_DST)
		o[d->dst].reg = KCSD_NO_VAR;
	if (fields & KCSD_WRITES_SRC && d->src < NR_REGS)
		o[d->src].reg = KCSD_NO_VAR;
	if (d->op == KCSD_OP_CMPXCHG32 || d->op == KCSD_OP_CMPXCHG64)
		o[BPF_REG_0].reg = KCSD_NO_VAR;
}

/* Where control goes on from i within the loop. Other jumps back do ask. */
static void leave(struct loop *l, u32 i, const struct kcsd_origin *o)
{
	u32 fields = kcsd_insn_fields(l->code->insns[i].op);
	u32 target = kcsd_flow_target(l->code, i);

	if (fields & (KCSD_JUMPS_OFF | KCSD_JUMPS_IMM) && target > i && target <= l->last)
		join(l, target, o);
	if (!(fields & KCSD_ENDS))
		join(l, i + 1, o);
}

/* What registers are at the jump back. */
static const struct kcsd_origin *around(struct loop *l)
{
	struct kcsd_origin now[NR_REGS];
	u32 i, reg;

	for (reg = 0; reg < NR_REGS; reg++)
		now[reg] = (struct kcsd_origin){ .reg = (u8)reg };
	join(l, l->head, now);
	for (i = l->head; i < l->last; i++) {
		if (!l->reached[i - l->head])
			continue;
		memcpy(now, l->at[i - l->head], sizeof(now));
		step(now, &l->code->insns[i]);
		leave(l, i, now);
	}
	return l->reached[i - l->head] ? l->at[i - l->head] : NULL;
}

/* ---- how often ---- */

/* Calls nothing, and is apart from other loops that do not ask. */
static bool is_plain(const struct kcsd_loops *loops, const struct loop *l)
{
	u32 i;

	for (i = l->head; i <= l->last; i++)
		if (loops->is_short[i] || kcsd_insn_fields(l->code->insns[i].op) &
		    (KCSD_HELPS | KCSD_CALLS_IMM))
			return false;
	return true;
}

/* A register that goes one way cannot go further than from one bound to the other. */
static u64 trips_by(const struct kcsd_origin *o, u8 reg, struct kcsd_value value)
{
	if (o->reg != reg || (o->low <= 0 && o->high >= 0) || value.span > ~0ull - MAX_STEP)
		return ~0ull;
	return value.span / (u64)(o->low > 0 ? o->low : -o->high) + 1;
}

static u64 fewest_trips(const struct kcsd_origin *o, const struct kcsd_value *regs)
{
	u64 trips = ~0ull;
	u8 reg;

	for (reg = 0; reg < NR_REGS; reg++)
		trips = min(trips, trips_by(&o[reg], reg, regs[reg]));
	return trips;
}

u32 kcsd_loop_trips(struct kcsd_loops *loops, const struct kcsd_flow *flow, u32 i,
		    const struct kcsd_value *regs)
{
	struct loop l = {
		.code = flow->code, .head = kcsd_flow_target(flow->code, i), .last = i,
		.at = (void *)loops->origins,
	};
	u32 len = i - l.head + 1;
	const struct kcsd_origin *origins;
	u64 trips;

	if (len > KCSD_LOOP_INSNS || !is_plain(loops, &l))
		return 0;
	origins = around(&l);
	if (!origins)
		return 0;
	trips = fewest_trips(origins, regs);
	if (trips > loops->left / len)
		return 0;
	loops->left -= (u32)trips * len;
	memset(&loops->is_short[l.head], 1, len);
	return (u32)trips;
}
