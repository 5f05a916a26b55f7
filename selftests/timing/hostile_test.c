// SPDX-License-Identifier: GPL-2.0
/* Any parameters that are accepted, with any commands: under ASan and UBSan. */
#include "tests.h"

#define MODELS		400
#define COMMANDS	150

static u64 state = 77;

static u64 random_below(u64 n)
{
	return loop_random(&state) % n;
}

/* Return a value that is likely to hurt: the bounds, near them, powers of 2. */
static u64 any_value(const struct kcsd_timing_param *param)
{
	u64 value;

	switch (random_below(6)) {
	case 0:
		return param->min;
	case 1:
		return param->max;
	case 2:
		return param->value;
	case 3:
		value = 1ULL << random_below(40);
		break;
	case 4:
		value = param->min + random_below(16);
		break;
	default:
		value = param->min + random_below(param->max - param->min + 1);
	}
	return max(param->min, min(value, param->max));
}

static u64 any_time(u64 now)
{
	switch (random_below(8)) {
	case 0:
		return 0;
	case 1:
		return KCSD_TIMING_MAX_TIME;
	case 2:
		return KCSD_TIMING_MAX_TIME + random_below(3);
	case 3:
		return loop_random(&state);
	default:
		return now + random_below(1000000);
	}
}

static void use_run(struct kcsd_timing *t, u64 now)
{
	struct kcsd_timing_work work;
	struct kcsd_timing_run run;
	struct kcsd_timing_done done;
	u32 i;

	for (i = 0; i < sizeof(work) / 8; i++)
		((u64 *)&work)[i] = random_below(2) ? random_below(1000) : loop_random(&state);
	if (kcsd_timing_run_begin(t, &run, any_time(now), random_below(3) - 1))
		return;
	for (i = 0; i < 4; i++) {
		kcsd_timing_run_charge(t, &run, &work);
		if (!kcsd_timing_run_media(t, &run, random_below(12),
					   random_below(2 * t->shape.capacity),
					   random_below(1 << 16), &done))
			kcsd_timing_run_wait(t, &run, &done);
		kcsd_timing_run_output(t, &run, random_below(1 << 16));
	}
	kcsd_timing_run_end(t, &run, random_below(2) ? &done : NULL);
}

static void use(struct kcsd_timing *t)
{
	struct kcsd_timing_stats s;
	u64 now = 0;
	u32 i;

	for (i = 0; i < COMMANDS; i++) {
		struct kcsd_timing_cmd cmd = {
			.arrival = any_time(now),
			.op = random_below(11),
			.flags = loop_random(&state),
			.offset = random_below(4) ? random_below(t->shape.capacity) :
				loop_random(&state),
			.bytes = random_below(4) ? random_below(1 << 15) :
				loop_random(&state) >> random_below(64),
		};
		struct kcsd_timing_done done;

		if (!kcsd_timing_submit(t, &cmd, &done))
			now = done.end > KCSD_TIMING_MAX_TIME ? 0 : done.end;
		if (!random_below(20))
			use_run(t, now);
	}
	kcsd_timing_get_stats(t, &s);
	for (i = 0; i <= KCSD_TIMING_NR_KINDS; i++)
		kcsd_timing_busy(t, i, random_below(100));
}

void hostile_tests(void)
{
	u32 made = 0, refused = 0, lost = 0, i, j;

	while (made + refused < MODELS * 40 && made < MODELS) {
		struct kcsd_timing_shape shape = { .capacity = random_below(4 * MB) + 1 };
		struct kcsd_timing_params p;
		char why[KCSD_TIMING_WHY];
		struct kcsd_timing *t;

		kcsd_timing_preset(&p, kcsd_timing_presets[random_below(5)].name);
		for (j = random_below(12); j; j--) {
			i = random_below(KCSD_TIMING_NR_PARAMS);
			*kcsd_timing_param_at(&p, i) = any_value(&kcsd_timing_param_table[i]);
		}
		if (random_below(3) == 0)
			shape.zone_size = (random_below(64) + 1) * 4096;
		/* Keep what is allocated within reason. */
		if (p.spare_lines * p.block_pages * p.page_size * p.channels * p.dies * p.planes >
		    GB || p.buffer_size / p.program_size > MB ||
		    p.zone_buffer_size / p.program_size > 1000) {
			refused++;
			continue;
		}
		if (kcsd_timing_create(&p, &shape, &t, why, sizeof(why))) {
			refused++;
			continue;
		}
		made++;
		use(t);
		lost += t->ftl.lost;
		kcsd_timing_destroy(t);
	}
	OK(made > MODELS / 2, "%u models with hostile parameters, %u refused", made, refused);
	IS(lost, 0, "there was always a line for what was written");
}
