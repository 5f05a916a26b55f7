// SPDX-License-Identifier: GPL-2.0
/*
 * Several threads write at one write pointer at once: one of them succeeds, with all of its data.
 */
#include "harness.h"
#include "nvm.h"
#include "zns.h"

#include <pthread.h>
#include <stdlib.h>

#define THREADS		4
#define NLB		16u	/* LBAs of a write; many, so that writes overlap in time */
#define WRITES		(ZNS_CAP / NLB)
#define ROUNDS		4

FIXTURE(zns_race) {
	struct drive d;
	char file[64];
};

FIXTURE_VARIANT(zns_race) {
	bool file;
};

FIXTURE_VARIANT_ADD(zns_race, memory) { .file = false };
FIXTURE_VARIANT_ADD(zns_race, file) { .file = true };

FIXTURE_SETUP(zns_race)
{
	struct drive_attr attrs[] = { ZNS_DRIVE, { "backing_file", self->file }, {} };
	int fd;

	drive_sweep();
	strcpy(self->file, "/tmp/kst-race-XXXXXX");
	fd = mkstemp(self->file);
	ASSERT_LE(0, fd);
	close(fd);
	if (!variant->file)
		attrs[ARRAY_SIZE(attrs) - 2] = (struct drive_attr){};
	ASSERT_EQ(0, drive_create(&self->d, "race", attrs));
}

FIXTURE_TEARDOWN(zns_race)
{
	char side[80];

	EXPECT_EQ(0, drive_remove(&self->d));
	snprintf(side, sizeof(side), "%s.kcsd", self->file);
	unlink(side);
	unlink(self->file);
}

/* a zone that all threads write to */
struct race {
	const struct drive *d;
	__u32 zone;
	_Atomic __u32 next;		/* index of the current write */
	_Atomic __u32 won[WRITES];	/* threads that succeeded */
	__u64 winner[WRITES];
	_Atomic int error;		/* a status that is not allowed */
};

struct racer {
	pthread_t thread;
	struct race *race;
	__u64 id;
};

static void fill(__u64 *buf, __u64 id, __u32 at)
{
	for (__u32 i = 0; i < NLB * ZNS_LBA / sizeof(*buf); i++)
		buf[i] = id << 48 | (__u64)at << 32 | i;
}

static void *racer_thread(void *arg)
{
	struct racer *me = arg;
	struct race *race = me->race;
	__u64 *buf = malloc(NLB * ZNS_LBA);
	__u32 at;

	if (!buf)
		abort();
	while ((at = race->next) < WRITES && !race->error) {
		struct nvme_uring_cmd c = cmd_rw(NVM_WRITE, zns_start(race->zone) + at * NLB, NLB,
						 buf, NLB * ZNS_LBA);
		int status;

		fill(buf, me->id, at);
		/* cmd_io() is not usable here: all threads would share its ring. */
		status = cmd_io_way(CMD_IOCTL64, race->d->nvm, &c, NULL);
		if (!status) {
			race->won[at]++;
			race->winner[at] = me->id;
			race->next = at + 1;
		} else if (status != KCSD_SC_ZONE_INVALID_WRITE && status != KCSD_SC_ZONE_FULL) {
			race->error = status;
		}
	}
	free(buf);
	return NULL;
}

static void run_race(struct race *race)
{
	struct racer r[THREADS];

	for (int i = 0; i < THREADS; i++) {
		r[i] = (struct racer){ .race = race, .id = i + 1 };
		if (pthread_create(&r[i].thread, NULL, racer_thread, &r[i]))
			abort();
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(r[i].thread, NULL);
}

/* Returns the first LBA of the write that does not hold the data of its winner, or NLB. */
static __u32 first_wrong(const struct race *race, __u32 at)
{
	static __u64 buf[NLB * ZNS_LBA / 8], want[NLB * ZNS_LBA / 8];
	struct nvme_uring_cmd c = cmd_rw(NVM_READ, zns_start(race->zone) + at * NLB, NLB, buf,
					 sizeof(buf));
	__u32 i = 0;

	fill(want, race->winner[at], at);
	if (cmd_io(race->d->nvm, &c))
		return 0;
	while (i < NLB && !memcmp((__u8 *)buf + i * ZNS_LBA, (__u8 *)want + i * ZNS_LBA, ZNS_LBA))
		i++;
	return i;
}

TEST_F(zns_race, one_writer_succeeds)
{
	for (int round = 0; round < ROUNDS; round++) {
		for (__u32 zone = 1; zone < ZNS_ZONES; zone++) {
			struct race race = { .d = &self->d, .zone = zone };

			run_race(&race);
			ASSERT_EQ(0, race.error);
			ASSERT_EQ(KCSD_ZONE_COND_FULL, zns_cond(self->d.nvm, zone, NULL));
			for (__u32 at = 0; at < WRITES; at++) {
				ASSERT_EQ(1, race.won[at]) TH_LOG("zone %u, write %u", zone, at);
				ASSERT_EQ(NLB, first_wrong(&race, at))
					TH_LOG("zone %u, write %u", zone, at);
			}
		}
		ASSERT_EQ(0, zns_send_all(self->d.nvm, ZNS_RESET));
	}
}

DRIVE_TEST_MAIN
