// SPDX-License-Identifier: GPL-2.0
/* Test Run Receive: output that the host takes while the run goes on, and runs that wait for it. */
#include "harness.h"
#include "admin.h"
#include "freezer.h"
#include "process.h"
#include "tenant.h"

#include <endian.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#define CHUNK		5000		/* bytes of an emit: aligned to nothing */
#define LONG		(3u << 20)	/* bytes of a long output */
#define BUF		(1u << 20)
#define RECORD_MAX	0x8000

/* Emit cparam1 chunks of cparam2 bytes, each filled with its number. Returns cparam1. */
static const struct bpf_insn prog_chunks[] = {
	I_MOVR(R6, R1), I_CTX(R8, R6, cparam1), I_MOV(R7, 0),
	I_JMPR(BPF_JGE, R7, R8, 9),
	I_CTX(R1, R6, heap), I_MOVR(R2, R7), I_CTX(R3, R6, cparam2), I_HELPER(memset),
	I_CTX(R1, R6, heap), I_CTX(R2, R6, cparam2), I_HELPER(emit),
	I_ADD(R7, 1), I_JA(-10),
	I_MOVR(R0, R7), I_EXIT,
};

enum { CHUNKS, SEVEN };

/* A run on its way: sent through a ring, its output taken by ioctl. */
struct sent {
	struct io_uring ring;
	bool open;
	struct {
		struct kcsd_run_header header;
		struct kcsd_lba_grant grant[2];
	} data;
	struct nvme_uring_cmd cmd;
};

FIXTURE(receive) {
	struct drive d;
	struct sent run[KCSD_MAX_WAITING_RUNS + 1];
	__u8 *buf;
	struct kcsd_run_record rec;
	__u8 rest[RECORD_MAX];
};

FIXTURE_VARIANT(receive) {
	const char *engine;
	__u64 budget;
};

FIXTURE_VARIANT_ADD(receive, jit) { .engine = "jit" };
FIXTURE_VARIANT_ADD(receive, jit_counts) { .engine = "jit", .budget = 1ull << 40 };
FIXTURE_VARIANT_ADD(receive, interp) { .engine = "interp" };

static int install(struct drive *d)
{
	const struct image chunks = {
		.insns = prog_chunks, .insn_cnt = ARRAY_SIZE(prog_chunks), .heap_len = 65536,
	};
	int ret = prog_install_image(d->ctrl, CHUNKS, &chunks);

	return ret ? ret : prog_install(d->ctrl, SEVEN, prog_seven);
}

FIXTURE_SETUP(receive)
{
	const struct drive_attr attrs[] = {
		DRIVE_SMALL, { "engine", variant->engine }, { "cus", "1" }, {}
	};

	drive_sweep();
	self->buf = malloc(BUF + 1);
	ASSERT_NE(NULL, self->buf);
	ASSERT_EQ(0, drive_create(&self->d, "receive", attrs));
	ASSERT_EQ(0, install(&self->d));
}

static void close_run(struct sent *s)
{
	if (s->open)
		io_uring_queue_exit(&s->ring);
	s->open = false;
}

FIXTURE_TEARDOWN(receive)
{
	for (size_t i = 0; i < ARRAY_SIZE(self->run); i++)
		close_run(&self->run[i]);
	EXPECT_EQ(0, drive_remove(&self->d));
	freezer_close();
	free(self->buf);
}

/* Make a run that emits nr chunks, with output ID oid. */
static void make(struct sent *s, __u16 oid, __u64 nr, __u32 out_len, __u32 flags)
{
	s->data.header = (struct kcsd_run_header) {
		.size = htole32(sizeof(s->data.header)), .flags = htole32(flags),
		.oid = htole16(oid), .out_len = htole32(out_len),
	};
	s->cmd = (struct nvme_uring_cmd) {
		.opcode = KCSD_CMD_EXECUTE_SOURCES, .nsid = KCSD_NSID_COMPUTE,
		.cdw2 = CHUNKS, .cdw10 = nr, .cdw12 = CHUNK,
		.addr = (uintptr_t)&s->data, .data_len = sizeof(s->data.header),
	};
}

static int send_to(struct sent *s, int fd)
{
	int ret = ring_open(&s->ring, 4, true);

	if (ret)
		return ret;
	s->open = true;
	ret = ring_put(&s->ring, fd, NVME_URING_CMD_IO, &s->cmd, 1);
	return ret ? ret : io_uring_submit(&s->ring) == 1 ? 0 : -EIO;
}

