// SPDX-License-Identifier: GPL-2.0
/*
 * Random programs: arithmetic, guarded and masked accesses, loops of all kinds,
 * spills, helpers and functions. Always legal; most run for a while before they fault.
 */
#include "insn.h"
#include "watch.h"

#define BSS_LEN		4096
#define HEAP_LEN	1024
#define MAX_FUNCTIONS	3
#define MAX_CALLS	16
#define LONGEST_ITEM	24	/* instructions */

/* Where the calls are that get their targets once the functions are there. */
struct calls {
	u32 at[MAX_CALLS];
	u32 nr;
};

static const s32 numbers[] = {
	0, 1, 2, 3, 4, 7, 8, 12, 16, 24, 63, 64, 100, 255, 256, 1000, 4096, -1, -2, -8, -16,
	S32_MAX, -S32_MAX - 1, 0x2000, 0x2040, 0x3000,
};
static const u8 arithmetic[] = {
	BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_OR, BPF_AND, BPF_LSH, BPF_RSH, BPF_NEG,
	BPF_MOD, BPF_XOR, BPF_MOV, BPF_ARSH,
};
static const u8 compares[] = {
	BPF_JEQ, BPF_JNE, BPF_JLT, BPF_JLE, BPF_JGT, BPF_JGE, BPF_JSLT, BPF_JSLE, BPF_JSGT,
	BPF_JSGE, BPF_JSET,
};
static const u8 sizes[] = { BPF_B, BPF_H, BPF_W, BPF_DW };

/* A linear congruential generator's upper bits, below n. */
u32 verify_gen_below(struct verify_gen *g, u32 n)
{
	g->random = g->random * 6364136223846793005u + 1442695040888963407u;
	return (u32)((g->random >> 33) % n);
}

static bool chance(struct verify_gen *g, u32 percent)
{
	return verify_gen_below(g, 100) < percent;
}

#define PICK(g, a)	((a)[verify_gen_below(g, ARRAY_SIZE(a))])

static s32 number(struct verify_gen *g)
{
	return chance(g, 80) ? PICK(g, numbers) : (s32)verify_gen_below(g, 1u << 20);
}

static u8 reg(struct verify_gen *g)
{
	return verify_gen_below(g, 10);
}

static struct bpf_insn *emit(struct verify_gen *g, u8 code, u8 dst, u8 src, s16 off, s32 imm)
{
	g->insns[g->insn_cnt] = (struct bpf_insn){ code, dst, src, off, imm };
	return &g->insns[g->insn_cnt++];
}

static void move(struct verify_gen *g, u8 dst, s32 imm)
{
	emit(g, BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, imm);
}

static void copy(struct verify_gen *g, u8 dst, u8 src)
{
	emit(g, BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0);
}

static void add(struct verify_gen *g, u8 dst, s32 imm)
{
	emit(g, BPF_ALU64 | BPF_ADD | BPF_K, dst, 0, 0, imm);
}

/* ---- arithmetic ---- */

static void emit_arithmetic(struct verify_gen *g, u8 dst)
{
	u8 op = PICK(g, arithmetic), class = chance(g, 70) ? BPF_ALU64 : BPF_ALU;
	bool shift = op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH;
	s16 off = (op == BPF_DIV || op == BPF_MOD) && chance(g, 40);

	if (op == BPF_NEG)
		emit(g, class | op, dst, 0, 0, 0);
	else if (shift && chance(g, 80))
		emit(g, class | op | BPF_K, dst, 0, 0, verify_gen_below(g, 32));
	else if (op == BPF_MOV && chance(g, 30))
		emit(g, class | op | BPF_X, dst, reg(g), 8 << verify_gen_below(g, 2), 0);
	else if (shift || chance(g, 50))
		emit(g, class | op | BPF_X, dst, reg(g), off, 0);
	else
		emit(g, class | op | BPF_K, dst, 0, off, number(g));
}

