// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzz the loader and all engines with any bytes. The sanitizers find accesses outside of the
 * memory of the program; other faults are found here.
 */
#include <stdio.h>

#include "asm.h"
#include "disasm.h"
#include "engines.h"
#include "runner.h"

#define BUDGET		20000
#define MAX_MEM		(256u << 10)
#define ARGS_LEN	64

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

static const struct kcsd_lba_grant grants[] = {
	{ .slba = 0, .nlb = 8, .access = KCSD_GRANT_READ },
	{ .slba = 8, .nlb = 8, .access = KCSD_GRANT_ALL },
};

static void set_input(struct device_run *run)
{
	static u8 args[ARGS_LEN];
	u32 i;

	for (i = 0; i < ARGS_LEN; i++)
		args[i] = i;
	run->input = (struct kcsd_vm_input){
		.cparam1 = 1, .cparam2 = 2, .grants = grants, .nr_grants = ARRAY_SIZE(grants),
		.lba_size = DEVICE_LBA_SIZE, .args = args, .args_len = ARGS_LEN, .out_max = 4096,
	};
	run->vm.budget = BUDGET;
}

/*
 * Check the end of a run. Beyond the budget a program reaches its next back edge or call at most:
 * it runs forward through a function, and through the callers to which it returns.
 */
static const char *judge(const struct program *prog, const struct device_run *run)
{
	const struct kcsd_vm_end *end = &run->vm.end;

	if (run->broken)
		return run->broken;
	if (end->insns > BUDGET + (u64)KCSD_MAX_CALL_DEPTH * prog->view.insn_cnt)
		return "ran far beyond the budget";
	if (!end->insns)
		return "ran nothing";
	if (end->pc >= prog->view.insn_cnt)
		return "stopped outside the program";
	switch (end->reason) {
	case KCSD_FAULT_NONE:
	case KCSD_FAULT_MEMORY:
	case KCSD_FAULT_LBA_READ:
	case KCSD_FAULT_LBA_WRITE:
		return NULL;
	case KCSD_FAULT_BUDGET:
		return end->insns > BUDGET ? NULL : "stopped below the budget";
	}
	return "ended for no possible reason";
}

static const char *run_twice(const struct program *prog, struct device_run *run)
{
	struct kcsd_vm_end first;
	const char *bad;
	u8 *mem;

	program_run(prog, run);
	bad = judge(prog, run);
	if (bad)
		return bad;
	first = run->vm.end;
	mem = malloc(run->vm.mem_len);
	assert(mem);
	memcpy(mem, run->vm.mem, run->vm.mem_len);
	program_run(prog, run);
	if (memcmp(&first, &run->vm.end, sizeof(first)))
		bad = "the second run ended otherwise";
	else if (memcmp(mem, run->vm.mem, run->vm.mem_len))
		bad = "the second run left another memory";
	free(mem);
	return bad;
}

static const char *run_elsewhere(const struct program *prog, const struct device_run *run)
{
	struct engines *engines = engines_create(prog);
	const char *bad = engines_compare(engines, run);

	engines_destroy(engines);
	return bad;
}

/* True if the text of these instructions, valid or not, gives the same bytes. */
static bool comes_back(struct assembler *a, const struct bpf_insn *insns, u32 insn_cnt)
{
	char text[KCSD_DISASM_LEN];
	u32 pc, units;

	for (pc = 0; pc < insn_cnt; pc += units) {
		units = kcsd_disasm(insns, insn_cnt, pc, NULL, text);
		if (!asm_line(a, text) || a->insn_cnt != pc + units)
			return false;
	}
	return asm_finish(a) && !memcmp(a->insns, insns, insn_cnt * sizeof(*insns));
}

static const char *disassemble(const struct program *prog)
{
	u32 insn_cnt = min(prog->len / 8, (u64)ASM_MAX_INSNS);
	struct assembler *a = malloc(sizeof(*a));
	bool same;

	assert(a);
	asm_init(a, NULL);
	same = comes_back(a, prog->buf, insn_cnt);
	asm_exit(a);
	free(a);
	return same ? NULL : "its text means something else";
}

const char *fuzz_one(const u8 *data, size_t len, bool *ran)
{
	struct device_run *run = calloc(1, sizeof(*run));
	struct program prog;
	const char *bad;

	assert(run);
	set_input(run);
	program_copy(&prog, data, len);
	bad = disassemble(&prog);
	*ran = program_load(&prog) && program_prepare(&prog, run, MAX_MEM);
	if (*ran && !bad)
		bad = run_twice(&prog, run);
	if (*ran && !bad)
		bad = run_elsewhere(&prog, run);
	program_release(run);
	program_exit(&prog);
	free(run);
	return bad;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	bool ran;
	const char *bad = fuzz_one(data, len, &ran);

	if (bad) {
		fprintf(stderr, "fuzz_check: %s\n", bad);
		abort();
	}
	return 0;
}
