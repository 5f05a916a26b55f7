// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Frames of zstd (RFC 8878). Their headers are read here first: what they claim is bounded before
 * anything is allocated.
 */
#include "unpack.h"

#define ZSTD_MAGIC	0xfd2fb528u
#define ZSTD_SKIPPABLE	0x184d2a50u	/* to ...5f */
#define ZSTD_MIN	5		/* bytes of a header up to its descriptor */
#define ZSTD_BLOCK	(128u << 10)	/* bytes, the most that a block can have */
#define ZSTD_NO_SIZE	U64_MAX
#define ZSTD_ANY_WINDOW	(128u << 20)	/* bytes; no library accepts more unless told to */

struct frame {
	u64 size;		/* bytes of its content; ZSTD_NO_SIZE: not known */
	u64 window;		/* bytes */
};

static enum kcsd_decoder_step step(void *decoder, struct kcsd_decoder_io *io)
{
	return kcsd_zstd_step(decoder, io);
}

/* Load a number of 0, 1, 2, 4 or 8 bytes. */
static u64 load(const u8 *p, u32 bytes)
{
	u64 n = 0;

	while (bytes--)
		n = n << 8 | p[bytes];
	return n;
}

static u64 window_size(u8 descriptor)
{
	u64 base = 1ull << (10 + (descriptor >> 3));

	return base + base / 8 * (descriptor & 7);
}

/* Read the header of the frame, whose first ZSTD_MIN bytes are there, and do not go past it. */
static bool parse_header(struct kcsd_unpack *u, struct frame *frame)
{
	static const u8 id_bytes[] = { 0, 1, 2, 4 }, size_bytes[] = { 0, 2, 4, 8 };
	u8 descriptor = kcsd_unpack_in(u)[4];
	bool single = descriptor & 0x20;
	u32 id = id_bytes[descriptor & 3], bytes = size_bytes[descriptor >> 6];
	const u8 *in;

	if (single && !bytes)
		bytes = 1;
	if (!kcsd_unpack_want(u, ZSTD_MIN + !single + id + bytes))
		return false;
	in = kcsd_unpack_in(u) + ZSTD_MIN;
	frame->size = bytes ? load(in + !single + id, bytes) : ZSTD_NO_SIZE;
	if (bytes == 2)
		frame->size += 256;
	frame->window = single ? frame->size : window_size(in[0]);
	return true;
}

/* Returns the bytes of window that the decoder needs: not more than the frame has. */
static u64 needed_window(const struct frame *frame)
{
	if (frame->window > ZSTD_ANY_WINDOW)
		return frame->window;
	return max(min(frame->window, frame->size), (u64)ZSTD_BLOCK);
}

/* Returns the decoder of the run, with such a window, at the start of a frame; NULL: no memory. */
static struct kcsd_zstd *begin(struct kcsd_unpack *u, u64 need)
{
	struct kcsd_decoders *decoders = u->decoders;
	u64 window = ZSTD_BLOCK;

	if (decoders->window < need) {
		while (window < need)
			window <<= 1;
		kcsd_zstd_destroy(decoders->zstd);
		decoders->window = 0;
		decoders->zstd = kcsd_zstd_create(u->vm, window);
		if (decoders->zstd)
			decoders->window = window;
	}
	if (decoders->zstd && kcsd_zstd_begin(decoders->zstd))
		return decoders->zstd;
	kcsd_vm_fault(u->vm, KCSD_FAULT_INTERNAL, 0);
	return NULL;
}

static s64 unpack_frame(struct kcsd_unpack *u)
{
	struct kcsd_zstd *zstd;
	struct frame frame;
	u64 need;

	if (!parse_header(u, &frame))
		return -KCSD_EBADMSG;
	if (frame.size != ZSTD_NO_SIZE && frame.size > u->dst_len - u->done)
		return -KCSD_ENOSPC;
	need = needed_window(&frame);
	if (need > KCSD_MAX_WINDOW)
		return -KCSD_ENOMEM;
	zstd = begin(u, need);
	return zstd ? kcsd_unpack_stream(u, step, zstd, NULL) : KCSD_UNPACK_STOPPED;
}

static s64 skip_frame(struct kcsd_unpack *u)
{
	u64 len;

	if (!kcsd_unpack_want(u, 8))
		return -KCSD_EBADMSG;
	len = load(kcsd_unpack_in(u) + 4, 4);
	if (!kcsd_unpack_skip(u, 8 + len))
		return -KCSD_EBADMSG;
	return kcsd_unpack_work(u, 8, 0) ? 0 : KCSD_UNPACK_STOPPED;
}

s64 kcsd_unpack_zstd(struct kcsd_unpack *u)
{
	u32 magic;
	s64 ret;

	do {
		if (!kcsd_unpack_want(u, ZSTD_MIN))
			return -KCSD_EBADMSG;
		magic = load(kcsd_unpack_in(u), 4);
		if (magic == ZSTD_MAGIC)
			ret = unpack_frame(u);
		else if ((magic & ~0xfu) == ZSTD_SKIPPABLE)
			ret = skip_frame(u);
		else
			ret = -KCSD_EBADMSG;
	} while (!ret && kcsd_unpack_want(u, 1));
	return ret;
}
