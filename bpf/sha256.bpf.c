// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Compute the SHA-256 of the data, as sha256sum does. A helper of the drive does the work.
 *
 * arguments	none
 * result	the number of bytes; negative: -EINVAL, arguments, CPARAM1 or CPARAM2;
 *		-EIO, the medium failed; -ENOSPC, no room for the output
 * output	the digest, 32 bytes
 */
#include <kcsd_helpers.h>

static struct kcsd_sha256 hash;

static long add_chunk(const struct kcsd_chunk *chunk, void *state)
{
	*(__u64 *)state += chunk->len;
	return kcsd_sha256_add(&hash, chunk->data, chunk->len);
}

SEC("kcsd")
__u64 sha256(struct kcsd_ctx *ctx)
{
	__u8 digest[KCSD_SHA256_LEN];
	__u64 len = 0;
	long err;

	if (ctx->args_len || ctx->cparam1 || ctx->cparam2)
		return kcsd_invalid("there is neither an argument nor a CPARAM");
	err = kcsd_stream(ctx, add_chunk, &len);
	if (!err)
		err = kcsd_sha256_end(&hash, digest);
	if (!err)
		err = kcsd_emit(digest, sizeof(digest));
	return err ? (__u64)err : len;
}
