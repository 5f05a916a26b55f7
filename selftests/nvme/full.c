// SPDX-License-Identifier: GPL-2.0
/* A backing file on a file system without free space: writes fail, everything else works. */
#include "harness.h"
#include "nvm.h"
#include "run.h"

#include <endian.h>
#include <sys/mount.h>

#define LBA	4096
#define NSZE	4096		/* LBAs of the drive; few of them fit */
#define SPACE	"size=1m"	/* of the file system */

static const struct drive_attr small[] = { DRIVE_SMALL, {} };

/* Program: write LBA cparam1 from the heap; returns the result of the helper. */
static const struct bpf_insn prog_poke[] = {
	I_CTX(R2, R1, heap), I_CTX(R3, R1, lba_size), I_CTX(R1, R1, cparam1), I_HELPER(write),
	I_EXIT,
};

FIXTURE(full) {
	struct drive d;
	char dir[32];
	__u8 *buf;
	__u64 lbas;		/* LBAs written before the space ran out */
};

static int write_lba(const struct drive *d, __u64 slba, void *buf)
{
	struct nvme_uring_cmd c = cmd_rw(NVM_WRITE, slba, 1, buf, LBA);

	return cmd_io(d->nvm, &c);
}

FIXTURE_SETUP(full)
{
	struct image im = {
		.insns = prog_poke, .insn_cnt = ARRAY_SIZE(prog_poke), .heap_len = LBA,
	};
	char path[64];
	int fd;

	strcpy(self->dir, "/tmp/kst-full-XXXXXX");
	self->buf = aligned_alloc(LBA, LBA);
	ASSERT_NE(NULL, self->buf);
	memset(self->buf, 0x77, LBA);
	ASSERT_NE(NULL, mkdtemp(self->dir));
	ASSERT_EQ(0, mount("full", self->dir, "tmpfs", 0, SPACE));
	snprintf(path, sizeof(path), "%s/image", self->dir);
	fd = open(path, O_CREAT | O_RDWR, 0600);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ftruncate(fd, NSZE * LBA));
	close(fd);
	ASSERT_EQ(0, drive_prepare(&self->d, "full", small));
	ASSERT_EQ(0, drive_set(self->d.name, "backing_file", path));
	ASSERT_EQ(0, drive_power(&self->d, true));
	self->d.index = drive_get_number(self->d.name, "index");
	ASSERT_EQ(0, drive_open(&self->d, O_RDWR));
	ASSERT_EQ(0, prog_install_image(self->d.ctrl, 0, &im));
	while (self->lbas < NSZE && !write_lba(&self->d, self->lbas, self->buf))
		self->lbas++;
}

FIXTURE_TEARDOWN(full)
{
	EXPECT_EQ(0, drive_remove(&self->d));
	EXPECT_EQ(0, umount(self->dir));
	EXPECT_EQ(0, rmdir(self->dir));
	free(self->buf);
}

TEST_F(full, host_gets_an_error)
{
	ASSERT_LT(0, self->lbas);
	ASSERT_GT(NSZE, self->lbas);
	EXPECT_EQ(KCSD_SC_CAPACITY_EXCEEDED, write_lba(&self->d, self->lbas, self->buf));
	EXPECT_EQ(0, drive_stat(&self->d, "media_errors"));
	/* LBAs that are allocated already can be written and read. */
	EXPECT_EQ(0, write_lba(&self->d, 0, self->buf));
	for (__u64 lba = 0; lba <= self->lbas; lba++) {
		struct nvme_uring_cmd c = cmd_rw(NVM_READ, lba, 1, self->buf, LBA);

		ASSERT_EQ(0, cmd_io(self->d.nvm, &c));
		ASSERT_EQ(lba < self->lbas ? 0x77 : 0, self->buf[LBA - 1])
			TH_LOG("LBA %llu", lba);
	}
}

TEST_F(full, program_gets_an_error)
{
	struct run r = { .cparam1 = self->lbas };

	run_grant(&r, 0, NSZE, KCSD_GRANT_WRITE);
	ASSERT_EQ(0, run_exec(self->d.compute, &r));
	EXPECT_EQ((__u64)-KCSD_ENOSPC, r.result);
	EXPECT_EQ(0, le64toh(r.out.rec.written_bytes));
	r.cparam1 = 0;
	ASSERT_EQ(0, run_exec(self->d.compute, &r));
	EXPECT_EQ(0, r.result);
}

DRIVE_TEST_MAIN
