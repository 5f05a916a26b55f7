/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * All differences between the store in the kernel and in user space, besides those of the engine:
 * names of the kernel, for a program with POSIX threads.
 */
#ifndef KCSD_KV_ENV_H
#define KCSD_KV_ENV_H

#include "../engine/env.h"

#ifdef __KERNEL__

#include <linux/container_of.h>
#include <linux/kthread.h>
#include <linux/math.h>
#include <linux/mutex.h>
#include <linux/random.h>
#include <linux/sched/mm.h>
#include <linux/siphash.h>
#include <linux/sort.h>
#include <linux/spinlock.h>
#include <linux/uio.h>
#include <linux/wait.h>

/* A thread that runs fn(arg) once; fn returns soon after the owner asks it to. */
struct kcsd_kv_thread {
	struct task_struct *task;
};

static inline int kcsd_kv_thread_start(struct kcsd_kv_thread *thread, int (*fn)(void *arg),
				       void *arg)
{
	thread->task = kthread_run(fn, arg, "kcsd-kv");
	return PTR_ERR_OR_ZERO(thread->task);
}

static inline void kcsd_kv_thread_join(struct kcsd_kv_thread *thread)
{
	kthread_stop(thread->task);
}

/* Let fn() stay until it is joined. */
static inline void kcsd_kv_thread_end(void)
{
	set_current_state(TASK_IDLE);
	while (!kthread_should_stop()) {
		schedule();
		set_current_state(TASK_IDLE);
	}
	__set_current_state(TASK_RUNNING);
}

/* Let allocations in between start no I/O, which could wait for the store. */
static inline unsigned int kcsd_kv_noio_begin(void)
{
	return memalloc_noio_save();
}

static inline void kcsd_kv_noio_end(unsigned int flags)
{
	memalloc_noio_restore(flags);
}

/* Allocate memory of the medium, not zeroed. Fails rather than call the OOM killer. */
static inline void *kcsd_kv_alloc_medium(size_t size)
{
	return kvmalloc(size, GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN);
}

/* Allocate without waiting. */
static inline void *kcsd_kv_alloc_now(size_t size)
{
	return kzalloc(size, GFP_NOWAIT | __GFP_NOWARN);
}

static inline u64 kcsd_kv_random(void)
{
	return get_random_u64();
}

/* A hash that nobody can foresee without the seed. */
static inline u32 kcsd_kv_hash(const u64 words[3], const u64 seed[2])
{
	const siphash_key_t key = { { seed[0], seed[1] } };

	return (u32)siphash_3u64(words[0], words[1], words[2], &key);
}

#else

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <time.h>

#ifndef container_of
#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))
#endif
#undef READ_ONCE
#define READ_ONCE(x)		__atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, val)	__atomic_store_n(&(x), val, __ATOMIC_RELAXED)
#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))
#define round_up(x, y)		((((x) - 1) | ((__typeof__(x))(y) - 1)) + 1)
#define round_down(x, y)	((x) & ~((__typeof__(x))(y) - 1))
#define min_t(t, a, b)		min((t)(a), (t)(b))
#define max_t(t, a, b)		max((t)(a), (t)(b))
#define ____cacheline_aligned_in_smp	__attribute__((__aligned__(64)))
#define lockdep_assert_held(l)	((void)(l))
#define cond_resched()		((void)0)
#define xchg(p, v)		__atomic_exchange_n(p, v, __ATOMIC_SEQ_CST)
#define swap(a, b)	do { __auto_type swap_ = (a); (a) = (b); (b) = swap_; } while (0)
#define sort(base, nr, size, cmp, swap)	qsort(base, nr, size, cmp)

struct mutex {
	pthread_mutex_t m;
};

static inline void mutex_init(struct mutex *l)
{
	pthread_mutex_init(&l->m, NULL);
}

static inline void mutex_destroy(struct mutex *l)
{
	pthread_mutex_destroy(&l->m);
}

static inline void mutex_lock(struct mutex *l)
{
	pthread_mutex_lock(&l->m);
}

#define mutex_lock_nested(l, class)	mutex_lock(l)

static inline bool mutex_trylock(struct mutex *l)
{
	return !pthread_mutex_trylock(&l->m);
}

static inline void mutex_unlock(struct mutex *l)
{
	pthread_mutex_unlock(&l->m);
}

typedef struct mutex spinlock_t;

#define spin_lock_init(l)	mutex_init(l)
#define spin_lock(l)		mutex_lock(l)
#define spin_unlock(l)		mutex_unlock(l)

typedef struct {
	pthread_mutex_t m;
	pthread_cond_t c;
} wait_queue_head_t;

static inline void init_waitqueue_head(wait_queue_head_t *q)
{
	pthread_mutex_init(&q->m, NULL);
	pthread_cond_init(&q->c, NULL);
}

static inline void wake_up_all(wait_queue_head_t *q)
{
	pthread_mutex_lock(&q->m);
	pthread_cond_broadcast(&q->c);
	pthread_mutex_unlock(&q->m);
}

