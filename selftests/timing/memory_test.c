// SPDX-License-Identifier: GPL-2.0
/* Memory: how much, and what happens without. */
#include "tests.h"

void *__real_calloc(size_t nr, size_t size);
void *__wrap_calloc(size_t nr, size_t size);

static u32 fail_in;
static u64 allocated;

void fail_allocation(u32 nr)
{
	fail_in = nr;
}

void *__wrap_calloc(size_t nr, size_t size)
{
	allocated += nr * size;
	if (fail_in && !--fail_in)
		return NULL;
	return __real_calloc(nr, size);
}

static void test_size(const char *preset, u64 capacity, u64 constant)
{
	struct kcsd_timing_params p;
	struct kcsd_timing *t;
	u64 units;

	kcsd_timing_preset(&p, preset);
	allocated = 0;
	t = make_model(&p, capacity, 0);
	IS(kcsd_timing_memory(t), allocated, "%s: the memory that it says", preset);
	units = (u64)t->ftl.nr_lines * t->ftl.line_units * t->ftl.nr_parts;
	OK(allocated <= 8 * units + constant,
	   "%s, %" PRIu64 " GiB: at most 8 bytes for each unit of flash, and %" PRIu64 " MiB",
	   preset, (uint64_t)(capacity / GB), (uint64_t)(constant / MB));
	tap_note("%.3f bytes for each unit of flash, %.3f for each of the capacity",
		 (double)allocated / units, allocated * 4096.0 / capacity);
	kcsd_timing_destroy(t);
}

/* Make a model without its nr-th allocation. Returns false if there are not so many. */
static bool try_without(const struct kcsd_timing_params *p, u64 zone_size, u32 nr, u64 *wrong)
{
	struct kcsd_timing_shape shape = { .capacity = 64 * MB, .zone_size = zone_size };
	char why[KCSD_TIMING_WHY] = "";
	struct kcsd_timing *t;
	int err;

	fail_allocation(nr);
	err = kcsd_timing_create(p, &shape, &t, why, sizeof(why));
	if (fail_in) {
		fail_allocation(0);
		kcsd_timing_destroy(t);
		return false;
	}
	*wrong += err != -ENOMEM || !strstr(why, "not enough memory");
	return true;
}

static void test_without(const char *preset, u64 zone_size)
{
	struct kcsd_timing_params p;
	u64 wrong = 0;
	u32 nr = 1;

	kcsd_timing_preset(&p, preset);
	p.command_ns = 1;
	while (try_without(&p, zone_size, nr, &wrong))
		nr++;
	OK(!wrong && nr > 5, "%s: each of %u allocations may fail", preset, nr - 1);
}

static void test_hot_path(void)
{
	struct loop l = { .t = make_preset("970pro", 64 * MB), .depth = 8 };
	u64 state = 3, i;

	allocated = 0;
	for (i = 0; i < 50000; i++)
		loop_submit(&l, i % 2 ? KCSD_TIMING_WRITE : KCSD_TIMING_READ,
			    loop_random(&state) % 16000 * 4096, 4096, NULL);
	IS(allocated, 0, "commands allocate nothing");
	kcsd_timing_destroy(l.t);
}

void memory_tests(void)
{
	test_size("970pro", 16 * GB, 2 * MB);
	test_size("plain", 16 * GB, 2 * MB);
	test_without("970pro", 0);
	test_without("zn540", 32 * MB);
	test_without("optane", 0);
	test_hot_path();
	kcsd_timing_destroy(NULL);
	OK(true, "nothing can be destroyed");
}
