// SPDX-License-Identifier: GPL-2.0
/* Run the kernels as native code in user space. */
#include <err.h>
#include <time.h>

#include "bench.h"

#define DECLARE(name, text) \
	void bench_##name(__u64 rounds, __u64 seed, struct bench_result *result);
BENCH_KERNELS(DECLARE)

static const bench_fn functions[] = {
#define FUNCTION(name, text) [BENCH_##name] = bench_##name,
	BENCH_KERNELS(FUNCTION)
};

/* Return the CPU time of this thread in ns, without the time of others. */
__u64 bench_now(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts))
		err(1, "clock_gettime");
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static void *native_open(const char *arg)
{
	if (arg)
		errx(1, "native takes no argument");
	return NULL;
}

static void native_run(void *handle, const struct bench_job *job, struct bench_outcome *outcome)
{
	(void)handle;
	functions[job->id](job->rounds, BENCH_SEED, &outcome->result);
}

static void native_close(void *handle)
{
	(void)handle;
}

const struct bench_engine bench_native = { native_open, native_run, native_close };
