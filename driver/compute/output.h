/* SPDX-License-Identifier: GPL-2.0 */
/* Output of runs that the host receives by commands of its own: Run Receive. */
#ifndef KCSD_OUTPUT_H
#define KCSD_OUTPUT_H

#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/kcsd.h>

struct iov_iter;
struct kcsd_audit;
struct mem_cgroup;

/*
 * Output of one run: a ring of pages. The run writes head, and all that ended publishes; the
 * command that holds receiving writes tail. The run, the table of the open file and each command
 * that receives have a reference.
 */
struct kcsd_output {
	/* These are constant. */
	bool waits;			/* the run waits for room when the ring is full */
	u32 max;			/* bytes that the run may emit; if it waits: of the ring */
	u32 erasures;			/* compute->erasures when the run was created */
	struct mem_cgroup *memcg;	/* of the submitter, charged for the pages; referenced */

	refcount_t refs;
	unsigned long receiving;	/* bit 0: a command receives; nobody waits for it */
	wait_queue_head_t wait;		/* the run waits for room, a command for bytes or the end */
	u64 head;			/* bytes emitted */
	u64 tail;			/* bytes received */
	bool ended;
	struct kcsd_run_record record;	/* once it has ended */
	struct kcsd_audit *audit;	/* likewise; NULL: not asked for; owned */
	u32 nr_pages;
	u8 *page[] __counted_by(nr_pages);	/* NULL: not allocated yet; owned */
};

/* The outputs of a tenant. */
struct kcsd_outputs {
	spinlock_t lock;		/* protects output[]; a leaf; process context */
	struct kcsd_output *output[KCSD_MAX_OUTPUTS];	/* by OID - 1; NULL: none */
};

void kcsd_outputs_init(struct kcsd_outputs *outputs);
/* Release all outputs. No run and no command uses one. */
void kcsd_outputs_destroy(struct kcsd_outputs *outputs);

/* Create an output, charged to the caller. NULL without memory. */
struct kcsd_output *kcsd_output_create(u32 max, bool waits, u32 erasures);
void kcsd_output_put(struct kcsd_output *out);
/*
 * Put the output of a new run into the table, as OID oid, which the caller has validated; the table
 * gets a reference. Releases an output that has ended. Returns 0, or Output In Use.
 */
int kcsd_outputs_add(struct kcsd_outputs *outputs, u16 oid, struct kcsd_output *out);
/* Get an output, with a reference, or NULL if there is none. */
struct kcsd_output *kcsd_outputs_get(struct kcsd_outputs *outputs, u16 oid);
/* Remove an output from the table, if it is still there. */
void kcsd_outputs_remove(struct kcsd_outputs *outputs, u16 oid, struct kcsd_output *out);

/* ---- for the run ---- */

/* True if there is no room for a byte. */
bool kcsd_output_is_full(const struct kcsd_output *out);
/* True if a run that waits shall go on. */
bool kcsd_output_is_half_empty(const struct kcsd_output *out);
/*
 * Copy bytes to the ring, up to the end of a page. There is room for one at least. Returns their
 * number; 0 without memory.
 */
u64 kcsd_output_emit(struct kcsd_output *out, const void *src, u64 len);
/* Publish record and audit (owned from now on): the run emits no more. */
void kcsd_output_end(struct kcsd_output *out, const struct kcsd_run_record *record,
		     struct kcsd_audit *audit);

/* ---- for a command that receives ---- */

/* Returns false if another command receives. */
bool kcsd_output_receive_begin(struct kcsd_output *out);
void kcsd_output_receive_end(struct kcsd_output *out);
/* True if the run has ended: then record and audit are there. */
bool kcsd_output_has_ended(const struct kcsd_output *out);
/*
 * True if a command that receives need not wait: a page was filled, or the run has ended. Stays so.
 * Inside kcsd_output_receive_begin().
 */
bool kcsd_output_is_ready(const struct kcsd_output *out);
/*
 * Wait until it is ready. Returns 0, or -EINTR if the wait was stopped. Likewise, but outside of
 * the drive: the run ends at power off, but the task that waits may be frozen.
 */
int kcsd_output_wait(struct kcsd_output *out);
/* True if all was received of a run that has ended. */
bool kcsd_output_is_over(const struct kcsd_output *out);
/* Copy bytes that have not been received to iter. Returns their number, or -EFAULT. Likewise. */
ssize_t kcsd_output_receive(struct kcsd_output *out, struct iov_iter *iter);
/* Drop bytes of a run that has ended: they may be erased data. Likewise. */
void kcsd_output_drop(struct kcsd_output *out);

#endif
