// SPDX-License-Identifier: GPL-2.0
/* Generate programs: choices, the frame of a program, and its input. */
#include "insn.h"
#include "maker.h"

#define RESERVE		1024	/* units for the ends of functions and of the current statement */
#define MAX_NESTING	4

/* ---- choices ---- */

u64 maker_bits(struct maker *m, u32 bytes)
{
	u64 value = 0;

	while (bytes-- && m->left) {
		value = value << 8 | *m->choices++;
		m->left--;
	}
	return value;
}

u32 maker_below(struct maker *m, u32 n)
{
	return maker_bits(m, n > 256 ? 3 : 1) % n;
}

bool maker_once_in(struct maker *m, u32 n)
{
	return maker_below(m, n) == n - 1;
}

u32 maker_reg(struct maker *m)
{
	return maker_below(m, 11);
}

u32 maker_target(struct maker *m)
{
	u32 reg = maker_below(m, 10), i;

	for (i = 0; i < 10 && m->kept & 1u << reg; i++)
		reg = (reg + 1) % 10;
	return reg;
}

u64 maker_number(struct maker *m)
{
	const u64 numbers[] = {
		0, 1, -1, 7, 8, 31, 32, 63, 64, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff,
		0x7fffffff, 0x80000000, 0xffffffff, (u64)1 << 32, INT64_MAX, (u64)1 << 63,
		-(u64)0x80000000, KCSD_GUEST_CTX, KCSD_GUEST_DATA, m->layout.stack,
		m->layout.heap, m->layout.args, m->end,
	};
	u32 which = maker_below(m, ARRAY_SIZE(numbers) + 8), bytes = 1 + maker_below(m, 8);

	if (which >= ARRAY_SIZE(numbers))
		return maker_bits(m, bytes);
	return numbers[which] + (maker_once_in(m, 3) ? maker_below(m, 17) - 8ull : 0);
}

struct span {
	u64 start;
	u64 len;
};

static u32 spans(const struct maker *m, struct span *span, u32 size, bool write)
{
	const struct kcsd_layout *l = &m->layout;
	const struct span all[] = {
		{ KCSD_GUEST_CTX, KCSD_GUEST_DATA - KCSD_GUEST_CTX },
		{ KCSD_GUEST_DATA, l->stack - KCSD_GUEST_DATA },
		{ l->stack, l->heap - l->stack },
		{ l->heap, l->args - l->heap },
		{ l->args, m->end - l->args },
	};
	u32 i, nr = 0;

	for (i = write; i < ARRAY_SIZE(all); i++)
		if (all[i].len >= size)
			span[nr++] = all[i];
	return nr;
}

u64 maker_address(struct maker *m, u32 size, bool write)
{
	struct span span[5], *s = &span[maker_below(m, spans(m, span, size, write))];
	u64 off;

	switch (maker_below(m, 8)) {
	case 0:
		off = 0;
		break;
	case 1:
	case 2:
		off = s->len - size;
		break;
	default:
		off = maker_below(m, s->len - size + 1);
	}
	if (size && !maker_once_in(m, 16))
		off -= (s->start + off) % size;
	if (maker_once_in(m, 48))
		return s->start + (maker_once_in(m, 2) ? s->len : 0) + maker_below(m, 17) - 8;
	return s->start + off;
}

/* ---- instructions ---- */

bool maker_full(const struct maker *m)
{
	return m->nr + RESERVE > GENERATE_MAX_INSNS;
}

u32 maker_emit(struct maker *m, u8 code, u32 dst, u32 src, s16 off, s32 imm)
{
	assert(m->nr < GENERATE_MAX_INSNS);
	m->g->insns[m->nr] = (struct bpf_insn){
		.code = code, .dst_reg = dst, .src_reg = src, .off = off, .imm = imm,
	};
	return m->nr++;
}

