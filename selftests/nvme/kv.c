// SPDX-License-Identifier: GPL-2.0
/* Namespace 4: commands, their statuses and options, rights, the order of keys. */
#include "harness.h"
#include "admin.h"
#include "capability.h"
#include "change.h"
#include "feature.h"
#include "kv.h"
#include "nvm.h"
#include "slm.h"
#include "timing.h"

#include <endian.h>
#include <sys/mman.h>

#define MAX_VALUE	(2u << 20)
#define LIST_LEN	65536

static const struct drive_attr small[] = { DRIVE_SMALL, KV_SMALL, {} };
static const struct drive_attr without[] = { DRIVE_SMALL, { "kv_size", "0" }, {} };

FIXTURE(kv) {
	struct drive d;
	__u8 *out;		/* MAX_VALUE bytes, random */
	__u8 *in;
	__u8 *list;
};

FIXTURE_SETUP(kv)
{
	drive_sweep();
	self->out = malloc(MAX_VALUE + 1);
	self->in = malloc(MAX_VALUE + 1);
	self->list = malloc(LIST_LEN);
	ASSERT_TRUE(self->out && self->in && self->list);
	for (size_t i = 0; i <= MAX_VALUE; i++)
		self->out[i] = i * 31 + i / 4096;
	ASSERT_EQ(0, drive_create(&self->d, "kv", small));
	ASSERT_LE(0, self->d.kv);
}

FIXTURE_TEARDOWN(kv)
{
	EXPECT_EQ(0, drive_remove(&self->d));
	free(self->out);
	free(self->in);
	free(self->list);
}

/* ---- each field ---- */

static char word[16] = "0123456789abcdef";

#define NO(field, val)	CMD_CHANGE(field, val, KCSD_SC_INVALID_FIELD)

/* Of all commands with a key of 16 bytes. */
static const struct cmd_change all_changes[] = {
	NO(cdw12, 1), NO(cdw13, 1), NO(metadata, 4096), NO(metadata_len, 4),
	NO(cdw11, 17), NO(cdw11, 255), NO(cdw11, 16 | 1 << 11), NO(cdw11, 16 | 1u << 31),
	CMD_CHANGE_BLAMING(cdw11, 15, KCSD_SC_INVALID_FIELD, cdw15),
	CMD_CHANGE_BLAMING(cdw11, 11, KCSD_SC_INVALID_FIELD, cdw14),
	CMD_CHANGE_BLAMING(cdw11, 7, KCSD_SC_INVALID_FIELD, cdw3),
	CMD_CHANGE_BLAMING(cdw11, 3, KCSD_SC_INVALID_FIELD, cdw2),
};

/* Of all but List. */
static const struct cmd_change key_changes[] = {
	CMD_CHANGE(cdw11, 0, KCSD_SC_INVALID_KEY_SIZE),
};

static const struct cmd_change store_changes[] = {
	NO(cdw11, 16 | KCSD_KV_MUST_EXIST | KCSD_KV_MUST_NOT_EXIST),
	CMD_CHANGE(cdw10, MAX_VALUE + 1, KCSD_SC_INVALID_VALUE_SIZE),
	CMD_CHANGE(cdw10, 0xffffffff, KCSD_SC_INVALID_VALUE_SIZE),
	CMD_CHANGE(cdw11, 16 | KCSD_KV_MUST_EXIST, KCSD_SC_NO_KEY),
	CMD_CHANGE_MISFIT(cdw10, 63, data_len), CMD_CHANGE_MISFIT(data_len, 65, data_len),
	CMD_CHANGE_MISFIT(data_len, 0, data_len),
};

static const struct cmd_change buffer_changes[] = {
	NO(cdw10, MAX_VALUE + 1), NO(cdw10, 0xffffffff),
	CMD_CHANGE_MISFIT(cdw10, 63, data_len), CMD_CHANGE_MISFIT(data_len, 65, data_len),
	CMD_CHANGE_MISFIT(data_len, 0, data_len),
};

static const struct cmd_change retrieve_changes[] = {
	NO(cdw11, 16 | 1 << 9), NO(cdw11, 16 | 1 << 10),
};

static const struct cmd_change list_changes[] = {
	NO(cdw10, 0), NO(cdw10, 3), NO(cdw11, 16 | 1 << 8),
};

static const struct cmd_change short_changes[] = {
	NO(cdw10, 1), NO(cdw11, 16 | 1 << 8), NO(data_len, 4),
};

static const struct cmd_change flush_changes[] = {
	NO(cdw2, 1), NO(cdw3, 1), NO(cdw10, 1), NO(cdw11, 1), NO(cdw12, 1), NO(cdw13, 1),
	NO(cdw14, 1), NO(cdw15, 1), NO(data_len, 4), NO(metadata, 4096), NO(metadata_len, 4),
};

#define CHANGES(c)	{ c, ARRAY_SIZE(c) }

static const struct {
	__u8 opcode;
	bool buffer;
	struct {
		const struct cmd_change *change;
		size_t nr;
	} changes[4];
} table[] = {
	{ KCSD_KV_STORE, true,
	  { CHANGES(all_changes), CHANGES(key_changes), CHANGES(store_changes) } },
	{ KCSD_KV_RETRIEVE, true,
	  { CHANGES(all_changes), CHANGES(key_changes), CHANGES(buffer_changes),
	    CHANGES(retrieve_changes) } },
	{ KCSD_KV_LIST, true,
	  { CHANGES(all_changes), CHANGES(buffer_changes), CHANGES(list_changes) } },
	{ KCSD_KV_DELETE, false,
	  { CHANGES(all_changes), CHANGES(key_changes), CHANGES(short_changes) } },
	{ KCSD_KV_EXIST, false,
	  { CHANGES(all_changes), CHANGES(key_changes), CHANGES(short_changes) } },
};

