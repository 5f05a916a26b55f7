// SPDX-License-Identifier: GPL-2.0
/* The operations of the writer. */
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <linux/falloc.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "torture.h"

#define BLOCK_WORDS	(TORTURE_BLOCK / 8)

uint64_t torture_random(struct torture_writer *w, uint64_t below)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return below ? (w->random >> 11) % below : w->random;
}

static uint64_t nr_words(const struct torture_writer *w)
{
	return w->len / 8;
}

/* Blocks that the file has all bytes of. */
static uint64_t nr_blocks(const struct torture_writer *w)
{
	return w->len / TORTURE_BLOCK;
}

/* Set words of w->words, not yet of the file. Returns what that adds to the sum. */
static uint64_t set_words(struct torture_writer *w, uint64_t first, uint64_t nr, uint64_t value)
{
	uint64_t i, delta = 0;

	for (i = first; i < first + nr; i++) {
		delta += (value - w->words[i]) * (2 * i + 1);
		w->words[i] = value;
	}
	return delta;
}

static void begin(struct torture_writer *w, uint64_t delta, uint64_t len)
{
	torture_history_begin(w->history, &delta, 1, len);
	w->len = len;
}

/* End an operation that returned ret, and has succeeded if that is wanted. */
static int end(struct torture_writer *w, ssize_t ret, ssize_t wanted)
{
	if (ret != wanted) {
		if (ret >= 0)
			errno = EIO;
		return -1;
	}
	torture_history_end(w->history);
	return 0;
}

static void fill(uint64_t *buf, uint64_t nr, uint64_t value)
{
	uint64_t i;

	for (i = 0; i < nr; i++)
		buf[i] = value;
}

/* Write words by write(); those from the end of the file on make it longer. */
static int write_words(struct torture_writer *w, int fd, uint64_t first, uint64_t nr)
{
	uint64_t value = torture_random(w, 0), end_of = (first + nr) * 8;

	fill(w->bufs[0], nr, value);
	begin(w, set_words(w, first, nr, value), end_of > w->len ? end_of : w->len);
	return end(w, pwrite(fd, w->bufs[0], nr * 8, first * 8), nr * 8);
}

/* Some words of one block. */
static int op_write(struct torture_writer *w)
{
	uint64_t first, last;

	if (!w->len)
		return 0;
	first = torture_random(w, nr_words(w));
	if (torture_random(w, 2))
		first -= first % BLOCK_WORDS;
	last = first - first % BLOCK_WORDS + BLOCK_WORDS;
	if (last > nr_words(w))
		last = nr_words(w);
	return write_words(w, w->fd, first, last - first);
}

static int op_direct(struct torture_writer *w)
{
	if (!nr_blocks(w))
		return 0;
	return write_words(w, w->direct, torture_random(w, nr_blocks(w)) * BLOCK_WORDS,
			   BLOCK_WORDS);
}

/* Store one word through the mapping, and sync it now, later, or never. */
static int op_store(struct torture_writer *w)
{
	static const int flags[] = { MS_SYNC, MS_ASYNC };
	uint64_t value = torture_random(w, 0), word, how = torture_random(w, 3);
	volatile uint64_t *mapping = w->mapping;

	if (!w->len)
		return 0;
	word = torture_random(w, nr_words(w));
	begin(w, set_words(w, word, 1, value), w->len);
	mapping[word] = value;
	torture_history_end(w->history);
	return how == 2 ? 0 : msync((char *)w->mapping + word * 8 / TORTURE_BLOCK * TORTURE_BLOCK,
				    TORTURE_BLOCK, flags[how]);
}

/* Write several blocks at once through io_uring. */
static int op_flight(struct torture_writer *w)
{
	uint64_t deltas[TORTURE_FLIGHT], block, value;
	int fd = torture_random(w, 2) ? w->direct : w->fd;
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	uint32_t i;
	int ret;

	if (nr_blocks(w) < TORTURE_FLIGHT)
		return 0;
	block = torture_random(w, nr_blocks(w));
	for (i = 0; i < TORTURE_FLIGHT; i++) {
		value = torture_random(w, 0);
		deltas[i] = set_words(w, block * BLOCK_WORDS, BLOCK_WORDS, value);
		fill(w->bufs[i], BLOCK_WORDS, value);
		sqe = io_uring_get_sqe(w->ring);
		io_uring_prep_write(sqe, fd, w->bufs[i], TORTURE_BLOCK, block * TORTURE_BLOCK);
		block = (block + 1) % nr_blocks(w);
	}
	torture_history_begin(w->history, deltas, TORTURE_FLIGHT, w->len);
	ret = io_uring_submit_and_wait(w->ring, TORTURE_FLIGHT);
	if (ret < 0) {
		errno = -ret;
		return -1;
	}
	for (i = 0; i < TORTURE_FLIGHT; i++) {
		ret = io_uring_wait_cqe(w->ring, &cqe);
		if (!ret)
			ret = cqe->res;
		if (ret != TORTURE_BLOCK) {
			errno = ret < 0 ? -ret : EIO;
			return -1;
		}
		io_uring_cqe_seen(w->ring, cqe);
	}
	torture_history_end(w->history);
	return 0;
}

