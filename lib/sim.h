/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* A drive that is not there, and a run on it: what the files sim*.c share. */
#ifndef KCSD_SIM_H
#define KCSD_SIM_H

#include "engine.h"
#include "private.h"

struct kcsd_sim {
	struct kcsd_sim_opts opts;	/* defaults filled in */
	void *image;			/* owned */
	struct kcsd_image_view view;	/* of it; instructions with the prologue */
	struct bpf_insn *insns;		/* those, when there is one; owned */
	struct kcsd_code *code;		/* for the interpreter */
	u8 *arena;			/* likewise, opts.arena_len bytes */
	struct sim_lowered *lowered;	/* or NULL */
	u32 prologue;			/* instructions before the program's own */
};

/* One run; sim_helpers.c sees it as struct kcsd_vm's ops do. */
struct sim_run {
	struct kcsd_vm vm;		/* first: the ops get this one's address */
	struct kcsd_sim *sim;
	const struct kcsd_lba_grant *grants;
	u32 nr_grants;
	struct kcsd_memory_range ranges[KCSD_GUEST_MAX_RANGES];
	u8 *with_ranges;		/* memory for this run; NULL: it has no ranges */
	u64 deadline_ns;		/* CLOCK_MONOTONIC */
	u8 *out;			/* out_max bytes */
	u64 out_max;
	u64 out_len;
	bool cut;			/* more was emitted, for which there was no room */
	u64 stream_len;
	u64 read_bytes;
	u64 written_bytes;
};

/* sim_helpers.c */
extern const struct kcsd_vm_ops kcsd_sim_ops;
u64 kcsd_sim_now_ns(void);

/* sim_zones.c: LBAs are on the drive, which is zoned but for the first two. */
#define KCSD_SIM_MAX_APPEND	(1u << 20)	/* bytes, the default of a drive */
/* Are these zones possible? The capacity's default is filled in. */
int kcsd_sim_check_zones(struct kcsd_sim_opts *o, struct kcsd_error *err);
/* Is this an append that some zone could take? */
bool kcsd_sim_can_append(const struct kcsd_sim_opts *o, u64 zslba, u64 len);
/* Let the zone take an append of len bytes, which can be: where they go, or -KCSD_E*. */
s64 kcsd_sim_zone_append(const struct kcsd_sim_opts *o, u64 zslba, u64 len);
/* Let the zone take a write: 0 or -KCSD_E*. */
s64 kcsd_sim_zone_write(const struct kcsd_sim_opts *o, u64 slba, u64 nlb);
/* LBAs from lba to the write pointer of its zone. */
u64 kcsd_sim_zone_written(const struct kcsd_sim_opts *o, u64 lba);
void kcsd_sim_zone_info(const struct kcsd_sim_opts *o, u64 lba, struct kcsd_zone_info *info);

/* sim_ranges.c */
/* Check the ranges of a run, and get memory that has room for them: run->with_ranges. */
int kcsd_sim_take_ranges(struct sim_run *run, const struct kcsd_run_opts *o,
			 struct kcsd_error *err);
/* Let vm be in that memory, with the ranges' bytes; afterwards, give them back to the SLM. */
void kcsd_sim_enter_ranges(struct sim_run *run, const struct kcsd_run_opts *o);
void kcsd_sim_leave_ranges(const struct sim_run *run, const struct kcsd_run_opts *o);

/* sim_lowered.c */
/* Lower a checked program and make its memory. -ENOMEM, or -E2BIG: it becomes too long. */
int kcsd_sim_lower(const struct kcsd_image_view *view, struct sim_lowered **lowered);
void kcsd_sim_lowered_destroy(struct sim_lowered *lowered);
/* Where vm->mem has to be. */
u8 *kcsd_sim_lowered_mem(struct sim_lowered *lowered);
/* As kcsd_interp(). */
void kcsd_sim_run_lowered(struct sim_lowered *lowered, struct kcsd_vm *vm);

/* sim_trace.c: kcsd_interp(), which calls opts.trace before each instruction. */
void kcsd_interp_traced(const struct kcsd_code *code, struct kcsd_vm *vm);

#endif
