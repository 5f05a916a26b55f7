// SPDX-License-Identifier: GPL-2.0
/*
 * Test injected errors on appends, by commands and by programs. The LBAs of a rule are compared
 * with the whole zone, because the place of an append is not known before. An append that fails
 * moves no data.
 */
#include "harness.h"
#include "run.h"
#include "zns.h"

#include <endian.h>
#include <pthread.h>

#define SHORT_MS	150
#define SHORT		"150"

/* Append one LBA of the heap to the zone at cparam1. Returns the result of the helper. */
static const struct bpf_insn prog_append[] = {
	I_CTX(R2, R1, heap), I_CTX(R3, R1, lba_size), I_CTX(R1, R1, cparam1), I_HELPER(append),
	I_EXIT,
};

FIXTURE(inject_append) {
	struct drive d;
	char file[32];
	__u8 *lba;
};

FIXTURE_VARIANT(inject_append) {
	bool file;
};

FIXTURE_VARIANT_ADD(inject_append, memory) { .file = false };
FIXTURE_VARIANT_ADD(inject_append, file) { .file = true };

FIXTURE_SETUP(inject_append)
{
	struct image im = {
		.insns = prog_append, .insn_cnt = ARRAY_SIZE(prog_append), .heap_len = ZNS_LBA,
	};
	const struct drive_attr attrs[] = { ZNS_DRIVE, { "backing_file", self->file }, {} };

	drive_sweep();
	self->lba = aligned_alloc(ZNS_LBA, ZNS_LBA);
	ASSERT_NE(NULL, self->lba);
	memset(self->lba, 0x5a, ZNS_LBA);
	if (variant->file) {
		strcpy(self->file, "/tmp/kst-inject-XXXXXX");
		close(mkstemp(self->file));
	}
	ASSERT_EQ(0, drive_create(&self->d, "append", attrs));
	ASSERT_EQ(0, prog_install_image(self->d.ctrl, 0, &im));
}

FIXTURE_TEARDOWN(inject_append)
{
	EXPECT_EQ(0, drive_remove(&self->d));
	if (self->file[0]) {
		unlink(self->file);
		strcat(self->file, ".kcsd");
		unlink(self->file);
	}
	free(self->lba);
}

/*
 * Append by command. Returns the LBA, as an offset in the zone, or the negated status of the
 * command.
 */
static __s64 append(FIXTURE_DATA(inject_append) *self, __u32 zone)
{
	__u64 lba = ~0ULL;
	int ret = zns_append(self->d.nvm, zone, 1, self->lba, &lba);

	return ret ? -ret : (__s64)(lba - zns_start(zone));
}

/* Append by a run. Returns the LBA, as an offset in the zone, or the result of the helper. */
static __s64 append_by_run(FIXTURE_DATA(inject_append) *self, __u32 zone)
{
	struct run r = { .pind = 0, .cparam1 = zns_start(zone) };
	int ret;

	run_grant(&r, zns_start(zone), ZNS_SIZE, KCSD_GRANT_APPEND);
	ret = run_exec(self->d.compute, &r);
	if (ret || (__s64)r.result < 0)
		return ret ? -ret : (__s64)r.result;
	return r.result - zns_start(zone);
}

static int set_rule(FIXTURE_DATA(inject_append) *self, const char *format, __u64 lba)
{
	char rule[128];

	snprintf(rule, sizeof(rule), format, (unsigned long long)lba);
	return drive_set(self->d.name, "inject", "clear") ?:
	       drive_set(self->d.name, "inject", rule);
}

/* Expect that zone 3 has this condition and nlb written LBAs. */
#define EXPECT_ZONE_3(cond, nlb) do { \
	__u64 wp; \
	EXPECT_EQ(cond, zns_cond(self->d.nvm, 3, &wp)); \
	EXPECT_EQ(zns_start(3) + (nlb), wp); \
} while (0)

TEST_F(inject_append, media_errors)
{
	/* Any LBA of the zone matches, also one above its capacity. */
	static const __u32 offsets[] = { 0, 1, ZNS_CAP, ZNS_SIZE - 1 };

	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
		ASSERT_EQ(0, set_rule(self, "append lba=%llu+1 media_error",
				      zns_start(3) + offsets[i]));
		EXPECT_EQ(-KCSD_SC_WRITE_FAULT, append(self, 3)) TH_LOG("%u", offsets[i]);
		EXPECT_EQ(-KCSD_EIO, append_by_run(self, 3)) TH_LOG("%u", offsets[i]);
		EXPECT_EQ(2 * i, append(self, 2));
		EXPECT_EQ(2 * i + 1, append_by_run(self, 2));
		EXPECT_LE(0, append(self, 4));
		EXPECT_ZONE_3(KCSD_ZONE_COND_EMPTY, 0);
	}
	/* A range with LBAs of two zones. */
	ASSERT_EQ(0, set_rule(self, "append lba=%llu+2 media_error", zns_start(4) - 1));
	EXPECT_EQ(-KCSD_SC_WRITE_FAULT, append(self, 3));
	EXPECT_EQ(-KCSD_SC_WRITE_FAULT, append(self, 4));
	EXPECT_EQ(-KCSD_EIO, append_by_run(self, 4));
	EXPECT_EQ(0, append(self, 5));
	EXPECT_ZONE_3(KCSD_ZONE_COND_EMPTY, 0);
}