/* Make and send a run whose output waits for its reader. */
static int send_waiting(FIXTURE_DATA(receive) *self, int i, __u64 nr, __u64 budget)
{
	make(&self->run[i], i + 1, nr, KCSD_MIN_WINDOW, KCSD_RUN_HEADER_WAIT);
	self->run[i].data.header.budget = htole64(budget);
	return send_to(&self->run[i], self->d.compute);
}

/* Wait for the completion of a run. Returns its status. */
static int completed(struct sent *s, __u64 *result)
{
	__u64 tag;
	int res = -1, ret = ring_get(&s->ring, 10000, &tag, &res, result);

	return ret ? ret : cmd_status(res);
}

static struct nvme_uring_cmd receive_cmd(__u32 cdw10, void *buf, __u32 len)
{
	return (struct nvme_uring_cmd) {
		.opcode = KCSD_CMD_RUN_RECEIVE, .nsid = KCSD_NSID_COMPUTE,
		.cdw10 = cdw10, .cdw11 = len, .addr = (uintptr_t)buf, .data_len = len,
	};
}

static int receive(int fd, __u32 cdw10, void *buf, __u32 len, __u64 *result)
{
	struct nvme_uring_cmd c = receive_cmd(cdw10, buf, len);

	return cmd_io_way(CMD_IOCTL64, fd, &c, result);
}

/* Receive up to the end, len bytes at a time. Returns the bytes if they are right, or -1. */
static __s64 receive_all(FIXTURE_DATA(receive) *self, __u16 oid, __u32 len)
{
	__u64 result = 0, all = 0;
	int ret;

	while (!(result & KCSD_RECEIVE_END)) {
		ret = receive(self->d.compute, oid, self->buf, len, &result);
		if (ret || (__u32)result > len) {
			ksft_print_msg("receive: %#x\n", ret);
			return -1;
		}
		for (__u32 i = 0; i < (__u32)result; i++, all++)
			if (self->buf[i] != (__u8)(all / CHUNK)) {
				ksft_print_msg("byte %llu is wrong\n", (unsigned long long)all);
				return -1;
			}
	}
	return all;
}

static int receive_record(FIXTURE_DATA(receive) *self, __u16 oid, __u64 *result)
{
	int ret = receive(self->d.compute, oid | KCSD_RECEIVE_RECORD, self->rest,
			  sizeof(self->rest), result);

	memcpy(&self->rec, self->rest, sizeof(self->rec));
	return ret;
}

TEST_F(receive, output_and_record)
{
	struct sent *s = &self->run[0];
	__u64 result = 0;

	make(s, 3, 2, 2 * CHUNK, 0);
	s->data.header.budget = htole64(variant->budget);
	ASSERT_EQ(0, send_to(s, self->d.compute));
	EXPECT_EQ(0, completed(s, &result));
	EXPECT_EQ(2, result);
	/* The record comes last. */
	EXPECT_EQ(KCSD_SC_OUTPUT_IN_USE, receive_record(self, 3, &result));
	EXPECT_EQ(0, receive(self->d.compute, 3, self->buf, 100, &result));
	EXPECT_EQ(100, result);
	EXPECT_EQ(0, receive(self->d.compute, 3, self->buf, BUF, &result));
	EXPECT_EQ(KCSD_RECEIVE_END | (2 * CHUNK - 100), result);
	EXPECT_EQ(0, self->buf[CHUNK - 101]);
	EXPECT_EQ(1, self->buf[CHUNK - 100]);
	EXPECT_EQ(0, receive(self->d.compute, 3, self->buf, BUF, &result));
	EXPECT_EQ(KCSD_RECEIVE_END, result);
	EXPECT_EQ(0, receive_record(self, 3, &result));
	EXPECT_EQ(sizeof(self->rec) | KCSD_RECEIVE_END, result);
	EXPECT_EQ(2 * CHUNK, le32toh(self->rec.out_len));
	EXPECT_EQ(0, le16toh(self->rec.flags));
	EXPECT_EQ(2, le64toh(self->rec.result));
	EXPECT_EQ(0, le32toh(self->rec.audit_off));
	/* That was all: the output is released. */
	EXPECT_EQ(KCSD_SC_INVALID_OUTPUT, receive_record(self, 3, &result));
}