/* Write from the end of the file on, or, with a gap, from a later block on. */
static int append(struct torture_writer *w, uint64_t gap)
{
	uint64_t first = nr_words(w), nr = BLOCK_WORDS - first % BLOCK_WORDS;
	bool direct = !(first % BLOCK_WORDS) && torture_random(w, 2);

	if (gap) {
		first += nr + (gap - 1) * BLOCK_WORDS;
		nr = BLOCK_WORDS;
		direct = torture_random(w, 2);
	}
	if (first + nr > TORTURE_WORDS)
		return 0;
	if (!direct)
		nr = 1 + torture_random(w, nr);
	return write_words(w, direct ? w->direct : w->fd, first, nr);
}

static int op_append(struct torture_writer *w)
{
	return append(w, 0);
}

static int op_gap(struct torture_writer *w)
{
	return append(w, 1 + torture_random(w, 3));
}

/* Mostly by a few blocks; sometimes so far that a filesystem can put the bytes into the inode. */
static int op_shrink(struct torture_writer *w)
{
	uint64_t words = nr_words(w), cut = torture_random(w, 4 * BLOCK_WORDS);

	words = words > cut ? words - cut : 0;
	if (!torture_random(w, 8) && words > 200)
		words = torture_random(w, 200);
	begin(w, set_words(w, words, TORTURE_WORDS - words, 0), words * 8);
	return end(w, ftruncate(w->fd, words * 8), 0);
}

static int op_grow(struct torture_writer *w)
{
	uint64_t words = nr_words(w) + torture_random(w, 4 * BLOCK_WORDS);

	if (words > TORTURE_WORDS)
		return 0;
	begin(w, 0, words * 8);
	return end(w, ftruncate(w->fd, words * 8), 0);
}

static int clear_block(struct torture_writer *w, int mode)
{
	uint64_t block;

	if (!nr_blocks(w))
		return 0;
	block = torture_random(w, nr_blocks(w));
	begin(w, set_words(w, block * BLOCK_WORDS, BLOCK_WORDS, 0), w->len);
	return end(w, fallocate(w->fd, mode | FALLOC_FL_KEEP_SIZE, block * TORTURE_BLOCK,
				TORTURE_BLOCK), 0);
}

static int op_punch(struct torture_writer *w)
{
	return w->punches ? clear_block(w, FALLOC_FL_PUNCH_HOLE) : 0;
}

static int op_zero(struct torture_writer *w)
{
	return w->zeroes ? clear_block(w, FALLOC_FL_ZERO_RANGE) : 0;
}

/*
 * Write words of the same value into a new file. With O_DIRECT in an order that gives it many
 * extents, so that there is something to defragment.
 */
static int write_next(struct torture_writer *w, uint64_t words, uint64_t value)
{
	int direct = torture_random(w, 2) ? O_DIRECT : 0, fd, ret = 0;
	uint64_t nr = (words + BLOCK_WORDS - 1) / BLOCK_WORDS, i;

	fd = open(w->next, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC | direct, 0600);
	if (fd < 0)
		return -1;
	fill(w->bufs[0], BLOCK_WORDS, value);
	/* 37 is prime, and more than TORTURE_BLOCKS. */
	for (i = 0; !ret && i < nr; i++)
		ret = pwrite(fd, w->bufs[0], TORTURE_BLOCK,
			     (direct ? i * 37 % nr : i) * TORTURE_BLOCK) != TORTURE_BLOCK;
	if (!ret)
		ret = ftruncate(fd, words * 8);
	if (!ret && torture_random(w, 2))
		ret = fsync(fd);
	return close(fd) || ret ? -1 : 0;
}

/* Rename a new file over the file. */
static int op_replace(struct torture_writer *w)
{
	uint64_t words = torture_random(w, TORTURE_WORDS + 1), value = torture_random(w, 0);

	if (!torture_random(w, 4))
		words %= 200;
	if (write_next(w, words, value))
		return -1;
	begin(w, set_words(w, 0, words, value) +
	      set_words(w, words, TORTURE_WORDS - words, 0), words * 8);
	if (end(w, rename(w->next, w->path), 0))
		return -1;
	return torture_reopen(w);
}

/* Have pages written, at a time at which nobody asked for it. */
static int op_sync(struct torture_writer *w)
{
	switch (torture_random(w, 3)) {
	case 0:
		return fsync(w->fd);
	case 1:
		return fdatasync(w->fd);
	default:
		return sync_file_range(w->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	}
}

const struct torture_op torture_ops[] = {
	{ "write", op_write }, { "direct", op_direct }, { "store", op_store },
	{ "flight", op_flight }, { "append", op_append }, { "gap", op_gap },
	{ "shrink", op_shrink }, { "grow", op_grow }, { "punch", op_punch }, { "zero", op_zero },
	{ "replace", op_replace }, { "sync", op_sync },
};
const size_t torture_nr_ops = sizeof(torture_ops) / sizeof(*torture_ops);
