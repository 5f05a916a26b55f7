// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* A client of 'kcsd serve': send one run, receive its result. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <libkcsd/serve_wire.h>

#include "private.h"

#define IDLE_MS	250

/* One call of kcsd_serve_run(). */
struct call {
	int sock;
	const struct kcsd_serve_opts *o;
	size_t out_have;		/* bytes of output received */
	bool recorded;			/* there was a RECORD */
	char message[KCSD_ERROR_LEN];	/* of the service; "": none */
	struct kcsd_run_result result;
};

/* ---- request ---- */

static int validate_opts(const struct kcsd_serve_opts *o, struct kcsd_error *err)
{
	if (!o->nr_fds || !o->fds)
		return kcsd_error_set(err, -EINVAL, "there is no file");
	if (o->nr_fds > KCSD_SERVE_MAX_FILES)
		return kcsd_error_set(err, -E2BIG, "%u files: the service takes at most %u",
				      o->nr_fds, KCSD_SERVE_MAX_FILES);
	if (!o->image || !o->image_len || o->image_len > KCSD_SERVE_MAX_IMAGE)
		return kcsd_error_set(err, -EINVAL, "the service takes no program of %zu bytes",
				      o->image_len);
	if (o->args_len > KCSD_MAX_ARGS || (o->args_len && !o->args))
		return kcsd_error_set(err, o->args ? -E2BIG : -EINVAL, "arguments of %u bytes",
				      o->args_len);
	if (o->output && o->out_len)
		return kcsd_error_set(err, -EINVAL, "output as it is emitted has no length");
	if (o->out_len > KCSD_SERVE_MAX_OUT)
		return kcsd_error_set(err, -E2BIG, "output of %u bytes: at most %u are possible",
				      o->out_len, KCSD_SERVE_MAX_OUT);
	return 0;
}

static int connect_to(const char *path, int *sock, struct kcsd_error *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int ret;

	if (strlen(path) >= sizeof(addr.sun_path))
		return kcsd_error_set(err, -ENAMETOOLONG, "%s: too long for a socket", path);
	strcpy(addr.sun_path, path);
	*sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*sock < 0)
		return kcsd_error_set(err, -errno, "socket: %s", strerror(errno));
	if (!connect(*sock, (struct sockaddr *)&addr, sizeof(addr)))
		return 0;
	ret = -errno;
	close(*sock);
	return kcsd_error_set(err, ret, "there is no service at %s: %s", path, strerror(-ret));
}

