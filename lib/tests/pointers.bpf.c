// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* For tests: addresses in initialised data. */
#include <kcsd_helpers.h>

static const char *const words[] = { "alpha", "beta", "gamma" };

SEC("kcsd")
__u64 pointers(struct kcsd_ctx *ctx)
{
	return *(words[ctx->cparam1 % 3] + ctx->cparam2);
}
