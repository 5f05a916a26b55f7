// SPDX-License-Identifier: GPL-2.0
/*
 * Have a program write to the blocks of a file without end, while a command moves them and gives
 * them to other files. Nothing keeps the command from the file: no lease, no refusal of the
 * filesystem. Used by file_steal.sh.
 *
 *	file_scribble PATH PIND COMMAND...
 *
 * PIND: the index of "scribble" of bpf/tests/behave.bpf.o. Prints the status with which the run
 * ended. Exit status: 0 success; 1 failure, 2 wrong usage.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drive.h"
#include "file.h"
#include "file_map.h"
#include "source.h"

#define TRIES	20	/* to find the file clean */
#define RUN_MS	60000	/* if nobody stops it */

static struct kcsd_error err;
static struct source_run run = { .slid = 1 };
static struct drive drive = DRIVE_INIT;

static int fail(const char *what)
{
	printf("%s: %s\n", what, err.text[0] ? err.text : strerror(errno));
	return 1;
}

/* Have the drive watch the blocks of the file, as libkcsd does. Returns 0 or another number. */
static int send_file(int fd, const struct kcsd_file_device *dev)
{
	struct kcsd_file_map *map;
	int ret = -EAGAIN, i;

	for (i = 0; i < TRIES && ret == -EAGAIN; i++) {
		ret = kcsd_file_sync(fd, &err) ?: kcsd_file_map(fd, dev, true, &map, &err);
		if (ret)
			continue;
		ret = source_send(drive.compute, 1, map->sources, map->nr) ?:
		      source_watch(drive.compute, 1) ?: kcsd_file_is_clean(fd, map, &err);
		kcsd_file_map_free(map);
	}
	return ret;
}

static void *scribble(void *arg)
{
	*(int *)arg = source_run(drive.compute, &run);
	return NULL;
}

static __u64 written(void)
{
	char path[80];

	snprintf(path, sizeof(path), "/sys/class/kcsd/kcsd%u/stats/media_write_bytes", drive.index);
	return file_number(path);
}

/* Wait until the program has written the file. */
static void wait_for_program(__u64 before)
{
	int i;

	for (i = 0; i < 1000 && written() < before + (4 << 20); i++)
		usleep(10000);
}

static int run_command(char **command)
{
	pid_t child = fork();
	int status = 0;

	if (!child) {
		execvp(command[0], command);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return -1;
	return status;
}

int main(int argc, char **argv)
{
	struct kcsd_file_device dev;
	pthread_t thread;
	__u64 before;
	int fd, ret;

	if (argc < 4) {
		fprintf(stderr, "usage: see the comment in file_scribble.c\n");
		return 2;
	}
	fd = open(argv[1], O_RDWR | O_CLOEXEC);
	if (kcsd_file_device_find(fd, &dev, &err))
		return fail(argv[1]);
	drive.index = dev.index;
	if (drive_open(&drive, O_RDWR) || send_file(fd, &dev))
		return fail(argv[1]);
	run.pind = atoi(argv[2]);
	run.data.header.timeout_ms = htole32(RUN_MS);
	before = written();
	if (pthread_create(&thread, NULL, scribble, &ret))
		return fail("thread");
	wait_for_program(before);
	if (run_command(argv + 3))
		return fail(argv[3]);
	pthread_join(thread, NULL);
	printf("%#x\n", ret);
	return 0;
}
