// SPDX-License-Identifier: GPL-2.0
/* Options of zones: they must fit one another and the drive. */
#include "harness.h"
#include "block_zones.h"

FIXTURE(zone_options) {
	struct drive d;
};

FIXTURE_SETUP(zone_options)
{
	drive_sweep();
	self->d = (struct drive)DRIVE_INIT;
}

FIXTURE_TEARDOWN(zone_options)
{
	EXPECT_EQ(0, drive_remove(&self->d));
}

/*
 * Power on, and store the line of the kernel log in line. Returns the result of power on; 1 if the
 * log cannot be read.
 */
static int power_fails(struct drive *d, char *line, size_t len)
{
	int kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK), ret;
	ssize_t n;

	if (kmsg < 0 || lseek(kmsg, 0, SEEK_END) < 0)
		return 1;
	ret = drive_power(d, true);
	*line = 0;
	while ((n = read(kmsg, line, len - 1)) > 0) {
		line[n] = 0;
		if (strstr(line, ";kcsd"))
			break;
	}
	close(kmsg);
	return ret;
}

TEST_F(zone_options, contradicting_options)
{
	static const struct {
		struct drive_attr attr[4];
		const char *says;
	} bad[] = {
		{ { { "zone_size", "2048" }, { "zone_capacity", "0" } },
		  "zone_size is less than block_size" },
		{ { { "zone_size", "32M" } }, "size is less than zone_size" },
		{ { { "zone_size", "1M" }, { "zone_capacity", "1028K" } },
		  "zone_capacity is more than zone_size" },
		{ { { "zone_size", "1M" }, { "zone_capacity", "513K" } },
		  "zone_capacity is not a multiple of block_size" },
		{ { { "zone_size", "1M" }, { "conventional_zones", "16" } },
		  "conventional_zones leaves no sequential zone" },
		{ { { "zone_size", "1M" }, { "max_open_zones", "3" }, { "max_active_zones", "2" } },
		  "max_open_zones is more than max_active_zones" },
		{ { { "zone_capacity", "1M" } }, "options for zones, but no zone_size" },
		{ { { "conventional_zones", "1" } }, "options for zones, but no zone_size" },
		{ { { "max_open_zones", "1" } }, "options for zones, but no zone_size" },
		{ { { "max_active_zones", "1" } }, "options for zones, but no zone_size" },
	};
	static const struct drive_attr small[] = { DRIVE_SMALL, {} };
	char line[1024];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		ASSERT_EQ(0, drive_prepare(&self->d, "zones", small));
		for (const struct drive_attr *a = bad[i].attr; a->name; a++)
			ASSERT_EQ(0, drive_set(self->d.name, a->name, a->value));
		EXPECT_EQ(-EINVAL, power_fails(&self->d, line, sizeof(line)));
		EXPECT_NE(NULL, strstr(line, bad[i].says))
			TH_LOG("got: %s; expected: %s", line, bad[i].says);
		ASSERT_EQ(0, drive_remove(&self->d));
		self->d = (struct drive)DRIVE_INIT;
	}
}

TEST_F(zone_options, size_is_whole_zones)
{
	static const struct drive_attr odd[] = {
		DRIVE_SMALL, { "size", "3211264" }, { "zone_size", "1M" },
		{ "conventional_zones", "2" }, {}
	};
	struct zone_dev dev;

	ASSERT_EQ(0, zone_dev_create(&dev, &self->d, odd));
	EXPECT_EQ(3 << 20, drive_get_number(self->d.name, "size"));
	EXPECT_EQ(3, queue_limit(&self->d, "nr_zones"));
	zone_dev_close(&dev);
}

/* Limits above the number of zones have no effect. */
TEST_F(zone_options, limits_above_the_number_of_zones)
{
	static const struct drive_attr wide[] = {
		ZONED, { "max_open_zones", "1000" }, { "max_active_zones", "1000" }, {}
	};
	struct zone_dev dev;

	ASSERT_EQ(0, zone_dev_create(&dev, &self->d, wide));
	for (__u32 z = CONVENTIONAL; z < ZONES; z++) {
		ASSERT_EQ(0, zone_run(&dev, ZONE_OPEN, z, 0)) TH_LOG("zone %u", z);
	}
	zone_dev_close(&dev);
}

TEST_F(zone_options, worn_out_zones_need_a_zoned_drive)
{
	static const struct drive_attr small[] = { DRIVE_SMALL, {} };

	ASSERT_EQ(0, drive_prepare(&self->d, "zones", small));
	EXPECT_EQ(-ENODEV, drive_set(self->d.name, "zone_readonly", "0"));
	ASSERT_EQ(0, drive_power(&self->d, true));
	EXPECT_EQ(-EINVAL, drive_set(self->d.name, "zone_readonly", "0"));
	EXPECT_EQ(-EINVAL, drive_set(self->d.name, "zone_offline", "0"));
}

DRIVE_TEST_MAIN
