// SPDX-License-Identifier: GPL-2.0
/*
 * Test the output of kcsd top. The files of the drives are ordinary files in a directory of this
 * test. Print TAP.
 */
#include <ftw.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"
#include "top.h"

extern const char *kcsd_sysfs_root;	/* in libkcsd; the shared library hides it */

#define SECOND	1000000000ULL

static void ok(bool good, const char *what)
{
	tap_point(good, "top: %s", what);
}

/* Write a file and make its directories: put(text, "kcsd0/units/%d/runs", 3). */
static void __attribute__((format(printf, 2, 3))) put(const char *text, const char *format, ...)
{
	char path[256], *slash;
	va_list ap;
	FILE *file;

	va_start(ap, format);
	vsnprintf(path, sizeof(path), format, ap);
	va_end(ap);
	for (slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		mkdir(path, 0777);
		*slash = '/';
	}
	file = fopen(path, "w");
	if (!file || fprintf(file, "%s\n", text) < 0 || fclose(file))
		ok(false, path);
}

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

/* Replace a directory. The old one stays under another name, so that its inode is not reused. */
static void renew(const char *dir)
{
	static int nr;
	char old[32];

	snprintf(old, sizeof(old), "old-%d", nr++);
	if (rename(dir, old))
		ok(false, dir);
}

static void put_unit(int unit, const char *runs, const char *busy, const char *idle)
{
	put(runs, "kcsd0/units/%d/runs", unit);
	put(busy, "kcsd0/units/%d/busy_ns", unit);
	put(idle, "kcsd0/units/%d/idle_ns", unit);
	put("0", "kcsd0/units/%d/cpus", unit);
}

/* Return the text of kcsd top for two samples, a second apart. */
static char *text_of(struct samples *before, struct samples *now)
{
	static char buf[8192];
	FILE *to = fmemopen(buf, sizeof(buf), "w");

	memset(buf, 0, sizeof(buf));
	now->time_ns = before->time_ns + SECOND;
	kcsd_top_show(to, before, now);
	fclose(to);
	return buf;
}

/* Return the line after the one that begins with head, or "". */
static const char *line_after(const char *text, const char *head)
{
	const char *line = strstr(text, head);

	line = line ? strchr(line, '\n') : NULL;
	return line ? line + 1 : "";
}

static bool line_is(const char *line, const char *wanted)
{
	if (!strncmp(line, wanted, strlen(wanted)) && line[strlen(wanted)] == '\n')
		return true;
	tap_note("got '%.*s'", (int)strcspn(line, "\n"), line);
	return false;
}

static json_object *at(json_object *list, const char *name, int i)
{
	return json_object_array_get_idx(json_object_object_get(list, name), i);
}

static void test_objects(void)
{
	struct samples before, now;
	json_object *json;

	put("0", "kcsd0/stats/runs");
	put("5", "kcsd0/ns4/store_commands");
	put("7", "kcsd0/ns4/retrieve_commands");
	ok(!kcsd_top_sample(&before, NULL), "a sample with objects");
	put("15", "kcsd0/ns4/store_commands");
	put("107", "kcsd0/ns4/retrieve_commands");
	ok(!kcsd_top_sample(&now, "kcsd0"), "another");
	ok(line_is(line_after(text_of(&before, &now), "DRIVE"),
		   "kcsd0             0        110        0.0        0.0        0.0        0.0"
		   "      0.0      0.0    0.0"), "commands on objects");
	json = kcsd_top_json(&before, &now);
	ok(json_object_get_double(json_object_object_get(at(json, "drives", 0), "objects_per_s")) ==
	   110, "also in JSON");
	json_object_put(json);
	kcsd_top_release(&before);
	kcsd_top_release(&now);
}

static void test_units(void)
{
	struct samples before, now;
	json_object *json, *drive;
	const char *line;

	put("0", "kcsd0/stats/runs");
	put("5", "kcsd0/units/running");
	put_unit(0, "10", "1000", "9000");
	put_unit(2, "0", "0", "10000");
	put_unit(10, "7", "500", "9500");
	ok(!kcsd_top_sample(&before, NULL), "a sample");
	put("40", "kcsd0/stats/runs");
	put_unit(0, "50", "251000", "759000");		/* a quarter of the time */
	put_unit(2, "0", "0", "1010000");
	renew("kcsd0/units/10");
	put_unit(10, "3", "400", "600");		/* started again from 0 */
	ok(!kcsd_top_sample(&now, "kcsd0"), "another, of one drive");

	line = line_after(text_of(&before, &now), "   UNIT");
	ok(line_is(line, "      0       40.0         25.0"), "rate and time share of a unit");
	line = line_after(line, "      0");
	ok(line_is(line, "      2        0.0          0.0"), "one that does nothing");
	line = line_after(line, "      2");
	ok(line_is(line, "     10        3.0         40.0"), "by number; one that began anew");

	json = kcsd_top_json(&before, &now);
	drive = at(json, "drives", 0);
	ok(json_object_array_length(json_object_object_get(drive, "units")) == 3, "JSON: units");
	ok(json_object_get_int(json_object_object_get(at(drive, "units", 2), "unit")) == 10,
	   "JSON: the number of a unit");
	ok(json_object_get_int(json_object_object_get(at(drive, "units", 0), "runs")) == 40,
	   "JSON: its runs");
	ok(json_object_get_double(json_object_object_get(at(drive, "units", 0),
							 "busy_percent")) == 25, "JSON: its share");
	json_object_put(json);
	kcsd_top_release(&before);
	kcsd_top_release(&now);
}

