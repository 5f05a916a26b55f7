// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The interpreter: the reference for what a program means. Threaded: each
 * instruction jumps to the next one's handler.
 *
 * Instructions are counted where control leaves a straight piece of code, and
 * budget and clock looked at on back edges and local calls only: whatever runs
 * for long passes one.
 */
#include "code.h"
#include "memory.h"

/*
 * Another file may include this one for an interpreter of lowered code: it calls stubs, has
 * one register more, and loses registers as a machine does.
 */
#ifndef KCSD_CALL
#define KCSD_CALL(vm, id, r)	kcsd_helper_call(vm, id, r)
#define KCSD_LOSE(r, nr)	memset(r, 0, (nr) * sizeof(u64))
#define KCSD_NR_REGS		11
#endif

/* What a local call saves; r1 to r5 are the caller's to save. */
struct frame {
	u64 saved[4];			/* r6 to r9 */
	const struct kcsd_decoded *ret;
};

struct state {
	u64 r[KCSD_NR_REGS];
	u64 insns;			/* run before base */
	u64 limit;			/* of insns, until the next checkpoint */
	const struct kcsd_decoded *base;	/* where this straight piece began */
	u32 depth;			/* frames in use */
	struct frame frames[KCSD_MAX_CALL_DEPTH];
};

/* RFC 9669, "Arithmetic instructions": dividing by 0 gives 0, modulo 0 nothing changes. */
static inline u64 div64(u64 a, u64 b)
{
	return b ? a / b : 0;
}

static inline u64 mod64(u64 a, u64 b)
{
	return b ? a % b : a;
}

/* The minimum by -1 wraps around instead of trapping. */
static inline u64 sdiv64(s64 a, s64 b)
{
	if (b == -1)
		return -(u64)a;
	return b ? a / b : 0;
}

static inline u64 smod64(s64 a, s64 b)
{
	if (b == -1)
		return 0;
	return b ? a % b : a;
}

static inline u32 div32(u32 a, u32 b)
{
	return b ? a / b : 0;
}

static inline u32 mod32(u32 a, u32 b)
{
	return b ? a % b : a;
}

static inline u32 sdiv32(s32 a, s32 b)
{
	return (u32)sdiv64(a, b);
}

static inline u32 smod32(s32 a, s32 b)
{
	return (u32)smod64(a, b);
}

/* The next time to look at budget and clock. */
static void set_limit(struct state *s, const struct kcsd_vm *vm)
{
	s->limit = min(vm->budget, s->insns + KCSD_TICK_INSNS);
}

/* On the way back or into a function, after limit. False: the run ends. */
static noinline bool checkpoint(struct state *s, struct kcsd_vm *vm)
{
	if (s->insns > vm->budget)
		kcsd_vm_fault(vm, KCSD_FAULT_BUDGET, 0);
	else
		kcsd_vm_fault(vm, vm->ops->tick(vm), 0);
	set_limit(s, vm);
	return !vm->end.reason;
}

/* The stack grows down, as eBPF's does. */
static void set_frame_pointer(struct state *s, const struct kcsd_vm *vm)
{
	s->r[10] = vm->layout.stack + (KCSD_MAX_CALL_DEPTH - s->depth) * KCSD_FRAME_SIZE;
}

/*
 * What a call leaves in the registers that it need not preserve, and what a function finds in
 * those that hold no argument. Zeroes, so that every engine can do the same
 * and none shows what it keeps there itself.
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

/* The checker saw to it that calls do not nest deeper than there are frames. */
static void push_frame(struct state *s, const struct kcsd_vm *vm, const struct kcsd_decoded *ret)
{
	struct frame *f = &s->frames[s->depth++];

	memcpy(f->saved, &s->r[6], sizeof(f->saved));
	f->ret = ret;
	clear_entry(s);
	set_frame_pointer(s, vm);
}

static const struct kcsd_decoded *pop_frame(struct state *s, const struct kcsd_vm *vm)
{
	struct frame *f = &s->frames[--s->depth];

	memcpy(&s->r[6], f->saved, sizeof(f->saved));
	clear_arguments(s);
	set_frame_pointer(s, vm);
	return f->ret;
}

