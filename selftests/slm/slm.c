// SPDX-License-Identifier: GPL-2.0
/* Subsystem Local Memory: Memory Read, Write and Fill, and the fields of Identify. */
#include "harness.h"
#include "admin.h"
#include "capability.h"
#include "change.h"
#include "slm.h"

#include <sys/uio.h>

#define SLM	(4u << 20)

static const struct drive_attr with_slm[] = { DRIVE_SMALL, { "slm_size", "4M" }, {} };
static const struct drive_attr without[] = { DRIVE_SMALL, { "slm_size", "0" }, {} };

FIXTURE(slm) {
	struct drive d;
	struct drive other;
	__u8 *model;		/* wanted content of the SLM */
	__u8 *buf;
};

FIXTURE_SETUP(slm)
{
	drive_sweep();
	self->other = (struct drive)DRIVE_INIT;
	self->model = calloc(1, SLM);
	self->buf = malloc(SLM);
	ASSERT_TRUE(self->model && self->buf);
	ASSERT_EQ(0, drive_create(&self->d, "slm", with_slm));
	ASSERT_LE(0, self->d.slm);
}

FIXTURE_TEARDOWN(slm)
{
	drive_remove(&self->other);
	EXPECT_EQ(0, drive_remove(&self->d));
	free(self->model);
	free(self->buf);
}

static bool slm_is(int fd, const __u8 *model, __u8 *buf)
{
	memset(buf, 0xa5, SLM);
	return !slm_rw_all(fd, KCSD_SLM_READ, 0, SLM, buf) && !memcmp(buf, model, SLM);
}

TEST_F(slm, new_memory_is_zero)
{
	EXPECT_TRUE(slm_is(self->d.slm, self->model, self->buf));
	EXPECT_EQ(0, slm_fill(self->d.slm, 0, SLM, 0x5a));
	/* The memory is zero again after a power cycle. */
	drive_close(&self->d);
	ASSERT_EQ(0, drive_power(&self->d, false));
	ASSERT_EQ(0, drive_power(&self->d, true));
	ASSERT_EQ(0, drive_open(&self->d, O_RDWR));
	EXPECT_TRUE(slm_is(self->d.slm, self->model, self->buf));
}

TEST_F(slm, ioctl_id_returns_nsid)
{
	EXPECT_EQ(KCSD_NSID_SLM, ioctl(self->d.slm, NVME_IOCTL_ID));
}

TEST_F(slm, write_in_all_ways_read_in_all_ways)
{
	__u8 out[300], in[300];

	for (int w = 0; w < CMD_WAYS; w++) {
		for (int r = 0; r < CMD_WAYS; r++) {
			__u64 start = 4096 * (w + 1) - 77 + r;
			struct nvme_uring_cmd c = slm_cmd(KCSD_SLM_WRITE, start, 300, out);

			memset(out, 16 * w + r + 1, sizeof(out));
			ASSERT_EQ(0, cmd_io_way(w, self->d.slm, &c, NULL));
			memset(in, 0, sizeof(in));
			c = slm_cmd(KCSD_SLM_READ, start, 300, in);
			ASSERT_EQ(0, cmd_io_way(r, self->d.slm, &c, NULL));
			EXPECT_EQ(0, memcmp(in, out, sizeof(in)))
				TH_LOG("%s, %s", cmd_way_name(w), cmd_way_name(r));
		}
	}
}

/* Access random bytes by random commands, and compare with a model in this process. */
TEST_F(slm, same_as_a_model)
{
	unsigned int seed = 4131;

	for (int i = 0; i < 600; i++) {
		__u32 len = 1 + rand_r(&seed) % (i % 8 ? 9000 : SLM_MDTS);
		__u64 start = rand_r(&seed) % (SLM - len + 1);
		__u8 byte = rand_r(&seed);

		if (i % 3) {
			for (__u32 k = 0; k < len; k++)
				self->model[start + k] = byte + k * 7;
			ASSERT_EQ(0, slm_rw(self->d.slm, KCSD_SLM_WRITE, start, len,
					    self->model + start));
		} else {
			memset(self->model + start, byte, len);
			ASSERT_EQ(0, slm_fill(self->d.slm, start, len, byte));
		}
		memset(self->buf, 0xa5, len);
		ASSERT_EQ(0, slm_rw(self->d.slm, KCSD_SLM_READ, start, len, self->buf));
		ASSERT_EQ(0, memcmp(self->buf, self->model + start, len)) TH_LOG("step %d", i);
	}
	EXPECT_TRUE(slm_is(self->d.slm, self->model, self->buf));
}

