/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Run programs. By <libkcsd.h>. */
#ifndef LIBKCSD_RUN_H
#define LIBKCSD_RUN_H

#include <libkcsd/drive.h>
#include <libkcsd/object.h>
#include <libkcsd/source.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Runs: Execute Program, Execute on LBAs (KCSD_CMD_EXECUTE_LBA, vendor specific) ---- */

/*
 * Take len bytes of output. The calls come in the order of the bytes, in the thread of
 * kcsd_program_run(). While the function does not return, the run may have to wait; it occupies no
 * compute unit then. Called about four times a second with len 0 while there is nothing to take.
 * Return 0 to go on; anything else cancels the run, and kcsd_program_run() returns -ECANCELED.
 */
typedef int kcsd_output_fn(void *arg, const void *bytes, size_t len);

/*
 * Memory ranges, given one by one or as a range set of the drive, appear in the memory of the
 * program (kcsd_ranges() of kcsd_helpers.h), to read and to write. With grants, they must be a set.
 */
struct kcsd_run_opts {
	size_t sz;
	uint32_t pind;
	uint32_t nr_grants;	/* <= KCSD_MAX_GRANTS */
	const struct kcsd_lba_range *grants;	/* access: one or more of KCSD_GRANT_ANY */
	const void *args;	/* copied to ctx->args of the program */
	uint32_t args_len;	/* bytes, <= KCSD_MAX_ARGS */
	uint32_t out_len;	/* bytes of room for output; record and audit are extra, */
				/* all together <= KCSD_MAX_OUTPUT, so 16 MiB are possible */
	uint64_t cparam1;
	uint64_t cparam2;
	uint64_t budget;	/* instructions; 0, or more: the limit of the drive */
	uint32_t timeout_ms;	/* 0, or more: the limit of the drive */
	uint32_t flags;		/* KCSD_RUN_* */
	/* Below 4 GiB each; start and length are multiples of kcsd_compute_info.mrsg. */
	const struct kcsd_slm_range *ranges;
	uint32_t nr_ranges;	/* <= KCSD_GUEST_MAX_RANGES, and the limit of the drive */
	uint32_t rsid;		/* a range set, instead of ranges; 0: none */
	uint64_t stream_len;	/* with KCSD_RUN_LEN: bytes of the stream */
	/* The stream of the run, instead of grants, ranges and KCSD_RUN_LEN; NULL: none. */
	const struct kcsd_sources *sources;
	/*
	 * With kcsd_program_run() and kcsd_sim_run() only: take output of any size as it is
	 * emitted. See kcsd_output_fn. out_len is then the size of the buffer in the drive, 0: 1
	 * MiB. NULL: output comes with the result.
	 */
	kcsd_output_fn *output;
	void *output_arg;
	/*
	 * Prefixes of keys under which the program may store objects (the helper kv_store); access
	 * KCSD_GRANT_WRITE. Need a drive that is open for writing; not together with ranges.
	 */
	const struct kcsd_key_grant *key_grants;
	uint32_t nr_key_grants;	/* <= KCSD_MAX_KEY_GRANTS */
	uint32_t rsvd2;
};

/* Report the LBAs that the run read, wrote and appended. */
#define KCSD_RUN_AUDIT	0x1u
/*
 * End the stream (kcsd_stream() of kcsd_helpers.h) after stream_len bytes; 0: it is empty. Without
 * this flag it has all LBAs that are granted for reading, or all ranges.
 */
#define KCSD_RUN_LEN	0x2u

/* struct kcsd_run_record of <linux/kcsd.h> in the byte order of this machine. */
struct kcsd_run_info {
	uint32_t reason;	/* KCSD_FAULT_*; 0: the program returned */
	uint32_t pc;		/* units of 8 bytes; kcsd_object_where() */
	uint32_t helper;	/* helper in which the run ended; 0: none */
	uint32_t engine;	/* KCSD_ENGINE_* */
	uint64_t addr;		/* guest address of the failed access */
	uint64_t lba;		/* LBA of the failed access */
	uint64_t insns;		/* instructions executed; 0: not counted (JIT, no budget) */
	uint64_t run_ns;	/* time on the compute unit */
	uint64_t wait_ns;	/* time in the queue for a unit */
	uint64_t read_bytes;	/* from media */
	uint64_t written_bytes;	/* to media */
	/* Device time, on a drive with a model of time; else 0. The service does not tell it. */
	uint64_t device_ns;	/* from arrival to end: the sum of the next five */
	uint64_t link_ns;
	uint64_t controller_ns;
	uint64_t media_ns;
	uint64_t compute_ns;
	uint64_t waiting_ns;
	uint64_t late_ns;	/* so much later than that it completed */
};

