/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Shared by the files that lower a program: lower.c, lower_alu.c, lower_access.c, lower_call.c. */
#ifndef KCSD_LOWER_H
#define KCSD_LOWER_H

#include "insn.h"
#include "lowered.h"

/* Scratch register of lowered code; jit.c replaces it by BPF_REG_AX of the kernel. */
#define KCSD_REG_AX		11

/* Slots of the native frame, relative to r10. */
#define KCSD_SLOT_LEFT		(-8)		/* instructions until the next tick */
#define KCSD_SLOT_REG(reg)	(-16 - 8 * (reg))	/* r0 to r5, across a stub */
#define KCSD_SLOT_COST		(-64)

/* The offset of a field of the ctl. */
#define KCSD_CTL(field)		((s16)offsetof(struct kcsd_lowered_ctl, field))

/* A function at one depth of calls. */
struct kcsd_clone {
	u32 first;		/* guest pc */
	u32 end;
	u32 depth;		/* 0: the entry */
	u32 start;		/* in the lowered code */
	bool far;		/* too long for jumps of 16 bits */
};

/* Positions, in all of the lowered code, of the parts of an instruction. */
struct kcsd_place {
	u32 hot;		/* its beginning: jumps to it go here */
	u32 cold;		/* its part out of line */
	u32 back;		/* where the cold part returns to */
	u32 after;		/* of a jump: end of its part in line */
	u32 fault;		/* of an access: reports its fault */
	u32 counted;		/* instructions up to it that are not yet subtracted from "left" */
	s64 cost;		/* of these, not yet added to that in the slot */
};

/*
 * State of lowering a program. The same functions run twice over a clone: with insns NULL to
 * measure it and to find all places, then to fill insns. Positions are the same both times.
 */
struct kcsd_lower {
	const struct kcsd_image_view *view;
	const struct kcsd_lower_options *opt;
	struct kcsd_layout layout;
	u32 mask;		/* one less than a power of two above any guest address */
	u8 *targets;		/* for each unit: a jump goes there */
	u32 *function_of;	/* for each unit: the index of its function */
	u32 *functions;		/* their first units; one more, insn_cnt, at the end */
	u32 nr_functions;
	u16 *clone_of;		/* for each function and depth: clone + 1, 0: none yet */
	struct kcsd_clone *clones;
	u32 nr_clones;
	struct kcsd_place *places;	/* for each unit, in the current clone */
	const struct kcsd_clone *clone;	/* the current one */
	u32 frame;		/* guest r10 in the current clone */
	u32 fault;		/* position: report the fault at address r1, pc r2; goes on with */
	u32 discount;		/* position: count r3 instructions, cost r4; goes on with */
	u32 leave;		/* position: return after a fault */
	u32 counted;		/* instructions not yet subtracted from "left" */
	s64 cost;		/* not yet added to that in the slot */
	u32 yield;		/* instructions until go_on() yields the CPU */
	struct bpf_insn *insns;
	u32 pos;		/* of the next instruction */
	int err;
};

/* An instruction that is being lowered. */
struct kcsd_lower_insn {
	struct bpf_insn insn;
	u32 op;			/* enum kcsd_op_id */
	u32 fields;
	u32 pc;
	struct kcsd_place *place;
};

/* lower.c: emit one instruction */
void kcsd_emit(struct kcsd_lower *l, u8 code, u8 dst, u8 src, s16 off, s32 imm);
void kcsd_emit_insn(struct kcsd_lower *l, struct bpf_insn insn);
void kcsd_emit_imm64(struct kcsd_lower *l, u8 dst, u64 imm);
void kcsd_emit_mov(struct kcsd_lower *l, u8 dst, u8 src);
void kcsd_emit_mov_imm(struct kcsd_lower *l, u8 dst, s32 imm);
void kcsd_emit_add_imm(struct kcsd_lower *l, u8 dst, s32 imm);
/* size: BPF_DW and so on */
void kcsd_emit_load(struct kcsd_lower *l, u8 size, u8 dst, u8 base, s16 off);
void kcsd_emit_store(struct kcsd_lower *l, u8 size, u8 base, s16 off, u8 src);
/* Load or store a field of the ctl; overwrites KCSD_REG_AX. */
void kcsd_emit_load_ctl(struct kcsd_lower *l, u8 size, u8 dst, s16 field);
void kcsd_emit_store_ctl(struct kcsd_lower *l, u8 size, s16 field, u8 src);
/* Jump to any position in the clone. jump: code, dst, src, imm. */
void kcsd_emit_jump(struct kcsd_lower *l, struct bpf_insn jump, u32 to);
void kcsd_emit_jump_imm(struct kcsd_lower *l, u8 op, u8 dst, s32 imm, u32 to);
void kcsd_emit_goto(struct kcsd_lower *l, u32 to);
/* Returns the clone of the function at this guest pc for a call from the current clone. */
const struct kcsd_clone *kcsd_lower_callee(struct kcsd_lower *l, u32 pc);

/* lower_alu.c */
void kcsd_lower_alu(struct kcsd_lower *l, const struct kcsd_lower_insn *i);

/* lower_access.c: hot and cold parts of accesses */
void kcsd_lower_access(struct kcsd_lower *l, const struct kcsd_lower_insn *i);
void kcsd_lower_access_cold(struct kcsd_lower *l, const struct kcsd_lower_insn *i);

/* lower_call.c: calls, jumps, entry and exit of functions */
void kcsd_lower_entry(struct kcsd_lower *l);
void kcsd_lower_exit(struct kcsd_lower *l);
void kcsd_lower_end(struct kcsd_lower *l);
void kcsd_lower_helper(struct kcsd_lower *l, const struct kcsd_lower_insn *i);
void kcsd_lower_local(struct kcsd_lower *l, const struct kcsd_lower_insn *i);
void kcsd_lower_jump(struct kcsd_lower *l, const struct kcsd_lower_insn *i);
void kcsd_lower_local_cold(struct kcsd_lower *l, const struct kcsd_lower_insn *i);
void kcsd_lower_jump_cold(struct kcsd_lower *l, const struct kcsd_lower_insn *i);
/* Add l->cost, and subtract l->counted from "left", which is then in KCSD_REG_AX. */
void kcsd_lower_count(struct kcsd_lower *l);
/* Set r3 and r4 for l->discount. */
void kcsd_lower_pending(struct kcsd_lower *l, const struct kcsd_lower_insn *i);
/* Leave if a stub has ended the run. The cold part counts the instructions run. */
void kcsd_lower_leave_if_ended(struct kcsd_lower *l, const struct kcsd_lower_insn *i);
void kcsd_lower_leave_if_ended_cold(struct kcsd_lower *l, const struct kcsd_lower_insn *i);
/* Save r0 to r5 to their slots, and restore them. */
void kcsd_lower_spill(struct kcsd_lower *l);
void kcsd_lower_unspill(struct kcsd_lower *l);

#endif