TEST_F(receive, more_than_it_keeps_is_cut)
{
	struct sent *s = &self->run[0];
	__u64 result;

	make(s, 1, 3, 2 * CHUNK + 10, 0);
	ASSERT_EQ(0, send_to(s, self->d.compute));
	EXPECT_EQ(0, completed(s, &result));
	EXPECT_EQ(2 * CHUNK, receive_all(self, 1, BUF));
	EXPECT_EQ(0, receive_record(self, 1, &result));
	EXPECT_EQ(KCSD_RECORD_CUT, le16toh(self->rec.flags));
}

TEST_F(receive, of_any_size)
{
	static const __u32 lens[] = { 1000, 4096, 65537, BUF };
	__u64 nr = LONG / CHUNK, result = 0;

	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		struct sent *s = &self->run[0];

		ASSERT_EQ(0, send_waiting(self, 0, nr, variant->budget));
		EXPECT_EQ(nr * CHUNK, receive_all(self, 1, lens[i]))
			TH_LOG("by %u", lens[i]);
		EXPECT_EQ(0, completed(s, &result));
		EXPECT_EQ(nr, result);
		EXPECT_EQ(0, receive_record(self, 1, &result));
		EXPECT_EQ(nr * CHUNK, le32toh(self->rec.out_len));
		EXPECT_EQ(0, le16toh(self->rec.flags));
		close_run(s);
	}
	EXPECT_EQ(0, drive_number(&self->d, "units/waiting"));
}

/* A run that waits occupies no unit, and its time limit stands still. */
TEST_F(receive, others_run_while_it_waits)
{
	__u64 nr = LONG / CHUNK, result, busy;

	make(&self->run[0], 1, nr, KCSD_MIN_WINDOW, KCSD_RUN_HEADER_WAIT);
	self->run[0].data.header.timeout_ms = htole32(300 * time_slow());
	self->run[0].data.header.budget = htole64(variant->budget);
	ASSERT_EQ(0, send_to(&self->run[0], self->d.compute));
	ASSERT_TRUE(drive_becomes(&self->d, "units/waiting", 1));
	EXPECT_EQ(0, drive_number(&self->d, "units/running"));
	for (int i = 0; i < 10; i++)
		EXPECT_TRUE(run_works(self->d.compute, SEVEN));
	busy = drive_number(&self->d, "units/0/busy_ns");
	usleep(400000 * time_slow());
	EXPECT_EQ(busy, drive_number(&self->d, "units/0/busy_ns"));
	EXPECT_EQ(nr * CHUNK, receive_all(self, 1, BUF));
	EXPECT_EQ(0, completed(&self->run[0], &result));
	EXPECT_EQ(0, receive_record(self, 1, &result));
	EXPECT_LT(400000000, le64toh(self->rec.wait_ns));
	EXPECT_TRUE(run_works(self->d.compute, SEVEN));
	EXPECT_EQ(1, drive_becomes(&self->d, "units/running", 0));
}

/* While one waits for a place again, its unit has none. */
TEST_F(receive, it_waits_for_its_turn)
{
	struct nvme_uring_cmd endless = { 0 };
	__u64 nr = LONG / CHUNK, result;
	struct tenant blocker;

	ASSERT_EQ(0, prog_install(self->d.ctrl, 2, prog_endless));
	ASSERT_EQ(0, tenant_open(&blocker, &self->d));
	ASSERT_EQ(0, send_waiting(self, 0, nr, variant->budget));
	ASSERT_TRUE(drive_becomes(&self->d, "units/waiting", 1));
	endless = tenant_cmd(2, 0, 0);
	ASSERT_EQ(0, tenant_send(&blocker, &endless, 1, 0));
	ASSERT_TRUE(drive_becomes(&self->d, "units/running", 1));
	EXPECT_EQ(0, receive(self->d.compute, 1, self->buf, BUF, &result));
	EXPECT_EQ(KCSD_MIN_WINDOW, result);
	ASSERT_TRUE(drive_becomes(&self->d, "units/queued", 1));
	EXPECT_EQ(0, drive_number(&self->d, "units/waiting"));
	EXPECT_EQ(1, drive_number(&self->d, "units/running"));
	tenant_close(&blocker);
	while (!(result & KCSD_RECEIVE_END))
		ASSERT_EQ(0, receive(self->d.compute, 1, self->buf, BUF, &result));
	EXPECT_EQ(0, completed(&self->run[0], &result));
	EXPECT_TRUE(drive_becomes(&self->d, "units/running", 0));
}

