// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzz all engines with generated programs: the interpreter, the oracle and lowered code must do
 * the same.
 */
#include <stdio.h>

#include "engines.h"
#include "generate.h"
#include "runner.h"

#define MAX_MEM		(1u << 20)

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

static void set_input(const struct generated *g, struct device_run *run, u32 args_len)
{
	run->input = g->input;
	run->input.args_len = args_len;
	run->vm.budget = g->budget;
	run->stop_tick = g->stop_tick;
	run->stop_reason = g->stop_reason;
}

static const char *run_with(const struct generated *g, const struct program *prog,
			    const struct engines *engines, u32 args_len, struct kcsd_vm_end *end)
{
	struct device_run *run = calloc(1, sizeof(*run));
	const char *bad = "too much memory";

	assert(run);
	set_input(g, run, args_len);
	if (program_prepare(prog, run, MAX_MEM)) {
		program_run(prog, run);
		bad = run->broken ? run->broken : engines_compare(engines, run);
	}
	*end = run->vm.end;
	program_release(run);
	free(run);
	return bad;
}

/* Run with all arguments and with fewer: the end of memory depends on the run. */
static const char *run_generated(const struct generated *g, const struct program *prog,
				 struct kcsd_vm_end *end)
{
	struct engines *engines = engines_create(prog);
	const char *bad = run_with(g, prog, engines, g->input.args_len, end);
	struct kcsd_vm_end other;

	if (!bad && g->input.args_len)
		bad = run_with(g, prog, engines, g->input.args_len / 3, &other);
	engines_destroy(engines);
	return bad;
}

const char *fuzz_generated(const u8 *choices, size_t len, struct kcsd_vm_end *end)
{
	struct generated *g = malloc(sizeof(*g));
	struct program prog;
	const char *bad;

	assert(g);
	generate(g, choices, len);
	program_build(&prog, &g->parts);
	if (program_load(&prog))
		bad = run_generated(g, &prog, end);
	else
		bad = "the generated program is refused";
	program_exit(&prog);
	free(g);
	return bad;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	struct kcsd_vm_end end;
	const char *bad = fuzz_generated(data, len, &end);

	if (bad) {
		fprintf(stderr, "fuzz_lower: %s\n", bad);
		abort();
	}
	return 0;
}
