// SPDX-License-Identifier: GPL-2.0
#define pr_fmt(fmt) "kcsd: " fmt

#include <linux/fs.h>
#include <linux/printk.h>
#include <linux/sched.h>

#include "drive.h"
#include "media/badblocks.h"
#include "media/lbas.h"
#include "media/objects.h"
#include "media/store.h"
#include "nvme/retained.h"
#include "nvme/sanitize.h"
#include "nvme/smart.h"
#include "stats/error_log.h"

int kcsd_retained_init(struct kcsd_retained *retained)
{
	uuid_gen(&retained->uuid);
	kcsd_error_log_init(&retained->errors);
	kcsd_inject_init(&retained->lbas.inject);
	return kcsd_badblocks_init(&retained->lbas);
}

void kcsd_retained_destroy(struct kcsd_retained *retained)
{
	kcsd_badblocks_exit(&retained->lbas);
}

static void note_inode(struct kcsd_store_id *id, int i, const struct inode *inode)
{
	if (!inode)
		return;
	id->file[i].inode = inode->i_ino;
	id->file[i].dev = inode->i_sb->s_dev;
	id->file[i].generation = inode->i_generation;
}

static struct kcsd_store_id store_id_of(const struct kcsd_drive *drive)
{
	struct kcsd_store_id id = { .uuid = drive->uuid };

	BUILD_BUG_ON(sizeof(id) != sizeof(uuid_t) + 32);	/* no padding */
	if (drive->cfg.backing_file)
		note_inode(&id, 0, file_inode(kcsd_store_bottom(&drive->lbas->store)->file));
	note_inode(&id, 1, kcsd_objects_inode(drive->objects));
	return id;
}

/*
 * Forget the retained state of another store. A Sanitize that continues erases the store, so it
 * must be the same one.
 */
static void change_store(struct kcsd_drive *drive)
{
	const struct kcsd_store_id id = store_id_of(drive);
	struct kcsd_retained *retained = drive->retained;

	if (!memcmp(&retained->store_id, &id, sizeof(id)))
		return;
	if (retained->sanitize.state == KCSD_SANITIZE_IN_PROGRESS)
		pr_warn("kcsd%u: another medium: the Sanitize of the one before was not completed\n",
			drive->index);
	memset(&retained->sanitize, 0, sizeof(retained->sanitize));
	retained->lbas.erased = false;
	kcsd_badblocks_forget(&retained->lbas.uncorrectable);
	retained->store_id = id;
}

/* Forget uncorrectable LBAs from the write pointer of each zone on: it may have moved back. */
static void forget_unwritten(struct kcsd_drive *drive)
{
	struct badblocks *bad = &drive->retained->lbas.uncorrectable;
	const struct kcsd_zones *zs = &drive->lbas->zones;
	u32 i;

	for (i = zs->nr_conventional; i < zs->nr && READ_ONCE(bad->count); i++) {
		u32 wp = zs->zones[i].wp;

		kcsd_badblocks_clear(drive->lbas, bad, kcsd_zone_start(zs, i) + wp,
				     kcsd_zone_size(zs) - wp);
		cond_resched();
	}
}

void kcsd_retained_power_on(struct kcsd_drive *drive)
{
	change_store(drive);
	forget_unwritten(drive);
	drive->retained->power_cycles++;
}

void kcsd_retained_power_off(struct kcsd_drive *drive)
{
	struct kcsd_health h;

	kcsd_health_sum(drive, &h);
	drive->retained->health_before = h;
}
