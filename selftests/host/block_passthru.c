// SPDX-License-Identifier: GPL-2.0
/*
 * NVMe commands by the ioctls of the block node: which ones, for which users, on partitions, and
 * around power off.
 */
#include "harness.h"
#include "admin.h"
#include "call32.h"
#include "capability.h"
#include "feature.h"
#include "nvm.h"

#include <linux/blkpg.h>
#include <pthread.h>
#include <stdlib.h>

#define LBA		4096
#define PART_START	(1u << 20)
#define PART_LEN	(1u << 20)

static const struct drive_attr attr[] = { DRIVE_SMALL, {} };

FIXTURE(block_passthru) {
	struct drive d;
	int rw, ro;	/* the block node, open for writing and for reading */
	__u8 *buf;	/* LBA bytes, at an address that a 32-bit program can reach */
};

FIXTURE_SETUP(block_passthru)
{
	drive_sweep();
	ASSERT_EQ(0, drive_create(&self->d, "blkpt", attr));
	self->rw = drive_open_block(&self->d, O_RDWR);
	self->ro = drive_open_block(&self->d, O_RDONLY);
	ASSERT_LE(0, self->rw);
	ASSERT_LE(0, self->ro);
	self->buf = map_low(LBA);
	ASSERT_NE(NULL, self->buf);
}

FIXTURE_TEARDOWN(block_passthru)
{
	fd_close(&self->rw);
	fd_close(&self->ro);
	if (!access(KST_CONFIGFS "/" KST_PREFIX "blkpt", F_OK))
		drive_remove(&self->d);
	munmap(self->buf, LBA);
}

TEST_F(block_passthru, reaches_namespace_1)
{
	struct nvme_uring_cmd wr = cmd_rw(NVM_WRITE, 5, 1, self->buf, LBA);
	struct nvme_uring_cmd rd = cmd_rw(NVM_READ, 5, 1, self->buf, LBA);
	struct nvme_uring_cmd id = cmd_identify(0, 1, 0, self->buf);
	struct nvme_uring_cmd other = { .opcode = KCSD_SLM_READ, .nsid = KCSD_NSID_SLM };

	EXPECT_EQ(KCSD_NSID_NVM, ioctl(self->ro, NVME_IOCTL_ID));
	for (int way = CMD_IOCTL; way <= CMD_IOCTL64; way++) {
		memset(self->buf, 0x30 + way, LBA);
		EXPECT_EQ(0, cmd_io_way(way, self->rw, &wr, NULL));
		memset(self->buf, 0, LBA);
		EXPECT_EQ(0, cmd_io_way(way, self->d.nvm, &rd, NULL));
		EXPECT_EQ(0x30 + way, self->buf[LBA - 1]);
		memset(self->buf, 0, LBA);
		EXPECT_EQ(0, cmd_io_way(way, self->ro, &rd, NULL));
		EXPECT_EQ(0x30 + way, self->buf[0]);
		EXPECT_EQ(0, cmd_admin_way(way, self->ro, &id, NULL));
		EXPECT_EQ(-EINVAL, cmd_io_way(way, self->rw, &other, NULL));
	}
	EXPECT_EQ(-1, ioctl(self->ro, NVME_IOCTL_RESET));
	EXPECT_EQ(ENOTTY, errno);
}

TEST_F(block_passthru, same_rights_as_generic_node)
{
	struct nvme_uring_cmd wr = cmd_rw(NVM_WRITE, 5, 1, self->buf, LBA);
	struct nvme_uring_cmd rd = cmd_rw(NVM_READ, 5, 1, self->buf, LBA);
	struct nvme_uring_cmd set = cmd_set_feature(KCSD_FEATURE_BUDGET, 0);
	struct nvme_uring_cmd get = cmd_get_feature(KCSD_FEATURE_BUDGET, FEATURE_CURRENT);

	for (int way = CMD_IOCTL; way <= CMD_IOCTL64; way++) {
		ASSERT_EQ(0, admin_set(false));
		EXPECT_EQ(0, cmd_io_way(way, self->ro, &rd, NULL));
		EXPECT_EQ(-EACCES, cmd_io_way(way, self->ro, &wr, NULL));
		EXPECT_EQ(0, cmd_io_way(way, self->rw, &wr, NULL));
		EXPECT_EQ(0, cmd_admin_way(way, self->ro, &get, NULL));
		EXPECT_EQ(-EACCES, cmd_admin_way(way, self->ro, &set, NULL));
		EXPECT_EQ(-EACCES, cmd_admin_way(way, self->rw, &set, NULL));
		ASSERT_EQ(0, admin_set(true));
		EXPECT_EQ(0, cmd_io_way(way, self->ro, &wr, NULL));
		EXPECT_EQ(0, cmd_admin_way(way, self->ro, &set, NULL));
	}
}

/* Open partition 1 of the disk for writing. Returns -1 if there is none. */
static int open_partition(const struct drive *d, int disk)
{
	struct blkpg_partition part = { .start = PART_START, .length = PART_LEN, .pno = 1 };
	struct blkpg_ioctl_arg arg = {
		.op = BLKPG_ADD_PARTITION, .datalen = sizeof(part), .data = &part,
	};
	char path[64];

	if (ioctl(disk, BLKPG, &arg))
		return -1;
	drive_node(path, sizeof(path), d->index, "n1p1");
	return open(path, O_RDWR | O_CLOEXEC);
}

