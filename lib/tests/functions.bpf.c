// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* For tests: several programs that share functions of every kind. */
#include <kcsd_helpers.h>
#include <kcsd_string.h>

#define noinline __attribute__((noinline))

struct state {
	__u64 sum;
	__u32 calls;
	__u8 bytes[20];
};

static __u64 total = 1000;	/* of all programs, of each run anew */

static noinline __u64 five(__u64 a, __u64 b, __u64 c, __u64 d, __u64 e)
{
	return a + b * 10 + c * 100 + d * 1000 + e * 10000;
}

/* The frame of another function. */
static noinline void count(struct state *state, __u64 value)
{
	state->sum += value;
	state->bytes[state->calls++ % sizeof(state->bytes)] = value;
}

/* Global ones, one of which another file might have replaced. */
noinline __u64 global(__u64 x)
{
	return five(x, x, x, x, x) + total++;
}

__attribute__((weak)) noinline __u64 weak(__u64 x)
{
	return global(x) + 1;
}

/* Each has a frame of its own: a byte in all of them must survive the calls below. */
#define LEVEL(n, next) \
static noinline __u64 level##n(__u64 x) \
{ \
	volatile __u8 frame[400]; \
	frame[x % 400] = n; \
	return next(x + 1) * 10 + frame[x % 400]; \
}

static noinline __u64 bottom(__u64 x)
{
	volatile __u64 seen = x;

	return seen;
}

LEVEL(7, bottom)
LEVEL(6, level7)
LEVEL(5, level6)
LEVEL(4, level5)
LEVEL(3, level4)
LEVEL(2, level3)

/* 11111 * x + 1000 + 1 */
SEC("kcsd/first")
__u64 calls(struct kcsd_ctx *ctx)
{
	return weak(ctx->cparam1);
}

/* 1 + 2 + ... + x, and a million for each call */
SEC("kcsd/second")
__u64 by_address(struct kcsd_ctx *ctx)
{
	struct state state = {};
	__u64 i;

	for (i = 1; i <= ctx->cparam1; i++)
		count(&state, i);
	return state.sum + state.calls * 1000000ULL;
}

/* Eight functions deep, this one the first: x + 6 and then the digits 765432 */
SEC("kcsd/third")
__u64 deep(struct kcsd_ctx *ctx)
{
	return level2(ctx->cparam1);
}

/* Nine are too many. */
static noinline __u64 level1(__u64 x)
{
	return level2(x) + 1;
}

SEC("kcsd/third")
__u64 too_deep(struct kcsd_ctx *ctx)
{
	return level1(ctx->cparam1);
}

/* Both shared and its own: five() is in the image once. */
SEC("kcsd")
__u64 mixed(struct kcsd_ctx *ctx)
{
	return five(1, 2, 3, 4, 5) + global(ctx->cparam1) + global(0);
}

/* Uses none of the functions. */
SEC("kcsd")
__u64 alone(struct kcsd_ctx *ctx)
{
	return ctx->cparam1 + 1;
}

/* The C names of helpers, and what the compiler does itself. */
static struct large {
	__u8 bytes[3000];
} from, to;

SEC("kcsd")
__u64 copies(struct kcsd_ctx *ctx)
{
	struct state small = { .sum = ctx->cparam1 }, copy;

	memset(from.bytes, ctx->cparam1, sizeof(from));
	memcpy(&to, &from, sizeof(to));
	to.bytes[ctx->cparam2] ^= 1;
	memcpy(&copy, &small, sizeof(copy));
	return copy.sum + to.bytes[2998] * 100 + (memcmp(&to, &from, sizeof(to)) + 1) * 100000 +
	       ((__u8 *)memchr(from.bytes, ctx->cparam1, 3000) - from.bytes);
}
