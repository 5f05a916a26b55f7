// SPDX-License-Identifier: GPL-2.0
/*
 * Count a word in the first SIZE bytes of a device, as bpf/word.bpf.c does on a drive. A thread
 * reads chunks of 1 MiB past the page cache, while the chunk before is counted. No pipes.
 *
 *	demo-count DEVICE SIZE WORD
 *
 * Print the count, and the seconds of reading and counting to standard error.
 */
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CHUNK	(1 << 20)
#define CARRY	4096		/* bytes before a chunk for the rest of the one before */

struct needle {
	const char *word;
	size_t len;
};

static struct chunk {
	char *fresh;		/* CHUNK bytes, after CARRY bytes */
	ssize_t got;
	sem_t empty, full;
} chunks[2];
static int device;

/* Add the matches from p to end. Return how many bytes at the end may begin another match. */
static size_t count(const struct needle *needle, const char *p, const char *end, uint64_t *found)
{
	const char *match;

	while ((match = memmem(p, end - p, needle->word, needle->len))) {
		++*found;
		p = match + needle->len;
	}
	return (size_t)(end - p) >= needle->len ? needle->len - 1 : (size_t)(end - p);
}

static void *read_chunks(void *size)
{
	int64_t left = *(uint64_t *)size;
	struct chunk *c = chunks;
	ssize_t got;

	do {
		sem_wait(&c->empty);
		got = read(device, c->fresh, CHUNK);
		if (got < 0)
			err(1, "read");
		if (!got)
			errx(1, "%lld bytes are missing", (long long)left);
		c->got = got < left ? got : left;
		left -= got;
		sem_post(&c->full);
		c = c == chunks ? chunks + 1 : chunks;
	} while (left > 0);
	return NULL;
}

static uint64_t count_chunks(uint64_t left, const struct needle *needle)
{
	struct chunk *c = chunks, *next;
	uint64_t found = 0;
	size_t keep = 0;

	while (left) {
		next = c == chunks ? chunks + 1 : chunks;
		sem_wait(&c->full);
		left -= c->got;
		keep = count(needle, c->fresh - keep, c->fresh + c->got, &found);
		memcpy(next->fresh - keep, c->fresh + c->got - keep, keep);
		sem_post(&c->empty);
		c = next;
	}
	return found;
}

static uint64_t count_device(uint64_t size, const struct needle *needle)
{
	pthread_t reader;
	uint64_t found;
	char *buf;
	int i;

	for (i = 0; i < 2; i++) {
		buf = aligned_alloc(CARRY, CARRY + CHUNK);
		if (!buf || sem_init(&chunks[i].empty, 0, 1) || sem_init(&chunks[i].full, 0, 0))
			err(1, "memory");
		chunks[i].fresh = buf + CARRY;
	}
	if (!size)
		return 0;
	if (pthread_create(&reader, NULL, read_chunks, &size))
		errx(1, "no thread");
	found = count_chunks(size, needle);
	pthread_join(reader, NULL);
	return found;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	double begin = now();
	struct needle needle;
	uint64_t found;

	if (argc != 4 || !*argv[3] || strlen(argv[3]) > CARRY)
		errx(2, "usage: demo-count DEVICE SIZE WORD");
	needle = (struct needle){ argv[3], strlen(argv[3]) };
	device = open(argv[1], O_RDONLY | O_DIRECT);
	if (device < 0)
		err(1, "%s", argv[1]);
	found = count_device(strtoull(argv[2], NULL, 10), &needle);
	fprintf(stderr, "%.2f\n", now() - begin);
	printf("%llu\n", (unsigned long long)found);
	return 0;
}
