// SPDX-License-Identifier: GPL-2.0
/* Test programs on objects: what they read, when objects change, what is refused. */
#include "harness.h"
#include "admin.h"
#include "capability.h"
#include "errors.h"
#include "kv.h"
#include "nvm.h"
#include "source.h"
#include "tenant.h"
#include "timing.h"

#include <endian.h>
#include <pthread.h>
#include <stdlib.h>

#define VALUE	(64u << 10)	/* bytes of the value of an object, at most */
#define MANY	10000		/* objects */
#define ENTRY	sizeof(struct kcsd_kv_key)

enum { READER, ENDLESS, STORER, EMITTER };

/*
 * Store cparam1 bytes of the heap, which are zeroes, under the key that is the arguments, with the
 * flags cparam2.
 */
static const struct bpf_insn prog_store[] = {
	I_MOVR(R6, R1),
	I_CTX(R1, R6, args), I_CTX(R2, R6, args_len), I_CTX(R3, R6, heap),
	I_CTX(R4, R6, cparam1), I_CTX(R5, R6, cparam2), I_HELPER(kv_store), I_EXIT,
};

/* Emit the heap again and again. */
static const struct bpf_insn prog_emit[] = {
	I_MOVR(R6, R1),
	I_CTX(R1, R6, heap), I_CTX(R2, R6, heap_len), I_HELPER(emit), I_JA(-4),
};

FIXTURE(objects) {
	struct drive d;
	struct source_run r;
	__u8 *value;
};

FIXTURE_VARIANT(objects) {
	const char *engine;
};

FIXTURE_VARIANT_ADD(objects, jit) { .engine = "jit" };
FIXTURE_VARIANT_ADD(objects, interp) { .engine = "interp" };

static int install_storer(const struct drive *d)
{
	struct image im = {
		.insns = prog_store, .insn_cnt = ARRAY_SIZE(prog_store), .heap_len = VALUE,
	};

	return prog_install_image(d->ctrl, STORER, &im);
}

static int install_emitter(const struct drive *d)
{
	struct image im = {
		.insns = prog_emit, .insn_cnt = ARRAY_SIZE(prog_emit), .heap_len = VALUE,
	};

	return prog_install_image(d->ctrl, EMITTER, &im);
}

FIXTURE_SETUP(objects)
{
	const struct drive_attr attrs[] = {
		DRIVE_SMALL, KV_SMALL, { "engine", variant->engine }, {}
	};

	drive_sweep();
	self->value = malloc(VALUE);
	ASSERT_NE(NULL, self->value);
	nvm_pattern(self->value, 0, VALUE / 512, 512, 3);
	ASSERT_EQ(0, drive_create(&self->d, "objects", attrs));
	ASSERT_EQ(0, source_install_reader(self->d.ctrl, READER));
	ASSERT_EQ(0, prog_install(self->d.ctrl, ENDLESS, prog_endless));
	ASSERT_EQ(0, install_storer(&self->d));
	ASSERT_EQ(0, install_emitter(&self->d));
	self->r = (struct source_run) { .slid = 1 };
}

FIXTURE_TEARDOWN(objects)
{
	EXPECT_EQ(0, drive_remove(&self->d));
	free(self->value);
}

static int store(FIXTURE_DATA(objects) *self, const char *key, __u32 from, __u32 len)
{
	return kv_store(self->d.kv, KV_STR(key), self->value + from, len, 0);
}

/* Send a list of whole objects with these keys. */
static int send_keys(FIXTURE_DATA(objects) *self, const char *const *keys, __u32 nr)
{
	struct kcsd_source source[8];
	struct kcsd_kv_key key[8];

	for (__u32 i = 0; i < nr; i++) {
		source[i] = source_object(i * ENTRY, 0);
		key[i] = source_key(keys[i], strlen(keys[i]));
	}
	return source_send_with(self->d.compute, 1, source, nr, key, nr * ENTRY);
}

/* Read len bytes of the stream; -1: fewer came, or others. */
static int reads(FIXTURE_DATA(objects) *self, const void *want, __u64 offset, __u64 len)
{
	int ret;

	self->r.cparam1 = offset;
	self->r.cparam2 = len;
	ret = source_run(self->d.compute, &self->r);
	if (ret)
		return ret;
	return self->r.result == len && !memcmp(self->r.out.bytes, want, len) ? 0 : -1;
}

/* ---- reading ---- */

TEST_F(objects, one_after_another)
{
	static const char *const keys[] = { "a", "b", "empty", "c" };

	ASSERT_EQ(0, store(self, "a", 0, 1000));
	ASSERT_EQ(0, store(self, "b", 1000, 9000));
	ASSERT_EQ(0, store(self, "empty", 0, 0));
	ASSERT_EQ(0, store(self, "c", 10000, 1));
	ASSERT_EQ(0, send_keys(self, keys, 4));
	EXPECT_EQ(0, reads(self, self->value, 0, 10001));
	EXPECT_EQ(10001, le64toh(self->r.out.rec.read_bytes));
	for (__u32 at = 0; at < 10001; at += 997)
		EXPECT_EQ(0, reads(self, self->value + at, at, 10001 - at));
	/* Beyond its end there is nothing. */
	self->r.cparam1 = 10001;
	EXPECT_EQ(0, source_run(self->d.compute, &self->r));
	EXPECT_EQ(0, self->r.result);
}

