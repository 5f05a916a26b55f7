// SPDX-License-Identifier: GPL-2.0
/* kcsd log */
#include <stdio.h>
#include <time.h>

#include "cmd.h"

#define OPTIONS(X) \
	OPTION_DRIVE(X) \
	X(AFTER, "after", 0, "SEQ", "only lines after this number") \
	X(ERRORS, "errors", 'e', NULL, "print failed commands instead, newest first") \
	OPTION_JSON(X)

enum { OPTIONS(OPT_ENUM) };
static const struct opt opts[] = { OPTIONS(OPT_ROW) };

#define NSEC_PER_SEC	1000000000ULL

/* Print text of a program. Replace control characters, which a terminal would obey. */
static void print_safe(const char *text)
{
	for (; *text; text++)
		putchar(kcsd_is_text(text, 1) && *text != '\r' && *text != '\n' ? *text : '?');
}

static bool has_lba(const struct kcsd_program_log_entry *line)
{
	return line->type == KCSD_LOG_MEDIUM ||
	       (line->type == KCSD_LOG_FAULT && (line->reason == KCSD_FAULT_LBA_READ ||
						 line->reason == KCSD_FAULT_LBA_WRITE));
}

static void print_line(const struct kcsd_program_log_entry *line)
{
	time_t seconds = line->time_ns / NSEC_PER_SEC;
	char when[32];
	struct tm tm;

	strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", localtime_r(&seconds, &tm));
	printf("%llu %s.%06llu program %u: ", (unsigned long long)line->seq, when,
	       (unsigned long long)(line->time_ns % NSEC_PER_SEC / 1000), line->pind);
	if (line->type == KCSD_LOG_FAULT)
		printf("fault at instruction %u: %s", line->pc, kcsd_fault_text(line->reason));
	else if (line->type == KCSD_LOG_MEDIUM)
		printf("an access failed: %s", kcsd_status_text(line->reason));
	else
		print_safe(line->text);
	if (has_lba(line))
		printf(", LBA %llu", (unsigned long long)line->lba);
	putchar('\n');
}

static void add_json(json_object *json, const struct kcsd_program_log_entry *line)
{
	static const char * const types[] = {
		[KCSD_LOG_LINE] = "line", [KCSD_LOG_FAULT] = "fault", [KCSD_LOG_MEDIUM] = "medium",
	};
	const char *type = line->type < ARRAY_SIZE(types) && types[line->type] ?
			   types[line->type] : "unknown";
	json_object *row = json_object_new_object();
	const char *text = line->text;

	json_object_object_add(row, "seq", json_object_new_uint64(line->seq));
	json_object_object_add(row, "time_ns", json_object_new_uint64(line->time_ns));
	json_object_object_add(row, "index", json_object_new_uint64(line->pind));
	json_object_object_add(row, "type", json_object_new_string(type));
	if (line->type == KCSD_LOG_FAULT) {
		json_object_object_add(row, "reason",
				       json_object_new_string(kcsd_fault_name(line->reason)));
		json_object_object_add(row, "pc", json_object_new_uint64(line->pc));
		text = kcsd_fault_text(line->reason);
	} else if (line->type == KCSD_LOG_MEDIUM) {
		json_object_object_add(row, "status", json_object_new_uint64(line->reason));
		text = kcsd_status_text(line->reason);
	}
	if (has_lba(line))
		json_object_object_add(row, "lba", json_object_new_uint64(line->lba));
	json_object_object_add(row, "text", json_object_new_string(text));
	json_object_array_add(json, row);
}

static int show(const struct kcsd_program_log_entry *line, void *arg)
{
	if (arg)
		add_json(arg, line);
	else
		print_line(line);
	return 0;
}

#define SCT_MEDIUM	0x2

/* True if the entry is about an LBA. An lba of 0 can mean none or LBA 0: look at the status. */
static bool error_has_lba(const struct kcsd_error_log_entry *e)
{
	bool medium = e->status >> 8 == SCT_MEDIUM;
	bool zone = e->status >= KCSD_SC_ZONE_BOUNDARY &&
		    e->status <= KCSD_SC_INVALID_ZONE_TRANSITION;

	return e->lba || (!e->admin && e->nsid == KCSD_NSID_NVM && (medium || zone));
}

static void print_error(const struct kcsd_error_log_entry *e)
{
	printf("%llu %s command, namespace %u: %s", (unsigned long long)e->count,
	       e->admin ? "admin" : "I/O", e->nsid, kcsd_status_text(e->status));
	if (e->field >= 0)
		printf(": %s", kcsd_field_name(e->field));
	if (error_has_lba(e))
		printf(", LBA %llu", (unsigned long long)e->lba);
	putchar('\n');
}

static void add_error_json(json_object *json, const struct kcsd_error_log_entry *e)
{
	json_object *row = json_object_new_object();

	json_object_object_add(row, "count", json_object_new_uint64(e->count));
	json_object_object_add(row, "admin", json_object_new_boolean(e->admin));
	json_object_object_add(row, "namespace", json_object_new_uint64(e->nsid));
	json_object_object_add(row, "status", json_object_new_uint64(e->status));
	json_object_object_add(row, "text", json_object_new_string(kcsd_status_text(e->status)));
	if (e->field >= 0)
		json_object_object_add(row, "field",
				       json_object_new_string(kcsd_field_name(e->field)));
	if (error_has_lba(e))
		json_object_object_add(row, "lba", json_object_new_uint64(e->lba));
	json_object_array_add(json, row);
}

static int show_error(const struct kcsd_error_log_entry *e, void *arg)
{
	if (arg)
		add_error_json(arg, e);
	else
		print_error(e);
	return 0;
}

static int show_log(const struct args *args)
{
	struct kcsd_drive *drv;
	json_object *json = NULL;
	uint64_t after = 0;
	int ret = kcsd_args_number(args, OPT_AFTER, UINT64_MAX, &after);

	if (!ret && kcsd_args_has(args, OPT_ERRORS) && kcsd_args_has(args, OPT_AFTER))
		ret = kcsd_usage(args->cmd, "--after and --errors exclude each other");
	if (!ret)
		ret = kcsd_pick_drive(kcsd_args_value(args, OPT_DRIVE), KCSD_OPEN_RDONLY, &drv);
	if (ret)
		return ret;
	if (kcsd_args_has(args, OPT_JSON))
		json = json_object_new_array();
	if (kcsd_args_has(args, OPT_ERRORS))
		ret = kcsd_error_log_each(drv, show_error, json);
	else
		ret = kcsd_program_log_each(drv, after, show, json);
	if (ret)
		ret = kcsd_fail_ret(ret, "%s: cannot read the log", kcsd_drive_name(drv));
	else if (json)
		kcsd_json_print(json_object_get(json));
	json_object_put(json);
	kcsd_drive_close(drv);
	return ret;
}

const struct command kcsd_cmd_log = {
	.name = "log",
	.operands = "",
	.summary = "print the log of programs and their faults, or failed commands",
	.opts = opts,
	.nr_opts = ARRAY_SIZE(opts),
	.run = show_log,
};