static inline void kcsd_kv_wait_ms(wait_queue_head_t *q, u32 ms)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += ms * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_cond_timedwait(&q->c, &q->m, &until);
}

#define ERESTARTSYS	512
#define HZ		1000
#define wait_event_timeout(q, cond, timeout) \
do { \
	u32 left_ = (timeout); \
\
	pthread_mutex_lock(&(q).m); \
	for (; !(cond) && left_; left_ = left_ > 20 ? left_ - 20 : 0) \
		kcsd_kv_wait_ms(&(q), 20); \
	pthread_mutex_unlock(&(q).m); \
} while (0)
#define wait_event(q, cond) \
do { \
	pthread_mutex_lock(&(q).m); \
	while (!(cond)) \
		kcsd_kv_wait_ms(&(q), 20); \
	pthread_mutex_unlock(&(q).m); \
} while (0)
#define wait_event_idle(q, cond)	wait_event(q, cond)

static inline s32 atomic_read(const atomic_t *v)
{
	return __atomic_load_n(&v->counter, __ATOMIC_RELAXED);
}

static inline s64 atomic64_read(const atomic64_t *v)
{
	return __atomic_load_n(&v->counter, __ATOMIC_RELAXED);
}

static inline void atomic_set(atomic_t *v, s32 val)
{
	__atomic_store_n(&v->counter, val, __ATOMIC_RELAXED);
}

static inline void atomic64_set(atomic64_t *v, s64 val)
{
	__atomic_store_n(&v->counter, val, __ATOMIC_RELAXED);
}

#define atomic_inc(v)		atomic_add(1, v)
#define atomic_sub(n, v)	atomic_add(-(s32)(n), v)
#define atomic64_inc(v)		atomic64_add(1, v)
#define atomic64_sub(n, v)	atomic64_add(-(s64)(n), v)
#define atomic64_inc_return(v)	(atomic64_fetch_add(1, v) + 1)
#define atomic_dec_and_test(v)	(atomic_fetch_add(-1, v) == 1)
#define atomic64_try_cmpxchg(v, old, new) \
	__atomic_compare_exchange_n(&(v)->counter, old, new, false, \
				    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)

/* Bytes of a caller. */
struct iov_iter {
	u8 *at;
	size_t count;
	size_t fault;		/* a page fault after so many bytes; 0: none */
};

static inline size_t iov_iter_count(const struct iov_iter *iter)
{
	return iter->count;
}

static inline size_t kcsd_kv_iter_move(struct iov_iter *iter, void *p, size_t len, bool to)
{
	if (len > iter->count)
		len = iter->count;
	if (iter->fault && len >= iter->fault)
		return 0;
	if (iter->fault)
		iter->fault -= len;
	if (to && len)
		memcpy(iter->at, p, len);
	else if (len)
		memcpy(p, iter->at, len);
	iter->at += len;
	iter->count -= len;
	return len;
}

static inline size_t _copy_from_iter(void *to, size_t len, struct iov_iter *iter)
{
	return kcsd_kv_iter_move(iter, to, len, false);
}

static inline size_t _copy_to_iter(const void *from, size_t len, struct iov_iter *iter)
{
	return kcsd_kv_iter_move(iter, (void *)from, len, true);
}

struct kcsd_kv_thread {
	pthread_t id;
	int (*fn)(void *arg);
	void *arg;
};

static inline void *kcsd_kv_thread_main(void *arg)
{
	struct kcsd_kv_thread *thread = arg;

	thread->fn(thread->arg);
	return NULL;
}

static inline int kcsd_kv_thread_start(struct kcsd_kv_thread *thread, int (*fn)(void *arg),
				       void *arg)
{
	thread->fn = fn;
	thread->arg = arg;
	return pthread_create(&thread->id, NULL, kcsd_kv_thread_main, thread) ? -ENOMEM : 0;
}

static inline void kcsd_kv_thread_join(struct kcsd_kv_thread *thread)
{
	pthread_join(thread->id, NULL);
}

static inline void kcsd_kv_thread_end(void)
{
}

static inline unsigned int kcsd_kv_noio_begin(void)
{
	return 0;
}

static inline void kcsd_kv_noio_end(unsigned int flags)
{
	(void)flags;
}

static inline void *kcsd_kv_alloc_medium(size_t size)
{
	return calloc(1, size);
}

static inline void *kcsd_kv_alloc_now(size_t size)
{
	return calloc(1, size);
}

/* Defined by the program. */
u64 kcsd_kv_random(void);

static inline u64 kcsd_kv_rotate(u64 v, unsigned int bits)
{
	return v << bits | v >> (64 - bits);
}

/* For user space, where nobody chooses keys to do harm; the kernel's is SipHash. */
static inline u32 kcsd_kv_hash(const u64 words[3], const u64 seed[2])
{
	u64 h = seed[0];
	int i;

	for (i = 0; i < 3; i++)
		h = kcsd_kv_rotate((h ^ words[i]) * 0x9e3779b97f4a7c15ULL, 29) + seed[1];
	return (u32)(h ^ h >> 32);
}

#endif /* __KERNEL__ */

#endif
