// SPDX-License-Identifier: GPL-2.0
#include "job.h"
#include "names.h"

static bool expect_number(struct job *job, enum section section, u64 got, const char *what)
{
	u64 want = job_number(job, section, 0, got);

	if (got == want)
		return true;
	return job_fail(job, section, 0, "%s: expected %#llx, got %#llx", what,
			(unsigned long long)want, (unsigned long long)got);
}

static bool compare_bytes(struct job *job, enum section section, const struct bytes *want,
			  const u8 *got, u64 len, const char *what)
{
	u64 i;

	if (want->len != len)
		return job_fail(job, section, 0, "%s: expected %u bytes, got %llu", what, want->len,
				(unsigned long long)len);
	for (i = 0; i < len; i++)
		if (got[i] != want->p[i])
			return job_fail(job, section, 0, "%s: byte %llu: expected %02x, got %02x",
					what, (unsigned long long)i, want->p[i], got[i]);
	return true;
}

static bool expect_bytes(struct job *job, enum section section, const u8 *got, u64 len,
			 const char *what)
{
	struct bytes want;
	bool ok;

	if (!test_has(&job->test, section))
		return true;
	if (test_bytes(&job->test, section, &want))
		ok = compare_bytes(job, section, &want, got, len, what);
	else
		ok = job_fail(job, section, 0, "bad hex digits");
	free(want.p);
	return ok;
}

/* Compare the nth call of a helper with its line. */
static bool expect_call(struct job *job, u32 n, const char *line, const struct device_call *call)
{
	const char *p = line;
	char name[32];
	u32 i;
	u64 want;

	if (sscanf(line, "%31s", name) != 1 || !asm_helper(name))
		return job_fail(job, SECTION_HELPERS, n, "no such helper: %s", line);
	if (call->id != asm_helper(name))
		return job_fail(job, SECTION_HELPERS, n,
				"expected a call of %s, got one of helper %u", name, call->id);
	p += strlen(name);
	for (i = 0; i < device_nr_args(call->id); i++) {
		if (!asm_number(&p, job->symbols, &want))
			return job_fail(job, SECTION_HELPERS, n, "bad arguments: %s", line);
		if (call->val[i] != want)
			return job_fail(job, SECTION_HELPERS, n,
					"%s: argument %u: expected %#llx, got %#llx", name, i + 1,
					(unsigned long long)want, (unsigned long long)call->val[i]);
	}
	return true;
}

static bool expect_calls(struct job *job)
{
	const char *line;
	u32 n;

	if (!test_has(&job->test, SECTION_HELPERS))
		return true;
	for (n = 0; (line = test_line(&job->test, SECTION_HELPERS, n)); n++) {
		if (n == job->run.nr_calls)
			return job_fail(job, SECTION_HELPERS, n, "not called: %s", line);
		if (!expect_call(job, n, line, &job->run.calls[n]))
			return false;
	}
	if (n == job->run.nr_calls)
		return true;
	return job_fail(job, SECTION_HELPERS, n, "expected %u helper calls, got %u", n,
			job->run.nr_calls);
}

static bool expect_fault(struct job *job)
{
	const struct kcsd_vm_end *end = &job->run.vm.end;
	const char *p = test_line(&job->test, SECTION_FAULT, 0);
	bool lba = end->reason == KCSD_FAULT_LBA_READ || end->reason == KCSD_FAULT_LBA_WRITE;
	u64 pc, where = 0;
	u32 reason;

	if (!p || !fault_find(&p, &reason) || !asm_number(&p, NULL, &pc) ||
	    (*p && !asm_number(&p, job->symbols, &where)) || *p)
		return job_fail(job, SECTION_FAULT, 0, "bad fault");
	if (end->reason != reason || end->pc != pc)
		return job_fail(job, SECTION_FAULT, 0, "expected %s at %llu, got %s at %u",
				fault_name(reason), (unsigned long long)pc,
				fault_name(end->reason), end->pc);
	if (end->addr == (lba ? 0 : where) && end->lba == (lba ? where : 0))
		return true;
	return job_fail(job, SECTION_FAULT, 0,
			"expected it at %#llx, got address %#llx, LBA %#llx",
			(unsigned long long)where, (unsigned long long)end->addr,
			(unsigned long long)end->lba);
}

static bool expect_result(struct job *job)
{
	const struct kcsd_vm_end *end = &job->run.vm.end;

	if (end->reason)
		return job_fail(job, SECTION_RESULT, 0,
				"expected a result, got %s at %u, address %#llx",
				fault_name(end->reason), end->pc, (unsigned long long)end->addr);
	if (end->pc || end->addr || end->lba)
		return job_fail(job, SECTION_RESULT, 0, "no fault, yet it has a place");
	return expect_number(job, SECTION_RESULT, end->r0, "result");
}

static bool expect_in(struct job *job)
{
	const char *name = test_line(&job->test, SECTION_IN, 0);
	u32 want = name ? asm_helper(name) : 0;

	if (name && !want)
		return job_fail(job, SECTION_IN, 0, "no such helper: %s", name);
	if (job->run.vm.end.helper == want)
		return true;
	return job_fail(job, SECTION_IN, 0, "expected helper %u, got %u", want,
			job->run.vm.end.helper);
}

bool expect_end(struct job *job)
{
	struct kcsd_vm *vm = &job->run.vm;
	bool ok;

	if (job->run.broken)
		return job_fail(job, NR_SECTIONS, 0, "%s", job->run.broken);
	ok = test_has(&job->test, SECTION_FAULT) ? expect_fault(job) : expect_result(job);
	return ok && expect_in(job) && expect_calls(job) &&
		expect_number(job, SECTION_INSNS, vm->end.insns, "instructions") &&
		expect_number(job, SECTION_TICKS, job->run.ticks, "ticks") &&
		expect_bytes(job, SECTION_EMITTED, job->run.emitted, job->run.emitted_len,
			     "emitted") &&
		expect_bytes(job, SECTION_ARGS_AFTER, vm->mem + vm->layout.args - KCSD_GUEST_CTX,
			     job->args.len, "arguments");
}

/* The test may name several instructions, where any of them is right. */
bool expect_refusal(struct job *job, bool loaded)
{
	const char *p = test_line(&job->test, SECTION_REFUSED, 0);
	const struct kcsd_verdict *got = &job->prog.verdict;
	bool right_place = false;
	u32 reason;
	u64 pc;

	if (!p || !verdict_find(&p, &reason) || !*p)
		return job_fail(job, SECTION_REFUSED, 0, "bad refusal");
	while (*p) {
		if (!asm_number(&p, NULL, &pc))
			return job_fail(job, SECTION_REFUSED, 0, "bad refusal");
		right_place |= got->pc == pc;
	}
	if (!loaded && got->reason == reason && right_place)
		return true;
	return job_fail(job, SECTION_REFUSED, 0, "expected %s, got %s at %u",
			test_line(&job->test, SECTION_REFUSED, 0), verdict_name(got->reason),
			got->pc);
}
