/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* A drive that is not there, and a run on it: what the files sim*.c share. */
#ifndef KCSD_SIM_H
#define KCSD_SIM_H

#include "engine.h"
#include "private.h"

struct kcsd_sim {
	struct kcsd_sim_opts opts;	/* defaults filled in */
	void *image;			/* owned */
	struct kcsd_image_view view;	/* of it */
	struct kcsd_code *code;
	u8 *arena;			/* opts.arena_len bytes */
	u32 prologue;			/* instructions before the program's own */
};

/* One run; sim_helpers.c sees it as struct kcsd_vm's ops do. */
struct sim_run {
	struct kcsd_vm vm;		/* first: the ops get this one's address */
	struct kcsd_sim *sim;
	const struct kcsd_lba_grant *grants;
	u32 nr_grants;
	u64 deadline_ns;		/* CLOCK_MONOTONIC */
	u8 *out;			/* out_max bytes */
	u64 out_max;
	u64 out_len;
	u64 read_bytes;
	u64 written_bytes;
};

/* sim_helpers.c */
extern const struct kcsd_vm_ops kcsd_sim_ops;
u64 kcsd_sim_now_ns(void);

/* sim_trace.c: kcsd_interp(), which calls opts.trace before each instruction. */
void kcsd_interp_traced(const struct kcsd_code *code, struct kcsd_vm *vm);

#endif
