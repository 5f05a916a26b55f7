// SPDX-License-Identifier: GPL-2.0 OR MIT
/* What a conditional jump tells about the registers it compares. */
#include "verify_state.h"

enum relation { EQ, NE, LT, LE, GT, GE, SLT, SLE, SGT, SGE, SET, CLEAR };

static const u8 opposite[] = {
	[EQ] = NE, [NE] = EQ, [LT] = GE, [LE] = GT, [GT] = LE, [GE] = LT,
	[SLT] = SGE, [SLE] = SGT, [SGT] = SLE, [SGE] = SLT, [SET] = CLEAR, [CLEAR] = SET,
};

static enum relation relation_of(u8 code)
{
	switch (BPF_OP(code)) {
	case BPF_JEQ: return EQ;
	case BPF_JNE: return NE;
	case BPF_JLT: return LT;
	case BPF_JLE: return LE;
	case BPF_JGT: return GT;
	case BPF_JGE: return GE;
	case BPF_JSLT: return SLT;
	case BPF_JSLE: return SLE;
	case BPF_JSGT: return SGT;
	case BPF_JSGE: return SGE;
	}
	return SET;
}

static bool is_signed(enum relation rel)
{
	return rel >= SLT && rel <= SGE;
}

/* x < y, or with gap 0, x <= y. */
static bool less(struct kcsd_value *x, struct kcsd_value *y, u64 gap)
{
	if (kcsd_value_max(*y) < gap)
		return false;
	if (!kcsd_value_meet(x, kcsd_value_range(0, kcsd_value_max(*y) - gap)))
		return false;
	if (kcsd_value_min(*x) > ~0ull - gap)
		return false;
	return kcsd_value_meet(y, kcsd_value_range(kcsd_value_min(*x) + gap, ~0ull));
}

static bool signed_less(struct kcsd_value *x, struct kcsd_value *y, s64 gap)
{
	if (kcsd_value_smax(*y) < S64_MIN + gap)
		return false;
	if (!kcsd_value_meet(x, kcsd_value_range(S64_MIN, kcsd_value_smax(*y) - gap)))
		return false;
	if (kcsd_value_smin(*x) > S64_MAX - gap)
		return false;
	return kcsd_value_meet(y, kcsd_value_range(kcsd_value_smin(*x) + gap, S64_MAX));
}

static bool differ(struct kcsd_value *x, struct kcsd_value *y)
{
	if (kcsd_value_is_const(*y) && !kcsd_value_exclude(x, y->start))
		return false;
	return !kcsd_value_is_const(*x) || kcsd_value_exclude(y, x->start);
}

/* No bit of x is set in mask. */
static bool clear(struct kcsd_value *x, struct kcsd_value mask)
{
	u64 bits = mask.start;

	if (!kcsd_value_is_const(mask) || bits & (bits + 1))
		return true;
	return kcsd_value_align(x, bits + 1);
}

static bool refine(enum relation rel, struct kcsd_value *x, struct kcsd_value *y)
{
	switch (rel) {
	case EQ:
		return kcsd_value_meet(x, *y) && kcsd_value_meet(y, *x);
	case NE:
		return differ(x, y);
	case LT:
	case LE:
		return less(x, y, rel == LT);
	case GT:
	case GE:
		return less(y, x, rel == GT);
	case SLT:
	case SLE:
		return signed_less(x, y, rel == SLT);
	case SGT:
	case SGE:
		return signed_less(y, x, rel == SGT);
	case SET:
		return kcsd_value_exclude(x, 0);
	case CLEAR:
		return clear(x, *y);
	}
	return true;
}

/* Where x - y lies, by the relation alone. False: that is not to be said. */
static bool difference(enum relation rel, struct kcsd_value x, struct kcsd_value y,
		       struct kcsd_value *d)
{
	u64 low = kcsd_value_min(x) - kcsd_value_max(y);
	u64 high = kcsd_value_max(x) - kcsd_value_min(y);

	if (is_signed(rel)) {
		low = (u64)kcsd_value_smin(x) - (u64)kcsd_value_smax(y);
		high = (u64)kcsd_value_smax(x) - (u64)kcsd_value_smin(y);
	}
	switch (rel) {
	case EQ:
		*d = kcsd_value_const(0);
		return true;
	case LT:
	case SLT:
		*d = kcsd_value_range(low, ~0ull);
		return true;
	case LE:
	case SLE:
		*d = kcsd_value_range(low, 0);
		return true;
	case GT:
	case SGT:
		*d = kcsd_value_range(1, high);
		return true;
	case GE:
	case SGE:
		*d = kcsd_value_range(0, high);
		return true;
	default:
		return false;
	}
}

