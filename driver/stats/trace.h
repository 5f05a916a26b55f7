/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints: each command of the char nodes is submitted, started and completed. (The block layer
 * has its own tracepoints for requests of the block node.) Documentation/overview.rst says how to
 * use them.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM kcsd

#if !defined(KCSD_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define KCSD_TRACE_H

#include <linux/ktime.h>
#include <linux/tracepoint.h>
#include <linux/kcsd.h>

#include "stats/trace_cmd.h"

/*
 * The command was parsed. If parsing failed, kcsd_cmd_complete follows, without kcsd_cmd_start.
 * cdw: CDW2, CDW3 and CDW10 to CDW15.
 */
TRACE_EVENT_CONDITION(kcsd_cmd_submit,
	TP_PROTO(const struct kcsd_trace_cmd *trace, const u32 *cdw),
	TP_ARGS(trace, cdw),
	TP_CONDITION(trace->id),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u32, drive)
		__field(u32, nsid)
		__field(u8, opcode)
		__field(bool, admin)
		__field(u32, cdw2)
		__field(u32, cdw3)
		__field(u32, cdw10)
		__field(u32, cdw11)
		__field(u32, cdw12)
		__field(u32, cdw13)
		__field(u32, cdw14)
		__field(u32, cdw15)
	),
	TP_fast_assign(
		__entry->id = trace->id;
		__entry->drive = trace->drive;
		__entry->nsid = trace->nsid;
		__entry->opcode = trace->opcode;
		__entry->admin = trace->admin;
		__entry->cdw2 = cdw[0];
		__entry->cdw3 = cdw[1];
		__entry->cdw10 = cdw[2];
		__entry->cdw11 = cdw[3];
		__entry->cdw12 = cdw[4];
		__entry->cdw13 = cdw[5];
		__entry->cdw14 = cdw[6];
		__entry->cdw15 = cdw[7];
	),
	TP_printk("kcsd%u id=%llu nsid=%u opcode=0x%02x admin=%d cdw2=0x%x cdw3=0x%x cdw10=0x%x cdw11=0x%x cdw12=0x%x cdw13=0x%x cdw14=0x%x cdw15=0x%x",
		  __entry->drive, __entry->id, __entry->nsid, __entry->opcode, __entry->admin,
		  __entry->cdw2, __entry->cdw3, __entry->cdw10, __entry->cdw11, __entry->cdw12,
		  __entry->cdw13, __entry->cdw14, __entry->cdw15)
);

/* unit and pind: compute unit and program index of a run, else -1. */
TRACE_EVENT_CONDITION(kcsd_cmd_start,
	TP_PROTO(const struct kcsd_trace_cmd *trace, int unit, int pind),
	TP_ARGS(trace, unit, pind),
	TP_CONDITION(trace->id),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u32, drive)
		__field(u32, nsid)
		__field(u8, opcode)
		__field(bool, admin)
		__field(int, unit)
		__field(int, pind)
		__field(u64, waited_ns)
	),
	TP_fast_assign(
		__entry->id = trace->id;
		__entry->drive = trace->drive;
		__entry->nsid = trace->nsid;
		__entry->opcode = trace->opcode;
		__entry->admin = trace->admin;
		__entry->unit = unit;
		__entry->pind = pind;
		__entry->waited_ns = ktime_get_ns() - trace->submit_ns;
	),
	TP_printk("kcsd%u id=%llu nsid=%u opcode=0x%02x admin=%d unit=%d pind=%d waited_ns=%llu",
		  __entry->drive, __entry->id, __entry->nsid, __entry->opcode, __entry->admin,
		  __entry->unit, __entry->pind, __entry->waited_ns)
);

/*
 * status: NVMe status or -errno. run: NULL if the command was no run; then pind is -1 and the
 * members behind it are 0.
 */
