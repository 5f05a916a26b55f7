// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

#include "asm.h"
#include "insn.h"
#include "signatures.h"

#define INITIAL_INSNS	64

static const struct asm_symbol helpers[] = {
#define HELPER(name, ...) { #name, KCSD_HELPER_##name },
	KCSD_HELPERS(HELPER)
#undef HELPER
	{ NULL, 0 }
};

void asm_init(struct assembler *a, const struct asm_symbol *symbols)
{
	memset(a, 0, sizeof(*a));
	a->symbols = symbols;
	a->capacity = INITIAL_INSNS;
	a->insns = calloc(a->capacity, sizeof(*a->insns));
	assert(a->insns);
}

void asm_exit(struct assembler *a)
{
	free(a->insns);
}

static __attribute__((__format__(__printf__, 2, 3)))
bool fail(struct assembler *a, const char *fmt, ...)
{
	va_list ap;

	if (a->error[0])
		return false;
	va_start(ap, fmt);
	vsnprintf(a->error, sizeof(a->error), fmt, ap);
	va_end(ap);
	return false;
}

static void skip_space(const char **p)
{
	while (isspace((unsigned char)**p))
		++*p;
}

/* Read a word of letters, digits and underscores. Returns its length, 0: none. */
static size_t word(const char **p, char *buf, size_t size)
{
	size_t len = 0;

	skip_space(p);
	while (isalnum((unsigned char)**p) || **p == '_') {
		if (len + 1 == size)
			return 0;
		buf[len++] = *(*p)++;
	}
	buf[len] = 0;
	return len;
}

static const struct asm_symbol *find_symbol(const struct asm_symbol *symbols, const char *name)
{
	for (; symbols && symbols->name; symbols++)
		if (!strcmp(symbols->name, name))
			return symbols;
	return NULL;
}

u32 asm_helper(const char *name)
{
	const struct asm_symbol *helper = find_symbol(helpers, name);

	return helper ? helper->value : 0;
}

static bool literal(const char **p, u64 *value)
{
	bool minus = **p == '-';
	char *end;

	if (**p == '-' || **p == '+')
		++*p;
	if (!isdigit((unsigned char)**p))
		return false;
	errno = 0;
	*value = strtoull(*p, &end, 0);
	if (errno || isalnum((unsigned char)*end))
		return false;
	*p = end;
	if (minus)
		*value = -*value;
	return true;
}

bool asm_number(const char **p, const struct asm_symbol *symbols, u64 *value)
{
	const struct asm_symbol *symbol;
	char name[32];
	u64 add = 0;

	skip_space(p);
	if (!isalpha((unsigned char)**p))
		return literal(p, value);
	if (!word(p, name, sizeof(name)))
		return false;
	symbol = find_symbol(symbols, name);
	if (!symbol)
		return false;
	if ((**p == '+' || **p == '-') && !literal(p, &add))
		return false;
	*value = symbol->value + add;
	return true;
}

static bool parse_register(const char **p, u32 *reg)
{
	u64 value;

	skip_space(p);
	if (**p != 'r' || !isdigit((unsigned char)(*p)[1]))
		return false;
	++*p;
	if (!literal(p, &value) || value > 15)
		return false;
	*reg = value;
	return true;
}

/* Parse operand i: 32 bits, signed or not. */
static bool parse_imm(struct assembler *a, const char **p, s32 *imm)
{
	u64 value;

	if (!asm_number(p, a->symbols, &value))
		return false;
	if (value > UINT32_MAX && value < (u64)INT32_MIN)
		return fail(a, "%lld does not fit into 32 bits", (long long)value);
	*imm = (s32)(u32)value;
	return true;
}

/* Parse operand o: nothing, or a number with its sign. */
static bool parse_off(struct assembler *a, const char **p, s16 *off)
{
	u64 value;

	skip_space(p);
	*off = 0;
	if (**p != '+' && **p != '-')
		return true;
	if (!literal(p, &value))
		return false;
	if ((s64)value < INT16_MIN || (s64)value > INT16_MAX)
		return fail(a, "displacement %lld does not fit", (long long)value);
	*off = (s16)value;
	return true;
}

/* Parse operand j or l: a label, or a distance with its sign. */
static bool parse_target(struct assembler *a, const char **p, struct bpf_insn *insn, bool in_imm)
{
	struct asm_fixup *fixup = &a->fixups[a->nr_fixups];
	u64 value;

	skip_space(p);
	if (**p == '+' || **p == '-') {
		if (!literal(p, &value))
			return false;
		if (in_imm)
			insn->imm = (s32)value;
		else
			insn->off = (s16)value;
		return (s64)value == (in_imm ? insn->imm : insn->off);
	}
	if (a->nr_fixups == ASM_MAX_LABELS || !word(p, fixup->label, sizeof(fixup->label)))
		return false;
	fixup->pc = a->insn_cnt;
	fixup->in_imm = in_imm;
	a->nr_fixups++;
	return true;
}

static bool parse_helper(const char **p, s32 *imm)
{
	char name[32];
	u64 value;

	skip_space(p);
	if (!isalpha((unsigned char)**p)) {
		if (!literal(p, &value))
			return false;
		*imm = (s32)value;
		return true;
	}
	if (!word(p, name, sizeof(name)))
		return false;
	*imm = asm_helper(name);
	return *imm != 0;
}

static bool parse_wide(struct assembler *a, const char **p, struct bpf_insn *insn)
{
	u64 value;

	if (!asm_number(p, a->symbols, &value))
		return false;
	insn[0].imm = (s32)(u32)value;
	insn[1].imm = (s32)(u32)(value >> 32);
	return true;
}

