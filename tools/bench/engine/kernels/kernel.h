/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a kernel's source is written with. The same file is compiled three ways:
 * for a drive (BPF), for user space, and into the companion module.
 *
 *	static void setup(__u64 seed)	 make the input, again and again; not timed
 *	static noinline __u64 kernel(void)	one round: the timed part. Its result
 *				 is a checksum of all it did, the same in each round.
 *	BENCH(name)
 *
 * Whatever the input is made of depends on the seed, which no compiler knows.
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

/* Not before, and not from what was known before. */
#define bench_barrier()	__asm__ volatile("" : : : "memory")

/*
 * 8 bytes from and to any address. The type promises an alignment that p need not have; neither a
 * drive nor the machines that this runs on mind.
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

/* xorshift64; *state is not 0. */
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

/* Spreads what differs in a key over all bits. */
static inline __u64 bench_hash(__u64 key)
{
	key *= 0x9fb21c651e98df25ULL;
	return key ^ key >> 32;
}

/* The rounds differ in nothing: the quickest is the one least disturbed. */
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

/* cparam1: rounds, cparam2: the seed. Emits struct bench_result. */
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

/* bench_NAME(rounds, seed, &result) */
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
