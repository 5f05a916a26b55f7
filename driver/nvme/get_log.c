// SPDX-License-Identifier: GPL-2.0
/* Get Log Page: find the log page and return the requested part of it. NVMe Base. */
#include <linux/mm.h>
#include <linux/nvme.h>

#include "clock/clock.h"
#include "clock/latency.h"
#include "compute/compute.h"
#include "compute/program.h"
#include "compute/program_log.h"
#include "compute/range_set.h"
#include "compute/tenant.h"
#include "drive.h"
#include "nvme/cmd.h"
#include "nvme/counters_log.h"
#include "nvme/feature.h"
#include "nvme/identify.h"
#include "nvme/namespaces.h"
#include "nvme/opcodes.h"
#include "nvme/sanitize.h"
#include "nvme/smart.h"
#include "stats/error_log.h"

#define KCSD_LOG_SUPPORTED	0x00	/* Supported Log Pages */
#define KCSD_LOG_FEATURES	0x12	/* Feature Identifiers Supported and Effects */
#define KCSD_LOG_MI		0x13	/* NVMe-MI Commands Supported and Effects */
#define KCSD_LOG_SANITIZE	0x81	/* Sanitize Status */
#define KCSD_MI_LEN		4096

static void *log_supported(const struct kcsd_cmd *cmd, u32 *len);

static void *log_errors(const struct kcsd_cmd *cmd, u32 *len)
{
	return kcsd_error_log_page(cmd->drive->errors, len);
}

static void *log_health(const struct kcsd_cmd *cmd, u32 *len)
{
	return kcsd_health_page(cmd->drive, len);
}

/* Report one firmware slot, read-only and active: it holds the module. */
static void *log_firmware(const struct kcsd_cmd *cmd, u32 *len)
{
	struct nvme_fw_slot_info_log *page;

	BUILD_BUG_ON(sizeof(*page) != 512);
	*len = sizeof(*page);
	page = kvzalloc(*len, GFP_KERNEL_ACCOUNT);
	if (!page)
		return NULL;
	page->afi = 1;
	kcsd_identify_firmware((char *)&page->frs[0]);
	return page;
}

static u8 log_csi(const struct kcsd_cmd *cmd)
{
	return cmd->cdw14 >> 24;
}

static void *log_commands(const struct kcsd_cmd *cmd, u32 *len)
{
	return kcsd_opcodes_page(cmd->drive, log_csi(cmd), len);
}

static void *log_features(const struct kcsd_cmd *cmd, u32 *len)
{
	return kcsd_features_page(cmd->drive, len);
}

/* Report no NVMe-MI command: there is no management interface. */
static void *log_mi(const struct kcsd_cmd *cmd, u32 *len)
{
	*len = KCSD_MI_LEN;
	return kvzalloc(*len, GFP_KERNEL_ACCOUNT);
}

static void *log_sanitize(const struct kcsd_cmd *cmd, u32 *len)
{
	return kcsd_sanitize_page(cmd->drive, len);
}

static void *log_programs(const struct kcsd_cmd *cmd, u32 *len)
{
	return kcsd_programs_page(cmd->drive->compute, len);
}

static void *log_program_types(const struct kcsd_cmd *cmd, u32 *len)
{
	struct kcsd_program_type_list *page;

	BUILD_BUG_ON(sizeof(*page) != 16 || sizeof(page->type[0]) != 16);
	*len = struct_size(page, type, 1);
	page = kvzalloc(*len, GFP_KERNEL_ACCOUNT);
	if (!page)
		return NULL;
	page->nr = cpu_to_le16(1);
	page->type[0].ptype = KCSD_PTYPE_EBPF;
	return page;
}

static void *log_range_sets(const struct kcsd_cmd *cmd, u32 *len)
{
	return kcsd_range_sets_page(cmd->drive->compute, len);
}

static void *log_output(const struct kcsd_cmd *cmd, u32 *len)
{
	return kcsd_program_log_page(cmd->drive->compute->log, len);
}

static void *log_timing(const struct kcsd_cmd *cmd, u32 *len)
{
	return kcsd_clock_page(cmd->drive->clock, len);
}

static void *log_counters(const struct kcsd_cmd *cmd, u32 *len)
{
	return kcsd_counters_page(cmd->drive, len);
}

static void *log_latencies(const struct kcsd_cmd *cmd, u32 *len)
{
	return kcsd_latencies_page(cmd->drive->clock->latencies, len);
}

static void *log_histograms(const struct kcsd_cmd *cmd, u32 *len)
{
	const struct kcsd_clock *clock = cmd->drive->clock;

	return kcsd_histograms_page(clock->latencies, clock->epoch, len);
}

static void *log_device_times(const struct kcsd_cmd *cmd, u32 *len)
{
	return kcsd_flow_page(&cmd->tenant->flow, len);
}

