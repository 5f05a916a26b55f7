// SPDX-License-Identifier: GPL-2.0
/*
 * Measure Zone Appends of 4 KiB per second.
 *
 *	append NODE ZONE-LBAS CAPACITY-LBAS ZONES SECONDS
 *
 * NODE is a generic node of a namespace with LBAs of 4 KiB and sequential zones only. Fill all
 * zones, one after the other, and reset them; the resets do not count. Print the number.
 */
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <linux/nvme_ioctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#define DEPTH		32
#define RING_FLAGS	(IORING_SETUP_SQE128 | IORING_SETUP_CQE32)	/* nvme requires both */
#define ZONE_APPEND	0x7d
#define ZONE_SEND	0x79
#define SEND_RESET_ALL	(0x4 | 1 << 8)

static char buf[4096] __attribute__((aligned(4096)));
static struct io_uring ring;
static int fd, nsid;

struct zones {
	unsigned long long lbas, capacity, nr;
};

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static int reset_all(void)
{
	struct nvme_passthru_cmd cmd = {
		.opcode = ZONE_SEND, .nsid = nsid, .cdw13 = SEND_RESET_ALL,
	};

	return ioctl(fd, NVME_IOCTL_IO_CMD, &cmd);
}

static int put(unsigned long long zslba)
{
	struct nvme_uring_cmd cmd = {
		.opcode = ZONE_APPEND, .nsid = nsid, .addr = (__u64)(unsigned long)buf,
		.data_len = sizeof(buf), .cdw10 = zslba, .cdw11 = zslba >> 32,
	};
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

	if (!sqe)
		return -1;
	memset(sqe, 0, 128);
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = fd;
	sqe->cmd_op = NVME_URING_CMD_IO;
	memcpy(sqe->cmd, &cmd, sizeof(cmd));
	return 0;
}

/* Wait for at least one completion, take all. Return their number; -1 if one failed. */
static int get(void)
{
	struct io_uring_cqe *cqe;
	int n = 0;

	if (io_uring_submit_and_wait(&ring, 1) < 0)
		return -1;
	while (!io_uring_peek_cqe(&ring, &cqe)) {
		if (cqe->res) {
			fprintf(stderr, "append: result %d\n", cqe->res);
			return -1;
		}
		io_uring_cqe_seen(&ring, cqe);
		n++;
	}
	return n;
}

static int fill_all(const struct zones *z)
{
	unsigned long long put_nr = 0, done = 0, all = z->capacity * z->nr;
	int n;

	while (done < all) {
		for (; put_nr < all && put_nr - done < DEPTH; put_nr++)
			if (put(put_nr / z->capacity * z->lbas))
				return -1;
		n = get();
		if (n < 0)
			return n;
		done += n;
	}
	return 0;
}

int main(int argc, char **argv)
{
	double seconds, spent = 0, start;
	unsigned long long rounds = 0;
	struct zones z;

	if (argc != 6)
		return 2;
	fd = open(argv[1], O_RDWR);
	nsid = ioctl(fd, NVME_IOCTL_ID);
	if (fd < 0 || nsid < 0 || io_uring_queue_init(DEPTH, &ring, RING_FLAGS)) {
		perror(argv[1]);
		return 1;
	}
	z = (struct zones){ atoll(argv[2]), atoll(argv[3]), atoll(argv[4]) };
	for (seconds = atof(argv[5]); spent < seconds; rounds++) {
		if (reset_all()) {
			perror("reset");
			return 1;
		}
		start = now();
		if (fill_all(&z))
			return 1;
		spent += now() - start;
	}
	printf("%.0f\n", rounds * z.capacity * z.nr / spent);
	return 0;
}
