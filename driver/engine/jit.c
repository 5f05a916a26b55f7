// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Compile lowered code with the kernel eBPF JIT. Each function becomes a bpf_prog of its own, as
 * the JIT resolves calls between functions only after the verifier. A call of another function is
 * compiled as a call of a helper; callees are compiled first, so their addresses are known. JITs
 * pass r1 to r5 and r0 as C functions pass arguments and result.
 *
 * This holds for x86-64 and arm64. Other JITs (riscv, loongarch, ...) need zero extensions from the
 * verifier, or cut the result of a program to 32 bits.
 */
#include <linux/filter.h>

#include "jit.h"
#include "lower.h"

struct kcsd_jit {
	u64 bytes;
	u32 nr_progs;
	struct bpf_prog *entry;		/* calls progs[0] and stores its r0 */
	struct bpf_prog *progs[];	/* the functions; NULL: not compiled yet */
};

static const void * const stubs[KCSD_NR_STUBS] = {
	[KCSD_STUB_HELPER] = kcsd_lowered_helper,
	[KCSD_STUB_TICK] = kcsd_lowered_tick,
	[KCSD_STUB_ATOMIC] = kcsd_lowered_atomic,
};

static bool arch_can(void)
{
	return IS_ENABLED(CONFIG_BPF_JIT) &&
	       (IS_ENABLED(CONFIG_X86_64) || IS_ENABLED(CONFIG_ARM64));
}

static bool is_call(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_CALL);
}

static bool is_local_call(const struct bpf_insn *insn)
{
	return is_call(insn) && insn->src_reg == BPF_PSEUDO_CALL;
}

/* Returns the units of an instruction. The second half of a 64-bit immediate is none. */
static u32 insn_len(const struct bpf_insn *insn)
{
	return insn->code == (BPF_LD | BPF_IMM | BPF_DW) ? 2 : 1;
}

/* Returns the function that begins at this instruction, or nr_functions. */
static u32 function_at(const struct kcsd_lowered *l, u32 pc)
{
	u32 low = 0, high = l->nr_functions;

	while (low < high) {
		u32 mid = (low + high) / 2;

		if (l->starts[mid] < pc)
			low = mid + 1;
		else
			high = mid;
	}
	return low < l->nr_functions && l->starts[low] == pc ? low : l->nr_functions;
}

/* Returns the JIT code or the stub that the call at pc calls; NULL: not compiled yet. */
static const void *call_target(const struct kcsd_jit *jit, const struct kcsd_lowered *l, u32 pc)
{
	const struct bpf_insn *insn = &l->insns[pc];
	u32 nr;

	if (!is_local_call(insn))
		return (u32)insn->imm < KCSD_NR_STUBS ? stubs[insn->imm] : NULL;
	nr = function_at(l, pc + 1 + insn->imm);
	return nr < l->nr_functions && jit->progs[nr] ? jit->progs[nr]->bpf_func : NULL;
}

static bool callees_are_ready(const struct kcsd_jit *jit, const struct kcsd_lowered *l, u32 nr)
{
	u32 pc;

	for (pc = l->starts[nr]; pc < l->starts[nr + 1]; pc += insn_len(&l->insns[pc]))
		if (is_call(&l->insns[pc]) && !call_target(jit, l, pc))
			return false;
	return true;
}

/* Make insn call target as a helper. Returns false if target is too far away. */
static bool set_call(struct bpf_insn *insn, const void *target)
{
	s64 distance = (s64)((uintptr_t)target - (uintptr_t)__bpf_call_base);

	if (distance != (s32)distance)
		return false;
	*insn = (struct bpf_insn){ .code = BPF_JMP | BPF_CALL, .imm = distance };
	return true;
}

/* Allocate cnt instructions. Returns NULL and *ret: -ENOMEM, -EOPNOTSUPP without a JIT. */
static struct bpf_prog *prog_alloc(u32 cnt, int *ret)
{
	struct bpf_prog *fp = bpf_prog_alloc(bpf_prog_size(cnt), 0);

	*ret = -ENOMEM;
	if (!fp)
		return NULL;
	fp->len = cnt;
	/* Any type that is not classic BPF. */
	fp->type = BPF_PROG_TYPE_SOCKET_FILTER;
	fp->aux->stack_depth = KCSD_LOWERED_FRAME;
	/* Blinding uses BPF_REG_AX; lowered code has addresses there. */
	if (fp->jit_requested && !fp->blinding_requested)
		return fp;
	*ret = -EOPNOTSUPP;
	bpf_prog_free(fp);
	return NULL;
}

/*
 * Compile to JIT code, which is then read-only; frees *prog on failure. Returns -EAGAIN if the
 * JIT gave up without a reason, which is mostly lack of memory.
 */
