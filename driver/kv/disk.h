/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The file of a store. */
#ifndef KCSD_KV_STORE_DISK_H
#define KCSD_KV_STORE_DISK_H

#include "medium.h"
#include "record.h"

struct kcsd_kv;
struct iov_iter;
struct kcsd_kv_segment;

/* Memory to read records of a file, one reader at a time. */
struct kcsd_kv_window {
	struct mutex lock;
	u8 *mem;
};

#define KCSD_KV_WINDOWS		16
#define KCSD_KV_WINDOW_LEN	(KCSD_KV_PIECE + 3 * KCSD_KV_BLOCK)

/* ---- window.c: of a file ---- */

int kcsd_kv_window_read(struct kcsd_kv *kv, u64 place, u32 payload, u32 offset,
			struct iov_iter *to, u32 len, bool *verified, bool now);

/* ---- disk.c: of a file ---- */

int kcsd_kv_disk_open(struct kcsd_kv *kv, char *why, size_t room);
int kcsd_kv_disk_close(struct kcsd_kv *kv);
void kcsd_kv_disk_destroy(struct kcsd_kv *kv);
void kcsd_kv_disk_cut(struct kcsd_kv *kv, u64 seed);
/*
 * Give the file another UUID: no segment that is in it counts any more. Returns 0; -errno: it is
 * not known which UUID it has.
 */
int kcsd_kv_disk_forget(struct kcsd_kv *kv);
/* Make the bytes of all segments zero, and those of an index behind them. */
int kcsd_kv_disk_erase(struct kcsd_kv *kv);
/* As kcsd_kv_erase_memory(), what a file needs. With round_lock. */
void kcsd_kv_disk_erase_memory(struct kcsd_kv *kv);
/* Zero both headers of a segment. */
int kcsd_kv_disk_clear(struct kcsd_kv *kv, const struct kcsd_kv_segment *s);
u64 kcsd_kv_disk_memory(const struct kcsd_kv *kv);

/* ---- index_write.c, index_read.c ---- */

/*
 * Write the index behind the segments. Sets what the superblock says of it. Nothing else goes on.
 */
int kcsd_kv_index_write(struct kcsd_kv *kv);
/* Read it. Returns 0; another: it cannot be used, the index in memory is empty. */
int kcsd_kv_index_read(struct kcsd_kv *kv);

#endif
