// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Source lists of files, as far as they need no drive: wrong options, files on no drive. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "private.h"
#include "tap.h"

static struct kcsd_drive drive = { .name = "kcsd0", .lock = PTHREAD_MUTEX_INITIALIZER };
static struct kcsd_error err;

static void refused(const char *what, const struct kcsd_sources_opts *opts, int wanted,
		    const char *text)
{
	struct kcsd_sources *sources = (void *)1;

	err.text[0] = '\0';
	IS(kcsd_sources_create(&drive, opts, &sources, &err), wanted, "%s", what);
	SAYS(err.text, text);
	OK(!sources, "%s: no list", what);
	OK(!drive.slids, "%s: no identifier is in use", what);
}

/* Without a drive: the filesystem of a directory is named, however the directory is open. */
static void test_drive_of_directories(void)
{
	static const int flags[] = { O_RDONLY, O_PATH };
	char name[16];
	size_t i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		fd = open("/proc", flags[i] | O_DIRECTORY | O_CLOEXEC);
		IS(kcsd_sources_drive(fd, name, &err), -EOPNOTSUPP, "the drive of a directory");
		SAYS(err.text, "of type procfs");
		close(fd);
	}
	fd = open("/proc/self/status", O_PATH | O_CLOEXEC);
	IS(kcsd_sources_drive(fd, name, &err), -EBADF, "the drive of a file that cannot be read");
	close(fd);
	IS(kcsd_sources_drive(-1, name, &err), -EBADF, "the drive of no descriptor");
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	IS(kcsd_sources_drive(fd, name, &err), -EOPNOTSUPP, "the drive of a device");
	SAYS(err.text, "but a character device");
	close(fd);
}

int main(void)
{
	int fds[2] = { memfd_create("x", MFD_CLOEXEC), -1 };
	KCSD_OPTS(kcsd_sources_opts, opts, .fds = fds, .nr_fds = 1);
	struct kcsd_sources_opts wrong;
	char name[16];

	refused("no options", NULL, -EINVAL, "impossible size");
	wrong = opts;
	wrong.sz = 1;
	refused("a size that cannot be", &wrong, -EINVAL, "impossible size");
	wrong = opts;
	wrong.nr_fds = 0;
	refused("no file", &wrong, -EINVAL, "there is no file");
	wrong = opts;
	wrong.fds = NULL;
	refused("no address of files", &wrong, -EINVAL, "there is no file");
	wrong = opts;
	wrong.nr_fds = KCSD_MAX_SOURCES + 1;
	refused("too many files", &wrong, -E2BIG, "at most 1048576 files");
	wrong = opts;
	wrong.flags = 0x10;
	refused("an unknown flag", &wrong, -EINVAL, "no such flag: 0x10");
	wrong = opts;
	wrong.write = (const uint8_t[]){ 2 };
	refused("neither read nor write", &wrong, -EINVAL, "write is 0 or 1");
	wrong.write = (const uint8_t[]){ 1 };
	refused("a file in memory, to write", &wrong, -EOPNOTSUPP, "of type tmpfs");
	OK(!kcsd_sources_is_wanted(NULL), "no list is not wanted");
	refused("a file in memory", &opts, -EOPNOTSUPP, "of type tmpfs");
	wrong = opts;
	wrong.fds = (const int[]){ fds[0], fds[0] };
	wrong.nr_fds = 2;
	refused("the first of two files", &wrong, -EOPNOTSUPP, "file 1 of 2: ");
	opts.fds = fds + 1;
	refused("no descriptor", &opts, -EBADF, "not open");
	IS(kcsd_sources_drive(fds[0], name, &err), -EOPNOTSUPP, "the drive of a file in memory");
	SAYS(err.text, "of type tmpfs");
	test_drive_of_directories();
	kcsd_sources_destroy(NULL);
	close(fds[0]);
	return tap_end();
}
