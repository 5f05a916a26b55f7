// SPDX-License-Identifier: GPL-2.0
/* kcsd kv export */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kv.h"
#include "kv_name.h"
#include "signals.h"

#define ROOM	(256u << 10)	/* bytes of the first read of a value */
#define PART	"%part"		/* no key has this path: % and two digits are a byte */

struct export {
	const char *name;	/* of the directory */
	int dir;
	struct kv_parents parents;
	struct kv_flight flight;
	char paths[KV_DEPTH][KV_PATH_LEN];	/* by job */
	uint64_t vanished;	/* deleted after they were listed */
	uint64_t damaged;
};

/* ---- files ---- */

/* Open the directory of a path below dir, creating it. Return a descriptor, or -errno. */
static int open_parent(int dir, char *path, char **name)
{
	int at = dup(dir), next, ret = at < 0 ? -errno : 0;
	char *slash;

	for (; !ret && (slash = strchr(path, '/')); path = slash + 1) {
		*slash = '\0';
		if (mkdirat(at, path, 0777) && errno != EEXIST)
			ret = -errno;
		/* Never through a link that somebody put there. */
		next = openat(at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0 && !ret)
			ret = -errno;
		close(at);
		at = next;
		*slash = '/';
	}
	*name = path;
	if (ret && at >= 0)
		close(at);
	return ret ? ret : at;
}

/* Write a file under another name, and rename it when all is there. 0, -errno or a signal. */
static int write_file(const struct export *export, char *path, const void *value, size_t len)
{
	int parent, fd, ret;
	char *name;

	fd = openat(export->dir, PART, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (fd < 0)
		return -errno;
	ret = kcsd_kv_write(fd, value, len);
	if (close(fd) && !ret)
		ret = -errno;
	if (!ret) {
		parent = open_parent(export->dir, path, &name);
		ret = parent < 0 ? parent : 0;
		if (!ret && renameat(export->dir, PART, parent, name))
			ret = -errno;
		if (parent >= 0)
			close(parent);
	}
	if (ret)
		unlinkat(export->dir, PART, 0);
	return ret;
}

/* ---- objects ---- */

/* Say why an object is left out. Return the exit code if the export ends. */
static int leave_out(struct export *export, int ret)
{
	struct kv_flight *f = &export->flight;

	kcsd_progress_end(&f->progress);
	if (ret != KCSD_SC_NO_KEY && ret != KCSD_SC_UNRECOVERED)
		return kcsd_kv_fail(f->kv, ret);
	if (ret == KCSD_SC_NO_KEY)
		export->vanished++;
	else
		export->damaged++;
	kcsd_fail("left out: %s", f->kv->err.text);
	return 0;
}

static int save(struct export *export, char *path, const void *value, size_t len)
{
	struct kv_flight *f = &export->flight;
	int ret = write_file(export, path, value, len);
	char human[KCSD_HUMAN_LEN];

	if (ret > 0)
		return kcsd_signals_code(ret);
	if (ret) {
		kcsd_progress_end(&f->progress);
		return kcsd_fail("%s/%s: %s", export->name, path, strerror(-ret));
	}
	f->objects++;
	f->bytes += len;
	kcsd_progress_show(&f->progress, f->objects, f->kv->info.keys, "%llu objects, %s, %u s",
			   (unsigned long long)f->objects, kcsd_human_bytes(f->bytes, human),
			   kcsd_progress_seconds(&f->progress));
	return 0;
}

/* Read a value that is longer than the room of its job. */
static int save_long(struct export *export, char *path, const struct kcsd_kv_key *key)
{
	struct kv *kv = export->flight.kv;
	void *value;
	size_t len;
	int ret = kcsd_kv_retrieve_all(kv->drv, key, &value, &len, &kv->err);

	if (ret)
		return leave_out(export, ret);
	ret = save(export, path, value, len);
	free(value);
	return ret;
}

static int take_value(struct kv_flight *f, struct kv_job *job, const struct kcsd_kv_result *result)
{
	struct export *export = f->ctx;
	char *path = export->paths[job - f->jobs];

	if (f->code)
		return f->code;
	if (result->status) {
		kcsd_kv_describe(result, sizeof(*result), &f->kv->err);
		return leave_out(export, result->status);
	}
	if (result->len > job->len)
		return save_long(export, path, &job->key);
	return save(export, path, job->buf, result->len);
}

static int send_retrieve(const struct kcsd_kv_key *key, void *arg)
{
	struct export *export = arg;
	struct kv_flight *f = &export->flight;
	struct kv_job *job = kcsd_kv_flight_get(f, ROOM);

	if (!job)
		return f->code;
	job->key = *key;
	kcsd_kv_path_make(&export->parents, key, export->paths[job - f->jobs]);
	kcsd_kv_flight_send(f, job, KCSD_KV_RETRIEVE, 0);
	return f->code;
}

static int export_all(struct export *export, const struct kcsd_kv_key *prefix)
{
	struct kv_flight *f = &export->flight;
	int ret, code = kcsd_kv_flight_begin(f);
	struct kcsd_error err = {};

	if (!code) {
		ret = kcsd_kv_each(f->kv->drv, prefix->len ? prefix : NULL, send_retrieve, export,
				   &err);
		code = kcsd_kv_flight_drain(f);
		if (ret && !code) {
			f->kv->err = err;
			code = kcsd_kv_fail(f->kv, ret);
		}
	}
	kcsd_kv_flight_end(f);
	return code;
}

/* ---- the directory ---- */

static bool is_empty(int dir)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	bool empty = stream;

	if (!stream && fd >= 0)
		close(fd);
	while (empty && (entry = readdir(stream)))
		empty = !strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..");
	if (stream)
		closedir(stream);
	return empty;
}

static int open_dir(struct export *export)
{
	if (mkdir(export->name, 0777) && errno != EEXIST)
		return kcsd_fail("%s: %s", export->name, strerror(errno));
	export->dir = open(export->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (export->dir < 0)
		return kcsd_fail("%s: %s", export->name, strerror(errno));
	if (!is_empty(export->dir))
		return kcsd_fail("%s is not empty: name a new directory", export->name);
	return 0;
}

int kcsd_kv_export(struct kv *kv)
{
	const char *text = kcsd_args_value(kv->args, OPT_PREFIX);
	struct export export = {
		.name = kv->args->operand[1],
		.dir = -1,
		.flight = { .kv = kv, .done = take_value },
	};
	struct kcsd_kv_key prefix = {};
	int code;

	export.flight.ctx = &export;
	if (text)
		kcsd_kv_take_prefix(kv->args, text, &prefix);
	code = open_dir(&export);
	if (!code) {
		code = export_all(&export, &prefix);
		if (code)
			kcsd_fail("the export is not complete: %llu objects are in %s",
				  (unsigned long long)export.flight.objects, export.name);
		else
			kcsd_kv_print_moved(kv, export.flight.objects, export.flight.bytes);
	}
	if (export.dir >= 0)
		close(export.dir);
	return code ? code : export.damaged ? KCSD_EXIT_FAILED : 0;
}