/* Cancel it in its wait, and while it waits for a place again. */
TEST_F(receive, cancel)
{
	struct nvme_uring_cmd endless = { 0 };
	struct tenant blocker;
	__u64 result;

	ASSERT_EQ(0, prog_install(self->d.ctrl, 2, prog_endless));
	for (int i = 0; i < 20; i++) {
		bool queued = i % 2;

		ASSERT_EQ(0, send_waiting(self, 0, LONG / CHUNK, variant->budget));
		ASSERT_TRUE(drive_becomes(&self->d, "units/waiting", 1));
		if (queued) {
			ASSERT_EQ(0, tenant_open(&blocker, &self->d));
			endless = tenant_cmd(2, 0, 0);
			ASSERT_EQ(0, tenant_send(&blocker, &endless, 1, 0));
			ASSERT_TRUE(drive_becomes(&self->d, "units/running", 1));
			EXPECT_EQ(0, receive(self->d.compute, 1, self->buf, BUF, &result));
			ASSERT_TRUE(drive_becomes(&self->d, "units/queued", 1));
		}
		close_run(&self->run[0]);
		EXPECT_TRUE(drive_becomes(&self->d, "stats/faults_cancelled", i + 1 + i / 2));
		EXPECT_TRUE(drive_becomes(&self->d, "units/waiting", 0));
		EXPECT_TRUE(drive_becomes(&self->d, "units/running", queued));
		if (queued)
			tenant_close(&blocker);
		/* What it emitted before is still there, and where it was cancelled. */
		while (!receive(self->d.compute, 1, self->buf, BUF, &result) &&
		       !(result & KCSD_RECEIVE_END))
			;
		EXPECT_EQ(0, receive_record(self, 1, &result));
		EXPECT_EQ(KCSD_FAULT_CANCELLED, le32toh(self->rec.reason));
		EXPECT_TRUE(run_works(self->d.compute, SEVEN));
	}
}

TEST_F(receive, power_off)
{
	ASSERT_EQ(0, send_waiting(self, 0, LONG / CHUNK, variant->budget));
	ASSERT_EQ(0, send_waiting(self, 1, LONG / CHUNK, variant->budget));
	ASSERT_TRUE(drive_becomes(&self->d, "units/waiting", 2));
	EXPECT_EQ(0, drive_power(&self->d, false));
	EXPECT_EQ(KCSD_SC_PROGRAM_CANCELLED, completed(&self->run[0], NULL));
	EXPECT_EQ(KCSD_SC_PROGRAM_CANCELLED, completed(&self->run[1], NULL));
}

/* A user may have half of the runs that wait. */
TEST_F(receive, too_many)
{
	const int half = KCSD_MAX_WAITING_RUNS / 2;
	struct sent *last = &self->run[half];
	struct tenant other;
	int ret;

	for (int i = 0; i < half; i++)
		ASSERT_EQ(0, send_waiting(self, i, LONG / CHUNK, variant->budget));
	EXPECT_TRUE(drive_becomes(&self->d, "units/waiting", half))
		TH_LOG("%llu", (unsigned long long)drive_number(&self->d, "units/waiting"));
	ASSERT_EQ(0, tenant_open(&other, &self->d));
	make(last, 1, 1, KCSD_MIN_WINDOW, KCSD_RUN_HEADER_WAIT);
	ASSERT_EQ(0, send_to(last, other.fd));
	ret = completed(last, NULL);
	EXPECT_EQ(KCSD_SC_INSUFFICIENT_RESOURCES, ret);
	close_run(&self->run[0]);
	EXPECT_TRUE(drive_becomes(&self->d, "units/waiting", half - 1));
	/* The cancelled run gives back its share when it ends, a little later. */
	for (int i = 0; i < 1000 && ret == KCSD_SC_INSUFFICIENT_RESOURCES; i++) {
		close_run(last);
		ASSERT_EQ(0, send_to(last, other.fd));
		ret = completed(last, NULL);
	}
	EXPECT_EQ(0, ret);
	tenant_close(&other);
}

