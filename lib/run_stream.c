// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * A run whose output is taken while it runs: Execute on Sources with an output ID, and Run Receive
 * again and again, both on one ring. <linux/kcsd.h> has the commands.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "private.h"

#define PIECE		KCSD_MAX_RECEIVE	/* bytes of one Run Receive */
#define WINDOW		(1u << 20)	/* bytes that the drive keeps, by default */
#define IDLE_MS		250
#define RETRY_MS	50
#define RETRIES		600		/* 30 s */
#define RECORD_LEN	0x8000		/* record and audit */

enum { EXECUTE, RECEIVE };

struct stream {
	struct kcsd_drive *drv;
	const struct kcsd_run_opts *o;
	struct kcsd_queue *queue;
	uint32_t oid;
	bool executed;			/* Execute has completed */
	bool began;			/* there is output, perhaps of no bytes */
	bool ended;			/* all output was received, or the run was refused */
	struct kcsd_run_result *result;
};

/* ---- output IDs of the handle ---- */

static uint32_t take_oid(struct kcsd_drive *drv)
{
	uint32_t i, oid = 0;

	pthread_mutex_lock(&drv->lock);
	for (i = 1; !oid && i <= KCSD_MAX_OUTPUTS; i++)
		if (!(drv->oids & 1u << i))
			oid = i;
	if (oid)
		drv->oids |= 1u << oid;
	pthread_mutex_unlock(&drv->lock);
	return oid;
}

static void put_oid(struct kcsd_drive *drv, uint32_t oid)
{
	pthread_mutex_lock(&drv->lock);
	drv->oids &= ~(1u << oid);
	pthread_mutex_unlock(&drv->lock);
}

/* ---- the commands ---- */

static int send_execute(struct stream *s, struct kcsd_error *err)
{
	struct kcsd_run_header *header;
	struct kcsd_run run;
	int ret = kcsd_run_init(&run, s->drv, s->o, err);

	if (ret)
		return ret;
	header = run.data;
	header->flags |= htole32(KCSD_RUN_HEADER_WAIT);
	header->oid = htole16(s->oid);
	header->out_len = htole32(s->o->out_len ? MAX(s->o->out_len, KCSD_MIN_WINDOW) : WINDOW);
	ret = kcsd_queue_send(s->queue, &run, EXECUTE);
	if (ret)
		kcsd_run_destroy(&run);
	return ret;
}

static struct nvme_passthru_cmd64 receive_cmd(const struct stream *s, uint32_t sel, void *buf,
					      uint32_t len)
{
	return (struct nvme_passthru_cmd64){
		.opcode = KCSD_CMD_RUN_RECEIVE, .nsid = KCSD_NSID_COMPUTE,
		.cdw10 = s->oid | sel, .cdw11 = len,
		.addr = (uintptr_t)buf, .data_len = len,
	};
}

/* Send Run Receive. run has the buffer of the command before, or none. */
static int send_receive(struct stream *s, struct kcsd_run *run)
{
	if (!run->data)
		run->data = malloc(PIECE);
	if (!run->data)
		return -ENOMEM;
	run->cmd = receive_cmd(s, 0, run->data, PIECE);
	return kcsd_queue_send(s->queue, run, RECEIVE);
}

/* Receive the record and the audit, which releases the output. */
static int take_record(struct stream *s)
{
	struct kcsd_run_record *record = malloc(RECORD_LEN);
	struct nvme_passthru_cmd64 cmd = receive_cmd(s, KCSD_RECEIVE_RECORD, record, RECORD_LEN);
	struct kcsd_lba_range *audit;
	int ret = record ? kcsd_drive_io(s->drv, &cmd) : -ENOMEM;

	if (!ret) {
		kcsd_run_decode(record, s->result);
		audit = s->o->flags & KCSD_RUN_AUDIT ? malloc(KCSD_MAX_AUDIT * sizeof(*audit)) :
						       NULL;
		if (audit && kcsd_audit_decode(record, RECORD_LEN, audit, s->result))
			free(audit);
	}
	free(record);
	return ret;
}

/* ---- the run ---- */

static bool caller_stops(const struct stream *s, const void *bytes, size_t len)
{
	return s->o->output(s->o->output_arg, bytes, len);
}

static void sleep_ms(unsigned int ms)
{
	struct timespec ts = { .tv_nsec = ms * 1000000l };

	nanosleep(&ts, NULL);
}

/* There is no output: the drive has refused the run, or not seen it yet. */
static int refused(struct stream *s, struct kcsd_run *run)
{
	s->ended = s->executed;
	if (s->ended)
		return 0;
	sleep_ms(1);
	return send_receive(s, run);
}

