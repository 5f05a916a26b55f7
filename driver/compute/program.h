/* SPDX-License-Identifier: GPL-2.0 */
/* The programs of a drive: empty -> loading -> loaded -> activated -> executing. */
#ifndef KCSD_PROGRAM_H
#define KCSD_PROGRAM_H

#include <linux/atomic.h>
#include <linux/kobject.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/kcsd.h>

#include "engine/engine.h"
#include "stats/histogram.h"

#define KCSD_MAX_PROGRAM_LEN	SZ_1M	/* bytes of one program as loaded */

struct dentry;
struct kcsd_config;
struct kcsd_drive;
struct kcsd_run;

struct kcsd_program_counters {
	u64 runs;
	u64 runs_jit;		/* of them */
	u64 runs_interp;	/* of them */
	u64 faults;
	u64 insns;
	u64 total_ns;
	u64 min_ns;		/* 0: no run yet */
	u64 max_ns;
};

struct kcsd_program_stats {
	struct kcsd_program_counters counters;
	struct kcsd_histogram latency;		/* nanoseconds of each run */
	struct kcsd_histogram insns_of_runs;	/* of each that counted them */
};

/*
 * A loaded program. users: -1 when not activated, else the runs queued or
 * executing; only program_activate() takes it from and to -1. Everything else is
 * constant once the program is in its slot.
 */
struct kcsd_program {
	struct kobject kobj;		/* /sys/class/kcsd/kcsdN/programs/<pind>; owns this */
	struct rcu_head rcu;		/* of what is in no slot any more */
	struct dentry *debugfs;		/* its directory there, NULL or ERR_PTR: none */
	u16 pind;
	bool logs;			/* it calls the helper */
	int quick;			/* of late, if KCSD_QUICK_RUNS; quick_run.c, without a lock */
	bool persistent;		/* in the sidecar, with its activation */
	bool builtin;			/* the drive's own: it stays, and its bytes do not count */
	u8 pit;
	u64 puid;
	u32 psize;			/* bytes as loaded */
	atomic_t users;
	void *image;			/* as loaded; view points into it */
	struct kcsd_image_view view;
	struct kcsd_code *code;
	struct kcsd_native *native;	/* on each unit; NULL: none wanted */
	struct kcsd_program_stats __percpu *stats;
};

/* A program that is still arriving. */
struct kcsd_loading {
	void *image;			/* NULL: none */
	u32 psize;			/* bytes in all */
	u32 have;			/* bytes so far */
	u8 pit;
	bool persistent;
	bool builtin;
	u64 puid;
};

struct kcsd_program_slot {
	struct kcsd_program __rcu *program;	/* NULL: empty, or loading */
	struct kcsd_loading loading;
	bool finishing;			/* what was loaded is becoming a program, without the lock */
};

struct kcsd_programs {
	struct mutex lock;		/* slots, active, bytes, dir's content; outermost; not held */
					/* while a program that a command brings is checked */
	struct kcsd_program_slot *slots;	/* nr of them */
	u32 nr;				/* constant; from cfg.max_programs on: the drive's own */
	u32 active;			/* programs activated */
	u64 bytes;			/* of all programs and those arriving */
	struct kobject *dir;		/* programs/, NULL before the controller node exists */
	struct dentry *debugfs;		/* programs/ there, NULL or ERR_PTR: none */
};

/* program.c */
/*
 * Take over a complete image: check it and make a program of it. On failure the image is still
 * the caller's. -EINVAL: verdict says why. -EINTR: the task has been killed. Takes time in
 * proportion to the image's length.
 */
int kcsd_program_create(struct kcsd_drive *drive, u16 pind, struct kcsd_loading *l,
			struct kcsd_program **out, struct kcsd_verdict *verdict);
/* Show it in sysfs, and debugfs. On failure it is gone. */
int kcsd_program_add(struct kcsd_drive *drive, struct kcsd_program *p);
/* Out of sysfs and debugfs, and gone. Nobody may be using it. */
void kcsd_program_remove(struct kcsd_drive *drive, struct kcsd_program *p);
/* Count a run that ended. Before kcsd_program_put(). */
void kcsd_program_account(struct kcsd_program *program, const struct kcsd_run *run);

/* quick_run.c */
/* A run of it has ended: was it quick? */
void kcsd_program_time(struct kcsd_program *program, const struct kcsd_run *run);

/* compute/builtin/builtin.c */
/* How many programs of its own a drive of this configuration has. */
u32 kcsd_builtins_nr(const struct kcsd_config *config);
/* The image of one of them, kvmalloc'ed, *len bytes; NULL without memory. */
void *kcsd_builtin_image(u32 i, u32 *len);

/* A piece of an image that arrives. */
struct kcsd_program_chunk {
	void *data;			/* kvmalloc'ed; if off is 0, room for all psize bytes */
	u32 off;			/* bytes into the image */
	u32 len;			/* bytes */
	u32 psize;			/* this and below: of the whole program */
	u8 pit;
	bool persistent;
	u64 puid;
};

/* programs.c */
int kcsd_programs_init(struct kcsd_drive *drive);
/* No run may be left. */
void kcsd_programs_destroy(struct kcsd_drive *drive);
/* The programs/ directory, below the controller's device, with the drive's own programs. */
int kcsd_programs_add_dir(struct kcsd_drive *drive);
/* Takes the directory and all in it away. Programs stay until _destroy(). */
void kcsd_programs_del_dir(struct kcsd_drive *drive);

/* programs_retained.c: of a program that is persistent; of others they do nothing. 0 or a status. */
int kcsd_program_keep(struct kcsd_drive *drive, const struct kcsd_program *p);
/* what: KCSD_SIDECAR_ACTIVATE, _DEACTIVATE, _UNLOAD */
int kcsd_program_keep_change(struct kcsd_drive *drive, const struct kcsd_program *p, u8 what);
/* At power on: all that are in the sidecar. -errno, with a line in the kernel log if -EINVAL. */
int kcsd_programs_restore(struct kcsd_drive *drive);

/*
 * Add a chunk to the image that arrives at pind; the first one becomes that, its data is then NULL.
 * With the last one *complete has the image, for kcsd_programs_finish(), which must be called. 0 or
 * a status; of Invalid Field *field is the place.
 */
int kcsd_programs_add_chunk(struct kcsd_drive *drive, u16 pind, struct kcsd_program_chunk *chunk,
			    struct kcsd_loading *complete, enum kcsd_field *field);
/*
 * Make a program of a complete image, which is consumed. 0, a status, -ENOMEM, -EINTR, or -EINVAL:
 * verdict says why. The lock is free while the image is validated.
 */
int kcsd_programs_finish(struct kcsd_drive *drive, u16 pind, struct kcsd_loading *complete,
			 struct kcsd_verdict *verdict);
/* 0 or a status. pind is less than programs.nr. */
int kcsd_programs_unload(struct kcsd_drive *drive, u16 pind);
int kcsd_programs_activate(struct kcsd_drive *drive, u16 pind, bool on);

/* Log page 82h, kvmalloc'ed, *len bytes; NULL without memory. */
void *kcsd_programs_page(struct kcsd_drive *drive, u32 *len);

/*
 * The program at pind, counted as in use until kcsd_program_put(). NULL with
 * *status set: Invalid Program Index, No Program, Program Not Activated.
 */
struct kcsd_program *kcsd_program_get(struct kcsd_drive *drive, u16 pind, int *status);
void kcsd_program_put(struct kcsd_program *program);

#endif
