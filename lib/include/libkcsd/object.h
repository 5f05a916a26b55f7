/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Open programs in object files, to load or to disassemble them. By <libkcsd.h>. */
#ifndef LIBKCSD_OBJECT_H
#define LIBKCSD_OBJECT_H

#include <libkcsd/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Objects: a program from an ELF object file or an image, ready to load ---- */

struct kcsd_object;

#define KCSD_MAX_OBJECT	(16u << 20)	/* bytes of an object file */

struct kcsd_object_opts {
	size_t sz;
	const char *program;	/* function; NULL: the only one in the file */
	const char *file;	/* name in messages; NULL: the path, or "object" */
	uint32_t heap_len;	/* bytes of zeroed heap to provide to the program */
	uint32_t flags;		/* KCSD_OBJECT_* */
};

/* Do not validate, to inspect a program that a drive would refuse. */
#define KCSD_OBJECT_UNVALIDATED	0x1u

/*
 * Open a program in an object file made by clang -target bpf. A program is a function in section
 * "kcsd" (or "kcsd/..."); it begins the image, followed by the functions that it calls, then
 * .rodata, .data and .bss. The library validates it as the drive will. Needs no privileges and
 * makes no BPF system call.
 *
 * The file may also be an image (kcsd_object_image(), written to a file); then only the name of the
 * program is known, no other names and no lines.
 *
 * -ENOEXEC: not an ELF object for BPF, or a damaged one; likewise an image. -ENOENT: no program of
 * that name, or none at all. -ENOTUNIQ: several programs and no name; the text lists them. -EINVAL:
 * the program is not valid; err->verdict gives the reason (0: not found by the validator, e.g. a
 * map or the address of a function). -EFBIG: larger than KCSD_MAX_OBJECT, or data larger than any
 * drive accepts. Others as open(2) and read(2). err->text: "word.bpf.o: section kcsd, function
 * count, instruction 12 (word.c:31: return f();): call of an unknown helper: 65613".
 */
KCSD_API int kcsd_object_open(const char *path, const struct kcsd_object_opts *opts,
			      struct kcsd_object **obj, struct kcsd_error *err);
/* Do the same with a file in memory, which may be freed afterwards. */
KCSD_API int kcsd_object_open_mem(const void *buf, size_t len,
				  const struct kcsd_object_opts *opts, struct kcsd_object **obj,
				  struct kcsd_error *err);
/* NULL is allowed. */
KCSD_API void kcsd_object_close(struct kcsd_object *obj);

/* The returned pointers are valid until kcsd_object_close(). */
/* Returns the image: struct kcsd_image, instructions, data. *len: bytes. */
KCSD_API const void *kcsd_object_image(const struct kcsd_object *obj, size_t *len);
/* Returns the name of the function of the program. */
KCSD_API const char *kcsd_object_name(const struct kcsd_object *obj);

/* A place in a program. Strings belong to the object. */
struct kcsd_where {
	const char *section;
	const char *function;	/* NULL if not known (no BTF) */
	const char *file;	/* source; NULL if not known (no -g) */
	const char *source;	/* text of that line, or NULL */
	uint32_t insn;		/* in the function, units of 8 bytes; in the program if */
				/* the function is not known */
	uint32_t line;		/* counted from 1; 0 if not known */
	uint32_t column;	/* counted from 1; 0 if not known */
	uint32_t rsvd;
};

/* Get the place of instruction pc of the image. -ERANGE: the program has no such instruction. */
KCSD_API int kcsd_object_where(const struct kcsd_object *obj, uint32_t pc,
			       struct kcsd_where *where, size_t size);

/*
 * Call fn with the name of each program (function in section kcsd) in the file. A value other than
 * 0 from fn ends the walk and is returned. Errors as kcsd_object_open(), except -ENOENT and
 * -ENOTUNIQ.
 */
KCSD_API int kcsd_object_program_each(const char *path, int (*fn)(const char *program, void *arg),
				      void *arg, struct kcsd_error *err);

/* ---- Disassembly ---- */

#define KCSD_INSN_TEXT_LEN	96
#define KCSD_INSN_LABEL_LEN	48
#define KCSD_NO_TARGET		UINT32_MAX

struct kcsd_insn_info {
	uint32_t pc;		/* units of 8 bytes */
	uint32_t units;		/* of 8 bytes: 1, or 2 for a 64-bit immediate */
	uint32_t target;	/* pc that it jumps to or calls, or KCSD_NO_TARGET */
	uint8_t is_function;	/* 1: a function begins here */
	uint8_t is_target;	/* 1: an instruction jumps here */
	uint8_t rsvd[2];
	uint8_t bytes[16];	/* the first 8 * units */
	char label[KCSD_INSN_LABEL_LEN];	/* name of this place in texts, or "" */
	char text[KCSD_INSN_TEXT_LEN];	/* "jeq r1, 0, L12"; "raw ..." for no instruction */
};

/*
 * Call fn with each instruction of an image, or of plain instructions. The program need not be
 * valid. obj (may be NULL) is the object of the program: it provides the names of functions. A
 * value other than 0 from fn ends the walk and is returned. -EINVAL: not an image.
 */
KCSD_API int kcsd_insn_each(const void *image, size_t len, const struct kcsd_object *obj,
			    int (*fn)(const struct kcsd_insn_info *info, void *arg), void *arg,
			    struct kcsd_error *err);

#ifdef __cplusplus
}
#endif

#endif
