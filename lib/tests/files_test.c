// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Directories of drives in sysfs and configfs; here they are ordinary ones. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "private.h"
#include "scratch.h"
#include "tap.h"

/* Record the arguments of callbacks, one after the other. */
struct seen {
	char text[1024];
	int stop_after;		/* calls; 0: never */
};

static int note(struct seen *seen, const char *what)
{
	size_t len = strlen(seen->text);

	snprintf(seen->text + len, sizeof(seen->text) - len, "%s%s", len ? " " : "", what);
	return seen->stop_after && !--seen->stop_after ? 77 : 0;
}

static int note_name(const char *name, void *arg)
{
	return note(arg, name);
}

static int note_counter(const char *name, uint64_t value, void *arg)
{
	char text[PATH_MAX];

	snprintf(text, sizeof(text), "%s=%" PRIu64, name, value);
	return note(arg, text);
}

static int note_info(const struct kcsd_config_info *info, void *arg)
{
	char text[128];

	snprintf(text, sizeof(text), "%s:%d:%u", info->name, info->powered, info->index);
	return note(arg, text);
}

static int note_attr(const char *attr, const char *value, void *arg)
{
	char text[PATH_MAX];

	snprintf(text, sizeof(text), "%s=%s", attr, value);
	return note(arg, text);
}

/* ---- sysfs ---- */

static void make_sysfs(void)
{
	static const char *const dirs[] = { "sys", "sys/devices", "sys/devices/kcsd10",
		"sys/devices/kcsd2", "sys/devices/kcsd2/stats", "sys/devices/kcsd2/ns1",
		"sys/devices/kcsd2/power", "sys/devices/kcsd2/programs",
		"sys/devices/kcsd2/programs/0", "sys/devices/kcsd2/programs/10",
		"sys/devices/kcsd2/programs/9", "sys/devices/kcsd2/units",
		"sys/devices/kcsd2/units/0", "sys/class" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(dirs); i++)
		make_dir(dirs[i]);
	put("sys/devices/kcsd2/size", "4096\n");
	put("sys/devices/kcsd2/power/runtime_usage", "0\n");
	put("sys/devices/kcsd2/stats/insns", "18446744073709551615\n");
	put("sys/devices/kcsd2/stats/runs", "12\n");
	put("sys/devices/kcsd2/stats/.hidden", "1\n");
	put("sys/devices/kcsd2/stats/huge", "18446744073709551616\n");
	put("sys/devices/kcsd2/ns1/read_bytes", "512\n");
	put("sys/devices/kcsd2/units/queued", "4\n");
	put("sys/devices/kcsd2/units/0/cpus", "1\n");
	put("sys/devices/kcsd2/units/0/runs", "5\n");
	put("sys/devices/kcsd2/programs/0/name", "word\n");
	put("sys/devices/kcsd2/programs/0/runs", "1\n");
	put("sys/devices/kcsd2/programs/9/runs", "2\n");
	put("sys/devices/kcsd2/programs/10/runs", "3\n");
	if (symlink("../devices/kcsd10", "sys/class/kcsd10") ||
	    symlink("../devices/kcsd2", "sys/class/kcsd2") ||
	    symlink("../devices/kcsd2", "sys/class/other"))
		OK(false, "symlink");
}

static void test_drives(void)
{
	struct seen seen = {}, one = { .stop_after = 1 };

	IS(kcsd_drive_each(note_name, &seen), 0, "drives");
	IS_TEXT(seen.text, "kcsd2 kcsd10", "drives: by ascending number, and no others");
	IS(kcsd_drive_each(note_name, &one), 77, "drives: the value of the callback is returned");
	IS_TEXT(one.text, "kcsd2", "drives: that ends the walk");
	kcsd_sysfs_root = "sys/none";
	IS(kcsd_drive_each(note_name, &seen), -ENOENT, "drives: no module");
	kcsd_sysfs_root = "sys/class";
}

