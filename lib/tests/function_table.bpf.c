// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Refused: addresses of functions in data. */
#include <kcsd_helpers.h>

static __attribute__((noinline)) __u64 twice(__u64 x)
{
	return x * 2;
}

static __attribute__((noinline)) __u64 thrice(__u64 x)
{
	return x * 3;
}

static __u64 (*const volatile functions[])(__u64) = { twice, thrice };

SEC("kcsd")
__u64 function_table(struct kcsd_ctx *ctx)
{
	return functions[ctx->cparam1 % 2](ctx->cparam2);
}
