// SPDX-License-Identifier: GPL-2.0
/* Power on, power off and power cuts: create and destroy all parts of a drive. */
#define pr_fmt(fmt) "kcsd: " fmt

#include <linux/log2.h>
#include <linux/printk.h>

#include "drive.h"
#include "nvme/uuid.h"
#include "persist/sidecar.h"
#include "power.h"

/*
 * Open store, zones, SLM, sidecar and UUID, and check the CPUs. Each writes a line to the kernel
 * log if it fails. Returns 0 or -errno.
 */
static int open_media(struct kcsd_drive *drive)
{
	char name[16];
	int ret;

	snprintf(name, sizeof(name), "kcsd%u", drive->index);
	ret = kcsd_config_check_cpus(&drive->cfg, name);
	if (ret)
		return ret;
	ret = kcsd_store_open(&drive->store, &drive->cfg, name);
	if (ret)
		return ret;
	drive->lba_shift = ilog2(drive->cfg.block_size);
	drive->nsze = drive->store.size >> drive->lba_shift;
	ret = kcsd_zones_init(drive, name);
	if (ret)
		goto out_store;
	ret = kcsd_slm_init(drive);
	if (ret)
		goto out_zones;
	ret = kcsd_sidecar_open(drive, name);	/* late: it may create a file */
	if (ret)
		goto out_slm;
	ret = kcsd_uuid_claim(drive, name);
	if (ret)
		goto out_sidecar;
	return 0;

out_sidecar:
	kcsd_sidecar_close(drive);
out_slm:
	kcsd_slm_destroy(drive);
out_zones:
	kcsd_zones_destroy(drive);
out_store:
	kcsd_store_close(&drive->store);
	return ret;
}

static void close_media(struct kcsd_drive *drive)
{
	kcsd_uuid_release(drive);
	kcsd_sidecar_close(drive);
	kcsd_slm_destroy(drive);
	kcsd_zones_destroy(drive);
	kcsd_store_close(&drive->store);
}

/* Create the parts that execute commands. Returns 0 or -errno. */
static int init_parts(struct kcsd_drive *drive)
{
	int ret;

	ret = kcsd_program_log_init(&drive->log);
	if (ret)
		return ret;
	ret = kcsd_programs_init(drive);
	if (ret)
		goto out_log;
	ret = kcsd_range_sets_init(drive);
	if (ret)
		goto out_programs;
	ret = kcsd_jobs_init(drive);
	if (ret)
		goto out_range_sets;
	ret = kcsd_units_init(drive);
	if (ret)
		goto out_jobs;
	return 0;

out_jobs:
	kcsd_jobs_destroy(drive);
out_range_sets:
	kcsd_range_sets_destroy(drive);
out_programs:
	kcsd_programs_destroy(drive);
out_log:
	kcsd_program_log_destroy(&drive->log);
	return ret;
}

static void destroy_parts(struct kcsd_drive *drive)
{
	kcsd_sanitize_destroy(drive);
	kcsd_units_destroy(drive);
	kcsd_jobs_destroy(drive);
	kcsd_range_sets_destroy(drive);
	kcsd_programs_destroy(drive);
	kcsd_program_log_destroy(&drive->log);
}

/*
 * Refuse new commands, cancel all runs and jobs, and end all delays. New commands are refused
 * first: a host that is told of a cancelled run finds no drive any more.
 */
static void shut_door(struct kcsd_drive *drive)
{
	percpu_ref_kill(&drive->live);
	kcsd_units_cancel_all(drive, true);
	kcsd_jobs_cancel_all(drive);
	kcsd_delayed_stop(&drive->delayed);
}

static void drain(struct kcsd_drive *drive)
{
	shut_door(drive);
	wait_for_completion(&drive->drained);
}

static struct kcsd_node *add_ns(struct kcsd_drive *drive, u32 nsid)
{
	return kcsd_node_create(drive, nsid, &drive->ctrl->dev, NULL, "kcsdg%un%u", drive->index,
				nsid);
}

/* Create the generic nodes of the namespaces. Returns 0 or -errno. */
static int add_namespaces(struct kcsd_drive *drive)
{
	drive->nvm = add_ns(drive, KCSD_NSID_NVM);
	if (IS_ERR(drive->nvm))
		return PTR_ERR(drive->nvm);
	if (drive->slm.size)
		drive->slm_node = add_ns(drive, KCSD_NSID_SLM);
	if (IS_ERR(drive->slm_node))
		goto out_nvm;
	drive->compute = add_ns(drive, KCSD_NSID_COMPUTE);
	if (IS_ERR(drive->compute))
		goto out_slm;
	return 0;

out_slm:
	if (drive->slm_node)
		kcsd_node_destroy(drive->slm_node);
	kcsd_node_destroy(drive->nvm);
	return PTR_ERR(drive->compute);
out_nvm:
	kcsd_node_destroy(drive->nvm);
	return PTR_ERR(drive->slm_node);
}

static void del_namespaces(struct kcsd_drive *drive)
{
	kcsd_node_destroy(drive->compute);
	if (drive->slm_node)
		kcsd_node_destroy(drive->slm_node);
	kcsd_node_destroy(drive->nvm);
}

/* Create directories below the controller device. On failure some may exist: call del_dirs(). */
static int add_dirs(struct kcsd_drive *drive)
{
	int ret = kcsd_programs_add_dir(drive);

	return ret ?: kcsd_units_add_dir(drive);
}

static void del_dirs(struct kcsd_drive *drive)
{
	kcsd_units_del_dir(drive);
	kcsd_programs_del_dir(drive);
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

int kcsd_power_on(const struct kcsd_config *config, struct kcsd_retained *retained,
		  unsigned int index, struct kcsd_drive **out)
{
	struct kcsd_drive *drive;
	int ret = -ENOMEM;

	drive = kcsd_drive_alloc(config, index);
	if (!drive)
		goto out_log;
	drive->retained = retained;
	ret = open_media(drive);
	if (ret) {
		kcsd_drive_put(drive);	/* open_media() has logged why */
		return ret;
	}
	ret = init_parts(drive);
	if (ret)
		goto out_media;
	kcsd_retained_power_on(drive);
	kcsd_sanitize_power_on(drive);
	ret = add_nodes(drive);
	if (ret)
		goto out_parts;
	kcsd_store_commit_size(&drive->store);
	kcsd_delayed_start(&drive->delayed);
	*out = drive;
	return 0;

out_parts:
	destroy_parts(drive);
out_media:
	close_media(drive);
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
	WRITE_ONCE(drive->dead, true);
	kcsd_block_kill(drive);
	shut(drive);
	drive->retained->cuts++;
	kcsd_media_cut(drive, seed);
	close_media(drive);
	kcsd_drive_put(drive);
}
