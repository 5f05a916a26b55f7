// SPDX-License-Identifier: GPL-2.0
/* When a command of the real clock is late: both bounds, at the values where one takes over. */
#include "late.h"
#include "tests.h"

void late_tests(void)
{
	static const struct {
		u64 device_ns;
		u32 min_ns, permille;
		u64 bound;
	} rows[] = {
		{ 0, 10000, 10, 10000 },
		{ 100000, 10000, 10, 10000 },
		{ 1000000, 10000, 10, 10000 },
		{ 1000099, 10000, 10, 10000 },
		{ 1000100, 10000, 10, 10001 },
		{ 2000000, 10000, 10, 20000 },
		{ 1999, 0, 10, 19 },
		{ 1999, 0, 1000, 1999 },
		{ 999, 0, 1, 0 },
		{ 1000, 0, 1, 1 },
		{ 0, 0, 1000, 0 },
		{ 5, 1000000000, 1000, 1000000000 },
		{ 1ULL << 62, 0, 1000, 1ULL << 62 },
		{ U64_MAX, 1000000000, 1000, U64_MAX },
		{ U64_MAX, 0, 1, 18446744073709551 },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		IS(kcsd_timing_late_bound(rows[i].device_ns, rows[i].min_ns, rows[i].permille),
		   rows[i].bound, "late: %" PRIu64 " ns, bounds %u ns and %u permille",
		   rows[i].device_ns, rows[i].min_ns, rows[i].permille);
}
