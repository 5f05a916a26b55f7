// SPDX-License-Identifier: GPL-2.0
/*
 * Compare the states of zones with zone_state.h by the generic node; test the limits, and
 * reports: with every filter, partial, and into buffers that are too short.
 */
#include "harness.h"
#include "nvm.h"
#include "zns.h"
#include "zone_checks.h"

#include <stdlib.h>

#define NR_WAYS		ARRAY_SIZE(zone_ways)

/*
 * Zones of 16 LBAs with capacity 8: small, as each operation needs a zone for each way into a
 * state.
 */
#define DEV_ZONE	16u
static const __u64 dev_capacity = 8;
#define DEV_CONVENTIONAL 2u

FIXTURE(zns_states) {
	struct drive d;
	struct zone_dev dev;
	bool file;
};

FIXTURE_VARIANT(zns_states) {
	bool file;
};

FIXTURE_VARIANT_ADD(zns_states, memory) { .file = false };
FIXTURE_VARIANT_ADD(zns_states, file) { .file = true };

/* ---- the generic node as a front end ---- */

static const struct {
	enum zns_action action;
	bool all;
} actions[NR_ZONE_OPS] = {
	[ZONE_OPEN] = { ZNS_OPEN }, [ZONE_CLOSE] = { ZNS_CLOSE }, [ZONE_FINISH] = { ZNS_FINISH },
	[ZONE_RESET] = { ZNS_RESET }, [ZONE_OFFLINE] = { ZNS_OFFLINE },
	[ZONE_OPEN_ALL] = { ZNS_OPEN, true }, [ZONE_CLOSE_ALL] = { ZNS_CLOSE, true },
	[ZONE_FINISH_ALL] = { ZNS_FINISH, true }, [ZONE_RESET_ALL] = { ZNS_RESET, true },
	[ZONE_OFFLINE_ALL] = { ZNS_OFFLINE, true },
};

static __u64 start_of(const struct zone_dev *dev, __u32 zone)
{
	return zone * dev->zone_lbas;
}

static int generic_append(const struct zone_dev *dev, __u32 zone, __u64 offset, __u32 len)
{
	struct nvme_uring_cmd c = zns_append_cmd(start_of(dev, zone), len / dev->lba, dev->buf);
	__u64 lba = ~0ULL;
	int ret;

	c.data_len = len;
	ret = cmd_io_way(CMD_URING, dev->fd, &c, &lba);
	return ret || lba == start_of(dev, zone) + offset ? ret : -ERANGE;
}

static int generic_run(const struct zone_dev *dev, enum zone_op op, __u32 zone, __u64 offset,
		       __u32 len)
{
	struct nvme_uring_cmd c;

	if (op == ZONE_APPEND)
		return generic_append(dev, zone, offset, len);
	if (op == ZONE_WRITE) {
		c = cmd_rw(NVM_WRITE, start_of(dev, zone) + offset, len / dev->lba, dev->buf, len);
	} else {
		/* Select All ignores the LBA. */
		c = zns_send_cmd(actions[op].action,
				 actions[op].all ? ~0ULL : start_of(dev, zone));
		c.cdw13 |= actions[op].all ? ZNS_SELECT_ALL : 0;
	}
	return cmd_io(dev->fd, &c);
}

static int generic_look(const struct zone_dev *dev, __u32 zone, struct zone_seen *seen)
{
	struct zns_report r;
	int ret = zns_receive(dev->fd, start_of(dev, zone), ZNS_PARTIAL, &r, 128);
	bool wp;

	if (ret)
		return ret;
	seen->is = zone_of_cond(r.desc[0].zs >> 4);
	wp = seen->is < Z_FULL;
	seen->wp = r.desc[0].wp - (wp ? start_of(dev, zone) : 0);
	if (r.desc[0].zslba != start_of(dev, zone) || r.desc[0].zt != 2 || r.desc[0].zs & 0xf ||
	    r.desc[0].zcap != dev->capacity || (!wp && seen->wp != ~0ULL))
		return -EPROTO;
	return 0;
}

static int generic_result(int status)
{
	return status;
}

static const struct zone_front generic_front = {
	.name = "generic node",
	.ops = (1u << NR_ZONE_OPS) - 1,
	.run = generic_run,
	.look = generic_look,
	.result = generic_result,
};

/* ---- drives ---- */

#define BACKING_FILE	"/tmp/kst-zns-states"

static void remove_files(void)
{
	unlink(BACKING_FILE);
	unlink(BACKING_FILE ".kcsd");
}

