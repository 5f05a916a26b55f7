// SPDX-License-Identifier: GPL-2.0
#include "loop.h"

void loop_submit(struct loop *l, u8 op, u64 offset, u64 bytes, struct kcsd_timing_done *done)
{
	struct kcsd_timing_cmd cmd = { .arrival = l->slots[0], .op = op, .offset = offset,
				       .bytes = bytes };
	u32 nr = l->depth ? l->depth : 1, i = 0;
	struct kcsd_timing_done own;
	int err;

	done = done ? done : &own;
	err = kcsd_timing_submit(l->t, &cmd, done);
	if (err) {
		printf("Bail out! op %u, offset %llu, %llu bytes: error %d\n", op,
		       (unsigned long long)offset, (unsigned long long)bytes, err);
		exit(1);
	}
	l->last = max(l->last, done->end);
	for (;;) {
		u32 child = 2 * i + 1;

		if (child >= nr)
			break;
		if (child + 1 < nr && l->slots[child + 1] < l->slots[child])
			child++;
		if (done->end <= l->slots[child])
			break;
		l->slots[i] = l->slots[child];
		i = child;
	}
	l->slots[i] = done->end;
}
