/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Simulated drive and run: declarations shared by the files sim*.c. */
#ifndef KCSD_SIM_H
#define KCSD_SIM_H

#include "engine.h"
#include "private.h"
#include "sim_cost.h"

#define PROGRESS_NS	250000000ull	/* between two calls of opts.progress */

struct kcsd_sim {
	struct kcsd_sim_opts opts;	/* defaults filled in */
	void *image;			/* owned */
	struct kcsd_image_view view;	/* view of image; instructions include the prologue */
	struct bpf_insn *insns;		/* instructions, if there is a prologue; owned */
	struct kcsd_code *code;		/* for the interpreter */
	u8 *arena;			/* for the interpreter, opts.arena_len bytes */
	struct sim_lowered *lowered;	/* or NULL */
	u32 prologue;			/* instructions before those of the program */
	struct kcsd_costs costs;	/* if helper_seen is not NULL */
	kcsd_sim_helper_fn *helper_seen;
	u64 cost;			/* of the last run */
};

/* One run. The ops of struct kcsd_vm get its address. */
struct sim_run {
	struct kcsd_vm vm;		/* first member: the ops get its address */
	struct kcsd_sim *sim;
	const struct kcsd_lba_grant *grants;
	u32 nr_grants;
	struct kcsd_memory_range ranges[KCSD_GUEST_MAX_RANGES];
	u8 *with_ranges;		/* memory for this run; NULL: no ranges */
	u64 deadline_ns;		/* CLOCK_MONOTONIC */
	u8 *out;			/* out_max bytes */
	u64 out_max;
	u64 out_len;
	bool cut;			/* more was emitted than fits */
	kcsd_output_fn *output;		/* takes the output instead; or NULL */
	void *output_arg;
	bool cancelled;			/* by the caller */
	u64 progress_ns;		/* CLOCK_MONOTONIC: when to show progress next */
	u64 *file_end;			/* of the files in the stream, by index; NULL: no files */
	struct kcsd_error medium;	/* the first read of a file that failed; no text: none */
	u64 stream_len;
	u64 read_bytes;
	u64 written_bytes;
};

/* sim_helpers.c */
extern const struct kcsd_vm_ops kcsd_sim_ops;
u64 kcsd_sim_now_ns(void);
/*
 * Read bytes of an LBA of the drive. An LBA at or above the write pointer of a zone reads as
 * zeroes, whatever the memory of the caller holds.
 */
void kcsd_sim_read_lba(const struct kcsd_sim_opts *o, u64 lba, u32 from, u8 *buf, u32 len);

/* sim_stream.c */
/* Read the stream of a run: its files, its grants, or else its ranges. The helper stream_read. */
s64 kcsd_sim_stream_read(struct sim_run *run, u64 offset, u8 *buf, u64 len);
/* Write the stream of a run in place, where its grants allow it: the helper stream_write. */
s64 kcsd_sim_stream_write(struct sim_run *run, u64 offset, const u8 *buf, u64 len);

/* sim_files.c */
/* Validate the files of a run and allocate run->file_end. On failure, too, the caller frees it. */
int kcsd_sim_files_take(struct sim_run *run, const struct kcsd_run_opts *o,
			struct kcsd_error *err);
/* Read bytes of the files; all are in the stream. Returns len, or -KCSD_EIO. */
s64 kcsd_sim_files_read(struct sim_run *run, u64 offset, u8 *buf, u64 len);

/* sim_zones.c: LBAs are on the drive. The drive is zoned, except for the first two functions. */
#define KCSD_SIM_MAX_APPEND	(1u << 20)	/* bytes, the default of a drive */
/* Validate the zone options and fill in the default capacity. Returns 0 or -EINVAL. */
int kcsd_sim_zones_validate(struct kcsd_sim_opts *o, struct kcsd_error *err);
/* True if a zone could accept this append. */
bool kcsd_sim_zone_can_append(const struct kcsd_sim_opts *o, u64 zslba, u64 len);
/* Append len bytes, which kcsd_sim_zone_can_append() allowed. Returns the first LBA or -KCSD_E*. */
s64 kcsd_sim_zone_append(const struct kcsd_sim_opts *o, u64 zslba, u64 len);
/* Validate a write and move the write pointer. Returns 0 or -KCSD_E*. */
s64 kcsd_sim_zone_write(const struct kcsd_sim_opts *o, u64 slba, u64 nlb);
/*
 * Returns the number of LBAs from lba to the write pointer of its zone; 0 if lba is at or above it.
 */
u64 kcsd_sim_zone_written(const struct kcsd_sim_opts *o, u64 lba);
/* True if the drive is zoned and a zone begins with this LBA. */
bool kcsd_sim_zone_begins(const struct kcsd_sim_opts *o, u64 lba);
/* Finish the zone that begins with zslba, or reset it and zero its LBAs. */
void kcsd_sim_zone_manage(const struct kcsd_sim_opts *o, u64 zslba, bool finish);
void kcsd_sim_zone_info(const struct kcsd_sim_opts *o, u64 lba, struct kcsd_zone_info *info);

/* sim_ranges.c */
/* Validate the ranges of a run and allocate run->with_ranges, memory with room for them. */
int kcsd_sim_ranges_take(struct sim_run *run, const struct kcsd_run_opts *o,
			 struct kcsd_error *err);
/* Make vm use that memory and copy the ranges into it; after the run, copy them back to the SLM. */
void kcsd_sim_ranges_enter(struct sim_run *run, const struct kcsd_run_opts *o);
void kcsd_sim_ranges_leave(const struct sim_run *run, const struct kcsd_run_opts *o);

/* sim_lowered.c */
/* Lower a validated program and allocate its memory. -ENOMEM, or -E2BIG: it becomes too long. */
int kcsd_sim_lowered_create(const struct kcsd_image_view *view, struct sim_lowered **lowered);
void kcsd_sim_lowered_destroy(struct sim_lowered *lowered);
/* Returns the required value of vm->mem. */
u8 *kcsd_sim_lowered_mem(struct sim_lowered *lowered);
/* Same as kcsd_interp(), for lowered code. */
void kcsd_sim_lowered_run(struct sim_lowered *lowered, struct kcsd_vm *vm);

/* sim_trace.c: kcsd_interp() that calls opts.trace before each instruction. */
void kcsd_sim_interp_traced(const struct kcsd_code *code, struct kcsd_vm *vm);

#endif
