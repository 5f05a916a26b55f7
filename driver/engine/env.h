/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * All differences between the engine in the kernel and in user space: names of the kernel, for a
 * 64-bit machine.
 */
#ifndef KCSD_ENGINE_ENV_H
#define KCSD_ENGINE_ENV_H

#ifdef __KERNEL__

#include <asm/byteorder.h>
#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/swab.h>
#include <linux/types.h>
#include <linux/unaligned.h>

#define kcsd_alloc(size)	kvzalloc(size, GFP_KERNEL_ACCOUNT)
/* Allocate for the drive itself; not charged to the cgroup of the caller. */
#define kcsd_alloc_own(size)	kvzalloc(size, GFP_KERNEL)
#define kcsd_free(p)		kvfree(p)

/*
 * Let other tasks have the CPU. Loops over the instructions of a program call it. Returns true if
 * the task was killed: give up. Process context.
 */
static inline bool kcsd_yield(void)
{
	cond_resched();
	return fatal_signal_pending(current);
}

/* Returns index, which is below size; 0 if the CPU mis-speculates that it is below. */
static inline u64 kcsd_index_nospec(u64 index, u64 size)
{
	return index & array_index_mask_nospec(index, size);
}

#else

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <linux/types.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

#define U32_MAX			UINT32_MAX
#define U64_MAX			UINT64_MAX
#define S32_MAX			INT32_MAX
#define S64_MAX			INT64_MAX
#define S64_MIN			INT64_MIN

#define kcsd_alloc(size)	calloc(1, size)
#define kcsd_alloc_own(size)	calloc(1, size)
#define kcsd_free(p)		free(p)

static inline bool kcsd_yield(void)
{
	return false;
}

#define le16_to_cpu(x)		le16toh(x)
#define le32_to_cpu(x)		le32toh(x)
#define le64_to_cpu(x)		le64toh(x)
#define cpu_to_le16(x)		htole16(x)
#define cpu_to_le32(x)		htole32(x)
#define cpu_to_le64(x)		htole64(x)

#define READ_ONCE(x)		(*(const volatile __typeof__(x) *)&(x))

#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define fallthrough		__attribute__((__fallthrough__))

#define __force
#define __annotate_jump_table
#define noinline		__attribute__((__noinline__))

#define swab16(x)		__builtin_bswap16(x)
#define swab32(x)		__builtin_bswap32(x)
#define swab64(x)		__builtin_bswap64(x)
#define cpu_to_be16(x)		htobe16(x)
#define cpu_to_be32(x)		htobe32(x)
#define cpu_to_be64(x)		htobe64(x)

#define min(a, b)		((a) < (b) ? (a) : (b))
#define max(a, b)		((a) > (b) ? (a) : (b))

/* Programs access guest memory as any type at any address. */
#define KCSD_UNALIGNED(p) \
	struct __attribute__((__packed__, __may_alias__)) { __typeof__(*(p)) v; }
#define get_unaligned(p)	(((const KCSD_UNALIGNED(p) *)(p))->v)
#define put_unaligned(x, p)	((void)(((KCSD_UNALIGNED(p) *)(p))->v = (x)))

/* As in the kernel; the asm keeps the compiler from removing the mask. */
static inline u64 kcsd_index_nospec(u64 index, u64 size)
{
#ifdef __x86_64__
	u64 mask;

	__asm__ volatile("cmp %1, %2; sbb %0, %0" : "=r" (mask) : "er" (size), "r" (index) : "cc");
	return index & mask;
#endif
	__asm__("" : "+r" (index));
	return index & (u64)(~(s64)(index | (size - 1 - index)) >> 63);
}

typedef struct { s32 counter; } __attribute__((__may_alias__)) atomic_t;
typedef struct { s64 counter; } __attribute__((__may_alias__)) atomic64_t;

#define KCSD_ATOMIC_OP(T, prefix, op) \
static inline void prefix##_##op(T val, prefix##_t *v) \
{ \
	__atomic_fetch_##op(&v->counter, val, __ATOMIC_RELAXED); \
} \
static inline T prefix##_fetch_##op(T val, prefix##_t *v) \
{ \
	return __atomic_fetch_##op(&v->counter, val, __ATOMIC_SEQ_CST); \
}
#define KCSD_ATOMIC(T, prefix) \
KCSD_ATOMIC_OP(T, prefix, add) \
KCSD_ATOMIC_OP(T, prefix, or) \
KCSD_ATOMIC_OP(T, prefix, and) \
KCSD_ATOMIC_OP(T, prefix, xor) \
static inline T prefix##_xchg(prefix##_t *v, T val) \
{ \
	return __atomic_exchange_n(&v->counter, val, __ATOMIC_SEQ_CST); \
} \
static inline T prefix##_cmpxchg(prefix##_t *v, T old, T val) \
{ \
	__atomic_compare_exchange_n(&v->counter, &old, val, false, \
				    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
	return old; \
}
KCSD_ATOMIC(s32, atomic)
KCSD_ATOMIC(s64, atomic64)
#undef KCSD_ATOMIC
#undef KCSD_ATOMIC_OP

#define smp_load_acquire(p)	__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define smp_store_release(p, x)	__atomic_store_n(p, x, __ATOMIC_RELEASE)

#endif /* __KERNEL__ */

/* Checksums: by the kernel library (driver/compute/digest.c), in user space by user_digest.c. */
struct kcsd_sha256;

/* Update a CRC-32C. Inverts neither crc nor the result. */
u32 kcsd_crc32c(u32 crc, const void *p, size_t len);
/* Add bytes to a hash. *hash is in the memory of the program: any contents must be safe. */
void kcsd_sha256_add(struct kcsd_sha256 *hash, const void *p, size_t len);
/* Finish a hash. digest: KCSD_SHA256_LEN bytes. Leaves *hash undefined. */
void kcsd_sha256_end(struct kcsd_sha256 *hash, u8 *digest);

#endif
