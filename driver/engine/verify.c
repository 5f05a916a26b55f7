// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The program is analysed twice. First as if each branch could go either way,
 * whatever it tests, and memory held anything: what is proven then holds even where the
 * CPU speculates. Then with all that can be learnt.
 *
 * Callers come before what they call, so that functions are known to be called with
 * what they are called with. What they return is known in a second round only.
 */
#include "verify.h"
#include "verify_walk.h"

struct verifier {
	struct kcsd_flow flow;
	struct kcsd_vars vars;
	struct kcsd_states states;
	struct kcsd_summary *summaries;	/* of this round; of the last one: r0 */
	struct kcsd_walk walk;
	const struct kcsd_function *f;
	struct kcsd_value entry[KCSD_MAX_VARS + KCSD_MAX_PAIRS];
	u8 *proofs;
	bool last_round;
	struct kcsd_verify_watch *watch;	/* or NULL */
};

const char *kcsd_proof_text(u8 proof)
{
	static const char * const texts[] = {
#define TEXT(value, name, sentence) [value] = sentence,
		KCSD_PROOFS(TEXT)
#undef TEXT
	};

	return proof < ARRAY_SIZE(texts) ? texts[proof] : NULL;
}

/* ---- what is found ---- */

static void note_proof(struct verifier *v, const struct kcsd_value *s, u32 i)
{
	u8 *proof = &v->proofs[v->flow.code->pc[i]];

	if (!kcsd_proof_safe(*proof))
		*proof = kcsd_step_proof(&v->walk, s, i);
}

static void join_value(struct kcsd_value *into, struct kcsd_value v, bool first)
{
	*into = first ? v : kcsd_value_join(*into, v);
}

static void note_call(struct verifier *v, const struct kcsd_value *s, u32 i)
{
	const struct kcsd_function *callee;
	struct kcsd_summary *summary;
	u8 k;

	callee = kcsd_flow_function(&v->flow, kcsd_flow_target(v->flow.code, i));
	summary = &v->summaries[callee - v->flow.functions];
	for (k = 0; k < 5; k++)
		join_value(&summary->args[k], s[BPF_REG_1 + k], !summary->called);
	summary->called = true;
}

static void note_return(struct verifier *v, const struct kcsd_value *s)
{
	struct kcsd_summary *summary = &v->summaries[v->f - v->flow.functions];

	join_value(&summary->found, s[BPF_REG_0], !summary->returned);
	summary->returned = true;
}

static void note(const struct kcsd_walk *w, const struct kcsd_value *s, u32 i, void *arg)
{
	struct verifier *v = arg;

	if (v->last_round)
		note_proof(v, s, i);
	if (v->last_round && v->watch)
		v->watch->fn(v->watch, w->flow->code->pc[i], s, w->learn);
	if (w->flow->code->insns[i].op == KCSD_OP_CALL_LOCAL)
		note_call(v, s, i);
	if (w->flow->code->insns[i].op == KCSD_OP_EXIT)
		note_return(v, s);
}

/* ---- one pass ---- */

static struct kcsd_value frame_end(const struct verifier *v, const struct kcsd_function *f)
{
	u64 end = (u64)v->flow.layout.stack + KCSD_MAX_CALL_DEPTH * KCSD_FRAME_SIZE;
	u64 span = (f->max_depth - f->min_depth) * KCSD_FRAME_SIZE;

	return (struct kcsd_value){ end - f->max_depth * KCSD_FRAME_SIZE, span,
				    span ? KCSD_FRAME_SIZE : 0 };
}

static void make_entry(struct verifier *v, const struct kcsd_function *f, struct kcsd_value *s)
{
	const struct kcsd_summary *summary = &v->summaries[f - v->flow.functions];
	u8 reg;

	kcsd_state_init(&v->vars, s);
	kcsd_state_set(&v->vars, s, BPF_REG_10, frame_end(v, f));
	kcsd_state_set(&v->vars, s, BPF_REG_0, kcsd_value_const(0));
	for (reg = BPF_REG_1; reg <= BPF_REG_5; reg++)
		kcsd_state_set(&v->vars, s, reg, summary->args[reg - BPF_REG_1]);
	for (reg = BPF_REG_6; reg <= BPF_REG_9; reg++)
		kcsd_state_set(&v->vars, s, reg, kcsd_value_const(0));
}

