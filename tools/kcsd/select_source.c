// SPDX-License-Identifier: GPL-2.0
/* The sources of a question: files, objects, LBAs; and the drive that has them. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "parse.h"
#include "select.h"

/* Print a message about a source of the question. */
static int fail_at(const struct select *s, const struct sql_source *source, const char *text)
{
	return kcsd_sql_fail(s->sql.text, source->at, "%s", text);
}

/* ---- files ---- */

static int add_file(struct select *s, const char *path, struct kcsd_error *err)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC), *fds;
	struct stat st;
	int ret;

	if (fd < 0) {
		snprintf(err->text, sizeof(err->text), "%s: %s", path, strerror(errno));
		return -1;
	}
	fds = reallocarray(s->fds, s->nr_fds + 1, sizeof(*fds));
	if (!fds) {
		close(fd);
		snprintf(err->text, sizeof(err->text), "out of memory");
		return -1;
	}
	s->fds = fds;
	s->fds[s->nr_fds++] = fd;
	ret = kcsd_table_add_file(s->table, fd, path, err);
	if (!ret && !fstat(fd, &st))
		s->total_bytes += st.st_size;
	return ret;
}

/* A name with wildcards is all files that it matches, unless there is a file of this name. */
static int add_files(struct select *s, const struct sql_source *source)
{
	struct kcsd_error err = {};
	glob_t found = {};
	size_t i;
	int ret = 0;

	if (!access(source->text, F_OK) || !strpbrk(source->text, "*?["))
		return add_file(s, source->text, &err) ? fail_at(s, source, err.text) : 0;
	if (glob(source->text, 0, NULL, &found)) {
		globfree(&found);
		return fail_at(s, source, "no file has a name like this");
	}
	for (i = 0; i < found.gl_pathc && !ret; i++)
		ret = add_file(s, found.gl_pathv[i], &err);
	globfree(&found);
	return ret ? fail_at(s, source, err.text) : 0;
}

/* ---- objects ---- */

struct add_keys {
	struct select *s;
	struct kcsd_error *err;
	uint32_t nr;
};

static int add_key(const struct kcsd_kv_key *key, void *arg)
{
	struct add_keys *add = arg;

	add->nr++;
	return kcsd_table_add_key(add->s->table, key, add->err);
}

/* "logs/" and a star: all objects whose keys begin so. */
static int add_prefix(struct select *s, const struct sql_source *source)
{
	struct kcsd_error err = {};
	struct add_keys add = { s, &err, 0 };
	struct kcsd_kv_key prefix = {};
	size_t len = strlen(source->text) - 1;
	char *text = strndup(source->text, len);
	int ret;

	if (!text)
		return kcsd_fail("out of memory");
	ret = len ? kcsd_kv_key_parse(text, &prefix, &err) : 0;
	free(text);
	if (!ret)
		ret = kcsd_kv_each(s->drv, &prefix, add_key, &add, &err);
	if (ret)
		return fail_at(s, source, err.text);
	return add.nr ? 0 : fail_at(s, source, "no key begins like this");
}

static int add_object(struct select *s, const struct sql_source *source)
{
	struct kcsd_error err = {};
	struct kcsd_kv_key key;
	size_t len = strlen(source->text);

	if (source->text[len - 1] == '*')
		return add_prefix(s, source);
	if (kcsd_kv_key_parse(source->text, &key, &err) ||
	    kcsd_table_add_key(s->table, &key, &err))
		return fail_at(s, source, err.text);
	return 0;
}

/* ---- LBAs ---- */

static int add_lbas(struct select *s, const struct sql_source *source)
{
	struct kcsd_error err = {};
	struct kcsd_range range;
	const char *wrong = kcsd_parse_range(source->text, kcsd_drive_nsze(s->drv), 0, &range);
	char text[128];

	if (!wrong && range.access != KCSD_GRANT_READ)
		wrong = "has an access; LBAs are read here";
	if (wrong) {
		snprintf(text, sizeof(text), "lba: '%.64s' %s", source->text, wrong);
		return fail_at(s, source, text);
	}
	if (kcsd_table_add_lbas(s->table, range.first, range.count, &err))
		return fail_at(s, source, err.text);
	s->total_bytes += range.count * kcsd_drive_lba_size(s->drv);
	return 0;
}

/* ---- the drive ---- */

/* Find the drive of the first file. Returns 0, and name; -1: the host does it; or the exit code. */
static int find_drive(const struct select *s, const struct sql_source *source, bool anywhere,
		      char name[16])
{
	struct kcsd_error err = {};
	glob_t found = {};
	const char *path = source->text;
	int fd, ret;

	if (access(path, F_OK) && strpbrk(path, "*?[") && !glob(path, 0, NULL, &found))
		path = found.gl_pathv[0];
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ret = fd < 0 ? -errno : kcsd_sources_drive(fd, name, &err);
	if (fd < 0)
		snprintf(err.text, sizeof(err.text), "%s", strerror(errno));
	else
		close(fd);
	if (!ret || (anywhere && fd >= 0)) {
		if (ret)
			fprintf(stderr, "kcsd: the query runs on the host, not on a drive: %s: %s\n",
				path, err.text);
		globfree(&found);
		return ret ? -1 : 0;
	}
	ret = kcsd_sql_fail(s->sql.text, source->at, "%s: %s%s", path, err.text, fd < 0 ? "" :
			    " (--anywhere runs the query on the host then)");
	globfree(&found);
	return ret;
}

static int open_drive(struct select *s, bool anywhere, const char *wanted)
{
	const struct sql_source *first = &s->sql.sources[0];
	char name[16];
	uint32_t i;
	int code;

	for (i = 0; i < s->sql.nr_sources; i++)
		if (s->sql.sources[i].kind != SQL_FILE)
			return kcsd_pick_drive(wanted, 0, &s->drv);
	if (wanted)
		return kcsd_pick_drive(wanted, 0, &s->drv);
	code = find_drive(s, first, anywhere, name);
	if (code)
		return code < 0 ? 0 : code;
	return kcsd_pick_drive(name, 0, &s->drv);
}

int kcsd_select_open(struct select *s, const struct kcsd_table_opts *opts, bool anywhere,
		     const char *drive)
{
	static int (*const add[])(struct select *s, const struct sql_source *source) = {
		[SQL_FILE] = add_files, [SQL_KV] = add_object, [SQL_LBA] = add_lbas,
	};
	struct kcsd_table_opts with_drive = *opts;
	struct kcsd_error err = {};
	int code = open_drive(s, anywhere, drive);
	uint32_t i;

	if (code)
		return code;
	with_drive.drive = s->drv;
	if (kcsd_table_create(&with_drive, &s->table, &err))
		return kcsd_fail("%s", err.text);
	for (i = 0; i < s->sql.nr_sources && !code; i++)
		code = add[s->sql.sources[i].kind](s, &s->sql.sources[i]);
	if (!code && kcsd_table_open(s->table, &err))
		code = kcsd_fail("%s", err.text);
	return code;
}

void kcsd_select_close(struct select *s)
{
	uint32_t i;

	kcsd_table_destroy(s->table);
	for (i = 0; i < s->nr_fds; i++)
		close(s->fds[i]);
	free(s->fds);
	kcsd_drive_close(s->drv);
}
