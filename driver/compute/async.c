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

void kcsd_async_exit(struct kcsd_async *async)
{
	if (async->status > 0)
		async_log_failure(async);
	if (async->gate)
		kcsd_gate_exit(async->gate);
	kcsd_drive_exit(async->drive);
}

int kcsd_async_finish(struct kcsd_async *async, bool to_host)
{
	int ret = async->ops->finish ? async->ops->finish(async, to_host) : 0;

	if (async->slot_of)
		kcsd_tenant_put_slot(async->slot_of);
	async->slot_of = NULL;
	return ret;
}

void kcsd_async_free(struct kcsd_async *async)
{
	kvfree(async);
}
