/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Runs of programs. By <libkcsd.h>. */
#ifndef LIBKCSD_RUN_H
#define LIBKCSD_RUN_H

#include <libkcsd/drive.h>
#include <libkcsd/object.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Runs: Execute Program, Execute on LBAs (KCSD_CMD_EXECUTE_LBA, vendor specific) ---- */

struct kcsd_grant {
	uint64_t slba;
	uint32_t nlb;		/* LBAs, or with KCSD_GRANT_ZONES zones; not 0 */
	uint32_t access;	/* KCSD_GRANT_*: at least one of KCSD_GRANT_ANY */
};

/* A piece of SLM. Start and length: multiples of the granularity (identify_compute()). */
struct kcsd_slm_range {
	uint64_t start;		/* first byte */
	uint64_t len;		/* bytes, not 0, below 4 GiB */
};

/*
 * Memory ranges, by themselves or as a set of the drive's, are in the program's memory
 * (kcsd_ranges() of kcsd_helpers.h) to read and to write. With grants, they must be a set.
 */
struct kcsd_run_opts {
	size_t sz;
	uint32_t pind;
	uint32_t nr_grants;	/* <= KCSD_MAX_GRANTS */
	const struct kcsd_grant *grants;
	const void *args;	/* what the program finds at ctx->args */
	uint32_t args_len;	/* bytes, <= KCSD_MAX_ARGS */
	uint32_t out_len;	/* bytes of output to make room for; record and audit are extra */
				/* all together <= KCSD_MAX_OUTPUT, so 16 MiB are possible */
	uint64_t cparam1;
	uint64_t cparam2;
	uint64_t budget;	/* instructions; 0, or more: the drive's limit */
	uint32_t timeout_ms;	/* 0, or more: the drive's limit */
	uint32_t flags;		/* KCSD_RUN_* */
	const struct kcsd_slm_range *ranges;
	uint32_t nr_ranges;	/* <= KCSD_GUEST_MAX_RANGES, and the drive's own limit */
	uint32_t rsid;		/* a range set, instead of ranges; 0: none */
	uint64_t stream_len;	/* with KCSD_RUN_LEN: bytes of the stream */
};

/* Report which LBAs the run read, wrote and appended. */
#define KCSD_RUN_AUDIT	0x1u
/*
 * The stream (kcsd_stream() of kcsd_helpers.h) ends after stream_len bytes; 0: it is empty. Without
 * this flag it has all LBAs that are granted for reading, or all ranges.
 */
#define KCSD_RUN_LEN	0x2u

/* struct kcsd_run_record of <linux/kcsd.h> in this machine's byte order. */
struct kcsd_run_info {
	uint32_t reason;	/* KCSD_FAULT_*; 0: it ran to its end */
	uint32_t pc;		/* units of 8 bytes; kcsd_object_where() */
	uint32_t helper;	/* it was in this one; 0: in none */
	uint32_t engine;	/* KCSD_ENGINE_* */
	uint64_t addr;		/* guest address of the failed access */
	uint64_t lba;		/* LBA of the failed access */
	uint64_t insns;		/* instructions run; 0 by the JIT without a budget: not counted */
	uint64_t run_ns;	/* on the compute unit */
	uint64_t wait_ns;	/* queued for one */
	uint64_t read_bytes;	/* from media */
	uint64_t written_bytes;	/* to media */
};

/*
 * LBAs that a run touched. Of one access no two extents overlap or are adjacent; they come by
 * first LBA, a read one before a written one before an appended one. <linux/kcsd.h> says all:
 * KCSD_MAX_AUDIT.
 */
struct kcsd_extent {
	uint64_t slba;
	uint64_t nlb;		/* LBAs */
	uint32_t access;	/* KCSD_GRANT_READ, _WRITE or _APPEND */
	uint32_t rsvd;
};

struct kcsd_run_result {
	int32_t status;		/* 0, -errno or an NVMe status */
	uint32_t recorded;	/* 1: the drive wrote a record, info is valid */
	uint64_t user_data;	/* of kcsd_queue_submit() */
	uint64_t r0;		/* what the program returned; for KCSD_SC_INVALID_FIELD */
				/* the field, see kcsd_field_name(); for those of */
				/* range_set_create() that a range is at fault for, which */
	void *out;		/* what it emitted; NULL if nothing */
	size_t out_len;		/* bytes */
	struct kcsd_run_info info;
	struct kcsd_extent *audit; /* with KCSD_RUN_AUDIT, of a recorded run; else NULL */
	uint32_t nr_audit;
	uint32_t audit_flags;	/* KCSD_AUDIT_OVERFLOW: some extents are missing */
	uint32_t flags;		/* KCSD_RESULT_*, of a recorded run */
	uint32_t rsvd;
};

/* Not all that the program emitted fitted into out_len bytes of output. */
#define KCSD_RESULT_CUT		0x1u
/* Medium or zone failed an access of the program: info.lba, unless info.reason has another. */
#define KCSD_RESULT_MEDIUM	0x2u

/*
 * Run an active program and wait for its end. Returns result->status. The
 * result must be released with kcsd_run_result_free() when 0 or a status is
 * returned (for -errno it is zeroed, to release it does no harm). size: sizeof(*result).
 *
 * Statuses: KCSD_SC_PROGRAM_FAULT, KCSD_SC_PROGRAM_BUDGET,
 * KCSD_SC_PROGRAM_TIME and KCSD_SC_PROGRAM_CANCELLED: the run began and ended
 * early, result->info tells where, result->out holds what it had emitted.
 * KCSD_SC_NOT_ACTIVATED, KCSD_SC_NO_PROGRAM, KCSD_SC_INVALID_PROGRAM_INDEX,
 * KCSD_SC_LBA_RANGE (a grant beyond the namespace), KCSD_SC_INVALID_FIELD. Of ranges, those of
 * range_set_create(), too; KCSD_SC_INVALID_RANGE_SET_ID: no such set;
 * KCSD_SC_INSUFFICIENT_PROGRAM_RESOURCES: more than 4 GiB in all.
 * -EINVAL: an option has no such value, or ranges come with grants or a set; -E2BIG: one
 * is too large; err->text names the option. -EACCES also for a write grant, ranges or
 * a set on a drive opened read-only.
 * For every failure err->text is a sentence that names what is wrong.
 */
KCSD_API int kcsd_run(struct kcsd_drive *drv, const struct kcsd_run_opts *opts,
		      struct kcsd_run_result *result, size_t size, struct kcsd_error *err);
/* Free output and audit, and zero the rest. size: sizeof(*result). */
KCSD_API void kcsd_run_result_free(struct kcsd_run_result *result, size_t size);

/*
 * Put a run that failed into a sentence: status, place, reason; with the
 * function and source line when obj (may be NULL) is the program's. Returns
 * err->text; for err NULL only the status's text.
 */
KCSD_API const char *kcsd_run_describe(const struct kcsd_run_result *result, size_t size,
				       const struct kcsd_object *obj, struct kcsd_error *err);

#ifdef __cplusplus
}
#endif

#endif