TEST_F(receive, oid_in_use)
{
	__u64 result;

	ASSERT_EQ(0, send_waiting(self, 0, LONG / CHUNK, variant->budget));
	make(&self->run[1], 1, 1, 4096, 0);
	ASSERT_EQ(0, send_to(&self->run[1], self->d.compute));
	EXPECT_EQ(KCSD_SC_OUTPUT_IN_USE, completed(&self->run[1], NULL));
	close_run(&self->run[0]);
	close_run(&self->run[1]);
	EXPECT_TRUE(drive_becomes(&self->d, "stats/faults_cancelled", 1));
	/* A run that has ended makes way for the next. */
	make(&self->run[1], 1, 1, CHUNK, 0);
	ASSERT_EQ(0, send_to(&self->run[1], self->d.compute));
	EXPECT_EQ(0, completed(&self->run[1], NULL));
	EXPECT_EQ(CHUNK, receive_all(self, 1, BUF));
	EXPECT_EQ(0, receive_record(self, 1, &result));
}

/* A command that waits for output: another is refused; killed with its process, it ends. */
TEST_F(receive, one_receives_at_a_time)
{
	struct nvme_uring_cmd endless;
	struct tenant blocker;
	__u64 result;
	pid_t child;

	ASSERT_EQ(0, prog_install(self->d.ctrl, 2, prog_endless));
	ASSERT_EQ(0, tenant_open(&blocker, &self->d));
	endless = tenant_cmd(2, 0, 0);
	ASSERT_EQ(0, tenant_send(&blocker, &endless, 1, 0));
	ASSERT_TRUE(drive_becomes(&self->d, "units/running", 1));
	ASSERT_EQ(0, send_waiting(self, 0, 1, variant->budget));
	child = fork();
	if (!child)
		_exit(receive(self->d.compute, 1, self->buf, BUF, &result) ? 1 : 0);
	for (int i = 0; i < 1000; i++) {
		if (receive(self->d.compute, 1 | KCSD_RECEIVE_RECORD, self->buf, BUF, &result) ==
		    KCSD_SC_OUTPUT_IN_USE)
			break;
		usleep(1000);
	}
	usleep(20000 * time_slow());
	EXPECT_EQ(KCSD_SC_OUTPUT_IN_USE, receive(self->d.compute, 1, self->buf, BUF, &result));
	EXPECT_EQ(0, kill(child, SIGKILL));
	EXPECT_EQ(child, waitpid(child, NULL, 0));
	tenant_close(&blocker);
	EXPECT_EQ(CHUNK, receive_all(self, 1, BUF));
	EXPECT_EQ(0, completed(&self->run[0], NULL));
}

/* A reader that is frozen in its wait: it holds nothing that power off waits for. */
static void test_frozen(struct __test_metadata *_metadata, FIXTURE_DATA(receive) *self, int version)
{
	__u64 result;
	pid_t child;
	int status;

	if (freezer_open(version))
		SKIP(return, "the kernel has no control group freezer of version %d", version);
	ASSERT_EQ(0, prog_install(self->d.ctrl, 2, prog_endless));
	make(&self->run[0], 1, 0, CHUNK, 0);
	self->run[0].cmd.cdw2 = 2;
	ASSERT_EQ(0, send_to(&self->run[0], self->d.compute));
	child = fork();
	if (!child)
		_exit(-receive(self->d.compute, 1, self->buf, BUF, &result));
	EXPECT_EQ('D', process_becomes(child, "D"));
	EXPECT_EQ(0, freezer_freeze(child));
	EXPECT_TRUE(freezer_power_off(&self->d));
	EXPECT_EQ(child, waitpid(child, &status, 0));
	EXPECT_TRUE(WIFEXITED(status));
	EXPECT_EQ(ENODEV, WEXITSTATUS(status));
	EXPECT_EQ(KCSD_SC_PROGRAM_CANCELLED, completed(&self->run[0], NULL));
}

TEST_F(receive, frozen_reader)
{
	test_frozen(_metadata, self, 1);
}

TEST_F(receive, frozen_reader_of_version_2)
{
	test_frozen(_metadata, self, 2);
}

