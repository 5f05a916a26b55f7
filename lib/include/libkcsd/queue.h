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
 * Create a queue. depth: maximum of runs in flight, 1..KCSD_MAX_QUEUE_DEPTH. -EINVAL: another
 * depth. -ENOSYS, -EPERM: io_uring is not available. Others as io_uring_setup(2).
 */
KCSD_API int kcsd_queue_create(struct kcsd_drive *drv, unsigned int depth,
			       struct kcsd_queue **queue);

/*
 * Start a run. Copies all that opts points to, which may be reused at once. The queue owns the
 * memory of the run until it is reaped.
 *
 * -EAGAIN: depth runs are in flight: reap one, then submit again. -EINVAL, -E2BIG, -EACCES: as
 * kcsd_program_run(). Never a status: statuses come with the result.
 */
KCSD_API int kcsd_queue_submit(struct kcsd_queue *queue, const struct kcsd_run_opts *opts,
			       uint64_t user_data, struct kcsd_error *err);

/*
 * Get the result of one completed run, in the order of completion. The caller owns it and releases
 * it with kcsd_run_result_free(). timeout_ms: 0: do not wait, -1: wait without limit. Unlike
 * kcsd_program_run(), this returns 0 whenever there is a result, even if the run failed: read
 * result->status.
 *
 * -EAGAIN: timeout_ms is 0 and no run has completed. -ETIME: none completed within timeout_ms.
 * -ENOENT: none is in flight. -EINTR: a signal came (runs continue).
 */
KCSD_API int kcsd_queue_reap(struct kcsd_queue *queue, struct kcsd_run_result *result,
			     size_t size, int timeout_ms);

/* Returns the number of runs submitted and not yet reaped. */
KCSD_API unsigned int kcsd_queue_inflight(const struct kcsd_queue *queue);
/*
 * Returns a file descriptor for poll(2): readable when a run has completed. Do not read it. Never
 * fails.
 */
KCSD_API int kcsd_queue_fd(const struct kcsd_queue *queue);

/*
 * Cancel the runs in flight, wait until the drive no longer uses their memory, and free the queue.
 * Results not reaped are lost. NULL is allowed. If a forked child still holds the queue, this
 * returns after a minute without freeing the memory of unfinished runs.
 */
KCSD_API void kcsd_queue_destroy(struct kcsd_queue *queue);

#ifdef __cplusplus
}
#endif

#endif
