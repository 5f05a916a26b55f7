// SPDX-License-Identifier: GPL-2.0
/*
 * Print the LBAs that a run read, wrote, appended and managed, and the objects that it read (kcsd
 * run --audit).
 */
#include <inttypes.h>

#include "run.h"

static const char *access_name(const struct kcsd_lba_range *range)
{
	switch (range->access) {
	case KCSD_GRANT_WRITE:
		return "written";
	case KCSD_GRANT_APPEND:
		return "appended";
	case KCSD_GRANT_MANAGE:
		return "managed";
	default:
		return "read";
	}
}

static bool is_objects(const struct kcsd_lba_range *range)
{
	return range->access & KCSD_AUDIT_OBJECT;
}

/* Print the key of a source, or its number if that is not known. */
static const char *source_name(const struct run *run, uint64_t source,
			       char text[KCSD_KV_KEY_TEXT_LEN])
{
	if (!kcsd_run_key(run, source, text))
		snprintf(text, KCSD_KV_KEY_TEXT_LEN, "%" PRIu64, source);
	return text;
}

static void print_range(FILE *to, const struct run *run, const struct kcsd_lba_range *range)
{
	char first[KCSD_KV_KEY_TEXT_LEN], last[KCSD_KV_KEY_TEXT_LEN];

	if (!is_objects(range))
		fprintf(to, "  %" PRIu64 "+%" PRIu64 " %s\n", range->slba, range->nlb,
			access_name(range));
	else if (range->nlb == 1)
		fprintf(to, "  object %s read\n", source_name(run, range->slba, first));
	else
		fprintf(to, "  %" PRIu64 " objects read, %s to %s\n", range->nlb,
			source_name(run, range->slba, first),
			source_name(run, range->slba + range->nlb - 1, last));
}

void kcsd_audit_print(FILE *to, const struct run *run)
{
	const struct kcsd_run_result *result = &run->result;
	bool overflow = result->audit_flags & KCSD_AUDIT_OVERFLOW;
	uint32_t i;

	fprintf(to, "audit: %u ranges%s\n", result->nr_audit,
		overflow ? "; the audit is full, there were more" : "");
	for (i = 0; i < result->nr_audit; i++)
		print_range(to, run, &result->audit[i]);
}

static void json_objects(json_object *json, const struct run *run,
			 const struct kcsd_lba_range *range)
{
	char text[KCSD_KV_KEY_TEXT_LEN];
	uint64_t last = range->slba + range->nlb - 1;

	json_object_object_add(json, "objects", json_object_new_uint64(range->nlb));
	json_object_object_add(json, "first_key",
			       json_object_new_string(source_name(run, range->slba, text)));
	json_object_object_add(json, "last_key",
			       json_object_new_string(source_name(run, last, text)));
}

static json_object *json_range(const struct run *run, const struct kcsd_lba_range *range)
{
	json_object *json = json_object_new_object();

	if (is_objects(range)) {
		json_objects(json, run, range);
	} else {
		json_object_object_add(json, "slba", json_object_new_uint64(range->slba));
		json_object_object_add(json, "nlb", json_object_new_uint64(range->nlb));
	}
	json_object_object_add(json, "access", json_object_new_string(access_name(range)));
	return json;
}

json_object *kcsd_audit_json(const struct run *run)
{
	json_object *json = json_object_new_object(), *ranges = json_object_new_array();
	const struct kcsd_run_result *result = &run->result;
	uint32_t i;

	for (i = 0; i < result->nr_audit; i++)
		json_object_array_add(ranges, json_range(run, &result->audit[i]));
	json_object_object_add(json, "overflow", json_object_new_boolean(
			       result->audit_flags & KCSD_AUDIT_OVERFLOW));
	json_object_object_add(json, "ranges", ranges);
	return json;
}

uint64_t kcsd_audit_bytes(const struct kcsd_run_result *result)
{
	if (!result->audit)
		return 0;
	return sizeof(struct kcsd_audit_header) +
	       result->nr_audit * sizeof(struct kcsd_audit_range);
}
