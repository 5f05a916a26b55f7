// SPDX-License-Identifier: GPL-2.0
/* What the analysis says of programs: whether it is true, and whether it is enough. */
#include <stdio.h>

#include "runner.h"
#include "tap.h"
#include "verify.h"
#include "watch.h"

#define SEED		0x1b5ca1ab1e
#define PROGRAMS	2500
#define INPUTS		4
#define BUDGET		3000
#define MAX_MEM		(1u << 20)

struct tally {
	struct verify_result result;
	struct verify_gen gen;
	u32 programs;
	u64 accesses;		/* static */
	u64 proven;
	char bad[300];		/* the first that was not so */
};

static const struct kcsd_lba_grant grants[] = {
	{ .slba = 0, .nlb = 8, .access = KCSD_GRANT_READ },
	{ .slba = 8, .nlb = 8, .access = KCSD_GRANT_ALL },
};

static void set_input(struct device_run *run, struct verify_gen *g)
{
	static u8 args[64];

	run->input = (struct kcsd_vm_input){
		.cparam1 = verify_gen_below(g, 2) ? verify_gen_below(g, 64) :
						    (u64)verify_gen_below(g, 1u << 31) << 33,
		.cparam2 = verify_gen_below(g, 4096), .grants = grants,
		.nr_grants = verify_gen_below(g, ARRAY_SIZE(grants) + 1),
		.lba_size = DEVICE_LBA_SIZE, .args = args,
		.args_len = verify_gen_below(g, sizeof(args) + 1), .out_max = 4096,
	};
	run->vm.budget = BUDGET;
}

static void count(struct tally *t, const struct program *prog)
{
	u8 *proofs = calloc(1, prog->view.insn_cnt);
	u32 pc;

	assert(proofs);
	kcsd_verify(&prog->view, proofs);
	for (pc = 0; pc < prog->view.insn_cnt; pc++) {
		t->accesses += proofs[pc] != KCSD_PROOF_NONE;
		t->proven += kcsd_proof_safe(proofs[pc]);
	}
	free(proofs);
}

static void watch_inputs(const char *name, const struct program *prog, struct tally *t)
{
	struct device_run *run = calloc(1, sizeof(*run));
	u32 n;

	assert(run);
	for (n = 0; n < INPUTS && !*t->bad; n++) {
		set_input(run, &t->gen);
		if (!program_prepare(prog, run, MAX_MEM))
			break;
		if (!verify_watch(prog, run, &t->result))
			snprintf(t->bad, sizeof(t->bad), "%s, input %u: %s", name, n,
				 t->result.bad);
		program_release(run);
	}
	free(run);
	count(t, prog);
	t->programs++;
}

static void report(const struct tally *t, const char *name)
{
	tap_point(!*t->bad && t->programs && t->result.proven, "%s", name);
	tap_note("%u programs: %llu of %llu accesses proven; %llu steps", t->programs,
		 (unsigned long long)t->proven, (unsigned long long)t->accesses,
		 (unsigned long long)t->result.steps);
	if (*t->bad)
		tap_note("%s", t->bad);
}

static void watch_file(const char *name, const struct program *file, void *arg)
{
	struct tally *t = arg;
	struct program prog;

	if (*t->bad)
		return;
	program_copy(&prog, file->buf, file->len);
	if (program_load(&prog))
		watch_inputs(name, &prog, t);
	program_exit(&prog);
}

static void test_files(const char *dir)
{
	struct tally *t = calloc(1, sizeof(*t));

	assert(t);
	runner_for_each(dir, watch_file, t);
	report(t, "what is said of the test programs is so");
	free(t);
}

static void watch_random(struct tally *t, u64 seed)
{
	struct program_parts parts;
	struct program prog;
	char name[64];

	t->gen.random = seed;
	verify_gen_program(&t->gen, &parts);
	program_build(&prog, &parts);
	snprintf(name, sizeof(name), "seed %llu", (unsigned long long)seed);
	if (program_load(&prog))
		watch_inputs(name, &prog, t);
	else
		snprintf(t->bad, sizeof(t->bad), "%s: refused at %u, check %u", name,
			 prog.verdict.pc, prog.verdict.check);
	program_exit(&prog);
}

