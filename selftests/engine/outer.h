/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Runs lowered code in the interpreter. The code's addresses are those of an outer memory,
 * in which the program's lies beside the ctl and the native stack; a stub call is a call
 * out of it. Registers that a native call would lose are filled with garbage.
 */
#ifndef KCSD_OUTER_H
#define KCSD_OUTER_H

#include "device.h"
#include "lowered.h"

struct outer {
	struct kcsd_vm vm;
	u8 *inner;		/* the program's memory, up to the end of the outer one */
	struct kcsd_lowered_ctl *ctl;
	const struct kcsd_code *code;
	bool count;
};

/*
 * Lower a checked program to code for any outer memory; mem and ctl of the options are
 * filled in. Returns 0, -ENOMEM, -E2BIG, and then *code is NULL.
 */
int outer_lower(const struct kcsd_image_view *view, const struct kcsd_lower_options *opt,
		struct kcsd_code **code);
/* An outer memory around mem_len bytes for the program. count is that of the options. */
void outer_init(struct outer *o, const struct kcsd_code *code, u64 mem_len, bool count);
/*
 * Run it in vm, which has been set up with its memory at o->inner. Returns how the code
 * broke what is expected of lowered code, or NULL.
 */
const char *outer_run(struct outer *o, struct kcsd_vm *vm);
void outer_exit(struct outer *o);

#endif
