// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The interpreter: the reference for what a program means. Each instruction jumps to the code of
 * the next one.
 *
 * Instructions are counted at jumps, calls and exits, and so is their cost where it is wanted
 * (interp_cost.c). Budget and clock are looked at on back edges and local calls only: a run that
 * takes long passes one.
 */
#include "code.h"
#include "fused.h"
#include "memory.h"

/*
 * Tests include this file to get an interpreter of lowered code: it calls stubs, has one register
 * more, overwrites registers as a native call does, and may abort on a division that traps.
 */
#ifndef KCSD_CALL
#define KCSD_CALL(vm, id, r)	kcsd_helper_call(vm, id, r)
#define KCSD_LOSE(r, nr)	memset(r, 0, (nr) * sizeof(u64))
#define KCSD_NR_REGS		11
#endif
#ifndef KCSD_NO_QUOTIENT
#define KCSD_NO_QUOTIENT(value)	(value)
#endif

/* Registers that a local call saves; the program itself saves r1 to r5. */
struct frame {
	u64 saved[4];			/* r6 to r9 */
	const struct kcsd_decoded *ret;
};

struct state {
	u64 r[KCSD_NR_REGS];
	u32 depth;			/* frames in use */
	struct frame frames[KCSD_MAX_CALL_DEPTH];
};

/* RFC 9669, "Arithmetic instructions": x / 0 is 0, x % 0 is x. */
static inline u64 div64(u64 a, u64 b)
{
	return b ? a / b : KCSD_NO_QUOTIENT(0);
}

static inline u64 mod64(u64 a, u64 b)
{
	return b ? a % b : KCSD_NO_QUOTIENT(a);
}

/* The minimum / -1 wraps around; the CPU would trap. */
static inline u64 sdiv64(s64 a, s64 b)
{
	if (b == -1)
		return KCSD_NO_QUOTIENT(-(u64)a);
	return b ? a / b : KCSD_NO_QUOTIENT(0);
}

static inline u64 smod64(s64 a, s64 b)
{
	if (b == -1)
		return KCSD_NO_QUOTIENT(0);
	return b ? a % b : KCSD_NO_QUOTIENT(a);
}

static inline u32 div32(u32 a, u32 b)
{
	return b ? a / b : KCSD_NO_QUOTIENT(0);
}

static inline u32 mod32(u32 a, u32 b)
{
	return b ? a % b : KCSD_NO_QUOTIENT(a);
}

static inline u32 sdiv32(s32 a, s32 b)
{
	return (u32)sdiv64(a, b);
}

static inline u32 smod32(s32 a, s32 b)
{
	return (u32)smod64(a, b);
}

/* Returns when to look at budget and clock again, in bytes of decoded instructions. */
static u64 next_look(const struct kcsd_vm *vm, u64 insns)
{
	return min(vm->budget, insns + KCSD_TICK_INSNS) * sizeof(struct kcsd_decoded);
}

/* Look at budget and clock; the run ends if vm->end.reason is then set. */
static noinline u64 checkpoint(struct kcsd_vm *vm, u64 insns)
{
	if (insns > vm->budget)
		kcsd_vm_fault(vm, KCSD_FAULT_BUDGET, 0);
	else
		kcsd_vm_fault(vm, vm->ops->tick(vm), 0);
	return next_look(vm, insns);
}

/* Set r10 for the depth of calls. The stack grows down. */
static void set_frame_pointer(struct state *s, const struct kcsd_vm *vm)
{
	s->r[10] = vm->layout.stack + (KCSD_MAX_CALL_DEPTH - s->depth) * KCSD_FRAME_SIZE;
}

/*
 * Zero the registers that a call need not preserve, and those in which a function finds no
 * argument. So all engines do the same, and none shows its own values to the program.
 */
static void clear_arguments(struct state *s)
{
	KCSD_LOSE(&s->r[1], 5);
}