void maker_load(struct maker *m, u32 reg, u64 value)
{
	if ((u64)(s64)(s32)value == value && !maker_once_in(m, 4)) {
		maker_emit(m, BPF_ALU64 | BPF_MOV | BPF_K, reg, 0, 0, (s32)value);
	} else if ((u32)value == value && !maker_once_in(m, 4)) {
		maker_emit(m, BPF_ALU | BPF_MOV | BPF_K, reg, 0, 0, (s32)value);
	} else {
		maker_emit(m, BPF_LD | BPF_IMM | BPF_DW, reg, 0, 0, (s32)value);
		m->second[m->nr] = true;
		maker_emit(m, 0, 0, 0, 0, (s32)(value >> 32));
	}
}

u32 maker_jump(struct maker *m, u32 reg, s32 imm)
{
	static const u8 ops[] = {
		BPF_JEQ, BPF_JNE, BPF_JGT, BPF_JGE, BPF_JLT, BPF_JLE, BPF_JSGT, BPF_JSGE,
		BPF_JSLT, BPF_JSLE, BPF_JSET,
	};
	u8 op = ops[maker_below(m, ARRAY_SIZE(ops))];
	u8 class = maker_once_in(m, 3) ? BPF_JMP32 : BPF_JMP;

	if (maker_once_in(m, 3))
		return maker_emit(m, class | op | BPF_X, reg, maker_reg(m), 0, 0);
	return maker_emit(m, class | op | BPF_K, reg, 0, 0, imm);
}

void maker_land(struct maker *m, u32 pc)
{
	s32 distance = (s32)(m->nr - pc - 1);
	struct bpf_insn *insn = &m->g->insns[pc];

	assert(distance <= INT16_MAX);
	if (insn->code == (BPF_JMP32 | BPF_JA))
		insn->imm = distance;
	else
		insn->off = (s16)distance;
}

/* ---- a program ---- */

static const struct {
	void (*make)(struct maker *m);
	u32 weight;
} statements[] = {
	{ maker_alu, 40 },
	{ maker_number_to_reg, 16 },
	{ maker_at_frame, 20 },
	{ maker_at_constant, 20 },
	{ maker_at_index, 24 },
	{ maker_at_walk, 6 },
	{ maker_at_context, 6 },
	{ maker_at_anything, 1 },
	{ maker_branch, 20 },
	{ maker_loop, 8 },
	{ maker_jump_anywhere, 1 },
	{ maker_call, 12 },
	{ maker_helper, 12 },
	{ maker_exit, 1 },
	{ maker_bulk, 1 },
};

static void statement(struct maker *m)
{
	u32 i, sum = 0, which;

	for (i = 0; i < ARRAY_SIZE(statements); i++)
		sum += statements[i].weight;
	which = maker_below(m, sum);
	for (i = 0; which >= statements[i].weight; i++)
		which -= statements[i].weight;
	statements[i].make(m);
}

void maker_block(struct maker *m, u32 max)
{
	u32 n = 1 + maker_below(m, max);

	if (m->nesting == MAX_NESTING)
		return;
	m->nesting++;
	while (n-- && m->left && !maker_full(m))
		statement(m);
	m->nesting--;
}

/* Choose any instruction of [from, to). */
static u32 any_pc(struct maker *m, u32 from, u32 to)
{
	u32 pc = from + maker_below(m, to - from);

	return m->second[pc] ? pc - 1 : pc;
}

/* Set the result: mostly from all registers, or one of them, or unchanged. */
static void make_result(struct maker *m)
{
	u32 reg;

	if (maker_once_in(m, 8)) {
		maker_emit(m, BPF_ALU64 | BPF_MOV | BPF_X, 0, maker_reg(m), 0, 0);
		return;
	}
	for (reg = maker_once_in(m, 8) ? 10 : 1; reg < 10; reg++) {
		maker_emit(m, BPF_ALU64 | BPF_MUL | BPF_K, 0, 0, 0, 31);
		maker_emit(m, BPF_ALU64 | BPF_ADD | BPF_X, 0, reg, 0, 0);
	}
}

