// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "helper.h"
#include "verify.h"
#include "verify_step.h"

/* No access that succeeds ends beyond. */
#define LAST_ADDRESS	((u64)U32_MAX + KCSD_MAX_ARGS)

struct access {
	u8 base;
	u8 size;		/* bytes; 0: none */
	bool stores;
	bool atomic;
	s32 off;
};

static struct access access_of(const struct kcsd_decoded *d)
{
	static const u8 sizes[] = { 4, 2, 1, 8 };	/* BPF_W, _H, _B, _DW */
	u8 code = kcsd_insn_get(d->op)->code, class = BPF_CLASS(code);
	bool atomic = class == BPF_STX && BPF_MODE(code) == BPF_ATOMIC;
	bool acquire = atomic && kcsd_insn_fields(d->op) & KCSD_WRITES_DST;
	struct access a = { .off = d->off, .atomic = atomic };

	if (class != BPF_LDX && class != BPF_ST && class != BPF_STX)
		return a;
	a.size = sizes[BPF_SIZE(code) >> 3];
	a.stores = class != BPF_LDX && !acquire;
	a.base = a.stores ? d->dst : d->src;
	return a;
}

static struct kcsd_value address(const struct kcsd_value *s, const struct access *a)
{
	return kcsd_value_add(s[a->base], kcsd_value_const((s64)a->off));
}

static u64 floor_of(const struct access *a)
{
	return a->stores ? KCSD_GUEST_DATA : KCSD_GUEST_CTX;
}

/* ---- proofs ---- */

static bool in_frame(const struct access *a)
{
	return a->base == BPF_REG_10 && a->off >= -KCSD_FRAME_SIZE && a->off <= -(s32)a->size &&
	       (!a->atomic || !(a->off % a->size));
}

u8 kcsd_step_proof(const struct kcsd_walk *w, const struct kcsd_value *s, u32 i)
{
	struct access a = access_of(&w->flow->code->insns[i]);
	u64 end = (u64)w->flow->layout.args - a.size;
	struct kcsd_value v;

	if (!a.size)
		return KCSD_PROOF_NONE;
	if (in_frame(&a))
		return KCSD_PROOF_FRAME;
	v = address(s, &a);
	if (v.span > S64_MAX)
		return KCSD_PROOF_ANY;
	if (kcsd_value_max(v) > end && kcsd_value_last(v) - floor_of(&a) < S64_MAX)
		return KCSD_PROOF_ABOVE;
	if (kcsd_value_min(v) < floor_of(&a) || kcsd_value_max(v) > end)
		return KCSD_PROOF_BELOW;
	if (a.atomic && !kcsd_value_aligned(v, a.size))
		return KCSD_PROOF_ALIGN;
	if (w->learn)
		return KCSD_PROOF_RANGE;
	return kcsd_value_is_const(v) ? KCSD_PROOF_CONST : KCSD_PROOF_BOUND;
}

/* ---- the frame's slots ---- */

/* Where the nth slot of a frame is. */
static struct kcsd_value slot_address(const struct kcsd_value *s, u32 n)
{
	return kcsd_value_add(s[BPF_REG_10],
			      kcsd_value_const((u64)n * 8 - KCSD_FRAME_SIZE));
}

/* len bytes from addr have been written to. */
static void forget(const struct kcsd_walk *w, struct kcsd_value *s, struct kcsd_value addr, u64 len)
{
	struct kcsd_value distance;
	u32 n;

	for (n = 0; n < KCSD_FRAME_SLOTS && w->vars->nr_vars > KCSD_NR_REGS; n++) {
		if (w->vars->slot[n] == KCSD_NO_VAR)
			continue;
		distance = kcsd_value_sub(addr, slot_address(s, n));
		if (kcsd_value_meet(&distance, kcsd_value_range(-(len - 1), 7)))
			kcsd_state_set(w->vars, s, w->vars->slot[n], kcsd_value_any());
	}
}

static void forget_slots(const struct kcsd_walk *w, struct kcsd_value *s)
{
	u8 var;

	for (var = KCSD_NR_REGS; var < w->vars->nr_vars; var++)
		kcsd_state_set(w->vars, s, var, kcsd_value_any());
}