static int prog_compile(struct kcsd_jit *jit, struct bpf_prog **prog)
{
	int err = 0;
	struct bpf_prog *fp = bpf_prog_select_runtime(*prog, &err);

	*prog = NULL;
	if (err || !fp->jited) {
		bpf_prog_free(fp);
		return err == -ENOMEM ? err : -EAGAIN;
	}
	jit->bytes += (u64)fp->pages * PAGE_SIZE + fp->jited_len;
	*prog = fp;
	return 0;
}

/* Replace KCSD_REG_AX by BPF_REG_AX, whose number differs between kernels. */
static void name_registers(struct bpf_insn *insn)
{
	if (insn->dst_reg == KCSD_REG_AX)
		insn->dst_reg = BPF_REG_AX;
	if (insn->src_reg == KCSD_REG_AX)
		insn->src_reg = BPF_REG_AX;
}

static int compile_function(struct kcsd_jit *jit, const struct kcsd_lowered *l, u32 nr)
{
	u32 start = l->starts[nr], cnt = l->starts[nr + 1] - start, i;
	struct bpf_prog *fp;
	int ret;

	fp = prog_alloc(cnt, &ret);
	if (!fp)
		return ret;
	memcpy(fp->insnsi, &l->insns[start], cnt * sizeof(*fp->insnsi));
	for (i = 0; i < cnt; i += insn_len(&fp->insnsi[i])) {
		name_registers(&fp->insnsi[i]);
		if (!is_call(&fp->insnsi[i]) ||
		    set_call(&fp->insnsi[i], call_target(jit, l, start + i)))
			continue;
		bpf_prog_free(fp);
		return -EOPNOTSUPP;
	}
	ret = prog_compile(jit, &fp);
	jit->progs[nr] = fp;
	return ret;
}

/* Compile callees before callers, in a few rounds, as calls do not nest deep. */
static int compile_functions(struct kcsd_jit *jit, const struct kcsd_lowered *l, const bool *stop)
{
	u32 done = 0, before, nr;
	int ret;

	do {
		before = done;
		for (nr = l->nr_functions; nr--;) {
			if (kcsd_yield() || (stop && READ_ONCE(*stop)))
				return -EINTR;
			if (jit->progs[nr] || !callees_are_ready(jit, l, nr))
				continue;
			ret = compile_function(jit, l, nr);
			if (ret)
				return ret;
			done++;
		}
	} while (done < l->nr_functions && done > before);
	return done == l->nr_functions ? 0 : -EOPNOTSUPP;
}

/*
 * Compile the function that C calls: it stores the 64-bit result at its context, as the type of
 * bpf_func has a result of 32 bits and kernel CFI requires that type.
 */
static int compile_entry(struct kcsd_jit *jit)
{
	struct bpf_insn insns[] = {
		BPF_MOV64_REG(BPF_REG_6, BPF_REG_1),
		{},
		BPF_STX_MEM(BPF_DW, BPF_REG_6, BPF_REG_0, 0),
		BPF_EXIT_INSN(),
	};
	struct bpf_prog *fp;
	int ret;

	if (!set_call(&insns[1], jit->progs[0]->bpf_func))
		return -EOPNOTSUPP;
	fp = prog_alloc(ARRAY_SIZE(insns), &ret);
	if (!fp)
		return ret;
	memcpy(fp->insnsi, insns, sizeof(insns));
	ret = prog_compile(jit, &fp);
	jit->entry = fp;
	return ret;
}

int kcsd_jit_create(const struct kcsd_lowered *l, const bool *stop, struct kcsd_jit **out)
{
	struct kcsd_jit *jit;
	int ret;

	if (!arch_can())
		return -EOPNOTSUPP;
	jit = kcsd_alloc(struct_size(jit, progs, l->nr_functions));
	if (!jit)
		return -ENOMEM;
	jit->nr_progs = l->nr_functions;
	jit->bytes = struct_size(jit, progs, l->nr_functions);
	ret = compile_functions(jit, l, stop);
	if (!ret)
		ret = compile_entry(jit);
	if (ret) {
		kcsd_jit_destroy(jit);
		return ret;
	}
	*out = jit;
	return 0;
}

void kcsd_jit_destroy(struct kcsd_jit *jit)
{
	u32 i;

	if (!jit)
		return;
	if (jit->entry)
		bpf_prog_free(jit->entry);
	for (i = 0; i < jit->nr_progs; i++)
		if (jit->progs[i])
			bpf_prog_free(jit->progs[i]);
	kcsd_free(jit);
}

u64 kcsd_jit_bytes(const struct kcsd_jit *jit)
{
	return jit->bytes;
}

/*
 * Do not use bpf_prog_run(): it forbids sleeping and counts runs for kernel statistics. Its
 * callers hold RCU and stay on a CPU to protect maps, per-CPU data and the program; lowered code
 * uses neither maps nor per-CPU data, and the caller owns jit.
 */
u64 kcsd_jit_run(const struct kcsd_jit *jit)
{
	u64 r0 = 0;

	jit->entry->bpf_func(&r0, jit->entry->insnsi);
	return r0;
}