/* Make a new file, so that the next drive starts without any state of an older one. */
static int make_file(void)
{
	int fd;

	remove_files();
	fd = open(BACKING_FILE, O_RDWR | O_CREAT | O_EXCL, 0600);
	return fd < 0 ? -errno : close(fd);
}

static int make_drive(FIXTURE_DATA(zns_states) *self, __u32 nr, const char *max_open,
		      const char *max_active)
{
	char size[32];
	const struct drive_attr attr[] = {
		DRIVE_SMALL, { "size", size }, { "zone_size", "64K" }, { "zone_capacity", "32K" },
		{ "conventional_zones", "2" }, { "max_open_zones", max_open },
		{ "max_active_zones", max_active },
		{ "backing_file", self->file ? BACKING_FILE : "" }, {}
	};
	int ret;

	snprintf(size, sizeof(size), "%llu", (unsigned long long)nr * DEV_ZONE * ZNS_LBA);
	drive_remove(&self->d);
	ret = self->file ? make_file() : 0;
	if (ret)
		return ret;
	ret = drive_create(&self->d, "zns-states", attr);
	self->dev.fd = self->d.nvm;
	self->dev.nr = nr;
	return ret;
}

FIXTURE_SETUP(zns_states)
{
	drive_sweep();
	self->dev = (struct zone_dev){
		.front = &generic_front, .d = &self->d, .lba = ZNS_LBA, .first = DEV_CONVENTIONAL,
		.zone_lbas = DEV_ZONE, .capacity = dev_capacity,
		.buf = aligned_alloc(4096, DEV_ZONE * ZNS_LBA),
	};
	ASSERT_NE(NULL, self->dev.buf);
	memset(self->dev.buf, 0x5a, DEV_ZONE * ZNS_LBA);
	self->file = variant->file;
}

FIXTURE_TEARDOWN(zns_states)
{
	EXPECT_EQ(0, drive_remove(&self->d));
	remove_files();
	free(self->dev.buf);
}

TEST_F(zns_states, every_transition)
{
	ASSERT_EQ(0, make_drive(self, DEV_CONVENTIONAL + NR_ZONE_OPS * NR_WAYS, "0", "0"));
	EXPECT_EQ(0, zone_try_all(&self->dev));
}

TEST_F(zns_states, open_zones)
{
	for (int n = 1; n <= 3; n += 2) {
		char max[8];

		snprintf(max, sizeof(max), "%d", n);
		ASSERT_EQ(0, make_drive(self, 64, max, "0"));
		EXPECT_TRUE(zone_closes_the_oldest(&self->dev, n));
		ASSERT_EQ(0, make_drive(self, 64, max, "0"));
		EXPECT_TRUE(zone_keeps_explicit(&self->dev, n));
	}
}

TEST_F(zns_states, active_zones)
{
	ASSERT_EQ(0, make_drive(self, 64, "0", "3"));
	EXPECT_TRUE(zone_counts_active(&self->dev, 3));
}

/* Conventional zones have no states. */
TEST_F(zns_states, conventional_zones)
{
	static const enum zns_action each[] = {
		ZNS_CLOSE, ZNS_FINISH, ZNS_OPEN, ZNS_RESET, ZNS_OFFLINE,
	};

	ASSERT_EQ(0, make_drive(self, 64, "0", "0"));
	for (size_t i = 0; i < ARRAY_SIZE(each); i++) {
		struct nvme_uring_cmd c = zns_send_cmd(each[i], DEV_ZONE);

		EXPECT_EQ(KCSD_SC_INVALID_ZONE_TRANSITION, cmd_io(self->d.nvm, &c));
	}
}

/* ---- reports ---- */

/* Returns the state of a zone in the drive for reports: all states in turn, repeatedly. */
static enum zone_is is_of(__u32 zone)
{
	return (zone - DEV_CONVENTIONAL) % NR_ZONE_IS;
}

/* Returns the steps (see zone_ways) into that state. */
static const char *steps_of(__u32 zone)
{
	static const char * const steps[NR_ZONE_IS] = { "", "w", "o", "wc", "f", "wr", "x" };

	return steps[is_of(zone)];
}

#define REPORTED	50u	/* zones */

static int make_states(FIXTURE_DATA(zns_states) *self)
{
	int ret = make_drive(self, REPORTED, "0", "0");

	for (__u32 zone = DEV_CONVENTIONAL; !ret && zone < REPORTED; zone++) {
		const char *step = steps_of(zone);
		__u64 wp = 0;

		for (; !ret && *step; step++)
			ret = zone_step(&self->dev, *step, zone, &wp);
	}
	return ret;
}

