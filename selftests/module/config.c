// SPDX-License-Identifier: GPL-2.0
/* Test drives in configfs: creating, configuring, power, removing. */
#include "harness.h"

#include <sched.h>
#include <sys/mount.h>

#define DRIVES	8

/* List each attribute of a drive, and two values that it must accept. */
static const struct setting {
	const char *attr;
	const char *value;
	const char *other;
} settings[] = {
	{ "size",		"1048576",	"67108864" },
	{ "block_size",		"512",		"4096" },
	{ "queues",		"1",		"2" },
	{ "queue_depth",	"16",		"64" },
	{ "cus",		"1",		"3" },
	{ "cu_cpus",		"0",		"0-1" },
	{ "queue_limit",	"1",		"1048576" },
	{ "quick_us",		"0",		"10000" },
	{ "arena_size",		"2097152",	"1048576" },
	{ "max_programs",	"4",		"16" },
	{ "max_active",		"2",		"4" },
	{ "max_program_bytes",	"65536",	"1048576" },
	{ "timeout_ms",		"100",		"5000" },
	{ "insn_budget",	"1000",		"1000000000" },
	{ "engine",		"interp",	"jit" },
	{ "max_jit_bytes",	"0",		"1048576" },
	{ "sidecar",		"0",		"1" },
	{ "slm_size",		"4096",		"33554432" },
	{ "max_range_sets",	"1",		"255" },
	{ "max_ranges",		"1",		"64" },
	{ "device_programs",	"0",		"1" },
	{ "load_granularity",	"8",		"65536" },
	{ "zone_size",		"65536",	"1048576" },
	{ "zone_capacity",	"61440",	"65536" },
	{ "conventional_zones",	"1",		"2" },
	{ "max_open_zones",	"1",		"2" },
	{ "max_active_zones",	"2",		"3" },
	{ "max_append",		"8192",		"1048576" },
	{ "cache_size",		"4096",		"1048576" },
	{ "kv_size",		"0",		"134217728" },
	{ "kv_max_value",	"1",		"1073741824" },
	{ "kv_max_keys",	"1",		"4294967295" },
};

static const struct drive_attr small[] = { DRIVE_SMALL, {} };

FIXTURE(config) {
	struct drive d[DRIVES];
	char dir[64];		/* for backing files */
};

FIXTURE_SETUP(config)
{
	drive_sweep();
	for (int i = 0; i < DRIVES; i++)
		self->d[i] = (struct drive)DRIVE_INIT;
	strcpy(self->dir, "/tmp/kst-config-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
}

FIXTURE_TEARDOWN(config)
{
	char cmd[128];

	for (int i = 0; i < DRIVES; i++)
		drive_remove(&self->d[i]);
	drive_sweep();
	umount2(self->dir, MNT_DETACH);
	snprintf(cmd, sizeof(cmd), "rm -r %s", self->dir);
	EXPECT_EQ(0, system(cmd));
}

/* Returns the number of lines of the module in the kernel log since kmsg was opened. */
static int kmsg_lines(int kmsg)
{
	char line[1024];
	ssize_t len;
	int n = 0;

	while ((len = read(kmsg, line, sizeof(line) - 1)) > 0) {
		line[len] = 0;
		n += !!strstr(line, ";kcsd");
	}
	return n;
}

/* Expect that power on returns `want`, logs one line with the reason, and leaves nothing behind. */
static bool power_fails(struct drive *d, int want)
{
	int kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK), index, ret, lines;

	if (kmsg < 0 || lseek(kmsg, 0, SEEK_END) < 0)
		return false;
	index = drive_get_number(d->name, "index");
	ret = drive_power(d, true);
	lines = kmsg_lines(kmsg);
	close(kmsg);
	if (ret != want || lines != 1)
		ksft_print_msg("power on: got %d, expected %d; %d log lines, expected 1\n",
			       ret, want, lines);
	return ret == want && lines == 1 && !drive_get_number(d->name, "power") &&
	       !drive_nodes_present(index);
}

