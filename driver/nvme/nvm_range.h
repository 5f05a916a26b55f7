/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ranges of LBAs, split into pieces: for commands of namespace 1 that transfer no LBA data over the
 * link but may take long. They are jobs, so that no submitter waits and each can be cancelled.
 */
#ifndef KCSD_NVM_RANGE_H
#define KCSD_NVM_RANGE_H

#include <linux/types.h>

#include "clock/clock.h"
#include "media/inject.h"

struct kcsd_cmd;
struct kcsd_cmd_uses;
struct kcsd_job;

struct kcsd_nvm_range {
	u64 slba;
	u64 nlb;
};

/*
 * Validate a command with SLBA and NLB but no data: unused fields, at most max bytes, LBAs on the
 * drive. Returns 0 or the status.
 */
int kcsd_nvm_range_validate(struct kcsd_cmd *cmd, const struct kcsd_cmd_uses *uses, u64 max);
/*
 * Create the job of a command on nlb LBAs in total, like kcsd_job_create(): allocates size bytes
 * with the job as first member. The caller sets execute.
 */
struct kcsd_job *kcsd_nvm_job_create(struct kcsd_cmd *cmd, size_t size, u64 nlb, int *ret);
/* Returns 0, or the status of an error injected into this access. Sleeps for an injected delay. */
int kcsd_nvm_range_inject(struct kcsd_job *job, enum kcsd_inject_op op,
			  const struct kcsd_nvm_range *r);
/*
 * Call fn for pieces of at most `most` bytes, in ascending order. Returns the first result that is
 * not 0, after setting job->async.lba; Command Abort Requested if the job is cancelled; otherwise
 * 0.
 */
int kcsd_nvm_range_each(struct kcsd_job *job, const struct kcsd_nvm_range *r, u64 most,
			int (*fn)(struct kcsd_job *job, const struct kcsd_nvm_range *piece));

/*
 * Allocate zeroed memory for one piece of at most `most` bytes of nlb LBAs; the caller frees it by
 * kvfree(). Call it while the job executes: queued jobs hold no buffer. Returns NULL without
 * memory.
 */
void *kcsd_nvm_range_buffer(struct kcsd_job *job, u64 nlb, u64 most);

/*
 * Let a job take device time for a range, inside the drive: op is KCSD_TIMING_READ, _WRITE or
 * _TRIM; fua: of a write. order: kcsd_clock_submit().
 */
void kcsd_nvm_range_take_time(struct kcsd_job *job, struct kcsd_time *time, u8 op, bool fua,
			      const struct kcsd_nvm_range *r, enum kcsd_clock_order order);

/* Read or write one piece, to or from kernel memory. Return 0 or a status. */
int kcsd_nvm_range_read(struct kcsd_job *job, const struct kcsd_nvm_range *piece, void *to);
int kcsd_nvm_range_write(struct kcsd_job *job, const struct kcsd_nvm_range *piece,
			 const void *from);

#endif
