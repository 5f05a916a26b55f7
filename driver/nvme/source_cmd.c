// SPDX-License-Identifier: GPL-2.0
/* Source List Management. <linux/kcsd.h> has its fields. */
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include "compute/compute.h"
#include "compute/source_list.h"
#include "compute/tenant.h"
#include "drive.h"
#include "media/lbas.h"
#include "media/objects.h"
#include "nvme/cmd.h"
#include "nvme/execute.h"
#include "nvme/opcodes.h"

static u16 sources_slid(const struct kcsd_cmd *cmd)
{
	return cmd->cdw10 & 0xffff;
}

static struct kcsd_source_lists *sources_lists(const struct kcsd_cmd *cmd)
{
	return &cmd->tenant->source_lists;
}

/*
 * Change the list that the command names; nobody else uses it meanwhile, nor before resume if the
 * command then waits.
 */
static int sources_change(struct kcsd_cmd *cmd,
			  int (*change)(struct kcsd_cmd *cmd, struct kcsd_source_list *list))
{
	struct kcsd_source_list *list;
	int ret;

	list = kcsd_source_list_change(sources_lists(cmd), sources_slid(cmd), &ret);
	if (!list)
		return ret;
	ret = change(cmd, list);
	if (ret != KCSD_CMD_WAITS)
		kcsd_source_list_end_change(sources_lists(cmd), list);
	return ret;
}

/* Free a list, which may be NULL, and give back what it had reserved. */
static void sources_free(struct kcsd_cmd *cmd, struct kcsd_source_list *list)
{
	u64 memory = list ? kcsd_source_list_memory(list->nr, list->bytes_len) : 0;

	kcsd_source_list_free(list);
	kcsd_source_lists_unreserve(sources_lists(cmd), memory);
}

/* ---- add sources ---- */

/* Returns 0, -EACCES, or the status if the access of a source is invalid. */
static int source_validate_access(struct kcsd_cmd *cmd, const struct kcsd_source *source)
{
	if (source->access == KCSD_GRANT_READ)
		return 0;
	if (source->access != (KCSD_GRANT_READ | KCSD_GRANT_WRITE) ||
	    source->type != KCSD_SOURCE_LBAS || cmd->drive->lbas->zones.nr)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	return kcsd_cmd_allowed(cmd, KCSD_FOR_WRITERS) ? 0 : -EACCES;
}

/* Returns 0, or the status if a source is invalid. The drive has copied it. */
static int source_validate(struct kcsd_cmd *cmd, const struct kcsd_source *source)
{
	const struct kcsd_lbas *lbas = cmd->drive->lbas;
	u64 start = le64_to_cpu(source->start), len = le64_to_cpu(source->len);
	bool is_object = source->type == KCSD_SOURCE_OBJECT;
	u64 bytes;
	int ret;

	BUILD_BUG_ON(sizeof(*source) != 24);
	if ((!len && !is_object) || memchr_inv(source->rsvd, 0, sizeof(source->rsvd)))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	ret = source_validate_access(cmd, source);
	if (ret)
		return ret;
	switch (source->type) {
	case KCSD_SOURCE_LBAS:
		bytes = lbas->nsze << lbas->lba_shift;
		return start < lbas->nsze && len <= bytes - (start << lbas->lba_shift) ?
		       0 : KCSD_SC_LBA_RANGE;
	case KCSD_SOURCE_ZEROES:
		return start ? kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR) : 0;
	case KCSD_SOURCE_BYTES:
		return start < cmd->cdw13 && len <= cmd->cdw13 - start ?
		       0 : kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	case KCSD_SOURCE_OBJECT:
		/* What the key is shows when a run looks it up: it may not have arrived yet. */
		bytes = sizeof(struct kcsd_kv_key);
		if (start > cmd->cdw13 || bytes > cmd->cdw13 - start)
			return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
		return cmd->drive->objects->ns.active ? 0 : KCSD_SC_INVALID_NS;
	default:
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	}
}

