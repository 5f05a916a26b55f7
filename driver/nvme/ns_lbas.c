// SPDX-License-Identifier: GPL-2.0
/* Namespace 1: the NVM command set, or on a zoned drive the Zoned Namespace command set. */
#include <linux/array_size.h>
#include <linux/log2.h>
#include <linux/slab.h>
#include <linux/unaligned.h>

#include "drive.h"
#include "media/lbas.h"
#include "nvme/cmd.h"
#include "nvme/identify.h"
#include "nvme/namespaces.h"
#include "nvme/opcodes.h"
#include "nvme/retained.h"
#include "nvme/uuid.h"

/* Byte offsets of fields of Identify Namespace without names in <linux/nvme.h>. */
#define ID_NS_MSSRL		74	/* maximum LBAs of one source of a Copy */
#define ID_NS_MCL		76	/* maximum LBAs of a Copy */
#define ID_NS_MSRC		80	/* maximum sources of a Copy, 0's based */

/* ---- opcodes ---- */

/* Waits for the LBA store (kcsd_opcode.waits). */
#define WAITS	true

/* Less frequent opcodes of both sets. nvme-cli opens nodes for reading only. */
#define NVM_AND_ZNS									\
	{ nvme_cmd_write_zeroes, KCSD_FOR_WRITERS, KCSD_CHANGES, kcsd_nvm_parse_write_zeroes }, \
	{ nvme_cmd_dsm,		KCSD_FOR_WRITERS, KCSD_CHANGES, kcsd_nvm_parse_dsm },	\
	{ nvme_cmd_compare,	KCSD_FOR_ANY, KCSD_READS, kcsd_nvm_parse_rw, WAITS,	\
				.describe = kcsd_nvm_describe },			\
	{ nvme_cmd_verify,	KCSD_FOR_ANY, KCSD_READS, kcsd_nvm_parse_verify },	\
	{ KCSD_NVM_COPY,	KCSD_FOR_WRITERS, KCSD_CHANGES, kcsd_nvm_parse_copy },	\
	{ nvme_cmd_write_uncor,	KCSD_FOR_WRITERS, KCSD_CHANGES, kcsd_nvm_parse_write_uncor }, \
	{ KCSD_CMD_TIMING,	KCSD_FOR_ANY, KCSD_READS, kcsd_timing_parse,		\
				.takes_no_time = true },

static const struct kcsd_opcode nvm_opcodes[] = {
	{ nvme_cmd_read,	KCSD_FOR_ANY, KCSD_READS, kcsd_nvm_parse_rw, WAITS, .now = KCSD_NOW,
				.describe = kcsd_nvm_describe },
	{ nvme_cmd_write,	KCSD_FOR_WRITERS, KCSD_CHANGES, kcsd_nvm_parse_rw, WAITS,
				.describe = kcsd_nvm_describe },
	{ nvme_cmd_flush,	KCSD_FOR_ANY, KCSD_READS, kcsd_nvm_parse_flush, WAITS,
				.describe = kcsd_nvm_describe },
	NVM_AND_ZNS
};

static const struct kcsd_opcode zns_opcodes[] = {
	{ nvme_cmd_read,	KCSD_FOR_ANY, KCSD_READS, kcsd_nvm_parse_rw, WAITS, .now = KCSD_NOW,
				.describe = kcsd_nvm_describe },
	{ nvme_cmd_write,	KCSD_FOR_WRITERS, KCSD_CHANGES, kcsd_nvm_parse_rw, WAITS,
				.describe = kcsd_nvm_describe },
	{ nvme_cmd_zone_append,	KCSD_FOR_WRITERS, KCSD_CHANGES, kcsd_zns_parse_append, WAITS,
				.has_result = true, .describe = kcsd_nvm_describe },
	{ nvme_cmd_flush,	KCSD_FOR_ANY, KCSD_READS, kcsd_nvm_parse_flush, WAITS,
				.describe = kcsd_nvm_describe },
	{ nvme_cmd_zone_mgmt_send, KCSD_FOR_WRITERS, KCSD_CHANGES, kcsd_zns_parse_send, WAITS,
				.describe = kcsd_zns_describe_send },
	NVM_AND_ZNS
	{ nvme_cmd_zone_mgmt_recv, KCSD_FOR_ANY, KCSD_READS, kcsd_zns_parse_receive },
};

/* ---- Identify ---- */

/* Returns the number of LBAs that can be written. */
static u64 identify_capacity(const struct kcsd_lbas *lbas)
{
	const struct kcsd_zones *zones = &lbas->zones;

	if (!zones->nr)
		return lbas->nsze;
	return zones->nr_conventional * kcsd_zone_size(zones) +
	       (u64)(zones->nr - zones->nr_conventional) * zones->capacity;
}

static int lbas_identify(struct kcsd_cmd *cmd, void *page)
{
	const struct kcsd_lbas *lbas = cmd->drive->lbas;
	struct kcsd_ns_names names;
	struct nvme_id_ns *id = page;

	id->nsze = cpu_to_le64(lbas->nsze);
	id->ncap = cpu_to_le64(identify_capacity(lbas));
	id->nuse = id->ncap;
	id->dlfeat = 1 | BIT(3); /* deallocated LBAs read as zeroes; Write Zeroes can deallocate */
	put_unaligned_le16(KCSD_MAX_COPY_SOURCE >> lbas->lba_shift, page + ID_NS_MSSRL);
	put_unaligned_le32(KCSD_MAX_COPY >> lbas->lba_shift, page + ID_NS_MCL);
	*(u8 *)(page + ID_NS_MSRC) = KCSD_NVM_COPY_MAX_SOURCES - 1;
	id->lbaf[0].ds = lbas->lba_shift;
	kcsd_uuid_names(cmd->drive, cmd->nsid, &names);
	memcpy(id->nguid, names.nguid, sizeof(id->nguid));
	memcpy(id->eui64, names.eui64, sizeof(id->eui64));
	return 0;
}