static void clear_entry(struct state *s)
{
	KCSD_LOSE(&s->r[0], 1);
	KCSD_LOSE(&s->r[6], 4);
}

/*
 * Calls of a valid program do not nest deeper than there are frames. The mask keeps the index
 * within the frames also if the CPU mis-speculates a local call or an exit.
 */
_Static_assert(!(KCSD_MAX_CALL_DEPTH & (KCSD_MAX_CALL_DEPTH - 1)), "");
#define FRAME_MASK	(KCSD_MAX_CALL_DEPTH - 1)

static void push_frame(struct state *s, const struct kcsd_vm *vm, const struct kcsd_decoded *ret)
{
	struct frame *f = &s->frames[s->depth++ & FRAME_MASK];

	memcpy(f->saved, &s->r[6], sizeof(f->saved));
	f->ret = ret;
	clear_entry(s);
	set_frame_pointer(s, vm);
}

static const struct kcsd_decoded *pop_frame(struct state *s, const struct kcsd_vm *vm)
{
	struct frame *f = &s->frames[--s->depth & FRAME_MASK];

	memcpy(&s->r[6], f->saved, sizeof(f->saved));
	clear_arguments(s);
	set_frame_pointer(s, vm);
	return f->ret;
}

#define DST	s.r[ip->dst]
#define SRC	s.r[ip->src]
#define IMM	ip->imm

#ifndef KCSD_INTERP
#define KCSD_INTERP	kcsd_interp_plain
#endif

/* Other files include this one to get an interpreter that traces each instruction. */
#ifndef KCSD_TRACE
#define KCSD_TRACE(vm, pc, r)	do { } while (0)
#define FUSED_LABEL(name, first)	[name] = &&name,
#define FUSED_CODE(name, ...)	name: BEGIN __VA_ARGS__ FINISH
#else
/* Run each instruction by itself, so that each is traced. */
#define FUSED_LABEL(name, first)	[name] = &&first,
#define FUSED_CODE(name, ...)
#endif

#define NEXT	do {							\
	KCSD_TRACE(vm, code->pc[ip - code->insns], s.r);		\
	goto *labels[ip->op];						\
} while (0)
#define STEP	do { ip++; NEXT; } while (0)

/* Number of instructions run before the one at p. */
#define COUNT(p)	((skew + (unsigned long)(p)) / sizeof(*ip))

/* Prepare a jump: COUNT(target) becomes what COUNT(ip + 1) was. */
#define LEAVE(target) do {						\
	next = (target);						\
	skew += (unsigned long)(ip + 1) - (unsigned long)next;		\
} while (0)

/* The same for the cost, which includes that of a jump taken. */
#ifdef KCSD_COST
#define COSTS(p)	code->costs[(p) - code->insns]
#define COST_JUMP	(cost += COSTS(ip).jump)
#define COST_LEAVE	(cost += COSTS(ip + 1).before - COSTS(next).before)
#define COST_STAY	(cost -= COSTS(ip + 1).before - COSTS(next).before)
#define COST_TELL(p)	(vm->cost = cost + COSTS(p).before)
#define COST_TAKE(p)	(cost = vm->cost - COSTS(p).before)
#define COST_READY	code->costs
#else
#define COST_JUMP	do { } while (0)
#define COST_LEAVE	do { } while (0)
#define COST_STAY	do { } while (0)
#define COST_TELL(p)	do { } while (0)
#define COST_TAKE(p)	do { } while (0)
#define COST_READY	true
#endif

/* Look at budget and clock if it is time. */
#define LOOK do {							\
	COST_TELL(next);						\
	limit = checkpoint(vm, COUNT(next));				\
	if (vm->end.reason) {						\
		skew -= (unsigned long)(ip + 1) - (unsigned long)next;	\
		COST_STAY;						\
		goto end;						\
	}								\
} while (0)
#define TARGET		(ip + 1 + ip->off)
#define LATE		unlikely(skew + (unsigned long)next > limit)

