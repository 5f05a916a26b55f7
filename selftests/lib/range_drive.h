/* SPDX-License-Identifier: GPL-2.0 */
/* A drive with programs that work on memory ranges. */
#ifndef KST_RANGE_DRIVE_H
#define KST_RANGE_DRIVE_H

#include "drive.h"

#define PAGE		4096
#define SLM		(4u << 20)
#define RANGES		8		/* max_ranges */
#define LBA		4096
#define MAPPINGS		4		/* mappings of range sets that a unit keeps */

enum { SEVEN, ENDLESS, LOAD, STORE, SWAP, ADD, TABLE, WAIT, BOTH, EMIT, COPY, OR_ALL, READ, OTHER };

int range_drive_install(int ctrl);
int range_drive_create(struct drive *d, const char *name, const char *engine, const char *cus);
int slm_byte(struct drive *d, __u64 at);
int set_byte(struct drive *d, __u64 at, __u8 byte);

/* Create a range set of one range. Returns its identifier. */
__u16 range_set_make(struct drive *d, __u64 start, __u32 len);

/* Returns the address of the first range, in a run with args_len bytes of arguments and no data. */
__u64 run_ranges_at(__u32 args_len);

#endif