TEST_F(kv, each_field_that_is_wrong_is_refused)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct nvme_uring_cmd c = kv_cmd(table[i].opcode, word, 16,
						 table[i].buffer ? self->in : NULL,
						 table[i].buffer ? 64 : 0);

		for (size_t j = 0; j < ARRAY_SIZE(table[i].changes); j++)
			EXPECT_TRUE(cmd_each_refused(false, self->d.kv, &c,
						     table[i].changes[j].change,
						     table[i].changes[j].nr))
				TH_LOG("opcode %02xh", table[i].opcode);
	}
	/* Nothing of it has stored anything. */
	EXPECT_EQ(0, drive_number(&self->d, "kv/keys"));
}

TEST_F(kv, each_field_of_flush_that_is_wrong_is_refused)
{
	struct nvme_uring_cmd c = kv_cmd(KCSD_KV_FLUSH, "", 0, NULL, 0);

	EXPECT_TRUE(cmd_each_refused(false, self->d.kv, &c, flush_changes,
				     ARRAY_SIZE(flush_changes)));
}

TEST_F(kv, no_other_opcode_and_no_broadcast)
{
	struct nvme_uring_cmd c = kv_cmd(0x02, KV_STR("k"), self->in, 64);

	c.opcode = 0x05;
	EXPECT_EQ(KCSD_SC_INVALID_OPCODE, cmd_io(self->d.kv, &c));
	c.opcode = KCSD_KV_RETRIEVE;
	c.nsid = 0xffffffff;
	EXPECT_EQ(-EINVAL, cmd_io(self->d.kv, &c));
	c.nsid = KCSD_NSID_SLM;
	EXPECT_EQ(-EINVAL, cmd_io(self->d.kv, &c));
}

TEST_F(kv, bad_buffers)
{
	struct nvme_uring_cmd c = kv_cmd(KCSD_KV_STORE, KV_STR("k"), (void *)4096, 64);
	__u8 *half = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, half);
	ASSERT_EQ(0, mprotect(half + 4096, 4096, PROT_NONE));
	for (int way = 0; way < CMD_WAYS; way++) {
		c = kv_cmd(KCSD_KV_STORE, KV_STR("k"), (void *)4096, 64);
		EXPECT_EQ(-EFAULT, cmd_io_way(way, self->d.kv, &c, NULL));
		c.addr = (uintptr_t)half + 4064;
		EXPECT_EQ(-EFAULT, cmd_io_way(way, self->d.kv, &c, NULL));
	}
	EXPECT_EQ(KCSD_SC_NO_KEY, kv_exist(self->d.kv, KV_STR("k")));
	ASSERT_EQ(0, kv_store(self->d.kv, KV_STR("k"), self->out, 64, 0));
	for (int way = 0; way < CMD_WAYS; way++) {
		c = kv_cmd(KCSD_KV_RETRIEVE, KV_STR("k"), (void *)4096, 64);
		EXPECT_EQ(-EFAULT, cmd_io_way(way, self->d.kv, &c, NULL));
		c.addr = (uintptr_t)half + 4064;
		EXPECT_EQ(-EFAULT, cmd_io_way(way, self->d.kv, &c, NULL));
		c = kv_cmd(KCSD_KV_LIST, "", 0, (void *)4096, 64);
		EXPECT_EQ(-EFAULT, cmd_io_way(way, self->d.kv, &c, NULL));
	}
	munmap(half, 8192);
}

/* ---- options ---- */

TEST_F(kv, conditions_of_store)
{
	int fd = self->d.kv;
	__u64 len;

	EXPECT_EQ(KCSD_SC_NO_KEY, kv_store(fd, KV_STR("k"), "old", 3, KCSD_KV_MUST_EXIST));
	EXPECT_EQ(KCSD_SC_NO_KEY, kv_exist(fd, KV_STR("k")));
	EXPECT_EQ(0, kv_store(fd, KV_STR("k"), "old", 3, KCSD_KV_MUST_NOT_EXIST));
	EXPECT_EQ(KCSD_SC_KEY_EXISTS, kv_store(fd, KV_STR("k"), "new", 3, KCSD_KV_MUST_NOT_EXIST));
	EXPECT_EQ(0, kv_retrieve(fd, KV_STR("k"), self->in, 3, &len));
	EXPECT_EQ(0, memcmp(self->in, "old", 3));
	EXPECT_EQ(0, kv_store(fd, KV_STR("k"), "newer", 5,
			      KCSD_KV_MUST_EXIST | KCSD_KV_NO_COMPRESS));
	EXPECT_EQ(0, kv_retrieve(fd, KV_STR("k"), self->in, 5, &len));
	EXPECT_EQ(5, len);
	EXPECT_EQ(0, memcmp(self->in, "newer", 5));
}

TEST_F(kv, retrieve_into_each_buffer_returns_the_length)
{
	static const __u32 buffers[] = { 0, 1, 99, 100, 101, 4096, MAX_VALUE };
	int fd = self->d.kv;

	ASSERT_EQ(0, kv_store(fd, KV_STR("k"), self->out, 100, 0));
	for (size_t i = 0; i < ARRAY_SIZE(buffers); i++) {
		__u32 n = buffers[i], got = n < 100 ? n : 100;

		for (int raw = 0; raw < 2; raw++) {
			for (int way = 0; way < CMD_WAYS; way++) {
				struct nvme_uring_cmd c = kv_cmd(KCSD_KV_RETRIEVE, KV_STR("k"),
								 self->in, n);
				__u64 len = 0;

				c.cdw11 |= raw ? KCSD_KV_RAW : 0;
				memset(self->in, 0xee, 128);
				ASSERT_EQ(0, cmd_io_way(way, fd, &c, &len)) TH_LOG("%u", n);
				if (way != CMD_URING_CQE16)
					EXPECT_EQ(100, len);
				EXPECT_EQ(0, memcmp(self->in, self->out, got));
				EXPECT_EQ(0xee, self->in[got]);
			}
		}
	}
}