/* Test a unit that is always busy: its times are read at slightly different moments. */
static void test_decrease(void)
{
	struct samples before, now;
	const char *line;

	put_unit(0, "1", "1000000", "900000000");
	kcsd_top_sample(&before, "kcsd0");
	put_unit(0, "2", "3000000", "899999999");
	kcsd_top_sample(&now, "kcsd0");
	line = line_after(text_of(&before, &now), "   UNIT");
	ok(line_is(line, "      0        1.0        100.0"), "a decrease is no restart");
	kcsd_top_release(&before);
	kcsd_top_release(&now);
}

static void test_programs(void)
{
	struct samples before, now;
	const char *line;

	put("0", "kcsd0/programs/1/runs");
	put("0", "kcsd0/programs/1/total_ns");
	put("word", "kcsd0/programs/1/name");
	kcsd_top_sample(&before, NULL);
	put("4", "kcsd0/programs/1/runs");
	put("10000", "kcsd0/programs/1/total_ns");
	put("1", "kcsd0/programs/1/faults");
	put("2", "kcsd0/programs/12/runs");
	kcsd_top_sample(&now, NULL);
	line = line_after(text_of(&before, &now), "  INDEX");
	ok(line_is(line, "      1        4.0          2.5        1.0  word"), "a program");
	line = line_after(line, "      1");
	ok(line_is(line, "     12        2.0          0.0        0.0  "),
	   "one that was not there before");
	kcsd_top_release(&before);
	kcsd_top_release(&now);
}

/* Test a drive of an old module without units/, and a drive added between the samples. */
static void test_drives(void)
{
	struct samples before, now;
	const char *text;

	kcsd_top_sample(&before, NULL);
	put("8", "kcsd1/stats/runs");
	put("2097152", "kcsd1/stats/host_read_bytes");
	put("3", "kcsd1/stats/cu_busy_ns");
	put("1", "kcsd1/stats/cu_idle_ns");
	kcsd_top_sample(&now, NULL);
	text = strstr(text_of(&before, &now), "kcsd1");
	ok(text && line_is(text, "kcsd1             0          0        2.0        0.0        0.0        0.0"
			   "      8.0      0.0   75.0"), "a drive");
	ok(text && !strstr(text, "UNIT") && !strstr(text, "INDEX"), "without units or programs");
	kcsd_top_release(&before);
	kcsd_top_release(&now);
	ok(kcsd_top_sample(&now, "kcsd7") < 0, "no such drive");
	kcsd_top_release(&now);
}

static void put_timing(const char *commands, const char *commands_ns, const char *late,
		       const char *late_ns)
{
	put(commands, "kcsd2/timing/commands");
	put(commands_ns, "kcsd2/timing/commands_ns");
	put(late, "kcsd2/timing/late_commands");
	put(late_ns, "kcsd2/timing/late_ns");
}

static void test_device(void)
{
	struct samples before, now;
	json_object *json, *device;

	put("8", "kcsd2/stats/runs");
	put("flash", "kcsd2/timing/model");
	put("real", "kcsd2/timing/clock");
	put("0", "kcsd2/timing/marked");
	put_timing("10", "1000", "10", "5000");
	kcsd_top_sample(&before, "kcsd2");
	put_timing("210", "2001000", "60", "305000");
	kcsd_top_sample(&now, "kcsd2");
	ok(line_is(line_after(text_of(&before, &now), "  DEVICE"),
		   "  real         200.0         10.0       50.0    25.00        1.5"),
	   "device time, late commands and lateness");
	json = kcsd_top_json(&before, &now);
	device = json_object_object_get(at(json, "drives", 0), "device");
	ok(json_object_get_int(json_object_object_get(device, "commands")) == 200 &&
	   json_object_get_int(json_object_object_get(device, "late_commands")) == 50 &&
	   json_object_get_double(json_object_object_get(device, "mean_ns")) == 10000 &&
	   json_object_get_double(json_object_object_get(device, "mean_late_ns")) == 1500 &&
	   !json_object_get_boolean(json_object_object_get(device, "marked")), "the same as JSON");
	json_object_put(json);
	kcsd_top_release(&now);
	put("1", "kcsd2/timing/marked");
	kcsd_top_sample(&now, "kcsd2");
	ok(strstr(text_of(&before, &now), "  marked\n"), "a drive that is marked");
	put("none", "kcsd2/timing/model");
	ok(!strstr(text_of(&before, &now), "DEVICE"), "one without a model");
	kcsd_top_release(&before);
	kcsd_top_release(&now);
}

int main(void)
{
	char dir[] = "/tmp/kcsd-top-XXXXXX";

	if (!mkdtemp(dir) || chdir(dir))
		return 1;
	kcsd_sysfs_root = dir;
	test_objects();
	test_units();
	test_decrease();
	test_programs();
	test_drives();
	test_device();
	nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	return tap_end();
}
