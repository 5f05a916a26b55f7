/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Read expressions for tests: (+ a 1), (cast "numeric(5,2)" '1.5'), (sum (* a b)). */
#ifndef QUERY_READ_H
#define QUERY_READ_H

#include "query/expr.h"

/* Returns NULL, with a point that failed: the text is wrong. at: the offset in the text. */
struct kcsd_expr *read_expr(struct kcsd_query *query, const char *text);
/* The same; *text moves behind it. Returns NULL at the end of the text. */
struct kcsd_expr *read_next(struct kcsd_query *query, const char **text);

#endif