TEST_F(kv, delete_of_no_object)
{
	int fd = self->d.kv;
	struct nvme_uring_cmd c = cmd_set_feature(KCSD_FEATURE_KV, KCSD_FEATURE_KV_ERROR);

	EXPECT_EQ(0, kv_delete(fd, KV_STR("none")));
	c.nsid = KCSD_NSID_KV;
	EXPECT_EQ(0, cmd_admin(self->d.ctrl, &c));
	EXPECT_EQ(KCSD_SC_NO_KEY, kv_delete(fd, KV_STR("none")));
	ASSERT_EQ(0, kv_store(fd, KV_STR("k"), "v", 1, 0));
	EXPECT_EQ(0, kv_delete(fd, KV_STR("k")));
	EXPECT_EQ(KCSD_SC_NO_KEY, kv_delete(fd, KV_STR("k")));
	c.cdw11 = 0;
	EXPECT_EQ(0, cmd_admin(self->d.ctrl, &c));
	EXPECT_EQ(0, kv_delete(fd, KV_STR("k")));
}

TEST_F(kv, feature)
{
	struct nvme_uring_cmd set = cmd_set_feature(KCSD_FEATURE_KV, KCSD_FEATURE_KV_ERROR);
	struct nvme_uring_cmd get = cmd_get_feature(KCSD_FEATURE_KV, FEATURE_CURRENT);
	__u64 value = 9;

	set.nsid = get.nsid = KCSD_NSID_KV;
	EXPECT_EQ(0, cmd_ioctl(self->d.ctrl, NVME_IOCTL_ADMIN_CMD, &get, &value));
	EXPECT_EQ(0, value);
	EXPECT_EQ(0, cmd_admin(self->d.ctrl, &set));
	EXPECT_EQ(0, cmd_ioctl(self->d.ctrl, NVME_IOCTL_ADMIN_CMD, &get, &value));
	EXPECT_EQ(KCSD_FEATURE_KV_ERROR, value);
	get = cmd_get_feature(KCSD_FEATURE_KV, FEATURE_DEFAULT);
	get.nsid = KCSD_NSID_KV;
	EXPECT_EQ(0, cmd_ioctl(self->d.ctrl, NVME_IOCTL_ADMIN_CMD, &get, &value));
	EXPECT_EQ(0, value);
	/* Bit 0: saveable, bit 1: of a namespace, bit 2: changeable. */
	get = cmd_get_feature(KCSD_FEATURE_KV, FEATURE_CAPABILITIES);
	get.nsid = KCSD_NSID_KV;
	EXPECT_EQ(0, cmd_ioctl(self->d.ctrl, NVME_IOCTL_ADMIN_CMD, &get, &value));
	EXPECT_EQ(6, value);
	set.cdw11 = 2;
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, cmd_admin(self->d.ctrl, &set));
	set.cdw11 = 0;
	set.cdw12 = 1;
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, cmd_admin(self->d.ctrl, &set));
	set.cdw12 = 0;
	set.nsid = KCSD_NSID_NVM;
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, cmd_admin(self->d.ctrl, &set));
	set.nsid = KCSD_NN + 1;
	EXPECT_EQ(KCSD_SC_INVALID_NS, cmd_admin(self->d.ctrl, &set));
	set.nsid = 0xffffffff;
	EXPECT_EQ(0, cmd_admin(self->d.ctrl, &set));
	get = cmd_get_feature(KCSD_FEATURE_KV, FEATURE_CURRENT);
	get.nsid = KCSD_NSID_KV;
	EXPECT_EQ(0, cmd_ioctl(self->d.ctrl, NVME_IOCTL_ADMIN_CMD, &get, &value));
	EXPECT_EQ(0, value);
}

/* ---- values ---- */

TEST_F(kv, values_of_each_size)
{
	static const __u32 sizes[] = {
		0, 1, 3, 4, 63, 64, 65, 511, 512, 4032, 4095, 4096, 4097, 65535, 65536, 65537,
		1 << 20, (1 << 20) + 1, MAX_VALUE - 1, MAX_VALUE,
	};
	int fd = self->d.kv;
	char key[16];

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		__u64 len = 7;

		snprintf(key, sizeof(key), "v%u", sizes[i]);
		/* Not aligned, and different for each. */
		ASSERT_EQ(0, kv_store(fd, KV_STR(key), self->out + (sizes[i] < MAX_VALUE), sizes[i],
				      0));
		memset(self->in, 0, MAX_VALUE);
		ASSERT_EQ(0, kv_retrieve(fd, KV_STR(key), self->in, sizes[i], &len));
		EXPECT_EQ(sizes[i], len);
		EXPECT_EQ(0, memcmp(self->in, self->out + (sizes[i] < MAX_VALUE), sizes[i]))
			TH_LOG("%u", sizes[i]);
	}
	EXPECT_EQ(ARRAY_SIZE(sizes), drive_number(&self->d, "kv/keys"));
}

