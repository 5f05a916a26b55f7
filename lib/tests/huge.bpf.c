// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* For tests: more zeroed memory than any drive has, in a small file. */
#include <kcsd_helpers.h>

static volatile __u8 much[1ul << 31];

SEC("kcsd")
__u64 huge(struct kcsd_ctx *ctx)
{
	return much[ctx->cparam1 & (sizeof(much) - 1)];
}
