// SPDX-License-Identifier: GPL-2.0
/* Decode integers of 7 bits a byte, the format of differences in a column. Add them up. */
#include "kernel.h"

#define VARINT_MAX	10	/* bytes */

static __u8 stream[65536];
static __u64 stream_len;

static __u8 *encode(__u8 *p, __u64 value)
{
	for (; value >= 0x80; value >>= 7)
		*p++ = value | 0x80;
	*p++ = value;
	return p;
}

/* Make the integers; most of them are short. */
static void setup(__u64 seed)
{
	__u8 *p = stream, *last = stream + sizeof(stream) - VARINT_MAX;

	while (p < last)
		p = encode(p, bench_random(&seed) >> (36 + bench_below(&seed, 28)));
	stream_len = p - stream;
}

static noinline __u64 kernel(void)
{
	const __u8 *p = stream, *end = stream + stream_len;
	__u64 value = 0, sum = 0, difference;
	__u32 shift;
	__u8 byte;

	while (p < end) {
		difference = 0;
		shift = 0;
		do {
			byte = *p++;
			difference |= (__u64)(byte & 0x7f) << shift;
			shift += 7;
		} while (byte & 0x80 && shift < 64 && p < end);
		value += difference >> 1 ^ -(difference & 1);	/* zigzag: the sign is bit 0 */
		sum ^= value;
	}
	return sum + value;
}

BENCH(varint)
