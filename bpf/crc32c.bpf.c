// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Compute the CRC-32C (Castagnoli; also in iSCSI, ext4 and btrfs), 8 bytes at a time.
 *
 * arguments	the CRC of the bytes before the stream, 4 bytes, little-endian; none: there
 *		are no such bytes
 * result	the CRC, 32 bits; negative: -EINVAL, other arguments, CPARAM1 or CPARAM2;
 *		-EIO, the medium failed
 * output	none
 */
#include <kcsd_helpers.h>

#define POLYNOMIAL	0x82f63b78u	/* reflected */

/* table[k][b]: the CRC of byte b followed by k zero bytes. */
static __u32 table[8][256];

static __always_inline void table_init(void)
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

static __always_inline __u32 crc_add8(__u64 x)
{
	return table[7][x & 0xff] ^ table[6][x >> 8 & 0xff] ^
	       table[5][x >> 16 & 0xff] ^ table[4][x >> 24 & 0xff] ^
	       table[3][x >> 32 & 0xff] ^ table[2][x >> 40 & 0xff] ^
	       table[1][x >> 48 & 0xff] ^ table[0][x >> 56];
}

static long crc_chunk(const struct kcsd_chunk *chunk, void *state)
{
	const __u8 *p = chunk->data, *end = p + chunk->len;
	__u64 crc = *(__u32 *)state;

	for (; end - p >= 8; p += 8)
		crc = crc_add8(kcsd_load64(p) ^ crc);
	for (; p < end; p++)
		crc = crc >> 8 ^ table[0][(crc ^ *p) & 0xff];
	*(__u32 *)state = crc;
	return 0;
}

SEC("kcsd")
__u64 crc32c(struct kcsd_ctx *ctx)
{
	__u32 crc = 0;
	long err;

	if ((ctx->args_len && ctx->args_len != sizeof(crc)) || ctx->cparam1 || ctx->cparam2)
		return kcsd_invalid(
			"the argument is an earlier CRC, 4 bytes, or none; there is no CPARAM");
	kcsd_copy(&crc, kcsd_args(ctx), ctx->args_len);
	crc = ~crc;
	table_init();
	err = kcsd_stream(ctx, crc_chunk, &crc);
	return err ? (__u64)err : (__u32)~crc;
}
