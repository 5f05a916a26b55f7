// SPDX-License-Identifier: GPL-2.0
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include "compat.h"
#include "compute/audit.h"
#include "compute/output.h"
#include "status.h"
#include "wait.h"

/* ---- one output ---- */

struct kcsd_output *kcsd_output_create(u32 max, bool waits, u32 erasures)
{
	u32 nr_pages = DIV_ROUND_UP(max, PAGE_SIZE);
	struct kcsd_output *out;

	out = kvzalloc(struct_size(out, page, nr_pages), GFP_KERNEL_ACCOUNT);
	if (!out)
		return NULL;
	out->nr_pages = nr_pages;
	out->max = max;
	out->waits = waits;
	out->erasures = erasures;
	out->memcg = get_mem_cgroup_from_mm(current->mm);
	refcount_set(&out->refs, 1);
	init_waitqueue_head(&out->wait);
	return out;
}

void kcsd_output_put(struct kcsd_output *out)
{
	u32 i;

	if (!out || !refcount_dec_and_test(&out->refs))
		return;
	/* Pages were allocated in order. */
	for (i = 0; i < out->nr_pages && out->page[i]; i++)
		free_page((unsigned long)out->page[i]);
	mem_cgroup_put(out->memcg);
	kvfree(out->audit);
	kvfree(out);
}

static u64 ring_len(const struct kcsd_output *out)
{
	return (u64)out->nr_pages << PAGE_SHIFT;
}

/* ---- the run ---- */

static u64 ring_room(const struct kcsd_output *out)
{
	return ring_len(out) - (out->head - smp_load_acquire(&out->tail));
}

bool kcsd_output_is_full(const struct kcsd_output *out)
{
	return !ring_room(out);
}

bool kcsd_output_is_half_empty(const struct kcsd_output *out)
{
	return ring_room(out) >= ring_len(out) / 2;
}

u64 kcsd_output_emit(struct kcsd_output *out, const void *src, u64 len)
{
	u8 **page = &out->page[(out->head >> PAGE_SHIFT) % out->nr_pages];

	len = min3(len, ring_room(out), PAGE_SIZE - offset_in_page(out->head));
	if (!*page)
		*page = kcsd_compat_page_for(out->memcg);
	if (!*page)
		return 0;
	memcpy(*page + offset_in_page(out->head), src, len);
	smp_store_release(&out->head, out->head + len);
	/* By page: to wake a command for each byte would cost more than the run. */
	if (!offset_in_page(out->head) && wq_has_sleeper(&out->wait))
		wake_up(&out->wait);
	return len;
}

void kcsd_output_end(struct kcsd_output *out, const struct kcsd_run_record *record,
		     struct kcsd_audit *audit)
{
	out->record = *record;
	out->audit = audit;
	smp_store_release(&out->ended, true);
	wake_up(&out->wait);
}

/* ---- the command ---- */

bool kcsd_output_receive_begin(struct kcsd_output *out)
{
	return !test_and_set_bit_lock(0, &out->receiving);
}

void kcsd_output_receive_end(struct kcsd_output *out)
{
	clear_bit_unlock(0, &out->receiving);
}

bool kcsd_output_has_ended(const struct kcsd_output *out)
{
	return smp_load_acquire(&out->ended);
}

bool kcsd_output_is_ready(const struct kcsd_output *out)
{
	return kcsd_output_has_ended(out) ||
	       (smp_load_acquire(&out->head) & PAGE_MASK) > out->tail;
}

int kcsd_output_wait(struct kcsd_output *out)
{
	return kcsd_wait_event(out->wait, kcsd_output_is_ready(out)) ? 0 : -EINTR;
}

bool kcsd_output_is_over(const struct kcsd_output *out)
{
	return kcsd_output_has_ended(out) && out->tail == out->head;
}

ssize_t kcsd_output_receive(struct kcsd_output *out, struct iov_iter *iter)
{
	u64 head = smp_load_acquire(&out->head), tail = out->tail, len;

	while (tail < head && iov_iter_count(iter)) {
		len = min3(head - tail, (u64)iov_iter_count(iter),
			   PAGE_SIZE - offset_in_page(tail));
		if (copy_to_iter(out->page[(tail >> PAGE_SHIFT) % out->nr_pages] +
				 offset_in_page(tail), len, iter) != len)
			return -EFAULT;
		tail += len;
	}
	len = tail - out->tail;
	/* The run may overwrite what was received. */
	smp_store_release(&out->tail, tail);
	if (len && wq_has_sleeper(&out->wait))
		wake_up(&out->wait);
	return len;
}

void kcsd_output_drop(struct kcsd_output *out)
{
	out->tail = out->head;
	out->record.out_len = 0;
	out->record.flags |= cpu_to_le16(KCSD_RECORD_CUT);
}

/* ---- the table ---- */

void kcsd_outputs_init(struct kcsd_outputs *outputs)
{
	spin_lock_init(&outputs->lock);
}

void kcsd_outputs_destroy(struct kcsd_outputs *outputs)
{
	u32 i;

	for (i = 0; i < KCSD_MAX_OUTPUTS; i++)
		kcsd_output_put(outputs->output[i]);
}

/* Return the place of an output, also if the CPU mis-speculates about oid. */
static struct kcsd_output **slot_of(struct kcsd_outputs *outputs, u16 oid)
{
	return &outputs->output[array_index_nospec(oid - 1, KCSD_MAX_OUTPUTS)];
}

int kcsd_outputs_add(struct kcsd_outputs *outputs, u16 oid, struct kcsd_output *out)
{
	struct kcsd_output *old;

	spin_lock(&outputs->lock);
	old = *slot_of(outputs, oid);
	if (old && !READ_ONCE(old->ended)) {
		spin_unlock(&outputs->lock);
		return KCSD_SC_OUTPUT_IN_USE;
	}
	refcount_inc(&out->refs);
	*slot_of(outputs, oid) = out;
	spin_unlock(&outputs->lock);
	kcsd_output_put(old);
	return 0;
}

struct kcsd_output *kcsd_outputs_get(struct kcsd_outputs *outputs, u16 oid)
{
	struct kcsd_output *out;

	spin_lock(&outputs->lock);
	out = *slot_of(outputs, oid);
	if (out)
		refcount_inc(&out->refs);
	spin_unlock(&outputs->lock);
	return out;
}

void kcsd_outputs_remove(struct kcsd_outputs *outputs, u16 oid, struct kcsd_output *out)
{
	bool found;

	spin_lock(&outputs->lock);
	found = *slot_of(outputs, oid) == out;
	if (found)
		*slot_of(outputs, oid) = NULL;
	spin_unlock(&outputs->lock);
	if (found)
		kcsd_output_put(out);
}
