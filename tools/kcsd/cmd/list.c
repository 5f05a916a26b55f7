// SPDX-License-Identifier: GPL-2.0
/* kcsd list */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd.h"

enum { OPTION_JSON(OPT_ENUM) };
static const struct opt opts[] = { OPTION_JSON(OPT_ROW) };

struct list {
	json_object *json;	/* NULL: a table */
	int nr;
};

/* Return a numeric attribute, 0 if it cannot be read (the drive is being removed). */
static uint64_t number_attr(const char *name, const char *attr)
{
	char buf[32];

	return kcsd_attr_get(name, attr, buf, sizeof(buf)) ? 0 : strtoull(buf, NULL, 10);
}

/* Return the path of a file of the drive; "": there is none. */
static const char *file_attr(const char *name, const char *attr, char file[PATH_MAX + 1])
{
	if (kcsd_attr_get(name, attr, file, PATH_MAX + 1))
		*file = '\0';
	return file;
}

static void print_row(const struct kcsd_config_info *info, const char *drive, const char *file)
{
	uint64_t zone_size = number_attr(info->name, "zone_size");
	char size[KCSD_HUMAN_LEN], zones[KCSD_HUMAN_LEN] = "-", objects[PATH_MAX + 1];

	kcsd_human_bytes(number_attr(info->name, "size"), size);
	if (zone_size)
		kcsd_human_bytes(zone_size, zones);
	file_attr(info->name, "kv_file", objects);
	printf("%-16s %-8s %10s %6llu %10s  %s%s%s\n", info->name, drive, size,
	       (unsigned long long)number_attr(info->name, "block_size"), zones,
	       *file ? file : "memory", *objects ? ", objects in " : "", objects);
}

static void add_json(json_object *json, const struct kcsd_config_info *info, const char *drive,
		     const char *file)
{
	json_object *row = json_object_new_object();
	char objects[PATH_MAX + 1];

	json_object_object_add(row, "name", json_object_new_string(info->name));
	json_object_object_add(row, "drive",
			       info->powered ? json_object_new_string(drive) : NULL);
	json_object_object_add(row, "powered", json_object_new_boolean(info->powered));
	json_object_object_add(row, "size",
			       json_object_new_uint64(number_attr(info->name, "size")));
	json_object_object_add(row, "block_size",
			       json_object_new_uint64(number_attr(info->name, "block_size")));
	json_object_object_add(row, "zone_size",
			       json_object_new_uint64(number_attr(info->name, "zone_size")));
	json_object_object_add(row, "backing_file", *file ? json_object_new_string(file) : NULL);
	file_attr(info->name, "kv_file", objects);
	json_object_object_add(row, "kv_file", *objects ? json_object_new_string(objects) : NULL);
	json_object_array_add(json, row);
}

static int list_drive(const struct kcsd_config_info *info, void *arg)
{
	char drive[KCSD_DRIVE_NAME_LEN] = "off", file[PATH_MAX + 1];
	struct list *list = arg;

	if (info->powered)
		snprintf(drive, sizeof(drive), "kcsd%u", info->index);
	file_attr(info->name, "backing_file", file);
	if (list->json) {
		add_json(list->json, info, drive, file);
		return 0;
	}
	if (!list->nr++)
		printf("%-16s %-8s %10s %6s %10s  %s\n", "NAME", "DRIVE", "SIZE", "BLOCK", "ZONES",
		       "DATA IN");
	print_row(info, drive, file);
	return 0;
}

static int list(const struct args *args)
{
	struct list list = {};
	int ret;

	if (kcsd_args_has(args, OPT_JSON))
		list.json = json_object_new_array();
	ret = kcsd_config_each(list_drive, &list);
	if (ret) {
		json_object_put(list.json);
		if (ret == -ENOENT)
			return kcsd_fail("no drives: the kcsd module is not loaded; "
					 "'insmod kcsd.ko' loads it and creates one");
		return kcsd_fail_ret(ret, "cannot list the drives");
	}
	if (list.json)
		kcsd_json_print(list.json);
	else if (!list.nr)
		printf("no drives; 'kcsd create NAME' creates one\n");
	return 0;
}

const struct command kcsd_cmd_list = {
	.name = "list",
	.operands = "",
	.summary = "list the drives",
	.opts = opts,
	.nr_opts = ARRAY_SIZE(opts),
	.run = list,
};
