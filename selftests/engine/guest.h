/* SPDX-License-Identifier: GPL-2.0 */
/* A program's instructions, beside the lowered code that is made of them. */
#ifndef KCSD_GUEST_H
#define KCSD_GUEST_H

#include "lowered.h"

struct guest {
	const struct kcsd_image_view *view;
	const struct kcsd_lowered *lowered;
	u8 *begins;		/* for each unit of the program: a function does */
	u32 *first;		/* for each function of the lowered code: where it came from */
	u32 clone;		/* of them: at hand */
	u32 access;		/* where in it to look for the next access, */
	u32 call;		/* and for the next local call */
};

#define GUEST_NONE	UINT32_MAX

void guest_init(struct guest *g, const struct kcsd_image_view *view,
		const struct kcsd_lowered *lowered);
void guest_exit(struct guest *g);

/* This position of the lowered code is next: to be called for each, in order. */
void guest_follow(struct guest *g, u32 pos);
/*
 * The pc of the next access of the function that is at an address in r0 to r9 and not left to a
 * stub, or GUEST_NONE.
 */
u32 guest_next_access(struct guest *g);
/* A local call goes to this position of the lowered code. False: the program's goes elsewhere. */
bool guest_calls(struct guest *g, u32 pos);

/* Lowered code leaves it to a stub. */
bool guest_by_stub(const struct bpf_insn *insn);

#endif
