// SPDX-License-Identifier: GPL-2.0
/* Power on, power off and power cuts: create and destroy all parts of a drive. */
#define pr_fmt(fmt) "kcsd: " fmt

#include <linux/percpu.h>
#include <linux/printk.h>

#include "clock/clock.h"
#include "compute/compute.h"
#include "compute/program.h"
#include "compute/unit.h"
#include "config.h"
#include "control/sysfs.h"
#include "drive.h"
#include "host/block.h"
#include "host/node.h"
#include "media/lbas.h"
#include "media/objects.h"
#include "media/store.h"
#include "media/zone.h"
#include "nvme/job.h"
#include "nvme/namespaces.h"
#include "nvme/retained.h"
#include "nvme/sanitize.h"
#include "nvme/uuid.h"
#include "persist/sidecar.h"
#include "power.h"
#include "stats/counters.h"

/* Allocate what outlives power; it is freed with the drive. Returns 0 or -ENOMEM. */
static int alloc_parts(struct kcsd_drive *drive)
{
	drive->stats = alloc_percpu(struct kcsd_stats);
	if (!drive->stats)
		return -ENOMEM;
	return kcsd_namespaces_alloc(drive) ?: kcsd_sanitize_alloc(drive);
}

/*
 * Give objects a place behind the LBAs in the address space of the model of time. Returns their
 * bytes. Flash that has zones has no room for them: 0.
 */
static u64 place_objects(struct kcsd_drive *drive, u64 lbas, u64 unit)
{
	struct kcsd_objects *objects = drive->objects;
	struct kcsd_kv_stats stats;

	kcsd_objects_get_stats(objects, &stats);
	objects->time_start = kcsd_timing_div_up(lbas, unit) * unit;
	objects->time_bytes = drive->lbas->zones.nr ? 0 : stats.medium_size;
	return objects->time_bytes;
}

static int open_clock(struct kcsd_drive *drive, const struct kcsd_clock_config *timing,
		      const char *name)
{
	const struct kcsd_lbas *lbas = drive->lbas;
	struct kcsd_timing_shape shape = {
		.capacity = lbas->nsze << lbas->lba_shift,
		.zone_size = lbas->zones.nr ?
			     kcsd_zone_size(&lbas->zones) << lbas->lba_shift : 0,
	};
	struct kcsd_clock_config config = *timing;
	u64 objects = place_objects(drive, shape.capacity, config.params.map_unit);

	if (objects)
		shape.capacity = drive->objects->time_start + objects;

	config.params.units = drive->cfg.cus;
	return kcsd_clock_open(drive->clock, &config, &shape, name);
}

/*
 * Validate CPUs, open namespaces, clock and sidecar, claim the UUID. Each writes a line to the
 * kernel log if it fails. Returns 0 or -errno.
 */
static int open_media(struct kcsd_drive *drive, const struct kcsd_clock_config *timing)
{
	char name[16];
	int ret;

	snprintf(name, sizeof(name), "kcsd%u", drive->index);
	ret = kcsd_config_validate_cpus(&drive->cfg, name);
	if (ret)
		return ret;
	ret = kcsd_namespaces_open(drive, name);
	if (ret)
		return ret;
	ret = open_clock(drive, timing, name);
	if (ret)
		goto out_namespaces;
	drive->uuid = drive->retained->uuid;
	ret = kcsd_sidecar_open(drive->lbas, name, &drive->uuid); /* late: may create a file */
	if (ret)
		goto out_clock;
	ret = kcsd_uuid_claim(drive, name);
	if (ret)
		goto out_sidecar;
	return 0;

out_sidecar:
	kcsd_sidecar_close(drive->lbas);
out_clock:
	kcsd_clock_close(drive->clock);
out_namespaces:
	kcsd_namespaces_close(drive);
	return ret;
}

static void close_media(struct kcsd_drive *drive)
{
	kcsd_uuid_release(drive);
	kcsd_sidecar_close(drive->lbas);
	kcsd_clock_close(drive->clock);
	kcsd_namespaces_close(drive);
}

static void destroy_parts(struct kcsd_drive *drive)
{
	kcsd_sanitize_destroy(drive);
	kcsd_jobs_destroy(drive);
}

/*
 * Refuse new commands, cancel all runs and jobs, and end all delays. New commands are refused
 * first: a host that is told of a cancelled run finds no drive any more.
 */
static void shut_door(struct kcsd_drive *drive)
{
	percpu_ref_kill(&drive->live);
	kcsd_namespaces_stop(drive);
	kcsd_jobs_cancel_all(drive);
	kcsd_delayed_stop(&drive->lbas->delayed);
	kcsd_clock_stop(drive->clock);
}

static void drain(struct kcsd_drive *drive)
{
	shut_door(drive);
	wait_for_completion(&drive->drained);
}

