// SPDX-License-Identifier: GPL-2.0
/* Objects in a file: what survives power off and cuts, the write cache, damage, files refused. */
#include "harness.h"
#include "admin.h"
#include "error_log.h"
#include "feature.h"
#include "kv.h"
#include "source.h"

#include <endian.h>
#include <linux/kcsd_kv.h>
#include <sys/stat.h>

#define VALUE	100000

static const struct drive_attr small[] = { DRIVE_SMALL, {} };

FIXTURE(kv_file) {
	struct drive d;
	struct drive other;
	char file[64];
	__u8 *out, *in;
};

FIXTURE_SETUP(kv_file)
{
	drive_sweep();
	self->other = (struct drive)DRIVE_INIT;
	self->out = malloc(VALUE);
	self->in = malloc(VALUE);
	ASSERT_TRUE(self->out && self->in);
	for (int i = 0; i < VALUE; i++)
		self->out[i] = i * 37 + i / 251;
	strcpy(self->file, "/tmp/kst-kv-XXXXXX");
	ASSERT_EQ(0, file_make(self->file, 0));
	ASSERT_EQ(0, drive_prepare(&self->d, "kv-file", small));
	ASSERT_EQ(0, drive_set(self->d.name, "kv_file", self->file));
	ASSERT_EQ(0, drive_power(&self->d, true));
	self->d.index = drive_get_number(self->d.name, "index");
	ASSERT_EQ(0, drive_open(&self->d, O_RDWR));
}

FIXTURE_TEARDOWN(kv_file)
{
	drive_remove(&self->other);
	EXPECT_EQ(0, drive_remove(&self->d));
	unlink(self->file);
	free(self->out);
	free(self->in);
}

static int power_on(struct drive *d)
{
	int ret = drive_power(d, true);

	return ret ? ret : drive_open(d, O_RDWR);
}

static int cycle(struct drive *d)
{
	int ret;

	drive_close(d);
	ret = drive_power(d, false);
	return ret ? ret : power_on(d);
}

static int cut(struct drive *d, const char *seed)
{
	int ret;

	drive_close(d);
	ret = drive_set(d->name, "power_cut", seed);
	return ret ? ret : power_on(d);
}

static bool has(const struct drive *d, const char *key, const __u8 *want, __u32 len, __u8 *buf)
{
	__u64 got = 0;

	memset(buf, 0, len);
	return !kv_retrieve(d->kv, KV_STR(key), buf, len, &got) && got == len &&
	       !memcmp(buf, want, len);
}

TEST_F(kv_file, power_off_keeps_all)
{
	ASSERT_EQ(0, kv_store(self->d.kv, KV_STR("long"), self->out, VALUE, 0));
	ASSERT_EQ(0, kv_store(self->d.kv, KV_STR("empty"), NULL, 0, 0));
	ASSERT_EQ(0, kv_store(self->d.kv, KV_STR("gone"), "x", 1, 0));
	ASSERT_EQ(0, kv_delete(self->d.kv, KV_STR("gone")));
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, cycle(&self->d));
		EXPECT_TRUE(has(&self->d, "long", self->out, VALUE, self->in));
		EXPECT_TRUE(has(&self->d, "empty", self->out, 0, self->in));
		EXPECT_EQ(KCSD_SC_NO_KEY, kv_exist(self->d.kv, KV_STR("gone")));
		EXPECT_EQ(2, drive_number(&self->d, "kv/keys"));
		EXPECT_EQ(VALUE + 9, drive_number(&self->d, "kv/used_bytes"));
	}
}

TEST_F(kv_file, a_cut_keeps_what_was_flushed)
{
	char seed[8];

	for (int i = 0; i < 8; i++) {
		snprintf(seed, sizeof(seed), "%d", i);
		ASSERT_EQ(0, kv_store(self->d.kv, KV_STR("k"), self->out + i, 5000, 0));
		ASSERT_EQ(0, kv_store(self->d.kv, KV_STR("gone"), "x", 1, 0));
		ASSERT_EQ(0, kv_delete(self->d.kv, KV_STR("gone")));
		ASSERT_EQ(0, kv_flush(self->d.kv));
		ASSERT_EQ(0, kv_store(self->d.kv, KV_STR("other"), self->out, VALUE, 0));
		ASSERT_EQ(0, cut(&self->d, seed));
		EXPECT_TRUE(has(&self->d, "k", self->out + i, 5000, self->in)) TH_LOG("%d", i);
		EXPECT_EQ(KCSD_SC_NO_KEY, kv_exist(self->d.kv, KV_STR("gone")));
		/* All or nothing. */
		if (!kv_exist(self->d.kv, KV_STR("other")))
			EXPECT_TRUE(has(&self->d, "other", self->out, VALUE, self->in));
	}
}

