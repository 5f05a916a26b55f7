// SPDX-License-Identifier: GPL-2.0
/*
 * Measure what the model costs the host: ns of CPU for each command of 4 KiB, with those of the
 * closed loop. Prints the best of ROUNDS and their mean, since other work on the machine only adds.
 * Judges nothing.
 */
#include <time.h>

#include "loop.h"

#define CAPACITY	(16ULL << 30)
#define UNITS		(CAPACITY / 4096)
#define DEPTH		128
#define ROUNDS		10

static u64 cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static u64 offset_of(bool random, u64 i, u64 *state)
{
	return (random ? loop_random(state) % UNITS : i % UNITS) * 4096;
}

/* Measure ROUNDS of nr commands after warm, print a line. */
static void measure(struct loop *l, const char *name, u8 op, bool random, u64 warm, u64 nr)
{
	struct kcsd_timing_stats from, to;
	u64 state = 1, i, began, took, all = 0, best = U64_MAX, device;
	u32 round;

	for (i = 0; i < warm; i++)
		loop_submit(l, op, offset_of(random, i, &state), 4096, NULL);
	kcsd_timing_get_stats(l->t, &from);
	device = l->last;
	for (round = 1; round <= ROUNDS; round++) {
		began = cpu_ns();
		for (; i < warm + round * nr; i++)
			loop_submit(l, op, offset_of(random, i, &state), 4096, NULL);
		took = cpu_ns() - began;
		all += took;
		best = min(best, took);
	}
	kcsd_timing_get_stats(l->t, &to);
	printf("%-26s %4.0f ns CPU (mean %.0f), device: %4.0f kIOPS, write amplification %.2f\n",
	       name, (double)best / nr, (double)all / ROUNDS / nr,
	       ROUNDS * nr * 1e6 / (l->last - device),
	       kcsd_timing_amplification(&from, &to) / 1000.0);
}

static struct kcsd_timing *make_size(const char *preset, u64 capacity, u64 zone_size,
				     u64 overprovision)
{
	struct kcsd_timing_shape shape = { .capacity = capacity, .zone_size = zone_size };
	struct kcsd_timing_params p;
	char why[KCSD_TIMING_WHY];
	struct kcsd_timing *t;

	kcsd_timing_preset(&p, preset);
	if (overprovision)
		p.overprovision = overprovision;
	if (kcsd_timing_create(&p, &shape, &t, why, sizeof(why))) {
		puts(why);
		exit(1);
	}
	return t;
}

static struct kcsd_timing *make(const char *preset, u64 zone_size, u64 overprovision)
{
	return make_size(preset, CAPACITY, zone_size, overprovision);
}

/* Print what units take: by half of the drive, so that what does not grow with it is apart. */
static void print_memory(const struct kcsd_timing *t)
{
	struct kcsd_timing *half = make_size("970pro", CAPACITY / 2, 0, 0);
	double more = kcsd_timing_memory(t) - kcsd_timing_memory(half);
	double unit = more / (UNITS - UNITS / 2);

	printf("970pro, 16 GiB, depth %u; memory: %.3f bytes for each 4 KiB of flash, %.3f for each "
	       "of the capacity, and %.2f MiB\n", DEPTH,
	       unit / (1 + kcsd_timing_get_params(t)->overprovision / 1000.0), unit,
	       (kcsd_timing_memory(t) - unit * UNITS) / (1 << 20));
	kcsd_timing_destroy(half);
}

int main(void)
{
	struct loop l = { .t = make("970pro", 0, 0), .depth = DEPTH };
	struct loop z = { .t = make("zn540", 2ULL << 30, 0), .depth = DEPTH };

	print_memory(l.t);
	measure(&l, "read, random", KCSD_TIMING_READ, true, 100000, 200000);
	measure(&l, "read, sequential", KCSD_TIMING_READ, false, 100000, 200000);
	measure(&l, "write, sequential", KCSD_TIMING_WRITE, false, UNITS, 200000);
	measure(&l, "write, random", KCSD_TIMING_WRITE, true, 4 * UNITS, 200000);
	kcsd_timing_destroy(l.t);
	l = (struct loop){ .t = make("970pro", 0, 150), .depth = DEPTH };
	measure(&l, "write, random, 15 % spare", KCSD_TIMING_WRITE, true, 4 * UNITS, 200000);
	kcsd_timing_destroy(l.t);
	puts("zn540, 16 GiB");
	measure(&z, "read, random", KCSD_TIMING_READ, true, 100000, 200000);
	measure(&z, "write, sequential", KCSD_TIMING_WRITE, false, 0, 200000);
	kcsd_timing_destroy(z.t);
	return 0;
}
