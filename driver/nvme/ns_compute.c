// SPDX-License-Identifier: GPL-2.0
/* Namespace 3: programs and the compute units that execute them. */
#define pr_fmt(fmt) "kcsd: " fmt

#include <linux/array_size.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/slab.h>

#include "compute/compute.h"
#include "compute/program.h"
#include "compute/program_log.h"
#include "compute/range_set.h"
#include "compute/unit.h"
#include "drive.h"
#include "media/slm.h"
#include "nvme/cmd.h"
#include "nvme/execute.h"
#include "nvme/identify.h"
#include "nvme/namespaces.h"
#include "nvme/opcodes.h"

/*
 * Anyone may execute: only write grants and ranges change anything, and kcsd_execute_parse()
 * validates these.
 */
static const struct kcsd_opcode opcodes[] = {
	{ KCSD_CMD_EXECUTE,	KCSD_FOR_ANY, KCSD_CHANGES, kcsd_execute_parse,
				.has_result = true },
	{ KCSD_CMD_EXECUTE_LBA,	KCSD_FOR_ANY, KCSD_CHANGES, kcsd_execute_parse,
				.has_result = true },
	{ KCSD_CMD_EXECUTE_SOURCES, KCSD_FOR_ANY, KCSD_CHANGES, kcsd_execute_sources_parse,
				.has_result = true },
	{ KCSD_CMD_RUN_RECEIVE,	KCSD_FOR_ANY, KCSD_READS, kcsd_receive_parse, .sleeps = true,
				.has_result = true },
	{ KCSD_CMD_SOURCES,	KCSD_FOR_ANY, KCSD_CHANGES, kcsd_sources_parse, .sleeps = true },
	{ KCSD_CMD_TIMING,	KCSD_FOR_ANY, KCSD_READS, kcsd_timing_parse,
				.takes_no_time = true },
};

/* The namespace with all its parts. */
struct parts {
	struct kcsd_compute compute;
	struct kcsd_units units;
	struct kcsd_programs programs;
	struct kcsd_range_sets range_sets;
	struct kcsd_program_log log;
};

static struct kcsd_compute *to_compute(struct kcsd_ns *ns)
{
	return container_of(ns, struct kcsd_compute, ns);
}

static int compute_identify(struct kcsd_cmd *cmd, void *page)
{
	const struct kcsd_drive *drive = cmd->drive;
	const struct kcsd_config *c = &drive->cfg;
	struct kcsd_id_ns_compute *id = page;

	BUILD_BUG_ON(sizeof(*id) != KCSD_IDENTIFY_LEN);
	id->maxact = cpu_to_le16(c->max_active);
	if (drive->slm->size) {
		id->maxmemrs = cpu_to_le16(c->max_range_sets);
		id->mrsg = cpu_to_le16(KCSD_RANGE_GRANULARITY);
		id->maxmemr = c->max_ranges;
	}
	id->maxpb = cpu_to_le64(DIV_ROUND_UP_ULL(c->max_program_bytes, SZ_1M));
	id->lpg = ilog2(c->load_granularity);
	id->nr_device = cpu_to_le16(drive->compute->programs->nr - c->max_programs);
	id->maxprog = cpu_to_le16(c->max_programs);
	id->cus = cpu_to_le16(c->cus);
	id->max_program_len = cpu_to_le32(KCSD_MAX_PROGRAM_LEN);
	id->arena_len = cpu_to_le64(c->arena_size);
	id->insn_budget = cpu_to_le64(READ_ONCE(drive->insn_budget));
	id->timeout_ms = cpu_to_le32(READ_ONCE(drive->timeout_ms));
	return 0;
}

static struct kcsd_ns *compute_alloc(struct kcsd_drive *drive)
{
	struct parts *parts = kzalloc(sizeof(*parts), GFP_KERNEL);
	struct kcsd_compute *compute;

	if (!parts)
		return NULL;
	compute = &parts->compute;
	compute->units = &parts->units;
	compute->programs = &parts->programs;
	compute->range_sets = &parts->range_sets;
	compute->log = &parts->log;
	compute->ns.gate = &drive->memory_gate;
	compute->index = drive->index;
	compute->cfg = &drive->cfg;
	compute->stats = drive->stats;
	compute->errors = drive->errors;
	compute->clock = drive->clock;
	compute->lbas = drive->lbas;
	compute->slm = drive->slm;
	drive->compute = compute;
	return &compute->ns;
}

static void compute_free(struct kcsd_ns *ns)
{
	kfree(container_of(to_compute(ns), struct parts, compute));
}

static int compute_open(struct kcsd_ns *ns, const char *name)
{
	struct kcsd_compute *compute = to_compute(ns);
	int ret;

	if (!kcsd_units_fit_memory(compute->cfg, name))
		return -ENOMEM;
	ret = kcsd_program_log_init(compute->log);
	if (ret)
		goto out;
	ret = kcsd_programs_init(compute);
	if (ret)
		goto out_log;
	ret = kcsd_range_sets_init(compute);
	if (ret)
		goto out_programs;
	ret = kcsd_units_init(compute);
	if (ret)
		goto out_range_sets;
	ns->active = true;
	return 0;

out_range_sets:
	kcsd_range_sets_destroy(compute);
out_programs:
	kcsd_programs_destroy(compute);
out_log:
	kcsd_program_log_destroy(compute->log);
out:
	pr_err("%s: compute units cannot be made: error %d\n", name, ret);
	return ret;
}

static void compute_close(struct kcsd_ns *ns)
{
	struct kcsd_compute *compute = to_compute(ns);

	kcsd_units_destroy(compute);
	kcsd_range_sets_destroy(compute);
	kcsd_programs_destroy(compute);
	kcsd_program_log_destroy(compute->log);
}

static void compute_stop(struct kcsd_ns *ns)
{
	kcsd_units_cancel_all(to_compute(ns), true);
}

/* For Sanitize. Output is dropped even if it fails later. */
static void compute_cancel(struct kcsd_ns *ns)
{
	struct kcsd_compute *compute = to_compute(ns);

	WRITE_ONCE(compute->erasures, compute->erasures + 1);
	kcsd_units_cancel_all(compute, false);
}

static void compute_erase_memory(struct kcsd_ns *ns)
{
	struct kcsd_compute *compute = to_compute(ns);

	/* Commands that were under way may have begun lists with the number of before. */
	WRITE_ONCE(compute->erasures, compute->erasures + 1);
	kcsd_units_erase(compute);
	kcsd_program_log_erase(compute->log);
}

const struct kcsd_ns_ops kcsd_compute_ops = {
	.csi		= KCSD_CSI_COMPUTE,
	.opcodes	= opcodes,
	.nr_opcodes	= ARRAY_SIZE(opcodes),
	.alloc		= compute_alloc,
	.free		= compute_free,
	.open		= compute_open,
	.close		= compute_close,
	.stop		= compute_stop,
	.cancel		= compute_cancel,
	.erase_memory	= compute_erase_memory,
	.identify_set	= compute_identify,
};
