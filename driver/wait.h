/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Let a submitter wait for its command, until the submitter is killed or the command cancelled.
 * Stop and freeze do not end the wait: suspend of the system, or a control group of version 1,
 * freezes the submitter in it. So hold nothing there that others wait for.
 */
#ifndef KCSD_WAIT_H
#define KCSD_WAIT_H

#include <linux/types.h>
#include <linux/wait.h>

struct completion;

/* Returns the task state to wait in. Wait without locks. */
unsigned int kcsd_wait_state(void);
/* Call when a signal interrupted a wait in that state. True: stop waiting; false: wait again. */
bool kcsd_wait_is_over(void);
/* Call after the last wait: makes deferred signals pending again. */
void kcsd_wait_end(void);

/* Wait until a condition is true. False if the wait was stopped before that. */
#define kcsd_wait_event(wq, condition) \
({ \
	bool over_ = false; \
\
	while (!over_ && wait_event_state(wq, condition, kcsd_wait_state())) \
		over_ = kcsd_wait_is_over(); \
	kcsd_wait_end(); \
	!over_; \
})

/* Wait for done. Returns false if the wait was stopped before that. */
bool kcsd_wait_for(struct completion *done);

#endif
