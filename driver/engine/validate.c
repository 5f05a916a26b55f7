// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Validate the structure of a program at load. A valid program cannot be illegal at run time: a
 * run watches only memory, LBAs, budget and time.
 *
 * Each pass visits each instruction once, and so does the walk along calls. A function begins at
 * the first instruction and at each target of a local call; it reaches up to the next function.
 */
#include "insn.h"

struct function {
	u32 start;		/* units of 8 bytes */
	u32 end;
	u32 next;		/* next instruction to visit in the walk */
	u32 caller;		/* index of the function that called it in the walk */
	u8 height;		/* functions in the longest chain of calls; 0: not walked yet */
	bool on_stack;
};

#define MARK_SECOND	1	/* second half of a 64-bit immediate */
#define MARK_START	2	/* first instruction of a function */

struct validator {
	const struct bpf_insn *insns;
	u32 insn_cnt;
	u8 *marks;		/* MARK_*, for each unit */
	u32 *function_of;	/* index of its function, for each unit */
	struct function *functions;
	u32 nr_functions;
	struct kcsd_verdict *verdict;
	int err;		/* error without a verdict */
};

static bool refuse(struct validator *c, u32 reason, u32 pc)
{
	c->verdict->reason = reason;
	c->verdict->pc = pc;
	return false;
}

static bool has(const struct bpf_insn *insn, u32 fields)
{
	u32 op = kcsd_insn_find(insn);

	return op < KCSD_NR_OPS && kcsd_insn_fields(op) & fields;
}

/* Yield the CPU between passes. Returns false if the task was killed. */
static bool go_on(struct validator *c)
{
	c->err = kcsd_yield() ? -EINTR : 0;
	return !c->err;
}

/* ---- each instruction by itself ---- */

static bool unused_are_zero(const struct bpf_insn *insn, u32 fields)
{
	const u32 dst = KCSD_USES_DST | KCSD_WRITES_DST;
	const u32 src = KCSD_USES_SRC | KCSD_WRITES_SRC | KCSD_PICKS_SRC;
	const u32 off = KCSD_USES_OFF | KCSD_PICKS_OFF | KCSD_JUMPS_OFF;
	const u32 imm = KCSD_USES_IMM | KCSD_PICKS_IMM | KCSD_JUMPS_IMM | KCSD_CALLS_IMM |
			KCSD_HELPS;

	return (fields & dst || !insn->dst_reg) && (fields & src || !insn->src_reg) &&
	       (fields & off || !insn->off) && (fields & imm || !insn->imm);
}

static u32 validate_registers(const struct bpf_insn *insn, u32 fields)
{
	if (insn->dst_reg > BPF_REG_10 || insn->src_reg > BPF_REG_10)
		return KCSD_VERDICT_REGISTER;
	if ((fields & KCSD_WRITES_DST && insn->dst_reg == BPF_REG_10) ||
	    (fields & KCSD_WRITES_SRC && insn->src_reg == BPF_REG_10))
		return KCSD_VERDICT_R10;
	return KCSD_VERDICT_OK;
}

static bool second_half_is_legal(const struct bpf_insn *insn)
{
	return !insn->code && !insn->dst_reg && !insn->src_reg && !insn->off;
}

static u32 validate_insn(const struct bpf_insn *insn, bool last)
{
	u32 fields, reason, op = kcsd_insn_find(insn);

	if (op == KCSD_NR_OPS)
		return KCSD_VERDICT_OPCODE;
	fields = kcsd_insn_fields(op);
	if (!unused_are_zero(insn, fields))
		return KCSD_VERDICT_RESERVED;
	reason = validate_registers(insn, fields);
	if (reason)
		return reason;
	if (fields & KCSD_HELPS && !kcsd_signature_name(insn->imm))
		return insn->imm > 0 && insn->imm < KCSD_HELPER_BASE ? KCSD_VERDICT_LINUX_HELPER :
								       KCSD_VERDICT_HELPER;
	if (fields & KCSD_WIDE && (last || !second_half_is_legal(insn + 1)))
		return KCSD_VERDICT_WIDE;
	return KCSD_VERDICT_OK;
}

static bool validate_insns(struct validator *c)
{
	u32 pc, reason;

	for (pc = 0; pc < c->insn_cnt; pc++) {
		reason = validate_insn(&c->insns[pc], pc + 1 == c->insn_cnt);
		if (reason)
			return refuse(c, reason, pc);
		if (has(&c->insns[pc], KCSD_WIDE))
			c->marks[++pc] |= MARK_SECOND;
	}
	return true;
}

/* ---- functions ---- */

/* Compute the target of a jump or call; outside of the program it is at least insn_cnt. */
static u32 target_of(u32 pc, s32 distance)
{
	return pc + 1 + (u32)distance;
}

static bool mark_functions(struct validator *c)
{
	u32 pc, target;

	c->marks[0] |= MARK_START;
	for (pc = 0; pc < c->insn_cnt; pc++) {
		if (c->marks[pc] & MARK_SECOND || !has(&c->insns[pc], KCSD_CALLS_IMM))
			continue;
		target = target_of(pc, c->insns[pc].imm);
		if (target >= c->insn_cnt || c->marks[target] & MARK_SECOND)
			return refuse(c, KCSD_VERDICT_CALL, pc);
		c->marks[target] |= MARK_START;
	}
	return true;
}

