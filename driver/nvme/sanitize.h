/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sanitize: erases all of the drive in the background. NVMe Base, "Sanitize command".
 *
 * While it does, and after it has failed, drive->gate and drive->memory_gate are closed, and all
 * I/O commands of all namespaces fail; runs that are under way are cancelled. What it has come to is kept in struct kcsd_retained: a drive that is powered off
 * meanwhile begins again when it is powered on, if it then has the same medium.
 */
#ifndef KCSD_SANITIZE_H
#define KCSD_SANITIZE_H

#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct kcsd_cmd;
struct kcsd_drive;

/* SSTAT[2:0] */
enum kcsd_sanitize_state {
	KCSD_SANITIZE_NEVER,
	KCSD_SANITIZE_DONE,
	KCSD_SANITIZE_IN_PROGRESS,
	KCSD_SANITIZE_FAILED,
};

/* The most recent one; a part of struct kcsd_retained. Written by its worker, or by who starts it. */
struct kcsd_sanitize_retained {
	u8 state;
	bool locked;		/* it failed, and nothing but Sanitize is allowed */
	u8 passes;		/* of overwriting that were completed */
	u16 share;		/* of 65536, while in progress */
	u32 cdw10;		/* of the command */
	u32 pattern;
	bool erased;		/* no user data has been written since, or ever */
};

/* Of a drive with power. */
struct kcsd_sanitize {
	struct mutex lock;		/* commands, one after another */
	struct work_struct work;	/* holds drive->live while it is queued or running */
};

void kcsd_sanitize_init(struct kcsd_drive *drive);
/* Before the first node: go on with what power off has interrupted. */
void kcsd_sanitize_power_on(struct kcsd_drive *drive);
/* drive->live has been killed: wait for its end. */
void kcsd_sanitize_destroy(struct kcsd_drive *drive);

/* 0, or the status that a command gets for a Sanitize, or a Format, that is not over. */
int kcsd_sanitize_refuses(const struct kcsd_cmd *cmd);
/*
 * A command of namespace 2 or 3 begins, of others nothing happens: 0, or a status. It exits when it
 * has ended: here, or with its run or job.
 */
int kcsd_sanitize_enter(const struct kcsd_cmd *cmd);
void kcsd_sanitize_exit(const struct kcsd_cmd *cmd);
/* Log page 81h, kvmalloc'ed, *len bytes; NULL without memory. */
void *kcsd_sanitize_page(const struct kcsd_drive *drive, u32 *len);

#endif
