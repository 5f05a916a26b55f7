/* SPDX-License-Identifier: GPL-2.0 */
/* Subsystem Local Memory: namespace 2, bytes in the drive's own memory. */
#ifndef KCSD_SLM_H
#define KCSD_SLM_H

#include <linux/types.h>

struct kcsd_cmd;
struct kcsd_drive;
struct page;

/*
 * Constant from power on to power off. Anyone who holds drive->live may read and write the bytes;
 * nothing orders those who touch the same ones (<linux/kcsd.h> says what to expect).
 */
struct kcsd_slm {
	u64 size;		/* bytes, whole pages; 0: the drive has no namespace 2 */
	u8 *mem;		/* all of it, mapped in one piece */
	struct page **pages;	/* the same, a page at a time; mem's */
};

/* slm.c */
/* 0 (without memory too, if the configuration wants none) or -errno with a line in the log. */
int kcsd_slm_init(struct kcsd_drive *drive);
void kcsd_slm_destroy(struct kcsd_drive *drive);
/* Clear all bytes. No command is under way that could touch them, and none can begin. */
void kcsd_slm_erase(struct kcsd_drive *drive);
/* Memory Read and Write: parse (see cmd.h). */
int kcsd_slm_parse_rw(struct kcsd_cmd *cmd);

/* Read, Write and Fill name their bytes alike: 0, or the status if these are not there. */
int kcsd_slm_check_bytes(struct kcsd_cmd *cmd);

/* slm_copy.c: these two set cmd->job. */
int kcsd_slm_parse_copy(struct kcsd_cmd *cmd);
int kcsd_slm_parse_fill(struct kcsd_cmd *cmd);

/* Are these bytes in SLM? */
static inline bool kcsd_slm_has(const struct kcsd_slm *slm, u64 start, u64 len)
{
	return len <= slm->size && start <= slm->size - len;
}

#endif
