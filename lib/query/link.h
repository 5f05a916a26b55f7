/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Link the code for a query into a scanner. */
#ifndef KCSD_QUERY_LINK_H
#define KCSD_QUERY_LINK_H

#include "table.h"

/*
 * Make the program of a plan: the scanner of a format whose query_take() is the code of the plan.
 * Close *obj with kcsd_object_close(). Errors as kcsd_object_open().
 */
int kcsd_query_link(const struct format *format, const struct plan *plan,
		    const struct query_params *params, uint32_t heap_len,
		    struct kcsd_object **obj, struct kcsd_error *err);

#endif
