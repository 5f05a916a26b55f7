// SPDX-License-Identifier: GPL-2.0
/*
 * Map files by the code of libkcsd, and compare what the drive has with what the file has. Used by
 * the scripts of this folder.
 *
 *	map_file check FILE...		sync, map, read the sources from the block node, compare
 *	map_file show FILE		sync, map, print number and bytes of each kind of source
 *	map_file drive PATH		print the drive of a file; of a directory twice
 *	map_file refuse FILE		print why the file cannot be mapped; 0 if it cannot
 *	map_file clean FILE		sync, map, print what kcsd_file_is_clean() says
 *	map_file dirty FILE WHEN	the same, with a write before the map or after the map
 *	map_file move FILE COMMAND...	the same, with a command after the map
 *	map_file gc FILE		the same, after garbage collection (f2fs) of its blocks
 *	map_file clone FILE		clone, overwrite the file, compare the clone
 *	map_file scatter FILE NR BLOCK	write every other one of 2 * NR blocks of BLOCK bytes
 *	map_file fill FILE NR BLOCK	write the others, from the end on, each to the drive
 *	map_file interleave FILE OTHER NR	append NR blocks to both, so that they alternate
 *	map_file verity FILE		enable fs-verity
 *	map_file cachestat		0 if the kernel has cachestat(2)
 *	map_file pin FILE		pin an empty file (f2fs): its blocks stay where they are
 *	map_file time FILE ROUNDS	print the microseconds of the fastest of some maps
 *
 * Exit status: 0 success, 1 failure, 2 wrong usage.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/f2fs.h>
#include <linux/fsverity.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "file_map.h"

#define CHUNK	(1 << 20)	/* bytes of one read */
#define KCSD_SYS_CACHESTAT	451	/* older headers have no name for it */

static struct kcsd_error err;

static int fail(const char *what)
{
	printf("%s: %s\n", what, err.text[0] ? err.text : strerror(errno));
	return 1;
}

/* Sync and map. Returns NULL and prints why. */
static struct kcsd_file_map *map_of(int fd, const char *name)
{
	struct kcsd_file_device dev;
	struct kcsd_file_map *map;

	if (kcsd_file_device_find(fd, &dev, &err) || kcsd_file_sync(fd, &err) ||
	    kcsd_file_map(fd, &dev, false, &map, &err)) {
		fail(name);
		return NULL;
	}
	return map;
}

static int open_block(const struct kcsd_file_map *map)
{
	char path[32];

	snprintf(path, sizeof(path), "/dev/kcsd%un1", map->dev.index);
	return open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
}

/* Read len bytes of a source, from its byte skip on, with whole LBAs. */
static int read_source(int block, const struct kcsd_file_map *map, const struct kcsd_source *s,
		       uint64_t skip, uint8_t *buf, size_t len)
{
	uint32_t lba = map->dev.lba_size;
	size_t lbas = (len + lba - 1) / lba * lba;

	switch (s->type) {
	case KCSD_SOURCE_ZEROES:
		memset(buf, 0, len);
		return s->start ? -1 : 0;
	case KCSD_SOURCE_BYTES:
		if (le64toh(s->start) + skip + len > map->bytes_len)
			return -1;
		memcpy(buf, map->bytes + le64toh(s->start) + skip, len);
		return 0;
	case KCSD_SOURCE_LBAS:
		return pread(block, buf, lbas, le64toh(s->start) * lba + skip) == (ssize_t)lbas ?
		       0 : -1;
	}
	return -1;
}

/* Compare one source with the bytes of the file at pos. */
static int compare_source(int fd, int block, const struct kcsd_file_map *map,
			  const struct kcsd_source *s, uint64_t pos, uint8_t *bufs)
{
	uint64_t skip, left = le64toh(s->len);
	size_t len;

	for (skip = 0; left; skip += len, left -= len) {
		len = MIN(left, CHUNK);
		if (read_source(block, map, s, skip, bufs, len) ||
		    pread(fd, bufs + CHUNK, len, pos + skip) != (ssize_t)len ||
		    memcmp(bufs, bufs + CHUNK, len)) {
			printf("byte %" PRIu64 ": source of type %u, start %" PRIu64 ", differs\n",
			       pos + skip, s->type, le64toh(s->start));
			return 1;
		}
	}
	return 0;
}