static void make_function(struct maker *m)
{
	u32 i, pc, start = m->nr;

	m->starts[m->function] = start;
	m->nr_jumps = 0;
	m->kept = 0;
	maker_block(m, 24);
	make_result(m);
	maker_emit(m, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	for (i = 0; i < m->nr_jumps; i++) {
		pc = m->jumps[i];
		m->g->insns[pc].off = any_pc(m, pc + 1, m->nr) - pc - 1;
	}
}

static void make_functions(struct maker *m)
{
	u32 i, pc;

	m->nr_functions = 1 + maker_below(m, KCSD_MAX_CALL_DEPTH);
	for (m->function = 0; m->function < m->nr_functions; m->function++)
		make_function(m);
	for (i = 0; i < m->nr_calls; i++) {
		pc = m->calls[i].pc;
		m->g->insns[pc].imm = (s32)(m->starts[m->calls[i].function] - pc - 1);
	}
}

/* ---- what it is run with ---- */

static u32 some_len(struct maker *m, u32 max)
{
	return maker_once_in(m, 3) ? 0 : maker_below(m, max + 1);
}

static void make_memory(struct maker *m)
{
	struct generated *g = m->g;
	struct kcsd_image_view view = {};
	u32 i;

	view.data_len = some_len(m, GENERATE_MAX_DATA);
	view.bss_len = some_len(m, 512);
	view.heap_len = some_len(m, 4096);
	g->input.args_len = some_len(m, GENERATE_MAX_ARGS);
	for (i = 0; i < view.data_len; i++)
		g->data[i] = i * 5 + (i >> 3);
	for (i = 0; i < g->input.args_len; i++)
		g->args[i] = i * 7 + (i >> 4);
	g->parts.data = g->data;
	g->parts.data_len = view.data_len;
	g->parts.bss_len = view.bss_len;
	g->parts.heap_len = view.heap_len;
	m->end = KCSD_GUEST_CTX + kcsd_layout_init(&m->layout, &view, g->input.args_len);
}

static void make_input(struct maker *m)
{
	struct generated *g = m->g;

	g->grants[0] = (struct kcsd_lba_grant){ .nlb = cpu_to_le32(8), .access = KCSD_GRANT_READ };
	g->grants[1] = (struct kcsd_lba_grant){
		.slba = cpu_to_le64(8), .nlb = cpu_to_le32(8), .access = KCSD_GRANT_ALL,
	};
	g->input.grants = g->grants;
	g->input.nr_grants = 2;
	g->input.lba_size = DEVICE_LBA_SIZE;
	g->input.stream_len = kcsd_stream_max(&g->input);
	g->input.args = g->args;
	g->input.out_max = 256;
	g->input.cparam1 = maker_number(m);
	g->input.cparam2 = maker_number(m);
	g->budget = maker_once_in(m, 8) ? 1 + maker_below(m, 300) : GENERATE_BUDGET;
	g->stop_tick = maker_once_in(m, 16) ? 1 + maker_below(m, 4) : 0;
	g->stop_reason = maker_once_in(m, 2) ? KCSD_FAULT_TIME : KCSD_FAULT_CANCELLED;
}

void generate(struct generated *g, const u8 *choices, size_t len)
{
	struct maker *m = calloc(1, sizeof(*m));

	assert(m);
	memset(g, 0, offsetof(struct generated, insns));
	m->g = g;
	m->choices = choices;
	m->left = len;
	make_memory(m);
	make_input(m);
	make_functions(m);
	g->parts.insns = g->insns;
	g->parts.insn_cnt = m->nr;
	free(m);
}

size_t generate_choices(u64 seed, u8 choices[GENERATE_MAX_CHOICES])
{
	u64 x = seed * 0x9e3779b97f4a7c15u + 1, z;
	size_t i, len = GENERATE_MAX_CHOICES;

	for (i = 0; i < len; i++) {
		x += 0x9e3779b97f4a7c15u;
		z = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
		z = (z ^ z >> 27) * 0x94d049bb133111ebu;
		choices[i] = z >> 56;
		if (!i)
			len = 32 + z % (GENERATE_MAX_CHOICES - 32);
	}
	return len;
}
