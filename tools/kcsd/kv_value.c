// SPDX-License-Identifier: GPL-2.0
/* kcsd kv put, get: values from and to files and pipes. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kv.h"
#include "signals.h"

#define FIRST_ROOM	65536u	/* bytes for a pipe */

/* ---- read ---- */

ssize_t kcsd_kv_read(int fd, void *to, size_t len)
{
	char *buf = to;
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = read(fd, buf + done, len - done);
		if (n < 0 && errno == EINTR && !kcsd_signals_caught())
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		done += n;
	}
	return done;
}

static int fail_long(const struct kv *kv, const char *name)
{
	char human[KCSD_HUMAN_LEN];

	return kcsd_fail("%s has more than %s, the longest value that %s takes", name,
			 kcsd_human_bytes(kv->info.max_value, human), kcsd_drive_name(kv->drv));
}

static int read_value(const struct kv *kv, int fd, const char *name, uint64_t size, void **value,
		      size_t *len)
{
	size_t max = (size_t)kv->info.max_value + 1, room = size ? size + 1 : FIRST_ROOM;
	char *buf = NULL, *more;
	ssize_t n;

	*value = NULL;
	*len = 0;
	/* One byte more than the value shows that it ends there. */
	for (;; room *= 2) {
		room = room < max ? room : max;
		more = realloc(buf, room);
		if (!more) {
			free(buf);
			return kcsd_fail("%s: no memory for %zu bytes", name, room);
		}
		buf = more;
		n = kcsd_kv_read(fd, buf + *len, room - *len);
		if (n < 0) {
			free(buf);
			return kcsd_fail("%s: %s", name, strerror(-n));
		}
		*len += n;
		if (*len < room)
			break;
		if (room == max) {
			free(buf);
			return fail_long(kv, name);
		}
	}
	*value = buf;
	return 0;
}

static int read_file(const struct kv *kv, const char *path, void **value, size_t *len)
{
	bool from_stdin = !path || !strcmp(path, "-");
	const char *name = from_stdin ? "standard input" : path;
	int code, fd = from_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	uint64_t size;

	if (fd < 0 || fstat(fd, &st)) {
		code = kcsd_fail("%s: %s", name, strerror(errno));
	} else {
		size = S_ISREG(st.st_mode) ? st.st_size : 0;
		code = size > kv->info.max_value ?
		       fail_long(kv, name) : read_value(kv, fd, name, size, value, len);
	}
	if (fd >= 0 && !from_stdin)
		close(fd);
	return code;
}

static const char *file_operand(const struct kv *kv)
{
	return kv->args->nr_operands > 2 ? kv->args->operand[2] : NULL;
}

int kcsd_kv_put(struct kv *kv)
{
	uint32_t flags = (kcsd_args_has(kv->args, OPT_IF_EXISTS) ? KCSD_KV_MUST_EXIST : 0) |
			 (kcsd_args_has(kv->args, OPT_IF_MISSING) ? KCSD_KV_MUST_NOT_EXIST : 0);
	struct kcsd_kv_key key;
	void *value = NULL;
	size_t len = 0;
	int ret;

	ret = kcsd_kv_take_key(kv->args, kv->args->operand[1], &key);
	if (!ret)
		ret = read_file(kv, file_operand(kv), &value, &len);
	if (ret)
		return ret;
	ret = kcsd_kv_store(kv->drv, &key, value, len, flags, &kv->err);
	free(value);
	return kcsd_kv_end(kv, ret ? kcsd_kv_fail(kv, ret) : 0);
}

/* ---- write ---- */

int kcsd_kv_write(int fd, const void *bytes, size_t len)
{
	const char *p = bytes;
	ssize_t n;

	while (len) {
		n = write(fd, p, len);
		if (kcsd_signals_caught())
			return kcsd_signals_caught();
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= n;
	}
	return 0;
}

/* Return the exit code for what kcsd_kv_write() returned; print an error. */
static int report_file(const char *name, int ret)
{
	if (!ret)
		return 0;
	if (ret == -EPIPE || ret > 0)
		return kcsd_signals_code(ret > 0 ? ret : SIGPIPE);
	return kcsd_fail("%s: %s", name, strerror(-ret));
}

static int write_stdout(const void *value, size_t len)
{
	if (isatty(STDOUT_FILENO) && !kcsd_is_text(value, len))
		return kcsd_fail("the value is not text, and standard output is a terminal: write "
				 "it to a FILE, show it with '| od -tx1', or force it with '| cat'");
	return report_file("standard output", kcsd_kv_write(STDOUT_FILENO, value, len));
}

/* Write to something that is no regular file: a pipe, a device. */
static int write_special(const char *path, const void *value, size_t len)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = kcsd_kv_write(fd, value, len);
	return close(fd) && !ret ? -errno : ret;
}

static mode_t new_mode(void)
{
	mode_t mask = umask(0);

	umask(mask);
	return 0666 & ~mask;
}

/* Write to a new file beside path, and rename it when all is there. */
static int replace_file(const char *path, mode_t mode, const void *value, size_t len)
{
	char part[PATH_MAX];
	int fd, ret;

	if (snprintf(part, sizeof(part), "%s.XXXXXX", path) >= (int)sizeof(part))
		return -ENAMETOOLONG;
	fd = mkostemp(part, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = kcsd_kv_write(fd, value, len);
	if (!ret && fchmod(fd, mode))
		ret = -errno;
	/* NFS, and filesystems with quotas, may say only now that bytes were not written. */
	if (close(fd) && !ret)
		ret = -errno;
	if (!ret && rename(part, path))
		ret = -errno;
	if (ret)
		unlink(part);
	return ret;
}

static int write_file(const char *path, const void *value, size_t len)
{
	char real[PATH_MAX];
	struct stat st;

	if (stat(path, &st))
		return errno == ENOENT ? replace_file(path, new_mode(), value, len) : -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return write_special(path, value, len);
	/* A link stays, and so does what it is to others. */
	if (!realpath(path, real) || access(real, W_OK))
		return -errno;
	return replace_file(real, st.st_mode & 07777, value, len);
}

int kcsd_kv_get(struct kv *kv)
{
	const char *path = file_operand(kv);
	struct kcsd_kv_key key;
	void *value;
	size_t len;
	int code = kcsd_kv_take_key(kv->args, kv->args->operand[1], &key), ret;

	if (code)
		return code;
	ret = kcsd_kv_retrieve_all(kv->drv, &key, &value, &len, &kv->err);
	if (ret)
		return kcsd_kv_fail(kv, ret);
	kcsd_signals_catch();
	if (!path || !strcmp(path, "-"))
		code = write_stdout(value, len);
	else
		code = report_file(path, write_file(path, value, len));
	free(value);
	return code;
}
