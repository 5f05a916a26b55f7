// SPDX-License-Identifier: GPL-2.0
/* Format NVM and Sanitize: they erase everything, and refuse other commands meanwhile. */
#include <signal.h>

#include "harness.h"
#include "admin.h"
#include "change.h"
#include "feature.h"
#include "nvm.h"
#include "slm.h"
#include "tenant.h"
#include "zns.h"

#define LBA	4096u
#define NSZE	4096u
#define LBAS	256u	/* LBAs in a MiB */

enum { EXIT_FAILURE_MODE = 1, BLOCK_ERASE, OVERWRITE };
enum { NEVER, DONE, IN_PROGRESS, FAILED };
#define AUSE	(1u << 3)
#define PASSES(n)	((n) << 4)
#define INVERT	(1u << 8)
#define NDAS	(1u << 9)
#define ERASED	(1u << 8)
#define HELD	"write delay=3600000ms"	/* delay until the rule is cleared */

FIXTURE(nvm_erase) {
	struct drive d;
	char file[64];
	__u8 *buf;
	__u8 *model;
};

FIXTURE_VARIANT(nvm_erase) {
	bool file;
	bool zoned;
	const char *cache;
};

FIXTURE_VARIANT_ADD(nvm_erase, memory) { .file = false };
FIXTURE_VARIANT_ADD(nvm_erase, file) { .file = true };
FIXTURE_VARIANT_ADD(nvm_erase, cache) { .file = true, .cache = "65536" };
FIXTURE_VARIANT_ADD(nvm_erase, zoned) { .zoned = true };
FIXTURE_VARIANT_ADD(nvm_erase, zoned_file) { .file = true, .zoned = true };

static int make_file(char *path)
{
	int fd = mkstemp(path), ret;

	if (fd < 0)
		return -errno;
	ret = ftruncate(fd, NSZE * LBA) ? -errno : 0;
	close(fd);
	return ret;
}

FIXTURE_SETUP(nvm_erase)
{
	struct drive_attr zoned[16] = { ZNS_DRIVE }, flat[16] = { DRIVE_SMALL };
	struct drive_attr *attrs = variant->zoned ? zoned : flat;
	int n = 0;

	drive_sweep();
	self->d = (struct drive)DRIVE_INIT;
	strcpy(self->file, "/tmp/kst-erase-XXXXXX");
	while (attrs[n].name)
		n++;
	if (variant->file) {
		ASSERT_EQ(0, make_file(self->file));
		attrs[n++] = (struct drive_attr){ "backing_file", self->file };
	}
	if (variant->cache)
		attrs[n++] = (struct drive_attr){ "cache_size", variant->cache };
	self->buf = aligned_alloc(LBA, KST_MIB);
	self->model = calloc(1, KST_MIB);
	ASSERT_TRUE(self->buf && self->model);
	ASSERT_EQ(0, drive_create(&self->d, "erase", attrs));
	nvm_pattern(self->buf, 0, LBAS, LBA, 3);
	ASSERT_EQ(0, nvm_write(self->d.nvm, 0, LBAS, LBA, self->buf));
	ASSERT_EQ(0, nvm_write(self->d.nvm, LBAS, 128, LBA, self->buf));
}

FIXTURE_TEARDOWN(nvm_erase)
{
	EXPECT_EQ(0, drive_remove(&self->d));
	if (variant->file) {
		unlink(self->file);
		strcat(self->file, ".kcsd");
		unlink(self->file);
	}
	free(self->buf);
	free(self->model);
}

static struct nvme_uring_cmd format_cmd(__u32 ses)
{
	return (struct nvme_uring_cmd) {
		.opcode = ADMIN_FORMAT, .nsid = KCSD_NSID_NVM, .cdw10 = ses << 9,
	};
}

static int sanitize(const struct drive *d, __u32 cdw10, __u32 pattern)
{
	struct nvme_uring_cmd c = {
		.opcode = ADMIN_SANITIZE, .cdw10 = cdw10, .cdw11 = pattern,
	};

	return cmd_admin(d->ctrl, &c);
}