TEST_F(kv_file, without_the_cache_each_command_is_durable)
{
	__u8 *id = aligned_alloc(4096, 4096);
	struct nvme_uring_cmd c = cmd_identify(1, 0, 0, id);
	char seed[8];

	ASSERT_EQ(0, cmd_admin(self->d.ctrl, &c));
	EXPECT_TRUE(id[525] & 1) TH_LOG("VWC");
	free(id);
	for (int i = 0; i < 8; i++) {
		snprintf(seed, sizeof(seed), "%d", i);
		ASSERT_EQ(0, set_feature(self->d.ctrl, FEATURE_WRITE_CACHE, 0));
		EXPECT_EQ(0, feature(self->d.ctrl, FEATURE_WRITE_CACHE, FEATURE_CURRENT));
		for (int way = 0; way < CMD_WAYS; way++) {
			struct nvme_uring_cmd st = kv_cmd(KCSD_KV_STORE, "way", 3, self->out + i,
							  1000 + way);

			ASSERT_EQ(0, cmd_io_way(way, self->d.kv, &st, NULL));
		}
		ASSERT_EQ(0, kv_store(self->d.kv, KV_STR("gone"), "x", 1, 0));
		ASSERT_EQ(0, kv_delete(self->d.kv, KV_STR("gone")));
		ASSERT_EQ(0, cut(&self->d, seed));
		EXPECT_TRUE(has(&self->d, "way", self->out + i, 1000 + CMD_WAYS - 1, self->in));
		EXPECT_EQ(KCSD_SC_NO_KEY, kv_exist(self->d.kv, KV_STR("gone")));
	}
}

/* Turning the cache off makes durable what is there. */
TEST_F(kv_file, turning_the_cache_off_flushes)
{
	ASSERT_EQ(0, kv_store(self->d.kv, KV_STR("k"), self->out, VALUE, 0));
	ASSERT_EQ(0, set_feature(self->d.ctrl, FEATURE_WRITE_CACHE, 0));
	ASSERT_EQ(0, cut(&self->d, "1"));
	EXPECT_TRUE(has(&self->d, "k", self->out, VALUE, self->in));
	EXPECT_EQ(1, feature(self->d.ctrl, FEATURE_WRITE_CACHE, FEATURE_CURRENT));
}

static int sanitize(struct drive *d)
{
	struct nvme_uring_cmd c = { .opcode = ADMIN_SANITIZE, .cdw10 = 2 };
	__le16 log[256];
	struct nvme_uring_cmd get = cmd_log(LOG_SANITIZE, log, sizeof(log), 0);
	int ret = cmd_admin(d->ctrl, &c);

	get.nsid = 0;
	do {
		ret = ret ? ret : cmd_admin(d->ctrl, &get);
		usleep(1000);
	} while (!ret && (le16toh(log[1]) & 7) == 2);
	return ret ? ret : (le16toh(log[1]) & 7) != 1;
}

/* Returns where the file has these bytes, or -1. */
static off_t find(const char *path, const __u8 *bytes, size_t len)
{
	static __u8 chunk[1 << 20];
	int fd = open(path, O_RDONLY);
	off_t at = -1, pos = 0;
	ssize_t n;

	while (fd >= 0 && at < 0 && (n = pread(fd, chunk, sizeof(chunk), pos)) > 0) {
		const __u8 *p = memmem(chunk, n, bytes, len);

		at = p ? pos + (p - chunk) : -1;
		pos += n > (ssize_t)len && n == sizeof(chunk) ? n - (ssize_t)len : n;
	}
	close(fd);
	return at;
}

TEST_F(kv_file, sanitize_leaves_no_byte)
{
	ASSERT_EQ(0, kv_store(self->d.kv, KV_STR("k"), self->out, VALUE, 0));
	ASSERT_EQ(0, kv_flush(self->d.kv));
	EXPECT_LE(0, find(self->file, self->out, 64));
	ASSERT_EQ(0, sanitize(&self->d));
	EXPECT_EQ(KCSD_SC_NO_KEY, kv_exist(self->d.kv, KV_STR("k")));
	EXPECT_EQ(-1, find(self->file, self->out, 64));
	ASSERT_EQ(0, cycle(&self->d));
	EXPECT_EQ(KCSD_SC_NO_KEY, kv_exist(self->d.kv, KV_STR("k")));
	EXPECT_EQ(0, kv_store(self->d.kv, KV_STR("k"), self->out, VALUE, 0));
	EXPECT_TRUE(has(&self->d, "k", self->out, VALUE, self->in));
}

