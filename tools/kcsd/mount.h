/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kcsd mount: show a directory. A file with the attribute user.kcsd.run reads as the output of a
 * program on it, all else as it is; nothing can be written.
 *
 * Requests come to mount_ops.c, in many threads. A file or directory that the kernel knows is a
 * node (mount_node.c). What the attribute says is its mark (mount_mark.c). All opens of a marked
 * file share one output (mount_output.c), which 'kcsd run' writes in a process of its own
 * (mount_run.c). Errors of programs go to the log (mount_log.c).
 */
#ifndef KCSD_MOUNT_H
#define KCSD_MOUNT_H

#define FUSE_USE_VERSION 312

#include <fuse_lowlevel.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>

#include "cmd.h"

#define MOUNT_MAX_RUNS		64
#define MOUNT_MAX_BUSY		96	/* opens that run a program or wait for its end */
#define MOUNT_MAX_THREADS	128	/* so that others are served meanwhile */
#define MOUNT_MAX_PROGRAMS	16	/* directories */
#define MOUNT_POLL_MS		100	/* until an interrupt of an open is seen */
#define MOUNT_MAX_DELAYED	16	/* opens that wait for another process */
#define MOUNT_LATE_MS		200	/* until a close that was made is told, at most */
#define MOUNT_NR_ASKED		4096

/* A thread that was told to look a file up again, when it opened it. */
struct mount_asked {
	int pid;			/* 0: none */
	uint64_t at_ns;			/* CLOCK_MONOTONIC */
};

/* All of it is constant once requests come, but for counters and the table. */
struct mount {
	char *programs[MOUNT_MAX_PROGRAMS];	/* absolute paths; owned */
	uint32_t nr_programs;
	char *spool;				/* directory for outputs; owned */
	char *view;				/* absolute: libfuse goes to "/"; owned */
	FILE *log;				/* NULL: syslog */
	const char *timeout;			/* of a run, as given; NULL: of the drive */
	uint64_t max_output;			/* bytes of one output */
	int max_known;				/* descriptors above are for opens, not for names */
	bool anywhere;				/* the host may run the programs */
	struct fuse_session *session;
	sem_t runs;				/* programs that may begin */
	atomic_uint nr_busy;
	atomic_uint nr_delayed;
	atomic_uint nr_makers;			/* threads that make outputs */
	sem_t makers_ended;			/* posted by each */
	pthread_mutex_t asked_lock;
	struct mount_asked asked[MOUNT_NR_ASKED];	/* by pid; under that lock */
	struct mount_nodes *nodes;
};

/* Names one state of a file: a change that takes a clock tick changes it. */
struct mount_stamp {
	struct timespec mtime, ctime;
	off_t size;
};

/* Opens of a node are either all of the file itself or all of its output: pages are shared. */
struct mount_node {
	dev_t dev;
	ino_t ino;
	int fd;				/* O_PATH; owned */
	bool is_file;			/* a regular one */
	uint64_t nr_lookups;		/* by the kernel; under the lock of the table */

	pthread_mutex_t lock;		/* of all below */
	pthread_cond_t end;		/* of a run, or of an open */
	uint32_t nr_plain;		/* opens of the file */
	uint32_t nr_marked;		/* opens of its output, also those that wait for it */
	uint32_t nr_waiting;		/* of these, those that wait for the run under way */
	bool running;
	atomic_bool abandoned;		/* nobody waits for the run any more */
	uint64_t nr_runs;		/* that have ended */
	int run_ret;			/* of the last run: 0 or -errno */
	int output;			/* the output, while it is open; else -1 */
	off_t output_len;		/* of the newest output, made of that state of the file */
	struct mount_stamp output_of;
	struct timespec looked_up;	/* its ctime when the kernel got its name last */
	uint64_t looked_up_ns;		/* CLOCK_MONOTONIC then */
	struct mount_stamp cached;	/* the state at the newest open of the file */
	bool settled;			/* a change after that open changes the stamp */
};

