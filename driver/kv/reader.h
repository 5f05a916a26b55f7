/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Validate the file of a store: read every record, write nothing. For user space. Memory: some 100
 * bytes for each record of the file.
 */
#ifndef KCSD_KV_READER_H
#define KCSD_KV_READER_H

#include "medium.h"
#include <linux/kcsd.h>

struct kcsd_kv_report {
	__u8 uuid[16];
	bool clean;		/* it was closed cleanly */
	u32 damaged_supers;	/* copies of the superblock */
	u64 size;		/* bytes of keys and values that fit */
	u64 segments;
	u64 used_segments;
	u64 records;
	u64 objects;
	u64 bytes;		/* of their keys and values */
	u64 deletes;		/* records of deleted objects that older records need */
	u64 damaged;		/* objects that cannot be read, of those above */
	u64 damaged_stale;	/* records that do not count any more: no harm */
	/* records of which not even the key is known: an object may be missing */
	u64 lost;
	u64 torn;		/* records that were being written when power failed: no harm */
};

/* An object that is damaged, or records that are lost: key_len 0. */
struct kcsd_kv_damage {
	u8 key_len;
	u8 key[KCSD_KV_MAX_KEY];
	u64 place;		/* in the file, of the first bad record */
};

/*
 * Returns 0, with the report; -ENODATA: the file is empty; -EUCLEAN: it is not a store; -ESPIPE: it
 * was cut short; -ENOMEM; -errno of the medium. tell: may be NULL.
 */
int kcsd_kv_file_validate(struct kcsd_kv_medium *m, struct kcsd_kv_report *report,
			  void (*tell)(const struct kcsd_kv_damage *damage, void *arg), void *arg);

#endif