/* Compare the sources of a map with the file fd. */
static int compare(int fd, const struct kcsd_file_map *map)
{
	int block = open_block(map), ret = block < 0;
	uint64_t pos = 0;
	uint8_t *bufs;
	uint32_t i;

	bufs = aligned_alloc(4096, 2 * CHUNK);
	for (i = 0; bufs && !ret && i < map->nr; i++) {
		ret = compare_source(fd, block, map, &map->sources[i], pos, bufs);
		pos += le64toh(map->sources[i].len);
	}
	if (!ret && (!bufs || pos != map->len)) {
		printf("the sources have %" PRIu64 " bytes, the file %" PRIu64 "\n", pos, map->len);
		ret = 1;
	}
	free(bufs);
	if (block >= 0)
		close(block);
	return ret;
}

static void show(const struct kcsd_file_map *map)
{
	static const char *const names[] = { "lbas", "zeroes", "bytes" };
	uint64_t nr[3] = {}, len[3] = {};
	uint32_t i;

	for (i = 0; i < map->nr; i++) {
		nr[map->sources[i].type]++;
		len[map->sources[i].type] += le64toh(map->sources[i].len);
	}
	for (i = 0; i < 3; i++)
		printf("%s%s %" PRIu64 " %" PRIu64, i ? " " : "", names[i], nr[i], len[i]);
	printf("\n");
}

static int check_one(const char *name)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC), ret = 1;
	struct kcsd_file_map *map;

	if (fd < 0)
		return fail(name);
	map = map_of(fd, name);
	if (map) {
		ret = compare(fd, map);
		if (!ret && kcsd_file_is_clean(fd, map, &err))
			ret = fail(name);
		printf("%s: ", name);
		show(map);
	}
	kcsd_file_map_free(map);
	close(fd);
	return ret;
}

static int cmd_check(char **args)
{
	int ret = 0;

	for (; *args && !ret; args++)
		ret = check_one(*args);
	return ret;
}

static int cmd_show(char **args)
{
	int fd = open(args[0], O_RDONLY | O_CLOEXEC);
	struct kcsd_file_map *map = map_of(fd, args[0]);

	if (!map)
		return 1;
	show(map);
	kcsd_file_map_free(map);
	return 0;
}

/* Open a directory with O_PATH, too, as whoever only looks into it. */
static int cmd_drive(char **args)
{
	static const int flags[] = { O_RDONLY, O_PATH | O_DIRECTORY };
	struct kcsd_file_device dev;
	size_t i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		fd = open(args[0], flags[i] | O_CLOEXEC);
		if (fd < 0 && i && errno == ENOTDIR)
			break;
		if (fd < 0 || kcsd_path_device_find(fd, &dev, &err))
			return fail(args[0]);
		close(fd);
		printf("kcsd%u\n", dev.index);
	}
	return 0;
}

static int cmd_refuse(char **args)
{
	int fd = open(args[0], O_RDONLY | O_CLOEXEC);
	struct kcsd_file_device dev;
	struct kcsd_file_map *map;
	int ret;

	ret = kcsd_file_device_find(fd, &dev, &err);
	if (!ret)
		ret = kcsd_file_map(fd, &dev, false, &map, &err);
	if (!ret) {
		printf("it can be mapped\n");
		return 1;
	}
	printf("%s: %s\n", strerrorname_np(-ret), err.text);
	return 0;
}

/* Print what kcsd_file_is_clean() says. */
static int say_clean(int fd, const struct kcsd_file_map *map)
{
	int ret = kcsd_file_is_clean(fd, map, &err);

	if (ret)
		printf("%s: %s\n", strerrorname_np(-ret), err.text);
	else
		printf("clean\n");
	return 0;
}

static int cmd_clean(char **args)
{
	int fd = open(args[0], O_RDONLY | O_CLOEXEC);
	struct kcsd_file_map *map = map_of(fd, args[0]);

	return map ? say_clean(fd, map) : 1;
}