TEST_F(receive, grants_and_audit)
{
	struct sent *s = &self->run[0];
	struct kcsd_audit_header *head = (void *)(self->rest + sizeof(self->rec));
	__u64 result;

	make(s, 1, 1, CHUNK, KCSD_RUN_HEADER_AUDIT | KCSD_RUN_HEADER_LEN);
	s->data.header.nr_grants = htole16(2);
	s->data.header.stream_len = htole64(5000);
	s->data.grant[0] = (struct kcsd_lba_grant) { .nlb = htole32(1), .access = KCSD_GRANT_READ };
	s->data.grant[1] = s->data.grant[0];
	s->data.grant[1].slba = htole64(9);
	s->cmd.data_len += 2 * sizeof(s->data.grant[0]);
	ASSERT_EQ(0, send_to(s, self->d.compute));
	EXPECT_EQ(0, completed(s, &result));
	EXPECT_EQ(CHUNK, receive_all(self, 1, BUF));
	EXPECT_EQ(0, receive_record(self, 1, &result));
	EXPECT_EQ(sizeof(self->rec), le32toh(self->rec.audit_off));
	EXPECT_EQ(sizeof(*head), le32toh(self->rec.audit_len));
	EXPECT_EQ(0, le32toh(head->nr));
}

/* Change one thing of a valid run. Returns its status. */
static int refused(FIXTURE_DATA(receive) *self, void (*change)(struct sent *s))
{
	struct sent *s = &self->run[0];

	make(s, 1, 1, KCSD_MIN_WINDOW, KCSD_RUN_HEADER_WAIT);
	change(s);
	return cmd_io_way(CMD_IOCTL64, self->d.compute, &s->cmd, NULL);
}

static void no_change(struct sent *s) { (void)s; }
static void oid_0(struct sent *s) { s->data.header.oid = 0; }
static void oid_17(struct sent *s) { s->data.header.oid = htole16(KCSD_MAX_OUTPUTS + 1); }
static void small(struct sent *s) { s->data.header.out_len = htole32(KCSD_MIN_WINDOW - 1); }
static void large(struct sent *s) { s->data.header.out_len = htole32(KCSD_MAX_OUTPUT + 1); }
static void unknown_flag(struct sent *s) { s->data.header.flags |= htole32(8); }
static void reserved(struct sent *s)
{
	s->data.header.rsvd[sizeof(s->data.header.rsvd) - 1] = 1;
}
static void length(struct sent *s) { s->data.header.stream_len = htole64(1); }
static void long_stream(struct sent *s)
{
	s->data.header.flags |= htole32(KCSD_RUN_HEADER_LEN);
	length(s);
}
static void grants(struct sent *s) { s->data.header.nr_grants = htole16(KCSD_MAX_GRANTS + 1); }
static void short_data(struct sent *s) { s->data.header.nr_grants = htole16(1); }
static void metadata(struct sent *s)
{
	s->cmd.metadata = (uintptr_t)s;
	s->cmd.metadata_len = sizeof(*s);
}
static void slid(struct sent *s) { s->cmd.cdw3 = KCSD_MAX_SOURCE_LISTS + 1; }

TEST_F(receive, refusals)
{
	static void (* const change[])(struct sent *s) = {
		oid_0, oid_17, small, large, unknown_flag, reserved, length, long_stream, grants,
		short_data, metadata, slid,
	};
	struct nvme_uring_cmd c;
	__u64 result;

	EXPECT_EQ(0, refused(self, no_change));
	EXPECT_EQ(CHUNK, receive_all(self, 1, BUF));
	for (size_t i = 0; i < ARRAY_SIZE(change); i++) {
		EXPECT_EQ(KCSD_SC_INVALID_FIELD, refused(self, change[i]))
			TH_LOG("change %zu", i);
	}
	for (__u32 cdw10 = 0; cdw10 <= 1u << 17; cdw10 += 1u << 17)
		EXPECT_EQ(KCSD_SC_INVALID_FIELD,
			  receive(self->d.compute, cdw10, self->buf, 64, &result));
	EXPECT_EQ(KCSD_SC_INVALID_FIELD,
		  receive(self->d.compute, KCSD_MAX_OUTPUTS + 1, self->buf, 64, &result));
	EXPECT_EQ(KCSD_SC_INVALID_OUTPUT, receive(self->d.compute, 2, self->buf, 64, &result));
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, receive(self->d.compute, 1, self->buf, 0, &result));
	EXPECT_EQ(KCSD_SC_INVALID_FIELD,
		  receive(self->d.compute, 1, self->buf, KCSD_MAX_RECEIVE + 1, &result));
	c = receive_cmd(1, self->buf, 64);
	c.cdw11 = 63;
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, cmd_io(self->d.compute, &c));
	/* Too short for the record: it stays. */
	EXPECT_EQ(KCSD_SC_INVALID_FIELD,
		  receive(self->d.compute, 1 | KCSD_RECEIVE_RECORD, self->buf, 95, &result));
	EXPECT_EQ(0, receive_record(self, 1, &result));
}

