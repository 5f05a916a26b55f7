/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How a submitter waits for its command: until its death or cancellation. Being stopped or frozen
 * ends no wait; the system's suspend finds the submitter frozen in it.
 */
#ifndef KCSD_WAIT_H
#define KCSD_WAIT_H

#include <linux/types.h>

struct completion;

/* The task state to wait in. Hold no lock. */
unsigned int kcsd_wait_state(void);
/* A signal has interrupted a wait in that state: true: give up; false: wait again. */
bool kcsd_wait_is_over(void);
/* After the last wait: signals that were put off are pending again. */
void kcsd_wait_end(void);

/* False: given up. */
bool kcsd_wait_for(struct completion *done);

#endif
