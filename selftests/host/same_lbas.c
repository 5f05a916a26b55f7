// SPDX-License-Identifier: GPL-2.0
/*
 * Access the same LBAs by the block node, commands and programs at once: no reader may see a part
 * of a write.
 */
#include "harness.h"
#include "nvm.h"
#include "run.h"

#include <pthread.h>
#include <stdlib.h>

#define LBA		4096
#define WORDS		(LBA / 8)
#define LBAS		4		/* LBAs that all workers access */
#define RUN_NS		2000000000ULL

/* Program: fill LBA cparam1 with the 64-bit word cparam2. */
static const struct bpf_insn prog_fill[] = {
	I_MOVR(R6, R1),
	I_CTX(R1, R6, heap), I_CTX(R2, R6, lba_size), I_CTX(R3, R6, cparam2),
	I_STX(BPF_DW, R1, 0, R3), I_ADD(R1, 8), I_ADD(R2, -8), I_JMP(BPF_JNE, R2, 0, -4),
	I_CTX(R1, R6, cparam1), I_CTX(R2, R6, heap), I_CTX(R3, R6, lba_size), I_HELPER(write),
	I_EXIT,
};

/* Program: returns 0 if all words of LBA cparam1 are equal, 1 if not. */
static const struct bpf_insn prog_check[] = {
	I_MOVR(R6, R1),
	I_CTX(R1, R6, cparam1), I_CTX(R2, R6, heap), I_CTX(R3, R6, lba_size), I_HELPER(read),
	I_JMP(BPF_JNE, R0, 0, 9),
	I_CTX(R1, R6, heap), I_CTX(R2, R6, lba_size), I_LDX(BPF_DW, R3, R1, 0), I_MOV(R0, 0),
	I_LDX(BPF_DW, R4, R1, 0), I_JMPR(BPF_JNE, R4, R3, 4),
	I_ADD(R1, 8), I_ADD(R2, -8), I_JMP(BPF_JNE, R2, 0, -5),
	I_EXIT,
	I_MOV(R0, 1), I_EXIT,
};

enum { FILL, CHECK };

enum way { BLOCK, IOCTL, URING, PROGRAM, NR_WAYS };

static const char * const way_names[] = { "block device", "ioctl", "io_uring", "program" };

FIXTURE(same_lbas) {
	struct drive d;
	int block;
	char file[64];
};

FIXTURE_VARIANT(same_lbas) {
	bool file;
};

FIXTURE_VARIANT_ADD(same_lbas, memory) { false };
FIXTURE_VARIANT_ADD(same_lbas, file) { true };

static int install(struct drive *d)
{
	struct image fill = {
		.insns = prog_fill, .insn_cnt = ARRAY_SIZE(prog_fill), .heap_len = LBA,
	};
	struct image check = {
		.insns = prog_check, .insn_cnt = ARRAY_SIZE(prog_check), .heap_len = LBA,
	};
	int ret = prog_install_image(d->ctrl, FILL, &fill);

	return ret ? ret : prog_install_image(d->ctrl, CHECK, &check);
}

FIXTURE_SETUP(same_lbas)
{
	struct drive_attr attrs[] = { DRIVE_SMALL, { "backing_file", "" }, {} };

	drive_sweep();
	if (variant->file) {
		strcpy(self->file, "/tmp/kst-same-XXXXXX");
		ASSERT_EQ(0, file_make(self->file, 0));
		attrs[ARRAY_SIZE(attrs) - 2].value = self->file;
	}
	ASSERT_EQ(0, drive_create(&self->d, "same", attrs));
	ASSERT_EQ(0, install(&self->d));
	self->block = drive_open_block(&self->d, O_RDWR | O_DIRECT);
	ASSERT_LE(0, self->block);
}

FIXTURE_TEARDOWN(same_lbas)
{
	fd_close(&self->block);
	EXPECT_EQ(0, drive_remove(&self->d));
	if (self->file[0])
		unlink(self->file);
}

