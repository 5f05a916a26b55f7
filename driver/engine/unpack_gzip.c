// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Streams of deflate: bare, in the format of zlib, or in members of gzip. Header and checksum of
 * gzip are read here, because the decoder of the kernel does not know them.
 */
#include "unpack.h"

enum gzip_flag { GZIP_HCRC = 0x02, GZIP_EXTRA = 0x04, GZIP_NAME = 0x08, GZIP_COMMENT = 0x10 };

#define GZIP_RESERVED	0xe0
#define GZIP_HEADER	10	/* bytes of its fixed part */
#define GZIP_TRAILER	8

static enum kcsd_decoder_step step(void *decoder, struct kcsd_decoder_io *io)
{
	return kcsd_inflate_step(decoder, io);
}

/* Returns the decoder of the run, at the beginning of a stream; NULL: no memory. */
static struct kcsd_inflate *begin(struct kcsd_unpack *u, bool header)
{
	struct kcsd_decoders *decoders = u->decoders;

	if (!decoders->inflate)
		decoders->inflate = kcsd_inflate_create(u->vm);
	if (decoders->inflate && kcsd_inflate_begin(decoders->inflate, header))
		return decoders->inflate;
	kcsd_vm_fault(u->vm, KCSD_FAULT_INTERNAL, 0);
	return NULL;
}

static s64 inflate_stream(struct kcsd_unpack *u, bool header, u32 *crc)
{
	struct kcsd_inflate *inflate = begin(u, header);

	return inflate ? kcsd_unpack_stream(u, step, inflate, crc) : KCSD_UNPACK_STOPPED;
}

/* Returns 0 if nothing follows. */
static s64 expect_end(struct kcsd_unpack *u)
{
	return kcsd_unpack_want(u, 1) ? -KCSD_EBADMSG : 0;
}

s64 kcsd_unpack_zlib(struct kcsd_unpack *u)
{
	s64 ret = inflate_stream(u, true, NULL);

	return ret ? ret : expect_end(u);
}

s64 kcsd_unpack_deflate(struct kcsd_unpack *u)
{
	s64 ret = inflate_stream(u, false, NULL);

	return ret ? ret : expect_end(u);
}

/* ---- gzip ---- */

static u32 load16(const u8 *p)
{
	return le16_to_cpu(get_unaligned((const __le16 *)p));
}

static u32 load32(const u8 *p)
{
	return le32_to_cpu(get_unaligned((const __le32 *)p));
}

/* Read n bytes of the header, which are there. */
static bool read_header(struct kcsd_unpack *u, u32 n, u32 *crc)
{
	*crc = kcsd_crc32(*crc, kcsd_unpack_in(u), n);
	u->at += n;
	return kcsd_unpack_work(u, n, 0);
}

static bool read_extra(struct kcsd_unpack *u, u32 *crc)
{
	u32 left, n;

	if (!kcsd_unpack_want(u, 2))
		return false;
	left = load16(kcsd_unpack_in(u));
	if (!read_header(u, 2, crc))
		return false;
	for (; left; left -= n) {
		if (!kcsd_unpack_want(u, 1))
			return false;
		n = min(left, kcsd_unpack_in_len(u));
		if (!read_header(u, n, crc))
			return false;
	}
	return true;
}

/* Read a string and the zero at its end. */
static bool read_string(struct kcsd_unpack *u, u32 *crc)
{
	const u8 *in, *zero;

	do {
		if (!kcsd_unpack_want(u, 1))
			return false;
		in = kcsd_unpack_in(u);
		zero = memchr(in, 0, kcsd_unpack_in_len(u));
		if (!read_header(u, zero ? zero - in + 1 : kcsd_unpack_in_len(u), crc))
			return false;
	} while (!zero);
	return true;
}

static bool check_header(struct kcsd_unpack *u, u32 crc)
{
	u32 want;

	if (!kcsd_unpack_want(u, 2))
		return false;
	want = load16(kcsd_unpack_in(u));
	u->at += 2;
	return want == (crc & 0xffff);
}

/* Returns false if the header is damaged, or if the run has ended. */
static bool gzip_header(struct kcsd_unpack *u)
{
	const u8 *in;
	u32 crc = 0;
	u8 flags;

	if (!kcsd_unpack_want(u, GZIP_HEADER))
		return false;
	in = kcsd_unpack_in(u);
	flags = in[3];
	if (in[0] != 0x1f || in[1] != 0x8b || in[2] != 8 || flags & GZIP_RESERVED)
		return false;
	return read_header(u, GZIP_HEADER, &crc) &&
	       (!(flags & GZIP_EXTRA) || read_extra(u, &crc)) &&
	       (!(flags & GZIP_NAME) || read_string(u, &crc)) &&
	       (!(flags & GZIP_COMMENT) || read_string(u, &crc)) &&
	       (!(flags & GZIP_HCRC) || check_header(u, crc));
}

static s64 gzip_member(struct kcsd_unpack *u)
{
	u64 start = u->done;
	u32 crc = 0;
	const u8 *in;
	s64 ret;

	if (!gzip_header(u))
		return -KCSD_EBADMSG;
	ret = inflate_stream(u, false, &crc);
	if (ret)
		return ret;
	if (!kcsd_unpack_want(u, GZIP_TRAILER))
		return -KCSD_EBADMSG;
	in = kcsd_unpack_in(u);
	u->at += GZIP_TRAILER;
	return load32(in) == crc && load32(in + 4) == (u32)(u->done - start) ? 0 : -KCSD_EBADMSG;
}

s64 kcsd_unpack_gzip(struct kcsd_unpack *u)
{
	s64 ret;

	do
		ret = gzip_member(u);
	while (!ret && kcsd_unpack_want(u, 1));
	return ret;
}
