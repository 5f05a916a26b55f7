// SPDX-License-Identifier: GPL-2.0
#include "guest.h"
#include "insn.h"

static u32 fields_at(const struct guest *g, u32 pc)
{
	return kcsd_insn_fields(kcsd_insn_find(&g->view->insns[pc]));
}

static u32 after(const struct guest *g, u32 pc)
{
	return pc + (fields_at(g, pc) & KCSD_WIDE ? 2 : 1);
}

static u32 target(const struct guest *g, u32 pc)
{
	return pc + 1 + (u32)g->view->insns[pc].imm;
}

bool guest_by_stub(const struct bpf_insn *insn)
{
	if (BPF_CLASS(insn->code) != BPF_STX || BPF_MODE(insn->code) != BPF_ATOMIC)
		return false;
	switch (insn->imm) {
	case BPF_LOAD_ACQ:
	case BPF_STORE_REL:
	case BPF_OR | BPF_FETCH:
	case BPF_AND | BPF_FETCH:
	case BPF_XOR | BPF_FETCH:
		return true;
	}
	return false;
}

static bool is_call(const struct guest *g, u32 pc)
{
	return fields_at(g, pc) & KCSD_CALLS_IMM;
}

static bool is_access(const struct guest *g, u32 pc)
{
	const struct bpf_insn *insn = &g->view->insns[pc];

	if (guest_by_stub(insn))
		return false;
	switch (BPF_CLASS(insn->code)) {
	case BPF_LDX:
		return insn->src_reg != BPF_REG_10;
	case BPF_ST:
	case BPF_STX:
		return insn->dst_reg != BPF_REG_10;
	}
	return false;
}

/* Find the next instruction of the function for which "is" holds; *pc moves after it. */
static u32 find(const struct guest *g, u32 *pc, bool (*is)(const struct guest *g, u32 pc))
{
	u32 at;

	while (*pc < g->view->insn_cnt && (*pc == g->first[g->clone] || !g->begins[*pc])) {
		at = *pc;
		*pc = after(g, at);
		if (is(g, at))
			return at;
	}
	return GUEST_NONE;
}

u32 guest_next_access(struct guest *g)
{
	return find(g, &g->access, is_access);
}

bool guest_calls(struct guest *g, u32 pos)
{
	u32 pc = find(g, &g->call, is_call), clone = g->clone + 1;

	while (clone < g->lowered->nr_functions && g->lowered->starts[clone] != pos)
		clone++;
	if (pc == GUEST_NONE || clone == g->lowered->nr_functions)
		return false;
	if (g->first[clone] == GUEST_NONE)
		g->first[clone] = target(g, pc);
	return g->first[clone] == target(g, pc);
}

void guest_follow(struct guest *g, u32 pos)
{
	if (pos != g->lowered->starts[g->clone + 1])
		return;
	g->clone++;
	g->access = g->first[g->clone];
	g->call = g->first[g->clone];
}

void guest_init(struct guest *g, const struct kcsd_image_view *view,
		const struct kcsd_lowered *lowered)
{
	u32 pc, n;

	*g = (struct guest){
		.view = view, .lowered = lowered,
		.begins = calloc(view->insn_cnt, 1),
		.first = calloc(lowered->nr_functions, sizeof(*g->first)),
	};
	assert(g->begins && g->first);
	for (n = 1; n < lowered->nr_functions; n++)
		g->first[n] = GUEST_NONE;
	for (pc = 0; pc < view->insn_cnt; pc = after(g, pc))
		if (is_call(g, pc))
			g->begins[target(g, pc)] = 1;
}

void guest_exit(struct guest *g)
{
	free(g->begins);
	free(g->first);
}
