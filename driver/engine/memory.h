/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The bounds check of guest memory, for all engines. Memory has at least the context. */
#ifndef KCSD_MEMORY_H
#define KCSD_MEMORY_H

#include "engine.h"

/* True if [off, off + len), len > 0, counted from floor, is in the memory. */
static inline bool kcsd_memory_has(u64 mem_len, u64 floor, u64 off, u64 len)
{
	u64 room = mem_len - (floor - KCSD_GUEST_CTX);

	return likely(len <= room && off <= room - len);
}

/*
 * Returns the host address of off, for which kcsd_memory_has() is true; the address of floor if
 * the CPU mis-speculates that it is.
 */
static inline void *kcsd_memory_ptr(u8 *mem, u64 mem_len, u64 floor, u64 off, u64 len)
{
	u64 room = mem_len - (floor - KCSD_GUEST_CTX);

	return mem + (floor - KCSD_GUEST_CTX) + kcsd_index_nospec(off, room - len + 1);
}

/* Returns the host address of [addr, addr + len), or NULL if not all is from floor to the end. */
static inline void *kcsd_memory_above(u8 *mem, u64 mem_len, u64 floor, u64 addr, u64 len)
{
	if (!kcsd_memory_has(mem_len, floor, addr - floor, len))
		return NULL;
	/* Keep room - len from wrapping around, which would accept any offset. */
	if (!__builtin_constant_p(len))
		len = kcsd_index_nospec(len, mem_len - (floor - KCSD_GUEST_CTX) + 1);
	return kcsd_memory_ptr(mem, mem_len, floor, addr - floor, len);
}

/* Returns the host address to read from, or NULL. */
static inline void *kcsd_memory_at(u8 *mem, u64 mem_len, u64 addr, u64 len)
{
	return kcsd_memory_above(mem, mem_len, KCSD_GUEST_CTX, addr, len);
}

/* Returns the host address to write to, or NULL; a program cannot write to the context. */
static inline void *kcsd_memory_at_write(u8 *mem, u64 mem_len, u64 addr, u64 len)
{
	return kcsd_memory_above(mem, mem_len, KCSD_GUEST_DATA, addr, len);
}

#endif
