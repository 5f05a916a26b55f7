// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* For tests: every kind of data, and functions that use it. */
#include <kcsd_helpers.h>

static volatile const __u32 constant = 5;
static volatile __u64 counter = 100;
static volatile __u8 zeroes[100];
static volatile __u64 wide[4] __attribute__((aligned(64))) = { 1, 2, 3, 4 };

static const char text[] = "alphabetagammas";

static __attribute__((noinline)) __u64 length(const char *word)
{
	__u64 n = 0;

	while (*(volatile const char *)&word[n])
		n++;
	return n;
}

/* Of "gammas" and "s". */
static __attribute__((noinline)) __u64 all_lengths(__u64 from)
{
	__u64 i, sum = 0;

	for (i = from; i < 2; i++)
		sum += length(&text[9 + i * 5]);
	return sum;
}

__attribute__((noinline)) __u64 shared(__u64 x)
{
	return x * constant;
}

/* 7 + 35 + 101 + 1000 + 30000 + 200000; a million or more if data is not where it should be. */
SEC("kcsd")
__u64 data(struct kcsd_ctx *ctx)
{
	volatile __u64 *volatile at = wide;
	__u64 sum = all_lengths(ctx->cparam1) + shared(7);
	__u32 i;

	counter++;
	sum += counter;
	for (i = 0; i < sizeof(zeroes); i++)
		sum += zeroes[i] * 1000000ULL;
	sum += ((__u64)at % 64) * 1000000ULL;
	sum += wide[0] * 1000;
	sum += at[2] * 10000;
	zeroes[99] = 200;
	return sum + zeroes[99] * 1000ULL;
}

/* Names in sections are not only "kcsd". */
SEC("kcsd/other")
__u64 other(struct kcsd_ctx *ctx)
{
	return shared(ctx->cparam1);
}
