// SPDX-License-Identifier: GPL-2.0
/* Many commands on objects in flight, each in a slot with its buffer. */
#include <errno.h>
#include <stdlib.h>

#include "kv.h"
#include "signals.h"

#define KEEP_ROOM	(1u << 20)	/* bytes; larger buffers are freed after use */

int kcsd_kv_flight_begin(struct kv_flight *f)
{
	int i, ret;

	kcsd_signals_catch();
	kcsd_progress_begin(&f->progress);
	for (i = KV_DEPTH - 1; i >= 0; i--) {
		f->jobs[i].next = f->free;
		f->free = &f->jobs[i];
	}
	ret = kcsd_kv_queue_create(f->kv->drv, KV_DEPTH, &f->queue);
	return ret ? kcsd_fail_ret(ret, "cannot set up io_uring") : 0;
}

/* Note the first failure. */
static void fail(struct kv_flight *f, int code)
{
	if (!f->code)
		f->code = code;
}

void kcsd_kv_flight_put(struct kv_flight *f, struct kv_job *job)
{
	if (job->room > KEEP_ROOM) {
		free(job->buf);
		job->buf = NULL;
		job->room = 0;
	}
	job->next = f->free;
	f->free = job;
}

/* Wait for a command, and pass it to done(). False: the queue does not work. */
static bool reap(struct kv_flight *f)
{
	struct kcsd_kv_result result;
	struct kv_job *job;
	int ret, code;

	ret = kcsd_kv_reap(f->queue, &result, sizeof(result), -1);
	if (kcsd_signals_caught())
		fail(f, kcsd_signals_code(kcsd_signals_caught()));
	if (ret == -EINTR)
		return true;
	if (ret) {
		kcsd_progress_end(&f->progress);
		fail(f, kcsd_fail_ret(ret, "cannot wait for commands"));
		return false;
	}
	job = &f->jobs[result.user_data];
	f->room -= job->room;
	code = f->done(f, job, &result);
	if (code)
		fail(f, code);
	kcsd_kv_flight_put(f, job);
	return true;
}

static bool has_place(const struct kv_flight *f, size_t len)
{
	return f->free && (!f->room || f->room + len <= KV_MAX_ROOM);
}

static bool make_room(struct kv_job *job, size_t len)
{
	if (job->room >= len)
		return true;
	free(job->buf);
	job->buf = malloc(len);
	job->room = job->buf ? len : 0;
	return job->buf;
}

struct kv_job *kcsd_kv_flight_get(struct kv_flight *f, size_t len)
{
	struct kv_job *job;

	if (kcsd_signals_caught())
		fail(f, kcsd_signals_code(kcsd_signals_caught()));
	while (!f->code && !has_place(f, len))
		if (!reap(f))
			break;
	if (f->code)
		return NULL;
	job = f->free;
	if (!make_room(job, len)) {
		fail(f, kcsd_fail("no memory for %zu bytes", len));
		return NULL;
	}
	f->free = job->next;
	job->len = len;
	return job;
}

void kcsd_kv_flight_send(struct kv_flight *f, struct kv_job *job, uint32_t opcode, uint32_t flags)
{
	bool data = opcode == KCSD_KV_STORE || opcode == KCSD_KV_RETRIEVE;
	KCSD_OPTS(kcsd_kv_opts, opts, .opcode = opcode, .flags = flags, .key = job->key,
		  .buf = data ? job->buf : NULL, .len = data ? job->len : 0);
	int ret = kcsd_kv_submit(f->queue, &opts, job - f->jobs, &f->kv->err);

	if (ret) {
		fail(f, kcsd_kv_fail(f->kv, ret));
		kcsd_kv_flight_put(f, job);
		return;
	}
	f->room += job->room;
}

int kcsd_kv_flight_drain(struct kv_flight *f)
{
	while (f->queue && kcsd_queue_inflight(f->queue))
		if (!reap(f))
			break;
	kcsd_progress_end(&f->progress);
	return f->code;
}

void kcsd_kv_flight_end(struct kv_flight *f)
{
	int i;

	kcsd_kv_flight_drain(f);
	kcsd_queue_destroy(f->queue);
	for (i = 0; i < KV_DEPTH; i++)
		free(f->jobs[i].buf);
}
