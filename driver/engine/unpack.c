// SPDX-License-Identifier: GPL-2.0 OR MIT
/* What all codecs of decompress share: slices of input, ticks, and decoding a stream. */
#include "unpack.h"

bool kcsd_unpack_want(struct kcsd_unpack *u, u32 len)
{
	u8 *in = u->decoders->in;
	u64 n;

	if (kcsd_unpack_in_len(u) >= len)
		return true;
	memmove(in, in + u->at, kcsd_unpack_in_len(u));
	u->end -= u->at;
	u->at = 0;
	n = min(u->src_left, (u64)(KCSD_TICK_BYTES - u->end));
	if (n)
		memcpy(in + u->end, u->src, n);
	u->end += n;
	u->src += n;
	u->src_left -= n;
	return u->end >= len;
}

bool kcsd_unpack_skip(struct kcsd_unpack *u, u64 len)
{
	u64 n = min(len, (u64)kcsd_unpack_in_len(u));

	u->at += n;
	len -= n;
	if (len > u->src_left)
		return false;
	u->src += len;
	u->src_left -= len;
	return true;
}

bool kcsd_unpack_work(struct kcsd_unpack *u, u64 read, u64 written)
{
	struct kcsd_vm *vm = u->vm;

	if (vm->costs)
		vm->cost += written * vm->costs->helper_byte;
	u->work += read + written;
	if (u->work < KCSD_TICK_BYTES)
		return true;
	u->work = 0;
	kcsd_vm_fault(vm, vm->ops->tick(vm), 0);
	return !vm->end.reason;
}

s64 kcsd_unpack_stream(struct kcsd_unpack *u, kcsd_step_fn step, void *decoder, u32 *crc)
{
	enum kcsd_decoder_step did;
	struct kcsd_decoder_io io;
	u64 read, written;
	u8 *out, spare;

	do {
		kcsd_unpack_want(u, 1);
		/* With dst full, a spare byte tells a stream that ends now from a longer one. */
		out = u->done < u->dst_len ? u->dst + u->done : &spare;
		io = (struct kcsd_decoder_io){
			.in = kcsd_unpack_in(u), .in_len = kcsd_unpack_in_len(u), .out = out,
			.out_len = out == &spare ? 1 : min(u->dst_len - u->done,
							   (u64)KCSD_TICK_BYTES),
		};
		did = step(decoder, &io);
		read = io.in - kcsd_unpack_in(u);
		written = io.out - out;
		if (written && out == &spare)
			return -KCSD_ENOSPC;
		if (crc)
			*crc = kcsd_crc32(*crc, out, written);
		u->at += read;
		u->done += written;
		if (did == KCSD_DECODER_NO_MEMORY)
			kcsd_vm_fault(u->vm, KCSD_FAULT_INTERNAL, 0);
		if (u->vm->end.reason || !kcsd_unpack_work(u, read, written))
			return KCSD_UNPACK_STOPPED;
	} while (did == KCSD_DECODER_MORE && (read || written));
	return did == KCSD_DECODER_END ? 0 : -KCSD_EBADMSG;
}
