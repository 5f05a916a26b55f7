// SPDX-License-Identifier: GPL-2.0
/* Test injected errors: the rules, the accesses that match, and the counts and logs of them. */
#include "harness.h"
#include "admin.h"
#include "error_log.h"
#include "errors.h"
#include "nvm.h"
#include "slm.h"

FIXTURE(inject) { struct errors e; };

FIXTURE_VARIANT(inject) { bool file; };
FIXTURE_VARIANT_ADD(inject, memory) { .file = false };
FIXTURE_VARIANT_ADD(inject, file) { .file = true };

FIXTURE_SETUP(inject)
{
	drive_sweep();
	ASSERT_EQ(0, errors_up(&self->e, variant->file));
}

FIXTURE_TEARDOWN(inject)
{
	EXPECT_EQ(0, errors_down(&self->e));
}

/* ---- rules ---- */

TEST_F(inject, invalid_rules)
{
	static const char * const wrong[] = {
		"x", "media_error", "read", "read error", "reads media_error", "READ media_error",
		"read media_error timeout", "read media_error delay=5", "read timeout delay=5ms",
		"read media_error media_error", "read media_error=1", "read timeout=5",
		"read lba media_error", "read lba= media_error", "read lba=1 media_error",
		"read lba=1+ media_error", "read lba=+1 media_error", "read lba=1+0 media_error",
		"read lba=-1+1 media_error", "read lba=1+-1 media_error",
		"read lba=0x10+1 media_error", "read lba=1+1+1 media_error",
		"read lba=18446744073709551615+2 media_error",
		"read lba=18446744073709551616+1 media_error",
		"read lba=1+1 lba=5+1 media_error", "flush lba=0+1 media_error",
		"execute lba=0+1 media_error", "read delay", "read delay=", "read delay=0",
		"read delay=-1", "read delay=5s", "read delay=ms", "read delay=86400001",
		"read delay=5 ms", "read media_error next", "read media_error next=",
		"read media_error next=0", "read media_error next=-1",
		"read media_error next=4294967296", "read media_error next=1 next=1",
		"read media_error probability=", "read media_error probability=0",
		"read media_error probability=0.0", "read media_error probability=1.1",
		"read media_error probability=1.000000001", "read media_error probability=2",
		"read media_error probability=.5", "read media_error probability=0.",
		"read media_error probability=0.1x", "read media_error probability=-0.1",
		"read media_error probability=0.0000000001", "read media_error probability=0.-1",
		"read media_error seed=1", "read media_error probability=1 seed=",
		"read media_error probability=1 seed=-1",
		"read media_error probability=1 seed=18446744073709551616",
		"clear x", "clear clear", "read media_error\nwrite media_error", "",
	};
	char text[4096];

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		EXPECT_EQ(-EINVAL, set_rule(&self->e.d, wrong[i])) TH_LOG("%s", wrong[i]);
	}
	EXPECT_EQ(0, drive_get(self->e.d.name, "inject", text, sizeof(text)));
	EXPECT_EQ(0, nvm_io(&self->e.d, NVM_READ, 0, 1, self->e.buf));
}

/*
 * Test that rules are shown as they were set, in order, with what is left of them and their hits.
 */
TEST_F(inject, rules_can_be_read)
{
	static const char want[] =
		"read lba=100+8 media_error next=2 hits=1\n"
		"write delay=20ms probability=0.010000000 seed=7 hits=0\n"
		"execute timeout hits=0\n"
		"append lba=18446744073709551615+1 media_error probability=1.000000000 seed=0 hits=0\n"
		"flush delay=86400000ms next=4294967295 hits=0";
	char text[4096];

	ASSERT_EQ(0, set_rule(&self->e.d, "read lba=100+8 media_error next=3"));
	ASSERT_EQ(0, set_rule(&self->e.d, "  write\tdelay=20ms seed=7  probability=0.01 "));
	ASSERT_EQ(0, set_rule(&self->e.d, "execute timeout"));
	ASSERT_EQ(0, set_rule(&self->e.d,
			      "append lba=18446744073709551615+1 probability=1 media_error"));
	ASSERT_EQ(0, set_rule(&self->e.d, "flush next=4294967295 delay=86400000"));
	EXPECT_EQ(KCSD_SC_READ_ERROR, nvm_io(&self->e.d, NVM_READ, 107, 1, self->e.buf));
	ASSERT_LT(0, drive_get(self->e.d.name, "inject", text, sizeof(text)));
	EXPECT_STREQ(want, text);
	ASSERT_EQ(0, set_rule(&self->e.d, "clear"));
	EXPECT_EQ(0, drive_get(self->e.d.name, "inject", text, sizeof(text)));
	EXPECT_EQ(0, nvm_io(&self->e.d, NVM_READ, 107, 1, self->e.buf));
}

