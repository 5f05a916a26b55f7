/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tests of parts that are easier to reach from inside than by commands. Run when the module is
 * loaded, in debug builds only (see Kbuild). If a test fails, loading fails.
 */
#ifndef KCSD_SELFTEST_H
#define KCSD_SELFTEST_H

#include <linux/printk.h>
#include <linux/types.h>

#ifdef KCSD_SELFTEST

/*
 * Run all tests. Returns 0, or -EINVAL after lines in the kernel log that say which expectations
 * were not met.
 */
int kcsd_selftest(void);

/* Return the number of expectations that were not met. */
int kcsd_selftest_cache(void);
int kcsd_selftest_memory(void);
int kcsd_selftest_store(void);
int kcsd_selftest_zone(void);

#define KCSD_EXPECT(failed, condition) \
	do { \
		if (!(condition)) { \
			pr_err("kcsd: selftest: %s:%d: %s\n", __func__, __LINE__, #condition); \
			(failed)++; \
		} \
	} while (0)

#else

static inline int kcsd_selftest(void)
{
	return 0;
}

#endif

#endif
