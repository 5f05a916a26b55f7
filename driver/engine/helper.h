/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Signatures of helpers, and the helpers that the engine executes itself. */
#ifndef KCSD_HELPER_H
#define KCSD_HELPER_H

#include "engine.h"

#define KCSD_HELPER_ARGS	5

/* Kinds of arguments, see signatures.h. */
enum kcsd_arg_kind { NONE, VAL, IN, OUT, LEN, HASH, DIGEST };

struct kcsd_signature {
	const char *name;
	u8 nr_args;
	u8 kind[KCSD_HELPER_ARGS];	/* enum kcsd_arg_kind */
};

/* Returns NULL if there is no such helper. Stays in the table also if the CPU mis-speculates. */
const struct kcsd_signature *kcsd_signature(u32 id);

/*
 * Helpers work on memory in pieces, with a tick after every KCSD_TICK_BYTES: a piece is at most
 * kcsd_pace_piece() long, and kcsd_pace_step() after it says if the helper may go on.
 */
#define KCSD_TICK_BYTES		32768

struct kcsd_pace {
	struct kcsd_vm *vm;
	u64 left;		/* bytes to the next tick; not 0 */
};

static inline struct kcsd_pace kcsd_pace_start(struct kcsd_vm *vm)
{
	return (struct kcsd_pace){ .vm = vm, .left = KCSD_TICK_BYTES };
}

static inline u64 kcsd_pace_piece(const struct kcsd_pace *pace, u64 len)
{
	return min(len, pace->left);
}

/* Take account of a piece. Returns false if the run has ended. */
bool kcsd_pace_step(struct kcsd_pace *pace, u64 bytes);

/* Helpers; args are valid and in the order of <linux/kcsd_bpf.h>. */
/* helper_mem.c */
s64 kcsd_helper_memcpy(struct kcsd_vm *vm, const struct kcsd_helper_args *args);
s64 kcsd_helper_memset(struct kcsd_vm *vm, const struct kcsd_helper_args *args);
s64 kcsd_helper_memcmp(struct kcsd_vm *vm, const struct kcsd_helper_args *args);
s64 kcsd_helper_memchr(struct kcsd_vm *vm, const struct kcsd_helper_args *args);
/* helper_find.c */
s64 kcsd_helper_memmem(struct kcsd_vm *vm, const struct kcsd_helper_args *args);
/* helper_positions.c */
s64 kcsd_helper_positions(struct kcsd_vm *vm, const struct kcsd_helper_args *args);
/* helper_digest.c */
s64 kcsd_helper_crc32c(struct kcsd_vm *vm, const struct kcsd_helper_args *args);
s64 kcsd_helper_sha256_add(struct kcsd_vm *vm, const struct kcsd_helper_args *args);
s64 kcsd_helper_sha256_end(struct kcsd_vm *vm, const struct kcsd_helper_args *args);
/* helper_decompress.c */
s64 kcsd_helper_decompress(struct kcsd_vm *vm, const struct kcsd_helper_args *args);

#endif
