// SPDX-License-Identifier: GPL-2.0
/* kcsd create */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "create_timing.h"
#include "option_values.h"
#include "parse.h"
#include "signals.h"

#define MAX_NAME	31	/* characters */
#define DEFAULT_SIZE	(512u << 20)	/* of a drive in memory */

/* kind of value, ID, option, configfs attribute, ARG, help */
#define ATTRIBUTES(A) \
	A(SIZE, SIZE, "size", "size", "SIZE", \
	  "size of the drive, at least 1M; default: 512M, or the size of the backing file") \
	A(SIZE, BLOCK_SIZE, "block-size", "block_size", "SIZE", \
	  "size of an LBA: 512, or 4096 (default)") \
	A(PATH, BACKING_FILE, "backing-file", "backing_file", "PATH", \
	  "store the data in this file; default: in memory") \
	A(NUMBER, SIDECAR_FILE, "sidecar", "sidecar", "0|1", \
	  "1 (default): zones, programs and UUID survive power off, in PATH.kcsd; 0: only data") \
	A(NUMBER, CUS, "cus", "cus", "N", \
	  "compute units, 1 to 64: how many runs execute at once; default: 2") \
	A(NAME, CU_CPUS, "cu-cpus", "cu_cpus", "LIST", \
	  "CPUs for the compute units, such as 0-1,3; default: any") \
	A(NUMBER, QUEUE_LIMIT, "queue-limit", "queue_limit", "N", \
	  "limit of runs and long copies of an open file, 1 to 1048576; default: 16384") \
	A(NUMBER, QUICK_US, "quick-us", "quick_us", "US", \
	  "microseconds of a quick run, on its submitter's CPU, 0 (off) to 10000; default: 50") \
	A(SIZE, ARENA_SIZE, "arena-size", "arena_size", "SIZE", \
	  "memory of a program, 128K to 256M; default: 4M") \
	A(NUMBER, TIMEOUT_MS, "timeout-ms", "timeout_ms", "MS", \
	  "time limit of each run, 1 to 86400000; default: 30000") \
	A(NUMBER, INSN_BUDGET, "insn-budget", "insn_budget", "N", \
	  "instruction limit of each run; default: 0, no limit") \
	A(NAME, ENGINE, "engine", "engine", "NAME", \
	  "engine for programs: jit (default) or interp") \
	A(NUMBER, MAX_PROGRAMS, "max-programs", "max_programs", "N", \
	  "limit of loaded programs, 1 to 1024; default: 64") \
	A(NUMBER, DEVICE_PROGRAMS, "device-programs", "device_programs", "0|1", \
	  "1 (default): the drive has built-in programs: word, grep, crc32c, histogram; 0: none") \
	A(SIZE, LOAD_GRANULARITY, "load-granularity", "load_granularity", "SIZE", \
	  "chunks of a load are multiples of SIZE: a power of 2, 1 to 64K; default: 1") \
	A(NUMBER, MAX_ACTIVE, "max-active", "max_active", "N", \
	  "limit of active programs, 1 to 1024; default: 64") \
	A(SIZE, MAX_PROGRAM_BYTES, "max-program-bytes", "max_program_bytes", "SIZE", \
	  "total size of all programs, 4K to 1G; default: 16M") \
	A(SIZE, SLM_SIZE, "slm-size", "slm_size", "SIZE", \
	  "size of Subsystem Local Memory (SLM); 0: none; default: 16M") \
	A(NUMBER, MAX_RANGE_SETS, "max-range-sets", "max_range_sets", "N", \
	  "limit of memory range sets, 1 to 255; default: 64") \
	A(NUMBER, MAX_RANGES, "max-ranges", "max_ranges", "N", \
	  "limit of ranges in a set, 1 to 64; default: 16") \
	A(SIZE, MAX_JIT_BYTES, "max-jit-bytes", "max_jit_bytes", "SIZE", \
	  "memory for JIT code, up to 1G; default: 64M") \
	A(SIZE, ZONE_SIZE, "zone-size", "zone_size", "SIZE", \
	  "size of a zone, a power of 2; default: 0, not zoned") \
	A(SIZE, ZONE_CAPACITY, "zone-capacity", "zone_capacity", "SIZE", \
	  "writable bytes of a sequential zone; default: 0, the whole zone") \
	A(NUMBER, CONVENTIONAL_ZONES, "conventional-zones", "conventional_zones", "N", \
	  "number of conventional zones, at the start of the drive; default: 0") \
	A(NUMBER, MAX_OPEN_ZONES, "max-open-zones", "max_open_zones", "N", \
	  "limit of open zones; default: 0, no limit") \
	A(NUMBER, MAX_ACTIVE_ZONES, "max-active-zones", "max_active_zones", "N", \
	  "limit of open and closed zones together; default: 0, no limit") \
	A(SIZE, MAX_APPEND, "max-append", "max_append", "SIZE", \
	  "largest Zone Append, a power of 2, 8K to 1M; default: 1M") \
	A(SIZE, CACHE_SIZE, "cache-size", "cache_size", "SIZE", \
	  "size of a volatile write cache, a multiple of 4K; 0 (default): none") \
	A(SIZE, KV_SIZE, "kv-size", "kv_size", "SIZE", \
	  "bytes of objects (Key Value); 0: no namespace 4; default: 256M") \
	A(PATH, KV_FILE, "kv-file", "kv_file", "PATH", \
	  "store the objects in this file; default: in memory") \
	A(SIZE, KV_MAX_VALUE, "kv-max-value", "kv_max_value", "SIZE", \
	  "limit of the value of an object, 1 to 1G; default: 64M") \
	A(NUMBER, KV_MAX_KEYS, "kv-max-keys", "kv_max_keys", "N", \
	  "limit of objects, 1 to 4294967295; default: 16777216") \
	A(NUMBER, QUEUES, "queues", "queues", "N", \
	  "hardware queues of the block device, up to 256; default: one per CPU") \
	A(NUMBER, QUEUE_DEPTH, "queue-depth", "queue_depth", "N", \
	  "depth of each hardware queue, 1 to 4096; default: 128")