/* Power a configured drive on and off again. Returns false if either fails. */
static bool power_cycles(struct drive *d)
{
	int ret = drive_power(d, true);

	if (ret) {
		ksft_print_msg("power on: got %d, expected 0\n", ret);
		return false;
	}
	d->index = drive_get_number(d->name, "index");
	return drive_nodes_present(d->index) == DRIVE_NODES && !drive_power(d, false) &&
	       !drive_nodes_present(d->index);
}

static int make_file(const char *dir, const char *name, off_t size, char *path, size_t len)
{
	int fd;

	snprintf(path, len, "%s/%s", dir, name);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
	if (fd < 0)
		return -errno;
	if (ftruncate(fd, size)) {
		close(fd);
		return -errno;
	}
	close(fd);
	return 0;
}

TEST_F(config, mkdir_gives_defaults)
{
	struct drive *d = &self->d[0];
	static const struct drive_attr none[] = { {} };
	char buf[64];

	ASSERT_EQ(0, drive_prepare(d, "config", none));
	EXPECT_EQ(-EEXIST, drive_mkdir(d->name));
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		EXPECT_LE(!!strcmp(settings[i].attr, "cu_cpus"),
			  drive_get(d->name, settings[i].attr, buf, sizeof(buf)))
			TH_LOG("%s", settings[i].attr);
	}
	EXPECT_EQ(536870912, drive_get_number(d->name, "size"));
	EXPECT_EQ(4096, drive_get_number(d->name, "block_size"));
	EXPECT_EQ(0, drive_get_number(d->name, "queues"));
	EXPECT_EQ(128, drive_get_number(d->name, "queue_depth"));
	EXPECT_EQ(2, drive_get_number(d->name, "cus"));
	EXPECT_EQ(0, drive_get(d->name, "cu_cpus", buf, sizeof(buf)));
	EXPECT_EQ(16384, drive_get_number(d->name, "queue_limit"));
	EXPECT_EQ(50, drive_get_number(d->name, "quick_us"));
	EXPECT_EQ(30000, drive_get_number(d->name, "timeout_ms"));
	EXPECT_EQ(0, drive_get_number(d->name, "insn_budget"));
	EXPECT_EQ(64 << 20, drive_get_number(d->name, "max_jit_bytes"));
	EXPECT_EQ(1, drive_get_number(d->name, "sidecar"));
	EXPECT_LT(0, drive_get(d->name, "engine", buf, sizeof(buf)));
	EXPECT_STREQ("jit", buf);
	EXPECT_EQ(16777216, drive_get_number(d->name, "slm_size"));
	EXPECT_EQ(0, drive_get_number(d->name, "zone_size"));
	EXPECT_EQ(1 << 20, drive_get_number(d->name, "max_append"));
	EXPECT_EQ(0, drive_get_number(d->name, "cache_size"));
	EXPECT_EQ(256 << 20, drive_get_number(d->name, "kv_size"));
	EXPECT_EQ(64 << 20, drive_get_number(d->name, "kv_max_value"));
	EXPECT_EQ(1 << 24, drive_get_number(d->name, "kv_max_keys"));
	EXPECT_EQ(0, drive_get(d->name, "kv_file", buf, sizeof(buf)));
	EXPECT_EQ(0, drive_get_number(d->name, "power"));
	EXPECT_EQ(0, drive_get(d->name, "backing_file", buf, sizeof(buf)));
	EXPECT_TRUE(power_cycles(d));
}

TEST_F(config, attributes_read_back)
{
	struct drive *d = &self->d[0];
	char buf[64];

	ASSERT_EQ(0, drive_prepare(d, "config", small));
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		const struct setting *s = &settings[i];

		EXPECT_EQ(0, drive_set(d->name, s->attr, s->value)) TH_LOG("%s", s->attr);
		EXPECT_LT(0, drive_get(d->name, s->attr, buf, sizeof(buf)));
		EXPECT_STREQ(s->value, buf) TH_LOG("%s", s->attr);
		EXPECT_EQ(0, drive_set(d->name, s->attr, s->other)) TH_LOG("%s", s->attr);
		EXPECT_LT(0, drive_get(d->name, s->attr, buf, sizeof(buf)));
		EXPECT_STREQ(s->other, buf) TH_LOG("%s", s->attr);
	}
	EXPECT_EQ(0, drive_set(d->name, "backing_file", "/some where/a file"));
	EXPECT_LT(0, drive_get(d->name, "backing_file", buf, sizeof(buf)));
	EXPECT_STREQ("/some where/a file", buf);
	EXPECT_EQ(0, drive_set(d->name, "kv_file", "/another"));
	EXPECT_LT(0, drive_get(d->name, "kv_file", buf, sizeof(buf)));
	EXPECT_STREQ("/another", buf);
}

