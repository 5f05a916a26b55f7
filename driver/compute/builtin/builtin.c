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
} builtins[] = {
	{ builtin_word, sizeof(builtin_word) },
	{ builtin_grep, sizeof(builtin_grep) },
	{ builtin_crc32c, sizeof(builtin_crc32c) },
	{ builtin_histogram, sizeof(builtin_histogram) },
};

u32 kcsd_builtins_nr(const struct kcsd_config *config)
{
	return config->device_programs ? ARRAY_SIZE(builtins) : 0;
}

void *kcsd_builtin_image(u32 i, u32 *len)
{
	*len = builtins[i].len;
	return kvmemdup(builtins[i].image, builtins[i].len, GFP_KERNEL);
}
