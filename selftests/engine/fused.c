// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of fused sequences: each one, with random registers, numbers, addresses and jumps, also
 * into it, must do the same as its instructions one by one.
 */
#include "oracle.h"
#include "runner.h"
#include "tap.h"

#define KCSD_INTERP		run_unfused
#define KCSD_TRACE(vm, pc, r)	do { } while (0)
static void KCSD_INTERP(const struct kcsd_code *code, struct kcsd_vm *vm);
#include "interp.c"

#define SEED		20240301
#define ROUNDS		400
#define DATA_LEN	256
#define BUDGET		60

struct sequence {
	const char *name;
	u32 nr;
	u8 op[KCSD_MAX_FUSED];
	char how[KCSD_MAX_FUSED];
};

static const struct sequence sequences[] = {
#define TEST2(a, A, h, b, B) \
	{ #a #A " " #h ":" #b #B, 2, { KCSD_OP_##a##A, KCSD_OP_##b##B }, { 'N', #h[0] } },
#define TEST3(a, A, h, b, B, i, c, C) \
	{ #a #A " " #h ":" #b #B " " #i ":" #c #C, 3, \
	  { KCSD_OP_##a##A, KCSD_OP_##b##B, KCSD_OP_##c##C }, { 'N', #h[0], #i[0] } },
#define TEST4(a, A, h, b, B, i, c, C, j, d, D) \
	{ #a #A " " #h ":" #b #B " " #i ":" #c #C " " #j ":" #d #D, 4, \
	  { KCSD_OP_##a##A, KCSD_OP_##b##B, KCSD_OP_##c##C, KCSD_OP_##d##D }, \
	  { 'N', #h[0], #i[0], #j[0] } },
	KCSD_FUSED(TEST2, TEST3, TEST4)
};

struct trial {
	u64 random;
	struct bpf_insn insns[64];
	u32 nr;				/* units of 8 bytes */
	u32 at[KCSD_MAX_FUSED + 1];	/* unit of each instruction, and of the one after */
	u32 begins;			/* index of its first decoded instruction */
};

/* State after a run. */
struct trace {
	struct kcsd_vm_end end;
	u32 ticks;
	u64 cost;
	u8 mem[KCSD_GUEST_DATA - KCSD_GUEST_CTX + DATA_LEN + KCSD_MAX_CALL_DEPTH * KCSD_FRAME_SIZE]
		__attribute__((__aligned__(8)));
};

static u32 below(struct trial *t, u32 n)
{
	t->random = t->random * 6364136223846793005u + 1442695040888963407u;
	return (u32)((t->random >> 33) % n);
}

/* Choose a value: often an address in the data, sometimes at an end of it, or any number. */
static u64 any_value(struct trial *t)
{
	switch (below(t, 4)) {
	case 0:
		return below(t, 4);
	case 1:
		return KCSD_GUEST_DATA - 4 + below(t, 8);
	case 2:
		return (u64)below(t, UINT32_MAX) << 33 ^ below(t, UINT32_MAX);
	default:
		return KCSD_GUEST_DATA + below(t, DATA_LEN - 8);
	}
}

static void add(struct trial *t, u8 code, u8 dst, u8 src, s16 off, s32 imm)
{
	t->insns[t->nr++] = (struct bpf_insn){ code, dst, src, off, imm };
}

static void add_wide(struct trial *t, u8 dst, u64 value)
{
	add(t, BPF_LD | BPF_IMM | BPF_DW, dst, 0, 0, (s32)value);
	add(t, 0, 0, 0, 0, (s32)(value >> 32));
}

/* Choose registers that match "how", given the destination of the instruction before. */
static void choose_registers(struct trial *t, char how, u32 before, u8 *dst, u8 *src)
{
	*dst = below(t, 10);
	*src = below(t, 10);
	if (how == 'D' || how == 'B' || how == 'T')
		*dst = before;
	if (how == 'D' && *src == before)
		*src = (before + 1) % 10;
	if (how == 'S' || how == 'B')
		*src = before;
}

static void add_op(struct trial *t, u32 op, u8 dst, u8 src)
{
	const struct kcsd_insn *row = kcsd_insn_get(op);
	u32 fields = row->form->fields;
	struct bpf_insn insn = { .code = row->code };

	if (fields & KCSD_WIDE) {
		add_wide(t, dst, any_value(t));
		return;
	}
	if (fields & KCSD_USES_DST)
		insn.dst_reg = dst;
	if (fields & KCSD_USES_SRC)
		insn.src_reg = src;
	if (fields & KCSD_USES_OFF)
		insn.off = below(t, 3) - 1;
	if (fields & KCSD_USES_IMM)
		insn.imm = (u32)any_value(t);
	if (fields & KCSD_PICKS_OFF)
		insn.off = row->pick;
	t->insns[t->nr++] = insn;
}

static void add_sequence(struct trial *t, const struct sequence *seq)
{
	u8 dst = 0, src;
	u32 i;

	for (i = 0; i < seq->nr; i++) {
		choose_registers(t, seq->how[i], dst, &dst, &src);
		t->at[i] = t->nr;
		add_op(t, seq->op[i], dst, src);
	}
	t->at[i] = t->nr;
}

/* Choose a target: any instruction of the sequence, or the one after it. */
static void aim_jumps(struct trial *t, const struct sequence *seq)
{
	u32 i;

	for (i = 0; i < seq->nr; i++)
		if (kcsd_insn_fields(seq->op[i]) & KCSD_JUMPS_OFF)
			t->insns[t->at[i]].off = t->at[below(t, seq->nr + 1)] - t->at[i] - 1;
}

/* Make a program: set all registers, run the sequence, combine all of them in the result. */
static void make(struct trial *t, const struct sequence *seq)
{
	u32 r;

	t->nr = 0;
	for (r = 0; r < 10; r++)
		add_wide(t, r, any_value(t));
	t->begins = r;
	add_sequence(t, seq);
	aim_jumps(t, seq);
	for (r = 1; r < 10; r++) {
		add(t, BPF_ALU64 | BPF_MUL | BPF_K, 0, 0, 0, 31);
		add(t, BPF_ALU64 | BPF_XOR | BPF_X, 0, r, 0, 0);
	}
	add(t, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* interp: NULL for the oracle. */
static void run_one(const struct program *prog, struct trace *trace,
		    void (*interp)(const struct kcsd_code *code, struct kcsd_vm *vm))
{
	struct device_run run = { .vm.budget = BUDGET, .vm.ops = &device_ops };

	run.vm.mem = trace->mem;
	run.vm.mem_len = kcsd_layout_init(&run.vm.layout, &prog->view, 0);
	assert(run.vm.mem_len == sizeof(trace->mem));
	kcsd_vm_setup(&run.vm, &prog->view, &run.input);
	if (interp != kcsd_interp_plain && interp != run_unfused)
		run.vm.costs = &prog->costs;
	if (interp)
		interp(prog->code, &run.vm);
	else
		oracle_run(&prog->view, &run.vm);
	trace->cost = run.vm.cost;
	trace->end = run.vm.end;
	trace->ticks = run.ticks;
}

/* Returns how the two runs differ, or NULL. */
static const char *try(struct trial *t, const struct sequence *seq)
{
	struct program_parts parts = { .insns = t->insns, .bss_len = DATA_LEN };
	static struct trace fused, plain, counted, oracle;
	struct program prog;
	const char *why = NULL;

	memset(&fused, 0, sizeof(fused));
	memset(&plain, 0, sizeof(plain));
	memset(&counted, 0, sizeof(counted));
	memset(&oracle, 0, sizeof(oracle));
	make(t, seq);
	parts.insn_cnt = t->nr;
	program_build(&prog, &parts);
	if (!program_load(&prog)) {
		why = "refused";
	} else if (prog.code->insns[t->begins].op < KCSD_NR_OPS) {
		why = "not fused";
	} else {
		run_one(&prog, &fused, kcsd_interp_plain);
		run_one(&prog, &plain, run_unfused);
		if (memcmp(&fused, &plain, sizeof(fused)))
			why = "not what its instructions do";
		run_one(&prog, &counted, kcsd_interp_cost);
		run_one(&prog, &oracle, NULL);
		if (memcmp(&counted, &oracle, sizeof(counted)))
			why = "not what its instructions do or cost";
	}
	program_exit(&prog);
	return why;
}

void fused_tests(void)
{
	struct trial t = { .random = SEED };
	const char *why;
	u32 i, round;

	for (i = 0; i < ARRAY_SIZE(sequences); i++) {
		why = NULL;
		for (round = 0; round < ROUNDS && !why; round++)
			why = try(&t, &sequences[i]);
		tap_point(!why, "fused: %s", sequences[i].name);
		if (why)
			tap_note("seed %u, round %u: %s", SEED, round, why);
	}
}
