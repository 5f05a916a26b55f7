// SPDX-License-Identifier: GPL-2.0
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "program_file.h"

#define FIRST_ROOM	65536

static bool is_stdin(const char *path)
{
	return !strcmp(path, "-");
}

static FILE *open_file(const char *path)
{
	FILE *from = is_stdin(path) ? stdin : fopen(path, "r");
	struct stat st;

	if (from && !fstat(fileno(from), &st) && S_ISDIR(st.st_mode)) {
		if (from != stdin)
			fclose(from);
		errno = EISDIR;
		return NULL;
	}
	return from;
}

/* Read up to max bytes, and one more if there is one, which shows that the file is longer. */
static char *read_all(FILE *from, size_t max, size_t *len)
{
	size_t room = 0;
	char *buf = NULL, *larger;

	*len = 0;
	do {
		room = room ? 2 * room : FIRST_ROOM;
		larger = realloc(buf, room + 1);
		if (!larger) {
			free(buf);
			errno = ENOMEM;
			return NULL;
		}
		buf = larger;
		*len += fread(buf + *len, 1, room - *len, from);
	} while (*len == room && *len <= max);
	buf[*len] = '\0';
	return buf;
}

char *kcsd_slurp(const char *path, size_t max, size_t *len)
{
	const char *name = is_stdin(path) ? "standard input" : path;
	FILE *from = open_file(path);
	char *buf = from ? read_all(from, max, len) : NULL;

	if (!buf || ferror(from))
		kcsd_fail("%s: %s", name, strerror(errno));
	else if (*len > max)
		kcsd_fail("%s: more than %zu bytes", name, max);
	if (buf && (ferror(from) || *len > max)) {
		free(buf);
		buf = NULL;
	}
	if (from && from != stdin)
		fclose(from);
	return buf;
}

static bool begins_with(const struct program_file *file, const char *magic, size_t len)
{
	return file->len >= len && !memcmp(file->bytes, magic, len);
}

/* Refuse a C source with a hint: a common mistake is to pass it instead of the object. */
static int refuse_source(const char *path)
{
	size_t len = strlen(path);

	if (len < 2 || strcmp(path + len - 2, ".c") || access(path, F_OK))
		return 0;
	return kcsd_fail("%s: this is C source: compile it with 'kcsd build %s'", path, path);
}

int kcsd_open_object(const char *path, const struct kcsd_object_opts *opts,
		     struct kcsd_object **obj)
{
	struct kcsd_error error;
	int code = refuse_source(path), ret;

	if (code)
		return code;
	ret = kcsd_object_open(path, opts, obj, &error);
	if (ret == -ENOEXEC)
		return kcsd_fail("%s, nor an image", error.text);
	return ret ? kcsd_fail("%s", error.text) : 0;
}

int kcsd_program_open(struct program_file *file, const char *path,
		      const struct kcsd_object_opts *opts)
{
	struct kcsd_object_opts o = *opts;
	struct kcsd_error error;
	int code = refuse_source(path);

	*file = (struct program_file){};
	if (code)
		return code;
	file->bytes = kcsd_slurp(path, KCSD_MAX_OBJECT, &file->len);
	if (!file->bytes)
		return KCSD_EXIT_FAILED;
	file->image = file->bytes;
	if (!begins_with(file, ELFMAG, SELFMAG) &&
	    !begins_with(file, KCSD_IMAGE_MAGIC, KCSD_IMAGE_MAGIC_LEN))
		return 0;
	o.file = is_stdin(path) ? "standard input" : path;
	if (kcsd_object_open_mem(file->bytes, file->len, &o, &file->obj, &error)) {
		kcsd_program_close(file);
		return kcsd_fail("%s", error.text);
	}
	file->image = kcsd_object_image(file->obj, &file->len);
	return 0;
}

void kcsd_program_close(struct program_file *file)
{
	kcsd_object_close(file->obj);
	free(file->bytes);
	*file = (struct program_file){};
}
