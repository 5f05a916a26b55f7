/* SPDX-License-Identifier: GPL-2.0 */
/* The engines that a kernel can run in, and what one run of it is asked for. */
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
	struct kcsd_object *object;	/* the same for a drive; open for all of the run */
};

struct bench_outcome {
	struct bench_result result;
	uint64_t insns;			/* of all rounds, input and all; 0: not counted */
};

/* Every function ends the process, with a message, when something fails. */
struct bench_engine {
	/* arg: what follows "=" on the command line, or NULL. Returns the handle. */
	void *(*open)(const char *arg);
	void (*run)(void *handle, const struct bench_job *job, struct bench_outcome *outcome);
	void (*close)(void *handle);
};

extern const struct bench_engine bench_native;	/* the kernels as linked into this program */
extern const struct bench_engine bench_interp;	/* the interpreter, in this program */
extern const struct bench_engine bench_module;	/* the kernels in the companion module */
extern const struct bench_engine bench_drive;	/* arg: a drive, "kcsd0" */

#endif
