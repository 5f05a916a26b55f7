/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Load, activate and list programs on a drive. By <libkcsd.h>. */
#ifndef LIBKCSD_PROGRAM_H
#define LIBKCSD_PROGRAM_H

#include <libkcsd/drive.h>
#include <libkcsd/object.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Programs on the drive ---- */

#define KCSD_PIND_ANY	(-1)

struct kcsd_load_opts {
	size_t sz;
	int32_t pind;		/* program index, or KCSD_PIND_ANY: the first free one */
	uint32_t chunk;		/* bytes in one command, a multiple of 8; 0: 128 KiB */
	uint64_t puid;		/* unique identifier of the program; 0: none */
	bool persistent;	/* retained over power off, with its activation */
};

/*
 * Load a program: an image (kcsd_object_image()), or plain instructions. opts may be NULL: any
 * index, defaults. *pind: its index; activate it before it runs. The drive must be open for
 * writing.
 *
 * KCSD_SC_INVALID_PROGRAM_DATA: the drive refused the program; err->verdict and err->pc give the
 * reason. KCSD_SC_PROGRAM_IN_USE: there is a program at opts->pind.
 * KCSD_SC_INSUFFICIENT_PROGRAM_RESOURCES: KCSD_PIND_ANY and no index is free.
 * KCSD_SC_INVALID_PROGRAM_INDEX, KCSD_SC_PROGRAM_TOO_BIG, KCSD_SC_MAX_PROGRAM_BYTES.
 * KCSD_SC_INVALID_FIELD: persistent, but the drive has no sidecar. -EINVAL: len is 0 or over 4 GiB,
 * or an option has an invalid value. On failure nothing stays loaded.
 */
KCSD_API int kcsd_program_load(struct kcsd_drive *drv, const void *image, size_t len,
			       const struct kcsd_load_opts *opts, uint32_t *pind,
			       struct kcsd_error *err);
/* Load an object; as kcsd_program_load(), but err->text names file, section, function and line. */
KCSD_API int kcsd_object_load(struct kcsd_drive *drv, const struct kcsd_object *obj,
			      const struct kcsd_load_opts *opts, uint32_t *pind,
			      struct kcsd_error *err);
/*
 * Errors of the next three: KCSD_SC_INVALID_PROGRAM_INDEX, KCSD_SC_NO_PROGRAM. Activating an active
 * program, or deactivating an inactive one, succeeds.
 */
/* Unload a program. KCSD_SC_PROGRAM_IN_USE: it is active or running. */
KCSD_API int kcsd_program_unload(struct kcsd_drive *drv, uint32_t pind);
/* Activate a program. KCSD_SC_MAX_ACTIVATED: the maximum number of programs is active. */
KCSD_API int kcsd_program_activate(struct kcsd_drive *drv, uint32_t pind);
/* Deactivate a program. KCSD_SC_PROGRAM_IN_USE: it is running. */
KCSD_API int kcsd_program_deactivate(struct kcsd_drive *drv, uint32_t pind);

struct kcsd_program_info {
	uint32_t pind;
	uint32_t psize;		/* bytes as loaded */
	uint64_t puid;
	uint8_t peocc;		/* KCSD_PROGRAM_PEOCC_* */
	uint8_t active;		/* 0 or 1 */
	uint8_t ptype;		/* KCSD_PTYPE_EBPF */
	uint8_t pit;		/* KCSD_PIT_* */
	char name[KCSD_PROGRAM_NAME_LEN + 1];	/* NUL-terminated */
};

/*
 * Call fn for each program index that is not empty, ascending (log page 82h). A
 * value other than 0 from fn ends the walk and is returned.
 */
KCSD_API int kcsd_program_each(struct kcsd_drive *drv,
			       int (*fn)(const struct kcsd_program_info *info, void *arg),
			       void *arg);

#ifdef __cplusplus
}
#endif

#endif
