// SPDX-License-Identifier: GPL-2.0
#include "tests.h"

struct kcsd_timing *make_model(const struct kcsd_timing_params *p, u64 capacity, u64 zone_size)
{
	struct kcsd_timing_shape shape = { .capacity = capacity, .zone_size = zone_size };
	char why[KCSD_TIMING_WHY] = "";
	struct kcsd_timing *t;

	if (kcsd_timing_create(p, &shape, &t, why, sizeof(why))) {
		printf("Bail out! %s\n", why);
		exit(1);
	}
	return t;
}

struct kcsd_timing *make_preset(const char *name, u64 capacity)
{
	struct kcsd_timing_params p;
	const struct kcsd_timing_preset *preset = kcsd_timing_preset(&p, name);

	return make_model(&p, capacity, preset->zone_size);
}

struct kcsd_timing_done submit(struct kcsd_timing *t, u64 arrival, u8 op, u64 offset, u64 bytes)
{
	struct kcsd_timing_cmd cmd = { .arrival = arrival, .op = op, .offset = offset,
				       .bytes = bytes };
	struct kcsd_timing_done done = {};
	int err = kcsd_timing_submit(t, &cmd, &done);

	if (err) {
		printf("Bail out! op %u, offset %" PRIu64 ", %" PRIu64 " bytes: error %d\n", op,
		       offset, bytes, err);
		exit(1);
	}
	return done;
}

int main(void)
{
	puts("TAP version 13");
	params_tests();
	late_tests();
	resource_tests();
	latency_tests();
	limit_tests();
	zone_tests();
	run_tests();
	property_tests();
	memory_tests();
	hostile_tests();
	collect_tests();
	return tap_end();
}
