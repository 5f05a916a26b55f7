// SPDX-License-Identifier: GPL-2.0
/* kcsd ranges: create, delete and list memory range sets. */
#include <stdio.h>

#include "cmd.h"
#include "parse.h"

enum { OPTION_DRIVE(OPT_ENUM) OPTION_JSON(OPT_ENUM) };
static const struct opt opts[] = { OPTION_DRIVE(OPT_ROW) OPTION_JSON(OPT_ROW) };

#define MAX_RANGES	255	/* limit of the NVMe command; the drive may allow fewer */

/* ---- create ---- */

static int take_ranges(const struct args *args, struct kcsd_slm_range *ranges, uint32_t *nr)
{
	const char *wrong;
	int i;

	*nr = args->nr_operands - 1;
	if (*nr > MAX_RANGES)
		return kcsd_usage(args->cmd, "more than %u ranges", MAX_RANGES);
	for (i = 1; i < args->nr_operands; i++) {
		wrong = kcsd_parse_slm_range(args->operand[i], &ranges[i - 1].start,
					     &ranges[i - 1].len);
		if (wrong)
			return kcsd_usage(args->cmd, "'%s' %s", args->operand[i], wrong);
	}
	return 0;
}

static int create(const struct args *args)
{
	struct kcsd_slm_range ranges[MAX_RANGES];
	struct kcsd_drive *drv;
	json_object *json;
	uint32_t nr, rsid;
	int ret = take_ranges(args, ranges, &nr);

	if (!ret)
		ret = kcsd_pick_drive(kcsd_args_value(args, OPT_DRIVE), 0, &drv);
	if (ret)
		return ret;
	ret = kcsd_range_set_create(drv, ranges, nr, &rsid);
	kcsd_drive_close(drv);
	if (ret)
		return kcsd_fail_ret(ret, "cannot create the range set");
	if (!kcsd_args_has(args, OPT_JSON)) {
		printf("set: %u\n", rsid);
		return 0;
	}
	json = json_object_new_object();
	json_object_object_add(json, "set", json_object_new_uint64(rsid));
	kcsd_json_print(json);
	return 0;
}

/* ---- delete ---- */

static int take_set(const struct args *args, int i, uint64_t *rsid)
{
	const char *wrong = kcsd_parse_number(args->operand[i], rsid);

	if (!wrong && *rsid > 0xffff)
		wrong = "is more than 65535";
	return wrong ? kcsd_usage(args->cmd, "range set '%s' %s", args->operand[i], wrong) : 0;
}

static int delete(const struct args *args)
{
	struct kcsd_drive *drv;
	uint64_t rsid;
	int i, ret, code;

	/* Parse all operands before the first set is deleted. */
	for (i = 1; i < args->nr_operands; i++) {
		code = take_set(args, i, &rsid);
		if (code)
			return code;
	}
	code = kcsd_pick_drive(kcsd_args_value(args, OPT_DRIVE), 0, &drv);
	if (code)
		return code;
	for (i = 1; i < args->nr_operands; i++) {
		take_set(args, i, &rsid);
		ret = kcsd_range_set_delete(drv, rsid);
		if (ret)
			code = kcsd_fail_ret(ret, "cannot delete range set %u", (unsigned int)rsid);
	}
	kcsd_drive_close(drv);
	return code;
}

/* ---- list ---- */

struct listing {
	json_object *json;	/* NULL: text */
	int nr;
};

static void add_json(json_object *json, const struct kcsd_range_set_info *info)
{
	json_object *row = json_object_new_object(), *ranges = json_object_new_array();
	uint32_t i;

	for (i = 0; i < info->nr; i++) {
		json_object *range = json_object_new_object();

		json_object_object_add(range, "start",
				       json_object_new_uint64(info->ranges[i].start));
		json_object_object_add(range, "length",
				       json_object_new_uint64(info->ranges[i].len));
		json_object_array_add(ranges, range);
	}
	json_object_object_add(row, "set", json_object_new_uint64(info->rsid));
	json_object_object_add(row, "users", json_object_new_uint64(info->users));
	json_object_object_add(row, "ranges", ranges);
	json_object_array_add(json, row);
}

static int list_set(const struct kcsd_range_set_info *info, void *arg)
{
	struct listing *listing = arg;
	uint32_t i;

	if (listing->json) {
		add_json(listing->json, info);
		return 0;
	}
	if (!listing->nr++)
		printf("%5s %5s  %s\n", "SET", "USERS", "RANGES");
	printf("%5u %5u ", info->rsid, info->users);
	for (i = 0; i < info->nr; i++)
		printf(" %llu+%llu", (unsigned long long)info->ranges[i].start,
		       (unsigned long long)info->ranges[i].len);
	putchar('\n');
	return 0;
}

static int list(const struct args *args)
{
	struct listing listing = {};
	struct kcsd_drive *drv;
	int ret;

	ret = kcsd_pick_drive(kcsd_args_value(args, OPT_DRIVE), KCSD_OPEN_RDONLY, &drv);
	if (ret)
		return ret;
	if (kcsd_args_has(args, OPT_JSON))
		listing.json = json_object_new_array();
	ret = kcsd_range_set_each(drv, list_set, &listing);
	if (ret)
		ret = kcsd_fail_ret(ret, "%s: cannot read the list of range sets",
				    kcsd_drive_name(drv));
	else if (listing.json)
		kcsd_json_print(json_object_get(listing.json));
	else if (!listing.nr)
		printf("no range sets; 'kcsd ranges create START+LENGTH...' creates one\n");
	json_object_put(listing.json);
	kcsd_drive_close(drv);
	return ret;
}

#define OPTS	(OPT_BIT(DRIVE) | OPT_BIT(JSON))

static const struct action actions[] = {
	{ "create", "START+LENGTH...", 1, -1, OPTS, create },
	{ "delete", "SET...", 1, -1, OPTS, delete },
	{ "list", "", 0, 0, OPTS, list },
	{}
};

const struct command kcsd_cmd_ranges = {
	.name = "ranges",
	.operands = "create|delete|list [START+LENGTH...|SET...]",
	.min_operands = 1,
	.max_operands = -1,
	.summary = "create, delete and list sets of memory ranges",
	.detail = "  kcsd ranges create START+LENGTH...\n"
		  "  kcsd ranges delete SET...\n"
		  "  kcsd ranges list\n\n"
		  "START and LENGTH are bytes of Subsystem Local Memory, multiples of 4096.",
	.opts = opts,
	.nr_opts = ARRAY_SIZE(opts),
	.actions = actions,
	.run = kcsd_action_run,
};
