// SPDX-License-Identifier: GPL-2.0
#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>

#include "compress.h"

const char *codec_name(u32 codec)
{
	static const char * const names[] = { "", "zstd", "gzip", "zlib", "deflate", "snappy" };

	return codec < ARRAY_SIZE(names) ? names[codec] : "";
}

static void make_room(struct packed *p, u32 codec, u64 len)
{
	*p = (struct packed){ .codec = codec, .bytes = malloc(len + 1), .len = len };
	assert(p->bytes);
}

static void pack_zstd(struct packed *p, u32 level, const u8 *data, u64 len)
{
	static const int levels[PACK_LEVELS] = { -1, 3, 15 };
	ZSTD_CCtx *ctx = ZSTD_createCCtx();

	make_room(p, KCSD_CODEC_ZSTD, ZSTD_compressBound(len));
	ZSTD_CCtx_setParameter(ctx, ZSTD_c_compressionLevel, levels[level]);
	ZSTD_CCtx_setParameter(ctx, ZSTD_c_checksumFlag, 1);
	p->len = ZSTD_compress2(ctx, p->bytes, p->len, data, len);
	assert(!ZSTD_isError(p->len));
	ZSTD_freeCCtx(ctx);
}

void pack_zstd_window(struct packed *p, int window_log, const u8 *data, u64 len)
{
	ZSTD_outBuffer out = {};
	ZSTD_inBuffer in = { .src = data, .size = len };
	ZSTD_CCtx *ctx = ZSTD_createCCtx();

	make_room(p, KCSD_CODEC_ZSTD, ZSTD_compressBound(len));
	ZSTD_CCtx_setParameter(ctx, ZSTD_c_windowLog, window_log);
	out.dst = p->bytes;
	out.size = p->len;
	/* Nothing more follows, but the library does not know. */
	assert(!ZSTD_isError(ZSTD_compressStream2(ctx, &out, &in, ZSTD_e_continue)));
	assert(!ZSTD_compressStream2(ctx, &out, &in, ZSTD_e_end));
	p->len = out.pos;
	ZSTD_freeCCtx(ctx);
}

static void pack_zlib(struct packed *p, u32 codec, u32 level, const u8 *data, u64 len)
{
	static const int levels[PACK_LEVELS] = { 1, 6, 9 };
	int bits = codec == KCSD_CODEC_GZIP ? 31 : codec == KCSD_CODEC_ZLIB ? 15 : -15;
	z_stream stream = { .next_in = (Bytef *)data, .avail_in = len };

	assert(deflateInit2(&stream, levels[level], Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY) ==
	       Z_OK);
	make_room(p, codec, deflateBound(&stream, len));
	stream.next_out = p->bytes;
	stream.avail_out = p->len;
	assert(deflate(&stream, Z_FINISH) == Z_STREAM_END);
	p->len = stream.total_out;
	deflateEnd(&stream);
}

static void pack_snappy(struct packed *p, const u8 *data, u64 len)
{
	size_t out = snappy_max_compressed_length(len);

	make_room(p, KCSD_CODEC_SNAPPY, out);
	assert(snappy_compress((const char *)data, len, (char *)p->bytes, &out) == SNAPPY_OK);
	p->len = out;
}

void pack(struct packed *p, u32 codec, u32 level, const u8 *data, u64 len)
{
	if (codec == KCSD_CODEC_ZSTD)
		pack_zstd(p, level, data, len);
	else if (codec == KCSD_CODEC_SNAPPY)
		pack_snappy(p, data, len);
	else
		pack_zlib(p, codec, level, data, len);
}

static int64_t inflate_directly(u32 codec, const u8 *src, u64 len, u8 *dst, u64 dst_len)
{
	int bits = codec == KCSD_CODEC_GZIP ? 31 : codec == KCSD_CODEC_ZLIB ? 15 : -15, ret;
	z_stream stream = { .next_in = (Bytef *)src, .avail_in = len };

	assert(inflateInit2(&stream, bits) == Z_OK);
	stream.next_out = dst;
	stream.avail_out = dst_len;
	ret = inflate(&stream, Z_FINISH);
	inflateEnd(&stream);
	return ret == Z_STREAM_END && !stream.avail_in ? (int64_t)stream.total_out : -1;
}

int64_t unpack_directly(u32 codec, const u8 *src, u64 len, u8 *dst, u64 dst_len)
{
	size_t n = dst_len;

	if (codec == KCSD_CODEC_ZSTD) {
		n = ZSTD_decompress(dst, dst_len, src, len);
		return ZSTD_isError(n) ? -1 : (int64_t)n;
	}
	if (codec == KCSD_CODEC_SNAPPY)
		return snappy_uncompress((const char *)src, len, (char *)dst, &n) == SNAPPY_OK ?
		       (int64_t)n : -1;
	return inflate_directly(codec, src, len, dst, dst_len);
}

void packed_free(struct packed *p)
{
	free(p->bytes);
}
