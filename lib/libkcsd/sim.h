/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Runs without a drive. By <libkcsd.h>. */
#ifndef LIBKCSD_SIM_H
#define LIBKCSD_SIM_H

#include <libkcsd/run.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- The simulator: the drive's engine in this process, without a drive ---- */

struct kcsd_sim;

/* r1 is the address of the run's arguments, or 0 if there are none, r2 their length. */
#define KCSD_SIM_RAW	0x1u

/* What a program has in its registers as it comes to an instruction. */
struct kcsd_sim_step {
	uint32_t pc;		/* units of 8 bytes */
	uint32_t rsvd;
	uint64_t r[11];
};

struct kcsd_sim_opts {
	size_t sz;
	void *lbas;		/* namespace 1, nsze LBAs of the caller's memory: programs */
				/* read and write it, if a run grants it */
	uint64_t nsze;		/* LBAs */
	uint32_t lba_size;	/* bytes, 512 or 4096; 0: 4096 */
	uint32_t cus;		/* compute units that a program is told of; 0: 2 */
	uint64_t arena_len;	/* bytes of memory that a program can have; 0: 4 MiB */
	uint32_t engine;	/* KCSD_ENGINE_INTERP or _LOWERED; 0: _INTERP */
	uint32_t flags;		/* KCSD_SIM_* */
	/* What the program logs; not NUL-terminated. NULL: nobody cares. */
	void (*log)(const char *line, size_t len, void *arg);
	/* Before each instruction. NULL: no tracing, which makes runs much faster. */
	void (*trace)(const struct kcsd_sim_step *step, void *arg);
	void *arg;		/* for these two */
	void *slm;		/* slm_len bytes of the caller's memory, for runs with ranges: */
				/* copied to and from the program's before and after the run */
	uint64_t slm_len;	/* a multiple of KCSD_RANGE_GRANULARITY */
	/*
	 * Sequential zones: zone_wp is the caller's, for each of the nsze / zone_size zones the
	 * LBA to be written next, first LBA to first LBA + zone_cap; programs move it. Above it
	 * LBAs read as zeroes. There is no limit to open zones.
	 */
	uint64_t zone_size;	/* LBAs, a power of two that divides nsze; 0: not zoned */
	uint64_t zone_cap;	/* LBAs; 0: all of them */
	uint64_t *zone_wp;
};

/*
 * Make a drive with one program on it: an image (kcsd_object_image()) or plain
 * instructions. opts may be NULL. Needs no privileges, no module, no kernel.
 *
 * KCSD_SC_INVALID_PROGRAM_DATA: a drive would refuse the program; err->check and
 * err->pc say why. -EINVAL: an option has no such value. -E2BIG: arena_len is too
 * large, or the program would be when lowered.
 */
KCSD_API int kcsd_sim_create(const void *image, size_t len, const struct kcsd_sim_opts *opts,
			     struct kcsd_sim **sim, struct kcsd_error *err);
/* NULL is allowed. */
KCSD_API void kcsd_sim_destroy(struct kcsd_sim *sim);

/*
 * kcsd_run() of the simulator's program, in the calling thread: the same
 * options (pind means nothing; budget 0: none; timeout_ms 0: 30 s), results
 * and statuses, but for those that only a device can return. -EINVAL also for rsid, and for
 * ranges with KCSD_ENGINE_LOWERED. One run of a simulator at a time; different ones
 * are independent of each other.
 */
KCSD_API int kcsd_sim_run(struct kcsd_sim *sim, const struct kcsd_run_opts *opts,
			  struct kcsd_run_result *result, size_t size, struct kcsd_error *err);

#ifdef __cplusplus
}
#endif

#endif