TEST_F(objects, only_empty_ones)
{
	static const char *const keys[] = { "x", "y" };

	ASSERT_EQ(0, store(self, "x", 0, 0));
	ASSERT_EQ(0, store(self, "y", 0, 0));
	ASSERT_EQ(0, send_keys(self, keys, 2));
	EXPECT_EQ(0, reads(self, "", 0, 0));
	self->r.cparam2 = 100;
	EXPECT_EQ(0, source_run(self->d.compute, &self->r));
	EXPECT_EQ(0, self->r.result);
}

/* All kinds of sources in one list; of an object the first bytes, too. */
TEST_F(objects, among_other_sources)
{
	__u8 *want = calloc(1, VALUE), *lbas = aligned_alloc(4096, 8192);
	struct { struct kcsd_kv_key key; char text[5]; } bytes = { source_key("a", 1), "bytes" };
	const struct kcsd_source source[] = {
		source_lbas(3, 5000), source_object(0, 300), source_zeroes(10),
		source_object(0, 0), source_bytes(ENTRY, 5), source_object(0, 5000),
	};

	ASSERT_TRUE(want && lbas);
	nvm_pattern(lbas, 3, 2, 4096, 9);
	ASSERT_EQ(0, nvm_write(self->d.nvm, 3, 2, 4096, lbas));
	ASSERT_EQ(0, store(self, "a", 0, 1000));
	ASSERT_EQ(0, source_send_with(self->d.compute, 1, source, 6, &bytes, ENTRY + 5));
	memcpy(want, lbas, 5000);
	memcpy(want + 5000, self->value, 300);
	memcpy(want + 5310, self->value, 1000);
	memcpy(want + 6310, "bytes", 5);
	memcpy(want + 6315, self->value, 1000);
	EXPECT_EQ(0, reads(self, want, 0, 7315));
	EXPECT_EQ(0, reads(self, want + 5299, 5299, 1100));
	/* The watch is about the LBAs. */
	EXPECT_EQ(0, source_watch(self->d.compute, 1));
	ASSERT_EQ(0, store(self, "a", 0, 1000));
	EXPECT_EQ(0, reads(self, want, 0, 7315));
	ASSERT_EQ(0, nvm_write(self->d.nvm, 4, 1, 4096, lbas));
	EXPECT_EQ(KCSD_SC_PROGRAM_CHANGED, reads(self, want, 0, 7315));
	free(want);
	free(lbas);
}

TEST_F(objects, many)
{
	struct kcsd_source *source = calloc(MANY, sizeof(*source));
	struct kcsd_kv_key *key = calloc(MANY, sizeof(*key));
	char name[16];

	ASSERT_TRUE(source && key);
	for (__u32 i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "many/%u", i);
		ASSERT_EQ(0, kv_store(self->d.kv, KV_STR(name), &i, sizeof(i), 0));
		source[i] = source_object(i * ENTRY, 0);
		key[i] = source_key(name, strlen(name));
	}
	ASSERT_EQ(0, source_send_with(self->d.compute, 1, source, MANY, key, MANY * ENTRY));
	self->r.cparam2 = MANY * 4;
	EXPECT_EQ(0, source_run(self->d.compute, &self->r));
	EXPECT_EQ(MANY * 4, self->r.result);
	for (__u32 i = 0; i < MANY; i++)
		ASSERT_EQ(0, memcmp(self->r.out.bytes + i * 4, &i, 4));
	free(source);
	free(key);
}

/* As many sources as a list can have, each an object. */
TEST_F(objects, most)
{
	struct kcsd_source *source = calloc(KCSD_MAX_SOURCES, sizeof(*source));
	struct kcsd_kv_key *key = calloc(KCSD_MAX_SOURCES, sizeof(*key));

	ASSERT_TRUE(source && key);
	ASSERT_EQ(0, store(self, "a", 0, 3));
	for (__u32 i = 0; i < KCSD_MAX_SOURCES; i++) {
		source[i] = source_object(i * ENTRY, 0);
		key[i] = source_key("a", 1);
	}
	ASSERT_EQ(0, source_send_with(self->d.compute, 1, source, KCSD_MAX_SOURCES, key,
				      KCSD_MAX_SOURCES * ENTRY));
	EXPECT_EQ(0, reads(self, self->value, 3 * (KCSD_MAX_SOURCES - 1ULL), 3));
	EXPECT_EQ(72ULL * KST_MIB, tenant_number(self->d.compute, "kcsd-list-bytes:"));
	free(source);
	free(key);
}

/* The audit has LBAs first, then ranges of sources that are objects. */
TEST_F(objects, audit)
{
	const struct kcsd_source source[] = {
		source_object(0, 0), source_object(0, 0), source_lbas(7, LBA), source_object(0, 0),
	};
	const struct kcsd_kv_key key = source_key("a", 1);
	const struct kcsd_audit_header *h;
	const struct kcsd_audit_range *r;

	ASSERT_EQ(0, store(self, "a", 0, 10));
	ASSERT_EQ(0, source_send_with(self->d.compute, 1, source, 4, &key, ENTRY));
	self->r.data.header.flags = htole32(KCSD_RUN_HEADER_AUDIT);
	self->r.cparam2 = LBA + 30;
	ASSERT_EQ(0, source_run(self->d.compute, &self->r));
	EXPECT_EQ(LBA + 30, self->r.result);
	h = (const void *)&self->r.out + le32toh(self->r.out.rec.audit_off);
	r = (const void *)(h + 1);
	ASSERT_EQ(3, le32toh(h->nr));
	EXPECT_TRUE(le64toh(r[0].slba) == 7 && le64toh(r[0].nlb) == 1);
	EXPECT_EQ(KCSD_GRANT_READ, r[0].access);
	EXPECT_TRUE(le64toh(r[1].slba) == 0 && le64toh(r[1].nlb) == 2);
	EXPECT_EQ(KCSD_GRANT_READ | KCSD_AUDIT_OBJECT, r[1].access);
	EXPECT_TRUE(le64toh(r[2].slba) == 3 && le64toh(r[2].nlb) == 1);
	EXPECT_EQ(KCSD_GRANT_READ | KCSD_AUDIT_OBJECT, r[2].access);
}

