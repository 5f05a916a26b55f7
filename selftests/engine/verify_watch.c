// SPDX-License-Identifier: GPL-2.0
/* The interpreter once more, comparing each instruction's registers with what is said of them. */
#include <inttypes.h>
#include <stdio.h>

#include "insn.h"
#include "verify.h"
#include "verify_value.h"
#include "watch.h"

#define NR_REGS	11

struct known {
	struct kcsd_value regs[NR_REGS];
	bool reached;
};

struct watched {
	struct kcsd_verify_watch watch;
	struct kcsd_vm *vm;
	const struct program *prog;
	struct known *known[2];		/* by pc; whatever branches do, and learnt */
	u8 *proofs;
	struct verify_result *result;
};

/* The trace is told nothing of whoever runs the program. */
static struct watched *watching;

static void note(struct kcsd_verify_watch *watch, u32 pc, const struct kcsd_value *regs,
		 bool learnt)
{
	struct watched *w = (void *)((char *)watch - offsetof(struct watched, watch));
	struct known *k = &w->known[learnt][pc];

	memcpy(k->regs, regs, sizeof(k->regs));
	k->reached = true;
}

static void complain(struct watched *w, u32 pc, const char *what, u64 value)
{
	if (!*w->result->bad)
		snprintf(w->result->bad, sizeof(w->result->bad), "instruction %u: %s 0x%" PRIx64,
			 pc, what, value);
}

static void check_registers(struct watched *w, u32 pc, const u64 *r, bool learnt)
{
	const struct known *k = &w->known[learnt][pc];
	char what[32];
	u32 reg;

	if (!k->reached) {
		complain(w, pc, "never reached", 0);
		return;
	}
	for (reg = 0; reg < NR_REGS; reg++) {
		snprintf(what, sizeof(what), "%s r%u", learnt ? "learnt" : "any way", reg);
		if (!kcsd_value_has(k->regs[reg], r[reg]))
			complain(w, pc, what, r[reg]);
	}
}

/* Written anew, not taken from the analysis. */
static void check_access(struct watched *w, u32 pc, const u64 *r)
{
	const struct bpf_insn *insn = &w->prog->view.insns[pc];
	u8 class = BPF_CLASS(insn->code), size = BPF_SIZE(insn->code);
	u32 bytes = size == BPF_DW ? 8 : size == BPF_W ? 4 : size == BPF_H ? 2 : 1;
	bool atomic = class == BPF_STX && BPF_MODE(insn->code) == BPF_ATOMIC;
	bool loads = class == BPF_LDX || (atomic && insn->imm == BPF_LOAD_ACQ);
	u64 addr = (loads ? r[insn->src_reg] : r[insn->dst_reg]) + (s64)insn->off;

	if (!kcsd_proof_safe(w->proofs[pc]))
		return;
	w->result->proven++;
	if (addr < (loads ? KCSD_GUEST_CTX : KCSD_GUEST_DATA) || addr >= w->vm->layout.args ||
	    addr + bytes > w->vm->layout.args)
		complain(w, pc, "proven, but at", addr);
	if (atomic && addr % bytes)
		complain(w, pc, "proven, but unaligned at", addr);
}

static void trace(struct kcsd_vm *vm, u32 pc, const u64 *r)
{
	struct watched *w = watching;

	assert(vm == w->vm);
	w->result->steps++;
	if (w->proofs[pc] == KCSD_PROOF_DEAD)
		complain(w, pc, "dead, but reached", 0);
	if (w->known[0]) {
		check_registers(w, pc, r, false);
		check_registers(w, pc, r, true);
	}
	check_access(w, pc, r);
}

#define KCSD_INTERP		interp_watched
#define KCSD_TRACE(vm, pc, r)	trace(vm, pc, r)
void interp_watched(const struct kcsd_code *code, struct kcsd_vm *vm);
#include "interp.c"

static bool gave_up(const struct watched *w)
{
	return w->prog->view.insn_cnt &&
	       memchr(w->proofs, KCSD_PROOF_GAVE_UP, w->prog->view.insn_cnt);
}

static bool watch(struct watched *w, struct device_run *run)
{
	u32 nr = w->prog->view.insn_cnt;
	bool all = true;

	w->known[0] = calloc(nr, sizeof(*w->known[0]));
	w->known[1] = calloc(nr, sizeof(*w->known[1]));
	w->proofs = calloc(nr, 1);
	if (!w->known[0] || !w->known[1] || !w->proofs ||
	    kcsd_verify_watched(&w->prog->view, w->proofs, &w->watch))
		all = false;
	if (gave_up(w)) {
		free(w->known[0]);
		w->known[0] = NULL;
	}
	device_reset(run);
	kcsd_vm_setup(&run->vm, &w->prog->view, &run->input);
	if (all)
		interp_watched(w->prog->code, &run->vm);
	free(w->proofs);
	free(w->known[1]);
	free(w->known[0]);
	return all;
}

bool verify_watch(const struct program *prog, struct device_run *run,
		  struct verify_result *result)
{
	struct watched w = { .prog = prog, .result = result, .watch.fn = note, .vm = &run->vm };

	*result->bad = '\0';
	watching = &w;
	if (!watch(&w, run))
		snprintf(result->bad, sizeof(result->bad), "no memory");
	return !*result->bad;
}
