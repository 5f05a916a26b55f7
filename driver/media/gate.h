/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The gate in front of the medium of namespace 1: closed while all of it is erased, so that nobody
 * reads or writes what is half erased. lba_io.c passes it for everyone.
 */
#ifndef KCSD_GATE_H
#define KCSD_GATE_H

#include <linux/completion.h>
#include <linux/mutex.h>
#include <linux/percpu-refcount.h>
#include <linux/types.h>

struct kcsd_gate {
	struct percpu_ref passing;	/* one per access to the medium that is under way */
	struct completion empty;	/* closed, and passing has reached 0 */
	struct mutex lock;		/* closing, opening; status, to change it */
	int status;			/* what others get while it is closed; 0: it is open */
};

/* 0 or -ENOMEM. */
int kcsd_gate_init(struct kcsd_gate *gate);
void kcsd_gate_destroy(struct kcsd_gate *gate);

/* Close it: 0, or the status with which somebody else has closed it before. */
int kcsd_gate_close(struct kcsd_gate *gate, int status);
/* Wait until nobody is inside of the gate that the caller has closed. */
void kcsd_gate_wait(struct kcsd_gate *gate);
/* Keep it closed, from now on with this status. */
void kcsd_gate_set_status(struct kcsd_gate *gate, int status);
/* After kcsd_gate_wait(). */
void kcsd_gate_open(struct kcsd_gate *gate);

/* 0 if it is open. */
static inline int kcsd_gate_status(const struct kcsd_gate *gate)
{
	return READ_ONCE(gate->status);
}

/* Pass it: 0, or the status that it is closed with. Any context. */
static inline int kcsd_gate_enter(struct kcsd_gate *gate)
{
	int status;

	/* One that has just been opened: try again. */
	while (unlikely(!percpu_ref_tryget_live(&gate->passing))) {
		status = kcsd_gate_status(gate);
		if (status)
			return status;
	}
	return 0;
}

static inline void kcsd_gate_exit(struct kcsd_gate *gate)
{
	percpu_ref_put(&gate->passing);
}

#endif
