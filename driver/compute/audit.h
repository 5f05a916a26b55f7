/* SPDX-License-Identifier: GPL-2.0 */
/* Which LBAs a run touched: gathered while it runs, for a run that was asked to. */
#ifndef KCSD_AUDIT_H
#define KCSD_AUDIT_H

#include <linux/types.h>
#include <linux/kcsd.h>

/* What an audit can take in the host's buffer, to be kept free for it. */
#define KCSD_AUDIT_LEN \
	(sizeof(struct kcsd_audit_header) + KCSD_MAX_AUDIT * sizeof(struct kcsd_audit_extent))

/* [first, end); of one list, no two touch. */
struct kcsd_audit_range {
	u64 first;
	u64 end;
};

/* Ascending. */
struct kcsd_audit_list {
	u32 nr;
	struct kcsd_audit_range range[KCSD_MAX_AUDIT];
};

enum kcsd_audit_kind { KCSD_AUDIT_READ, KCSD_AUDIT_WRITTEN, KCSD_AUDIT_APPENDED, KCSD_AUDIT_KINDS };

/* A run's own, without locks. The lists together have at most KCSD_MAX_AUDIT ranges. */
struct kcsd_audit {
	bool overflow;			/* a range found no room */
	struct kcsd_audit_list list[KCSD_AUDIT_KINDS];
};

/* NULL without memory. For kvfree(). */
struct kcsd_audit *kcsd_audit_alloc(void);
void kcsd_audit_note(struct kcsd_audit *audit, u64 slba, u64 nlb, u8 access);

/* A run does this (KCSD_GRANT_*, one of them) to LBAs. audit NULL: nobody asked. */
static inline void kcsd_audit_add(struct kcsd_audit *audit, u64 slba, u64 nlb, u8 access)
{
	if (audit)
		kcsd_audit_note(audit, slba, nlb, access);
}

/* As the host gets it: how many bytes, and to copy them there. 0 or -EFAULT. */
u32 kcsd_audit_len(const struct kcsd_audit *audit);
int kcsd_audit_copy(const struct kcsd_audit *audit, void __user *to);

#endif
