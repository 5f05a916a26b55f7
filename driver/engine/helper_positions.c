// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Positions of delimiters: what a program that parses text needs first. */
#include "helper.h"

struct finder {
	u8 index[256];		/* 1 + the index of a byte that is searched for, else 0 */
	u8 *dst;
	u64 nr, max;		/* numbers written, and room for */
};

static void finder_init(struct finder *f, u64 bytes)
{
	u32 i;

	for (i = 8; i--;)
		f->index[(u8)(bytes >> (8 * i))] = 1 + i;
}

/*
 * Search [from, to) of src. Writes a number for each byte, and goes to the next only if it is one:
 * no branch depends on the bytes. The offset of a byte is read once: memory may change meanwhile.
 */
static u64 search(struct finder *f, const u8 *src, u64 from, u64 to)
{
	u64 at, nr = f->nr;
	u32 index;

	for (at = from; at < to && nr < f->max; at++) {
		index = f->index[READ_ONCE(src[at])];
		put_unaligned(cpu_to_le32((u32)at | (index - 1) << KCSD_POSITION_SHIFT),
			      (__le32 *)(f->dst + 4 * nr));
		nr += !!index;
	}
	f->nr = nr;
	return at;
}

s64 kcsd_helper_positions(struct kcsd_vm *vm, const struct kcsd_helper_args *args)
{
	struct finder f = { .dst = args->ptr[3], .max = args->val[4] / 4 };
	u64 len = min(args->val[1], (u64)KCSD_POSITION_MAX), at = 0, to;
	struct kcsd_pace pace = kcsd_pace_start(vm);

	finder_init(&f, args->val[2]);
	while (at < len && f.nr < f.max) {
		to = at + kcsd_pace_piece(&pace, len - at);
		to = search(&f, args->ptr[0], at, to) - at;
		at += to;
		if (!kcsd_pace_step(&pace, to))
			break;
	}
	return f.nr;
}