/* Returns SSTAT of the Sanitize Status log, or ~0 if it cannot be read. */
static __u32 status_log(const struct drive *d, __u32 *progress, __u32 *cdw10)
{
	__u8 page[512];
	struct nvme_uring_cmd c = cmd_log(LOG_SANITIZE, page, sizeof(page), 0);

	c.nsid = 0;
	if (cmd_admin(d->ctrl, &c))
		return ~0U;
	if (progress)
		*progress = nvm_get(page, 0, 2);
	if (cdw10)
		*cdw10 = nvm_get(page, 4, 4);
	return nvm_get(page, 2, 2);
}

/* Wait for the completion of a Sanitize. Returns SSTAT. */
static __u32 wait_end(const struct drive *d)
{
	__u64 start = time_ns();
	__u32 sstat;

	do {
		sstat = status_log(d, NULL, NULL);
	} while ((sstat & 7) == IN_PROGRESS &&
		 time_ns() - start < CMD_TIMEOUT_S * 1000000000ULL * time_slow());
	return sstat;
}

/* True if each word has the value in the MiB that the fixture wrote, and in the MiB behind it. */
static bool all_is(const struct drive *d, __u8 *buf, __u32 value)
{
	for (int mib = 0; mib < 2; mib++) {
		memset(buf, 0xa5, KST_MIB);
		if (nvm_read(d->nvm, mib * LBAS, LBAS, LBA, buf))
			return false;
		for (__u32 i = 0; i < KST_MIB; i += 4)
			if (nvm_get(buf, i, 4) != value)
				return false;
	}
	return true;
}

static bool all_zones_are_empty(const struct drive *d)
{
	for (__u32 zone = 1; zone < ZNS_ZONES; zone++)
		if (zns_cond(d->nvm, zone, NULL) != KCSD_ZONE_COND_EMPTY)
			return false;
	return true;
}

/* ---- Format ---- */

TEST_F(nvm_erase, format_by_every_way)
{
	char text[4096];

	for (int way = 0; way < CMD_WAYS; way++) {
		struct nvme_uring_cmd c = format_cmd(way & 1);

		nvm_pattern(self->buf, 0, LBAS, LBA, 3);
		if (way)
			ASSERT_EQ(0, nvm_write(self->d.nvm, 0, LBAS, LBA, self->buf));
		ASSERT_EQ(0, nvm_on(self->d.nvm, NVM_WRITE_UNCOR, 2, 1));
		ASSERT_EQ(0, drive_set(self->d.name, "badblocks", "+80-87"));
		ASSERT_EQ(0, cmd_admin_way(way, self->d.ctrl, &c, NULL))
			TH_LOG("%s", cmd_way_name(way));
		EXPECT_TRUE(all_is(&self->d, self->buf, 0));
		EXPECT_EQ(0, drive_get(self->d.name, "badblocks", text, sizeof(text)));
		if (variant->zoned)
			EXPECT_TRUE(all_zones_are_empty(&self->d));
	}
	if (!variant->file)
		return;
	/* The erasure is durable, and the file has it. */
	drive_close(&self->d);
	ASSERT_EQ(0, drive_power(&self->d, false));
	ASSERT_EQ(0, drive_power(&self->d, true));
	ASSERT_EQ(0, drive_open(&self->d, O_RDWR));
	EXPECT_TRUE(all_is(&self->d, self->buf, 0));
}

