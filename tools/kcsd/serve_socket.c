// SPDX-License-Identifier: GPL-2.0
/* The socket of the service: of a service manager (LISTEN_FDS), or made here. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "serve.h"

#define FIRST_PASSED	3	/* sd_listen_fds(3) */
#define BACKLOG		64

/* Return the value of a variable of the environment, 0 if it is no number. */
static unsigned long variable(const char *name)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 10) : 0;
}

static bool is_option(int sock, int option, int wanted)
{
	socklen_t len = sizeof(int);
	int value;

	return !getsockopt(sock, SOL_SOCKET, option, &value, &len) && value == wanted;
}

static int take_passed(int *sock)
{
	if (variable("LISTEN_FDS") != 1 || !is_option(FIRST_PASSED, SO_ACCEPTCONN, 1) ||
	    !is_option(FIRST_PASSED, SO_DOMAIN, AF_UNIX) ||
	    !is_option(FIRST_PASSED, SO_TYPE, SOCK_STREAM))
		return kcsd_fail("LISTEN_FDS: it must be one listening stream socket of AF_UNIX");
	*sock = FIRST_PASSED;
	return 0;
}

/* Make the directory of the socket, but not those above. */
static int make_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *directory;
	int ret = 0;

	if (!slash || slash == path)
		return 0;
	directory = strndup(path, slash - path);
	if (!directory || (mkdir(directory, 0755) && errno != EEXIST))
		ret = -errno;
	free(directory);
	return ret;
}

/* Remove the socket of a service that is gone. */
static int remove_stale(int sock, const struct sockaddr_un *addr)
{
	struct stat st;

	if (lstat(addr->sun_path, &st))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	if (!connect(sock, (const struct sockaddr *)addr, sizeof(*addr)))
		return -EADDRINUSE;
	if (errno != ECONNREFUSED)
		return -errno;
	return unlink(addr->sun_path) ? -errno : 0;
}

static int bind_to(int sock, const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int ret;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	strcpy(addr.sun_path, path);
	ret = make_directory(path);
	if (!ret)
		ret = remove_stale(sock, &addr);
	if (ret)
		return ret;
	/* Whoever can name the socket may connect. */
	if (bind(sock, (struct sockaddr *)&addr, sizeof(addr)) || chmod(path, 0666) ||
	    listen(sock, BACKLOG))
		return -errno;
	return 0;
}

static int make_socket(const char *path, int *sock)
{
	int ret;

	*sock = socket(AF_UNIX, SOCK_STREAM, 0);
	ret = *sock < 0 ? -errno : bind_to(*sock, path);
	return ret ? kcsd_fail("%s: %s", path, strerror(-ret)) : 0;
}

int kcsd_serve_listen(const char *path, int *sock, bool *made)
{
	int code;

	*made = variable("LISTEN_PID") != (unsigned long)getpid();
	code = *made ? make_socket(path, sock) : take_passed(sock);
	if (code)
		return code;
	if (fcntl(*sock, F_SETFD, FD_CLOEXEC) || fcntl(*sock, F_SETFL, O_NONBLOCK))
		return kcsd_fail("%s: %s", path, strerror(errno));
	return 0;
}
