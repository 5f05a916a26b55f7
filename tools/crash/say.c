// SPDX-License-Identifier: GPL-2.0
/* Send facts to the host; facts.h describes the lines. */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "load.h"

#define MAX_LINE	200

static int port = -1;
static pthread_mutex_t port_lock = PTHREAD_MUTEX_INITIALIZER;

/* Lines that wait for a flush of each kind; waiting_lock protects them. */
static struct waiting {
	char *text;
	size_t len, size;
} waiting[SAY_KINDS];
static pthread_mutex_t waiting_lock = PTHREAD_MUTEX_INITIALIZER;

static atomic_bool ending;

void say_open(const char *path)
{
	port = open(path, O_WRONLY);
	if (port < 0) {
		perror(path);
		exit(1);
	}
}

static void send(const char *text, size_t len)
{
	pthread_mutex_lock(&port_lock);
	while (len) {
		ssize_t n = write(port, text, len);

		if (n < 0) {
			perror("port");
			exit(1);
		}
		text += n;
		len -= n;
	}
	pthread_mutex_unlock(&port_lock);
}

static size_t line_of(char *line, const char *format, va_list args)
{
	size_t len = vsnprintf(line, MAX_LINE - 8, format, args);

	line[len] = '\n';
	return len + 1;
}

void say(const char *format, ...)
{
	char line[MAX_LINE];
	va_list args;

	va_start(args, format);
	send(line, line_of(line, format, args));
	va_end(args);
}

void say_when_flushed(enum say_of of, const char *format, ...)
{
	struct waiting *w = &waiting[of];
	va_list args;

	pthread_mutex_lock(&waiting_lock);
	if (w->size - w->len < MAX_LINE) {
		w->size = 2 * w->size + MAX_LINE;
		w->text = realloc(w->text, w->size);
	}
	va_start(args, format);
	w->len += line_of(w->text + w->len, format, args);
	va_end(args);
	pthread_mutex_unlock(&waiting_lock);
}

int say_flush(enum say_of of, int (*flush)(struct load *l), struct load *l)
{
	struct waiting before;
	int ret;

	pthread_mutex_lock(&waiting_lock);
	before = waiting[of];
	waiting[of] = (struct waiting){};
	pthread_mutex_unlock(&waiting_lock);
	ret = flush(l);
	if (!ret)
		send(before.text, before.len);
	free(before.text);
	return ret;
}

void say_end(void)
{
	ending = true;
}

void say_bad(const char *format, ...)
{
	char line[MAX_LINE] = "bad ";
	va_list args;

	if (ending)
		pthread_exit(NULL);
	va_start(args, format);
	send(line, 4 + line_of(line + 4, format, args));
	va_end(args);
	exit(1);
}
