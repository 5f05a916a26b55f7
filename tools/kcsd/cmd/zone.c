// SPDX-License-Identifier: GPL-2.0
/* kcsd zone: report zones, open, close, finish and reset them, take them offline. */
#include <stdio.h>
#include <string.h>

#include "parse.h"
#include "zone_report.h"

#define OPTIONS(X) \
	OPTION_DRIVE(X) \
	X(ALL, "all", 'a', NULL, "instead of LBAs: all zones whose state allows the action") \
	X(FROM, "from", 'f', "LBA", \
	  "report: begin with the zone that contains this LBA; default: the first") \
	X(COUNT, "count", 'n', "N", "report: at most N zones") \
	X(STATE, "state", 's', "STATE", \
	  "report: only zones in this state, such as empty or full") \
	OPTION_JSON(X)

enum { OPTIONS(OPT_ENUM) };
static const struct opt opts[] = { OPTIONS(OPT_ROW) };

/* Parsed operands: ACTION [DRIVE] LBA... */
struct zone {
	const struct args *args;
	const char *action;
	const char *drive;	/* NULL: the only one */
	char **lba;
	int nr;
};

/* True if the operand is a number; else it is a drive. */
static bool is_number(const char *text)
{
	uint64_t value;

	return !kcsd_parse_number(text, &value);
}

static int take_operands(const struct args *args, struct zone *zone)
{
	int used = 1;

	zone->args = args;
	zone->action = args->operand[0];
	zone->drive = kcsd_args_value(args, OPT_DRIVE);
	if (args->nr_operands > used && !is_number(args->operand[used])) {
		if (zone->drive)
			return kcsd_usage(args->cmd, "the drive is named twice");
		zone->drive = args->operand[used++];
	}
	zone->lba = args->operand + used;
	zone->nr = args->nr_operands - used;
	return 0;
}

/* Open the drive and call fn if it is zoned. Return the exit code. */
static int with_drive(const struct zone *zone, unsigned int flags,
		      int (*fn)(struct kcsd_drive *drv, void *arg), void *arg)
{
	struct kcsd_zns_info info;
	struct kcsd_drive *drv;
	int code = kcsd_pick_drive(zone->drive, flags, &drv);

	if (code)
		return code;
	if (kcsd_zns_identify(drv, &info, sizeof(info)) == KCSD_SC_INVALID_FIELD)
		code = kcsd_fail("%s is not zoned", kcsd_drive_name(drv));
	else
		code = fn(drv, arg);
	kcsd_drive_close(drv);
	return code;
}

/* ---- report ---- */

static int take_filter(const struct args *args, struct zone_report *report)
{
	const char *state = kcsd_args_value(args, OPT_STATE);
	int code;

	if (state && !kcsd_zone_cond_find(state, &report->cond))
		return kcsd_usage(args->cmd, "--state: '%s' is none of empty, implicitly-open, "
				  "explicitly-open, closed, full, read-only, offline", state);
	if ((code = kcsd_args_number(args, OPT_FROM, UINT64_MAX, &report->from)) ||
	    (code = kcsd_args_number(args, OPT_COUNT, UINT64_MAX, &report->left)))
		return code;
	return report->left ? 0 : kcsd_usage(args->cmd, "--count: must be at least 1");
}

static int show(struct kcsd_drive *drv, void *arg)
{
	return kcsd_zone_report_show(drv, arg);
}

static int report(const struct args *args)
{
	struct zone_report report = { .left = UINT64_MAX, .cond = KCSD_ZONE_COND_ANY };
	struct zone zone;
	int code;

	if ((code = take_operands(args, &zone)) || (code = take_filter(args, &report)))
		return code;
	if (zone.nr)
		return kcsd_usage(args->cmd, "unexpected '%s'", zone.lba[0]);
	if (kcsd_args_has(args, OPT_JSON))
		report.json = json_object_new_array();
	code = with_drive(&zone, KCSD_OPEN_RDONLY, show, &report);
	if (!code && report.json)
		kcsd_json_print(json_object_get(report.json));
	json_object_put(report.json);
	return code;
}

/* ---- change states ---- */

static const struct change {
	const char *name;
	enum kcsd_zone_action action;
	const char *wants;	/* sentence: states in which the action is valid */
} changes[] = {
	{ "open", KCSD_ZONE_OPEN,
	  "empty and closed zones can be opened, a full one after 'kcsd zone reset'" },
	{ "close", KCSD_ZONE_CLOSE, "open zones can be closed" },
	{ "finish", KCSD_ZONE_FINISH, "empty, open and closed zones can be finished" },
	{ "reset", KCSD_ZONE_RESET, "open, closed and full zones can be reset" },
	{ "offline", KCSD_ZONE_OFFLINE, "read-only zones can be taken offline" },
};