static void test_stats(void)
{
	struct seen seen = {}, one = { .stop_after = 2 };

	IS(kcsd_stats_each("kcsd2", note_counter, &seen), 0, "counters");
	IS_TEXT(seen.text, "ns1/read_bytes=512 programs/0/runs=1 programs/9/runs=2 "
		"programs/10/runs=3 stats/insns=18446744073709551615 stats/runs=12 "
		"units/queued=4 units/0/runs=5",
		"counters: all numbers, in order, nothing else");
	IS(kcsd_stats_each("/dev/kcsd2", note_counter, &one), 77,
	   "counters: the value of the callback is returned");
	IS_TEXT(one.text, "ns1/read_bytes=512 programs/0/runs=1", "counters: that ends the walk");
	IS(kcsd_stats_each("kcsd3", note_counter, &seen), -ENOENT, "counters: no such drive");
	IS(kcsd_stats_each("sda", note_counter, &seen), -EINVAL, "counters: invalid drive name");
}

static void test_stats_get(void)
{
	static const struct {
		const char *drive;
		const char *name;
		int ret;
	} bad[] = {
		{ "kcsd2", "stats/none", -ENOENT },
		{ "kcsd2", "programs/5/runs", -ENOENT },
		{ "kcsd2", "stats/insns/none", -ENOENT },
		{ "kcsd3", "stats/insns", -ENOENT },
		{ "kcsd", "stats/insns", -EINVAL },
		{ "kcsd02", "stats/insns", -EINVAL },
		{ "kcsd2x", "stats/insns", -EINVAL },
		{ "kcsd99999999999999999999", "stats/insns", -EINVAL },
		{ "kcsd2", "programs/0/name", -EINVAL },
		{ "kcsd2", "stats/huge", -EINVAL },
		{ "kcsd2", "stats", -EINVAL },
		{ "kcsd2", "", -EINVAL },
		{ "kcsd2", "/etc/passwd", -EINVAL },
		{ "kcsd2", "../kcsd2/stats/insns", -EINVAL },
		{ "kcsd2", "stats/../stats/insns", -EINVAL },
	};
	uint64_t value = 0;
	char text[64];
	size_t i;

	IS(kcsd_stats_get("kcsd2", "stats/insns", &value), 0, "counter");
	OK(value == UINT64_MAX, "counter: its value");
	IS(kcsd_stats_text("kcsd2", "programs/0/name", text, sizeof(text)), 0, "a name");
	OK(text[0], "a name: '%s'", text);
	IS(kcsd_stats_text("kcsd2", "programs/0/name", text, 1), -ERANGE, "a name, no room");
	IS(kcsd_stats_text("kcsd2", "programs/../x", text, 9), -EINVAL, "a name, a bad path");
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		IS(kcsd_stats_get(bad[i].drive, bad[i].name, &value), bad[i].ret,
		   "counter: '%s' of '%s'", bad[i].name, bad[i].drive);
}

/* ---- configfs ---- */

static void make_config(void)
{
	make_dir("config");
	make_dir("config/kcsd");
	put("config/kcsd/features", "memory file\n");
	kcsd_configfs_root = "config/kcsd";
}

/* Add attributes to a new directory, as the module does. */
static void add_attributes(const char *name, const char *power, const char *index)
{
	static const char *const attrs[] = { "power", "index", "size", "backing_file" };
	const char *const values[] = { power, index, "4096\n", "\n" };
	char path[PATH_MAX];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(attrs); i++) {
		snprintf(path, sizeof(path), "config/kcsd/%s/%s", name, attrs[i]);
		put(path, values[i]);
	}
}

static void test_config_names(void)
{
	char longest[66];
	static const char *const bad[] = { "", ".", "..", ".x", "a/b", "/" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		IS(kcsd_drive_create(bad[i]), -EINVAL, "create '%s'", bad[i]);
		IS(kcsd_drive_delete(bad[i]), -EINVAL, "delete '%s'", bad[i]);
		IS(kcsd_attr_set("a", bad[i], "1"), -EINVAL, "set '%s'", bad[i]);
	}
	memset(longest, 'a', sizeof(longest));
	longest[65] = '\0';
	IS(kcsd_drive_create(longest), -EINVAL, "create, 65 characters");
	longest[64] = '\0';
	IS(kcsd_drive_create(longest), 0, "create, 64 characters");
	add_attributes(longest, "0\n", "3\n");
	IS(kcsd_config_get(longest, &(struct kcsd_config_info){}, sizeof(struct kcsd_config_info)),
	   0, "info, 64 characters");
}

