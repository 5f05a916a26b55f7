// SPDX-License-Identifier: GPL-2.0
/* The engine's checksums (engine/env.h), by the kernel's library. */
#include "compat.h"
#include "engine/engine.h"

u32 kcsd_crc32c(u32 crc, const void *p, size_t len)
{
	return kcsd_compat_crc32c(crc, p, len);
}

/*
 * A program's hash is laid out as all kernels' so far: state, bytes, block. Only
 * bytes % 64 is trusted by the library, so any contents are safe.
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
