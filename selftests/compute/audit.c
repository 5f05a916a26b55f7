// SPDX-License-Identifier: GPL-2.0
/* Test the audit of a run, the list of LBAs that it read and wrote, against a model. */
#include "harness.h"
#include "run.h"

#include <endian.h>
#include <stdlib.h>

#define LBA		4096
#define NSZE		4096	/* LBAs of the small drive */
#define MOVE_MAX	4	/* LBAs of one move */
#define MOVES_MAX	(KCSD_MAX_ARGS / sizeof(struct move))
#define AUDIT_LEN \
	(sizeof(struct kcsd_audit_header) + KCSD_MAX_AUDIT * sizeof(struct kcsd_audit_range))
#define BUF_LEN		(sizeof(struct kcsd_run_record) + AUDIT_LEN + 4096)

/* One move that a program does, as an argument of the run. */
struct move {
	__le64 slba;
	__le32 len;	/* bytes */
	__le32 access;	/* KCSD_GRANT_READ or _WRITE */
};

#define MOVE(lba, nr, acc)	{ lba, (nr) * LBA, KCSD_GRANT_##acc }
#define RANGE(lba, nr, acc)	{ .slba = lba, .nlb = nr, .access = KCSD_GRANT_##acc }

/*
 * Emit cparam1 bytes of the heap, then do the moves in the arguments. Returns the number of moves
 * done.
 */
static const struct bpf_insn prog_moves[] = {
	I_MOVR(R6, R1),
	I_CTX(R1, R6, heap), I_CTX(R2, R6, cparam1), I_HELPER(emit),
	I_CTX(R7, R6, args), I_CTX(R8, R6, args_len), I_ALUR(BPF_ADD, R8, R7),
	I_CTX(R9, R6, heap), I_MOV(R6, 0),
	I_JMPR(BPF_JGE, R7, R8, 12),
	I_LDX(BPF_DW, R1, R7, 0), I_MOVR(R2, R9), I_LDX(BPF_W, R3, R7, 8),
	I_LDX(BPF_W, R4, R7, 12), I_JMP(BPF_JEQ, R4, KCSD_GRANT_WRITE, 2),
	I_HELPER(read), I_JA(1),
	I_HELPER(write),
	I_JMP(BPF_JNE, R0, 0, 3),
	I_ADD(R6, 1), I_ADD(R7, sizeof(struct move)), I_JA(-13),
	I_MOVR(R0, R6), I_EXIT,
};

enum { MOVES, ENDLESS };

FIXTURE(audit) {
	struct drive d;
	struct run r;
	struct move *moves;
	__u32 nr_moves;
	__u8 *data;		/* grants and moves */
	__u8 *buf;	/* BUF_LEN bytes that the drive may write, then BUF_LEN that it may not */
	__u32 buf_len;
	const struct kcsd_run_record *rec;
	const struct kcsd_audit_header *head;	/* of the last run; NULL: it wrote none */
	const struct kcsd_audit_range *range;
};

FIXTURE_VARIANT(audit) {
	const char *engine;
	__u32 record;
};

FIXTURE_VARIANT_ADD(audit, jit) { .engine = "jit", .record = KCSD_ENGINE_JIT };
FIXTURE_VARIANT_ADD(audit, interp) { .engine = "interp", .record = KCSD_ENGINE_INTERP };

FIXTURE_SETUP(audit)
{
	struct drive_attr attrs[] = { DRIVE_SMALL, { "engine", variant->engine }, {} };
	struct image im = {
		.insns = prog_moves, .insn_cnt = ARRAY_SIZE(prog_moves),
		.heap_len = MOVE_MAX * LBA,
	};

	drive_sweep();
	ASSERT_EQ(0, drive_create(&self->d, "audit", attrs));
	ASSERT_EQ(0, prog_install_image(self->d.ctrl, MOVES, &im));
	ASSERT_EQ(0, prog_install(self->d.ctrl, ENDLESS, prog_endless));
	self->moves = calloc(MOVES_MAX, sizeof(*self->moves));
	self->data = malloc(sizeof(self->r.data) + KCSD_MAX_ARGS);
	self->buf = malloc(2 * BUF_LEN);
	ASSERT_TRUE(self->moves && self->data && self->buf);
	self->buf_len = BUF_LEN;
	run_grant(&self->r, 0, NSZE, KCSD_GRANT_ALL);
}

