// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* The file of a virtual table, and the drive that has it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "vtab.h"

/* why may be the text of err. */
static int fail(struct kcsd_error *err, int ret, const char *path, const char *why,
		const char *advice)
{
	char text[KCSD_ERROR_LEN];

	snprintf(text, sizeof(text), "%.200s: %.250s%s", path, why, advice);
	memcpy(err->text, text, sizeof(err->text));
	return ret;
}

static int open_drive(struct vtab_source *source, const struct vtab_args *args,
		      struct kcsd_error *err)
{
	char name[16];
	int ret = kcsd_sources_drive(source->fd, name, err);

	if (ret && args->anywhere)
		return 0;
	if (ret)
		return fail(err, ret, args->path, err->text,
			    " (anywhere=yes reads it on the host)");
	ret = kcsd_drive_open(name, 0, &source->drv);
	return ret ? fail(err, ret, name, kcsd_error_text(ret), "") : 0;
}

static int open_table(struct vtab_source *source, const struct vtab_args *args,
		      struct kcsd_error *err)
{
	KCSD_OPTS(kcsd_table_opts, opts, .drive = source->drv, .format = args->format,
		  .flags = KCSD_TABLE_ROW_NUMBERS, .columns = args->columns,
		  .nr_columns = args->nr_columns);
	int ret;

	if (args->no_header)
		opts.flags |= KCSD_TABLE_NO_HEADER;
	ret = kcsd_table_create(&opts, &source->table, err);
	if (!ret)
		ret = kcsd_table_add_file(source->table, source->fd, args->path, err);
	return ret ? ret : kcsd_table_open(source->table, err);
}

int vtab_source_open(struct vtab_source *source, const struct vtab_args *args,
		     struct kcsd_error *err)
{
	int ret;

	*source = (struct vtab_source){ .fd = open(args->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC) };
	if (source->fd < 0)
		return fail(err, -errno, args->path, strerror(errno), "");
	ret = open_drive(source, args, err);
	if (!ret)
		ret = open_table(source, args, err);
	if (ret)
		vtab_source_close(source);
	return ret;
}

void vtab_source_close(struct vtab_source *source)
{
	kcsd_table_destroy(source->table);
	kcsd_drive_close(source->drv);
	if (source->fd >= 0)
		close(source->fd);
	*source = (struct vtab_source){ .fd = -1 };
}
