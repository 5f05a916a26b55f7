// SPDX-License-Identifier: GPL-2.0
/* kcsd log */
#include <stdio.h>
#include <time.h>

#include "cmd.h"

#define OPTIONS(X) \
	OPTION_DRIVE(X) \
	X(AFTER, "after", 0, "SEQ", "only lines newer than this number") \
	OPTION_JSON(X)

enum { OPTIONS(OPT_ENUM) };
static const struct opt opts[] = { OPTIONS(OPT_ROW) };

#define NSEC_PER_SEC	1000000000ULL

/* A program's text may hold anything; a terminal shall not obey it. */
static void print_safe(const char *text)
{
	for (; *text; text++)
		putchar(kcsd_is_text(text, 1) && *text != '\r' && *text != '\n' ? *text : '?');
}

static void print_line(const struct kcsd_log_line *line)
{
	time_t seconds = line->time_ns / NSEC_PER_SEC;
	char when[32];
	struct tm tm;

	strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", localtime_r(&seconds, &tm));
	printf("%llu %s.%06llu program %u: ", (unsigned long long)line->seq, when,
	       (unsigned long long)(line->time_ns % NSEC_PER_SEC / 1000), line->pind);
	if (line->type == KCSD_LOG_FAULT)
		printf("fault at instruction %u: %s", line->pc, kcsd_fault_text(line->reason));
	else
		print_safe(line->text);
	putchar('\n');
}

static void add_json(json_object *json, const struct kcsd_log_line *line)
{
	bool fault = line->type == KCSD_LOG_FAULT;
	json_object *row = json_object_new_object();
	const char *text = line->text;

	json_object_object_add(row, "seq", json_object_new_uint64(line->seq));
	json_object_object_add(row, "time_ns", json_object_new_uint64(line->time_ns));
	json_object_object_add(row, "index", json_object_new_uint64(line->pind));
	json_object_object_add(row, "type", json_object_new_string(fault ? "fault" : "line"));
	if (fault) {
		json_object_object_add(row, "reason",
				       json_object_new_string(kcsd_fault_name(line->reason)));
		json_object_object_add(row, "pc", json_object_new_uint64(line->pc));
		text = kcsd_fault_text(line->reason);
	}
	json_object_object_add(row, "text", json_object_new_string(text));
	json_object_array_add(json, row);
}

static int show(const struct kcsd_log_line *line, void *arg)
{
	if (arg)
		add_json(arg, line);
	else
		print_line(line);
	return 0;
}

static int show_log(const struct args *args)
{
	struct kcsd_drive *drv;
	json_object *json = NULL;
	uint64_t after = 0;
	int ret = kcsd_args_number(args, OPT_AFTER, UINT64_MAX, &after);

	if (!ret)
		ret = kcsd_pick_drive(kcsd_args_value(args, OPT_DRIVE), KCSD_OPEN_RDONLY, &drv);
	if (ret)
		return ret;
	if (kcsd_args_has(args, OPT_JSON))
		json = json_object_new_array();
	ret = kcsd_log_each(drv, after, show, json);
	if (ret)
		ret = kcsd_fail_ret(ret, "%s: log", kcsd_drive_name(drv));
	else if (json)
		kcsd_json_print(json_object_get(json));
	json_object_put(json);
	kcsd_close(drv);
	return ret;
}

const struct command kcsd_cmd_log = {
	.name = "log",
	.operands = "",
	.summary = "print what programs logged, and their faults",
	.opts = opts,
	.nr_opts = ARRAY_SIZE(opts),
	.run = show_log,
};
