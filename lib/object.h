/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* An object file on its way to an image: what elf.c, image.c and where.c share. */
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

/* An address in initialised data. What is at its place is added. */
struct kcsd_pointer {
	uint32_t map;			/* where it is: libbpf's index of the section */
	uint32_t size;			/* bytes: 4 or 8 */
	uint64_t off;			/* bytes from the section's start */
	uint32_t to_map;		/* what it is the address of */
	uint64_t to_off;
};

/* Names of functions and lines are the BTF's, which libbpf's object owns. */
struct kcsd_object {
	char *file;			/* what messages call it */
	char *name;			/* the program's function */
	char *section;			/* of that function */
	struct bpf_object *bpf;
	struct bpf_insn *insns;		/* relocated; freed once the image is made */
	uint32_t insn_cnt;		/* units of 8 bytes */
	struct kcsd_function *functions;	/* ascending; the program's is the first */
	uint32_t nr_functions;
	struct kcsd_line *lines;	/* ascending */
	uint32_t nr_lines;
	uint64_t *map_align;		/* of each of libbpf's maps: bytes, 0: any */
	struct kcsd_pointer *pointers;
	size_t nr_pointers;
	struct kcsd_image *image;
	size_t image_len;		/* bytes */
};

/* elf_check.c: refuse what libbpf should not see. Errors as kcsd_object_open(). */
int kcsd_elf_check(const struct kcsd_object *obj, const void *buf, size_t len,
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

/* image.c: lay out data, make and check the image. */
int kcsd_image_create(struct kcsd_object *obj, const struct kcsd_object_opts *o,
		      struct kcsd_error *err);

/* The drive will do the same; here there are names to say it with. Errors as kcsd_object_open(). */
int kcsd_image_check(const struct kcsd_object *obj, struct kcsd_error *err);

/* image_file.c */
bool kcsd_is_image(const void *buf, size_t len);
/* Take an image for what kcsd_image_create() makes. Errors as kcsd_object_open(). */
int kcsd_image_open(struct kcsd_object *obj, const void *buf, size_t len,
		    const struct kcsd_object_opts *o, struct kcsd_error *err);

/* where.c */
/* Take functions and lines out of what libbpf gives. -ENOMEM. */
struct bpf_prog_load_opts;
int kcsd_where_init(struct kcsd_object *obj, const struct bpf_prog_load_opts *opts);
/* "word.bpf.o: section kcsd, function count, instruction 12 (word.c:31: return x;)" */
void kcsd_where_text(const struct kcsd_object *obj, uint32_t pc, char *buf, size_t len);

#endif
