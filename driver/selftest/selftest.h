/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tests of what is easier to reach from inside than by commands; run when the module is loaded,
 * and in debug builds only (see Kbuild). A test that fails has the load fail.
 */
#ifndef KCSD_SELFTEST_H
#define KCSD_SELFTEST_H

#include <linux/printk.h>
#include <linux/types.h>

#ifdef KCSD_SELFTEST

/* 0, or -EINVAL after lines in the kernel log that say what is wrong. */
int kcsd_selftest(void);

/* Each returns how many of its expectations were not met. */
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
