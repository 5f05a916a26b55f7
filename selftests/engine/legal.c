// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of validation: every opcode with many values of its fields, against the rules of RFC 9669,
 * which are written here a second time. A wrong instruction is refused for one of its faults.
 */
#include "runner.h"
#include "tap.h"

#define PROGRAM_LEN	4
#define R10		10

#define BAD(reason)	(1u << KCSD_VERDICT_##reason)

/* Blame a field that must be zero. */
static u32 zero(s64 field)
{
	return field ? BAD(RESERVED) : 0;
}

static u32 reads(u32 reg)
{
	return reg > R10 ? BAD(REGISTER) : 0;
}

static u32 writes(u32 reg)
{
	return reg == R10 ? BAD(R10) : reads(reg);
}

/* Judge a jump; the instruction is the first of the program. */
static u32 jumps(s64 distance)
{
	s64 target = 1 + distance;

	return target < 0 || target >= PROGRAM_LEN ? BAD(JUMP) : 0;
}

static u32 one_of(s64 value, const s32 *list, u32 nr)
{
	while (nr--)
		if (value == *list++)
			return 0;
	return BAD(OPCODE);
}
#define ONE_OF(value, ...) \
	one_of(value, (const s32[]){ __VA_ARGS__ }, sizeof((s32[]){ __VA_ARGS__ }) / sizeof(s32))

/* "64-bit immediate instructions": only numbers, no maps. */
static u32 ld(const struct bpf_insn *insn)
{
	if (insn->code != 0x18)
		return BAD(OPCODE);
	return ONE_OF(insn->src_reg, 0) | writes(insn->dst_reg) | zero(insn->off);
}

static u32 ldx(const struct bpf_insn *insn)
{
	u32 mode = insn->code & 0xe0, size = insn->code & 0x18;

	if (mode != 0x60 && (mode != 0x80 || size == 0x18))
		return BAD(OPCODE);
	return writes(insn->dst_reg) | reads(insn->src_reg) | zero(insn->imm);
}

static u32 st(const struct bpf_insn *insn)
{
	if ((insn->code & 0xe0) != 0x60)
		return BAD(OPCODE);
	return reads(insn->dst_reg) | zero(insn->src_reg);
}

/* "Atomic operations"; load-acquire and store-release have any size. */
static u32 atomic(const struct bpf_insn *insn)
{
	u32 size = insn->code & 0x18, bad;

	if (insn->imm == 0x100)
		return writes(insn->dst_reg) | reads(insn->src_reg);
	if (insn->imm == 0x110)
		return reads(insn->dst_reg) | reads(insn->src_reg);
	if (size != 0x00 && size != 0x18)
		return BAD(OPCODE);
	bad = ONE_OF(insn->imm, 0x00, 0x40, 0x50, 0xa0, 0x01, 0x41, 0x51, 0xa1, 0xe1, 0xf1);
	if (bad)
		return bad;
	bad = reads(insn->dst_reg);
	if ((insn->imm & 1) && insn->imm != 0xf1)
		return bad | writes(insn->src_reg);
	return bad | reads(insn->src_reg);
}

static u32 stx(const struct bpf_insn *insn)
{
	u32 mode = insn->code & 0xe0;

	if (mode == 0xc0)
		return atomic(insn);
	if (mode != 0x60)
		return BAD(OPCODE);
	return reads(insn->dst_reg) | reads(insn->src_reg) | zero(insn->imm);
}

static u32 byte_swap(const struct bpf_insn *insn, bool is64)
{
	if (is64 && (insn->code & 8))
		return BAD(OPCODE);
	return ONE_OF(insn->imm, 16, 32, 64) | writes(insn->dst_reg) | zero(insn->src_reg) |
		zero(insn->off);
}

/* The offset distinguishes signed division and sign-extending moves. */
static u32 alu_off(const struct bpf_insn *insn, bool is64, bool reg)
{
	u32 op = insn->code & 0xf0;

	if (op == 0x30 || op == 0x90)
		return ONE_OF(insn->off, 0, 1);
	if (op == 0xb0 && reg)
		return is64 ? ONE_OF(insn->off, 0, 8, 16, 32) : ONE_OF(insn->off, 0, 8, 16);
	return zero(insn->off);
}

static u32 alu(const struct bpf_insn *insn)
{
	bool is64 = (insn->code & 7) == 7, reg = insn->code & 8;
	u32 op = insn->code & 0xf0, bad;

	if (op == 0xd0)
		return byte_swap(insn, is64);
	if (op > 0xd0 || (op == 0x80 && reg))
		return BAD(OPCODE);
	bad = writes(insn->dst_reg) | alu_off(insn, is64, reg);
	if (op == 0x80)
		return bad | zero(insn->src_reg) | zero(insn->imm);
	if (reg)
		return bad | reads(insn->src_reg) | zero(insn->imm);
	return bad | zero(insn->src_reg);
}