TEST_F(config, invalid_values_are_refused)
{
	static const struct drive_attr bad[] = {
		{ "size", "" }, { "size", "0" }, { "size", "1048575" }, { "size", "garbage" },
		{ "size", "-1" }, { "size", "16777216x" }, { "size", "99999999999999999999999" },
		{ "size", "16Mx" }, { "size", "16MM" }, { "size", "0x1000000" }, { "size", " 16M" },
		{ "size", "M" }, { "size", "16 M" }, { "size", "16E" }, { "size", "16777216\n" },
		{ "block_size", "0" }, { "block_size", "3" }, { "block_size", "256" },
		{ "block_size", "1024" }, { "block_size", "8192" }, { "block_size", "x" },
		{ "queues", "257" }, { "queues", "-1" }, { "queues", "x" }, { "queues", "" },
		{ "queue_depth", "0" }, { "queue_depth", "4097" }, { "queue_depth", "4294967297" },
		{ "cus", "0" }, { "cus", "65" }, { "cus", "1K" }, { "cus", "18446744073709551617" },
		{ "cu_cpus", "x" }, { "cu_cpus", "0-" }, { "cu_cpus", "1-0" },
		{ "cu_cpus", "," }, { "cu_cpus", "0,99999" }, { "cu_cpus", "-1" },
		{ "cu_cpus", "8191" },
		{ "queue_limit", "0" }, { "queue_limit", "1048577" }, { "queue_limit", "1K" },
		{ "quick_us", "-1" }, { "quick_us", "10001" }, { "quick_us", "1K" },
		{ "arena_size", "0" }, { "arena_size", "32K" }, { "arena_size", "257M" },
		{ "arena_size", "1048577" },
		{ "max_programs", "0" }, { "max_programs", "1025" },
		{ "max_active", "0" }, { "max_active", "1025" },
		{ "max_program_bytes", "0" }, { "max_program_bytes", "4095" },
		{ "max_program_bytes", "1073741825" },
		{ "timeout_ms", "0" }, { "timeout_ms", "x" }, { "timeout_ms", "86400001" },
		{ "insn_budget", "-5" }, { "insn_budget", "18446744073709551616" },
		{ "engine", "" }, { "engine", "0" }, { "engine", "JIT" }, { "engine", "jit " },
		{ "engine", "ji" }, { "engine", "jitx" }, { "engine", "none" },
		{ "sidecar", "2" }, { "sidecar", "" },
		{ "max_jit_bytes", "-1" }, { "max_jit_bytes", "1073741825" },
		{ "slm_size", "" }, { "slm_size", "-1" }, { "slm_size", "4095" },
		{ "max_range_sets", "0" }, { "max_range_sets", "256" },
		{ "max_ranges", "0" }, { "max_ranges", "65" },
		{ "device_programs", "2" }, { "device_programs", "-1" },
		{ "load_granularity", "0" }, { "load_granularity", "3" },
		{ "load_granularity", "24" }, { "load_granularity", "131072" },
		{ "zone_size", "-1" }, { "zone_size", "3M" }, { "zone_size", "2T" },
		{ "zone_capacity", "x" }, { "zone_capacity", "1099511627777" },
		{ "conventional_zones", "1K" }, { "conventional_zones", "4294967296" },
		{ "max_open_zones", "-1" }, { "max_open_zones", "4294967296" },
		{ "max_active_zones", "" }, { "max_active_zones", "4294967296" },
		{ "max_append", "0" }, { "max_append", "2048" }, { "max_append", "12K" },
		{ "max_append", "2M" },
		{ "cache_size", "" }, { "cache_size", "-1" }, { "cache_size", "4095" },
		{ "cache_size", "4608" }, { "cache_size", "2T" },
		{ "slm_size", "512" }, { "slm_size", "1099511627777" }, { "slm_size", "2T" },
		{ "kv_size", "" }, { "kv_size", "-1" }, { "kv_size", "4095" }, { "kv_size", "8T" },
		{ "kv_max_value", "0" }, { "kv_max_value", "1073741825" },
		{ "kv_max_keys", "0" }, { "kv_max_keys", "4294967296" }, { "kv_max_keys", "1K" },
		{ "backing_file", "relative/path" }, { "kv_file", "relative/path" },
		{ "power", "2" }, { "power", "-1" }, { "power", "garbage" }, { "power", "" },
	};
	struct drive *d = &self->d[0];
	char before[64], after[64];

	ASSERT_EQ(0, drive_prepare(d, "config", small));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		ASSERT_LE(0, drive_get(d->name, bad[i].name, before, sizeof(before)));
		EXPECT_EQ(-EINVAL, drive_set(d->name, bad[i].name, bad[i].value))
			TH_LOG("%s = '%s'", bad[i].name, bad[i].value);
		ASSERT_LE(0, drive_get(d->name, bad[i].name, after, sizeof(after)));
		EXPECT_STREQ(before, after) TH_LOG("%s changed", bad[i].name);
	}
	EXPECT_TRUE(power_cycles(d));
}

