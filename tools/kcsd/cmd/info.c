// SPDX-License-Identifier: GPL-2.0
/* kcsd info */
#include <stdio.h>
#include <string.h>

#include "cmd.h"

enum { OPTION_DRIVE(OPT_ENUM) OPTION_JSON(OPT_ENUM) };
static const struct opt opts[] = { OPTION_DRIVE(OPT_ROW) OPTION_JSON(OPT_ROW) };

struct info {
	struct kcsd_ctrl_info ctrl;
	struct kcsd_ns_info ns;
	struct kcsd_compute_info compute;
	struct kcsd_health_info health;
	struct kcsd_slm_info slm;	/* zero: the drive has no SLM */
	struct {			/* of device time; "": not known, or it has none */
		char model[16];
		char preset[32];
		char clock[16];
	} timing;
	struct kcsd_kv_info kv;		/* zero: the drive has no objects */
};

/* Shown members: F(member, JSON name, "text", unit). */
#define STRINGS(F) \
	F(ctrl.model, "model", "model") \
	F(ctrl.serial, "serial", "serial number") \
	F(ctrl.firmware, "firmware", "firmware")
#define NUMBERS(F) \
	F(ns.nsze, "lbas", "LBAs", "") \
	F(ns.lba_size, "lba_size", "LBA size", " bytes") \
	F(ctrl.max_transfer, "max_transfer", "maximum transfer", " bytes") \
	F(slm.size, "slm_size", "Subsystem Local Memory", " bytes") \
	F(kv.size, "kv_size", "room for objects", " bytes") \
	F(kv.used, "kv_used", "bytes of keys and values", " bytes") \
	F(kv.room, "kv_room", "room that is left", " bytes") \
	F(kv.keys, "objects", "objects", "") \
	F(kv.max_keys, "max_objects", "maximum objects", "") \
	F(kv.max_value, "max_value", "maximum value of an object", " bytes") \
	F(compute.maxmemrs, "max_range_sets", "maximum memory range sets", "") \
	F(compute.maxmemr, "max_ranges", "maximum ranges in a set", "") \
	F(compute.cus, "compute_units", "compute units", "") \
	F(compute.arena_len, "program_memory", "memory of a program", " bytes") \
	F(compute.maxprog, "max_programs", "maximum programs", "") \
	F(compute.nr_device, "device_programs", "built-in programs", "") \
	F(compute.lpg, "load_granularity", "granularity of a load", " bytes") \
	F(compute.maxact, "max_active", "maximum active programs", "") \
	F(compute.max_program_len, "max_program_bytes", "maximum size of a program", " bytes") \
	F(compute.maxpb, "max_total_program_bytes", "maximum size of all programs", " bytes") \
	F(compute.insn_budget, "insn_budget", "instruction limit", " instructions") \
	F(compute.timeout_ms, "timeout_ms", "time limit", " ms") \
	F(health.host_reads, "host_reads", "reads and retrieved objects", "") \
	F(health.host_writes, "host_writes", "writes and stored objects", "") \
	F(health.data_units_read, "data_units_read", "data read", " * 512000 bytes") \
	F(health.data_units_written, "data_units_written", "data written", " * 512000 bytes") \
	F(health.busy_minutes, "busy_minutes", "compute units busy", " minutes") \
	F(health.power_cycles, "power_cycles", "power cycles", "") \
	F(health.power_on_hours, "power_on_hours", "powered on", " hours") \
	F(health.media_errors, "media_errors", "media errors", "") \
	F(health.errors, "errors", "failed commands", "") \
	F(health.critical_warning, "critical_warning", "critical warning (SMART)", "")

static void print_text(const char *drive, const struct info *info)
{
	char human[KCSD_HUMAN_LEN];

	printf("%-31s%s\n", "drive:", drive);
	printf("%-31s%s\n", "size:", kcsd_human_bytes(info->ns.nsze * info->ns.lba_size, human));
#define PRINT_STRING(member, name, text) \
	printf("%-31s%s\n", text ":", info->member);
#define PRINT_NUMBER(member, name, text, unit) \
	printf("%-31s%llu%s\n", text ":", (unsigned long long)info->member, unit);
	STRINGS(PRINT_STRING)
	if (*info->timing.model)
		printf("%-31s%s%s%s%s%s\n", "model of time:", info->timing.model,
		       *info->timing.preset ? ", " : "", info->timing.preset,
		       *info->timing.clock ? ", clock: " : "", info->timing.clock);
	NUMBERS(PRINT_NUMBER)
}