/* Flip a bit of the byte with which these bytes begin in a file. */
static int damage(const char *path, const __u8 *bytes)
{
	off_t at = find(path, bytes, 64);
	int fd = open(path, O_RDWR), ret;
	__u8 byte;

	ret = at < 0 || pread(fd, &byte, 1, at) != 1;
	byte ^= 0x10;
	ret |= pwrite(fd, &byte, 1, at) != 1;
	return close(fd) | ret;
}

/* Two objects of 5,000 bytes, of which the first is damaged. */
static int store_damaged(FIXTURE_DATA(kv_file) *self)
{
	int ret = kv_store(self->d.kv, KV_STR("bad"), self->out, 5000, 0) ?:
		  kv_store(self->d.kv, KV_STR("good"), self->out + 5000, 5000, 0);

	drive_close(&self->d);
	return ret ?: drive_power(&self->d, false) ?: damage(self->file, self->out + 1000) ?:
	       power_on(&self->d);
}

/* A program gets an error and zeroes, never other bytes; the run names the object. */
TEST_F(kv_file, a_program_reads_a_damaged_value)
{
	const struct kcsd_source source[] = { source_object(24, 0), source_object(0, 0) };
	const struct kcsd_kv_key key[] = { source_key("bad", 3), source_key("good", 4) };
	static struct source_run run;
	struct error_entry e[1];

	ASSERT_EQ(0, store_damaged(self));
	ASSERT_EQ(0, source_install_reader(self->d.ctrl, 0));
	ASSERT_EQ(0, source_send_with(self->d.compute, 1, source, 2, key, sizeof(key)));
	run = (struct source_run) { .slid = 1, .cparam2 = 10000 };
	EXPECT_EQ(0, source_run(self->d.compute, &run));
	EXPECT_EQ(-KCSD_EIO, (__s64)run.result);
	EXPECT_EQ(KCSD_RECORD_MEDIUM | KCSD_RECORD_OBJECT, le16toh(run.out.rec.flags));
	EXPECT_EQ(1, le64toh(run.out.rec.lba));
	EXPECT_EQ(NULL, memmem(run.out.bytes, sizeof(run.out.bytes), self->out + 1001, 64));
	ASSERT_EQ(0, error_log(self->d.ctrl, e, 1));
	EXPECT_EQ(KCSD_NSID_KV, le32toh(e[0].nsid));
	EXPECT_EQ(KCSD_SC_UNRECOVERED, le16toh(e[0].status) >> 1 & 0x7ff);
	/* What it can read, it reads. */
	run = (struct source_run) { .slid = 1, .cparam2 = 5000 };
	EXPECT_EQ(0, source_run(self->d.compute, &run));
	EXPECT_EQ(5000, run.result);
	EXPECT_EQ(0, memcmp(run.out.bytes, self->out + 5000, 5000));
	EXPECT_EQ(0, le16toh(run.out.rec.flags));
}

TEST_F(kv_file, a_damaged_value_is_an_error)
{
	struct error_entry e[1];
	__u64 len, errors;

	ASSERT_EQ(0, store_damaged(self));
	errors = drive_stat(&self->d, "media_errors");
	EXPECT_EQ(KCSD_SC_UNRECOVERED,
		  kv_retrieve(self->d.kv, KV_STR("bad"), self->in, 5000, &len));
	EXPECT_EQ(errors + 1, drive_stat(&self->d, "media_errors"));
	EXPECT_LE(1, drive_number(&self->d, "kv/damaged"));
	ASSERT_EQ(0, error_log(self->d.ctrl, e, 1));
	EXPECT_EQ(KCSD_SC_UNRECOVERED, le16toh(e[0].status) >> 1 & 0x7ff);
	EXPECT_TRUE(has(&self->d, "good", self->out + 5000, 5000, self->in));
	/* It ends when the object is stored again. */
	ASSERT_EQ(0, kv_store(self->d.kv, KV_STR("bad"), self->out, 5000, 0));
	EXPECT_TRUE(has(&self->d, "bad", self->out, 5000, self->in));
}