/* ---- objects that change ---- */

/* A run that has been created, and waits on its unit. */
struct waiting {
	pthread_t thread;
	int fd;
	struct source_run *r;
	int ret;
};

static void *run_thread(void *arg)
{
	struct waiting *w = arg;

	w->ret = source_run(w->fd, w->r);
	return NULL;
}

static bool wait_number(int fd, const char *key, __u64 value)
{
	for (int i = 0; i < 10000 * time_slow(); i++) {
		if (tenant_number(fd, key) == value)
			return true;
		usleep(1000);
	}
	return false;
}

static int begin(FIXTURE_DATA(objects) *self, struct waiting *w)
{
	int ret = set_rule(&self->d, "execute delay=60000");

	*w = (struct waiting) { .fd = self->d.compute, .r = &self->r };
	if (ret || pthread_create(&w->thread, NULL, run_thread, w))
		return -1;
	return wait_number(self->d.compute, "kcsd-running:", 1) ? 0 : -1;
}

static int end(FIXTURE_DATA(objects) *self, struct waiting *w)
{
	int ret = set_rule(&self->d, "clear");

	pthread_join(w->thread, NULL);
	return ret ? ret : w->ret;
}

TEST_F(objects, keeps_the_values_of_its_start)
{
	static const char *const keys[] = { "over", "deleted", "long" };
	__u8 *other = malloc(VALUE);
	struct waiting w;

	ASSERT_NE(NULL, other);
	memset(other, 0xee, VALUE);
	ASSERT_EQ(0, store(self, "over", 0, 100));
	ASSERT_EQ(0, store(self, "deleted", 100, 100));
	ASSERT_EQ(0, store(self, "long", 200, VALUE - 200));
	ASSERT_EQ(0, send_keys(self, keys, 3));
	self->r.cparam1 = 0;
	self->r.cparam2 = VALUE;
	ASSERT_EQ(0, begin(self, &w));
	EXPECT_EQ(0, kv_store(self->d.kv, KV_STR("over"), other, 5, 0));
	EXPECT_EQ(0, kv_delete(self->d.kv, KV_STR("deleted")));
	EXPECT_EQ(0, kv_delete(self->d.kv, KV_STR("long")));
	/* Several times what fits: all places of old values are used again. */
	for (int i = 0; i < 1000; i++)
		ASSERT_EQ(0, kv_store(self->d.kv, KV_STR("filler"), other, VALUE, 0));
	EXPECT_EQ(0, end(self, &w));
	EXPECT_EQ(VALUE, self->r.result);
	EXPECT_EQ(0, memcmp(self->r.out.bytes, self->value, VALUE));
	/* The next run finds what there is now. */
	EXPECT_EQ(KCSD_SC_NO_KEY, source_run(self->d.compute, &self->r));
	EXPECT_EQ(1, self->r.result);
	free(other);
}

static int format_objects(const struct drive *d)
{
	struct nvme_uring_cmd c = { .opcode = ADMIN_FORMAT, .nsid = KCSD_NSID_KV };

	return cmd_admin(d->ctrl, &c);
}

static int send_one(FIXTURE_DATA(objects) *self)
{
	static const char *const keys[] = { "a" };

	self->r.cparam1 = 0;
	self->r.cparam2 = 100;
	return store(self, "a", 0, 100) ?: send_keys(self, keys, 1);
}

/* Format does not wait for a run that may take long. */
TEST_F(objects, format_cancels_runs)
{
	struct waiting w;

	ASSERT_EQ(0, send_one(self));
	ASSERT_EQ(0, begin(self, &w));
	EXPECT_EQ(0, format_objects(&self->d));
	pthread_join(w.thread, NULL);
	EXPECT_EQ(KCSD_SC_PROGRAM_CANCELLED, w.ret);
	ASSERT_EQ(0, set_rule(&self->d, "clear"));
	EXPECT_EQ(KCSD_SC_NO_KEY, source_run(self->d.compute, &self->r));
	ASSERT_EQ(0, store(self, "a", 0, 100));
	EXPECT_EQ(0, reads(self, self->value, 0, 100));
}

/* Nor for one that is queued; other runs go on. */
TEST_F(objects, format_cancels_queued_runs)
{
	struct waiting w = { .fd = self->d.compute, .r = &self->r };
	struct nvme_uring_cmd c = tenant_cmd(ENDLESS, 0, 0);
	struct tenant t;

	ASSERT_EQ(0, send_one(self));
	ASSERT_EQ(0, tenant_open(&t, &self->d));
	ASSERT_EQ(0, tenant_send(&t, &c, 2, 0));
	ASSERT_TRUE(wait_number(t.fd, "kcsd-running:", 2));
	ASSERT_EQ(0, pthread_create(&w.thread, NULL, run_thread, &w));
	EXPECT_TRUE(wait_number(self->d.compute, "kcsd-queued:", 1));
	EXPECT_EQ(0, format_objects(&self->d));
	pthread_join(w.thread, NULL);
	EXPECT_EQ(KCSD_SC_PROGRAM_CANCELLED, w.ret);
	EXPECT_EQ(2, tenant_number(t.fd, "kcsd-running:"));
	tenant_close(&t);
}

