/* SPDX-License-Identifier: GPL-2.0 */
/* Runs the data files of tests/; and the other parts of the test program. */
#ifndef KCSD_RUNNER_H
#define KCSD_RUNNER_H

#include "program.h"

/*
 * Print a point for each case of each *.test in a folder of dir, or for those cases alone whose
 * names match a pattern of the shell. Returns false if there is none.
 */
bool runner_run(const char *dir, const char *pattern);
/* Write the program of each case into the directory corpus, as seeds of the fuzzer. */
bool runner_corpus(const char *dir, const char *corpus);

/* Call fn for the program of each case that can be assembled. Returns false if there is no file. */
typedef void (*runner_fn)(const char *name, const struct program *prog, void *arg);
bool runner_for_each(const char *dir, runner_fn fn, void *arg);
/*
 * The same with input for a run, for other ways to run than those in here. The program
 * is not loaded, the run not prepared yet; both may be.
 */
typedef void (*runner_run_fn)(const char *name, struct program *prog, struct device_run *run,
			      void *arg);
bool runner_for_each_run(const char *dir, runner_run_fn fn, void *arg);

/* encoding.c: assembled instructions against their bytes in dir/encoding. */
void encoding_tests(const char *dir);
/* disasm.c: text of instructions, and back; of those in dir, too. */
void disasm_tests(const char *dir);
/* legal.c: which instructions are accepted, against RFC 9669's tables. */
void legal_tests(void);
/* code.c: check and decoding. */
void code_tests(void);
/* image.c: program images. */
void image_tests(void);
/* memory.c: layout, contents and bounds of guest memory. */
void memory_tests(void);
void helper_tests(void);
/* lowered.c: what lowered code looks like, for the programs of dir. */
void lowered_tests(const char *dir);
/* fused.c: what runs at one go, against the same one by one. */
void fused_tests(void);
/* mutate.c: programs of dir with random changes. */
void mutate_tests(const char *dir);
/*
 * fuzz_check.c: take bytes for a program, run it twice if it is one. Returns how the engine
 * misbehaved, or NULL.
 */
const char *fuzz_one(const u8 *data, size_t len, bool *ran);
/*
 * fuzz_lower.c: make a program of these choices, run it in all engines. Returns what differs, or
 * NULL, and then how the interpreter ended.
 */
const char *fuzz_generated(const u8 *choices, size_t len, struct kcsd_vm_end *end);

#endif