TEST_F(nvm_erase, format_refusals)
{
	static const struct cmd_change changes[] = {
		CMD_CHANGE(nsid, 0, KCSD_SC_INVALID_NS),
		CMD_CHANGE(nsid, KCSD_NSID_SLM, KCSD_SC_INVALID_NS),
		CMD_CHANGE(nsid, KCSD_NSID_COMPUTE, KCSD_SC_INVALID_NS),
		CMD_CHANGE(nsid, 0xffffffff, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw10, 1, KCSD_SC_INVALID_FORMAT),		/* LBAFL */
		CMD_CHANGE(cdw10, 1 << 4, KCSD_SC_INVALID_FORMAT),	/* MSET */
		CMD_CHANGE(cdw10, 1 << 5, KCSD_SC_INVALID_FORMAT),	/* PI */
		CMD_CHANGE(cdw10, 1 << 8, KCSD_SC_INVALID_FORMAT),	/* PIL */
		CMD_CHANGE(cdw10, 1 << 12, KCSD_SC_INVALID_FORMAT),	/* LBAFU */
		CMD_CHANGE(cdw10, 2 << 9, KCSD_SC_INVALID_FIELD),	/* cryptographic erase */
		CMD_CHANGE(cdw10, 7 << 9, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw10, 1 << 14, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw11, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw15, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE_BLAMING(data_len, 4096, KCSD_SC_INVALID_FIELD, addr),
	};
	struct nvme_uring_cmd base = format_cmd(0);

	base.addr = (uintptr_t)self->model;
	EXPECT_TRUE(cmd_each_refused(true, self->d.ctrl, &base, changes, ARRAY_SIZE(changes)));
	ASSERT_EQ(0, nvm_read(self->d.nvm, 0, LBAS, LBA, self->model));
	EXPECT_EQ(0, memcmp(self->buf, self->model, KST_MIB));
}

/*
 * Other accesses complete before a Format, or fail. Here a rule delays the Format before it erases.
 */
TEST_F(nvm_erase, format_and_others)
{
	struct nvme_uring_cmd c = format_cmd(0);
	struct io_uring ring;
	int block, res;
	__u64 tag, start = time_ns();

	ASSERT_EQ(0, ring_open(&ring, 4, true));
	ASSERT_EQ(0, drive_set(self->d.name, "inject", HELD));
	ASSERT_EQ(0, ring_put(&ring, self->d.ctrl, NVME_URING_CMD_ADMIN, &c, 1));
	ASSERT_EQ(1, io_uring_submit(&ring));
	do {
		res = nvm_read(self->d.nvm, 0, 1, LBA, self->buf);
	} while (!res && time_ns() - start < CMD_TIMEOUT_S * 1000000000ULL * time_slow());
	EXPECT_EQ(KCSD_SC_FORMAT_IN_PROGRESS, res);
	EXPECT_EQ(KCSD_SC_FORMAT_IN_PROGRESS, nvm_on(self->d.nvm, NVM_VERIFY, 0, 1));
	EXPECT_EQ(KCSD_SC_FORMAT_IN_PROGRESS, cmd_admin(self->d.ctrl, &c));
	EXPECT_EQ(KCSD_SC_FORMAT_IN_PROGRESS, sanitize(&self->d, BLOCK_ERASE, 0));
	if (variant->zoned)
		EXPECT_EQ(KCSD_SC_FORMAT_IN_PROGRESS, zns_send(self->d.nvm, ZNS_RESET, 1));
	block = drive_open_block(&self->d, O_RDONLY | O_DIRECT);
	ASSERT_LE(0, block);
	EXPECT_EQ(-1, pread(block, self->buf, LBA, 0));
	EXPECT_EQ(EIO, errno);
	close(block);
	ASSERT_EQ(0, drive_set(self->d.name, "inject", "clear"));
	ASSERT_EQ(0, ring_get(&ring, CMD_TIMEOUT_S * 1000, &tag, &res, NULL));
	EXPECT_EQ(0, res);
	EXPECT_TRUE(all_is(&self->d, self->buf, 0));
	io_uring_queue_exit(&ring);
}

/* Set Features fails without effect: the drive cannot flush the store during a Sanitize. */
TEST_F(nvm_erase, the_cache_stays_on)
{
	int ctrl = self->d.ctrl;

	if (!variant->file)
		return;
	ASSERT_EQ(0, drive_set(self->d.name, "inject", HELD));
	ASSERT_EQ(0, sanitize(&self->d, BLOCK_ERASE, 0));
	EXPECT_EQ(KCSD_SC_SANITIZE_IN_PROGRESS, set_feature(ctrl, FEATURE_WRITE_CACHE, 0));
	EXPECT_EQ(1, feature(ctrl, FEATURE_WRITE_CACHE, FEATURE_CURRENT));
	ASSERT_EQ(0, drive_set(self->d.name, "inject", "clear"));
	EXPECT_EQ(DONE | ERASED, wait_end(&self->d));
	EXPECT_EQ(0, set_feature(ctrl, FEATURE_WRITE_CACHE, 0));
	EXPECT_EQ(0, feature(ctrl, FEATURE_WRITE_CACHE, FEATURE_CURRENT));
}

/* ---- Sanitize ---- */

TEST_F(nvm_erase, block_erase)
{
	__u32 progress, cdw10;

	/* A drive with written data does not report that it is erased. */
	EXPECT_EQ(NEVER, status_log(&self->d, &progress, NULL));
	EXPECT_EQ(0xffff, progress);
	ASSERT_EQ(0, nvm_on(self->d.nvm, NVM_WRITE_UNCOR, 2, 1));
	ASSERT_EQ(0, sanitize(&self->d, BLOCK_ERASE | NDAS, 0));
	EXPECT_EQ(DONE | ERASED, wait_end(&self->d));
	EXPECT_EQ(DONE | ERASED, status_log(&self->d, &progress, &cdw10));
	EXPECT_EQ(0xffff, progress);
	EXPECT_EQ(BLOCK_ERASE | NDAS, cdw10);
	EXPECT_TRUE(all_is(&self->d, self->buf, 0));
	if (variant->zoned)
		EXPECT_TRUE(all_zones_are_empty(&self->d));
	ASSERT_EQ(0, nvm_write(self->d.nvm, 0, 1, LBA, self->model));
	EXPECT_EQ(DONE, status_log(&self->d, NULL, NULL));
}

/* ---- memory ---- */

#define SLM_LEN	65536u

enum { LOG, ENDLESS };

/* Program: log its arguments. */
static const struct bpf_insn prog_log[] = {
	I_MOVR(R6, R1), I_CTX(R1, R6, args), I_CTX(R2, R6, cparam1), I_HELPER(log),
	I_MOV(R0, 0), I_EXIT,
};

static bool all_slm_is(const struct drive *d, __u8 *buf, __u8 byte)
{
	memset(buf, 0xa5, SLM_LEN);
	if (slm_rw(d->slm, KCSD_SLM_READ, 0, SLM_LEN, buf))
		return false;
	for (__u32 i = 0; i < SLM_LEN; i++)
		if (buf[i] != byte)
			return false;
	return true;
}

/*
 * Returns the number of lines in log page C0h; -EEXIST if the text is anywhere in the page, also
 * behind the lines.
 */
static int lines_but(const struct drive *d, const char *text)
{
	static struct {
		struct kcsd_log_header hdr;
		struct kcsd_log_entry entry[KCSD_LOG_ENTRIES];
	} page;
	struct nvme_uring_cmd c = cmd_log(KCSD_LOG_PROGRAM_OUTPUT, &page, sizeof(page), 0);
	int ret = cmd_admin(d->ctrl, &c);

	if (ret)
		return -EIO;
	return memmem(&page, sizeof(page), text, strlen(text)) ? -EEXIST :
								 (int)le32toh(page.hdr.nr);
}

/* The content of namespace 2 and the lines that programs have logged are user data too. */
TEST_F(nvm_erase, sanitize_erases_memory)
{
	static const char secret[] = "a secret of whoever ran this";
	struct run r = { .pind = LOG, .cparam1 = strlen(secret) };

	ASSERT_EQ(0, prog_install(self->d.ctrl, LOG, prog_log));
	run_args(&r, secret, strlen(secret));
	for (__u32 how = BLOCK_ERASE; how <= OVERWRITE; how++) {
		ASSERT_EQ(0, slm_fill(self->d.slm, 0, SLM_LEN, 0x5a));
		ASSERT_EQ(0, run_exec(self->d.compute, &r));
		ASSERT_TRUE(all_slm_is(&self->d, self->buf, 0x5a));
		ASSERT_EQ(-EEXIST, lines_but(&self->d, secret));
		ASSERT_EQ(0, sanitize(&self->d, how | (how == OVERWRITE ? PASSES(1) | NDAS : 0),
				      1));
		EXPECT_EQ(DONE | ERASED, wait_end(&self->d) & (7 | ERASED));
		EXPECT_TRUE(all_slm_is(&self->d, self->buf, 0));
		EXPECT_EQ(0, lines_but(&self->d, secret));
		EXPECT_EQ(DONE | ERASED, status_log(&self->d, NULL, NULL) & (7 | ERASED));
	}
	/* Programs survive. A new write is user data again. */
	ASSERT_EQ(0, run_exec(self->d.compute, &r));
	ASSERT_EQ(0, slm_fill(self->d.slm, 0, 1, 1));
	EXPECT_EQ(DONE, status_log(&self->d, NULL, NULL) & (7 | ERASED));
}

/* Cancel runs and waiting copies before erasing, as they could write old data afterwards. */
TEST_F(nvm_erase, sanitize_ends_what_is_under_way)
{
	struct kcsd_copy_lba from[] = { slm_from_lbas(0, 1) };
	struct nvme_uring_cmd copy = slm_copy_cmd(0, LBA, KCSD_COPY_LBA, 1, from, sizeof(from));
	struct nvme_uring_cmd endless = tenant_cmd(ENDLESS, 0, 0);
	struct tenant t;
	int res;
	__u64 tag;

	ASSERT_EQ(0, prog_install(self->d.ctrl, ENDLESS, prog_endless));
	ASSERT_EQ(0, tenant_open(&t, &self->d));
	ASSERT_EQ(0, tenant_send(&t, &endless, 3, 1));	/* two units: one run waits */
	ASSERT_EQ(0, sanitize(&self->d, BLOCK_ERASE, 0));
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, ring_get(&t.ring, 30000, &tag, &res, NULL));
		EXPECT_EQ(KCSD_SC_PROGRAM_CANCELLED, cmd_status(res)) TH_LOG("run %llu", tag);
	}
	EXPECT_EQ(DONE | ERASED, wait_end(&self->d));
	EXPECT_EQ(0, lines_but(&self->d, "x"));
	/* After the Sanitize, commands and runs work again. */
	EXPECT_EQ(0, cmd_io(self->d.slm, &copy));
	ASSERT_EQ(0, prog_replace(self->d.ctrl, ENDLESS, prog_seven));
	EXPECT_TRUE(run_works(self->d.compute, ENDLESS));
	tenant_close(&t);
}

