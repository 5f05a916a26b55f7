// SPDX-License-Identifier: GPL-2.0
/*
 * Test changes of zones while the file system of the sidecar is full: the command fails, all zones
 * stay as they were, with their data, and the command succeeds once there is space.
 */
#include "harness.h"
#include "nvm.h"
#include "small_fs.h"
#include "zns.h"

#define SCRATCH	(ZNS_ZONES - 1)	/* zone whose changes fill the sidecar */
#define LBAS	3u		/* data of the zones that have any */

FIXTURE(sidecar_full) {
	struct drive d;
	struct small_fs fs;	/* file system of the sidecar, not of the data */
	char image[32];
};

/* Create the backing file as a symbolic link. The sidecar is beside the link. */
static int make_files(FIXTURE_DATA(sidecar_full) *self, char path[64])
{
	int ret;

	strcpy(self->image, "/tmp/kst-side-XXXXXX");
	ret = file_make(self->image, 0);
	if (ret)
		return ret;
	small_fs_path(&self->fs, "image", path);
	return symlink(self->image, path) ? -errno : 0;
}

FIXTURE_SETUP(sidecar_full)
{
	char path[64];
	const struct drive_attr attrs[] = {
		ZNS_DRIVE, { "max_program_bytes", "1048576" }, { "backing_file", path }, {}
	};

	drive_sweep();
	ASSERT_EQ(0, small_fs_mount(&self->fs));
	ASSERT_EQ(0, make_files(self, path));
	ASSERT_EQ(0, drive_create(&self->d, "full", attrs));
}

FIXTURE_TEARDOWN(sidecar_full)
{
	EXPECT_EQ(0, drive_remove(&self->d));
	EXPECT_EQ(0, small_fs_umount(&self->fs));
	unlink(self->image);
}

/* ---- the changes ---- */

#define FULL_STATUS	KCSD_SC_CAPACITY_EXCEEDED

static const struct change {
	const char *name;
	enum kcsd_zone_cond from, to;
	enum zns_action action;
	bool all;
	const char *attr;	/* set this instead, and the drive acts */
} changes[] = {
#define CHANGE(name, from, to, action, all, attr) \
	{ name, KCSD_ZONE_COND_##from, KCSD_ZONE_COND_##to, action, all, attr }
	CHANGE("reset of an open zone", IMP_OPEN, EMPTY, ZNS_RESET, false, NULL),
	CHANGE("reset of an explicitly open one", EXP_OPEN, EMPTY, ZNS_RESET, false, NULL),
	CHANGE("reset of a closed one", CLOSED, EMPTY, ZNS_RESET, false, NULL),
	CHANGE("reset of a full one", FULL, EMPTY, ZNS_RESET, false, NULL),
	CHANGE("finish of an empty one", EMPTY, FULL, ZNS_FINISH, false, NULL),
	CHANGE("finish of an open one", IMP_OPEN, FULL, ZNS_FINISH, false, NULL),
	CHANGE("finish of an explicitly open one", EXP_OPEN, FULL, ZNS_FINISH, false, NULL),
	CHANGE("finish of a closed one", CLOSED, FULL, ZNS_FINISH, false, NULL),
	CHANGE("offline", READONLY, OFFLINE, ZNS_OFFLINE, false, NULL),
	CHANGE("reset of all", CLOSED, EMPTY, ZNS_RESET, true, NULL),
	CHANGE("finish of all", EXP_OPEN, FULL, ZNS_FINISH, true, NULL),
	CHANGE("offline of all", READONLY, OFFLINE, ZNS_OFFLINE, true, NULL),
	CHANGE("wear to read-only", CLOSED, READONLY, 0, false, "zone_readonly"),
	CHANGE("wear to offline", IMP_OPEN, OFFLINE, 0, false, "zone_offline"),
#undef CHANGE
};

static int run_change(const struct drive *d, const struct change *c, __u32 zone)
{
	if (c->attr)
		return zns_wear_out(d, c->attr, zone);
	return c->all ? zns_send_all(d->nvm, c->action) : zns_send(d->nvm, c->action, zone);
}

/* ---- the steps ---- */

/* Fill the sidecar until no record fits. Also fills the rest of the last page of the file. */
static int fill_sidecar(FIXTURE_DATA(sidecar_full) *self)
{
	int ret = small_fs_fill(&self->fs);

	for (int i = 0; !ret && i < 100; i++) {
		ret = zns_send(self->d.nvm, ZNS_FINISH, SCRATCH);
		if (!ret)
			ret = zns_send(self->d.nvm, ZNS_RESET, SCRATCH);
		if (ret)
			return ret == FULL_STATUS ? 0 : -EPROTO;
	}
	return ret ? ret : -ETIME;
}

/*
 * Write `data` to the zone and bring it into the condition. Flush, so that the sidecar knows of the
 * write: the reset of a zone that it has as empty would need no record.
 */
static int bring(const struct drive *d, __u32 zone, enum kcsd_zone_cond cond, const void *data)
{
	int ret = cond == KCSD_ZONE_COND_EMPTY ? 0 : zns_append(d->nvm, zone, LBAS, data, NULL);
	struct nvme_uring_cmd flush = cmd_flush();

	return ret ?: zns_bring(d, zone, cond) ?: cmd_io(d->nvm, &flush);
}

static enum kcsd_zone_cond cond_of(const struct zns_report *r, __u32 zone)
{
	return r->desc[zone].zs >> 4;
}

static bool has_data(const struct drive *d, __u32 zone, const void *data)
{
	static __u8 got[LBAS * ZNS_LBA];

	return !zns_read(d->nvm, zns_start(zone), LBAS, got) && !memcmp(got, data, sizeof(got));
}

/* Try one change: expect that it is refused, then that it succeeds. zone: not used before. */
static bool try_change(FIXTURE_DATA(sidecar_full) *self, const struct change *c, __u32 zone)
{
	static struct zns_report before, after;
	static __u8 data[LBAS * ZNS_LBA];
	const struct drive *d = &self->d;
	int error = c->attr ? -ENOSPC : FULL_STATUS;

	memset(data, 0x40 + zone, sizeof(data));
	if (bring(d, zone, c->from, data) || fill_sidecar(self) ||
	    zns_report(d->nvm, ZNS_ALL, &before) || cond_of(&before, zone) != c->from)
		return false;
	for (int i = 0; i < 2; i++) {
		int ret = run_change(d, c, zone);

		if (ret != error)
			ksft_print_msg("%s: got 0x%x, expected 0x%x\n", c->name, ret, error);
		if (ret != error || zns_report(d->nvm, ZNS_ALL, &after) ||
		    memcmp(&before, &after, sizeof(before)) ||
		    (c->from != KCSD_ZONE_COND_EMPTY && !has_data(d, zone, data)))
			return false;
	}
	small_fs_make_room(&self->fs);
	return !run_change(d, c, zone) && !zns_report(d->nvm, ZNS_ALL, &after) &&
	       cond_of(&after, zone) == c->to;
}

TEST_F(sidecar_full, failed_changes_are_undone)
{
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		EXPECT_TRUE(try_change(self, &changes[i], 1 + i % (SCRATCH - 1)))
			TH_LOG("%s", changes[i].name);
		small_fs_make_room(&self->fs);
	}
}

