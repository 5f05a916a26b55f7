// SPDX-License-Identifier: GPL-2.0
#include "image.h"

#include <stdio.h>
#include <string.h>

#include <linux/kcsd.h>

void *image_build(const struct image *im, __u32 *len)
{
	static __u8 buf[IMAGE_MAX] __attribute__((aligned(8)));
	struct kcsd_image hdr = {
		.version = KCSD_IMAGE_VERSION, .hdr_len = sizeof(hdr),
		.insn_cnt = im->insn_cnt, .data_len = im->data_len,
		.bss_len = im->bss_len, .heap_len = im->heap_len,
	};
	__u32 code_len = im->insn_cnt * sizeof(*im->insns);

	memcpy(hdr.magic, KCSD_IMAGE_MAGIC, KCSD_IMAGE_MAGIC_LEN);
	snprintf(hdr.name, sizeof(hdr.name), "%s", im->name ? im->name : "test");
	memcpy(buf, &hdr, sizeof(hdr));
	if (code_len)
		memcpy(buf + sizeof(hdr), im->insns, code_len);
	if (im->data)
		memcpy(buf + sizeof(hdr) + code_len, im->data, im->data_len);
	else
		memset(buf + sizeof(hdr) + code_len, 0, im->data_len);
	*len = sizeof(hdr) + code_len + im->data_len;
	return buf;
}