static void print_json(const char *drive, const struct info *info)
{
	json_object *json = json_object_new_object();

	json_object_object_add(json, "drive", json_object_new_string(drive));
	json_object_object_add(json, "size",
			       json_object_new_uint64(info->ns.nsze * info->ns.lba_size));
#define ADD_STRING(member, name, text) \
	json_object_object_add(json, name, json_object_new_string(info->member));
#define ADD_NUMBER(member, name, text, unit) \
	json_object_object_add(json, name, json_object_new_uint64(info->member));
	STRINGS(ADD_STRING)
	if (*info->timing.model) {
		ADD_STRING(timing.model, "timing_model", NULL)
		ADD_STRING(timing.preset, "timing_preset", NULL)
		ADD_STRING(timing.clock, "timing_clock", NULL)
	}
	NUMBERS(ADD_NUMBER)
	kcsd_json_print(json);
}

static void get_attr(const char *name, const char *attr, char *buf, size_t len)
{
	if (kcsd_attr_get(name, attr, buf, len))
		*buf = '\0';
}

/* Find the model of device time in configfs, which an older module may not have. */
static void find_timing(const char *drive, struct info *info)
{
	char name[KCSD_CONFIG_NAME_LEN];

	if (kcsd_find_config(drive, name) != 1)
		return;
	get_attr(name, "timing/model", info->timing.model, sizeof(info->timing.model));
	get_attr(name, "timing/preset", info->timing.preset, sizeof(info->timing.preset));
	if (strcmp(info->timing.model, "none"))
		get_attr(name, "timing/clock", info->timing.clock, sizeof(info->timing.clock));
}

static int identify(struct kcsd_drive *drv, struct info *info)
{
	int ret = kcsd_ctrl_identify(drv, &info->ctrl, sizeof(info->ctrl));

	if (!ret)
		ret = kcsd_ns_identify(drv, KCSD_NSID_NVM, &info->ns, sizeof(info->ns));
	if (!ret)
		ret = kcsd_compute_identify(drv, &info->compute, sizeof(info->compute));
	if (!ret)
		ret = kcsd_health_get(drv, &info->health, sizeof(info->health));
	if (!ret)
		ret = kcsd_slm_identify(drv, &info->slm, sizeof(info->slm));
	if (!ret || ret == KCSD_SC_INVALID_NS)
		ret = kcsd_kv_identify(drv, &info->kv, sizeof(info->kv));
	return ret == KCSD_SC_INVALID_NS ? 0 : ret;
}

static int info(const struct args *args)
{
	const char *wanted = kcsd_args_value(args, OPT_DRIVE);
	struct kcsd_drive *drv;
	struct info info = {};
	int ret;

	if (args->nr_operands && wanted)
		return kcsd_usage(args->cmd, "the drive is named twice");
	ret = kcsd_pick_drive(args->nr_operands ? args->operand[0] : wanted, KCSD_OPEN_RDONLY,
			      &drv);
	if (ret)
		return ret;
	ret = identify(drv, &info);
	find_timing(kcsd_drive_name(drv), &info);
	if (ret)
		ret = kcsd_fail_ret(ret, "%s: cannot read Identify data and SMART",
				    kcsd_drive_name(drv));
	else if (kcsd_args_has(args, OPT_JSON))
		print_json(kcsd_drive_name(drv), &info);
	else
		print_text(kcsd_drive_name(drv), &info);
	kcsd_drive_close(drv);
	return ret;
}

const struct command kcsd_cmd_info = {
	.name = "info",
	.operands = "[DRIVE]",
	.max_operands = 1,
	.summary = "show the properties and limits of a drive",
	.opts = opts,
	.nr_opts = ARRAY_SIZE(opts),
	.run = info,
};