#define JUMP do {							\
	LEAVE(TARGET);							\
	COST_JUMP;							\
	if (LATE)							\
		goto late;						\
	ip = next;							\
	NEXT;								\
} while (0)

/* Set p to the host address of len bytes at addr, not below floor; else end the run. */
#define ACCESS(floor, addr, len) do {					\
	const u64 off = (addr) - (floor);				\
									\
	if (!kcsd_memory_has(mem_len, floor, off, len)) {		\
		kcsd_vm_fault(vm, KCSD_FAULT_MEMORY, off + (floor));	\
		goto end;						\
	}								\
	p = kcsd_memory_ptr(mem, mem_len, floor, off, len);		\
} while (0)

#define LOAD_AT(addr, len)	ACCESS(KCSD_GUEST_CTX, addr, len)
#define STORE_AT(addr, len)	ACCESS(KCSD_GUEST_DATA, addr, len)

/* The same for atomic accesses, which must be aligned to their size. */
#define ACCESS_ALIGNED(floor, addr, len) do {				\
	ACCESS(floor, addr, len);					\
	if (unlikely((addr) & ((len) - 1))) {				\
		kcsd_vm_fault(vm, KCSD_FAULT_MEMORY, addr);		\
		goto end;						\
	}								\
} while (0)
#define LOAD_ALIGNED(addr, len)		ACCESS_ALIGNED(KCSD_GUEST_CTX, addr, len)
#define STORE_ALIGNED(addr, len)	ACCESS_ALIGNED(KCSD_GUEST_DATA, addr, len)

/*
 * Code of an instruction: OP_op(form, value of its destination, value of its source). SET() gives
 * the new value v of its destination; "live" until v is stored there.
 */
#define BEGIN		{ u64 v = 0; bool live = false;
#define STORE_V		do { if (live) DST = v; } while (0)
#define FINISH		STORE_V; STEP; }
#define SET(value)	do { v = (value); live = true; } while (0);

#define ALU_64_K(A, S, e64, e32) { const u64 a = A, b = IMM; (void)a; SET(e64) }
#define ALU_64_X(A, S, e64, e32) { const u64 a = A, b = S; (void)a; SET(e64) }
#define ALU_32_K(A, S, e64, e32) { const u32 a = (u32)(A), b = (u32)IMM; (void)a; SET((u32)(e32)) }
#define ALU_32_X(A, S, e64, e32) { const u32 a = (u32)(A), b = (u32)(S); (void)a; SET((u32)(e32)) }

#define OP_ADD(form, A, S)	ALU_##form(A, S, a + b, a + b)
#define OP_SUB(form, A, S)	ALU_##form(A, S, a - b, a - b)
#define OP_MUL(form, A, S)	ALU_##form(A, S, a * b, a * b)
#define OP_DIV(form, A, S)	ALU_##form(A, S, div64(a, b), div32(a, b))
#define OP_SDIV(form, A, S)	ALU_##form(A, S, sdiv64(a, b), sdiv32(a, b))
#define OP_MOD(form, A, S)	ALU_##form(A, S, mod64(a, b), mod32(a, b))
#define OP_SMOD(form, A, S)	ALU_##form(A, S, smod64(a, b), smod32(a, b))
#define OP_OR(form, A, S)	ALU_##form(A, S, a | b, a | b)
#define OP_AND(form, A, S)	ALU_##form(A, S, a & b, a & b)
#define OP_XOR(form, A, S)	ALU_##form(A, S, a ^ b, a ^ b)
#define OP_LSH(form, A, S)	ALU_##form(A, S, a << (b & 63), a << (b & 31))
#define OP_RSH(form, A, S)	ALU_##form(A, S, a >> (b & 63), a >> (b & 31))
#define OP_ARSH(form, A, S) \
	ALU_##form(A, S, (u64)((s64)a >> (b & 63)), (u32)((s32)a >> (b & 31)))
