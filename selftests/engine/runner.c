// SPDX-License-Identifier: GPL-2.0
#include <glob.h>
#include <stdarg.h>

#include "engines.h"
#include "runner.h"
#include "tap.h"

#define MAX_MEM		(1u << 20)
#define MAX_SYMBOLS	10
#define DEFAULT_BUDGET	1000000
#define DEFAULT_OUT_MAX	64

/* One data file on its way. */
struct job {
	struct test test;
	struct assembler assembler;
	struct asm_symbol symbols[MAX_SYMBOLS];
	struct bytes image, data, args;
	struct kcsd_lba_grant grants[KCSD_MAX_GRANTS];
	struct kcsd_memory_range ranges[KCSD_GUEST_MAX_RANGES];
	struct program_parts parts;
	struct program prog;
	struct device_run run;
	char why[512];		/* not as expected; empty: all is well */
};

static const char * const check_names[] = {
#define CHECK_NAME(value, name, text) [value] = #name,
	KCSD_CHECKS(CHECK_NAME)
#undef CHECK_NAME
};

static const char * const fault_names[] = {
#define FAULT_NAME(value, name, text) [value] = #name,
	KCSD_FAULTS(FAULT_NAME)
#undef FAULT_NAME
};

static __attribute__((__format__(__printf__, 2, 3)))
bool fail(struct job *job, const char *fmt, ...)
{
	va_list ap;

	if (job->why[0])
		return false;
	va_start(ap, fmt);
	vsnprintf(job->why, sizeof(job->why), fmt, ap);
	va_end(ap);
	return false;
}

static u32 find_name(const char **p, const char * const *names, u32 nr)
{
	size_t len;
	u32 i;

	len = strcspn(*p, " \t");
	for (i = 0; i < nr; i++) {
		if (!names[i] || strlen(names[i]) != len || strncmp(names[i], *p, len))
			continue;
		*p += len;
		return i;
	}
	return nr;
}

/* The nth number of a section; the default if the section is not there. */
static u64 number_or(struct job *job, enum section section, u32 n, u64 missing)
{
	const char *p = test_line(&job->test, section, 0);
	u64 value = missing;

	if (!job->test.has[section])
		return missing;
	do {
		if (!p || !asm_number(&p, job->symbols, &value)) {
			fail(job, "bad number: %s", p ? p : "none");
			return missing;
		}
	} while (n--);
	return value;
}

static void set_symbols(struct job *job)
{
	struct kcsd_image_view view = {
		.data_len = job->data.len,
		.bss_len = job->parts.bss_len,
		.heap_len = job->parts.heap_len,
	};
	struct kcsd_layout layout;
	u64 len = kcsd_layout_init(&layout, &view, job->args.len);
	u64 all = kcsd_layout_add_ranges(&layout, len, job->run.input.ranges,
					 job->run.input.nr_ranges);
	const struct asm_symbol symbols[MAX_SYMBOLS] = {
		{ "ctx", KCSD_GUEST_CTX },
		{ "data", KCSD_GUEST_DATA },
		{ "bss", KCSD_GUEST_DATA + job->data.len },
		{ "stack", layout.stack },
		{ "stack_end", layout.stack + KCSD_MAX_CALL_DEPTH * KCSD_FRAME_SIZE },
		{ "heap", layout.heap },
		{ "args", layout.args },
		{ "ranges", layout.ranges },
		{ "end", KCSD_GUEST_CTX + all },
		{ NULL, 0 }
	};

	memcpy(job->symbols, symbols, sizeof(symbols));
}

static bool assemble(struct job *job)
{
	struct assembler *a = &job->assembler;
	const char *line;
	u32 n;

	for (n = 0; (line = test_line(&job->test, SECTION_ASM, n)); n++)
		if (!asm_line(a, line))
			return fail(job, "%s", a->error);
	if (!asm_finish(a))
		return fail(job, "%s", a->error);
	job->parts.insns = a->insns;
	job->parts.insn_cnt = a->insn_cnt;
	job->parts.data = job->data.p;
	job->parts.data_len = job->data.len;
	program_build(&job->prog, &job->parts);
	return true;
}