#define ATTRIBUTE_ENUM(kind, id, option, attr, arg, help)	OPT_##id,
#define ATTRIBUTE_OPT(kind, id, option, attr, arg, help)	{ option, 0, arg, help },
#define ATTRIBUTE_ROW(kind, id, option, attr, arg, help)	{ KIND_##kind, attr },

/* Options that are no attributes. */
#define OTHERS(X) \
	X(PRESET, "preset", 0, "NAME", \
	  "take as long as this drive: 970pro, zn540, zns-prototype, optane or plain") \
	X(CLOCK, "clock", 0, "CLOCK", \
	  "real (default): commands complete at their device time; virtual: at once, and tell it") \
	X(DEPTH, "depth", 0, "N", \
	  "with --clock virtual: depth of open files that set none; default: 1") \
	X(LATE_MIN, "late-min-ns", 0, "NS", \
	  "late is a command that is late by more than this, 0 to 1000000000; default: 10000") \
	X(LATE_PERMILLE, "late-permille", 0, "N", \
	  "and by more than N thousandths of its device time, 1 to 1000; default: 10") \
	X(TIMING, "timing", 0, "NAME=VALUE", "set a parameter of the model of time; repeatable") \
	OPTION_JSON(X)

enum { ATTRIBUTES(ATTRIBUTE_ENUM) OTHERS(OPT_ENUM) NR_OPTS, NR_ATTRIBUTES = OPT_PRESET };

static const struct opt opts[] = {
	ATTRIBUTES(ATTRIBUTE_OPT)
	OTHERS(OPT_ROW)
};

static const struct create_timing_opts timing_opts = {
	.preset = OPT_PRESET, .clock = OPT_CLOCK, .depth = OPT_DEPTH,
	.late_min = OPT_LATE_MIN, .late_permille = OPT_LATE_PERMILLE, .param = OPT_TIMING,
};

static const struct attribute {
	enum { KIND_NUMBER, KIND_SIZE, KIND_PATH, KIND_NAME } kind;
	const char *name;
} attributes[] = {
	ATTRIBUTES(ATTRIBUTE_ROW)
};

static int refuse(const struct args *args, int i)
{
	return kcsd_usage(args->cmd, "--%s: '%s' is not valid; expected: %s", opts[i].name,
			  kcsd_args_value(args, i), opts[i].help);
}

/* Format the value of an option for configfs. Return 0, or the exit code. */
static int attribute_value(const struct args *args, int i, char *buf, size_t len)
{
	const char *text = kcsd_args_value(args, i);
	const char *rule;
	char room[KCSD_RULE_LEN];
	uint64_t number;
	int ret;

	if (attributes[i].kind == KIND_PATH) {
		/* Make a relative path absolute: the kernel has another current directory. */
		char path[PATH_MAX];

		if (!realpath(text, path))
			/* Only an empty file becomes a store of objects. */
			return kcsd_fail("--%s: %s: %s%s%s%s", opts[i].name, text, strerror(errno),
					 errno != ENOENT ? "" : "; create it first: 'truncate -s ",
					 errno != ENOENT ? "" : i == OPT_KV_FILE ? "0" : "SIZE",
					 errno != ENOENT ? "" : " FILE'");
		snprintf(buf, len, "%s", path);
		return 0;
	}
	if (attributes[i].kind == KIND_NAME) {
		snprintf(buf, len, "%s", text);
		return kcsd_option_has_choice(attributes[i].name, text) ? 0 : refuse(args, i);
	}
	if (attributes[i].kind == KIND_SIZE)
		ret = kcsd_args_size(args, i, UINT64_MAX, &number);
	else
		ret = kcsd_args_number(args, i, UINT64_MAX, &number);
	if (ret)
		return ret;
	snprintf(buf, len, "%llu", (unsigned long long)number);
	rule = kcsd_option_rule(attributes[i].name, number, room);
	if (!rule)
		return 0;
	return kcsd_usage(args->cmd, "--%s: '%s' is not valid, it must be %s", opts[i].name, text,
			  rule);
}

