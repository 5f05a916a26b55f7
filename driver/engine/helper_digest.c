// SPDX-License-Identifier: GPL-2.0 OR MIT
/* CRC-32C and SHA-256 over the memory of a program; env.h declares the algorithms. */
#include "helper.h"

s64 kcsd_helper_crc32c(struct kcsd_vm *vm, const struct kcsd_helper_args *args)
{
	struct kcsd_pace pace = kcsd_pace_start(vm);
	u64 len = args->val[2], done = 0, n;
	const u8 *src = args->ptr[1];
	u32 crc = ~(u32)args->val[0];

	while (done < len) {
		n = kcsd_pace_piece(&pace, len - done);
		crc = kcsd_crc32c(crc, src + done, n);
		done += n;
		if (!kcsd_pace_step(&pace, n))
			break;
	}
	return (u32)~crc;
}

/* Work on a copy: a program may hash the memory that holds its hash. */
s64 kcsd_helper_sha256_add(struct kcsd_vm *vm, const struct kcsd_helper_args *args)
{
	struct kcsd_pace pace = kcsd_pace_start(vm);
	u64 len = args->val[2], done = 0, n;
	const u8 *src = args->ptr[1];
	struct kcsd_sha256 hash;

	memcpy(&hash, args->ptr[0], sizeof(hash));
	while (done < len) {
		n = kcsd_pace_piece(&pace, len - done);
		kcsd_sha256_add(&hash, src + done, n);
		done += n;
		if (!kcsd_pace_step(&pace, n))
			break;
	}
	memcpy(args->ptr[0], &hash, sizeof(hash));
	return 0;
}

s64 kcsd_helper_sha256_end(struct kcsd_vm *vm, const struct kcsd_helper_args *args)
{
	struct kcsd_sha256 hash;
	u8 digest[KCSD_SHA256_LEN];

	(void)vm;
	memcpy(&hash, args->ptr[0], sizeof(hash));
	kcsd_sha256_end(&hash, digest);
	memset(args->ptr[0], 0, sizeof(hash));
	memcpy(args->ptr[1], digest, sizeof(digest));
	return 0;
}
