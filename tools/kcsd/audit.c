// SPDX-License-Identifier: GPL-2.0
/*
 * Print the LBAs that a run read, wrote, appended and managed, and the objects that it read and
 * stored (kcsd run --audit).
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

/*
 * Return how many of nr sources are one line: those whose keys have the same prefix follow each
 * other in the order of bytes, keys that the user named do not.
 */
static uint64_t line_len(const struct run *run, uint64_t source, uint64_t nr)
{
	const struct key_span *span;
	uint64_t end;

	for (span = run->spans; span && span < run->spans + run->nr_spans; span++) {
		end = (uint64_t)span->first + span->nr;
		if (source >= span->first && source < end)
			return nr < end - source ? nr : end - source;
	}
	return 1;
}

/* Call fn for each line of the audit: LBAs, an object that was stored, or objects of one line. */
static void each_line(const struct run *run, void (*fn)(const struct run *run,
							const struct kcsd_lba_range *line,
							void *arg), void *arg)
{
	const struct kcsd_run_result *result = &run->result;
	struct kcsd_lba_range line;
	struct kcsd_kv_key key;
	uint64_t end;
	uint32_t i;

	for (i = 0; i < result->nr_audit; i++) {
		line = result->audit[i];
		if (!is_objects(&line) || !kcsd_audit_key(&line, &key)) {
			fn(run, &line, arg);
			continue;
		}
		for (end = line.slba + line.nlb; line.slba < end; line.slba += line.nlb) {
			line.nlb = line_len(run, line.slba, end - line.slba);
			fn(run, &line, arg);
		}
	}
}

static void print_line(const struct run *run, const struct kcsd_lba_range *line, void *arg)
{
	char first[KCSD_KV_KEY_TEXT_LEN], last[KCSD_KV_KEY_TEXT_LEN];
	struct kcsd_kv_key key;
	FILE *to = arg;

	if (!kcsd_audit_key(line, &key))
		fprintf(to, "  object %s stored\n", kcsd_kv_key_text(&key, first));
	else if (!is_objects(line))
		fprintf(to, "  %" PRIu64 "+%" PRIu64 " %s\n", line->slba, line->nlb,
			access_name(line));
	else if (line->nlb == 1)
		fprintf(to, "  object %s read\n", source_name(run, line->slba, first));
	else
		fprintf(to, "  %" PRIu64 " objects read, %s to %s\n", line->nlb,
			source_name(run, line->slba, first),
			source_name(run, line->slba + line->nlb - 1, last));
}

static void count_line(const struct run *run, const struct kcsd_lba_range *line, void *arg)
{
	(void)run;
	(void)line;
	++*(uint64_t *)arg;
}

void kcsd_audit_print(FILE *to, const struct run *run)
{
	bool overflow = run->result.audit_flags & KCSD_AUDIT_OVERFLOW;
	uint64_t nr = 0;

	each_line(run, count_line, &nr);
	fprintf(to, "audit: %" PRIu64 " ranges%s\n", nr,
		overflow ? "; the audit is full, there were more" : "");
	each_line(run, print_line, to);
}

static void json_objects(json_object *json, const struct run *run,
			 const struct kcsd_lba_range *line)
{
	char text[KCSD_KV_KEY_TEXT_LEN];
	uint64_t last = line->slba + line->nlb - 1;

	json_object_object_add(json, "objects", json_object_new_uint64(line->nlb));
	json_object_object_add(json, "first_key",
			       json_object_new_string(source_name(run, line->slba, text)));
	json_object_object_add(json, "last_key",
			       json_object_new_string(source_name(run, last, text)));
}

static void add_line(const struct run *run, const struct kcsd_lba_range *line, void *arg)
{
	json_object *json = json_object_new_object();
	char text[KCSD_KV_KEY_TEXT_LEN];
	struct kcsd_kv_key key;

	if (!kcsd_audit_key(line, &key)) {
		json_object_object_add(json, "key", json_object_new_string(
				       kcsd_kv_key_text(&key, text)));
		json_object_object_add(json, "access", json_object_new_string("stored"));
		json_object_array_add(arg, json);
		return;
	}
	if (is_objects(line)) {
		json_objects(json, run, line);
	} else {
		json_object_object_add(json, "slba", json_object_new_uint64(line->slba));
		json_object_object_add(json, "nlb", json_object_new_uint64(line->nlb));
	}
	json_object_object_add(json, "access", json_object_new_string(access_name(line)));
	json_object_array_add(arg, json);
}

json_object *kcsd_audit_json(const struct run *run)
{
	json_object *json = json_object_new_object(), *ranges = json_object_new_array();

	each_line(run, add_line, ranges);
	json_object_object_add(json, "overflow", json_object_new_boolean(
			       run->result.audit_flags & KCSD_AUDIT_OVERFLOW));
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
