// SPDX-License-Identifier: GPL-2.0
/* Measure the time per instruction: a loop that counts a byte, and the same in C. */
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

/* Count byte by byte, like the program. */
static noinline u64 count_native(const volatile u8 *p, u64 len)
{
	u64 i, n = 0;

	for (i = 0; i < len; i++)
		n += p[i] == NEEDLE;
	return n;
}

static u64 run_ns(const struct program *prog, struct device_run *run)
{
	u64 start;

	kcsd_vm_setup(&run->vm, &prog->view, &run->input);
	start = now_ns();
	kcsd_interp(prog->code, &run->vm);
	return now_ns() - start;
}

static u64 native_ns(const struct device_run *run, u64 *found)
{
	u64 start = now_ns();

	*found = count_native(run->input.args, run->input.args_len);
	return now_ns() - start;
}

/* Take the quickest of many rounds: other load only adds to it. */
static int measure(const struct program *prog, struct device_run *run)
{
	u64 engine = UINT64_MAX, native = UINT64_MAX, found = 0, ns, i;
	double bytes = run->input.args_len;

	for (i = 0; i < ROUNDS; i++) {
		ns = run_ns(prog, run);
		engine = min(engine, ns);
		ns = native_ns(run, &found);
		native = min(native, ns);
	}
	if (run->vm.end.reason || run->vm.end.r0 != found) {
		fprintf(stderr, "speed: the answer of the program is wrong\n");
		return 1;
	}
	printf("interpreter: %.2f ns per instruction, %.2f ns per byte; native: %.2f ns per byte\n",
	       engine / (double)run->vm.end.insns, engine / bytes, native / bytes);
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
