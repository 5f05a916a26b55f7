/* SPDX-License-Identifier: GPL-2.0 */
/* A powered drive: what it owns, and how long it lives. */
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
 * A char node: the controller (nsid 0) or a namespace. Lives until its device
 * is deleted and the last file on it is closed; holds a reference to the drive.
 */
struct kcsd_node {
	struct device dev;
	struct cdev cdev;
	struct kcsd_drive *drive;
	u32 nsid;
};

/*
 * Made at power on, all set before the first node appears. Power off deletes
 * the nodes, ends the runs and waits for the commands under way (live); what
 * remains then is this structure, for files still open, whose commands get
 * -ENODEV. References: power (control/configfs.c) holds one, every node one, the disk one
 * (host/block.c): ioctls of the block node find the drive by it, and enter it as commands do.
 */
struct kcsd_drive {
	struct kref ref;
	struct kcsd_config cfg;		/* constant */
	unsigned int index;		/* N of kcsdN */
	u32 lba_shift;
	u64 nsze;			/* LBAs */
	struct kcsd_retained *retained;		/* while it has power; the directory's */

	/* Limits of every command, whatever it asks: the configuration's, until Set Features. */
	u32 timeout_ms;
	u64 insn_budget;		/* instructions, 0: none */
	struct mutex cache_lock;	/* changing the next */
	bool write_through;		/* Set Features: what has been written is durable */

	struct kcsd_user_tenants block_tenants;	/* of NVMe commands by the block node */
	struct percpu_ref live;		/* one per command, run and job under way */
	struct completion drained;	/* live has reached 0 */
	struct kcsd_delayed delayed;
	bool dead;			/* power was cut: nothing moves any more */
	bool data_lost;			/* a flush has lost data: nothing is written any more */

	struct kcsd_gate gate;		/* in front of all that is below up to side */
	/* Passed by each command of namespaces 2 and 3, from its check to its end: for Sanitize. */
	struct kcsd_gate memory_gate;
	struct kcsd_sanitize sanitize;
	struct kcsd_store store;
	struct kcsd_zones zones;
	struct kcsd_sidecar *side;		/* NULL: memory, or sidecar is 0 */
	uuid_t uuid;			/* the sidecar's, else what is retained */
	struct list_head uuid_entry; /* nvme/uuid.c */
	struct kcsd_slm slm;
	struct kcsd_stats __percpu *stats;
	struct kcsd_programs programs;
	struct kcsd_range_sets range_sets;
	struct kcsd_units units;
	struct kcsd_jobs jobs;
	struct kcsd_program_log log;

	struct dentry *debugfs;		/* its directory there, NULL or ERR_PTR: none */
	struct kcsd_node *ctrl;		/* /dev/kcsdN */
	struct kcsd_node *nvm;		/* /dev/kcsdgNn1 */
	struct kcsd_node *slm_node;	/* /dev/kcsdgNn2; NULL: slm.size is 0 */
	struct kcsd_node *compute;	/* /dev/kcsdgNn3 */

	/* host/block.c */
	struct gendisk *disk;		/* /dev/kcsdNn1 */
	struct blk_mq_tag_set tag_set;
	struct workqueue_struct *wq;	/* for requests that may sleep */
	bool claimed;			/* disk->open_mutex: going away, refuse to open */
};

/* drive.c */
/* Allocate a drive with one reference, the caller's; only what outlives power is set. */
struct kcsd_drive *kcsd_drive_alloc(const struct kcsd_config *config, unsigned int index);
void kcsd_drive_get(struct kcsd_drive *drive);
void kcsd_drive_put(struct kcsd_drive *drive);
/*
 * Wait until every drive has been freed. For unloading: the block layer lets go of the module
 * before it lets go of the disk, and with that of the drive.
 */
void kcsd_drives_wait(void);

/* A command begins: false if the drive is powering off. Any context. */
static inline bool kcsd_drive_enter(struct kcsd_drive *drive)
{
	return percpu_ref_tryget_live(&drive->live);
}

