// SPDX-License-Identifier: GPL-2.0 OR MIT
/* memcpy, memset, memcmp and memchr over the memory of a program, in pieces. */
#include "helper.h"

/* Copy from the end, so that no byte is overwritten before it is read. */
static void copy_backward(struct kcsd_vm *vm, u8 *dst, const u8 *src, u64 len)
{
	struct kcsd_pace pace = kcsd_pace_start(vm);
	u64 n;

	do {
		n = kcsd_pace_piece(&pace, len);
		len -= n;
		memmove(dst + len, src + len, n);
	} while (len && kcsd_pace_step(&pace, n));
}

static void copy_forward(struct kcsd_vm *vm, u8 *dst, const u8 *src, u64 len)
{
	struct kcsd_pace pace = kcsd_pace_start(vm);
	u64 done = 0, n;

	do {
		n = kcsd_pace_piece(&pace, len - done);
		memmove(dst + done, src + done, n);
		done += n;
	} while (done < len && kcsd_pace_step(&pace, n));
}

s64 kcsd_helper_memcpy(struct kcsd_vm *vm, const struct kcsd_helper_args *args)
{
	u64 len = args->val[2];

	if (!len)
		return 0;
	if (args->val[0] > args->val[1])
		copy_backward(vm, args->ptr[0], args->ptr[1], len);
	else
		copy_forward(vm, args->ptr[0], args->ptr[1], len);
	return 0;
}

s64 kcsd_helper_memset(struct kcsd_vm *vm, const struct kcsd_helper_args *args)
{
	struct kcsd_pace pace = kcsd_pace_start(vm);
	u64 len = args->val[2], done = 0, n;
	u8 *dst = args->ptr[0];

	while (done < len) {
		n = kcsd_pace_piece(&pace, len - done);
		memset(dst + done, (u8)args->val[1], n);
		done += n;
		if (!kcsd_pace_step(&pace, n))
			break;
	}
	return 0;
}

s64 kcsd_helper_memcmp(struct kcsd_vm *vm, const struct kcsd_helper_args *args)
{
	struct kcsd_pace pace = kcsd_pace_start(vm);
	const u8 *a = args->ptr[0], *b = args->ptr[1];
	u64 len = args->val[2], done = 0, n;
	int diff;

	while (done < len) {
		n = kcsd_pace_piece(&pace, len - done);
		diff = memcmp(a + done, b + done, n);
		if (diff)
			return diff < 0 ? -1 : 1;
		done += n;
		if (!kcsd_pace_step(&pace, n))
			break;
	}
	return 0;
}

s64 kcsd_helper_memchr(struct kcsd_vm *vm, const struct kcsd_helper_args *args)
{
	struct kcsd_pace pace = kcsd_pace_start(vm);
	const u8 *src = args->ptr[0], *found;
	u64 len = args->val[2], done = 0, n;

	while (done < len) {
		n = kcsd_pace_piece(&pace, len - done);
		found = memchr(src + done, (u8)args->val[1], n);
		if (found)
			return args->val[0] + (found - src);
		done += n;
		if (!kcsd_pace_step(&pace, n))
			break;
	}
	return 0;
}
