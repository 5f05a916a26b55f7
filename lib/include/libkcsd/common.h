/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Conventions of calls, errors, and names of numbers, for all of libkcsd. By <libkcsd.h>. */
#ifndef LIBKCSD_COMMON_H
#define LIBKCSD_COMMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/kcsd.h>
#include <linux/kcsd_bpf.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define KCSD_API __attribute__((visibility("default")))
#else
#define KCSD_API
#endif

/*
 * Declare a struct that begins with its size:
 *	KCSD_OPTS(kcsd_run_opts, opts, .pind = 3, .cparam1 = 7);
 * In C++ it takes no initialisers: set the members one by one afterwards.
 */
#ifdef __cplusplus
#define KCSD_OPTS(type, name) \
	struct type name = {}; \
	name.sz = sizeof(struct type)
#else
#define KCSD_OPTS(type, name, ...) \
	struct type name = { .sz = sizeof(struct type), ##__VA_ARGS__ }
#endif

/* Returns the version of the library in use, "0.1.0". */
KCSD_API const char *kcsd_version(void);

/*
 * Description of an error, for people. Every call that takes one accepts NULL; the call writes it
 * (text always NUL-terminated, one line, no newline) only on failure.
 */
#define KCSD_ERROR_LEN	512
struct kcsd_error {
	uint32_t verdict;	/* KCSD_VERDICT_*: reason for refusing a program; 0: other error */
	uint32_t pc;		/* instruction of the whole program, units of 8 bytes */
	char text[KCSD_ERROR_LEN];
};

/* LBAs of namespace 1: granted to a run, accessed by a run, or copied. */
struct kcsd_lba_range {
	uint64_t slba;
	uint64_t nlb;		/* LBAs, or in a grant with KCSD_GRANT_ZONES zones; not 0 */
	uint32_t access;	/* KCSD_GRANT_* */
	uint32_t key_len;	/* 0, but of a stored object in an audit: kcsd_audit_key() */
};

/* Bytes of SLM. */
struct kcsd_slm_range {
	uint64_t start;		/* first byte */
	uint64_t len;		/* bytes, not 0 */
};

/* ---- Names: constant strings, never NULL; "UNKNOWN" or "unknown ..." for other numbers ---- */

/* NVMe status (flags such as DNR are ignored): "INVALID_FIELD", "Invalid Field in Command". */
KCSD_API const char *kcsd_status_name(int status);
KCSD_API const char *kcsd_status_text(int status);
/*
 * Reason for the completion of a run, KCSD_FAULT_*: "MEMORY", "access outside the memory of
 * the program".
 */
KCSD_API const char *kcsd_fault_name(uint32_t reason);
KCSD_API const char *kcsd_fault_text(uint32_t reason);
/* Reason for the refusal of a program, KCSD_VERDICT_*: "HELPER", "call of an unknown helper". */
KCSD_API const char *kcsd_verdict_name(uint32_t verdict);
KCSD_API const char *kcsd_verdict_text(uint32_t verdict);
/*
 * The field that made a command invalid (enum kcsd_field), from the 64-bit result of
 * KCSD_SC_INVALID_FIELD: "CDW12".
 */
KCSD_API const char *kcsd_field_name(uint64_t result);
/* Helper id, KCSD_HELPER_*: "read". For 0, "none". */
KCSD_API const char *kcsd_helper_name(uint32_t id);
/* Condition of a zone, KCSD_ZONE_COND_*: "IMP_OPEN", "implicitly open". */
KCSD_API const char *kcsd_zone_cond_name(uint32_t cond);
KCSD_API const char *kcsd_zone_cond_text(uint32_t cond);
/* Engine of a run, KCSD_ENGINE_*: "none", "interp", "jit", "lowered". */
KCSD_API const char *kcsd_engine_name(uint32_t engine);
/* Any return value of this library: the text of the status, or that of the system for -errno. */
KCSD_API const char *kcsd_error_text(int ret);

#ifdef __cplusplus
}
#endif

#endif