static bool set_ranges(struct job *job)
{
	struct kcsd_memory_range *range = job->ranges;
	const char *p;
	u64 start, len;
	u32 n;

	for (n = 0; (p = test_line(&job->test, SECTION_RANGES, n)); n++, range++) {
		if (n == KCSD_GUEST_MAX_RANGES || !asm_number(&p, NULL, &start) ||
		    !asm_number(&p, NULL, &len))
			return fail(job, "bad range");
		range->nsid = cpu_to_le32(KCSD_NSID_SLM);
		range->start = cpu_to_le64(start);
		range->len = cpu_to_le32((u32)len);
	}
	job->run.input.ranges = job->ranges;
	job->run.input.nr_ranges = n;
	return true;
}

static bool build(struct job *job, const char *path)
{
	struct test *test = &job->test;

	if (!test_read(test, path))
		return fail(job, "%s", test->error);
	if (!test_bytes(test, SECTION_IMAGE, &job->image) ||
	    !test_bytes(test, SECTION_DATA, &job->data) ||
	    !test_bytes(test, SECTION_ARGS, &job->args))
		return fail(job, "bad hex digits");
	job->parts.bss_len = number_or(job, SECTION_BSS, 0, 0);
	job->parts.heap_len = number_or(job, SECTION_HEAP, 0, 0);
	if (!set_ranges(job))
		return false;
	set_symbols(job);
	asm_init(&job->assembler, job->symbols);
	if (!test->has[SECTION_IMAGE])
		return assemble(job);
	program_copy(&job->prog, job->image.p, job->image.len);
	return true;
}

static void destroy(struct job *job)
{
	program_release(&job->run);
	program_exit(&job->prog);
	asm_exit(&job->assembler);
	free(job->image.p);
	free(job->data.p);
	free(job->args.p);
	test_exit(&job->test);
	free(job);
}

static struct job *create(void)
{
	struct job *job = calloc(1, sizeof(*job));

	assert(job);
	return job;
}

static bool set_grants(struct job *job)
{
	struct kcsd_lba_grant *grant = job->grants;
	const char *p;
	u64 slba, nlb, access;
	u32 n;

	for (n = 0; (p = test_line(&job->test, SECTION_GRANTS, n)); n++, grant++) {
		if (n == KCSD_MAX_GRANTS || !asm_number(&p, NULL, &slba) ||
		    !asm_number(&p, NULL, &nlb) || !asm_number(&p, NULL, &access))
			return fail(job, "bad grant");
		grant->slba = cpu_to_le64(slba);
		grant->nlb = cpu_to_le32((u32)nlb);
		grant->access = access;
	}
	job->run.input.grants = job->grants;
	job->run.input.nr_grants = n;
	return true;
}

static bool set_stop(struct job *job)
{
	const char *p = test_line(&job->test, SECTION_STOP, 0);
	u64 tick;

	if (!job->test.has[SECTION_STOP])
		return true;
	if (!p || !asm_number(&p, NULL, &tick))
		return fail(job, "bad stop");
	p += strspn(p, " \t");
	job->run.stop_tick = tick;
	job->run.stop_reason = find_name(&p, fault_names, ARRAY_SIZE(fault_names));
	return job->run.stop_reason < ARRAY_SIZE(fault_names) ? true : fail(job, "bad stop");
}

static bool set_input(struct job *job)
{
	struct kcsd_vm_input *in = &job->run.input;

	in->cparam1 = number_or(job, SECTION_CPARAMS, 0, 0);
	in->cparam2 = number_or(job, SECTION_CPARAMS, 1, 0);
	in->lba_size = DEVICE_LBA_SIZE;
	in->args = job->args.p;
	in->args_len = job->args.len;
	in->out_max = number_or(job, SECTION_OUT_MAX, 0, DEFAULT_OUT_MAX);
	job->run.vm.budget = number_or(job, SECTION_BUDGET, 0, DEFAULT_BUDGET);
	if (!set_grants(job))
		return false;
	in->stream_len = kcsd_stream_max(in);
	return set_stop(job);
}

static bool expect_number(struct job *job, enum section section, u64 got, const char *what)
{
	u64 want = number_or(job, section, 0, got);

	if (got == want)
		return true;
	return fail(job, "%s: expected %#llx, got %#llx", what, (unsigned long long)want,
		    (unsigned long long)got);
}