TEST_F(kv, one_gib)
{
	static const struct drive_attr large[] = {
		DRIVE_SMALL, { "kv_size", "1100M" }, { "kv_max_value", "1G" }, {}
	};
	const size_t gib = 1u << 30;
	__u64 *out = malloc(gib), *in = malloc(gib), len = 0;

	ASSERT_TRUE(out && in);
	for (size_t i = 0; i < gib / 8; i++)
		out[i] = i * 0x9e3779b97f4a7c15;
	ASSERT_EQ(0, drive_remove(&self->d));
	ASSERT_EQ(0, drive_create(&self->d, "kv", large));
	ASSERT_EQ(0, kv_store(self->d.kv, KV_STR("large"), out, gib, 0));
	EXPECT_EQ(0, kv_retrieve(self->d.kv, KV_STR("large"), in, gib, &len));
	EXPECT_EQ(gib, len);
	EXPECT_EQ(0, memcmp(in, out, gib));
	free(out);
	free(in);
}

TEST_F(kv, a_full_store_keeps_all)
{
	int fd = self->d.kv, ret = 0, n = 0;
	char key[16];
	__u64 len;

	while (!ret && n < 100) {
		snprintf(key, sizeof(key), "%d", n++);
		ret = kv_store(fd, KV_STR(key), self->out, 1 << 20, 0);
	}
	EXPECT_EQ(KCSD_SC_CAPACITY_EXCEEDED, ret);
	EXPECT_GE(n, 15);
	EXPECT_EQ(KCSD_SC_NO_KEY, kv_exist(fd, KV_STR(key)));
	for (int i = 0; i < n - 1; i++) {
		snprintf(key, sizeof(key), "%d", i);
		ASSERT_EQ(0, kv_retrieve(fd, KV_STR(key), self->in, 1 << 20, &len));
		ASSERT_EQ(0, memcmp(self->in, self->out, 1 << 20));
	}
	/* There is room again after a delete. */
	ASSERT_EQ(0, kv_delete(fd, KV_STR("0")));
	EXPECT_EQ(0, kv_store(fd, KV_STR("again"), self->out, 1 << 20, 0));
}

TEST_F(kv, too_many_keys)
{
	static const struct drive_attr few[] = {
		DRIVE_SMALL, KV_SMALL, { "kv_max_keys", "3" }, {}
	};

	ASSERT_EQ(0, drive_remove(&self->d));
	ASSERT_EQ(0, drive_create(&self->d, "kv", few));
	EXPECT_EQ(0, kv_store(self->d.kv, KV_STR("1"), "", 0, 0));
	EXPECT_EQ(0, kv_store(self->d.kv, KV_STR("2"), "", 0, 0));
	EXPECT_EQ(0, kv_store(self->d.kv, KV_STR("3"), "", 0, 0));
	EXPECT_EQ(KCSD_SC_CAPACITY_EXCEEDED, kv_store(self->d.kv, KV_STR("4"), "", 0, 0));
	EXPECT_EQ(0, kv_store(self->d.kv, KV_STR("3"), "x", 1, 0));
	EXPECT_EQ(0, kv_delete(self->d.kv, KV_STR("1")));
	EXPECT_EQ(0, kv_store(self->d.kv, KV_STR("4"), "", 0, 0));
}

/* ---- List ---- */