struct worker {
	pthread_t thread;
	const struct drive *d;
	int block;
	enum way way;
	bool writes;
	__u64 *buf;
	struct io_uring ring;
	__u64 end_ns;
	__u64 done;
	int bad;		/* result of a failed access; 1: torn */
};

static int by_program(struct worker *w, __u64 lba, __u64 word)
{
	struct run r = { .pind = w->writes ? FILL : CHECK, .cparam1 = lba, .cparam2 = word };
	int ret;

	run_grant(&r, lba, 1, w->writes ? KCSD_GRANT_WRITE : KCSD_GRANT_READ);
	ret = run_way(CMD_IOCTL64, w->d->compute, &r);
	return ret ? ret : (int)r.result;
}

static int by_uring(struct worker *w, const struct nvme_uring_cmd *c)
{
	__u64 tag;
	int res, ret = ring_put(&w->ring, w->d->nvm, NVME_URING_CMD_IO, c, 1);

	if (ret || io_uring_submit(&w->ring) != 1)
		return -EIO;
	ret = ring_get(&w->ring, CMD_TIMEOUT_S * 1000, &tag, &res, NULL);
	return ret ? ret : cmd_status(res);
}

static int move_lba(struct worker *w, __u64 lba)
{
	struct nvme_uring_cmd c = cmd_rw(w->writes ? NVM_WRITE : NVM_READ, lba, 1, w->buf, LBA);
	ssize_t n;

	if (w->way == IOCTL)
		return cmd_io_way(CMD_IOCTL64, w->d->nvm, &c, NULL);
	if (w->way == URING)
		return by_uring(w, &c);
	n = w->writes ? pwrite(w->block, w->buf, LBA, lba * LBA) :
			pread(w->block, w->buf, LBA, lba * LBA);
	return n == LBA ? 0 : n < 0 ? -errno : -EIO;
}

static int once(struct worker *w, __u64 lba, __u64 word)
{
	int ret;

	if (w->way == PROGRAM)
		return by_program(w, lba, word);
	for (int i = 0; w->writes && i < WORDS; i++)
		w->buf[i] = word;
	ret = move_lba(w, lba);
	for (int i = 0; !ret && !w->writes && i < WORDS; i++)
		ret = w->buf[i] != w->buf[0];
	return ret;
}

static void *worker_thread(void *arg)
{
	struct worker *w = arg;

	while (!w->bad && time_ns() < w->end_ns) {
		w->bad = once(w, w->done % LBAS, w->done * NR_WAYS + w->way + 1);
		w->done++;
	}
	return NULL;
}

static int worker_start(struct worker *w, FIXTURE_DATA(same_lbas) *self, int nr)
{
	w->d = &self->d;
	w->block = self->block;
	w->way = nr % NR_WAYS;
	w->writes = nr < NR_WAYS;
	w->end_ns = time_ns() + RUN_NS * time_slow();
	w->buf = aligned_alloc(LBA, LBA);
	if (!w->buf || ring_open(&w->ring, 4, true))
		return -ENOMEM;
	return -pthread_create(&w->thread, NULL, worker_thread, w);
}

TEST_F(same_lbas, same_lbas_are_never_torn)
{
	struct worker w[2 * NR_WAYS] = {};

	for (int i = 0; i < 2 * NR_WAYS; i++)
		ASSERT_EQ(0, worker_start(&w[i], self, i));
	for (int i = 0; i < 2 * NR_WAYS; i++) {
		ASSERT_EQ(0, pthread_join(w[i].thread, NULL));
		EXPECT_EQ(0, w[i].bad) TH_LOG("%s, %s", way_names[w[i].way],
					      w[i].writes ? "writing" : "reading");
		EXPECT_LT(1, w[i].done);
		io_uring_queue_exit(&w[i].ring);
		free(w[i].buf);
	}
}

DRIVE_TEST_MAIN
