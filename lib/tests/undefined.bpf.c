// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* For tests: calls a function of another file. */
#include <kcsd_helpers.h>

extern __u64 elsewhere(__u64 x);

SEC("kcsd")
__u64 undefined(struct kcsd_ctx *ctx)
{
	return elsewhere(ctx->cparam1);
}