/* True if the `cpus` file of the unit has this text. */
static bool unit_cpus_are(const struct drive *d, int unit, const char *want)
{
	char path[128], buf[64];

	snprintf(path, sizeof(path), KST_CLASS "/kcsd%d/units/%d/cpus", d->index, unit);
	return file_read(path, buf, sizeof(buf)) > 0 && !strcmp(buf, want);
}

TEST_F(config, units_run_on_their_cpus)
{
	struct drive *d = &self->d[0];

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "one CPU only");
	ASSERT_EQ(0, drive_prepare(d, "config", small));
	EXPECT_EQ(0, drive_set(d->name, "cu_cpus", "1"));
	ASSERT_EQ(0, drive_power(d, true));
	d->index = drive_get_number(d->name, "index");
	EXPECT_TRUE(unit_cpus_are(d, 0, "1"));
	EXPECT_TRUE(unit_cpus_are(d, 1, "1"));
	ASSERT_EQ(0, drive_power(d, false));
	EXPECT_EQ(0, drive_set(d->name, "cu_cpus", "0-1"));
	ASSERT_EQ(0, drive_power(d, true));
	EXPECT_TRUE(unit_cpus_are(d, 0, "0-1"));
	ASSERT_EQ(0, drive_power(d, false));
	EXPECT_EQ(0, drive_set(d->name, "cu_cpus", ""));
	EXPECT_EQ(0, drive_get_number(d->name, "power"));
	EXPECT_TRUE(power_cycles(d));
}

#define CPU1_ONLINE	"/sys/devices/system/cpu/cpu1/online"

TEST_F(config, units_without_a_cpu)
{
	struct drive *d = &self->d[0];

	ASSERT_EQ(0, drive_prepare(d, "config", small));
	if (file_number(CPU1_ONLINE) != 1)
		SKIP(return, "there is no CPU 1 to switch off");
	EXPECT_EQ(0, drive_set(d->name, "cu_cpus", "1"));
	ASSERT_EQ(0, file_write(CPU1_ONLINE, "0"));
	EXPECT_TRUE(power_fails(d, -EINVAL));
	EXPECT_EQ(0, file_write(CPU1_ONLINE, "1"));
	EXPECT_TRUE(power_cycles(d));
}