static enum zns_filter filter_of(__u32 zone)
{
	static const enum zns_filter filters[NR_ZONE_IS] = {
		ZNS_EMPTY, ZNS_IMP_OPEN, ZNS_EXP_OPEN, ZNS_CLOSED, ZNS_FULL, ZNS_READONLY,
		ZNS_OFFLINE_ONES,
	};

	return zone < DEV_CONVENTIONAL ? ZNS_ALL : filters[is_of(zone)];
}

/* List the zones, from one zone on, that pass the filter. Returns their number. */
static __u32 wanted_zones(__u32 from, enum zns_filter filter, __u32 *zones)
{
	__u32 nr = 0;

	for (__u32 zone = from; zone < REPORTED; zone++)
		if (filter == ZNS_ALL || filter_of(zone) == filter)
			zones[nr++] = zone;
	return nr;
}

/* True if a report of len bytes is as wanted, and no byte behind it changed. */
static bool report_is(int fd, __u32 from, enum zns_filter filter, bool partial, __u32 len)
{
	static __u8 buf[sizeof(struct zns_report) + 8];
	struct zns_report *r = (void *)buf;
	__u32 zones[REPORTED], nr = wanted_zones(from, filter, zones);
	__u32 room = (len - 64) / 64, shown = nr < room ? nr : room;
	static const __u8 zeroes[64];
	__u32 used = 64 + shown * 64;

	memset(buf, 0xa5, sizeof(buf));
	/* Any LBA in the first zone may be given. */
	if (zns_receive(fd, from * DEV_ZONE + from % DEV_ZONE,
			filter << 8 | (partial ? ZNS_PARTIAL : 0), buf, len))
		return false;
	if (r->nr_zones != (partial ? shown : nr) || memcmp(r->rsvd8, zeroes, sizeof(r->rsvd8)))
		return false;
	for (__u32 i = 0; i < shown; i++)
		if (r->desc[i].zslba != zones[i] * DEV_ZONE)
			return false;
	for (__u32 i = used; i < len; i++)
		if (buf[i])
			return false;
	return buf[len] == 0xa5;
}

TEST_F(zns_states, reports_by_every_filter)
{
	static const __u32 froms[] = { 0, 1, 2, 9, 30, REPORTED - 1 };
	static const __u32 lens[] = {
		64, 68, 124, 128, 132, 64 + 3 * 64, 64 + 7 * 64, 64 + 49 * 64, 64 + 50 * 64,
		64 + 51 * 64, 4096,
	};

	ASSERT_EQ(0, make_states(self));
	for (size_t f = 0; f < ARRAY_SIZE(froms); f++)
		for (int filter = ZNS_ALL; filter < ZNS_FILTERS; filter++)
			for (size_t l = 0; l < 2 * ARRAY_SIZE(lens); l++) {
				bool partial = l & 1;

				EXPECT_TRUE(report_is(self->d.nvm, froms[f], filter, partial,
						      lens[l / 2]))
					TH_LOG("zone %u, filter %d, %u bytes%s", froms[f], filter,
					       lens[l / 2], partial ? ", partial" : "");
			}
}

TEST_F(zns_states, reports_describe_every_zone)
{
	struct zns_report r;

	ASSERT_EQ(0, make_states(self));
	ASSERT_EQ(0, zns_report(self->d.nvm, ZNS_ALL, &r));
	ASSERT_EQ(REPORTED, r.nr_zones);
	for (__u32 zone = 0; zone < DEV_CONVENTIONAL; zone++) {
		EXPECT_EQ(1, r.desc[zone].zt);
		EXPECT_EQ(0, r.desc[zone].zs);
		EXPECT_EQ(DEV_ZONE, r.desc[zone].zcap);
		EXPECT_EQ(~0ULL, r.desc[zone].wp);
	}
	for (__u32 zone = DEV_CONVENTIONAL; zone < REPORTED; zone++) {
		bool written = is_of(zone) == Z_IMPLICIT || is_of(zone) == Z_CLOSED;

		EXPECT_EQ(2, r.desc[zone].zt);
		EXPECT_EQ(0, r.desc[zone].za);
		EXPECT_EQ(is_of(zone), zone_of_cond(r.desc[zone].zs >> 4));
		EXPECT_EQ(dev_capacity, r.desc[zone].zcap);
		EXPECT_EQ(zone * DEV_ZONE, r.desc[zone].zslba);
		EXPECT_EQ(is_of(zone) < Z_FULL ? zone * DEV_ZONE + written : ~0ULL,
			  r.desc[zone].wp);
	}
}

DRIVE_TEST_MAIN
