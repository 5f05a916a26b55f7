/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Common definitions for the sources of kernels. Each source is compiled three times: for a drive
 * (BPF), for user space, and into the companion module.
 *
 *	static void setup(__u64 seed)	make the input of a run; may be called again; not timed
 *	static noinline __u64 kernel(void)	one round, the timed part. Return a checksum of all
 *						work, the same in each round.
 *	BENCH(name)
 *
 * All input depends on the seed, which the compiler does not know.
 */
#ifndef BENCH_KERNEL_H
#define BENCH_KERNEL_H

#ifdef __bpf__
#include <kcsd_helpers.h>
#elif defined(__KERNEL__)
#include <linux/compiler.h>
#include <linux/types.h>
#else
#include <stdbool.h>
#include <linux/types.h>
#endif

#ifndef noinline
#define noinline	__attribute__((__noinline__))
#endif

struct bench_result {
	__u64 ns;		/* of the quickest round */
	__u64 sum;
};

#define BENCH_SEED	0x9e3779b97f4a7c15ULL

/* Keep the compiler from moving accesses across this point or reusing earlier values. */
#define bench_barrier()	__asm__ volatile("" : : : "memory")

/*
 * Load and store 8 bytes at any address. The type promises an alignment that p may not have; drives
 * and the machines that run this accept that.
 */
typedef __u64 __attribute__((__may_alias__)) bench_u64;

static inline __u64 bench_load64(const void *p)
{
	return *(const bench_u64 *)p;
}

static inline void bench_store64(void *p, __u64 value)
{
	*(bench_u64 *)p = value;
}

/* Return the next number of xorshift64; *state is not 0. */
static inline __u64 bench_random(__u64 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static inline __u64 bench_below(__u64 *state, __u32 limit)
{
	return (bench_random(state) >> 32) * limit >> 32;
}

/* Hash a key: each bit of it changes all bits. */
static inline __u64 bench_hash(__u64 key)
{
	key *= 0x9fb21c651e98df25ULL;
	return key ^ key >> 32;
}

/* Run all rounds. Keep the fastest: the rounds are equal, so it was the least disturbed. */
#define BENCH_ROUNDS(result, rounds, now) do {				\
	__u64 bench_start, bench_ns, bench_n;				\
									\
	(result)->ns = ~0ULL;						\
	for (bench_n = 0; bench_n < (rounds); bench_n++) {		\
		bench_start = (now)();					\
		bench_barrier();					\
		(result)->sum = kernel();				\
		bench_barrier();					\
		bench_ns = (now)() - bench_start;			\
		if (bench_ns < (result)->ns)				\
			(result)->ns = bench_ns;			\
	}								\
} while (0)

#ifdef __bpf__

/* Define a program. cparam1: rounds, cparam2: seed. Its output is a struct bench_result. */
#define BENCH(name)							\
SEC("kcsd") __u64 name(struct kcsd_ctx *ctx)				\
{									\
	struct bench_result result = {};				\
									\
	setup(ctx->cparam2);						\
	BENCH_ROUNDS(&result, ctx->cparam1, kcsd_time);			\
	kcsd_emit(&result, sizeof(result));				\
	return result.sum;						\
}

#else

__u64 bench_now(void);

/* Type of bench_NAME(rounds, seed, &result). */
typedef void (*bench_fn)(__u64 rounds, __u64 seed, struct bench_result *result);

#define BENCH(name)							\
void bench_##name(__u64 rounds, __u64 seed, struct bench_result *result); \
void bench_##name(__u64 rounds, __u64 seed, struct bench_result *result) \
{									\
	setup(seed);							\
	BENCH_ROUNDS(result, rounds, bench_now);			\
}

#endif
#endif