TEST_F(config, limits_are_inclusive)
{
	static const struct {
		const char *attr;
		const char *value;
		__u64 want;
	} good[] = {
		{ "size", "1M", 1 << 20 }, { "size", "2048k", 2 << 20 },
		{ "size", "3g", 3ULL << 30 },
		{ "size", "1T", 1ULL << 40 }, { "size", "7E", 7ULL << 60 },
		{ "queues", "0", 0 }, { "queues", "256", 256 },
		{ "queue_depth", "1", 1 }, { "queue_depth", "4096", 4096 },
		{ "cus", "64", 64 }, { "arena_size", "256M", 256 << 20 },
		{ "max_programs", "1024", 1024 }, { "max_active", "1024", 1024 },
		{ "max_program_bytes", "4K", 4096 }, { "max_program_bytes", "1G", 1 << 30 },
		{ "timeout_ms", "1", 1 }, { "timeout_ms", "86400000", 86400000 },
		{ "insn_budget", "0", 0 }, { "insn_budget", "18446744073709551614", ~0ULL - 1 },
		{ "max_jit_bytes", "0", 0 }, { "max_jit_bytes", "1G", 1 << 30 },
		{ "zone_size", "1T", 1ULL << 40 }, { "zone_capacity", "1T", 1ULL << 40 },
		{ "zone_size", "0", 0 },
		{ "max_append", "8K", 8192 }, { "max_append", "1M", 1 << 20 },
		{ "conventional_zones", "4294967295", ~0u },
		{ "max_open_zones", "4294967295", ~0u },
	};
	struct drive *d = &self->d[0];

	ASSERT_EQ(0, drive_prepare(d, "config", small));
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		EXPECT_EQ(0, drive_set(d->name, good[i].attr, good[i].value))
			TH_LOG("%s = %s", good[i].attr, good[i].value);
		EXPECT_EQ(good[i].want, drive_get_number(d->name, good[i].attr));
	}
}

TEST_F(config, names)
{
	static const struct {
		const char *name;
		int want;
	} names[] = {
		{ KST_PREFIX "AZaz09_-.", 0 }, { KST_PREFIX "345678901234567890123456789", 0 },
		{ KST_PREFIX "3456789012345678901234567890", -EINVAL },
		{ KST_PREFIX "a b", -EINVAL }, { KST_PREFIX "a\n", -EINVAL },
		{ KST_PREFIX "%s", -EINVAL }, { KST_PREFIX "\303\244", -EINVAL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		EXPECT_EQ(names[i].want, drive_mkdir(names[i].name))
			TH_LOG("%s", names[i].name);
		if (!names[i].want)
			EXPECT_EQ(0, drive_rmdir(names[i].name));
	}
}

TEST_F(config, change_while_powered_is_busy)
{
	struct drive *d = &self->d[0];
	char before[64], after[64];

	ASSERT_EQ(0, drive_create(d, "config", small));
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		const char *attr = settings[i].attr;

		ASSERT_LE(0, drive_get(d->name, attr, before, sizeof(before)));
		EXPECT_EQ(-EBUSY, drive_set(d->name, attr, settings[i].value)) TH_LOG("%s", attr);
		ASSERT_LE(0, drive_get(d->name, attr, after, sizeof(after)));
		EXPECT_STREQ(before, after) TH_LOG("%s changed", attr);
	}
	EXPECT_EQ(-EBUSY, drive_set(d->name, "backing_file", "/tmp/x"));
	drive_close(d);
	ASSERT_EQ(0, drive_power(d, false));
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		EXPECT_EQ(0, drive_set(d->name, settings[i].attr, settings[i].value));
	}
}

TEST_F(config, power_is_idempotent_and_repeatable)
{
	struct drive *d = &self->d[0];

	ASSERT_EQ(0, drive_create(d, "config", small));
	drive_close(d);
	EXPECT_EQ(0, drive_power(d, true));
	EXPECT_EQ(1, drive_get_number(d->name, "power"));
	EXPECT_EQ(DRIVE_NODES, drive_nodes_present(d->index));
	EXPECT_EQ(0, drive_power(d, false));
	EXPECT_EQ(0, drive_power(d, false));
	EXPECT_EQ(0, drive_get_number(d->name, "power"));
	EXPECT_EQ(0, drive_nodes_present(d->index));
	for (int i = 0; i < 3; i++) {
		EXPECT_TRUE(power_cycles(d));
	}
}