/* Hand a piece on, and ask for the next. */
static int received(struct stream *s, struct kcsd_run *run, int status, uint64_t result)
{
	size_t len = (uint32_t)result;

	if (status == KCSD_SC_INVALID_OUTPUT)
		return refused(s, run);
	if (status)
		return status < 0 ? status : -EIO;
	if (len > PIECE)
		return -EPROTO;
	s->began = true;
	s->result->out_len += len;
	if (len && caller_stops(s, run->data, len))
		return -ECANCELED;
	s->ended = result & KCSD_RECEIVE_END;
	return s->ended ? 0 : send_receive(s, run);
}

/* Take one completion. Returns 0 or -errno. */
static int step(struct stream *s)
{
	struct kcsd_run run;
	uint64_t tag, value;
	int ret, status;

	ret = kcsd_queue_take(s->queue, &run, &tag, &status, &value, IDLE_MS);
	if (ret == -ETIME || ret == -EINTR)
		return caller_stops(s, NULL, 0) ? -ECANCELED : 0;
	if (ret)
		return ret;
	if (tag == EXECUTE) {
		s->executed = true;
		s->result->status = status;
		s->result->r0 = kcsd_run_has_result(status) ? value : 0;
		kcsd_run_destroy(&run);
		return 0;
	}
	ret = received(s, &run, status, value);
	if (ret || s->ended)
		kcsd_run_destroy(&run);
	return ret;
}

static int run_with_queue(struct stream *s, struct kcsd_error *err)
{
	struct kcsd_run receive = {};
	int ret = send_execute(s, err);

	if (ret)
		return ret;
	ret = send_receive(s, &receive);
	if (ret)
		kcsd_run_destroy(&receive);
	while (!ret && !(s->executed && s->ended))
		ret = step(s);
	if (!ret && s->began)
		ret = take_record(s);
	return ret;
}

/* Drop the output of a run that was cancelled: the next one with its ID could be refused. */
static void drop_output(struct stream *s)
{
	struct nvme_passthru_cmd64 cmd;
	char *buf = malloc(PIECE);
	int ret = buf ? 0 : -ENOMEM;

	while (!ret) {
		cmd = receive_cmd(s, 0, buf, PIECE);
		ret = kcsd_drive_io(s->drv, &cmd);
		if (cmd.result & KCSD_RECEIVE_END)
			break;
	}
	free(buf);
	if (!ret)
		take_record(s);
}

/* Run once. Returns -errno or s->result->status. */
static int stream_once(struct stream *s, struct kcsd_error *err)
{
	int ret = kcsd_queue_create(s->drv, 2, &s->queue);

	*s->result = (struct kcsd_run_result){};
	s->executed = s->began = s->ended = false;
	if (ret)
		return kcsd_error_set(err, ret, "cannot set up io_uring: %s", strerror(-ret));
	if (err)
		err->text[0] = '\0';
	ret = run_with_queue(s, err);
	/* Cancels what is still in flight. */
	kcsd_queue_destroy(s->queue);
	if (ret < 0)
		drop_output(s);
	if (ret == -ECANCELED)
		return kcsd_error_set(err, ret, "the run was cancelled");
	if (ret < 0 && err && !err->text[0])
		kcsd_error_set(err, ret, "cannot receive the output: %s", strerror(-ret));
	return ret < 0 ? ret : s->result->status;
}

/* Wait a moment before a run that the drive had no room for is sent again. */
static int pause_run(struct stream *s)
{
	sleep_ms(RETRY_MS);
	return caller_stops(s, NULL, 0) ? -ECANCELED : 0;
}

int kcsd_run_stream(struct kcsd_drive *drv, const struct kcsd_run_opts *o,
		    struct kcsd_run_result *result, struct kcsd_error *err)
{
	struct stream s = { .drv = drv, .o = o, .oid = take_oid(drv), .result = result };
	int i, ret;

	*result = (struct kcsd_run_result){};
	if (!s.oid)
		return kcsd_error_set(err, -EBUSY, "%d runs of this handle emit output already",
				      KCSD_MAX_OUTPUTS);
	for (i = 0; i < RETRIES; i++) {
		ret = stream_once(&s, err);
		if (ret != KCSD_SC_INSUFFICIENT_RESOURCES)
			break;
		if (pause_run(&s)) {
			ret = kcsd_error_set(err, -ECANCELED, "the run was cancelled");
			break;
		}
	}
	put_oid(drv, s.oid);
	return ret;
}
