// SPDX-License-Identifier: GPL-2.0
/* kcsd fsck */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "fsck_kv.h"

#define OPTIONS(X) \
	X(ZONES, "zones", 'z', NULL, "also list the zones") \
	X(PROGRAMS, "programs", 'p', NULL, "also list the programs") \
	OPTION_JSON(X)

enum { OPTIONS(OPT_ENUM) };
static const struct opt opts[] = { OPTIONS(OPT_ROW) };

#define NR_CONDITIONS	16

const char *kcsd_uuid_text(const uint8_t uuid[16], char text[UUID_LEN])
{
	char *p = text;
	int i;

	for (i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*p++ = '-';
		p += sprintf(p, "%02x", uuid[i]);
	}
	return text;
}

/* ---- text ---- */

static void print_zones(const struct kcsd_sidecar_info *info)
{
	uint32_t i;

	if (!info->zones)
		return;
	printf("zones: %u of %llu bytes, %llu of them writable\n", info->zones,
	       (unsigned long long)info->zone_size, (unsigned long long)info->zone_capacity);
	if (info->conventional)
		printf("conventional: %u\n", info->conventional);
	for (i = 0; i < NR_CONDITIONS; i++)
		if (info->by_condition[i])
			printf("%s: %u\n", kcsd_zone_cond_text(i), info->by_condition[i]);
}

static void print_info(const struct kcsd_sidecar_info *info)
{
	char uuid[UUID_LEN];

	printf("uuid: %s\nsize: %llu bytes, blocks of %u\n", kcsd_uuid_text(info->uuid, uuid),
	       (unsigned long long)info->size, info->block_size);
	print_zones(info);
	printf("programs: %u\n", info->programs);
	printf("records: %llu, generation %llu\n", (unsigned long long)info->records,
	       (unsigned long long)info->generation);
	if (info->damaged)
		printf("damaged copies: %u (harmless: the other copies are valid; "
		       "power on repairs them)\n", info->damaged);
	if (info->torn)
		printf("unfinished record: 1 (harmless: the write was not acknowledged)\n");
}

static int print_zone(const struct kcsd_sidecar_zone_info *zone, void *arg)
{
	(void)arg;
	printf("zone %u: %s, %llu of %llu LBAs written\n", zone->zone,
	       kcsd_zone_cond_text(zone->condition), (unsigned long long)zone->written,
	       (unsigned long long)zone->capacity);
	return 0;
}

static int print_program(const struct kcsd_program_info *program, void *arg)
{
	(void)arg;
	printf("program %u: %u bytes, %sactive\n", program->pind, program->psize,
	       program->active ? "" : "not ");
	return 0;
}

/* ---- JSON ---- */

static void add_number(json_object *json, const char *name, uint64_t value)
{
	json_object_object_add(json, name, json_object_new_uint64(value));
}

static json_object *info_json(const struct kcsd_sidecar_info *info)
{
	json_object *json = json_object_new_object(), *counts = json_object_new_object();
	char uuid[UUID_LEN];
	uint32_t i;

	json_object_object_add(json, "uuid",
			       json_object_new_string(kcsd_uuid_text(info->uuid, uuid)));
	add_number(json, "size", info->size);
	add_number(json, "block_size", info->block_size);
	add_number(json, "zone_size", info->zone_size);
	add_number(json, "zone_capacity", info->zone_capacity);
	add_number(json, "zones", info->zones);
	add_number(json, "conventional", info->conventional);
	for (i = 0; i < NR_CONDITIONS; i++)
		if (info->by_condition[i])
			add_number(counts, kcsd_zone_cond_text(i), info->by_condition[i]);
	json_object_object_add(json, "conditions", counts);
	add_number(json, "programs", info->programs);
	add_number(json, "records", info->records);
	add_number(json, "generation", info->generation);
	add_number(json, "damaged", info->damaged);
	json_object_object_add(json, "torn", json_object_new_boolean(info->torn));
	return json;
}

