/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The one bounds check of guest memory, inlined into the interpreter. */
#ifndef KCSD_MEMORY_H
#define KCSD_MEMORY_H

#include "engine.h"

/*
 * The host address of [addr, addr + len), len > 0, or NULL. Where the CPU
 * mis-speculates that an address is in bounds, it accesses the beginning of the memory.
 */
static inline void *kcsd_memory_at(u8 *mem, u64 mem_len, u64 addr, u64 len)
{
	u64 off = addr - KCSD_GUEST_CTX;

	if (unlikely(len > mem_len || off > mem_len - len))
		return NULL;
	return mem + kcsd_index_nospec(off, mem_len - len + 1);
}

#endif
