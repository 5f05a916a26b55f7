// SPDX-License-Identifier: GPL-2.0
/* Memory Copy: its effect, and the commands that it refuses. */
#include "harness.h"
#include "change.h"
#include "nvm.h"
#include "slm.h"

#define SLM	(4u << 20)
#define LBA	4096u
#define NSZE	4096u	/* LBAs */

static const struct drive_attr in_memory[] = { DRIVE_SMALL, { "slm_size", "4M" }, {} };

FIXTURE(slm_copy) {
	struct drive d;
	__u8 *lbas;		/* content of the first MiB of namespace 1 */
	__u8 *model;		/* wanted content of the SLM */
	__u8 *buf;
	char file[64];
};

FIXTURE_VARIANT(slm_copy) {
	bool file;
};

FIXTURE_VARIANT_ADD(slm_copy, memory) { .file = false };
FIXTURE_VARIANT_ADD(slm_copy, file) { .file = true };

FIXTURE_SETUP(slm_copy)
{
	struct drive_attr file[ARRAY_SIZE(in_memory) + 1];
	const struct drive_attr *attr = in_memory;
	struct nvme_uring_cmd c;

	drive_sweep();
	strcpy(self->file, "/tmp/kst-slm-XXXXXX");
	if (variant->file) {
		ASSERT_EQ(0, file_make(self->file, NSZE * LBA));
		memcpy(file, in_memory, sizeof(in_memory));
		file[ARRAY_SIZE(in_memory) - 1] = (struct drive_attr){ "backing_file", self->file };
		file[ARRAY_SIZE(in_memory)] = (struct drive_attr){};
		attr = file;
	}
	self->lbas = malloc(KST_MIB);
	self->model = calloc(1, SLM);
	self->buf = malloc(SLM);
	ASSERT_TRUE(self->lbas && self->model && self->buf);
	for (__u32 i = 0; i < KST_MIB; i++)
		self->lbas[i] = i * 29 + (i >> 12) * 3 + 1;
	ASSERT_EQ(0, drive_create(&self->d, "slm-copy", attr));
	c = cmd_rw(NVM_WRITE, 0, KST_MIB / LBA, self->lbas, KST_MIB);
	ASSERT_EQ(0, cmd_io(self->d.nvm, &c));
}

FIXTURE_TEARDOWN(slm_copy)
{
	EXPECT_EQ(0, drive_remove(&self->d));
	if (variant->file)
		unlink(self->file);
	free(self->lbas);
	free(self->model);
	free(self->buf);
}

static bool slm_is(int fd, const __u8 *model, __u8 *buf)
{
	memset(buf, 0xa5, SLM);
	return !slm_rw_all(fd, KCSD_SLM_READ, 0, SLM, buf) && !memcmp(buf, model, SLM);
}

/* Fill the SLM and the model, with bytes that differ within a page and between pages. */
static int fill_slm(int fd, __u8 *model)
{
	for (__u32 i = 0; i < SLM; i++)
		model[i] = i * 7 + (i >> 8) * 13 + (i >> 16);
	return slm_rw_all(fd, KCSD_SLM_WRITE, 0, SLM, model);
}

TEST_F(slm_copy, lbas_in_all_ways)
{
	for (int way = 0; way < CMD_WAYS; way++) {
		struct kcsd_copy_lba d[] = {
			slm_from_lbas(3 + way, 2), slm_from_lbas(200, 1), slm_from_lbas(0, 3),
		};
		__u32 to = 100001 * (way + 1), len = 6 * LBA;
		struct nvme_uring_cmd c = slm_copy_cmd(to, len, KCSD_COPY_LBA, 3, d, sizeof(d));

		ASSERT_EQ(0, cmd_io_way(way, self->d.slm, &c, NULL))
			TH_LOG("%s", cmd_way_name(way));
		memcpy(self->model + to, self->lbas + (3 + way) * LBA, 2 * LBA);
		memcpy(self->model + to + 2 * LBA, self->lbas + 200 * LBA, LBA);
		memcpy(self->model + to + 3 * LBA, self->lbas, 3 * LBA);
		ASSERT_TRUE(slm_is(self->d.slm, self->model, self->buf));
	}
}

TEST_F(slm_copy, lbas_with_room_for_protection)
{
	struct kcsd_copy_lba_pi d[] = {
		{ .lba = slm_from_lbas(9, 1) }, { .lba = slm_from_lbas(7, 2) },
	};
	struct nvme_uring_cmd c = slm_copy_cmd(1, 3 * LBA, KCSD_COPY_LBA_PI, 2, d, sizeof(d));

	ASSERT_EQ(0, cmd_io(self->d.slm, &c));
	memcpy(self->model + 1, self->lbas + 9 * LBA, LBA);
	memcpy(self->model + 1 + LBA, self->lbas + 7 * LBA, 2 * LBA);
	EXPECT_TRUE(slm_is(self->d.slm, self->model, self->buf));
}