/* Commands name LBAs of the disk, not of the partition: a command could reach beyond it. */
TEST_F(block_passthru, partitions_need_cap_sys_admin)
{
	struct nvme_uring_cmd wr = cmd_rw(NVM_WRITE, 0, 1, self->buf, LBA);
	struct nvme_uring_cmd rd = cmd_rw(NVM_READ, 0, 1, self->buf, LBA);
	struct nvme_uring_cmd id = cmd_identify(0, 1, 0, self->buf);
	struct nvme_uring_cmd log = cmd_log(KCSD_LOG_PROGRAM_OUTPUT, self->buf, 16, 0);
	int fd = open_partition(&self->d, self->rw);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, admin_set(false));
	EXPECT_EQ(LBA, pread(fd, self->buf, LBA, 0));
	EXPECT_EQ(KCSD_NSID_NVM, ioctl(fd, NVME_IOCTL_ID));
	for (int way = CMD_IOCTL; way <= CMD_IOCTL64; way++) {
		ASSERT_EQ(0, admin_set(false));
		EXPECT_EQ(-EACCES, cmd_io_way(way, fd, &rd, NULL));
		EXPECT_EQ(-EACCES, cmd_io_way(way, fd, &wr, NULL));
		EXPECT_EQ(-EACCES, cmd_admin_way(way, fd, &log, NULL));
		EXPECT_EQ(0, cmd_admin_way(way, fd, &id, NULL));
		ASSERT_EQ(0, admin_set(true));
		EXPECT_EQ(0, cmd_io_way(way, fd, &rd, NULL));
		EXPECT_EQ(0, cmd_io_way(way, fd, &wr, NULL));
		EXPECT_EQ(0, cmd_admin_way(way, fd, &log, NULL));
	}
	close(fd);
}

/* ---- 32-bit programs ---- */

struct user_io32 {
	__u8	opcode, flags;
	__u16	control, nblocks, rsvd;
	__u64	metadata, addr, slba;
	__u32	dsmgmt, reftag;
	__u16	apptag, appmask;
} __attribute__((packed));

#define SUBMIT_IO32	_IOW('N', 0x42, struct user_io32)

/*
 * Returns a struct that ends where readable memory ends: the struct of a 64-bit program is longer,
 * so reading that one would fault.
 */
static struct user_io32 *user_io32(__u8 opcode, __u64 slba, void *buf)
{
	__u8 *page = map_low(2 * LBA);
	struct user_io32 *io;

	if (!page || mprotect(page + LBA, LBA, PROT_NONE))
		return NULL;
	io = (void *)(page + LBA - sizeof(*io));
	/* A 32-bit program does not set the upper half of an address: the driver must ignore it. */
	*io = (struct user_io32) {
		.opcode = opcode, .slba = slba, .addr = low(buf) | 0xdeadULL << 32,
	};
	return io;
}

TEST_F(block_passthru, submit_io_from_32_bit_programs)
{
	int fds[] = { self->rw, self->d.nvm };
	struct user_io32 *wr = user_io32(NVM_WRITE, 9, self->buf);
	struct user_io32 *rd = user_io32(NVM_READ, 9, self->buf);

	if (!can_call32())
		SKIP(return, "this kernel runs no 32-bit programs");
	ASSERT_TRUE(wr && rd);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		memset(self->buf, 0x61 + i, LBA);
		EXPECT_EQ(0, call32(I386_IOCTL, fds[i], SUBMIT_IO32, low(wr)));
		memset(self->buf, 0, LBA);
		EXPECT_EQ(0, call32(I386_IOCTL, fds[i], SUBMIT_IO32, low(rd)));
		EXPECT_EQ(0x61 + i, self->buf[LBA - 1]);
	}
}

/* ---- power off ---- */

struct sender {
	int fd;
	__u8 *buf;
	int first_wrong;	/* first result other than 0 and -ENODEV */
};

/* Send commands until the drive is gone. */
static void *send_until_gone(void *arg)
{
	struct sender *s = arg;
	struct nvme_uring_cmd id = cmd_identify(0, 1, 0, s->buf);
	struct nvme_uring_cmd rd = cmd_rw(NVM_READ, 0, 1, s->buf, LBA);
	struct nvme_user_io io = { .opcode = NVM_READ, .addr = (uintptr_t)s->buf };
	int ret;

	do {
		ret = cmd_admin_way(CMD_IOCTL, s->fd, &id, NULL);
		if (!ret)
			ret = cmd_io_way(CMD_IOCTL64, s->fd, &rd, NULL);
		if (!ret)
			ret = ioctl(s->fd, NVME_IOCTL_SUBMIT_IO, &io) ? -errno : 0;
	} while (!ret);
	if (ret != -ENODEV)
		s->first_wrong = ret;
	return NULL;
}

TEST_F(block_passthru, commands_during_power_off)
{
	struct sender s = { .fd = self->ro, .buf = self->buf };
	struct nvme_uring_cmd rd = cmd_rw(NVM_READ, 0, 1, self->buf, LBA);
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, send_until_gone, &s));
	ASSERT_EQ(0, cmd_io_way(CMD_IOCTL, self->rw, &rd, NULL));
	drive_close(&self->d);
	ASSERT_EQ(0, drive_rmdir(self->d.name));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(0, s.first_wrong);
	/* The open file of the block device outlives the drive behind it. */
	EXPECT_EQ(-ENODEV, cmd_io_way(CMD_IOCTL, self->rw, &rd, NULL));
	EXPECT_EQ(KCSD_NSID_NVM, ioctl(self->rw, NVME_IOCTL_ID));
}

DRIVE_TEST_MAIN
