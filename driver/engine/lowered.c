// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Stubs that lowered code calls; the beginning and the end of its runs. */
#include "insn.h"
#include "lowered.h"
#include "memory.h"

static u64 instructions(const struct kcsd_lowered_ctl *ctl)
{
	return ctl->until - (u64)ctl->left;
}

/* Set when to look at budget and clock again. */
static void set_left(struct kcsd_lowered_ctl *ctl, u64 insns)
{
	ctl->until = min(ctl->vm->budget, insns + KCSD_TICK_INSNS);
	ctl->left = (s64)(ctl->until - insns);
}

void kcsd_lowered_begin(struct kcsd_vm *vm, struct kcsd_lowered_ctl *ctl, bool count)
{
	u32 i;

	*ctl = (struct kcsd_lowered_ctl){ .vm = vm, .count = count, .cost = vm->cost };
	for (i = 0; i < ARRAY_SIZE(ctl->limit); i++)
		ctl->limit[i] = vm->mem_len - (1u << i);
	set_left(ctl, 0);
}

void kcsd_lowered_end(struct kcsd_lowered_ctl *ctl, u64 r0)
{
	struct kcsd_vm_end *end = &ctl->vm->end;

	/* This keeps the fault of a stub, which came first. */
	kcsd_vm_fault(ctl->vm, ctl->reason, ctl->addr);
	if (end->reason)
		end->pc = ctl->pc;
	else
		end->r0 = r0;
	end->insns = ctl->count ? instructions(ctl) : 0;
	ctl->vm->cost = ctl->cost;
}

/* Tell lowered code that the run has ended. Returns false if it has not. */
static bool note_end(struct kcsd_lowered_ctl *ctl, u32 pc)
{
	ctl->reason = ctl->vm->end.reason;
	ctl->pc = pc;
	return ctl->reason;
}

u64 kcsd_lowered_helper(struct kcsd_lowered_ctl *ctl, u32 id, u32 pc)
{
	struct kcsd_vm *vm = ctl->vm;
	u64 ret;

	vm->cost = ctl->cost;
	ret = kcsd_helper_call(vm, id, ctl->args);
	ctl->cost = vm->cost;
	note_end(ctl, pc);
	return ret;
}

u64 kcsd_lowered_tick(struct kcsd_lowered_ctl *ctl, u32 pc, s64 left)
{
	struct kcsd_vm *vm = ctl->vm;
	u64 insns;

	vm->cost = ctl->cost;
	ctl->left = left;
	insns = instructions(ctl);
	/* Clear it first: a later request is seen below or at the next back edge. */
	atomic_xchg(&ctl->stop, 0);
	if (ctl->count && insns > vm->budget)
		kcsd_vm_fault(vm, KCSD_FAULT_BUDGET, 0);
	else
		kcsd_vm_fault(vm, vm->ops->tick(vm), 0);
	if (ctl->count)
		set_left(ctl, insns);
	return note_end(ctl, pc);
}

#define ORDERED(size, T)						\
	case KCSD_OP_LOAD_ACQ_##size:					\
		return smp_load_acquire((T *)p);			\
	case KCSD_OP_STORE_REL_##size:					\
		smp_store_release((T *)p, (T)value);			\
		return 0;

#define FETCH(bits, T, A)						\
	case KCSD_OP_FETCH_OR##bits:					\
		return (T)A##_fetch_or((T)value, (A##_t *)p);		\
	case KCSD_OP_FETCH_AND##bits:					\
		return (T)A##_fetch_and((T)value, (A##_t *)p);		\
	case KCSD_OP_FETCH_XOR##bits:					\
		return (T)A##_fetch_xor((T)value, (A##_t *)p);

static u64 carry_out(u32 op, void *p, u64 value)
{
	switch (op) {
	ORDERED(B, u8)
	ORDERED(H, u16)
	ORDERED(W, u32)
	ORDERED(DW, u64)
	FETCH(32, u32, atomic)
	FETCH(64, u64, atomic64)
	}
	return 0;
}

u64 kcsd_lowered_atomic(struct kcsd_lowered_ctl *ctl, u32 op, u64 addr, u64 value, u32 pc)
{
	struct kcsd_vm *vm = ctl->vm;
	u32 size = kcsd_insn_size(op);
	bool writes = !(kcsd_insn_fields(op) & KCSD_WRITES_DST);
	void *p = writes ? kcsd_memory_at_write(vm->mem, vm->mem_len, addr, size) :
			   kcsd_memory_at(vm->mem, vm->mem_len, addr, size);

	/* Cut to the size, also if the CPU mis-speculates the case. */
	if (p && !(addr & (size - 1)))
		return carry_out(op, p, value) & (U64_MAX >> (64 - 8 * size));
	kcsd_vm_fault(vm, KCSD_FAULT_MEMORY, addr);
	note_end(ctl, pc);
	return 0;
}
