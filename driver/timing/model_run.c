// SPDX-License-Identifier: GPL-2.0
/* Runs of programs: a unit, work, media through the same channels as commands of the host. */
#include "path.h"

int kcsd_timing_run_begin(struct kcsd_timing *t, struct kcsd_timing_run *run, u64 arrival,
			  u32 unit)
{
	int found = kcsd_timing_units_find(&t->units, unit);
	u64 at, start;

	if (found < 0)
		return found;
	if (arrival > KCSD_TIMING_MAX_TIME)
		return -ERANGE;
	kcsd_timing_pass(t, arrival);
	at = kcsd_timing_take_core(t, arrival, &start);
	t->units.units[found].taken = true;
	*run = (struct kcsd_timing_run){ .arrival = arrival, .unit = found };
	run->start = max(at, t->units.units[found].free_at);
	run->now = run->start;
	run->on_unit = run->start;
	run->parts.controller = at - start;
	run->parts.waiting = run->start - arrival - run->parts.controller;
	return 0;
}

/* Move the clock of a run, which never passes the last time. Returns by how much. */
static u64 advance(struct kcsd_timing_run *run, u64 to)
{
	u64 from = run->now;

	to = min(to, KCSD_TIMING_MAX_TIME);
	run->now = max(from, to);
	return run->now - from;
}

void kcsd_timing_run_charge(struct kcsd_timing *t, struct kcsd_timing_run *run,
			    const struct kcsd_timing_work *work)
{
	u64 ns = kcsd_timing_units_charge(&t->units, work->cycles, &run->rest), left, used, media;

	run->parts.compute += advance(run, run->now + ns);
	kcsd_timing_pass(t, run->now);
	for (left = min(work->slm_bytes, KCSD_TIMING_MAX_BYTES); left; left -= used) {
		u64 all = 0, took;

		used = min(left, (u64)t->piece);
		media = kcsd_pipe_transfer(&t->slm, run->now, used, &all);
		took = advance(run, media);
		run->parts.media += min(all, took);
		run->parts.waiting += took - min(all, took);
	}
}

int kcsd_timing_run_media(struct kcsd_timing *t, struct kcsd_timing_run *run, u8 op, u64 offset,
			  u64 bytes, struct kcsd_timing_done *done)
{
	struct kcsd_timing_path path = { .end = run->now };
	int err = kcsd_timing_check_range(t, op, offset, bytes);

	if (err)
		return err;
	kcsd_timing_pass(t, run->now);
	switch (op) {
	case KCSD_TIMING_READ:
		kcsd_timing_read(t, run->now, offset, bytes, KCSD_SIDE_SLM, &path);
		break;
	case KCSD_TIMING_WRITE:
		kcsd_timing_write(t, run->now, offset, bytes, KCSD_SIDE_SLM, false, &path);
		break;
	case KCSD_TIMING_TRIM:
		kcsd_timing_trim(t, offset, bytes);
		break;
	case KCSD_TIMING_FLUSH:
		kcsd_timing_flush(t, run->now, &path);
		break;
	case KCSD_TIMING_ZONE_RESET:
	case KCSD_TIMING_ZONE_FINISH:
		kcsd_timing_zone(t, run->now, offset, op == KCSD_TIMING_ZONE_RESET, &path);
		break;
	default:
		return -EINVAL;
	}
	/* The memory of the drive takes the place of the link. */
	*done = (struct kcsd_timing_done){
		.start = run->now,
		.end = path.end,
		.parts.media = path.media + path.link,
		.parts.waiting = path.end - run->now - path.media - path.link,
	};
	return 0;
}

void kcsd_timing_run_wait(struct kcsd_timing *t, struct kcsd_timing_run *run,
			  const struct kcsd_timing_done *done)
{
	u64 took = advance(run, done->end), media = min(took, done->parts.media);

	(void)t;
	run->parts.media += media;
	run->parts.waiting += took - media;
}

int kcsd_timing_run_output(struct kcsd_timing *t, struct kcsd_timing_run *run, u64 bytes)
{
	struct kcsd_timing_path path;
	u64 took, link;

	if (bytes > KCSD_TIMING_MAX_BYTES)
		return -EINVAL;
	if (!bytes)
		return 0;
	kcsd_timing_pass(t, run->now);
	kcsd_timing_send(t, run->now, bytes, true, &path);
	took = advance(run, path.end + t->params.link_ns);
	link = min(took, path.link + t->params.link_ns);
	run->parts.link += link;
	run->parts.media += min(took - link, path.media);
	run->parts.waiting += took - link - min(took - link, path.media);
	t->stats.host_read += bytes;
	return 0;
}

void kcsd_timing_run_pause(struct kcsd_timing *t, struct kcsd_timing_run *run)
{
	struct kcsd_timing_unit *unit;

	if (run->unit == KCSD_TIMING_ANY_UNIT)
		return;
	unit = &t->units.units[run->unit];
	unit->taken = false;
	unit->free_at = run->now;
	unit->busy += run->now - run->on_unit;
	run->unit = KCSD_TIMING_ANY_UNIT;
}

void kcsd_timing_run_resume(struct kcsd_timing *t, struct kcsd_timing_run *run, u64 at)
{
	int found = kcsd_timing_units_find(&t->units, KCSD_TIMING_ANY_UNIT);

	/* Without a free unit the run ends without one. */
	if (found >= 0) {
		run->unit = found;
		t->units.units[found].taken = true;
		at = max(at, t->units.units[found].free_at);
	}
	run->parts.waiting += advance(run, at);
	run->on_unit = run->now;
}

void kcsd_timing_run_end(struct kcsd_timing *t, struct kcsd_timing_run *run,
			 struct kcsd_timing_done *done)
{
	kcsd_timing_run_pause(t, run);
	t->stats.runs++;
	t->stats.busy_until = max(t->stats.busy_until, run->now);
	if (done)
		*done = (struct kcsd_timing_done){ run->start, run->now, run->parts };
}
