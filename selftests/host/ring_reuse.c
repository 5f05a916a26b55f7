// SPDX-License-Identifier: GPL-2.0
/*
 * Reuse entries of a ring at once. Commands that must not block their submitter wait in a queue of
 * io_uring; when a worker takes one, its entry holds another command already. Each command must
 * still move its own data.
 */
#include "harness.h"
#include "nvm.h"
#include "stamp.h"
#include "tenant.h"

#include <stdlib.h>

#define DEPTH	4u	/* entries of the ring */
#define NR	48u	/* number of commands */
#define GAP	4u	/* LBAs between two commands; a command moves at most GAP - 1 */
#define FIRST	1000u	/* first LBA; partition tables are not searched here */
#define LBAS	(NR * GAP)

static const struct drive_attr in_memory[] = { DRIVE_SMALL, {} };
static const struct drive_attr on_file[] = {
	DRIVE_SMALL, { "backing_file", "/tmp/kst-ring-reuse" }, { "sidecar", "0" }, {}
};

FIXTURE(ring_reuse) {
	struct drive d;
	int block;
	struct io_uring ring;
	bool has_ring;
	__u64 *data;	/* buffers of the commands, each at the offset of its LBAs */
	__u64 *lbas;	/* the same LBAs, as the block device reads them */
};

FIXTURE_VARIANT(ring_reuse) {
	const struct drive_attr *attr;
};

/* Commands on a file wait for the file. */
FIXTURE_VARIANT_ADD(ring_reuse, file) { .attr = on_file };
/* Commands on memory wait only if a rule of inject delays them. */
FIXTURE_VARIANT_ADD(ring_reuse, memory) { .attr = in_memory };

/* Open a ring with one worker: while that waits, all other commands wait too. */
static int open_ring(struct io_uring *ring)
{
	struct io_uring_params p = {
		.flags = IORING_SETUP_SQE128 | IORING_SETUP_CQSIZE, .cq_entries = 2 * NR,
	};
	unsigned int workers[2] = { 1, 1 };
	int ret = io_uring_queue_init_params(DEPTH, ring, &p);

	return ret ?: io_uring_register_iowq_max_workers(ring, workers);
}

FIXTURE_SETUP(ring_reuse)
{
	int fd = open("/tmp/kst-ring-reuse", O_RDWR | O_CREAT | O_TRUNC, 0600);

	ASSERT_LE(0, fd);
	close(fd);
	drive_sweep();
	self->data = aligned_alloc(STAMP_LBA, LBAS * STAMP_LBA);
	self->lbas = aligned_alloc(STAMP_LBA, LBAS * STAMP_LBA);
	ASSERT_TRUE(self->data && self->lbas);
	memset(self->data, 0, LBAS * STAMP_LBA);
	ASSERT_EQ(0, drive_create(&self->d, "ring", variant->attr));
	self->block = drive_open_block(&self->d, O_RDWR | O_DIRECT);
	ASSERT_LE(0, self->block);
	ASSERT_EQ(0, open_ring(&self->ring));
	self->has_ring = true;
}

FIXTURE_TEARDOWN(ring_reuse)
{
	if (self->has_ring)
		io_uring_queue_exit(&self->ring);
	fd_close(&self->block);
	EXPECT_EQ(0, drive_remove(&self->d));
	unlink("/tmp/kst-ring-reuse");
	free(self->data);
	free(self->lbas);
}

/* ---- the commands ---- */

/*
 * Returns the first LBA of a command, counted from FIRST. Neighbours in the ring are far apart
 * here.
 */
static __u32 lba_of(__u32 command)
{
	return command * 29 % NR * GAP;
}

static __u32 nlb_of(__u32 command)
{
	return 1 + command % (GAP - 1);
}

static __u64 *lba_in(__u64 *buf, __u32 lba)
{
	return buf + lba * STAMP_WORDS;
}

static int submit(FIXTURE_DATA(ring_reuse) *self, __u8 opcode, __u32 command)
{
	__u32 lba = lba_of(command), nlb = nlb_of(command);
	struct nvme_uring_cmd c = cmd_rw(opcode, FIRST + lba, nlb, lba_in(self->data, lba),
					 nlb * STAMP_LBA);
	int ret = ring_put(&self->ring, self->d.nvm, NVME_URING_CMD_IO, &c, command);

	return ret ?: io_uring_submit(&self->ring) == 1 ? 0 : -EIO;
}

