// SPDX-License-Identifier: GPL-2.0
#include "oracle.h"

#ifndef BPF_MEMSX
#define BPF_MEMSX	0x80
#endif
#ifndef BPF_LOAD_ACQ
#define BPF_LOAD_ACQ	0x100
#define BPF_STORE_REL	0x110
#endif

struct oracle_frame {
	u64 saved[4];		/* r6 to r9 */
	u32 pc;			/* of the return */
};

struct oracle {
	struct kcsd_vm *vm;
	const struct bpf_insn *insns;
	u64 r[11];
	u32 pc;			/* of the current instruction, units of 8 bytes */
	u32 next;
	u64 insns_run;
	u64 tick_at;		/* instructions */
	u32 depth;
	struct oracle_frame frames[KCSD_MAX_CALL_DEPTH];
	bool done;
};

static void stop(struct oracle *o, u32 reason, u64 addr)
{
	kcsd_vm_fault(o->vm, reason, addr);
	if (o->vm->end.reason)
		o->done = true;
}

/* True for "X": bit 3 says that the operand is a register. */
static bool is_register(const struct bpf_insn *insn)
{
	return insn->code & 0x08;
}

static u64 operand(const struct oracle *o, const struct bpf_insn *insn)
{
	return is_register(insn) ? o->r[insn->src_reg] : (u64)(s64)insn->imm;
}

/* ---- arithmetic ---- */

static u64 extend(u64 value, u32 bits)
{
	u64 sign = (u64)1 << (bits - 1);

	if (bits == 64)
		return value;
	value &= ((u64)1 << bits) - 1;
	return (value ^ sign) - sign;
}

/* Divide magnitudes: the quotient is rounded to zero, the remainder has the sign of a. */
static u64 signed_divide(u64 a, u64 b, bool remainder)
{
	bool a_neg = a >> 63, b_neg = b >> 63;
	u64 x = a_neg ? 0 - a : a, y = b_neg ? 0 - b : b;

	if (remainder)
		return a_neg ? 0 - x % y : x % y;
	return a_neg != b_neg ? 0 - x / y : x / y;
}

static u64 divide(u64 a, u64 b, bool is_signed, bool remainder)
{
	if (!b)
		return remainder ? a : 0;
	if (is_signed)
		return signed_divide(a, b, remainder);
	return remainder ? a % b : a / b;
}

static u64 shift_right(u64 a, u32 count, bool fill)
{
	while (count--)
		a = a >> 1 | (fill ? a & ((u64)1 << 63) : 0);
	return a;
}

static u64 reverse(u64 value, u32 bytes)
{
	u64 out = 0;

	while (bytes--) {
		out = out << 8 | (value & 0xff);
		value >>= 8;
	}
	return out;
}

/* Swap bytes. The machine must be little-endian: a swap to little-endian only cuts. */
static u64 swap(const struct bpf_insn *insn, u64 value)
{
	u32 bits = insn->imm;
	bool to_little = (insn->code & 0x07) == 0x04 && !is_register(insn);
	u64 one = 1;

	if (*(u8 *)&one != 1)
		abort();
	if (to_little)
		return bits == 64 ? value : value & (((u64)1 << bits) - 1);
	return reverse(value, bits / 8);
}

static void alu(struct oracle *o, const struct bpf_insn *insn)
{
	bool wide = (insn->code & 0x07) == 0x07;
	u32 bits = wide ? 64 : 32;
	u64 a = o->r[insn->dst_reg], b = operand(o, insn), out;
	bool is_signed = insn->off == 1;

	if (!wide) {
		a = is_signed ? extend(a, 32) : (u32)a;
		b = is_signed ? extend(b, 32) : (u32)b;
	}
	switch (insn->code & 0xf0) {
	case 0x00: out = a + b; break;
	case 0x10: out = a - b; break;
	case 0x20: out = a * b; break;
	case 0x30: out = divide(a, b, is_signed, false); break;
	case 0x40: out = a | b; break;
	case 0x50: out = a & b; break;
	case 0x60: out = a << (b % bits); break;
	case 0x70: out = shift_right(a, b % bits, false); break;
	case 0x80: out = 0 - a; break;
	case 0x90: out = divide(a, b, is_signed, true); break;
	case 0xa0: out = a ^ b; break;
	case 0xb0: out = insn->off ? extend(b, insn->off) : b; break;
	case 0xc0: out = shift_right(extend(a, bits), b % bits, true); break;
	case 0xd0: o->r[insn->dst_reg] = swap(insn, o->r[insn->dst_reg]); return;
	default: abort();
	}
	o->r[insn->dst_reg] = wide ? out : (u32)out;
}

/* ---- memory ---- */

