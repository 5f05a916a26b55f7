/* SPDX-License-Identifier: GPL-2.0 */
/* For both sides of "make bench-kv": keys, random numbers, threads, the loop of requests. */
#ifndef KCSD_BENCH_KV_COMMON_H
#define KCSD_BENCH_KV_COMMON_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define KEY_LEN		16
#define MAX_THREADS	256

static inline void die(const char *why)
{
	fprintf(stderr, "bench-kv: %s\n", why);
	exit(1);
}

/* Return a random number; *state is the last one. */
static inline uint64_t next_random(uint64_t *state)
{
	uint64_t x = *state += 0x9e3779b97f4a7c15ULL;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

/* Make key number nr: "k", and 15 digits whose order is random. */
static inline void make_key(uint32_t nr, char key[KEY_LEN])
{
	uint64_t state = nr, n = next_random(&state) << 32 | nr;

	key[0] = 'k';
	for (int i = 1; i < KEY_LEN; i++, n <<= 4)
		key[i] = "0123456789abcdef"[n >> 56 & 15];
}

static inline double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

/* A part of the requests of a round: numbers first to first + count - 1, or so many random ones. */
struct part {
	const char *op;
	uint64_t count;
	uint64_t first;
	uint64_t seed;
	unsigned int nr;	/* of the thread */
	unsigned int batch;
	bool random;
};

static inline uint32_t part_pick(struct part *p, uint64_t i, uint32_t keys)
{
	return p->random ? next_random(&p->seed) % keys : p->first + i;
}

/* Let so many threads do an operation count times. Return how many are done in a second. */
static inline double run_parts(void *(*fn)(void *part), const char *op, uint64_t count,
			       unsigned int threads, unsigned int batch, bool random)
{
	static uint64_t seed;
	struct part parts[MAX_THREADS];
	pthread_t id[MAX_THREADS];
	double start = now();

	if (!threads || threads > MAX_THREADS)
		die("wrong number of threads");
	for (unsigned int i = 0; i < threads; i++) {
		uint64_t first = count * i / threads;

		parts[i] = (struct part){
			.op = op, .first = first, .count = count * (i + 1) / threads - first,
			.seed = next_random(&seed), .nr = i, .batch = batch, .random = random,
		};
		if (pthread_create(&id[i], NULL, fn, &parts[i]))
			die("cannot create a thread");
	}
	for (unsigned int i = 0; i < threads; i++)
		pthread_join(id[i], NULL);
	return count / (now() - start);
}

/* Answer each line of standard input, OPERATION COUNT THREADS BATCH, with a rate. */
static inline void answer_lines(double (*answer)(const char *op, uint64_t count,
						 unsigned int threads, unsigned int batch))
{
	unsigned int threads, batch;
	unsigned long long count;
	char line[100], op[20];

	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "%19s %llu %u %u", op, &count, &threads, &batch) != 4)
			die("a line is not OPERATION COUNT THREADS BATCH");
		printf("%.1f\n", answer(op, count, threads, batch));
		fflush(stdout);
	}
}

#endif