#define OP_MOV(form, A, S)	ALU_##form(A, S, b, b)
#define OP_MOVSX(form, A, S)	SET(SX##form(S))
#define SX64_8(S)		(u64)(s64)(s8)(S)
#define SX64_16(S)		(u64)(s64)(s16)(S)
#define SX64_32(S)		(u64)(s64)(s32)(S)
#define SX32_8(S)		(u32)(s32)(s8)(S)
#define SX32_16(S)		(u32)(s32)(s16)(S)
#define OP_LDD(form, A, S)	SET(IMM)

#define JMP_IF(condition)	{ live = false; if (condition) JUMP; }
#define JMP_64_K(A, S, T64, T32, cmp) JMP_IF((T64)(A) cmp (T64)IMM)
#define JMP_64_X(A, S, T64, T32, cmp) JMP_IF((T64)(A) cmp (T64)(S))
#define JMP_32_K(A, S, T64, T32, cmp) JMP_IF((T32)(A) cmp (T32)IMM)
#define JMP_32_X(A, S, T64, T32, cmp) JMP_IF((T32)(A) cmp (T32)(S))

#define OP_J(form, A, S)	JMP_IF(true)
#define OP_JEQ(form, A, S)	JMP_##form(A, S, u64, u32, ==)
#define OP_JNE(form, A, S)	JMP_##form(A, S, u64, u32, !=)
#define OP_JGT(form, A, S)	JMP_##form(A, S, u64, u32, >)
#define OP_JGE(form, A, S)	JMP_##form(A, S, u64, u32, >=)
#define OP_JLT(form, A, S)	JMP_##form(A, S, u64, u32, <)
#define OP_JLE(form, A, S)	JMP_##form(A, S, u64, u32, <=)
#define OP_JSGT(form, A, S)	JMP_##form(A, S, s64, s32, >)
#define OP_JSGE(form, A, S)	JMP_##form(A, S, s64, s32, >=)
#define OP_JSLT(form, A, S)	JMP_##form(A, S, s64, s32, <)
#define OP_JSLE(form, A, S)	JMP_##form(A, S, s64, s32, <=)
#define OP_JSET(form, A, S)	JMP_##form(A, S, u64, u32, &)

#define UNSIGNED_B	u8
#define UNSIGNED_H	u16
#define UNSIGNED_W	u32
#define UNSIGNED_DW	u64
#define SIGNED_B	s8
#define SIGNED_H	s16
#define SIGNED_W	s32

#define LOAD(T, S)	{ LOAD_AT((S) + ip->off, sizeof(T)); SET((u64)get_unaligned((T *)p)) }
#define STORE(T, A, value) { \
	STORE_AT((A) + ip->off, sizeof(T)); put_unaligned((T)(value), (T *)p); live = false; }
#define OP_LDX(form, A, S)	LOAD(UNSIGNED##form, S)
#define OP_LDXS(form, A, S)	LOAD(SIGNED##form, S)
#define OP_STX(form, A, S)	STORE(UNSIGNED##form, A, S)
#define OP_ST(form, A, S)	STORE(UNSIGNED##form, A, IMM)

/* Code of one instruction by itself. */
#define ONE(op, form)	op##form: BEGIN OP_##op(form, DST, SRC) FINISH
#define ALL_FORMS(op)	ONE(op, 64_K) ONE(op, 64_X) ONE(op, 32_K) ONE(op, 32_X)
#define ALL_SIZES(op)	ONE(op, _B) ONE(op, _H) ONE(op, _W) ONE(op, _DW)

/* Code of an instruction in a sequence, for each "how" of fused.h. */
#define HOW_N(op, form)	STORE_V; ip++; OP_##op(form, DST, SRC)
#define HOW_D(op, form)	ip++; OP_##op(form, v, SRC)
#define HOW_S(op, form)	STORE_V; ip++; OP_##op(form, DST, v)
#define HOW_B(op, form)	ip++; OP_##op(form, v, v)
#define HOW_T(op, form)	STORE_V; ip++; OP_##op(form, v, SRC)