TEST_F(kv_file, files_that_are_refused)
{
	static const struct {
		const char *file;	/* NULL: that of the first drive */
		const char *attr;
		int want;
	} bad[] = {
		{ NULL, "kv_file", -EBUSY }, { NULL, "backing_file", -EBUSY },
		{ "/tmp/kst-kv-none", "kv_file", -ENOENT }, { "/tmp", "kv_file", -EISDIR },
		{ "/dev/null", "kv_file", -EINVAL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		ASSERT_EQ(0, drive_prepare(&self->other, "kv-other", small));
		ASSERT_EQ(0, drive_set(self->other.name, bad[i].attr, bad[i].file ?: self->file));
		EXPECT_EQ(bad[i].want, drive_power(&self->other, true)) TH_LOG("%zu", i);
		ASSERT_EQ(0, drive_remove(&self->other));
	}
	EXPECT_EQ(0, kv_store(self->d.kv, KV_STR("k"), self->out, VALUE, 0));
}

TEST_F(kv_file, a_file_that_is_no_store)
{
	char other[64] = "/tmp/kst-kv-XXXXXX";
	int fd = mkstemp(other);

	ASSERT_EQ(VALUE, write(fd, self->out, VALUE));
	close(fd);
	ASSERT_EQ(0, drive_prepare(&self->other, "kv-other", small));
	ASSERT_EQ(0, drive_set(self->other.name, "kv_file", other));
	EXPECT_EQ(-EUCLEAN, drive_power(&self->other, true));
	unlink(other);
}

/* Copy both superblocks to or from a buffer, or write zeroes: buf NULL. */
static int move_supers(const char *path, __u8 *buf, bool to_file)
{
	static const off_t copies[] = { 0, KCSD_KV_SUPER_COPY };
	static __u8 zeroes[KCSD_KV_BLOCK_LEN];
	int fd = open(path, O_RDWR), ret = 0;

	for (size_t i = 0; i < ARRAY_SIZE(copies); i++) {
		__u8 *p = buf ? buf + i * KCSD_KV_BLOCK_LEN : zeroes;
		ssize_t n = to_file ? pwrite(fd, p, KCSD_KV_BLOCK_LEN, copies[i]) :
				      pread(fd, p, KCSD_KV_BLOCK_LEN, copies[i]);

		ret |= n != KCSD_KV_BLOCK_LEN;
	}
	return close(fd) | ret;
}

/* It is refused, not made new: nothing of it is overwritten. */
TEST_F(kv_file, a_store_without_superblocks)
{
	__u8 supers[2 * KCSD_KV_BLOCK_LEN];

	ASSERT_EQ(0, kv_store(self->d.kv, KV_STR("k"), self->out, VALUE, 0));
	drive_close(&self->d);
	ASSERT_EQ(0, drive_power(&self->d, false));
	ASSERT_EQ(0, move_supers(self->file, supers, false));
	ASSERT_EQ(0, move_supers(self->file, NULL, true));
	EXPECT_EQ(-EUCLEAN, drive_power(&self->d, true));
	ASSERT_EQ(0, move_supers(self->file, supers, true));
	ASSERT_EQ(0, power_on(&self->d));
	EXPECT_TRUE(has(&self->d, "k", self->out, VALUE, self->in));
}

/* Only zeroes, as truncate and fallocate make them. */
TEST_F(kv_file, a_file_of_zeroes)
{
	char other[64] = "/tmp/kst-kv-XXXXXX";

	ASSERT_EQ(0, file_make(other, 1 << 20));
	ASSERT_EQ(0, drive_prepare(&self->other, "kv-other", small));
	ASSERT_EQ(0, drive_set(self->other.name, "kv_file", other));
	EXPECT_EQ(-EUCLEAN, drive_power(&self->other, true));
	ASSERT_EQ(0, truncate(other, 0));
	EXPECT_EQ(0, drive_power(&self->other, true));
	unlink(other);
}

/* What it has lost may be deletes that hid older values. */
TEST_F(kv_file, a_file_cut_short)
{
	struct stat st;

	ASSERT_EQ(0, kv_store(self->d.kv, KV_STR("k"), self->out, VALUE, 0));
	drive_close(&self->d);
	ASSERT_EQ(0, drive_power(&self->d, false));
	ASSERT_EQ(0, stat(self->file, &st));
	ASSERT_EQ(0, truncate(self->file, st.st_size - KCSD_KV_BLOCK_LEN));
	EXPECT_EQ(-EUCLEAN, drive_power(&self->d, true));
	ASSERT_EQ(0, truncate(self->file, st.st_size));
	ASSERT_EQ(0, power_on(&self->d));
	EXPECT_TRUE(has(&self->d, "k", self->out, VALUE, self->in));
}

TEST_F(kv_file, another_size)
{
	ASSERT_EQ(0, kv_store(self->d.kv, KV_STR("k"), self->out, VALUE, 0));
	drive_close(&self->d);
	ASSERT_EQ(0, drive_power(&self->d, false));
	ASSERT_EQ(0, drive_set(self->d.name, "kv_size", "8M"));
	EXPECT_EQ(-EINVAL, drive_power(&self->d, true));
	ASSERT_EQ(0, drive_set(self->d.name, "kv_size", "64M"));
	ASSERT_EQ(0, power_on(&self->d));
	EXPECT_TRUE(has(&self->d, "k", self->out, VALUE, self->in));
	EXPECT_EQ(64 << 20, drive_number(&self->d, "kv/size"));
}

DRIVE_TEST_MAIN