#define DST	s.r[ip->dst]
#define SRC	s.r[ip->src]
#define IMM	ip->imm
#define D32	((u32)DST)
#define S32	((u32)SRC)
#define I32	((u32)IMM)

/* Another file may include this one for an interpreter that tells what it does. */
#ifndef KCSD_INTERP
#define KCSD_INTERP	kcsd_interp
#define KCSD_TRACE(vm, pc, r)	do { } while (0)
#endif

#define NEXT	do {							\
	KCSD_TRACE(vm, code->pc[ip - code->insns], s.r);		\
	goto *labels[ip->op];						\
} while (0)
#define STEP	do { ip++; NEXT; } while (0)

/* Control leaves the straight piece for target. */
#define LEAVE(target) do {						\
	s.insns += ip + 1 - s.base;					\
	s.base = (target);						\
} while (0)

#define JUMP do {							\
	next = ip + 1 + ip->off;					\
	LEAVE(next);							\
	if (next <= ip && unlikely(s.insns > s.limit) && !checkpoint(&s, vm)) \
		goto end;						\
	ip = next;							\
	NEXT;								\
} while (0)

/* p is the host address of len bytes at addr, found by "at"; there is no way on without. */
#define ACCESS(at, addr, len) do {					\
	p = at(mem, mem_len, addr, len);				\
	if (unlikely(!p)) {						\
		s.insns += ip + 1 - s.base;				\
		kcsd_vm_fault(vm, KCSD_FAULT_MEMORY, addr);		\
		goto end;						\
	}								\
} while (0)

#define LOAD_AT(addr, len)	ACCESS(kcsd_memory_at, addr, len)
#define STORE_AT(addr, len)	ACCESS(kcsd_memory_at_write, addr, len)

/* Atomic accesses are aligned to their size, in guest memory as in the host's. */
#define ACCESS_ALIGNED(at, addr, len) do {				\
	ACCESS(at, addr, len);						\
	if (unlikely((addr) & ((len) - 1))) {				\
		s.insns += ip + 1 - s.base;				\
		kcsd_vm_fault(vm, KCSD_FAULT_MEMORY, addr);		\
		goto end;						\
	}								\
} while (0)
#define LOAD_ALIGNED(addr, len)		ACCESS_ALIGNED(kcsd_memory_at, addr, len)
#define STORE_ALIGNED(addr, len)	ACCESS_ALIGNED(kcsd_memory_at_write, addr, len)

#define ALU(op, expr64, expr32)						\
	op##64_K: { const u64 a = DST, b = IMM; DST = expr64; STEP; }	\
	op##64_X: { const u64 a = DST, b = SRC; DST = expr64; STEP; }	\
	op##32_K: { const u32 a = D32, b = I32; DST = (u32)(expr32); STEP; } \
	op##32_X: { const u32 a = D32, b = S32; DST = (u32)(expr32); STEP; }

#define COMPARE(op, T64, T32, cmp)					\
	op##64_K: if ((T64)DST cmp (T64)IMM) JUMP; STEP;		\
	op##64_X: if ((T64)DST cmp (T64)SRC) JUMP; STEP;		\
	op##32_K: if ((T32)DST cmp (T32)IMM) JUMP; STEP;		\
	op##32_X: if ((T32)DST cmp (T32)SRC) JUMP; STEP;

#define MOVE(size, T)							\
	LDX_##size: LOAD_AT(SRC + ip->off, sizeof(T)); DST = get_unaligned((T *)p); STEP; \
	STX_##size: STORE_AT(DST + ip->off, sizeof(T)); put_unaligned((T)SRC, (T *)p); STEP; \
	ST_##size: STORE_AT(DST + ip->off, sizeof(T)); put_unaligned((T)IMM, (T *)p); STEP;

