/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Audit of a run: the LBAs that it touched, the objects that it read and stored. Recorded while it
 * runs, if the command asks for it.
 */
#ifndef KCSD_AUDIT_H
#define KCSD_AUDIT_H

#include <linux/types.h>
#include <linux/kcsd.h>

#include "kv/kv.h"

struct iov_iter;

/* Maximum length of an audit, in bytes: reserve so much in the output buffer of the host. */
#define KCSD_AUDIT_LEN \
	(sizeof(struct kcsd_audit_header) + KCSD_MAX_AUDIT * sizeof(struct kcsd_audit_range))

/* One range, [first, end). Ranges of one list neither overlap nor adjoin. */
struct kcsd_audit_lbas {
	u64 first;
	u64 end;
};

/* Ranges in ascending order. */
struct kcsd_audit_list {
	u32 nr;
	struct kcsd_audit_lbas range[KCSD_MAX_AUDIT];
};

enum kcsd_audit_kind {
	KCSD_AUDIT_READ, KCSD_AUDIT_WRITTEN, KCSD_AUDIT_APPENDED, KCSD_AUDIT_MANAGED,
	KCSD_AUDIT_OBJECTS,	/* ranges of sources; behind all others */
	KCSD_AUDIT_KINDS
};

/*
 * Owned by one run; no lock needed. All lists together have at most KCSD_MAX_AUDIT ranges and
 * stored objects.
 */
struct kcsd_audit {
	bool overflow;			/* a range was dropped, no room was left */
	struct kcsd_audit_list list[KCSD_AUDIT_KINDS];
	u32 nr_stored;
	struct kcsd_kv_name stored[KCSD_MAX_AUDIT];	/* each key once, in order */
};

/* Allocate an empty audit, to be freed by kvfree(). Returns NULL without memory. */
struct kcsd_audit *kcsd_audit_alloc(void);
/* Add LBAs to the audit. access is one of those in <linux/kcsd.h>. */
void kcsd_audit_note(struct kcsd_audit *audit, u64 slba, u64 nlb, u8 access);

/*
 * Record an access to LBAs by a run. access is one of KCSD_GRANT_*. audit is NULL if the command
 * did not ask for one.
 */
static inline void kcsd_audit_add(struct kcsd_audit *audit, u64 slba, u64 nlb, u8 access)
{
	if (audit)
		kcsd_audit_note(audit, slba, nlb, access);
}

/* The same for the object that is this source. */
static inline void kcsd_audit_add_object(struct kcsd_audit *audit, u32 source)
{
	kcsd_audit_add(audit, source, 1, KCSD_GRANT_READ | KCSD_AUDIT_OBJECT);
}

/* Record that an object was stored. audit may be NULL. */
void kcsd_audit_add_stored(struct kcsd_audit *audit, const struct kcsd_kv_name *name);

/* Return the length of the copy for the host, in bytes. */
u32 kcsd_audit_len(const struct kcsd_audit *audit);
/* Copy the audit to the host, kcsd_audit_len() bytes. Returns 0 or -EFAULT. */
int kcsd_audit_copy(const struct kcsd_audit *audit, struct iov_iter *to);

#endif
