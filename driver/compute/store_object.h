/* SPDX-License-Identifier: GPL-2.0 */
/* Store objects for a run, below the prefixes of its key grants. */
#ifndef KCSD_STORE_OBJECT_H
#define KCSD_STORE_OBJECT_H

#include <linux/types.h>

struct kcsd_helper_args;
struct kcsd_run;

/* The helper kv_store. Returns its value. Called by the owner of the unit. */
s64 kcsd_run_store_object(struct kcsd_run *run, const struct kcsd_helper_args *args);

#endif
