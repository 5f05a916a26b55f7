// SPDX-License-Identifier: GPL-2.0
/*
 * Load the module while each of its allocations fails, one after the other. Another thread makes
 * the drives of the module; fail_nth.c tests these.
 */
#include "harness.h"
#include "alloc_failure.h"

#include <glob.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#define LOAD_TRIES	50	/* tries to unload: a process may open a new drive to look at it */

struct bed {
	char *module;		/* bytes of kcsd.ko */
	size_t module_len;	/* bytes */
	const char *arguments;
};

/*
 * Load the module from memory, so that no file is closed while allocations fail. Over 9p, as in the
 * test VM, this leaves the file number in use, and later opens of any file are refused.
 */
static int insmod(struct bed *b)
{
	return syscall(SYS_init_module, b->module, b->module_len, b->arguments) ? -errno : 0;
}

static int rmmod(struct bed *b)
{
	(void)b;
	for (int i = 0; i < LOAD_TRIES; i++) {
		if (!syscall(SYS_delete_module, "kcsd", O_NONBLOCK))
			return 0;
		sleep_ms(20);
	}
	return -errno;
}

static const struct operation loading = { "module load", NULL, insmod, rmmod };

/*
 * Load with arguments that the module itself refuses first. All allocations up to there belong to
 * the loader.
 */
static int insmod_refused(struct bed *b)
{
	struct bed refused = *b;
	int ret;

	refused.arguments = "drives=257 selftest=0";
	ret = insmod(&refused);
	return ret == -EINVAL ? 0 : ret ? ret : -EEXIST;
}

static const struct operation refusing = { "refused module load", NULL, insmod_refused, NULL };

static bool read_module(struct bed *b, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return false;
	if (!fstat(fd, &st)) {
		b->module = malloc(st.st_size);
		b->module_len = st.st_size;
		if (b->module && read(fd, b->module, st.st_size) != st.st_size)
			b->module_len = 0;
	}
	close(fd);
	return b->module && b->module_len;
}

static bool find_module(struct bed *b)
{
	/*
	 * Look in the build directory of the selftests, where the runner is, or in that of the
	 * project.
	 */
	static const char * const places[] = {
		"../module/%s/kcsd.ko", "../build/module/%s/kcsd.ko", "build/module/%s/kcsd.ko",
	};
	const char *given = getenv("KCSD_MODULE");
	char path[256];
	struct utsname u;

	if (given)
		return read_module(b, given);
	uname(&u);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		snprintf(path, sizeof(path), places[i], u.release);
		if (read_module(b, path))
			return true;
	}
	return false;
}

static bool drives_hold_data(void)
{
	bool hold = false;
	glob_t g;

	if (glob(KST_CLASS "/kcsd*/stats/host_write_bytes", 0, NULL, &g))
		return false;
	for (size_t i = 0; i < g.gl_pathc; i++)
		hold |= file_number(g.gl_pathv[i]) != 0;
	globfree(&g);
	return hold;
}

FIXTURE(fail_load) {
	struct bed b;
};

FIXTURE_SETUP(fail_load)
{
	if (!find_module(&self->b))
		SKIP(return, "the file of the module is not known: set KCSD_MODULE");
	if (drives_hold_data())
		SKIP(return, "a drive has been written to: its data would be lost");
	if (rmmod(&self->b))
		SKIP(return, "the module is in use");
}

FIXTURE_TEARDOWN(fail_load)
{
	self->b.arguments = "";
	if (access("/sys/module/kcsd", F_OK))
		EXPECT_EQ(0, insmod(&self->b));
	free(self->b.module);
}

/*
 * Load without the tests of the module, where it has them: they fail without memory, which is no
 * success.
 */
TEST_F_TIMEOUT(fail_load, own_allocations, FAIL_TIMEOUT)
{
	unsigned int loaders;

	self->b.arguments = "drives=1 size=1M selftest=0";
	ASSERT_EQ(0, fail_count(&refusing, &self->b, &loaders));
	ASSERT_EQ(0, fail_count(&refusing, &self->b, &loaders));
	EXPECT_EQ(0, fail_all_but(&loading, &self->b, loaders));
}

FAIL_TEST_MAIN
