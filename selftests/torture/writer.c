// SPDX-License-Identifier: GPL-2.0
/* The process that changes a file. */
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <linux/falloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "torture.h"

#define MAX_LEN	(TORTURE_BLOCKS * TORTURE_BLOCK)

static void close_file(struct torture_writer *w)
{
	if (w->mapping)
		munmap(w->mapping, MAX_LEN);
	if (w->direct >= 0)
		close(w->direct);
	if (w->fd >= 0)
		close(w->fd);
	w->mapping = NULL;
	w->direct = w->fd = -1;
}

int torture_reopen(struct torture_writer *w)
{
	void *mapping;

	close_file(w);
	w->fd = open(w->path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	w->direct = open(w->path, O_RDWR | O_DIRECT | O_CLOEXEC);
	if (w->fd < 0 || w->direct < 0)
		return -1;
	mapping = mmap(NULL, MAX_LEN, PROT_READ | PROT_WRITE, MAP_SHARED, w->fd, 0);
	if (mapping == MAP_FAILED)
		return -1;
	w->mapping = mapping;
	return 0;
}

/* Ask the file, which is still empty, for the operations that not every filesystem has. */
static int probe(struct torture_writer *w)
{
	if (ftruncate(w->fd, TORTURE_BLOCK))
		return -1;
	w->punches = !fallocate(w->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
				TORTURE_BLOCK);
	w->zeroes = !fallocate(w->fd, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, 0,
			       TORTURE_BLOCK);
	return ftruncate(w->fd, 0);
}

static int set_up(struct torture_writer *w, struct io_uring *ring)
{
	int i, ret;

	w->words = calloc(TORTURE_WORDS, 8);
	for (i = 0; i < TORTURE_FLIGHT; i++) {
		w->bufs[i] = aligned_alloc(TORTURE_BLOCK, TORTURE_BLOCK);
		if (!w->bufs[i])
			return -1;
	}
	ret = io_uring_queue_init(TORTURE_FLIGHT, ring, 0);
	if (ret < 0)
		errno = -ret;
	if (!w->words || ret < 0)
		return -1;
	w->ring = ring;
	unlink(w->path);
	return torture_reopen(w) || probe(w);
}

static void pause_ms(uint64_t ms)
{
	struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&ts, NULL);
}

/* Pause for 1, 2, 4, ... ms, each as likely as the others. */
static void pause_up_to(struct torture_writer *w, unsigned int max_ms)
{
	unsigned int nr = 1;

	if (!max_ms)
		return;
	while (nr < 31 && 1u << nr <= max_ms)
		nr++;
	pause_ms(1u << torture_random(w, nr));
}

/* The file must have what all operations have made of it. */
static int compare(const struct torture_writer *w)
{
	uint8_t *buf = malloc(MAX_LEN + 1);
	int ret = !buf || pread(w->fd, buf, MAX_LEN + 1, 0) != (ssize_t)w->len ||
		  memcmp(buf, w->words, w->len);

	free(buf);
	if (ret)
		printf("the filesystem lost a change of %s\n", w->path);
	return ret;
}

int torture_write(const char *path, struct torture_history *h, unsigned int max_pause_ms,
		  uint64_t seed)
{
	struct torture_writer w = { .history = h, .fd = -1, .direct = -1, .random = seed };
	const struct torture_op *op;
	struct io_uring ring;
	uint64_t burst;

	snprintf(w.path, sizeof(w.path), "%s", path);
	snprintf(w.next, sizeof(w.next), "%s.next", path);
	if (set_up(&w, &ring)) {
		printf("%s: %s\n", path, strerror(errno));
		return 1;
	}
	while (!h->stop) {
		for (burst = 1 + torture_random(&w, 8); burst; burst--) {
			op = &torture_ops[torture_random(&w, torture_nr_ops)];
			if (op->run(&w)) {
				printf("%s of %s: %s\n", op->name, path, strerror(errno));
				return 1;
			}
		}
		pause_up_to(&w, max_pause_ms);
	}
	return compare(&w);
}
