// SPDX-License-Identifier: GPL-2.0
/* Print the LBAs that a run read, wrote, appended and managed (kcsd run --audit). */
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

void kcsd_audit_print(FILE *to, const struct kcsd_run_result *result)
{
	bool overflow = result->audit_flags & KCSD_AUDIT_OVERFLOW;
	uint32_t i;

	fprintf(to, "audit: %u ranges%s\n", result->nr_audit,
		overflow ? "; the audit is full, there were more" : "");
	for (i = 0; i < result->nr_audit; i++)
		fprintf(to, "  %" PRIu64 "+%" PRIu64 " %s\n", result->audit[i].slba,
			result->audit[i].nlb, access_name(&result->audit[i]));
}

json_object *kcsd_audit_json(const struct kcsd_run_result *result)
{
	json_object *json = json_object_new_object(), *ranges = json_object_new_array();
	uint32_t i;

	for (i = 0; i < result->nr_audit; i++) {
		json_object *range = json_object_new_object();

		json_object_object_add(range, "slba",
				       json_object_new_uint64(result->audit[i].slba));
		json_object_object_add(range, "nlb",
				       json_object_new_uint64(result->audit[i].nlb));
		json_object_object_add(range, "access",
				       json_object_new_string(access_name(&result->audit[i])));
		json_object_array_add(ranges, range);
	}
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
