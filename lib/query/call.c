// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Evaluate functions of text and dates. */
#include <errno.h>

#include "../private.h"
#include "datetime.h"
#include "eval.h"
#include "text.h"

static int eval_like(const struct kcsd_expr *expr, const struct kcsd_value *args,
		     struct kcsd_eval *eval, struct kcsd_value *value)
{
	const struct kcsd_text *escape = expr->nr_args > 2 ? &args[2].text : NULL;
	int ret;

	if (expr->op == KCSD_EXPR_LIKE)
		ret = kcsd_text_like(&args[0].text, &args[1].text, escape, eval->arena, eval->err);
	else
		ret = kcsd_text_ilike(&args[0].text, &args[1].text, escape, eval->arena, eval->err);
	value->i = ret > 0;
	return MIN(ret, 0);
}

static int eval_substr(const struct kcsd_expr *expr, const struct kcsd_value *args,
		       struct kcsd_eval *eval, struct kcsd_value *value)
{
	int32_t count = expr->nr_args > 2 ? args[2].i : 0;

	return kcsd_text_substr(&args[0].text, args[1].i, expr->nr_args > 2 ? &count : NULL,
				&value->text, eval->err);
}

int kcsd_call_eval(const struct kcsd_expr *expr, const struct kcsd_value *args,
		   struct kcsd_eval *eval, struct kcsd_value *value)
{
	switch (expr->op) {
	case KCSD_EXPR_LIKE:
	case KCSD_EXPR_ILIKE:
		return eval_like(expr, args, eval, value);
	case KCSD_EXPR_CONCAT:
		return kcsd_text_concat(&args[0].text, &args[1].text, eval->arena, &value->text);
	case KCSD_EXPR_LOWER:
		return kcsd_text_lower(&args[0].text, eval->arena, &value->text);
	case KCSD_EXPR_UPPER:
		return kcsd_text_upper(&args[0].text, eval->arena, &value->text);
	case KCSD_EXPR_LENGTH:
		value->i = kcsd_text_length(&args[0].text);
		return 0;
	case KCSD_EXPR_SUBSTR:
		return eval_substr(expr, args, eval, value);
	case KCSD_EXPR_EXTRACT:
		return kcsd_datetime_extract(args[1].type, &args[0].text, args[1].i, &value->n,
					     eval->err);
	case KCSD_EXPR_DATE_TRUNC:
		return kcsd_timestamp_trunc(&args[0].text, args[1].i, &value->i, eval->err);
	default:
		return kcsd_error_set(eval->err, -EINVAL, "no such operation: %d", expr->op);
	}
}
