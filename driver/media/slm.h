/* SPDX-License-Identifier: GPL-2.0 */
/* Subsystem Local Memory (SLM): namespace 2, bytes in memory of the drive. */
#ifndef KCSD_SLM_H
#define KCSD_SLM_H

#include <linux/types.h>

#include "ns.h"

struct page;

/*
 * Constant from power on to power off. Commands under way may read and write the bytes. Accesses to
 * the same bytes are not ordered; see <linux/kcsd.h>.
 */
struct kcsd_slm {
	struct kcsd_ns ns;
	u64 size;		/* bytes, whole pages; 0: the drive has no namespace 2 */
	u8 *mem;		/* all of it, mapped in one piece */
	struct page **pages;	/* the same memory as pages; freed with mem */
};

/*
 * Allocate `size` bytes; none if 0. Returns 0, or -errno with a line in the kernel log. name: of
 * the drive, for that line.
 */
int kcsd_slm_open(struct kcsd_slm *slm, u64 size, const char *name);
void kcsd_slm_close(struct kcsd_slm *slm);
/* Clear all bytes. The caller ensures that no command can access them. */
void kcsd_slm_erase(struct kcsd_slm *slm);

/* True if SLM contains all these bytes. */
static inline bool kcsd_slm_has(const struct kcsd_slm *slm, u64 start, u64 len)
{
	return len <= slm->size && start <= slm->size - len;
}

#endif
