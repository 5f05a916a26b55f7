/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sanitize: erase the whole drive in the background. NVMe Base, "Sanitize command".
 *
 * During Sanitize, and after it failed, the gates of all namespaces are closed: all I/O
 * commands of all namespaces fail. Runs in flight are cancelled. struct kcsd_retained holds the
 * state: if power off interrupts Sanitize, power on starts it again, unless the medium is another.
 */
#ifndef KCSD_SANITIZE_H
#define KCSD_SANITIZE_H

#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct kcsd_cmd;
struct kcsd_drive;
struct kcsd_gate;
struct kcsd_opcode;

/* SSTAT[2:0] */
enum kcsd_sanitize_state {
	KCSD_SANITIZE_NEVER,
	KCSD_SANITIZE_DONE,
	KCSD_SANITIZE_IN_PROGRESS,
	KCSD_SANITIZE_FAILED,
};

/*
 * State of the most recent Sanitize; a part of struct kcsd_retained. Written by its worker, or by
 * the command or power on that starts it.
 */
struct kcsd_sanitize_retained {
	u8 state;
	bool locked;		/* Sanitize failed: only another Sanitize is allowed */
	u8 passes;		/* completed passes of overwriting */
	u16 share;		/* progress, of 65536 */
	u32 cdw10;		/* of the command */
	u32 pattern;
};

/* Sanitize of a powered drive. */
struct kcsd_sanitize {
	struct mutex lock;		/* serialises commands, and who closes a gate */
	struct work_struct work;	/* holds drive->live while it is queued or running */
	struct kcsd_drive *drive;
};

/* Set drive->sanitize. Returns 0 or -ENOMEM. */
int kcsd_sanitize_alloc(struct kcsd_drive *drive);
/* Start an interrupted Sanitize again. Call before the first node is created. */
void kcsd_sanitize_power_on(struct kcsd_drive *drive);
/* Wait for the worker to end. The caller has killed drive->live. */
void kcsd_sanitize_destroy(struct kcsd_drive *drive);

/* Close a gate for Format: as kcsd_gate_close(), but not while a Sanitize begins. */
int kcsd_sanitize_close_gate(struct kcsd_drive *drive, struct kcsd_gate *gate, int status);
/* Returns 0, or the status with which Sanitize (in progress, failed) or Format refuses cmd. */
int kcsd_sanitize_refuses(const struct kcsd_cmd *cmd);
/*
 * Enter the gate of the namespace of an I/O command, if it has one. Returns 0 or a status. The
 * command exits when it is complete: by kcsd_sanitize_exit(), or with its run or job.
 */
int kcsd_sanitize_enter(const struct kcsd_cmd *cmd, const struct kcsd_opcode *opcode);
void kcsd_sanitize_exit(const struct kcsd_cmd *cmd);
/* Returns log page 81h, *len bytes; the caller frees it by kvfree(). NULL: no memory. */
void *kcsd_sanitize_page(const struct kcsd_drive *drive, u32 *len);

#endif