/* Fill in limits of zones. MAR and MOR are 0's based; all ones (from 0) means no limit. */
static int zns_identify(struct kcsd_cmd *cmd, void *page)
{
	const struct kcsd_zones *zones = &cmd->drive->lbas->zones;
	struct nvme_id_ns_zns *id = page;

	BUILD_BUG_ON(sizeof(*id) != KCSD_IDENTIFY_LEN);
	id->ozcs = cpu_to_le16(BIT(0));	/* reads may cross the ends of zones */
	id->mar = cpu_to_le32(zones->max_active - 1);
	id->mor = cpu_to_le32(zones->max_open - 1);
	id->lbafe[0].zsze = cpu_to_le64(kcsd_zone_size(zones));
	return 0;
}

static int nvm_identify_ctrl(struct kcsd_cmd *cmd, void *page)
{
	u32 max_lbas = KCSD_MAX_DSM >> cmd->drive->lbas->lba_shift;
	struct nvme_id_ctrl_nvm *id = page;

	BUILD_BUG_ON(sizeof(*id) != KCSD_IDENTIFY_LEN);
	id->vsl = KCSD_VSL;
	id->wzsl = KCSD_WZSL;
	id->wusl = KCSD_WUSL;
	id->dmrl = KCSD_DMRL;
	id->dmrsl = cpu_to_le32(max_lbas);
	id->dmsl = cpu_to_le64(max_lbas);
	return 0;
}

static int zns_identify_ctrl(struct kcsd_cmd *cmd, void *page)
{
	const struct kcsd_lbas *lbas = cmd->drive->lbas;
	struct nvme_id_ctrl_zns *id = page;
	u64 max_append = (u64)lbas->zones.max_append << lbas->lba_shift;

	BUILD_BUG_ON(sizeof(*id) != KCSD_IDENTIFY_LEN);
	id->zasl = ilog2(max_append / SZ_4K);
	return 0;
}

/* ---- life ---- */

static struct kcsd_lbas *to_lbas(struct kcsd_ns *ns)
{
	return container_of(ns, struct kcsd_lbas, ns);
}

static struct kcsd_ns *lbas_alloc(struct kcsd_drive *drive)
{
	struct kcsd_lbas *lbas = kzalloc(sizeof(*lbas), GFP_KERNEL);

	if (!lbas)
		return NULL;
	lbas->index = drive->index;
	lbas->cfg = &drive->cfg;
	lbas->stats = drive->stats;
	lbas->retained = &drive->retained->lbas;
	if (kcsd_lbas_init(lbas)) {
		kfree(lbas);
		return NULL;
	}
	lbas->clock = kcsd_clock_alloc();
	if (!lbas->clock) {
		kcsd_lbas_destroy(lbas);
		kfree(lbas);
		return NULL;
	}
	drive->clock = lbas->clock;
	lbas->ns.blocks = drive->cfg.backing_file || drive->cfg.cache_size;
	drive->lbas = lbas;
	return &lbas->ns;
}

static void lbas_free(struct kcsd_ns *ns)
{
	kcsd_clock_free(to_lbas(ns)->clock);
	kcsd_lbas_destroy(to_lbas(ns));
	kfree(to_lbas(ns));
}

static const struct kcsd_ns_ops zns_ops;

static int lbas_open(struct kcsd_ns *ns, const char *name)
{
	int ret = kcsd_lbas_open(to_lbas(ns), name);

	if (ret)
		return ret;
	if (to_lbas(ns)->zones.nr)
		ns->ops = &zns_ops;
	ns->active = true;
	return 0;
}

static void lbas_close(struct kcsd_ns *ns)
{
	kcsd_lbas_close(to_lbas(ns));
}

static void lbas_stop(struct kcsd_ns *ns)
{
	/* Pairs with change_all(): a Sanitize that sees this also sees drive->live dying. */
	smp_store_release(&to_lbas(ns)->stopping, true);
}

const struct kcsd_ns_ops kcsd_nvm_ops = {
	.csi		= KCSD_CSI_NVM,
	.opcodes	= nvm_opcodes,
	.nr_opcodes	= ARRAY_SIZE(nvm_opcodes),
	.alloc		= lbas_alloc,
	.free		= lbas_free,
	.open		= lbas_open,
	.close		= lbas_close,
	.stop		= lbas_stop,
	.identify	= lbas_identify,
	.identify_ctrl	= nvm_identify_ctrl,
};

static const struct kcsd_ns_ops zns_ops = {
	.csi		= KCSD_CSI_ZNS,
	.opcodes	= zns_opcodes,
	.nr_opcodes	= ARRAY_SIZE(zns_opcodes),
	.free		= lbas_free,
	.close		= lbas_close,
	.stop		= lbas_stop,
	.identify	= lbas_identify,
	.identify_set	= zns_identify,
	.identify_ctrl	= zns_identify_ctrl,
};
