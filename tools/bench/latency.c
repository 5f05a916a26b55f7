// SPDX-License-Identifier: GPL-2.0
/*
 * Measure the latency of one command at a time: of a program that does nothing, and of a 4 KiB
 * passthrough read.
 *
 *	latency /dev/kcsdg0n1 /dev/kcsdg0n3
 *
 * Print a JSON object for each of ROUNDS rounds: nanoseconds, means of COUNT commands.
 */
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <linux/bpf.h>
#include <linux/kcsd.h>
#include <linux/nvme_ioctl.h>

#define ROUNDS	9
#define COUNT	500
#define PIND	0

static struct io_uring ring;

static int command(int fd, const struct nvme_uring_cmd *cmd)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
	struct io_uring_cqe *cqe;
	int ret;

	if (!sqe)
		return -EBUSY;
	memset(sqe, 0, 128);
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = fd;
	sqe->cmd_op = NVME_URING_CMD_IO;
	memcpy(sqe->cmd, cmd, sizeof(*cmd));
	ret = io_uring_submit_and_wait(&ring, 1);
	if (ret < 0)
		return ret;
	ret = io_uring_peek_cqe(&ring, &cqe);
	if (ret)
		return ret;
	ret = cqe->res;
	io_uring_cqe_seen(&ring, cqe);
	return ret;
}

/* Return the mean nanoseconds of a command, or 0 if one failed. */
static long long mean(int fd, const struct nvme_uring_cmd *cmd)
{
	struct timespec a, b;

	clock_gettime(CLOCK_MONOTONIC, &a);
	for (int i = 0; i < COUNT; i++)
		if (command(fd, cmd))
			return 0;
	clock_gettime(CLOCK_MONOTONIC, &b);
	return ((b.tv_sec - a.tv_sec) * 1000000000LL + b.tv_nsec - a.tv_nsec) / COUNT;
}

static int load(int fd)
{
	static const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	struct nvme_passthru_cmd cmd = {
		.opcode = KCSD_ADMIN_LOAD_PROGRAM, .nsid = KCSD_NSID_COMPUTE,
		.addr = (__u64)(unsigned long)nothing, .data_len = sizeof(nothing),
		.cdw10 = PIND | KCSD_PTYPE_EBPF << KCSD_LOAD_PTYPE_SHIFT,
		.cdw11 = sizeof(nothing), .cdw14 = sizeof(nothing),
	};
	struct nvme_passthru_cmd activate = {
		.opcode = KCSD_ADMIN_PROGRAM_ACTIVATION, .nsid = KCSD_NSID_COMPUTE,
		.cdw10 = PIND | KCSD_ACTIVATION_ACTIVATE << KCSD_ACTIVATION_SEL_SHIFT,
	};

	return ioctl(fd, NVME_IOCTL_ADMIN_CMD, &cmd) ||
	       ioctl(fd, NVME_IOCTL_ADMIN_CMD, &activate);
}

int main(int argc, char **argv)
{
	static char buf[4096] __attribute__((aligned(4096)));
	struct nvme_uring_cmd read = {
		.opcode = 0x02, .nsid = KCSD_NSID_NVM, .addr = (__u64)(unsigned long)buf,
		.data_len = sizeof(buf),
	};
	struct nvme_uring_cmd execute = {
		.opcode = KCSD_CMD_EXECUTE_LBA, .nsid = KCSD_NSID_COMPUTE, .cdw2 = PIND,
	};
	int nvm = argc == 3 ? open(argv[1], O_RDWR) : -1;
	int compute = argc == 3 ? open(argv[2], O_RDWR) : -1;
	int bad = 0;

	if (nvm < 0 || compute < 0 || load(compute) ||
	    io_uring_queue_init(4, &ring, IORING_SETUP_SQE128)) {
		perror("usage: latency NVM-NODE COMPUTE-NODE");
		return 2;
	}
	for (int i = 0; i < ROUNDS && !bad; i++) {
		long long read_ns = mean(nvm, &read), noop_ns = mean(compute, &execute);

		printf("{\"latency\":true,\"read_ns\":%lld,\"noop_ns\":%lld}\n", read_ns, noop_ns);
		bad = !read_ns || !noop_ns;
	}
	return bad;
}
