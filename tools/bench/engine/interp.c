// SPDX-License-Identifier: GPL-2.0
/* Run kernels in the interpreter of driver/engine, in this process. */
#include <err.h>

#include <engine.h>
#include <libkcsd.h>

#include "bench.h"

/* A run. */
struct machine {
	struct kcsd_vm vm;
	struct kcsd_image_view view;
	struct kcsd_code *code;
	struct bench_result *result;
};

static s64 helper(struct kcsd_vm *vm, u32 id, const struct kcsd_helper_args *args)
{
	struct machine *m = (struct machine *)vm;

	if (id == KCSD_HELPER_time)
		return bench_now();
	if (id != KCSD_HELPER_emit || args->val[1] != sizeof(*m->result))
		return -KCSD_EINVAL;
	memcpy(m->result, args->ptr[0], sizeof(*m->result));
	return 0;
}

static u32 tick(struct kcsd_vm *vm)
{
	(void)vm;
	return KCSD_FAULT_NONE;
}

static const struct kcsd_vm_ops ops = { .helper = helper, .tick = tick };

static void load(struct machine *m, const struct bench_job *job)
{
	struct kcsd_verdict verdict;
	const void *image;
	size_t len;

	image = kcsd_object_image(job->object, &len);
	if (kcsd_image_parse(image, len, &m->view))
		errx(1, "%s: no image", job->name);
	if (kcsd_code_create(m->view.insns, m->view.insn_cnt, &m->code, &verdict))
		errx(1, "%s: refused, reason %u", job->name, verdict.reason);
	m->vm.mem_len = kcsd_layout_init(&m->vm.layout, &m->view, 0);
	m->vm.mem = malloc(m->vm.mem_len);
	if (!m->vm.mem)
		err(1, NULL);
}

/* Any: what counting costs does not depend on them. */
static const struct kcsd_costs costs = {
	.alu = 100, .mul = 300, .div = 2000, .access = 200, .taken = 200, .not_taken = 100,
	.call = 400, .helper = 5000, .helper_byte = 25,
};

static void *interp_open(const char *arg)
{
	if (arg)
		errx(1, "interp takes no argument");
	return NULL;
}

static void *interp_cost_open(const char *arg)
{
	interp_open(arg);
	return (void *)&costs;
}

static void interp_run(void *handle, const struct bench_job *job, struct bench_outcome *outcome)
{
	const struct kcsd_vm_input in = {
		.cparam1 = job->rounds,
		.cparam2 = BENCH_SEED,
		.lba_size = 4096,
		.out_max = sizeof(outcome->result),
	};
	struct machine m = {
		.vm = { .budget = UINT64_MAX, .ops = &ops, .costs = handle },
		.result = &outcome->result,
	};

	load(&m, job);
	if (handle && kcsd_code_set_costs(m.code, handle))
		err(1, NULL);
	kcsd_vm_setup(&m.vm, &m.view, &in);
	kcsd_interp(m.code, &m.vm);
	if (m.vm.end.reason)
		errx(1, "%s: fault %u at %u", job->name, m.vm.end.reason, m.vm.end.pc);
	outcome->insns = m.vm.end.insns;
	kcsd_code_destroy(m.code);
	free(m.vm.mem);
}

static void interp_close(void *handle)
{
	(void)handle;
}

const struct bench_engine bench_interp = { interp_open, interp_run, interp_close };
const struct bench_engine bench_interp_cost = { interp_cost_open, interp_run, interp_close };
