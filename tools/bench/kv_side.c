// SPDX-License-Identifier: GPL-2.0
/*
 * Send Key Value commands, and reads and writes of LBAs, by io_uring passthrough.
 *
 *	kv_side NVM-NODE KV-NODE KEYS BYTES
 *
 * KEYS objects of BYTES each; LBAs are as many blocks of BYTES. Answers lines of standard input,
 * OPERATION COUNT THREADS DEPTH, with commands per second:
 *  - fill: store objects 0 to COUNT - 1; lay: write as many blocks of LBAs
 *  - retrieve, store, read, write: random ones, DEPTH in flight for each thread
 *  - durable: store random ones, DEPTH at once, then Flush
 *  - through: turn the volatile write cache off for COUNT 1, on for 0
 */
#include <fcntl.h>
#include <liburing.h>
#include <linux/kcsd.h>
#include <linux/nvme_ioctl.h>
#include <sys/ioctl.h>

#include "kv_common.h"

#define OP_READ		0x02
#define OP_WRITE	0x01
#define SET_FEATURES	0x09
#define WRITE_CACHE	0x06

static int nvm, objects;
static uint32_t keys, len, lba_len;

struct side {
	struct io_uring ring;
	struct part *part;
	uint8_t opcode;
	bool lbas;
	char *buffers;
};

static void set_key(struct nvme_uring_cmd *cmd, uint32_t nr)
{
	char key[KEY_LEN];

	make_key(nr, key);
	memcpy(&cmd->cdw2, key, 8);
	memcpy(&cmd->cdw14, key + 8, 8);
	cmd->cdw11 = KEY_LEN;
}

static void set_lbas(struct nvme_uring_cmd *cmd, uint32_t nr)
{
	uint64_t slba = (uint64_t)nr * (len / lba_len);

	cmd->cdw10 = slba;
	cmd->cdw11 = slba >> 32;
	cmd->cdw12 = len / lba_len - 1;
}

static void put(struct side *s, uint8_t opcode, uint32_t nr, uint64_t slot)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&s->ring);
	struct nvme_uring_cmd *cmd;

	if (!sqe)
		die("the ring is full");
	cmd = (struct nvme_uring_cmd *)sqe->cmd;
	memset(sqe, 0, 2 * sizeof(*sqe));
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = s->lbas ? nvm : objects;
	sqe->cmd_op = NVME_URING_CMD_IO;
	sqe->user_data = slot;
	cmd->opcode = opcode;
	cmd->nsid = s->lbas ? KCSD_NSID_NVM : KCSD_NSID_KV;
	if (opcode == KCSD_KV_FLUSH)
		return;
	cmd->addr = (uintptr_t)s->buffers + slot * len;
	cmd->data_len = len;
	cmd->cdw10 = len;
	if (s->lbas)
		set_lbas(cmd, nr);
	else
		set_key(cmd, nr);
}

static void check(const struct side *s, const struct io_uring_cqe *cqe)
{
	if (cqe->res)
		fprintf(stderr, "bench-kv: %s: result %x\n", s->part->op, cqe->res);
	if (cqe->res || (s->opcode == KCSD_KV_RETRIEVE && !s->lbas && cqe->big_cqe[0] != len))
		die("a command failed");
}

/* Wait for `least` completions; start another command for each that is there. */
static uint64_t reap(struct side *s, unsigned int least, uint64_t *sent, uint64_t count)
{
	struct io_uring_cqe *cqe;
	unsigned int head, nr = 0;

	if (io_uring_submit_and_wait(&s->ring, least) < 0)
		die("cannot submit");
	io_uring_for_each_cqe(&s->ring, head, cqe) {
		check(s, cqe);
		if (*sent < count)
			put(s, s->opcode, part_pick(s->part, (*sent)++, keys), cqe->user_data);
		nr++;
	}
	io_uring_cq_advance(&s->ring, nr);
	return nr;
}

static void keep_in_flight(struct side *s)
{
	uint64_t sent = 0, done = 0, count = s->part->count;

	for (; sent < count && sent < s->part->batch; sent++)
		put(s, s->opcode, part_pick(s->part, sent, keys), sent);
	while (done < count)
		done += reap(s, 1, &sent, count);
}

static void store_and_flush(struct side *s)
{
	uint64_t none = 0, done = 0, nr, i;

	for (; done < s->part->count; done += nr) {
		nr = s->part->count - done;
		if (nr > s->part->batch)
			nr = s->part->batch;
		for (i = 0; i < nr; i++)
			put(s, KCSD_KV_STORE, part_pick(s->part, done + i, keys), i);
		for (i = 0; i < nr;)
			i += reap(s, nr - i, &none, 0);
		put(s, KCSD_KV_FLUSH, 0, 0);
		reap(s, 1, &none, 0);
	}
}

/* Fill buffers with lines of words. */
static void fill_buffers(char *p, size_t size)
{
	for (size_t at = 0, line = 0; at < size; line++) {
		int n = snprintf(p + at, size - at, "%zu quick brown foxes, lazy dogs\n", line);

		at += n;
	}
}

static void *run(void *arg)
{
	struct io_uring_params params = {
		.flags = IORING_SETUP_SQE128 | IORING_SETUP_CQE32 | IORING_SETUP_SINGLE_ISSUER |
			 IORING_SETUP_DEFER_TASKRUN,
	};
	struct side s = { .part = arg };
	const char *op = s.part->op;
	unsigned int batch = s.part->batch;

	s.lbas = !strcmp(op, "read") || !strcmp(op, "write") || !strcmp(op, "lay");
	if (s.lbas)
		s.opcode = !strcmp(op, "read") ? OP_READ : OP_WRITE;
	else
		s.opcode = !strcmp(op, "retrieve") ? KCSD_KV_RETRIEVE : KCSD_KV_STORE;
	s.buffers = aligned_alloc(4096, ((size_t)batch * len + 4096) & -4096UL);
	if (!batch || !s.buffers || io_uring_queue_init_params(batch, &s.ring, &params))
		die("no ring or no memory");
	fill_buffers(s.buffers, (size_t)batch * len);
	if (!strcmp(op, "durable"))
		store_and_flush(&s);
	else
		keep_in_flight(&s);
	io_uring_queue_exit(&s.ring);
	free(s.buffers);
	return NULL;
}

static double set_through(bool through)
{
	struct nvme_passthru_cmd cmd = {
		.opcode = SET_FEATURES, .cdw10 = WRITE_CACHE, .cdw11 = !through,
	};

	if (ioctl(objects, NVME_IOCTL_ADMIN_CMD, &cmd))
		die("cannot set the volatile write cache");
	return 0;
}

static double answer(const char *op, uint64_t count, unsigned int threads, unsigned int batch)
{
	if (!strcmp(op, "through"))
		return set_through(count);
	return run_parts(run, op, count, threads, batch,
			 strcmp(op, "fill") && strcmp(op, "lay"));
}

int main(int argc, char **argv)
{
	if (argc != 5) {
		fprintf(stderr, "usage: kv_side NVM-NODE KV-NODE KEYS BYTES\n");
		return 2;
	}
	nvm = open(argv[1], O_RDWR);
	objects = open(argv[2], O_RDWR);
	keys = atoi(argv[3]);
	len = atoi(argv[4]);
	lba_len = len % 4096 ? len : 4096;
	if (nvm < 0 || objects < 0 || !keys)
		die("cannot open the nodes, or no keys");
	answer_lines(answer);
	return 0;
}