static void test_random(void)
{
	struct tally *t = calloc(1, sizeof(*t));
	u32 programs = getenv("VERIFY_PROGRAMS") ? atoi(getenv("VERIFY_PROGRAMS")) : PROGRAMS, n;

	assert(t);
	for (n = 0; n < programs && !*t->bad; n++)
		watch_random(t, SEED + n);
	report(t, "what is said of random programs is so");
	free(t);
}

/* ---- enough is proven ---- */

#define BSS_LEN		4096

/* A proof for each access, in the order of the code: a loss of precision fails, a gain too. */
static const struct {
	const char *name;
	const char *code;	/* lines of asm.h */
	const char *proofs;
} precise[] = {
	{ "own frame", "stxdw [r10-8], r1\nldxb r0, [r10-512]\nexit", "FRAME FRAME" },
	{ "above the frame", "stxdw [r10-4], r1\nexit", "ABOVE" },
	{ "context", "ldxdw r0, [r1+0]\nstxdw [r1+0], r0\nexit", "CONST BELOW" },
	{ "first page", "mov r2, 0\nldxb r0, [r2+0]\nexit", "BELOW" },
	{ "arguments", "ldxdw r2, [r1+16]\nldxb r0, [r2+0]\nexit", "CONST ABOVE" },
	{ "heap", "ldxdw r2, [r1+64]\nldxb r0, [r2-1]\nexit", "CONST ANY" },
	{ "unknown", "ldxdw r2, [r1+0]\nldxb r0, [r2+0]\nexit", "CONST ANY" },
	{ "byte as an index", "ldxb r2, [r1+0]\nadd r2, 0x2000\nldxdw r0, [r2+0]\nexit",
	  "CONST BOUND" },
	{ "masked index", "ldxdw r2, [r1+0]\nand r2, 0x3fc\nadd r2, 0x2000\nstxw [r2+4], r0\nexit",
	  "CONST BOUND" },
	{ "shifted", "ldxdw r2, [r1+0]\nrsh r2, 56\nlsh r2, 3\nadd r2, 0x2000\n"
	  "ldxdw r0, [r2+0]\nexit", "CONST BOUND" },
	{ "shifted out of the register", "ldxb r2, [r1+0]\nldxb r3, [r1+8]\nand r2, 2\nand r3, 63\n"
	  "lsh r2, r3\nadd r2, 0x2000\nldxb r0, [r2+0]\nexit", "CONST CONST ANY" },
	{ "divided by 1 at least", "ldxb r2, [r1+0]\nldxb r3, [r1+8]\nand r3, 3\nadd r3, 1\n"
	  "div r2, r3\nlsh r2, 6\nadd r2, 0x2000\nldxb r0, [r2+0]\nexit", "CONST CONST ABOVE" },
	{ "compared index", "ldxdw r2, [r1+0]\njgt r2, 100, out\nadd r2, 0x2000\n"
	  "ldxb r0, [r2+0]\nout:\nexit", "CONST RANGE" },
	{ "compared as signed", "ldxdw r2, [r1+0]\njsgt r2, 100, out\njslt r2, -8, out\n"
	  "add r2, 0x2008\nldxb r0, [r2+0]\nout:\nexit", "CONST RANGE" },
	{ "signed, one side only", "ldxdw r2, [r1+0]\njsgt r2, 100, out\nadd r2, 0x2000\n"
	  "ldxb r0, [r2+0]\nout:\nexit", "CONST ANY" },
	{ "lower half compared", "ldxdw r2, [r1+0]\nmov32 r2, r2\njgt32 r2, 100, out\n"
	  "add r2, 0x2000\nldxb r0, [r2+0]\nout:\nexit", "CONST RANGE" },
	{ "upper half not compared", "ldxdw r2, [r1+0]\njgt32 r2, 100, out\nadd r2, 0x2000\n"
	  "ldxb r0, [r2+0]\nout:\nexit", "CONST ANY" },
	{ "loop below a constant", "mov r2, 0x2000\nloop:\nldxb r0, [r2+0]\nadd r2, 1\n"
	  "jlt r2, 0x2100, loop\nexit", "RANGE" },
	{ "loop to != a constant", "mov r2, 0x2000\nloop:\nldxdw r0, [r2+0]\nadd r2, 8\n"
	  "jne r2, 0x2100, loop\nexit", "RANGE" },
	{ "a step that misses the end", "mov r2, 0x2000\nloop:\nldxdw r0, [r2+0]\nadd r2, 24\n"
	  "jne r2, 0x2100, loop\nexit", "ABOVE" },
	{ "loop to != a register", "ldxb r3, [r1+0]\njeq r3, 0, out\nadd r3, 0x2000\n"
	  "mov r2, 0x2000\nloop:\nldxb r0, [r2+0]\nadd r2, 1\njne r2, r3, loop\nout:\nexit",
	  "CONST RANGE" },
	{ "loop while end - p is enough", "ldxb r3, [r1+0]\nadd r3, 0x2000\nmov r2, 0x2000\n"
	  "ja test\nloop:\nldxdw r0, [r2+0]\nadd r2, 8\ntest:\nmov r4, r3\nsub r4, r2\n"
	  "jsgt r4, 7, loop\nexit", "CONST RANGE" },
	{ "end in a slot", "ldxb r3, [r1+0]\nadd r3, 0x2001\nstxdw [r10-8], r3\nmov r2, 0x2000\n"
	  "loop:\nldxb r0, [r2+0]\nadd r2, 1\nldxdw r4, [r10-8]\njne r2, r4, loop\nexit",
	  "CONST FRAME RANGE FRAME" },
	{ "slot overwritten", "mov r2, 0x2000\nstxdw [r10-8], r2\nstxb [r10-7], r1\n"
	  "ldxdw r2, [r10-8]\nldxb r0, [r2+0]\nexit", "FRAME FRAME FRAME ANY" },
	{ "slot overwritten by a pointer", "ldxdw r3, [r1+0]\nmov r2, 0x2000\nstxdw [r10-8], r2\n"
	  "stxb [r3+0], r1\nldxdw r2, [r10-8]\nldxb r0, [r2+0]\nexit",
	  "CONST FRAME ANY FRAME ANY" },
	{ "slot kept beside a bounded store", "ldxb r3, [r1+0]\nmov r2, 0x2000\n"
	  "stxdw [r10-8], r2\nadd r3, 0x2000\nstxb [r3+0], r1\nldxdw r2, [r10-8]\n"
	  "ldxb r0, [r2+0]\nexit", "CONST FRAME BOUND FRAME RANGE" },
	{ "slot overwritten by a helper", "mov r2, 0x2000\nstxdw [r10-8], r2\nmov r1, r10\n"
	  "add r1, -16\nmov r2, 9\ncall geometry\nldxdw r2, [r10-8]\nldxb r0, [r2+0]\nexit",
	  "FRAME FRAME ANY" },
	{ "slot kept by a helper", "mov r2, 0x2000\nstxdw [r10-8], r2\nmov r1, r10\n"
	  "add r1, -16\nmov r2, 8\ncall geometry\nldxdw r2, [r10-8]\nldxb r0, [r2+0]\nexit",
	  "FRAME FRAME RANGE" },
	{ "function's argument", "mov r1, 0x2000\ncall_local f\nexit\nf:\nldxb r0, [r1+0]\nexit",
	  "CONST" },
	{ "function's result", "call_local f\nldxb r0, [r0+0]\nexit\nf:\nmov r0, 0x2000\nexit",
	  "RANGE" },
	{ "aligned atomic", "ldxb r2, [r1+0]\nand r2, 0xf8\nadd r2, 0x2000\natomic_add [r2+0], r0\n"
	  "exit", "CONST BOUND" },
	{ "atomic of any alignment", "ldxb r2, [r1+0]\nadd r2, 0x2000\natomic_add [r2+0], r0\nexit",
	  "CONST ALIGN" },
	{ "never reached", "mov r2, 1\njeq r2, 1, out\nldxb r0, [r2+0]\nout:\nexit", "BELOW" },
	{ "never called", "exit\nldxb r0, [r1+0]\nexit", "DEAD" },
};