/* A store to the frame itself: exactly these slots. */
static void forget_frame(const struct kcsd_walk *w, struct kcsd_value *s, s32 off, s32 len)
{
	s32 slot;

	for (slot = -KCSD_FRAME_SIZE; slot < 0; slot += 8)
		if (off < slot + 8 && slot < off + len &&
		    kcsd_vars_slot(w->vars, slot) != KCSD_NO_VAR)
			kcsd_state_set(w->vars, s, kcsd_vars_slot(w->vars, slot),
				       kcsd_value_any());
}

/* The slot that an access is, to be followed. */
static u8 slot_of(const struct kcsd_walk *w, const struct access *a)
{
	if (!w->learn || a->base != BPF_REG_10 || a->size != 8 || a->atomic)
		return KCSD_NO_VAR;
	return kcsd_vars_slot(w->vars, a->off);
}

/* ---- accesses ---- */

static struct kcsd_value loaded(const struct kcsd_decoded *d, u32 bits)
{
	if (BPF_MODE(kcsd_insn_get(d->op)->code) == BPF_MEMSX)
		return kcsd_value_sign_extend(kcsd_value_any(), bits);
	return kcsd_value_zero_extend(kcsd_value_any(), bits);
}

/* What kcsd_vm_setup() writes, and nobody can change. */
static struct kcsd_value from_context(const struct kcsd_walk *w, u64 off, struct kcsd_value v)
{
	const struct kcsd_layout *layout = &w->flow->layout;
	bool wide = v.span == ~0ull, half = v.span == U32_MAX;

	if (wide && off == offsetof(struct kcsd_ctx, args))
		return kcsd_value_const(layout->args);
	if (wide && off == offsetof(struct kcsd_ctx, args_len))
		return kcsd_value_range(0, KCSD_MAX_ARGS);
	if (wide && off == offsetof(struct kcsd_ctx, grants))
		return kcsd_value_const(KCSD_GUEST_CTX + KCSD_GUEST_GRANTS_OFF);
	if (half && off == offsetof(struct kcsd_ctx, nr_grants))
		return kcsd_value_range(0, KCSD_MAX_GRANTS);
	if (wide && off == offsetof(struct kcsd_ctx, ranges))
		return kcsd_value_const(KCSD_GUEST_CTX + KCSD_GUEST_RANGES_OFF);
	if (half && off == offsetof(struct kcsd_ctx, nr_ranges))
		return kcsd_value_range(0, KCSD_GUEST_MAX_RANGES);
	if (wide && off == offsetof(struct kcsd_ctx, heap))
		return kcsd_value_const(layout->heap);
	return v;
}

static struct kcsd_value load(const struct kcsd_walk *w, const struct kcsd_value *s,
			      const struct kcsd_decoded *d, const struct access *a)
{
	struct kcsd_value addr = address(s, a), v = loaded(d, a->size * 8);

	if (w->learn && kcsd_value_is_const(addr) &&
	    BPF_MODE(kcsd_insn_get(d->op)->code) == BPF_MEM)
		return from_context(w, addr.start - KCSD_GUEST_CTX, v);
	return v;
}

/* The access did not fault. False: it always does. */
static bool learn_address(const struct kcsd_walk *w, struct kcsd_value *s, const struct access *a)
{
	u64 off = (s64)a->off;

	return !w->learn || kcsd_value_meet(&s[a->base],
		kcsd_value_range(floor_of(a) - off, LAST_ADDRESS - a->size - off));
}

static void step_load(const struct kcsd_walk *w, struct kcsd_value *s,
		      const struct kcsd_decoded *d, const struct access *a)
{
	u8 slot = slot_of(w, a);

	if (slot != KCSD_NO_VAR)
		kcsd_state_move(w->vars, s, d->dst, slot, kcsd_value_const(0));
	else
		kcsd_state_set(w->vars, s, d->dst, load(w, s, d, a));
}

