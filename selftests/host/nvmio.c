// SPDX-License-Identifier: GPL-2.0
/* NVM read, write and flush by the generic node, compared with the block device. */
#include "harness.h"
#include "admin.h"
#include "change.h"
#include "nvm.h"

#include <sys/uio.h>

#define NSZE	4096
#define BUF	(64 * 4096)

static const struct drive_attr size_4096[] = { DRIVE_SMALL, { "kv_max_value", "4M" }, {} };
static const struct drive_attr size_512[] = {
	DRIVE_SMALL, { "block_size", "512" }, { "size", "2097152" }, {}
};

FIXTURE(nvmio) {
	struct drive d;
	int block;
	__u32 lba;
	__u8 *out;	/* data to write */
	__u8 *in;	/* data read */
};

FIXTURE_VARIANT(nvmio) {
	const struct drive_attr *attr;
	__u32 lba;
};

FIXTURE_VARIANT_ADD(nvmio, lba_4096) { .attr = size_4096, .lba = 4096 };
FIXTURE_VARIANT_ADD(nvmio, lba_512) { .attr = size_512, .lba = 512 };

FIXTURE_SETUP(nvmio)
{
	drive_sweep();
	self->lba = variant->lba;
	self->out = aligned_alloc(4096, BUF);
	self->in = aligned_alloc(4096, BUF);
	ASSERT_TRUE(self->out && self->in);
	for (int i = 0; i < BUF; i++)
		self->out[i] = i * 31 + (i >> 8) * 7 + (i >> 16);
	memset(self->in, 0xa5, BUF);
	ASSERT_EQ(0, drive_create(&self->d, "nvmio", variant->attr));
	self->block = drive_open_block(&self->d, O_RDWR | O_DIRECT);
	ASSERT_LE(0, self->block);
}

FIXTURE_TEARDOWN(nvmio)
{
	fd_close(&self->block);
	EXPECT_EQ(0, drive_remove(&self->d));
	free(self->out);
	free(self->in);
}

static int rw(int fd, __u8 opcode, __u64 slba, __u32 nlb, void *buf, __u32 len)
{
	struct nvme_uring_cmd c = cmd_rw(opcode, slba, nlb, buf, len);

	return cmd_io(fd, &c);
}

TEST_F(nvmio, ioctl_id_returns_nsid)
{
	EXPECT_EQ(KCSD_NSID_NVM, ioctl(self->d.nvm, NVME_IOCTL_ID));
	EXPECT_EQ(KCSD_NSID_COMPUTE, ioctl(self->d.compute, NVME_IOCTL_ID));
}

TEST_F(nvmio, new_drive_is_zero)
{
	ASSERT_EQ(0, rw(self->d.nvm, NVM_READ, NSZE - 64, 64, self->in, 64 * self->lba));
	for (__u32 i = 0; i < 64 * self->lba; i++) {
		ASSERT_EQ(0, self->in[i]);
	}
}

TEST_F(nvmio, write_in_all_ways_read_in_all_ways)
{
	for (int w = 0; w < CMD_WAYS; w++) {
		for (int r = 0; r < CMD_WAYS; r++) {
			struct nvme_uring_cmd c;
			__u64 slba = 7 + 11 * w;

			c = cmd_rw(NVM_WRITE, slba, 3, self->out + w, 3 * self->lba);
			ASSERT_EQ(0, cmd_io_way(w, self->d.nvm, &c, NULL));
			memset(self->in, 0xa5, 3 * self->lba);
			c = cmd_rw(NVM_READ, slba, 3, self->in, 3 * self->lba);
			ASSERT_EQ(0, cmd_io_way(r, self->d.nvm, &c, NULL));
			EXPECT_EQ(0, memcmp(self->in, self->out + w, 3 * self->lba))
				TH_LOG("%s, %s", cmd_way_name(w), cmd_way_name(r));
		}
	}
}

