/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * The generator: from bound expressions to instructions.
 *
 * All values are integers of 64 bits, but texts: a numeric is one times 10^scale, where the scale
 * is known beforehand. Whatever would not fit, or fail, sends the row to the host, which knows all
 * of PostgreSQL's rules: the code jumps to g->odd.
 */
#ifndef KCSD_QUERY_GEN_H
#define KCSD_QUERY_GEN_H

#include "plan.h"

/*
 * Registers of the emitted function. A value is in r0, a text in r0 (address) and r1 (bytes). NULL
 * is a jump, never a value. Functions of the scanner clobber r0 to r5.
 */
#define GEN_ROW		BPF_REG_6	/* address of struct query_row */
#define GEN_NULLS	BPF_REG_7	/* bit i: the column or argument in slot i is NULL */
#define GEN_SUMS	BPF_REG_9	/* address of the accumulators of the group */

#define GEN_SLOTS	60		/* of 8 bytes, of the 512 of a frame */
#define GEN_DIGITS	18		/* that always fit in 64 bits */
#define GEN_NO_SLOT	(-1)

struct gen {
	struct assembly *a;
	const struct kcsd_query *query;
	asm_label odd;			/* the host has to look at the row */
	uint32_t nr_slots;		/* in use; the first ones have columns */
	int8_t *slot_of;		/* of each column, by index; GEN_NO_SLOT: not loaded */
	int8_t scale_slot;		/* gets the scale of the value of a CASE, or GEN_NO_SLOT */
	bool impossible;		/* an expression is not for the drive */
	/* Expressions whose values are in slots, at a place that the code after it passes. */
	const struct kcsd_expr *known[GEN_SLOTS];
	uint8_t known_slot[GEN_SLOTS];
	uint32_t nr_known;
};

/* State to go back to, before slots were taken. */
struct gen_mark {
	struct asm_mark code;
	uint32_t nr_slots;
};

struct gen_mark kcsd_gen_mark(const struct gen *g);
/* Forget all since mark; g->impossible, too. */
void kcsd_gen_rewind(struct gen *g, struct gen_mark mark);
/* Returns the first of nr new slots; impossible if there are none. kcsd_gen_free_slots() frees. */
uint32_t kcsd_gen_take_slots(struct gen *g, uint32_t nr);
void kcsd_gen_free_slots(struct gen *g, uint32_t nr);
/* Returns the offset of a slot in the frame. */
int16_t kcsd_gen_slot(uint32_t slot);

/* gen_scale.c: what is known of a value beforehand. */
/* Returns the digits behind the point; *same = false: not all values have so many, but no more. */
uint32_t kcsd_gen_scale(const struct kcsd_expr *expr, bool *same);
/* Returns how many digits the integer has at most; above GEN_DIGITS: it need not fit. */
uint32_t kcsd_gen_digits(const struct kcsd_expr *expr);
/* True if expr is a constant, not NULL, whose integer of this scale is *value. */
bool kcsd_gen_constant(const struct kcsd_expr *expr, uint32_t scale, int64_t *value);

/* gen_column.c */
/*
 * Load the columns of an expression that are not in slots yet. The code is at a place that every
 * row passes, and no slots are in use but those of columns and arguments.
 */
void kcsd_gen_load(struct gen *g, const struct kcsd_expr *expr);
/* A column that was loaded. */
void kcsd_gen_column(struct gen *g, const struct kcsd_expr *expr, asm_label null);
/* Append a column to the values for the host. */
void kcsd_gen_send_column(struct gen *g, uint32_t column);

/* gen_value.c: the value of an expression that is no text in r0. */
void kcsd_gen_value(struct gen *g, const struct kcsd_expr *expr, asm_label null);
/* Jump to odd unless r0 fits in 32 bits. Clobbers r1. */
void kcsd_gen_check_int4(struct gen *g);
/* Jump to odd unless r0 has at most so many digits. Clobbers r1. */
void kcsd_gen_check_digits(struct gen *g, uint32_t digits);
/* Multiply r0, which has at most so many digits, by 10^by. Clobbers r1 to r5. */
void kcsd_gen_scale_up(struct gen *g, uint32_t digits, uint32_t by);
/*
 * Values of a and b, of this scale: a in r0. Returns true: b is the constant *imm, of 32 bits;
 * false: it is in r1.
 */
bool kcsd_gen_pair(struct gen *g, const struct kcsd_expr *a, const struct kcsd_expr *b,
		   uint32_t scale, asm_label null, int64_t *imm);

/* gen_cast.c, gen_time.c: some of the operations. */
void kcsd_gen_cast(struct gen *g, const struct kcsd_expr *expr, asm_label null);
void kcsd_gen_time_add(struct gen *g, const struct kcsd_expr *expr, asm_label null);
void kcsd_gen_extract(struct gen *g, const struct kcsd_expr *expr, asm_label null);
void kcsd_gen_date_trunc(struct gen *g, const struct kcsd_expr *expr, asm_label null);

/* gen_text.c: a text in r0, r1. */
void kcsd_gen_text(struct gen *g, const struct kcsd_expr *expr, asm_label null);
/* Compare as KCSD_EXPR_EQ and its like say, two texts. */
void kcsd_gen_compare_text(struct gen *g, enum kcsd_expr_op op, const struct kcsd_expr *a,
			   const struct kcsd_expr *b, asm_label yes, asm_label no,
			   asm_label null);
/* gen_like.c */
void kcsd_gen_like(struct gen *g, const struct kcsd_expr *expr, asm_label yes, asm_label no,
		   asm_label null);
/* Jump to yes if the text in r0, r1 is this one, else to no. */
void kcsd_gen_is_text(struct gen *g, const char *text, size_t len, asm_label yes, asm_label no);

/*
 * gen_condition.c: jump to yes, no or null. null is yes or no, or the expression is no AND or OR.
 */
void kcsd_gen_condition(struct gen *g, const struct kcsd_expr *expr, asm_label yes, asm_label no,
			asm_label null);
/* Jump as the operator says of r0 and r1, or r0 and imm. */
void kcsd_gen_compare(struct gen *g, enum kcsd_expr_op op, bool is_imm, int64_t imm, asm_label yes,
		      asm_label no);

/* gen_branch.c: CASE and COALESCE; texts or other values. */
void kcsd_gen_case(struct gen *g, const struct kcsd_expr *expr, asm_label null);
void kcsd_gen_coalesce(struct gen *g, const struct kcsd_expr *expr, asm_label null);
/* A value or a text. */
void kcsd_gen_any(struct gen *g, const struct kcsd_expr *expr, asm_label null);

/* gen_group.c: add a row to its group; then the code ends. */
void kcsd_gen_group(struct gen *g);

#endif
