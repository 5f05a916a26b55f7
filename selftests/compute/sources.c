// SPDX-License-Identifier: GPL-2.0
/* Test source lists: their commands and refusals, and what a run reads from each kind of source. */
#include "harness.h"
#include "admin.h"
#include "cgroup.h"
#include "change.h"
#include "nvm.h"
#include "source.h"
#include "tenant.h"
#include "timing.h"

#include <endian.h>
#include <pthread.h>
#include <signal.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define LBA	4096
#define NSZE	4096		/* LBAs of the small drive */
#define LBAS	16		/* with a pattern */
#define MANY	100000

static const struct drive_attr small[] = { DRIVE_SMALL, {} };

FIXTURE(sources) {
	struct drive d;
	__u8 *buf;
	__u8 *want;
	struct source_run r;
};

FIXTURE_SETUP(sources)
{
	drive_sweep();
	self->buf = aligned_alloc(LBA, LBAS * LBA);
	self->want = calloc(1, SOURCE_RUN_OUT);
	ASSERT_NE(NULL, self->buf);
	ASSERT_NE(NULL, self->want);
	ASSERT_EQ(0, drive_create(&self->d, "sources", small));
	ASSERT_EQ(0, source_install_reader(self->d.ctrl, 0));
	nvm_pattern(self->buf, 0, LBAS, LBA, 1);
	ASSERT_EQ(0, nvm_write(self->d.nvm, 0, LBAS, LBA, self->buf));
	self->r = (struct source_run) { .slid = 1 };
}

FIXTURE_TEARDOWN(sources)
{
	EXPECT_EQ(0, drive_remove(&self->d));
	free(self->buf);
	free(self->want);
}

/* Returns 0 if len bytes of the stream from `from` on are those of want, and the result is len. */
static int reads(FIXTURE_DATA(sources) *self, __u64 from, __u32 ask, __u32 len)
{
	struct source_run *r = &self->r;
	int ret;

	r->cparam1 = from;
	r->cparam2 = ask;
	ret = source_run(self->d.compute, r);
	if (ret)
		return ret;
	if (r->result != len || le32toh(r->out.rec.out_len) != len)
		return -ERANGE;
	return memcmp(r->out.bytes, self->want + from, len) ? -EIO : 0;
}

TEST_F(sources, all_kinds_in_one_stream)
{
	static const char text[] = "bytes of the list";
	const struct kcsd_source s[] = {
		source_lbas(3, LBA + 100), source_zeroes(5000), source_bytes(6, 11),
		source_lbas(0, 1), source_bytes(0, 5), source_lbas(9, 2 * LBA),
	};
	const __u32 len = LBA + 100 + 5000 + 11 + 1 + 5 + 2 * LBA;
	struct nvme_uring_cmd c = source_add_cmd(1, s, ARRAY_SIZE(s), 0, ARRAY_SIZE(s),
						 sizeof(text));
	__u8 *p = self->want;

	ASSERT_EQ(0, cmd_io(self->d.compute, &c));
	c = source_bytes_cmd(1, text, sizeof(text), 0);
	ASSERT_EQ(0, cmd_io(self->d.compute, &c));
	p = mempcpy(p, self->buf + 3 * LBA, LBA + 100);
	p = mempcpy(memset(p, 0, 5000) + 5000, text + 6, 11);
	p = mempcpy(p, self->buf, 1);
	p = mempcpy(p, text, 5);
	mempcpy(p, self->buf + 9 * LBA, 2 * LBA);

	EXPECT_EQ(0, reads(self, 0, SOURCE_RUN_OUT, len));
	for (__u32 from = 1; from < len; from += 997) {
		ASSERT_EQ(0, reads(self, from, 313, len - from < 313 ? len - from : 313))
			TH_LOG("from %u", from);
	}
	EXPECT_EQ(0, reads(self, len, 10, 0));
	EXPECT_EQ(0, reads(self, len - 1, 10, 1));
	self->r.cparam1 = ~0ULL;
	EXPECT_EQ(0, source_run(self->d.compute, &self->r));
	EXPECT_EQ(0, self->r.result);
}