TEST_F(slm, end_of_memory)
{
	static const struct {
		__u64 start;
		__u32 len;
		int want;
	} cases[] = {
		{ SLM - 1, 1, 0 }, { SLM - SLM_MDTS, SLM_MDTS, 0 }, { 0, 1, 0 },
		{ SLM, 1, KCSD_SC_LBA_RANGE }, { SLM - 1, 2, KCSD_SC_LBA_RANGE },
		{ SLM - SLM_MDTS + 1, SLM_MDTS, KCSD_SC_LBA_RANGE },
		{ 1ULL << 32, 1, KCSD_SC_LBA_RANGE }, { 1ULL << 63, 1, KCSD_SC_LBA_RANGE },
		{ ~0ULL, 1, KCSD_SC_LBA_RANGE }, { ~0ULL, 2, KCSD_SC_LBA_RANGE },
		{ ~0ULL - 4095, 4096, KCSD_SC_LBA_RANGE }, { 0, 0, KCSD_SC_INVALID_FIELD },
		{ SLM, 0, KCSD_SC_INVALID_FIELD },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		EXPECT_EQ(cases[i].want, slm_rw(self->d.slm, KCSD_SLM_READ, cases[i].start,
						cases[i].len, self->buf)) TH_LOG("read %zu", i);
		EXPECT_EQ(cases[i].want, slm_rw(self->d.slm, KCSD_SLM_WRITE, cases[i].start,
						cases[i].len, self->model)) TH_LOG("write %zu", i);
		EXPECT_EQ(cases[i].want, slm_fill(self->d.slm, cases[i].start, cases[i].len, 0))
			TH_LOG("fill %zu", i);
	}
	EXPECT_EQ(0, slm_fill(self->d.slm, 0, SLM, 0x11));
	EXPECT_EQ(KCSD_SC_LBA_RANGE, slm_fill(self->d.slm, 1, SLM, 0x22));
	EXPECT_EQ(KCSD_SC_LBA_RANGE, slm_fill(self->d.slm, 0, SLM + 1, 0x22));
	EXPECT_EQ(KCSD_SC_LBA_RANGE, slm_fill(self->d.slm, 0, ~0U, 0x22));
	memset(self->model, 0x11, SLM);
	EXPECT_TRUE(slm_is(self->d.slm, self->model, self->buf));
}

