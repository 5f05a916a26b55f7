// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* The simulator: the engine of the drive, in this process. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

/* Defaults, as for a drive. */
#define DEFAULT_LBA_SIZE	4096
#define DEFAULT_CUS		2
#define DEFAULT_ARENA_LEN	(4u << 20)
#define DEFAULT_TIMEOUT_MS	30000
#define NSEC_PER_MSEC		1000000ull
#define MAX_ARENA_LEN		(1ull << 30)

/* ---- create ---- */

static int validate_opts(const struct kcsd_sim_opts *o, struct kcsd_error *err)
{
	if (o->flags & ~KCSD_SIM_RAW)
		return kcsd_error_set(err, -EINVAL, "flags: no such flag: %#x", o->flags);
	if (o->lba_size != 512 && o->lba_size != 4096)
		return kcsd_error_set(err, -EINVAL, "LBAs of %u bytes: 512 or 4096 are possible",
				      o->lba_size);
	if (o->nsze && !o->lbas)
		return kcsd_error_set(err, -EINVAL, "LBAs: a length without an address");
	if (o->nsze > SIZE_MAX / o->lba_size)
		return kcsd_error_set(err, -EINVAL, "%llu LBAs are too many",
				      (unsigned long long)o->nsze);
	if (o->arena_len > MAX_ARENA_LEN)
		return kcsd_error_set(err, -E2BIG, "memory of %llu bytes: at most %llu are "
				      "possible",
				      (unsigned long long)o->arena_len, MAX_ARENA_LEN);
	if (o->engine != KCSD_ENGINE_INTERP && o->engine != KCSD_ENGINE_LOWERED)
		return kcsd_error_set(err, -EINVAL, "engine %s is not for the simulator",
				      kcsd_engine_name(o->engine));
	if (o->slm_len % KCSD_RANGE_GRANULARITY || (o->slm_len && !o->slm))
		return kcsd_error_set(err, -EINVAL, "SLM: no address, or its length is no "
				      "multiple of %d", KCSD_RANGE_GRANULARITY);
	if (!o->nr_fds != !o->fds || o->nr_fds > KCSD_MAX_SOURCES || o->rsvd)
		return kcsd_error_set(err, -EINVAL, "files: there are none, or more than %u",
				      KCSD_MAX_SOURCES);
	if (o->trace && o->engine != KCSD_ENGINE_INTERP)
		return kcsd_error_set(err, -EINVAL, "only the interpreter can be traced");
	return 0;
}

static int take_opts(struct kcsd_sim_opts *o, const struct kcsd_sim_opts *opts,
		     struct kcsd_error *err)
{
	int ret = kcsd_opts_copy(o, sizeof(*o), opts);

	if (ret)
		return kcsd_error_set(err, ret, "kcsd_sim_opts: impossible size");
	if (!o->lba_size)
		o->lba_size = DEFAULT_LBA_SIZE;
	if (!o->cus)
		o->cus = DEFAULT_CUS;
	if (!o->arena_len)
		o->arena_len = DEFAULT_ARENA_LEN;
	if (!o->engine)
		o->engine = KCSD_ENGINE_INTERP;
	ret = validate_opts(o, err);
	return ret ? ret : kcsd_sim_zones_validate(o, err);
}

static int refuse(const struct kcsd_sim *sim, const struct kcsd_verdict *verdict,
		  struct kcsd_error *err)
{
	u32 at = verdict->pc + sim->prologue;
	char detail[KCSD_DETAIL_LEN] = "";

	if (at < sim->view.insn_cnt)
		kcsd_insn_describe(&sim->view.insns[at], verdict->reason, detail);
	kcsd_error_set(err, KCSD_SC_INVALID_PROGRAM_DATA, "instruction %u: %s%s", verdict->pc,
		       kcsd_verdict_text(verdict->reason), detail);
	if (err) {
		err->verdict = verdict->reason;
		err->pc = verdict->pc;
	}
	return KCSD_SC_INVALID_PROGRAM_DATA;
}

/*
 * Instructions before a raw program: r2 = length of the arguments, r1 = their address, or 0 if
 * there are none. They are here and not in an engine, as no drive starts programs in this way. A
 * program whose unused functions call its first function is refused, because that is no longer the
 * first. The prologue does not count in the length of the program.
 */
static const struct bpf_insn prologue[] = {
	{ .code = BPF_LDX | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_2, .src_reg = BPF_REG_1,
	  .off = offsetof(struct kcsd_ctx, args_len) },
	{ .code = BPF_LDX | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_1, .src_reg = BPF_REG_1,
	  .off = offsetof(struct kcsd_ctx, args) },
	{ .code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = BPF_REG_2, .off = 1 },
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_1 },
};