TEST_F(inject, maximum_of_rules)
{
	char rule[256], text[4200];
	int i;

	snprintf(rule, sizeof(rule), "execute delay=86400000ms next=4294967295 "
		 "probability=0.123456789 seed=18446744073709551615");
	for (i = 0; !set_rule(&self->e.d, rule); i++) {
		ASSERT_GT(100, i);
	}
	EXPECT_EQ(16, i);
	EXPECT_EQ(-ENOSPC, set_rule(&self->e.d, rule));
	ASSERT_GT(4096, drive_get(self->e.d.name, "inject", text, sizeof(text)));
	for (i = 0; text[i]; i++)
		;
	EXPECT_EQ(0, strcmp(text + i - 6, "hits=0"));
}

/* Test that rules and counts belong to the configfs directory: they stay without power. */
TEST_F(inject, rules_survive_power_off)
{
	char text[4096];
	__u64 start;

	ASSERT_EQ(0, set_rule(&self->e.d, "read lba=5+1 media_error"));
	EXPECT_EQ(KCSD_SC_READ_ERROR, nvm_io(&self->e.d, NVM_READ, 5, 1, self->e.buf));
	ASSERT_EQ(0, errors_power(&self->e, false));
	ASSERT_EQ(0, set_rule(&self->e.d, "write lba=6+1 delay=" SHORT));
	ASSERT_EQ(0, errors_power(&self->e, true));
	ASSERT_LT(0, drive_get(self->e.d.name, "inject", text, sizeof(text)));
	EXPECT_STREQ("read lba=5+1 media_error hits=1\nwrite lba=6+1 delay=" SHORT "ms hits=0",
		     text);
	EXPECT_EQ(KCSD_SC_READ_ERROR, nvm_io(&self->e.d, NVM_READ, 5, 1, self->e.buf));
	start = time_ns();
	EXPECT_EQ(0, block_io(self->e.block, NVM_WRITE, 6, 1, self->e.buf));
	EXPECT_LE(SHORT_MS, ms_since(start));
}

/* ---- media errors ---- */

/* Test that commands fail that access an LBA of the rule, and no others. */
TEST_F(inject, media_errors_by_lba)
{
	static const struct {
		__u64 slba;
		__u32 nlb;
		bool hit;
	} io[] = {
		{ 100, 8, true }, { 99, 1, false }, { 99, 2, true }, { 107, 1, true },
		{ 108, 1, false }, { 0, 256, true }, { 0, 100, false }, { 108, 100, false },
	};

	memset(self->e.buf, 0, KST_MIB);
	for (int write = 0; write < 2; write++) {
		__u8 op = write ? NVM_WRITE : NVM_READ;
		int status = write ? KCSD_SC_WRITE_FAULT : KCSD_SC_READ_ERROR;

		ASSERT_EQ(0, set_rule(&self->e.d, "clear"));
		ASSERT_EQ(0, set_rule(&self->e.d, write ? "write lba=100+8 media_error" :
							  "read lba=100+8 media_error"));
		for (size_t i = 0; i < ARRAY_SIZE(io); i++) {
			EXPECT_EQ(io[i].hit ? status : 0,
				  nvm_io(&self->e.d, op, io[i].slba, io[i].nlb, self->e.buf))
				TH_LOG("passthrough %d, %llu", write, io[i].slba);
			EXPECT_EQ(io[i].hit ? -ENODATA : 0,
				  block_io(self->e.block, op, io[i].slba, io[i].nlb, self->e.buf))
				TH_LOG("block %d, %llu", write, io[i].slba);
			if (io[i].nlb == 1) {
				EXPECT_EQ(io[i].hit ? -KCSD_EIO : 0,
					  run_io(&self->e.d, write ? WRITE : READ, io[i].slba));
			}
		}
		/* The other operation does not fail. */
		EXPECT_EQ(0, nvm_io(&self->e.d, op ^ NVM_WRITE ^ NVM_READ, 100, 8, self->e.buf));
		EXPECT_EQ(0, run_io(&self->e.d, write ? READ : WRITE, 100));
	}
}

