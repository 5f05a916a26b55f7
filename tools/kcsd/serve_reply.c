// SPDX-License-Identifier: GPL-2.0
/* The frames that the service sends to a client. */
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "serve.h"
#include "signals.h"

/*
 * Send all bytes. A client that reads nothing for KCSD_SERVE_REPLY_S is given up: -EAGAIN.
 * io_uring interrupts a wait, as a signal does: what is left is sent then.
 */
static int send_bytes(int sock, const void *bytes, size_t len, int flags)
{
	uint64_t until = kcsd_serve_now_ms() + KCSD_SERVE_REPLY_S * 1000;
	const char *p = bytes;
	ssize_t n;

	while (len) {
		n = send(sock, p, len, flags | MSG_NOSIGNAL);
		if (n < 0 && (errno != EINTR || kcsd_signals_caught()))
			return -errno;
		if (n > 0) {
			p += n;
			len -= n;
		}
		if (len && kcsd_serve_now_ms() > until)
			return -EAGAIN;
	}
	return 0;
}

static int send_frame(int sock, uint32_t type, const void *bytes, size_t len, int flags)
{
	struct kcsd_serve_frame frame = { .type = htole32(type), .len = htole32(len) };
	int ret = send_bytes(sock, &frame, sizeof(frame), flags | MSG_MORE);

	return ret ? ret : send_bytes(sock, bytes, len, flags);
}

static int send_end(int sock, int status, const struct kcsd_error *err, int flags)
{
	struct kcsd_serve_end end = { .status = htole32(status) };

	if (err) {
		end.verdict = htole32(err->verdict);
		end.pc = htole32(err->pc);
	}
	return send_frame(sock, KCSD_SERVE_END, &end, sizeof(end), flags);
}

int kcsd_serve_send_error(int sock, int status, const struct kcsd_error *err, int flags)
{
	int ret = send_frame(sock, KCSD_SERVE_MESSAGE, err->text, strlen(err->text), flags);

	return ret ? ret : send_end(sock, status, err, flags);
}

static int send_record(int sock, const struct kcsd_run_result *result)
{
	const struct kcsd_run_info *info = &result->info;
	struct kcsd_serve_record record = {
		.status = htole32(result->status),
		.recorded = htole32(result->recorded),
		.r0 = htole64(result->r0),
		.out_len = htole64(result->out_len),
		.flags = htole32(result->flags),
		.reason = htole32(info->reason),
		.pc = htole32(info->pc),
		.helper = htole32(info->helper),
		.engine = htole32(info->engine),
		.addr = htole64(info->addr),
		.lba = htole64(info->lba),
		.insns = htole64(info->insns),
		.run_ns = htole64(info->run_ns),
		.wait_ns = htole64(info->wait_ns),
		.read_bytes = htole64(info->read_bytes),
		.written_bytes = htole64(info->written_bytes),
	};

	return send_frame(sock, KCSD_SERVE_RECORD, &record, sizeof(record), 0);
}

int kcsd_serve_send_output(int sock, const void *bytes, size_t len)
{
	const char *out = bytes;
	size_t done, n;
	int ret = 0;

	for (done = 0; !ret && done < len; done += n) {
		n = len - done;
		if (n > KCSD_SERVE_MAX_FRAME)
			n = KCSD_SERVE_MAX_FRAME;
		ret = send_frame(sock, KCSD_SERVE_OUTPUT, out + done, n, 0);
	}
	return ret;
}

int kcsd_serve_send_log_line(int sock, const char *line, size_t len)
{
	return send_frame(sock, KCSD_SERVE_LOG, line, len, 0);
}

int kcsd_serve_send_result(int sock, const struct kcsd_run_result *result)
{
	int ret = send_record(sock, result);

	if (!ret && result->out)
		ret = kcsd_serve_send_output(sock, result->out, result->out_len);
	return ret ? ret : send_end(sock, 0, NULL, 0);
}