/* Odd sources are LBAs, even ones zeroes; sent in several commands. */
TEST_F(sources, many)
{
	struct kcsd_source *s = calloc(MANY, sizeof(*s));
	__u32 k;

	ASSERT_NE(NULL, s);
	for (k = 0; k < MANY; k++)
		s[k] = k % 2 ? source_lbas(k * 7 % LBAS, 1 + k % LBA) : source_zeroes(3);
	ASSERT_EQ(0, source_send(self->d.compute, 1, s, MANY));
	/* Look at some of the last sources: each search goes through the whole list. */
	for (__u64 from = 0, i = 0; i < MANY; i++) {
		__u32 len = le64toh(s[i].len);

		if (i % 9973 == 1) {
			self->r.cparam1 = from;
			self->r.cparam2 = len;
			ASSERT_EQ(0, source_run(self->d.compute, &self->r));
			ASSERT_EQ(len, self->r.result);
			EXPECT_EQ(0, memcmp(self->r.out.bytes, i % 2 ?
					    self->buf + i * 7 % LBAS * LBA : self->want, len))
				TH_LOG("source %llu", (unsigned long long)i);
		}
		from += len;
	}
	EXPECT_EQ(0, source_watch(self->d.compute, 1));
	free(s);
}

/* Programs with a list can access no LBAs in another way. */
TEST_F(sources, no_grants)
{
	static const struct bpf_insn peek[] = {
		I_MOVR(R6, R1),
		I_MOV(R1, 0), I_CTX(R2, R6, heap), I_CTX(R3, R6, lba_size), I_HELPER(read), I_EXIT,
	};
	struct image im = { .insns = peek, .insn_cnt = ARRAY_SIZE(peek), .heap_len = LBA };
	const struct kcsd_source s = source_lbas(0, LBA);

	ASSERT_EQ(0, prog_install_image(self->d.ctrl, 1, &im));
	ASSERT_EQ(0, source_send(self->d.compute, 1, &s, 1));
	self->r.pind = 1;
	EXPECT_EQ(KCSD_SC_PROGRAM_FAULT, source_run(self->d.compute, &self->r));
	EXPECT_EQ(KCSD_FAULT_LBA_READ, le32toh(self->r.out.rec.reason));
}

TEST_F(sources, refused_source)
{
	const struct kcsd_source good = source_lbas(0, LBA);
	struct { struct kcsd_source source; int status; __u64 result; } bad[] = {
		{ source_lbas(0, 0), KCSD_SC_INVALID_FIELD, KCSD_FIELD_DPTR },
		{ source_lbas(NSZE, 1), KCSD_SC_LBA_RANGE, 1 },
		{ source_lbas(NSZE - 1, LBA + 1), KCSD_SC_LBA_RANGE, 1 },
		{ source_lbas(~0ULL, 1), KCSD_SC_LBA_RANGE, 1 },
		{ source_lbas(1, ~0ULL), KCSD_SC_LBA_RANGE, 1 },
		{ source_bytes(0, 11), KCSD_SC_INVALID_FIELD, KCSD_FIELD_DPTR },
		{ source_bytes(10, 1), KCSD_SC_INVALID_FIELD, KCSD_FIELD_DPTR },
		{ source_bytes(1, ~0ULL), KCSD_SC_INVALID_FIELD, KCSD_FIELD_DPTR },
		{ source_zeroes(1ULL << 63), KCSD_SC_INVALID_FIELD, KCSD_FIELD_DPTR },
		{ good, KCSD_SC_INVALID_FIELD, KCSD_FIELD_DPTR },
		{ good, KCSD_SC_INVALID_FIELD, KCSD_FIELD_DPTR },
		{ good, KCSD_SC_INVALID_FIELD, KCSD_FIELD_DPTR },
		{ good, KCSD_SC_INVALID_FIELD, KCSD_FIELD_DPTR },
		{ source_zeroes(1), KCSD_SC_INVALID_FIELD, KCSD_FIELD_DPTR },
	};
	__u64 result;

	bad[9].source.type = 3;
	bad[10].source.access = KCSD_GRANT_WRITE;
	bad[11].source.access = 0;
	bad[12].source.rsvd[5] = 1;
	bad[13].source.start = htole64(1);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct kcsd_source s[] = { good, bad[i].source };
		struct nvme_uring_cmd c = source_add_cmd(1, s, 2, 0, 2, 10);

		result = 0;
		EXPECT_EQ(bad[i].status, cmd_io_way(CMD_URING, self->d.compute, &c, &result))
			TH_LOG("%zu", i);
		EXPECT_EQ(bad[i].result, result) TH_LOG("%zu", i);
		/* Nothing is left of it. */
		EXPECT_EQ(KCSD_SC_INVALID_SOURCE_LIST, source_watch(self->d.compute, 1));
	}
}

