/* SPDX-License-Identifier: GPL-2.0 */
/* Subsystem Local Memory (SLM): namespace 2, bytes in memory of the drive. */
#ifndef KCSD_SLM_H
#define KCSD_SLM_H

#include <linux/types.h>

struct kcsd_cmd;
struct kcsd_drive;
struct page;

/*
 * Constant from power on to power off. Holders of drive->live may read and write the bytes.
 * Accesses to the same bytes are not ordered; see <linux/kcsd.h>.
 */
struct kcsd_slm {
	u64 size;		/* bytes, whole pages; 0: the drive has no namespace 2 */
	u8 *mem;		/* all of it, mapped in one piece */
	struct page **pages;	/* the same memory as pages; freed with mem */
};

/* slm.c */
/* Allocate SLM of cfg.slm_size; none if 0. Returns 0, or -errno with a line in the kernel log. */
int kcsd_slm_init(struct kcsd_drive *drive);
void kcsd_slm_destroy(struct kcsd_drive *drive);
/* Clear all bytes. The caller ensures that no command can access them. */
void kcsd_slm_erase(struct kcsd_drive *drive);
/* Parse Memory Read and Memory Write; see cmd.h. */
int kcsd_slm_parse_rw(struct kcsd_cmd *cmd);

/* Validate the bytes that Memory Read, Write or Fill names. Returns 0 or a status. */
int kcsd_slm_check_bytes(struct kcsd_cmd *cmd);

/* slm_copy.c: parse Memory Copy and Memory Fill. Both set cmd->async. */
int kcsd_slm_parse_copy(struct kcsd_cmd *cmd);
int kcsd_slm_parse_fill(struct kcsd_cmd *cmd);

/* True if SLM contains all these bytes. */
static inline bool kcsd_slm_has(const struct kcsd_slm *slm, u64 start, u64 len)
{
	return len <= slm->size && start <= slm->size - len;
}

#endif