FIXTURE_TEARDOWN(audit)
{
	EXPECT_EQ(0, drive_remove(&self->d));
	free(self->moves);
	free(self->data);
	free(self->buf);
}

static struct nvme_uring_cmd audit_cmd(FIXTURE_DATA(audit) *self)
{
	struct nvme_uring_cmd c = run_cmd(&self->r);
	size_t grants = self->r.nr_grants * sizeof(struct kcsd_lba_grant);

	memcpy(self->data, self->r.data, grants);
	memcpy(self->data + grants, self->moves, self->nr_moves * sizeof(*self->moves));
	memset(self->buf, 0xa5, 2 * BUF_LEN);
	c.cdw3 |= KCSD_EXEC_AUDIT;
	c.addr = (uintptr_t)self->data;
	c.data_len = grants + self->nr_moves * sizeof(*self->moves);
	c.metadata = (uintptr_t)self->buf;
	c.metadata_len = self->buf_len;
	return c;
}

/* Find the audit of a run, at the place that the record of the run gives. */
static void audit_find(FIXTURE_DATA(audit) *self)
{
	__u32 off, len;

	self->rec = (const void *)self->buf;
	off = le32toh(self->rec->audit_off);
	len = le32toh(self->rec->audit_len);
	self->head = NULL;
	if (off % 8 || off < sizeof(*self->rec) + le32toh(self->rec->out_len) ||
	    len < sizeof(*self->head) || off > self->buf_len || len > self->buf_len - off)
		return;
	self->head = (const void *)(self->buf + off);
	self->range = (const void *)(self->head + 1);
	if (len != sizeof(*self->head) + le32toh(self->head->nr) * sizeof(*self->range))
		self->head = NULL;
}

static int audit_way(FIXTURE_DATA(audit) *self, int way)
{
	struct nvme_uring_cmd c = audit_cmd(self);
	int ret = cmd_io_way(way, self->d.compute, &c, &self->r.result);

	audit_find(self);
	for (size_t i = self->buf_len; ret >= 0 && i < 2 * BUF_LEN; i++) {
		if (self->buf[i] != 0xa5)
			return -EOVERFLOW;
	}
	return self->head ? ret : -EPROTO;
}

static int audit_run(FIXTURE_DATA(audit) *self)
{
	return audit_way(self, CMD_URING);
}

static void range_print(const char *what, const struct kcsd_audit_range *e, __u32 i)
{
	ksft_print_msg("%s %u: %llu+%llu access %u\n", what, i,
		       (unsigned long long)le64toh(e->slba), (unsigned long long)le64toh(e->nlb),
		       e->access);
}

/* True if the audit of the last run has exactly these ranges and flags. */
static bool audit_is(FIXTURE_DATA(audit) *self, const struct kcsd_audit_range *want, __u32 nr,
		     __u32 flags)
{
	if (self->head && le32toh(self->head->nr) == nr && le32toh(self->head->flags) == flags &&
	    !memcmp(self->range, want, nr * sizeof(*want)) &&
	    !memcmp(self->head->rsvd, "\0\0\0\0\0\0\0", 8))
		return true;
	if (!self->head) {
		ksft_print_msg("expected an audit, got none\n");
		return false;
	}
	ksft_print_msg("got %u ranges, flags %#x; expected %u, %#x\n", le32toh(self->head->nr),
		       le32toh(self->head->flags), nr, flags);
	for (__u32 i = 0; i < nr && i < le32toh(self->head->nr); i++) {
		if (memcmp(&self->range[i], &want[i], sizeof(*want))) {
			range_print("got", &self->range[i], i);
			range_print("wanted", &want[i], i);
			break;
		}
	}
	return false;
}

