/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Run programs without a drive. By <libkcsd.h>. */
#ifndef LIBKCSD_SIM_H
#define LIBKCSD_SIM_H

#include <libkcsd/run.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- The simulator: the engine of the drive in this process, without a drive ---- */

struct kcsd_sim;

/* Pass the address of the arguments in r1 (0 if there are none) and their length in r2. */
#define KCSD_SIM_RAW	0x1u

/* Registers of a program before an instruction. */
struct kcsd_sim_step {
	uint32_t pc;		/* units of 8 bytes */
	uint32_t rsvd;
	uint64_t r[11];
};

struct kcsd_sim_opts {
	size_t sz;
	void *lbas;		/* namespace 1, nsze LBAs in memory of the caller; programs */
				/* read and write it, if a run grants it */
	uint64_t nsze;		/* LBAs */
	uint32_t lba_size;	/* bytes, 512 or 4096; 0: 4096 */
	uint32_t cus;		/* compute units reported to the program; 0: 2 */
	uint64_t arena_len;	/* bytes of memory that a program can have; 0: 4 MiB */
	uint32_t engine;	/* KCSD_ENGINE_INTERP or _LOWERED; 0: _INTERP */
	uint32_t flags;		/* KCSD_SIM_* */
	/* Called with each line that the program logs; not NUL-terminated. NULL: discard them. */
	void (*log)(const char *line, size_t len, void *arg);
	/* Called before each instruction. NULL: no tracing, which makes runs much faster. */
	void (*trace)(const struct kcsd_sim_step *step, void *arg);
	void *arg;		/* argument of log, trace and progress */
	void *slm;		/* slm_len bytes in memory of the caller, for runs with ranges: */
				/* copied to the program before the run, and back after it */
	uint64_t slm_len;	/* a multiple of KCSD_RANGE_GRANULARITY */
	/*
	 * Sequential zones. zone_wp is an array of the caller, with the next LBA to write for each
	 * of the nsze / zone_size zones, from first LBA to first LBA + zone_cap; programs move it.
	 * LBAs from there on read as zeroes. The number of open zones has no limit.
	 */
	uint64_t zone_size;	/* LBAs, a power of two that divides nsze; 0: not zoned */
	uint64_t zone_cap;	/* LBAs; 0: zone_size */
	uint64_t *zone_wp;
	/*
	 * Files of any filesystem, open for reading, as the stream of runs, one after another; each
	 * is as long as it is when the run begins, and is read when the program reads it. Only
	 * regular files; the caller owns them and keeps them open. Runs then have no grants, ranges
	 * or KCSD_RUN_LEN. NULL: none.
	 */
	const int *fds;
	uint32_t nr_fds;
	uint32_t rsvd;
	/*
	 * Called about every 250 ms with the bytes that the run has read so far. Return 0 to go on;
	 * anything else cancels the run. NULL: not called.
	 */
	int (*progress)(uint64_t read_bytes, void *arg);
};

/*
 * Create a drive with one program: an image (kcsd_object_image()) or plain instructions, which are
 * copied. opts may be NULL. Needs no privileges, no module, no kernel.
 *
 * KCSD_SC_INVALID_PROGRAM_DATA: a drive would refuse the program; err->verdict and err->pc give the
 * reason. -EINVAL: an option has an invalid value. -E2BIG: arena_len is too large, or the program
 * would be when lowered.
 */
KCSD_API int kcsd_sim_create(const void *image, size_t len, const struct kcsd_sim_opts *opts,
			     struct kcsd_sim **sim, struct kcsd_error *err);
/* NULL is allowed. */
KCSD_API void kcsd_sim_destroy(struct kcsd_sim *sim);

/*
 * Run the program of the simulator in the calling thread, like kcsd_program_run(): the same options
 * (pind is ignored; budget 0: none; timeout_ms 0: 30 s), results and statuses, except those that
 * only a device can return. -EINVAL also for rsid and sources, and for ranges with
 * KCSD_ENGINE_LOWERED. A simulator executes one run at a time; different simulators are
 * independent.
 *
 * A file that cannot be read any more, or that became shorter, fails the read of the program with
 * -KCSD_EIO and sets KCSD_RESULT_MEDIUM, as the medium of a drive does. err->text then says which
 * byte of which file, for any end of the run; info.lba is 0. -EOPNOTSUPP: a file is not a regular
 * one, or has no length. -ECANCELED: progress() or output() of the caller cancelled the run.
 */
KCSD_API int kcsd_sim_run(struct kcsd_sim *sim, const struct kcsd_run_opts *opts,
			  struct kcsd_run_result *result, size_t size, struct kcsd_error *err);

#ifdef __cplusplus
}
#endif

#endif