/* Output of another file is not there. */
TEST_F(receive, is_of_the_file)
{
	struct tenant other;
	__u64 result;

	EXPECT_EQ(0, refused(self, no_change));
	ASSERT_EQ(0, tenant_open(&other, &self->d));
	EXPECT_EQ(KCSD_SC_INVALID_OUTPUT, receive(other.fd, 1, self->buf, BUF, &result));
	tenant_close(&other);
	EXPECT_EQ(CHUNK, receive_all(self, 1, BUF));
}

/* Output from before a Sanitize may be erased data: of a run that has ended, of one that waits. */
TEST_F(receive, sanitize_drops_it)
{
	struct nvme_uring_cmd c = { .opcode = ADMIN_SANITIZE, .cdw10 = 2 /* block erase */ };
	__u64 result;

	for (__u16 i = 1; i <= 2; i++) {
		make(&self->run[i], i + 1, 2, 2 * CHUNK, 0);
		ASSERT_EQ(0, send_to(&self->run[i], self->d.compute));
		EXPECT_EQ(0, completed(&self->run[i], NULL));
	}
	ASSERT_EQ(0, send_waiting(self, 0, LONG / CHUNK, variant->budget));
	ASSERT_TRUE(drive_becomes(&self->d, "units/waiting", 1));
	ASSERT_EQ(0, cmd_admin(self->d.ctrl, &c));
	EXPECT_EQ(KCSD_SC_PROGRAM_CANCELLED, completed(&self->run[0], NULL));
	for (__u16 oid = 1; oid <= 2; oid++) {
		/* Sanitize goes on after its command. */
		for (int i = 0; i < 1000; i++, usleep(10000))
			if (receive(self->d.compute, oid, self->buf, BUF, &result) !=
			    KCSD_SC_SANITIZE_IN_PROGRESS)
				break;
		EXPECT_EQ(KCSD_RECEIVE_END, result);
		EXPECT_EQ(0, receive_record(self, oid, &result));
		EXPECT_EQ(0, le32toh(self->rec.out_len));
		EXPECT_EQ(KCSD_RECORD_CUT, le16toh(self->rec.flags));
	}
	/* Nor does the record alone promise bytes that are erased. */
	EXPECT_EQ(0, receive_record(self, 3, &result));
	EXPECT_EQ(0, le32toh(self->rec.out_len));
	EXPECT_EQ(KCSD_RECORD_CUT, le16toh(self->rec.flags));
	EXPECT_TRUE(run_works(self->d.compute, SEVEN));
}

/* Four runs that wait, on one unit, received in turn, while others run. */
TEST_F(receive, many_at_once)
{
	__u64 nr = LONG / CHUNK, result, len[4] = {};
	int open = 4;

	for (int i = 0; i < open; i++)
		ASSERT_EQ(0, send_waiting(self, i, nr, variant->budget));
	for (int i = 0; open; i = (i + 1) % 4) {
		if (len[i] == nr * CHUNK)
			continue;
		ASSERT_EQ(0, receive(self->d.compute, i + 1, self->buf, 100000, &result));
		for (__u32 k = 0; k < (__u32)result; k++, len[i]++)
			ASSERT_EQ((__u8)(len[i] / CHUNK), self->buf[k]);
		open -= !!(result & KCSD_RECEIVE_END);
		EXPECT_TRUE(run_works(self->d.compute, SEVEN));
	}
	for (int i = 0; i < 4; i++)
		EXPECT_EQ(0, completed(&self->run[i], NULL));
	EXPECT_EQ(0, drive_number(&self->d, "units/waiting"));
	EXPECT_TRUE(drive_becomes(&self->d, "units/running", 0));
}

DRIVE_TEST_MAIN
