// SPDX-License-Identifier: GPL-2.0
/* Tests of validating and decoding: failing allocations, time, and that code is a copy. */
#include <time.h>

#include "lowered.h"
#include "runner.h"
#include "tap.h"

#define MAX_ALLOCATIONS	64
#define MAX_SECONDS	5	/* a linear pass takes a hundredth of it, a quadratic one more */
#define HALF		(KCSD_MAX_INSNS / 2)
#define EIGHTH		(KCSD_MAX_INSNS / 8)
#define LAST_EIGHTH	(KCSD_MAX_INSNS - EIGHTH)

#define CALL(distance)	((struct bpf_insn){ .code = 0x85, .src_reg = 1, .imm = (distance) })
#define MOV(value)	((struct bpf_insn){ .code = 0xb7, .imm = (value) })
#define EXIT		((struct bpf_insn){ .code = 0x95 })

void *__real_calloc(size_t nmemb, size_t size);
void *__wrap_calloc(size_t nmemb, size_t size);

/* Number of allocations before one fails; below 0: none fails. */
static int allocations_left = -1;

/* Called instead of calloc(), by an option of the linker. */
void *__wrap_calloc(size_t nmemb, size_t size)
{
	if (!allocations_left)
		return NULL;
	if (allocations_left > 0)
		allocations_left--;
	return __real_calloc(nmemb, size);
}

/* Make each allocation fail once. ASan reports leaks. */
static void no_memory(void)
{
	const struct bpf_insn insns[] = { CALL(1), EXIT, MOV(7), EXIT };
	struct kcsd_verdict verdict;
	struct kcsd_code *code;
	int ret = -ENOMEM, n;

	for (n = 0; ret == -ENOMEM && n < MAX_ALLOCATIONS; n++) {
		code = NULL;
		allocations_left = n;
		ret = kcsd_code_create(insns, ARRAY_SIZE(insns), &code, &verdict);
		allocations_left = -1;
		if (verdict.reason)
			ret = -EINVAL;
	}
	tap_point(!ret && code && n > 2, "code: each allocation fails");
	if (!ret)
		kcsd_code_destroy(code);
}

static void no_memory_to_lower(void)
{
	const struct bpf_insn insns[] = { CALL(1), EXIT, MOV(7), EXIT };
	const struct kcsd_image_view view = { .insns = insns, .insn_cnt = ARRAY_SIZE(insns) };
	const struct kcsd_lower_options opt = {};
	struct kcsd_lowered *lowered;
	int ret = -ENOMEM, n;

	for (n = 0; ret == -ENOMEM && n < MAX_ALLOCATIONS; n++) {
		allocations_left = n;
		ret = kcsd_lower(&view, &opt, &lowered);
		allocations_left = -1;
	}
	tap_point(!ret && n > 6, "lower: each allocation fails");
	if (!ret)
		kcsd_lowered_destroy(lowered);
}

static void copied(void)
{
	struct bpf_insn insns[] = { MOV(7), EXIT };
	struct program_parts parts = { .insns = insns, .insn_cnt = ARRAY_SIZE(insns) };
	struct device_run *run = calloc(1, sizeof(*run));
	struct program prog;
	bool ok;

	assert(run);
	run->vm.budget = 1;
	program_build(&prog, &parts);
	ok = program_load(&prog);
	memset(prog.buf, 0xff, prog.len);
	ok = ok && program_prepare(&prog, run, UINT64_MAX);
	if (ok)
		program_run(&prog, run);
	tap_point(ok && !run->vm.end.reason && run->vm.end.r0 == 7,
		  "code: the image is not needed any more");
	program_release(run);
	program_exit(&prog);
	free(run);
}

static void in_time(const struct bpf_insn *insns, u32 want, const char *what)
{
	struct kcsd_verdict verdict;
	clock_t start = clock();
	double seconds;

	kcsd_validate_insns(insns, KCSD_MAX_INSNS, &verdict);
	seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
	tap_point(verdict.reason == want && seconds < MAX_SECONDS,
		  "validate: soon done with %s", what);
	if (verdict.reason != want || seconds >= MAX_SECONDS)
		tap_note("expected %u, got %u at %u, after %.1f s", want, verdict.reason,
			 verdict.pc, seconds);
}

/* Validate the longest programs, of shapes for which a quadratic pass takes long. */
static void longest(void)
{
	struct bpf_insn *insns = malloc(KCSD_MAX_INSNS * sizeof(*insns));
	u32 pc;

	assert(insns);
	for (pc = 0; pc < KCSD_MAX_INSNS; pc++)
		insns[pc] = pc < HALF - 1 ? CALL(HALF - 1) : EXIT;
	in_time(insns, KCSD_VERDICT_OK, "as many functions as there can be");
	for (pc = 0; pc < KCSD_MAX_INSNS; pc++)
		insns[pc] = pc < KCSD_MAX_INSNS - 2 ? CALL(KCSD_MAX_INSNS - 2 - pc) : EXIT;
	in_time(insns, KCSD_VERDICT_OK, "as many calls of one function as there can be");
	for (pc = 0; pc < KCSD_MAX_INSNS; pc++)
		insns[pc] = pc % 2 || pc == KCSD_MAX_INSNS - 2 ? EXIT : CALL(1);
	in_time(insns, KCSD_VERDICT_DEPTH, "the longest chain of calls");
	for (pc = 0; pc < KCSD_MAX_INSNS; pc++)
		insns[pc] = pc % 2 ? EXIT : CALL(pc == KCSD_MAX_INSNS - 2 ? -3 : 1);
	in_time(insns, KCSD_VERDICT_RECURSION, "a recursion at the end of the longest chain");
	for (pc = 0; pc < KCSD_MAX_INSNS; pc++)
		insns[pc] = pc % 2 ? EXIT : CALL(pc ? -3 : KCSD_MAX_INSNS - 3);
	insns[2] = MOV(0);
	in_time(insns, KCSD_VERDICT_DEPTH, "the longest chain of calls, from the end");
	for (pc = 0; pc < KCSD_MAX_INSNS; pc++)
		insns[pc] = pc >= LAST_EIGHTH || pc % EIGHTH == EIGHTH - 1 ? EXIT :
			    CALL(EIGHTH - 1 - pc % EIGHTH);
	in_time(insns, KCSD_VERDICT_OK, "calls that would be 8191^7 when run");
	free(insns);
}

