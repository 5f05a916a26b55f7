// SPDX-License-Identifier: GPL-2.0
/* Test Memory Range Set Management, and its log page. */
#include "harness.h"
#include "admin.h"
#include "capability.h"
#include "change.h"
#include "range_set.h"

#include <endian.h>
#include <pthread.h>

#define SLM	(4u << 20)
#define PAGE	KCSD_RANGE_GRANULARITY
#define SETS	5
#define RANGES	4

static const struct drive_attr few[] = {
	DRIVE_SMALL, { "slm_size", "4M" }, { "max_range_sets", "5" }, { "max_ranges", "4" }, {}
};
static const struct drive_attr most[] = {
	DRIVE_SMALL, { "slm_size", "4M" }, { "max_range_sets", "255" }, { "max_ranges", "64" }, {}
};
static const struct drive_attr without[] = { DRIVE_SMALL, { "slm_size", "0" }, {} };

FIXTURE(range_sets) {
	struct drive d;
	struct drive other;
	__u8 page[65536];	/* log page 84h */
};

FIXTURE_SETUP(range_sets)
{
	drive_sweep();
	self->other = (struct drive)DRIVE_INIT;
	ASSERT_EQ(0, drive_create(&self->d, "ranges", few));
}

FIXTURE_TEARDOWN(range_sets)
{
	drive_remove(&self->other);
	EXPECT_EQ(0, drive_remove(&self->d));
}

static int get_page(int fd, void *page, __u32 len)
{
	struct nvme_uring_cmd c = cmd_log(KCSD_LOG_RANGE_SET_LIST, page, len, 0);

	memset(page, 0xa5, len);
	return cmd_admin(fd, &c);
}

static int nr_sets(int fd, void *page)
{
	const struct kcsd_range_set_list *list = page;

	return get_page(fd, page, 4096) ? -1 : le16toh(list->nr);
}

TEST_F(range_sets, create_list_delete)
{
	const struct kcsd_range_set_list *list = (void *)self->page;
	struct kcsd_memory_range r[] = { range(PAGE, PAGE), range(8 * PAGE, SLM - 8 * PAGE) };
	const struct kcsd_range_set_desc *d;
	__u64 rsid;

	EXPECT_EQ(0, nr_sets(self->d.ctrl, self->page));
	ASSERT_EQ(0, range_set_create(self->d.ctrl, r, 2, &rsid));
	EXPECT_EQ(1, rsid);
	ASSERT_EQ(0, range_set_create(self->d.ctrl, r + 1, 1, &rsid));
	EXPECT_EQ(2, rsid);
	ASSERT_EQ(0, get_page(self->d.ctrl, self->page, 4096));
	EXPECT_EQ(2, le16toh(list->nr));
	d = (void *)(list + 1);
	EXPECT_EQ(1, le16toh(d->rsid));
	EXPECT_EQ(2, le16toh(d->numr));
	EXPECT_EQ(0, le32toh(d->users));
	EXPECT_EQ(0, memcmp(d + 1, r, sizeof(r)));
	d = (void *)(d + 1) + sizeof(r);
	EXPECT_EQ(2, le16toh(d->rsid));
	EXPECT_EQ(1, le16toh(d->numr));
	EXPECT_EQ(0, memcmp(d + 1, r + 1, sizeof(r[1])));
	for (size_t i = 16 + 16 + 64 + 16 + 32; i < 4096; i++)
		ASSERT_EQ(0, self->page[i]);
	EXPECT_EQ(0, range_set_delete(self->d.ctrl, 1));
	ASSERT_EQ(0, get_page(self->d.ctrl, self->page, 4096));
	EXPECT_EQ(1, le16toh(list->nr));
	EXPECT_EQ(2, le16toh(((struct kcsd_range_set_desc *)(list + 1))->rsid));
	/* The next set gets the smallest free identifier. */
	ASSERT_EQ(0, range_set_create(self->d.ctrl, r, 1, &rsid));
	EXPECT_EQ(1, rsid);
}

TEST_F(range_sets, in_all_ways)
{
	struct kcsd_memory_range r = range(0, SLM);

	for (int way = 0; way < CMD_WAYS; way++) {
		struct nvme_uring_cmd c = range_set_create_cmd(&r, 1);
		__u64 rsid = 0;

		EXPECT_EQ(0, cmd_admin_way(way, self->d.ctrl, &c, &rsid));
		EXPECT_EQ(way == CMD_URING_CQE16 ? 0 : 1, rsid);
		c = range_set_delete_cmd(1);
		EXPECT_EQ(0, cmd_admin_way(way, self->d.ctrl, &c, NULL));
	}
	EXPECT_EQ(0, nr_sets(self->d.ctrl, self->page));
}