/* A copy longer than a submitter does itself, and longer than one descriptor can describe. */
TEST_F(slm_copy, all_memory_from_lbas)
{
	struct kcsd_copy_lba d[4];
	struct nvme_uring_cmd c = slm_copy_cmd(0, SLM, KCSD_COPY_LBA, 4, d, sizeof(d));

	for (int i = 0; i < 4; i++) {
		d[i] = slm_from_lbas(0, KST_MIB / LBA);
		memcpy(self->model + i * KST_MIB, self->lbas, KST_MIB);
	}
	for (int way = 0; way < CMD_WAYS; way++) {
		ASSERT_EQ(0, slm_fill(self->d.slm, 0, SLM, 0xee));
		ASSERT_EQ(0, cmd_io_way(way, self->d.slm, &c, NULL))
			TH_LOG("%s", cmd_way_name(way));
		ASSERT_TRUE(slm_is(self->d.slm, self->model, self->buf));
	}
}

TEST_F(slm_copy, maximum_of_sources)
{
	static struct kcsd_copy_slm d[KCSD_SLM_COPY_MAX_SOURCES];
	struct nvme_uring_cmd c;
	__u32 to = 2 * KST_MIB + 5, at = to;

	ASSERT_EQ(0, fill_slm(self->d.slm, self->model));
	for (int i = 0; i < KCSD_SLM_COPY_MAX_SOURCES; i++) {
		__u32 from = (i * 7919) % KST_MIB, len = 1 + i * 3;

		d[i] = slm_from_slm(from, len);
		memcpy(self->model + at, self->model + from, len);
		at += len;
	}
	c = slm_copy_cmd(to, at - to, KCSD_COPY_SLM, KCSD_SLM_COPY_MAX_SOURCES, d, sizeof(d));
	ASSERT_EQ(0, cmd_io(self->d.slm, &c));
	EXPECT_TRUE(slm_is(self->d.slm, self->model, self->buf));
}

TEST_F(slm_copy, copy_within_slm)
{
	struct kcsd_copy_slm d = slm_from_slm(0, SLM / 2);
	struct nvme_uring_cmd c = slm_copy_cmd(SLM / 2, SLM / 2, KCSD_COPY_SLM, 1, &d, sizeof(d));

	ASSERT_EQ(0, fill_slm(self->d.slm, self->model));
	for (int way = 0; way < CMD_WAYS; way++) {
		ASSERT_EQ(0, slm_fill(self->d.slm, SLM / 2, SLM / 2, way));
		ASSERT_EQ(0, cmd_io_way(way, self->d.slm, &c, NULL));
		memcpy(self->model + SLM / 2, self->model, SLM / 2);
		ASSERT_TRUE(slm_is(self->d.slm, self->model, self->buf));
	}
}

/*
 * Copy from a source in the SLM, as the second of two. For a source at fault, the result must be
 * its index, 1; otherwise returns -EBADMSG.
 */
static int copy_slm(int fd, __u64 to, __u64 from, __u64 len)
{
	struct kcsd_copy_slm d[] = { slm_from_slm(4096, 16), slm_from_slm(from, len) };
	struct nvme_uring_cmd c = slm_copy_cmd(to, len + 16, KCSD_COPY_SLM, 2, d, sizeof(d));
	__u64 result = 0;
	int ret = cmd_io_way(CMD_URING, fd, &c, &result);

	if (ret == KCSD_SC_LBA_RANGE || ret == KCSD_SC_OVERLAPPING_IO_RANGE)
		return result == 1 ? ret : -EBADMSG;
	return ret;
}

static int copy_lbas(int fd, __u64 slba, __u32 nlb)
{
	struct kcsd_copy_lba d[] = { slm_from_lbas(0, 1), slm_from_lbas(slba, nlb) };
	struct nvme_uring_cmd c = slm_copy_cmd(0, (nlb + 1) * LBA, KCSD_COPY_LBA, 2, d, sizeof(d));
	__u64 result = 0;
	int ret = cmd_io_way(CMD_URING, fd, &c, &result);

	return ret == KCSD_SC_LBA_RANGE && result != 1 ? -EBADMSG : ret;
}

