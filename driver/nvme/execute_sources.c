// SPDX-License-Identifier: GPL-2.0
/* Execute on Sources. <linux/kcsd.h> has its fields. */
#include <linux/mm.h>
#include <linux/string.h>

#include "compute/async.h"
#include "compute/compute.h"
#include "compute/output.h"
#include "compute/run.h"
#include "compute/run_objects.h"
#include "compute/source_list.h"
#include "compute/tenant.h"
#include "compute/unit.h"
#include "drive.h"
#include "media/objects.h"
#include "nvme/cmd.h"
#include "nvme/execute.h"
#include "nvme/opcodes.h"

/* What the header says besides struct kcsd_execute_limits. */
struct sources_header {
	u16 oid;
	u16 nr_grants;
	u16 nr_key_grants;
	u32 out_len;
	u32 flags;
	__le64 stream_len;
};

/* Validate all fields of the command, before its data is copied. */
static int sources_validate(struct kcsd_cmd *cmd)
{
	static const struct kcsd_cmd_uses uses = {
		.cdw2 = KCSD_EXEC_CDW2_ALL,
		.cdw3 = U16_MAX,			/* SLID */
		.cdw10 = U32_MAX, .cdw11 = U32_MAX,	/* CPARAM1 */
		.cdw12 = U32_MAX, .cdw13 = U32_MAX,	/* CPARAM2 */
		.metadata = true,
	};
	int ret = kcsd_cmd_validate_unused(cmd, &uses);

	if (ret)
		return ret;
	if (cmd->cdw3 > KCSD_MAX_SOURCE_LISTS)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW3);
	if (iov_iter_count(&cmd->data) < sizeof(struct kcsd_run_header))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	return 0;
}

static u32 sources_grants_len(const struct sources_header *h)
{
	return h->nr_grants * sizeof(struct kcsd_lba_grant) +
	       h->nr_key_grants * sizeof(struct kcsd_key_grant);
}

/* True if the fields about output fit each other. */
static bool sources_output_is_valid(const struct sources_header *h)
{
	bool waits = h->flags & KCSD_RUN_HEADER_WAIT;

	if (!h->oid)
		return !h->out_len && !waits;
	return h->oid <= KCSD_MAX_OUTPUTS && h->out_len <= KCSD_MAX_OUTPUT &&
	       h->out_len >= (waits ? KCSD_MIN_WINDOW : 1);
}

static bool sources_stream_is_valid(const struct kcsd_cmd *cmd, const struct sources_header *h)
{
	return h->flags & KCSD_RUN_HEADER_LEN ? !cmd->cdw3 : !h->stream_len;
}

/* Validate what the header says. The rest of the data has not been copied. */
static int sources_validate_header(struct kcsd_cmd *cmd, const struct sources_header *h,
				   bool audited)
{
	size_t len = iov_iter_count(&cmd->data);

	if (h->nr_grants > KCSD_MAX_GRANTS || h->nr_key_grants > KCSD_MAX_KEY_GRANTS ||
	    len < sources_grants_len(h) ||
	    len - sources_grants_len(h) > KCSD_MAX_ARGS ||
	    !sources_output_is_valid(h) || !sources_stream_is_valid(cmd, h))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	if (!h->oid)
		return kcsd_execute_validate_output(cmd, audited);
	return cmd->metadata_len ? kcsd_cmd_invalid(cmd, KCSD_FIELD_MPTR) : 0;
}

/* Copy the header from the host, and validate the copy. */
static int sources_take_header(struct kcsd_cmd *cmd, struct kcsd_execute_limits *limits,
			       struct sources_header *header)
{
	struct kcsd_run_header h;
	int ret = kcsd_cmd_copy_from_host(cmd, &h, sizeof(h));

	BUILD_BUG_ON(sizeof(h) != 64);
	if (ret)
		return ret;
	if (le32_to_cpu(h.size) != sizeof(h) || memchr_inv(h.rsvd, 0, sizeof(h.rsvd)) ||
	    le32_to_cpu(h.flags) & ~(KCSD_RUN_HEADER_AUDIT | KCSD_RUN_HEADER_LEN |
				     KCSD_RUN_HEADER_WAIT))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	*limits = (struct kcsd_execute_limits){
		.audited = le32_to_cpu(h.flags) & KCSD_RUN_HEADER_AUDIT,
		.timeout_ms = le32_to_cpu(h.timeout_ms),
		.budget = le64_to_cpu(h.budget),
	};
	*header = (struct sources_header){
		.oid = le16_to_cpu(h.oid),
		.nr_grants = le16_to_cpu(h.nr_grants),
		.nr_key_grants = le16_to_cpu(h.nr_key_grants),
		.out_len = le32_to_cpu(h.out_len),
		.flags = le32_to_cpu(h.flags),
		.stream_len = h.stream_len,
	};
	return sources_validate_header(cmd, header, limits->audited);
}