TEST_F(objects, power_off_ends_runs)
{
	struct waiting w;

	ASSERT_EQ(0, send_one(self));
	ASSERT_EQ(0, begin(self, &w));
	EXPECT_EQ(0, drive_power(&self->d, false));
	pthread_join(w.thread, NULL);
	EXPECT_NE(0, w.ret);
}

/* ---- runs that hold values for long ---- */

/* A run that emits to a reader who does not come. */
static struct nvme_uring_cmd emitter_cmd(struct source_run *r, __u32 timeout_ms)
{
	struct nvme_uring_cmd c;

	*r = (struct source_run) { .pind = EMITTER, .slid = 1 };
	r->data.header = (struct kcsd_run_header) {
		.flags = htole32(KCSD_RUN_HEADER_WAIT), .oid = htole16(1),
		.out_len = htole32(KCSD_MIN_WINDOW), .timeout_ms = htole32(timeout_ms),
	};
	c = source_run_cmd(r);
	c.metadata = 0;
	c.metadata_len = 0;
	return c;
}

static int receive(int fd, void *buf, __u32 len, __u64 *result)
{
	struct nvme_uring_cmd c = {
		.opcode = KCSD_CMD_RUN_RECEIVE, .nsid = KCSD_NSID_COMPUTE,
		.cdw10 = 1, .cdw11 = len, .addr = (uintptr_t)buf, .data_len = len,
	};

	return cmd_io_way(CMD_IOCTL64, fd, &c, result);
}

TEST_F(objects, waits_for_its_reader_until_its_deadline)
{
	struct nvme_uring_cmd c;
	struct io_uring ring;
	__u64 tag, result;
	int res = 0;

	ASSERT_EQ(0, send_one(self));
	c = emitter_cmd(&self->r, 500);
	ASSERT_EQ(0, ring_open(&ring, 2, true));
	ASSERT_EQ(0, ring_put(&ring, self->d.compute, NVME_URING_CMD_IO, &c, 1));
	ASSERT_EQ(1, io_uring_submit(&ring));
	EXPECT_EQ(0, ring_get(&ring, 10000, &tag, &res, NULL));
	EXPECT_EQ(KCSD_SC_PROGRAM_TIME, cmd_status(res));
	EXPECT_EQ(1, drive_stat(&self->d, "faults_time"));
	EXPECT_TRUE(drive_becomes(&self->d, "units/waiting", 0));
	EXPECT_EQ(0, drive_number(&self->d, "kv/pinned"));
	/* What it emitted before is still there. */
	EXPECT_EQ(0, receive(self->d.compute, self->value, VALUE, &result));
	EXPECT_LE(1, (__u32)result);
	io_uring_queue_exit(&ring);
}

/* Nor does it wait longer for a place on a unit that others have. */
TEST_F(objects, waits_for_a_place_until_its_deadline)
{
	struct nvme_uring_cmd c, endless = tenant_cmd(ENDLESS, 0, 0);
	struct io_uring ring;
	__u64 tag, result;
	struct tenant t;
	int res = 0;

	ASSERT_EQ(0, send_one(self));
	c = emitter_cmd(&self->r, 4000);
	ASSERT_EQ(0, ring_open(&ring, 2, true));
	ASSERT_EQ(0, ring_put(&ring, self->d.compute, NVME_URING_CMD_IO, &c, 1));
	ASSERT_EQ(1, io_uring_submit(&ring));
	ASSERT_TRUE(drive_becomes(&self->d, "units/waiting", 1));
	ASSERT_EQ(0, tenant_open(&t, &self->d));
	ASSERT_EQ(0, tenant_send(&t, &endless, 2, 0));
	ASSERT_TRUE(wait_number(t.fd, "kcsd-running:", 2));
	EXPECT_EQ(0, receive(self->d.compute, self->value, KCSD_MIN_WINDOW / 2, &result));
	EXPECT_EQ(KCSD_MIN_WINDOW / 2, (__u32)result);
	EXPECT_TRUE(drive_becomes(&self->d, "units/queued", 1));
	EXPECT_EQ(0, ring_get(&ring, 10000, &tag, &res, NULL));
	EXPECT_EQ(KCSD_SC_PROGRAM_TIME, cmd_status(res));
	EXPECT_EQ(2, tenant_number(t.fd, "kcsd-running:"));
	tenant_close(&t);
	io_uring_queue_exit(&ring);
	EXPECT_TRUE(drive_becomes(&self->d, "units/running", 0));
}

/* Before that, what ends other runs ends it. */
TEST_F(objects, is_cancelled_while_it_waits_for_its_reader)
{
	struct nvme_uring_cmd c;
	struct io_uring ring;

	ASSERT_EQ(0, send_one(self));
	for (int i = 0; i < 3; i++) {
		c = emitter_cmd(&self->r, 0);
		ASSERT_EQ(0, ring_open(&ring, 2, true));
		ASSERT_EQ(0, ring_put(&ring, self->d.compute, NVME_URING_CMD_IO, &c, 1));
		ASSERT_EQ(1, io_uring_submit(&ring));
		ASSERT_TRUE(drive_becomes(&self->d, "units/waiting", 1));
		if (i == 2) {
			EXPECT_EQ(0, drive_power(&self->d, false));
			io_uring_queue_exit(&ring);
			break;
		}
		EXPECT_EQ(0, i == 0 ? format_objects(&self->d) : 0);
		io_uring_queue_exit(&ring);
		EXPECT_TRUE(drive_becomes(&self->d, "stats/faults_cancelled", i + 1));
		EXPECT_TRUE(drive_becomes(&self->d, "units/waiting", 0));
		ASSERT_EQ(0, send_one(self));
	}
}

