// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "disasm.h"
#include "insn.h"

#define SMALL	9999	/* numbers up to here are decimal, others hexadecimal */

struct text {
	char *p;
	char *end;		/* of the buffer; one byte is kept for the NUL */
};

static void put(struct text *t, char c)
{
	if (t->p + 1 < t->end)
		*t->p++ = c;
	*t->p = 0;
}

static void put_string(struct text *t, const char *s, u32 max)
{
	while (*s && max--)
		put(t, *s++);
}

static void put_digits(struct text *t, u64 value, u32 base)
{
	char digits[20];
	u32 nr = 0;

	do {
		digits[nr++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	while (nr)
		put(t, digits[--nr]);
}

static void put_unsigned(struct text *t, u64 value)
{
	if (value <= SMALL) {
		put_digits(t, value, 10);
		return;
	}
	put_string(t, "0x", 2);
	put_digits(t, value, 16);
}

static void put_signed(struct text *t, s64 value)
{
	if (value < 0)
		put(t, '-');
	put_unsigned(t, value < 0 ? -(u64)value : (u64)value);
}

/* Print as hexadecimal: 64 bits are more often an address or a mask than a negative number. */
static void put_wide(struct text *t, u64 value)
{
	if ((s64)value < 0 && (s64)value >= -SMALL)
		put_signed(t, (s64)value);
	else
		put_unsigned(t, value);
}

static void put_distance(struct text *t, s32 distance)
{
	put(t, distance < 0 ? '-' : '+');
	put_digits(t, distance < 0 ? -(s64)distance : distance, 10);
}

static void put_register(struct text *t, u32 reg)
{
	put(t, 'r');
	put_digits(t, reg, 10);
}

static void put_target(struct text *t, const char *target, s32 distance)
{
	if (target)
		put_string(t, target, KCSD_LABEL_LEN - 1);
	else
		put_distance(t, distance);
}

static void put_helper(struct text *t, s32 id)
{
	const char *name = kcsd_signature_name((u32)id);

	if (name)
		put_string(t, name, KCSD_LABEL_LEN);
	else
		put_signed(t, id);
}

/* Print one operand of those in insn.h. Zeroes its bits in rest. */
static void put_operand(struct text *t, char kind, const struct bpf_insn *insn,
			const char *target, struct bpf_insn *rest)
{
	switch (kind) {
	case 'd':
		put_register(t, insn->dst_reg);
		rest->dst_reg = 0;
		break;
	case 's':
		put_register(t, insn->src_reg);
		rest->src_reg = 0;
		break;
	case 'o':
		if (insn->off)
			put_distance(t, insn->off);
		rest->off = 0;
		break;
	case 'j':
		put_target(t, target, insn->off);
		rest->off = 0;
		break;
	case 'l':
		put_target(t, target, insn->imm);
		rest->imm = 0;
		break;
	case 'i':
		put_signed(t, insn->imm);
		rest->imm = 0;
		break;
	case 'h':
		put_helper(t, insn->imm);
		rest->imm = 0;
		break;
	case 'w':
		put_wide(t, (u32)insn[0].imm | (u64)(u32)insn[1].imm << 32);
		rest[0].imm = 0;
		rest[1].imm = 0;
		break;
	default:
		put(t, kind);
	}
}

/* Zero the bits in rest that the mnemonic says. */
static void forget_pick(struct bpf_insn *rest, u32 fields)
{
	rest->code = 0;
	if (fields & KCSD_PICKS_SRC)
		rest->src_reg = 0;
	if (fields & KCSD_PICKS_OFF)
		rest->off = 0;
	if (fields & KCSD_PICKS_IMM)
		rest->imm = 0;
}

static bool is_zero(const struct bpf_insn *insn)
{
	return !insn->code && !insn->dst_reg && !insn->src_reg && !insn->off && !insn->imm;
}

/* Print an instruction. Returns its units, or 0 if the text does not mean these bytes. */
static u32 put_insn(struct text *t, const struct kcsd_insn *row, const struct bpf_insn *insn,
		    const char *target)
{
	u32 i, units = row->form->fields & KCSD_WIDE ? 2 : 1;
	struct bpf_insn rest[2] = {};
	const char *kind;

	for (i = 0; i < units; i++)
		rest[i] = insn[i];
	forget_pick(rest, row->form->fields);
	put_string(t, row->mnemonic, KCSD_DISASM_LEN);
	if (*row->form->operands)
		put(t, ' ');
	for (kind = row->form->operands; *kind; kind++)
		put_operand(t, *kind, insn, target, rest);
	return is_zero(&rest[0]) && is_zero(&rest[1]) ? units : 0;
}

static void put_raw(struct text *t, const struct bpf_insn *insn)
{
	const u8 *bytes = (const u8 *)insn;
	u32 i;

	put_string(t, "raw ", 4);
	for (i = 0; i < sizeof(*insn); i++) {
		put_digits(t, bytes[i] >> 4, 16);
		put_digits(t, bytes[i] & 15, 16);
	}
}

u32 kcsd_disasm(const struct bpf_insn *insns, u32 insn_cnt, u32 pc, const char *target,
		char buf[KCSD_DISASM_LEN])
{
	struct text t = { buf, buf + KCSD_DISASM_LEN };
	u32 units = 0, op = kcsd_insn_find(&insns[pc]);

	if (op < KCSD_NR_OPS && (!(kcsd_insn_fields(op) & KCSD_WIDE) || insn_cnt - pc > 1))
		units = put_insn(&t, kcsd_insn_get(op), &insns[pc], target);
	if (units)
		return units;
	t.p = buf;
	put_raw(&t, &insns[pc]);
	return 1;
}

bool kcsd_disasm_target(const struct bpf_insn *insns, u32 insn_cnt, u32 pc, u32 *target,
			bool *call)
{
	u32 fields, op = kcsd_insn_find(&insns[pc]);
	s64 to;

	if (op == KCSD_NR_OPS)
		return false;
	fields = kcsd_insn_fields(op);
	if (!(fields & (KCSD_JUMPS_OFF | KCSD_JUMPS_IMM | KCSD_CALLS_IMM)))
		return false;
	to = (s64)pc + 1 + (fields & KCSD_JUMPS_OFF ? insns[pc].off : insns[pc].imm);
	if (to < 0 || to >= insn_cnt)
		return false;
	*target = (u32)to;
	*call = fields & KCSD_CALLS_IMM;
	return true;
}
