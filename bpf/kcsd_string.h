/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * The memory functions of C, in place of <string.h>. If the compiler knows the length and it is
 * small, instructions move the bytes, else a helper of the drive.
 *
 * The compiler makes no such calls itself: it refuses to copy structures of more than 1 KiB by
 * assignment ("call to built-in function memcpy is not supported"), and loops that copy, which it
 * turns into the same. Call memcpy() instead.
 */
#ifndef KCSD_STRING_H
#define KCSD_STRING_H

#include <kcsd_helpers.h>

#define KCSD_INLINE_LEN		64

static __always_inline void *memcpy(void *dst, const void *src, size_t len)
{
	if (__builtin_constant_p(len) && len <= KCSD_INLINE_LEN)
		__builtin_memcpy(dst, src, len);
	else
		kcsd_memcpy(dst, src, len);
	return dst;
}

static __always_inline void *memmove(void *dst, const void *src, size_t len)
{
	kcsd_memcpy(dst, src, len);
	return dst;
}

static __always_inline void *memset(void *dst, int byte, size_t len)
{
	if (__builtin_constant_p(len) && len <= KCSD_INLINE_LEN)
		__builtin_memset(dst, byte, len);
	else
		kcsd_memset(dst, byte, len);
	return dst;
}

static __always_inline int memcmp(const void *a, const void *b, size_t len)
{
	return kcsd_memcmp(a, b, len);
}

static __always_inline void *memchr(const void *src, int byte, size_t len)
{
	return (void *)kcsd_memchr(src, (__u8)byte, len);
}

/* As in glibc, an empty string is found at src. */
static __always_inline void *memmem(const void *src, size_t src_len, const void *what,
				    size_t what_len)
{
	return (void *)kcsd_memmem(src, src_len, what, what_len);
}

#endif