TEST_F(sources, refused_field)
{
	const struct kcsd_source s[3] = { source_lbas(0, 1), source_lbas(0, 1), source_lbas(0, 1) };
	const struct nvme_uring_cmd add = source_add_cmd(1, s, 2, 0, 2, 0);
	const struct nvme_uring_cmd bytes = source_bytes_cmd(1, s, 8, 0);
	const struct nvme_uring_cmd watch = source_sel_cmd(1, KCSD_SOURCES_WATCH);
	const struct nvme_uring_cmd del = source_sel_cmd(1, KCSD_SOURCES_DELETE);
	struct { struct nvme_uring_cmd c; __u64 field; } bad[] = {
		{ add, KCSD_FIELD_CDW2 }, { add, KCSD_FIELD_CDW3 }, { add, KCSD_FIELD_CDW10 },
		{ add, KCSD_FIELD_CDW10 }, { add, KCSD_FIELD_CDW10 }, { add, KCSD_FIELD_CDW10 },
		{ add, KCSD_FIELD_CDW11 }, { add, KCSD_FIELD_CDW11 }, { add, KCSD_FIELD_CDW12 },
		{ add, KCSD_FIELD_CDW13 }, { add, KCSD_FIELD_CDW14 }, { add, KCSD_FIELD_CDW15 },
		{ add, KCSD_FIELD_DPTR }, { add, KCSD_FIELD_DPTR }, { add, KCSD_FIELD_DPTR },
		{ bytes, KCSD_FIELD_CDW11 }, { bytes, KCSD_FIELD_CDW13 },
		{ bytes, KCSD_FIELD_DPTR },
		{ watch, KCSD_FIELD_CDW11 }, { watch, KCSD_FIELD_CDW12 },
		{ watch, KCSD_FIELD_CDW13 }, { del, KCSD_FIELD_CDW12 },
	};
	int n = 0;

	bad[n++].c.cdw2 = 1;
	bad[n++].c.cdw3 = 1;
	bad[n++].c.cdw10 = 0;
	bad[n++].c.cdw10 = KCSD_MAX_SOURCE_LISTS + 1;
	bad[n++].c.cdw10 = 1 | 4 << KCSD_SOURCES_SEL_SHIFT;
	bad[n++].c.cdw10 = 1 | 1u << 20;
	bad[n++].c.cdw11 = 0;
	bad[n++].c.cdw11 = KCSD_MAX_SOURCES + 1;
	bad[n++].c.cdw12 = 2;
	bad[n++].c.cdw13 = KCSD_MAX_SOURCE_BYTES + 1;
	bad[n++].c.cdw14 = 1;
	bad[n++].c.cdw15 = 1;
	bad[n++].c.data_len = 0;
	bad[n++].c.data_len--;
	bad[n++].c.data_len = sizeof(s);	/* one more than the list has */
	bad[n++].c.cdw11 = 1;
	bad[n++].c.cdw13 = 1;
	bad[n++].c.data_len = 0;
	bad[n++].c.cdw11 = 1;
	bad[n++].c.cdw12 = 1;
	bad[n++].c.cdw13 = 1;
	bad[n++].c.cdw12 = 1;
	ASSERT_EQ(ARRAY_SIZE(bad), n);
	for (int i = 0; i < n; i++) {
		__u64 result = 0;

		EXPECT_EQ(KCSD_SC_INVALID_FIELD,
			  cmd_io_way(CMD_URING, self->d.compute, &bad[i].c, &result))
			TH_LOG("%d", i);
		EXPECT_EQ(bad[i].field, result) TH_LOG("%d", i);
	}
}

