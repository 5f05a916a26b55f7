// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzz decompress with any bytes: the first two choose codec and room. Snappy, which is decoded by
 * code of our own, is compared with a simple decoder.
 */
#include <stdio.h>

#include "device.h"

#define MAX_OUT		(256u << 10)

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

static void fail(const char *why)
{
	fprintf(stderr, "fuzz_decompress: %s\n", why);
	abort();
}

/* Load a number of n bytes at *at. Returns false if they are not there. */
static bool load(const u8 *src, size_t len, size_t *at, u32 n, u64 *value)
{
	u32 i;

	*value = 0;
	if (n > len - *at)
		return false;
	for (i = 0; i < n; i++)
		*value |= (u64)src[(*at)++] << (8 * i);
	return true;
}

static bool load_length(const u8 *src, size_t len, size_t *at, u64 *value)
{
	u64 byte;
	u32 i;

	*value = 0;
	for (i = 0; i < 5; i++) {
		if (!load(src, len, at, 1, &byte))
			return false;
		*value |= (byte & 0x7f) << (7 * i);
		if (byte < 0x80)
			return *value <= U32_MAX;
	}
	return false;
}

/* Read an element. offset 0: a literal. */
static bool load_element(const u8 *src, size_t len, size_t *at, u64 *n, u64 *offset)
{
	u64 tag, low;

	if (!load(src, len, at, 1, &tag))
		return false;
	*n = (tag >> 2) + 1;
	*offset = 0;
	switch (tag & 3) {
	case 0:
		if (*n <= 60)
			return true;
		if (!load(src, len, at, *n - 60, n))
			return false;
		++*n;
		return true;
	case 1:
		if (!load(src, len, at, 1, &low))
			return false;
		*n = (tag >> 2 & 7) + 4;
		*offset = tag >> 5 << 8 | low;
		return *offset;
	}
	return load(src, len, at, tag & 2 && tag & 1 ? 4 : 2, offset) && *offset;
}

/* Returns as the helper. */
static s64 snappy(const u8 *src, size_t len, u8 *dst, u64 dst_len)
{
	u64 total, done = 0, n, offset;
	size_t at = 0;

	if (!load_length(src, len, &at, &total))
		return -KCSD_EBADMSG;
	if (total > dst_len)
		return -KCSD_ENOSPC;
	while (at < len) {
		if (!load_element(src, len, &at, &n, &offset) || n > total - done ||
		    offset > done || (!offset && n > len - at))
			return -KCSD_EBADMSG;
		for (; n; n--, done++)
			dst[done] = offset ? dst[done - offset] : src[at++];
	}
	return done == total ? (s64)done : -KCSD_EBADMSG;
}

static struct device_run *run_create(u64 src_len, u64 dst_len)
{
	struct device_run *run = calloc(1, sizeof(*run));

	assert(run);
	run->vm.mem_len = KCSD_GUEST_DATA - KCSD_GUEST_CTX + src_len + dst_len;
	run->vm.mem = malloc(run->vm.mem_len);
	assert(run->vm.mem);
	memset(run->vm.mem, 0xa5, run->vm.mem_len);
	run->vm.ops = &device_ops;
	return run;
}

static void compare(const struct device_run *run, s64 got, const u8 *src, size_t len, u64 dst_len)
{
	const u8 *dst = run->vm.mem + (KCSD_GUEST_DATA - KCSD_GUEST_CTX) + len;
	u8 *want = malloc(dst_len + 1);

	assert(want);
	if (snappy(src, len, want, dst_len) != got)
		fail("Snappy: another result");
	if (got > 0 && memcmp(want, dst, got))
		fail("Snappy: other bytes");
	free(want);
}

/* The destination is at the end of the memory, so that ASan sees each byte behind it. */
static void unpack(u32 codec, const u8 *src, size_t len, u64 dst_len)
{
	const u64 val[5] = { codec, KCSD_GUEST_DATA, len, KCSD_GUEST_DATA + len, dst_len };
	struct device_run *run = run_create(len, dst_len);
	s64 ret;

	memcpy(run->vm.mem + (KCSD_GUEST_DATA - KCSD_GUEST_CTX), src, len);
	ret = kcsd_helper_call(&run->vm, KCSD_HELPER_decompress, val);
	if (run->vm.end.reason || run->broken)
		fail("the run ended");
	if (ret > (s64)dst_len || (ret < 0 && ret != -KCSD_EBADMSG && ret != -KCSD_ENOSPC &&
				   ret != -KCSD_ENOMEM))
		fail("no possible result");
	if (codec == KCSD_CODEC_SNAPPY)
		compare(run, ret, src, len, dst_len);
	kcsd_vm_release(&run->vm);
	free(run->vm.mem);
	free(run);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	if (len > 2)
		unpack(KCSD_CODEC_ZSTD + data[0] % KCSD_CODEC_SNAPPY, data + 2, len - 2,
		       data[1] == 255 ? MAX_OUT : 40u * data[1]);
	return 0;
}
