// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* LIKE: most patterns are a prefix, a suffix or a part, which need no matching of patterns. */
#include <string.h>

#include "gen.h"

#define MAX_PATTERN	1024	/* bytes; longer ones are for the host */

/* A pattern with '\\' as its escape character, and what it is. */
struct pattern {
	char text[2 * MAX_PATTERN];	/* for query_like() */
	size_t len;
	char plain[MAX_PATTERN];	/* without '%' and escapes */
	size_t plain_len;
	bool has_one;			/* '_' */
	bool starts_any, ends_any;	/* with '%' */
	bool inner_any;
};

/* Returns the escape character; 0: there is none; -1: not for the drive. */
static int find_escape(const struct kcsd_expr *expr)
{
	const struct kcsd_value *value;

	if (expr->nr_args < 3)
		return '\\';
	value = &expr->args[2]->value;
	if (expr->args[2]->op != KCSD_EXPR_CONST || value->null || value->text.len > 1)
		return -1;
	return value->text.len ? (unsigned char)value->text.data[0] : 0;
}

static char fold(char c, bool ignore_case)
{
	return ignore_case && c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c;
}

static void add_plain(struct pattern *p, char c)
{
	if (c == '%' || c == '_' || c == '\\')
		p->text[p->len++] = '\\';
	p->text[p->len++] = c;
	p->plain[p->plain_len++] = c;
	p->inner_any |= p->ends_any && p->plain_len > 1;
	p->ends_any = false;
}

static void add_any(struct pattern *p)
{
	p->text[p->len++] = '%';
	if (!p->plain_len && !p->has_one)
		p->starts_any = true;
	else
		p->ends_any = true;
}

/* Returns false if the pattern fails, or is too long. */
static bool read_pattern(struct pattern *p, const struct kcsd_text *text, int escape,
			 bool ignore_case)
{
	size_t i;

	*p = (struct pattern){};
	if (text->len > MAX_PATTERN)
		return false;
	for (i = 0; i < text->len; i++) {
		char c = text->data[i];

		if (escape && (unsigned char)c == escape) {
			if (++i == text->len)
				return false;
			add_plain(p, fold(text->data[i], ignore_case));
		} else if (c == '%') {
			add_any(p);
		} else if (c == '_') {
			p->text[p->len++] = c;
			p->has_one = true;
		} else {
			add_plain(p, fold(c, ignore_case));
		}
	}
	return true;
}

/* The text in r0, r1 begins or ends with the plain one. */
static void affix(struct gen *g, const struct pattern *p, bool at_end, asm_label yes, asm_label no)
{
	kcsd_asm_jump_if_imm(g->a, BPF_JLT, BPF_REG_1, p->plain_len, no);
	if (at_end) {
		kcsd_asm_alu(g->a, BPF_ADD, BPF_REG_0, BPF_REG_1);
		kcsd_asm_alu_imm(g->a, BPF_SUB, BPF_REG_0, p->plain_len);
	}
	kcsd_asm_mov_imm(g->a, BPF_REG_1, p->plain_len);
	kcsd_gen_is_text(g, p->plain, p->plain_len, yes, no);
}

static void part(struct gen *g, const struct pattern *p, asm_label yes, asm_label no)
{
	kcsd_asm_jump_if_imm(g->a, BPF_JLT, BPF_REG_1, p->plain_len, no);
	kcsd_asm_mov(g->a, BPF_REG_2, BPF_REG_1);
	kcsd_asm_mov(g->a, BPF_REG_1, BPF_REG_0);
	kcsd_asm_text(g->a, BPF_REG_3, p->plain, p->plain_len);
	kcsd_asm_mov_imm(g->a, BPF_REG_4, p->plain_len);
	kcsd_asm_helper(g->a, KCSD_HELPER_memmem);
	kcsd_asm_jump_if_imm(g->a, BPF_JNE, BPF_REG_0, 0, yes);
	kcsd_asm_jump(g->a, no);
}

static void match(struct gen *g, const struct pattern *p, asm_label yes, asm_label no)
{
	kcsd_asm_mov(g->a, BPF_REG_2, BPF_REG_1);
	kcsd_asm_mov(g->a, BPF_REG_1, BPF_REG_0);
	kcsd_asm_text(g->a, BPF_REG_3, p->text, p->len);
	kcsd_asm_mov_imm(g->a, BPF_REG_4, p->len);
	kcsd_asm_call(g->a, ASM_query_like);
	kcsd_asm_jump_if_imm(g->a, BPF_JNE, BPF_REG_0, 0, yes);
	kcsd_asm_jump(g->a, no);
}

static void choose(struct gen *g, const struct pattern *p, asm_label yes, asm_label no)
{
	if (p->has_one || p->inner_any)
		match(g, p, yes, no);
	else if (p->starts_any && !p->plain_len)
		kcsd_asm_jump(g->a, yes);
	else if (p->starts_any && p->ends_any)
		part(g, p, yes, no);
	else if (p->starts_any || p->ends_any)
		affix(g, p, p->starts_any, yes, no);
	else
		kcsd_gen_is_text(g, p->plain, p->plain_len, yes, no);
}

void kcsd_gen_like(struct gen *g, const struct kcsd_expr *expr, asm_label yes, asm_label no,
		   asm_label null)
{
	const struct kcsd_expr *arg = expr->args[1];
	bool ignore_case = expr->op == KCSD_EXPR_ILIKE;
	int escape = find_escape(expr);
	struct pattern p;

	if (arg->op != KCSD_EXPR_CONST || escape < 0 ||
	    (!arg->value.null && !read_pattern(&p, &arg->value.text, escape, ignore_case))) {
		g->impossible = true;
		return;
	}
	if (arg->value.null) {
		kcsd_asm_jump(g->a, null);
		return;
	}
	kcsd_gen_text(g, expr->args[0], null);
	if (ignore_case) {
		kcsd_asm_mov(g->a, BPF_REG_2, BPF_REG_1);
		kcsd_asm_mov(g->a, BPF_REG_1, BPF_REG_0);
		kcsd_asm_call(g->a, ASM_query_lower);
		kcsd_asm_jump_if_imm(g->a, BPF_JNE, BPF_REG_0, QUERY_OK, g->odd);
		kcsd_asm_load(g->a, BPF_REG_0, GEN_ROW, offsetof(struct query_row, text));
		kcsd_asm_load(g->a, BPF_REG_1, GEN_ROW, offsetof(struct query_row, text_len));
	}
	choose(g, &p, yes, no);
}
