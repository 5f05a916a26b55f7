/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kcsd kv: objects of a drive. cmd/kv.c has the command line and short actions; kv_value.c values
 * in files and pipes, kv_list.c, kv_remove.c, kv_import.c and kv_export.c the actions of that name,
 * kv_flight.c many commands at once, kv_tree.c directories. kv_name.h has names of files.
 */
#ifndef KCSD_KV_H
#define KCSD_KV_H

#include <sys/types.h>

#include "cmd.h"
#include "progress.h"

#define KV_OPTIONS(X) \
	OPTION_DRIVE(X) \
	X(IF_EXISTS, "if-exists", 0, NULL, "put: only instead of an object with this key") \
	X(IF_MISSING, "if-missing", 0, NULL, "put: only if no object has this key") \
	X(LONG, "long", 'l', NULL, "ls: also show the bytes of each value") \
	X(FLUSH, "flush", 0, NULL, "put, import: end when what was stored is durable") \
	X(PREFIX, "prefix", 'p', "PREFIX", \
	  "rm, export: objects whose keys begin with it ('': all); import: before each key") \
	X(SKIP, "skip", 0, NULL, "import: leave files out that cannot become objects") \
	X(LITERAL, "literal", 0, NULL, \
	  "import: names of files are keys as they are; %41 is no A") \
	OPTION_JSON(X)

enum { KV_OPTIONS(OPT_ENUM) };

/* One command. */
struct kv {
	const struct args *args;
	struct kcsd_drive *drv;
	struct kcsd_kv_info info;
	struct kcsd_error err;
};

/* cmd/kv.c */
/* Print the sentence in kv->err, with advice on ret if there is any. Return the exit code. */
int kcsd_kv_fail(const struct kv *kv, int ret);
/* Make durable what was stored, if --flush says so. code: of storing it. Return the exit code. */
int kcsd_kv_end(struct kv *kv, int code);
/* Parse a key. Return 0, or the exit code with the error printed. */
int kcsd_kv_take_key(const struct args *args, const char *text, struct kcsd_kv_key *key);
/* Parse a prefix, which may be empty. */
int kcsd_kv_take_prefix(const struct args *args, const char *text, struct kcsd_kv_key *prefix);

/* The rest return an exit code. */
/* kv_value.c */
int kcsd_kv_put(struct kv *kv);
int kcsd_kv_get(struct kv *kv);
/* Read until len bytes are there or the file ends. Return the number, or -errno. */
ssize_t kcsd_kv_read(int fd, void *buf, size_t len);
/* Write all bytes. Return 0, -errno; or the signal that was caught (kcsd_signals_catch()). */
int kcsd_kv_write(int fd, const void *bytes, size_t len);
/* kv_list.c */
int kcsd_kv_ls(struct kv *kv);
/* kv_remove.c */
int kcsd_kv_rm(struct kv *kv);
/* kv_import.c, kv_export.c */
int kcsd_kv_import(struct kv *kv);
int kcsd_kv_export(struct kv *kv);
/* Print how many objects and bytes were moved. */
void kcsd_kv_print_moved(const struct kv *kv, uint64_t objects, uint64_t bytes);

/* ---- many commands at once: kv_flight.c ---- */

#define KV_DEPTH	32		/* commands */
#define KV_MAX_ROOM	(64u << 20)	/* bytes of their buffers, unless one needs more */

/* A command in flight, or one to be sent. */
struct kv_job {
	struct kcsd_kv_key key;
	void *buf;		/* owned; reused */
	size_t room;		/* bytes of it */
	uint32_t len;		/* bytes for the command */
	uint64_t tag;		/* of the caller */
	struct kv_job *next;	/* free one */
};

struct kv_flight {
	struct kv *kv;
	struct kcsd_queue *queue;
	size_t room;		/* bytes of the buffers of commands in flight */
	/*
	 * Called for each completed command; the job can be used again afterwards. Other than 0:
	 * exit code, no more jobs.
	 */
	int (*done)(struct kv_flight *f, struct kv_job *job, const struct kcsd_kv_result *result);
	void *ctx;
	struct progress progress;
	uint64_t objects;	/* done, for the progress */
	uint64_t bytes;
	int code;		/* first failure, or of a signal */
	struct kv_job *free;
	struct kv_job jobs[KV_DEPTH];
};

/*
 * Set up: kv, done and ctx are set. Catches signals. Return 0, or the exit code with the error
 * printed; call kcsd_kv_flight_end() in any case.
 */
int kcsd_kv_flight_begin(struct kv_flight *f);
/* Wait for a job with room for len bytes; NULL: f->code says why there will be none. */
struct kv_job *kcsd_kv_flight_get(struct kv_flight *f, size_t len);
/* Give back a job that was not sent. */
void kcsd_kv_flight_put(struct kv_flight *f, struct kv_job *job);
/* Send a job. flags: as kcsd_kv_store(). */
void kcsd_kv_flight_send(struct kv_flight *f, struct kv_job *job, uint32_t opcode, uint32_t flags);
/* Wait for all jobs. Return f->code. */
int kcsd_kv_flight_drain(struct kv_flight *f);
/* Wait for all jobs, and free. */
void kcsd_kv_flight_end(struct kv_flight *f);

/* ---- directories: kv_tree.c ---- */

/* A file that becomes an object. */
struct kv_file {
	char *path;		/* below the directory; owned */
	uint64_t size;
	struct kcsd_kv_key key;
};

struct kv_tree {
	int dir;		/* descriptor; -1: none */
	struct kv_file *files;	/* owned, by key */
	size_t nr;
	size_t room;
	uint64_t bytes;		/* of all */
	size_t refused;		/* files that cannot become objects */
};

/*
 * Find all files below a directory. Return 0; or the exit code. A sentence is printed for each that
 * cannot become an object; these are left out with --skip. kcsd_kv_tree_free() in any case.
 */
int kcsd_kv_tree_read(struct kv *kv, const char *dir, struct kv_tree *tree);
void kcsd_kv_tree_free(struct kv_tree *tree);

#endif
