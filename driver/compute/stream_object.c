// SPDX-License-Identifier: GPL-2.0
/* Read the objects of a stream. */
#include <linux/string.h>
#include <linux/uio.h>

#include "compute/audit.h"
#include "compute/compute.h"
#include "compute/move.h"
#include "compute/run.h"
#include "compute/run_objects.h"
#include "compute/stream.h"
#include "config.h"
#include "media/lbas.h"
#include "media/objects.h"
#include "stats/counters.h"

bool kcsd_run_objects_may_wait(const struct kcsd_run *run)
{
	return run->objects && (run->compute->cfg->kv_file ||
				kcsd_inject_is_armed(run->compute->lbas, KCSD_INJECT_RETRIEVE));
}

static int read_value(struct kcsd_run *run, struct kcsd_kv_value *value, u64 from, void *buf,
		      u64 len)
{
	struct kvec kvec = { .iov_base = buf, .iov_len = len };
	struct iov_iter to;
	int ret = kcsd_run_inject(run, KCSD_INJECT_RETRIEVE, 0, 0);

	if (ret)
		return ret;
	iov_iter_kvec(&to, ITER_DEST, &kvec, 1, len);
	ret = kcsd_objects_read(run->compute->objects, value, from, &to, 0);
	/* Bytes that did not prove sound may be anything that the medium has. */
	if (ret)
		memset(buf, 0, len);
	return ret;
}

static void take_time(struct kcsd_run *run, u64 where, u64 len)
{
	const struct kcsd_objects *objects = run->compute->objects;

	if (objects->time_bytes)
		kcsd_run_clock_bytes(&run->clock, KCSD_TIMING_READ,
				     kcsd_objects_time_offset(objects, where, len), len);
}

int kcsd_run_read_object(struct kcsd_run *run, u32 i, u64 from, void *buf, u64 len)
{
	struct kcsd_kv_value *value;
	int ret;

	/* A CPU that mispredicts the type of the source must not go on to a value. */
	barrier_nospec();
	value = &run->objects->value[i];
	ret = read_value(run, value, from, buf, len);
	kcsd_run_note_object(run, i, ret, KCSD_SC_READ_ERROR);
	kcsd_audit_add_object(run->audit, i);
	if (ret)
		return ret;
	run->read_bytes += len;
	kcsd_stat_add(run->compute, media_read_bytes, len);
	take_time(run, value->where + from, len);
	return 0;
}