static int cmd_dirty(char **args)
{
	int fd = open(args[0], O_RDWR | O_CLOEXEC);
	struct kcsd_file_device dev;
	struct kcsd_file_map *map;

	if (strcmp(args[1], "before"))
		map = map_of(fd, args[0]);
	if (pwrite(fd, "dirty", 5, 4096) != 5)
		return fail(args[0]);
	if (strcmp(args[1], "before"))
		return map ? say_clean(fd, map) : 1;
	if (kcsd_file_device_find(fd, &dev, &err) || kcsd_file_map(fd, &dev, false, &map, &err))
		return fail(args[0]);
	return say_clean(fd, map);
}

/* Run a command with its output on standard error. */
static int run(char **args)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		dup2(2, 1);
		execvp(args[0], args);
		_exit(127);
	}
	return pid < 0 || waitpid(pid, &status, 0) != pid || status;
}

static int cmd_move(char **args)
{
	int fd = open(args[0], O_RDONLY | O_CLOEXEC);
	struct kcsd_file_map *map = map_of(fd, args[0]);

	if (!map || kcsd_file_is_clean(fd, map, &err))
		return fail(args[0]);
	if (run(args + 1)) {
		printf("%s failed\n", args[1]);
		return 1;
	}
	return say_clean(fd, map);
}

/* Collect the segments of all sources of LBAs. */
static int cmd_gc(char **args)
{
	int fd = open(args[0], O_RDWR | O_CLOEXEC);
	struct kcsd_file_map *map = map_of(fd, args[0]);
	struct f2fs_gc_range range = { .sync = 1 };
	uint64_t first, end;
	uint32_t i;

	if (!map)
		return 1;
	for (i = 0; i < map->nr; i++) {
		if (map->sources[i].type != KCSD_SOURCE_LBAS)
			continue;
		first = le64toh(map->sources[i].start) * map->dev.lba_size - map->dev.offset;
		end = first + le64toh(map->sources[i].len);
		range.start = first / 4096;
		range.len = (end + 4095) / 4096 - range.start;
		if (ioctl(fd, F2FS_IOC_GARBAGE_COLLECT_RANGE, &range) && errno != EAGAIN)
			fprintf(stderr, "garbage collection: %s\n", strerror(errno));
	}
	return say_clean(fd, map);
}

/* Keep the bytes of the file in a file in memory. */
static int keep(int fd, uint64_t len)
{
	int copy = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	uint8_t buf[65536];
	uint64_t pos = 0;
	ssize_t n;

	for (; copy >= 0 && pos < len; pos += n) {
		n = pread(fd, buf, sizeof(buf), pos);
		if (n <= 0 || pwrite(copy, buf, n, pos) != n)
			return -1;
	}
	return copy;
}

static int overwrite(int fd, uint64_t len)
{
	static uint8_t buf[65536] = { [0 ... 65535] = 0xa5 };
	uint64_t pos;

	for (pos = 0; pos < len; pos += sizeof(buf))
		if (pwrite(fd, buf, MIN(len - pos, sizeof(buf)), pos) < 0)
			return -1;
	return fsync(fd) || ftruncate(fd, len / 2) || fsync(fd);
}

static int cmd_clone(char **args)
{
	int fd = open(args[0], O_RDWR | O_CLOEXEC), clone, copy;
	struct kcsd_file_map *map;
	struct stat st;

	clone = kcsd_file_clone(fd, &err);
	if (clone < 0 || fstat(fd, &st))
		return fail(args[0]);
	copy = keep(fd, st.st_size);
	map = map_of(clone, "the clone");
	if (!map)
		return 1;
	if (copy < 0 || overwrite(fd, st.st_size))
		return fail("overwrite");
	if (kcsd_file_is_clean(clone, map, &err))
		return fail("the clone");
	return compare(copy, map);
}

/* Write block number 2 * i + odd, with bytes that no other block has. */
static int write_block(int fd, size_t i, bool odd, uint64_t *buf, size_t block)
{
	buf[0] = 2 * i + odd;
	buf[block / 8 - 1] = ~buf[0];
	return pwrite(fd, buf, block, buf[0] * block) == (ssize_t)block ? 0 : -1;
}