TEST_F(inject, failed_write_writes_nothing)
{
	memset(self->e.buf, 0x11, LBA);
	ASSERT_EQ(0, nvm_io(&self->e.d, NVM_WRITE, 3, 1, self->e.buf));
	ASSERT_EQ(0, set_rule(&self->e.d, "write media_error"));
	memset(self->e.buf, 0x22, LBA);
	EXPECT_EQ(KCSD_SC_WRITE_FAULT, nvm_io(&self->e.d, NVM_WRITE, 3, 1, self->e.buf));
	EXPECT_EQ(-ENODATA, block_io(self->e.block, NVM_WRITE, 3, 1, self->e.buf));
	ASSERT_EQ(0, nvm_io(&self->e.d, NVM_READ, 3, 1, self->e.buf));
	EXPECT_EQ(0x11, self->e.buf[0]);
	EXPECT_EQ(0x11, self->e.buf[LBA - 1]);
}

TEST_F(inject, flush)
{
	ASSERT_EQ(0, set_rule(&self->e.d, "flush media_error next=2"));
	EXPECT_EQ(KCSD_SC_WRITE_FAULT, nvm_flush(&self->e.d));
	/* Memory has no write cache: the host sends no flush. */
	EXPECT_EQ(variant->file ? -1 : 0, fsync(self->e.block));
	if (variant->file) {
		EXPECT_EQ(ENODATA, errno);
	} else {
		EXPECT_EQ(KCSD_SC_WRITE_FAULT, nvm_flush(&self->e.d));
	}
	EXPECT_EQ(0, fsync(self->e.block));
	EXPECT_EQ(0, nvm_flush(&self->e.d));
}

/* Test next=: a command counts once, in however many pieces the drive moves its data. */
TEST_F(inject, next_commands)
{
	int failed = 0;

	ASSERT_EQ(0, set_rule(&self->e.d, "read media_error next=3"));
	EXPECT_EQ(KCSD_SC_READ_ERROR, nvm_io(&self->e.d, NVM_READ, 0, 256, self->e.buf));
	EXPECT_EQ(-KCSD_EIO, run_io(&self->e.d, READ, 0));
	for (int i = 0; i < 5; i++)
		failed += !!nvm_io(&self->e.d, NVM_READ, 0, 256, self->e.buf);
	EXPECT_EQ(1, failed);
	/* Rules are searched in order, up to the first that matches. */
	ASSERT_EQ(0, set_rule(&self->e.d, "write media_error next=1"));
	ASSERT_EQ(0, set_rule(&self->e.d, "write media_error next=2"));
	for (failed = 0; nvm_io(&self->e.d, NVM_WRITE, 0, 1, self->e.buf); failed++) {
		ASSERT_GT(10, failed);
	}
	EXPECT_EQ(3, failed);
}

static __u64 pattern(const struct drive *d, const char *rule, void *buf)
{
	__u64 bits = 0;

	set_rule(d, "clear");
	if (set_rule(d, rule))
		return ~0ULL;
	for (int i = 0; i < 64; i++)
		bits |= (__u64)!!nvm_io(d, NVM_READ, i, 1, buf) << i;
	return bits;
}

TEST_F(inject, by_probability)
{
	__u64 a = pattern(&self->e.d, "read media_error probability=0.25 seed=7", self->e.buf);
	__u64 rare = pattern(&self->e.d, "read media_error probability=0.000000001", self->e.buf);

	EXPECT_LE(5, __builtin_popcountll(a));
	EXPECT_GE(28, __builtin_popcountll(a));
	EXPECT_EQ(0, rare);
	EXPECT_EQ(a, pattern(&self->e.d, "read media_error probability=0.25 seed=7", self->e.buf));
	EXPECT_NE(a, pattern(&self->e.d, "read media_error probability=0.25 seed=8", self->e.buf));
	EXPECT_EQ(~0ULL, pattern(&self->e.d, "read media_error probability=1", self->e.buf));
	/* The hits are the exact count. */
	EXPECT_EQ(4, __builtin_popcountll(
		pattern(&self->e.d, "read media_error next=4 probability=0.5 seed=1",
			self->e.buf)));
}

/* ---- runs ---- */

TEST_F(inject, injected_run_failures)
{
	struct run r = { .pind = SEVEN };

	ASSERT_EQ(0, set_rule(&self->e.d, "execute media_error next=1"));
	EXPECT_EQ(KCSD_SC_PROGRAM_FAULT, run_exec(self->e.d.compute, &r));
	EXPECT_EQ(KCSD_FAULT_INJECTED, le32toh(r.out.rec.reason));
	EXPECT_EQ(0, le64toh(r.out.rec.insns));
	EXPECT_EQ(KCSD_ENGINE_NONE, le32toh(r.out.rec.engine));
	EXPECT_EQ(1, drive_stat(&self->e.d, "faults_injected"));
	EXPECT_EQ(1, drive_stat(&self->e.d, "runs_failed"));
	EXPECT_TRUE(run_works(self->e.d.compute, SEVEN));
}

