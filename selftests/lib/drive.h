/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Create a drive for a test by configfs, open it, remove it.
 *
 * The name of every drive begins with KST_PREFIX: the next fixture, and this program at its exit,
 * find and remove the drives that a killed test has left behind. Functions return 0 or -errno.
 */
#ifndef KST_DRIVE_H
#define KST_DRIVE_H

/* Silence warnings that the macros of the harness cause under -Wextra. */
#pragma GCC diagnostic ignored "-Wsign-compare"
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wclobbered"
#endif
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include "kselftest_harness.h"
#pragma GCC diagnostic pop

/* Limit the time of a test, in seconds. Replaces the limit of the harness. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT (30 * time_slow())

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/kcsd.h>
#include <linux/kcsd_bpf.h>

#include "slow.h"

#define KST_CONFIGFS	"/sys/kernel/config/kcsd"
#define KST_CLASS	"/sys/class/kcsd"
#define KST_PREFIX	"kst-"
#define KST_FAR_INDEX	731	/* a drive index that no other drive has */
#define KST_MIB		(1u << 20)

struct drive_attr {
	const char *name;
	const char *value;
};

/* A small drive, quick to create; most tests use it. A later entry overrides an earlier one. */
#define DRIVE_SMALL \
	{ "size", "16777216" }, { "block_size", "4096" }, { "queues", "2" }, \
	{ "cus", "2" }, { "arena_size", "1048576" }, { "timeout_ms", "10000" }, \
	{ "device_programs", "0" }

struct drive {
	char name[48];
	int index;
	int ctrl;	/* open files; -1: none */
	int nvm;
	int slm;	/* -1 also if the drive has no SLM */
	int compute;
};

#define DRIVE_INIT { .index = -1, .ctrl = -1, .nvm = -1, .slm = -1, .compute = -1 }

static inline __u64 time_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static inline void sleep_ms(unsigned int ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&ts, NULL);
}

/* Read a file without its last newline. Returns the length or -errno. */
static inline int file_read(const char *path, char *buf, size_t len)
{
	int fd = open(path, O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, buf, len - 1);
	if (n < 0)
		n = -errno;
	close(fd);
	if (n < 0)
		return n;
	if (n && buf[n - 1] == '\n')
		n--;
	buf[n] = 0;
	return n;
}

static inline int file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	ssize_t n;
	int ret = 0;

	if (fd < 0)
		return -errno;
	n = write(fd, text, strlen(text));
	if (n < 0)
		ret = -errno;
	else if (n != (ssize_t)strlen(text))
		ret = -EIO;
	close(fd);
	return ret;
}

/* Returns the number in a file, or ~0 if there is none. */
static inline __u64 file_number(const char *path)
{
	char buf[64], *end;
	__u64 v;

	if (file_read(path, buf, sizeof(buf)) <= 0)
		return ~0ULL;
	v = strtoull(buf, &end, 0);
	return *end ? ~0ULL : v;
}

static inline void drive_attr_path(char *buf, size_t len, const char *drive, const char *attr)
{
	snprintf(buf, len, KST_CONFIGFS "/%s/%s", drive, attr);
}

/* Like `echo value > attr`. */
static inline int drive_set(const char *drive, const char *attr, const char *value)
{
	char path[512], text[4200];

	drive_attr_path(path, sizeof(path), drive, attr);
	snprintf(text, sizeof(text), "%s\n", value);
	return file_write(path, text);
}

static inline int drive_get(const char *drive, const char *attr, char *buf, size_t len)
{
	char path[512];

	drive_attr_path(path, sizeof(path), drive, attr);
	return file_read(path, buf, len);
}

static inline __u64 drive_get_number(const char *drive, const char *attr)
{
	char path[512];

	drive_attr_path(path, sizeof(path), drive, attr);
	return file_number(path);
}

static inline int drive_mkdir(const char *drive)
{
	char path[512];

	drive_attr_path(path, sizeof(path), drive, "");
	return mkdir(path, 0755) ? -errno : 0;
}

static inline int drive_rmdir(const char *drive)
{
	char path[512];

	drive_attr_path(path, sizeof(path), drive, "");
	return rmdir(path) ? -errno : 0;
}

/*
 * Build the path of a node. suffix follows the index: "" is the controller, "n1" the block device.
 */
static inline void drive_node(char *buf, size_t len, int index, const char *suffix)
{
	snprintf(buf, len, "/dev/kcsd%d%s", index, suffix);
}

/* Build the path of the generic node of a namespace. */
static inline void drive_generic_node(char *buf, size_t len, int index, int nsid)
{
	snprintf(buf, len, "/dev/kcsdg%dn%d", index, nsid);
}