/* True if the driver accepts this name. */
static bool is_drive_name(const char *name)
{
	size_t len = strlen(name);

	return len && len <= MAX_NAME && *name != '.' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "0123456789_-.") == len;
}

/* True for "0-1,3", "0-15:2/4", "all". A rough test only; the kernel parses the list. */
static bool is_cpu_list(const char *text)
{
	size_t len = strspn(text, "0123456789N,-:/");

	return !strcmp(text, "all") ||
	       (len && !text[len] && !strchr(",-:/", *text) && !strchr(",-:/", text[len - 1]));
}

/* Validate the options that depend on each other. */
static int validate_together(const struct args *args)
{
	static const int of_zones[] = {
		OPT_ZONE_CAPACITY, OPT_CONVENTIONAL_ZONES, OPT_MAX_OPEN_ZONES, OPT_MAX_ACTIVE_ZONES,
	};
	const char *cpus = kcsd_args_value(args, OPT_CU_CPUS);
	uint64_t zone = 0, cap = 0, n;
	size_t i;

	if (cpus && *cpus && !is_cpu_list(cpus))
		return refuse(args, OPT_CU_CPUS);
	if (kcsd_args_size(args, OPT_ZONE_SIZE, UINT64_MAX, &zone) ||
	    kcsd_args_size(args, OPT_ZONE_CAPACITY, UINT64_MAX, &cap))
		return KCSD_EXIT_USAGE;
	for (i = 0; !zone && i < ARRAY_SIZE(of_zones); i++) {
		n = 0;
		if (kcsd_args_size(args, of_zones[i], UINT64_MAX, &n))
			return KCSD_EXIT_USAGE;
		if (n)
			return kcsd_usage(args->cmd, "--%s needs --zone-size",
					  opts[of_zones[i]].name);
	}
	if (cap > zone)
		return kcsd_usage(args->cmd, "--zone-capacity is more than --zone-size");
	return 0;
}

static int set_attribute(const struct args *args, int i, const char *name, const char *value)
{
	int ret = kcsd_attr_set(name, attributes[i].name, value);

	if (ret == -EINVAL)
		return kcsd_fail("drive '%s' refuses --%s %s; expected: %s", name, opts[i].name,
				 kcsd_args_value(args, i), opts[i].help);
	return ret ? kcsd_fail_config(ret, "drive '%s' refuses --%s %s", name, opts[i].name,
				      kcsd_args_value(args, i)) : 0;
}

/* Validate all given options; write them to the drive unless name is NULL. */
static int take_attributes(const struct args *args, const char *name)
{
	char value[PATH_MAX];
	int i, code;

	for (i = 0; i < NR_ATTRIBUTES; i++) {
		if (!kcsd_args_has(args, i))
			continue;
		code = attribute_value(args, i, value, sizeof(value));
		if (!code && name)
			code = set_attribute(args, i, name, value);
		if (code)
			return code;
	}
	return 0;
}

/* Set *zone_size to that of the preset if it has zones, and --zone-size was not given. */
static int validate_timing(const struct args *args, uint64_t *zone_size)
{
	char human[KCSD_HUMAN_LEN];
	uint64_t size = UINT64_MAX;
	int code = kcsd_create_timing_validate(args, &timing_opts, zone_size);

	if (code || kcsd_args_has(args, OPT_ZONE_SIZE))
		*zone_size = 0;
	if (code || !*zone_size)
		return code;
	if (!kcsd_args_has(args, OPT_BACKING_FILE))
		size = DEFAULT_SIZE;
	code = kcsd_args_size(args, OPT_SIZE, UINT64_MAX, &size);
	if (!code && size < *zone_size)
		code = kcsd_usage(args->cmd, "--preset %s has zones of %s: --size must be at least "
				  "that (in memory, or in a file with --backing-file), or "
				  "--zone-size less", kcsd_args_value(args, OPT_PRESET),
				  kcsd_human_bytes(*zone_size, human));
	return code;
}

/* Validate the options as far as possible without the module. */
static int validate_values(const struct args *args, uint64_t *zone_size)
{
	int code = take_attributes(args, NULL);

	if (!code)
		code = validate_together(args);
	return code ? code : validate_timing(args, zone_size);
}