TEST_F(slm_copy, ends_of_sources_and_destination)
{
	static const struct {
		__u64 to, from, len;
		int want;
	} cases[] = {
		{ 8192, SLM - 1, 1, 0 }, { SLM - 116, 0, 100, 0 },
		{ 8192, SLM, 1, KCSD_SC_LBA_RANGE }, { 8192, SLM - 1, 2, KCSD_SC_LBA_RANGE },
		{ 8192, ~0ULL, 1, KCSD_SC_LBA_RANGE }, { 8192, ~0ULL, 2, KCSD_SC_LBA_RANGE },
		{ 8192, ~0ULL - 99, 100, KCSD_SC_LBA_RANGE },
		{ 8192, 1ULL << 63, 1, KCSD_SC_LBA_RANGE }, { 8192, 0, 0, KCSD_SC_INVALID_FIELD },
	};
	static const struct {
		__u64 to, len;
		int want;
	} destinations[] = {
		{ SLM, 1, KCSD_SC_LBA_RANGE }, { SLM - 1, 2, KCSD_SC_LBA_RANGE },
		{ ~0ULL, 1, KCSD_SC_LBA_RANGE }, { ~0ULL, 2, KCSD_SC_LBA_RANGE },
		{ 0, ~0ULL, KCSD_SC_LBA_RANGE }, { 1, ~0ULL, KCSD_SC_LBA_RANGE },
		{ 1ULL << 63, 1ULL << 63, KCSD_SC_LBA_RANGE }, { 1, SLM, KCSD_SC_LBA_RANGE },
		{ 8192, 0, KCSD_SC_INVALID_FIELD }, { 8192, 99, KCSD_SC_INVALID_FIELD },
		{ 8192, 101, KCSD_SC_INVALID_FIELD }, { 8192, 100, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		EXPECT_EQ(cases[i].want, copy_slm(self->d.slm, cases[i].to, cases[i].from,
						  cases[i].len)) TH_LOG("case %zu", i);
	}
	for (size_t i = 0; i < ARRAY_SIZE(destinations); i++) {
		struct kcsd_copy_slm d = slm_from_slm(0, 100);
		struct nvme_uring_cmd c = slm_copy_cmd(destinations[i].to, destinations[i].len,
						       KCSD_COPY_SLM, 1, &d, sizeof(d));

		EXPECT_EQ(destinations[i].want, cmd_io(self->d.slm, &c))
			TH_LOG("destination %zu", i);
	}
	EXPECT_EQ(0, copy_lbas(self->d.slm, NSZE - 1, 1));
	EXPECT_EQ(0, copy_lbas(self->d.slm, NSZE - 256, 256));
	EXPECT_EQ(KCSD_SC_LBA_RANGE, copy_lbas(self->d.slm, NSZE, 1));
	EXPECT_EQ(KCSD_SC_LBA_RANGE, copy_lbas(self->d.slm, NSZE - 255, 256));
	EXPECT_EQ(KCSD_SC_LBA_RANGE, copy_lbas(self->d.slm, ~0ULL, 1));
	EXPECT_EQ(KCSD_SC_LBA_RANGE, copy_lbas(self->d.slm, ~0ULL, 2));
	EXPECT_EQ(KCSD_SC_LBA_RANGE, copy_lbas(self->d.slm, 1ULL << 52, 1));
}

/* copy_slm() writes bytes 8192 to 8192 + 115. */
TEST_F(slm_copy, overlaps)
{
	static const struct {
		__u64 from;
		int want;
	} cases[] = {
		{ 8192 - 100, 0 }, { 8192 - 99, KCSD_SC_OVERLAPPING_IO_RANGE },
		{ 8192, KCSD_SC_OVERLAPPING_IO_RANGE }, { 8200, KCSD_SC_OVERLAPPING_IO_RANGE },
		{ 8192 + 115, KCSD_SC_OVERLAPPING_IO_RANGE }, { 8192 + 116, 0 },
	};
	struct kcsd_copy_slm twice[] = { slm_from_slm(50, 60), slm_from_slm(80, 60) };
	struct nvme_uring_cmd c = slm_copy_cmd(500, 120, KCSD_COPY_SLM, 2, twice, sizeof(twice));

	ASSERT_EQ(0, fill_slm(self->d.slm, self->model));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		EXPECT_EQ(cases[i].want, copy_slm(self->d.slm, 8192, cases[i].from, 100))
			TH_LOG("case %zu", i);
	}
	/* Sources may overlap one another. */
	EXPECT_EQ(0, cmd_io(self->d.slm, &c));
	ASSERT_EQ(0, slm_rw(self->d.slm, KCSD_SLM_READ, 500, 120, self->buf));
	EXPECT_EQ(0, memcmp(self->buf, self->model + 50, 60));
	EXPECT_EQ(0, memcmp(self->buf + 60, self->model + 80, 60));
}

