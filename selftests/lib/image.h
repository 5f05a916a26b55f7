/* SPDX-License-Identifier: GPL-2.0 */
/* The image of a program: what is loaded. */
#ifndef KST_IMAGE_H
#define KST_IMAGE_H

#include <linux/bpf.h>
#include <linux/types.h>

struct image {
	const struct bpf_insn *insns;
	__u32 insn_cnt;
	const void *data;
	__u32 data_len;
	__u32 bss_len;
	__u32 heap_len;
	const char *name;
};

#define IMAGE_MAX	(2u << 20)

/*
 * Build the bytes to load, in a static buffer: valid until the next call. If data is NULL: zeroes.
 */
void *image_build(const struct image *im, __u32 *len);

#endif
