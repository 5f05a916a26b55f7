// SPDX-License-Identifier: GPL-2.0
/* kcsd stats */
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "cmd.h"
#include "prometheus.h"

#define OPTIONS(X) \
	OPTION_DRIVE(X) \
	X(PROMETHEUS, "prometheus", 0, NULL, "print text for Prometheus, latencies too") \
	X(OUTPUT, "output", 'o', "FILE", \
	  "with --prometheus: replace this file at once, when all is written") \
	OPTION_JSON(X)

enum { OPTIONS(OPT_ENUM) };
static const struct opt opts[] = { OPTIONS(OPT_ROW) };

struct stats {
	const struct args *args;
	json_object *json;	/* NULL: lines */
	int nr;
};

static bool is_wanted(const struct args *args, const char *name)
{
	int i;

	for (i = 0; i < args->nr_operands; i++)
		if (!fnmatch(args->operand[i], name, 0))
			return true;
	return !args->nr_operands;
}

static int show(const char *name, uint64_t value, void *arg)
{
	struct stats *stats = arg;

	if (!is_wanted(stats->args, name))
		return 0;
	stats->nr++;
	if (stats->json)
		json_object_object_add(stats->json, name, json_object_new_uint64(value));
	else
		printf("%s %llu\n", name, (unsigned long long)value);
	return 0;
}

/* Write to a new file, then rename it: a reader sees either all of it or the one before. */
static int write_file(const char *path, const char *drive)
{
	char part[PATH_MAX];
	FILE *file;
	int ret;

	if ((size_t)snprintf(part, sizeof(part), "%s.part", path) >= sizeof(part))
		return -ENAMETOOLONG;
	file = fopen(part, "we");
	if (!file)
		return -errno;
	ret = kcsd_prometheus_print(file, drive);
	if (fclose(file) && !ret)
		ret = -errno;
	if (!ret && rename(part, path))
		ret = -errno;
	if (ret)
		unlink(part);
	return ret;
}

static int prometheus(const struct args *args, const char *drive)
{
	const char *path = kcsd_args_value(args, OPT_OUTPUT);
	int ret;

	if (args->nr_operands || kcsd_args_has(args, OPT_JSON))
		return kcsd_usage(args->cmd, "--prometheus prints all counters, not as JSON");
	ret = path ? write_file(path, drive) : kcsd_prometheus_print(stdout, drive);
	if (ret == -ENOENT && !path)
		return kcsd_fail_no_drive(drive);
	return ret ? kcsd_fail_ret(ret, "%s%scannot write the counters of %s", path ? path : "",
				   path ? ": " : "", drive) : 0;
}

static int stats(const struct args *args)
{
	struct stats stats = { .args = args };
	char name[KCSD_DRIVE_NAME_LEN];
	int ret = kcsd_pick_name(kcsd_args_value(args, OPT_DRIVE), name);

	if (ret)
		return ret;
	if (kcsd_args_has(args, OPT_PROMETHEUS))
		return prometheus(args, name);
	if (kcsd_args_has(args, OPT_OUTPUT))
		return kcsd_usage(args->cmd, "--output needs --prometheus");
	if (kcsd_args_has(args, OPT_JSON))
		stats.json = json_object_new_object();
	ret = kcsd_stats_each(name, show, &stats);
	if (ret == -ENOENT)
		ret = kcsd_fail_no_drive(name);
	else if (ret)
		ret = kcsd_fail_ret(ret, "%s: cannot read the counters", name);
	else if (!stats.nr && args->nr_operands)
		ret = kcsd_fail("%s has no counter '%s'; 'kcsd stats' shows all", name,
				args->operand[0]);
	else if (stats.json)
		kcsd_json_print(json_object_get(stats.json));
	json_object_put(stats.json);
	return ret;
}

const struct command kcsd_cmd_stats = {
	.name = "stats",
	.operands = "[PATTERN...]",
	.max_operands = -1,
	.summary = "print the counters of a drive",
	.detail = "PATTERN selects counters by name, as 'stats/media_*' or 'programs/0/runs'.\n"
		  "Names and units are those of the files below /sys/class/kcsd/kcsd0.",
	.opts = opts,
	.nr_opts = ARRAY_SIZE(opts),
	.run = stats,
};
