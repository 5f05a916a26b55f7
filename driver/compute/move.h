/* SPDX-License-Identifier: GPL-2.0 */
/* Move LBAs between the store and memory, for the helpers of a run. */
#ifndef KCSD_MOVE_H
#define KCSD_MOVE_H

#include <linux/limits.h>
#include <linux/sizes.h>
#include <linux/types.h>

#include "media/inject.h"

struct kcsd_run;

#define KCSD_MOVE_BYTES	SZ_1M	/* moved between two checks of the clock; whole LBAs */

/* Decide if a run goes on: the tick of struct kcsd_vm_ops. */
u32 kcsd_run_tick(struct kcsd_run *run);
/* Convert a result of the store or of a zone to the return value of a helper. */
s64 kcsd_run_error(int ret);
/*
 * Remember the first access that failed, for the record and the logs. otherwise: as in
 * kcsd_lba_io_status().
 */
void kcsd_run_note_failure(struct kcsd_run *run, u64 lba, int ret, int otherwise);
#define KCSD_NO_SOURCE	U32_MAX
/* The same for an object, the source with this index; KCSD_NO_SOURCE: one that it stored. */
void kcsd_run_note_object(struct kcsd_run *run, u32 source, int ret, int otherwise);
/*
 * Inject a failure or a delay. Returns 0, or the status to fail this access with. A delay ends at
 * the deadline of the run at the latest.
 */
int kcsd_run_inject(struct kcsd_run *run, enum kcsd_inject_op op, u64 slba, u64 nlb);
/*
 * Read (KCSD_GRANT_READ) or write (KCSD_GRANT_WRITE) whole LBAs that the run may access: len bytes,
 * not 0. Moves them in pieces with a tick between two, counts and audits them, and remembers a
 * failure. Returns 0, a status or -errno. Also returns 0 if a tick has ended the run, in vm.end:
 * then only some of them, from the first on, have been moved.
 */
int kcsd_run_move(struct kcsd_run *run, u64 slba, void *buf, u64 len, u8 access);

#endif
