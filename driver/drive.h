/* SPDX-License-Identifier: GPL-2.0 */
/* A drive with power: the parts that it owns, and its references. */
#ifndef KCSD_DRIVE_H
#define KCSD_DRIVE_H

#include <linux/blk-mq.h>
#include <linux/cdev.h>
#include <linux/completion.h>
#include <linux/device.h>
#include <linux/kref.h>
#include <linux/minmax.h>
#include <linux/percpu-refcount.h>
#include <linux/uuid.h>
#include <linux/kcsd.h>
#include <linux/kcsd_bpf.h>

#include "compute/compute.h"
#include "compute/program.h"
#include "compute/program_log.h"
#include "compute/range_set.h"
#include "compute/tenant.h"
#include "config.h"
#include "media/badblocks.h"
#include "media/gate.h"
#include "media/lba_io.h"
#include "media/store.h"
#include "media/zone.h"
#include "nvme/job.h"
#include "nvme/sanitize.h"
#include "nvme/slm.h"
#include "stats/counters.h"
#include "stats/retained.h"

struct kcsd_drive;

/*
 * A char node: the controller (nsid 0) or a namespace. Holds a reference to the drive. Lives until
 * its device is deleted and the last file of it is closed.
 */
struct kcsd_node {
	struct device dev;
	struct cdev cdev;
	struct kcsd_drive *drive;
	u32 nsid;
};

/*
 * A drive. Created at power on; all members are set before the first node appears. Power off
 * deletes the nodes, cancels the runs and waits for the commands under way (live). After that only
 * this struct remains, for files that are still open; their commands get -ENODEV.
 *
 * References: power (control/configfs.c) holds one, each node one, and the disk one (host/block.c).
 * By the last, ioctls of the block node find the drive; they then enter it like commands.
 */
struct kcsd_drive {
	struct kref ref;
	struct kcsd_config cfg;		/* constant */
	unsigned int index;		/* N of kcsdN */
	u32 lba_shift;
	u64 nsze;			/* LBAs */
	struct kcsd_retained *retained;	/* owned by the directory; valid while power is on */

	/* Limits for all commands: from cfg, until Set Features changes them. */
	u32 timeout_ms;
	u64 insn_budget;		/* instructions; 0: no limit */
	struct mutex cache_lock;	/* taken to change the next */
	bool write_through;		/* Set Features: completed writes are durable */

	struct kcsd_user_tenants block_tenants;	/* users with NVMe commands on the block node */
	struct percpu_ref live;		/* one per command, run and job under way */
	struct completion drained;	/* live has reached 0 */
	struct kcsd_delayed delayed;
	bool dead;			/* power was cut: all I/O fails from now on */
	bool data_lost;			/* a flush has lost data: all writes fail from now on */

	struct kcsd_gate gate;		/* in front of all members below, up to sidecar */
	/*
	 * Gate for Sanitize: each command of namespaces 2 and 3 is inside it from its validation
	 * until it is complete.
	 */
	struct kcsd_gate memory_gate;
	struct kcsd_sanitize sanitize;
	struct kcsd_store store;
	struct kcsd_zones zones;
	struct kcsd_sidecar *sidecar;	/* NULL: memory, or sidecar is 0 */
	uuid_t uuid;			/* of the sidecar, else of retained */
	struct list_head uuid_entry;	/* list in nvme/uuid.c */
	struct kcsd_slm slm;
	struct kcsd_stats __percpu *stats;
	struct kcsd_programs programs;
	struct kcsd_range_sets range_sets;
	struct kcsd_units units;
	struct kcsd_jobs jobs;
	struct kcsd_program_log log;

	struct dentry *debugfs;		/* directory in debugfs; NULL or ERR_PTR: none */
	struct kcsd_node *ctrl;		/* /dev/kcsdN */
	struct kcsd_node *nvm;		/* /dev/kcsdgNn1 */
	struct kcsd_node *slm_node;	/* /dev/kcsdgNn2; NULL: slm.size is 0 */
	struct kcsd_node *compute;	/* /dev/kcsdgNn3 */

	/* host/block.c */
	struct gendisk *disk;		/* /dev/kcsdNn1 */
	struct blk_mq_tag_set tag_set;
	struct workqueue_struct *wq;	/* for requests that may sleep */
	bool claimed;			/* going away, refuse to open; disk->open_mutex */
};

