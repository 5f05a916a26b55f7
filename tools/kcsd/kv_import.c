// SPDX-License-Identifier: GPL-2.0
/* kcsd kv import */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kv.h"
#include "signals.h"

struct import {
	struct kv_tree tree;
	struct kv_flight flight;
};

static int take_stored(struct kv_flight *f, struct kv_job *job, const struct kcsd_kv_result *result)
{
	const struct import *import = f->ctx;
	char bytes[KCSD_HUMAN_LEN], all[KCSD_HUMAN_LEN];

	if (result->status) {
		kcsd_progress_end(&f->progress);
		kcsd_kv_describe(result, sizeof(*result), &f->kv->err);
		return kcsd_kv_fail(f->kv, result->status);
	}
	f->objects++;
	f->bytes += job->len;
	kcsd_progress_show(&f->progress, f->bytes + f->objects,
			   import->tree.bytes + import->tree.nr, "%llu objects, %s of %s, %u s",
			   (unsigned long long)f->objects, kcsd_human_bytes(f->bytes, bytes),
			   kcsd_human_bytes(import->tree.bytes, all),
			   kcsd_progress_seconds(&f->progress));
	return 0;
}

static int fail_file(struct import *import, const struct kv_file *file, const char *why)
{
	char name[PATH_MAX];

	kcsd_progress_end(&import->flight.progress);
	return kcsd_fail("%s: %s", kcsd_printable(file->path, name, sizeof(name)), why);
}

/* Read a file into a job, which has room for one byte more than it had. Return the exit code. */
static int read_file(struct import *import, const struct kv_file *file, struct kv_job *job)
{
	/* O_NONBLOCK: it may be a pipe now. */
	int fd = openat(import->tree.dir, file->path,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return fail_file(import, file, strerror(errno));
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return fail_file(import, file, "it is no file any more");
	}
	n = kcsd_kv_read(fd, job->buf, file->size + 1);
	close(fd);
	if (kcsd_signals_caught())
		return kcsd_signals_code(kcsd_signals_caught());
	if (n < 0)
		return fail_file(import, file, strerror(-n));
	if ((uint64_t)n > file->size)
		return fail_file(import, file, "it has grown meanwhile");
	job->len = n;
	return 0;
}

static int store_files(struct import *import)
{
	struct kv_flight *f = &import->flight;
	const struct kv_file *file;
	struct kv_job *job;
	size_t i;

	for (i = 0; i < import->tree.nr; i++) {
		file = &import->tree.files[i];
		job = kcsd_kv_flight_get(f, file->size + 1);
		if (!job)
			break;
		job->key = file->key;
		f->code = read_file(import, file, job);
		if (f->code) {
			kcsd_kv_flight_put(f, job);
			break;
		}
		kcsd_kv_flight_send(f, job, KCSD_KV_STORE, 0);
	}
	return kcsd_kv_flight_drain(f);
}

int kcsd_kv_import(struct kv *kv)
{
	struct import import = { .flight = { .kv = kv, .done = take_stored } };
	struct kv_flight *f = &import.flight;
	int code = kcsd_kv_tree_read(kv, kv->args->operand[1], &import.tree);

	f->ctx = &import;
	if (!code) {
		code = kcsd_kv_flight_begin(f);
		if (!code)
			code = kcsd_kv_end(kv, store_files(&import));
		kcsd_kv_flight_end(f);
		if (code)
			kcsd_fail("%llu of %zu objects were stored",
				  (unsigned long long)f->objects, import.tree.nr);
		else
			kcsd_kv_print_moved(kv, f->objects, f->bytes);
	}
	kcsd_kv_tree_free(&import.tree);
	return code;
}
