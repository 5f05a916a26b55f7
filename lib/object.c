// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Open object files: choose a program, make its image, load it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "object.h"

/* ---- the file ---- */

static int fail_file(const char *path, int ret, struct kcsd_error *err)
{
	return kcsd_error_set(err, ret, "%s: %s", path, kcsd_error_text(ret));
}

static int too_big(const char *path, struct kcsd_error *err)
{
	return kcsd_error_set(err, -EFBIG, "%s: too big for an object file: at most %u bytes "
			      "are possible", path, KCSD_MAX_OBJECT);
}

/* Read a whole file; the caller frees *buf. Bytes added while it is read are ignored. */
static int read_file(const char *path, char **buf, size_t *len, struct kcsd_error *err)
{
	struct stat st;
	ssize_t n;
	int fd, ret;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail_file(path, -errno, err);
	ret = fstat(fd, &st) ? -errno : 0;
	if (!ret && !S_ISREG(st.st_mode))
		ret = S_ISDIR(st.st_mode) ? -EISDIR : -ENOEXEC;
	if (ret) {
		close(fd);
		return fail_file(path, ret, err);
	}
	if (st.st_size > KCSD_MAX_OBJECT) {
		close(fd);
		return too_big(path, err);
	}
	*buf = malloc(st.st_size + 1);
	n = *buf ? kcsd_file_read_fd(fd, *buf, st.st_size) : -ENOMEM;
	close(fd);
	if (n < 0) {
		free(*buf);
		return fail_file(path, n, err);
	}
	*len = n;
	return 0;
}

/* ---- the program ---- */

/* Write the names of the programs, "one, two, three", cut to len. */
static void list_programs(const struct bpf_object *bpf, char *buf, size_t len)
{
	struct bpf_program *prog;
	size_t n = 0;

	*buf = '\0';
	bpf_object__for_each_program(prog, bpf)
		if (kcsd_elf_is_program(prog) && n < len)
			n += snprintf(buf + n, len - n, "%s%s", n ? ", " : "",
				      bpf_program__name(prog));
}

static int choose(const struct kcsd_object *obj, const char *name, struct bpf_program **out,
		  struct kcsd_error *err)
{
	struct bpf_program *prog;
	unsigned int nr = 0, found = 0;
	char names[256];

	bpf_object__for_each_program(prog, obj->bpf) {
		if (!kcsd_elf_is_program(prog))
			continue;
		nr++;
		if (name && strcmp(name, bpf_program__name(prog)))
			continue;
		found++;
		*out = prog;
	}
	if (found == 1)
		return 0;
	list_programs(obj->bpf, names, sizeof(names));
	if (!nr)
		return kcsd_error_set(err, -ENOENT, "%s: no program: none of its functions is in "
				      "section kcsd", obj->file);
	if (name)
		return kcsd_error_set(err, -ENOENT, "%s: section kcsd: no program %s: there is %s",
				      obj->file, name, names);
	return kcsd_error_set(err, -ENOTUNIQ, "%s: section kcsd: several programs, name one: %s",
			      obj->file, names);
}

/* ---- open and close ---- */

static int validate_opts(struct kcsd_object_opts *o, const struct kcsd_object_opts *opts,
			 struct kcsd_error *err)
{
	int ret = kcsd_opts_copy(o, sizeof(*o), opts);

	if (ret)
		return kcsd_error_set(err, ret, "kcsd_object_opts: impossible size");
	if (o->flags & ~KCSD_OBJECT_UNVALIDATED)
		return kcsd_error_set(err, -EINVAL, "flags: no such flag: %#x", o->flags);
	return 0;
}

static int create_object(const char *file, size_t len, struct kcsd_object **out,
			 struct kcsd_error *err)
{
	struct kcsd_object *obj;

	if (len > KCSD_MAX_OBJECT)
		return too_big(file, err);
	obj = calloc(1, sizeof(*obj));
	if (obj)
		obj->file = strdup(file);
	if (!obj || !obj->file) {
		free(obj);
		return kcsd_error_set(err, -ENOMEM, "out of memory");
	}
	*out = obj;
	return 0;
}

static int open_elf(struct kcsd_object *obj, const void *buf, size_t len,
		    const struct kcsd_object_opts *o, kcsd_link_fn *link, void *arg,
		    struct kcsd_error *err)
{
	struct bpf_program *prog;
	int ret;

	ret = kcsd_elf_open(obj, buf, len, err);
	if (!ret)
		ret = choose(obj, o->program, &prog, err);
	if (!ret)
		ret = kcsd_elf_read_data(obj, buf, len, err);
	if (!ret)
		ret = kcsd_elf_relocate(obj, prog, err);
	if (!ret && link)
		ret = link(obj, arg, err);
	return ret ? ret : kcsd_image_create(obj, o, err);
}

