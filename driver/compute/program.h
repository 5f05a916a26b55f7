/* SPDX-License-Identifier: GPL-2.0 */
/* Programs of a drive. States of a slot: empty -> loading -> loaded -> activated -> running. */
#ifndef KCSD_PROGRAM_H
#define KCSD_PROGRAM_H

#include <linux/atomic.h>
#include <linux/kobject.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/kcsd.h>

#include "engine/engine.h"
#include "stats/histogram.h"

#define KCSD_QUICK_RUNS		4	/* quick in so many successive runs: a quick program */
#define KCSD_MAX_PROGRAM_LEN	SZ_1M	/* bytes of one program as loaded */

struct dentry;
struct kcsd_config;
struct kcsd_compute;
struct kcsd_trace_run;

struct kcsd_program_counters {
	u64 runs;
	u64 runs_jit;		/* of runs */
	u64 runs_interp;	/* of runs */
	u64 faults;
	u64 insns;
	u64 total_ns;
	u64 min_ns;		/* 0: no run yet */
	u64 max_ns;
};

struct kcsd_program_stats {
	struct kcsd_program_counters counters;
	struct kcsd_histogram latency;		/* nanoseconds of each run */
	struct kcsd_histogram insns_of_runs;	/* instructions of each run that counted them */
};

/*
 * A loaded program. users is -1 while it is not activated, else the number of runs queued or
 * running. Only activation and deactivation change it from and to -1. All other members are
 * constant once the program is in its slot, except `quick`.
 */
struct kcsd_program {
	struct kobject kobj;		/* /sys/class/kcsd/kcsdN/programs/<pind>; owns this */
	struct rcu_head rcu;		/* to free it after it has left its slot */
	struct dentry *debugfs;		/* directory in debugfs; NULL or ERR_PTR: none */
	u16 pind;
	bool acts;			/* without a grant: it calls the helper log or flush */
	int quick;			/* quick if KCSD_QUICK_RUNS; no lock; quick_run.c */
	bool persistent;		/* recorded in the sidecar, with its activation */
	bool builtin;			/* device-defined: stays loaded, bytes do not count */
	u8 pit;
	u64 puid;
	u32 psize;			/* bytes as loaded */
	atomic_t users;
	void *image;			/* as loaded, owned; view points into it */
	struct kcsd_image_view view;
	struct kcsd_code *code;
	struct kcsd_jit_code *jit;	/* JIT code, per unit; NULL: the drive uses none */
	struct kcsd_program_stats __percpu *stats;
};

/* A program whose image has not fully arrived. */
struct kcsd_loading {
	void *image;			/* NULL: none */
	u32 psize;			/* bytes of the whole image */
	u32 have;			/* bytes so far */
	u8 pit;
	bool persistent;
	bool builtin;
	u64 puid;
};

struct kcsd_program_slot {
	struct kcsd_program __rcu *program;	/* NULL: empty, or loading */
	struct kcsd_loading loading;
	bool finishing;			/* its image is being validated, without the lock */
};

struct kcsd_programs {
	/*
	 * Protects slots, active, bytes and the contents of dir. Outermost lock. Not held while a
	 * program from a command is validated.
	 */
	struct mutex lock;
	struct kcsd_program_slot *slots;	/* nr of them */
	u32 nr;				/* constant; from cfg.max_programs on: device-defined */
	u32 active;			/* programs activated */
	u64 bytes;			/* of all programs, those still arriving included */
	struct kobject *dir;		/* programs/ in sysfs; NULL: no controller node yet */
	/* Directory of the drive in debugfs, and programs/ in it; NULL or ERR_PTR: none. */
	struct dentry *debugfs_drive;
	struct dentry *debugfs;
};

/* program.c */
/*
 * Validate a complete image and create a program of it, which then owns the image. On failure the
 * caller still owns it. Returns 0, -ENOMEM, -EINVAL (verdict says why), or -EINTR (the task was
 * killed). Takes time in proportion to the length of the image.
 */
int kcsd_program_create(struct kcsd_compute *compute, u16 pind, struct kcsd_loading *l,
			struct kcsd_program **out, struct kcsd_verdict *verdict);
