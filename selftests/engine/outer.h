/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Run lowered code in the interpreter. Its addresses are in an outer memory, which holds the ctl,
 * the native stack and the memory of the program. Calls of stubs leave the outer memory; registers
 * that a native call need not preserve are filled with garbage.
 */
#ifndef KCSD_OUTER_H
#define KCSD_OUTER_H

#include "device.h"
#include "lowered.h"

struct outer {
	struct kcsd_vm vm;
	u8 *inner;		/* memory of the program, up to the end of the outer memory */
	struct kcsd_lowered_ctl *ctl;
	const struct kcsd_code *code;
	bool count;
};

/*
 * Lower a valid program to code for any outer memory; mem and ctl of the options are ignored.
 * Returns 0, or -ENOMEM or -E2BIG with *code NULL.
 */
int outer_lower(const struct kcsd_image_view *view, const struct kcsd_lower_options *opt,
		struct kcsd_code **code);
/* Make an outer memory with mem_len bytes for the program. count: that of the options. */
void outer_init(struct outer *o, const struct kcsd_code *code, u64 mem_len, bool count);
/*
 * Run the code in vm, whose memory is at o->inner and set up. Returns a fault of the lowered code,
 * or NULL.
 */
const char *outer_run(struct outer *o, struct kcsd_vm *vm);
void outer_exit(struct outer *o);

#endif
