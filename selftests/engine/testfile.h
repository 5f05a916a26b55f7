/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A test of one behaviour, as a text file. "# ..." is a comment. Sections begin
 * with "-- name", their values follow on that line and the next ones:
 *
 *   what is run
 *	-- asm			see asm.h
 *	-- image		as a whole, in hex, instead of asm
 *	-- data HEX		initialised data of the program
 *	-- bss N, -- heap N	bytes
 *	-- args HEX		arguments of the run
 *	-- cparams A B
 *	-- grants		lines of "slba nlb access"
 *	-- ranges		lines of "start len": bytes of SLM, of which each has
 *				device_slm_byte() before every run
 *	-- out-max N		bytes that can be emitted, 64 if not given
 *	-- budget N		instructions, a million if not given
 *	-- stop N REASON	the Nth tick ends the run
 *   how it ends: exactly one of
 *	-- result N
 *	-- refused CHECK pc ...	any of these instructions
 *	-- fault REASON pc [address or LBA]
 *   and what else must be so
 *	-- in HELPER		where it faulted; without it, in no helper
 *	-- insns N		instructions run
 *	-- ticks N		calls of the tick callback
 *	-- helpers		lines of "name arguments", all that were called
 *	-- args-after HEX	the arguments' memory after the run
 *	-- emitted HEX
 *
 * HEX is digits of bytes; 00*512 is one byte many times.
 * Numbers may be symbols: ctx, data, bss, stack, heap, args, ranges (the first byte of range 0), end
 * (one past the last byte of the memory), stack_end, each with a number added: args+8.
 */
#ifndef KCSD_TESTFILE_H
#define KCSD_TESTFILE_H

#include <stdio.h>

#include "asm.h"

#define TEST_MAX_LINES	512

enum section {
	SECTION_ASM,
	SECTION_IMAGE,
	SECTION_DATA,
	SECTION_BSS,
	SECTION_HEAP,
	SECTION_ARGS,
	SECTION_CPARAMS,
	SECTION_GRANTS,
	SECTION_RANGES,
	SECTION_OUT_MAX,
	SECTION_BUDGET,
	SECTION_STOP,
	SECTION_RESULT,
	SECTION_REFUSED,
	SECTION_FAULT,
	SECTION_IN,
	SECTION_INSNS,
	SECTION_TICKS,
	SECTION_HELPERS,
	SECTION_ARGS_AFTER,
	SECTION_EMITTED,
	NR_SECTIONS
};

struct test_line {
	enum section section;
	const char *text;	/* without comment and surrounding space, not empty */
};

struct test {
	char *text;		/* the file, cut into lines */
	struct test_line lines[TEST_MAX_LINES];
	u32 nr_lines;
	bool has[NR_SECTIONS];
	char error[ASM_ERROR_LEN];
};

struct bytes {
	u8 *p;			/* malloc'ed, NULL if there are none */
	u32 len;
};

/* False: test->error says what is wrong with the file. Call test_exit() in any case. */
bool test_read(struct test *test, const char *path);
void test_exit(struct test *test);
/* The nth line of a section, or NULL. */
const char *test_line(const struct test *test, enum section section, u32 n);
/* All of a section's hex digits. False: they are none. */
bool test_bytes(const struct test *test, enum section section, struct bytes *bytes);

#endif