TEST_F(config, rmdir_while_powered_removes_the_nodes)
{
	struct drive *d = &self->d[0];
	char path[64];

	ASSERT_EQ(0, drive_create(d, "config", small));
	drive_close(d);
	EXPECT_EQ(DRIVE_NODES, drive_nodes_present(d->index));
	snprintf(path, sizeof(path), KST_CLASS "/kcsd%d", d->index);
	EXPECT_EQ(0, access(path, F_OK));
	EXPECT_EQ(0, drive_rmdir(d->name));
	EXPECT_EQ(0, drive_nodes_present(d->index));
	EXPECT_EQ(-1, access(path, F_OK));
	EXPECT_EQ(-ENOENT, drive_rmdir(d->name));
}

TEST_F(config, index_is_read_only)
{
	struct drive *d = &self->d[0];

	ASSERT_EQ(0, drive_create(d, "config", small));
	EXPECT_GT(0, drive_set(d->name, "index", "5"));
	EXPECT_EQ(d->index, (int)drive_get_number(d->name, "index"));
}

TEST_F(config, size_beyond_memory)
{
	static const char * const sizes[] = { "1125899906842624", "9223372036854771712" };
	struct drive *d = &self->d[0];

	ASSERT_EQ(0, drive_prepare(d, "config", small));
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		ASSERT_EQ(0, drive_set(d->name, "size", sizes[i]));
		EXPECT_TRUE(power_fails(d, -ENOMEM)) TH_LOG("%s", sizes[i]);
	}
	ASSERT_EQ(0, drive_set(d->name, "size", "1048576"));
	EXPECT_TRUE(power_cycles(d));
}

static __u64 meminfo(const char *key)
{
	char line[128];
	__u64 kib = 0;
	FILE *f = fopen("/proc/meminfo", "r");

	while (f && fgets(line, sizeof(line), f)) {
		if (!strncmp(line, key, strlen(key)))
			kib = strtoull(line + strlen(key) + 1, NULL, 10);
	}
	if (f)
		fclose(f);
	return kib << 10;
}

/*
 * Test a size of more than the free memory, but less than all memory: refused, and no process is
 * killed.
 */
TEST_F(config, size_just_below_memory)
{
	struct drive *d = &self->d[0];
	char size[32];

	ASSERT_EQ(0, drive_prepare(d, "config", small));
	snprintf(size, sizeof(size), "%llu",
		 (unsigned long long)(meminfo("MemTotal") & ~(__u64)(KST_MIB - 1)));
	ASSERT_EQ(0, drive_set(d->name, "size", size));
	EXPECT_TRUE(power_fails(d, -ENOMEM)) TH_LOG("size %s", size);
	ASSERT_EQ(0, drive_set(d->name, "size", "1048576"));
	EXPECT_TRUE(power_cycles(d));
}

/* Units of more than all memory: likewise. */
TEST_F(config, units_beyond_memory)
{
	struct drive *d = &self->d[0];

	if (meminfo("MemTotal") >= 64ULL * 256 * KST_MIB)
		SKIP(return, "units cannot have more than the memory of this machine");
	ASSERT_EQ(0, drive_prepare(d, "config", small));
	ASSERT_EQ(0, drive_set(d->name, "cus", "64"));
	ASSERT_EQ(0, drive_set(d->name, "arena_size", "268435456"));
	EXPECT_TRUE(power_fails(d, -ENOMEM));
	ASSERT_EQ(0, drive_set(d->name, "cus", "1"));
	ASSERT_EQ(0, drive_set(d->name, "arena_size", "1048576"));
	EXPECT_TRUE(power_cycles(d));
}

TEST_F(config, power_off_frees_memory)
{
	struct drive *d = &self->d[0];
	__u64 before, after;

	ASSERT_EQ(0, drive_prepare(d, "config", small));
	ASSERT_EQ(0, drive_set(d->name, "size", "67108864"));
	ASSERT_TRUE(power_cycles(d));
	before = meminfo("MemFree");
	for (int i = 0; i < 6; i++) {
		ASSERT_TRUE(power_cycles(d));
	}
	after = meminfo("MemFree");
	EXPECT_LT(before, after + 128 * (__u64)KST_MIB);
}

