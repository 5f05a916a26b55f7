// SPDX-License-Identifier: GPL-2.0
#include <linux/array_size.h>

#include "drive.h"
#include "nvme/namespaces.h"

/* The table of namespaces, by NSID - 1. They are opened in this order. */
static const struct kcsd_ns_ops *const kinds[KCSD_NN] = {
	[KCSD_NSID_NVM - 1]	= &kcsd_nvm_ops,
	[KCSD_NSID_SLM - 1]	= &kcsd_slm_ops,
	[KCSD_NSID_COMPUTE - 1]	= &kcsd_compute_ops,
	[KCSD_NSID_KV - 1]	= &kcsd_kv_ops,
};

int kcsd_namespaces_alloc(struct kcsd_drive *drive)
{
	struct kcsd_ns *ns;
	int i;

	for (i = 0; i < KCSD_NN; i++) {
		ns = kinds[i]->alloc(drive);
		if (!ns)
			return -ENOMEM;
		ns->nsid = i + 1;
		ns->ops = kinds[i];
		ns->drive = drive;
		drive->ns[i] = ns;
	}
	return 0;
}

static void close_first(struct kcsd_drive *drive, int nr)
{
	while (nr--) {
		drive->ns[nr]->active = false;
		drive->ns[nr]->ops->close(drive->ns[nr]);
	}
}

int kcsd_namespaces_open(struct kcsd_drive *drive, const char *name)
{
	int i, ret;

	for (i = 0; i < KCSD_NN; i++) {
		ret = drive->ns[i]->ops->open(drive->ns[i], name);
		if (ret) {
			close_first(drive, i);
			return ret;
		}
	}
	return 0;
}

void kcsd_namespaces_close(struct kcsd_drive *drive)
{
	close_first(drive, KCSD_NN);
}

/* Call a function of each namespace that has it. */
#define EACH(drive, fn)								\
do {										\
	int i;									\
										\
	for (i = 0; i < KCSD_NN; i++)						\
		if ((drive)->ns[i]->ops->fn)					\
			(drive)->ns[i]->ops->fn((drive)->ns[i]);		\
} while (0)

void kcsd_namespaces_stop(struct kcsd_drive *drive)
{
	EACH(drive, stop);
}

void kcsd_namespaces_cancel(struct kcsd_drive *drive)
{
	EACH(drive, cancel);
}

void kcsd_namespaces_erase_memory(struct kcsd_drive *drive)
{
	EACH(drive, erase_memory);
}

struct kcsd_ns *kcsd_namespaces_find(const struct kcsd_drive *drive, u8 csi)
{
	int i;

	for (i = 0; i < KCSD_NN; i++)
		if (drive->ns[i]->active && drive->ns[i]->ops->csi == csi)
			return drive->ns[i];
	return NULL;
}
