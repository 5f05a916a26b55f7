/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What the files that lower a program share: lower.c, lower_alu.c, lower_access.c, lower_call.c. */
#ifndef KCSD_LOWER_H
#define KCSD_LOWER_H

#include "insn.h"
#include "lowered.h"

/* In lowered code. What the kernel's JIT calls BPF_REG_AX has another number: see jit.c. */
#define KCSD_REG_AX		11

/* Slots of the native frame, from r10. */
#define KCSD_SLOT_LEFT		(-8)		/* instructions until the next tick */
#define KCSD_SLOT_REG(reg)	(-16 - 8 * (reg))	/* r0 to r5, across a stub */

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

/* Where in the clone's lowered code parts of an instruction are; positions in the whole. */
struct kcsd_place {
	u32 hot;		/* its beginning: where jumps to it go */
	u32 cold;		/* what is out of line */
	u32 back;		/* where that goes back to */
	u32 after;		/* of a jump: the end of what is in line */
	u32 fault;		/* where a fault of an access is told */
	u32 counted;		/* instructions up to it that are not yet taken off what is left */
};

/*
 * Code is made by the same functions twice: insns NULL, to measure and to learn all places,
 * then into insns. An instruction's own positions are the same both times.
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
	struct kcsd_place *places;	/* for each unit, in the clone at hand */
	const struct kcsd_clone *clone;	/* at hand */
	u32 frame;		/* guest r10 in it */
	u32 fault;		/* position: tell of the fault in r1 (address), r2; go on with */
	u32 discount;		/* position: r3 instructions are to be counted, and go on with */
	u32 leave;		/* position: return after a fault */
	u32 counted;		/* instructions not yet taken off what is left */
	u32 yield;		/* instructions to look at before others get the CPU */
	struct bpf_insn *insns;
	u32 pos;		/* of the next instruction made */
	int err;
};

/* An instruction on its way. */
struct kcsd_lower_insn {
	struct bpf_insn insn;
	u32 op;			/* enum kcsd_op_id */
	u32 fields;
	u32 pc;
	struct kcsd_place *place;
};

/* lower.c: instructions one by one */
void kcsd_emit(struct kcsd_lower *l, u8 code, u8 dst, u8 src, s16 off, s32 imm);
void kcsd_emit_insn(struct kcsd_lower *l, struct bpf_insn insn);
void kcsd_emit_imm64(struct kcsd_lower *l, u8 dst, u64 imm);
void kcsd_emit_mov(struct kcsd_lower *l, u8 dst, u8 src);
void kcsd_emit_mov_imm(struct kcsd_lower *l, u8 dst, s32 imm);
void kcsd_emit_add_imm(struct kcsd_lower *l, u8 dst, s32 imm);
/* size: BPF_DW and so on */
void kcsd_emit_load(struct kcsd_lower *l, u8 size, u8 dst, u8 base, s16 off);
void kcsd_emit_store(struct kcsd_lower *l, u8 size, u8 base, s16 off, u8 src);
/* A field of the ctl; KCSD_REG_AX is lost. */
void kcsd_emit_load_ctl(struct kcsd_lower *l, u8 size, u8 dst, s16 field);
void kcsd_emit_store_ctl(struct kcsd_lower *l, u8 size, s16 field, u8 src);
/* To a position anywhere in the clone. jump: code, dst, src, imm. */
void kcsd_emit_jump(struct kcsd_lower *l, struct bpf_insn jump, u32 to);
void kcsd_emit_jump_imm(struct kcsd_lower *l, u8 op, u8 dst, s32 imm, u32 to);
void kcsd_emit_goto(struct kcsd_lower *l, u32 to);
/* The clone of the function that begins at this guest pc, called from the one at hand. */
const struct kcsd_clone *kcsd_lower_callee(struct kcsd_lower *l, u32 pc);

/* lower_alu.c */
void kcsd_lower_alu(struct kcsd_lower *l, const struct kcsd_lower_insn *i);

/* lower_access.c: hot and cold parts of accesses */
void kcsd_lower_access(struct kcsd_lower *l, const struct kcsd_lower_insn *i);
void kcsd_lower_access_cold(struct kcsd_lower *l, const struct kcsd_lower_insn *i);

/* lower_call.c: calls, jumps, what is at a function's ends */
void kcsd_lower_entry(struct kcsd_lower *l);
void kcsd_lower_exit(struct kcsd_lower *l);
void kcsd_lower_end(struct kcsd_lower *l);
void kcsd_lower_helper(struct kcsd_lower *l, const struct kcsd_lower_insn *i);
void kcsd_lower_local(struct kcsd_lower *l, const struct kcsd_lower_insn *i);
void kcsd_lower_jump(struct kcsd_lower *l, const struct kcsd_lower_insn *i);
void kcsd_lower_local_cold(struct kcsd_lower *l, const struct kcsd_lower_insn *i);
void kcsd_lower_jump_cold(struct kcsd_lower *l, const struct kcsd_lower_insn *i);
/* Take what was counted off what is left, which then is in KCSD_REG_AX. */
void kcsd_lower_count(struct kcsd_lower *l);
/* After a stub that can end the run. The cold part tells how many instructions were run. */
void kcsd_lower_check_end(struct kcsd_lower *l, const struct kcsd_lower_insn *i);
void kcsd_lower_check_end_cold(struct kcsd_lower *l, const struct kcsd_lower_insn *i);
/* r0 to r5 to their slots and back. */
void kcsd_lower_spill(struct kcsd_lower *l);
void kcsd_lower_unspill(struct kcsd_lower *l);

#endif
