/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Bytes of segments in memory. */
#ifndef KCSD_KV_BUFFER_H
#define KCSD_KV_BUFFER_H

#include "record.h"

struct kcsd_kv;
struct kcsd_kv_segment;

/* Buffers of freed segments that are kept for the next ones, of a medium in memory. */
#define KCSD_KV_SPARES		8

/* Bytes of a segment in memory. */
struct kcsd_kv_buffer {
	u8 *mem;
	u32 readers;		/* segment.lock, as the next */
	bool retired;		/* the last reader frees it */
};

/* Give a segment a buffer. Returns 0 or -ENOMEM. */
int kcsd_kv_buffer_open(struct kcsd_kv *kv, struct kcsd_kv_segment *s);
/*
 * Keep the buffer of a segment for the next one: to free its pages, and have others zeroed, costs
 * as much as the records that fill it. In memory nobody but its segment has it.
 */
void kcsd_kv_buffer_keep(struct kcsd_kv *kv, struct kcsd_kv_segment *s);

/* Zero the bytes of a segment in memory, which nobody reads. */
void kcsd_kv_buffer_erase(struct kcsd_kv *kv, struct kcsd_kv_segment *s);
/* Free the buffers that are kept, zeroed. */
void kcsd_kv_spares_free(struct kcsd_kv *kv);

/* Get the bytes of a segment while they are in memory, else NULL. */
struct kcsd_kv_buffer *kcsd_kv_buffer_get(struct kcsd_kv_segment *s);
void kcsd_kv_buffer_put(struct kcsd_kv_segment *s, struct kcsd_kv_buffer *b);
/* The segment has no buffer any more. */
void kcsd_kv_buffer_retire(struct kcsd_kv_segment *s);

#endif
