// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Programs that fault, each on the one line that has its name as a comment: that is where
 * tools must say that it was.
 */
#include <kcsd_helpers.h>

static __attribute__((noinline)) __u64 innermost(const __u64 *p)
{
	return p[0] + p[1];	/* in_static */
}

static __attribute__((noinline)) __u64 inner(__u64 addr)
{
	return innermost((const __u64 *)addr) ^ addr;
}

__attribute__((noinline)) __u64 emits(__u64 addr, __u64 len)
{
	return kcsd_emit((const void *)addr, len) + len;	/* in_helper */
}

static __attribute__((noinline)) void waits(volatile __u32 *p)
{
	while (!*p)	/* in_loop */
		;
}

SEC("kcsd")
__u64 in_entry(struct kcsd_ctx *ctx)
{
	volatile __u64 *p = (__u64 *)8;

	*p = ctx->cparam1;	/* in_entry */
	return 0;
}

SEC("kcsd")
__u64 in_static(struct kcsd_ctx *ctx)
{
	return inner(ctx->cparam1) + 1;
}

SEC("kcsd")
__u64 in_helper(struct kcsd_ctx *ctx)
{
	return emits(ctx->cparam1, 16) + 1;
}

SEC("kcsd")
__u64 in_loop(struct kcsd_ctx *ctx)
{
	__u32 never = 0;

	(void)ctx;
	waits(&never);
	return 0;
}
