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
 * The same with the input of a run, for other engines. The program is not loaded and the run not
 * prepared yet; fn may do both.
 */
typedef void (*runner_run_fn)(const char *name, struct program *prog, struct device_run *run,
			      void *arg);
bool runner_for_each_run(const char *dir, runner_run_fn fn, void *arg);

/* encoding.c: compare assembled instructions with their bytes in dir/encoding. */
void encoding_tests(const char *dir);
/* disasm.c: disassemble instructions, also those of dir, and assemble them again. */
void disasm_tests(const char *dir);
/* legal.c: compare the accepted instructions with the tables of RFC 9669. */
void legal_tests(void);
/* code.c: validate and decode. */
void code_tests(void);
/* image.c: parse images. */
void image_tests(void);
/* memory.c: lay out, fill and bound guest memory. */
void memory_tests(void);
void helper_tests(void);
void decompress_tests(void);
/* lowered.c: inspect the lowered code of the programs of dir. */
void lowered_tests(const char *dir);
/* fused.c: compare fused sequences with their instructions one by one. */
void fused_tests(void);
/* cost.c: what each class of instructions costs. */
void cost_tests(void);
/* mutate.c: run the programs of dir with random changes. */
void mutate_tests(const char *dir);
/*
 * fuzz_check.c: load any bytes as a program; if it is valid, run it in all engines. Returns a fault
 * of the engine, or NULL.
 */
const char *fuzz_one(const u8 *data, size_t len, bool *ran);
/*
 * fuzz_lower.c: make a program from these choices and run it in all engines. Returns what differs,
 * or NULL and the end of the run.
 */
const char *fuzz_generated(const u8 *choices, size_t len, struct kcsd_vm_end *end);

#endif