#define FILL_KEYS	240
#define FILL_VALUE	60000

static int fill_one(FIXTURE_DATA(objects) *self, int i)
{
	char name[16];

	snprintf(name, sizeof(name), "fill/%d", i);
	return store(self, name, i, FILL_VALUE);
}

/* Fill most of the store with objects, and send a list of them all. */
static int send_fill(FIXTURE_DATA(objects) *self)
{
	struct kcsd_source source[FILL_KEYS];
	struct kcsd_kv_key key[FILL_KEYS];
	char name[16];

	for (int i = 0; i < FILL_KEYS; i++) {
		if (fill_one(self, i))
			return -1;
		snprintf(name, sizeof(name), "fill/%d", i);
		source[i] = source_object(i * ENTRY, 0);
		key[i] = source_key(name, strlen(name));
	}
	return source_send_with(self->d.compute, 1, source, FILL_KEYS, key, sizeof(key));
}

/* There is room for what is stored, but in segments that a run holds: it has to go. */
TEST_F(objects, gives_way_to_a_store_without_room)
{
	struct waiting w;
	int ret = 0;

	ASSERT_EQ(0, send_fill(self));
	self->r.cparam2 = 100;
	ASSERT_EQ(0, begin(self, &w));
	for (int i = 0; !ret && i < 2 * FILL_KEYS; i++)
		ret = fill_one(self, i % FILL_KEYS);
	EXPECT_EQ(0, ret);
	EXPECT_EQ(KCSD_SC_PROGRAM_CANCELLED, end(self, &w));
	EXPECT_EQ(1, drive_stat(&self->d, "faults_cancelled"));
	EXPECT_EQ(0, source_run(self->d.compute, &self->r));
	EXPECT_EQ(100, self->r.result);
	EXPECT_EQ(0, drive_number(&self->d, "kv/pinned"));
}

/* Nobody has to go where there is no room anyway. */
TEST_F(objects, stays_when_the_store_is_full)
{
	struct waiting w;
	int ret = 0;

	ASSERT_EQ(0, send_fill(self));
	self->r.cparam2 = 100;
	for (int i = FILL_KEYS; !ret && i < 1000; i++)
		ret = fill_one(self, i);
	ASSERT_EQ(KCSD_SC_CAPACITY_EXCEEDED, ret);
	ASSERT_EQ(0, begin(self, &w));
	EXPECT_EQ(KCSD_SC_CAPACITY_EXCEEDED, fill_one(self, 1000));
	EXPECT_LE(1, drive_number(&self->d, "kv/pinned"));
	EXPECT_EQ(0, end(self, &w));
	EXPECT_EQ(0, drive_number(&self->d, "kv/pinned"));
}

/* ---- refusals ---- */

TEST_F(objects, missing_key)
{
	static const char *const keys[] = { "a", "b", "missing", "c" };

	ASSERT_EQ(0, store(self, "a", 0, 10));
	ASSERT_EQ(0, store(self, "b", 0, 10));
	ASSERT_EQ(0, store(self, "c", 0, 10));
	ASSERT_EQ(0, send_keys(self, keys, 4));
	EXPECT_EQ(KCSD_SC_NO_KEY, source_run(self->d.compute, &self->r));
	EXPECT_EQ(2, self->r.result);
	EXPECT_EQ(4 * 48 + 4 * ENTRY, tenant_number(self->d.compute, "kcsd-list-bytes:"));
	ASSERT_EQ(0, store(self, "missing", 30, 10));
	EXPECT_EQ(0, reads(self, self->value + 30, 20, 10));
}

TEST_F(objects, wrong_keys)
{
	const struct kcsd_kv_key bad[] = {
		{}, { .len = 17, .key = "0123456789abcdef" }, { .len = 255, .key = "a" },
		{ .len = 1, .key = "ab" }, { .len = 1, .rsvd = { 1 }, .key = "a" },
		{ .len = 1, .rsvd = { [6] = 1 }, .key = "a" }, { .len = 15, .key = { [15] = 1 } },
	};
	const struct kcsd_source source[] = { source_object(0, 0), source_object(ENTRY, 0) };
	struct kcsd_kv_key key[2] = { source_key("a", 1) };

	ASSERT_EQ(0, store(self, "a", 0, 10));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		key[1] = bad[i];
		ASSERT_EQ(0, source_send_with(self->d.compute, 1, source, 2, key, sizeof(key)));
		EXPECT_EQ(KCSD_SC_INVALID_KEY_SIZE, source_run(self->d.compute, &self->r))
			TH_LOG("%zu", i);
		EXPECT_EQ(1, self->r.result);
	}
}