/* Returns the status of a command, and the field if it is invalid. */
static int send_field(int fd, struct nvme_uring_cmd c, __u64 *field)
{
	*field = 0;
	return cmd_io_way(CMD_URING, fd, &c, field);
}

TEST_F(sources, order)
{
	struct kcsd_source s[4] = {
		source_lbas(0, 1), source_bytes(0, 2), source_lbas(1, 1), source_lbas(2, 1),
	};
	int fd = self->d.compute;
	__u64 field;

	/* No list has begun. */
	EXPECT_EQ(KCSD_SC_INVALID_SOURCE_LIST, send_field(fd, source_add_cmd(1, s, 1, 1, 4, 4),
							  &field));
	EXPECT_EQ(KCSD_SC_INVALID_SOURCE_LIST,
		  send_field(fd, source_bytes_cmd(1, s, 1, 0), &field));
	EXPECT_EQ(KCSD_SC_INVALID_SOURCE_LIST, source_delete(fd, 1));
	ASSERT_EQ(0, send_field(fd, source_add_cmd(1, s, 2, 0, 4, 4), &field));
	/* A gap, a repetition, another length. */
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, send_field(fd, source_add_cmd(1, s, 1, 3, 4, 4), &field));
	EXPECT_EQ(KCSD_FIELD_CDW12, field);
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, send_field(fd, source_add_cmd(1, s, 1, 1, 4, 4), &field));
	EXPECT_EQ(KCSD_FIELD_CDW12, field);
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, send_field(fd, source_add_cmd(1, s, 1, 2, 5, 4), &field));
	EXPECT_EQ(KCSD_FIELD_CDW11, field);
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, send_field(fd, source_add_cmd(1, s, 1, 2, 4, 5), &field));
	EXPECT_EQ(KCSD_FIELD_CDW13, field);
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, send_field(fd, source_bytes_cmd(1, s, 1, 1), &field));
	EXPECT_EQ(KCSD_FIELD_CDW12, field);
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, send_field(fd, source_bytes_cmd(1, s, 5, 0), &field));
	EXPECT_EQ(KCSD_FIELD_DPTR, field);
	/* Not complete: first a source is missing, then bytes. */
	ASSERT_EQ(0, send_field(fd, source_bytes_cmd(1, "ab", 2, 0), &field));
	EXPECT_EQ(KCSD_SC_INVALID_SOURCE_LIST, source_run(fd, &self->r));
	ASSERT_EQ(0, send_field(fd, source_add_cmd(1, s + 2, 2, 2, 4, 4), &field));
	EXPECT_EQ(KCSD_SC_INVALID_SOURCE_LIST, source_run(fd, &self->r));
	EXPECT_EQ(KCSD_SC_INVALID_SOURCE_LIST, source_watch(fd, 1));
	ASSERT_EQ(0, send_field(fd, source_bytes_cmd(1, "cd", 2, 2), &field));
	self->want[0] = self->buf[0];
	memcpy(self->want + 1, "ab", 2);
	self->want[3] = self->buf[LBA];
	self->want[4] = self->buf[2 * LBA];
	EXPECT_EQ(0, reads(self, 0, 100, 5));
	/* Complete: it takes no more. Index 0 begins a new one. */
	EXPECT_EQ(KCSD_SC_INVALID_SOURCE_LIST, send_field(fd, source_add_cmd(1, s, 1, 3, 4, 4),
							  &field));
	EXPECT_EQ(KCSD_SC_INVALID_SOURCE_LIST,
		  send_field(fd, source_bytes_cmd(1, s, 1, 3), &field));
	ASSERT_EQ(0, send_field(fd, source_add_cmd(1, s, 1, 0, 1, 0), &field));
	EXPECT_EQ(0, reads(self, 0, 100, 1));
	EXPECT_EQ(0, source_delete(fd, 1));
	EXPECT_EQ(KCSD_SC_INVALID_SOURCE_LIST, source_run(fd, &self->r));
}

