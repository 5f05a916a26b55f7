/* SPDX-License-Identifier: GPL-2.0 */
/* Engines that a kernel can run in, and the parameters of a run. */
#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>
#include <stdint.h>

#include "kernels/kernel.h"
#include "kernels/list.h"

enum bench_id {
#define BENCH_ID(name, text) BENCH_##name,
	BENCH_KERNELS(BENCH_ID)
#undef BENCH_ID
	NR_BENCHES
};

struct bench_job {
	enum bench_id id;
	const char *name;
	uint64_t rounds;
	struct kcsd_object *object;	/* the same for a drive; open until the end of all runs */
};

struct bench_outcome {
	struct bench_result result;
	uint64_t insns;			/* of all rounds, including setup(); 0: not counted */
};

/* An engine. Each function prints a message and exits the process on an error. */
struct bench_engine {
	/* Open the engine. arg: text behind "=" on the command line, or NULL. Return a handle. */
	void *(*open)(const char *arg);
	void (*run)(void *handle, const struct bench_job *job, struct bench_outcome *outcome);
	void (*close)(void *handle);
};

extern const struct bench_engine bench_native;	/* the kernels linked into this program */
extern const struct bench_engine bench_interp;	/* the interpreter, in this program */
extern const struct bench_engine bench_interp_cost;	/* the same, counting the device cost */
extern const struct bench_engine bench_module;	/* the kernels in the companion module */
extern const struct bench_engine bench_drive;	/* arg: a drive, "kcsd0" */

#endif
