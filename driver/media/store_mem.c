// SPDX-License-Identifier: GPL-2.0
/*
 * A store in memory: vmalloc, with huge mappings where available.
 *
 * Data is copied at most 4 KiB at a time, under the lock of the stripe of that page, so that no LBA
 * is torn. Plain spin locks suffice: no interrupt handler comes here, and blk-mq calls queue_rq
 * from none.
 */
#define pr_fmt(fmt) "kcsd: " fmt

#include <linux/cache.h>
#include <linux/cpumask.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/vmalloc.h>

#include "config.h"
#include "media/store.h"

#define STRIPE_SHIFT	12	/* of the largest LBA */
#define STRIPE_LEN	BIT(STRIPE_SHIFT)
#define STRIPES_PER_CPU	64
#define MAX_STRIPES	SZ_4K

/* Fail rather than call the OOM killer. */
#define MEM_GFP		(GFP_KERNEL | __GFP_ZERO | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

struct kcsd_store_stripe {
	spinlock_t lock;	/* protects the bytes of its pages; a leaf */
} ____cacheline_aligned_in_smp;

static spinlock_t *stripe_lock(struct kcsd_store *s, u64 pos)
{
	return &s->stripes[pos >> STRIPE_SHIFT & s->stripe_mask].lock;
}

/* Return the bytes from pos to the end of its stripe, at most len. */
static size_t stripe_rest(u64 pos, u64 len)
{
	return min(len, STRIPE_LEN - (pos & (STRIPE_LEN - 1)));
}

/*
 * Calls _copy_to_iter(), not copy_to_iter(): hardened usercopy would look up the vmalloc area of
 * each page, and there is no user memory here.
 */
static int mem_read(struct kcsd_store *s, u64 pos, struct iov_iter *iter)
{
	while (iov_iter_count(iter)) {
		size_t len = stripe_rest(pos, iov_iter_count(iter));
		spinlock_t *lock = stripe_lock(s, pos);
		size_t done;

		spin_lock(lock);
		done = _copy_to_iter(s->mem + pos, len, iter);
		spin_unlock(lock);
		if (done != len)
			return -EFAULT;
		pos += len;
	}
	return 0;
}

static int mem_write(struct kcsd_store *s, u64 pos, struct iov_iter *iter)
{
	while (iov_iter_count(iter)) {
		size_t len = stripe_rest(pos, iov_iter_count(iter));
		spinlock_t *lock = stripe_lock(s, pos);
		size_t done;

		spin_lock(lock);
		done = _copy_from_iter(s->mem + pos, len, iter);
		spin_unlock(lock);
		if (done != len)
			return -EFAULT;
		pos += len;
	}
	return 0;
}

/* Must not sleep (see blocking), so the caller limits len, as host/block.c does. */
static int mem_zero(struct kcsd_store *s, u64 pos, u64 len, bool unmap)
{
	while (len) {
		size_t n = stripe_rest(pos, len);
		spinlock_t *lock = stripe_lock(s, pos);

		spin_lock(lock);
		memset(s->mem + pos, 0, n);
		spin_unlock(lock);
		pos += n;
		len -= n;
	}
	return 0;
}

static int mem_flush(struct kcsd_store *s)
{
	return 0;
}

static void mem_close(struct kcsd_store *s)
{
	vfree(s->mem);
	kvfree(s->stripes);
}

static const struct kcsd_store_ops store_mem_ops = {
	.name	= "memory",
	.close	= mem_close,
	.read	= mem_read,
	.read_now = mem_read,
	.write	= mem_write,
	.zero	= mem_zero,
	.flush	= mem_flush,
};

int kcsd_store_mem_open(struct kcsd_store *s, const struct kcsd_config *c, const char *name)
{
	u32 nr = min(roundup_pow_of_two(num_possible_cpus() * STRIPES_PER_CPU), MAX_STRIPES);
	u32 i;

	if (!kcsd_config_fits_memory(name, "size", c->size))
		return -ENOMEM;
	s->mem = vmalloc_huge(c->size, MEM_GFP);
	if (!s->mem)
		goto fail;
	s->stripes = kvcalloc(nr, sizeof(*s->stripes), GFP_KERNEL);
	if (!s->stripes)
		goto free_mem;
	for (i = 0; i < nr; i++)
		spin_lock_init(&s->stripes[i].lock);
	s->stripe_mask = nr - 1;
	s->size = c->size;
	s->memory = c->size + nr * sizeof(*s->stripes);
	s->discard_granularity = STRIPE_LEN;
	s->alignment = sizeof(u32);
	s->stable_writes = false;
	s->volatile_cache = false;
	s->ops = &store_mem_ops;
	return 0;

free_mem:
	vfree(s->mem);
fail:
	pr_err("%s: no memory for size %llu\n", name, c->size);
	return -ENOMEM;
}
