// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the cost of instructions: what each class costs. That all engines come to the same is
 * tested with all other programs (engines.c).
 */
#include "cost.h"
#include "program.h"
#include "runner.h"
#include "tap.h"

#define I(c, d, s, o, i) \
	((struct bpf_insn){ .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) })
#define MOV(d, i)	I(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, i)
#define EXIT		I(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
#define HELPER(name)	I(BPF_JMP | BPF_CALL, 0, 0, 0, KCSD_HELPER_##name)

/* Each class is a digit: the sum shows how often it was counted. */
static const struct kcsd_cost_classes classes = {
	.alu = 1, .mul = 10, .div = 100, .access = 1000, .taken = 10000, .not_taken = 20000,
	.call = 40000, .helper = 7, .helper_byte = 3,
};

static const struct {
	const char *name;
	struct bpf_insn insns[8];
	u32 nr;
	u64 cost;		/* without MOV r0 and EXIT at its end */
} cases[] = {
	{ "nothing", {}, 0, 0 },
	{ "arithmetic", {
		I(BPF_ALU64 | BPF_ADD | BPF_K, 0, 0, 0, 1),
		I(BPF_ALU | BPF_XOR | BPF_X, 0, 1, 0, 0),
		I(BPF_ALU64 | BPF_NEG, 0, 0, 0, 0),
		I(BPF_ALU | BPF_END | BPF_TO_BE, 0, 0, 0, 32),
	}, 4, 4 },
	{ "64-bit immediate", {
		I(BPF_LD | BPF_IMM | BPF_DW, 3, 0, 0, 5), I(0, 0, 0, 0, 6),
	}, 2, 1 },
	{ "multiply", {
		I(BPF_ALU64 | BPF_MUL | BPF_K, 1, 0, 0, 3),
		I(BPF_ALU | BPF_MUL | BPF_X, 1, 1, 0, 0),
	}, 2, 20 },
	{ "divide", {
		I(BPF_ALU64 | BPF_DIV | BPF_K, 1, 0, 0, 3),
		I(BPF_ALU | BPF_MOD | BPF_K, 1, 0, 0, 3),
		I(BPF_ALU64 | BPF_DIV | BPF_X, 1, 1, 1, 0),
		I(BPF_ALU | BPF_MOD | BPF_X, 1, 2, 1, 0),
	}, 4, 400 },
	{ "access", {
		I(BPF_ST | BPF_MEM | BPF_DW, 10, 0, -8, 7),
		I(BPF_LDX | BPF_MEM | BPF_B, 3, 10, -8, 0),
		I(BPF_STX | BPF_MEM | BPF_H, 10, 3, -8, 0),
		I(BPF_STX | BPF_ATOMIC | BPF_DW, 10, 3, -8, BPF_ADD),
		I(BPF_STX | BPF_ATOMIC | BPF_DW, 10, 3, -8, BPF_OR | BPF_FETCH),
	}, 5, 5000 },
	{ "jump", { I(BPF_JMP | BPF_JA, 0, 0, 1, 0), MOV(1, 1) }, 2, 10000 },
	{ "branch that is taken", {
		MOV(3, 0), I(BPF_JMP | BPF_JEQ | BPF_K, 3, 0, 1, 0), MOV(1, 1),
	}, 3, 10001 },
	{ "branch that is not taken", {
		MOV(3, 0), I(BPF_JMP32 | BPF_JNE | BPF_K, 3, 0, 1, 0), MOV(1, 1),
	}, 3, 20002 },
	{ "loop", {
		MOV(3, 3), I(BPF_ALU64 | BPF_SUB | BPF_K, 3, 0, 0, 1),
		I(BPF_JMP | BPF_JNE | BPF_K, 3, 0, -2, 0),
	}, 3, 4 + 2 * 10000 + 20000 },
	{ "helper", { HELPER(time) }, 1, 7 },
	{ "helper that works on bytes", {
		I(BPF_ALU64 | BPF_MOV | BPF_X, 1, 10, 0, 0),
		I(BPF_ALU64 | BPF_ADD | BPF_K, 1, 0, 0, -16),
		MOV(2, 0), MOV(3, 16), HELPER(memset),
	}, 5, 4 + 7 + 48 },
};

static u64 cost_of(const struct bpf_insn *insns, u32 nr)
{
	struct device_run run = { .input = { .lba_size = DEVICE_LBA_SIZE, .out_max = 64 } };
	struct kcsd_costs costs;
	struct program prog;
	u64 cost;

	kcsd_costs_init(&costs, &classes);
	program_copy(&prog, insns, nr * sizeof(*insns));
	assert(program_load(&prog) && program_prepare(&prog, &run, 1u << 20));
	device_reset(&run);
	run.vm.costs = &costs;
	run.vm.budget = UINT64_MAX;
	kcsd_vm_setup(&run.vm, &prog.view, &run.input);
	kcsd_interp_cost(prog.code, &run.vm);
	cost = run.vm.end.reason ? 0 : run.vm.cost;
	program_release(&run);
	program_exit(&prog);
	return cost;
}

static void one_case(u32 i)
{
	struct bpf_insn insns[ARRAY_SIZE(cases[0].insns) + 2];
	u64 want = cases[i].cost + classes.alu + classes.call, got;

	memcpy(insns, cases[i].insns, sizeof(cases[i].insns));
	insns[cases[i].nr] = MOV(0, 0);
	insns[cases[i].nr + 1] = EXIT;
	got = cost_of(insns, cases[i].nr + 2);
	tap_point(got == want, "cost: %s", cases[i].name);
	if (got != want)
		tap_note("%llu, not %llu", (unsigned long long)got, (unsigned long long)want);
}

void cost_tests(void)
{
	const struct bpf_insn call[] = {
		I(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, 1), EXIT, MOV(0, 0), EXIT,
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		one_case(i);
	tap_point(cost_of(call, 4) == 3 * 40000 + 1, "cost: call of a function");
}
