/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The decoded form of a program; the interpreter runs it. */
#ifndef KCSD_CODE_H
#define KCSD_CODE_H

#include "insn.h"

struct kcsd_decoded {
	u16 op;			/* enum kcsd_op_id; after fusing also enum kcsd_fused_id */
	u8 dst;
	u8 src;
	s32 off;		/* bytes; for jumps and calls instructions, from the next one */
	u64 imm;		/* extended with its sign */
};

/* Cost of a decoded instruction, as sums between which a run takes the difference. */
struct kcsd_decoded_cost {
	u64 before;		/* of all instructions before it, no jump taken */
	u64 jump;		/* to add when it jumps, or calls a function */
};

struct kcsd_code {
	u32 nr;
	struct kcsd_decoded_cost *costs;	/* nr + 1; NULL: no costs are set */
	u32 *pc;		/* of each instruction, units of 8 bytes as loaded */
	struct kcsd_decoded insns[];
};

#endif