static void audit_move(FIXTURE_DATA(audit) *self, __u64 slba, __u32 nlb, __u32 access)
{
	self->moves[self->nr_moves++] = (struct move){ slba, nlb * LBA, access };
}

TEST_F(audit, nothing_touched)
{
	ASSERT_EQ(0, audit_run(self));
	EXPECT_EQ(variant->record, le32toh(self->rec->engine));
	EXPECT_TRUE(audit_is(self, NULL, 0, 0));
	EXPECT_EQ(sizeof(*self->rec), le32toh(self->rec->audit_off));
}

TEST_F(audit, ranges_merge)
{
	static const struct {
		const char *what;
		struct move moves[4];
		struct kcsd_audit_range want[4];
	} cases[] = {
		{ "one", { MOVE(5, 1, READ) }, { RANGE(5, 1, READ) } },
		{ "the first and the last", { MOVE(NSZE - 1, 1, WRITE), MOVE(0, 1, WRITE) },
		  { RANGE(0, 1, WRITE), RANGE(NSZE - 1, 1, WRITE) } },
		{ "nothing", { MOVE(5, 1, READ), MOVE(9, 0, READ) }, { RANGE(5, 1, READ) } },
		{ "duplicate", { MOVE(5, 2, READ), MOVE(5, 2, READ) }, { RANGE(5, 2, READ) } },
		{ "adjacent behind", { MOVE(5, 2, READ), MOVE(7, 1, READ) },
		  { RANGE(5, 3, READ) } },
		{ "adjacent in front", { MOVE(5, 2, READ), MOVE(4, 1, READ) },
		  { RANGE(4, 3, READ) } },
		{ "overlap behind", { MOVE(5, 4, WRITE), MOVE(8, 4, WRITE) },
		  { RANGE(5, 7, WRITE) } },
		{ "overlap in front", { MOVE(5, 4, WRITE), MOVE(2, 4, WRITE) },
		  { RANGE(2, 7, WRITE) } },
		{ "inside", { MOVE(5, 4, READ), MOVE(6, 2, READ) }, { RANGE(5, 4, READ) } },
		{ "around", { MOVE(6, 2, READ), MOVE(5, 4, READ) }, { RANGE(5, 4, READ) } },
		{ "a gap", { MOVE(5, 1, READ), MOVE(7, 1, READ) },
		  { RANGE(5, 1, READ), RANGE(7, 1, READ) } },
		{ "a gap in front", { MOVE(7, 1, READ), MOVE(5, 1, READ) },
		  { RANGE(5, 1, READ), RANGE(7, 1, READ) } },
		{ "a gap filled", { MOVE(7, 1, READ), MOVE(5, 1, READ), MOVE(6, 1, READ) },
		  { RANGE(5, 3, READ) } },
		{ "over several", { MOVE(1, 1, READ), MOVE(5, 1, READ), MOVE(3, 1, READ),
		    MOVE(2, 4, READ) }, { RANGE(1, 5, READ) } },
		{ "all but the ends", { MOVE(1, 1, READ), MOVE(20, 1, READ), MOVE(10, 1, READ),
		    MOVE(9, 3, READ) },
		  { RANGE(1, 1, READ), RANGE(9, 3, READ), RANGE(20, 1, READ) } },
		{ "read, then written", { MOVE(5, 2, READ), MOVE(5, 2, WRITE) },
		  { RANGE(5, 2, READ), RANGE(5, 2, WRITE) } },
		{ "written, then read", { MOVE(5, 2, WRITE), MOVE(5, 2, READ) },
		  { RANGE(5, 2, READ), RANGE(5, 2, WRITE) } },
		{ "adjacent, but written", { MOVE(5, 2, READ), MOVE(7, 2, WRITE),
		    MOVE(9, 2, READ) },
		  { RANGE(5, 2, READ), RANGE(7, 2, WRITE), RANGE(9, 2, READ) } },
		{ "written in front", { MOVE(5, 4, READ), MOVE(3, 4, WRITE) },
		  { RANGE(3, 4, WRITE), RANGE(5, 4, READ) } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		__u32 nr = 0;

		self->nr_moves = 0;
		for (int m = 0; m < 4 && cases[i].moves[m].access; m++)
			self->moves[self->nr_moves++] = cases[i].moves[m];
		while (nr < 4 && cases[i].want[nr].nlb)
			nr++;
		EXPECT_EQ(0, audit_run(self)) TH_LOG("%s", cases[i].what);
		EXPECT_EQ(self->nr_moves, self->r.result);
		EXPECT_TRUE(audit_is(self, cases[i].want, nr, 0)) TH_LOG("%s", cases[i].what);
	}
}

TEST_F(audit, in_all_ways)
{
	struct kcsd_audit_range want = RANGE(3, 4, READ);

	audit_move(self, 3, 4, KCSD_GRANT_READ);
	for (int way = 0; way < CMD_WAYS; way++) {
		EXPECT_EQ(0, audit_way(self, way)) TH_LOG("%s", cmd_way_name(way));
		EXPECT_TRUE(audit_is(self, &want, 1, 0)) TH_LOG("%s", cmd_way_name(way));
	}
}

/* ---- the model, in which each LBA is recorded alone ---- */

struct model {
	bool touched[2][NSZE + 2];	/* [access == WRITE][LBA + 1] */
	bool overflow;
};

static __u32 model_ranges(const struct model *m, struct kcsd_audit_range *e)
{
	__u32 nr = 0, end;

	for (__u32 lba = 0; lba < NSZE; lba++) {
		for (int w = 0; w < 2; w++) {
			const bool *t = m->touched[w] + 1;

			if (!t[lba] || t[(int)lba - 1])
				continue;
			for (end = lba; t[end]; end++)
				;
			if (e)
				*e++ = (struct kcsd_audit_range){
					.slba = lba, .nlb = end - lba,
					.access = w ? KCSD_GRANT_WRITE : KCSD_GRANT_READ,
				};
			nr++;
		}
	}
	return nr;
}

static void model_move(struct model *m, const struct move *move)
{
	bool *t = m->touched[move->access == KCSD_GRANT_WRITE] + 1;
	__u32 nlb = move->len / LBA;

	/* Extending a range that the LBAs touch needs no new one, so it always fits. */
	if (!memchr(t + move->slba - 1, 1, nlb + 2) && model_ranges(m, NULL) == KCSD_MAX_AUDIT)
		m->overflow = true;
	else
		memset(t + move->slba, 1, nlb);
}

static bool audit_is_model(FIXTURE_DATA(audit) *self)
{
	static struct kcsd_audit_range want[KCSD_MAX_AUDIT];
	static struct model m;

	memset(&m, 0, sizeof(m));
	for (__u32 i = 0; i < self->nr_moves; i++)
		model_move(&m, &self->moves[i]);
	return audit_is(self, want, model_ranges(&m, want),
			m.overflow ? KCSD_AUDIT_OVERFLOW : 0);
}

/* Add nr random moves within span LBAs: a small span makes many touch, a large one many ranges. */
static void random_moves(FIXTURE_DATA(audit) *self, __u32 nr, __u32 span)
{
	self->nr_moves = 0;
	while (self->nr_moves < nr) {
		__u32 nlb = random() % MOVE_MAX + 1;
		__u64 slba = random() % (span - nlb + 1);

		audit_move(self, slba, nlb, random() & 1 ? KCSD_GRANT_READ : KCSD_GRANT_WRITE);
	}
}

TEST_F(audit, random_accesses)
{
	static const struct { __u32 nr, span; bool overflow; } cases[] = {
		{ 10, 40, false }, { 100, 500, false }, { 300, NSZE, false },
		{ 400, NSZE, false }, { 1000, NSZE, true }, { 2000, NSZE, true },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		srandom(i + 1);
		random_moves(self, cases[i].nr, cases[i].span);
		ASSERT_EQ(0, audit_run(self));
		EXPECT_EQ(cases[i].nr, self->r.result);
		EXPECT_TRUE(audit_is_model(self)) TH_LOG("seed %u", i + 1);
		EXPECT_EQ(cases[i].overflow, !!le32toh(self->head->flags));
	}
}

/* ---- the limit ---- */

/* Add nr moves that do not touch: one LBA each at 0, 2, 4, ...; every third one is a write. */
static void apart(FIXTURE_DATA(audit) *self, __u32 nr)
{
	for (__u32 i = 0; i < nr; i++)
		audit_move(self, 2 * i, 1, i % 3 ? KCSD_GRANT_READ : KCSD_GRANT_WRITE);
}

TEST_F(audit, maximum_of_ranges)
{
	apart(self, KCSD_MAX_AUDIT);
	ASSERT_EQ(0, audit_run(self));
	EXPECT_EQ(KCSD_MAX_AUDIT, le32toh(self->head->nr));
	EXPECT_TRUE(audit_is_model(self));
	EXPECT_EQ(0, le32toh(self->head->flags));
}

TEST_F(audit, one_range_too_many)
{
	apart(self, KCSD_MAX_AUDIT + 1);
	ASSERT_EQ(0, audit_run(self));
	EXPECT_EQ(KCSD_MAX_AUDIT + 1, self->r.result);
	EXPECT_EQ(KCSD_MAX_AUDIT, le32toh(self->head->nr));
	EXPECT_EQ(KCSD_AUDIT_OVERFLOW, le32toh(self->head->flags));
	EXPECT_TRUE(audit_is_model(self));
}

/* Test a full list: moves that touch a range are added, and two ranges that merge free one. */
TEST_F(audit, full_list_still_merges)
{
	apart(self, KCSD_MAX_AUDIT);
	audit_move(self, 2 * KCSD_MAX_AUDIT - 3, 1, KCSD_GRANT_READ);
	ASSERT_EQ(0, audit_run(self));
	EXPECT_TRUE(audit_is_model(self));
	EXPECT_EQ(0, le32toh(self->head->flags));
	/* LBAs 2 and 4 were read. */
	audit_move(self, 3, 1, KCSD_GRANT_READ);
	audit_move(self, 4000, 1, KCSD_GRANT_WRITE);
	ASSERT_EQ(0, audit_run(self));
	EXPECT_EQ(0, le32toh(self->head->flags));
	EXPECT_EQ(KCSD_MAX_AUDIT, le32toh(self->head->nr));
	EXPECT_TRUE(audit_is_model(self));
}

/* ---- runs that fail ---- */

TEST_F(audit, denied)
{
	struct kcsd_audit_range want[] = { RANGE(10, 2, READ), RANGE(20, 1, WRITE) };

	self->r.nr_grants = 0;
	run_grant(&self->r, 10, 4, KCSD_GRANT_READ);
	run_grant(&self->r, 20, 1, KCSD_GRANT_WRITE);
	audit_move(self, 10, 2, KCSD_GRANT_READ);
	audit_move(self, 20, 1, KCSD_GRANT_WRITE);
	/* Only LBAs 12 and 13 are granted, so nothing is moved. */
	audit_move(self, 12, 4, KCSD_GRANT_READ);
	EXPECT_EQ(KCSD_SC_PROGRAM_FAULT, audit_run(self));
	EXPECT_EQ(KCSD_FAULT_LBA_READ, le32toh(self->rec->reason));
	EXPECT_TRUE(audit_is(self, want, ARRAY_SIZE(want), 0));
	self->nr_moves = 2;
	audit_move(self, 10, 1, KCSD_GRANT_WRITE);
	EXPECT_EQ(KCSD_SC_PROGRAM_FAULT, audit_run(self));
	EXPECT_EQ(KCSD_FAULT_LBA_WRITE, le32toh(self->rec->reason));
	EXPECT_TRUE(audit_is(self, want, ARRAY_SIZE(want), 0));
}

/*
 * Test a move that does not fit the heap: it faults before it reaches the drive, and is not
 * audited.
 */
TEST_F(audit, faulted)
{
	struct kcsd_audit_range want = RANGE(7, 1, WRITE);

	audit_move(self, 7, 1, KCSD_GRANT_WRITE);
	audit_move(self, 100, 4096, KCSD_GRANT_READ);
	EXPECT_EQ(KCSD_SC_PROGRAM_FAULT, audit_run(self));
	EXPECT_EQ(KCSD_FAULT_MEMORY, le32toh(self->rec->reason));
	EXPECT_TRUE(audit_is(self, &want, 1, 0));
}

TEST_F(audit, out_of_time)
{
	self->r.pind = ENDLESS;
	self->r.timeout_ms = 20;
	EXPECT_EQ(KCSD_SC_PROGRAM_TIME, audit_run(self));
	EXPECT_TRUE(audit_is(self, NULL, 0, 0));
}

/* ---- the buffer ---- */

TEST_F(audit, buffer_too_short)
{
	const __u32 need = sizeof(struct kcsd_run_record) + AUDIT_LEN;
	static const __u32 lens[] = { 0, 1, 95, 96, 96 + 16, 96 + 16 + 24 };
	struct nvme_uring_cmd c = audit_cmd(self);
	__u64 field;

	for (size_t i = 0; i <= ARRAY_SIZE(lens); i++) {
		c.metadata_len = i < ARRAY_SIZE(lens) ? lens[i] : need - 1;
		EXPECT_EQ(KCSD_SC_INVALID_FIELD,
			  cmd_io_way(CMD_IOCTL64, self->d.compute, &c, &field));
		EXPECT_EQ(KCSD_FIELD_MPTR, field);
	}
	c.metadata_len = need;
	EXPECT_EQ(0, cmd_io(self->d.compute, &c));
}

/* Test that the audit has its space however many bytes the program emits. */
TEST_F(audit, output_and_audit)
{
	const __u32 need = sizeof(struct kcsd_run_record) + AUDIT_LEN;

	apart(self, KCSD_MAX_AUDIT);
	for (__u32 more = 0; more < 20; more++) {
		__u32 room = more / 8 * 8;

		self->buf_len = need + more;
		for (__u32 emitted = 0; emitted <= room + 1; emitted++) {
			self->r.cparam1 = emitted;
			ASSERT_EQ(0, audit_run(self)) TH_LOG("%u of %u", emitted, more);
			ASSERT_EQ(emitted > room ? 0 : emitted, le32toh(self->rec->out_len));
			ASSERT_TRUE(audit_is_model(self)) TH_LOG("%u of %u", emitted, more);
			if (more % 8 != 0 && more % 8 != 7)
				break;
		}
	}
}

TEST_F(audit, buffer_without_memory)
{
	struct nvme_uring_cmd c = audit_cmd(self);

	c.metadata = 0x1000;
	EXPECT_EQ(-EFAULT, cmd_io(self->d.compute, &c));
}

TEST_F(audit, bytes_are_counted)
{
	__u64 before = drive_stat(&self->d, "host_read_bytes");

	audit_move(self, 1, 1, KCSD_GRANT_READ);
	audit_move(self, 5, 1, KCSD_GRANT_READ);
	ASSERT_EQ(0, audit_run(self));
	EXPECT_EQ(sizeof(struct kcsd_run_record) + sizeof(struct kcsd_audit_header) +
		  2 * sizeof(struct kcsd_audit_range),
		  drive_stat(&self->d, "host_read_bytes") - before);
}

DRIVE_TEST_MAIN
