// SPDX-License-Identifier: GPL-2.0 OR MIT
/* A second build of the interpreter, which counts the device cost of the run. */
#define KCSD_INTERP	kcsd_interp_cost
#define KCSD_COST
#include "interp.c"
