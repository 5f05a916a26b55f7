// SPDX-License-Identifier: GPL-2.0
#define pr_fmt(fmt) "kcsd: " fmt

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/module.h>

#include "selftest/selftest.h"

static bool selftest = true;
module_param(selftest, bool, 0444);
MODULE_PARM_DESC(selftest, "Run the tests of the module first (default: yes)");

static const struct {
	const char *name;
	int (*run)(void);
} tests[] = {
	{ "cache", kcsd_selftest_cache },
	{ "memory", kcsd_selftest_memory },
	{ "store", kcsd_selftest_store },
	{ "zone", kcsd_selftest_zone },
};

int kcsd_selftest(void)
{
	int failed, all = 0;
	size_t i;

	if (!selftest)
		return 0;
	for (i = 0; i < ARRAY_SIZE(tests); i++) {
		failed = tests[i].run();
		pr_info("selftest: %s: %s\n", tests[i].name, failed ? "FAILED" : "passed");
		all += failed;
	}
	return all ? -EINVAL : 0;
}
