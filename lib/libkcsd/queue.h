/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Many runs at once. By <libkcsd.h>. */
#ifndef LIBKCSD_QUEUE_H
#define LIBKCSD_QUEUE_H

#include <libkcsd/run.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Queues: many runs at once, over io_uring ---- */

struct kcsd_queue;

#define KCSD_MAX_QUEUE_DEPTH	4096

/*
 * depth: runs in flight at most, 1..KCSD_MAX_QUEUE_DEPTH. -EINVAL: another
 * depth. -ENOSYS, -EPERM: no io_uring here. Others as io_uring_setup(2).
 */
KCSD_API int kcsd_queue_create(struct kcsd_drive *drv, unsigned int depth,
			       struct kcsd_queue **queue);

/*
 * Start a run. What opts points to is copied and may be reused at once; the
 * memory of the run belongs to the queue until it is reaped.
 *
 * -EAGAIN: depth runs are in flight: reap one, then submit again. -EINVAL,
 * -E2BIG, -EACCES: as kcsd_run(). Never a status: those come with the result.
 */
KCSD_API int kcsd_queue_submit(struct kcsd_queue *queue, const struct kcsd_run_opts *opts,
			       uint64_t user_data, struct kcsd_error *err);

/*
 * Take the result of one run that ended, in the order they end. Release it
 * with kcsd_run_result_free(). timeout_ms: 0: do not wait, -1: wait for ever.
 * Unlike kcsd_run() this returns 0 whenever there is a result, however the run
 * went: look at result->status.
 *
 * -EAGAIN: timeout_ms is 0 and none has ended. -ETIME: none has within
 * timeout_ms. -ENOENT: none is in flight. -EINTR: a signal came (runs go on).
 */
KCSD_API int kcsd_queue_reap(struct kcsd_queue *queue, struct kcsd_run_result *result,
			     size_t size, int timeout_ms);

/* Runs submitted and not yet reaped. */
KCSD_API unsigned int kcsd_queue_inflight(const struct kcsd_queue *queue);
/* For poll(2): readable when a run has ended. Do not read it. Never fails. */
KCSD_API int kcsd_queue_fd(const struct kcsd_queue *queue);

/*
 * Cancel what is in flight, wait until the drive has let go of its memory, free
 * all. Results not reaped are lost. NULL is allowed. If a forked child still
 * holds the queue, the memory of unfinished runs is not freed after a minute.
 */
KCSD_API void kcsd_queue_destroy(struct kcsd_queue *queue);

#ifdef __cplusplus
}
#endif

#endif
