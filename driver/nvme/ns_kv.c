// SPDX-License-Identifier: GPL-2.0
/* Namespace 4: objects. NVMe Key Value Command Set. */
#include <linux/array_size.h>
#include <linux/slab.h>

#include "compute/compute.h"
#include "drive.h"
#include "media/objects.h"
#include "nvme/cmd.h"
#include "nvme/identify.h"
#include "nvme/kv_cmd.h"
#include "nvme/namespaces.h"
#include "nvme/opcodes.h"
#include "nvme/uuid.h"

#define KV_VERSION_MAJOR	1
#define KV_VERSION_MINOR	0

/* Each may wait for the medium or for compaction, and is tried without waiting first. */
#define ANY	.sleeps = true, .now = KCSD_NOW, .describe = kcsd_kv_describe

static const struct kcsd_opcode opcodes[] = {
	{ KCSD_KV_RETRIEVE,	KCSD_FOR_ANY, KCSD_READS, kcsd_kv_parse_retrieve, ANY,
				.has_result = true, .time_op = KCSD_TIME_RETRIEVE },
	/* All or nothing, also if a page of the buffer is missing in the middle. */
	{ KCSD_KV_STORE,	KCSD_FOR_WRITERS, KCSD_CHANGES, kcsd_kv_parse_store, ANY,
				.time_op = KCSD_TIME_STORE },
	{ KCSD_KV_EXIST,	KCSD_FOR_ANY, KCSD_READS, kcsd_kv_parse_key, ANY,
				.time_op = KCSD_TIME_EXIST },
	{ KCSD_KV_DELETE,	KCSD_FOR_WRITERS, KCSD_CHANGES, kcsd_kv_parse_key, ANY,
				.time_op = KCSD_TIME_DELETE },
	{ KCSD_KV_LIST,		KCSD_FOR_ANY, KCSD_READS, kcsd_kv_parse_list, ANY,
				.time_op = KCSD_TIME_LIST },
	{ KCSD_KV_FLUSH,	KCSD_FOR_ANY, KCSD_READS, kcsd_kv_parse_flush, ANY },
	{ KCSD_CMD_TIMING,	KCSD_FOR_ANY, KCSD_READS, kcsd_timing_parse,
				.takes_no_time = true },
};

static struct kcsd_objects *to_objects(struct kcsd_ns *ns)
{
	return container_of(ns, struct kcsd_objects, ns);
}

/* ---- Identify ---- */

static int kv_identify_format(struct kcsd_cmd *cmd, void *page)
{
	const struct kcsd_objects *objects = cmd->drive->objects;
	struct kcsd_id_ns_kv *id = page;

	BUILD_BUG_ON(sizeof(*id) != KCSD_IDENTIFY_LEN || sizeof(id->kvf[0]) != 16);
	id->kvf[0].max_key = cpu_to_le16(KCSD_KV_MAX_KEY);
	id->kvf[0].max_value = cpu_to_le32(objects->max_value);
	id->kvf[0].max_keys = cpu_to_le32(objects->max_keys);
	return 0;
}

static int kv_identify(struct kcsd_cmd *cmd, void *page)
{
	const struct kcsd_objects *objects = cmd->drive->objects;
	struct kcsd_id_ns_kv *id = page;
	struct kcsd_ns_names names;
	struct kcsd_kv_stats stats;

	kcsd_objects_get_stats(objects, &stats);
	id->nsze = cpu_to_le64(objects->size);
	id->nuse = cpu_to_le64(stats.used);
	kcsd_uuid_names(cmd->drive, cmd->nsid, &names);
	memcpy(id->nguid, names.nguid, sizeof(id->nguid));
	memcpy(id->eui64, names.eui64, sizeof(id->eui64));
	id->keys = cpu_to_le64(stats.keys);
	id->room = cpu_to_le64(stats.room);
	return kv_identify_format(cmd, page);
}

static int kv_identify_ctrl(struct kcsd_cmd *cmd, void *page)
{
	struct kcsd_id_ctrl_kv *id = page;

	BUILD_BUG_ON(sizeof(*id) != KCSD_IDENTIFY_LEN);
	id->major = cpu_to_le16(KV_VERSION_MAJOR);
	id->minor = KV_VERSION_MINOR;
	return 0;
}

/* ---- life ---- */

static struct kcsd_ns *kv_alloc(struct kcsd_drive *drive)
{
	struct kcsd_objects *objects = kzalloc(sizeof(*objects), GFP_KERNEL);

	if (!objects)
		return NULL;
	objects->index = drive->index;
	objects->cfg = &drive->cfg;
	objects->stats = drive->stats;
	objects->lbas = drive->lbas;
	objects->clock = drive->clock;
	if (kcsd_objects_init(objects)) {
		kfree(objects);
		return NULL;
	}
	objects->ns.gate = &objects->gate;
	objects->ns.blocks = true;
	drive->objects = objects;
	drive->compute->objects = objects;
	return &objects->ns;
}

static void kv_free(struct kcsd_ns *ns)
{
	kcsd_objects_destroy(to_objects(ns));
	kfree(to_objects(ns));
}

static int kv_open(struct kcsd_ns *ns, const char *name)
{
	int ret = kcsd_objects_open(to_objects(ns), name);

	ns->active = !ret && to_objects(ns)->kv;
	return ret;
}

static void kv_close(struct kcsd_ns *ns)
{
	kcsd_objects_close(to_objects(ns));
}

static void kv_stop(struct kcsd_ns *ns)
{
	WRITE_ONCE(to_objects(ns)->stopping, true);
}

static void kv_erase_memory(struct kcsd_ns *ns)
{
	if (to_objects(ns)->kv)
		kcsd_kv_erase_memory(to_objects(ns)->kv);
}

const struct kcsd_ns_ops kcsd_kv_ops = {
	.csi		= KCSD_CSI_KV,
	.opcodes	= opcodes,
	.nr_opcodes	= ARRAY_SIZE(opcodes),
	.alloc		= kv_alloc,
	.free		= kv_free,
	.open		= kv_open,
	.close		= kv_close,
	.stop		= kv_stop,
	.erase_memory	= kv_erase_memory,
	.identify_set	= kv_identify,
	.identify_format = kv_identify_format,
	.identify_ctrl	= kv_identify_ctrl,
};
