/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ranges of LBAs in pieces: for commands of namespace 1 that move nothing over the link, but may
 * take long. They are jobs, so that no submitter is kept busy and each can be cancelled.
 */
#ifndef KCSD_NVM_RANGE_H
#define KCSD_NVM_RANGE_H

#include <linux/types.h>

#include "media/inject.h"

struct kcsd_cmd;
struct kcsd_job;

struct kcsd_nvm_range {
	u64 slba;
	u64 nlb;
};

/*
 * Create the job of a command about nlb LBAs in all, as kcsd_job_create(): size bytes, of which it is
 * the first member. The caller sets execute.
 */
struct kcsd_job *kcsd_nvm_job_create(struct kcsd_cmd *cmd, size_t size, u64 nlb, int *ret);
/* Return 0, or the status that an access to the range is told to fail with. May sleep. */
int kcsd_nvm_range_inject(struct kcsd_job *job, enum kcsd_inject_op op,
			  const struct kcsd_nvm_range *r);
/*
 * Call fn for pieces of at most `most` bytes, in ascending order. Ends with the first result that is
 * not 0, after setting job->lba; otherwise with Command Abort Requested when the job is cancelled.
 */
int kcsd_nvm_range_each(struct kcsd_job *job, const struct kcsd_nvm_range *r, u64 most,
			int (*fn)(struct kcsd_job *job, const struct kcsd_nvm_range *piece));

/*
 * Memory, zeroed, for pieces of at most `most` bytes of nlb LBAs; kvfree() it. For the time that a job
 * is carried out: those that wait have none.
 */
void *kcsd_nvm_range_buffer(struct kcsd_job *job, u64 nlb, u64 most);

/* Read or write one piece, to or from kernel memory. A status. */
int kcsd_nvm_range_read(struct kcsd_job *job, const struct kcsd_nvm_range *piece, void *to);
int kcsd_nvm_range_write(struct kcsd_job *job, const struct kcsd_nvm_range *piece,
			 const void *from);

#endif