static void del_namespaces(struct kcsd_drive *drive)
{
	int i;

	for (i = KCSD_NN - 1; i >= 0; i--)
		if (drive->ns[i]->node)
			kcsd_node_destroy(drive->ns[i]->node);
}

/* Create the generic nodes of the namespaces. Returns 0 or -errno. */
static int add_namespaces(struct kcsd_drive *drive)
{
	struct kcsd_node *node;
	u32 nsid;

	for (nsid = 1; nsid <= KCSD_NN; nsid++) {
		if (!kcsd_drive_ns(drive, nsid))
			continue;
		node = kcsd_node_create(drive, nsid, &drive->ctrl->dev, NULL, "kcsdg%un%u",
					drive->index, nsid);
		if (IS_ERR(node)) {
			del_namespaces(drive);
			return PTR_ERR(node);
		}
		drive->ns[nsid - 1]->node = node;
	}
	return 0;
}

/* Create directories below the controller device. On failure some may exist: call del_dirs(). */
static int add_dirs(struct kcsd_drive *drive)
{
	int ret = kcsd_programs_add_dir(drive->compute, &drive->ctrl->dev.kobj);

	return ret ?: kcsd_units_add_dir(drive);
}

static void del_dirs(struct kcsd_drive *drive)
{
	kcsd_units_del_dir(drive);
	kcsd_programs_del_dir(drive->compute);
}

/* Create all nodes. On failure drive->live has been killed, and nothing holds it. */
static int add_nodes(struct kcsd_drive *drive)
{
	unsigned int n = drive->index;
	int ret;

	drive->ctrl = kcsd_node_create(drive, 0, NULL, kcsd_drive_groups, "kcsd%u", n);
	if (IS_ERR(drive->ctrl)) {
		drain(drive);	/* a Sanitize may have continued */
		return PTR_ERR(drive->ctrl);
	}
	ret = add_dirs(drive);
	if (ret)
		goto out_dirs;
	ret = add_namespaces(drive);
	if (ret)
		goto out_dirs;
	ret = kcsd_block_create(drive);
	if (ret)
		goto out_namespaces;
	return 0;

out_namespaces:
	del_namespaces(drive);
out_dirs:
	/* Drain: a host may have opened a node already and sent commands. */
	drain(drive);
	del_dirs(drive);
	kcsd_node_destroy(drive->ctrl);
	return ret;
}

int kcsd_power_on(const struct kcsd_config *config, const struct kcsd_clock_config *timing,
		  struct kcsd_retained *retained, unsigned int index, struct kcsd_drive **out)
{
	struct kcsd_drive *drive;
	int ret = -ENOMEM;

	drive = kcsd_drive_alloc(config, index);
	if (!drive)
		goto out_log;
	drive->retained = retained;
	drive->errors = &retained->errors;
	ret = alloc_parts(drive);
	if (ret)
		goto out_drive;
	ret = open_media(drive, timing);
	if (ret) {
		kcsd_drive_put(drive);	/* open_media() has logged why */
		return ret;
	}
	ret = kcsd_jobs_alloc(drive);
	if (ret)
		goto out_media;
	kcsd_retained_power_on(drive);
	kcsd_zones_start_time(drive->lbas);
	kcsd_sanitize_power_on(drive);
	ret = add_nodes(drive);
	if (ret)
		goto out_parts;
	kcsd_store_commit_size(&drive->lbas->store);
	kcsd_delayed_start(&drive->lbas->delayed);
	/* Last: each kernel scans for partitions with other reads, which would take device time. */
	kcsd_clock_start(drive->clock);
	*out = drive;
	return 0;

out_parts:
	destroy_parts(drive);
out_media:
	close_media(drive);
out_drive:
	kcsd_drive_put(drive);
out_log:
	pr_err("kcsd%u: power on failed: error %d\n", index, ret);
	return ret;
}

/* Shut down all parts except the media. */
static void shut(struct kcsd_drive *drive)
{
	shut_door(drive);	/* first: kcsd_block_destroy() waits for requests */
	kcsd_block_destroy(drive);
	del_namespaces(drive);
	wait_for_completion(&drive->drained);
	del_dirs(drive);
	kcsd_node_destroy(drive->ctrl);
	kcsd_retained_power_off(drive);
	destroy_parts(drive);
}

int kcsd_power_off(struct kcsd_drive *drive, bool force)
{
	int ret = kcsd_block_claim(drive);

	if (ret && !force)
		return ret;

	shut(drive);
	close_media(drive);
	kcsd_drive_put(drive);
	return 0;
}

void kcsd_power_cut(struct kcsd_drive *drive, u64 seed)
{
	WRITE_ONCE(drive->lbas->dead, true);
	kcsd_objects_kill(drive->objects);
	kcsd_block_kill(drive);
	shut(drive);
	drive->retained->cuts++;
	kcsd_sidecar_cut(drive->lbas, seed);
	kcsd_objects_cut(drive->objects, seed);
	close_media(drive);
	kcsd_drive_put(drive);
}