TEST_F(objects, refused_sources)
{
	const struct kcsd_source two[] = { source_zeroes(INT64_MAX), source_object(0, 0) };
	struct kcsd_source s = source_object(1, 0);
	struct kcsd_kv_key key = source_key("a", 1);
	int fd = self->d.compute;

	EXPECT_EQ(KCSD_SC_INVALID_FIELD, source_send_with(fd, 1, &s, 1, &key, ENTRY));
	s = source_object(~0ULL, 0);
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, source_send_with(fd, 1, &s, 1, &key, ENTRY));
	s = source_object(0, 0);
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, source_send_with(fd, 1, &s, 1, &key, ENTRY - 1));
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, source_send(fd, 1, &s, 1));
	s.access |= KCSD_GRANT_WRITE;
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, source_send_with(fd, 1, &s, 1, &key, ENTRY));
	s.access = 0;
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, source_send_with(fd, 1, &s, 1, &key, ENTRY));
	/* Too long for a stream: it shows when the object is looked up. */
	ASSERT_EQ(0, store(self, "a", 0, 10));
	ASSERT_EQ(0, source_send_with(fd, 1, two, 2, &key, ENTRY));
	EXPECT_EQ(KCSD_SC_INVALID_SOURCE_LIST, source_run(fd, &self->r));
	EXPECT_EQ(1, self->r.result);
}

TEST_F(objects, without_namespace_4)
{
	static const struct drive_attr attrs[] = { DRIVE_SMALL, { "kv_size", "0" }, {} };
	const struct kcsd_source s = source_object(0, 0);
	const struct kcsd_kv_key key = source_key("a", 1);
	struct drive d;

	ASSERT_EQ(0, drive_create(&d, "no-objects", attrs));
	EXPECT_EQ(KCSD_SC_INVALID_NS, source_send_with(d.compute, 1, &s, 1, &key, ENTRY));
	EXPECT_EQ(0, drive_remove(&d));
}

/* Runs with objects and lists of a file together have a limit. */
TEST_F(objects, memory_is_limited)
{
	const __u32 nr = KCSD_MAX_SOURCES;
	struct kcsd_source *source = calloc(nr, sizeof(*source));
	const struct kcsd_kv_key key = source_key("a", 1);
	static struct source_run more = { .slid = 1 };
	struct waiting w;

	ASSERT_NE(NULL, source);
	ASSERT_EQ(0, store(self, "a", 0, 1));
	for (__u32 i = 0; i < nr; i++)
		source[i] = source_object(0, 0);
	ASSERT_EQ(0, source_send_with(self->d.compute, 1, source, nr, &key, ENTRY));
	ASSERT_EQ(0, begin(self, &w));
	EXPECT_LE(96ULL * KST_MIB, tenant_number(self->d.compute, "kcsd-list-bytes:"));
	EXPECT_EQ(KCSD_SC_INSUFFICIENT_RESOURCES, source_run(self->d.compute, &more));
	EXPECT_EQ(0, end(self, &w));
	EXPECT_EQ(48ULL * KST_MIB + ENTRY, tenant_number(self->d.compute, "kcsd-list-bytes:"));
	free(source);
}

/* ---- errors of the medium ---- */

TEST_F(objects, damaged_value)
{
	static const char *const keys[] = { "a", "b" };
	__u64 errors;

	ASSERT_EQ(0, store(self, "a", 0, 100));
	ASSERT_EQ(0, store(self, "b", 100, 100));
	ASSERT_EQ(0, send_keys(self, keys, 2));
	self->r.cparam2 = 200;
	errors = drive_stat(&self->d, "runs_failed");
	ASSERT_EQ(0, set_rule(&self->d, "retrieve media_error next=1"));
	EXPECT_EQ(0, source_run(self->d.compute, &self->r));
	EXPECT_EQ(-KCSD_EIO, (__s64)self->r.result);
	EXPECT_EQ(KCSD_RECORD_MEDIUM | KCSD_RECORD_OBJECT, le16toh(self->r.out.rec.flags));
	EXPECT_EQ(0, le64toh(self->r.out.rec.lba));
	EXPECT_EQ(errors, drive_stat(&self->d, "runs_failed"));
	EXPECT_EQ(0, reads(self, self->value, 0, 200));
	EXPECT_EQ(0, le16toh(self->r.out.rec.flags));
}

/* ---- stores ---- */

/* A run that stores len zeroes under a key; it may below the prefix, NULL: it has no grant. */
static struct nvme_uring_cmd store_cmd(struct source_run *r, const char *prefix, const char *key,
				       __u64 len, __u64 flags)
{
	struct kcsd_key_grant grant = { .access = KCSD_GRANT_WRITE };
	__u8 *at = r->data.args;

	*r = (struct source_run) { .pind = STORER, .cparam1 = len, .cparam2 = flags };
	if (prefix) {
		grant.len = strlen(prefix);
		memcpy(grant.prefix, prefix, grant.len);
		memcpy(at, &grant, sizeof(grant));
		at += sizeof(grant);
		r->data.header.nr_key_grants = htole16(1);
	}
	memcpy(at, key, strlen(key));
	r->args_len = at + strlen(key) - r->data.args;
	return source_run_cmd(r);
}

/* Returns the value of the helper, or the status of the run. */
static __s64 stores(FIXTURE_DATA(objects) *self, const char *prefix, const char *key, __u64 len,
		    __u64 flags)
{
	struct nvme_uring_cmd c = store_cmd(&self->r, prefix, key, len, flags);
	int ret = cmd_io_way(CMD_IOCTL64, self->d.compute, &c, &self->r.result);

	return ret ? ret : (__s64)self->r.result;
}

