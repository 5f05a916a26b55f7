// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>

#include "engines.h"
#include "oracle.h"
#include "verify.h"

struct check {
	struct oracle_watch watch;
	const struct program *prog;
	const struct kcsd_vm *vm;
	const u8 *proofs;
	char bad[160];		/* the first proof that does not hold */
};

static void wrong_proof(struct check *c, u32 pc, u64 addr)
{
	if (!c->bad[0])
		snprintf(c->bad, sizeof(c->bad), "pc %u, address %#llx: \"%s\" is wrong", pc,
			 (unsigned long long)addr, kcsd_proof_text(c->proofs[pc]));
}

static void watch_insn(struct oracle_watch *watch, u32 pc)
{
	struct check *c = (struct check *)watch;

	if (c->proofs[pc] == KCSD_PROOF_DEAD)
		wrong_proof(c, pc, 0);
}

static bool is_atomic(const struct bpf_insn *insn)
{
	return BPF_CLASS(insn->code) == BPF_STX && BPF_MODE(insn->code) == BPF_ATOMIC;
}

static void watch_access(struct oracle_watch *watch, u32 pc, u64 addr, u32 size, bool write,
			 u64 frame)
{
	struct check *c = (struct check *)watch;
	u64 low = write ? KCSD_GUEST_DATA : KCSD_GUEST_CTX, high = c->vm->layout.args;

	if (!kcsd_proof_safe(c->proofs[pc]))
		return;
	if (c->proofs[pc] == KCSD_PROOF_FRAME) {
		low = frame - KCSD_FRAME_SIZE;
		high = frame;
	}
	if (addr < low || addr > high - size ||
	    (is_atomic(&c->prog->view.insns[pc]) && addr % size))
		wrong_proof(c, pc, addr);
}

static const char *run(struct check *c, const struct device_run *want, struct device_run *got)
{
	static char text[200];
	const char *bad;

	device_reset(got);
	kcsd_vm_setup(&got->vm, &c->prog->view, &got->input);
	oracle_run(&c->prog->view, &got->vm, &c->watch);
	bad = engines_differ(want, got, true);
	if (!bad && c->bad[0])
		bad = c->bad;
	if (!bad)
		return NULL;
	snprintf(text, sizeof(text), "oracle: %s", bad);
	return text;
}

const char *oracle_check(const struct program *prog, const u8 *proofs,
			 const struct device_run *want)
{
	struct device_run *got = malloc(sizeof(*got));
	struct check c = {
		.watch = { .insn = watch_insn, .access = watch_access },
		.prog = prog, .vm = &want->vm, .proofs = proofs,
	};
	const char *bad;

	assert(got);
	*got = *want;
	got->vm.mem = malloc(want->vm.mem_len);
	got->emitted = malloc(want->input.out_max);
	assert(got->vm.mem);
	bad = run(&c, want, got);
	free(got->emitted);
	free(got->vm.mem);
	free(got);
	return bad;
}