TEST_F(nvmio, submit_io)
{
	struct nvme_user_io io = {
		.opcode = NVM_WRITE, .nblocks = 4, .slba = 100, .addr = (uintptr_t)self->out,
	};

	ASSERT_EQ(0, ioctl(self->d.nvm, NVME_IOCTL_SUBMIT_IO, &io));
	io.opcode = NVM_READ;
	io.addr = (uintptr_t)self->in;
	ASSERT_EQ(0, ioctl(self->d.nvm, NVME_IOCTL_SUBMIT_IO, &io));
	EXPECT_EQ(0, memcmp(self->in, self->out, 5 * self->lba));
	EXPECT_EQ(0xa5, self->in[5 * self->lba]);
	io.flags = 1;
	EXPECT_EQ(-1, ioctl(self->d.nvm, NVME_IOCTL_SUBMIT_IO, &io));
	EXPECT_EQ(EINVAL, errno);
	io.flags = 0;
	io.opcode = NVM_FLUSH;
	EXPECT_EQ(-1, ioctl(self->d.nvm, NVME_IOCTL_SUBMIT_IO, &io));
	EXPECT_EQ(EINVAL, errno);
	io.opcode = NVM_READ;
	io.slba = NSZE - 4;
	EXPECT_EQ(KCSD_SC_LBA_RANGE,
		  cmd_status(ioctl(self->d.nvm, NVME_IOCTL_SUBMIT_IO, &io)));
	io.slba = 0;
	io.addr = 0x1000;
	EXPECT_EQ(-1, ioctl(self->d.nvm, NVME_IOCTL_SUBMIT_IO, &io));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, ioctl(self->d.nvm, NVME_IOCTL_SUBMIT_IO, (void *)0x1000));
	EXPECT_EQ(EFAULT, errno);
}

TEST_F(nvmio, block_device_sees_the_same)
{
	const __u32 len = 16 * 4096, lbas = len / self->lba;
	const __u64 slba = 8 * (4096 / self->lba);

	ASSERT_EQ(0, rw(self->d.nvm, NVM_WRITE, slba, lbas, self->out, len));
	ASSERT_EQ(len, pread(self->block, self->in, len, slba * self->lba));
	EXPECT_EQ(0, memcmp(self->in, self->out, len));
	ASSERT_EQ(len, pwrite(self->block, self->out + 4096, len, 2 * slba * self->lba));
	memset(self->in, 0xa5, len);
	ASSERT_EQ(0, rw(self->d.nvm, NVM_READ, 2 * slba, lbas, self->in, len));
	EXPECT_EQ(0, memcmp(self->in, self->out + 4096, len));
}

TEST_F(nvmio, buffers_need_no_alignment)
{
	for (int off = 1; off < 16; off += 2) {
		ASSERT_EQ(0, rw(self->d.nvm, NVM_WRITE, off, 9, self->out + off, 9 * self->lba));
		memset(self->in, 0xa5, 10 * self->lba);
		ASSERT_EQ(0, rw(self->d.nvm, NVM_READ, off, 9, self->in + off, 9 * self->lba));
		EXPECT_EQ(0, memcmp(self->in + off, self->out + off, 9 * self->lba));
		EXPECT_EQ(0xa5, self->in[off - 1]);
		EXPECT_EQ(0xa5, self->in[off + 9 * self->lba]);
	}
}

