// SPDX-License-Identifier: GPL-2.0
/* Checksums for the engine (engine/env.h), computed by the kernel library. */
#include "compat.h"
#include "engine/engine.h"

u32 kcsd_crc32c(u32 crc, const void *p, size_t len)
{
	return kcsd_compat_crc32c(crc, p, len);
}

/*
 * struct kcsd_sha256 has the layout that all kernels use so far: state, bytes, block. A program can
 * write to it. That is safe: the library trusts only bytes % 64.
 */
static_assert(sizeof(kcsd_sha256_ctx) == sizeof(struct kcsd_sha256));

void kcsd_sha256_add(struct kcsd_sha256 *hash, const void *p, size_t len)
{
	kcsd_sha256_ctx ctx;

	if (hash->len)
		memcpy(&ctx, hash, sizeof(ctx));
	else
		sha256_init(&ctx);
	sha256_update(&ctx, p, len);
	memcpy(hash, &ctx, sizeof(ctx));
}

void kcsd_sha256_end(struct kcsd_sha256 *hash, u8 *digest)
{
	kcsd_sha256_ctx ctx;

	if (hash->len)
		memcpy(&ctx, hash, sizeof(ctx));
	else
		sha256_init(&ctx);
	sha256_final(&ctx, digest);
}