/* Keys in their order. */
static const struct {
	const char *key;
	__u8 len;
} sorted[] = {
	{ "\0", 1 }, { "\0\0", 2 }, { "\0\1", 2 }, { "\1", 1 }, { "a", 1 }, { "a\0", 2 },
	{ "a\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16 }, { "a\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16 },
	{ "aa", 2 }, { "aaaaaaaaaaaaaaaa", 16 }, { "ab", 2 }, { "b", 1 }, { "\x7f", 1 },
	{ "\x80", 1 }, { "\xff", 1 },
	{ "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 16 },
};

static int store_sorted(int fd)
{
	int ret = 0;

	for (size_t i = ARRAY_SIZE(sorted); !ret && i--; )
		ret = kv_store(fd, sorted[i].key, sorted[i].len, "v", 1, 0);
	return ret;
}

/* Compare a list with sorted[] from first on. */
static bool list_is(const void *list, size_t first, size_t nr)
{
	const struct kcsd_kv_list_entry *e = NULL;
	size_t i;

	if (le32toh(((const struct kcsd_kv_list *)list)->nr) != nr)
		return false;
	for (i = first; i < first + nr; i++) {
		e = kv_next(list, e);
		if (le16toh(e->len) != sorted[i].len || memcmp(e->key, sorted[i].key, e->len))
			return false;
	}
	return true;
}

TEST_F(kv, list_in_order_from_each_key)
{
	const size_t nr = ARRAY_SIZE(sorted);
	int fd = self->d.kv;

	ASSERT_EQ(0, store_sorted(fd));
	ASSERT_EQ(0, kv_list(fd, "", 0, self->list, LIST_LEN));
	EXPECT_TRUE(list_is(self->list, 0, nr));
	for (size_t i = 0; i < nr; i++) {
		ASSERT_EQ(0, kv_list(fd, sorted[i].key, sorted[i].len, self->list, LIST_LEN));
		EXPECT_TRUE(list_is(self->list, i, nr - i)) TH_LOG("%zu", i);
		/* From a key that does not exist: those behind it. */
		ASSERT_EQ(0, kv_delete(fd, sorted[i].key, sorted[i].len));
		ASSERT_EQ(0, kv_list(fd, sorted[i].key, sorted[i].len, self->list, LIST_LEN));
		EXPECT_TRUE(list_is(self->list, i + 1, nr - i - 1)) TH_LOG("%zu", i);
		ASSERT_EQ(0, kv_store(fd, sorted[i].key, sorted[i].len, "v", 1, 0));
	}
}

TEST_F(kv, list_in_each_buffer_and_all_ways)
{
	const size_t nr = ARRAY_SIZE(sorted);
	int fd = self->d.kv;

	ASSERT_EQ(0, store_sorted(fd));
	for (__u32 len = 4; len < 300; len += 3) {
		size_t fit = 0, used = 4;

		while (fit < nr && used + (2 + sorted[fit].len + 3) / 4 * 4 <= len)
			used += (2 + sorted[fit++].len + 3) / 4 * 4;
		for (int way = 0; way < CMD_WAYS; way++) {
			struct nvme_uring_cmd c = kv_cmd(KCSD_KV_LIST, "", 0, self->list, len);

			memset(self->list, 0xee, 512);
			ASSERT_EQ(0, cmd_io_way(way, fd, &c, NULL));
			EXPECT_TRUE(list_is(self->list, 0, fit)) TH_LOG("%u", len);
			EXPECT_EQ(0xee, self->list[used]);
		}
	}
}

static int store_numbers(int fd, int from, int to)
{
	char key[16];
	int ret = 0;

	for (int i = from; !ret && i < to; i++) {
		snprintf(key, sizeof(key), "key%08d", i);
		ret = kv_store(fd, KV_STR(key), &i, sizeof(i), 0);
	}
	return ret;
}

/* Each list begins with the last key of the one before; others come and go meanwhile. */
TEST_F(kv, a_sequence_of_lists_has_each_key_once)
{
	const int nr = 5000;
	const struct kcsd_kv_list_entry *e;
	__u8 key[16] = {}, key_len = 0;
	int fd = self->d.kv, next = 0, more = nr;
	char wanted[16];

	ASSERT_EQ(0, store_numbers(fd, 0, nr));
	do {
		ASSERT_EQ(0, kv_list(fd, key, key_len, self->list, 1024));
		more = le32toh(((struct kcsd_kv_list *)self->list)->nr);
		e = NULL;
		for (int i = 0; i < more; i++) {
			e = kv_next(self->list, e);
			if (e->key[0] != 'k' || (!i && key_len))
				continue;
			snprintf(wanted, sizeof(wanted), "key%08d", next++);
			ASSERT_EQ(0, memcmp(wanted, e->key, strlen(wanted)));
		}
		key_len = le16toh(e->len);
		memcpy(key, e->key, key_len);
		ASSERT_EQ(0, kv_store(fd, KV_STR("a"), "", 0, 0));
		ASSERT_EQ(0, kv_store(fd, KV_STR("z"), self->out, next, 0));
		ASSERT_EQ(0, kv_delete(fd, KV_STR(next % 2 ? "a" : "z")));
	} while (more > 1 && next < nr);
	EXPECT_EQ(nr, next);
}

TEST_F(kv, list_of_an_empty_store)
{
	ASSERT_EQ(0, kv_list(self->d.kv, "", 0, self->list, 4));
	EXPECT_TRUE(list_is(self->list, 0, 0));
	ASSERT_EQ(0, kv_list(self->d.kv, KV_STR("x"), self->list, LIST_LEN));
	EXPECT_TRUE(list_is(self->list, 0, 0));
}

/* ---- rights ---- */

TEST_F(kv, rights)
{
	char path[64];
	__u64 len;
	int fd;

	ASSERT_EQ(0, kv_store(self->d.kv, KV_STR("k"), "v", 1, 0));
	drive_generic_node(path, sizeof(path), self->d.index, KCSD_NSID_KV);
	fd = open(path, O_RDONLY);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, admin_set(false));
	EXPECT_EQ(-EACCES, kv_store(fd, KV_STR("k"), "w", 1, 0));
	EXPECT_EQ(-EACCES, kv_delete(fd, KV_STR("k")));
	EXPECT_EQ(0, kv_retrieve(fd, KV_STR("k"), self->in, 1, &len));
	EXPECT_EQ(0, kv_exist(fd, KV_STR("k")));
	EXPECT_EQ(0, kv_list(fd, "", 0, self->list, 64));
	EXPECT_EQ(0, kv_flush(fd));
	EXPECT_EQ(0, kv_store(self->d.kv, KV_STR("k"), "w", 1, 0));
	EXPECT_EQ(0, kv_delete(self->d.kv, KV_STR("k")));
	ASSERT_EQ(0, admin_set(true));
	close(fd);
}

/* ---- Format, Sanitize, injected errors ---- */

static int store_two(int fd)
{
	int ret = kv_store(fd, KV_STR("a"), "1", 1, 0);

	return ret ? ret : kv_store(fd, KV_STR("b"), "2", 1, 0);
}

TEST_F(kv, format_deletes_all)
{
	struct nvme_uring_cmd c = { .opcode = ADMIN_FORMAT, .nsid = KCSD_NSID_KV };
	struct nvme_uring_cmd wr = cmd_rw(NVM_WRITE, 0, 1, self->out, 4096);
	struct nvme_uring_cmd rd = cmd_rw(NVM_READ, 0, 1, self->in, 4096);

	ASSERT_EQ(0, store_two(self->d.kv));
	ASSERT_EQ(0, cmd_io(self->d.nvm, &wr));
	c.cdw10 = 1;	/* LBAF: there is no format 1 */
	EXPECT_EQ(KCSD_SC_INVALID_FORMAT, cmd_admin(self->d.ctrl, &c));
	EXPECT_EQ(0, kv_exist(self->d.kv, KV_STR("a")));
	c.cdw10 = 0;
	EXPECT_EQ(0, cmd_admin(self->d.ctrl, &c));
	EXPECT_EQ(KCSD_SC_NO_KEY, kv_exist(self->d.kv, KV_STR("a")));
	EXPECT_EQ(0, drive_number(&self->d, "kv/keys"));
	EXPECT_EQ(0, drive_number(&self->d, "kv/used_bytes"));
	/* Only this namespace. */
	ASSERT_EQ(0, cmd_io(self->d.nvm, &rd));
	EXPECT_EQ(0, memcmp(self->in, self->out, 4096));
	/* And the other way round. */
	ASSERT_EQ(0, store_two(self->d.kv));
	c.nsid = KCSD_NSID_NVM;
	EXPECT_EQ(0, cmd_admin(self->d.ctrl, &c));
	EXPECT_EQ(0, kv_exist(self->d.kv, KV_STR("a")));
}

