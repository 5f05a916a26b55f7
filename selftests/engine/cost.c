// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the device cost with costs and sums on paper, in all engines; data files and generated
 * programs are compared with the oracle.
 */
#include <stdio.h>

#include "asm.h"
#include "engines.h"
#include "outer.h"
#include "runner.h"
#include "tap.h"

/* A decimal digit for each class: a cost is a list of counts. */
static const struct kcsd_costs digits = {
	.alu = 1, .mul = 10, .div = 100, .access = 1000, .taken = 10000, .not_taken = 100000,
	.call = 1000000, .helper = 10000000, .helper_byte = 100000000,
};

/* Each has an exit: 1000000. */
static const struct paper {
	const char *name;
	u64 cost;
	u32 reason;
	const char *lines[8];
} papers[] = {
	{ "exit", 1000000, 0, { "exit" } },
	{ "alu", 1000004, 0, { "mov r0, 1", "add32 r0, 2", "neg r0", "be16 r0", "exit" } },
	{ "64-bit immediate", 1000001, 0, { "lddw r0, 0x123456789abc", "exit" } },
	{ "multiply", 1000020, 0, { "mul r0, 3", "mul32 r0, r0", "exit" } },
	{ "divide and remainder", 1000400, 0,
	  { "div r0, 3", "mod r0, 3", "sdiv32 r0, r0", "smod r0, r0", "exit" } },
	{ "load, store, atomic", 1004000, 0,
	  { "ldxdw r0, [r1+0]", "stw [r10-4], 5", "atomic_add [r10-8], r0",
	    "atomic_fetch_or [r10-8], r0", "exit" } },
	{ "jump", 1010000, 0, { "ja next", "mov r0, 1", "next:", "exit" } },
	{ "conditional jump taken", 1010000, 0,
	  { "jeq r0, 0, next", "mov r0, 1", "next:", "exit" } },
	{ "conditional jump not taken", 1100001, 0,
	  { "jne r0, 0, next", "mov r0, 1", "next:", "exit" } },
	{ "call and return", 3000001, 0, { "call_local f", "exit", "f:", "mov r0, 1", "exit" } },
	{ "helper", 11000000, 0, { "call time", "exit" } },
	{ "helper with bytes", 811000003, 0,
	  { "mov r1, r10", "add r1, -8", "mov r2, 8", "call geometry", "exit" } },
	{ "helper with two buffers of one length", 811000005, 0,
	  { "mov r1, r10", "add r1, -8", "mov r2, r10", "add r2, -8", "mov r3, 8", "call memcmp",
	    "exit" } },
	{ "append: bytes of the media", 11000003, 0,
	  { "mov r2, r10", "add r2, -8", "mov r3, 8", "call append", "exit" } },
	{ "read", 11000003, 0, { "mov r2, r10", "add r2, -8", "mov r3, 8", "call read", "exit" } },
	{ "write", 11000003, 0,
	  { "mov r2, r10", "add r2, -8", "mov r3, 8", "call write", "exit" } },
	{ "stream_read", 11000003, 0,
	  { "mov r2, r10", "add r2, -8", "mov r3, 8", "call stream_read", "exit" } },
	{ "stream_write", 11000003, 0,
	  { "mov r2, r10", "add r2, -8", "mov r3, 8", "call stream_write", "exit" } },
	{ "fault of an access", 1002, KCSD_FAULT_MEMORY,
	  { "mov r0, 1", "mov r1, 0", "stw [r1+0], 5", "mov r0, 2", "exit" } },
	{ "fault of an argument", 10000003, KCSD_FAULT_MEMORY,
	  { "mov r2, 0", "mov r3, 8", "mov r1, 0", "call read", "exit" } },
};

static bool build(struct program *prog, const char * const *lines, u32 max)
{
	struct program_parts parts = {};
	struct assembler a;
	bool ok = true;
	u32 i;

	asm_init(&a, NULL);
	for (i = 0; ok && i < max && lines[i]; i++)
		ok = asm_line(&a, lines[i]);
	ok = ok && asm_finish(&a);
	if (!ok)
		tap_note("%s", a.error);
	parts.insns = a.insns;
	parts.insn_cnt = a.insn_cnt;
	program_build(prog, &parts);
	asm_exit(&a);
	return ok && program_load(prog);
}

/* Use these costs in place of those of program_load(). */
static void set_costs(struct program *prog, const struct kcsd_costs *costs)
{
	prog->costs = *costs;
	assert(!kcsd_code_set_costs(prog->code, costs));
}

static void try_paper(const struct paper *p)
{
	struct device_run run = { .vm.budget = 1000, .input.lba_size = DEVICE_LBA_SIZE };
	struct engines *engines;
	struct program prog;
	const char *bad = "refused";

	if (build(&prog, p->lines, ARRAY_SIZE(p->lines)) && program_prepare(&prog, &run, 1 << 20)) {
		set_costs(&prog, &digits);
		program_run(&prog, &run);
		engines = engines_create(&prog);
		bad = engines_compare(engines, &run);
		engines_destroy(engines);
	}
	if (!bad && run.vm.end.reason != p->reason)
		bad = "it ended otherwise";
	tap_point(!bad && run.vm.cost == p->cost, "cost: %s", p->name);
	if (bad || run.vm.cost != p->cost)
		tap_note("%s: %llu", bad ? bad : "cost", (unsigned long long)run.vm.cost);
	program_release(&run);
	program_exit(&prog);
}

/* A loop with a backward jump that is never taken. An iteration: 10001 + 100000. */
static const char * const loop[] = {
	"mov r2, 300000",
	"loop:",
	"add r0, 1",
	"jeq r0, 0, loop",
	"jlt r0, r2, loop",
	"exit",
};

static u32 ticks, wrong;

/* Where code that does not count may tick: after jlt is taken. */
static u32 count_tick(struct kcsd_vm *vm)
{
	ticks++;
	if ((vm->cost - digits.alu) % (digits.alu + digits.not_taken + digits.taken))
		wrong++;
	return KCSD_FAULT_NONE;
}

static void test_ticks(bool count)
{
	const struct kcsd_vm_ops ops = { .tick = count_tick };
	struct device_run run = { .vm.budget = UINT64_MAX };
	struct kcsd_code *code = NULL;
	struct program prog;
	const char *bad = NULL;
	struct outer o;

	assert(build(&prog, loop, ARRAY_SIZE(loop)));
	assert(program_prepare(&prog, &run, 1 << 20));
	set_costs(&prog, &digits);
	assert(!outer_lower(&prog.view, &(struct kcsd_lower_options){
		.count = count, .costs = &prog.costs }, &code));
	outer_init(&o, code, run.vm.mem_len, count);
	free(run.vm.mem);
	run.vm.mem = o.inner;
	run.vm.ops = &ops;
	kcsd_vm_setup(&run.vm, &prog.view, &run.input);
	ticks = wrong = 0;
	bad = outer_run(&o, &run.vm);
	tap_point(!bad && ticks && !wrong, "cost: ticks of %s code",
		  count ? "counting" : "other");
	tap_note("%u ticks, %u wrong", ticks, wrong);
	run.vm.mem = NULL;
	outer_exit(&o);
	kcsd_code_destroy(code);
	program_release(&run);
	program_exit(&prog);
}

void cost_tests(void)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(papers); i++)
		try_paper(&papers[i]);
	test_ticks(true);
	test_ticks(false);
}
