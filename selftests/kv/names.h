/* SPDX-License-Identifier: GPL-2.0 */
/* Keys and values by number, and one call to store or read one. */
#ifndef KCSD_KV_NAMES_H
#define KCSD_KV_NAMES_H

#include "kv.h"

struct kcsd_kv_name name_of(u32 key);
/* Fill with the value of a tag. */
void fill(u8 *p, u32 len, u32 tag);

/* Return what kcsd_kv_store() returns. */
int store(struct kcsd_kv *kv, const struct kcsd_kv_name *name, u32 len, u32 tag, u32 flags);
/*
 * Get and read a whole value. Returns 0; KCSD_SC_*; -EBADMSG: it is not that of len and tag.
 */
int expect(struct kcsd_kv *kv, const struct kcsd_kv_name *name, u32 len, u32 tag);
/* Copy up to nr keys from `from` on. Returns how many. */
u32 keys_from(struct kcsd_kv *kv, const struct kcsd_kv_name *from, struct kcsd_kv_name *names,
	      u32 nr);

#endif