static bool walk_function(struct verifier *v, const struct kcsd_function *f)
{
	bool simple = !v->walk.learn;

	v->f = f;
	/* Where there is no memory for all of it, registers alone are followed. */
	do {
		kcsd_vars_init(&v->vars, &v->flow, f, simple);
		make_entry(v, f, v->entry);
		if (kcsd_walk_function(&v->walk, &v->states, f, v->summaries, v->entry, note,
				       v))
			return true;
		simple = !simple;
	} while (simple);
	return false;
}

static void start_summaries(struct verifier *v)
{
	struct kcsd_value *args = v->summaries[0].args;
	u8 k;

	for (k = 0; k < 5; k++)
		args[k] = kcsd_value_const(k ? 0 : KCSD_GUEST_CTX);
	v->summaries[0].called = true;
}

static bool walk_all(struct verifier *v)
{
	u32 depth, k;

	for (depth = 0; depth < KCSD_MAX_CALL_DEPTH; depth++)
		for (k = 0; k < v->flow.nr_functions; k++)
			if (v->flow.functions[k].called &&
			    v->flow.functions[k].max_depth == depth && v->summaries[k].called &&
			    !walk_function(v, &v->flow.functions[k]))
				return false;
	return true;
}

/* Of the round before, what functions return; nothing is known before the first. */
static void next_round(struct verifier *v, bool first)
{
	u32 k;

	for (k = 0; k < v->flow.nr_functions; k++) {
		struct kcsd_summary *summary = &v->summaries[k];

		summary->r0 = first ? kcsd_value_any() : summary->found;
		summary->returns = first || summary->returned;
		summary->called = false;
		summary->returned = false;
	}
	start_summaries(v);
}

static bool pass(struct verifier *v, bool learn)
{
	bool rounds = learn && v->flow.nr_functions > 1;

	v->walk = (struct kcsd_walk){ .flow = &v->flow, .vars = &v->vars, .learn = learn };
	v->last_round = !rounds;
	next_round(v, true);
	if (!walk_all(v))
		return false;
	if (!rounds)
		return true;
	v->last_round = true;
	next_round(v, false);
	return walk_all(v);
}

/* ---- all ---- */

static bool is_access(const struct bpf_insn *insn)
{
	u8 class = BPF_CLASS(insn->code);

	return class == BPF_LDX || class == BPF_ST || class == BPF_STX;
}

static void set_unproven(const struct kcsd_image_view *view, u8 *proofs, u8 proof)
{
	u32 pc;

	for (pc = 0; pc < view->insn_cnt; pc++)
		if (!is_access(&view->insns[pc]))
			proofs[pc] = KCSD_PROOF_NONE;
		else if (!kcsd_proof_safe(proofs[pc]))
			proofs[pc] = proof;
}

static int verify(struct verifier *v, const struct kcsd_image_view *view)
{
	int ret;

	ret = kcsd_flow_init(&v->flow, view);
	if (!ret)
		ret = kcsd_states_init(&v->states, &v->flow);
	if (ret)
		return ret;
	v->summaries = kcsd_alloc(v->flow.nr_functions * sizeof(*v->summaries));
	if (!v->summaries)
		return -ENOMEM;
	set_unproven(view, v->proofs, KCSD_PROOF_DEAD);
	if (!pass(v, false) || !pass(v, true))
		set_unproven(view, v->proofs, KCSD_PROOF_GAVE_UP);
	return 0;
}

int kcsd_verify(const struct kcsd_image_view *view, u8 *proofs)
{
	return kcsd_verify_watched(view, proofs, NULL);
}

int kcsd_verify_watched(const struct kcsd_image_view *view, u8 *proofs,
			struct kcsd_verify_watch *watch)
{
	struct kcsd_layout layout;
	struct verifier *v;
	int ret = 0;

	memset(proofs, 0, view->insn_cnt);
	set_unproven(view, proofs, KCSD_PROOF_GAVE_UP);
	/* No drive has such memory; and its addresses are cut. */
	if (kcsd_layout_init(&layout, view, KCSD_MAX_ARGS) > U32_MAX)
		return 0;
	v = kcsd_alloc(sizeof(*v));
	if (!v)
		return -ENOMEM;
	v->proofs = proofs;
	v->watch = watch;
	ret = verify(v, view);
	kcsd_free(v->summaries);
	kcsd_states_exit(&v->states);
	kcsd_flow_exit(&v->flow);
	kcsd_free(v);
	return ret;
}