/* Returns the number of prologue instructions that a run with args_len bytes executes. */
static u64 prologue_insns(const struct kcsd_sim *sim, u32 args_len)
{
	if (!sim->prologue)
		return 0;
	return args_len ? ARRAY_SIZE(prologue) - 1 : ARRAY_SIZE(prologue);
}

/* Prepend the prologue; from now on view includes it. */
static int add_prologue(struct kcsd_sim *sim)
{
	u32 nr = ARRAY_SIZE(prologue) + sim->view.insn_cnt;

	sim->insns = reallocarray(NULL, nr, sizeof(*sim->insns));
	if (!sim->insns)
		return -ENOMEM;
	memcpy(sim->insns, prologue, sizeof(prologue));
	memcpy(sim->insns + ARRAY_SIZE(prologue), sim->view.insns,
	       sim->view.insn_cnt * sizeof(*sim->insns));
	sim->view.insns = sim->insns;
	sim->view.insn_cnt = nr;
	sim->prologue = ARRAY_SIZE(prologue);
	return 0;
}

static int create_raw_code(struct kcsd_sim *sim, struct kcsd_verdict *verdict)
{
	/* Validate the program alone, so that errors refer to it and not to the prologue. */
	int ret = kcsd_validate_insns(sim->view.insns, sim->view.insn_cnt, verdict);

	if (!ret)
		ret = add_prologue(sim);
	if (!ret)
		ret = kcsd_validate_any_length(sim->view.insns, sim->view.insn_cnt, verdict);
	if (!ret)
		ret = kcsd_code_decode_fused(sim->view.insns, sim->view.insn_cnt, &sim->code);
	if (ret && verdict->pc >= sim->prologue)
		verdict->pc -= sim->prologue;
	return ret;
}

static int create_code(struct kcsd_sim *sim, struct kcsd_verdict *verdict)
{
	if (sim->opts.flags & KCSD_SIM_RAW)
		return create_raw_code(sim, verdict);
	return kcsd_code_create(sim->view.insns, sim->view.insn_cnt, &sim->code, verdict);
}

static int create_engine(struct kcsd_sim *sim, struct kcsd_error *err)
{
	int ret = 0;

	if (sim->opts.engine == KCSD_ENGINE_LOWERED) {
		ret = kcsd_sim_lowered_create(&sim->view, &sim->lowered);
	} else {
		sim->arena = malloc(sim->opts.arena_len);
		if (!sim->arena)
			ret = -ENOMEM;
	}
	if (ret == -E2BIG)
		return kcsd_error_set(err, ret, "lowered, the program is too long: "
				      "the interpreter runs it");
	return ret ? kcsd_error_set(err, ret, "out of memory") : 0;
}

/* Load the image. Validates in the order of kcsd_program_create() in the module. */
static int load(struct kcsd_sim *sim, size_t len, struct kcsd_error *err)
{
	struct kcsd_verdict verdict = {};
	struct kcsd_layout layout;
	int ret;

	verdict.reason = kcsd_image_parse(sim->image, len, &sim->view);
	if (verdict.reason)
		return refuse(sim, &verdict, err);
	if (kcsd_layout_init(&layout, &sim->view, KCSD_MAX_ARGS) > sim->opts.arena_len) {
		verdict.reason = KCSD_VERDICT_MEMORY;
		refuse(sim, &verdict, err);
		kcsd_memory_describe(sim->image, len, sim->opts.arena_len, err);
		if (err)
			err->verdict = KCSD_VERDICT_MEMORY;
		return KCSD_SC_INVALID_PROGRAM_DATA;
	}
	ret = create_code(sim, &verdict);
	if (ret == -EINVAL)
		return refuse(sim, &verdict, err);
	return ret ? kcsd_error_set(err, ret, "out of memory") : create_engine(sim, err);
}

int kcsd_sim_create(const void *image, size_t len, const struct kcsd_sim_opts *opts,
		    struct kcsd_sim **out, struct kcsd_error *err)
{
	struct kcsd_sim_opts o;
	struct kcsd_sim *sim;
	int ret;

	*out = NULL;
	ret = take_opts(&o, opts, err);
	if (ret)
		return ret;
	sim = calloc(1, sizeof(*sim));
	if (!sim)
		return kcsd_error_set(err, -ENOMEM, "out of memory");
	sim->opts = o;
	sim->image = malloc(len + 1);
	if (!sim->image) {
		ret = kcsd_error_set(err, -ENOMEM, "out of memory");
		goto out_destroy;
	}
	if (len)
		memcpy(sim->image, image, len);
	ret = load(sim, len, err);
	if (ret)
		goto out_destroy;
	*out = sim;
	return 0;

out_destroy:
	kcsd_sim_destroy(sim);
	return ret;
}