TEST_F(range_sets, invalid_identifiers)
{
	static const __u16 none[] = { 0, 1, SETS, SETS + 1, 0xffff };

	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		EXPECT_EQ(KCSD_SC_INVALID_RANGE_SET_ID, range_set_delete(self->d.ctrl, none[i]));
}

/*
 * Create a set with `r` as the second of two ranges, and delete it. If it is refused, other than
 * with Invalid Field, the result must be the index of the range.
 */
static int second(int fd, struct kcsd_memory_range r)
{
	struct kcsd_memory_range both[] = { range(16 * PAGE, 2 * PAGE), r };
	__u64 result;
	int ret = range_set_create(fd, both, 2, &result);

	if (!ret)
		return range_set_delete(fd, result);
	return ret != KCSD_SC_INVALID_FIELD && result != 1 ? -EBADMSG : ret;
}

TEST_F(range_sets, invalid_ranges)
{
	static const struct {
		__u64 start;
		__u32 len;
		int want;
	} cases[] = {
		{ 0, PAGE, 0 }, { SLM - PAGE, PAGE, 0 }, { 0, 16 * PAGE, 0 },
		{ 18 * PAGE, SLM - 18 * PAGE, 0 },
		{ 0, 0, KCSD_SC_INVALID_RANGE_SET }, { 0, 1, KCSD_SC_INVALID_RANGE_SET },
		{ 0, PAGE - 1, KCSD_SC_INVALID_RANGE_SET },
		{ 0, PAGE + 512, KCSD_SC_INVALID_RANGE_SET },
		{ 1, PAGE, KCSD_SC_INVALID_RANGE_SET },
		{ 2048, PAGE, KCSD_SC_INVALID_RANGE_SET },
		{ SLM, PAGE, KCSD_SC_INVALID_RANGE_SET },
		{ SLM - PAGE, 2 * PAGE, KCSD_SC_INVALID_RANGE_SET },
		{ PAGE, SLM, KCSD_SC_INVALID_RANGE_SET },
		{ 0, 0xfffff000, KCSD_SC_INVALID_RANGE_SET },
		{ 1ULL << 32, PAGE, KCSD_SC_INVALID_RANGE_SET },
		{ 1ULL << 63, PAGE, KCSD_SC_INVALID_RANGE_SET },
		{ ~0ULL - (PAGE - 1), PAGE, KCSD_SC_INVALID_RANGE_SET },
		{ ~0ULL - (PAGE - 1), 2 * PAGE, KCSD_SC_INVALID_RANGE_SET },
		{ 15 * PAGE, 2 * PAGE, KCSD_SC_OVERLAPPING_RANGES },
		{ 16 * PAGE, PAGE, KCSD_SC_OVERLAPPING_RANGES },
		{ 17 * PAGE, PAGE, KCSD_SC_OVERLAPPING_RANGES },
		{ 17 * PAGE, 2 * PAGE, KCSD_SC_OVERLAPPING_RANGES },
		{ 0, SLM, KCSD_SC_OVERLAPPING_RANGES },
	};
	static const __u32 namespaces[] = { 0, KCSD_NSID_NVM, KCSD_NSID_COMPUTE, 4, ~0U };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		EXPECT_EQ(cases[i].want,
			  second(self->d.ctrl, range(cases[i].start, cases[i].len)))
			TH_LOG("case %zu", i);
	}
	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++) {
		struct kcsd_memory_range r = range(0, PAGE);

		r.nsid = htole32(namespaces[i]);
		EXPECT_EQ(KCSD_SC_INVALID_MEMORY_NS, second(self->d.ctrl, r));
	}
	for (int i = 0; i < 16; i++) {
		struct kcsd_memory_range r = range(0, PAGE);

		r.rsvd[i] = 1;
		EXPECT_EQ(KCSD_SC_INVALID_FIELD, second(self->d.ctrl, r));
	}
	EXPECT_EQ(0, nr_sets(self->d.ctrl, self->page));
}