/* Test that rules for writes do not match appends, nor rules for appends writes. */
TEST_F(inject_append, other_operations)
{
	ASSERT_EQ(0, set_rule(self, "append lba=%llu+1 media_error", zns_start(3)));
	EXPECT_EQ(0, zns_write(self->d.nvm, zns_start(3), 1, self->lba));
	ASSERT_EQ(0, set_rule(self, "write lba=%llu+4 media_error", zns_start(3)));
	EXPECT_EQ(1, append(self, 3));
	EXPECT_EQ(2, append_by_run(self, 3));
	EXPECT_EQ(KCSD_SC_WRITE_FAULT, zns_write(self->d.nvm, zns_start(3) + 3, 1, self->lba));
	EXPECT_ZONE_3(KCSD_ZONE_COND_IMP_OPEN, 3);
}

/* Test that the next append gets the LBA that the failed one did not use. */
TEST_F(inject_append, next_appends)
{
	ASSERT_EQ(0, append(self, 3));
	ASSERT_EQ(0, set_rule(self, "append lba=%llu+1 media_error next=2", zns_start(3)));
	EXPECT_EQ(-KCSD_SC_WRITE_FAULT, append(self, 3));
	EXPECT_EQ(-KCSD_EIO, append_by_run(self, 3));
	EXPECT_EQ(1, append(self, 3));
	EXPECT_EQ(2, append_by_run(self, 3));
	EXPECT_ZONE_3(KCSD_ZONE_COND_IMP_OPEN, 3);
}

/* Test bad blocks: only a bad LBA at the place of the append makes it fail. */
TEST_F(inject_append, bad_lbas)
{
	__u64 sector = (zns_start(3) + 2) * (ZNS_LBA / 512);
	char range[64];

	ASSERT_EQ(0, append(self, 3));
	snprintf(range, sizeof(range), "+%llu-%llu", sector, sector);
	ASSERT_EQ(0, drive_set(self->d.name, "badblocks", range));
	EXPECT_EQ(1, append_by_run(self, 3));
	EXPECT_EQ(-KCSD_SC_WRITE_FAULT, append(self, 3));
	EXPECT_EQ(-KCSD_EIO, append_by_run(self, 3));
	EXPECT_ZONE_3(KCSD_ZONE_COND_IMP_OPEN, 2);
	range[0] = '-';
	ASSERT_EQ(0, drive_set(self->d.name, "badblocks", range));
	EXPECT_EQ(2, append(self, 3));
}

TEST_F(inject_append, timeouts)
{
	struct nvme_uring_cmd c = zns_append_cmd(zns_start(3), 1, self->lba);
	struct run r = { .pind = 0, .cparam1 = zns_start(3), .timeout_ms = SHORT_MS };
	__u64 start = time_ns(), result;

	c.timeout_ms = SHORT_MS;
	ASSERT_EQ(0, set_rule(self, "append lba=%llu+1 timeout", zns_start(3)));
	for (int way = 0; way < CMD_WAYS; way++) {
		EXPECT_EQ(KCSD_SC_ABORT_REQUESTED, cmd_io_way(way, self->d.nvm, &c, &result));
	}
	EXPECT_LE(CMD_WAYS * SHORT_MS, ms_since(start));
	run_grant(&r, zns_start(3), ZNS_SIZE, KCSD_GRANT_APPEND);
	start = time_ns();
	run_exec(self->d.compute, &r);
	EXPECT_LE(SHORT_MS, ms_since(start));
	EXPECT_EQ(0, le64toh(r.out.rec.written_bytes));
	EXPECT_ZONE_3(KCSD_ZONE_COND_EMPTY, 0);
}

/* ---- delays ---- */

struct held {
	FIXTURE_DATA(inject_append) *self;
	__u64 lba;
	int ret;
};

static void *append_held(void *arg)
{
	struct held *h = arg;
	struct nvme_uring_cmd c = zns_append_cmd(zns_start(3), 1, h->self->lba);

	h->ret = cmd_io_way(CMD_IOCTL64, h->self->d.nvm, &c, &h->lba);
	return NULL;
}

/* Test delays: an append gets its place only when it is executed, so later ones pass it. */
TEST_F(inject_append, delays)
{
	struct held h = { .self = self };
	pthread_t thread;
	__u64 start;
	char text[256];

	ASSERT_EQ(0, set_rule(self, "append lba=%llu+1 delay=60000 next=1", zns_start(3)));
	ASSERT_EQ(0, pthread_create(&thread, NULL, append_held, &h));
	do {
		sleep_ms(1);
		ASSERT_LT(0, drive_get(self->d.name, "inject", text, sizeof(text)));
	} while (!strstr(text, "hits=1"));
	EXPECT_EQ(0, append(self, 3));
	EXPECT_EQ(1, append_by_run(self, 3));
	ASSERT_EQ(0, drive_set(self->d.name, "inject", "clear"));
	pthread_join(thread, NULL);
	EXPECT_EQ(0, h.ret);
	EXPECT_EQ(zns_start(3) + 2, h.lba);
	ASSERT_EQ(0, set_rule(self, "append lba=%llu+1 delay=" SHORT, zns_start(3)));
	start = time_ns();
	EXPECT_EQ(3, append(self, 3));
	EXPECT_EQ(4, append_by_run(self, 3));
	EXPECT_LE(2 * SHORT_MS, ms_since(start));
}

DRIVE_TEST_MAIN
