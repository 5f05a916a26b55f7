/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Write what was appended to a file, and make it durable. */
#ifndef KCSD_KV_WRITE_H
#define KCSD_KV_WRITE_H

#include "record.h"

struct kcsd_kv;
struct kcsd_kv_lane;
struct kcsd_kv_segment;

/* ---- write.c: of a file ---- */

/*
 * Have space for all of a segment, so that what is appended to it can be written: what is stored is
 * all there or not at all. Returns 0 or -errno of the medium.
 */
int kcsd_kv_write_reserve(struct kcsd_kv *kv, const struct kcsd_kv_segment *s);
/* Prepare the headers of a segment in its buffer, and reserve its space. */
int kcsd_kv_write_open(struct kcsd_kv *kv, struct kcsd_kv_segment *s);
/* Put the mark of a full segment into its buffer. */
void kcsd_kv_write_mark(struct kcsd_kv *kv, struct kcsd_kv_segment *s);
/* Write the rest of the full segment of a lane, if there is one. With write_lock. */
int kcsd_kv_write_full(struct kcsd_kv *kv, struct kcsd_kv_lane *lane);
/* Write all that a lane has. */
int kcsd_kv_write_lane(struct kcsd_kv *kv, struct kcsd_kv_lane *lane);

/* ---- flush.c ---- */

/* As kcsd_kv_flush(), of a file; without kcsd_kv_result(). */
int kcsd_kv_sync(struct kcsd_kv *kv);
/* Sync what was written, without more. */
int kcsd_kv_sync_medium(struct kcsd_kv *kv);
static inline bool kcsd_kv_is_full(int ret)
{
	return ret == -ENOSPC || ret == -EDQUOT || ret == -EFBIG;
}

/* Turn an error of the medium into a status, if it has one. */
int kcsd_kv_result(int ret);

#endif