#define LOAD_SIGNED(size, T)						\
	LDXS_##size: LOAD_AT(SRC + ip->off, sizeof(T));			\
		DST = (u64)(s64)get_unaligned((T *)p); STEP;

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
	};
	const struct kcsd_decoded *next, *ip = code->insns;
	u8 *const mem = vm->mem;
	const u64 mem_len = vm->mem_len;
	struct state s = { .r[1] = KCSD_GUEST_CTX, .base = ip };
	void *p;

	set_limit(&s, vm);
	set_frame_pointer(&s, vm);
	NEXT;

	ALU(ADD, a + b, a + b)
	ALU(SUB, a - b, a - b)
	ALU(MUL, a * b, a * b)
	ALU(DIV, div64(a, b), div32(a, b))
	ALU(SDIV, sdiv64(a, b), sdiv32(a, b))
	ALU(MOD, mod64(a, b), mod32(a, b))
	ALU(SMOD, smod64(a, b), smod32(a, b))
	ALU(OR, a | b, a | b)
	ALU(AND, a & b, a & b)
	ALU(XOR, a ^ b, a ^ b)
	ALU(LSH, a << (b & 63), a << (b & 31))
	ALU(RSH, a >> (b & 63), a >> (b & 31))
	ALU(ARSH, (u64)((s64)a >> (b & 63)), (u32)((s32)a >> (b & 31)))
NEG64:	DST = -DST; STEP;
NEG32:	DST = -D32; STEP;
MOV64_K: DST = IMM; STEP;
MOV32_K: DST = I32; STEP;
MOV64_X: DST = SRC; STEP;
MOV32_X: DST = S32; STEP;
MOVSX64_8: DST = (u64)(s64)(s8)SRC; STEP;
MOVSX64_16: DST = (u64)(s64)(s16)SRC; STEP;
MOVSX64_32: DST = (u64)(s64)(s32)SRC; STEP;
MOVSX32_8: DST = (u32)(s32)(s8)SRC; STEP;
MOVSX32_16: DST = (u32)(s32)(s16)SRC; STEP;
LDDW:	DST = IMM; STEP;

LE16:	DST = (__force u16)cpu_to_le16((u16)DST); STEP;
LE32:	DST = (__force u32)cpu_to_le32((u32)DST); STEP;
LE64:	DST = (__force u64)cpu_to_le64(DST); STEP;
BE16:	DST = (__force u16)cpu_to_be16((u16)DST); STEP;
BE32:	DST = (__force u32)cpu_to_be32((u32)DST); STEP;
BE64:	DST = (__force u64)cpu_to_be64(DST); STEP;
BSWAP16: DST = swab16((u16)DST); STEP;
BSWAP32: DST = swab32((u32)DST); STEP;
BSWAP64: DST = swab64(DST); STEP;

JA:
JA_IMM:
	JUMP;
	COMPARE(JEQ, u64, u32, ==)
	COMPARE(JNE, u64, u32, !=)
	COMPARE(JGT, u64, u32, >)
	COMPARE(JGE, u64, u32, >=)
	COMPARE(JLT, u64, u32, <)
	COMPARE(JLE, u64, u32, <=)
	COMPARE(JSGT, s64, s32, >)
	COMPARE(JSGE, s64, s32, >=)
	COMPARE(JSLT, s64, s32, <)
	COMPARE(JSLE, s64, s32, <=)
	COMPARE(JSET, u64, u32, &)

	MOVE(B, u8)
	MOVE(H, u16)
	MOVE(W, u32)
	MOVE(DW, u64)
	LOAD_SIGNED(B, s8)
	LOAD_SIGNED(H, s16)
	LOAD_SIGNED(W, s32)
	ORDERED(B, u8)
	ORDERED(H, u16)
	ORDERED(W, u32)
	ORDERED(DW, u64)
	ATOMIC(32, u32, atomic)
	ATOMIC(64, u64, atomic64)

CALL:
	s.r[0] = KCSD_CALL(vm, (u32)IMM, &s.r[1]);
	if (unlikely(vm->end.reason)) {
		s.insns += ip + 1 - s.base;
		goto end;
	}
	clear_arguments(&s);
	STEP;
CALL_LOCAL:
	next = ip + 1 + ip->off;
	LEAVE(next);
	push_frame(&s, vm, ip + 1);
	if (unlikely(s.insns > s.limit) && !checkpoint(&s, vm))
		goto end;
	ip = next;
	NEXT;
EXIT:
	if (!s.depth) {
		s.insns += ip + 1 - s.base;
		vm->end.r0 = s.r[0];
		goto end;
	}
	next = pop_frame(&s, vm);
	LEAVE(next);
	ip = next;
	NEXT;

end:
	vm->end.insns = s.insns;
	if (vm->end.reason)
		vm->end.pc = code->pc[ip - code->insns];
}
