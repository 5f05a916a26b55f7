/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A gate in front of data. It is closed while all of the data is erased, so that nobody reads or
 * writes half-erased data.
 */
#ifndef KCSD_GATE_H
#define KCSD_GATE_H

#include <linux/completion.h>
#include <linux/mutex.h>
#include <linux/percpu-refcount.h>
#include <linux/types.h>

struct kcsd_gate {
	struct percpu_ref passing;	/* one per access that is under way */
	struct completion empty;	/* completed when the gate is closed and passing is 0 */
	struct mutex lock;		/* serialises close and open; held to change status */
	int status;			/* returned to others while the gate is closed; 0: open */
};

/* Return 0 or -ENOMEM. */
int kcsd_gate_init(struct kcsd_gate *gate);
void kcsd_gate_destroy(struct kcsd_gate *gate);

/* Close the gate. Return 0, or the status with which another caller has closed it. */
int kcsd_gate_close(struct kcsd_gate *gate, int status);
/* Wait until no access is under way. The caller has closed the gate. */
void kcsd_gate_wait(struct kcsd_gate *gate);
/* Change the status of a closed gate. */
void kcsd_gate_set_status(struct kcsd_gate *gate, int status);
/* Open the gate. Call after kcsd_gate_wait(). */
void kcsd_gate_open(struct kcsd_gate *gate);

/* Return 0 if the gate is open, else its status. */
static inline int kcsd_gate_status(const struct kcsd_gate *gate)
{
	return READ_ONCE(gate->status);
}

/* Pass the gate. Return 0, or the status with which it is closed. Any context. */
static inline int kcsd_gate_enter(struct kcsd_gate *gate)
{
	int status;

	/* Try again if the gate has just been opened. */
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