static void step_store(const struct kcsd_walk *w, struct kcsd_value *s,
		       const struct kcsd_decoded *d, const struct access *a)
{
	u8 slot = slot_of(w, a);

	if (!w->learn)
		return;
	if (slot == KCSD_NO_VAR && in_frame(a))
		forget_frame(w, s, a->off, a->size);
	else if (slot == KCSD_NO_VAR)
		forget(w, s, address(s, a), a->size);
	else if (kcsd_insn_fields(d->op) & KCSD_USES_SRC)
		kcsd_state_move(w->vars, s, slot, d->src, kcsd_value_const(0));
	else
		kcsd_state_set(w->vars, s, slot, kcsd_value_const(d->imm));
}

static bool step_access(const struct kcsd_walk *w, struct kcsd_value *s,
			const struct kcsd_decoded *d, const struct access *a)
{
	u32 fields = kcsd_insn_fields(d->op);

	if (!learn_address(w, s, a))
		return false;
	if (!a->stores) {
		step_load(w, s, d, a);
		return true;
	}
	step_store(w, s, d, a);
	if (fields & KCSD_WRITES_SRC)
		kcsd_state_set(w->vars, s, d->src, loaded(d, a->size * 8));
	if (d->op == KCSD_OP_CMPXCHG32 || d->op == KCSD_OP_CMPXCHG64)
		kcsd_state_set(w->vars, s, BPF_REG_0, loaded(d, a->size * 8));
	return true;
}

/* ---- calls ---- */

/* The most bytes that a helper writes at the address that is argument i; 0: none. */
static u64 written_len(const struct kcsd_signature *sig, const struct kcsd_value *s, u32 i)
{
	switch (sig->kind[i]) {
	case HASH:
		return sizeof(struct kcsd_sha256);
	case DIGEST:
		return KCSD_SHA256_LEN;
	case OUT:
		while (sig->kind[i] != LEN)
			i++;
		return min(kcsd_value_max(s[BPF_REG_1 + i]), LAST_ADDRESS);
	}
	return 0;
}

static void step_helper(const struct kcsd_walk *w, struct kcsd_value *s, u64 id)
{
	const struct kcsd_signature *sig = kcsd_signature(id);
	u64 len;
	u32 i;

	for (i = 0; i < sig->nr_args && w->learn; i++) {
		len = written_len(sig, s, i);
		if (len)
			forget(w, s, s[BPF_REG_1 + i], len);
	}
	kcsd_step_return(w, s, kcsd_value_any(), true);
}

void kcsd_step_return(const struct kcsd_walk *w, struct kcsd_value *s, struct kcsd_value r0,
		      bool pure)
{
	u8 reg;

	for (reg = BPF_REG_1; reg <= BPF_REG_5; reg++)
		kcsd_state_set(w->vars, s, reg, kcsd_value_const(0));
	kcsd_state_set(w->vars, s, BPF_REG_0, r0);
	if (!pure)
		forget_slots(w, s);
}

/* ---- arithmetic ---- */

static struct kcsd_value shift_count(struct kcsd_value v, u32 bits)
{
	return kcsd_value_and(v, kcsd_value_const(bits - 1));
}

/* Signed division is unsigned where nothing is negative. */
static bool positive(struct kcsd_value a, struct kcsd_value b)
{
	return kcsd_value_max(a) <= S64_MAX && kcsd_value_max(b) <= S64_MAX;
}

static struct kcsd_value sdiv(struct kcsd_value a, struct kcsd_value b)
{
	return positive(a, b) ? kcsd_value_div(a, b) : kcsd_value_any();
}

static struct kcsd_value smod(struct kcsd_value a, struct kcsd_value b)
{
	return positive(a, b) ? kcsd_value_mod(a, b) : kcsd_value_any();
}