/*
 * Copy sources behind those of the list, and validate the copies. None of them counts before all
 * are valid.
 */
static int sources_copy(struct kcsd_cmd *cmd, struct kcsd_source_list *list)
{
	u32 nr = iov_iter_count(&cmd->data) / sizeof(struct kcsd_source);
	struct kcsd_stream *stream = &list->stream;
	struct kcsd_source *source = stream->source + stream->nr;
	u64 len = stream->begin[stream->nr];
	int ret = kcsd_cmd_copy_from_host(cmd, source, nr * sizeof(*source));
	u32 i;

	for (i = 0; !ret && i < nr; i++) {
		ret = source_validate(cmd, &source[i]);
		if (!ret && (check_add_overflow(len, le64_to_cpu(source[i].len), &len) ||
			     len > S64_MAX))
			ret = kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
		if (ret > 0 && ret != KCSD_SC_INVALID_FIELD)
			cmd->result = stream->nr + i;
	}
	for (i = 0; !ret && i < nr; i++) {
		kcsd_stream_add(stream, &source[i]);
		if (source[i].access & KCSD_GRANT_WRITE)
			list->watch.edited = true;
		if (source[i].type == KCSD_SOURCE_OBJECT)
			list->has_objects = true;
	}
	return ret;
}

/* Begin a list: it is in the table only if its first sources are valid. */
static int sources_begin(struct kcsd_cmd *cmd)
{
	u32 erasures = READ_ONCE(cmd->drive->compute->erasures);
	u64 memory = kcsd_source_list_memory(cmd->cdw11, cmd->cdw13);
	struct kcsd_source_list *old, *list;
	int ret;

	if (!kcsd_source_lists_reserve(sources_lists(cmd), memory))
		return KCSD_SC_INSUFFICIENT_RESOURCES;
	list = kcsd_source_list_alloc(cmd->cdw11, cmd->cdw13, erasures);
	ret = list ? sources_copy(cmd, list) : -ENOMEM;
	if (!ret)
		ret = kcsd_source_list_replace(sources_lists(cmd), sources_slid(cmd), list, &old);
	sources_free(cmd, ret ? list : old);
	if (!list)
		kcsd_source_lists_unreserve(sources_lists(cmd), memory);
	return ret;
}

static int sources_continue(struct kcsd_cmd *cmd, struct kcsd_source_list *list)
{
	if (list->stream.nr == list->nr)
		return KCSD_SC_INVALID_SOURCE_LIST;
	if (cmd->cdw11 != list->nr)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW11);
	if (cmd->cdw12 != list->stream.nr)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW12);
	if (cmd->cdw13 != list->bytes_len)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW13);
	return sources_copy(cmd, list);
}

static int sources_add(struct kcsd_cmd *cmd)
{
	return cmd->cdw12 ? sources_change(cmd, sources_continue) : sources_begin(cmd);
}

static int sources_parse_add(struct kcsd_cmd *cmd)
{
	size_t len = iov_iter_count(&cmd->data);

	if (!cmd->cdw11 || cmd->cdw11 > KCSD_MAX_SOURCES)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW11);
	if (cmd->cdw12 >= cmd->cdw11)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW12);
	if (cmd->cdw13 > KCSD_MAX_SOURCE_BYTES)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW13);
	if (!len || len > cmd->drive->max_transfer || len % sizeof(struct kcsd_source) ||
	    len / sizeof(struct kcsd_source) > cmd->cdw11 - cmd->cdw12)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	cmd->execute = sources_add;
	return 0;
}

/* ---- add bytes ---- */