TEST_F(nvm_erase, overwrite)
{
	ASSERT_EQ(0, sanitize(&self->d, OVERWRITE | PASSES(2) | INVERT | NDAS, 0x12345678));
	EXPECT_EQ(DONE | ERASED | 2 << 3, wait_end(&self->d));
	if (!variant->zoned)	/* in zones, the pattern is above the write pointers */
		EXPECT_TRUE(all_is(&self->d, self->buf, ~0x12345678U));
	ASSERT_EQ(0, sanitize(&self->d, OVERWRITE | PASSES(1), 0x12345678));
	EXPECT_EQ(DONE | ERASED | 1 << 3, wait_end(&self->d));
	EXPECT_TRUE(all_is(&self->d, self->buf, 0));
}

TEST_F(nvm_erase, sanitize_refusals)
{
	static const struct cmd_change changes[] = {
		CMD_CHANGE(nsid, KCSD_NSID_NVM, KCSD_SC_INVALID_NS),
		CMD_CHANGE(cdw10, 0, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw10, 4, KCSD_SC_INVALID_FIELD),	/* cryptographic erase */
		CMD_CHANGE(cdw10, 5, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw10, 7, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw10, BLOCK_ERASE | 1 << 10, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw12, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE_BLAMING(data_len, 4096, KCSD_SC_INVALID_FIELD, addr),
	};
	struct nvme_uring_cmd base = { .opcode = ADMIN_SANITIZE, .cdw10 = BLOCK_ERASE,
				       .addr = (uintptr_t)self->model };

	EXPECT_TRUE(cmd_each_refused(true, self->d.ctrl, &base, changes, ARRAY_SIZE(changes)));
	/* No Sanitize has failed before: Exit Failure Mode has no effect. */
	EXPECT_EQ(0, sanitize(&self->d, EXIT_FAILURE_MODE, 0));
	EXPECT_EQ(NEVER, status_log(&self->d, NULL, NULL));
	ASSERT_EQ(0, nvm_read(self->d.nvm, 0, LBAS, LBA, self->model));
	EXPECT_EQ(0, memcmp(self->buf, self->model, KST_MIB));
}

/*
 * While a Sanitize is delayed, the drive refuses I/O of all namespaces, and admin commands that
 * change something.
 */
TEST_F(nvm_erase, sanitize_and_others)
{
	struct nvme_uring_cmd slm = { .opcode = KCSD_SLM_READ, .nsid = KCSD_NSID_SLM };
	struct nvme_uring_cmd exec = { .opcode = KCSD_CMD_EXECUTE, .nsid = KCSD_NSID_COMPUTE };
	struct nvme_uring_cmd id = cmd_identify(1, 0, 0, self->buf);
	struct nvme_uring_cmd format = format_cmd(0);
	struct nvme_uring_cmd flush = cmd_flush();
	__u32 progress;

	ASSERT_EQ(0, drive_set(self->d.name, "inject", HELD));
	ASSERT_EQ(0, sanitize(&self->d, BLOCK_ERASE, 0));
	EXPECT_EQ(IN_PROGRESS, status_log(&self->d, &progress, NULL));
	EXPECT_EQ(0, progress);
	EXPECT_EQ(KCSD_SC_SANITIZE_IN_PROGRESS, nvm_read(self->d.nvm, 0, 1, LBA, self->buf));
	EXPECT_EQ(KCSD_SC_SANITIZE_IN_PROGRESS, nvm_write(self->d.nvm, 0, 1, LBA, self->buf));
	EXPECT_EQ(KCSD_SC_SANITIZE_IN_PROGRESS, cmd_io(self->d.nvm, &flush));
	EXPECT_EQ(KCSD_SC_SANITIZE_IN_PROGRESS, cmd_io(self->d.slm, &slm));
	EXPECT_EQ(KCSD_SC_SANITIZE_IN_PROGRESS, cmd_io(self->d.compute, &exec));
	EXPECT_EQ(KCSD_SC_SANITIZE_IN_PROGRESS, cmd_admin(self->d.ctrl, &format));
	EXPECT_EQ(KCSD_SC_SANITIZE_IN_PROGRESS, sanitize(&self->d, OVERWRITE, 0));
	EXPECT_EQ(KCSD_SC_SANITIZE_IN_PROGRESS, sanitize(&self->d, EXIT_FAILURE_MODE, 0));
	EXPECT_EQ(0, cmd_admin(self->d.ctrl, &id));
	ASSERT_EQ(0, drive_set(self->d.name, "inject", "clear"));
	EXPECT_EQ(DONE | ERASED, wait_end(&self->d));
	EXPECT_TRUE(all_is(&self->d, self->buf, 0));
}

TEST_F(nvm_erase, a_failure_locks_the_drive)
{
	static const char fails[] = "write media_error next=1";

	ASSERT_EQ(0, drive_set(self->d.name, "inject", fails));
	ASSERT_EQ(0, sanitize(&self->d, BLOCK_ERASE, 0));
	EXPECT_EQ(FAILED, wait_end(&self->d));
	EXPECT_EQ(KCSD_SC_SANITIZE_FAILED, nvm_read(self->d.nvm, 0, 1, LBA, self->buf));
	/*
	 * The Sanitize was restricted (no AUSE): only another restricted one can leave the failure
	 * mode.
	 */
	EXPECT_EQ(KCSD_SC_SANITIZE_FAILED, sanitize(&self->d, EXIT_FAILURE_MODE, 0));
	EXPECT_EQ(KCSD_SC_SANITIZE_FAILED, sanitize(&self->d, BLOCK_ERASE | AUSE, 0));
	/* Power off does not leave the failure mode. */
	drive_close(&self->d);
	ASSERT_EQ(0, drive_power(&self->d, false));
	ASSERT_EQ(0, drive_power(&self->d, true));
	ASSERT_EQ(0, drive_open(&self->d, O_RDWR));
	EXPECT_EQ(FAILED, status_log(&self->d, NULL, NULL) & 7);
	EXPECT_EQ(KCSD_SC_SANITIZE_FAILED, nvm_read(self->d.nvm, 0, 1, LBA, self->buf));
	ASSERT_EQ(0, sanitize(&self->d, BLOCK_ERASE, 0));
	EXPECT_EQ(DONE | ERASED, wait_end(&self->d));
	EXPECT_TRUE(all_is(&self->d, self->buf, 0));
	/* After an unrestricted Sanitize, Exit Failure Mode works. */
	ASSERT_EQ(0, drive_set(self->d.name, "inject", "clear"));
	ASSERT_EQ(0, drive_set(self->d.name, "inject", fails));
	ASSERT_EQ(0, sanitize(&self->d, BLOCK_ERASE | AUSE, 0));
	EXPECT_EQ(FAILED, wait_end(&self->d) & 7);
	EXPECT_EQ(0, sanitize(&self->d, EXIT_FAILURE_MODE, 0));
	EXPECT_EQ(0, nvm_read(self->d.nvm, 0, 1, LBA, self->buf));
	EXPECT_EQ(FAILED, status_log(&self->d, NULL, NULL) & 7);
}

/* Power off interrupts a Sanitize, and power on continues it. */
TEST_F(nvm_erase, power_off_interrupts_it)
{
	ASSERT_EQ(0, drive_set(self->d.name, "inject", HELD));
	ASSERT_EQ(0, sanitize(&self->d, BLOCK_ERASE, 0));
	drive_close(&self->d);
	ASSERT_EQ(0, drive_power(&self->d, false));
	ASSERT_EQ(0, drive_set(self->d.name, "inject", "clear"));
	ASSERT_EQ(0, drive_power(&self->d, true));
	ASSERT_EQ(0, drive_open(&self->d, O_RDWR));
	EXPECT_EQ(DONE | ERASED, wait_end(&self->d));
	EXPECT_TRUE(all_is(&self->d, self->buf, 0));
	if (variant->zoned)
		EXPECT_TRUE(all_zones_are_empty(&self->d));
}

static int change_file(struct drive *d, const char *file)
{
	int ret;

	drive_close(d);
	ret = drive_power(d, false);
	ret = ret ?: drive_set(d->name, "backing_file", file);
	ret = ret ?: drive_power(d, true);
	return ret ?: drive_open(d, O_RDWR);
}

/*
 * A Sanitize that was interrupted, failed or completed on one backing file must not show on
 * another.
 */
TEST_F(nvm_erase, another_file)
{
	static const char fails[] = "write media_error next=1";
	char other[64] = "/tmp/kst-erase-XXXXXX";

	if (!variant->file)
		return;
	/* Prepare another file, with data and never erased. */
	ASSERT_EQ(0, make_file(other));
	ASSERT_EQ(0, change_file(&self->d, other));
	ASSERT_EQ(0, nvm_write(self->d.nvm, 0, 64, LBA, self->buf));
	ASSERT_EQ(0, change_file(&self->d, self->file));
	/* interrupted */
	ASSERT_EQ(0, nvm_on(self->d.nvm, NVM_WRITE_UNCOR, 2, 1));
	ASSERT_EQ(0, drive_set(self->d.name, "inject", HELD));
	ASSERT_EQ(0, sanitize(&self->d, BLOCK_ERASE, 0));
	drive_close(&self->d);
	ASSERT_EQ(0, drive_power(&self->d, false));
	ASSERT_EQ(0, drive_set(self->d.name, "inject", "clear"));
	ASSERT_EQ(0, change_file(&self->d, other));
	EXPECT_EQ(NEVER, wait_end(&self->d));
	EXPECT_EQ(0, nvm_read(self->d.nvm, 0, 64, LBA, self->model));
	EXPECT_EQ(0, memcmp(self->buf, self->model, 64 * LBA));
	/* failed */
	ASSERT_EQ(0, drive_set(self->d.name, "inject", fails));
	ASSERT_EQ(0, sanitize(&self->d, BLOCK_ERASE, 0));
	EXPECT_EQ(FAILED, wait_end(&self->d));
	ASSERT_EQ(0, change_file(&self->d, self->file));
	EXPECT_EQ(NEVER, status_log(&self->d, NULL, NULL));
	EXPECT_EQ(0, nvm_read(self->d.nvm, 0, 64, LBA, self->model));
	/* completed */
	ASSERT_EQ(0, sanitize(&self->d, BLOCK_ERASE, 0));
	EXPECT_EQ(DONE | ERASED, wait_end(&self->d));
	ASSERT_EQ(0, change_file(&self->d, other));
	EXPECT_EQ(NEVER, status_log(&self->d, NULL, NULL));
	drive_close(&self->d);
	ASSERT_EQ(0, drive_power(&self->d, false));
	unlink(other);
	strcat(other, ".kcsd");
	unlink(other);
}

/*
 * Both commands erase data of all users, so no descriptor is enough without CAP_SYS_ADMIN, not even
 * that of the controller node, which can load programs.
 */
TEST_F(nvm_erase, rights)
{
	struct nvme_uring_cmd format = format_cmd(0), clear = {
		.opcode = ADMIN_SANITIZE, .cdw10 = BLOCK_ERASE,
	};
	static const int modes[] = { O_RDONLY, O_RDWR };
	char path[64];
	int fd, status;
	pid_t pid;

	drive_node(path, sizeof(path), self->d.index, "");
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		fd = open(path, modes[i] | O_CLOEXEC);
		ASSERT_LE(0, fd);
		pid = fork();
		if (!pid) {
			if (setgid(65534) || setuid(65534))
				_exit(100);
			if (cmd_admin_way(CMD_IOCTL, fd, &format, NULL) != -EACCES)
				_exit(1);
			_exit(cmd_admin_way(CMD_IOCTL, fd, &clear, NULL) != -EACCES ? 2 : 0);
		}
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_EQ(0, status);
		close(fd);
	}
}