/* Test the maximum number of sets. Sets may overlap, ranges of one set may not. */
TEST_F(range_sets, maximum_of_sets)
{
	struct kcsd_memory_range r[RANGES + 1];
	__u64 rsid;

	for (int i = 0; i <= RANGES; i++)
		r[i] = range(2 * i * PAGE, PAGE);
	EXPECT_EQ(KCSD_SC_MAX_RANGES, range_set_create(self->d.ctrl, r, RANGES + 1, &rsid));
	for (int i = 0; i < SETS; i++) {
		ASSERT_EQ(0, range_set_create(self->d.ctrl, r, RANGES, &rsid));
		EXPECT_EQ(i + 1, rsid);
	}
	EXPECT_EQ(KCSD_SC_MAX_RANGE_SETS, range_set_create(self->d.ctrl, r, 1, &rsid));
	EXPECT_EQ(0, range_set_delete(self->d.ctrl, 3));
	EXPECT_EQ(0, range_set_create(self->d.ctrl, r, 1, &rsid));
	EXPECT_EQ(3, rsid);
	EXPECT_EQ(SETS, nr_sets(self->d.ctrl, self->page));
}

TEST_F(range_sets, largest_configuration)
{
	static struct kcsd_memory_range r[64];
	static __u8 page[16 + 255 * (16 + sizeof(r))];
	__u64 rsid;
	int fd;

	ASSERT_EQ(0, drive_create(&self->other, "ranges2", most));
	fd = self->other.ctrl;
	for (int i = 0; i < 64; i++)
		r[i] = range(i * PAGE, PAGE);
	for (int i = 0; i < 255; i++) {
		ASSERT_EQ(0, range_set_create(fd, r, 64, &rsid));
		ASSERT_EQ(i + 1, rsid);
	}
	EXPECT_EQ(KCSD_SC_MAX_RANGE_SETS, range_set_create(fd, r, 64, &rsid));
	ASSERT_EQ(0, get_page(fd, page, sizeof(page)));
	EXPECT_EQ(255, le16toh(*(__le16 *)page));
	EXPECT_EQ(0, memcmp(page + 32, r, sizeof(r)));
	EXPECT_EQ(0, memcmp(page + sizeof(page) - sizeof(r), r, sizeof(r)));
}