TEST_F(sources, refused_run)
{
	const struct kcsd_source s = source_lbas(0, LBA);
	int fd = self->d.compute;
	struct nvme_uring_cmd bad[7];
	static const __u64 field[7] = {
		KCSD_FIELD_CDW3, KCSD_FIELD_CDW3, KCSD_FIELD_CDW14, KCSD_FIELD_CDW15,
		KCSD_FIELD_DPTR, KCSD_FIELD_DPTR, KCSD_FIELD_MPTR,
	};
	struct kcsd_run_header *h = &self->r.data.header;
	__u64 result;

	ASSERT_EQ(0, source_send(fd, 1, &s, 1));
	for (int i = 0; i < 7; i++)
		bad[i] = source_run_cmd(&self->r);
	bad[0].cdw3 = KCSD_MAX_SOURCE_LISTS + 1;
	bad[1].cdw3 |= KCSD_EXEC_AUDIT;
	bad[2].cdw14 = 1;
	bad[3].cdw15 = 1;
	bad[4].data_len = 0;
	bad[5].data_len = sizeof(*h) - 1;
	bad[6].metadata_len = sizeof(struct kcsd_run_record) - 1;
	for (int i = 0; i < 7; i++) {
		EXPECT_EQ(KCSD_SC_INVALID_FIELD, send_field(fd, bad[i], &result)) TH_LOG("%d", i);
		EXPECT_EQ(field[i], result) TH_LOG("%d", i);
	}
	for (int i = 0; i < 4; i++) {
		struct nvme_uring_cmd c = source_run_cmd(&self->r);
		struct kcsd_run_header good = *h;

		h->size = htole32(i == 0 ? sizeof(*h) + 1 : sizeof(*h));
		h->flags = htole32(i == 1 ? 2 : 0);
		h->rsvd[i == 2 ? 0 : sizeof(h->rsvd) - 1] = i >= 2;
		EXPECT_EQ(KCSD_SC_INVALID_FIELD, send_field(fd, c, &result)) TH_LOG("%d", i);
		EXPECT_EQ(KCSD_FIELD_DPTR, result) TH_LOG("%d", i);
		*h = good;
	}
	self->r.slid = 2;
	EXPECT_EQ(KCSD_SC_INVALID_SOURCE_LIST, source_run(fd, &self->r));
}

/* The fields of the header have the effects that those of the other commands have. */
TEST_F(sources, header)
{
	const struct kcsd_source s = source_lbas(2, 3 * LBA);
	struct kcsd_run_header *h = &self->r.data.header;
	const struct kcsd_audit_header *audit;
	const struct kcsd_audit_range *range;

	ASSERT_EQ(0, source_send(self->d.compute, 1, &s, 1));
	memcpy(self->want, self->buf + 2 * LBA, 3 * LBA);
	h->flags = htole32(KCSD_RUN_HEADER_AUDIT);
	ASSERT_EQ(0, reads(self, 100, LBA, LBA));
	audit = (void *)((__u8 *)&self->r.out + le32toh(self->r.out.rec.audit_off));
	range = (void *)(audit + 1);
	ASSERT_EQ(1, le32toh(audit->nr));
	EXPECT_EQ(2, le64toh(range->slba));
	EXPECT_EQ(2, le64toh(range->nlb));
	h->flags = 0;
	ASSERT_EQ(0, prog_install(self->d.ctrl, 1, prog_endless));
	self->r.pind = 1;
	h->budget = htole64(1000);
	EXPECT_EQ(KCSD_SC_PROGRAM_BUDGET, source_run(self->d.compute, &self->r));
	h->budget = 0;
	h->timeout_ms = htole32(20);
	EXPECT_EQ(KCSD_SC_PROGRAM_TIME, source_run(self->d.compute, &self->r));
}