static bool expect_bytes(struct job *job, enum section section, const u8 *got, u64 len,
			 const char *what)
{
	struct bytes want;
	u64 i;

	if (!job->test.has[section])
		return true;
	if (!test_bytes(&job->test, section, &want))
		fail(job, "bad hex digits");
	if (want.len != len)
		fail(job, "%s: expected %u bytes, got %llu", what, want.len,
		     (unsigned long long)len);
	for (i = 0; !job->why[0] && i < len; i++)
		if (got[i] != want.p[i])
			fail(job, "%s: byte %llu: expected %02x, got %02x", what,
			     (unsigned long long)i, want.p[i], got[i]);
	free(want.p);
	return !job->why[0];
}

static bool expect_call(struct job *job, const char *line, const struct device_call *call)
{
	const char *p = line;
	char name[32];
	u32 i;
	u64 want;

	if (sscanf(line, "%31s", name) != 1 || !asm_helper(name))
		return fail(job, "no such helper: %s", line);
	if (call->id != asm_helper(name))
		return fail(job, "expected a call of %s, got one of helper %u", name, call->id);
	p += strlen(name);
	for (i = 0; i < device_nr_args(call->id); i++) {
		if (!asm_number(&p, job->symbols, &want))
			return fail(job, "bad arguments: %s", line);
		if (call->val[i] != want)
			return fail(job, "%s: argument %u: expected %#llx, got %#llx", name, i + 1,
				    (unsigned long long)want, (unsigned long long)call->val[i]);
	}
	return true;
}

static bool expect_calls(struct job *job)
{
	const char *line;
	u32 n;

	if (!job->test.has[SECTION_HELPERS])
		return true;
	for (n = 0; (line = test_line(&job->test, SECTION_HELPERS, n)); n++) {
		if (n == job->run.nr_calls)
			return fail(job, "not called: %s", line);
		if (!expect_call(job, line, &job->run.calls[n]))
			return false;
	}
	return n == job->run.nr_calls ? true : fail(job, "%u helper calls too many",
						     job->run.nr_calls - n);
}

static bool expect_fault(struct job *job)
{
	const struct kcsd_vm_end *end = &job->run.vm.end;
	const char *p = test_line(&job->test, SECTION_FAULT, 0);
	bool lba = end->reason == KCSD_FAULT_LBA_READ || end->reason == KCSD_FAULT_LBA_WRITE;
	u64 pc, where = 0;
	u32 reason = find_name(&p, fault_names, ARRAY_SIZE(fault_names));

	if (reason == ARRAY_SIZE(fault_names) || !asm_number(&p, NULL, &pc))
		return fail(job, "bad fault");
	if (*p && !asm_number(&p, job->symbols, &where))
		return fail(job, "bad fault");
	if (end->reason != reason || end->pc != pc)
		return fail(job, "expected %s at %llu, got %s at %u", fault_names[reason],
			    (unsigned long long)pc, fault_names[end->reason], end->pc);
	if (end->addr != (lba ? 0 : where) || end->lba != (lba ? where : 0))
		return fail(job, "expected it at %#llx, got address %#llx, LBA %#llx",
			    (unsigned long long)where, (unsigned long long)end->addr,
			    (unsigned long long)end->lba);
	return true;
}

static bool expect_result(struct job *job)
{
	const struct kcsd_vm_end *end = &job->run.vm.end;

	if (end->reason)
		return fail(job, "%s at %u, address %#llx", fault_names[end->reason], end->pc,
			    (unsigned long long)end->addr);
	if (end->pc || end->addr || end->lba)
		return fail(job, "no fault, yet it has a place");
	return expect_number(job, SECTION_RESULT, end->r0, "result");
}

static bool expect_in(struct job *job)
{
	const char *name = test_line(&job->test, SECTION_IN, 0);
	u32 want = name ? asm_helper(name) : 0;

	if (job->run.vm.end.helper == want)
		return true;
	return fail(job, "expected helper %u, got %u", want, job->run.vm.end.helper);
}

static bool expect_end(struct job *job)
{
	struct kcsd_vm *vm = &job->run.vm;
	bool ok;

	if (job->run.broken)
		return fail(job, "%s", job->run.broken);
	ok = job->test.has[SECTION_FAULT] ? expect_fault(job) : expect_result(job);
	return ok && expect_in(job) && expect_calls(job) &&
		expect_number(job, SECTION_INSNS, vm->end.insns, "instructions") &&
		expect_number(job, SECTION_TICKS, job->run.ticks, "ticks") &&
		expect_bytes(job, SECTION_EMITTED, job->run.emitted, job->run.emitted_len,
			     "emitted") &&
		expect_bytes(job, SECTION_ARGS_AFTER, vm->mem + vm->layout.args - KCSD_GUEST_CTX,
			     job->args.len, "arguments");
}

