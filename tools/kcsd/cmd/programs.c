// SPDX-License-Identifier: GPL-2.0
/* kcsd programs */
#include <stdio.h>

#include "cmd.h"

enum { OPTION_DRIVE(OPT_ENUM) OPTION_JSON(OPT_ENUM) };
static const struct opt opts[] = { OPTION_DRIVE(OPT_ROW) OPTION_JSON(OPT_ROW) };

struct programs {
	const char *drive;
	json_object *json;	/* NULL: a table */
	int nr;
};

/* Return a counter of a program, 0 if the program was unloaded meanwhile. */
static uint64_t counter(const char *drive, uint32_t pind, const char *name)
{
	uint64_t value = 0;
	char path[64];

	snprintf(path, sizeof(path), "programs/%u/%s", pind, name);
	kcsd_stats_get(drive, path, &value);
	return value;
}

/* True for a program that is built into the drive and cannot be unloaded. */
static bool is_builtin(const struct kcsd_program_info *info)
{
	return info->peocc == KCSD_PROGRAM_PEOCC_DEVICE;
}

static void add_json(const struct programs *programs, const struct kcsd_program_info *info)
{
	json_object *row = json_object_new_object();

	json_object_object_add(row, "index", json_object_new_uint64(info->pind));
	json_object_object_add(row, "program", json_object_new_string(info->name));
	json_object_object_add(row, "size", json_object_new_uint64(info->psize));
	json_object_object_add(row, "builtin", json_object_new_boolean(is_builtin(info)));
	json_object_object_add(row, "active", json_object_new_boolean(info->active));
	json_object_object_add(row, "puid", json_object_new_uint64(info->puid));
	json_object_object_add(row, "runs", json_object_new_uint64(
		counter(programs->drive, info->pind, "runs")));
	json_object_object_add(row, "faults", json_object_new_uint64(
		counter(programs->drive, info->pind, "faults")));
	json_object_array_add(programs->json, row);
}

static int list_program(const struct kcsd_program_info *info, void *arg)
{
	struct programs *programs = arg;

	if (programs->json) {
		add_json(programs, info);
		return 0;
	}
	if (!programs->nr++)
		printf("%5s %-7s %-6s %8s %10s %8s  %s\n", "INDEX", "KIND", "ACTIVE", "BYTES",
		       "RUNS", "FAULTS", "PROGRAM");
	printf("%5u %-7s %-6s %8u %10llu %8llu  %s\n", info->pind,
	       is_builtin(info) ? "builtin" : "loaded", info->active ? "yes" : "no",
	       info->psize,
	       (unsigned long long)counter(programs->drive, info->pind, "runs"),
	       (unsigned long long)counter(programs->drive, info->pind, "faults"), info->name);
	return 0;
}

static int programs(const struct args *args)
{
	struct programs programs = {};
	struct kcsd_drive *drv;
	int ret = kcsd_pick_drive(kcsd_args_value(args, OPT_DRIVE), KCSD_OPEN_RDONLY, &drv);

	if (ret)
		return ret;
	programs.drive = kcsd_drive_name(drv);
	if (kcsd_args_has(args, OPT_JSON))
		programs.json = json_object_new_array();
	ret = kcsd_program_each(drv, list_program, &programs);
	if (ret)
		ret = kcsd_fail_ret(ret, "%s: cannot read the list of programs", programs.drive);
	else if (programs.json)
		kcsd_json_print(json_object_get(programs.json));
	else if (!programs.nr)
		printf("no programs; 'kcsd load OBJECT' loads one\n");
	json_object_put(programs.json);
	kcsd_drive_close(drv);
	return ret;
}

const struct command kcsd_cmd_programs = {
	.name = "programs",
	.operands = "",
	.summary = "list the programs on a drive",
	.opts = opts,
	.nr_opts = ARRAY_SIZE(opts),
	.run = programs,
};
