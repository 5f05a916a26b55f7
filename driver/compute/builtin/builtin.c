// SPDX-License-Identifier: GPL-2.0
/* Device-defined programs, at the indices after those of the host. */
#include <linux/mm.h>
#include <linux/string.h>

#include "compute/program.h"
#include "config.h"

#include "crc32c.h"
#include "grep.h"
#include "histogram.h"
#include "word.h"

/* In order of the program indices: append only. */
static const struct kcsd_builtin {
	const u8 *image;
	u32 len;	/* bytes */
} kcsd_builtins[] = {
	{ kcsd_builtin_word, sizeof(kcsd_builtin_word) },
	{ kcsd_builtin_grep, sizeof(kcsd_builtin_grep) },
	{ kcsd_builtin_crc32c, sizeof(kcsd_builtin_crc32c) },
	{ kcsd_builtin_histogram, sizeof(kcsd_builtin_histogram) },
};

u32 kcsd_builtins_nr(const struct kcsd_config *config)
{
	return config->device_programs ? ARRAY_SIZE(kcsd_builtins) : 0;
}

void *kcsd_builtin_image(u32 i, u32 *len)
{
	*len = kcsd_builtins[i].len;
	return kvmemdup(kcsd_builtins[i].image, kcsd_builtins[i].len, GFP_KERNEL);
}
