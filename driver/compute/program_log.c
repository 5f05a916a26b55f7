// SPDX-License-Identifier: GPL-2.0
/* The program log, log page C0h: output and faults of programs. */
#include <linux/ctype.h>
#include <linux/mm.h>
#include <linux/sort.h>
#include <linux/timekeeping.h>

#include "compute/program_log.h"
#include "engine/engine.h"

int kcsd_program_log_init(struct kcsd_program_log *log)
{
	BUILD_BUG_ON(KCSD_LOG_ENTRIES > KCSD_FAIR_RING_MAX);
	spin_lock_init(&log->lock);
	log->places.nr = KCSD_LOG_ENTRIES;
	log->ring = kvcalloc(KCSD_LOG_ENTRIES, sizeof(*log->ring), GFP_KERNEL);
	return log->ring ? 0 : -ENOMEM;
}

void kcsd_program_log_destroy(struct kcsd_program_log *log)
{
	kvfree(log->ring);
}

static void program_log_append(struct kcsd_program_log *log, struct kcsd_owner owner,
			       struct kcsd_log_entry *e)
{
	e->time_ns = cpu_to_le64(ktime_get_real_ns());
	spin_lock(&log->lock);
	e->seq = cpu_to_le64(++log->seq);
	log->ring[kcsd_fair_ring_add(&log->places, owner)] = *e;
	spin_unlock(&log->lock);
}

void kcsd_program_log_line(struct kcsd_program_log *log, struct kcsd_owner owner, u16 pind,
			   const char *text, u64 len)
{
	struct kcsd_log_entry e = {
		.pind = cpu_to_le16(pind),
		.type = KCSD_LOG_LINE,
		.text_len = min_t(u64, len, KCSD_LOG_TEXT_LEN),
	};
	u8 i;

	for (i = 0; i < e.text_len; i++) {
		char c = READ_ONCE(text[i]);

		e.text[i] = isascii(c) && isprint(c) ? c : '?';
	}
	program_log_append(log, owner, &e);
}

void kcsd_program_log_fault(struct kcsd_program_log *log, struct kcsd_owner owner, u16 pind,
			    const struct kcsd_vm_end *end)
{
	struct kcsd_log_entry e = {
		.pind = cpu_to_le16(pind),
		.type = KCSD_LOG_FAULT,
		.reason = cpu_to_le32(end->reason),
		.pc = cpu_to_le32(end->pc),
		.lba = cpu_to_le64(end->lba),
	};

	program_log_append(log, owner, &e);
}

void kcsd_program_log_io(struct kcsd_program_log *log, struct kcsd_owner owner, u16 pind,
			 int status, u64 lba)
{
	struct kcsd_log_entry e = {
		.pind = cpu_to_le16(pind),
		.type = KCSD_LOG_MEDIUM,
		.reason = cpu_to_le32(status),
		.lba = cpu_to_le64(lba),
	};

	program_log_append(log, owner, &e);
}

void kcsd_program_log_close(struct kcsd_program_log *log, struct kcsd_owner owner)
{
	spin_lock(&log->lock);
	kcsd_fair_ring_close(&log->places, owner);
	spin_unlock(&log->lock);
}

void kcsd_program_log_erase(struct kcsd_program_log *log)
{
	spin_lock(&log->lock);
	kcsd_fair_ring_clear(&log->places);
	memset(log->ring, 0, KCSD_LOG_ENTRIES * sizeof(*log->ring));
	spin_unlock(&log->lock);
}

static int compare_oldest_first(const void *a, const void *b)
{
	const struct kcsd_log_entry *x = a, *y = b;

	return le64_to_cpu(x->seq) < le64_to_cpu(y->seq) ? -1 : 1;
}

void *kcsd_program_log_page(struct kcsd_program_log *log, u32 *len)
{
	struct kcsd_log_header *h;
	struct kcsd_log_entry *e;
	u32 nr;

	*len = sizeof(*h) + KCSD_LOG_ENTRIES * sizeof(*e);
	h = kvzalloc(*len, GFP_KERNEL_ACCOUNT);
	if (!h)
		return NULL;
	e = (void *)(h + 1);

	spin_lock(&log->lock);
	nr = log->places.used;
	memcpy(e, log->ring, nr * sizeof(*e));
	spin_unlock(&log->lock);
	sort(e, nr, sizeof(*e), compare_oldest_first, NULL);

	h->nr = cpu_to_le32(nr);
	h->entry_len = cpu_to_le32(sizeof(*e));
	return h;
}