static const struct kcsd_log_kind {
	u8 lid;
	bool compute;	/* of the compute namespace; otherwise of the controller */
	bool csi;	/* CDW14 selects the command set */
	void *(*make)(const struct kcsd_cmd *cmd, u32 *len);	/* for kvfree(); NULL: no memory */
} log_kinds[] = {
	{ KCSD_LOG_SUPPORTED,		.make = log_supported },
	{ NVME_LOG_ERROR,		.make = log_errors },
	{ NVME_LOG_SMART,		.make = log_health },
	{ NVME_LOG_FW_SLOT,		.make = log_firmware },
	{ NVME_LOG_CMD_EFFECTS,		.csi = true, .make = log_commands },
	{ KCSD_LOG_FEATURES,		.make = log_features },
	{ KCSD_LOG_MI,			.make = log_mi },
	{ KCSD_LOG_SANITIZE,		.make = log_sanitize },
	{ KCSD_LOG_PROGRAM_LIST,	.compute = true, .make = log_programs },
	{ KCSD_LOG_PROGRAM_TYPES,	.compute = true, .make = log_program_types },
	{ KCSD_LOG_RANGE_SET_LIST,	.compute = true, .make = log_range_sets },
	{ KCSD_LOG_PROGRAM_OUTPUT,	.compute = true, .make = log_output },
	{ KCSD_LOG_TIMING,		.make = log_timing },
	{ KCSD_LOG_COUNTERS,		.make = log_counters },
	{ KCSD_LOG_LATENCIES,		.make = log_latencies },
	{ KCSD_LOG_DEVICE_TIMES,	.make = log_device_times },
	{ KCSD_LOG_HISTOGRAMS,		.make = log_histograms },
};

/*
 * NVMe Base, "Supported Log Pages". Set bit 0 of each page. No page has index offsets or LID
 * specific parameters.
 */
static void *log_supported(const struct kcsd_cmd *cmd, u32 *len)
{
	__le32 *page;
	int i;

	*len = 256 * sizeof(*page);
	page = kvzalloc(*len, GFP_KERNEL_ACCOUNT);
	if (!page)
		return NULL;
	for (i = 0; i < ARRAY_SIZE(log_kinds); i++)
		page[log_kinds[i].lid] = cpu_to_le32(BIT(0));
	return page;
}

static const struct kcsd_log_kind *log_kind(const struct kcsd_cmd *cmd)
{
	u8 lid = cmd->cdw10 & 0xff;
	int i;

	for (i = 0; i < ARRAY_SIZE(log_kinds); i++)
		if (log_kinds[i].lid == lid)
			return &log_kinds[i];
	return NULL;
}

static u64 log_offset(const struct kcsd_cmd *cmd)
{
	return kcsd_cmd_u64(cmd->cdw12, cmd->cdw13);
}

static int get_log_execute(struct kcsd_cmd *cmd)
{
	size_t want = iov_iter_count(&cmd->data);
	u64 off = log_offset(cmd);
	u32 len;
	void *page;
	int ret = 0;

	page = log_kind(cmd)->make(cmd, &len);
	if (!page)
		return -ENOMEM;
	if (off > len) {
		ret = kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW12);
	} else {
		size_t n = min_t(u64, want, len - off);

		ret = kcsd_cmd_copy_to_host(cmd, page + off, n);
		/* Return zeroes after the end of the page. */
		if (!ret)
			ret = kcsd_cmd_zero_host(cmd);
	}
	kvfree(page);
	return ret;
}

static bool log_nsid_fits(const struct kcsd_cmd *cmd, const struct kcsd_log_kind *kind)
{
	return !cmd->nsid || cmd->nsid == NVME_NSID_ALL ||
	       (kind->compute && cmd->nsid == KCSD_NSID_COMPUTE);
}

int kcsd_get_log_parse(struct kcsd_cmd *cmd)
{
	const struct kcsd_log_kind *kind = log_kind(cmd);
	const struct kcsd_cmd_uses uses = {
		/* NUMDL, RAE, LID. No page has an LSP, or sends events that RAE could retain. */
		.cdw10 = 0xffff80ff,
		.cdw11 = 0x0000ffff,			/* NUMDU; no page has an LSI */
		.cdw12 = U32_MAX, .cdw13 = U32_MAX,	/* LPO */
		.cdw14 = kind && kind->csi ? 0xff000000 : 0,
	};
	u64 len = ((u64)(cmd->cdw10 >> 16 | cmd->cdw11 << 16) + 1) * 4;
	int ret;

	if (!kind)
		return KCSD_SC_INVALID_LOG_PAGE;
	ret = kcsd_cmd_validate_unused(cmd, &uses);
	if (ret)
		return ret;
	if (len > cmd->drive->max_transfer)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW10);
	if (iov_iter_count(&cmd->data) != len)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	if (log_offset(cmd) & 3)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW12);
	if (kind->csi && !kcsd_namespaces_find(cmd->drive, log_csi(cmd)))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW14);
	if (!log_nsid_fits(cmd, kind))
		return KCSD_SC_INVALID_NS;
	cmd->execute = get_log_execute;
	return 0;
}