TRACE_EVENT_CONDITION(kcsd_cmd_complete,
	TP_PROTO(const struct kcsd_trace_cmd *trace, int status,
		 const struct kcsd_trace_run *run),
	TP_ARGS(trace, status, run),
	TP_CONDITION(trace->id),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u32, drive)
		__field(u32, nsid)
		__field(u8, opcode)
		__field(bool, admin)
		__field(int, status)
		__field(u64, latency_ns)
		__field(int, pind)
		__field(u32, engine)
		__field(u32, reason)
		__field(u64, insns)
		__field(u64, run_ns)
		__field(u64, read_bytes)
		__field(u64, written_bytes)
	),
	TP_fast_assign(
		__entry->id = trace->id;
		__entry->drive = trace->drive;
		__entry->nsid = trace->nsid;
		__entry->opcode = trace->opcode;
		__entry->admin = trace->admin;
		__entry->status = status > 0 ? status & KCSD_SC_MASK : status;
		__entry->latency_ns = ktime_get_ns() - trace->submit_ns;
		__entry->pind = run ? run->pind : -1;
		__entry->engine = run ? run->engine : 0;
		__entry->reason = run ? run->reason : 0;
		__entry->insns = run ? run->insns : 0;
		__entry->run_ns = run ? run->run_ns : 0;
		__entry->read_bytes = run ? run->read_bytes : 0;
		__entry->written_bytes = run ? run->written_bytes : 0;
	),
	TP_printk("kcsd%u id=%llu nsid=%u opcode=0x%02x admin=%d status=%s0x%x latency_ns=%llu pind=%d engine=%u reason=%u insns=%llu run_ns=%llu read_bytes=%llu written_bytes=%llu",
		  __entry->drive, __entry->id, __entry->nsid, __entry->opcode, __entry->admin,
		  __entry->status < 0 ? "-" : "",
		  __entry->status < 0 ? -__entry->status : __entry->status, __entry->latency_ns,
		  __entry->pind, __entry->engine, __entry->reason, __entry->insns,
		  __entry->run_ns, __entry->read_bytes, __entry->written_bytes)
);

/* Only with a model of time, before kcsd_cmd_complete: where the device time went. */
TRACE_EVENT_CONDITION(kcsd_cmd_device,
	TP_PROTO(const struct kcsd_trace_cmd *trace, const struct kcsd_trace_device *device),
	TP_ARGS(trace, device),
	TP_CONDITION(trace->id),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u32, drive)
		__field(u32, nsid)
		__field(u8, opcode)
		__field(bool, admin)
		__field(u8, op)
		__field(u64, arrival)
		__field(u64, start)
		__field(u64, end)
		__field(u64, link_ns)
		__field(u64, controller_ns)
		__field(u64, media_ns)
		__field(u64, compute_ns)
		__field(u64, waiting_ns)
	),
	TP_fast_assign(
		__entry->id = trace->id;
		__entry->drive = trace->drive;
		__entry->nsid = trace->nsid;
		__entry->opcode = trace->opcode;
		__entry->admin = trace->admin;
		__entry->op = device->op;
		__entry->arrival = device->arrival;
		__entry->start = device->start;
		__entry->end = device->end;
		__entry->link_ns = device->link;
		__entry->controller_ns = device->controller;
		__entry->media_ns = device->media;
		__entry->compute_ns = device->compute;
		__entry->waiting_ns = device->waiting;
	),
	TP_printk("kcsd%u id=%llu nsid=%u opcode=0x%02x admin=%d op=%u arrival=%llu start=%llu end=%llu link_ns=%llu controller_ns=%llu media_ns=%llu compute_ns=%llu waiting_ns=%llu",
		  __entry->drive, __entry->id, __entry->nsid, __entry->opcode, __entry->admin,
		  __entry->op, __entry->arrival, __entry->start, __entry->end, __entry->link_ns,
		  __entry->controller_ns, __entry->media_ns, __entry->compute_ns,
		  __entry->waiting_ns)
);

#ifndef TRACE_HEADER_MULTI_READ

static inline bool kcsd_trace_enabled(void)
{
	return trace_kcsd_cmd_submit_enabled() || trace_kcsd_cmd_start_enabled() ||
	       trace_kcsd_cmd_complete_enabled() || trace_kcsd_cmd_device_enabled();
}

/* trace.c: give a command that is submitted now an identifier. The caller sets the rest. */
void kcsd_trace_submitted(struct kcsd_trace_cmd *trace);

#endif /* TRACE_HEADER_MULTI_READ */

#endif /* KCSD_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH stats
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