static void emit_swap(struct verify_gen *g, u8 dst)
{
	emit(g, PICK(g, ((u8[]){ BPF_ALU | BPF_END | BPF_TO_LE, BPF_ALU | BPF_END | BPF_TO_BE,
				 BPF_ALU64 | BPF_END })),
	     dst, 0, 0, 16 << verify_gen_below(g, 3));
}

/* ---- memory ---- */

static void emit_access(struct verify_gen *g, u8 base, s16 off)
{
	u8 size = PICK(g, sizes), other = reg(g);
	u8 wide = chance(g, 50) ? BPF_DW : BPF_W;

	switch (verify_gen_below(g, 8)) {
	case 0:
		emit(g, BPF_ST | BPF_MEM | size, base, 0, off, number(g));
		break;
	case 1:
	case 2:
		emit(g, BPF_STX | BPF_MEM | size, base, other, off, 0);
		break;
	case 3:
		emit(g, BPF_LDX | BPF_MEMSX | sizes[verify_gen_below(g, 3)], other, base, off, 0);
		break;
	case 4:
		emit(g, BPF_STX | BPF_ATOMIC | wide, base, other, off,
		     PICK(g, ((s32[]){ BPF_ADD, BPF_OR | BPF_FETCH, BPF_XCHG, BPF_CMPXCHG,
				       BPF_STORE_REL })));
		break;
	case 5:
		emit(g, BPF_STX | BPF_ATOMIC | size, other, base, off, BPF_LOAD_ACQ);
		break;
	default:
		emit(g, BPF_LDX | BPF_MEM | size, other, base, off, 0);
	}
}

static s32 somewhere(struct verify_gen *g)
{
	return PICK(g, ((s32[]){ KCSD_GUEST_CTX, KCSD_GUEST_DATA, KCSD_GUEST_DATA + 8,
				 KCSD_GUEST_DATA + 256, KCSD_GUEST_DATA + 2048 }));
}

/* base + (index & mask), or base + index if that is below some number. */
static void emit_indexed(struct verify_gen *g)
{
	u8 index = reg(g), p = reg(g);
	u32 guard;

	copy(g, p, index);
	if (chance(g, 50)) {
		emit(g, BPF_ALU64 | BPF_AND | BPF_K, p, 0, 0,
		     PICK(g, ((s32[]){ 7, 8, 63, 255, 0x3fc, 0xff8, 1023, 4095, 8191 })));
		add(g, p, somewhere(g));
		emit_access(g, p, verify_gen_below(g, 16));
		return;
	}
	guard = g->insn_cnt;
	emit(g, (chance(g, 70) ? BPF_JMP : BPF_JMP32) | PICK(g, compares) | BPF_K, p, 0, 0,
	     PICK(g, numbers));
	add(g, p, somewhere(g));
	emit_access(g, p, verify_gen_below(g, 64) - 16);
	g->insns[guard].off = g->insn_cnt - guard - 1;
}

/* Spills, reloads, and what may overwrite them. */
static void emit_frame(struct verify_gen *g)
{
	s16 off = -8 * (s16)(1 + verify_gen_below(g, 4));
	u8 p = reg(g);

	switch (verify_gen_below(g, 6)) {
	case 0:
	case 1:
		emit(g, BPF_STX | BPF_MEM | BPF_DW, BPF_REG_10, reg(g), off, 0);
		break;
	case 2:
	case 3:
		emit(g, BPF_LDX | BPF_MEM | BPF_DW, reg(g), BPF_REG_10, off, 0);
		break;
	case 4:
		emit_access(g, BPF_REG_10, off + verify_gen_below(g, 8) - 4);
		break;
	default:
		copy(g, p, BPF_REG_10);
		add(g, p, off - (s32)verify_gen_below(g, 24));
		emit_access(g, p, verify_gen_below(g, 12));
	}
}