static bool find_functions(struct validator *c)
{
	u32 pc, nr = 0;

	for (pc = 0; pc < c->insn_cnt; pc++)
		nr += !!(c->marks[pc] & MARK_START);
	c->functions = kcsd_alloc(nr * sizeof(*c->functions));
	if (!c->functions) {
		c->err = -ENOMEM;
		return false;
	}
	for (pc = 0; pc < c->insn_cnt; pc++) {
		if (c->marks[pc] & MARK_START)
			c->functions[c->nr_functions++].start = pc;
		c->function_of[pc] = c->nr_functions - 1;
		c->functions[c->nr_functions - 1].end = pc + 1;
	}
	return true;
}

static bool validate_ends(struct validator *c)
{
	const struct function *f;

	for (f = c->functions; f < c->functions + c->nr_functions; f++) {
		u32 last = f->end - 1;

		if (c->marks[last] & MARK_SECOND)
			return refuse(c, KCSD_VERDICT_FALL_OFF, last - 1);
		if (!has(&c->insns[last], KCSD_ENDS))
			return refuse(c, KCSD_VERDICT_FALL_OFF, last);
	}
	return true;
}

static bool validate_jumps(struct validator *c)
{
	u32 pc, target;

	for (pc = 0; pc < c->insn_cnt; pc++) {
		if (c->marks[pc] & MARK_SECOND)
			continue;
		if (has(&c->insns[pc], KCSD_JUMPS_OFF))
			target = target_of(pc, c->insns[pc].off);
		else if (has(&c->insns[pc], KCSD_JUMPS_IMM))
			target = target_of(pc, c->insns[pc].imm);
		else
			continue;
		if (target >= c->insn_cnt || c->function_of[target] != c->function_of[pc])
			return refuse(c, KCSD_VERDICT_JUMP, pc);
		if (c->marks[target] & MARK_SECOND)
			return refuse(c, KCSD_VERDICT_JUMP_WIDE, pc);
	}
	return true;
}

/* ---- the call graph ---- */

/* Find the next call of f in the walk. Returns its callee and *pc, or NULL at the end of f. */
static struct function *next_callee(struct validator *c, struct function *f, u32 *pc)
{
	while (f->next < f->end) {
		*pc = f->next++;
		if (!(c->marks[*pc] & MARK_SECOND) && has(&c->insns[*pc], KCSD_CALLS_IMM))
			return &c->functions[c->function_of[target_of(*pc, c->insns[*pc].imm)]];
	}
	return NULL;
}

static void enter(struct function *f, u32 caller)
{
	f->on_stack = true;
	f->next = f->start;
	f->caller = caller;
	f->height = 1;
}

/* Take account of a call at pc, from f to a function of this height. */
static bool note_call(struct validator *c, struct function *f, u8 height, u32 pc)
{
	if (height >= KCSD_MAX_CALL_DEPTH)
		return refuse(c, KCSD_VERDICT_DEPTH, pc);
	if (f->height < height + 1)
		f->height = height + 1;
	return true;
}

/* Walk the calls depth first from function "from"; struct function holds the stack. */
static bool walk_calls(struct validator *c, u32 from)
{
	u32 pc, index = from;

	enter(&c->functions[from], from);
	while (true) {
		struct function *f = &c->functions[index];
		struct function *callee = next_callee(c, f, &pc);

		if (callee && callee->on_stack)
			return refuse(c, KCSD_VERDICT_RECURSION, pc);
		if (callee && !callee->height) {
			enter(callee, index);
			index = callee - c->functions;
			continue;
		}
		if (callee) {
			if (!note_call(c, f, callee->height, pc))
				return false;
			continue;
		}
		f->on_stack = false;
		if (index == from)
			return true;
		index = f->caller;
		/* next of the caller is one after its call of f. */
		if (!note_call(c, &c->functions[index], f->height, c->functions[index].next - 1))
			return false;
	}
}

static bool validate_calls(struct validator *c)
{
	u32 i;

	for (i = 0; i < c->nr_functions; i++)
		if (!c->functions[i].height && !walk_calls(c, i))
			return false;
	return true;
}

static bool validate_all(struct validator *c)
{
	return validate_insns(c) && go_on(c) && mark_functions(c) && go_on(c) &&
	       find_functions(c) && validate_ends(c) && go_on(c) && validate_jumps(c) &&
	       go_on(c) && validate_calls(c);
}

int kcsd_validate_any_length(const struct bpf_insn *insns, u32 insn_cnt,
			     struct kcsd_verdict *verdict)
{
	struct validator c = {
		.insns = insns, .insn_cnt = insn_cnt, .verdict = verdict, .err = -ENOMEM,
	};

	*verdict = (struct kcsd_verdict){ .reason = KCSD_VERDICT_OK };
	c.marks = kcsd_alloc(insn_cnt * sizeof(*c.marks));
	c.function_of = kcsd_alloc(insn_cnt * sizeof(*c.function_of));
	if (c.marks && c.function_of)
		c.err = validate_all(&c) ? 0 : verdict->reason ? -EINVAL : c.err;
	kcsd_free(c.functions);
	kcsd_free(c.function_of);
	kcsd_free(c.marks);
	return c.err;
}

int kcsd_validate_insns(const struct bpf_insn *insns, u32 insn_cnt, struct kcsd_verdict *verdict)
{
	if (insn_cnt && insn_cnt <= KCSD_MAX_INSNS)
		return kcsd_validate_any_length(insns, insn_cnt, verdict);
	*verdict = (struct kcsd_verdict){
		.reason = insn_cnt ? KCSD_VERDICT_TOO_LONG : KCSD_VERDICT_EMPTY,
	};
	return -EINVAL;
}