static int open_compute(const struct drive *d, int flags)
{
	char path[64];

	drive_generic_node(path, sizeof(path), d->index, KCSD_NSID_COMPUTE);
	return open(path, flags);
}

/* A list belongs to an open file, and ends with it. */
TEST_F(sources, of_one_file)
{
	const struct kcsd_source s = source_lbas(0, LBA);
	int other = open_compute(&self->d, O_RDONLY);

	ASSERT_GE(other, 0);
	ASSERT_EQ(0, source_send(self->d.compute, 1, &s, 1));
	EXPECT_EQ(KCSD_SC_INVALID_SOURCE_LIST, source_run(other, &self->r));
	/* Reading needs no file that is open for writing. */
	EXPECT_EQ(0, source_send(other, 1, &s, 1));
	EXPECT_EQ(0, source_watch(other, 1));
	EXPECT_EQ(0, source_run(other, &self->r));
	EXPECT_EQ(0, source_delete(self->d.compute, 1));
	EXPECT_EQ(0, source_run(other, &self->r));
	close(other);
}

/* Like open_compute(), but as another user. */
static int open_as(const struct drive *d, int user)
{
	char path[64];
	int fd;

	drive_generic_node(path, sizeof(path), d->index, KCSD_NSID_COMPUTE);
	if (chmod(path, 0666))
		return -1;
	setfsuid(user);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	setfsuid(0);
	return fd;
}

/*
 * All lists of a file can be there; some of them, half of the drive for one user, and some of the
 * drive can be watched.
 */
TEST_F(sources, limits)
{
	const struct kcsd_source s = source_lbas(0, LBA);
	int fd[KCSD_MAX_WATCHES / KCSD_MAX_FILE_WATCHES + 2];
	const int last = ARRAY_SIZE(fd) - 1, half = last / 2;

	for (int i = 0; i <= last; i++) {
		bool full = i == half || i == last;

		fd[i] = open_as(&self->d, 1000 + (i > half) + (i == last));
		ASSERT_GE(fd[i], 0);
		for (int k = 1; k <= KCSD_MAX_SOURCE_LISTS; k++) {
			ASSERT_EQ(0, source_send(fd[i], k, &s, 1));
			EXPECT_EQ(!full && k <= KCSD_MAX_FILE_WATCHES ? 0 :
				  KCSD_SC_INSUFFICIENT_RESOURCES, source_watch(fd[i], k))
				TH_LOG("file %d, list %d", i, k);
		}
	}
	/* To watch again takes no more; a list that is gone or replaced gives its watch back. */
	EXPECT_EQ(0, source_watch(fd[0], 1));
	EXPECT_EQ(0, source_delete(fd[0], 1));
	EXPECT_EQ(0, source_watch(fd[0], 5));
	EXPECT_EQ(0, source_send(fd[0], 5, &s, 1));
	EXPECT_EQ(0, source_watch(fd[last], 1));
	/* The drive has no more for the first file, and a refusal takes none of its own. */
	EXPECT_EQ(KCSD_SC_INSUFFICIENT_RESOURCES, source_watch(fd[0], 6));
	EXPECT_EQ(0, source_delete(fd[last], 1));
	EXPECT_EQ(0, source_watch(fd[0], 7));
	/* What another user gives back is not for a user who has half. */
	EXPECT_EQ(0, source_delete(fd[half + 1], 1));
	EXPECT_EQ(KCSD_SC_INSUFFICIENT_RESOURCES, source_watch(fd[half], 1));
	EXPECT_EQ(0, source_watch(fd[last], 2));
	for (int i = 0; i <= last; i++)
		close(fd[i]);
	/* Closing has given them back. */
	ASSERT_EQ(0, source_send(self->d.compute, 1, &s, 1));
	EXPECT_EQ(0, source_watch(self->d.compute, 1));
}

