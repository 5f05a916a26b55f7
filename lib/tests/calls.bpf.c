// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* object_test takes the relocations of these calls away. */
#include <kcsd_helpers.h>

#define noinline __attribute__((noinline))

static noinline __u64 twice(__u64 x)
{
	return x * 2;
}

static noinline __u64 thrice(__u64 x)
{
	return x * 3;
}

SEC("kcsd")
__u64 calls(struct kcsd_ctx *ctx)
{
	return twice(ctx->cparam1) + thrice(ctx->cparam1);
}