/* ---- counts ---- */

enum { HEALTH_MEDIA_ERRORS = 160, HEALTH_ERRORS = 176 };

static __u64 health(const struct drive *d, int at)
{
	__le64 page[64];
	struct nvme_uring_cmd c = cmd_log(LOG_HEALTH, page, sizeof(page), 0);

	c.nsid = 0;
	return cmd_admin(d->ctrl, &c) ? ~0ULL : le64toh(page[at / 8]);
}

TEST_F(inject, media_errors_in_the_logs)
{
	static const struct {
		int status;
		__u64 lba;
	} want[] = {	/* newest first */
		{ KCSD_SC_ABORT_REQUESTED, 0 }, { KCSD_SC_WRITE_FAULT, 0 },
		{ KCSD_SC_WRITE_FAULT, 8 }, { KCSD_SC_READ_ERROR, 7 },
		{ KCSD_SC_WRITE_FAULT, 6 }, { KCSD_SC_READ_ERROR, 5 },
	};
	struct nvme_uring_cmd c = cmd_rw(NVM_READ, 3000, 1, self->e.buf, LBA);
	struct error_entry log[ARRAY_SIZE(want)];
	struct drive *d = &self->e.d;

	ASSERT_EQ(0, health(d, HEALTH_MEDIA_ERRORS));
	ASSERT_EQ(0, set_rule(d, "read lba=5+3 media_error"));
	ASSERT_EQ(0, set_rule(d, "write media_error"));
	ASSERT_EQ(0, set_rule(d, "flush media_error"));
	ASSERT_EQ(0, set_rule(d, "read lba=3000+1 timeout"));
	EXPECT_EQ(KCSD_SC_READ_ERROR, nvm_io(d, NVM_READ, 5, 1, self->e.buf));
	EXPECT_EQ(KCSD_SC_WRITE_FAULT, nvm_io(d, NVM_WRITE, 6, 1, self->e.buf));
	EXPECT_EQ(-ENODATA, block_io(self->e.block, NVM_READ, 7, 1, self->e.buf));
	EXPECT_EQ(-ENODATA, block_io(self->e.block, NVM_WRITE, 8, 1, self->e.buf));
	EXPECT_EQ(KCSD_SC_WRITE_FAULT, nvm_flush(d));
	c.timeout_ms = 1;
	EXPECT_EQ(KCSD_SC_ABORT_REQUESTED, cmd_io(d->nvm, &c));
	ASSERT_EQ(0, error_log(d->ctrl, log, ARRAY_SIZE(want)));
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		EXPECT_EQ(want[i].status | KCSD_SC_DNR, le16toh(log[i].status) >> 1)
			TH_LOG("entry %zu", i);
		EXPECT_EQ(want[i].lba, le64toh(log[i].lba)) TH_LOG("entry %zu", i);
		EXPECT_EQ(KCSD_NSID_NVM, le32toh(log[i].nsid));
	}
	EXPECT_EQ(5, health(d, HEALTH_MEDIA_ERRORS));
	EXPECT_EQ(ARRAY_SIZE(want), health(d, HEALTH_ERRORS));
	/* An error of a program is counted, too. */
	EXPECT_EQ(-KCSD_EIO, run_io(d, READ, 5));
	EXPECT_EQ(6, health(d, HEALTH_MEDIA_ERRORS));
	EXPECT_EQ(ARRAY_SIZE(want) + 1, health(d, HEALTH_ERRORS));
	ASSERT_EQ(0, errors_power(&self->e, false));
	ASSERT_EQ(0, errors_power(&self->e, true));
	EXPECT_EQ(6, health(d, HEALTH_MEDIA_ERRORS));
}

/* ---- programs ---- */

/* Returns the newest entry of log page C0h. */
static int newest_line(const struct drive *d, struct kcsd_log_entry *e)
{
	static struct {
		struct kcsd_log_header hdr;
		struct kcsd_log_entry entry[KCSD_LOG_ENTRIES];
	} page;
	struct nvme_uring_cmd c = cmd_log(KCSD_LOG_PROGRAM_OUTPUT, &page, sizeof(page), 0);
	int ret = cmd_admin(d->ctrl, &c);

	if (ret || !page.hdr.nr)
		return ret ? ret : -ENOENT;
	*e = page.entry[le32toh(page.hdr.nr) - 1];
	return 0;
}

