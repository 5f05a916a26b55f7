// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* For tests: programs that are compiled but not loaded, each for a reason of its own. */
#include <kcsd_helpers.h>

static __attribute__((noinline)) __u64 twice(__u64 x)
{
	return x * 2 + (x >> 3);
}

/* The address of a function. */
SEC("kcsd")
__u64 function_address(struct kcsd_ctx *ctx)
{
	__u64 (*volatile fn)(__u64) = twice;

	return fn(ctx->cparam1);
}

static __attribute__((noinline)) __u64 forever(__u64 x)
{
	return x > 1 ? forever(x - 1) ^ forever(x - 2) * 3 : x;
}

SEC("kcsd")
__u64 recursion(struct kcsd_ctx *ctx)
{
	return forever(ctx->cparam1);
}

#define HELPER_99	((long (*)(void))(KCSD_HELPER_BASE + 99))

static __attribute__((noinline)) __u64 calls_helper(__u64 x)
{
	return HELPER_99() + x;
}

SEC("kcsd")
__u64 helper_in_function(struct kcsd_ctx *ctx)
{
	return calls_helper(ctx->cparam1);
}

SEC("kcsd")
__u64 good(struct kcsd_ctx *ctx)
{
	return twice(ctx->cparam1);
}