static int bytes_continue(struct kcsd_cmd *cmd, struct kcsd_source_list *list)
{
	size_t len = iov_iter_count(&cmd->data);
	int ret;

	if (list->bytes_nr == list->bytes_len)
		return KCSD_SC_INVALID_SOURCE_LIST;
	if (cmd->cdw12 != list->bytes_nr)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW12);
	if (len > list->bytes_len - list->bytes_nr)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	ret = kcsd_cmd_copy_from_host(cmd, list->bytes + list->bytes_nr, len);
	if (!ret)
		list->bytes_nr += len;
	return ret;
}

static int sources_add_bytes(struct kcsd_cmd *cmd)
{
	return sources_change(cmd, bytes_continue);
}

static int sources_parse_bytes(struct kcsd_cmd *cmd)
{
	size_t len = iov_iter_count(&cmd->data);

	if (cmd->cdw11)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW11);
	if (cmd->cdw13)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW13);
	if (!len || len > cmd->drive->max_transfer)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	cmd->execute = sources_add_bytes;
	return 0;
}

/* ---- watch, delete ---- */

static int watch_wait(struct kcsd_cmd *cmd)
{
	struct kcsd_source_list *list = cmd->waited_for;

	return kcsd_watch_wait(&list->watch);
}

/* No run may trust a watch that has not seen all changes end. */
static int watch_finish(struct kcsd_cmd *cmd, int ret)
{
	struct kcsd_source_list *list = cmd->waited_for;

	if (ret)
		kcsd_watch_trip(&list->watch);
	kcsd_source_list_end_change(sources_lists(cmd), list);
	return ret;
}

static int list_watch(struct kcsd_cmd *cmd, struct kcsd_source_list *list)
{
	int ret;

	if (!kcsd_source_list_is_complete(list))
		return KCSD_SC_INVALID_SOURCE_LIST;
	ret = kcsd_source_list_watch(sources_lists(cmd), list, cmd->drive->lbas,
				     cmd->tenant->owner.user);
	if (ret)
		return ret;
	cmd->waited_for = list;
	cmd->wait = watch_wait;
	cmd->resume = watch_finish;
	return KCSD_CMD_WAITS;
}

static int sources_watch(struct kcsd_cmd *cmd)
{
	return sources_change(cmd, list_watch);
}

static int sources_delete(struct kcsd_cmd *cmd)
{
	struct kcsd_source_list *list;
	int ret;

	ret = kcsd_source_list_replace(sources_lists(cmd), sources_slid(cmd), NULL, &list);
	if (ret)
		return ret;
	ret = list ? 0 : KCSD_SC_INVALID_SOURCE_LIST;
	sources_free(cmd, list);
	return ret;
}

/* Parse a command that has an SLID only. */
static int sources_parse_alone(struct kcsd_cmd *cmd, int (*execute)(struct kcsd_cmd *cmd))
{
	if (cmd->cdw11)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW11);
	if (cmd->cdw12)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW12);
	if (cmd->cdw13)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW13);
	if (iov_iter_count(&cmd->data))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	cmd->execute = execute;
	return 0;
}

int kcsd_sources_parse(struct kcsd_cmd *cmd)
{
	static const struct kcsd_cmd_uses uses = {
		.cdw10 = KCSD_SOURCES_CDW10_ALL,	/* SEL, SLID */
		.cdw11 = U32_MAX, .cdw12 = U32_MAX, .cdw13 = U32_MAX,
	};
	int ret = kcsd_cmd_validate_unused(cmd, &uses);

	if (ret)
		return ret;
	if (!sources_slid(cmd) || sources_slid(cmd) > KCSD_MAX_SOURCE_LISTS)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW10);
	switch (cmd->cdw10 >> KCSD_SOURCES_SEL_SHIFT) {
	case KCSD_SOURCES_ADD:
		return sources_parse_add(cmd);
	case KCSD_SOURCES_BYTES:
		return sources_parse_bytes(cmd);
	case KCSD_SOURCES_WATCH:
		return sources_parse_alone(cmd, sources_watch);
	case KCSD_SOURCES_DELETE:
		return sources_parse_alone(cmd, sources_delete);
	default:
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW10);
	}
}
