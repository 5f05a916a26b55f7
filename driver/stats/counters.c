// SPDX-License-Identifier: GPL-2.0
#include <linux/compiler.h>

#include "stats/counters.h"

u64 kcsd_stats_sum(struct kcsd_stats __percpu *stats, size_t offset)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(*(u64 *)((void *)per_cpu_ptr(stats, cpu) + offset));
	return sum;
}