TEST_F(objects, stores_below_a_prefix)
{
	__u8 *zeroes = calloc(1, VALUE), *got = malloc(VALUE);
	__u64 len;

	ASSERT_TRUE(zeroes && got);
	EXPECT_EQ(0, stores(self, "out/", "out/1", 1000, 0));
	EXPECT_EQ(1000, le64toh(self->r.out.rec.written_bytes));
	EXPECT_EQ(0, kv_retrieve(self->d.kv, KV_STR("out/1"), got, VALUE, &len));
	EXPECT_EQ(1000, len);
	EXPECT_EQ(0, memcmp(got, zeroes, 1000));
	EXPECT_EQ(0, stores(self, "out/", "out/", VALUE, 0));
	EXPECT_EQ(0, stores(self, "", "anything", 0, 0));
	EXPECT_EQ(0, kv_exist(self->d.kv, KV_STR("anything")));
	EXPECT_EQ(-KCSD_EACCES, stores(self, "out/", "out", 1, 0));
	EXPECT_EQ(-KCSD_EACCES, stores(self, "out/", "in/1", 1, 0));
	EXPECT_EQ(-KCSD_EACCES, stores(self, NULL, "out/1", 1, 0));
	EXPECT_EQ(-KCSD_EINVAL, stores(self, "", "", 1, 0));
	EXPECT_EQ(-KCSD_EINVAL, stores(self, "", "0123456789abcdefg", 1, 0));
	EXPECT_EQ(-KCSD_EINVAL, stores(self, "", "a", 1, 3));
	EXPECT_EQ(-KCSD_EINVAL, stores(self, "", "a", 1, 4));
	EXPECT_EQ(KCSD_SC_NO_KEY, kv_exist(self->d.kv, KV_STR("in/1")));
	free(zeroes);
	free(got);
}

static int get_log(FIXTURE_DATA(objects) *self, void *log, size_t len)
{
	struct nvme_uring_cmd c = cmd_log(KCSD_LOG_PROGRAM_OUTPUT, log, len, 0);

	return cmd_admin(self->d.ctrl, &c);
}

/* The log of programs has the key that was refused. */
TEST_F(objects, refused_key_in_the_log)
{
	static const char want[] = "kv_store: no grant for key \"in/1??\"";
	struct {
		struct kcsd_log_header header;
		struct kcsd_log_entry entry[KCSD_LOG_ENTRIES];
	} *log = calloc(1, sizeof(*log));

	ASSERT_NE(NULL, log);
	EXPECT_EQ(-KCSD_EACCES, stores(self, "out/", "in/1\n\x80", 1, 0));
	ASSERT_EQ(0, get_log(self, log, sizeof(*log)));
	ASSERT_EQ(1, le32toh(log->header.nr));
	EXPECT_EQ(KCSD_LOG_LINE, log->entry[0].type);
	EXPECT_EQ(STORER, le16toh(log->entry[0].pind));
	ASSERT_EQ(strlen(want), log->entry[0].text_len);
	EXPECT_EQ(0, memcmp(want, log->entry[0].text, strlen(want)));
	free(log);
}

/* The audit names what was stored, each key once, and not what failed. */
TEST_F(objects, audit_of_stores)
{
	struct nvme_uring_cmd c = store_cmd(&self->r, "", "out/1", 10, 0);
	const struct kcsd_audit_header *h;
	const struct kcsd_audit_range *range;

	self->r.data.header.flags = htole32(KCSD_RUN_HEADER_AUDIT);
	ASSERT_EQ(0, cmd_io_way(CMD_IOCTL64, self->d.compute, &c, &self->r.result));
	h = (const void *)&self->r.out + le32toh(self->r.out.rec.audit_off);
	range = (const void *)(h + 1);
	ASSERT_EQ(1, le32toh(h->nr));
	EXPECT_EQ(KCSD_GRANT_WRITE | KCSD_AUDIT_OBJECT, range->access);
	EXPECT_EQ(5, range->key_len);
	EXPECT_EQ(0, memcmp(range, "out/1\0\0\0\0\0\0\0\0\0\0\0", 16));
	c = store_cmd(&self->r, "", "out/2", 10, KCSD_STORE_MUST_EXIST);
	self->r.data.header.flags = htole32(KCSD_RUN_HEADER_AUDIT);
	ASSERT_EQ(0, cmd_io_way(CMD_IOCTL64, self->d.compute, &c, &self->r.result));
	EXPECT_EQ(-KCSD_ENOENT, (__s64)self->r.result);
	h = (const void *)&self->r.out + le32toh(self->r.out.rec.audit_off);
	EXPECT_EQ(0, le32toh(h->nr));
}

TEST_F(objects, stores_on_conditions)
{
	EXPECT_EQ(-KCSD_ENOENT, stores(self, "", "a", 1, KCSD_STORE_MUST_EXIST));
	EXPECT_EQ(0, stores(self, "", "a", 1, KCSD_STORE_MUST_NOT_EXIST));
	EXPECT_EQ(-KCSD_EEXIST, stores(self, "", "a", 1, KCSD_STORE_MUST_NOT_EXIST));
	EXPECT_EQ(0, stores(self, "", "a", 2, KCSD_STORE_MUST_EXIST));
	EXPECT_EQ(0, le16toh(self->r.out.rec.flags));
	ASSERT_EQ(0, set_rule(&self->d, "store media_error next=1"));
	EXPECT_EQ(-KCSD_EIO, stores(self, "", "a", 3, 0));
	EXPECT_EQ(KCSD_RECORD_MEDIUM | KCSD_RECORD_OBJECT, le16toh(self->r.out.rec.flags));
}