struct kcsd_run_result {
	int32_t status;		/* 0, -errno or an NVMe status */
	uint32_t recorded;	/* 1: the drive wrote a record, info is valid */
	uint64_t user_data;	/* of kcsd_queue_submit() */
	uint64_t r0;		/* return value of the program; for KCSD_SC_INVALID_FIELD */
				/* the field, see kcsd_field_name(); for the statuses of */
				/* kcsd_range_set_create() that a range causes, its index */
	void *out;		/* bytes that it emitted; NULL if none */
	size_t out_len;		/* bytes */
	struct kcsd_run_info info;
	/*
	 * LBAs that a recorded run with KCSD_RUN_AUDIT accessed, each with one access; else NULL.
	 * Ranges of the same access never overlap and are never adjacent. They come in the order of
	 * their first LBA; with the same first LBA, read before written before appended. Full
	 * description at KCSD_MAX_AUDIT in <linux/kcsd.h>. Behind them are ranges of sources, with
	 * access KCSD_GRANT_READ | KCSD_AUDIT_OBJECT: the objects that it read
	 * (kcsd_sources_key()); last with KCSD_GRANT_WRITE | KCSD_AUDIT_OBJECT those that it stored
	 * (kcsd_audit_key()).
	 */
	struct kcsd_lba_range *audit;
	uint32_t nr_audit;
	uint32_t audit_flags;	/* KCSD_AUDIT_OVERFLOW: some ranges are missing */
	uint32_t flags;		/* KCSD_RESULT_*, of a recorded run */
	uint32_t rsvd;
};

/* The program emitted more than fits out_len bytes: a part of the output is missing. */
#define KCSD_RESULT_CUT		0x1u
/* Medium or zone failed an access of the program, at info.lba unless info.reason uses that. */
#define KCSD_RESULT_MEDIUM	0x2u
/* That access was of an object: info.lba is its source, see kcsd_sources_key(). */
#define KCSD_RESULT_OBJECT	0x4u

/*
 * Run an active program and wait until it completes. Returns result->status. The caller owns the
 * result and must release it with kcsd_run_result_free() when 0 or a status is returned (for -errno
 * it is zeroed, and releasing it is harmless). size: sizeof(*result).
 *
 * Statuses: KCSD_SC_PROGRAM_FAULT, KCSD_SC_PROGRAM_BUDGET, KCSD_SC_PROGRAM_TIME and
 * KCSD_SC_PROGRAM_CANCELLED: the run started and was stopped; result->info gives the place,
 * result->out holds the output up to there. KCSD_SC_NOT_ACTIVATED, KCSD_SC_NO_PROGRAM,
 * KCSD_SC_INVALID_PROGRAM_INDEX, KCSD_SC_LBA_RANGE (a grant beyond the namespace),
 * KCSD_SC_INVALID_FIELD. With ranges, also the statuses of kcsd_range_set_create();
 * KCSD_SC_INVALID_RANGE_SET_ID: no such set; KCSD_SC_INSUFFICIENT_PROGRAM_RESOURCES: more than 4
 * GiB in all. KCSD_SC_INSUFFICIENT_RESOURCES: too many runs are in flight; with opts->output, only
 * if for 30 s there are as many runs that wait for their readers as the drive allows.
 * -ECANCELED: another process wants to open a file that the program writes (kcsd_sources_settle()).
 * -EINVAL: an option has an invalid value, or ranges come with grants, a set or output; -E2BIG:
 * an option is too large; err->text names the option. -EACCES also for a write grant, ranges or a
 * set on a drive opened read-only. For every failure err->text is a sentence that names the error.
 */
KCSD_API int kcsd_program_run(struct kcsd_drive *drv, const struct kcsd_run_opts *opts,
			      struct kcsd_run_result *result, size_t size, struct kcsd_error *err);
/* Set *key to that of an object that a run stored, by its audit. Returns 0, or -ENOENT: none. */
KCSD_API int kcsd_audit_key(const struct kcsd_lba_range *range, struct kcsd_kv_key *key);
/* Free output and audit, and zero the rest. size: sizeof(*result). */
KCSD_API void kcsd_run_result_free(struct kcsd_run_result *result, size_t size);

/*
 * Describe a failed run in a sentence: status, place, reason; with the function and source line if
 * obj (may be NULL) is the object of the program. Returns err->text; if err is NULL, only the text
 * of the status.
 */
KCSD_API const char *kcsd_run_describe(const struct kcsd_run_result *result, size_t size,
				       const struct kcsd_object *obj, struct kcsd_error *err);

#ifdef __cplusplus
}
#endif

#endif
