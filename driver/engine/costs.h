/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What the instructions of a program cost on the compute unit of a modelled drive. The engine only
 * adds up; driver/timing/ makes time of it.
 */
#ifndef KCSD_COSTS_H
#define KCSD_COSTS_H

#include "env.h"

/* Hundredths of clock cycles. Any value is allowed; sums wrap around at 2^64. */
struct kcsd_costs {
	u32 alu;		/* arithmetic, moves, 64-bit immediates */
	u32 mul;
	u32 div;		/* also remainders */
	u32 access;		/* loads, stores, atomic accesses */
	u32 taken;		/* jumps; those without a condition always are */
	u32 not_taken;
	u32 call;		/* local calls and exits */
	u32 helper;		/* each call of a helper */
	/*
	 * Each byte in the LEN arguments of a helper, unless it reads or writes LBAs or the stream:
	 * that is work of the media. decompress: each byte of src, and each written to dst. Not if
	 * the arguments fault.
	 */
	u32 helper_byte;
};

#endif