void kcsd_sim_destroy(struct kcsd_sim *sim)
{
	if (!sim)
		return;
	kcsd_sim_lowered_destroy(sim->lowered);
	kcsd_code_destroy(sim->code);
	free(sim->arena);
	free(sim->insns);
	free(sim->image);
	free(sim);
}

/* ---- run ---- */

/* True if the grant is possible; some need a zoned drive. */
static bool grant_valid(const struct kcsd_sim_opts *o, const struct kcsd_lba_range *g)
{
	if (!o->zone_size)
		return !(g->access & (KCSD_GRANT_APPEND | KCSD_GRANT_MANAGE | KCSD_GRANT_ZONES));
	return !(g->access & KCSD_GRANT_ZONES) || !(g->slba % o->zone_size);
}

/* Convert the grants to the byte order of the drive, as programs see them. */
static int take_grants(const struct kcsd_sim *sim, const struct kcsd_run_opts *o,
		       struct kcsd_lba_grant *grants, struct kcsd_error *err)
{
	u32 i;

	for (i = 0; i < o->nr_grants; i++) {
		const struct kcsd_lba_range *g = &o->grants[i];
		u64 nlb = g->nlb;

		if (!grant_valid(&sim->opts, g))
			return kcsd_error_set(err, KCSD_SC_INVALID_FIELD, "grant %u: there are no "
					      "zones, or none begins at LBA %llu", i,
					      (unsigned long long)g->slba);
		if (g->access & KCSD_GRANT_ZONES)
			nlb *= sim->opts.zone_size;
		if (nlb > UINT32_MAX || g->slba > sim->opts.nsze || nlb > sim->opts.nsze - g->slba)
			return kcsd_error_set(err, KCSD_SC_LBA_RANGE, "grant %u: LBAs %llu+%llu "
					      "are not all there: there are %llu", i,
					      (unsigned long long)g->slba, (unsigned long long)nlb,
					      (unsigned long long)sim->opts.nsze);
		grants[i] = (struct kcsd_lba_grant){
			.slba = htole64(g->slba),
			.nlb = htole32(nlb),
			.access = g->access & KCSD_GRANT_ANY,
		};
	}
	return 0;
}

/* Set the length of the stream; grants and ranges must have been taken before. */
static int take_len(struct sim_run *run, const struct kcsd_run_opts *o, struct kcsd_error *err)
{
	const struct kcsd_vm_input in = {
		.grants = run->grants,
		.nr_grants = run->nr_grants,
		.lba_size = run->sim->opts.lba_size,
		.ranges = run->ranges,
		.nr_ranges = o->nr_ranges,
	};
	u64 max = kcsd_stream_max(&in);

	run->stream_len = o->flags & KCSD_RUN_LEN ? o->stream_len : max;
	return kcsd_stream_validate(run->stream_len, max, err);
}

static void fill_result(const struct sim_run *run, u64 insns, u64 ns,
			struct kcsd_run_result *result)
{
	const struct kcsd_vm_end *end = &run->vm.end;

	*result = (struct kcsd_run_result){
		.status = kcsd_fault_status(end->reason),
		.recorded = 1,
		.r0 = end->reason ? 0 : end->r0,
		.out = run->out,
		.out_len = run->out_len,
		.flags = (run->cut ? KCSD_RESULT_CUT : 0) |
			 (run->medium.text[0] ? KCSD_RESULT_MEDIUM : 0),
		.info = {
			.reason = end->reason,
			.pc = end->pc >= run->sim->prologue ? end->pc - run->sim->prologue : 0,
			.helper = end->helper,
			.engine = run->sim->opts.engine,
			.addr = end->addr,
			.lba = end->lba,
			.insns = insns,
			.run_ns = ns,
			.read_bytes = run->read_bytes,
			.written_bytes = run->written_bytes,
		},
	};
}

int kcsd_sim_set_costs(struct kcsd_sim *sim, const struct kcsd_costs *costs,
		       kcsd_sim_helper_fn *helper)
{
	sim->costs = *costs;
	sim->helper_seen = helper;
	return kcsd_code_set_costs(sim->code, costs);
}

u64 kcsd_sim_cost(const struct kcsd_sim *sim)
{
	return sim->cost;
}

static void execute(struct sim_run *run, const struct kcsd_run_opts *o,
		    struct kcsd_run_result *result)
{
	struct kcsd_sim *sim = run->sim;
	const struct kcsd_vm_input in = {
		.cparam1 = o->cparam1,
		.cparam2 = o->cparam2,
		.grants = run->grants,
		.nr_grants = run->nr_grants,
		.lba_size = sim->opts.lba_size,
		.args = o->args,
		.args_len = o->args_len,
		.ranges = run->ranges,
		.nr_ranges = o->nr_ranges,
		.out_max = run->out_max,
		.stream_len = run->stream_len,
	};
	u64 timeout_ms = o->timeout_ms ? o->timeout_ms : DEFAULT_TIMEOUT_MS;
	u64 start = kcsd_sim_now_ns(), before = prologue_insns(sim, o->args_len);
	struct kcsd_vm *vm = &run->vm;