/* A known number is spilled, something is stored nearby, and it is reloaded. */
static void emit_overlap(struct verify_gen *g)
{
	s16 off = -8 * (s16)(1 + verify_gen_below(g, 4));
	s32 at = off + (s32)verify_gen_below(g, 16) - 8;
	u8 p = verify_gen_below(g, 2) ? BPF_REG_10 : reg(g);

	move(g, BPF_REG_0, number(g));
	emit(g, BPF_STX | BPF_MEM | BPF_DW, BPF_REG_10, BPF_REG_0, off, 0);
	if (p != BPF_REG_10) {
		copy(g, p, BPF_REG_10);
		add(g, p, at);
		at = 0;
	}
	emit(g, BPF_ST | BPF_MEM | PICK(g, sizes), p, 0, at, 0x12345678);
	emit(g, BPF_LDX | BPF_MEM | BPF_DW, reg(g), BPF_REG_10, off, 0);
}

static void emit_context(struct verify_gen *g)
{
	u8 p = reg(g), dst = reg(g);
	bool wide = chance(g, 70);

	move(g, p, KCSD_GUEST_CTX);
	emit(g, BPF_LDX | BPF_MEM | (wide ? BPF_DW : BPF_W), dst, p,
	     wide ? 8 * verify_gen_below(g, 11) : 4 * verify_gen_below(g, 22), 0);
}

static void emit_helper(struct verify_gen *g)
{
	move(g, BPF_REG_1, somewhere(g));
	if (chance(g, 50)) {
		copy(g, BPF_REG_1, BPF_REG_10);
		add(g, BPF_REG_1, -(s32)verify_gen_below(g, 48));
	}
	if (chance(g, 50)) {
		move(g, BPF_REG_2, verify_gen_below(g, 32));
		emit(g, BPF_JMP | BPF_CALL, 0, 0, 0, KCSD_HELPER_geometry);
		return;
	}
	move(g, BPF_REG_2, number(g));
	move(g, BPF_REG_3, verify_gen_below(g, 40));
	emit(g, BPF_JMP | BPF_CALL, 0, 0, 0, KCSD_HELPER_memset);
}

/* ---- control ---- */

static void emit_call(struct verify_gen *g, struct calls *calls)
{
	if (calls->nr == MAX_CALLS)
		return;
	calls->at[calls->nr++] = g->insn_cnt;
	emit(g, BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, 0);
}

static void emit_simple(struct verify_gen *g, struct calls *calls)
{
	switch (verify_gen_below(g, 12)) {
	case 0:
	case 1:
	case 2:
		emit_indexed(g);
		break;
	case 3:
		emit_overlap(g);
		break;
	case 4:
		emit_frame(g);
		break;
	case 5:
		emit_context(g);
		break;
	case 6:
		if (chance(g, 30))
			emit_helper(g);
		else
			emit_swap(g, reg(g));
		break;
	case 7:
		if (chance(g, 40))
			emit_call(g, calls);
		else
			move(g, reg(g), number(g));
		break;
	case 8:
		if (chance(g, 10))
			emit_access(g, reg(g), number(g));
		else
			copy(g, reg(g), reg(g));
		break;
	default:
		emit_arithmetic(g, reg(g));
	}
}

static void emit_if(struct verify_gen *g, struct calls *calls)
{
	u32 at = g->insn_cnt, n;
	u8 class = chance(g, 60) ? BPF_JMP : BPF_JMP32;

	if (chance(g, 50))
		emit(g, class | PICK(g, compares) | BPF_X, reg(g), reg(g), 0, 0);
	else
		emit(g, class | PICK(g, compares) | BPF_K, reg(g), 0, 0, number(g));
	for (n = 1 + verify_gen_below(g, 3); n; n--)
		emit_simple(g, calls);
	g->insns[at].off = g->insn_cnt - at - 1;
}

