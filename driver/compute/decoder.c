// SPDX-License-Identifier: GPL-2.0
/* Decoders for the engine (engine/decoder.h): those of the kernel. */
#include <linux/crc32.h>
#include <linux/zlib.h>
#include <linux/zstd.h>

#include "engine/decoder.h"

/* ---- zlib ---- */

struct kcsd_inflate {
	struct z_stream_s stream;
	u64 workspace[];
};

struct kcsd_inflate *kcsd_inflate_create(struct kcsd_vm *vm)
{
	struct kcsd_inflate *inflate;

	inflate = vm->ops->alloc(vm, sizeof(*inflate) + zlib_inflate_workspacesize());
	if (inflate)
		inflate->stream.workspace = inflate->workspace;
	return inflate;
}

void kcsd_inflate_destroy(struct kcsd_inflate *inflate)
{
	kcsd_free(inflate);
}

bool kcsd_inflate_begin(struct kcsd_inflate *inflate, bool header)
{
	return zlib_inflateInit2(&inflate->stream, header ? MAX_WBITS : -MAX_WBITS) == Z_OK;
}

enum kcsd_decoder_step kcsd_inflate_step(struct kcsd_inflate *inflate, struct kcsd_decoder_io *io)
{
	struct z_stream_s *stream = &inflate->stream;
	int ret;

	stream->next_in = io->in;
	stream->avail_in = io->in_len;
	stream->next_out = io->out;
	stream->avail_out = io->out_len;
	ret = zlib_inflate(stream, Z_NO_FLUSH);
	io->in = stream->next_in;
	io->out = stream->next_out;
	switch (ret) {
	case Z_STREAM_END:
		return KCSD_DECODER_END;
	case Z_OK:
	case Z_BUF_ERROR:
		return KCSD_DECODER_MORE;
	}
	return KCSD_DECODER_DAMAGED;
}

u32 kcsd_crc32(u32 crc, const void *p, size_t len)
{
	return ~crc32_le(~crc, p, len);
}

/* ---- zstd ---- */

struct kcsd_zstd {
	zstd_dstream *stream;		/* in workspace; it allocates nothing */
	u64 workspace[];
};

struct kcsd_zstd *kcsd_zstd_create(struct kcsd_vm *vm, u64 window)
{
	size_t size = zstd_dstream_workspace_bound(window);
	struct kcsd_zstd *zstd = vm->ops->alloc(vm, sizeof(*zstd) + size);

	if (!zstd)
		return NULL;
	zstd->stream = zstd_init_dstream(window, zstd->workspace, size);
	if (zstd->stream)
		return zstd;
	kcsd_zstd_destroy(zstd);
	return NULL;
}

void kcsd_zstd_destroy(struct kcsd_zstd *zstd)
{
	kcsd_free(zstd);
}

bool kcsd_zstd_begin(struct kcsd_zstd *zstd)
{
	return !zstd_is_error(zstd_reset_dstream(zstd->stream));
}

enum kcsd_decoder_step kcsd_zstd_step(struct kcsd_zstd *zstd, struct kcsd_decoder_io *io)
{
	zstd_in_buffer in = { .src = io->in, .size = io->in_len };
	zstd_out_buffer out = { .dst = io->out, .size = io->out_len };
	size_t ret = zstd_decompress_stream(zstd->stream, &out, &in);

	io->in += in.pos;
	io->out += out.pos;
	if (zstd_is_error(ret))
		return KCSD_DECODER_DAMAGED;
	return ret ? KCSD_DECODER_MORE : KCSD_DECODER_END;
}
