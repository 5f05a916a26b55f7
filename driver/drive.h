/* SPDX-License-Identifier: GPL-2.0 */
/* A drive with power: its references, its namespaces, and what they share. */
#ifndef KCSD_DRIVE_H
#define KCSD_DRIVE_H

#include <linux/completion.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/nospec.h>
#include <linux/percpu-refcount.h>
#include <linux/uuid.h>
#include <linux/kcsd.h>

#include "config.h"
#include "gate.h"
#include "ns.h"

struct kcsd_clock;
struct kcsd_compute;
struct kcsd_error_log;
struct kcsd_jobs;
struct kcsd_lbas;
struct kcsd_node;
struct kcsd_objects;
struct kcsd_retained;
struct kcsd_sanitize;
struct kcsd_slm;
struct kcsd_stats;

/*
 * A drive. Created at power on; all members are set before the first node appears. Power off
 * deletes the nodes, cancels the runs and waits for the commands under way (live). After that only
 * the structs remain, for files that are still open; their commands get -ENODEV.
 *
 * References: power (control/configfs.c) holds one, each node one, and the disk one (host/block.c).
 * By the last, ioctls of the block node find the drive; they then enter it like commands.
 */
struct kcsd_drive {
	struct kref ref;
	struct kcsd_config cfg;		/* constant */
	unsigned int index;		/* N of kcsdN */
	struct kcsd_retained *retained;	/* owned by the directory; valid while power is on */
	struct kcsd_error_log *errors;	/* part of retained */
	struct kcsd_stats __percpu *stats;
	u32 max_transfer;		/* bytes of one command: 4 KiB << MDTS */

	/* Limits for all commands: from cfg, until Set Features changes them. */
	u32 timeout_ms;
	u64 insn_budget;		/* instructions; 0: no limit */

	struct percpu_ref live;		/* one per command, run and job under way */
	struct completion drained;	/* live has reached 0 */

	uuid_t uuid;			/* of the sidecar, else of retained */
	struct list_head uuid_entry;	/* list in nvme/uuid.c */

	/* Allocated and freed with the drive. */
	struct kcsd_ns *ns[KCSD_NN];	/* by NSID - 1 */
	struct kcsd_clock *clock;	/* device time; owned by lbas */
	struct kcsd_lbas *lbas;		/* ns[0] to ns[3], which programs use together */
	struct kcsd_slm *slm;
	struct kcsd_compute *compute;
	struct kcsd_objects *objects;
	struct kcsd_jobs *jobs;		/* of all namespaces */
	struct kcsd_sanitize *sanitize;
	struct kcsd_gate memory_gate;	/* kcsd_ns.gate of namespaces in memory */

	struct kcsd_node *ctrl;		/* /dev/kcsdN */
};

/*
 * Allocate a drive with one reference, owned by the caller. Sets what outlives power, except for
 * stats, namespaces and sanitize. NULL without memory.
 */
struct kcsd_drive *kcsd_drive_alloc(const struct kcsd_config *config, unsigned int index);
void kcsd_drive_get(struct kcsd_drive *drive);
void kcsd_drive_put(struct kcsd_drive *drive);
/*
 * Wait until all drives are freed, before the module is unloaded: the block layer releases the
 * module before it releases the disk and, with it, the drive.
 */
void kcsd_drives_wait(void);

/* Enter the drive with a command; false if it is powering off. Any context. */
static inline bool kcsd_drive_enter(struct kcsd_drive *drive)
{
	return percpu_ref_tryget_live(&drive->live);
}

/* Leave the drive: the command is complete, and does not access the drive any more. */
static inline void kcsd_drive_exit(struct kcsd_drive *drive)
{
	percpu_ref_put(&drive->live);
}

/* Return the time limit of a command that asks for `asked`, in ms; 0: it asks for none. */
static inline u32 kcsd_drive_timeout_ms(const struct kcsd_drive *drive, u32 asked)
{
	return min_not_zero(asked, READ_ONCE(drive->timeout_ms));
}

/*
 * Return the budget of a run that asks for `asked` instructions; 0: it asks for none. Returns 0 if
 * there is no limit.
 */
static inline u64 kcsd_drive_budget(const struct kcsd_drive *drive, u64 asked)
{
	return min_not_zero(asked, READ_ONCE(drive->insn_budget));
}

/* Return the namespace of an NSID; NULL if the drive has none. */
static inline struct kcsd_ns *kcsd_drive_ns(const struct kcsd_drive *drive, u32 nsid)
{
	struct kcsd_ns *ns;

	if (!nsid || nsid > KCSD_NN)
		return NULL;
	ns = drive->ns[array_index_nospec(nsid - 1, KCSD_NN)];
	return ns->active ? ns : NULL;
}

#endif
