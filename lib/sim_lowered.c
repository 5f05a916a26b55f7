// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Run lowered code without a JIT: the interpreter executes it, in a memory around that of the
 * program. This memory also contains the ctl and the native stack, which in the kernel are kernel
 * memory.
 */
#include <errno.h>
#include <stdlib.h>

#include "lowered.h"
#include "sim.h"

/* Addresses in the memory around the program. */
#define AT_CTL		KCSD_GUEST_DATA
#define AT_STACK	(AT_CTL + 0x1000)
#define AT_INNER	(AT_STACK + 0x2000)
#define LOST		0xdeadbeefdeadbeefull	/* in registers that a native call clobbers */

_Static_assert(sizeof(struct kcsd_lowered_ctl) <= AT_STACK - AT_CTL, "");
_Static_assert(KCSD_MAX_CALL_DEPTH * KCSD_FRAME_SIZE <= AT_INNER - AT_STACK, "");
_Static_assert(KCSD_LOWERED_FRAME <= KCSD_FRAME_SIZE, "");

struct sim_lowered {
	struct kcsd_vm around;		/* first member: the interpreter below gets its address */
	struct kcsd_code *code;
};

static void *at(struct sim_lowered *l, u64 addr)
{
	return l->around.mem + (addr - KCSD_GUEST_CTX);
}

/* ---- calls of lowered code; r is r1 and up ---- */

static u64 call_stub(struct kcsd_vm *around, u32 id, u64 *r)
{
	struct kcsd_lowered_ctl *ctl = at((struct sim_lowered *)around, AT_CTL);
	u64 ret = 0;

	switch (r[0] == AT_CTL ? id : KCSD_NR_STUBS) {
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
		kcsd_vm_fault(around, KCSD_FAULT_INTERNAL, 0);
	}
	r[BPF_REG_10] = LOST;	/* BPF_REG_AX */
	return ret;
}

static void lose(u64 *r, u32 nr)
{
	while (nr--)
		*r++ = LOST;
}

#define KCSD_NR_REGS		12
#define KCSD_CALL(vm, id, r)	call_stub(vm, id, r)
#define KCSD_LOSE(r, nr)	lose(r, nr)
#define KCSD_INTERP		interp_lowered
#define KCSD_TRACE(vm, pc, r)	do { } while (0)
static void interp_lowered(const struct kcsd_code *code, struct kcsd_vm *vm);
#include "interp.c"

/* Does nothing: the inner run checks time and budget. */
static u32 no_tick(struct kcsd_vm *around)
{
	(void)around;
	return KCSD_FAULT_NONE;
}

static const struct kcsd_vm_ops around_ops = { .tick = no_tick };

/* ---- */

/*
 * Lower with counting, so that instructions and budget are those of the program, as on any engine.
 */
static int lower(struct sim_lowered *l, const struct kcsd_image_view *view)
{
	const struct kcsd_lower_options opt = {
		.mem = AT_INNER,
		.ctl = AT_CTL,
		.count = true,
		.shifts_wrap = true,
	};
	struct kcsd_lowered *lowered;
	int ret = kcsd_lower(view, &opt, &lowered);

	if (ret)
		return ret;
	ret = kcsd_code_decode(lowered->insns, lowered->insn_cnt, &l->code);
	kcsd_lowered_destroy(lowered);
	return ret;
}

int kcsd_sim_lowered_create(const struct kcsd_image_view *view, struct sim_lowered **out)
{
	struct sim_lowered *l = calloc(1, sizeof(*l));
	int ret = -ENOMEM;

	if (!l)
		goto out_free;
	l->around.mem_len = AT_INNER - KCSD_GUEST_CTX + kcsd_lowered_mem_len(view);
	l->around.mem = calloc(1, l->around.mem_len);
	if (!l->around.mem)
		goto out_free;
	l->around.layout.stack = AT_STACK;
	l->around.ops = &around_ops;
	ret = lower(l, view);
	if (ret)
		goto out_free;
	*out = l;
	return 0;

out_free:
	kcsd_sim_lowered_destroy(l);
	return ret;
}

void kcsd_sim_lowered_destroy(struct sim_lowered *l)
{
	if (!l)
		return;
	kcsd_code_destroy(l->code);
	free(l->around.mem);
	free(l);
}

u8 *kcsd_sim_lowered_mem(struct sim_lowered *l)
{
	return at(l, AT_INNER);
}

void kcsd_sim_lowered_run(struct sim_lowered *l, struct kcsd_vm *vm)
{
	struct kcsd_lowered_ctl *ctl = at(l, AT_CTL);

	kcsd_lowered_begin(vm, ctl, true);
	memset(&l->around.end, 0, sizeof(l->around.end));
	l->around.budget = UINT64_MAX;
	interp_lowered(l->code, &l->around);
	kcsd_lowered_end(ctl, l->around.end.r0);
	/*
	 * An access outside the memory around is an error of the lowered code, not of the program.
	 */
	if (l->around.end.reason)
		vm->end.reason = KCSD_FAULT_INTERNAL;
}