TEST_F(config, backing_file)
{
	struct drive *d = &self->d[0];
	char path[128];

	ASSERT_EQ(0, make_file(self->dir, "image", 16777216, path, sizeof(path)));
	ASSERT_EQ(0, drive_prepare(d, "config", small));
	ASSERT_EQ(0, drive_set(d->name, "backing_file", path));
	EXPECT_TRUE(power_cycles(d));
	EXPECT_TRUE(power_cycles(d));
	EXPECT_EQ(0, unlink(path));
}

TEST_F(config, backing_file_missing)
{
	struct drive *d = &self->d[0];
	char path[128];

	ASSERT_EQ(0, drive_prepare(d, "config", small));
	snprintf(path, sizeof(path), "%s/later", self->dir);
	ASSERT_EQ(0, drive_set(d->name, "backing_file", path));
	EXPECT_TRUE(power_fails(d, -ENOENT));
	ASSERT_EQ(0, make_file(self->dir, "later", 16777216, path, sizeof(path)));
	EXPECT_TRUE(power_cycles(d));
}

static off_t file_size(const char *path)
{
	struct stat st;

	return stat(path, &st) ? -1 : st.st_size;
}

/* Test a drive without a size: that of the file, rounded down to an LBA; 1 MiB is the minimum. */
TEST_F(config, backing_file_sets_the_size)
{
	static const struct drive_attr none[] = { {} };
	struct drive *d = &self->d[0];
	char path[128];

	ASSERT_EQ(0, make_file(self->dir, "odd", KST_MIB - 1, path, sizeof(path)));
	ASSERT_EQ(0, drive_prepare(d, "config", none));
	ASSERT_EQ(0, drive_set(d->name, "backing_file", path));
	EXPECT_TRUE(power_fails(d, -EINVAL));
	ASSERT_EQ(0, truncate(path, 2 * KST_MIB + 4095));
	ASSERT_EQ(0, drive_power(d, true));
	EXPECT_EQ(2 * KST_MIB, drive_get_number(d->name, "size"));
	ASSERT_EQ(0, drive_power(d, false));
	ASSERT_EQ(0, drive_set(d->name, "block_size", "512"));
	ASSERT_EQ(0, drive_power(d, true));
	EXPECT_EQ(2 * KST_MIB + 7 * 512, drive_get_number(d->name, "size"));
	ASSERT_EQ(0, drive_power(d, false));
	EXPECT_EQ(2 * KST_MIB + 4095, file_size(path));
}

TEST_F(config, backing_file_grows_to_the_size)
{
	struct drive *d = &self->d[0];
	char path[128];

	ASSERT_EQ(0, make_file(self->dir, "empty", 0, path, sizeof(path)));
	ASSERT_EQ(0, drive_prepare(d, "config", small));
	ASSERT_EQ(0, drive_set(d->name, "backing_file", path));
	EXPECT_TRUE(power_cycles(d));
	EXPECT_EQ(16777216, file_size(path));
	ASSERT_EQ(0, truncate(path, 20000000));
	EXPECT_TRUE(power_cycles(d));
	EXPECT_EQ(20000000, file_size(path));
}

TEST_F(config, backing_file_belongs_to_one_drive)
{
	char path[128];

	ASSERT_EQ(0, make_file(self->dir, "image", 16777216, path, sizeof(path)));
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, drive_prepare(&self->d[i], i ? "second" : "first", small));
		ASSERT_EQ(0, drive_set(self->d[i].name, "backing_file", path));
	}
	ASSERT_EQ(0, drive_power(&self->d[0], true));
	EXPECT_TRUE(power_fails(&self->d[1], -EBUSY));
	ASSERT_EQ(0, drive_power(&self->d[0], false));
	EXPECT_TRUE(power_cycles(&self->d[1]));
	EXPECT_TRUE(power_cycles(&self->d[0]));
}

TEST_F(config, size_is_whole_lbas)
{
	struct drive *d = &self->d[0];

	ASSERT_EQ(0, drive_prepare(d, "config", small));
	ASSERT_EQ(0, drive_set(d->name, "size", "1049088"));	/* 1 MiB + 512 */
	EXPECT_TRUE(power_fails(d, -EINVAL));
	ASSERT_EQ(0, drive_set(d->name, "block_size", "512"));
	EXPECT_TRUE(power_cycles(d));
}