static const struct change *find_change(const char *name)
{
	const struct change *c = changes;

	while (strcmp(c->name, name))
		c++;
	return c;
}

static int validate_lbas(const struct zone *zone)
{
	int i;

	if (kcsd_args_has(zone->args, OPT_ALL) == !!zone->nr)
		return kcsd_usage(zone->args->cmd, "%s: name the zones either by LBAs or by --all",
				  zone->action);
	for (i = 0; i < zone->nr; i++)
		if (!is_number(zone->lba[i]))
			return kcsd_usage(zone->args->cmd, "'%s' is not a number", zone->lba[i]);
	return 0;
}

static int take_zone(const struct kcsd_zone_info *zone, void *arg)
{
	*(struct kcsd_zone_info *)arg = *zone;
	return 1;	/* no further zones */
}

/* Report why the zone at this LBA was not changed. Return the exit code. */
static int fail_zone(struct kcsd_drive *drv, const struct change *change, uint64_t lba, int ret)
{
	unsigned long long at = lba;
	struct kcsd_zone_info info;

	if ((ret == KCSD_SC_INVALID_FIELD || ret == KCSD_SC_INVALID_ZONE_TRANSITION) &&
	    kcsd_zone_each(drv, lba, KCSD_ZONE_COND_ANY, take_zone, &info) == 1) {
		if (info.start != lba)
			return kcsd_fail("%s: no zone begins at LBA %llu, but one at %llu: "
					 "'kcsd zone report' shows all", kcsd_drive_name(drv), at,
					 (unsigned long long)info.start);
		if (ret == KCSD_SC_INVALID_ZONE_TRANSITION)
			return kcsd_fail("%s: cannot %s the zone at LBA %llu, which is %s: %s",
					 kcsd_drive_name(drv), change->name, at,
					 kcsd_zone_cond_text(info.cond), change->wants);
	}
	return kcsd_fail_ret(ret, "%s: cannot %s the zone at LBA %llu", kcsd_drive_name(drv),
			     change->name, at);
}

static int change_zones(struct kcsd_drive *drv, void *arg)
{
	const struct zone *zone = arg;
	const struct change *change = find_change(zone->action);
	uint64_t lba;
	int i, ret;

	if (!zone->nr) {
		ret = kcsd_zone_manage(drv, change->action, KCSD_ZONE_ALL);
		return ret ? kcsd_fail_ret(ret, "%s: cannot %s all zones", kcsd_drive_name(drv),
					   change->name) : 0;
	}
	for (i = 0; i < zone->nr; i++) {
		kcsd_parse_number(zone->lba[i], &lba);
		ret = kcsd_zone_manage(drv, change->action, lba);
		if (ret)
			return fail_zone(drv, change, lba, ret);
	}
	return 0;
}

static int change(const struct args *args)
{
	struct zone zone;
	int code;

	if ((code = take_operands(args, &zone)) || (code = validate_lbas(&zone)))
		return code;
	return with_drive(&zone, 0, change_zones, &zone);
}

/* ---- the command ---- */

#define REPORT_OPTS \
	(OPT_BIT(DRIVE) | OPT_BIT(FROM) | OPT_BIT(COUNT) | OPT_BIT(STATE) | OPT_BIT(JSON))
#define CHANGE_OPTS	(OPT_BIT(DRIVE) | OPT_BIT(ALL))

static const struct action actions[] = {
	{ "report", "[DRIVE]", 0, 1, REPORT_OPTS, report },
	{ "open", "[DRIVE] LBA...", 0, -1, CHANGE_OPTS, change },
	{ "close", "[DRIVE] LBA...", 0, -1, CHANGE_OPTS, change },
	{ "finish", "[DRIVE] LBA...", 0, -1, CHANGE_OPTS, change },
	{ "reset", "[DRIVE] LBA...", 0, -1, CHANGE_OPTS, change },
	{ "offline", "[DRIVE] LBA...", 0, -1, CHANGE_OPTS, change },
	{}
};

const struct command kcsd_cmd_zone = {
	.name = "zone",
	.operands = "report|open|close|finish|reset|offline [DRIVE] [LBA...]",
	.min_operands = 1,
	.max_operands = -1,
	.summary = "report zones, or change their state",
	.detail = "  kcsd zone report [DRIVE] [--from LBA] [--count N] [--state STATE]\n"
		  "  kcsd zone open|close|finish|reset|offline [DRIVE] LBA...|--all\n\n"
		  "LBA is the first LBA of a zone, as 'kcsd zone report' shows it. Zones are\n"
		  "changed in order, up to the first that fails. With --all: open the closed\n"
		  "zones, close the open ones, finish open and closed ones, reset these and full\n"
		  "ones, take read-only ones offline.",
	.opts = opts,
	.nr_opts = ARRAY_SIZE(opts),
	.actions = actions,
	.run = kcsd_action_run,
};
