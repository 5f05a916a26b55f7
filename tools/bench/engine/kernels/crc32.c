// SPDX-License-Identifier: GPL-2.0
/* Compute the CRC-32 of Ethernet and zlib, 8 bytes at a time by tables. */
#include "kernel.h"

#define POLYNOMIAL	0xedb88320u	/* reflected */

/* table[k][b]: the CRC of byte b followed by k zero bytes. */
static __u32 table[8][256];
static __u64 data[65536 / 8];

static void make_table(void)
{
	__u32 i, k, crc;

	for (i = 0; i < 256; i++) {
		crc = i;
		for (k = 0; k < 8; k++)
			crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
		table[0][i] = crc;
	}
	for (k = 1; k < 8; k++)
		for (i = 0; i < 256; i++)
			table[k][i] = table[k - 1][i] >> 8 ^ table[0][table[k - 1][i] & 0xff];
}

static void setup(__u64 seed)
{
	__u64 i;

	make_table();
	for (i = 0; i < sizeof(data) / 8; i++)
		data[i] = bench_random(&seed);
}

static noinline __u64 kernel(void)
{
	const __u64 *p = data, *end = data + sizeof(data) / 8;
	__u32 crc = ~0u;
	__u64 x;

	for (; p < end; p++) {
		x = *p ^ crc;
		crc = table[7][x & 0xff] ^ table[6][x >> 8 & 0xff] ^
		      table[5][x >> 16 & 0xff] ^ table[4][x >> 24 & 0xff] ^
		      table[3][x >> 32 & 0xff] ^ table[2][x >> 40 & 0xff] ^
		      table[1][x >> 48 & 0xff] ^ table[0][x >> 56];
	}
	return (__u32)~crc;
}

BENCH(crc32)
