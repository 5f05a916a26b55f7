// SPDX-License-Identifier: GPL-2.0
/* The log of a mount: who reads files must not be able to fill it at will. */
#include <ctype.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "mount.h"

#define LINES_PER_S	50

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;	/* of these */
static time_t second;
static unsigned int nr_lines;		/* in that second */
static unsigned long nr_dropped;	/* since the last line */

/* Return how many bytes a printable character of UTF-8 has, or 0. */
static size_t printable(const unsigned char *c)
{
	size_t len = *c < 0x80 ? 1 : *c < 0xe0 ? 2 : *c < 0xf0 ? 3 : 4, i;

	if ((*c >= 0x80 && *c < 0xc2) || *c >= 0xf5)
		return 0;
	for (i = 1; i < len; i++)
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	/* U+0080 to U+009F are controls, too. */
	return iscntrl(*c) || (*c == 0xc2 && c[1] < 0xa0) ? 0 : len;
}

/*
 * Names of files and text of programs may have any byte: keep a line a line, and terminals from
 * orders.
 */
static void make_printable(char *text)
{
	size_t len;

	for (; *text; text += len ? len : 1) {
		len = printable((unsigned char *)text);
		if (!len)
			*text = '?';
	}
}

static void write_line(const struct mount *m, const char *path, const char *text)
{
	if (m->log)
		fprintf(m->log, "kcsd mount: %s: %s\n", path, text);
	else
		syslog(LOG_ERR, "%s: %s", path, text);
}

/* True if another line may be written. The caller holds the lock. */
static bool take_turn(const struct mount *m)
{
	char left[64];
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec != second) {
		second = now.tv_sec;
		nr_lines = 0;
	}
	if (nr_lines++ >= LINES_PER_S) {
		nr_dropped++;
		return false;
	}
	if (nr_dropped) {
		snprintf(left, sizeof(left), "%lu lines were left out", nr_dropped);
		write_line(m, "-", left);
		nr_dropped = 0;
	}
	return true;
}

void kcsd_mount_log(const struct mount *m, const struct mount_node *node, const char *fmt, ...)
{
	char link[MOUNT_FD_PATH], path[PATH_MAX], text[1024];
	ssize_t len = readlink(kcsd_mount_fd_path(node->fd, link), path, sizeof(path) - 1);
	va_list ap;

	path[len < 0 ? 0 : len] = '\0';
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	make_printable(path);
	make_printable(text);
	pthread_mutex_lock(&lock);
	if (take_turn(m))
		write_line(m, path, text);
	pthread_mutex_unlock(&lock);
}