TEST_F(kv, sanitize_deletes_all)
{
	struct nvme_uring_cmd c = { .opcode = ADMIN_SANITIZE, .cdw10 = 2 };
	__le16 log[256];
	struct nvme_uring_cmd get = cmd_log(LOG_SANITIZE, log, sizeof(log), 0);

	ASSERT_EQ(0, store_two(self->d.kv));
	ASSERT_EQ(0, cmd_admin(self->d.ctrl, &c));
	get.nsid = 0;
	do {
		ASSERT_EQ(0, cmd_admin(self->d.ctrl, &get));
		usleep(1000);
	} while ((le16toh(log[1]) & 7) == 2);
	EXPECT_EQ(1 | 1 << 8, le16toh(log[1]) & 0x107);
	EXPECT_EQ(KCSD_SC_NO_KEY, kv_exist(self->d.kv, KV_STR("a")));
	EXPECT_EQ(0, drive_number(&self->d, "kv/keys"));
	/* Global Data Erased ends with the first Store. */
	ASSERT_EQ(0, store_two(self->d.kv));
	ASSERT_EQ(0, cmd_admin(self->d.ctrl, &get));
	EXPECT_EQ(1, le16toh(log[1]) & 0x107);
}

TEST_F(kv, injected_errors)
{
	__u64 errors = drive_stat(&self->d, "media_errors"), len;
	int fd = self->d.kv;

	ASSERT_EQ(0, store_two(fd));
	ASSERT_EQ(0, drive_set(self->d.name, "inject", "store media_error next=1"));
	ASSERT_EQ(0, drive_set(self->d.name, "inject", "retrieve media_error next=1"));
	ASSERT_EQ(0, drive_set(self->d.name, "inject", "delete media_error next=1"));
	ASSERT_EQ(0, drive_set(self->d.name, "inject", "list media_error next=1"));
	ASSERT_EQ(0, drive_set(self->d.name, "inject", "exist media_error next=1"));
	EXPECT_EQ(-EINVAL, drive_set(self->d.name, "inject", "store lba=0+1 media_error"));
	EXPECT_EQ(KCSD_SC_WRITE_FAULT, kv_store(fd, KV_STR("a"), "x", 1, 0));
	EXPECT_EQ(KCSD_SC_UNRECOVERED, kv_retrieve(fd, KV_STR("a"), self->in, 1, &len));
	EXPECT_EQ(KCSD_SC_WRITE_FAULT, kv_delete(fd, KV_STR("a")));
	EXPECT_EQ(KCSD_SC_UNRECOVERED, kv_list(fd, "", 0, self->list, 64));
	EXPECT_EQ(KCSD_SC_UNRECOVERED, kv_exist(fd, KV_STR("a")));
	EXPECT_EQ(0, kv_exist(fd, KV_STR("a")));
	EXPECT_EQ(errors + 5, drive_stat(&self->d, "media_errors"));
	EXPECT_EQ(0, kv_retrieve(fd, KV_STR("a"), self->in, 1, &len));
	EXPECT_EQ('1', self->in[0]);
	ASSERT_EQ(0, drive_set(self->d.name, "inject", "clear"));
	ASSERT_EQ(0, drive_set(self->d.name, "inject", "store delay=50ms"));
	len = time_ns();
	EXPECT_EQ(0, kv_store(fd, KV_STR("a"), "x", 1, 0));
	EXPECT_LE(50000000, time_ns() - len);
	ASSERT_EQ(0, drive_set(self->d.name, "inject", "clear"));
}

/* A Store that is delayed for long does not hold up Sanitize or power off. */
TEST_F(kv, a_delayed_store_is_let_go)
{
	struct nvme_uring_cmd c = kv_cmd(KCSD_KV_STORE, KV_STR("k"), self->out, 64);
	struct io_uring ring;
	int res = 1;
	__u64 tag;

	ASSERT_EQ(0, ring_open(&ring, 2, true));
	ASSERT_EQ(0, drive_set(self->d.name, "inject", "store delay=3600000ms"));
	ASSERT_EQ(0, ring_put(&ring, self->d.kv, NVME_URING_CMD_IO, &c, 1));
	ASSERT_EQ(1, io_uring_submit(&ring));
	sleep_ms(50);
	c = (struct nvme_uring_cmd){ .opcode = ADMIN_FORMAT, .nsid = KCSD_NSID_KV };
	EXPECT_EQ(0, cmd_admin(self->d.ctrl, &c));
	ASSERT_EQ(0, ring_get(&ring, 10000, &tag, &res, NULL));
	io_uring_queue_exit(&ring);
}

/* Wait until each rule has hit a command. */
static bool all_hit(const struct drive *d)
{
	char text[4096];

	for (int i = 0; i < 10000 * time_slow(); i++) {
		if (drive_get(d->name, "inject", text, sizeof(text)) > 0 &&
		    !strstr(text, "hits=0"))
			return true;
		sleep_ms(1);
	}
	return false;
}