/* Submit all commands. A rule delays the first, and with it the worker, until it is cleared. */
static int submit_all(FIXTURE_DATA(ring_reuse) *self, __u8 opcode)
{
	char text[256] = "";
	int ret;

	snprintf(text, sizeof(text), "%s lba=%u+1 delay=60000 next=1",
		 opcode == NVM_READ ? "read" : "write", FIRST + lba_of(0));
	ret = drive_set(self->d.name, "inject", text) ?: submit(self, opcode, 0);
	while (!ret && !strstr(text, "hits=1")) {
		sleep_ms(1);
		if (drive_get(self->d.name, "inject", text, sizeof(text)) < 0)
			ret = -EIO;
	}
	for (__u32 i = 1; i < NR && !ret; i++)
		ret = submit(self, opcode, i);
	/* Overwrite the last entries too: they no longer hold a command. */
	memset(self->ring.sq.sqes, 0xff, DEPTH * 128);
	return ret;
}

/* Clear the rule and reap. Returns how many commands failed or did not complete exactly once. */
static __u32 end_all(FIXTURE_DATA(ring_reuse) *self)
{
	bool ended[NR] = {};
	__u32 good = 0;

	if (drive_set(self->d.name, "inject", "clear"))
		return NR;
	for (__u32 i = 0; i < NR; i++) {
		__u64 tag;
		int res;

		if (ring_get(&self->ring, CMD_TIMEOUT_S * 1000, &tag, &res, NULL))
			break;
		if (res)
			ksft_print_msg("command %llu: got %d\n", (unsigned long long)tag, res);
		good += !res && tag < NR && !ended[tag];
		ended[tag % NR] = true;
	}
	return NR - good;
}

/* ---- the data ---- */

/* Fill the part of the buffer that commands move with stamps that differ for each LBA. */
static void stamp_all(__u64 *buf)
{
	memset(buf, 0, LBAS * STAMP_LBA);
	for (__u32 i = 0; i < NR; i++)
		for (__u32 lba = lba_of(i); lba < lba_of(i) + nlb_of(i); lba++)
			stamp_fill(lba_in(buf, lba), 1 + lba);
}

static int lbas_write(FIXTURE_DATA(ring_reuse) *self)
{
	ssize_t n = pwrite(self->block, self->lbas, LBAS * STAMP_LBA, FIRST * STAMP_LBA);

	return n == LBAS * STAMP_LBA ? 0 : -EIO;
}

static int lbas_read(FIXTURE_DATA(ring_reuse) *self)
{
	ssize_t n = pread(self->block, self->lbas, LBAS * STAMP_LBA, FIRST * STAMP_LBA);

	return n == LBAS * STAMP_LBA ? 0 : -EIO;
}

/* Returns how many LBAs differ from the stamps of stamp_all(). */
static __u32 wrong_lbas(__u64 *buf)
{
	__u32 wrong = LBAS, lba;
	__u64 tag;

	for (__u32 i = 0; i < NR; i++) {
		for (lba = lba_of(i); lba < lba_of(i) + GAP; lba++) {
			__u64 want = lba < lba_of(i) + nlb_of(i) ? 1 + lba : 0;

			wrong -= stamp_read(lba_in(buf, lba), &tag) && tag == want;
		}
	}
	if (wrong)
		ksft_print_msg("%u of %u LBAs have wrong data\n", wrong, LBAS);
	return wrong;
}

TEST_F(ring_reuse, writes)
{
	stamp_all(self->data);
	ASSERT_EQ(0, submit_all(self, NVM_WRITE));
	EXPECT_EQ(0, end_all(self));
	ASSERT_EQ(0, lbas_read(self));
	EXPECT_EQ(0, wrong_lbas(self->lbas));
}

TEST_F(ring_reuse, reads)
{
	stamp_all(self->lbas);
	ASSERT_EQ(0, lbas_write(self));
	ASSERT_EQ(0, submit_all(self, NVM_READ));
	EXPECT_EQ(0, end_all(self));
	EXPECT_EQ(0, wrong_lbas(self->data));
}

DRIVE_TEST_MAIN
