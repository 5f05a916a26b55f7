// SPDX-License-Identifier: GPL-2.0
/* Run the program of a client on its files. */
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>

#include "serve.h"
#include "signals.h"

#define MAX_RUNS	5	/* begun, before files that change are given up */
#define LOOK_MS		1000	/* between looks at signals */

/* Output that is sent while the run emits it. */
struct stream {
	int sock;
	uint64_t sent;		/* bytes */
	int error;		/* -errno: why the run was cancelled */
};

static int fail(struct kcsd_error *err, int ret, const char *what)
{
	snprintf(err->text, sizeof(err->text), "%s: %s", what, kcsd_error_text(ret));
	return ret;
}

/* Wait for the run, as long as the client is there. */
static int wait_run(int sock, struct kcsd_queue *queue, struct kcsd_run_result *result)
{
	struct pollfd fds[] = {
		{ .fd = kcsd_queue_fd(queue), .events = POLLIN },
		{ .fd = sock, .events = POLLRDHUP },
	};
	int ret;

	do {
		if (kcsd_signals_caught())
			return -EINTR;
		if (poll(fds, ARRAY_SIZE(fds), LOOK_MS) > 0 && fds[1].revents)
			return -ECONNRESET;
		ret = kcsd_queue_reap(queue, result, sizeof(*result), 0);
	} while (ret == -EAGAIN || ret == -EINTR);
	return ret;
}

/* Execute one run: submit, wait, and cancel it if the client goes. */
static int execute(int sock, struct kcsd_drive *drv, const struct kcsd_run_opts *opts,
		   struct kcsd_run_result *result, struct kcsd_error *err)
{
	struct kcsd_queue *queue;
	int ret = kcsd_queue_create(drv, 1, &queue);

	if (ret)
		return fail(err, ret, "the service cannot set up io_uring");
	ret = kcsd_queue_submit(queue, opts, 0, err);
	if (!ret) {
		ret = wait_run(sock, queue, result);
		if (ret)
			fail(err, ret, "the run was cancelled");
	}
	kcsd_queue_destroy(queue);
	return ret;
}

/* Send a piece of output; see kcsd_output_fn. A client that does not read it is given up. */
static int send_output(void *arg, const void *bytes, size_t len)
{
	struct stream *stream = arg;
	struct pollfd fd = { .fd = stream->sock, .events = POLLRDHUP };

	stream->sent += len;
	if (kcsd_signals_caught())
		stream->error = -EINTR;
	else if (len && kcsd_serve_send_output(stream->sock, bytes, len))
		stream->error = -EPIPE;
	else if (!len && poll(&fd, 1, 0) > 0)
		stream->error = -ECONNRESET;
	return stream->error;
}

/* Execute one run, and send its output. */
static int execute_and_send(struct stream *stream, struct kcsd_drive *drv,
			    struct kcsd_run_opts *opts, struct kcsd_run_result *result,
			    struct kcsd_error *err)
{
	int ret;

	opts->output = send_output;
	opts->output_arg = stream;
	ret = kcsd_program_run(drv, opts, result, sizeof(*result), err);
	if (stream->error)
		return fail(err, stream->error, "the run was cancelled");
	return ret < 0 ? ret : 0;
}

/* A file has changed. Take the files again, or give up. Return 0 to run again. */
static int renew(struct kcsd_sources *sources, uint64_t sent, int runs, struct kcsd_error *err)
{
	if (sent) {
		snprintf(err->text, sizeof(err->text), "a file changed after %llu bytes of output: what "
			 "was written is right, but not all of it", (unsigned long long)sent);
		return -EAGAIN;
	}
	return runs < MAX_RUNS ? kcsd_sources_renew(sources, err) :
	       fail(err, -EAGAIN, "a file changed in each of several runs");
}

int kcsd_serve_run_once(int sock, const struct serve_program *p, const struct serve_request *r,
			struct kcsd_run_result *result, struct kcsd_error *err)
{
	KCSD_OPTS(kcsd_sources_opts, files, .fds = r->fds, .nr_fds = r->nr_fds);
	KCSD_OPTS(kcsd_run_opts, opts,
		.pind = p->pind,
		.args = r->args,
		.args_len = r->args_len,
		.out_len = le32toh(r->head.out_len),
		.cparam1 = le64toh(r->head.cparam1),
		.cparam2 = le64toh(r->head.cparam2),
		.budget = le64toh(r->head.budget),
		.timeout_ms = le32toh(r->head.timeout_ms));
	struct stream stream = { .sock = sock };
	struct kcsd_sources *sources;
	int ret, runs;

	ret = kcsd_sources_create(p->drv, &files, &sources, err);
	if (ret)
		return ret;
	opts.sources = sources;
	for (runs = 1; ; runs++) {
		ret = kcsd_serve_streams(r) ?
		      execute_and_send(&stream, p->drv, &opts, result, err) :
		      execute(sock, p->drv, &opts, result, err);
		if (ret || result->status != KCSD_SC_PROGRAM_CHANGED)
			break;
		kcsd_run_result_free(result, sizeof(*result));
		ret = renew(sources, stream.sent, runs, err);
		if (ret)
			break;
	}
	kcsd_sources_destroy(sources);
	return ret;
}