#define DRIVE_NODES	5	/* nodes of a drive that has all namespaces */

/* Returns how many nodes of the drive exist. */
static inline int drive_nodes_present(int index)
{
	char path[DRIVE_NODES][64];
	int n = 0;

	drive_node(path[0], sizeof(path[0]), index, "");
	drive_node(path[1], sizeof(path[1]), index, "n1");
	drive_generic_node(path[2], sizeof(path[2]), index, KCSD_NSID_NVM);
	drive_generic_node(path[3], sizeof(path[3]), index, KCSD_NSID_SLM);
	drive_generic_node(path[4], sizeof(path[4]), index, KCSD_NSID_COMPUTE);
	for (int i = 0; i < DRIVE_NODES; i++)
		n += !access(path[i], F_OK);
	return n;
}

static inline void fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static inline void drive_close(struct drive *d)
{
	fd_close(&d->ctrl);
	fd_close(&d->nvm);
	fd_close(&d->slm);
	fd_close(&d->compute);
}

static inline int drive_open(struct drive *d, int flags)
{
	char path[64];

	drive_node(path, sizeof(path), d->index, "");
	d->ctrl = open(path, flags | O_CLOEXEC);
	drive_generic_node(path, sizeof(path), d->index, KCSD_NSID_NVM);
	d->nvm = open(path, flags | O_CLOEXEC);
	drive_generic_node(path, sizeof(path), d->index, KCSD_NSID_SLM);
	d->slm = open(path, flags | O_CLOEXEC);
	drive_generic_node(path, sizeof(path), d->index, KCSD_NSID_COMPUTE);
	d->compute = open(path, flags | O_CLOEXEC);
	if (d->ctrl >= 0 && d->nvm >= 0 && d->compute >= 0)
		return 0;
	drive_close(d);
	return -ENOENT;
}

static inline int drive_open_block(const struct drive *d, int flags)
{
	char path[64];
	int fd;

	drive_node(path, sizeof(path), d->index, "n1");
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static inline int drive_power(const struct drive *d, bool on)
{
	return drive_set(d->name, "power", on ? "1" : "0");
}

/* Make the directory and set the attributes, but not power. An entry without a name ends attr[]. */
static inline int drive_prepare(struct drive *d, const char *name, const struct drive_attr *attr)
{
	int ret;

	*d = (struct drive)DRIVE_INIT;
	snprintf(d->name, sizeof(d->name), KST_PREFIX "%s", name);
	ret = drive_mkdir(d->name);
	for (; !ret && attr->name; attr++)
		ret = drive_set(d->name, attr->name, attr->value);
	return ret;
}

/* Create a drive, power it on, and open all its nodes for writing. */
static inline int drive_create(struct drive *d, const char *name, const struct drive_attr *attr)
{
	int ret = drive_prepare(d, name, attr);

	if (!ret)
		ret = drive_power(d, true);
	if (ret)
		return ret;
	d->index = drive_get_number(d->name, "index");
	return drive_open(d, O_RDWR);
}

/* Close and remove the drive, whatever state it is in. */
static inline int drive_remove(struct drive *d)
{
	drive_close(d);
	return d->name[0] ? drive_rmdir(d->name) : 0;
}

static inline bool drive_is_ours(const char *name)
{
	char far[32];

	snprintf(far, sizeof(far), "kcsd%d", KST_FAR_INDEX);
	return !strncmp(name, KST_PREFIX, strlen(KST_PREFIX)) || !strcmp(name, far);
}

/* Remove every drive that a test has left behind. */
static inline void drive_sweep(void)
{
	DIR *dir = opendir(KST_CONFIGFS);
	struct dirent *e;

	if (!dir)
		return;
	while ((e = readdir(dir))) {
		if (drive_is_ours(e->d_name))
			drive_rmdir(e->d_name);
	}
	closedir(dir);
}

/* main() of a test program. Skips the whole program if it cannot run here. */
static inline int drive_main(int argc, char **argv)
{
	if (geteuid()) {
		ksft_print_header();
		ksft_exit_skip("not root: run as root\n");
	}
	if (access(KST_CONFIGFS, F_OK)) {
		ksft_print_header();
		ksft_exit_skip(KST_CONFIGFS " is missing: insmod kcsd.ko, mount configfs\n");
	}
	drive_sweep();
	atexit(drive_sweep);
	return test_harness_run(argc, argv);
}

#define DRIVE_TEST_MAIN \
	int main(int argc, char **argv) \
	{ \
		return drive_main(argc, argv); \
	}

#endif