TEST_F(nvmio, end_of_namespace)
{
	static const struct {
		__u64 slba;
		__u32 nlb;
		int want;
	} cases[] = {
		{ NSZE - 1, 1, 0 }, { NSZE - 8, 8, 0 },
		{ NSZE, 1, KCSD_SC_LBA_RANGE }, { NSZE - 1, 2, KCSD_SC_LBA_RANGE },
		{ NSZE - 8, 9, KCSD_SC_LBA_RANGE }, { 1ULL << 32, 1, KCSD_SC_LBA_RANGE },
		{ 1ULL << 52, 1, KCSD_SC_LBA_RANGE }, { 1ULL << 63, 1, KCSD_SC_LBA_RANGE },
		{ ~0ULL, 1, KCSD_SC_LBA_RANGE }, { ~0ULL, 2, KCSD_SC_LBA_RANGE },
		{ ~0ULL - 7, 9, KCSD_SC_LBA_RANGE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		EXPECT_EQ(cases[i].want, rw(self->d.nvm, NVM_READ, cases[i].slba, cases[i].nlb,
					    self->in, cases[i].nlb * self->lba))
			TH_LOG("read %zu", i);
		EXPECT_EQ(cases[i].want, rw(self->d.nvm, NVM_WRITE, cases[i].slba, cases[i].nlb,
					    self->out, cases[i].nlb * self->lba))
			TH_LOG("write %zu", i);
	}
}

/* Returns MDTS in bytes: the longest transfer that Identify allows. */
static __u32 max_transfer(int fd, __u8 *buf)
{
	struct nvme_uring_cmd c = cmd_identify(1, 0, 0, buf);

	return cmd_admin(fd, &c) ? 0 : 4096u << buf[77];
}

TEST_F(nvmio, longest_command)
{
	__u32 len = max_transfer(self->d.ctrl, self->in);
	__u32 nlb = len / self->lba;
	__u8 *buf = malloc(len + self->lba);

	ASSERT_NE(NULL, buf);
	ASSERT_EQ(self->lba == 4096 ? 4 << 20 : 1 << 20, len);
	for (__u32 i = 0; i < len; i++)
		buf[i] = i * 13 + (i >> 12);
	EXPECT_EQ(0, rw(self->d.nvm, NVM_WRITE, 0, nlb, buf, len));
	memset(buf, 0, len);
	EXPECT_EQ(0, rw(self->d.nvm, NVM_READ, 0, nlb, buf, len));
	for (__u32 i = 0; i < len; i++)
		ASSERT_EQ((__u8)(i * 13 + (i >> 12)), buf[i]);
	EXPECT_EQ(KCSD_SC_INVALID_FIELD,
		  rw(self->d.nvm, NVM_READ, 0, nlb + 1, buf, len + self->lba));
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, rw(self->d.nvm, NVM_READ, 0, 65536, buf, len));
	free(buf);
}

TEST_F(nvmio, flush)
{
	struct nvme_uring_cmd c = cmd_flush();

	for (int way = 0; way < CMD_WAYS; way++) {
		EXPECT_EQ(0, cmd_io_way(way, self->d.nvm, &c, NULL));
	}
	c.cdw10 = 1;
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, cmd_io(self->d.nvm, &c));
	c = cmd_flush();
	c.cdw12 = 1;
	EXPECT_EQ(KCSD_SC_INVALID_FIELD, cmd_io(self->d.nvm, &c));
	c = cmd_flush();
	c.nsid = 0xffffffff;
	EXPECT_EQ(-EINVAL, cmd_io(self->d.nvm, &c));
}

TEST_F(nvmio, fua)
{
	struct nvme_uring_cmd c = cmd_rw(NVM_WRITE, 5, 1, self->out, self->lba);

	c.cdw12 |= NVM_CDW12_FUA;
	EXPECT_EQ(0, cmd_io(self->d.nvm, &c));
	c = cmd_rw(NVM_READ, 5, 1, self->in, self->lba);
	c.cdw12 |= NVM_CDW12_FUA;
	EXPECT_EQ(0, cmd_io(self->d.nvm, &c));
	EXPECT_EQ(0, memcmp(self->in, self->out, self->lba));
}

