// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Sum the bytes of namespace 1 inside the drive: Memory Copy copies a piece into the memory of the
 * drive (SLM), then Execute Program sums it there. DEPTH such chains are in flight.
 *	kcsd load -a -d kcsd0 range_sum.bpf.o
 *	uring_pipeline /dev/kcsdg0n1 /dev/kcsdg0n2 /dev/kcsdg0n3 0
 *
 * 0 is the index of the program. Sends the second half of a chain when the first has completed: an
 * NVMe status would not break a link of io_uring (IOSQE_IO_LINK).
 * Build: cc uring_pipeline.c -luring
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

#define DEPTH	8	/* chains */
#define PIECE	65536	/* bytes of SLM for one of them */
enum { NVM, SLM, COMPUTE, NODES };

static struct chain {	/* chain i has the SLM from i * PIECE on */
	int running;	/* 1: the second half is in flight */
	struct kcsd_copy_lba from;
	struct {		/* data of the Execute command */
		struct kcsd_memory_range range;
		__le64 len;	/* bytes to sum */
	} in;
} chains[DEPTH];
static int node[NODES];
static uint32_t nsid[NODES], lba_size, pind;
static uint64_t nsze, next_lba, sum;	/* next_lba: the first that no copy has asked for */
static struct io_uring ring;

static void put(int n, struct chain *c, struct nvme_uring_cmd *cmd)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

	if (!sqe)	/* cannot be: each chain has one command in flight */
		abort();
	memset(sqe, 0, 128);
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = node[n];
	sqe->cmd_op = NVME_URING_CMD_IO;
	sqe->user_data = c - chains;
	cmd->nsid = nsid[n];
	memcpy(sqe->cmd, cmd, sizeof(*cmd));
}

/* First half: copy the next piece to the place of the chain. Return 0 if no piece is left. */
static int copy(struct chain *c)
{
	uint64_t left = nsze - next_lba, nlb = left < PIECE / lba_size ? left : PIECE / lba_size;
	struct nvme_uring_cmd cmd = {
		.opcode = KCSD_SLM_COPY, .addr = (uintptr_t)&c->from, .data_len = sizeof(c->from),
		.cdw2 = nlb * lba_size, .cdw10 = (c - chains) * PIECE,
		.cdw12 = KCSD_COPY_LBA << KCSD_COPY_FORMAT_SHIFT,
	};

	if (!nlb)
		return 0;
	c->from.snsid = htole32(nsid[NVM]);
	c->from.slba = htole64(next_lba);
	c->from.nlb = htole16(nlb - 1);
	c->in.len = htole64(nlb * lba_size);
	c->running = 0;
	next_lba += nlb;
	put(SLM, c, &cmd);
	return 1;
}

/* Second half: sum the piece. */
static void execute(struct chain *c)
{
	struct nvme_uring_cmd cmd = {
		.opcode = KCSD_CMD_EXECUTE, .cdw2 = pind, .cdw3 = 1 | KCSD_EXEC_LEN,
		.addr = (uintptr_t)&c->in, .data_len = sizeof(c->in),
	};

	c->in.range.nsid = htole32(nsid[SLM]);
	c->in.range.start = htole64((c - chains) * PIECE);
	c->in.range.len = htole32(PIECE);
	c->running = 1;
	put(COMPUTE, c, &cmd);
}

/* Return 0, an NVMe status, or -errno; the end of the process then cancels what is in flight. */
static int pump(void)
{
	struct io_uring_cqe *cqe;
	int flying = 0;
	struct chain *c;

	while (flying < DEPTH && copy(&chains[flying]))
		flying++;
	while (flying) {
		if (io_uring_submit_and_wait(&ring, 1) < 0 || io_uring_peek_cqe(&ring, &cqe))
			return -EIO;
		c = &chains[cqe->user_data];
		if (cqe->res)
			return cqe->res;
		sum += c->running ? cqe->big_cqe[0] : 0;
		io_uring_cqe_seen(&ring, cqe);
		if (!c->running)
			execute(c);
		else
			flying -= !copy(c);
	}
	return 0;
}

static int identify(void)
{
	uint64_t id[512] = {};
	uint8_t *bytes = (uint8_t *)id;	/* of which LBADS of the LBA format in use is needed */
	struct nvme_passthru_cmd cmd = {
		.opcode = 0x06, .nsid = nsid[NVM], .addr = (uintptr_t)id, .data_len = sizeof(id),
	};
	int ret = ioctl(node[NVM], NVME_IOCTL_ADMIN_CMD, &cmd);

	nsze = le64toh(id[0]);
	lba_size = 1u << bytes[128 + 4 * (bytes[26] & 15) + 2];
	return ret;
}

int main(int argc, char **argv)
{
	int ret;

	for (int i = 0; i < NODES && argc == 2 + NODES; i++) {
		node[i] = open(argv[1 + i], O_RDWR);
		nsid[i] = ioctl(node[i], NVME_IOCTL_ID);
	}
	if (argc != 2 + NODES || identify() ||
	    io_uring_queue_init(DEPTH, &ring, IORING_SETUP_SQE128 | IORING_SETUP_CQE32)) {
		perror("usage: uring_pipeline NODE SLM-NODE COMPUTE-NODE PIND");
		return 2;
	}
	pind = strtoul(argv[1 + NODES], NULL, 0);
	ret = pump();
	if (!ret)
		return printf("%" PRIu64 "\n", sum) < 0;
	fprintf(stderr, "%s %x\n", ret < 0 ? strerror(-ret) : "NVMe status", ret & KCSD_SC_MASK);
	return 1;
}
