// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Many commands on objects at once, on a queue as runs have it. */
#include <errno.h>

#include "kv.h"

int kcsd_kv_queue_create(struct kcsd_drive *drv, unsigned int depth, struct kcsd_queue **queue)
{
	return kcsd_queue_open(drv, KCSD_NSID_KV, depth, queue);
}

static bool is_opcode(uint32_t opcode)
{
	return opcode == KCSD_KV_STORE || opcode == KCSD_KV_RETRIEVE || opcode == KCSD_KV_LIST ||
	       opcode == KCSD_KV_DELETE || opcode == KCSD_KV_EXIST || opcode == KCSD_KV_FLUSH;
}

static bool has_data(uint32_t opcode)
{
	return opcode == KCSD_KV_STORE || opcode == KCSD_KV_RETRIEVE || opcode == KCSD_KV_LIST;
}

static int validate(const struct kcsd_kv_opts *o, struct kcsd_error *err)
{
	if (!is_opcode(o->opcode))
		return kcsd_error_set(err, -EINVAL, "opcode %#x is none of Key Value", o->opcode);
	if (o->flags & ~(o->opcode == KCSD_KV_STORE ? STORE_FLAGS : 0))
		return kcsd_error_set(err, -EINVAL, "flags: no such flag: %#x", o->flags);
	if (o->rsvd || (o->len && !has_data(o->opcode)))
		return kcsd_error_set(err, -EINVAL, "a reserved field, or the length of a command "
				      "without data, is not 0");
	if (o->len && !o->buf)
		return kcsd_error_set(err, -EINVAL, "buf: a length without an address");
	return 0;
}

int kcsd_kv_submit(struct kcsd_queue *queue, const struct kcsd_kv_opts *opts, uint64_t user_data,
		   struct kcsd_error *err)
{
	struct kcsd_drive *drv = kcsd_queue_drive(queue, KCSD_NSID_KV);
	struct kcsd_run run = {};
	struct kcsd_kv_opts o;
	int ret = opts ? kcsd_opts_copy(&o, sizeof(o), opts) : -EINVAL;

	if (ret)
		return kcsd_error_set(err, ret, "kcsd_kv_opts: impossible size");
	if (!drv)
		return kcsd_error_set(err, -EINVAL, "the queue is for runs, not for objects");
	ret = validate(&o, err);
	if (!ret)
		ret = kcsd_kv_cmd_init(&run.cmd, o.opcode, &o.key, err);
	if (ret)
		return ret;
	if (has_data(o.opcode))
		kcsd_kv_cmd_set_data(&run.cmd, drv, o.buf, o.len);
	run.cmd.cdw11 |= o.flags;
	if (!kcsd_drive_may_send(drv, &run.cmd, false))
		return kcsd_error_set(err, -EACCES, "%s must be open for writing", drv->name);
	if (kcsd_queue_send(queue, &run, user_data))
		return kcsd_error_set(err, -EAGAIN, "the queue is full: reap a command first");
	return 0;
}

int kcsd_kv_reap(struct kcsd_queue *queue, struct kcsd_kv_result *result, size_t size,
		 int timeout_ms)
{
	struct kcsd_kv_result r;
	uint64_t user_data, len;
	struct kcsd_run run;
	int ret, status;

	if (!kcsd_queue_drive(queue, KCSD_NSID_KV))
		return -EINVAL;
	ret = kcsd_queue_take(queue, &run, &user_data, &status, &len, timeout_ms);
	if (ret)
		return ret;
	kcsd_kv_cmd_complete(&run.cmd, status, len, &r);
	r.user_data = user_data;
	kcsd_info_copy(result, size, &r, sizeof(r));
	return 0;
}
