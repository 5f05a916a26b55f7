// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Sum the bytes of a namespace on the host: of any NVMe generic node, with reads in
 * flight into registered buffers.
 *
 *	uring_generic /dev/ng0n1
 *	uring_generic /dev/kcsdg0n1 /dev/kcsdg0n3 0
 *
 * With a compute node and the index of a program that is active there (sum.bpf.o), the
 * drive does the same, and the two are compared.
 *
 * Build: cc uring_generic.c -luring
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <liburing.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <linux/kcsd.h>
#include <linux/nvme_ioctl.h>

#define DEPTH	16	/* reads in flight */
#define BLOCK	65536	/* bytes in one of them */

struct ns {
	int fd;
	uint32_t nsid, lba_size;
	uint64_t nsze;	/* LBAs */
};

static uint8_t bufs[DEPTH][BLOCK] __attribute__((aligned(4096)));
static uint32_t lens[DEPTH];	/* bytes read into each */

/* Send Identify to the generic node of a namespace: by ioctl it takes admin commands, too. */
static int identify(struct ns *ns)
{
	uint64_t id[512] = {};
	struct nvme_passthru_cmd cmd = {
		.opcode = 0x06 /* Identify */, .addr = (uintptr_t)id, .data_len = sizeof(id),
	};
	uint8_t *bytes = (uint8_t *)id;
	int ret;

	cmd.nsid = ns->nsid = ioctl(ns->fd, NVME_IOCTL_ID);
	ret = ioctl(ns->fd, NVME_IOCTL_ADMIN_CMD, &cmd);
	ns->nsze = le64toh(id[0]);
	/* FLBAS says which LBA format is in use, LBADS what that is: 2^n bytes. */
	ns->lba_size = 1u << bytes[128 + 4 * (bytes[26] & 15) + 2];
	return ret;
}

/* Read into buffer i what comes next, if there is any. */
static void submit(struct io_uring *ring, const struct ns *ns, uint64_t *slba, unsigned int i)
{
	uint64_t left = (ns->nsze - *slba) * ns->lba_size, len = left < BLOCK ? left : BLOCK;
	struct nvme_uring_cmd cmd = {
		.opcode = 0x02 /* Read */, .nsid = ns->nsid, .addr = (uintptr_t)bufs[i],
		.data_len = len, .cdw10 = *slba, .cdw11 = *slba >> 32,
		.cdw12 = len / ns->lba_size - 1,
	};
	struct io_uring_sqe *sqe = len ? io_uring_get_sqe(ring) : NULL;

	if (!sqe)
		return;
	memset(sqe, 0, 128);
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = ns->fd;
	sqe->cmd_op = NVME_URING_CMD_IO;
	sqe->uring_cmd_flags = IORING_URING_CMD_FIXED;	/* buf_index 0 is all of bufs */
	sqe->user_data = i;
	memcpy(sqe->cmd, &cmd, sizeof(cmd));
	lens[i] = len;
	*slba += len / ns->lba_size;
}

/* 0, an NVMe status, or -errno (what is then in flight ends with the process). */
static int sum_here(struct io_uring *ring, const struct ns *ns, uint64_t *sum)
{
	struct io_uring_cqe *cqe;
	uint64_t slba = 0, done = 0;
	int i;

	for (i = 0; i < DEPTH; i++)
		submit(ring, ns, &slba, i);
	while (done < ns->nsze) {
		if (io_uring_submit_and_wait(ring, 1) < 0)
			return -EIO;
		io_uring_peek_cqe(ring, &cqe);
		i = cqe->user_data;
		if (cqe->res)
			return cqe->res;
		io_uring_cqe_seen(ring, cqe);
		done += lens[i] / ns->lba_size;
		for (uint32_t j = 0; j < lens[i]; j++)
			*sum += bufs[i][j];
		submit(ring, ns, &slba, i);
	}
	return 0;
}

/* Likewise, by the ioctl that has a 64-bit result. */
static int sum_there(const char *node, uint32_t pind, const struct ns *ns, uint64_t *sum)
{
	struct kcsd_lba_grant all = { .nlb = htole32(ns->nsze), .access = KCSD_GRANT_READ };
	struct nvme_passthru_cmd64 cmd = {
		.opcode = KCSD_CMD_EXECUTE_LBA, .cdw2 = pind, .cdw3 = 1,
		.addr = (uintptr_t)&all, .data_len = sizeof(all),
	};
	int fd = open(node, O_RDWR), ret;

	if (fd < 0)
		return -errno;
	cmd.nsid = ioctl(fd, NVME_IOCTL_ID);
	ret = ioctl(fd, NVME_IOCTL_IO64_CMD, &cmd);
	*sum = cmd.result;
	return ret < 0 ? -errno : ret;
}

int main(int argc, char **argv)
{
	struct ns ns = { .fd = argc > 1 ? open(argv[1], O_RDONLY) : -1 };
	struct iovec iov = { bufs, sizeof(bufs) };
	uint64_t here = 0, there;
	struct io_uring ring;
	int ret;

	if (ns.fd < 0 || identify(&ns) ||
	    io_uring_queue_init(DEPTH, &ring, IORING_SETUP_SQE128 | IORING_SETUP_CQE32) ||
	    io_uring_register_buffers(&ring, &iov, 1)) {
		perror("usage: uring_generic NODE [COMPUTE-NODE PIND]");
		return 2;
	}
	ret = sum_here(&ring, &ns, &here);
	there = here;
	if (!ret && argc > 3)
		ret = sum_there(argv[2], strtoul(argv[3], NULL, 0), &ns, &there);
	if (ret)
		fprintf(stderr, "%s %x\n", ret < 0 ? strerror(-ret) : "NVMe status",
			abs(ret) & KCSD_SC_MASK);
	else if (here != there)
		fprintf(stderr, "the drive says: %" PRIu64 "\n", there);
	else
		printf("%" PRIu64 "\n", here);
	return ret || here != there;
}
