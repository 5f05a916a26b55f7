/* SPDX-License-Identifier: GPL-2.0 */
/* Follow a program beside its lowered code. */
#ifndef KCSD_GUEST_H
#define KCSD_GUEST_H

#include "lowered.h"

struct guest {
	const struct kcsd_image_view *view;
	const struct kcsd_lowered *lowered;
	u8 *begins;		/* for each unit of the program: a function begins there */
	u32 *first;		/* for each function of the lowered code: its first unit */
	u32 clone;		/* the current function of the lowered code */
	u32 access;		/* unit from which to search for the next access */
	u32 call;		/* unit from which to search for the next local call */
};

#define GUEST_NONE	UINT32_MAX

void guest_init(struct guest *g, const struct kcsd_image_view *view,
		const struct kcsd_lowered *lowered);
void guest_exit(struct guest *g);

/* Move on to this position of the lowered code; call it for each position, in order. */
void guest_follow(struct guest *g, u32 pos);
/*
 * Returns the pc of the next access of the function by r0 to r9 that no stub executes, or
 * GUEST_NONE.
 */
u32 guest_next_access(struct guest *g);
/* True if the next local call of the program goes where the lowered code calls. */
bool guest_calls(struct guest *g, u32 pos);

/* True if a stub executes the instruction in lowered code. */
bool guest_by_stub(const struct bpf_insn *insn);

#endif
