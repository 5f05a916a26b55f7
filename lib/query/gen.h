/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* The generator: from bound expressions to instructions. */
#ifndef KCSD_QUERY_GEN_H
#define KCSD_QUERY_GEN_H

#include "plan.h"

/*
 * Registers of the emitted function. A value is in r0, a text in r0 (address) and r1 (bytes). NULL
 * is a jump, never a value.
 */
#define GEN_ROW		BPF_REG_6	/* address of struct query_row */
#define GEN_NULLS	BPF_REG_7	/* bit i: the column or argument in slot i is NULL */
#define GEN_SUMS	BPF_REG_9	/* address of the accumulators of the group */

#define GEN_SLOTS	60		/* of 8 bytes, of the 512 of a frame */

struct gen {
	struct assembly *a;
	const struct kcsd_query *query;
	asm_label odd;			/* the host has to look at the row */
	uint32_t nr_slots;		/* in use */
	int8_t slot_of[QUERY_COLUMNS];	/* of each column that was loaded, or -1 */
	bool impossible;		/* an expression is not for the drive */
};

/* State to go back to. */
struct gen_mark {
	struct asm_mark code;
	struct gen gen;
};

void kcsd_gen_mark(const struct gen *g, struct gen_mark *mark);
void kcsd_gen_rewind(struct gen *g, const struct gen_mark *mark);

/* gen_column.c: load all columns of an expression that are not in slots yet; the code is at a place that every row passes. */
void kcsd_gen_load(struct gen *g, const struct kcsd_expr *expr);
void kcsd_gen_column(struct gen *g, const struct kcsd_expr *expr, asm_label null);
void kcsd_gen_column_text(struct gen *g, const struct kcsd_expr *expr, asm_label null);
/* Send a column to the host, as its form says. */
void kcsd_gen_send_column(struct gen *g, uint32_t column);
int16_t kcsd_gen_slot(const struct gen *g, uint32_t slot);
/* Returns a new slot; GEN_SLOTS - 1 and impossible if there is none. */
uint32_t kcsd_gen_take_slots(struct gen *g, uint32_t nr);

/* gen_value.c: the value of an expression in r0; jumps to null, to g->odd if it is out of range. */
void kcsd_gen_value(struct gen *g, const struct kcsd_expr *expr, asm_label null);
/* Multiply r0 by 10^digits. */
void kcsd_gen_rescale(struct gen *g, uint32_t digits);

/* gen_text.c: a text in r0, r1. */
void kcsd_gen_text(struct gen *g, const struct kcsd_expr *expr, asm_label null);
void kcsd_gen_compare_text(struct gen *g, const struct kcsd_expr *expr, asm_label yes,
			   asm_label no, asm_label null);
void kcsd_gen_like(struct gen *g, const struct kcsd_expr *expr, asm_label yes, asm_label no,
		   asm_label null);

/*
 * gen_condition.c: jump to yes or no. NULL jumps to yes or no, too: null is one of both, or, where
 * all three differ, the expression is no AND or OR.
 */
void kcsd_gen_condition(struct gen *g, const struct kcsd_expr *expr, asm_label yes,
			asm_label no, asm_label null);

/* gen_group.c: add a row to its group. Sets impossible if an argument is not for the drive. */
void kcsd_gen_group(struct gen *g);

#endif
