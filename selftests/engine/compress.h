/* SPDX-License-Identifier: GPL-2.0 */
/* Compression by libz, libzstd and libsnappy, for tests of decompress. */
#ifndef KCSD_COMPRESS_H
#define KCSD_COMPRESS_H

#include "engine.h"

#define PACK_LEVELS	3	/* fast, usual, best */

struct packed {
	u32 codec;
	u8 *bytes;		/* one more can be appended */
	u64 len;
};

const char *codec_name(u32 codec);
/* Compress. Frames of zstd have a checksum. The caller calls packed_free(). */
void pack(struct packed *p, u32 codec, u32 level, const u8 *data, u64 len);
/* Compress to a frame of zstd that has this window and does not say how long it is. */
void pack_zstd_window(struct packed *p, int window_log, const u8 *data, u64 len);
/* Decompress by the library itself. Returns how many bytes, or -1. */
int64_t unpack_directly(u32 codec, const u8 *src, u64 len, u8 *dst, u64 dst_len);
void packed_free(struct packed *p);

#endif