static struct kcsd_value compute(u8 op, struct kcsd_value a, struct kcsd_value b, bool is_signed)
{
	switch (op) {
	case BPF_ADD: return kcsd_value_add(a, b);
	case BPF_SUB: return kcsd_value_sub(a, b);
	case BPF_MUL: return kcsd_value_mul(a, b);
	case BPF_DIV: return is_signed ? sdiv(a, b) : kcsd_value_div(a, b);
	case BPF_MOD: return is_signed ? smod(a, b) : kcsd_value_mod(a, b);
	case BPF_OR: return kcsd_value_or(a, b);
	case BPF_AND: return kcsd_value_and(a, b);
	case BPF_XOR: return kcsd_value_xor(a, b);
	case BPF_LSH: return kcsd_value_lsh(a, b);
	case BPF_RSH: return kcsd_value_rsh(a, b);
	case BPF_ARSH: return kcsd_value_arsh(a, b);
	case BPF_NEG: return kcsd_value_neg(a);
	case BPF_MOV: return b;
	}
	return kcsd_value_any();
}

static bool is_shift(u8 op)
{
	return op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH;
}

static struct kcsd_value half(u8 op, struct kcsd_value v, bool is_signed)
{
	return op == BPF_ARSH || is_signed ? kcsd_value_sign_extend(v, 32) :
					     kcsd_value_zero_extend(v, 32);
}

/* off of a division is 1 if it is signed, of a move what it extends the sign from. */
static struct kcsd_value alu(u8 op, bool wide, u16 off, struct kcsd_value a, struct kcsd_value b)
{
	bool divides = op == BPF_DIV || op == BPF_MOD, is_signed = divides && off;
	struct kcsd_value v;

	if (op == BPF_MOV && off)
		b = kcsd_value_sign_extend(b, off);
	if (is_shift(op))
		b = shift_count(b, wide ? 64 : 32);
	if (wide)
		return compute(op, a, b, is_signed);
	v = compute(op, half(op, a, is_signed), is_shift(op) ? b : half(op, b, is_signed),
		    is_signed);
	return kcsd_value_zero_extend(v, 32);
}

/* Of two registers whose difference is followed, more is known than of each. */
static void subtract(const struct kcsd_walk *w, struct kcsd_value *s, const struct kcsd_decoded *d)
{
	struct kcsd_value v = kcsd_state_difference(w->vars, s, d->dst, d->src);

	kcsd_state_move(w->vars, s, d->dst, d->dst, kcsd_value_neg(s[d->src]));
	if (v.span < s[d->dst].span)
		s[d->dst] = v;
}

static void step_alu(const struct kcsd_walk *w, struct kcsd_value *s, const struct kcsd_decoded *d)
{
	const struct kcsd_insn *row = kcsd_insn_get(d->op);
	u8 op = BPF_OP(row->code);
	bool wide = BPF_CLASS(row->code) == BPF_ALU64;
	struct kcsd_value b = row->form->fields & KCSD_USES_SRC ? s[d->src] :
								 kcsd_value_const(d->imm);

	if (op == BPF_END)
		kcsd_state_set(w->vars, s, d->dst,
			       kcsd_value_zero_extend(kcsd_value_any(), row->pick));
	else if (d->op == KCSD_OP_MOV64_X)
		kcsd_state_move(w->vars, s, d->dst, d->src, kcsd_value_const(0));
	else if (wide && op == BPF_ADD)
		kcsd_state_move(w->vars, s, d->dst, d->dst, b);
	else if (d->op == KCSD_OP_SUB64_X)
		subtract(w, s, d);
	else if (d->op == KCSD_OP_SUB64_K)
		kcsd_state_move(w->vars, s, d->dst, d->dst, kcsd_value_neg(b));
	else
		kcsd_state_set(w->vars, s, d->dst, alu(op, wide, row->pick, s[d->dst], b));
}

bool kcsd_step(const struct kcsd_walk *w, struct kcsd_value *s, u32 i)
{
	const struct kcsd_decoded *d = &w->flow->code->insns[i];
	struct access a = access_of(d);

	if (a.size)
		return step_access(w, s, d, &a);
	switch (BPF_CLASS(kcsd_insn_get(d->op)->code)) {
	case BPF_ALU:
	case BPF_ALU64:
		step_alu(w, s, d);
		break;
	case BPF_LD:
		kcsd_state_set(w->vars, s, d->dst, kcsd_value_const(d->imm));
		break;
	case BPF_JMP:
		if (d->op == KCSD_OP_CALL)
			step_helper(w, s, d->imm);
		break;
	}
	return true;
}
