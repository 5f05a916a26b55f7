/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Names and sentences of the reasons in <linux/kcsd.h>. X(NAME, "sentence"). lib/names.c does not
 * build if a value has none.
 */
#ifndef KCSD_ENGINE_REASONS_H
#define KCSD_ENGINE_REASONS_H

/* enum kcsd_fault */
#define KCSD_FAULTS(X) \
	X(NONE,		"the program ran to its end") \
	X(MEMORY,	"access outside the memory of the program") \
	X(LBA_READ,	"read of an LBA that was not granted") \
	X(LBA_WRITE,	"write of an LBA that was not granted") \
	X(BUDGET,	"instruction budget exceeded") \
	X(TIME,		"time limit exceeded") \
	X(CANCELLED,	"cancelled") \
	X(INTERNAL,	"the drive ran out of memory for the run") \
	X(INJECTED,	"the drive was told to fail the run") \
	X(CHANGED,	"a source changed after its watch was armed")

/* enum kcsd_verdict_reason */
#define KCSD_VERDICTS(X) \
	X(OK,			"valid") \
	X(EMPTY,		"the program has no instructions") \
	X(TOO_LONG,		"the program has too many instructions") \
	X(OPCODE,		"unknown or unsupported instruction") \
	X(RESERVED,		"a field that the instruction does not use is not zero") \
	X(REGISTER,		"no such register") \
	X(R10,			"write to the frame pointer r10") \
	X(WIDE,			"incomplete or malformed 64-bit immediate") \
	X(JUMP,			"jump outside the function") \
	X(JUMP_WIDE,		"jump into the middle of a 64-bit immediate") \
	X(FALL_OFF,		"the function can run past its last instruction") \
	X(HELPER,		"call of an unknown helper") \
	X(CALL,			"call of something that is no function of this program") \
	X(RECURSION,		"recursive call") \
	X(DEPTH,		"calls nested too deep") \
	X(IMAGE,		"malformed program image") \
	X(MEMORY,		"the program needs more memory than a compute unit has") \
	X(LINUX_HELPER,		"call of a helper of Linux: include <kcsd_helpers.h>, " \
				"not <bpf/bpf_helpers.h>")

#endif
