// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* For tests: programs of one object that share functions, and data full of addresses. */
#include <kcsd_helpers.h>
#include <kcsd_string.h>

#define ROUNDS	200000

static const char *const names[] = { "read", "write", "emit", "log" };
static __u64 calls[4];
static __u64 *current = calls;		/* moved on by every use */
static __u64 start = 1000;

static __attribute__((noinline)) long emit_text(const char *text)
{
	const char *end = memchr(text, 0, 64);

	return kcsd_emit(text, end - text);
}

static __attribute__((noinline)) __u64 next(__u64 value)
{
	*current += value;
	return *current++ + start++;
}

/* Emits name cparam1. */
SEC("kcsd/names")
__u64 name(struct kcsd_ctx *ctx)
{
	return emit_text(names[ctx->cparam1 % 4]);
}

/* 10 + 1000 + 1001 + 1002 + 1003 where all data is fresh, whatever other runs do meanwhile. */
SEC("kcsd/counts")
__u64 fresh(struct kcsd_ctx *ctx)
{
	__u64 sum = 0, i;

	(void)ctx;
	for (i = 1; i <= 4; i++)
		sum += next(i);
	for (i = 0; i < ROUNDS; i++)
		asm volatile("" : "+r"(i));
	return emit_text("done") ? 0 : sum;
}
