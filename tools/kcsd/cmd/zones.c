// SPDX-License-Identifier: GPL-2.0
/* kcsd zones: list the zones of a drive. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "parse.h"

#define OPTIONS(X) \
	OPTION_DRIVE(X) \
	X(FROM, "from", 'f', "LBA", "begin with the zone that this LBA is in; default: the first") \
	X(COUNT, "count", 'n', "N", "at most so many zones") \
	X(STATE, "state", 's', "STATE", "only zones in this condition, such as empty or full") \
	OPTION_JSON(X)

enum { OPTIONS(OPT_ENUM) };
static const struct opt opts[] = { OPTIONS(OPT_ROW) };

/* A listing: filter, limit and format. */
struct zones {
	uint64_t from;
	uint64_t left;		/* zones that may still be shown */
	uint32_t cond;
	json_object *json;	/* an array, or NULL */
};

static const uint32_t conds[] = {
	KCSD_ZONE_COND_EMPTY, KCSD_ZONE_COND_IMP_OPEN, KCSD_ZONE_COND_EXP_OPEN,
	KCSD_ZONE_COND_CLOSED, KCSD_ZONE_COND_FULL, KCSD_ZONE_COND_READONLY,
	KCSD_ZONE_COND_OFFLINE,
};

/* True if name is the text of this condition. Dashes may stand for blanks. */
static bool is_named(uint32_t cond, const char *name)
{
	const char *text = kcsd_zone_cond_text(cond);

	for (; *text && *name; text++, name++)
		if (*text != *name && !(*text == ' ' && *name == '-'))
			return false;
	return *text == *name;
}

static int take_state(const struct args *args, uint32_t *cond)
{
	const char *name = kcsd_args_value(args, OPT_STATE);
	size_t i;

	*cond = KCSD_ZONE_COND_ANY;
	if (!name)
		return 0;
	for (i = 0; i < ARRAY_SIZE(conds); i++) {
		if (!is_named(conds[i], name))
			continue;
		*cond = conds[i];
		return 0;
	}
	return kcsd_usage(args->cmd, "--state: '%s' is none of empty, implicitly-open, "
			  "explicitly-open, closed, full, read-only, offline", name);
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
	struct zones *zones = arg;

	if (zones->json)
		add_zone(zones->json, zone);
	else
		print_zone(zone);
	/* Stop with a value that no error has once enough zones were shown. */
	return --zones->left ? 0 : INT32_MAX;
}

static int show_zones(struct kcsd_drive *drv, struct zones *zones)
{
	int ret;

	struct kcsd_zns_info info;

	if (kcsd_zns_identify(drv, &info, sizeof(info)) == KCSD_SC_INVALID_FIELD)
		return kcsd_fail("%s is not zoned", kcsd_drive_name(drv));
	if (!zones->json)
		printf("%12s  %10s  %10s  %12s  %s\n", "start", "size", "capacity", "write pointer",
		       "state");
	ret = kcsd_zone_each(drv, zones->from, zones->cond, show_zone, zones);
	if (ret == INT32_MAX)
		ret = 0;
	return ret ? kcsd_fail_ret(ret, "%s: zones", kcsd_drive_name(drv)) : 0;
}

static int run_zones(const struct args *args)
{
	const char *wanted = kcsd_args_value(args, OPT_DRIVE);
	struct zones zones = { .left = UINT64_MAX };
	struct kcsd_drive *drv;
	int code;

	if (args->nr_operands && wanted)
		return kcsd_usage(args->cmd, "the drive is named twice");
	if ((code = take_state(args, &zones.cond)) ||
	    (code = kcsd_args_number(args, OPT_FROM, UINT64_MAX, &zones.from)) ||
	    (code = kcsd_args_number(args, OPT_COUNT, UINT64_MAX, &zones.left)))
		return code;
	if (!zones.left)
		return kcsd_usage(args->cmd, "--count: there is nothing to show");
	code = kcsd_pick_drive(args->nr_operands ? args->operand[0] : wanted, KCSD_OPEN_RDONLY,
			       &drv);
	if (code)
		return code;
	if (kcsd_args_has(args, OPT_JSON))
		zones.json = json_object_new_array();
	code = show_zones(drv, &zones);
	if (!code && zones.json)
		kcsd_json_print(json_object_get(zones.json));
	json_object_put(zones.json);
	kcsd_drive_close(drv);
	return code;
}

const struct command kcsd_cmd_zones = {
	.name = "zones",
	.operands = "[DRIVE]",
	.max_operands = 1,
	.summary = "list the zones of a zoned drive",
	.opts = opts,
	.nr_opts = ARRAY_SIZE(opts),
	.run = run_zones,
};
