// SPDX-License-Identifier: GPL-2.0
/* Namespace 2: Subsystem Local Memory. */
#include <linux/array_size.h>
#include <linux/slab.h>

#include "drive.h"
#include "media/slm.h"
#include "nvme/cmd.h"
#include "nvme/identify.h"
#include "nvme/namespaces.h"
#include "nvme/opcodes.h"
#include "nvme/slm_cmd.h"

static const struct kcsd_opcode opcodes[] = {
	{ KCSD_SLM_READ,	KCSD_FOR_ANY, KCSD_READS, kcsd_slm_parse_rw,
				.now = KCSD_NOW, .describe = kcsd_slm_describe },
	{ KCSD_SLM_WRITE,	KCSD_FOR_WRITERS, KCSD_CHANGES, kcsd_slm_parse_rw,
				.now = KCSD_NOW_IN_PAGE, .describe = kcsd_slm_describe },
	{ KCSD_SLM_COPY,	KCSD_FOR_WRITERS, KCSD_CHANGES, kcsd_slm_parse_copy },
	{ KCSD_SLM_FILL,	KCSD_FOR_WRITERS, KCSD_CHANGES, kcsd_slm_parse_fill },
	{ KCSD_CMD_TIMING,	KCSD_FOR_ANY, KCSD_READS, kcsd_timing_parse,
				.takes_no_time = true },
};

static struct kcsd_slm *to_slm(struct kcsd_ns *ns)
{
	return container_of(ns, struct kcsd_slm, ns);
}

static int slm_identify(struct kcsd_cmd *cmd, void *page)
{
	struct kcsd_id_ns_slm *id = page;

	BUILD_BUG_ON(sizeof(*id) != KCSD_IDENTIFY_LEN);
	id->size = cpu_to_le64(cmd->drive->slm->size);
	id->max_sources = cpu_to_le32(KCSD_SLM_COPY_MAX_SOURCES);
	return 0;
}

static struct kcsd_ns *slm_alloc(struct kcsd_drive *drive)
{
	struct kcsd_slm *slm = kzalloc(sizeof(*slm), GFP_KERNEL);

	if (!slm)
		return NULL;
	slm->ns.gate = &drive->memory_gate;
	drive->slm = slm;
	return &slm->ns;
}

static void slm_free(struct kcsd_ns *ns)
{
	kfree(to_slm(ns));
}

static int slm_open(struct kcsd_ns *ns, const char *name)
{
	struct kcsd_slm *slm = to_slm(ns);
	int ret = kcsd_slm_open(slm, ns->drive->cfg.slm_size, name);

	ns->active = slm->size;
	return ret;
}

static void slm_close(struct kcsd_ns *ns)
{
	kcsd_slm_close(to_slm(ns));
}

static void slm_erase_memory(struct kcsd_ns *ns)
{
	kcsd_slm_erase(to_slm(ns));
}

const struct kcsd_ns_ops kcsd_slm_ops = {
	.csi		= KCSD_CSI_SLM,
	.opcodes	= opcodes,
	.nr_opcodes	= ARRAY_SIZE(opcodes),
	.alloc		= slm_alloc,
	.free		= slm_free,
	.open		= slm_open,
	.close		= slm_close,
	.erase_memory	= slm_erase_memory,
	.identify_set	= slm_identify,
};
