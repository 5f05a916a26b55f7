/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A file that one process changes, with all states that it had: parts of file_torture.
 *
 * The writer makes one operation after another, each of which takes the file from one state to the
 * next: a write() within one block and on one side of the end of the file, a store of one aligned
 * word through a mapping, a truncation, a hole in one block, a rename over the file. A larger write
 * would not be a state: read() can see a part of it. An operation is in the history before it
 * begins. Writes of several blocks in flight at once may become visible in any order.
 *
 * A run that begins after operation "ended" has ended, and ends before operation "begun" + 1
 * begins, must see the file as it was after one of the operations from "ended" to "begun".
 */
#ifndef TORTURE_H
#define TORTURE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TORTURE_BLOCK	4096			/* bytes */
#define TORTURE_BLOCKS	32			/* of the longest file */
#define TORTURE_WORDS	(TORTURE_BLOCKS * TORTURE_BLOCK / 8)
#define TORTURE_FLIGHT	4			/* writes in flight at once, at most */
#define TORTURE_HISTORY	(1u << 18)		/* operations that are remembered */

/* A state of the file. bpf/tests/weigh.bpf.c has the same of the bytes that it reads. */
struct torture_state {
	uint64_t sum;	/* of word n of the file times (2 * n + 1) */
	uint64_t len;	/* bytes, a multiple of 8 */
};

/* One operation. */
struct torture_change {
	struct torture_state before;
	uint64_t deltas[TORTURE_FLIGHT];	/* what each write in flight adds to the sum */
	uint64_t len;				/* afterwards */
	uint32_t nr;				/* deltas */
};

/* In memory that the writer and the reader share. Operation n is changes[n % TORTURE_HISTORY]. */
struct torture_history {
	_Atomic uint64_t begun;		/* operations; the writer sets it before it begins one */
	_Atomic uint64_t ended;		/* the writer sets it after it ended one */
	_Atomic bool stop;		/* the reader asks the writer to end */
	struct torture_change changes[TORTURE_HISTORY];
};

/* history.c */
/* Create a history of a file without bytes. */
struct torture_history *torture_history_create(void);
/* The writer: begin an operation that turns the newest state into one of these deltas and len. */
void torture_history_begin(struct torture_history *h, const uint64_t *deltas, uint32_t nr,
			   uint64_t len);
void torture_history_end(struct torture_history *h);
/* The newest state. Only for the writer. */
struct torture_state torture_history_newest(const struct torture_history *h);
/*
 * Returns true if the file was in this state between the end of operation first and the end of
 * operation last.
 */
bool torture_history_has(const struct torture_history *h, uint64_t first, uint64_t last,
			 const struct torture_state *state);

/* writer.c */
/*
 * Change the file at path until h->stop, then compare it with its newest state. After up to 8
 * operations pause for up to max_pause_ms; 0: never. Returns 0, or 1 and prints why.
 */
int torture_write(const char *path, struct torture_history *h, unsigned int max_pause_ms,
		  uint64_t seed);

/* ops.c */
struct torture_writer;

struct torture_op {
	const char *name;
	/* Returns 0, also if it could do nothing; -1: errno says why. */
	int (*run)(struct torture_writer *w);
};

extern const struct torture_op torture_ops[];
extern const size_t torture_nr_ops;

/* The writer of one file. */
struct torture_writer {
	struct torture_history *history;
	char path[256];
	char next[256];		/* name of a file that will be renamed over path */
	int fd;
	int direct;		/* with O_DIRECT */
	uint64_t *mapping;	/* of the longest file, shared */
	uint64_t *words;	/* what the file has, zeroes up to TORTURE_WORDS; owned */
	uint64_t len;		/* bytes of the file */
	uint64_t *bufs[TORTURE_FLIGHT];	/* a block each, aligned for O_DIRECT; owned */
	struct io_uring *ring;
	uint64_t random;
	bool punches;		/* the filesystem can punch holes */
	bool zeroes;		/* it can zero a range */
};

uint64_t torture_random(struct torture_writer *w, uint64_t below);
/* Open w->path, newly made. Closes what was open. Returns 0 or -1. */
int torture_reopen(struct torture_writer *w);

#endif