TEST_F(config, backing_file_must_be_a_regular_file)
{
	struct drive *d = &self->d[0];

	ASSERT_EQ(0, drive_prepare(d, "config", small));
	ASSERT_EQ(0, drive_set(d->name, "backing_file", self->dir));
	EXPECT_TRUE(power_fails(d, -EISDIR));
	ASSERT_EQ(0, drive_set(d->name, "backing_file", "/dev/null"));
	EXPECT_TRUE(power_fails(d, -EINVAL));
	ASSERT_EQ(0, drive_set(d->name, "backing_file", ""));
	EXPECT_TRUE(power_cycles(d));
}

TEST_F(config, backing_file_read_only)
{
	struct drive *d = &self->d[0];
	char path[128];

	ASSERT_EQ(0, unshare(CLONE_NEWNS));
	ASSERT_EQ(0, mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	ASSERT_EQ(0, mount("kst", self->dir, "tmpfs", 0, "size=32m"));
	ASSERT_EQ(0, make_file(self->dir, "image", 16777216, path, sizeof(path)));
	ASSERT_EQ(0, mount("kst", self->dir, "tmpfs", MS_REMOUNT | MS_RDONLY, NULL));
	ASSERT_EQ(0, drive_prepare(d, "config", small));
	ASSERT_EQ(0, drive_set(d->name, "backing_file", path));
	EXPECT_TRUE(power_fails(d, -EROFS));
	ASSERT_EQ(0, mount("kst", self->dir, "tmpfs", MS_REMOUNT, NULL));
	EXPECT_TRUE(power_cycles(d));
	/* Without write permission, root can write nevertheless, but the drive must not. */
	ASSERT_EQ(0, chmod(path, 0444));
	EXPECT_TRUE(power_fails(d, -EACCES));
}

TEST_F(config, eight_drives_at_once)
{
	char name[16];

	for (int i = 0; i < DRIVES; i++) {
		snprintf(name, sizeof(name), "many%d", i);
		ASSERT_EQ(0, drive_create(&self->d[i], name, small));
		for (int j = 0; j < i; j++) {
			EXPECT_NE(self->d[j].index, self->d[i].index);
		}
	}
	for (int i = 0; i < DRIVES; i++) {
		EXPECT_EQ(DRIVE_NODES, drive_nodes_present(self->d[i].index));
		EXPECT_EQ(0, drive_remove(&self->d[i]));
		EXPECT_EQ(0, drive_nodes_present(self->d[i].index));
	}
}

TEST_F(config, a_numbered_name_gets_its_index)
{
	struct drive *d = &self->d[0];

	snprintf(d->name, sizeof(d->name), "kcsd%d", KST_FAR_INDEX);
	ASSERT_EQ(0, drive_mkdir(d->name));
	for (const struct drive_attr *a = small; a->name; a++) {
		ASSERT_EQ(0, drive_set(d->name, a->name, a->value));
	}
	ASSERT_EQ(0, drive_power(d, true));
	EXPECT_EQ(KST_FAR_INDEX, drive_get_number(d->name, "index"));
	EXPECT_EQ(DRIVE_NODES, drive_nodes_present(KST_FAR_INDEX));
	EXPECT_EQ(-EEXIST, drive_mkdir(d->name));
}

TEST_F(config, features_are_listed)
{
	static const char * const words[] = {
		"memory", "file", "block", "passthru", "execute-lba", "interp", "jit", "zones",
		"inject", "badblocks", "cache", "power-cut",
	};
	char buf[4096];

	ASSERT_LT(0, file_read(KST_CONFIGFS "/features", buf, sizeof(buf)));
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		EXPECT_NE(NULL, strstr(buf, words[i]))
			TH_LOG("no %s in '%s'", words[i], buf);
	}
	EXPECT_EQ(NULL, strchr(buf, '\n'));
	EXPECT_GT(0, file_write(KST_CONFIGFS "/features", "x"));
}

DRIVE_TEST_MAIN
