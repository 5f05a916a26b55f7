// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* For tests: calls a helper that no drive has. */
#include <kcsd_helpers.h>

static long (*const no_such_helper)(void) = (void *)(KCSD_HELPER_BASE + 77);

SEC("kcsd")
__u64 unknown(struct kcsd_ctx *ctx)
{
	return no_such_helper() + ctx->cparam1;
}
