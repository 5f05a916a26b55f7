/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* From instructions to text, by the table in insn.h. For user space. */
#ifndef KCSD_DISASM_H
#define KCSD_DISASM_H

#include "engine.h"

#define KCSD_DISASM_LEN	96	/* the longest text, a label of KCSD_LABEL_LEN in it, and a NUL */
#define KCSD_LABEL_LEN	48	/* NUL included; what is longer is cut */

/*
 * Text of the instruction at insns[pc] of insn_cnt, into buf. Returns the units
 * of 8 bytes that it takes: 1 or 2. target is what a jump's or call's target is
 * called; NULL: a distance, such as +3. What is no instruction, or has bits set that its text
 * would not tell, becomes "raw" and its bytes: text always means the bytes that it came from.
 */
u32 kcsd_disasm(const struct bpf_insn *insns, u32 insn_cnt, u32 pc, const char *target,
		char buf[KCSD_DISASM_LEN]);

/*
 * Where the instruction goes besides on. False: nowhere, or out of the program.
 * *call tells a call from a jump.
 */
bool kcsd_disasm_target(const struct bpf_insn *insns, u32 insn_cnt, u32 pc, u32 *target,
			bool *call);

#endif
