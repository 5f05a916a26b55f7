// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>

#include "engines.h"
#include "oracle.h"

static const char *run(const struct program *prog, const struct device_run *want,
		       struct device_run *got)
{
	static char text[200];
	const char *bad;

	device_reset(got);
	kcsd_vm_setup(&got->vm, &prog->view, &got->input);
	oracle_run(&prog->view, &got->vm);
	kcsd_vm_release(&got->vm);
	bad = engines_differ(want, got, true);
	if (!bad)
		return NULL;
	snprintf(text, sizeof(text), "oracle: %s", bad);
	return text;
}

const char *oracle_check(const struct program *prog, const struct device_run *want)
{
	struct device_run *got = malloc(sizeof(*got));
	const char *bad;

	assert(got);
	*got = *want;
	got->vm.mem = malloc(want->vm.mem_len);
	got->emitted = malloc(want->input.out_max);
	assert(got->vm.mem);
	bad = run(prog, want, got);
	free(got->emitted);
	free(got->vm.mem);
	free(got);
	return bad;
}
