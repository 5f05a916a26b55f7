// SPDX-License-Identifier: GPL-2.0
#include <linux/mm.h>

#include "compute/async.h"
#include "compute/tenant.h"
#include "drive.h"
#include "stats/error_log.h"

static void async_log_failure(const struct kcsd_async *async)
{
	bool has_place = async->status == KCSD_SC_INVALID_FIELD;
	struct kcsd_failure f = {
		.owner = async->turn.tenant->owner,
		.admin = async->admin,
		.status = async->status,
		.nsid = async->nsid,
		.place = has_place ? async->result : KCSD_ERROR_NO_PLACE,
		.lba = async->lba,
	};

	kcsd_error_log_add(async->drive->errors, &f);
}

/* A job tells its device time as its result if its open file asked for it. */
static void async_leave_clock(struct kcsd_async *async)
{
	struct kcsd_flow *flow = &async->turn.tenant->flow;
	struct kcsd_time *time = &async->held.time;

	kcsd_clock_leave(async->drive->clock, flow, time, async->op, async->opcode);
	kcsd_time_trace(time, &async->trace);
	if (time->arrived && !async->status && async->op != KCSD_TIME_RUN &&
	    READ_ONCE(flow->flags) & KCSD_TIMING_RESULT)
		async->result = time->end - time->arrival;
}

void kcsd_async_exit(struct kcsd_async *async)
{
	async_leave_clock(async);
	if (async->status > 0)
		async_log_failure(async);
	if (async->gate)
		kcsd_gate_exit(async->gate);
	kcsd_drive_exit(async->drive);
}

static void end_slot(struct kcsd_async *async)
{
	kcsd_slot_end(async->device_slot, kcsd_clock_due(async->drive->clock, &async->held.time));
	async->device_slot = NULL;
}

static void held_done(struct kcsd_held *held)
{
	struct kcsd_async *async = container_of(held, struct kcsd_async, held);

	end_slot(async);
	async->done(async);
}

void kcsd_async_complete(struct kcsd_async *async)
{
	/* Only this reads the struct from here on: done() may free it. */
	async->held.clock = async->drive->clock;
	async->held.done = held_done;
	kcsd_clock_hold(&async->held, !async->waits_out &&
			(async->overdue || READ_ONCE(async->cancelled)));
}

int kcsd_async_finish(struct kcsd_async *async, bool to_host)
{
	int ret = async->ops->finish ? async->ops->finish(async, to_host) : 0;

	end_slot(async);	/* if it was not submitted */
	if (async->slot_of)
		kcsd_tenant_put_slot(async->slot_of);
	async->slot_of = NULL;
	return ret;
}

void kcsd_async_free(struct kcsd_async *async)
{
	kvfree(async);
}