/* When power is cut, each command that is under way fails. */
TEST_F(kv, a_cut_fails_what_is_delayed)
{
	static const struct {
		const char *rule;
		__u8 opcode;
	} cmds[] = {
		{ "list delay=3600000ms", KCSD_KV_LIST },
		{ "exist delay=3600000ms", KCSD_KV_EXIST },
		{ "retrieve delay=3600000ms", KCSD_KV_RETRIEVE },
	};
	struct io_uring ring;
	__u64 tag;
	int res;

	ASSERT_EQ(0, store_two(self->d.kv));
	ASSERT_EQ(0, ring_open(&ring, 4, true));
	for (size_t i = 0; i < ARRAY_SIZE(cmds); i++) {
		bool data = cmds[i].opcode != KCSD_KV_EXIST;
		struct nvme_uring_cmd c = kv_cmd(cmds[i].opcode, KV_STR("a"),
						 data ? self->in : NULL, data ? 64 : 0);

		ASSERT_EQ(0, drive_set(self->d.name, "inject", cmds[i].rule));
		ASSERT_EQ(0, ring_put(&ring, self->d.kv, NVME_URING_CMD_IO, &c, i));
	}
	ASSERT_EQ(ARRAY_SIZE(cmds), io_uring_submit(&ring));
	ASSERT_TRUE(all_hit(&self->d));
	ASSERT_EQ(0, drive_set(self->d.name, "power_cut", "1"));
	for (size_t i = 0; i < ARRAY_SIZE(cmds); i++) {
		res = 0;
		ASSERT_EQ(0, ring_get(&ring, 10000, &tag, &res, NULL));
		EXPECT_EQ(KCSD_SC_READ_ERROR, cmd_status(res)) TH_LOG("%s", cmds[tag].rule);
	}
	io_uring_queue_exit(&ring);
}

/* ---- device time ---- */

TEST_F(kv, values_take_device_time)
{
	static const struct drive_attr timed[] = {
		DRIVE_SMALL, KV_SMALL, { "timing/model", "flash" },
		{ "timing/clock", "virtual" }, {}
	};
	__u64 start, shorter, len;

	ASSERT_EQ(0, drive_remove(&self->d));
	ASSERT_EQ(0, drive_create(&self->d, "kv", timed));
	start = drive_number(&self->d, "timing/device_ns");
	ASSERT_EQ(0, kv_store(self->d.kv, KV_STR("k"), self->out, 4096, 0));
	ASSERT_EQ(0, kv_flush(self->d.kv));
	ASSERT_EQ(0, kv_retrieve(self->d.kv, KV_STR("k"), self->in, 4096, &len));
	shorter = drive_number(&self->d, "timing/device_ns") - start;
	EXPECT_LT(0, shorter);
	EXPECT_LE(4096, drive_number(&self->d, "timing/media_write_bytes"));
	start = drive_number(&self->d, "timing/device_ns");
	ASSERT_EQ(0, kv_store(self->d.kv, KV_STR("k"), self->out, MAX_VALUE, 0));
	ASSERT_EQ(0, kv_flush(self->d.kv));
	ASSERT_EQ(0, kv_retrieve(self->d.kv, KV_STR("k"), self->in, MAX_VALUE, &len));
	EXPECT_LT(shorter, drive_number(&self->d, "timing/device_ns") - start);
	EXPECT_LE(MAX_VALUE, drive_number(&self->d, "timing/media_write_bytes"));
}

/* ---- every command takes as much as a value ---- */

TEST_F(kv, commands_of_every_set_take_as_much)
{
	struct nvme_uring_cmd c = cmd_log(LOG_HEALTH, self->in, MAX_VALUE, 0);
	const __u32 nlb = MAX_VALUE / 4096;

	c.nsid = 0;
	ASSERT_EQ(0, cmd_admin(self->d.ctrl, &c));
	for (__u32 i = 512; i < MAX_VALUE; i++)
		ASSERT_EQ(0, self->in[i]);
	c = cmd_log(LOG_HEALTH, self->in, MAX_VALUE + 4, 0);
	c.nsid = 0;
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, cmd_admin(self->d.ctrl, &c));

	c = slm_cmd(KCSD_SLM_WRITE, 1, MAX_VALUE, self->out);
	EXPECT_EQ(0, cmd_io(self->d.slm, &c));
	memset(self->in, 0, MAX_VALUE);
	c = slm_cmd(KCSD_SLM_READ, 1, MAX_VALUE, self->in);
	EXPECT_EQ(0, cmd_io(self->d.slm, &c));
	EXPECT_EQ(0, memcmp(self->in, self->out, MAX_VALUE));
	c = slm_cmd(KCSD_SLM_READ, 1, MAX_VALUE + 1, self->in);
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, cmd_io(self->d.slm, &c));

	c = cmd_rw(NVM_WRITE, 1, nlb, self->out, MAX_VALUE);
	EXPECT_EQ(0, cmd_io(self->d.nvm, &c));
	memset(self->in, 0, MAX_VALUE);
	c = cmd_rw(NVM_READ, 1, nlb, self->in, MAX_VALUE);
	EXPECT_EQ(0, cmd_io(self->d.nvm, &c));
	EXPECT_EQ(0, memcmp(self->in, self->out, MAX_VALUE));
	c = cmd_rw(NVM_COMPARE, 1, nlb, self->out, MAX_VALUE);
	EXPECT_EQ(0, cmd_io(self->d.nvm, &c));
	self->out[MAX_VALUE - 1] ^= 1;
	EXPECT_EQ(KCSD_SC_COMPARE_FAILED, cmd_io(self->d.nvm, &c));
	c = cmd_rw(NVM_READ, 1, nlb + 1, self->in, MAX_VALUE + 4096);
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, cmd_io(self->d.nvm, &c));
}