/* Send the header with the files: in one call, so that they arrive together. */
static int send_header(int sock, const struct kcsd_serve_opts *o)
{
	struct kcsd_serve_request request = {
		.magic = htole32(KCSD_SERVE_MAGIC),
		.version = htole32(KCSD_SERVE_VERSION),
		.size = htole32(sizeof(request)),
		.flags = htole32(o->output ? KCSD_SERVE_STREAM : 0),
		.nr_files = htole32(o->nr_fds),
		.image_len = htole32(o->image_len),
		.args_len = htole32(o->args_len),
		.out_len = htole32(o->out_len),
		.cparam1 = htole64(o->cparam1),
		.cparam2 = htole64(o->cparam2),
		.budget = htole64(o->budget),
		.timeout_ms = htole32(o->timeout_ms),
	};
	char control[CMSG_SPACE(KCSD_SERVE_MAX_FILES * sizeof(int))]
		__attribute__((aligned(__alignof__(struct cmsghdr)))) = {};
	struct iovec iov = { &request, sizeof(request) };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = CMSG_SPACE(o->nr_fds * sizeof(int)),
	};
	struct cmsghdr *head = CMSG_FIRSTHDR(&msg);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(o->nr_fds * sizeof(int));
	memcpy(CMSG_DATA(head), o->fds, o->nr_fds * sizeof(int));
	/* The socket is empty: it takes a header as a whole. */
	return sendmsg(sock, &msg, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int send_bytes(int sock, const void *bytes, size_t len)
{
	const char *p = bytes;
	ssize_t n;

	for (; len; p += n, len -= n) {
		n = send(sock, p, len, MSG_NOSIGNAL);
		if (n < 0)
			return -errno;
	}
	return 0;
}

static int send_request(int sock, const struct kcsd_serve_opts *o)
{
	int ret = send_header(sock, o);

	if (!ret)
		ret = send_bytes(sock, o->image, o->image_len);
	if (!ret)
		ret = send_bytes(sock, o->args, o->args_len);
	/* A service that refuses reads no further: its reply says why. */
	return ret == -EPIPE || ret == -ECONNRESET ? 0 : ret;
}

/* ---- reply ---- */

static int receive(int sock, void *to, size_t len)
{
	ssize_t n;

	for (; len; to = (char *)to + n, len -= n) {
		n = recv(sock, to, len, 0);
		if (n <= 0)
			return n ? -errno : -ECONNRESET;
	}
	return 0;
}

static int receive_record(struct call *call, uint32_t len)
{
	struct kcsd_run_result *result = &call->result;
	struct kcsd_serve_record r;
	int ret;

	if (len != sizeof(r) || call->recorded)
		return -EPROTO;
	ret = receive(call->sock, &r, sizeof(r));
	if (ret)
		return ret;
	if (!call->o->output && le64toh(r.out_len) > call->o->out_len)
		return -EPROTO;
	call->recorded = true;
	result->status = le32toh(r.status);
	result->recorded = le32toh(r.recorded);
	result->r0 = le64toh(r.r0);
	result->out_len = le64toh(r.out_len);
	result->flags = le32toh(r.flags);
	result->info = (struct kcsd_run_info){
		.reason = le32toh(r.reason),
		.pc = le32toh(r.pc),
		.helper = le32toh(r.helper),
		.engine = le32toh(r.engine),
		.addr = le64toh(r.addr),
		.lba = le64toh(r.lba),
		.insns = le64toh(r.insns),
		.run_ns = le64toh(r.run_ns),
		.wait_ns = le64toh(r.wait_ns),
		.read_bytes = le64toh(r.read_bytes),
		.written_bytes = le64toh(r.written_bytes),
	};
	if (call->o->output || !result->out_len)
		return 0;
	result->out = malloc(result->out_len);
	return result->out ? 0 : -ENOMEM;
}

/* Hand a part of the output on. */
static int pass_output(struct call *call, uint32_t len)
{
	uint8_t bytes[KCSD_SERVE_MAX_FRAME];
	int ret;

	if (call->recorded)
		return -EPROTO;
	ret = receive(call->sock, bytes, len);
	if (ret)
		return ret;
	call->out_have += len;
	return len && call->o->output(call->o->output_arg, bytes, len) ? -ECANCELED : 0;
}

static int receive_output(struct call *call, uint32_t len)
{
	int ret;

	if (call->o->output)
		return pass_output(call, len);
	if (len > call->result.out_len - call->out_have)
		return -EPROTO;
	ret = receive(call->sock, (char *)call->result.out + call->out_have, len);
	call->out_have += len;
	return ret;
}

static int receive_log(struct call *call, uint32_t len)
{
	char line[KCSD_LOG_TEXT_LEN];
	int ret;

	if (len > sizeof(line))
		return -EPROTO;
	ret = receive(call->sock, line, len);
	if (!ret && call->o->log)
		call->o->log(call->o->log_arg, line, len);
	return ret;
}

static int receive_message(struct call *call, uint32_t len)
{
	if (len >= sizeof(call->message))
		return -EPROTO;
	call->message[len] = '\0';
	return receive(call->sock, call->message, len);
}

/* Take the last frame. Returns the status that the service reports, or -errno. */
static int receive_end(struct call *call, uint32_t len, struct kcsd_error *err)
{
	struct kcsd_serve_end end;
	int ret;

	if (len != sizeof(end))
		return -EPROTO;
	ret = receive(call->sock, &end, sizeof(end));
	if (ret)
		return ret;
	ret = le32toh(end.status);
	if (!ret)
		return call->recorded && call->out_have == call->result.out_len ? 0 : -EPROTO;
	kcsd_error_set(err, ret, "%s", *call->message ? call->message : kcsd_error_text(ret));
	if (err) {
		err->verdict = le32toh(end.verdict);
		err->pc = le32toh(end.pc);
	}
	return ret;
}

/* Wait for a frame. Ask the caller meanwhile whether to go on. */
static int wait_frame(const struct call *call)
{
	struct pollfd fd = { .fd = call->sock, .events = POLLIN };

	while (call->o->output && poll(&fd, 1, IDLE_MS) <= 0)
		if (call->o->output(call->o->output_arg, NULL, 0))
			return -ECANCELED;
	return 0;
}

/* Take all frames. *said: err has the sentence of the service. */
static int receive_reply(struct call *call, bool *said, struct kcsd_error *err)
{
	struct kcsd_serve_frame frame;
	uint32_t len;
	int ret;

	do {
		ret = wait_frame(call);
		if (!ret)
			ret = receive(call->sock, &frame, sizeof(frame));
		if (ret)
			return ret;
		len = le32toh(frame.len);
		if (len > KCSD_SERVE_MAX_FRAME)
			return -EPROTO;
		switch (le32toh(frame.type)) {
		case KCSD_SERVE_RECORD:
			ret = receive_record(call, len);
			break;
		case KCSD_SERVE_OUTPUT:
			ret = receive_output(call, len);
			break;
		case KCSD_SERVE_LOG:
			ret = receive_log(call, len);
			break;
		case KCSD_SERVE_MESSAGE:
			ret = receive_message(call, len);
			break;
		case KCSD_SERVE_END:
			*said = true;
			ret = receive_end(call, len, err);
			if (ret == -EPROTO)
				*said = *call->message;
			return ret;
		default:
			ret = -EPROTO;
		}
	} while (!ret);
	return ret;
}

static int describe(struct kcsd_error *err, int ret)
{
	switch (ret) {
	case -ECANCELED:
		return kcsd_error_set(err, ret, "the run was cancelled");
	case -EPROTO:
		return kcsd_error_set(err, ret, "the service does not follow the protocol");
	case -ECONNRESET:
		return kcsd_error_set(err, ret, "the service has ended the connection: a limit of "
				      "time or memory, or it was stopped");
	}
	return kcsd_error_set(err, ret, "the connection to the service: %s", kcsd_error_text(ret));
}

int kcsd_serve_run(const struct kcsd_serve_opts *opts, struct kcsd_run_result *result,
		   size_t size, struct kcsd_error *err)
{
	struct kcsd_serve_opts o;
	struct call call = {};
	bool said = false;
	int ret;

	memset(result, 0, size);
	ret = opts ? kcsd_opts_copy(&o, sizeof(o), opts) : -EINVAL;
	if (ret)
		return kcsd_error_set(err, ret, "kcsd_serve_opts: impossible size");
	ret = validate_opts(&o, err);
	if (!ret)
		ret = connect_to(o.socket ? o.socket : KCSD_SERVE_SOCKET, &call.sock, err);
	if (ret)
		return ret;
	call.o = &o;
	ret = send_request(call.sock, &o);
	if (!ret)
		ret = receive_reply(&call, &said, err);
	close(call.sock);
	if (ret) {
		free(call.result.out);
		return said ? ret : describe(err, ret);
	}
	kcsd_info_copy(result, size, &call.result, sizeof(call.result));
	if (result->status)
		kcsd_run_describe(result, size, NULL, err);
	return result->status;
}