static const char *proof_name(u8 proof)
{
	static const char * const names[] = {
#define NAME(value, name, sentence) [value] = #name,
		KCSD_PROOFS(NAME)
#undef NAME
	};

	return names[proof];
}

static bool assemble(struct assembler *a, const char *code)
{
	char *text = strdup(code), *rest = text, *line;
	bool good = text;

	while (good && (line = strsep(&rest, "\n")))
		good = asm_line(a, line);
	free(text);
	return good && asm_finish(a);
}

static void proofs_text(const struct program *prog, char *text, size_t len)
{
	u8 *proofs = calloc(1, prog->view.insn_cnt);
	u32 pc, at = 0;

	assert(proofs);
	*text = '\0';
	kcsd_verify(&prog->view, proofs);
	for (pc = 0; pc < prog->view.insn_cnt; pc++)
		if (proofs[pc])
			at += snprintf(text + at, len - at, "%s%s", at ? " " : "",
				       proof_name(proofs[pc]));
	free(proofs);
}

static void test_precise(u32 k)
{
	static const struct asm_symbol none[] = { {} };
	struct assembler a;
	struct program prog = {};
	char got[200] = "";
	bool good;

	asm_init(&a, none);
	good = assemble(&a, precise[k].code);
	if (good) {
		program_build(&prog, &(struct program_parts){
			.insns = a.insns, .insn_cnt = a.insn_cnt, .bss_len = BSS_LEN });
		good = program_load(&prog);
	}
	if (good)
		proofs_text(&prog, got, sizeof(got));
	tap_point(!strcmp(got, precise[k].proofs), "proofs: %s", precise[k].name);
	if (strcmp(got, precise[k].proofs))
		tap_note("expected %s, got %s %s", precise[k].proofs, got, a.error);
	program_exit(&prog);
	asm_exit(&a);
}

