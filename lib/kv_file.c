// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Validate the file of the objects of a drive, with the reader of the store. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "private.h"
#include "../driver/kv/reader.h"

struct file {
	struct kcsd_kv_medium medium;
	int fd;
	void (*fn)(const struct kcsd_kv_file_damage *damage, void *arg);
	void *arg;
};

/* Behind the end of the file there are zeroes. */
static int file_read(struct kcsd_kv_medium *m, u64 pos, void *to, u32 len, bool now)
{
	const struct file *file = container_of(m, struct file, medium);
	u32 done = 0;
	ssize_t n;

	(void)now;
	while (done < len) {
		n = pread(file->fd, (char *)to + done, len - done, pos + done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		done += n;
	}
	memset((char *)to + done, 0, len - done);
	return 0;
}

static const struct kcsd_kv_medium_ops file_ops = { .read = file_read };

static void tell(const struct kcsd_kv_damage *damage, void *arg)
{
	struct kcsd_kv_file_damage d = { .place = damage->place };
	const struct file *file = arg;

	if (damage->key_len)
		kcsd_kv_key_set(&d.key, damage->key, damage->key_len);
	file->fn(&d, file->arg);
}

static void describe(const struct kcsd_kv_report *report, struct kcsd_kv_file_info *info)
{
	*info = (struct kcsd_kv_file_info){
		.size = report->size,
		.objects = report->objects,
		.bytes = report->bytes,
		.damaged = report->damaged,
		.lost = report->lost,
		.segments = report->segments,
		.used_segments = report->used_segments,
		.records = report->records,
		.deletes = report->deletes,
		.damaged_stale = report->damaged_stale,
		.torn = report->torn,
		.damaged_supers = report->damaged_supers,
		.clean = report->clean,
	};
	memcpy(info->uuid, report->uuid, sizeof(info->uuid));
}

/* O_NONBLOCK: not to wait for the writer of a pipe. */
static int open_file(const char *path, struct file *file)
{
	struct stat st;
	int ret = 0;

	file->fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (file->fd < 0)
		return -errno;
	if (fstat(file->fd, &st))
		ret = -errno;
	else if (!S_ISREG(st.st_mode))
		ret = -EINVAL;
	if (ret)
		close(file->fd);
	file->medium.len = ret ? 0 : st.st_size;
	return ret;
}

int kcsd_kv_validate(const char *path, struct kcsd_kv_file_info *info, size_t size,
		     void (*fn)(const struct kcsd_kv_file_damage *damage, void *arg), void *arg,
		     struct kcsd_error *err)
{
	struct file file = { .medium = { .ops = &file_ops }, .fn = fn, .arg = arg };
	struct kcsd_kv_report report = {};
	struct kcsd_kv_file_info i;
	int ret = open_file(path, &file);

	if (ret == -EINVAL)
		return kcsd_error_set(err, ret, "%s: not a regular file", path);
	if (ret)
		return kcsd_error_set(err, ret, "%s: %s", path, kcsd_error_text(ret));
	ret = kcsd_kv_file_validate(&file.medium, &report, fn ? tell : NULL, &file);
	close(file.fd);
	if (ret == -EUCLEAN)
		return kcsd_error_set(err, ret, "%s: it is no file of objects, or too damaged to "
				      "be used", path);
	if (ret == -ESPIPE)
		return kcsd_error_set(err, -EUCLEAN, "%s: it was cut short, to %llu bytes", path,
				      (unsigned long long)file.medium.len);
	if (ret == -ENODATA)
		return kcsd_error_set(err, ret, "%s: it has no objects: it is empty", path);
	if (ret)
		return kcsd_error_set(err, ret, "%s: %s", path, kcsd_error_text(ret));
	describe(&report, &i);
	kcsd_info_copy(info, size, &i, sizeof(i));
	return 0;
}
