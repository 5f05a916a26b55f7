/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Lowered code: a valid program as plain eBPF that contains all checks of the run. The JIT of the
 * kernel compiles it (jit.c); in user space the interpreter can run it.
 *
 * The code is one array of instructions: functions one after another, the entry first. A function
 * of the program has one clone for each depth at which it is called. Registers r0 to r9 are those
 * of the program and hold only values that the program may see; BPF_REG_AX is scratch, as dst and
 * as src of any instruction; r10 is the native frame, of which the lowest KCSD_LOWERED_FRAME bytes
 * are used. Instructions are those of insn.h, with
 *
 *	call imm, src BPF_PSEUDO_CALL	a function at this distance: r1 to r5 in, r0 out,
 *					r6 to r9 kept, everything else lost
 *	call imm, src 0			a stub, enum kcsd_stub, the same way
 *
 * The entry takes no arguments; its r0 is that of the program unless the ctl has a fault.
 *
 * The interpreter must run the program on machines whose JIT needs the verifier to extend 32-bit
 * results (bpf_jit_needs_zext()), or that blind constants (blinding uses BPF_REG_AX).
 */
#ifndef KCSD_LOWERED_H
#define KCSD_LOWERED_H

#include "engine.h"

/*
 * State of one run, shared by lowered code and its caller. The code contains its address, so each
 * compute unit has one; no program can access it. Written by: [b] kcsd_lowered_begin(), [m]
 * kcsd_lowered_place(), [c] lowered code, [s] the stubs.
 */
struct kcsd_lowered_ctl {
	u64 limit[4];		/* [b] greatest offset from KCSD_GUEST_CTX of an access of 1 << i */
	s64 left;		/* [b, c, s] instructions until the next tick; below 0: it is due */
	u64 args[5];		/* [c] r1 and up, at a helper call */
	u64 addr;		/* [c] of a memory fault */
	atomic_t stop;		/* [b, s, kcsd_lowered_stop()] not 0: call the tick stub soon */
	u32 reason;		/* [b, c, s] KCSD_FAULT_*; not 0: every function returns */
	u32 pc;			/* [c, s] of the fault */
	u32 count;		/* [b] the code counts instructions */
	u64 until;		/* [b, s] instructions, at which left is 0 */
	u64 cost;		/* [b, c, s] of the run, outside of functions */
	struct kcsd_vm *vm;	/* [b] the run */
	/* For code whose memory moves. */
	u64 mem;		/* [m] address of guest address KCSD_GUEST_CTX */
	u64 mask;		/* [m] a power of two above any guest address, less one */
};

/* Stubs. Arguments in r1 and up; the result in r0. Each has a function below. */
enum kcsd_stub {
	KCSD_STUB_HELPER = 1,	/* ctl, helper id, pc -> its result; then look at ctl.reason */
	KCSD_STUB_TICK,		/* ctl, pc, left -> not 0: the run ends; else ctl.left is new */
	KCSD_STUB_ATOMIC,	/* ctl, enum kcsd_op_id, guest address, value, pc -> the value
				 * read, if any; then look at ctl.reason
				 */
	KCSD_NR_STUBS
};

u64 kcsd_lowered_helper(struct kcsd_lowered_ctl *ctl, u32 id, u32 pc);
u64 kcsd_lowered_tick(struct kcsd_lowered_ctl *ctl, u32 pc, s64 left);
u64 kcsd_lowered_atomic(struct kcsd_lowered_ctl *ctl, u32 op, u64 addr, u64 value, u32 pc);

/* Begin a run. vm is set up as for kcsd_interp(). */
void kcsd_lowered_begin(struct kcsd_vm *vm, struct kcsd_lowered_ctl *ctl, bool count);
/*
 * Set the memory of this run, after kcsd_lowered_begin(), for code whose memory moves. If the CPU
 * mis-speculates, an access is in [mem - KCSD_LOWERED_BEFORE, mem + span + KCSD_LOWERED_AFTER),
 * which must hold no data of others. span: kcsd_lowered_span() of vm->mem_len.
 */
static inline void kcsd_lowered_place(struct kcsd_lowered_ctl *ctl, u64 mem, u64 span)
{
	ctl->mem = mem;
	ctl->mask = span - 1;
}
/*
 * End a run: fill vm->end as kcsd_interp() does. r0: that of the entry. Without counting,
 * vm->end.insns is 0.
 */
void kcsd_lowered_end(struct kcsd_lowered_ctl *ctl, u64 r0);

/*
 * Make code that does not count call vm->ops->tick at its next back edge or local call. From any
 * context; write what tick reads before. Between runs it has no effect, or one on the next run.
 */
static inline void kcsd_lowered_stop(struct kcsd_lowered_ctl *ctl)
{
	atomic_xchg(&ctl->stop, 1);
}

struct kcsd_lower_options {
	u64 mem;		/* address of guest address KCSD_GUEST_CTX */
	bool moving;		/* the ctl has the address of each run; mem is not used */
	u64 ctl;		/* address of the struct kcsd_lowered_ctl */
	bool count;		/* count instructions; else only ctl->stop is seen */
	/* Count the cost of runs, whose vm->costs have these values; NULL: vm->costs is NULL. */
	const struct kcsd_costs *costs;
	const bool *stop;	/* set from any context to give up; may be NULL */
	/* The machine shifts modulo the width: x86, arm64, riscv. */
	bool shifts_wrap;
};

struct kcsd_lowered {
	struct bpf_insn *insns;
	u32 insn_cnt;		/* units of 8 bytes */
	u32 nr_functions;
	u32 *starts;		/* of the functions; one more, insn_cnt, at the end */
};

#define KCSD_LOWERED_FRAME		64	/* bytes of native stack per function */
#define KCSD_LOWERED_MAX_FUNCTIONS	256
#define KCSD_LOWERED_MAX_INSNS		(1u << 20)

/*
 * If the CPU mis-speculates, an access may be outside of the memory of the program but stays in
 * [mem - KCSD_LOWERED_BEFORE, mem + kcsd_lowered_mem_len()). This must hold no data of others: only
 * memory of the unit, or a guard page. The length is a power of two that holds the memory with the
 * longest arguments (the mask is one less), plus KCSD_LOWERED_AFTER: the mask applies from the data
 * on, and a constant address, without a mask, is up to 2^15 beyond the stack.
 */
#define KCSD_LOWERED_BEFORE		KCSD_GUEST_CTX
#define KCSD_LOWERED_AFTER		0x8000
u64 kcsd_lowered_mem_len(const struct kcsd_image_view *view);
/* Returns the smallest power of two above all guest addresses of mem_len bytes of memory. */
u64 kcsd_lowered_span(u64 mem_len);

/*
 * Lower a program that kcsd_validate_insns() has accepted. Returns 0, -ENOMEM, -EINTR if the task
 * was killed or *stop was set, or -E2BIG if the code would become too long: interpret the program.
 *
 * Linear: visits each instruction of the program at most five times for each depth at which its
 * function is called, until there are more than KCSD_LOWERED_MAX_INSNS.
 */
int kcsd_lower(const struct kcsd_image_view *view, const struct kcsd_lower_options *opt,
	       struct kcsd_lowered **lowered);
void kcsd_lowered_destroy(struct kcsd_lowered *lowered);

#endif