/* Show a program in sysfs and debugfs. Returns 0 or -errno; on failure the program is freed. */
int kcsd_program_add(struct kcsd_compute *compute, struct kcsd_program *p);
/* Remove a program from sysfs and debugfs, and free it. The program must not be in use. */
void kcsd_program_remove(struct kcsd_compute *compute, struct kcsd_program *p);
/* Count a completed run, and record whether it was quick. Call before kcsd_program_put(). */
void kcsd_program_account(struct kcsd_program *program, const struct kcsd_trace_run *run,
			  bool was_quick);

/* compute/builtin/builtin.c */
/* Return the number of device-defined programs in a drive of this configuration. */
u32 kcsd_builtins_nr(const struct kcsd_config *config);
/*
 * Return a copy of the image of device-defined program i, *len bytes, to be freed by kvfree(). NULL
 * without memory.
 */
void *kcsd_builtin_image(u32 i, u32 *len);

/* A piece of an image, from one Load Program command. */
struct kcsd_program_chunk {
	void *data;			/* from kvmalloc(); if off is 0, room for psize bytes */
	u32 off;			/* bytes into the image */
	u32 len;			/* bytes */
	u32 psize;			/* this and below: for the whole program */
	u8 pit;
	bool persistent;
	u64 puid;
};

/* programs.c */
/* Allocate the slots. Returns 0 or -ENOMEM. */
int kcsd_programs_init(struct kcsd_compute *compute);
/* Free the slots. No run may be left. */
void kcsd_programs_destroy(struct kcsd_compute *compute);
/*
 * Create the directory programs/ below parent, the device of the controller, load the
 * device-defined programs, and restore those in the sidecar. Returns 0 or -errno.
 */
int kcsd_programs_add_dir(struct kcsd_compute *compute, struct kobject *parent);
/* Unload all programs and remove the directory. Call kcsd_programs_destroy() later. */
void kcsd_programs_del_dir(struct kcsd_compute *compute);

/*
 * programs_retained.c: record a program in the sidecar. All do nothing if the program is not
 * persistent. They return 0, a status or -ENOMEM. programs.lock is held.
 */
int kcsd_program_record(struct kcsd_compute *compute, const struct kcsd_program *p);
/* Record a change. what: KCSD_SIDECAR_ACTIVATE, _DEACTIVATE or _UNLOAD. */
int kcsd_program_record_change(struct kcsd_compute *compute, const struct kcsd_program *p, u8 what);
/*
 * Load all programs that the sidecar has, at power on. Returns 0 or -errno; if -EINVAL, a line in
 * the kernel log says why.
 */
int kcsd_programs_restore(struct kcsd_compute *compute);

/*
 * Add a chunk to the image that arrives at pind. The first chunk becomes the image, and its data is
 * set to NULL. The last chunk sets *complete to the image: the caller must then call
 * kcsd_programs_finish(). Returns 0 or a status; for Invalid Field, *field is set.
 */
int kcsd_programs_add_chunk(struct kcsd_compute *compute, u16 pind,
			    struct kcsd_program_chunk *chunk, struct kcsd_loading *complete,
			    enum kcsd_field *field);
/*
 * Create a program from a complete image, and consume the image. Returns 0, a status, -ENOMEM,
 * -EINTR, or -EINVAL (verdict says why). programs.lock is not held while the image is validated.
 */
int kcsd_programs_finish(struct kcsd_compute *compute, u16 pind, struct kcsd_loading *complete,
			 struct kcsd_verdict *verdict);
/*
 * Unload, activate or deactivate a program. pind is less than programs.nr. Return 0, a status or
 * -ENOMEM.
 */
int kcsd_programs_unload(struct kcsd_compute *compute, u16 pind);
int kcsd_programs_activate(struct kcsd_compute *compute, u16 pind, bool on);

/* Return log page 82h, *len bytes, to be freed by kvfree(). NULL without memory. */
void *kcsd_programs_page(struct kcsd_compute *compute, u32 *len);

/*
 * Return the program at pind, which counts as in use until kcsd_program_put(). On failure return
 * NULL and set *status: Invalid Program Index, No Program, or Program Not Activated. Any context.
 */
struct kcsd_program *kcsd_program_get(struct kcsd_compute *compute, u16 pind, int *status);
void kcsd_program_put(struct kcsd_program *program);

#endif