static void test_config_life(void)
{
	struct kcsd_config_info info;
	struct seen seen = {}, one = { .stop_after = 1 };

	IS(kcsd_drive_create("b"), 0, "create");
	IS(kcsd_drive_create("b"), -EEXIST, "create, twice");
	add_attributes("b", "0\n", "7\n");
	IS(kcsd_drive_create("kcsd0"), 0, "create another");
	add_attributes("kcsd0", "1\n", "0\n");
	IS(kcsd_config_get("b", &info, sizeof(info)), 0, "info");
	OK(!strcmp(info.name, "b") && !info.powered && info.index == 7, "info: its members");
	IS(kcsd_config_get("none", &info, sizeof(info)), -ENOENT, "info, no such drive");
	IS(kcsd_config_each(note_info, &one), 77, "all: the value of the callback is returned");
	IS(kcsd_config_each(note_info, &seen), 0, "all");
	OK(strstr(seen.text, "b:0:7 kcsd0:1:0"), "all: in order (%s)", seen.text);
	memset(&seen, 0, sizeof(seen));
	IS(kcsd_attr_each("b", note_attr, &seen), 0, "attributes");
	IS_TEXT(seen.text, "backing_file= index=7 power=0 size=4096", "attributes: in order");
	IS(kcsd_attr_each("none", note_attr, &seen), -ENOENT, "attributes, no such drive");
}

static void test_config_values(void)
{
	char buf[16];

	IS(kcsd_attr_set("b", "size", "512M"), 0, "set");
	IS(kcsd_attr_get("b", "size", buf, sizeof(buf)), 0, "get");
	IS_TEXT(buf, "512M", "get: what was set");
	IS(kcsd_attr_get("b", "size", buf, 5), 0, "get, just enough room");
	IS(kcsd_attr_get("b", "size", buf, 4), -ERANGE, "get, too little room");
	IS(kcsd_attr_get("b", "size", buf, 0), -ERANGE, "get, no room");
	IS(kcsd_attr_set("b", "none", "1"), -ENOENT, "set, no such attribute");
	IS(kcsd_attr_get("b", "none", buf, sizeof(buf)), -ENOENT, "get, no such attribute");
	IS(kcsd_attr_set("none", "size", "1"), -ENOENT, "set, no such drive");
	IS(kcsd_attr_get(NULL, "features", buf, sizeof(buf)), 0, "get, of the module");
	IS_TEXT(buf, "memory file", "get, of the module: its value");
	IS(kcsd_drive_power("b", true), 0, "power on");
	IS(kcsd_attr_get("b", "power", buf, sizeof(buf)), 0, "power on: get");
	IS_TEXT(buf, "1", "power on: the attribute is 1");
	IS(kcsd_drive_power("none", true), -ENOENT, "power on, no such drive");
}

static void test_config_delete(void)
{
	char power[16];

	IS(kcsd_drive_delete("none"), -ENOENT, "delete, no such drive");
	/* An ordinary directory with files stays; in configfs they go with it. */
	OK(kcsd_drive_delete("kcsd0") < 0, "delete, a failure is reported");
	IS(kcsd_attr_get("kcsd0", "power", power, sizeof(power)), 0, "delete: get power");
	IS_TEXT(power, "0", "delete: it was powered off first");
	kcsd_configfs_root = "config/none";
	IS(kcsd_drive_create("c"), -ENOENT, "create, no module");
	IS(kcsd_config_each(note_info, &(struct seen){}), -ENOENT, "all, no module");
}

int main(void)
{
	if (!scratch_begin())
		return 1;
	make_sysfs();
	kcsd_sysfs_root = "sys/class";
	test_drives();
	test_stats();
	test_stats_get();
	make_config();
	test_config_names();
	test_config_life();
	test_config_values();
	test_config_delete();
	scratch_end();
	return tap_end();
}