/* A store that takes longer than the run may: the run ends in time, and nothing is stored. */
TEST_F(objects, store_at_the_deadline)
{
	struct nvme_uring_cmd c = store_cmd(&self->r, "", "late", VALUE, 0);
	__u64 start = time_ns();

	self->r.data.header.timeout_ms = htole32(100);
	ASSERT_EQ(0, set_rule(&self->d, "store delay=300000"));
	EXPECT_EQ(KCSD_SC_PROGRAM_TIME,
		  cmd_io_way(CMD_IOCTL64, self->d.compute, &c, &self->r.result));
	EXPECT_GT(20000000000ull * time_slow(), time_ns() - start);
	ASSERT_EQ(0, set_rule(&self->d, "clear"));
	EXPECT_EQ(KCSD_SC_NO_KEY, kv_exist(self->d.kv, KV_STR("late")));
	EXPECT_EQ(0, stores(self, "", "late", VALUE, 0));
}

/* Cancelled in the middle of a store: the same. */
TEST_F(objects, store_that_is_cancelled)
{
	struct waiting w = { .fd = self->d.compute, .r = &self->r };

	ASSERT_EQ(0, set_rule(&self->d, "store delay=300000"));
	store_cmd(&self->r, "", "late", VALUE, 0);
	ASSERT_EQ(0, pthread_create(&w.thread, NULL, run_thread, &w));
	EXPECT_TRUE(wait_number(self->d.compute, "kcsd-running:", 1));
	EXPECT_EQ(0, format_objects(&self->d));
	pthread_join(w.thread, NULL);
	EXPECT_EQ(KCSD_SC_PROGRAM_CANCELLED, w.ret);
	ASSERT_EQ(0, set_rule(&self->d, "clear"));
	EXPECT_EQ(KCSD_SC_NO_KEY, kv_exist(self->d.kv, KV_STR("late")));
}

TEST_F(objects, stores_until_it_is_full)
{
	char key[16];
	__s64 ret = 0;

	for (int i = 0; !ret && i < 1000; i++) {
		snprintf(key, sizeof(key), "full/%d", i);
		ret = stores(self, "full/", key, VALUE, 0);
	}
	EXPECT_EQ(-KCSD_ENOSPC, ret);
	EXPECT_EQ(0, kv_exist(self->d.kv, KV_STR("full/0")));
}

/* Data that is not a key grant, and senders who may not write. */
TEST_F(objects, refused_key_grants)
{
	struct nvme_uring_cmd c = store_cmd(&self->r, "out/", "out/1", 1, 0);
	struct kcsd_key_grant good, *g = (void *)self->r.data.args;
	char path[64];
	__u64 result;
	int fd;

	good = *g;
	for (int i = 0; i < 6; i++) {
		*g = good;
		g->len = i == 0 ? 17 : i == 1 ? 3 : good.len;
		g->access = i == 2 ? 0 : i == 3 ? KCSD_GRANT_READ | KCSD_GRANT_WRITE : good.access;
		g->rsvd[0] = i == 4;
		g->prefix[15] = i == 5;
		EXPECT_EQ(KCSD_SC_INVALID_FIELD,
			  cmd_io_way(CMD_IOCTL64, self->d.compute, &c, &result)) TH_LOG("%d", i);
		EXPECT_EQ(KCSD_FIELD_DPTR, result);
	}
	*g = good;
	self->r.data.header.nr_key_grants = htole16(KCSD_MAX_KEY_GRANTS + 1);
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, cmd_io_way(CMD_IOCTL64, self->d.compute, &c, &result));
	self->r.data.header.nr_key_grants = htole16(3);
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, cmd_io_way(CMD_IOCTL64, self->d.compute, &c, &result));
	self->r.data.header.nr_key_grants = htole16(1);
	drive_generic_node(path, sizeof(path), self->d.index, KCSD_NSID_COMPUTE);
	fd = open(path, O_RDONLY);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, admin_set(false));
	EXPECT_EQ(-EACCES, cmd_io_way(CMD_IOCTL64, fd, &c, &result));
	EXPECT_EQ(KCSD_SC_NO_KEY, kv_exist(self->d.kv, KV_STR("out/1")));
	close(fd);
	EXPECT_EQ(0, cmd_io_way(CMD_IOCTL64, self->d.compute, &c, &result));
	EXPECT_EQ(0, kv_exist(self->d.kv, KV_STR("out/1")));
}

/* Many runs store at once; all objects are there. */
TEST_F(objects, stores_of_many_runs)
{
	static struct source_run run[64];
	struct io_uring ring;
	char key[16];
	__u64 tag;
	int res;

	ASSERT_EQ(0, ring_open(&ring, 64, true));
	for (int i = 0; i < 64; i++) {
		struct nvme_uring_cmd c;

		snprintf(key, sizeof(key), "at/%d", i);
		c = store_cmd(&run[i], "at/", key, i * 100, 0);
		ASSERT_EQ(0, ring_put(&ring, self->d.compute, NVME_URING_CMD_IO, &c, i));
	}
	ASSERT_EQ(64, io_uring_submit(&ring));
	for (int i = 0; i < 64; i++) {
		ASSERT_EQ(0, ring_get(&ring, 10000, &tag, &res, NULL));
		EXPECT_EQ(0, res);
	}
	for (int i = 0; i < 64; i++) {
		__u64 len;

		snprintf(key, sizeof(key), "at/%d", i);
		EXPECT_EQ(0, kv_retrieve(self->d.kv, KV_STR(key), self->value, VALUE, &len));
		EXPECT_EQ(i * 100, len);
	}
	io_uring_queue_exit(&ring);
}

DRIVE_TEST_MAIN