/* end - p compared, as clang compares pointers. */
static void emit_loop_end(struct verify_gen *g, u8 counter, u8 limit, u32 head)
{
	u8 op = PICK(g, compares), class = chance(g, 80) ? BPF_JMP : BPF_JMP32, t;

	if (chance(g, 20)) {
		do {
			t = reg(g);
		} while (t == counter || t == limit);
		copy(g, t, limit);
		emit(g, BPF_ALU64 | BPF_SUB | BPF_X, t, counter, 0, 0);
		emit(g, class | op | BPF_K, t, 0, head - g->insn_cnt - 1, PICK(g, numbers));
	} else if (chance(g, 60)) {
		emit(g, class | op | BPF_X, counter, limit, head - g->insn_cnt - 1, 0);
	} else {
		emit(g, class | op | BPF_K, counter, 0, head - g->insn_cnt - 1, number(g));
	}
}

static void emit_loop(struct verify_gen *g, struct calls *calls, u32 nesting)
{
	u8 counter = reg(g), limit;
	s32 step = PICK(g, ((s32[]){ 1, 1, 1, 2, 3, 4, 8, 8, 16, 24, -1, -8 }));
	s32 from = chance(g, 50) ? number(g) : somewhere(g);
	u32 head, n;

	do {
		limit = reg(g);
	} while (limit == counter);
	move(g, counter, from);
	if (chance(g, 80))
		move(g, limit, (s32)((u32)from + (u32)step * (1 + verify_gen_below(g, 40))));
	else if (chance(g, 50))
		emit(g, BPF_ALU64 | BPF_AND | BPF_K, limit, 0, 0, 255);
	head = g->insn_cnt;
	for (n = verify_gen_below(g, 3); n; n--)
		emit_simple(g, calls);
	if (chance(g, 60))
		emit_access(g, counter, chance(g, 70) ? 0 : (s32)verify_gen_below(g, 32) - 16);
	if (nesting && chance(g, 30))
		emit_loop(g, calls, nesting - 1);
	if (chance(g, 20))
		emit_if(g, calls);
	add(g, counter, step);
	emit_loop_end(g, counter, limit, head);
}

static void emit_body(struct verify_gen *g, struct calls *calls, u32 items)
{
	for (; items && g->insn_cnt < VERIFY_MAX_INSNS / 2; items--) {
		u32 kind = verify_gen_below(g, 10);

		if (kind < 2)
			emit_loop(g, calls, 2);
		else if (kind < 4)
			emit_if(g, calls);
		else
			emit_simple(g, calls);
	}
	emit(g, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* Each function may call those after it. */
static void emit_functions(struct verify_gen *g, struct calls *calls)
{
	u32 starts[MAX_FUNCTIONS + 1], first = 0, k, n;

	for (k = 0; k < MAX_FUNCTIONS; k++) {
		struct calls own = { .nr = k + 1 < MAX_FUNCTIONS ? 0 : MAX_CALLS };

		starts[k] = g->insn_cnt;
		for (n = first; n < calls->nr; n++)
			if (chance(g, 60) || k + 1 == MAX_FUNCTIONS)
				g->insns[calls->at[n]].imm = starts[k] - calls->at[n] - 1;
		emit_body(g, &own, 1 + verify_gen_below(g, 4));
		for (n = 0; n < own.nr && own.nr < MAX_CALLS; n++)
			g->insns[own.at[n]].imm = g->insn_cnt - own.at[n] - 1;
	}
}

void verify_gen_program(struct verify_gen *g, struct program_parts *parts)
{
	struct calls calls = {};
	u32 i;

	g->insn_cnt = 0;
	for (i = 0; i < sizeof(g->data); i++)
		g->data[i] = verify_gen_below(g, 256);
	for (i = 0; i < 6; i++)
		emit_context(g);
	move(g, BPF_REG_6, somewhere(g));
	emit_body(g, &calls, 4 + verify_gen_below(g, 12));
	emit_functions(g, &calls);
	*parts = (struct program_parts){
		.insns = g->insns,
		.insn_cnt = g->insn_cnt,
		.data = g->data,
		.data_len = sizeof(g->data),
		.bss_len = BSS_LEN,
		.heap_len = HEAP_LEN,
	};
}