/* All lists of a file together take no more than 128 MiB, and what is deleted is given back. */
TEST_F(sources, memory_is_limited)
{
	const struct kcsd_source s = source_zeroes(1);
	int i, ret = 0;

	for (i = 1; !ret && i <= KCSD_MAX_SOURCE_LISTS; i++) {
		struct nvme_uring_cmd c = source_add_cmd(i, &s, 1, 0, KCSD_MAX_SOURCES / 4,
							 KCSD_MAX_SOURCE_BYTES);

		ret = cmd_io_way(CMD_IOCTL64, self->d.compute, &c, NULL);
	}
	EXPECT_EQ(KCSD_SC_INSUFFICIENT_RESOURCES, ret);
	/* 12 MiB of sources and 24 MiB of bytes each. */
	EXPECT_EQ(4 + 1, i);
	EXPECT_EQ(3 * 36 * KST_MIB, tenant_number(self->d.compute, "kcsd-list-bytes:"));
	EXPECT_EQ(0, source_delete(self->d.compute, 2));
	EXPECT_EQ(2 * 36 * KST_MIB, tenant_number(self->d.compute, "kcsd-list-bytes:"));
	EXPECT_EQ(0, source_send(self->d.compute, 1, &s, 1));
	EXPECT_EQ(36 * KST_MIB + 48, tenant_number(self->d.compute, "kcsd-list-bytes:"));
}

/* A sender above its memory.high must not hold up power off. */
TEST_F(sources, memory_high_does_not_hold_up_power_off)
{
	const struct kcsd_source s = source_zeroes(1);
	struct nvme_uring_cmd c = source_add_cmd(1, &s, 1, 0, KCSD_MAX_SOURCES,
						 KCSD_MAX_SOURCE_BYTES);
	__u64 start;
	pid_t child;

	ASSERT_EQ(0, cgroup_enter());
	child = fork();
	if (!child)
		while (cmd_io_way(CMD_IOCTL64, self->d.compute, &c, NULL) != -ENODEV)
			;
	cgroup_move_out();
	ASSERT_EQ(0, file_write(CGROUP "/memory.high", "1048576"));
	sleep(1);
	start = time_ns();
	EXPECT_EQ(0, drive_power(&self->d, false));
	EXPECT_GT(5000000000ULL * time_slow(), time_ns() - start);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	cgroup_leave();
}

/* The memory of a list is charged to who sent it, from its first command to its end. */
TEST_F(sources, memory_is_charged)
{
	const struct kcsd_source s = source_zeroes(1);
	struct nvme_uring_cmd c = source_add_cmd(1, &s, 1, 0, 1, KCSD_MAX_SOURCE_BYTES);
	const __u64 most = KCSD_MAX_SOURCE_BYTES - KST_MIB;
	__u64 before;

	ASSERT_EQ(0, cgroup_enter());
	before = cgroup_number("memory.current");
	EXPECT_EQ(0, cmd_io_way(CMD_IOCTL64, self->d.compute, &c, NULL));
	EXPECT_LE(before + most, cgroup_number("memory.current"));
	EXPECT_EQ(0, source_delete(self->d.compute, 1));
	EXPECT_GT(before + most, cgroup_number("memory.current"));
	cgroup_leave();
}

struct racer {
	struct drive *d;
	int id;
	int wrong;
};

/* Begin, watch, run and delete one list, over and over. */
static void *race(void *arg)
{
	struct racer *racer = arg;
	struct kcsd_source s[2] = { source_lbas(racer->id, 5), source_zeroes(racer->id + 1) };
	struct source_run *r = calloc(1, sizeof(*r));

	r->slid = 1;
	r->cparam2 = 100;
	for (int i = 0; i < 300; i++) {
		int ret = i % 4 == 0 ? source_send(racer->d->compute, 1, s, 2) :
			  i % 4 == 1 ? source_watch(racer->d->compute, 1) :
			  i % 4 == 2 ? source_run(racer->d->compute, r) :
				       source_delete(racer->d->compute, 1);

		racer->wrong += ret && ret != KCSD_SC_INVALID_SOURCE_LIST &&
				ret != KCSD_SC_SOURCE_LIST_IN_USE;
		racer->wrong += !ret && i % 4 == 2 && r->result != 6 && r->result != 7;
	}
	free(r);
	return NULL;
}

