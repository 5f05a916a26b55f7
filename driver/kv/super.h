/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The superblock, in two copies. */
#ifndef KCSD_KV_SUPER_H
#define KCSD_KV_SUPER_H

#include "record.h"

/*
 * Read the superblock; mem: KCSD_KV_BLOCK bytes of aligned memory. Returns 0; -ENODATA: both copies
 * are zeroes, so it is a new file; -EUCLEAN; -errno of the medium. *damaged: copies that are.
 */
int kcsd_kv_super_read(struct kcsd_kv_medium *m, struct kcsd_kv_super *super, void *mem,
		       u32 *damaged);
/* Write both copies, each with a sync, with the next generation. */
int kcsd_kv_super_write(struct kcsd_kv_medium *m, struct kcsd_kv_super *super, void *mem);

#endif
