// SPDX-License-Identifier: GPL-2.0
/* kcsd zone: open, close, finish and reset zones, take them offline. */
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "parse.h"

#define OPTIONS(X) \
	OPTION_DRIVE(X) \
	X(ALL, "all", 'a', NULL, "all zones that are in a state for it")

enum { OPTIONS(OPT_ENUM) };
static const struct opt opts[] = { OPTIONS(OPT_ROW) };

static const struct action {
	const char *name;
	enum kcsd_zone_action action;
	const char *wants;	/* sentence: states in which the action is valid */
} actions[] = {
	{ "open", KCSD_ZONE_OPEN,
	  "empty and closed zones can be opened, a full one after 'kcsd zone reset'" },
	{ "close", KCSD_ZONE_CLOSE, "open zones can be closed" },
	{ "finish", KCSD_ZONE_FINISH, "empty, open and closed zones can be finished" },
	{ "reset", KCSD_ZONE_RESET, "open, closed and full zones can be reset" },
	{ "offline", KCSD_ZONE_OFFLINE, "read-only zones can be taken offline" },
};

static const struct action *find_action(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(actions); i++)
		if (!strcmp(actions[i].name, name))
			return &actions[i];
	return NULL;
}

/* True if the operand is a number; else it is a drive. */
static bool is_number(const char *text)
{
	uint64_t value;

	return !kcsd_parse_number(text, &value);
}

/* Parsed operands: ACTION [DRIVE] LBA..., or ACTION [DRIVE] with --all. */
struct zone {
	const struct action *action;
	const char *drive;	/* NULL: the only one */
	char **lba;
	int nr;
};

static int take_operands(const struct args *args, struct zone *zone)
{
	int used = 1;

	zone->action = find_action(args->operand[0]);
	if (!zone->action)
		return kcsd_usage(args->cmd, "'%s' is none of open, close, finish, reset, offline",
				  args->operand[0]);
	zone->drive = kcsd_args_value(args, OPT_DRIVE);
	if (args->nr_operands > used && !is_number(args->operand[used])) {
		if (zone->drive)
			return kcsd_usage(args->cmd, "the drive is named twice");
		zone->drive = args->operand[used++];
	}
	zone->lba = args->operand + used;
	zone->nr = args->nr_operands - used;
	if (kcsd_args_has(args, OPT_ALL) == !!zone->nr)
		return kcsd_usage(args->cmd, "%s: which zones is told either by LBAs or by --all",
				  zone->action->name);
	return 0;
}

static int check_lbas(const struct args *args, const struct zone *zone)
{
	int i;

	for (i = 0; i < zone->nr; i++)
		if (!is_number(zone->lba[i]))
			return kcsd_usage(args->cmd, "'%s' is not a number", zone->lba[i]);
	return 0;
}

static int take_zone(const struct kcsd_zone_info *zone, void *arg)
{
	*(struct kcsd_zone_info *)arg = *zone;
	return 1;	/* no further zones */
}

/* Report why the zone at this LBA was not changed. Return the exit code. */
static int fail_zone(struct kcsd_drive *drv, const struct action *action, uint64_t lba, int ret)
{
	unsigned long long at = lba;
	struct kcsd_zone_info info;

	if ((ret == KCSD_SC_INVALID_FIELD || ret == KCSD_SC_INVALID_ZONE_TRANSITION) &&
	    kcsd_zone_each(drv, lba, KCSD_ZONE_COND_ANY, take_zone, &info) == 1) {
		if (info.start != lba)
			return kcsd_fail("%s: no zone begins at LBA %llu, but one at %llu: "
					 "'kcsd zones' shows all", kcsd_drive_name(drv), at,
					 (unsigned long long)info.start);
		if (ret == KCSD_SC_INVALID_ZONE_TRANSITION)
			return kcsd_fail("%s: cannot %s the zone at LBA %llu, which is %s: %s",
					 kcsd_drive_name(drv), action->name, at,
					 kcsd_zone_cond_text(info.cond), action->wants);
	}
	return kcsd_fail_ret(ret, "%s: cannot %s the zone at LBA %llu", kcsd_drive_name(drv),
			     action->name, at);
}

static int manage(struct kcsd_drive *drv, const struct zone *zone)
{
	uint64_t lba;
	int i, ret;

	if (!zone->nr) {
		ret = kcsd_zone_manage(drv, zone->action->action, KCSD_ZONE_ALL);
		return ret ? kcsd_fail_ret(ret, "%s: cannot %s all zones", kcsd_drive_name(drv),
					   zone->action->name) : 0;
	}
	for (i = 0; i < zone->nr; i++) {
		kcsd_parse_number(zone->lba[i], &lba);
		ret = kcsd_zone_manage(drv, zone->action->action, lba);
		if (ret)
			return fail_zone(drv, zone->action, lba, ret);
	}
	return 0;
}

static int run_zone(const struct args *args)
{
	struct kcsd_zns_info info;
	struct kcsd_drive *drv;
	struct zone zone = {};
	int code;

	if ((code = take_operands(args, &zone)) || (code = check_lbas(args, &zone)) ||
	    (code = kcsd_pick_drive(zone.drive, 0, &drv)))
		return code;
	if (kcsd_zns_identify(drv, &info, sizeof(info)) == KCSD_SC_INVALID_FIELD)
		code = kcsd_fail("%s is not zoned", kcsd_drive_name(drv));
	else
		code = manage(drv, &zone);
	kcsd_drive_close(drv);
	return code;
}

const struct command kcsd_cmd_zone = {
	.name = "zone",
	.operands = "open|close|finish|reset|offline [DRIVE] LBA...|--all",
	.min_operands = 1,
	.max_operands = -1,
	.summary = "change the state of zones",
	.detail = "LBA is a zone's first one ('kcsd zones'). They are done in order, up to the\n"
		  "first that fails. With --all: open what is closed, close what is open, finish\n"
		  "what is open or closed, reset these and full zones, take read-only ones\n"
		  "offline.",
	.opts = opts,
	.nr_opts = ARRAY_SIZE(opts),
	.run = run_zone,
};