TEST_F(range_sets, refusals)
{
	struct kcsd_memory_range r[] = { range(0, PAGE), range(PAGE, PAGE) };
	struct nvme_uring_cmd base = range_set_create_cmd(r, 2), del = range_set_delete_cmd(1);
	static const struct cmd_change of_create[] = {
		CMD_CHANGE(nsid, 0, KCSD_SC_INVALID_NS),
		CMD_CHANGE(nsid, KCSD_NSID_SLM, KCSD_SC_INVALID_NS),
		CMD_CHANGE(nsid, ~0U, KCSD_SC_INVALID_NS),
		CMD_CHANGE(cdw2, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw3, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw10, 2, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw10, 15, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw10, 0x10, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw10, 0x8000, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw10, 1 << 16, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw11, 0, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE_MISFIT(cdw11, 1, addr),
		CMD_CHANGE_MISFIT(cdw11, 3, addr),
		CMD_CHANGE(cdw11, RANGES + 1, KCSD_SC_MAX_RANGES),
		CMD_CHANGE(cdw11, 0x08000002, KCSD_SC_MAX_RANGES),	/* 64 if cut to 32 bits */
		CMD_CHANGE(cdw11, ~0U, KCSD_SC_MAX_RANGES),
		CMD_CHANGE(cdw12, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw13, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw14, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw15, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(metadata_len, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(data_len, 0, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(data_len, 63, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(data_len, 96, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(addr, 0x1000, -EFAULT),
		CMD_CHANGE(addr, 0xffff800000000000, -EFAULT),
	};
	static const struct cmd_change of_delete[] = {
		CMD_CHANGE(cdw11, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(data_len, 32, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw10, 2u << 16 | 1, KCSD_SC_INVALID_RANGE_SET_ID),
		CMD_CHANGE(cdw10, 2u << 16 | 0x11, KCSD_SC_INVALID_FIELD),
	};

	del.addr = (uintptr_t)r;	/* for data_len: a bad address is -EFAULT first */

	for (int way = 0; way < CMD_WAYS; way++) {
		for (size_t i = 0; i < ARRAY_SIZE(of_create); i++) {
			EXPECT_TRUE(cmd_refused(way, true, self->d.ctrl, &base, &of_create[i]));
		}
		EXPECT_EQ(0, nr_sets(self->d.ctrl, self->page));
		EXPECT_EQ(0, cmd_admin_way(way, self->d.ctrl, &base, NULL));
		for (size_t i = 0; i < ARRAY_SIZE(of_delete); i++) {
			EXPECT_TRUE(cmd_refused(way, true, self->d.ctrl, &del, &of_delete[i]));
		}
		EXPECT_EQ(0, cmd_admin_way(way, self->d.ctrl, &del, NULL));
	}
}

TEST_F(range_sets, drive_without_slm)
{
	struct kcsd_memory_range r = range(0, PAGE);
	struct kcsd_id_ns_compute *id = (void *)self->page;
	struct nvme_uring_cmd c = cmd_identify(5, KCSD_NSID_COMPUTE, KCSD_CSI_COMPUTE, id);
	__u64 result;

	ASSERT_EQ(0, drive_create(&self->other, "ranges2", without));
	EXPECT_EQ(KCSD_SC_INVALID_MEMORY_NS, range_set_create(self->other.ctrl, &r, 1, &result));
	ASSERT_EQ(0, cmd_admin(self->other.ctrl, &c));
	EXPECT_EQ(0, le16toh(id->maxmemrs));
	EXPECT_EQ(0, id->maxmemr);
	ASSERT_EQ(0, cmd_admin(self->d.ctrl, &c));
	EXPECT_EQ(SETS, le16toh(id->maxmemrs));
	EXPECT_EQ(RANGES, id->maxmemr);
	EXPECT_EQ(PAGE, le16toh(id->mrsg));
}

TEST_F(range_sets, changes_need_a_file_open_for_writing)
{
	struct kcsd_memory_range r = range(0, PAGE);
	struct nvme_uring_cmd c = range_set_create_cmd(&r, 1), del = range_set_delete_cmd(1);
	struct drive rdonly = { .index = self->d.index };

	ASSERT_EQ(0, drive_open(&rdonly, O_RDONLY));
	ASSERT_EQ(0, admin_set(false));
	for (int way = 0; way < CMD_WAYS; way++) {
		EXPECT_EQ(-EACCES, cmd_admin_way(way, rdonly.ctrl, &c, NULL));
		EXPECT_EQ(-EACCES, cmd_admin_way(way, rdonly.ctrl, &del, NULL));
	}
	EXPECT_EQ(0, nr_sets(rdonly.ctrl, self->page));
	drive_close(&rdonly);
}

TEST_F(range_sets, power_off_deletes_sets)
{
	struct kcsd_memory_range r = range(0, PAGE);
	__u64 rsid;

	ASSERT_EQ(0, range_set_create(self->d.ctrl, &r, 1, &rsid));
	drive_close(&self->d);
	ASSERT_EQ(0, drive_power(&self->d, false));
	ASSERT_EQ(0, drive_power(&self->d, true));
	ASSERT_EQ(0, drive_open(&self->d, O_RDWR));
	EXPECT_EQ(0, nr_sets(self->d.ctrl, self->page));
	EXPECT_EQ(KCSD_SC_INVALID_RANGE_SET_ID, range_set_delete(self->d.ctrl, 1));
}

struct churn {
	int fd;
	int failed;
};

static void *create_and_delete(void *arg)
{
	struct kcsd_memory_range r[] = { range(0, PAGE), range(PAGE, PAGE) };
	struct churn *churn = arg;

	for (int i = 0; i < 500; i++) {
		struct nvme_uring_cmd c = range_set_create_cmd(r, 2);
		__u64 rsid = 0;

		churn->failed += cmd_admin_way(CMD_IOCTL, churn->fd, &c, &rsid) != 0;
		c = range_set_delete_cmd(rsid);
		churn->failed += cmd_admin_way(CMD_IOCTL, churn->fd, &c, NULL) != 0;
	}
	return NULL;
}

/*
 * Create and delete sets from as many threads as sets. Each has one at a time, and only it deletes
 * that.
 */
TEST_F(range_sets, create_and_delete_in_parallel)
{
	struct churn churn[SETS] = {};
	pthread_t thread[SETS];

	for (int i = 0; i < SETS; i++) {
		churn[i].fd = self->d.ctrl;
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, create_and_delete, &churn[i]));
	}
	for (int i = 0; i < SETS; i++) {
		pthread_join(thread[i], NULL);
		EXPECT_EQ(0, churn[i].failed);
	}
	EXPECT_EQ(0, nr_sets(self->d.ctrl, self->page));
}

DRIVE_TEST_MAIN
