// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * CRC-32C and SHA-256 (FIPS 180-4) for the engine in user space. Short rather than fast: tests and
 * simulations need the same results as the kernel, and no library of ciphers.
 */
#include "env.h"
#include <linux/kcsd_bpf.h>

/* Update by half a byte at a time. */
u32 kcsd_crc32c(u32 crc, const void *p, size_t len)
{
	static const u32 table[16] = {
		0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1,
		0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
		0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
		0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
	};
	const u8 *byte = p;

	for (; len; len--) {
		crc ^= *byte++;
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return crc;
}

/* Fractions of the square roots of the first 8 primes. */
static const u32 sha256_start[8] = {
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
	0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

/* Fractions of the cube roots of the first 64 primes. */
static const u32 sha256_key[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5,
	0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
	0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
	0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
	0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
	0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5,
	0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static u32 ror(u32 x, u32 n)
{
	return x >> n | x << (32 - n);
}

static void schedule(u32 w[64], const u8 *block)
{
	u32 i, s0, s1;

	for (i = 0; i < 16; i++, block += 4)
		w[i] = (u32)block[0] << 24 | block[1] << 16 | block[2] << 8 | block[3];
	for (; i < 64; i++) {
		s0 = ror(w[i - 15], 7) ^ ror(w[i - 15], 18) ^ w[i - 15] >> 3;
		s1 = ror(w[i - 2], 17) ^ ror(w[i - 2], 19) ^ w[i - 2] >> 10;
		w[i] = w[i - 16] + s0 + w[i - 7] + s1;
	}
}

/* Do one round. v: a to h of the standard. */
static void round_of(u32 v[8], u32 word)
{
	u32 s1 = ror(v[4], 6) ^ ror(v[4], 11) ^ ror(v[4], 25);
	u32 choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
	u32 t1 = v[7] + s1 + choice + word;
	u32 s0 = ror(v[0], 2) ^ ror(v[0], 13) ^ ror(v[0], 22);
	u32 majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);

	memmove(v + 1, v, 7 * sizeof(*v));
	v[4] += t1;
	v[0] = t1 + s0 + majority;
}

static void sha256_block(u32 state[8], const u8 *block)
{
	u32 w[64], v[8], i;

	schedule(w, block);
	memcpy(v, state, sizeof(v));
	for (i = 0; i < 64; i++)
		round_of(v, sha256_key[i] + w[i]);
	for (i = 0; i < 8; i++)
		state[i] += v[i];
}

void kcsd_sha256_add(struct kcsd_sha256 *hash, const void *p, size_t len)
{
	const u8 *byte = p;
	u32 at;

	if (!hash->len)
		memcpy(hash->state, sha256_start, sizeof(sha256_start));
	for (; len; len--) {
		at = hash->len++ % sizeof(hash->block);
		hash->block[at] = *byte++;
		if (at == sizeof(hash->block) - 1)
			sha256_block(hash->state, hash->block);
	}
}

void kcsd_sha256_end(struct kcsd_sha256 *hash, u8 *digest)
{
	static const u8 padding[64] = { 0x80 };
	u64 bits = hash->len * 8;
	u8 number[8];
	u32 i;

	for (i = 0; i < 8; i++)
		number[i] = bits >> (56 - 8 * i);
	kcsd_sha256_add(hash, padding, 1 + (119 - hash->len % 64) % 64);
	kcsd_sha256_add(hash, number, sizeof(number));
	for (i = 0; i < KCSD_SHA256_LEN; i++)
		digest[i] = hash->state[i / 4] >> (24 - 8 * (i % 4));
}