TEST_F(sources, two_threads_on_one_file)
{
	struct racer racer[2] = { { &self->d, 0, 0 }, { &self->d, 1, 0 } };
	pthread_t thread[2];

	for (int i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, race, &racer[i]));
	for (int i = 0; i < 2; i++) {
		pthread_join(thread[i], NULL);
		EXPECT_EQ(0, racer[i].wrong);
	}
}

/* A list that a run uses stays as it is. */
TEST_F(sources, in_use)
{
	const struct kcsd_source s = source_lbas(0, LBA);
	struct nvme_uring_cmd c;
	struct io_uring ring;
	__u64 tag;
	int res;

	ASSERT_EQ(0, source_send(self->d.compute, 1, &s, 1));
	ASSERT_EQ(0, prog_install(self->d.ctrl, 1, prog_endless));
	self->r.pind = 1;
	self->r.data.header.timeout_ms = htole32(2000);
	c = source_run_cmd(&self->r);
	ASSERT_EQ(0, ring_open(&ring, 2, true));
	ASSERT_EQ(0, ring_put(&ring, self->d.compute, NVME_URING_CMD_IO, &c, 1));
	ASSERT_EQ(1, io_uring_submit(&ring));
	EXPECT_EQ(KCSD_SC_SOURCE_LIST_IN_USE, source_delete(self->d.compute, 1));
	EXPECT_EQ(KCSD_SC_SOURCE_LIST_IN_USE, source_watch(self->d.compute, 1));
	EXPECT_EQ(KCSD_SC_SOURCE_LIST_IN_USE, source_send(self->d.compute, 1, &s, 1));
	EXPECT_EQ(0, ring_get(&ring, 10000, &tag, &res, NULL));
	EXPECT_EQ(KCSD_SC_PROGRAM_TIME, cmd_status(res));
	io_uring_queue_exit(&ring);
	EXPECT_EQ(0, source_delete(self->d.compute, 1));
}

TEST_F(sources, power)
{
	const struct kcsd_source s = source_lbas(0, LBA);
	int old = self->d.compute;

	ASSERT_EQ(0, source_send(old, 1, &s, 1));
	ASSERT_EQ(0, source_watch(old, 1));
	ASSERT_EQ(0, drive_power(&self->d, false));
	EXPECT_EQ(-ENODEV, source_run(old, &self->r));
	EXPECT_EQ(-ENODEV, source_delete(old, 1));
	drive_close(&self->d);
	ASSERT_EQ(0, drive_power(&self->d, true));
	ASSERT_EQ(0, drive_open(&self->d, O_RDWR));
	EXPECT_EQ(KCSD_SC_INVALID_SOURCE_LIST, source_watch(self->d.compute, 1));
}

/* Sanitize ends all lists: their bytes are user data, too. A new list works. */
TEST_F(sources, sanitize)
{
	struct nvme_uring_cmd c = { .opcode = ADMIN_SANITIZE, .cdw10 = 2 };
	const struct kcsd_source s = source_lbas(0, LBA);
	__u64 start = time_ns();
	int ret;

	ASSERT_EQ(0, source_send(self->d.compute, 1, &s, 1));
	ASSERT_EQ(0, source_watch(self->d.compute, 1));
	ASSERT_EQ(0, cmd_admin(self->d.ctrl, &c));
	do {
		ret = source_run(self->d.compute, &self->r);
	} while (ret == KCSD_SC_SANITIZE_IN_PROGRESS &&
		 time_ns() - start < CMD_TIMEOUT_S * 1000000000ULL * time_slow());
	EXPECT_EQ(KCSD_SC_INVALID_SOURCE_LIST, ret);
	ASSERT_EQ(0, source_send(self->d.compute, 1, &s, 1));
	EXPECT_EQ(0, reads(self, 0, LBA, LBA));
}

DRIVE_TEST_MAIN
