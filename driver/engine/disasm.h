/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Print instructions as text, by the table in insn.h. For user space. */
#ifndef KCSD_DISASM_H
#define KCSD_DISASM_H

#include "engine.h"

#define KCSD_DISASM_LEN	96	/* the longest text, a label of KCSD_LABEL_LEN in it, and a NUL */
#define KCSD_LABEL_LEN	48	/* NUL included; a longer one is cut */

/*
 * Print the instruction at insns[pc] of insn_cnt into buf. Returns its units of 8 bytes, 1 or 2.
 * target is the label of the target of a jump or call; NULL: print a distance, such as +3. If the
 * bytes are no instruction, or have bits set that the text would not show, the text is "raw" and
 * the bytes: the assembler makes the same bytes of any text.
 */
u32 kcsd_disasm(const struct bpf_insn *insns, u32 insn_cnt, u32 pc, const char *target,
		char buf[KCSD_DISASM_LEN]);

/*
 * Get the target of a jump or call. Returns false if the instruction is neither or the target is
 * outside of the program. *call: true for a call.
 */
bool kcsd_disasm_target(const struct bpf_insn *insns, u32 insn_cnt, u32 pc, u32 *target,
			bool *call);

#endif