TEST_F(slm, refusals)
{
	static const struct cmd_change changes[] = {
		CMD_CHANGE(opcode, 0x00, KCSD_SC_INVALID_OPCODE),
		CMD_CHANGE(opcode, 0x03, KCSD_SC_INVALID_OPCODE),
		CMD_CHANGE(opcode, KCSD_CMD_EXECUTE_LBA, KCSD_SC_INVALID_OPCODE),
		CMD_CHANGE(opcode, 0xff, KCSD_SC_INVALID_OPCODE),
		CMD_CHANGE(nsid, 0, -EINVAL),
		CMD_CHANGE(nsid, KCSD_NSID_NVM, -EINVAL),
		CMD_CHANGE(nsid, KCSD_NSID_COMPUTE, -EINVAL),
		CMD_CHANGE(nsid, 0xffffffff, -EINVAL),
		CMD_CHANGE(flags, 1, -EINVAL),
		CMD_CHANGE(cdw2, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw3, 0x80000000, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw11, 1, KCSD_SC_LBA_RANGE),
		CMD_CHANGE(cdw13, 0x100, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw14, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw15, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(metadata, 0x1000, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(metadata_len, 8, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(data_len, 99, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(data_len, 101, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(data_len, 0xffffffff, KCSD_SC_INVALID_FIELD),
	};
	static const struct cmd_change of_rw[] = {
		CMD_CHANGE_MISFIT(cdw12, 99, addr),
		CMD_CHANGE_MISFIT(cdw12, 101, addr),
		CMD_CHANGE(cdw12, SLM_MDTS + 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw12, 0xffffffff, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw13, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(data_len, 0, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(addr, 0x1000, -EFAULT),
		CMD_CHANGE(addr, 0xffff800000000000, -EFAULT),
	};
	static const __u8 opcodes[] = { KCSD_SLM_READ, KCSD_SLM_WRITE, KCSD_SLM_FILL };

	for (int way = 0; way < CMD_WAYS; way++) {
		for (size_t o = 0; o < ARRAY_SIZE(opcodes); o++) {
			bool fill = opcodes[o] == KCSD_SLM_FILL;
			struct nvme_uring_cmd base = slm_cmd(opcodes[o], 5, 100,
							     fill ? NULL : self->buf);

			for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
				EXPECT_TRUE(cmd_refused(way, false, self->d.slm, &base,
							&changes[i]))
					TH_LOG("opcode %02x", opcodes[o]);
			}
			for (size_t i = 0; !fill && i < ARRAY_SIZE(of_rw); i++) {
				EXPECT_TRUE(cmd_refused(way, false, self->d.slm, &base, &of_rw[i]))
					TH_LOG("opcode %02x", opcodes[o]);
			}
			EXPECT_EQ(0, cmd_io_way(way, self->d.slm, &base, NULL));
		}
	}
}

TEST_F(slm, modes_of_the_file)
{
	struct drive rdonly = { .index = self->d.index };
	struct nvme_uring_cmd copy = { .opcode = KCSD_SLM_COPY, .nsid = KCSD_NSID_SLM };

	ASSERT_EQ(0, drive_open(&rdonly, O_RDONLY));
	ASSERT_EQ(0, admin_set(false));
	for (int way = 0; way < CMD_WAYS; way++) {
		struct nvme_uring_cmd rd = slm_cmd(KCSD_SLM_READ, 0, 64, self->buf);
		struct nvme_uring_cmd wr = slm_cmd(KCSD_SLM_WRITE, 0, 64, self->buf);
		struct nvme_uring_cmd fill = slm_cmd(KCSD_SLM_FILL, 0, 64, NULL);

		EXPECT_EQ(0, cmd_io_way(way, rdonly.slm, &rd, NULL));
		EXPECT_EQ(-EACCES, cmd_io_way(way, rdonly.slm, &wr, NULL));
		EXPECT_EQ(-EACCES, cmd_io_way(way, rdonly.slm, &fill, NULL));
		EXPECT_EQ(-EACCES, cmd_io_way(way, rdonly.slm, &copy, NULL));
	}
	drive_close(&rdonly);
}

TEST_F(slm, vectors)
{
	struct iovec out[] = {
		{ self->model, 3 }, { self->model + 3, 0 }, { self->model + 3, 97 }
	};
	struct iovec in[] = { { self->buf, 60 }, { self->buf + 60, 40 } };
	struct nvme_uring_cmd c;

	for (int i = 0; i < 100; i++)
		self->model[i] = i + 1;
	c = slm_cmd(KCSD_SLM_WRITE, 1000, 100, out);
	c.data_len = 3;
	ASSERT_EQ(0, cmd_uring(self->d.slm, NVME_URING_CMD_IO_VEC, &c, true, NULL));
	c = slm_cmd(KCSD_SLM_READ, 1000, 100, in);
	c.data_len = 2;
	ASSERT_EQ(0, cmd_ioctl64(self->d.slm, NVME_IOCTL_IO64_CMD_VEC, &c, NULL));
	EXPECT_EQ(0, memcmp(self->model, self->buf, 100));
}

static int identify(int fd, __u8 cns, __u32 nsid, __u8 csi, void *buf)
{
	struct nvme_uring_cmd c = cmd_identify(cns, nsid, csi, buf);

	return cmd_admin(fd, &c);
}

static bool listed(int fd, __u8 cns, __u8 csi, __u32 nsid)
{
	__le32 list[1024];

	if (identify(fd, cns, 0, csi, list))
		return false;
	for (int i = 0; i < 1024 && list[i]; i++) {
		if (le32toh(list[i]) == nsid)
			return true;
	}
	return false;
}

TEST_F(slm, identify)
{
	struct kcsd_id_ns_slm *id = (void *)self->buf;
	__le64 vector;

	ASSERT_EQ(4096, sizeof(*id));
	ASSERT_EQ(0, identify(self->d.ctrl, 5, KCSD_NSID_SLM, KCSD_CSI_SLM, id));
	EXPECT_EQ(SLM, le64toh(id->size));
	EXPECT_EQ(KCSD_SLM_COPY_MAX_SOURCES, le32toh(id->max_sources));
	EXPECT_TRUE(listed(self->d.ctrl, 2, 0, KCSD_NSID_SLM));
	EXPECT_TRUE(listed(self->d.ctrl, 7, KCSD_CSI_SLM, KCSD_NSID_SLM));
	EXPECT_FALSE(listed(self->d.ctrl, 7, KCSD_CSI_NVM, KCSD_NSID_SLM));
	EXPECT_FALSE(listed(self->d.ctrl, 7, KCSD_CSI_SLM, KCSD_NSID_NVM));
	ASSERT_EQ(0, identify(self->d.ctrl, 0x1c, 0, 0, self->buf));
	memcpy(&vector, self->buf, sizeof(vector));
	EXPECT_EQ(1 << KCSD_CSI_NVM | 1 << KCSD_CSI_KV | 1 << KCSD_CSI_SLM | 1 << KCSD_CSI_COMPUTE,
		  le64toh(vector));
	EXPECT_EQ(0, identify(self->d.ctrl, 6, 0, KCSD_CSI_SLM, self->buf));
	EXPECT_EQ(0, identify(self->d.ctrl, 8, KCSD_NSID_SLM, 0, self->buf));
	EXPECT_EQ(1, self->buf[14]) TH_LOG("NSTAT: ready");
	/* CNS 00h is of the NVM command set only. */
	EXPECT_EQ(KCSD_SC_INVALID_FIELD,
		  identify(self->d.ctrl, 0, KCSD_NSID_SLM, 0, self->buf));
	EXPECT_EQ(KCSD_SC_INVALID_FIELD,
		  identify(self->d.ctrl, 5, KCSD_NSID_SLM, KCSD_CSI_NVM, self->buf));
}

TEST_F(slm, drive_without_slm)
{
	__le64 vector;
	int fd;

	ASSERT_EQ(0, drive_create(&self->other, "slm2", without));
	fd = self->other.ctrl;
	EXPECT_EQ(-1, self->other.slm);
	EXPECT_EQ(DRIVE_NODES - 1, drive_nodes_present(self->other.index));
	EXPECT_FALSE(listed(fd, 2, 0, KCSD_NSID_SLM));
	EXPECT_TRUE(listed(fd, 2, 0, KCSD_NSID_COMPUTE));
	EXPECT_FALSE(listed(fd, 7, KCSD_CSI_SLM, KCSD_NSID_SLM));
	ASSERT_EQ(0, identify(fd, 0x1c, 0, 0, self->buf));
	memcpy(&vector, self->buf, sizeof(vector));
	EXPECT_EQ(1 << KCSD_CSI_NVM | 1 << KCSD_CSI_KV | 1 << KCSD_CSI_COMPUTE, le64toh(vector));
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, identify(fd, 6, 0, KCSD_CSI_SLM, self->buf));
	/* For an inactive namespace, Identify returns zeroes, or an empty list of descriptors. */
	ASSERT_EQ(0, identify(fd, 5, KCSD_NSID_SLM, KCSD_CSI_SLM, self->buf));
	EXPECT_EQ(0, memcmp(self->buf, self->model, 4096));
	ASSERT_EQ(0, identify(fd, 0, KCSD_NSID_SLM, 0, self->buf));
	EXPECT_EQ(0, memcmp(self->buf, self->model, 4096));
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, identify(fd, 3, KCSD_NSID_SLM, 0, self->buf));
}

TEST_F(slm, counters)
{
	__u64 host_read = drive_number(&self->d, "stats/host_read_bytes");
	__u64 host_write = drive_number(&self->d, "stats/host_write_bytes");

	EXPECT_EQ(SLM, drive_number(&self->d, "slm_size"));
	ASSERT_EQ(0, slm_rw(self->d.slm, KCSD_SLM_WRITE, 7, 1000, self->buf));
	ASSERT_EQ(0, slm_rw(self->d.slm, KCSD_SLM_READ, 7, 300, self->buf));
	ASSERT_EQ(0, slm_rw(self->d.slm, KCSD_SLM_READ, 7, 4, self->buf));
	ASSERT_EQ(0, slm_fill(self->d.slm, 7, SLM - 7, 3));
	ASSERT_EQ(KCSD_SC_LBA_RANGE, slm_fill(self->d.slm, 7, SLM, 3));
	EXPECT_EQ(1, drive_number(&self->d, "ns2/write_commands"));
	EXPECT_EQ(1000, drive_number(&self->d, "ns2/write_bytes"));
	EXPECT_EQ(2, drive_number(&self->d, "ns2/read_commands"));
	EXPECT_EQ(304, drive_number(&self->d, "ns2/read_bytes"));
	EXPECT_EQ(1, drive_number(&self->d, "ns2/fill_commands"));
	EXPECT_EQ(SLM - 7, drive_number(&self->d, "ns2/fill_bytes"));
	EXPECT_EQ(host_read + 304, drive_number(&self->d, "stats/host_read_bytes"));
	EXPECT_EQ(host_write + 1000, drive_number(&self->d, "stats/host_write_bytes"));
	EXPECT_EQ(0, drive_number(&self->d, "stats/media_write_bytes"));
}

/*
 * An SLM larger than the memory of the machine: power on fails with one line in the kernel log, and
 * leaves nothing behind.
 */
TEST_F(slm, larger_than_free_memory)
{
	char line[1024];
	ssize_t len;
	int kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK), lines = 0;

	ASSERT_LE(0, kmsg);
	ASSERT_LE(0, lseek(kmsg, 0, SEEK_END));
	ASSERT_EQ(0, drive_prepare(&self->other, "slm2", with_slm));
	ASSERT_EQ(0, drive_set(self->other.name, "slm_size", "1T"));
	EXPECT_EQ(-ENOMEM, drive_power(&self->other, true));
	while ((len = read(kmsg, line, sizeof(line) - 1)) > 0) {
		line[len] = 0;
		lines += strstr(line, ";kcsd") && strstr(line, "slm_size") &&
			 strstr(line, "1099511627776");
	}
	close(kmsg);
	EXPECT_EQ(1, lines);
	EXPECT_EQ(0, drive_get_number(self->other.name, "power"));
}

DRIVE_TEST_MAIN