static int cmd_scatter(char **args)
{
	int fd = open(args[0], O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	size_t nr = strtoul(args[1], NULL, 10), block = strtoul(args[2], NULL, 10), i;
	uint64_t *buf = calloc(1, block);

	for (i = 0; i < nr; i++)
		if (!buf || write_block(fd, i, false, buf, block))
			return fail(args[0]);
	free(buf);
	return fsync(fd);
}

static int cmd_fill(char **args)
{
	int fd = open(args[0], O_RDWR | O_DSYNC | O_CLOEXEC);
	size_t i = strtoul(args[1], NULL, 10), block = strtoul(args[2], NULL, 10);
	uint64_t *buf = calloc(1, block);

	while (i--)
		if (!buf || write_block(fd, i, true, buf, block))
			return fail(args[0]);
	free(buf);
	return 0;
}

static int cmd_interleave(char **args)
{
	size_t nr = strtoul(args[2], NULL, 10), i;
	uint64_t *buf = aligned_alloc(4096, 4096);
	int fds[2], j;

	for (j = 0; j < 2; j++)
		fds[j] = open(args[j], O_CREAT | O_RDWR | O_DIRECT | O_CLOEXEC, 0600);
	for (i = 0; i < 2 * nr; i++) {
		memset(buf, i, 4096);
		buf[0] = i;
		/* ext4 allocates one block here, more for a write. Zoned btrfs has none. */
		fallocate(fds[i % 2], 0, i / 2 * 4096, 4096);
		if (pwrite(fds[i % 2], buf, 4096, i / 2 * 4096) != 4096)
			return fail(args[i % 2]);
	}
	free(buf);
	return fsync(fds[0]) || fsync(fds[1]);
}

static int cmd_verity(char **args)
{
	struct fsverity_enable_arg arg = { .version = 1,
					   .hash_algorithm = FS_VERITY_HASH_ALG_SHA256,
					   .block_size = 4096 };
	int fd = open(args[0], O_RDONLY | O_CLOEXEC);

	return ioctl(fd, FS_IOC_ENABLE_VERITY, &arg) ? fail(args[0]) : 0;
}

/* Only whether the call is there: it has no file to tell of. */
static int cmd_cachestat(char **args)
{
	(void)args;
	return syscall(KCSD_SYS_CACHESTAT, -1, NULL, NULL, 0) < 0 && errno == ENOSYS;
}

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000ull + ts.tv_nsec / 1000;
}

static int cmd_pin(char **args)
{
	int fd = open(args[0], O_RDWR | O_CLOEXEC);
	uint32_t pin = 1;

	if (fd < 0 || ioctl(fd, F2FS_IOC_SET_PIN_FILE, &pin) < 0) {
		printf("%s: %s\n", args[0], strerror(errno));
		return 1;
	}
	return 0;
}

static int cmd_time(char **args)
{
	int fd = open(args[0], O_RDONLY | O_CLOEXEC), i;
	uint64_t begin, best = UINT64_MAX;
	struct kcsd_file_map *map;

	for (i = 0; i < atoi(args[1]); i++) {
		begin = now();
		map = map_of(fd, args[0]);
		if (!map)
			return 1;
		begin = now() - begin;
		best = MIN(begin, best);
		kcsd_file_map_free(map);
	}
	printf("%" PRIu64 "\n", best);
	return 0;
}

static const struct {
	const char *name;
	int nr_args;		/* at least */
	int (*run)(char **args);
} commands[] = {
	{ "check", 1, cmd_check }, { "show", 1, cmd_show }, { "refuse", 1, cmd_refuse },
	{ "drive", 1, cmd_drive },
	{ "clean", 1, cmd_clean }, { "dirty", 2, cmd_dirty }, { "move", 2, cmd_move },
	{ "gc", 1, cmd_gc }, { "clone", 1, cmd_clone }, { "scatter", 3, cmd_scatter },
	{ "fill", 3, cmd_fill }, { "interleave", 3, cmd_interleave }, { "verity", 1, cmd_verity },
	{ "cachestat", 0, cmd_cachestat }, { "time", 2, cmd_time }, { "pin", 1, cmd_pin },
};

int main(int argc, char **argv)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (argc >= 2 && !strcmp(argv[1], commands[i].name) &&
		    argc - 2 >= commands[i].nr_args)
			return commands[i].run(argv + 2);
	fprintf(stderr, "usage: see the comment in map_file.c\n");
	return 2;
}