/* mount_node.c */
/* Make a table with this directory as root, which it owns from then on. NULL: out of memory. */
struct mount_nodes *kcsd_mount_nodes_create(int root);
void kcsd_mount_nodes_destroy(struct mount_nodes *nodes);
struct mount_node *kcsd_mount_node(const struct mount *m, fuse_ino_t ino);
fuse_ino_t kcsd_mount_node_ino(const struct mount *m, const struct mount_node *node);
/*
 * Find or make the node of fd (O_PATH), which belongs to the table from then on, and count a
 * lookup. NULL: out of memory.
 */
struct mount_node *kcsd_mount_node_get(struct mount *m, int fd, const struct stat *st);
/* Take back nr lookups. The last frees the node. */
void kcsd_mount_node_forget(struct mount *m, struct mount_node *node, uint64_t nr);
/* Set path to one that opens the node itself: /proc/self/fd/FD. Return it. */
#define MOUNT_FD_PATH	32
const char *kcsd_mount_fd_path(int fd, char path[MOUNT_FD_PATH]);
/*
 * Wait for the end of a run or of an open, until a time that kcsd_mount_time() gave. The caller
 * holds the lock of the node. False: it is that time.
 */
bool kcsd_mount_node_wait(struct mount_node *node, const struct timespec *until);
/*
 * Count an open that waits for another process: threads are left for others. False: too many do.
 * Each that succeeds needs an end.
 */
bool kcsd_mount_begin_delay(struct mount *m);
void kcsd_mount_end_delay(struct mount *m);
void kcsd_mount_time(uint32_t ms_from_now, struct timespec *at);
void kcsd_mount_stamp(const struct stat *st, struct mount_stamp *stamp);
bool kcsd_mount_same_stamp(const struct mount_stamp *a, const struct mount_stamp *b);
bool kcsd_mount_same_time(const struct timespec *a, const struct timespec *b);
/* Open the file to read it. Returns a descriptor; -EAGAIN if a lease keeps others out for 1 s. */
int kcsd_mount_node_open(struct mount *m, const struct mount_node *node);

/* mount_mark.c */
#define MOUNT_ATTR	"user.kcsd.run"
#define MOUNT_MARK_MAX	4095

/* Strings point into text; NULL: not given. */
struct mount_mark {
	char text[MOUNT_MARK_MAX + 1];
	const char *object;		/* file name of the program */
	const char *program;		/* its name, if the object has several */
	const char *cparam1, *cparam2;
	const char *argument;
};

/* True if the file has the attribute, whatever it says. */
bool kcsd_mount_is_marked(const struct mount_node *node);
/* Returns 1, 0 without the attribute, or -EINVAL with a sentence. */
int kcsd_mount_mark_read(const struct mount_node *node, struct mount_mark *mark,
			 struct kcsd_error *err);
/* Parse mark->text of len bytes. Returns 0, or -EINVAL with a sentence. */
int kcsd_mount_mark_parse(struct mount_mark *mark, size_t len, struct kcsd_error *err);

/* mount_output.c */
/*
 * Open the output of a marked file: run the program, or wait for the run that others wait for. The
 * mark belongs to the call. Returns a descriptor that belongs to the node, or -errno with a line
 * in the log.
 */
int kcsd_mount_output_open(struct mount *m, fuse_req_t req, struct mount_node *node,
			   struct mount_mark *mark);
/* The last one frees the output. */
void kcsd_mount_output_close(struct mount_node *node);
/* True if nobody waits for the run of this file, or the mount ends. Any thread. */
bool kcsd_mount_is_abandoned(const struct mount *m, const struct mount_node *node);
/* Wait until no thread makes an output. Call when no request can come any more. */
void kcsd_mount_await_makers(struct mount *m);

/*
 * mount_run.c: run the program of the mark on the file into spool. Returns 0, -EINTR if the run
 * was abandoned, or another -errno with a line in the log.
 */
int kcsd_mount_run(struct mount *m, const struct mount_node *node,
		   const struct mount_mark *mark, int spool);

/* mount_log.c: write a line, "PATH: ..." */
void kcsd_mount_log(const struct mount *m, const struct mount_node *node, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* mount_ops.c */
extern const struct fuse_lowlevel_ops kcsd_mount_ops;

#endif