#define LARGE	65536u	/* LBAs */

FIXTURE(nvm_large) {
	struct drive d;
	__u8 *buf;
	__u8 *now;
};

FIXTURE_SETUP(nvm_large)
{
	const struct drive_attr attrs[] = { DRIVE_SMALL, { "size", "268435456" }, { } };

	drive_sweep();
	self->d = (struct drive)DRIVE_INIT;
	self->buf = aligned_alloc(LBA, KST_MIB);
	self->now = aligned_alloc(LBA, KST_MIB);
	ASSERT_TRUE(self->buf && self->now);
	ASSERT_EQ(0, drive_create(&self->d, "erase", attrs));
	nvm_pattern(self->buf, 0, LBAS, LBA, 3);
	for (__u32 lba = 0; lba < LARGE; lba += LBAS)
		ASSERT_EQ(0, nvm_write(self->d.nvm, lba, LBAS, LBA, self->buf));
}

FIXTURE_TEARDOWN(nvm_large)
{
	EXPECT_EQ(0, drive_remove(&self->d));
	free(self->buf);
	free(self->now);
}

/* A Format that has begun erases all data, although its sender is killed. */
TEST_F(nvm_large, a_format_is_whole)
{
	struct nvme_uring_cmd c = format_cmd(0);
	__u64 start = time_ns();
	pid_t pid;
	int res;

	ASSERT_EQ(0, drive_set(self->d.name, "inject", "write delay=60000ms"));
	pid = fork();
	if (!pid)
		_exit(cmd_admin_way(CMD_IOCTL, self->d.ctrl, &c, NULL) != 0);
	do {
		res = nvm_read(self->d.nvm, 0, 1, LBA, self->now);
	} while (!res && time_ns() - start < CMD_TIMEOUT_S * 1000000000ULL * time_slow());
	EXPECT_EQ(KCSD_SC_FORMAT_IN_PROGRESS, res);
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	memset(self->buf, 0, KST_MIB);
	ASSERT_EQ(0, nvm_read(self->d.nvm, 0, LBAS, LBA, self->now));
	EXPECT_EQ(0, memcmp(self->buf, self->now, KST_MIB));
	ASSERT_EQ(0, nvm_read(self->d.nvm, LARGE - LBAS, LBAS, LBA, self->now));
	EXPECT_EQ(0, memcmp(self->buf, self->now, KST_MIB));
}

