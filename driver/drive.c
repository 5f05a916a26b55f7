// SPDX-License-Identifier: GPL-2.0
/* The drive as an object: allocate, reference, free. */
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/wait_bit.h>

#include "config.h"
#include "drive.h"

static atomic_t nr_drives;	/* drives that are not freed yet */

void kcsd_drives_wait(void)
{
	wait_var_event(&nr_drives, !atomic_read(&nr_drives));
}

void kcsd_drive_get(struct kcsd_drive *drive)
{
	kref_get(&drive->ref);
}

static void drive_free(struct kref *ref)
{
	struct kcsd_drive *drive = container_of(ref, struct kcsd_drive, ref);
	int i;

	for (i = 0; i < KCSD_NN; i++)
		if (drive->ns[i])
			drive->ns[i]->ops->free(drive->ns[i]);
	kfree(drive->jobs);
	kfree(drive->sanitize);
	kcsd_gate_destroy(&drive->memory_gate);
	percpu_ref_exit(&drive->live);
	free_percpu(drive->stats);
	kcsd_config_destroy(&drive->cfg);
	kfree(drive);
	if (atomic_dec_and_test(&nr_drives))
		wake_up_var(&nr_drives);
}

void kcsd_drive_put(struct kcsd_drive *drive)
{
	kref_put(&drive->ref, drive_free);
}

static void drive_drained(struct percpu_ref *live)
{
	complete(&container_of(live, struct kcsd_drive, live)->drained);
}

struct kcsd_drive *kcsd_drive_alloc(const struct kcsd_config *config, unsigned int index)
{
	struct kcsd_drive *drive;

	drive = kzalloc(sizeof(*drive), GFP_KERNEL);
	if (!drive)
		return NULL;
	kref_init(&drive->ref);
	init_completion(&drive->drained);
	drive->index = index;
	drive->max_transfer = kcsd_config_max_transfer(config);
	drive->timeout_ms = config->timeout_ms;
	drive->insn_budget = config->insn_budget;
	if (kcsd_config_copy(&drive->cfg, config))
		goto out_free;
	if (percpu_ref_init(&drive->live, drive_drained, 0, GFP_KERNEL))
		goto out_config;
	if (kcsd_gate_init(&drive->memory_gate))
		goto out_live;
	atomic_inc(&nr_drives);
	return drive;

out_live:
	percpu_ref_exit(&drive->live);
out_config:
	kcsd_config_destroy(&drive->cfg);
out_free:
	kfree(drive);
	return NULL;
}
