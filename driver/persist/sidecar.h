/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The sidecar of a drive with a backing file: data that must survive besides the LBAs.
 * <linux/kcsd_sidecar.h> has its layout; state.c, journal.c and replay.c read and write it, file.c
 * accesses the file.
 *
 * Without a sidecar (memory, or sidecar=0) these functions do nothing but what their comments say.
 * All sleep.
 */
#ifndef KCSD_SIDECAR_H
#define KCSD_SIDECAR_H

#include <linux/types.h>
#include <linux/uuid.h>
#include <linux/kcsd_sidecar.h>

struct kcsd_lbas;
struct kcsd_sidecar;

/*
 * Open or create the sidecar, and set *uuid and the zones from it; *uuid is unchanged if there is
 * none. Sets lbas->journal. Call at power on, when the store is open and the zones have their
 * geometry. On failure return -errno, log one line, own nothing. name: of the drive, for that line.
 */
int kcsd_sidecar_open(struct kcsd_lbas *lbas, const char *name, uuid_t *uuid);
/* Commit and close. Call at power off, before the store is closed. */
void kcsd_sidecar_close(struct kcsd_lbas *lbas);
/* Cut power: write nothing from now on; attempts fail with -EIO. */
void kcsd_sidecar_abandon(struct kcsd_lbas *lbas);

/* Return true if the drive can persist programs. */
bool kcsd_sidecar_has_programs(const struct kcsd_lbas *lbas);
/*
 * Persist a program that was loaded, with its image of len bytes; or its change
 * (KCSD_SIDECAR_DEACTIVATE, _ACTIVATE, _UNLOAD). Return 0 or -errno.
 */
int kcsd_sidecar_add_program(struct kcsd_lbas *lbas, const struct kcsd_sidecar_program *p,
			     const void *image, u32 len);
int kcsd_sidecar_change_program(struct kcsd_lbas *lbas, u16 pind, u8 what);
/*
 * Call fn with each persistent program, by index: a struct kcsd_sidecar_program, followed by an
 * image of len bytes. Stops at the first result that is not 0, and returns it.
 */
int kcsd_sidecar_each_program(struct kcsd_lbas *lbas,
			      int (*fn)(void *ctx, const struct kcsd_sidecar_program *p, u32 len),
			      void *ctx);

/*
 * Lose all data that was not flushed; power_cut.c. No command is left. The caller then closes the
 * media.
 */
void kcsd_sidecar_cut(struct kcsd_lbas *lbas, u64 seed);

#endif
