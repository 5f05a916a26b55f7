// SPDX-License-Identifier: GPL-2.0
/* The device time of runs of programs. */
#include "clock/clock.h"

/* Of one access, so many bytes at once: others wait for the lock meanwhile. */
#define MOST_RUN_BYTES	(1ULL << 20)

int kcsd_clock_run_begin(struct kcsd_clock *clock, struct kcsd_flow *flow,
			 struct kcsd_time *time, struct kcsd_timing_run *run)
{
	int ret;

	if (!time->begin_ns || !clock->model)
		return -ENOENT;
	spin_lock(&clock->lock);
	kcsd_clock_arrive(clock, flow, time);
	ret = kcsd_timing_run_begin(clock->model, run, time->arrival + time->delay_ns,
				    KCSD_TIMING_ANY_UNIT);
	if (ret)
		kcsd_clock_untimed(clock, time);
	else
		time->start = run->start;
	spin_unlock(&clock->lock);
	return ret;
}

static void charge(struct kcsd_clock *clock, struct kcsd_timing_run *run, u64 cycles)
{
	const struct kcsd_timing_work work = { .cycles = cycles };

	lockdep_assert_held(&clock->lock);
	if (cycles)
		kcsd_timing_run_charge(clock->model, run, &work);
}

u64 kcsd_clock_run_charge(struct kcsd_clock *clock, struct kcsd_timing_run *run, u64 cycles)
{
	spin_lock(&clock->lock);
	charge(clock, run, cycles);
	spin_unlock(&clock->lock);
	return run->now;
}

void kcsd_clock_run_delay(struct kcsd_clock *clock, struct kcsd_timing_run *run, u64 ns)
{
	const struct kcsd_timing_done wait = { .end = run->now + ns };

	kcsd_timing_run_wait(clock->model, run, &wait);
}

/* Submit one piece; *last becomes the piece that ends last. The lock is not held for long. */
static void run_media(struct kcsd_clock *clock, struct kcsd_timing_run *run, u8 op, u64 offset,
		      u64 bytes, struct kcsd_timing_done *last)
{
	struct kcsd_timing_done done;
	int ret;

	spin_lock(&clock->lock);
	ret = kcsd_timing_run_media(clock->model, run, op, offset, bytes, &done);
	spin_unlock(&clock->lock);
	if (!ret && done.end >= last->end)
		*last = done;
}

u64 kcsd_clock_run_media(struct kcsd_clock *clock, struct kcsd_timing_run *run, u64 cycles,
			 u8 op, u64 offset, u64 bytes)
{
	struct kcsd_timing_done last = {};
	u64 piece;

	kcsd_clock_run_charge(clock, run, cycles);
	offset = kcsd_index_nospec(offset, clock->shape.capacity);
	do {
		piece = min(bytes, MOST_RUN_BYTES);
		run_media(clock, run, op, offset, piece, &last);
		offset += piece;
		bytes -= piece;
	} while (bytes);
	kcsd_timing_run_wait(clock->model, run, &last);
	return run->now;
}

void kcsd_clock_run_pause(struct kcsd_clock *clock, struct kcsd_timing_run *run)
{
	spin_lock(&clock->lock);
	kcsd_timing_run_pause(clock->model, run);
	spin_unlock(&clock->lock);
}

void kcsd_clock_run_resume(struct kcsd_clock *clock, struct kcsd_timing_run *run)
{
	u64 now = clock->is_virtual ? 0 : ktime_get_ns() - clock->epoch;

	spin_lock(&clock->lock);
	kcsd_timing_run_resume(clock->model, run, now);
	spin_unlock(&clock->lock);
}

void kcsd_clock_run_end(struct kcsd_clock *clock, struct kcsd_timing_run *run, u64 output,
			struct kcsd_time *time)
{
	struct kcsd_timing_done done;
	u64 piece;

	spin_lock(&clock->lock);
	for (; output; output -= piece) {
		piece = min(output, KCSD_TIMING_MAX_BYTES);
		kcsd_timing_run_output(clock->model, run, piece);
	}
	kcsd_timing_run_end(clock->model, run, &done);
	spin_unlock(&clock->lock);
	time->end = done.end;
	time->parts = done.parts;
}
