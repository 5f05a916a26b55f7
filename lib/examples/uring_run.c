// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Load a program into a computational drive and execute it on LBAs: liburing and
 * nothing else. All commands, the admin ones too, travel by io_uring.
 *
 *	uring_run /dev/kcsd0 /dev/kcsdg0n3 word.image 0 1024 needle
 *
 * PROGRAM is eBPF instructions as they are, or an image: "image" beside this makes
 * one from an object file. NLB LBAs from SLBA on are granted for reading.
 *
 * Build: cc uring_run.c -luring
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

#define CHUNK	65536	/* bytes of program in one Load Program */
#define MAX_ARGS 4096	/* bytes (a drive takes KCSD_MAX_ARGS) */
#define ACTIVATE (KCSD_ACTIVATION_ACTIVATE << KCSD_ACTIVATION_SEL_SHIFT)

static struct io_uring ring;	/* of 128-byte entries and 32-byte completions */
static int ctrl, node;		/* the controller, the compute namespace */
static uint32_t nsid;		/* of the latter */
static union {			/* a program, or how a run ended and what it emitted */
	uint8_t bytes[1 << 20];
	struct kcsd_run_record record;
} buf;

/* Send one command and wait for its end: 0, an NVMe status, or -errno. */
static int command(int fd, uint32_t op, const struct nvme_uring_cmd *cmd, uint64_t *result)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
	struct io_uring_cqe *cqe;
	int ret;

	if (!sqe)
		return -EBUSY;
	memset(sqe, 0, 128);
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = fd;
	sqe->cmd_op = op;
	memcpy(sqe->cmd, cmd, sizeof(*cmd));
	io_uring_submit(&ring);
	do {
		ret = io_uring_wait_cqe(&ring, &cqe);
	} while (ret == -EINTR);
	if (ret)
		return ret;
	ret = cqe->res > 0 ? cqe->res & KCSD_SC_MASK : cqe->res;
	*result = cqe->big_cqe[0];
	io_uring_cqe_seen(&ring, cqe);
	return ret;
}

/* An admin command without data, or with len bytes of it. */
static int admin(uint8_t opcode, uint32_t cdw10, uint32_t psize, const void *data, uint32_t len,
		 uint32_t off)
{
	struct nvme_uring_cmd cmd = {
		.opcode = opcode, .nsid = nsid, .addr = (uintptr_t)data, .data_len = len,
		.cdw10 = cdw10, .cdw11 = psize, .cdw14 = len, .cdw15 = off,
	};
	uint64_t result;
	int ret = command(ctrl, NVME_URING_CMD_ADMIN, &cmd, &result);

	if (ret == KCSD_SC_INVALID_PROGRAM_DATA)
		fprintf(stderr, "refused, reason %u, instruction %u\n",
			KCSD_LOAD_RESULT_VERDICT(result), KCSD_LOAD_RESULT_PC(result));
	return ret;
}

/* To the first free index, beginning at *pind. (A drive without one: Invalid Program Index.) */
static int load(uint32_t len, uint32_t *pind)
{
	uint32_t off = 0;
	int ret;

	do {
		ret = admin(KCSD_ADMIN_LOAD_PROGRAM,
			    *pind | KCSD_PTYPE_EBPF << KCSD_LOAD_PTYPE_SHIFT, len,
			    buf.bytes + off, len - off < CHUNK ? len - off : CHUNK, off);
		if (ret != KCSD_SC_PROGRAM_IN_USE && ret != KCSD_SC_NOT_DOWNLOADABLE)
			off += CHUNK;
		else if (!off && ++*pind)
			ret = 0;
	} while (off < len && !ret);
	return ret;
}

static int execute(uint32_t pind, uint64_t slba, uint32_t nlb, const char *args)
{
	size_t args_len = strnlen(args, MAX_ARGS);
	struct {
		struct kcsd_lba_grant grant;
		char args[MAX_ARGS];
	} in = { .grant = { htole64(slba), htole32(nlb), KCSD_GRANT_READ, {} } };
	struct nvme_uring_cmd cmd = {
		.opcode = KCSD_CMD_EXECUTE_LBA, .nsid = nsid, .cdw2 = pind, .cdw3 = 1,
		.addr = (uintptr_t)&in, .data_len = sizeof(in.grant) + args_len,
		.metadata = (uintptr_t)&buf, .metadata_len = sizeof(buf),
	};
	uint64_t result;
	int ret;

	memcpy(in.args, args, args_len);
	memset(&buf.record, 0, sizeof(buf.record));
	ret = command(node, NVME_URING_CMD_IO, &cmd, &result);
	if (!ret)
		printf("%" PRIu64 "\n", result);
	else if (buf.record.reason)
		fprintf(stderr, "fault %u, instruction %u\n", le32toh(buf.record.reason),
			le32toh(buf.record.pc));
	fwrite(buf.bytes + le32toh(buf.record.size), 1, le32toh(buf.record.out_len), stdout);
	return ret;
}

int main(int argc, char **argv)
{
	FILE *file = argc >= 6 ? fopen(argv[3], "r") : NULL;
	uint32_t pind = 0;
	int ret;

	if (!file || (ctrl = open(argv[1], O_RDWR)) < 0 || (node = open(argv[2], O_RDWR)) < 0 ||
	    io_uring_queue_init(1, &ring, IORING_SETUP_SQE128 | IORING_SETUP_CQE32)) {
		perror("usage: uring_run CONTROLLER COMPUTE-NODE PROGRAM SLBA NLB [ARGUMENT]");
		return 2;
	}
	nsid = ioctl(node, NVME_IOCTL_ID);
	ret = load(fread(buf.bytes, 1, sizeof(buf), file), &pind);
	if (!ret) {
		ret = admin(KCSD_ADMIN_PROGRAM_ACTIVATION, pind | ACTIVATE, 0, NULL, 0, 0);
		if (!ret)
			ret = execute(pind, strtoull(argv[4], NULL, 0), strtoul(argv[5], NULL, 0),
				      argc > 6 ? argv[6] : "");
		admin(KCSD_ADMIN_PROGRAM_ACTIVATION, pind, 0, NULL, 0, 0);
		admin(KCSD_ADMIN_LOAD_PROGRAM, pind | KCSD_LOAD_SEL_UNLOAD, 0, NULL, 0, 0);
	}
	if (ret)
		fprintf(stderr, "%s %x\n", ret < 0 ? strerror(-ret) : "NVMe status", abs(ret));
	return ret != 0;
}