struct compare {
	const struct kcsd_vars *vars;
	struct kcsd_value *s;
	struct kcsd_term x, y;		/* y.plus is KCSD_NO_VAR: an immediate */
	enum relation rel;		/* of 64-bit numbers */
};

/* What is known of a register is known of what it was made from. */
static bool learn_term(struct compare *c, const struct kcsd_term *t, struct kcsd_value value)
{
	return kcsd_state_learn(c->vars, c->s, t->plus, t->minus,
				kcsd_value_sub(value, kcsd_value_const(t->add)));
}

static bool learn_difference(struct compare *c, struct kcsd_value x, struct kcsd_value y)
{
	struct kcsd_value add = kcsd_value_const(c->x.add - c->y.add);
	struct kcsd_value d = kcsd_state_difference(c->vars, c->s, c->x.plus, c->y.plus);
	struct kcsd_value bounds;

	d = kcsd_value_add(d, add);
	if (c->rel == NE) {
		if (!kcsd_value_exclude(&d, 0))
			return false;
	} else if (difference(c->rel, x, y, &bounds) && !kcsd_value_meet(&d, bounds)) {
		return false;
	}
	return kcsd_state_learn(c->vars, c->s, c->x.plus, c->y.plus, kcsd_value_sub(d, add));
}

/*
 * A comparison of the lower halves: on these. What they say of the whole, where that
 * is no more than they are.
 */
static bool refine_halves(enum relation rel, struct kcsd_value *x, struct kcsd_value *y)
{
	struct kcsd_value low_x, low_y;

	low_x = is_signed(rel) ? kcsd_value_sign_extend(*x, 32) : kcsd_value_zero_extend(*x, 32);
	low_y = is_signed(rel) ? kcsd_value_sign_extend(*y, 32) : kcsd_value_zero_extend(*y, 32);
	if (!refine(rel, &low_x, &low_y))
		return false;
	return (kcsd_value_max(*x) > U32_MAX ||
		kcsd_value_meet(x, kcsd_value_zero_extend(low_x, 32))) &&
	       (kcsd_value_max(*y) > U32_MAX ||
		kcsd_value_meet(y, kcsd_value_zero_extend(low_y, 32)));
}

/* Comparing the lower halves is as good as comparing all. */
static bool halves_do(enum relation rel, struct kcsd_value x, struct kcsd_value y)
{
	u64 most = is_signed(rel) ? S32_MAX : U32_MAX;

	return kcsd_value_max(x) <= most && kcsd_value_max(y) <= most;
}

static bool branch64(struct compare *c, const struct kcsd_decoded *d, struct kcsd_value x,
		     struct kcsd_value y)
{
	if (!refine(c->rel, &x, &y))
		return false;
	c->s[d->dst] = x;
	if (!learn_term(c, &c->x, x))
		return false;
	if (c->y.plus == KCSD_NO_VAR)
		return true;
	c->s[d->src] = y;
	if (!learn_term(c, &c->y, y))
		return false;
	if (c->x.minus != KCSD_NO_VAR || c->y.minus != KCSD_NO_VAR)
		return true;
	if (!learn_difference(c, x, y))
		return false;
	return kcsd_value_meet(&c->s[d->dst], kcsd_value_add(c->s[c->x.plus],
							     kcsd_value_const(c->x.add))) &&
	       kcsd_value_meet(&c->s[d->src], kcsd_value_add(c->s[c->y.plus],
							     kcsd_value_const(c->y.add)));
}

bool kcsd_state_branch(const struct kcsd_vars *vars, const struct kcsd_flow *flow,
		       struct kcsd_value *s, u32 i, bool taken)
{
	const struct kcsd_decoded *d = &flow->code->insns[i];
	u8 code = kcsd_insn_get(d->op)->code;
	bool with_imm = kcsd_insn_fields(d->op) & KCSD_USES_IMM;
	struct kcsd_value x = s[d->dst], y = with_imm ? kcsd_value_const(d->imm) : s[d->src];
	struct compare c = { .vars = vars, .s = s, .rel = relation_of(code) };
	bool halves = BPF_CLASS(code) == BPF_JMP32;

	if (!taken)
		c.rel = opposite[c.rel];
	if (halves && with_imm)
		y = kcsd_value_const((u32)d->imm);
	if (halves && !halves_do(c.rel, x, y)) {
		if (!refine_halves(c.rel, &x, &y))
			return false;
		s[d->dst] = x;
		if (!with_imm)
			s[d->src] = y;
		return true;
	}
	c.x = kcsd_vars_term(vars, flow, i, d->dst);
	c.y.plus = KCSD_NO_VAR;
	if (!with_imm)
		c.y = kcsd_vars_term(vars, flow, i, d->src);
	return branch64(&c, d, x, y);
}