static int open_object(const void *buf, size_t len, const struct kcsd_object_opts *o,
		       kcsd_link_fn *link, void *arg, struct kcsd_object **out,
		       struct kcsd_error *err)
{
	struct kcsd_object *obj;
	int ret;

	ret = create_object(o->file, len, &obj, err);
	if (ret)
		return ret;
	ret = kcsd_image_detect(buf, len) ? kcsd_image_open(obj, buf, len, o, err) :
					open_elf(obj, buf, len, o, link, arg, err);
	if (ret) {
		kcsd_object_close(obj);
		return ret;
	}
	free(obj->insns);
	obj->insns = NULL;
	*out = obj;
	return 0;
}

int kcsd_object_open_linked(const void *buf, size_t len, const struct kcsd_object_opts *opts,
			    kcsd_link_fn *link, void *arg, struct kcsd_object **obj,
			    struct kcsd_error *err)
{
	struct kcsd_object_opts o;
	int ret;

	*obj = NULL;
	ret = validate_opts(&o, opts, err);
	if (ret)
		return ret;
	if (!o.file)
		o.file = "object";
	return open_object(buf, len, &o, link, arg, obj, err);
}

int kcsd_object_open_mem(const void *buf, size_t len, const struct kcsd_object_opts *opts,
			 struct kcsd_object **obj, struct kcsd_error *err)
{
	return kcsd_object_open_linked(buf, len, opts, NULL, NULL, obj, err);
}

int kcsd_object_open(const char *path, const struct kcsd_object_opts *opts,
		     struct kcsd_object **obj, struct kcsd_error *err)
{
	struct kcsd_object_opts o;
	size_t len;
	char *buf;
	int ret;

	*obj = NULL;
	ret = validate_opts(&o, opts, err);
	if (!ret)
		ret = read_file(path, &buf, &len, err);
	if (ret)
		return ret;
	if (!o.file)
		o.file = path;
	ret = open_object(buf, len, &o, NULL, NULL, obj, err);
	free(buf);
	return ret;
}

void kcsd_object_close(struct kcsd_object *obj)
{
	if (!obj)
		return;
	bpf_object__close(obj->bpf);
	free(obj->image);
	free(obj->insns);
	free(obj->functions);
	free(obj->lines);
	free(obj->map_align);
	free(obj->pointers);
	free(obj->file);
	free(obj->name);
	free(obj->section);
	free(obj);
}

const void *kcsd_object_image(const struct kcsd_object *obj, size_t *len)
{
	*len = obj->image_len;
	return obj->image;
}

const char *kcsd_object_name(const struct kcsd_object *obj)
{
	return obj->name;
}

int kcsd_object_program_each(const char *path, int (*fn)(const char *program, void *arg), void *arg,
			     struct kcsd_error *err)
{
	struct bpf_program *prog;
	struct kcsd_object *obj;
	size_t len;
	char *buf;
	int ret;

	ret = read_file(path, &buf, &len, err);
	if (ret)
		return ret;
	ret = create_object(path, len, &obj, err);
	if (ret) {
		free(buf);
		return ret;
	}
	ret = kcsd_elf_open(obj, buf, len, err);
	free(buf);
	if (!ret)
		bpf_object__for_each_program(prog, obj->bpf)
			if (!ret && kcsd_elf_is_program(prog))
				ret = fn(bpf_program__name(prog), arg);
	kcsd_object_close(obj);
	return ret;
}

/* ---- load ---- */

int kcsd_object_load(struct kcsd_drive *drv, const struct kcsd_object *obj,
		     const struct kcsd_load_opts *opts, uint32_t *pind, struct kcsd_error *err)
{
	struct kcsd_error e = {};
	char place[448];
	int ret;

	ret = kcsd_program_load(drv, obj->image, obj->image_len, opts, pind, &e);
	if (!ret)
		return 0;
	if (ret == KCSD_SC_INVALID_PROGRAM_DATA && e.verdict != KCSD_VERDICT_MEMORY) {
		kcsd_where_text(obj, e.pc, place, sizeof(place));
		kcsd_error_set(err, ret, "%s: refused by %s: %s", place, kcsd_drive_name(drv),
			       kcsd_verdict_text(e.verdict));
	} else {
		kcsd_error_set(err, ret, "%s: %s", obj->file, e.text);
	}
	if (err) {
		err->verdict = e.verdict;
		err->pc = e.pc;
	}
	return ret;
}
