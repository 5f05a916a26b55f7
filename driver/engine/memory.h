/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The one bounds check of guest memory, inlined into the interpreter. No memory is shorter
 * than the context.
 */
#ifndef KCSD_MEMORY_H
#define KCSD_MEMORY_H

#include "engine.h"

/* Are [off, off + len), len > 0, from floor on, all in the memory? */
static inline bool kcsd_memory_has(u64 mem_len, u64 floor, u64 off, u64 len)
{
	u64 room = mem_len - (floor - KCSD_GUEST_CTX);

	return likely(len <= room && off <= room - len);
}

/*
 * The host address of off, if that is so. Where the CPU mis-speculates that it is, it
 * accesses what is at floor.
 */
static inline void *kcsd_memory_ptr(u8 *mem, u64 mem_len, u64 floor, u64 off, u64 len)
{
	u64 room = mem_len - (floor - KCSD_GUEST_CTX);

	return mem + (floor - KCSD_GUEST_CTX) + kcsd_index_nospec(off, room - len + 1);
}

/* The host address of [addr, addr + len), or NULL if not all of it is between floor and the end. */
static inline void *kcsd_memory_above(u8 *mem, u64 mem_len, u64 floor, u64 addr, u64 len)
{
	if (!kcsd_memory_has(mem_len, floor, addr - floor, len))
		return NULL;
	/* Else room - len may wrap around, and let any offset pass. No access is that long. */
	if (!__builtin_constant_p(len))
		len = kcsd_index_nospec(len, mem_len - (floor - KCSD_GUEST_CTX) + 1);
	return kcsd_memory_ptr(mem, mem_len, floor, addr - floor, len);
}

/* To read from. */
static inline void *kcsd_memory_at(u8 *mem, u64 mem_len, u64 addr, u64 len)
{
	return kcsd_memory_above(mem, mem_len, KCSD_GUEST_CTX, addr, len);
}

/* To write to: the context is not the program's to change. */
static inline void *kcsd_memory_at_write(u8 *mem, u64 mem_len, u64 addr, u64 len)
{
	return kcsd_memory_above(mem, mem_len, KCSD_GUEST_DATA, addr, len);
}

#endif