/* More than one instruction may be named where any of them is right. */
static bool expect_refusal(struct job *job, bool loaded)
{
	const char *p = test_line(&job->test, SECTION_REFUSED, 0);
	const struct kcsd_verdict *got = &job->prog.verdict;
	bool right_place = false;
	u64 pc;
	u32 check = find_name(&p, check_names, ARRAY_SIZE(check_names));

	if (check == ARRAY_SIZE(check_names) || !*p)
		return fail(job, "bad refusal");
	while (*p) {
		if (!asm_number(&p, NULL, &pc))
			return fail(job, "bad refusal");
		right_place |= got->pc == pc;
	}
	if (loaded || got->check != check || !right_place)
		return fail(job, "expected %s, got %s at %u",
			    test_line(&job->test, SECTION_REFUSED, 0), check_names[got->check],
			    got->pc);
	return true;
}

/* Twice in the same memory: a run leaves nothing to the next. */
static bool run(struct job *job)
{
	bool loaded = program_load(&job->prog);
	struct engines *engines;
	const char *bad;
	u32 i;

	if (job->test.has[SECTION_REFUSED])
		return expect_refusal(job, loaded);
	if (!loaded)
		return fail(job, "refused: %s at %u", check_names[job->prog.verdict.check],
			    job->prog.verdict.pc);
	if (!program_prepare(&job->prog, &job->run, MAX_MEM))
		return fail(job, "too much memory");
	for (i = 0; i < 2; i++) {
		program_run(&job->prog, &job->run);
		if (!expect_end(job))
			return false;
	}
	engines = engines_create(&job->prog);
	bad = engines_compare(engines, &job->run);
	engines_destroy(engines);
	return bad ? fail(job, "%s", bad) : true;
}

static void run_file(const char *path, const char *name)
{
	struct job *job = create();

	if (build(job, path) && set_input(job))
		run(job);
	tap_point(!job->why[0], "%s", name);
	if (job->why[0])
		tap_note("%s", job->why);
	destroy(job);
}

static bool find_files(const char *dir, glob_t *files)
{
	char pattern[PATH_MAX];

	snprintf(pattern, sizeof(pattern), "%s/*/*.test", dir);
	return !glob(pattern, 0, NULL, files);
}

bool runner_run(const char *dir)
{
	glob_t files;
	size_t i;

	if (!find_files(dir, &files))
		return false;
	for (i = 0; i < files.gl_pathc; i++)
		run_file(files.gl_pathv[i], files.gl_pathv[i] + strlen(dir) + 1);
	globfree(&files);
	return true;
}

bool runner_for_each(const char *dir, runner_fn fn, void *arg)
{
	struct job *job;
	glob_t files;
	size_t i;

	if (!find_files(dir, &files))
		return false;
	for (i = 0; i < files.gl_pathc; i++) {
		job = create();
		if (build(job, files.gl_pathv[i]))
			fn(strrchr(files.gl_pathv[i], '/') + 1, &job->prog, arg);
		destroy(job);
	}
	globfree(&files);
	return true;
}

bool runner_for_each_run(const char *dir, runner_run_fn fn, void *arg)
{
	struct job *job;
	glob_t files;
	size_t i;

	if (!find_files(dir, &files))
		return false;
	for (i = 0; i < files.gl_pathc; i++) {
		job = create();
		if (build(job, files.gl_pathv[i]) && set_input(job))
			fn(files.gl_pathv[i] + strlen(dir) + 1, &job->prog, &job->run, arg);
		destroy(job);
	}
	globfree(&files);
	return true;
}

static void write_seed(const char *name, const struct program *prog, void *arg)
{
	char path[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", (const char *)arg, name);
	f = fopen(path, "w");
	if (!f)
		return;
	fwrite(prog->buf, 1, prog->len, f);
	fclose(f);
}

bool runner_corpus(const char *dir, const char *corpus)
{
	return runner_for_each(dir, write_seed, (void *)corpus);
}