#define CODE2(a, A, h, b, B) \
	FUSED_CODE(KCSD_FUSED_NAME2(a, A, h, b, B), \
		   OP_##a(A, DST, SRC) HOW_##h(b, B))
#define CODE3(a, A, h, b, B, i, c, C) \
	FUSED_CODE(KCSD_FUSED_NAME3(a, A, h, b, B, i, c, C), \
		   OP_##a(A, DST, SRC) HOW_##h(b, B) HOW_##i(c, C))
#define CODE4(a, A, h, b, B, i, c, C, j, d, D) \
	FUSED_CODE(KCSD_FUSED_NAME4(a, A, h, b, B, i, c, C, j, d, D), \
		   OP_##a(A, DST, SRC) HOW_##h(b, B) HOW_##i(c, C) HOW_##j(d, D))
#define LABEL2(a, A, ...)	FUSED_LABEL(KCSD_FUSED_NAME2(a, A, __VA_ARGS__), a##A)
#define LABEL3(a, A, ...)	FUSED_LABEL(KCSD_FUSED_NAME3(a, A, __VA_ARGS__), a##A)
#define LABEL4(a, A, ...)	FUSED_LABEL(KCSD_FUSED_NAME4(a, A, __VA_ARGS__), a##A)

#define ORDERED(size, T)						\
	LOAD_ACQ_##size: LOAD_ALIGNED(SRC + ip->off, sizeof(T));	\
		DST = smp_load_acquire((T *)p); STEP;			\
	STORE_REL_##size: STORE_ALIGNED(DST + ip->off, sizeof(T));	\
		smp_store_release((T *)p, (T)SRC); STEP;

#define ATOMIC_OP(bits, op, T, A, fn)					\
	op##_MEM##bits: STORE_ALIGNED(DST + ip->off, sizeof(T));	\
		A##_##fn((T)SRC, (A##_t *)p); STEP;			\
	FETCH_##op##bits: STORE_ALIGNED(DST + ip->off, sizeof(T));	\
		SRC = (T)A##_fetch_##fn((T)SRC, (A##_t *)p); STEP;

#define ATOMIC(bits, T, A)						\
	ATOMIC_OP(bits, ADD, T, A, add)					\
	ATOMIC_OP(bits, OR, T, A, or)					\
	ATOMIC_OP(bits, AND, T, A, and)					\
	ATOMIC_OP(bits, XOR, T, A, xor)					\
	XCHG##bits: STORE_ALIGNED(DST + ip->off, sizeof(T));		\
		SRC = (T)A##_xchg((A##_t *)p, (T)SRC); STEP;		\
	CMPXCHG##bits: STORE_ALIGNED(DST + ip->off, sizeof(T));	\
		s.r[0] = (T)A##_cmpxchg((A##_t *)p, (T)s.r[0], (T)SRC); STEP;

void KCSD_INTERP(const struct kcsd_code *code, struct kcsd_vm *vm)
{
	static const void * const labels[] __annotate_jump_table = {
#define LABEL(op, code, pick, form, mnemonic) [KCSD_OP_##op] = &&op,
		KCSD_INSNS(LABEL, LABEL)
#undef LABEL
		KCSD_FUSED(LABEL2, LABEL3, LABEL4)
	};
	const struct kcsd_decoded *next, *ip = code->insns;
	u8 *const mem = vm->mem;
	const u64 mem_len = vm->mem_len;
	struct state s = { .r[1] = KCSD_GUEST_CTX };
	u64 skew = -(unsigned long)ip;
	u64 limit = next_look(vm, 0);
#ifdef KCSD_COST
	u64 cost = vm->cost;
#endif
	void *p;

	/* Every memory is longer; this tells the compiler that no access is longer than memory. */
	if (unlikely(mem_len < KCSD_GUEST_DATA - KCSD_GUEST_CTX + KCSD_FRAME_SIZE ||
		     !COST_READY)) {
		kcsd_vm_fault(vm, KCSD_FAULT_INTERNAL, 0);
		return;
	}
	set_frame_pointer(&s, vm);
	NEXT;

	KCSD_FUSED(CODE2, CODE3, CODE4)

	ALL_FORMS(ADD)
	ALL_FORMS(SUB)
	ALL_FORMS(MUL)
	ALL_FORMS(DIV)
	ALL_FORMS(SDIV)
	ALL_FORMS(MOD)
	ALL_FORMS(SMOD)
	ALL_FORMS(OR)
	ALL_FORMS(AND)
	ALL_FORMS(XOR)
	ALL_FORMS(LSH)
	ALL_FORMS(RSH)
	ALL_FORMS(ARSH)
	ALL_FORMS(MOV)
	ONE(MOVSX, 64_8)
	ONE(MOVSX, 64_16)
	ONE(MOVSX, 64_32)
	ONE(MOVSX, 32_8)
	ONE(MOVSX, 32_16)
	ONE(LDD, W)
NEG64:	DST = -DST; STEP;
NEG32:	DST = -(u32)DST; STEP;

LE16:	DST = (__force u16)cpu_to_le16((u16)DST); STEP;
LE32:	DST = (__force u32)cpu_to_le32((u32)DST); STEP;
LE64:	DST = (__force u64)cpu_to_le64(DST); STEP;
BE16:	DST = (__force u16)cpu_to_be16((u16)DST); STEP;
BE32:	DST = (__force u32)cpu_to_be32((u32)DST); STEP;
BE64:	DST = (__force u64)cpu_to_be64(DST); STEP;
BSWAP16: DST = swab16((u16)DST); STEP;
BSWAP32: DST = swab32((u32)DST); STEP;
BSWAP64: DST = swab64(DST); STEP;

	ONE(J, A)
	ONE(J, A_IMM)
	ALL_FORMS(JEQ)
	ALL_FORMS(JNE)
	ALL_FORMS(JGT)
	ALL_FORMS(JGE)
	ALL_FORMS(JLT)
	ALL_FORMS(JLE)
	ALL_FORMS(JSGT)
	ALL_FORMS(JSGE)
	ALL_FORMS(JSLT)
	ALL_FORMS(JSLE)
	ALL_FORMS(JSET)

	ALL_SIZES(LDX)
	ALL_SIZES(STX)
	ALL_SIZES(ST)
	ONE(LDXS, _B)
	ONE(LDXS, _H)
	ONE(LDXS, _W)
	ORDERED(B, u8)
	ORDERED(H, u16)
	ORDERED(W, u32)
	ORDERED(DW, u64)
	ATOMIC(32, u32, atomic)
	ATOMIC(64, u64, atomic64)

CALL:
	COST_TELL(ip + 1);
	s.r[0] = KCSD_CALL(vm, (u32)IMM, &s.r[1]);
	COST_TAKE(ip + 1);
	if (unlikely(vm->end.reason)) {
		goto end;
	}
	clear_arguments(&s);
	STEP;
CALL_LOCAL:
	LEAVE(TARGET);
	COST_JUMP;
	push_frame(&s, vm, ip + 1);
	if (LATE)
		LOOK;
	ip = next;
	NEXT;
EXIT:
	if (!s.depth) {
		vm->end.r0 = s.r[0];
		goto end;
	}
	LEAVE(pop_frame(&s, vm));
	COST_LEAVE;
	ip = next;
	NEXT;

late:	/* a jump; only a backward jump can end a run */
	if (next <= ip)
		LOOK;
	ip = next;
	NEXT;

end:
	COST_TELL(ip + 1);
	vm->end.insns = COUNT(ip + 1);
	if (vm->end.reason)
		vm->end.pc = code->pc[ip - code->insns];
}