	run->deadline_ns = start + timeout_ms * NSEC_PER_MSEC;
	run->progress_ns = start + PROGRESS_NS;
	/* Cannot fail: kcsd_sim_create() tried the longest arguments. */
	vm->mem = sim->lowered ? kcsd_sim_lowered_mem(sim->lowered) : sim->arena;
	vm->mem_len = kcsd_layout_init(&vm->layout, &sim->view, o->args_len);
	if (run->with_ranges)
		kcsd_sim_ranges_enter(run, o);
	vm->budget = o->budget && o->budget < UINT64_MAX - before ? o->budget + before : UINT64_MAX;
	vm->ops = &kcsd_sim_ops;
	vm->costs = sim->helper_seen ? &sim->costs : NULL;
	kcsd_vm_setup(vm, &sim->view, &in);
	if (sim->lowered)
		kcsd_sim_lowered_run(sim->lowered, vm);
	else if (sim->opts.trace)
		kcsd_sim_interp_traced(sim->code, vm);
	else
		kcsd_interp(sim->code, vm);
	sim->cost = vm->cost;
	kcsd_vm_release(vm);
	if (run->with_ranges)
		kcsd_sim_ranges_leave(run, o);
	fill_result(run, vm->end.insns - min(before, vm->end.insns), kcsd_sim_now_ns() - start,
		    result);
}

/* Refuse what only a drive has. */
static int validate_run(const struct kcsd_run_opts *o, struct kcsd_error *err)
{
	if (o->flags & KCSD_RUN_AUDIT)
		return kcsd_error_set(err, -EINVAL, "the simulator makes no audits");
	if (o->sources)
		return kcsd_error_set(err, -EINVAL, "the simulator has no source lists: it takes "
				      "files");
	return 0;
}

/* Take ranges, and files or the length. Returns 0, a status or -errno. */
static int take_stream(struct sim_run *run, const struct kcsd_run_opts *o, struct kcsd_error *err)
{
	int ret = kcsd_sim_ranges_take(run, o, err);

	if (ret)
		return ret;
	return run->sim->opts.nr_fds ? kcsd_sim_files_take(run, o, err) : take_len(run, o, err);
}

static void free_run(struct sim_run *run)
{
	free(run->file_end);
	free(run->with_ranges);
}

/* Describe a run that failed, or a read that failed in it. */
static void describe_end(const struct sim_run *run, const struct kcsd_run_result *r,
			 struct kcsd_error *err)
{
	if (run->medium.text[0])
		kcsd_error_set(err, 0, "%s", run->medium.text);
	else if (r->status)
		kcsd_run_describe(r, sizeof(*r), NULL, err);
}

int kcsd_sim_run(struct kcsd_sim *sim, const struct kcsd_run_opts *opts,
		 struct kcsd_run_result *result, size_t size, struct kcsd_error *err)
{
	struct kcsd_lba_grant grants[KCSD_MAX_GRANTS];
	struct sim_run run = { .sim = sim, .grants = grants };
	struct kcsd_run_result r = {};
	struct kcsd_run_opts o;
	int ret;

	memset(result, 0, size);
	ret = kcsd_run_opts_take(&o, opts, err);
	if (ret)
		return ret;
	ret = validate_run(&o, err);
	if (ret)
		return ret;
	r.status = take_grants(sim, &o, grants, err);
	if (r.status) {
		kcsd_info_copy(result, size, &r, sizeof(r));
		return r.status;
	}
	run.nr_grants = o.nr_grants;
	run.out_max = o.out_len;
	run.output = o.output;
	run.output_arg = o.output_arg;
	run.out = malloc(o.out_len + 1);
	if (!run.out)
		return kcsd_error_set(err, -ENOMEM, "out of memory");
	r.status = take_stream(&run, &o, err);
	if (r.status) {
		free_run(&run);
		free(run.out);
		if (r.status > 0)
			kcsd_info_copy(result, size, &r, sizeof(r));
		return r.status;
	}
	execute(&run, &o, &r);
	free_run(&run);
	if (run.cancelled) {
		free(run.out);
		return kcsd_error_set(err, -ECANCELED, "the run was cancelled");
	}
	if (!r.out_len || o.output) {
		free(r.out);
		r.out = NULL;
	}
	describe_end(&run, &r, err);
	kcsd_info_copy(result, size, &r, sizeof(r));
	return r.status;
}