/* ---- Identify ---- */

TEST_F(kv, identify)
{
	struct kcsd_id_ns_kv *id = aligned_alloc(4096, 4096);
	struct nvme_uring_cmd c = cmd_identify(0x05, KCSD_NSID_KV, KCSD_CSI_KV, id);
	const struct kcsd_id_ctrl_kv *ctrl = (void *)id;

	ASSERT_EQ(0, kv_store(self->d.kv, KV_STR("key"), self->out, 1000, 0));
	ASSERT_EQ(0, cmd_admin(self->d.ctrl, &c));
	EXPECT_EQ(16u << 20, le64toh(id->nsze));
	EXPECT_EQ(1003, le64toh(id->nuse));
	EXPECT_EQ(1, le64toh(id->keys));
	/* 1003 bytes: 128, and 1024 less a 64th. */
	EXPECT_EQ((16u << 20) - 1137, le64toh(id->room));
	EXPECT_EQ((16u << 20) - 1137, drive_number(&self->d, "kv/room_bytes"));
	EXPECT_EQ(0, id->nkvf);
	EXPECT_EQ(0, id->kvfc);
	EXPECT_EQ(16, le16toh(id->kvf[0].max_key));
	EXPECT_EQ(MAX_VALUE, le32toh(id->kvf[0].max_value));
	EXPECT_EQ(100000, le32toh(id->kvf[0].max_keys));

	c = cmd_identify(0x0a, 0, KCSD_CSI_KV, id);
	ASSERT_EQ(0, cmd_admin(self->d.ctrl, &c));
	EXPECT_EQ(MAX_VALUE, le32toh(id->kvf[0].max_value));
	EXPECT_EQ(0, le64toh(id->nuse));
	c.cdw11 |= 1;
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, cmd_admin(self->d.ctrl, &c));
	c = cmd_identify(0x0a, 0, KCSD_CSI_NVM, id);
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, cmd_admin(self->d.ctrl, &c));

	c = cmd_identify(0x06, 0, KCSD_CSI_KV, id);
	ASSERT_EQ(0, cmd_admin(self->d.ctrl, &c));
	EXPECT_EQ(1, le16toh(ctrl->major));
	/* CNS 00h is of the NVM command set. */
	c = cmd_identify(0x00, KCSD_NSID_KV, 0, id);
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, cmd_admin(self->d.ctrl, &c));
	free(id);
}

TEST_F(kv, without_objects)
{
	__u8 *page = aligned_alloc(4096, 4096);
	struct nvme_uring_cmd c = cmd_identify(0x06, 0, KCSD_CSI_KV, page);
	__le32 list[1024];

	ASSERT_EQ(0, drive_remove(&self->d));
	ASSERT_EQ(0, drive_create(&self->d, "kv", without));
	EXPECT_EQ(-1, self->d.kv);
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, cmd_admin(self->d.ctrl, &c));
	c = cmd_identify(0x02, 0, 0, list);
	ASSERT_EQ(0, cmd_admin(self->d.ctrl, &c));
	for (int i = 0; list[i]; i++)
		EXPECT_NE(KCSD_NSID_KV, le32toh(list[i]));
	/* CNS 1Ch: combination of command sets. */
	c = cmd_identify(0x1c, 0, 0, page);
	ASSERT_EQ(0, cmd_admin(self->d.ctrl, &c));
	EXPECT_FALSE(page[0] & 1 << KCSD_CSI_KV);
	/* MDTS is that of a drive without long values. */
	c = cmd_identify(0x01, 0, 0, page);
	ASSERT_EQ(0, cmd_admin(self->d.ctrl, &c));
	EXPECT_EQ(8, page[77]);
	free(page);
}

/* ---- sizes that contradict each other ---- */

TEST_F(kv, a_value_must_fit_the_store)
{
	struct drive d = DRIVE_INIT;
	static const struct drive_attr bad[] = {
		DRIVE_SMALL, { "kv_size", "1M" }, { "kv_max_value", "1M" }, {}
	};
	static const struct drive_attr good[] = {
		DRIVE_SMALL, { "kv_size", "1028K" }, { "kv_max_value", "1M" }, {}
	};

	EXPECT_EQ(-EINVAL, drive_create(&d, "kv-bad", bad));
	EXPECT_EQ(0, drive_remove(&d));
	ASSERT_EQ(0, drive_create(&d, "kv-good", good));
	EXPECT_EQ(0, kv_store(d.kv, KV_STR("0123456789abcdef"), self->out, 1 << 20, 0));
	EXPECT_EQ(0, drive_remove(&d));
}

/* As charged: 4000 bytes and a key take 4098. */
TEST_F(kv, a_value_must_fit_a_small_store)
{
	struct drive d = DRIVE_INIT;
	static const struct drive_attr bad[] = {
		DRIVE_SMALL, { "kv_size", "4K" }, { "kv_max_value", "4000" }, {}
	};
	static const struct drive_attr good[] = {
		DRIVE_SMALL, { "kv_size", "4K" }, { "kv_max_value", "3968" }, {}
	};

	EXPECT_EQ(-EINVAL, drive_create(&d, "kv-bad", bad));
	EXPECT_EQ(0, drive_remove(&d));
	ASSERT_EQ(0, drive_create(&d, "kv-good", good));
	EXPECT_EQ(0, kv_store(d.kv, KV_STR("0123456789abcdef"), self->out, 3968, 0));
	EXPECT_EQ(0, drive_remove(&d));
}

DRIVE_TEST_MAIN