/*
 * Test an injected error of a program: the error log, like for a failed Read or Write, and the run
 * record name the LBA.
 */
TEST_F(inject, program_accesses_name_their_lba)
{
	static const struct {
		const char *attr, *value;
		__u16 pind;
		__u64 lba;
		int status;
	} fails[] = {
		{ "inject", "read lba=70+8 media_error", READ, 77, KCSD_SC_READ_ERROR },
		{ "inject", "write lba=70+9 media_error", WRITE, 78, KCSD_SC_WRITE_FAULT },
		{ "badblocks", "+800-807", READ, 100, KCSD_SC_READ_ERROR },
		{ "badblocks", "+808-815", WRITE, 101, KCSD_SC_WRITE_FAULT },
	};
	struct kcsd_log_entry line;
	struct drive *d = &self->e.d;
	struct error_entry error;

	for (size_t i = 0; i < ARRAY_SIZE(fails); i++) {
		struct run r = { .pind = fails[i].pind, .cparam1 = fails[i].lba };
		__u64 errors = health(d, HEALTH_ERRORS);

		run_grant(&r, 0, 4096, r.pind == WRITE ? KCSD_GRANT_WRITE : KCSD_GRANT_READ);
		ASSERT_EQ(0, drive_set(d->name, fails[i].attr, fails[i].value));
		EXPECT_EQ(0, run_exec(d->compute, &r));
		EXPECT_EQ(-KCSD_EIO, (__s64)r.result);
		EXPECT_EQ(KCSD_FAULT_NONE, le32toh(r.out.rec.reason));
		EXPECT_EQ(fails[i].lba, le64toh(r.out.rec.lba)) TH_LOG("%zu", i);
		EXPECT_EQ(KCSD_RECORD_MEDIUM, le16toh(r.out.rec.flags));
		ASSERT_EQ(0, error_log(d->ctrl, &error, 1));
		EXPECT_EQ(errors + 1, le64toh(error.count));
		EXPECT_EQ(fails[i].status | KCSD_SC_DNR, le16toh(error.status) >> 1);
		EXPECT_EQ(fails[i].lba, le64toh(error.lba));
		EXPECT_EQ(KCSD_NSID_NVM, le32toh(error.nsid));
		ASSERT_EQ(0, newest_line(d, &line));
		EXPECT_EQ(KCSD_LOG_MEDIUM, line.type);
		EXPECT_EQ(fails[i].pind, le16toh(line.pind));
		EXPECT_EQ(fails[i].status, le32toh(line.reason));
		EXPECT_EQ(fails[i].lba, le64toh(line.lba));
	}
}

/* The record of the next run names no LBA. */
TEST_F(inject, access_fails_for_one_run)
{
	struct run r = { .pind = READ, .cparam1 = 77 };

	run_grant(&r, 0, 4096, KCSD_GRANT_READ);
	ASSERT_EQ(0, set_rule(&self->e.d, "read media_error next=1"));
	EXPECT_EQ(0, run_exec(self->e.d.compute, &r));
	EXPECT_EQ(KCSD_RECORD_MEDIUM, le16toh(r.out.rec.flags));
	EXPECT_EQ(0, run_exec(self->e.d.compute, &r));
	EXPECT_EQ(0, r.result);
	EXPECT_EQ(0, le64toh(r.out.rec.lba));
	EXPECT_EQ(0, r.out.rec.flags);
}

/* Test that rules for reads match the reads of Memory Copy, too. */
TEST_F(inject, copies_to_slm)
{
	struct kcsd_copy_lba from[] = { slm_from_lbas(0, 1), slm_from_lbas(50, 1) };
	struct nvme_uring_cmd c = slm_copy_cmd(0, 2 * LBA, KCSD_COPY_LBA, 2, from, sizeof(from));
	struct error_entry error;
	__u64 which = ~0ULL;

	ASSERT_EQ(0, cmd_io(self->e.d.slm, &c));
	ASSERT_EQ(0, set_rule(&self->e.d, "read lba=50+1 media_error"));
	EXPECT_EQ(KCSD_SC_READ_ERROR, cmd_io_way(CMD_URING, self->e.d.slm, &c, &which));
	EXPECT_EQ(1, which);
	ASSERT_EQ(0, error_log(self->e.d.ctrl, &error, 1));
	EXPECT_EQ(50, le64toh(error.lba));
	EXPECT_EQ(KCSD_NSID_SLM, le32toh(error.nsid));
}

DRIVE_TEST_MAIN
