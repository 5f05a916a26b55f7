/* SPDX-License-Identifier: GPL-2.0 */
/* Create a drive with a write cache of CACHED LBAs. Its backing file is on its own file system. */
#ifndef KST_CACHED_H
#define KST_CACHED_H

#include "drive.h"
#include "small_fs.h"

#define LBA	4096
#define NSZE	4096u
#define CACHED	64u

struct cached {
	struct drive d;
	struct small_fs fs;
	int image;	/* the backing file */
	int block;
	__u8 *buf;	/* 1 MiB */
};

int cached_up(struct cached *c);
int cached_down(struct cached *c);
int cached_io(const struct drive *d, __u8 opcode, __u64 slba, __u32 nlb, void *buf);
__u64 cached_count(const struct drive *d, const char *name);

/*
 * Returns the byte that fills the LBA, in the file, or on the drive if image is -1. -1: bytes
 * differ; -2: cannot be read.
 */
int cached_byte(const struct drive *d, int image, __u64 lba);

int cached_write(const struct drive *d, __u64 slba, __u32 nlb, __u8 *buf, __u8 byte);

#endif
