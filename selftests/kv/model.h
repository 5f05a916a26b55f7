/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A store and what it should have: for each key what is there, what was there at the last flush,
 * and all in between. After a crash, any of these may be there; nothing else.
 */
#ifndef KCSD_KV_MODEL_H
#define KCSD_KV_MODEL_H

#include "disk.h"
#include "kv.h"

#define MODEL_KEYS	160
#define MODEL_SINCE	48

struct version {
	bool there;
	u32 len;
	u32 tag;
};

struct model {
	struct kcsd_kv_config config;
	struct disk *disk;		/* NULL: memory */
	struct kcsd_kv *kv;
	struct version now[MODEL_KEYS];
	struct version durable[MODEL_KEYS];
	struct version since[MODEL_KEYS][MODEL_SINCE];
	u32 nr_since[MODEL_KEYS];
	u32 tag;
	u32 most;			/* bytes of a value */
	bool fails;			/* commands may fail with this */
	int error;
	u32 failed;
	u32 full;			/* stores that found no room */
	u32 wrong;			/* results that cannot be */
	char what[200];			/* the first of them */
};

void model_init(struct model *m, struct disk *disk, u64 size);
int model_open(struct model *m);
void model_close(struct model *m);
/* Do a random command. */
void model_step(struct model *m);
int model_flush(struct model *m);
/* Compare all keys with what may be there, and take over what is. */
void model_compare(struct model *m);
/*
 * Power is cut now: whatever is written is in vain. Reopens, compares. how: 0 plug, 1
 * kcsd_kv_cut().
 */
void model_crash(struct model *m, u32 how);
/* Close, open, compare. */
void model_reopen(struct model *m);
void model_wrong(struct model *m, const char *fmt, ...)
	__attribute__((__format__(__printf__, 2, 3)));

#endif