TEST_F(slm_copy, refusals)
{
	struct kcsd_copy_slm d[2] = { slm_from_slm(0, 50), slm_from_slm(0, 50) };
	struct nvme_uring_cmd base = slm_copy_cmd(8192, 100, KCSD_COPY_SLM, 2, d, sizeof(d));
	static const struct cmd_change changes[] = {
		CMD_CHANGE(nsid, KCSD_NSID_NVM, -EINVAL),
		CMD_CHANGE(flags, 1, -EINVAL),
		CMD_CHANGE(cdw2, 0, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw2, 99, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw2, 101, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw3, 1, KCSD_SC_LBA_RANGE),
		CMD_CHANGE(cdw11, 1, KCSD_SC_LBA_RANGE),
		CMD_CHANGE(cdw12, 1 | 0 << 8, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw12, 1 | 1 << 8, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw12, 1 | 5 << 8, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw12, 1 | 15 << 8, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw12, 1 | 4 << 8 | 1 << 12, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw12, 1 | 4 << 8 | 1u << 31, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE_MISFIT(cdw12, 0 | 4 << 8, addr),
		CMD_CHANGE_MISFIT(cdw12, 2 | 4 << 8, addr),
		CMD_CHANGE_MISFIT(cdw12, 255 | 4 << 8, addr),
		CMD_CHANGE_MISFIT(cdw12, 1 | 3 << 8, addr),
		CMD_CHANGE(cdw12, 1 | 2 << 8, KCSD_SC_INVALID_NS),	/* the namespace is SLM */
		CMD_CHANGE(cdw13, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw14, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw15, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(metadata, 0x1000, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(data_len, 0, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(data_len, 63, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(data_len, 65, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(addr, 0x1000, -EFAULT),
		CMD_CHANGE(addr, 0xffff800000000000, -EFAULT),
	};

	for (int way = 0; way < CMD_WAYS; way++) {
		for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
			EXPECT_TRUE(cmd_refused(way, false, self->d.slm, &base, &changes[i]));
		}
		EXPECT_EQ(0, cmd_io_way(way, self->d.slm, &base, NULL));
	}
}

/*
 * Send the command with one bit of a byte of its descriptors changed, then restore the byte. Used
 * for reserved bytes and the namespace.
 */
static int with_byte(int fd, struct nvme_uring_cmd *c, __u32 off, __u64 *result)
{
	__u8 *byte = (__u8 *)(uintptr_t)c->addr + off;
	int ret;

	*byte ^= 0x40;
	*result = 0;
	ret = cmd_io_way(CMD_URING, fd, c, result);
	*byte ^= 0x40;
	return ret;
}

TEST_F(slm_copy, reserved_bytes_of_descriptors)
{
	struct kcsd_copy_lba_pi pi[2] = {
		{ .lba = slm_from_lbas(0, 1) }, { .lba = slm_from_lbas(0, 1) },
	};
	struct kcsd_copy_lba lba[2] = { slm_from_lbas(0, 1), slm_from_lbas(0, 1) };
	struct kcsd_copy_slm slm[2] = { slm_from_slm(0, LBA), slm_from_slm(0, LBA) };
	struct nvme_uring_cmd of_pi = slm_copy_cmd(65536, 2 * LBA, KCSD_COPY_LBA_PI, 2, pi,
						   sizeof(pi));
	struct nvme_uring_cmd of_lba = slm_copy_cmd(65536, 2 * LBA, KCSD_COPY_LBA, 2, lba,
						    sizeof(lba));
	struct nvme_uring_cmd of_slm = slm_copy_cmd(65536, 2 * LBA, KCSD_COPY_SLM, 2, slm,
						    sizeof(slm));
	__u64 result;

	for (__u32 i = 0; i < 40; i++) {
		bool rsvd = (i >= 4 && i < 8) || i >= 18;

		if (!rsvd)
			continue;
		EXPECT_EQ(KCSD_SC_INVALID_FIELD, with_byte(self->d.slm, &of_pi, 40 + i, &result))
			TH_LOG("byte %u", i);
		EXPECT_EQ(KCSD_FIELD_DPTR, result);
		if (i >= 32)
			continue;
		EXPECT_EQ(KCSD_SC_INVALID_FIELD, with_byte(self->d.slm, &of_lba, 32 + i, &result));
		if (i >= 18 && i < 24)
			continue;
		EXPECT_EQ(KCSD_SC_INVALID_FIELD, with_byte(self->d.slm, &of_slm, 32 + i, &result));
		EXPECT_EQ(KCSD_FIELD_DPTR, result);
	}
	for (__u32 i = 0; i < 4; i++) {
		EXPECT_EQ(KCSD_SC_INVALID_NS, with_byte(self->d.slm, &of_lba, 32 + i, &result));
		EXPECT_EQ(1, result);
		EXPECT_EQ(KCSD_SC_INVALID_NS, with_byte(self->d.slm, &of_pi, 40 + i, &result));
		EXPECT_EQ(KCSD_SC_INVALID_MEMORY_NS,
			  with_byte(self->d.slm, &of_slm, 32 + i, &result));
		EXPECT_EQ(1, result);
	}
	lba[1].snsid = htole32(KCSD_NSID_SLM);
	EXPECT_EQ(KCSD_SC_INVALID_NS, cmd_io(self->d.slm, &of_lba));
	slm[1].snsid = htole32(KCSD_NSID_NVM);
	EXPECT_EQ(KCSD_SC_INVALID_MEMORY_NS, cmd_io(self->d.slm, &of_slm));
	EXPECT_EQ(0, cmd_io(self->d.slm, &of_pi));
}

/* A refused copy moves nothing, also if only its last descriptor is at fault. */
TEST_F(slm_copy, refused_copies_change_nothing)
{
	ASSERT_EQ(0, fill_slm(self->d.slm, self->model));
	EXPECT_EQ(KCSD_SC_LBA_RANGE, copy_lbas(self->d.slm, NSZE, 1));
	EXPECT_EQ(KCSD_SC_OVERLAPPING_IO_RANGE, copy_slm(self->d.slm, 0, 1, 100));
	EXPECT_EQ(KCSD_SC_LBA_RANGE, copy_slm(self->d.slm, 0, SLM, 100));
	EXPECT_TRUE(slm_is(self->d.slm, self->model, self->buf));
}

TEST_F(slm_copy, counters)
{
	__u64 media = drive_number(&self->d, "stats/media_read_bytes");
	__u64 host = drive_number(&self->d, "stats/host_write_bytes");
	__u64 read = drive_number(&self->d, "stats/host_read_bytes");

	ASSERT_EQ(0, copy_lbas(self->d.slm, 0, 9));
	ASSERT_EQ(0, copy_slm(self->d.slm, 8192, 0, 984));
	ASSERT_EQ(KCSD_SC_LBA_RANGE, copy_slm(self->d.slm, 8192, SLM, 984));
	ASSERT_EQ(0, slm_fill(self->d.slm, 0, SLM, 1));
	EXPECT_EQ(2, drive_number(&self->d, "ns2/copy_commands"));
	EXPECT_EQ(10 * LBA + 1000, drive_number(&self->d, "ns2/copy_bytes"));
	EXPECT_EQ(1, drive_number(&self->d, "ns2/fill_commands"));
	EXPECT_EQ(SLM, drive_number(&self->d, "ns2/fill_bytes"));
	EXPECT_EQ(media + 10 * LBA, drive_number(&self->d, "stats/media_read_bytes"));
	EXPECT_EQ(host + 6 * 32, drive_number(&self->d, "stats/host_write_bytes"));
	EXPECT_EQ(read, drive_number(&self->d, "stats/host_read_bytes"));
}

/* Random copies, compared with a model in this process. */
TEST_F(slm_copy, same_as_a_model)
{
	unsigned int seed = 40, copied = 0;

	ASSERT_EQ(0, fill_slm(self->d.slm, self->model));
	for (int i = 0; i < 300; i++) {
		__u32 nr = 1 + rand_r(&seed) % 8, to = rand_r(&seed) % (SLM / 2), at = to;
		struct kcsd_copy_slm d[8];
		struct nvme_uring_cmd c;

		for (__u32 k = 0; k < nr; k++) {
			__u32 len = 1 + rand_r(&seed) % (i % 10 ? 5000 : 200000);
			__u32 from = SLM / 2 + rand_r(&seed) % (SLM / 2 - len);

			d[k] = slm_from_slm(from, len);
			memcpy(self->buf + (at - to), self->model + from, len);
			at += len;
		}
		c = slm_copy_cmd(to, at - to, KCSD_COPY_SLM, nr, d, nr * sizeof(d[0]));
		if (at > SLM / 2)
			continue;	/* could overlap a source */
		ASSERT_EQ(0, cmd_io(self->d.slm, &c)) TH_LOG("step %d", i);
		memcpy(self->model + to, self->buf, at - to);
		copied++;
	}
	EXPECT_LT(200, copied);
	EXPECT_TRUE(slm_is(self->d.slm, self->model, self->buf));
}

DRIVE_TEST_MAIN
