// SPDX-License-Identifier: GPL-2.0
/* Compare the bounds check of the engine with one that is written without tricks. */
#include <linux/kernel.h>

#include "engine/memory.h"
#include "selftest/selftest.h"

#define MEM_LEN		(KCSD_GUEST_DATA - KCSD_GUEST_CTX + 4096)

static bool in_bounds(u64 floor, u64 addr, u64 len)
{
	u64 end = KCSD_GUEST_CTX + MEM_LEN;

	if (addr < floor || addr > end)
		return false;
	return len <= end - addr;
}

static int check(u8 *mem, u64 addr, u64 len)
{
	u8 *want = mem + (addr - KCSD_GUEST_CTX);
	int failed = 0;

	KCSD_EXPECT(failed, kcsd_memory_at(mem, MEM_LEN, addr, len) ==
		    (in_bounds(KCSD_GUEST_CTX, addr, len) ? want : NULL));
	KCSD_EXPECT(failed, kcsd_memory_at_write(mem, MEM_LEN, addr, len) ==
		    (in_bounds(KCSD_GUEST_DATA, addr, len) ? want : NULL));
	if (failed)
		pr_err("kcsd: selftest: address %#llx, length %#llx\n", addr, len);
	return failed;
}

/*
 * Test addresses around each edge, and lengths around a wrap. Nothing is accessed, so `mem` need
 * not exist.
 */
int kcsd_selftest_memory(void)
{
	static const u64 edges[] = {
		0, KCSD_GUEST_CTX, KCSD_GUEST_DATA, KCSD_GUEST_CTX + MEM_LEN,
		1ULL << 31, 1ULL << 32, 1ULL << 63,
	};
	static const u64 lens[] = {
		1, 2, 4, 8, 4095, 4096, 4097, MEM_LEN - 1, MEM_LEN, MEM_LEN + 1,
		S32_MAX, U32_MAX, S64_MAX, 1ULL << 63, U64_MAX - MEM_LEN, U64_MAX - 1, U64_MAX,
	};
	u8 *mem = (u8 *)(1UL << 40);
	int failed = 0;
	size_t e, n;
	s64 d;

	for (e = 0; e < ARRAY_SIZE(edges); e++)
		for (n = 0; n < ARRAY_SIZE(lens); n++)
			for (d = -9; d <= 9; d++) {
				failed += check(mem, edges[e] + d, lens[n]);
				failed += check(mem, edges[e] - lens[n] + d, lens[n]);
			}
	return failed;
}
