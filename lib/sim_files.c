// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* The stream of a simulated run from files of the host, read when the program reads it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file_map.h"
#include "sim.h"

static ssize_t read_fd(int fd, void *buf, size_t len, u64 at)
{
	ssize_t n;

	do
		n = pread(fd, buf, len, at);
	while (n < 0 && errno == EINTR);
	return n;
}

/* Refuse files like those of /proc: they have bytes, but no length. */
static int validate_empty(int fd, struct kcsd_error *err)
{
	struct stat st;
	char byte;
	ssize_t n = read_fd(fd, &byte, 1, 0);

	if (n < 0)
		return kcsd_error_set(err, -errno, "reading: %s", strerror(errno));
	if (!n || fstat(fd, &st) || st.st_size)
		return 0;
	return kcsd_error_set(err, -EOPNOTSUPP, "the file has no length, but bytes, as those of "
			      "/proc have: copy it");
}

/* Returns 0 with the length of the file in *len. */
static int measure_file(int fd, u64 *len, struct kcsd_error *err)
{
	struct stat st;
	int ret = kcsd_file_is_regular(fd, &st, err);

	if (ret)
		return ret;
	*len = st.st_size;
	return st.st_size ? 0 : validate_empty(fd, err);
}

static int measure_files(struct sim_run *run, struct kcsd_error *err)
{
	const struct kcsd_sim_opts *o = &run->sim->opts;
	struct kcsd_error why = {};
	u64 len, sum = 0;
	int ret;
	u32 i;

	for (i = 0; i < o->nr_fds; i++) {
		ret = measure_file(o->fds[i], &len, &why);
		if (ret)
			return kcsd_error_set(err, ret, "file %u of %u: %s", i + 1, o->nr_fds,
					      why.text);
		if (__builtin_add_overflow(sum, len, &sum))
			return kcsd_error_set(err, -E2BIG, "the files have 2^64 bytes or more");
		run->file_end[i] = sum;
	}
	run->stream_len = sum;
	return 0;
}

int kcsd_sim_files_take(struct sim_run *run, const struct kcsd_run_opts *o, struct kcsd_error *err)
{
	if (o->nr_grants || o->nr_ranges || o->flags & KCSD_RUN_LEN)
		return kcsd_error_set(err, -EINVAL, "files and %s exclude each other",
				      o->nr_grants ? "grants" : o->nr_ranges ? "ranges" :
									       "a length");
	run->file_end = calloc(run->sim->opts.nr_fds, sizeof(*run->file_end));
	if (!run->file_end)
		return kcsd_error_set(err, -ENOMEM, "out of memory");
	return measure_files(run, err);
}

/* Find the file with the byte at offset, which is in the stream. Empty files have none. */
static u32 find_file(const struct sim_run *run, u64 offset)
{
	u32 low = 0, high = run->sim->opts.nr_fds - 1, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (offset < run->file_end[mid])
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

/* Keep the sentence of the first failure. */
static s64 fail_read(struct sim_run *run, u32 file, u64 at, const char *why)
{
	if (!run->medium.text[0])
		kcsd_error_set(&run->medium, -EIO, "file %u of %u, byte %llu: %s", file + 1,
			       run->sim->opts.nr_fds, (unsigned long long)at, why);
	return -KCSD_EIO;
}

/* Read up to len bytes, all of one file. Returns their number, at least 1, or -KCSD_EIO. */
static s64 read_some(struct sim_run *run, u64 offset, u8 *buf, u64 len)
{
	u32 i = find_file(run, offset);
	u64 at = offset - (i ? run->file_end[i - 1] : 0);
	ssize_t n;

	n = read_fd(run->sim->opts.fds[i], buf, MIN(len, run->file_end[i] - offset), at);
	if (n > 0)
		return n;
	return fail_read(run, i, at, n ? strerror(errno) :
			 "the file became shorter while it was read");
}

s64 kcsd_sim_files_read(struct sim_run *run, u64 offset, u8 *buf, u64 len)
{
	u64 done;
	s64 n;

	for (done = 0; done < len; done += n) {
		n = read_some(run, offset + done, buf + done, len - done);
		if (n < 0)
			return n;
		run->read_bytes += n;
	}
	return len;
}