static int add_zone(const struct kcsd_sidecar_zone_info *zone, void *arg)
{
	json_object *json = json_object_new_object();

	add_number(json, "zone", zone->zone);
	json_object_object_add(json, "condition", json_object_new_string(
			       kcsd_zone_cond_text(zone->condition)));
	add_number(json, "written", zone->written);
	json_object_array_add(arg, json);
	return 0;
}

static int add_program(const struct kcsd_program_info *program, void *arg)
{
	json_object *json = json_object_new_object();

	add_number(json, "index", program->pind);
	add_number(json, "size", program->psize);
	json_object_object_add(json, "active", json_object_new_boolean(program->active));
	json_object_array_add(arg, json);
	return 0;
}

static int print_json(const struct args *args, const struct kcsd_sidecar_info *info)
{
	json_object *json = info_json(info), *list;
	struct kcsd_error error;
	int ret = 0;

	if (kcsd_args_has(args, OPT_ZONES)) {
		list = json_object_new_array();
		json_object_object_add(json, "zone_list", list);
		ret = kcsd_sidecar_zone_each(args->operand[0], add_zone, list, &error);
	}
	if (!ret && kcsd_args_has(args, OPT_PROGRAMS)) {
		list = json_object_new_array();
		json_object_object_add(json, "program_list", list);
		ret = kcsd_sidecar_program_each(args->operand[0], add_program, list, &error);
	}
	kcsd_json_print(json);
	return ret ? kcsd_fail("%s", error.text) : 0;
}

/* Refuse the name of a drive that is not also a file. Return 0, or the exit code. */
static int refuse_drive(const char *name)
{
	char drive[KCSD_CONFIG_NAME_LEN], file[PATH_MAX + 1];

	if (!access(name, F_OK) || kcsd_find_config(name, drive) != 1)
		return 0;
	if (kcsd_attr_get(drive, "backing_file", file, sizeof(file)) || !*file)
		return kcsd_fail("'%s' is a drive with its data in memory: it has no sidecar",
				 name);
	return kcsd_fail("'%s' is a drive: its backing file is %s", name, file);
}

/* The file has no sidecar: it may be one of objects. */
static int fsck_objects(const struct args *args, const struct kcsd_error *sidecar)
{
	struct kcsd_error error;
	int code;

	if (kcsd_args_has(args, OPT_ZONES) || kcsd_args_has(args, OPT_PROGRAMS))
		return kcsd_fail("%s", sidecar->text);
	code = kcsd_fsck_kv(args->operand[0], kcsd_args_has(args, OPT_JSON), &error);
	return code < 0 ? kcsd_fail("%s; and %s", sidecar->text, error.text) : code;
}

static int fsck(const struct args *args)
{
	struct kcsd_sidecar_info info;
	struct kcsd_error error;
	int ret;

	ret = refuse_drive(args->operand[0]);
	if (ret)
		return ret;

	ret = kcsd_sidecar_validate(args->operand[0], &info, sizeof(info), &error);
	if (ret == -ENOENT && !access(args->operand[0], F_OK))
		return fsck_objects(args, &error);
	if (ret)
		return kcsd_fail("%s", error.text);
	if (kcsd_args_has(args, OPT_JSON))
		return print_json(args, &info);
	print_info(&info);
	if (kcsd_args_has(args, OPT_ZONES))
		ret = kcsd_sidecar_zone_each(args->operand[0], print_zone, NULL, &error);
	if (!ret && kcsd_args_has(args, OPT_PROGRAMS))
		ret = kcsd_sidecar_program_each(args->operand[0], print_program, NULL, &error);
	return ret ? kcsd_fail("%s", error.text) : 0;
}

const struct command kcsd_cmd_fsck = {
	.name = "fsck",
	.operands = "FILE",
	.min_operands = 1,
	.max_operands = 1,
	.summary = "validate a sidecar, or a file of objects, and print its content",
	.detail = "FILE is the sidecar, the backing file it belongs to, or a file of objects\n"
		  "(create --kv-file). The drive should be powered off.",
	.opts = opts,
	.nr_opts = ARRAY_SIZE(opts),
	.run = fsck,
};
