/* SPDX-License-Identifier: GPL-2.0 */
/* One case of a data file: its program, its input, its run, and whether that is as expected. */
#ifndef KCSD_JOB_H
#define KCSD_JOB_H

#include "program.h"
#include "testfile.h"

#define JOB_MAX_SYMBOLS	10

struct job {
	struct test test;
	struct assembler assembler;
	struct asm_symbol symbols[JOB_MAX_SYMBOLS];
	struct bytes image, data, args;
	struct kcsd_lba_grant grants[KCSD_MAX_GRANTS];
	struct kcsd_memory_range ranges[KCSD_GUEST_MAX_RANGES];
	struct program_parts parts;
	struct program prog;
	struct device_run run;
	char why[512];		/* the first failure; empty: none */
	u32 number;		/* line of the file that it is about */
};

/* Returns an empty job; the caller reads its test. */
struct job *job_create(void);
void job_destroy(struct job *job);
/* Make the program and the input of the test. Returns false if the test is wrong. */
bool job_build(struct job *job);
/* Run the program in every engine. Fails the job if anything is not as the test expects. */
void job_run(struct job *job);

/* Keep the first failure of a job; it is about the nth line of a section. Returns false. */
__attribute__((__format__(__printf__, 4, 5)))
bool job_fail(struct job *job, enum section section, u32 n, const char *fmt, ...);
/* The nth number of a section; "missing" if the section is not there. */
u64 job_number(struct job *job, enum section section, u32 n, u64 missing);

/*
 * expect.c: compare a refusal, or the end of a run, with what the test expects. Returns false
 * and fails the job if it differs.
 */
bool expect_refusal(struct job *job, bool loaded);
bool expect_end(struct job *job);

#endif
