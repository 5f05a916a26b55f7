// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The helper decompress, and the memory that it keeps for the run. */
#include "unpack.h"

static s64 unpack(struct kcsd_unpack *u, u64 codec)
{
	switch (codec) {
	case KCSD_CODEC_ZSTD:
		return kcsd_unpack_zstd(u);
	case KCSD_CODEC_GZIP:
		return kcsd_unpack_gzip(u);
	case KCSD_CODEC_ZLIB:
		return kcsd_unpack_zlib(u);
	case KCSD_CODEC_DEFLATE:
		return kcsd_unpack_deflate(u);
	case KCSD_CODEC_SNAPPY:
		return kcsd_unpack_snappy(u);
	}
	return -KCSD_EINVAL;
}

s64 kcsd_helper_decompress(struct kcsd_vm *vm, const struct kcsd_helper_args *args)
{
	struct kcsd_unpack u = {
		.vm = vm,
		.src = args->ptr[1], .src_left = args->val[2],
		.dst = args->ptr[3], .dst_len = args->val[4],
	};
	u64 codec = args->val[0];
	s64 ret;

	if (codec < KCSD_CODEC_ZSTD || codec > KCSD_CODEC_SNAPPY)
		return -KCSD_EINVAL;
	if (!vm->decoders)
		vm->decoders = vm->ops->alloc(vm, sizeof(*vm->decoders));
	if (!vm->decoders) {
		kcsd_vm_fault(vm, KCSD_FAULT_INTERNAL, 0);
		return 0;
	}
	u.decoders = vm->decoders;
	ret = unpack(&u, codec);
	return ret ? ret : (s64)u.done;
}

void kcsd_vm_release(struct kcsd_vm *vm)
{
	struct kcsd_decoders *decoders = vm->decoders;

	if (!decoders)
		return;
	kcsd_inflate_destroy(decoders->inflate);
	kcsd_zstd_destroy(decoders->zstd);
	kcsd_free(decoders);
	vm->decoders = NULL;
}