static bool key_grant_is_valid(const struct kcsd_key_grant *g)
{
	return g->len <= sizeof(g->prefix) && g->access == KCSD_GRANT_WRITE &&
	       !memchr_inv(g->rsvd, 0, sizeof(g->rsvd)) &&
	       !memchr_inv(g->prefix + g->len, 0, sizeof(g->prefix) - g->len);
}

/* Validate the key grants, which follow those of LBAs, and pass the gate of the objects. */
static int sources_take_key_grants(struct kcsd_cmd *cmd, struct kcsd_run *run,
				   const struct sources_header *h)
{
	const struct kcsd_key_grant *g = run->data + h->nr_grants * sizeof(struct kcsd_lba_grant);
	u32 i;
	int ret;

	BUILD_BUG_ON(sizeof(*g) != 24);
	if (!h->nr_key_grants)
		return 0;
	for (i = 0; i < h->nr_key_grants; i++)
		if (!key_grant_is_valid(&g[i]))
			return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	if (!kcsd_cmd_allowed(cmd, KCSD_FOR_WRITERS))
		return -EACCES;
	if (!cmd->drive->objects->ns.active)
		return KCSD_SC_INVALID_NS;
	ret = kcsd_gate_enter(&cmd->drive->objects->gate);
	if (ret)
		return ret;
	run->key_grants = g;
	run->nr_key_grants = h->nr_key_grants;
	return 0;
}

static int sources_get_list(struct kcsd_cmd *cmd, struct kcsd_run *run)
{
	u32 bad = 0;
	int ret;

	run->list = kcsd_source_list_get(&cmd->tenant->source_lists, cmd->cdw3, run->erasures,
					 &ret);
	if (!run->list)
		return ret;
	/* The watch keeps writes of the run off LBAs that others have changed. */
	if (run->list->watch.edited && !run->list->watch.watches)
		return KCSD_SC_INVALID_SOURCE_LIST;
	run->stream = run->list->stream;
	run->stream_len = run->stream.begin[run->stream.nr];
	if (!run->list->has_objects)
		return 0;
	ret = kcsd_run_objects_get(run->compute->objects, &cmd->tenant->source_lists,
				   &run->stream, &run->objects, &bad);
	if (ret > 0)
		cmd->result = bad;
	run->stream_len = ret ? 0 : run->stream.begin[run->stream.nr];
	return ret;
}

static int sources_get_stream(struct kcsd_cmd *cmd, struct kcsd_run *run,
			      const struct sources_header *h)
{
	if (cmd->cdw3)
		return sources_get_list(cmd, run);
	return kcsd_execute_take_len(cmd, run, h->flags & KCSD_RUN_HEADER_LEN ? &h->stream_len :
										NULL);
}

/* Create the output of the run, and reserve what it needs to wait for its reader. */
static int sources_create_output(struct kcsd_cmd *cmd, struct kcsd_run *run,
				 const struct sources_header *h)
{
	bool waits = h->flags & KCSD_RUN_HEADER_WAIT;
	int ret = 0;

	if (!h->oid)
		return 0;
	run->output = kcsd_output_create(h->out_len, waits, run->erasures);
	if (!run->output)
		return -ENOMEM;
	if (waits)
		ret = kcsd_units_reserve(run->compute, cmd->tenant->owner.user);
	run->reserved = waits && !ret;
	return ret;
}

/* The last step: a run whose output the host finds will be submitted. */
static int sources_add_output(struct kcsd_cmd *cmd, struct kcsd_run *run,
			      const struct sources_header *h)
{
	return h->oid ? kcsd_outputs_add(&cmd->tenant->outputs, h->oid, run->output) : 0;
}

int kcsd_execute_sources_parse(struct kcsd_cmd *cmd)
{
	struct kcsd_execute_limits limits;
	struct sources_header h;
	struct kcsd_run *run;
	int ret;

	ret = sources_validate(cmd) ?: sources_take_header(cmd, &limits, &h) ?:
	      kcsd_execute_create_run(cmd, &limits);
	if (ret)
		return ret;
	run = kcsd_async_run(cmd->async);
	return kcsd_execute_copy_data(cmd, run, sources_grants_len(&h), h.nr_grants) ?:
	       sources_take_key_grants(cmd, run, &h) ?:
	       kcsd_execute_get_set(cmd, run) ?: sources_get_stream(cmd, run, &h) ?:
	       kcsd_execute_get_program(run) ?: sources_create_output(cmd, run, &h) ?:
	       sources_add_output(cmd, run, &h);
}