static bool parse_operand(struct assembler *a, char kind, const char **p, struct bpf_insn *insn)
{
	u32 reg = 0;
	s16 off = 0;
	s32 imm = 0;
	bool ok;

	switch (kind) {
	case 'd':
		ok = parse_register(p, &reg);
		insn->dst_reg = reg;
		return ok;
	case 's':
		ok = parse_register(p, &reg);
		insn->src_reg = reg;
		return ok;
	case 'o':
		ok = parse_off(a, p, &off);
		insn->off = off;
		return ok;
	case 'i':
	case 'h':
		ok = kind == 'i' ? parse_imm(a, p, &imm) : parse_helper(p, &imm);
		insn->imm = imm;
		return ok;
	case 'w':
		return parse_wide(a, p, insn);
	case 'j':
	case 'l':
		return parse_target(a, p, insn, kind == 'l');
	}
	skip_space(p);
	return *(*p)++ == kind;
}

static void append(struct assembler *a, const struct bpf_insn *insn)
{
	if (a->insn_cnt == a->capacity) {
		a->capacity *= 2;
		a->insns = realloc(a->insns, a->capacity * sizeof(*a->insns));
		assert(a->insns);
	}
	a->insns[a->insn_cnt++] = *insn;
}

/* Encode an instruction of this row. Returns false, with no change, if the operands differ. */
static bool encode(struct assembler *a, const struct kcsd_insn *row, const char *p)
{
	struct bpf_insn insn[2] = { { .code = row->code } };
	u32 fields = row->form->fields, nr_fixups = a->nr_fixups;
	const char *kind;

	for (kind = row->form->operands; *kind; kind++) {
		if (*kind == ' ' || parse_operand(a, *kind, &p, insn))
			continue;
		a->nr_fixups = nr_fixups;
		return false;
	}
	skip_space(&p);
	if (*p) {
		a->nr_fixups = nr_fixups;
		return false;
	}
	if (fields & KCSD_PICKS_SRC)
		insn->src_reg = row->pick;
	if (fields & KCSD_PICKS_OFF)
		insn->off = row->pick;
	if (fields & KCSD_PICKS_IMM)
		insn->imm = row->pick;
	append(a, &insn[0]);
	if (fields & KCSD_WIDE)
		append(a, &insn[1]);
	return true;
}

static bool add_label(struct assembler *a, const char *name)
{
	struct asm_label *label = &a->labels[a->nr_labels];

	if (a->nr_labels == ASM_MAX_LABELS)
		return fail(a, "too many labels");
	snprintf(label->name, sizeof(label->name), "%s", name);
	label->pc = a->insn_cnt;
	a->nr_labels++;
	return true;
}

static bool add_raw(struct assembler *a, const char *p)
{
	struct bpf_insn insn;
	u8 bytes[sizeof(insn)];
	unsigned int byte, i;
	int used;

	skip_space(&p);
	for (i = 0; i < sizeof(bytes); i++, p += 2) {
		if (sscanf(p, "%2x%n", &byte, &used) != 1 || used != 2)
			return fail(a, "raw needs 16 hex digits");
		bytes[i] = byte;
	}
	skip_space(&p);
	if (*p)
		return fail(a, "raw needs 16 hex digits");
	memcpy(&insn, bytes, sizeof(insn));
	append(a, &insn);
	return true;
}

static bool add_repeated(struct assembler *a, const char *p)
{
	u64 count;

	skip_space(&p);
	if (!literal(&p, &count))
		return fail(a, "repeat needs a number");
	while (count--)
		if (!asm_line(a, p))
			return false;
	return true;
}

bool asm_line(struct assembler *a, const char *line)
{
	const struct kcsd_insn *row;
	const char *p = line;
	char name[32];
	u32 op;

	if (a->insn_cnt + 2 > ASM_MAX_INSNS)
		return fail(a, "the program is too long to assemble");
	if (!word(&p, name, sizeof(name)))
		return fail(a, "no mnemonic: %s", line);
	if (*p == ':')
		return add_label(a, name);
	if (!strcmp(name, "raw"))
		return add_raw(a, p);
	if (!strcmp(name, "repeat"))
		return add_repeated(a, p);
	for (op = 0; op < KCSD_NR_OPS; op++) {
		row = kcsd_insn_get(op);
		if (row->mnemonic[0] != name[0] || strcmp(row->mnemonic, name))
			continue;
		if (encode(a, row, p))
			return !a->error[0];
	}
	return fail(a, "no such instruction: %s", line);
}

static const struct asm_label *find_label(const struct assembler *a, const char *name)
{
	u32 i;

	for (i = 0; i < a->nr_labels; i++)
		if (!strcmp(a->labels[i].name, name))
			return &a->labels[i];
	return NULL;
}

bool asm_finish(struct assembler *a)
{
	const struct asm_fixup *fixup;
	const struct asm_label *label;
	s64 distance;
	u32 i;

	for (i = 0; i < a->nr_fixups; i++) {
		fixup = &a->fixups[i];
		label = find_label(a, fixup->label);
		if (!label)
			return fail(a, "no label %s", fixup->label);
		distance = (s64)label->pc - fixup->pc - 1;
		if (fixup->in_imm)
			a->insns[fixup->pc].imm = (s32)distance;
		else
			a->insns[fixup->pc].off = (s16)distance;
		if (!fixup->in_imm && distance != (s16)distance)
			return fail(a, "label %s is too far away", fixup->label);
	}
	return true;
}