TEST_F(nvmio, refusals)
{
	static const struct cmd_change changes[] = {
		CMD_CHANGE(opcode, 0x03, KCSD_SC_INVALID_OPCODE),
		CMD_CHANGE(opcode, 0x79, KCSD_SC_INVALID_OPCODE),
		CMD_CHANGE(opcode, 0x7d, KCSD_SC_INVALID_OPCODE),
		CMD_CHANGE(opcode, KCSD_CMD_EXECUTE_LBA, KCSD_SC_INVALID_OPCODE),
		CMD_CHANGE(opcode, 0xff, KCSD_SC_INVALID_OPCODE),
		CMD_CHANGE(nsid, 0, -EINVAL),
		CMD_CHANGE(nsid, 2, -EINVAL),
		CMD_CHANGE(nsid, 3, -EINVAL),
		CMD_CHANGE(nsid, 0xffffffff, -EINVAL),
		CMD_CHANGE(flags, 0x80, -EINVAL),
		CMD_CHANGE(cdw2, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw3, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw12, 1 | 1u << 25, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(cdw12, 1 | 1u << 16, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE_MISFIT(cdw12, 0, addr),			/* data_len too long */
		CMD_CHANGE_MISFIT(cdw12, 2, addr),			/* data_len too short */
		CMD_CHANGE(cdw13, 0x100, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(data_len, 0, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(data_len, 1, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(data_len, 0xffffffff, KCSD_SC_INVALID_FIELD),
		CMD_CHANGE(addr, 0, -EFAULT),
		CMD_CHANGE(addr, 0x1000, -EFAULT),
		CMD_CHANGE(addr, 0xffff800000000000, -EFAULT),
		CMD_CHANGE(addr, 0x7ffffffff000, -EFAULT),
	};

	for (__u8 opcode = NVM_WRITE; opcode <= NVM_READ; opcode++) {
		struct nvme_uring_cmd base = cmd_rw(opcode, 0, 2, self->in, 2 * self->lba);

		EXPECT_TRUE(cmd_each_refused(false, self->d.nvm, &base, changes,
					     ARRAY_SIZE(changes)))
			TH_LOG("opcode %02x", opcode);
		EXPECT_EQ(0, cmd_io(self->d.nvm, &base));
	}
}

static int rw_vec(int fd, bool uring, __u8 opcode, __u32 nlb, const struct iovec *iov, __u32 cnt)
{
	struct nvme_uring_cmd c = cmd_rw(opcode, 40, nlb, (void *)iov, cnt);

	return uring ? cmd_uring(fd, NVME_URING_CMD_IO_VEC, &c, true, NULL) :
		       cmd_ioctl64(fd, NVME_IOCTL_IO64_CMD_VEC, &c, NULL);
}

TEST_F(nvmio, vectors)
{
	const __u32 len = 4 * self->lba;

	for (int uring = 0; uring < 2; uring++) {
		struct iovec out[] = {
			{ self->out, 1 }, { self->out + 1, self->lba }, { self->out + 7, 0 },
			{ self->out + 1 + self->lba, len - self->lba - 1 },
		};
		struct iovec in[] = { { self->in + 3, len - 5 }, { self->in + len - 2, 5 } };

		memset(self->in, 0xa5, len + 8);
		ASSERT_EQ(0, rw_vec(self->d.nvm, uring, NVM_WRITE, 4, out, 4));
		ASSERT_EQ(0, rw_vec(self->d.nvm, uring, NVM_READ, 4, in, 2));
		EXPECT_EQ(0, memcmp(self->in + 3, self->out, len));
		in[1].iov_len = 4;
		EXPECT_EQ(KCSD_SC_INVALID_FIELD,
			  rw_vec(self->d.nvm, uring, NVM_READ, 4, in, 2));
		in[1].iov_len = 6;
		EXPECT_EQ(KCSD_SC_INVALID_FIELD,
			  rw_vec(self->d.nvm, uring, NVM_READ, 4, in, 2));
		in[1].iov_len = 5;
		in[1].iov_base = (void *)0x1000;
		EXPECT_EQ(-EFAULT, rw_vec(self->d.nvm, uring, NVM_READ, 4, in, 2));
		EXPECT_EQ(-EFAULT, rw_vec(self->d.nvm, uring, NVM_READ, 4, (void *)0x1000, 2));
		EXPECT_EQ(-EINVAL, rw_vec(self->d.nvm, uring, NVM_READ, 4, in, 1025));
	}
}

/* A buffer that ends too early: the command fails, and each LBA is entirely old or entirely new. */
TEST_F(nvmio, half_mapped_buffer)
{
	__u8 *p = mmap(NULL, 2 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const __u32 nlb = 2 * 4096 / self->lba;

	ASSERT_NE(MAP_FAILED, p);
	ASSERT_EQ(0, mprotect(p + 4096, 4096, PROT_NONE));
	memset(p, 0xbb, 4096);
	memset(self->out, 0xaa, 2 * 4096);
	ASSERT_EQ(0, rw(self->d.nvm, NVM_WRITE, 0, nlb, self->out, 2 * 4096));
	EXPECT_EQ(-EFAULT, rw(self->d.nvm, NVM_READ, 0, nlb, p, 2 * 4096));
	memset(p, 0xbb, 4096);
	for (int off = 0; off < 3; off++) {
		EXPECT_EQ(-EFAULT, rw(self->d.nvm, NVM_WRITE, 0, nlb, p + off, 2 * 4096));
		ASSERT_EQ(0, rw(self->d.nvm, NVM_READ, 0, nlb, self->in, 2 * 4096));
		for (__u32 i = 0; i < 2 * 4096; i++) {
			ASSERT_TRUE(self->in[i] == 0xaa || self->in[i] == 0xbb);
			ASSERT_EQ(self->in[i - i % self->lba], self->in[i]) TH_LOG("torn LBA");
		}
	}
}

TEST_F(nvmio, read_only_buffer)
{
	ASSERT_EQ(0, mprotect(self->in, 4096, PROT_READ));
	EXPECT_EQ(-EFAULT, rw(self->d.nvm, NVM_READ, 0, 1, self->in, self->lba));
	EXPECT_EQ(0, rw(self->d.nvm, NVM_WRITE, 0, 1, self->in, self->lba));
	ASSERT_EQ(0, mprotect(self->in, 4096, PROT_READ | PROT_WRITE));
}

/* An SQE of 64 bytes has no room for the command: the driver must not read the memory behind it. */
TEST_F(nvmio, rings_without_sqe128)
{
	struct io_uring ring;
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;

	for (int cqe32 = 0; cqe32 < 2; cqe32++) {
		ASSERT_EQ(0, io_uring_queue_init(4, &ring, cqe32 ? IORING_SETUP_CQE32 : 0));
		sqe = io_uring_get_sqe(&ring);
		ASSERT_NE(NULL, sqe);
		memset(sqe, 0, sizeof(*sqe));
		sqe->opcode = IORING_OP_URING_CMD;
		sqe->fd = self->d.nvm;
		sqe->cmd_op = NVME_URING_CMD_IO;
		ASSERT_EQ(1, io_uring_submit(&ring));
		ASSERT_EQ(0, io_uring_wait_cqe(&ring, &cqe));
		EXPECT_TRUE(cqe->res == -EOPNOTSUPP || cqe->res == -EINVAL)
			TH_LOG("res %d", cqe->res);
		io_uring_queue_exit(&ring);
	}
}

TEST_F(nvmio, bad_ioctl_pointers)
{
	static const unsigned long ops[] = {
		NVME_IOCTL_IO_CMD, NVME_IOCTL_IO64_CMD, NVME_IOCTL_IO64_CMD_VEC,
		NVME_IOCTL_ADMIN_CMD, NVME_IOCTL_ADMIN64_CMD,
	};

	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		EXPECT_EQ(-1, ioctl(self->d.nvm, ops[i], (void *)0x1000));
		EXPECT_EQ(EFAULT, errno);
	}
}

TEST_F(nvmio, many_in_flight)
{
	struct io_uring ring;
	__u64 tag;
	int res;

	ASSERT_EQ(0, ring_open(&ring, 128, true));
	for (int pass = 0; pass < 2; pass++) {
		__u8 *buf = pass ? self->in : self->out;

		for (int i = 0; i < 64; i++) {
			struct nvme_uring_cmd c = cmd_rw(pass ? NVM_READ : NVM_WRITE, 63 - i, 1,
							 buf + i * self->lba, self->lba);

			ASSERT_EQ(0, ring_put(&ring, self->d.nvm, NVME_URING_CMD_IO, &c, i));
		}
		ASSERT_EQ(64, io_uring_submit(&ring));
		for (int i = 0; i < 64; i++) {
			ASSERT_EQ(0, ring_get(&ring, 10000, &tag, &res, NULL));
			EXPECT_EQ(0, res);
		}
	}
	EXPECT_EQ(0, memcmp(self->in, self->out, 64 * self->lba));
	io_uring_queue_exit(&ring);
}

DRIVE_TEST_MAIN