/* ---- too much to analyse ---- */

#define LOAD_FRAME	((struct bpf_insn){ .code = 0x79, .src_reg = 10, .off = -8 })
#define STORE_FRAME	((struct bpf_insn){ .code = 0x7a, .dst_reg = 10, .off = -8, .imm = 0x2000 })
#define LOAD(dst, src)	((struct bpf_insn){ .code = 0x79, .dst_reg = (dst), .src_reg = (src) })
#define JUMP(imm_)	((struct bpf_insn){ .code = 0x15, .dst_reg = 1, .imm = (imm_) })
#define EXIT		((struct bpf_insn){ .code = 0x95 })

/*
 * An address by way of the frame, and so many branches that all of the states would not
 * fit; then the context, and what the address was used for.
 */
static void expect_of_branches(u32 branches, const char *want, const char *name)
{
	struct bpf_insn *insns = calloc(branches + 6, sizeof(*insns));
	u8 *proofs = calloc(branches + 6, 1);
	struct kcsd_image_view view = {
		.insns = insns, .insn_cnt = branches + 5, .bss_len = BSS_LEN };
	char got[100];
	u32 pc;

	assert(insns && proofs);
	insns[0] = STORE_FRAME;
	for (pc = 1; pc <= branches; pc++)
		insns[pc] = JUMP((s32)pc);
	insns[pc++] = LOAD(2, 1);
	insns[pc++] = LOAD_FRAME;
	insns[pc++] = LOAD(0, 0);
	insns[pc++] = EXIT;
	assert(!kcsd_verify(&view, proofs));
	snprintf(got, sizeof(got), "%s %s %s %s", proof_name(proofs[0]), proof_name(proofs[pc - 4]),
		 proof_name(proofs[pc - 3]), proof_name(proofs[pc - 2]));
	tap_point(!strcmp(got, want), "proofs: %s", name);
	if (strcmp(got, want))
		tap_note("expected %s, got %s", want, got);
	free(insns);
	free(proofs);
}

static void test_too_much(void)
{
	const struct bpf_insn insns[] = { STORE_FRAME, EXIT };
	struct kcsd_image_view view = { .insns = insns, .insn_cnt = 2, .heap_len = U32_MAX };
	u8 proofs[2] = { 99, 99 };

	expect_of_branches(100, "FRAME CONST FRAME RANGE", "what fits");
	expect_of_branches(30000, "FRAME CONST FRAME ANY", "registers alone, for want of memory");
	expect_of_branches(40000, "GAVE_UP GAVE_UP GAVE_UP GAVE_UP", "nothing, for want of memory");
	tap_point(!kcsd_verify(&view, proofs) && proofs[0] == KCSD_PROOF_GAVE_UP &&
		  proofs[1] == KCSD_PROOF_NONE, "proofs: nothing, where memory has no end");
}

void verify_tests(const char *dir)
{
	u32 k;

	for (k = 0; k < ARRAY_SIZE(precise); k++)
		test_precise(k);
	test_too_much();
	test_files(dir);
	test_random();
}
