/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Conversion of an object file to an image: declarations shared by elf.c, image.c and where.c. */
#ifndef KCSD_OBJECT_H
#define KCSD_OBJECT_H

#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include "private.h"

#define KCSD_MAX_DATA	(256u << 20)	/* bytes of data, zeroes included */

struct kcsd_function {
	uint32_t start;			/* units of 8 bytes */
	const char *name;		/* NULL: not known */
};

struct kcsd_line {
	uint32_t start;			/* units of 8 bytes */
	uint32_t line;
	uint32_t column;
	const char *file;		/* NULL: not known */
	const char *source;
};

/* An address in initialised data. The value at its place is added to the address. */
struct kcsd_pointer {
	uint32_t map;			/* its place: index of the section in libbpf */
	uint32_t size;			/* bytes: 4 or 8 */
	uint64_t off;			/* bytes from the start of the section */
	uint32_t to_map;		/* target: index of the section in libbpf */
	uint64_t to_off;
};

/* The libbpf object owns the names of functions and lines; they are part of its BTF. */
struct kcsd_object {
	char *file;			/* its name in messages */
	char *name;			/* name of the function of the program */
	char *section;			/* of that function */
	struct bpf_object *bpf;
	struct bpf_insn *insns;		/* relocated; freed once the image is made */
	uint32_t insn_cnt;		/* units of 8 bytes */
	struct kcsd_function *functions;	/* ascending; the first is that of the program */
	uint32_t nr_functions;
	struct kcsd_line *lines;	/* ascending */
	uint32_t nr_lines;
	uint64_t *map_align;		/* for each map of libbpf: bytes, 0: any */
	struct kcsd_pointer *pointers;
	size_t nr_pointers;
	struct kcsd_image *image;
	size_t image_len;		/* bytes */
};

/*
 * object.c: as kcsd_object_open_mem(), but link is called with the relocated program, which it may
 * change before the image is made.
 */
typedef int kcsd_link_fn(struct kcsd_object *obj, void *arg, struct kcsd_error *err);
int kcsd_object_open_linked(const void *buf, size_t len, const struct kcsd_object_opts *opts,
			    kcsd_link_fn *link, void *arg, struct kcsd_object **obj,
			    struct kcsd_error *err);

/* elf_validate.c: refuse files that libbpf should not parse. Errors as kcsd_object_open(). */
int kcsd_elf_validate(const struct kcsd_object *obj, const void *buf, size_t len,
		      struct kcsd_error *err);

/* elf.c: libbpf. Errors as kcsd_object_open(). */
/* Parse; sets obj->bpf. */
int kcsd_elf_open(struct kcsd_object *obj, const void *buf, size_t len, struct kcsd_error *err);
bool kcsd_elf_is_program(const struct bpf_program *prog);
/* Relocate a program of obj->bpf; sets insns, functions, lines, name, section. */
int kcsd_elf_relocate(struct kcsd_object *obj, struct bpf_program *prog, struct kcsd_error *err);

/* elf_data.c: sets map_align and pointers; after kcsd_elf_open(). */
int kcsd_elf_read_data(struct kcsd_object *obj, const void *buf, size_t len,
		       struct kcsd_error *err);

/* image.c: lay out data, make and validate the image. */
int kcsd_image_create(struct kcsd_object *obj, const struct kcsd_object_opts *o,
		      struct kcsd_error *err);

/*
 * Validate the image as the drive will do. Here messages can name functions and lines. Errors as
 * kcsd_object_open().
 */
int kcsd_image_validate(const struct kcsd_object *obj, struct kcsd_error *err);

/* image_file.c */
bool kcsd_image_detect(const void *buf, size_t len);
/* Use an existing image in place of kcsd_image_create(). Errors as kcsd_object_open(). */
int kcsd_image_open(struct kcsd_object *obj, const void *buf, size_t len,
		    const struct kcsd_object_opts *o, struct kcsd_error *err);

/* where.c */
/* Copy functions and lines from the load options of libbpf. Returns 0 or -ENOMEM. */
struct bpf_prog_load_opts;
int kcsd_where_init(struct kcsd_object *obj, const struct bpf_prog_load_opts *opts);
/*
 * Write the place of an instruction: "word.bpf.o: section kcsd, function count, instruction 12
 * (word.c:31: return x;)"
 */
void kcsd_where_text(const struct kcsd_object *obj, uint32_t pc, char *buf, size_t len);

#endif
