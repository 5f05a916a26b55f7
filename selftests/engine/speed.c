// SPDX-License-Identifier: GPL-2.0
/* How long an instruction takes: a loop that counts a byte, beside the same in C. */
#include <stdio.h>
#include <time.h>

#include "asm.h"
#include "program.h"

#define ROUNDS	200
#define NEEDLE	'x'

static const char * const scan[] = {
	"ldxdw r2, [r1+16]",	/* ctx->args */
	"ldxdw r3, [r1+24]",	/* ctx->args_len */
	"add r3, r2",
	"mov r0, 0",
	"loop:",
	"ldxb r4, [r2]",
	"add r2, 1",
	"jne r4, 120, next",
	"add r0, 1",
	"next:",
	"jlt r2, r3, loop",
	"exit",
};

static u64 now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static bool build_scan(struct program *prog)
{
	struct program_parts parts = {};
	struct assembler a;
	bool ok = true;
	u32 i;

	asm_init(&a, NULL);
	for (i = 0; ok && i < ARRAY_SIZE(scan); i++)
		ok = asm_line(&a, scan[i]);
	ok = ok && asm_finish(&a);
	if (!ok)
		fprintf(stderr, "speed: %s\n", a.error);
	parts.insns = a.insns;
	parts.insn_cnt = a.insn_cnt;
	program_build(prog, &parts);
	asm_exit(&a);
	return ok && program_load(prog);
}

/* A byte at a time, as the program does it. */
static noinline u64 count_native(const volatile u8 *p, u64 len)
{
	u64 i, n = 0;

	for (i = 0; i < len; i++)
		n += p[i] == NEEDLE;
	return n;
}

static int measure(const struct program *prog, struct device_run *run)
{
	u64 start, engine_ns, native_ns, insns = 0, found = 0, i;
	double bytes = (double)ROUNDS * run->input.args_len;

	start = now_ns();
	for (i = 0; i < ROUNDS; i++) {
		kcsd_vm_setup(&run->vm, &prog->view, &run->input);
		kcsd_interp(prog->code, &run->vm);
		insns += run->vm.end.insns;
	}
	engine_ns = now_ns() - start;
	start = now_ns();
	for (i = 0; i < ROUNDS; i++)
		found += count_native(run->input.args, run->input.args_len);
	native_ns = now_ns() - start;
	if (run->vm.end.reason || run->vm.end.r0 * ROUNDS != found) {
		fprintf(stderr, "speed: the program's answer is wrong\n");
		return 1;
	}
	printf("interpreter: %.2f ns per instruction, %.2f ns per byte; native: %.2f ns per byte\n",
	       engine_ns / (double)insns, engine_ns / bytes, native_ns / bytes);
	return 0;
}

int main(void)
{
	static u8 text[KCSD_MAX_ARGS];
	static struct device_run run;
	struct program prog;
	int ret = 1;
	u32 i;

	for (i = 0; i < sizeof(text); i++)
		text[i] = i % 37 ? 'a' + i % 26 : NEEDLE;
	run.input.args = text;
	run.input.args_len = sizeof(text);
	run.vm.budget = UINT64_MAX;
	if (build_scan(&prog) && program_prepare(&prog, &run, UINT64_MAX))
		ret = measure(&prog, &run);
	program_release(&run);
	program_exit(&prog);
	return ret;
}
