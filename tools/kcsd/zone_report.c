// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>

#include "zone_report.h"

static const uint32_t conds[] = {
	KCSD_ZONE_COND_EMPTY, KCSD_ZONE_COND_IMP_OPEN, KCSD_ZONE_COND_EXP_OPEN,
	KCSD_ZONE_COND_CLOSED, KCSD_ZONE_COND_FULL, KCSD_ZONE_COND_READONLY,
	KCSD_ZONE_COND_OFFLINE,
};

static bool is_named(uint32_t cond, const char *name)
{
	const char *text = kcsd_zone_cond_text(cond);

	for (; *text && *name; text++, name++)
		if (*text != *name && !(*text == ' ' && *name == '-'))
			return false;
	return *text == *name;
}

bool kcsd_zone_cond_find(const char *name, uint32_t *cond)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(conds); i++) {
		if (!is_named(conds[i], name))
			continue;
		*cond = conds[i];
		return true;
	}
	return false;
}

static bool has_wp(const struct kcsd_zone_info *zone)
{
	return zone->wp != UINT64_MAX;
}

static void print_zone(const struct kcsd_zone_info *zone)
{
	printf("%12llu  %10llu  %10llu  ", zone->start, zone->size, zone->cap);
	if (has_wp(zone))
		printf("%12llu  ", zone->wp);
	else
		printf("%12s  ", "-");
	printf("%s\n", kcsd_zone_cond_text(zone->cond));
}

static void add_zone(json_object *json, const struct kcsd_zone_info *zone)
{
	json_object *row = json_object_new_object();

	json_object_object_add(row, "start", json_object_new_uint64(zone->start));
	json_object_object_add(row, "size", json_object_new_uint64(zone->size));
	json_object_object_add(row, "capacity", json_object_new_uint64(zone->cap));
	if (has_wp(zone))
		json_object_object_add(row, "write_pointer", json_object_new_uint64(zone->wp));
	json_object_object_add(row, "state",
			       json_object_new_string(kcsd_zone_cond_text(zone->cond)));
	json_object_array_add(json, row);
}

static int show_zone(const struct kcsd_zone_info *zone, void *arg)
{
	struct zone_report *report = arg;

	if (report->json)
		add_zone(report->json, zone);
	else
		print_zone(zone);
	/* Stop with a value that no error has once enough zones were shown. */
	return --report->left ? 0 : INT32_MAX;
}

int kcsd_zone_report_show(struct kcsd_drive *drv, struct zone_report *report)
{
	int ret;

	if (!report->json)
		printf("%12s  %10s  %10s  %12s  %s\n", "start", "size", "capacity", "write pointer",
		       "state");
	ret = kcsd_zone_each(drv, report->from, report->cond, show_zone, report);
	if (ret == INT32_MAX)
		ret = 0;
	return ret ? kcsd_fail_ret(ret, "%s: cannot read the zones", kcsd_drive_name(drv)) : 0;
}
