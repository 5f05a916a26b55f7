// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Store a value and read it back with io_uring alone, without libkcsd: NVMe Key Value commands on
 * the generic node of namespace 4.
 *
 *	uring_kv /dev/kcsdg0n4 KEY VALUE	prints the value
 */
#include <endian.h>
#include <err.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdio.h>
#include <string.h>
#include <linux/kcsd.h>
#include <linux/nvme_ioctl.h>

static struct io_uring ring;
static int fd;

/* Bytes 0 to 7 of the key are in CDW2-3, 8 to 15 in CDW14-15, zeroes follow the key. */
static void set_key(struct nvme_uring_cmd *cmd, const char *key)
{
	__u32 words[4] = {};

	memcpy(words, key, strlen(key));
	cmd->cdw2 = le32toh(words[0]);
	cmd->cdw3 = le32toh(words[1]);
	cmd->cdw14 = le32toh(words[2]);
	cmd->cdw15 = le32toh(words[3]);
	cmd->cdw11 |= strlen(key);
}

/* Returns the result of the command. */
static __u64 issue(__u8 opcode, const char *key, void *buf, __u32 len)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
	struct nvme_uring_cmd *cmd;
	struct io_uring_cqe *cqe;
	__u64 result;
	int res;

	if (!sqe)
		errx(1, "no room in the ring");
	cmd = (struct nvme_uring_cmd *)sqe->cmd;
	memset(sqe, 0, 2 * sizeof(*sqe));
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = fd;
	sqe->cmd_op = NVME_URING_CMD_IO;
	cmd->opcode = opcode;
	cmd->nsid = KCSD_NSID_KV;
	cmd->addr = (__u64)(uintptr_t)buf;
	cmd->data_len = len;
	cmd->cdw10 = len;
	set_key(cmd, key);
	io_uring_submit(&ring);
	if (io_uring_wait_cqe(&ring, &cqe))
		errx(1, "no completion");
	res = cqe->res;
	result = cqe->big_cqe[0];
	io_uring_cqe_seen(&ring, cqe);
	if (res < 0)
		errx(1, "%s", strerror(-res));
	if (res)
		errx(1, "NVMe status %x", res & KCSD_SC_MASK);
	return result;
}

int main(int argc, char **argv)
{
	char value[4096];
	__u64 len;

	if (argc != 4 || !*argv[2] || strlen(argv[2]) > KCSD_KV_MAX_KEY)
		errx(2, "usage: uring_kv NODE KEY VALUE");
	fd = open(argv[1], O_RDWR);
	if (fd < 0)
		err(1, "%s", argv[1]);
	if (io_uring_queue_init(1, &ring, IORING_SETUP_SQE128 | IORING_SETUP_CQE32))
		errx(1, "io_uring is not available");
	issue(KCSD_KV_STORE, argv[2], argv[3], strlen(argv[3]));
	len = issue(KCSD_KV_RETRIEVE, argv[2], value, sizeof(value));
	printf("%.*s\n", (int)(len < sizeof(value) ? len : sizeof(value)), value);
	return 0;
}
