// SPDX-License-Identifier: GPL-2.0
/*
 * Print the tables of Documentation/isa.rst from the lists that the code uses.
 *
 *	isa instructions|helpers|verdicts|faults
 */
#include <stdio.h>
#include <string.h>

#include "insn.h"
#include "signatures.h"
#include "reasons.h"

#define WIDTH	80	/* of a column, at most */

/* ---- tables: a row is an array of texts; the first one is the heading ---- */

struct table {
	int nr_columns;
	int width[5];
	int pass;		/* 0: find the widths, 1: print */
};

static void rule(const struct table *t)
{
	int i, j;

	for (i = 0; i < t->nr_columns; i++) {
		for (j = 0; j < t->width[i]; j++)
			putchar('=');
		fputs(i + 1 < t->nr_columns ? "  " : "\n", stdout);
	}
}

static void row(struct table *t, const char *const *cells)
{
	int i, last = 0;

	for (i = 0; i < t->nr_columns; i++) {
		if ((int)strlen(cells[i]) > t->width[i])
			t->width[i] = strlen(cells[i]);
		if (*cells[i])
			last = i;
	}
	for (i = 0; t->pass && i <= last; i++)
		printf("%-*s%s", i < last ? t->width[i] : 0, cells[i], i < last ? "  " : "\n");
}

static void print_table(int nr_columns, const char *const *heads, void (*rows)(struct table *t))
{
	struct table t = { .nr_columns = nr_columns };

	row(&t, heads);
	rows(&t);
	t.pass = 1;
	rule(&t);
	row(&t, heads);
	rule(&t);
	rows(&t);
	rule(&t);
}

/* Append a word to a list: "one, two". */
static void add(char list[WIDTH], const char *word)
{
	size_t len = strlen(list);

	snprintf(list + len, WIDTH - len, "%s%s", len ? ", " : "", word);
}

/* ---- instructions ---- */

static const char *operand(char kind)
{
	switch (kind) {
	case 'd':	return "dst";
	case 's':	return "src";
	case 'o':	return "+off";
	case 'i':	return "imm";
	case 'w':	return "imm64";
	case 'j':	return "off";
	case 'l':	return "imm";
	case 'h':	return "helper";
	default:	return NULL;
	}
}

static void syntax(const struct kcsd_insn *insn, char text[WIDTH])
{
	const char *kind, *word;
	int n = snprintf(text, WIDTH, "``%s%s", insn->mnemonic, *insn->form->operands ? " " : "");

	for (kind = insn->form->operands; *kind; kind++) {
		word = operand(*kind);
		n += word ? snprintf(text + n, WIDTH - n, "%s", word) :
			    snprintf(text + n, WIDTH - n, "%c", *kind);
	}
	snprintf(text + n, WIDTH - n, "``");
}

/* Print the field that tells an instruction from others with the same opcode. */
static void pick(const struct kcsd_insn *insn, char text[WIDTH])
{
	u32 fields = insn->form->fields;

	*text = '\0';
	if (fields & KCSD_PICKS_SRC)
		snprintf(text, WIDTH, "src = %u", insn->pick);
	if (fields & KCSD_PICKS_OFF)
		snprintf(text, WIDTH, "off = %u", insn->pick);
	if (fields & KCSD_PICKS_IMM)
		snprintf(text, WIDTH, "imm = %#x", insn->pick);
}

static void zeroes(u32 fields, char text[WIDTH])
{
	*text = '\0';
	if (!(fields & (KCSD_USES_DST | KCSD_WRITES_DST)))
		add(text, "dst");
	if (!(fields & (KCSD_USES_SRC | KCSD_WRITES_SRC | KCSD_PICKS_SRC)))
		add(text, "src");
	if (!(fields & (KCSD_USES_OFF | KCSD_PICKS_OFF | KCSD_JUMPS_OFF)))
		add(text, "off");
	if (!(fields & (KCSD_USES_IMM | KCSD_PICKS_IMM | KCSD_JUMPS_IMM | KCSD_CALLS_IMM |
			KCSD_HELPS)))
		add(text, "imm");
}

/* List the verdicts that can refuse an instruction, except those that apply to all. */
static void refusals(u32 fields, char text[WIDTH])
{
	*text = '\0';
	if (fields & (KCSD_WRITES_DST | KCSD_WRITES_SRC))
		add(text, "R10");
	if (fields & KCSD_WIDE)
		add(text, "WIDE");
	if (fields & (KCSD_JUMPS_OFF | KCSD_JUMPS_IMM))
		add(text, "JUMP, JUMP_WIDE");
	if (fields & KCSD_HELPS)
		add(text, "HELPER, LINUX_HELPER");
	if (fields & KCSD_CALLS_IMM)
		add(text, "CALL, RECURSION, DEPTH");
}

static void insn_rows(struct table *t)
{
	char text[WIDTH], code[8], picked[WIDTH], zero[WIDTH], refused[WIDTH];
	const char *const cells[] = { text, code, picked, zero, refused };
	const struct kcsd_insn *insn;
	u32 op;

	for (op = 0; op < KCSD_NR_OPS; op++) {
		insn = kcsd_insn_get(op);
		syntax(insn, text);
		snprintf(code, sizeof(code), "0x%02x", insn->code);
		pick(insn, picked);
		zeroes(insn->form->fields, zero);
		refusals(insn->form->fields, refused);
		row(t, cells);
	}
}

static void instructions(void)
{
	static const char *const heads[] = {
		"instruction", "opcode", "with", "zero", "refused by",
	};

	print_table(5, heads, insn_rows);
}

/* ---- lists ---- */

static void helper_rows(struct table *t)
{
	char number[12], args[WIDTH];
	const char *kinds[5];
	int i, nr;

#define HELPER(name, nr_args, a, b, c, d, e)					\
	snprintf(number, sizeof(number), "%#x", KCSD_HELPER_##name);		\
	kinds[0] = #a, kinds[1] = #b, kinds[2] = #c, kinds[3] = #d, kinds[4] = #e; \
	*args = '\0';								\
	for (i = 0, nr = nr_args; i < nr; i++)					\
		add(args, kinds[i]);						\
	row(t, (const char *const []){ number, "``" #name "``", args });
	KCSD_HELPERS(HELPER)
#undef HELPER
}

static void helpers(void)
{
	static const char *const heads[] = { "id", "helper", "arguments" };

	print_table(3, heads, helper_rows);
}

static void reason_row(struct table *t, int value, const char *name, const char *text)
{
	char number[8];

	snprintf(number, sizeof(number), "%d", value);
	row(t, (const char *const []){ number, name, text });
}

static void verdict_rows(struct table *t)
{
#define VERDICT(name, text)	reason_row(t, KCSD_VERDICT_##name, #name, text);
	KCSD_VERDICTS(VERDICT)
#undef VERDICT
}

static void fault_rows(struct table *t)
{
#define FAULT(name, text)	reason_row(t, KCSD_FAULT_##name, #name, text);
	KCSD_FAULTS(FAULT)
#undef FAULT
}

static const char *const reason_heads[] = { "value", "name", "meaning" };

int main(int argc, char **argv)
{
	const char *what = argc == 2 ? argv[1] : "";

	if (!strcmp(what, "instructions"))
		instructions();
	else if (!strcmp(what, "helpers"))
		helpers();
	else if (!strcmp(what, "verdicts"))
		print_table(3, reason_heads, verdict_rows);
	else if (!strcmp(what, "faults"))
		print_table(3, reason_heads, fault_rows);
	else
		return 2;
	return 0;
}
