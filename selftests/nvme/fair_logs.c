// SPDX-License-Identifier: GPL-2.0
/* No user and no open file can push the entries of others out of the logs. */
#include "harness.h"
#include "admin.h"
#include "error_log.h"
#include "nvm.h"
#include "run.h"

#include <endian.h>
#include <sys/fsuid.h>

#define ERRORS		64	/* entries that log page 01h has */
#define FLOOD		200
#define FAR_LBA		(1ULL << 40)
#define USER		1000	/* first of two users; the second is USER + 1 */
#define MANY_FILES	(2 * ERRORS)

enum { FLOODS, SAYS };

/* Program: log 8 bytes of the heap, cparam1 times. */
static const struct bpf_insn prog_log[] = {
	I_CTX(R6, R1, cparam1), I_CTX(R7, R1, heap),
	I_MOVR(R1, R7), I_MOV(R2, 8), I_HELPER(log),
	I_ADD(R6, -1), I_JMP(BPF_JNE, R6, 0, -5),
	I_MOV(R0, 0), I_EXIT,
};

FIXTURE(fair_logs) {
	struct drive d;
	int a, b;		/* open files of namespace 1 */
	struct error_entry e[ERRORS];
};

static int open_node(const struct drive *d, int nsid)
{
	char path[64];

	drive_generic_node(path, sizeof(path), d->index, nsid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* Like open_node(), but as another user. */
static int open_as(const struct drive *d, int nsid, int user)
{
	char path[64];
	int fd;

	drive_generic_node(path, sizeof(path), d->index, nsid);
	if (chmod(path, 0666))
		return -1;
	setfsuid(user);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	setfsuid(0);
	return fd;
}

FIXTURE_SETUP(fair_logs)
{
	static const struct drive_attr attrs[] = { DRIVE_SMALL, {} };
	const struct image im = { .insns = prog_log, .insn_cnt = ARRAY_SIZE(prog_log),
				  .heap_len = 4096 };

	drive_sweep();
	ASSERT_EQ(0, drive_create(&self->d, "fair-logs", attrs));
	self->a = open_node(&self->d, KCSD_NSID_NVM);
	self->b = open_node(&self->d, KCSD_NSID_NVM);
	ASSERT_TRUE(self->a >= 0 && self->b >= 0);
	ASSERT_EQ(0, prog_install_image(self->d.ctrl, FLOODS, &im));
	ASSERT_EQ(0, prog_install_image(self->d.ctrl, SAYS, &im));
}

FIXTURE_TEARDOWN(fair_logs)
{
	fd_close(&self->a);
	fd_close(&self->b);
	EXPECT_EQ(0, drive_remove(&self->d));
}

/* Fail nr commands, at LBAs slba, slba + 1, ...; the log shows these LBAs. */
static int fail_at(int fd, __u64 slba, int nr)
{
	static __u8 buf[4096];

	for (int i = 0; i < nr; i++) {
		struct nvme_uring_cmd c = cmd_rw(NVM_READ, slba + i, 1, buf, sizeof(buf));

		if (cmd_io_way(CMD_IOCTL, fd, &c, NULL) != KCSD_SC_LBA_RANGE)
			return -EIO;
	}
	return 0;
}

/*
 * Returns the number of entries for LBAs slba to slba + FLOOD - 1; -1 if the entries are out of
 * order.
 */
static int errors_at(const struct error_entry *e, __u64 slba)
{
	int n = 0;

	for (int i = 0; i < ERRORS; i++) {
		if (i && le64toh(e[i].count) >= le64toh(e[i - 1].count) && e[i].count)
			return -1;
		n += le64toh(e[i].lba) >= slba && le64toh(e[i].lba) < slba + FLOOD;
	}
	return n;
}

TEST_F(fair_logs, errors_of_others_remain)
{
	ASSERT_EQ(0, fail_at(self->b, FAR_LBA, 3));
	ASSERT_EQ(0, fail_at(self->a, 2 * FAR_LBA, FLOOD));
	ASSERT_EQ(0, error_log(self->d.ctrl, self->e, ERRORS));
	EXPECT_EQ(3, errors_at(self->e, FAR_LBA));
	EXPECT_EQ(ERRORS - 3, errors_at(self->e, 2 * FAR_LBA));
	/* The newest entries remain; their numbers show how many are missing. */
	EXPECT_EQ(FLOOD + 3, le64toh(self->e[0].count));
	EXPECT_EQ(2 * FAR_LBA + FLOOD - 1, le64toh(self->e[0].lba));
	EXPECT_EQ(1, le64toh(self->e[ERRORS - 1].count));
}

TEST_F(fair_logs, two_flooding_users_get_half_each)
{
	ASSERT_EQ(0, fail_at(self->a, 2 * FAR_LBA, FLOOD));
	ASSERT_EQ(0, fail_at(self->b, FAR_LBA, FLOOD));
	ASSERT_EQ(0, error_log(self->d.ctrl, self->e, ERRORS));
	EXPECT_EQ(ERRORS / 2, errors_at(self->e, FAR_LBA));
	EXPECT_EQ(ERRORS / 2, errors_at(self->e, 2 * FAR_LBA));
}

/* Opening a new file for each error does not give a larger share. */
TEST_F(fair_logs, opening_again_and_again)
{
	ASSERT_EQ(0, fail_at(self->b, FAR_LBA, 3));
	for (int i = 0; i < FLOOD; i++) {
		int fd = open_node(&self->d, KCSD_NSID_NVM);

		ASSERT_LE(0, fd);
		ASSERT_EQ(0, fail_at(fd, 2 * FAR_LBA + i, 1));
		fd_close(&fd);
	}
	ASSERT_EQ(0, error_log(self->d.ctrl, self->e, ERRORS));
	EXPECT_EQ(3, errors_at(self->e, FAR_LBA));
	EXPECT_EQ(ERRORS - 3, errors_at(self->e, 2 * FAR_LBA));
}

/*
 * All open files of a user together have the share of one user, and the newest entries stay in it.
 */
TEST_F(fair_logs, many_files_of_a_user)
{
	int fd = open_as(&self->d, KCSD_NSID_NVM, USER + 1), files[MANY_FILES];

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, fail_at(fd, FAR_LBA, 3));
	for (int i = 0; i < MANY_FILES; i++) {
		files[i] = open_as(&self->d, KCSD_NSID_NVM, USER);
		ASSERT_LE(0, files[i]);
		ASSERT_EQ(0, fail_at(files[i], 2 * FAR_LBA + i, 1));
	}
	ASSERT_EQ(0, error_log(self->d.ctrl, self->e, ERRORS));
	EXPECT_EQ(3, errors_at(self->e, FAR_LBA));
	EXPECT_EQ(ERRORS - 3, errors_at(self->e, 2 * FAR_LBA + MANY_FILES - (ERRORS - 3)));
	/* After closing, the entries of all these files count as those of one file of the user. */
	for (int i = 0; i < MANY_FILES; i++)
		fd_close(&files[i]);
	files[0] = open_as(&self->d, KCSD_NSID_NVM, USER);
	ASSERT_LE(0, files[0]);
	ASSERT_EQ(0, fail_at(files[0], 3 * FAR_LBA, FLOOD));
	ASSERT_EQ(0, error_log(self->d.ctrl, self->e, ERRORS));
	EXPECT_EQ(3, errors_at(self->e, FAR_LBA));
	EXPECT_EQ((ERRORS - 3) / 2, errors_at(self->e, 2 * FAR_LBA));
	fd_close(&files[0]);
	fd_close(&fd);
}

/* On the block node, an error belongs to the user that sent the command, not to the open file. */
TEST_F(fair_logs, users_of_the_block_node)
{
	int fd = drive_open_block(&self->d, O_RDONLY);

	ASSERT_LE(0, fd);
	setfsuid(USER + 1);
	ASSERT_EQ(0, fail_at(fd, FAR_LBA, 3));
	setfsuid(USER);
	ASSERT_EQ(0, fail_at(fd, 2 * FAR_LBA, FLOOD));
	setfsuid(0);
	ASSERT_EQ(0, error_log(self->d.ctrl, self->e, ERRORS));
	EXPECT_EQ(3, errors_at(self->e, FAR_LBA));
	EXPECT_EQ(ERRORS - 3, errors_at(self->e, 2 * FAR_LBA));
	/* The user is the same by another node. */
	fd_close(&fd);
	fd = open_as(&self->d, KCSD_NSID_NVM, USER);
	ASSERT_EQ(0, fail_at(fd, 3 * FAR_LBA, FLOOD));
	ASSERT_EQ(0, error_log(self->d.ctrl, self->e, ERRORS));
	EXPECT_EQ(3, errors_at(self->e, FAR_LBA));
	fd_close(&fd);
}

/* Lines of programs and faults belong to the submitter of the run. */
TEST_F(fair_logs, log_lines_of_others_remain)
{
	static struct {
		struct kcsd_log_header h;
		struct kcsd_log_entry entry[KCSD_LOG_ENTRIES];
	} page;
	struct nvme_uring_cmd c = cmd_log(KCSD_LOG_PROGRAM_OUTPUT, &page, sizeof(page), 0);
	struct run says = { .pind = SAYS, .cparam1 = 5 };
	struct run floods = { .pind = FLOODS, .cparam1 = 2 * KCSD_LOG_ENTRIES };
	int fd = open_node(&self->d, KCSD_NSID_COMPUTE), said = 0;
	__u64 last = 0;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, run_exec(fd, &says));
	ASSERT_EQ(0, run_exec(self->d.compute, &floods));
	ASSERT_EQ(0, cmd_admin(self->d.ctrl, &c));
	ASSERT_EQ(KCSD_LOG_ENTRIES, le32toh(page.h.nr));
	for (int i = 0; i < KCSD_LOG_ENTRIES; i++) {
		EXPECT_LT(last, le64toh(page.entry[i].seq));
		last = le64toh(page.entry[i].seq);
		said += le16toh(page.entry[i].pind) == SAYS;
	}
	EXPECT_EQ(5, said);
	EXPECT_EQ(2 * KCSD_LOG_ENTRIES + 5, last);
	fd_close(&fd);
}

DRIVE_TEST_MAIN