static double ms_since(clock_t start)
{
	return 1000.0 * (double)(clock() - start) / CLOCKS_PER_SEC;
}

/* Load like a drive, and lower. Prints the time of each step; no time fails. */
static void load(struct bpf_insn *insns, const char *what)
{
	const struct kcsd_image_view view = { .insns = insns, .insn_cnt = KCSD_MAX_INSNS };
	const struct kcsd_lower_options opt = { .count = true };
	struct kcsd_lowered *lowered = NULL;
	struct kcsd_verdict verdict;
	struct kcsd_code *code;
	double validate, decode;
	clock_t start = clock();
	int ret;

	ret = kcsd_validate_insns(insns, KCSD_MAX_INSNS, &verdict);
	validate = ms_since(start);
	start = clock();
	tap_point(!ret && !kcsd_code_decode_fused(insns, KCSD_MAX_INSNS, &code),
		  "load: the longest program of %s", what);
	if (ret)
		return;
	decode = ms_since(start);
	start = clock();
	ret = kcsd_lower(&view, &opt, &lowered);
	tap_note("validate %.1f ms, decode %.1f ms, lower %.1f ms to %u instructions (%d)",
		 validate, decode, ms_since(start), ret ? 0 : lowered->insn_cnt, ret);
	if (!ret)
		kcsd_lowered_destroy(lowered);
	kcsd_code_destroy(code);
}

/* The programs for which each step takes longest. */
static void longest_to_load(void)
{
	static const struct bpf_insn atomic = { .code = 0xdb, .dst_reg = 1, .imm = 0xa1 };
	static const struct bpf_insn nothing = { .code = 0x97 };	/* mod r0, 0 */
	struct bpf_insn *insns = malloc(KCSD_MAX_INSNS * sizeof(*insns));
	u32 pc;

	assert(insns);
	insns[KCSD_MAX_INSNS - 1] = EXIT;
	for (pc = 0; pc < KCSD_MAX_INSNS - 1; pc++)
		insns[pc] = (struct bpf_insn){ .code = 0x2d, .dst_reg = pc % 10, .src_reg = 3 };
	load(insns, "jumps");
	for (pc = 0; pc < KCSD_MAX_INSNS - 1; pc++)
		insns[pc] = (struct bpf_insn){ .code = 0x2d, .dst_reg = pc % 10, .src_reg = 3,
					       .off = pc < 32767 ? -1 - (s16)pc : -32768 };
	load(insns, "jumps back");
	for (pc = 0; pc < KCSD_MAX_INSNS - 1; pc++)
		insns[pc] = atomic;
	load(insns, "atomic accesses");
	for (pc = 0; pc < KCSD_MAX_INSNS - 1; pc++)
		insns[pc] = (struct bpf_insn){ .code = 0x79, .dst_reg = pc % 10, .src_reg = 1 };
	load(insns, "loads");
	/* A chain of seven functions; the last one is long and called at each depth: too long. */
	for (pc = 0; pc < KCSD_MAX_INSNS - 1; pc++)
		insns[pc] = nothing;
	for (pc = 0; pc < 18; pc += 3) {
		insns[pc] = CALL(2);
		insns[pc + 1] = CALL(20 - (s32)pc - 2);
		insns[pc + 2] = EXIT;
	}
	insns[18] = CALL(1);
	insns[19] = EXIT;
	load(insns, "instructions that become none, at each depth");
	free(insns);
}

/* kcsd_validate_insns() counts itself, not only kcsd_image_parse(). */
static void counts(void)
{
	struct bpf_insn *insns = malloc((KCSD_MAX_INSNS + 1) * sizeof(*insns));
	struct kcsd_verdict verdict;
	u32 pc;

	assert(insns);
	for (pc = 0; pc <= KCSD_MAX_INSNS; pc++)
		insns[pc] = EXIT;
	tap_point(!kcsd_validate_insns(insns, KCSD_MAX_INSNS, &verdict) && !verdict.reason,
		  "validate: the most instructions");
	tap_point(kcsd_validate_insns(insns, KCSD_MAX_INSNS + 1, &verdict) == -EINVAL &&
		  verdict.reason == KCSD_VERDICT_TOO_LONG, "validate: one more than that");
	free(insns);
	tap_point(kcsd_validate_insns(NULL, 0, &verdict) == -EINVAL &&
		  verdict.reason == KCSD_VERDICT_EMPTY, "validate: no instructions");
	tap_point(kcsd_validate_insns(NULL, UINT32_MAX, &verdict) == -EINVAL &&
		  verdict.reason == KCSD_VERDICT_TOO_LONG, "validate: 2^32 - 1 instructions");
}

void code_tests(void)
{
	counts();
	no_memory();
	no_memory_to_lower();
	copied();
	longest();
	longest_to_load();
}
