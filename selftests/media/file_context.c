// SPDX-License-Identifier: GPL-2.0
/*
 * Test that a drive uses its files in its own context: the limit on the file size of a submitter
 * does not apply to the drive.
 */
#include "harness.h"
#include "cached.h"
#include "nvm.h"
#include "prog.h"
#include "zns.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>

#define FILE_NAME	"/tmp/kst-file-context"
#define SIDECAR_FILE	FILE_NAME ".kcsd"
#define LAST_LBA	(ZNS_NSZE - 1)

FIXTURE(file_context) {
	struct drive d;
	int *failed;	/* set by the child: line of this file */
};

FIXTURE_VARIANT(file_context) {
	bool zoned;
	const char *cache;
};

FIXTURE_VARIANT_ADD(file_context, flat) { .cache = "0" };
FIXTURE_VARIANT_ADD(file_context, cached) { .cache = "1M" };
FIXTURE_VARIANT_ADD(file_context, zoned) { .zoned = true, .cache = "0" };

static void remove_files(void)
{
	unlink(FILE_NAME);
	unlink(SIDECAR_FILE);
}

FIXTURE_SETUP(file_context)
{
	static const struct drive_attr flat[] = { DRIVE_SMALL, { "max_programs", "4" }, {} };
	static const struct drive_attr zones[] = { ZNS_DRIVE, { "max_programs", "4" }, {} };
	int fd;

	drive_sweep();
	remove_files();
	self->failed = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->failed);
	fd = open(FILE_NAME, O_CREAT | O_RDWR, 0600);
	ASSERT_LE(0, fd);
	close(fd);
	ASSERT_EQ(0, drive_prepare(&self->d, "file-context", variant->zoned ? zones : flat));
	ASSERT_EQ(0, drive_set(self->d.name, "backing_file", FILE_NAME));
	ASSERT_EQ(0, drive_set(self->d.name, "cache_size", variant->cache));
}

FIXTURE_TEARDOWN(file_context)
{
	drive_remove(&self->d);
	munmap(self->failed, 4096);
	remove_files();
}

/* ---- in a process that may not write to files ---- */

static int *failed;

#define MUST(cond) do { if (!(cond)) { *failed = __LINE__; _exit(1); } } while (0)

static void flat_commands(struct drive *d, int way, void *buf)
{
	struct nvme_uring_cmd c = cmd_rw(NVM_WRITE, LAST_LBA, 1, buf, 4096);

	MUST(!cmd_io_way(way, d->nvm, &c, NULL));
	c.cdw12 |= NVM_CDW12_FUA;
	MUST(!cmd_io_way(way, d->nvm, &c, NULL));
	c = cmd_flush();
	MUST(!cmd_io_way(way, d->nvm, &c, NULL));
}

static void zoned_commands(struct drive *d, int way, void *buf)
{
	struct nvme_uring_cmd c = zns_append_cmd(zns_start(ZNS_ZONES - 1), 1, buf);

	MUST(!cmd_io_way(way, d->nvm, &c, NULL));
	c = cmd_flush();
	MUST(!cmd_io_way(way, d->nvm, &c, NULL));
	c = zns_send_cmd(ZNS_FINISH, zns_start(ZNS_ZONES - 1));
	MUST(!cmd_io_way(way, d->nvm, &c, NULL));
	c = zns_send_cmd(ZNS_RESET, zns_start(ZNS_ZONES - 1));
	MUST(!cmd_io_way(way, d->nvm, &c, NULL));
}

static void keep_program(struct drive *d, int way)
{
	struct image im = { .insns = prog_seven, .insn_cnt = ARRAY_SIZE(prog_seven) };
	struct nvme_uring_cmd c;
	__u32 len;
	void *image = image_build(&im, &len);

	c = prog_load_cmd(0, image, len, 0, len);
	c.cdw10 |= KCSD_LOAD_PERSISTENT;
	MUST(!cmd_admin_way(way, d->ctrl, &c, NULL));
	c = prog_unload_cmd(0);
	MUST(!cmd_admin_way(way, d->ctrl, &c, NULL));
}

static void child_main(struct drive *d, bool zoned)
{
	struct rlimit none = { 0, 0 };
	void *buf = calloc(1, 4096);

	/* Expect SIGXFSZ for a write of the process itself, as always. */
	MUST(!setrlimit(RLIMIT_FSIZE, &none));
	MUST(!drive_power(d, true));	/* grows the file, creates its sidecar */
	d->index = drive_get_number(d->name, "index");
	MUST(!drive_open(d, O_RDWR));
	for (int way = 0; way < CMD_WAYS; way++) {
		if (zoned)
			zoned_commands(d, way, buf);
		else
			flat_commands(d, way, buf);
		keep_program(d, way);
	}
	drive_close(d);
	MUST(!drive_power(d, false));
	free(buf);
	_exit(0);
}

TEST_F(file_context, file_size_limit)
{
	pid_t pid;
	int status;

	failed = self->failed;
	pid = fork();
	if (!pid)
		child_main(&self->d, variant->zoned);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status)
		TH_LOG("signal %d, line %d", WTERMSIG(status), *self->failed);
}

DRIVE_TEST_MAIN
