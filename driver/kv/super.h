/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The superblock, in two copies. */
#ifndef KCSD_KV_SUPER_H
#define KCSD_KV_SUPER_H

#include "record.h"

/*
 * Read the superblock; mem: KCSD_KV_BLOCK bytes of aligned memory. Returns 0; -ENODATA: the file
 * has no bytes, so it is a new one; -EUCLEAN: no copy is valid, also if both are zeroes: it may
 * have been a store; -errno of the medium. *damaged: copies that are.
 */
int kcsd_kv_super_read(struct kcsd_kv_medium *m, struct kcsd_kv_super *super, void *mem,
		       u32 *damaged);
/* Return true if the file is as long as the superblock says that it was. */
bool kcsd_kv_super_reaches(const struct kcsd_kv_medium *m, const struct kcsd_kv_super *super);
/* Write both copies, each with a sync, with the next generation. */
int kcsd_kv_super_write(struct kcsd_kv_medium *m, struct kcsd_kv_super *super, void *mem);

#endif
