// SPDX-License-Identifier: GPL-2.0
/* Print errors, sizes and JSON. */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"

static void print_error(const char *who, const char *fmt, va_list ap)
{
	fflush(stdout);
	fprintf(stderr, "kcsd%s%s: ", who ? " " : "", who ? who : "");
	vfprintf(stderr, fmt, ap);
}

int kcsd_fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_error(NULL, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return KCSD_EXIT_FAILED;
}

int kcsd_usage(const struct command *cmd, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_error(cmd->name, fmt, ap);
	va_end(ap);
	fprintf(stderr, " (see 'kcsd help %s')\n", cmd->name);
	return KCSD_EXIT_USAGE;
}

const char *kcsd_advice(int ret)
{
	switch (ret > 0 ? ret & KCSD_SC_MASK : ret) {
	case -EACCES:
	case -EPERM:
		return "run it as root, or change the owner of the node";
	case -ENODEV:
		return "the drive was powered off";
	case KCSD_SC_NO_PROGRAM:
	case KCSD_SC_INVALID_PROGRAM_INDEX:
		return "'kcsd programs' lists what is loaded";
	case KCSD_SC_NOT_DOWNLOADABLE:
		return "it is built into the drive";
	case KCSD_SC_INVALID_RANGE_SET:
		return "START and LENGTH must be multiples of 4096 and inside the SLM; 'kcsd info' "
		       "shows its size and the limits";
	case KCSD_SC_TOO_MANY_OPEN_ZONES:
		return "use 'kcsd zone close' or 'kcsd zone finish' first";
	case KCSD_SC_TOO_MANY_ACTIVE_ZONES:
		return "use 'kcsd zone finish' or 'kcsd zone reset' first";
	case KCSD_SC_INVALID_RANGE_SET_ID:
		return "'kcsd ranges list' shows all";
	case KCSD_SC_NOT_ACTIVATED:
		return "use 'kcsd activate' first";
	case KCSD_SC_PROGRAM_IN_USE:
		return "it is active or running: use 'kcsd deactivate' first";
	case KCSD_SC_INSUFFICIENT_PROGRAM_RESOURCES:
	case KCSD_SC_MAX_PROGRAM_BYTES:
	case KCSD_SC_MAX_ACTIVATED:
		return "use 'kcsd unload' first; 'kcsd info' shows the limits";
	case KCSD_SC_PROGRAM_TOO_BIG:
		return "'kcsd info' shows the limits";
	default:
		return NULL;
	}
}

int kcsd_fail_ret(int ret, const char *fmt, ...)
{
	const char *hint = kcsd_advice(ret);
	va_list ap;

	va_start(ap, fmt);
	print_error(NULL, fmt, ap);
	va_end(ap);
	fprintf(stderr, ": %s%s%s%s\n", kcsd_error_text(ret), hint ? " (" : "", hint ? hint : "",
		hint ? ")" : "");
	return KCSD_EXIT_FAILED;
}

int kcsd_fail_config(int ret, const char *fmt, ...)
{
	bool root = ret == -EACCES || ret == -EPERM;
	va_list ap;

	va_start(ap, fmt);
	print_error(NULL, fmt, ap);
	va_end(ap);
	fprintf(stderr, ": %s\n", root ? "only root may do this" : kcsd_error_text(ret));
	return KCSD_EXIT_FAILED;
}

int kcsd_fail_load(const struct kcsd_error *error)
{
	if (error->verdict == KCSD_VERDICT_MEMORY)
		return kcsd_fail("%s: 'kcsd create --arena-size' sets the memory of a program, "
				 "--heap the part for the heap", error->text);
	return kcsd_fail("%s", error->text);
}

const char *kcsd_human_bytes(uint64_t bytes, char buf[KCSD_HUMAN_LEN])
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double value = bytes;
	size_t unit = 0;

	while (value >= 1024 && unit + 1 < ARRAY_SIZE(units)) {
		value /= 1024;
		unit++;
	}
	if (value == (uint64_t)value)
		snprintf(buf, KCSD_HUMAN_LEN, "%.0f %s", value, units[unit]);
	else
		snprintf(buf, KCSD_HUMAN_LEN, "%.1f %s", value, units[unit]);
	return buf;
}

void kcsd_json_print(json_object *json)
{
	puts(json_object_to_json_string_ext(json, JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_SPACED |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(json);
}

const char *kcsd_printable(const char *text, char *buf, size_t len)
{
	char *p;

	snprintf(buf, len, "%s", text);
	for (p = buf; *p; p++)
		if (iscntrl((unsigned char)*p))
			*p = '?';
	return buf;
}

bool kcsd_is_text(const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	size_t i;

	for (i = 0; i < len; i++)
		if (!isprint(p[i]) && p[i] != '\n' && p[i] != '\t' && p[i] != '\r')
			return false;
	return true;
}
