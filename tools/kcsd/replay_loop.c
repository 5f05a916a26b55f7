// SPDX-License-Identifier: GPL-2.0
/*
 * The order of a replay: commands of the traces and steps of runs go to the model in the order in
 * which they arrive. In a closed loop, a command arrives when the earliest of its slots is free; in
 * an open loop, at the time of the trace.
 */
#include <stdlib.h>
#include <time.h>

#include "replay.h"

#define NEVER	UINT64_MAX

/* A place for runs, which follow one another in it. */
struct run_slot {
	uint64_t at;			/* next event; NEVER: none, or it waits for a unit */
	bool active;
	bool waiting;
	uint64_t arrival;
	size_t step;
	struct kcsd_timing_run run;
};

struct loop {
	struct replay *r;
	uint64_t *slot;			/* heap of depth times, the earliest first; owned */
	struct replay_trace trace;	/* open if it has a buffer */
	int path;			/* index of the next trace */
	uint64_t last_ns;		/* arrival of the last command, in the trace */
	struct replay_cmd cmd;		/* the next one */
	uint64_t arrival;		/* its arrival, NEVER: there is none */
	struct run_slot *run;		/* owned */
	uint32_t nr_runs;
	uint64_t runs_left;
};

/* ---- results ---- */

static void record(struct replay *r, enum replay_kind kind, uint64_t arrival, uint64_t bytes,
		   const struct kcsd_timing_done *done)
{
	struct replay_result *result = &r->result[kind];

	if (!result->latency.count || arrival < result->begin_ns)
		result->begin_ns = arrival;
	if (done->end > result->end_ns)
		result->end_ns = done->end;
	kcsd_latency_add(&result->latency, done->end - arrival);
	result->bytes += bytes;
#define ADD(part)	result->parts.part += done->parts.part;
	REPLAY_PARTS(ADD)
#undef ADD
	if (done->end > r->end_ns)
		r->end_ns = done->end;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static int refuse(const struct loop *l, int ret)
{
	if (ret == -ERANGE)
		return kcsd_fail("the replay takes more device time than the model can count, or "
				 "an access is beyond the end of the drive (--size)");
	return kcsd_fail("the model refuses a command of the trace %s", l->trace.name);
}

/* Report traces from which nothing can be replayed. */
static int refuse_empty(const struct replay *r)
{
	char others[sizeof(r->source.devices.others)];
	size_t i, len = strlen(r->source.devices.others);

	if (len) {
		/* Without the newlines around them. */
		for (i = 1; i + 1 < len; i++)
			others[i - 1] = r->source.devices.others[i] == '\n' ? ' ' :
					r->source.devices.others[i];
		others[len - 2] = '\0';
		return kcsd_fail("the traces have no commands of %s, but of: %s",
				 r->source.devices.wanted, others);
	}
	if (r->source.skipped[REPLAY_SKIP_ACTION])
		return kcsd_fail("the traces have no events of action %c: --action chooses another",
				 r->source.action);
	return kcsd_fail("the traces have no commands");
}

/* ---- commands ---- */

/* Submit a command in pieces that the model takes; *done is that of the last end. */
static int submit(struct replay *r, uint8_t op, uint64_t arrival, uint64_t offset, uint64_t len,
		  struct kcsd_timing_done *done)
{
	struct kcsd_timing_cmd cmd = { .arrival = arrival, .offset = offset, .op = op };
	struct kcsd_timing_done piece;
	int ret;

	done->end = 0;
	do {
		cmd.bytes = len < KCSD_TIMING_MAX_BYTES ? len : KCSD_TIMING_MAX_BYTES;
		ret = kcsd_timing_submit(r->model, &cmd, &piece);
		if (ret)
			return ret;
		if (piece.end >= done->end)
			*done = piece;
		cmd.offset += cmd.bytes;
		len -= cmd.bytes;
	} while (len);
	return 0;
}

/* Returns 0, 1 if the command takes no part, or an error of the model. */
static int submit_cmd(struct replay *r, struct replay_cmd *cmd, uint64_t arrival,
		      struct kcsd_timing_done *done)
{
	bool zoned = r->shape.zone_size;

	switch (cmd->kind) {
	case REPLAY_READ:
		return submit(r, KCSD_TIMING_READ, arrival, cmd->offset, cmd->len, done);
	case REPLAY_WRITE:
	case REPLAY_APPEND:
		if (zoned)
			kcsd_replay_zone_write(r, cmd->kind == REPLAY_APPEND, &cmd->offset,
					       cmd->len);
		return submit(r, KCSD_TIMING_WRITE, arrival, cmd->offset, cmd->len, done);
	case REPLAY_FLUSH:
		return submit(r, KCSD_TIMING_FLUSH, arrival, 0, 0, done);
	case REPLAY_SLM_READ:
		return submit(r, KCSD_TIMING_MEM_READ, arrival, 0, cmd->len, done);
	case REPLAY_SLM_WRITE:
		return submit(r, KCSD_TIMING_MEM_WRITE, arrival, 0, cmd->len, done);
	case REPLAY_TRIM:
		if (!zoned)
			return submit(r, KCSD_TIMING_TRIM, arrival, cmd->offset, cmd->len, done);
		return kcsd_replay_zone_manage(r, cmd, arrival, done);
	default:
		if (zoned)
			return kcsd_replay_zone_manage(r, cmd, arrival, done);
		r->source.skipped[REPLAY_SKIP_ZONES]++;
		return 1;
	}
}

/* ---- slots ---- */

/* Replace the earliest time of the heap. */
static void replace_first(uint64_t *slot, uint64_t nr, uint64_t at)
{
	uint64_t i = 0, child;

	while ((child = 2 * i + 1) < nr) {
		if (child + 1 < nr && slot[child + 1] < slot[child])
			child++;
		if (slot[child] >= at)
			break;
		slot[i] = slot[child];
		i = child;
	}
	slot[i] = at;
}

/* Return the device time of a time in the trace; what is too late, the model refuses. */
static uint64_t time_of(const struct replay *r, uint64_t ns)
{
	unsigned __int128 at = (unsigned __int128)ns * REPLAY_SPEED_ONE / r->speed;

	return at < KCSD_TIMING_MAX_TIME ? at : KCSD_TIMING_MAX_TIME + 1;
}

/* Take the next command of the traces. Return 0, or the exit code. */
static int next_cmd(struct loop *l)
{
	struct replay *r = l->r;
	int ret;

	for (;;) {
		if (l->trace.buf) {
			ret = kcsd_replay_next(&l->trace, &l->cmd);
			if (ret < 0)
				return KCSD_EXIT_FAILED;
			if (ret)
				break;
			kcsd_replay_close(&l->trace);
		}
		if (l->path == r->nr_paths) {
			l->arrival = NEVER;
			return 0;
		}
		ret = kcsd_replay_open(&l->trace, r->paths[l->path++], &r->source, l->last_ns);
		if (ret)
			return ret;
	}
	if (l->cmd.at_ns < l->last_ns) {
		r->early++;
		l->cmd.at_ns = l->last_ns;
	}
	l->last_ns = l->cmd.at_ns;
	l->arrival = l->slot[0];
	if (r->open_loop)
		l->arrival = time_of(r, l->last_ns);
	return 0;
}

static int do_cmd(struct loop *l)
{
	struct kcsd_timing_done done;
	int ret = submit_cmd(l->r, &l->cmd, l->arrival, &done);

	if (ret < 0)
		return refuse(l, ret);
	if (!ret) {
		record(l->r, l->cmd.kind, l->arrival, l->cmd.len, &done);
		replace_first(l->slot, l->r->depth, done.end);
	}
	return next_cmd(l);
}

/* ---- runs ---- */

/* A unit is free: let the run go on that has waited longest. */
static void wake_run(struct loop *l)
{
	struct run_slot *first = NULL;
	uint32_t i;

	for (i = 0; i < l->nr_runs; i++)
		if (l->run[i].waiting && (!first || l->run[i].arrival < first->arrival))
			first = &l->run[i];
	if (!first)
		return;
	first->waiting = false;
	first->at = first->arrival;
}

static void end_run(struct loop *l, struct run_slot *s)
{
	const struct replay_program *program = &l->r->program;
	struct kcsd_timing_done done;
	uint64_t rest = program->output, bytes;

	for (; rest; rest -= bytes) {
		bytes = rest < KCSD_TIMING_MAX_BYTES ? rest : KCSD_TIMING_MAX_BYTES;
		kcsd_timing_run_output(l->r->model, &s->run, bytes);
	}
	kcsd_timing_run_end(l->r->model, &s->run, &done);
	record(l->r, REPLAY_RUN, s->arrival, program->accessed, &done);
	s->active = false;
	s->at = NEVER;
	if (l->runs_left && (l->arrival != NEVER || l->r->runs != REPLAY_RUNS_ON)) {
		l->runs_left--;
		s->at = s->arrival = done.end;
	}
	wake_run(l);
}

/* Begin a run. Returns -1, 0 if it has to wait for a unit, or the exit code. */
static int begin_run(struct loop *l, struct run_slot *s)
{
	int ret = kcsd_timing_run_begin(l->r->model, &s->run, s->arrival, KCSD_TIMING_ANY_UNIT);

	if (ret == -EBUSY) {
		s->waiting = true;
		s->at = NEVER;
		return 0;
	}
	if (ret)
		return refuse(l, ret);
	s->active = true;
	s->step = 0;
	return -1;
}

/* Carry out what a run does next: an access, then the work up to the next one. */
static int do_run(struct loop *l, struct run_slot *s)
{
	const struct replay_step *step = l->r->program.step;
	struct kcsd_timing *model = l->r->model;
	struct kcsd_timing_done done;
	int ret;

	step += s->active ? s->step : 0;
	if (!s->active) {
		ret = begin_run(l, s);
		if (ret >= 0)
			return ret;
	} else if (step->op == REPLAY_STEP_END) {
		end_run(l, s);
		return 0;
	} else {
		if (step->op == KCSD_TIMING_WRITE && l->r->shape.zone_size)
			kcsd_replay_zone_write(l->r, false, &(uint64_t){ step->offset }, step->len);
		ret = kcsd_timing_run_media(model, &s->run, step->op, step->offset, step->len,
					    &done);
		if (ret) {
			kcsd_timing_run_end(model, &s->run, NULL);
			return refuse(l, ret);
		}
		kcsd_timing_run_wait(model, &s->run, &done);
		s->step++;
		step++;
	}
	kcsd_timing_run_charge(model, &s->run, &(struct kcsd_timing_work){
			       .cycles = step->cycles });
	s->at = s->run.now;
	return 0;
}

/* ---- the loop ---- */

static struct run_slot *earliest_run(const struct loop *l)
{
	struct run_slot *first = NULL;
	uint32_t i;

	for (i = 0; i < l->nr_runs; i++)
		if (l->run[i].at != NEVER && (!first || l->run[i].at < first->at))
			first = &l->run[i];
	return first;
}

static int run_loop(struct loop *l)
{
	struct run_slot *run;
	int code = next_cmd(l);

	if (!code && l->r->nr_paths && l->arrival == NEVER)
		return refuse_empty(l->r);
	while (!code) {
		run = l->nr_runs ? earliest_run(l) : NULL;
		if (run && run->at < l->arrival)
			code = do_run(l, run);
		else if (l->arrival != NEVER)
			code = do_cmd(l);
		else
			break;
	}
	return code;
}

static bool make_loop(struct loop *l)
{
	struct replay *r = l->r;

	if (r->program.nr) {
		l->nr_runs = r->runs < r->run_depth ? r->runs : r->run_depth;
		l->runs_left = r->runs - l->nr_runs;
	}
	l->slot = calloc(r->depth, sizeof(*l->slot));
	l->run = calloc(l->nr_runs + 1, sizeof(*l->run));
	return l->slot && l->run && (!r->shape.zone_size || kcsd_replay_zones_init(r));
}

int kcsd_replay_scan(struct replay *r, uint64_t *end)
{
	uint64_t align = r->shape.zone_size ? r->shape.zone_size : 1u << 20;
	uint64_t begin = now_ns(), nr = 0, last;
	struct replay_trace trace;
	struct replay_cmd cmd;
	int i, ret, code = 0;

	for (i = 0; !code && i < r->nr_paths; i++) {
		code = kcsd_replay_open(&trace, r->paths[i], &r->source, 0);
		for (ret = !code; ret > 0; nr += ret > 0)
			ret = kcsd_replay_next(&trace, &cmd);
		if (ret < 0)
			code = KCSD_EXIT_FAILED;
		kcsd_replay_close(&trace);
	}
	if (!code && !nr)
		code = refuse_empty(r);
	if (code)
		return code;
	memset(r->source.skipped, 0, sizeof(r->source.skipped));
	last = kcsd_replay_devices_fix(&r->source.devices, align);
	if (last > *end)
		*end = last;
	r->host_ns = now_ns() - begin;
	return 0;
}

int kcsd_replay_loop(struct replay *r)
{
	struct loop l = { .r = r, .trace.fd = -1 };
	uint64_t begin = now_ns();
	int code;

	code = make_loop(&l) ? run_loop(&l) : kcsd_fail("out of memory");
	kcsd_timing_settle(r->model);
	r->host_ns += now_ns() - begin;
	kcsd_replay_close(&l.trace);
	free(l.slot);
	free(l.run);
	return code;
}
