// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>

#include "outer.h"

#define GARBAGE		0xa5
#define CTL		KCSD_GUEST_DATA
#define STACK		(CTL + 0x200)
#define INNER		(STACK + KCSD_MAX_CALL_DEPTH * KCSD_FRAME_SIZE)
/* Most lowered instructions per instruction of the program, and some for the end. */
#define BUDGET_FACTOR	64
#define BUDGET_SPARE	10000000

_Static_assert(sizeof(struct kcsd_lowered_ctl) <= STACK - CTL, "");
_Static_assert(KCSD_LOWERED_FRAME <= KCSD_FRAME_SIZE, "");

static void lose(u64 *r, u32 nr)
{
	while (nr--)
		*r++ = 0xdeadbeef00000000 + nr;
}

static u64 call_stub(struct outer *o, u32 id, u64 *r)
{
	struct kcsd_lowered_ctl *ctl = o->ctl;
	u64 ret = 0;

	if (r[0] != CTL) {
		kcsd_vm_fault(&o->vm, KCSD_FAULT_CANCELLED, 0);
		return 0;
	}
	switch (id) {
	case KCSD_STUB_HELPER:
		ret = kcsd_lowered_helper(ctl, r[1], r[2]);
		break;
	case KCSD_STUB_TICK:
		ret = kcsd_lowered_tick(ctl, r[1], r[2]);
		break;
	case KCSD_STUB_ATOMIC:
		ret = kcsd_lowered_atomic(ctl, r[1], r[2], r[3], r[4]);
		break;
	default:
		kcsd_vm_fault(&o->vm, KCSD_FAULT_CANCELLED, 0);
	}
	/* Overwrite BPF_REG_AX; r1 to r5 are overwritten by the caller. */
	lose(&r[10], 1);
	return ret;
}

/* Abort: a machine would trap or give another result. */
static void __attribute__((__noreturn__)) no_quotient(void)
{
	fprintf(stderr, "lowered code divides by 0 or -1\n");
	abort();
}

#define KCSD_NR_REGS		12
#define KCSD_NO_QUOTIENT(value)	(no_quotient(), (value))
#define KCSD_CALL(vm, id, r)	call_stub((struct outer *)(vm), id, r)
#define KCSD_LOSE(r, nr)	lose(r, nr)
#define KCSD_INTERP		run_lowered
#define KCSD_TRACE(vm, pc, r)	do { } while (0)
static void KCSD_INTERP(const struct kcsd_code *code, struct kcsd_vm *vm);
#include "interp.c"

/* Stop code that does not count, as the clock does. */
static u32 outer_tick(struct kcsd_vm *vm)
{
	kcsd_lowered_stop(((struct outer *)vm)->ctl);
	return KCSD_FAULT_NONE;
}

static const struct kcsd_vm_ops outer_ops = { .tick = outer_tick };

int outer_lower(const struct kcsd_image_view *view, const struct kcsd_lower_options *opt,
		struct kcsd_code **code)
{
	struct kcsd_lower_options options = *opt;
	struct kcsd_lowered *lowered;
	int ret;

	*code = NULL;
	options.mem = opt->moving ? 0 : INNER;
	options.ctl = CTL;
	ret = kcsd_lower(view, &options, &lowered);
	if (ret)
		return ret;
	ret = kcsd_code_decode(lowered->insns, lowered->insn_cnt, code);
	kcsd_lowered_destroy(lowered);
	return ret;
}

void outer_init(struct outer *o, const struct kcsd_code *code, u64 mem_len, bool count)
{
	*o = (struct outer){ .code = code, .count = count };
	o->vm.mem_len = INNER - KCSD_GUEST_CTX + mem_len;
	o->vm.mem = malloc(o->vm.mem_len);
	assert(o->vm.mem);
	memset(o->vm.mem, GARBAGE, o->vm.mem_len);
	o->vm.layout.stack = STACK;
	o->vm.ops = &outer_ops;
	o->inner = o->vm.mem + (INNER - KCSD_GUEST_CTX);
	o->ctl = (void *)(o->vm.mem + (CTL - KCSD_GUEST_CTX));
}

const char *outer_run(struct outer *o, struct kcsd_vm *vm)
{
	assert(vm->mem == o->inner);
	kcsd_lowered_begin(vm, o->ctl, o->count);
	/* For code whose memory moves; other code does not read it. */
	kcsd_lowered_place(o->ctl, INNER, kcsd_lowered_span(vm->mem_len));
	memset(&o->vm.end, 0, sizeof(o->vm.end));
	o->vm.budget = UINT64_MAX;
	if (vm->budget < UINT64_MAX / BUDGET_FACTOR - BUDGET_SPARE)
		o->vm.budget = vm->budget * BUDGET_FACTOR + BUDGET_SPARE;
	run_lowered(o->code, &o->vm);
	kcsd_lowered_end(o->ctl, o->vm.end.r0);
	switch (o->vm.end.reason) {
	case KCSD_FAULT_NONE:
		return NULL;
	case KCSD_FAULT_MEMORY:
		return "bounds fault inside lowered code";
	case KCSD_FAULT_BUDGET:
		return "lowered code did not stop";
	}
	return "lowered code called what is no stub";
}

void outer_exit(struct outer *o)
{
	free(o->vm.mem);
}