/*
 * Test that limits count changes that were recorded, not refused ones: as many zones can be open as
 * before.
 */
TEST_F(sidecar_full, failed_changes_do_not_count)
{
	static __u8 lba[LBAS * ZNS_LBA];
	struct drive *d = &self->d;

	drive_close(d);
	ASSERT_EQ(0, drive_power(d, false));
	ASSERT_EQ(0, drive_set(d->name, "max_open_zones", "2"));
	ASSERT_EQ(0, drive_set(d->name, "max_active_zones", "2"));
	ASSERT_EQ(0, drive_power(d, true));
	ASSERT_EQ(0, drive_open(d, O_RDWR));
	ASSERT_EQ(0, bring(d, 1, KCSD_ZONE_COND_EXP_OPEN, lba));
	ASSERT_EQ(0, bring(d, 2, KCSD_ZONE_COND_EXP_OPEN, lba));
	ASSERT_EQ(0, fill_sidecar(self));
	ASSERT_EQ(FULL_STATUS, zns_send(d->nvm, ZNS_FINISH, 1));
	ASSERT_EQ(FULL_STATUS, zns_send_all(d->nvm, ZNS_RESET));
	EXPECT_EQ(KCSD_SC_TOO_MANY_ACTIVE_ZONES, zns_append(d->nvm, 3, 1, lba, NULL));
	EXPECT_EQ(0, zns_append(d->nvm, 1, 1, lba, NULL));
	small_fs_make_room(&self->fs);
	EXPECT_EQ(0, zns_send(d->nvm, ZNS_FINISH, 1));
	EXPECT_EQ(0, zns_append(d->nvm, 3, 1, lba, NULL));
	EXPECT_EQ(KCSD_SC_TOO_MANY_ACTIVE_ZONES, zns_append(d->nvm, 4, 1, lba, NULL));
}

/* Test that the sidecar agrees with the results of the commands after all that. */
TEST_F(sidecar_full, power_off_keeps_acknowledged_changes)
{
	static struct zns_report report;
	static __u8 lbas[LBAS * ZNS_LBA];
	struct drive *d = &self->d;

	memset(lbas, 0x77, sizeof(lbas));
	ASSERT_EQ(0, bring(d, 1, KCSD_ZONE_COND_CLOSED, lbas));
	ASSERT_EQ(0, bring(d, 2, KCSD_ZONE_COND_FULL, lbas));
	ASSERT_EQ(0, fill_sidecar(self));
	ASSERT_EQ(FULL_STATUS, zns_send(d->nvm, ZNS_RESET, 1));
	ASSERT_EQ(FULL_STATUS, zns_send(d->nvm, ZNS_RESET, 2));
	small_fs_make_room(&self->fs);
	drive_close(d);
	ASSERT_EQ(0, drive_power(d, false));
	ASSERT_EQ(0, drive_power(d, true));
	ASSERT_EQ(0, drive_open(d, O_RDWR));
	ASSERT_EQ(0, zns_report(d->nvm, ZNS_ALL, &report));
	EXPECT_EQ(KCSD_ZONE_COND_CLOSED, cond_of(&report, 1));
	EXPECT_EQ(KCSD_ZONE_COND_FULL, cond_of(&report, 2));
	EXPECT_TRUE(has_data(d, 1, lbas));
	EXPECT_TRUE(has_data(d, 2, lbas));
}

DRIVE_TEST_MAIN