/* It has ended, and touches the drive no more. */
static inline void kcsd_drive_exit(struct kcsd_drive *drive)
{
	percpu_ref_put(&drive->live);
}

/* The time limit of a command that asks for this one, 0: for none. */
static inline u32 kcsd_drive_timeout_ms(const struct kcsd_drive *drive, u32 asked)
{
	return min_not_zero(asked, READ_ONCE(drive->timeout_ms));
}

/* The budget of a run that asks for this one, instructions, 0: for none. 0: there is no limit. */
static inline u64 kcsd_drive_budget(const struct kcsd_drive *drive, u64 asked)
{
	return min_not_zero(asked, READ_ONCE(drive->insn_budget));
}

/* Does some rule of inject make commands wait? Then none may come from where it cannot sleep. */
static inline bool kcsd_inject_sleeps(const struct kcsd_drive *drive)
{
	return READ_ONCE(drive->retained->inject.sleeps);
}

/* May a command to namespace 1 sleep? */
static inline bool kcsd_drive_blocks(const struct kcsd_drive *drive)
{
	return drive->store.ops->blocking || kcsd_inject_sleeps(drive);
}

/* Are there rules about such commands? */
static inline bool kcsd_inject_is_armed(const struct kcsd_drive *drive, enum kcsd_inject_op op)
{
	return READ_ONCE(drive->retained->inject.armed) & BIT(op);
}

/* A command begins: 0, or the status that it is to fail with. May have slept, see above. */
static inline int kcsd_inject(struct kcsd_drive *drive, const struct kcsd_inject_cmd *cmd)
{
	if (likely(!kcsd_inject_is_armed(drive, cmd->op)))
		return 0;
	return kcsd_inject_ask(drive, cmd);
}

/* Is one of these LBAs a bad block? Counted. One read of memory if the drive has none. */
static inline bool kcsd_drive_is_bad(struct kcsd_drive *drive, u64 slba, u64 nlb)
{
	struct badblocks *bad = &drive->retained->badblocks;

	if (likely(!READ_ONCE(bad->count)) || !kcsd_badblocks_check(drive, bad, slba, nlb))
		return false;
	kcsd_stat_inc(drive, media_errors);
	return true;
}

/* Likewise: was one of these LBAs, which are not bad, written to be uncorrectable? */
static inline bool kcsd_drive_is_uncorrectable(struct kcsd_drive *drive, u64 slba, u64 nlb)
{
	struct badblocks *bad = &drive->retained->uncorrectable;

	if (likely(!READ_ONCE(bad->count)) || !kcsd_badblocks_check(drive, bad, slba, nlb))
		return false;
	kcsd_stat_inc(drive, media_errors);
	return true;
}

/* Is [slba, slba + nlb) on the drive? */
static inline bool kcsd_drive_has_lbas(const struct kcsd_drive *drive, u64 slba, u64 nlb)
{
	return nlb <= drive->nsze && slba <= drive->nsze - nlb;
}

/* host/node.c */
int kcsd_node_init(void);
void kcsd_node_exit(void);
/* Create and announce a char node; groups may be NULL. */
struct kcsd_node *kcsd_node_create(struct kcsd_drive *drive, u32 nsid, struct device *parent,
				   const struct attribute_group **groups,
				   const char *fmt, ...) __printf(5, 6);
/* No new opens from here on; files still open keep the node. */
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
/* Wait for the requests that are being carried out where they may not sleep. */
void kcsd_block_quiesce(struct kcsd_drive *drive);
/* Claim the disk for going away. -EBUSY if it is open. */
int kcsd_block_claim(struct kcsd_drive *drive);

/* Fail all requests from now on, those of file systems included, which are told so. */
void kcsd_block_kill(struct kcsd_drive *drive);

/* media/power_cut.c: lose what was not flushed. No command is left; the drive is closed next. */
void kcsd_media_cut(struct kcsd_drive *drive, u64 seed);

/* control/sysfs.c */
extern const struct attribute_group *kcsd_drive_groups[];

#endif
