// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* For tests: more data than a drive takes. */
#include <kcsd_helpers.h>

static volatile __u8 much[2 << 20] = { [0 ... sizeof(much) - 1] = 1 };

SEC("kcsd")
__u64 big(struct kcsd_ctx *ctx)
{
	return much[ctx->cparam1 & (sizeof(much) - 1)];
}
