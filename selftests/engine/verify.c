// SPDX-License-Identifier: GPL-2.0
/* What the analysis says of programs: whether it is true, and whether it is enough. */
#include <stdio.h>

#include "runner.h"
#include "tap.h"
#include "verify.h"
#include "watch.h"

#define SEED		0x1b5ca1ab1e
#define PROGRAMS	4000
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

void verify_tests(const char *dir)
{
	test_files(dir);
	test_random();
}