/* drive.c */
/*
 * Allocate a drive with one reference, owned by the caller. Only members that outlive power are
 * set. NULL without memory.
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

/*
 * True if a rule of inject delays commands. Then all commands must come from a context that may
 * sleep.
 */
static inline bool kcsd_inject_sleeps(const struct kcsd_drive *drive)
{
	return READ_ONCE(drive->retained->inject.sleeps);
}

/* True if a command to namespace 1 may sleep. */
static inline bool kcsd_drive_blocks(const struct kcsd_drive *drive)
{
	return drive->store.ops->blocking || kcsd_inject_sleeps(drive);
}

/* True if there are rules of inject for such commands. */
static inline bool kcsd_inject_is_armed(const struct kcsd_drive *drive, enum kcsd_inject_op op)
{
	return READ_ONCE(drive->retained->inject.armed) & BIT(op);
}

/*
 * Apply the rules of inject to a command that begins. Returns 0, or the status to fail it with. May
 * sleep if kcsd_inject_sleeps().
 */
static inline int kcsd_inject(struct kcsd_drive *drive, const struct kcsd_inject_cmd *cmd)
{
	if (likely(!kcsd_inject_is_armed(drive, cmd->op)))
		return 0;
	return kcsd_inject_ask(drive, cmd);
}

/*
 * True if one of the LBAs is a bad block; this is counted as a media error. Reads memory only once
 * if the drive has no bad blocks.
 */
static inline bool kcsd_drive_is_bad(struct kcsd_drive *drive, u64 slba, u64 nlb)
{
	struct badblocks *bad = &drive->retained->badblocks;

	if (likely(!READ_ONCE(bad->count)) || !kcsd_badblocks_check(drive, bad, slba, nlb))
		return false;
	kcsd_stat_inc(drive, media_errors);
	return true;
}

/* Likewise for LBAs that Write Uncorrectable has marked. The LBAs are no bad blocks. */
static inline bool kcsd_drive_is_uncorrectable(struct kcsd_drive *drive, u64 slba, u64 nlb)
{
	struct badblocks *bad = &drive->retained->uncorrectable;

	if (likely(!READ_ONCE(bad->count)) || !kcsd_badblocks_check(drive, bad, slba, nlb))
		return false;
	kcsd_stat_inc(drive, media_errors);
	return true;
}

/* True if all of [slba, slba + nlb) is on the drive. */
static inline bool kcsd_drive_has_lbas(const struct kcsd_drive *drive, u64 slba, u64 nlb)
{
	return nlb <= drive->nsze && slba <= drive->nsze - nlb;
}

/* host/node.c */
int kcsd_node_init(void);
void kcsd_node_exit(void);
/*
 * Create a char node and announce it to user space. groups may be NULL. Returns the node or
 * ERR_PTR.
 */
struct kcsd_node *kcsd_node_create(struct kcsd_drive *drive, u32 nsid, struct device *parent,
				   const struct attribute_group **groups,
				   const char *fmt, ...) __printf(5, 6);
/* Delete a node: it cannot be opened any more. Files that are still open keep the struct. */
void kcsd_node_destroy(struct kcsd_node *node);

/* host/passthru.c */
extern const struct file_operations kcsd_node_fops;

/* host/block.c */
int kcsd_block_open(struct gendisk *disk, blk_mode_t mode);
void kcsd_block_free_disk(struct gendisk *disk);
int kcsd_block_ioctl(struct block_device *bdev, blk_mode_t mode, unsigned int op,
		     unsigned long arg);
int kcsd_block_create(struct kcsd_drive *drive);
u32 kcsd_block_nr_queues(const struct kcsd_drive *drive);
void kcsd_block_destroy(struct kcsd_drive *drive);
/* Wait for the requests that are executing in a context that may not sleep. */
void kcsd_block_quiesce(struct kcsd_drive *drive);
/* Claim the disk, so that it can be removed. Returns 0, or -EBUSY if it is open. */
int kcsd_block_claim(struct kcsd_drive *drive);

/* Fail all requests from now on, those of file systems too; the file systems are notified. */
void kcsd_block_kill(struct kcsd_drive *drive);

/*
 * Lose all data that was not flushed; media/power_cut.c. No command is left. The caller then closes
 * the media.
 */
void kcsd_media_cut(struct kcsd_drive *drive, u64 seed);

/* control/sysfs.c */
extern const struct attribute_group *kcsd_drive_groups[];

#endif