static u32 call(const struct bpf_insn *insn)
{
	u32 bad;

	if (insn->src_reg)
		return BAD(OPCODE);
	bad = zero(insn->dst_reg) | zero(insn->off);
	if (insn->imm > 0 && insn->imm < 0x10000)
		return bad | BAD(LINUX_HELPER);
	return insn->imm < 0x10001 || insn->imm > 0x10018 ? bad | BAD(HELPER) : bad;
}

static u32 jmp(const struct bpf_insn *insn)
{
	bool is64 = (insn->code & 7) == 5, reg = insn->code & 8;
	u32 op = insn->code & 0xf0, none = zero(insn->dst_reg) | zero(insn->src_reg);

	if (op > 0xd0)
		return BAD(OPCODE);
	if (op == 0x00 || op == 0x80 || op == 0x90) {
		if (reg || (!is64 && op))
			return BAD(OPCODE);
		if (op == 0x80)
			return call(insn);
		if (op == 0x90)
			return none | zero(insn->off) | zero(insn->imm);
		return is64 ? none | zero(insn->imm) | jumps(insn->off) :
			      none | zero(insn->off) | jumps(insn->imm);
	}
	return reads(insn->dst_reg) | jumps(insn->off) |
		(reg ? reads(insn->src_reg) | zero(insn->imm) : zero(insn->src_reg));
}

static u32 wrong(const struct bpf_insn *insn)
{
	switch (insn->code & 7) {
	case 0:
		return ld(insn);
	case 1:
		return ldx(insn);
	case 2:
		return st(insn);
	case 3:
		return stx(insn);
	case 5:
	case 6:
		return jmp(insn);
	}
	return alu(insn);
}

/* Report the first instruction of a class that the engine judges otherwise. */
static bool try_insn(struct bpf_insn *prog)
{
	struct kcsd_verdict verdict;
	int ret = kcsd_validate_insns(prog, PROGRAM_LEN, &verdict);
	u32 want = wrong(prog);

	if (want ? ret == -EINVAL && (want & (1u << verdict.reason)) && !verdict.pc :
		   !ret && !verdict.reason)
		return true;
	tap_point(0, "instructions of class %u: accepted are those of the RFC", prog->code & 7);
	tap_note("opcode %02x dst %u src %u off %d imm %#x: expected any of %#x, got %u at %u",
		 prog->code, prog->dst_reg, prog->src_reg, prog->off, (u32)prog->imm, want,
		 verdict.reason, verdict.pc);
	return false;
}

static bool try_registers(struct bpf_insn *prog)
{
	static const u8 dst[] = { 0, 1, 9, 10, 11, 15 };
	static const u8 src[] = { 0, 1, 2, 3, 4, 5, 6, 9, 10, 11, 15 };
	u32 d, s;

	for (d = 0; d < ARRAY_SIZE(dst); d++) {
		for (s = 0; s < ARRAY_SIZE(src); s++) {
			prog->dst_reg = dst[d];
			prog->src_reg = src[s];
			/* A local call: data files test what it does to the program. */
			if (prog->code == 0x85 && src[s] == 1)
				continue;
			if (!try_insn(prog))
				return false;
		}
	}
	return true;
}

static bool try_opcode(struct bpf_insn *prog)
{
	static const s16 off[] = {
		0, 1, 2, 3, 4, 8, 16, 32, 64, 256, -1, -2, INT16_MAX, INT16_MIN,
	};
	static const s32 imm[] = {
		0, 1, 2, 3, 6, 7, 8, 16, 31, 32, 33, 63, 64, 65, 128, -1, -2,
		0x40, 0x41, 0x50, 0x51, 0xa0, 0xa1, 0xe0, 0xe1, 0xf0, 0xf1, 0x100, 0x101, 0x110,
		0xffff, 0x10000, 0x10001, 0x10018, 0x10019, INT32_MAX, INT32_MIN,
	};
	u32 o, i;

	for (o = 0; o < ARRAY_SIZE(off); o++) {
		for (i = 0; i < ARRAY_SIZE(imm); i++) {
			prog->off = off[o];
			prog->imm = imm[i];
			if (!try_registers(prog))
				return false;
		}
	}
	return true;
}

static void try_class(u32 class)
{
	struct bpf_insn prog[PROGRAM_LEN] = {
		{ .code = 0 },
		{ .code = 0xb7, .imm = 1 },	/* mov r0, 1 */
		{ .code = 0xb7, .imm = 2 },
		{ .code = 0x95 },		/* exit */
	};
	u32 code;

	for (code = class; code < 256; code += 8) {
		prog[0].code = code;
		prog[1].code = code == 0x18 ? 0 : 0xb7;
		if (!try_opcode(prog))
			return;
	}
	tap_point(1, "instructions of class %u: accepted are those of the RFC", class);
}

void legal_tests(void)
{
	u32 class;

	for (class = 0; class < 8; class++)
		try_class(class);
}