/* True if the program may read, or write, this byte. */
static bool is_mine(const struct oracle *o, u64 addr, bool write)
{
	u64 low = write ? KCSD_GUEST_DATA : KCSD_GUEST_CTX;

	return addr >= low && addr < KCSD_GUEST_CTX + o->vm->mem_len;
}

static bool reach(struct oracle *o, u64 addr, u32 size, bool write)
{
	u32 i;

	for (i = 0; i < size; i++) {
		if (is_mine(o, addr + i, write))
			continue;
		stop(o, KCSD_FAULT_MEMORY, addr);
		return false;
	}
	return true;
}

/* Read a little-endian number byte by byte. */
static u64 get(const struct oracle *o, u64 addr, u32 size)
{
	u64 value = 0;

	while (size--)
		value = value << 8 | o->vm->mem[addr + size - KCSD_GUEST_CTX];
	return value;
}

static void put(struct oracle *o, u64 addr, u32 size, u64 value)
{
	u32 i;

	for (i = 0; i < size; i++)
		o->vm->mem[addr + i - KCSD_GUEST_CTX] = value >> 8 * i;
}

static u32 size_of(const struct bpf_insn *insn)
{
	switch (insn->code & 0x18) {
	case 0x00: return 4;
	case 0x08: return 2;
	case 0x10: return 1;
	}
	return 8;
}

static void load(struct oracle *o, const struct bpf_insn *insn)
{
	u64 addr = o->r[insn->src_reg] + insn->off, value;
	u32 size = size_of(insn);

	if (!reach(o, addr, size, false))
		return;
	value = get(o, addr, size);
	if ((insn->code & 0xe0) == BPF_MEMSX)
		value = extend(value, 8 * size);
	o->r[insn->dst_reg] = value;
}

static void store(struct oracle *o, const struct bpf_insn *insn)
{
	u64 addr = o->r[insn->dst_reg] + insn->off;
	bool immediate = (insn->code & 0x07) == BPF_ST;
	u32 size = size_of(insn);

	if (reach(o, addr, size, true))
		put(o, addr, size, immediate ? (u64)(s64)insn->imm : o->r[insn->src_reg]);
}

static bool reach_aligned(struct oracle *o, u64 addr, u32 size, bool write)
{
	if (!reach(o, addr, size, write))
		return false;
	if (addr % size)
		stop(o, KCSD_FAULT_MEMORY, addr);
	return !o->done;
}

static void compare_exchange(struct oracle *o, u64 addr, u32 size, u64 value)
{
	u64 old = get(o, addr, size), expected = o->r[0];

	if (size == 4)
		expected = (u32)expected;
	if (old == expected)
		put(o, addr, size, value);
	o->r[0] = old;
}

static void atomic(struct oracle *o, const struct bpf_insn *insn)
{
	bool load_acquire = insn->imm == BPF_LOAD_ACQ;
	u64 addr = o->r[load_acquire ? insn->src_reg : insn->dst_reg] + insn->off;
	u64 value = o->r[insn->src_reg], old, out;
	u32 size = size_of(insn);

	if (!reach_aligned(o, addr, size, !load_acquire))
		return;
	old = get(o, addr, size);
	switch (insn->imm) {
	case BPF_LOAD_ACQ: o->r[insn->dst_reg] = old; return;
	case BPF_STORE_REL: put(o, addr, size, value); return;
	case 0xf1: compare_exchange(o, addr, size, value); return;
	case 0xe1: out = value; break;
	case 0x00: case 0x01: out = old + value; break;
	case 0x40: case 0x41: out = old | value; break;
	case 0x50: case 0x51: out = old & value; break;
	case 0xa0: case 0xa1: out = old ^ value; break;
	default: abort();
	}
	put(o, addr, size, out);
	if (insn->imm & 0x01)
		o->r[insn->src_reg] = old;
}

/* ---- control ---- */

/* Look at budget and clock. */
static void look_up(struct oracle *o)
{
	if (o->insns_run > o->vm->budget)
		stop(o, KCSD_FAULT_BUDGET, 0);
	else if (o->insns_run > o->tick_at) {
		stop(o, o->vm->ops->tick(o->vm), 0);
		o->tick_at = o->insns_run + KCSD_TICK_INSNS;
	}
}

static void jump(struct oracle *o, s32 distance)
{
	o->next = o->pc + 1 + distance;
	if (o->next <= o->pc)
		look_up(o);
}

static void jump_if(struct oracle *o, bool yes, s32 distance)
{
	const struct kcsd_costs *c = o->vm->costs;

	if (c)
		o->vm->cost += yes ? c->taken : c->not_taken;
	if (yes)
		jump(o, distance);
}

