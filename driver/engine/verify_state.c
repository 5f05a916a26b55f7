// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "verify_state.h"

static struct kcsd_value *pair_at(const struct kcsd_vars *vars, struct kcsd_value *s, u8 k)
{
	return &s[vars->nr_vars + k];
}

void kcsd_state_init(const struct kcsd_vars *vars, struct kcsd_value *s)
{
	u32 k;

	for (k = 0; k < kcsd_state_len(vars); k++)
		s[k] = kcsd_value_any();
}

static struct kcsd_value tighter(struct kcsd_value a, struct kcsd_value b)
{
	return a.span < b.span || (a.span == b.span && a.stride > b.stride) ? a : b;
}

struct kcsd_value kcsd_state_difference(const struct kcsd_vars *vars, const struct kcsd_value *s,
					u8 plus, u8 minus)
{
	struct kcsd_value plain;
	u8 k;

	if (minus == KCSD_NO_VAR)
		return s[plus];
	if (plus == minus)
		return kcsd_value_const(0);
	plain = kcsd_value_sub(s[plus], s[minus]);
	k = kcsd_vars_pair(vars, plus, minus);
	if (k != KCSD_NO_VAR)
		return tighter(s[vars->nr_vars + k], plain);
	k = kcsd_vars_pair(vars, minus, plus);
	if (k != KCSD_NO_VAR)
		return tighter(kcsd_value_neg(s[vars->nr_vars + k]), plain);
	return plain;
}

void kcsd_state_move(const struct kcsd_vars *vars, struct kcsd_value *s, u8 var, u8 from,
		     struct kcsd_value add)
{
	u8 k;

	for (k = 0; k < vars->nr_pairs; k++) {
		const struct kcsd_pair *p = &vars->pairs[k];

		if (p->plus == var)
			*pair_at(vars, s, k) = kcsd_value_add(
				kcsd_state_difference(vars, s, from, p->minus), add);
		else if (p->minus == var)
			*pair_at(vars, s, k) = kcsd_value_sub(
				kcsd_state_difference(vars, s, p->plus, from), add);
	}
	s[var] = kcsd_value_add(s[from], add);
}

void kcsd_state_set(const struct kcsd_vars *vars, struct kcsd_value *s, u8 var,
		    struct kcsd_value value)
{
	u8 k;

	s[var] = value;
	for (k = 0; k < vars->nr_pairs; k++) {
		const struct kcsd_pair *p = &vars->pairs[k];

		if (p->plus == var || p->minus == var)
			*pair_at(vars, s, k) = kcsd_value_sub(s[p->plus], s[p->minus]);
	}
}

bool kcsd_state_learn(const struct kcsd_vars *vars, struct kcsd_value *s, u8 plus, u8 minus,
		      struct kcsd_value value)
{
	u8 k;

	if (minus == KCSD_NO_VAR)
		return kcsd_value_meet(&s[plus], value);
	k = kcsd_vars_pair(vars, plus, minus);
	if (k == KCSD_NO_VAR && kcsd_vars_pair(vars, minus, plus) != KCSD_NO_VAR)
		return kcsd_state_learn(vars, s, minus, plus, kcsd_value_neg(value));
	if (k != KCSD_NO_VAR) {
		if (!kcsd_value_meet(pair_at(vars, s, k), value))
			return false;
		value = tighter(*pair_at(vars, s, k), value);
	}
	return kcsd_value_meet(&s[plus], kcsd_value_add(s[minus], value)) &&
	       kcsd_value_meet(&s[minus], kcsd_value_sub(s[plus], value));
}

bool kcsd_state_join(const struct kcsd_vars *vars, struct kcsd_value *into,
		     const struct kcsd_value *from)
{
	bool grown = false;
	u32 k;

	for (k = 0; k < kcsd_state_len(vars); k++) {
		struct kcsd_value v = kcsd_value_join(into[k], from[k]);

		grown |= !kcsd_value_same(v, into[k]);
		into[k] = v;
	}
	return grown;
}

bool kcsd_state_widen(const struct kcsd_vars *vars, struct kcsd_value *into,
		      const struct kcsd_value *from, u32 nr_stops)
{
	bool grown = false;
	u32 k;

	for (k = 0; k < kcsd_state_len(vars); k++) {
		struct kcsd_value v = kcsd_value_join(into[k], from[k]);

		if (kcsd_value_same(v, into[k]))
			continue;
		grown = true;
		into[k] = nr_stops ? kcsd_value_widen(into[k], v, vars->stops, nr_stops) :
				     kcsd_value_any();
	}
	return grown;
}
