# SPDX-License-Identifier: GPL-2.0 OR MIT
# List the sources of the engine, for the module, the library and the tests.
engine-sources := image.c insn.c validate.c code.c memory.c signature.c helper.c interp.c
engine-sources += helper_mem.c helper_find.c helper_positions.c helper_digest.c
engine-sources += helper_decompress.c
engine-sources += unpack.c
engine-sources += unpack_gzip.c
engine-sources += unpack_zstd.c
engine-sources += unpack_snappy.c
engine-sources += fuse.c
engine-sources += interp_cost.c
engine-sources += lower.c
engine-sources += lower_alu.c
engine-sources += lower_access.c
engine-sources += lower_call.c
engine-sources += lowered.c
# For the kernel only.
engine-kernel-sources := jit.c
# For user space only; the kernel has checksums and decoders of its own.
engine-user-sources := disasm.c
engine-user-sources += user_digest.c
# Needs -lzstd and -lz.
engine-user-sources += user_decoder.c
