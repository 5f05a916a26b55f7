// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>

#include "engines.h"
#include "job.h"
#include "names.h"

#define MAX_MEM		(1u << 20)
#define DEFAULT_BUDGET	1000000
#define DEFAULT_OUT_MAX	64

bool job_fail(struct job *job, enum section section, u32 n, const char *fmt, ...)
{
	va_list ap;

	if (job->why[0])
		return false;
	job->number = test_line_number(&job->test, section, n);
	va_start(ap, fmt);
	vsnprintf(job->why, sizeof(job->why), fmt, ap);
	va_end(ap);
	return false;
}

u64 job_number(struct job *job, enum section section, u32 n, u64 missing)
{
	const char *p = test_line(&job->test, section, 0);
	u64 value = missing;

	if (!test_has(&job->test, section))
		return missing;
	do {
		if (!p || !asm_number(&p, job->symbols, &value)) {
			job_fail(job, section, 0, "bad number: %s", p ? p : "none");
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
	const struct asm_symbol symbols[JOB_MAX_SYMBOLS] = {
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
			return job_fail(job, SECTION_ASM, n, "%s", a->error);
	if (!asm_finish(a))
		return job_fail(job, SECTION_ASM, n, "%s", a->error);
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
			return job_fail(job, SECTION_RANGES, n, "bad range");
		range->nsid = cpu_to_le32(KCSD_NSID_SLM);
		range->start = cpu_to_le64(start);
		range->len = cpu_to_le32((u32)len);
	}
	job->run.input.ranges = job->ranges;
	job->run.input.nr_ranges = n;
	return true;
}

static bool set_bytes(struct job *job, enum section section, struct bytes *bytes)
{
	return test_bytes(&job->test, section, bytes) ||
	       job_fail(job, section, 0, "bad hex digits");
}

static bool set_program(struct job *job)
{
	if (!set_bytes(job, SECTION_IMAGE, &job->image) ||
	    !set_bytes(job, SECTION_DATA, &job->data) ||
	    !set_bytes(job, SECTION_ARGS, &job->args))
		return false;
	job->parts.bss_len = job_number(job, SECTION_BSS, 0, 0);
	job->parts.heap_len = job_number(job, SECTION_HEAP, 0, 0);
	if (!set_ranges(job))
		return false;
	set_symbols(job);
	asm_init(&job->assembler, job->symbols);
	if (!test_has(&job->test, SECTION_IMAGE))
		return assemble(job);
	program_copy(&job->prog, job->image.p, job->image.len);
	return true;
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
			return job_fail(job, SECTION_GRANTS, n, "bad grant");
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

	if (!test_has(&job->test, SECTION_STOP))
		return true;
	if (!p || !asm_number(&p, NULL, &tick) || !fault_find(&p, &job->run.stop_reason))
		return job_fail(job, SECTION_STOP, 0, "bad stop");
	job->run.stop_tick = tick;
	return true;
}

static bool set_input(struct job *job)
{
	struct kcsd_vm_input *in = &job->run.input;

	in->cparam1 = job_number(job, SECTION_CPARAMS, 0, 0);
	in->cparam2 = job_number(job, SECTION_CPARAMS, 1, 0);
	in->lba_size = DEVICE_LBA_SIZE;
	in->args = job->args.p;
	in->args_len = job->args.len;
	in->out_max = job_number(job, SECTION_OUT_MAX, 0, DEFAULT_OUT_MAX);
	job->run.vm.budget = job_number(job, SECTION_BUDGET, 0, DEFAULT_BUDGET);
	if (!set_grants(job))
		return false;
	in->stream_len = kcsd_stream_max(in);
	return set_stop(job);
}

struct job *job_create(void)
{
	struct job *job = calloc(1, sizeof(*job));

	assert(job);
	return job;
}

void job_destroy(struct job *job)
{
	program_release(&job->run);
	program_exit(&job->prog);
	asm_exit(&job->assembler);
	free(job->image.p);
	free(job->data.p);
	free(job->args.p);
	free(job);
}

bool job_build(struct job *job)
{
	if (!job->test.error[0])
		return set_program(job) && set_input(job) && !job->why[0];
	job_fail(job, NR_SECTIONS, 0, "%s", job->test.error);
	job->number = job->test.error_number;
	return false;
}

/* Run twice in the same memory: a run leaves nothing to the next. Then in the other engines. */
void job_run(struct job *job)
{
	bool loaded = program_load(&job->prog);
	struct engines *engines;
	const char *bad;
	u32 i;

	if (test_has(&job->test, SECTION_REFUSED)) {
		expect_refusal(job, loaded);
		return;
	}
	if (!loaded) {
		job_fail(job, NR_SECTIONS, 0, "refused: %s at %u",
			 verdict_name(job->prog.verdict.reason), job->prog.verdict.pc);
		return;
	}
	if (!program_prepare(&job->prog, &job->run, MAX_MEM)) {
		job_fail(job, NR_SECTIONS, 0, "too much memory");
		return;
	}
	for (i = 0; i < 2; i++) {
		program_run(&job->prog, &job->run);
		if (!expect_end(job))
			return;
	}
	engines = engines_create(&job->prog);
	bad = engines_compare(engines, &job->run);
	engines_destroy(engines);
	if (bad)
		job_fail(job, NR_SECTIONS, 0, "%s", bad);
}
