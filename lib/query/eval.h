/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Parts of the evaluation of expressions. Arguments are not NULL. Errors as kcsd_expr_eval(). */
#ifndef KCSD_QUERY_EVAL_H
#define KCSD_QUERY_EVAL_H

#include "expr.h"

/* arith.c: NEG to MOD and ABS, of numbers of one type, or of dates. b: NULL if there is one. */
int kcsd_arith_eval(enum kcsd_expr_op op, const struct kcsd_value *a, const struct kcsd_value *b,
		    struct kcsd_value *value, struct kcsd_error *err);
/* cast.c */
int kcsd_cast_eval(const struct kcsd_value *from, struct kcsd_sql_type type,
		   struct kcsd_arena *arena, struct kcsd_value *value, struct kcsd_error *err);
/* call.c: functions of text and dates. */
int kcsd_call_eval(const struct kcsd_expr *expr, const struct kcsd_value *args,
		   struct kcsd_eval *eval, struct kcsd_value *value);

#endif