static bool compare(u32 op, u64 a, u64 b)
{
	const u64 sign = (u64)1 << 63;

	switch (op) {
	case 0x10: return a == b;
	case 0x20: return a > b;
	case 0x30: return a >= b;
	case 0x40: return a & b;
	case 0x50: return a != b;
	case 0x60: return (a ^ sign) > (b ^ sign);
	case 0x70: return (a ^ sign) >= (b ^ sign);
	case 0xa0: return a < b;
	case 0xb0: return a <= b;
	case 0xc0: return (a ^ sign) < (b ^ sign);
	case 0xd0: return (a ^ sign) <= (b ^ sign);
	}
	abort();
}

static void set_frame(struct oracle *o)
{
	o->r[10] = o->vm->layout.stack + (KCSD_MAX_CALL_DEPTH - o->depth) * KCSD_FRAME_SIZE;
}

static void call_function(struct oracle *o, s32 distance)
{
	struct oracle_frame *f = &o->frames[o->depth++];
	u32 i;

	for (i = 0; i < 4; i++) {
		f->saved[i] = o->r[6 + i];
		o->r[6 + i] = 0;
	}
	f->pc = o->next;
	o->r[0] = 0;
	set_frame(o);
	o->next = o->pc + 1 + distance;
	look_up(o);
}

static void forget_arguments(struct oracle *o)
{
	u32 i;

	for (i = 1; i <= 5; i++)
		o->r[i] = 0;
}

static void leave(struct oracle *o)
{
	const struct oracle_frame *f;
	u32 i;

	if (!o->depth) {
		o->vm->end.r0 = o->r[0];
		o->done = true;
		return;
	}
	f = &o->frames[--o->depth];
	for (i = 0; i < 4; i++)
		o->r[6 + i] = f->saved[i];
	o->next = f->pc;
	forget_arguments(o);
	set_frame(o);
}

static void call_helper(struct oracle *o, u32 id)
{
	u64 ret = kcsd_helper_call(o->vm, id, &o->r[1]);

	if (o->vm->end.reason) {
		o->done = true;
		return;
	}
	o->r[0] = ret;
	forget_arguments(o);
}

static void control(struct oracle *o, const struct bpf_insn *insn)
{
	bool narrow = (insn->code & 0x07) == 0x06;
	u64 a = o->r[insn->dst_reg], b = operand(o, insn);
	u32 op = insn->code & 0xf0;

	if (op == 0x00)
		jump(o, narrow ? insn->imm : insn->off);
	else if (op == 0x80 && insn->src_reg == 1)
		call_function(o, insn->imm);
	else if (op == 0x80)
		call_helper(o, insn->imm);
	else if (op == 0x90)
		leave(o);
	else
		jump_if(o, compare(op, narrow ? extend(a, 32) : a, narrow ? extend(b, 32) : b),
			insn->off);
}

/* Add the cost of an instruction other than a conditional jump. */
static void charge(struct oracle *o, const struct bpf_insn *insn)
{
	const struct kcsd_costs *c = o->vm->costs;
	u32 op = insn->code & 0xf0;

	if (!c)
		return;
	switch (insn->code & 0x07) {
	case 0x00: o->vm->cost += c->alu; break;
	case 0x01: case 0x02: case 0x03: o->vm->cost += c->access; break;
	case 0x04: case 0x07:
		o->vm->cost += op == 0x20 ? c->mul : op == 0x30 || op == 0x90 ? c->div : c->alu;
		break;
	default:
		if (op == 0x00)
			o->vm->cost += c->taken;
		else if (op == 0x80 && !insn->src_reg)
			o->vm->cost += c->helper;
		else if (op == 0x80 || op == 0x90)
			o->vm->cost += c->call;
	}
}

static void step(struct oracle *o)
{
	const struct bpf_insn *insn = &o->insns[o->pc];

	o->next = o->pc + 1;
	o->insns_run++;
	charge(o, insn);
	switch (insn->code & 0x07) {
	case 0x00:
		o->r[insn->dst_reg] = (u32)insn[0].imm | (u64)(u32)insn[1].imm << 32;
		o->next++;
		break;
	case 0x01: load(o, insn); break;
	case 0x02: store(o, insn); break;
	case 0x03:
		if ((insn->code & 0xe0) == BPF_ATOMIC)
			atomic(o, insn);
		else
			store(o, insn);
		break;
	case 0x04: case 0x07: alu(o, insn); break;
	default: control(o, insn);
	}
}

void oracle_run(const struct kcsd_image_view *view, struct kcsd_vm *vm)
{
	struct oracle o = {
		.vm = vm, .insns = view->insns, .tick_at = KCSD_TICK_INSNS, .r[1] = KCSD_GUEST_CTX,
	};

	set_frame(&o);
	do {
		step(&o);
		if (!o.done)
			o.pc = o.next;
	} while (!o.done);
	vm->end.insns = o.insns_run;
	if (vm->end.reason)
		vm->end.pc = o.pc;
}