/* ---- the largest ---- */

#define HUGE	(1ULL << 60)

FIXTURE(nvm_huge) {
	struct drive d;
	char file[64];
};

FIXTURE_SETUP(nvm_huge)
{
	struct drive_attr attrs[] = {
		DRIVE_SMALL, { "size", "1152921504606846976" }, { "backing_file", self->file }, { }
	};
	int fd;

	drive_sweep();
	self->d = (struct drive)DRIVE_INIT;
	strcpy(self->file, "/tmp/kst-huge-XXXXXX");
	fd = mkstemp(self->file);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ftruncate(fd, HUGE)) TH_LOG("%s", strerror(errno));
	close(fd);
	ASSERT_EQ(0, drive_create(&self->d, "erase", attrs));
}

FIXTURE_TEARDOWN(nvm_huge)
{
	EXPECT_EQ(0, drive_remove(&self->d));
	unlink(self->file);
	strcat(self->file, ".kcsd");
	unlink(self->file);
}

/* 16 passes over 1 EiB are 2^64 bytes: computing the progress once divided by that, which was 0. */
TEST_F(nvm_huge, progress_of_an_overwrite)
{
	__u64 start = time_ns();
	__u32 progress;

	ASSERT_EQ(0, sanitize(&self->d, OVERWRITE | PASSES(0) | NDAS, 0x12345678));
	while (drive_number(&self->d, "stats/media_write_bytes") < KST_MIB &&
	       time_ns() - start < CMD_TIMEOUT_S * 1000000000ULL * time_slow())
		;
	EXPECT_LE(KST_MIB, drive_number(&self->d, "stats/media_write_bytes"));
	EXPECT_EQ(IN_PROGRESS, status_log(&self->d, &progress, NULL));
	EXPECT_EQ(0, progress);
}

DRIVE_TEST_MAIN