/* Write the attributes, then power on. zone_size: of the preset, or 0. Return the exit code. */
static int configure(const struct args *args, const char *name, uint64_t zone_size)
{
	int code = take_attributes(args, name), ret = 0;
	char text[32];

	if (!code)
		code = kcsd_create_timing_configure(args, &timing_opts, name);
	if (code)
		return code;
	snprintf(text, sizeof(text), "%llu", (unsigned long long)zone_size);
	if (zone_size)
		ret = kcsd_attr_set(name, "zone_size", text);
	if (ret)
		return kcsd_fail_config(ret, "drive '%s' refuses zone_size %s", name, text);
	ret = kcsd_drive_power(name, true);
	return ret ? kcsd_fail_config(ret, "cannot power on drive '%s'", name) : 0;
}

/* Print the size if it differs from --size: the drive rounds down to whole zones or LBAs. */
static void print_size(const struct args *args, uint64_t size)
{
	char human[KCSD_HUMAN_LEN], asked_human[KCSD_HUMAN_LEN];
	uint64_t asked = size;

	kcsd_args_size(args, OPT_SIZE, UINT64_MAX, &asked);
	printf("size: %s", kcsd_human_bytes(size, human));
	if (size < asked)
		printf(" (rounded down to whole %s; %s was requested)",
		       kcsd_args_has(args, OPT_ZONE_SIZE) ? "zones" : "LBAs",
		       kcsd_human_bytes(asked, asked_human));
	putchar('\n');
}

static void print_json(const char *name, uint32_t index, uint64_t size)
{
	json_object *json = json_object_new_object();
	char drive[KCSD_DRIVE_NAME_LEN];

	snprintf(drive, sizeof(drive), "kcsd%u", index);
	json_object_object_add(json, "name", json_object_new_string(name));
	json_object_object_add(json, "drive", json_object_new_string(drive));
	json_object_object_add(json, "size", json_object_new_uint64(size));
	kcsd_json_print(json);
}

static int print_made(const struct args *args, const char *name)
{
	struct kcsd_config_info info;
	char size[32];
	int ret = kcsd_config_get(name, &info, sizeof(info));

	if (!ret)
		ret = kcsd_attr_get(name, "size", size, sizeof(size));
	if (ret)
		return kcsd_fail_config(ret, "drive '%s'", name);
	if (kcsd_args_has(args, OPT_JSON)) {
		print_json(name, info.index, strtoull(size, NULL, 10));
		return 0;
	}
	ret = kcsd_print_nodes(name);
	if (!ret)
		print_size(args, strtoull(size, NULL, 10));
	return ret;
}

static int create(const struct args *args)
{
	const char *name = args->operand[0];
	int kmsg, code, ret;
	uint64_t zone_size;

	if (!is_drive_name(name))
		return kcsd_usage(args->cmd, "'%s' is not a valid drive name: 1 to %d letters, "
				  "digits, '_', '-' and '.', not '.' first", name,
				  MAX_NAME);
	code = validate_values(args, &zone_size);
	if (code)
		return code;
	kcsd_signals_catch();
	ret = kcsd_drive_create(name);
	if (ret == -EEXIST)
		return kcsd_fail("drive '%s' already exists", name);
	if (ret == -ENOENT)
		return kcsd_fail("the kcsd module is not loaded ('insmod kcsd.ko'), or configfs "
				 "is not mounted on /sys/kernel/config");
	if (ret)
		return kcsd_fail_config(ret, "cannot create drive '%s'", name);

	kmsg = kcsd_kernel_log_open();
	code = configure(args, name, zone_size);
	if (kcsd_signals_caught()) {
		kcsd_fail("interrupted, no drive was created");
		code = kcsd_signals_code(kcsd_signals_caught());
	}
	if (code) {
		kcsd_kernel_log_print(kmsg);
		ret = kcsd_drive_delete(name);
		if (ret)
			kcsd_fail_ret(ret, "cannot remove the unfinished drive '%s'", name);
	} else {
		code = print_made(args, name);
	}
	kcsd_kernel_log_close(kmsg);
	return code;
}

const struct command kcsd_cmd_create = {
	.name = "create",
	.operands = "NAME",
	.min_operands = 1,
	.max_operands = 1,
	.summary = "create a drive and power it on",
	.detail = "NAME is also the name of its directory in /sys/kernel/config/kcsd. If a step\n"
		  "fails, no drive remains.",
	.opts = opts,
	.nr_opts = ARRAY_SIZE(opts),
	.advanced = ~(OPT_BIT(SIZE) | OPT_BIT(BLOCK_SIZE) | OPT_BIT(BACKING_FILE) | OPT_BIT(CUS) |
		      OPT_BIT(SLM_SIZE) | OPT_BIT(ZONE_SIZE) | OPT_BIT(KV_SIZE) |
		      OPT_BIT(PRESET) | OPT_BIT(JSON)),
	.run = create,
};
