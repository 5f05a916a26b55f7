// SPDX-License-Identifier: GPL-2.0
/* Serve one client: receive, find the drive, load, run, unload, answer. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "serve.h"

#define REQUEST_S	10	/* without a byte of the request */

static int set_timeouts(int sock)
{
	struct timeval in = { .tv_sec = REQUEST_S }, out = { .tv_sec = KCSD_SERVE_REPLY_S };

	return setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &in, sizeof(in)) ||
	       setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &out, sizeof(out)) ? -errno : 0;
}

/*
 * Find the one drive of all files, with nothing asked of a file but its mode and the type of its
 * filesystem until both are known to be good. kcsd_sources_create() refuses directories.
 */
static int find_drive(const struct serve_request *r, char name[16], struct kcsd_error *err)
{
	char other[16];
	uint32_t i;
	int ret;

	for (i = 0; i < r->nr_fds; i++) {
		ret = kcsd_sources_drive(r->fds[i], i ? other : name, err);
		if (ret)
			return ret;
		if (i && strcmp(name, other)) {
			snprintf(err->text, sizeof(err->text), "the files are on %s and %s: all "
				 "must be on one drive", name, other);
			return -EXDEV;
		}
	}
	return 0;
}

/* Load, run and unload, so that a client that reads slowly holds nothing of the drive. */
static int serve_run(int sock, uint64_t puid, const struct serve_request *r,
		     struct kcsd_run_result *result, bool *clean, struct kcsd_error *err)
{
	struct serve_program program = { .puid = puid };
	uint64_t begin_seq = 0, end_seq = 0;
	char name[16];
	int ret = find_drive(r, name, err);

	if (ret)
		return ret;
	ret = kcsd_drive_open(name, 0, &program.drv);
	if (ret) {
		snprintf(err->text, sizeof(err->text), "the service cannot open %s: %s", name,
			 kcsd_error_text(ret));
		return ret;
	}
	ret = kcsd_serve_load(&program, r, err);
	if (!ret) {
		begin_seq = kcsd_serve_log_seq(&program);
		ret = kcsd_serve_run_once(sock, &program, r, result, err);
	}
	if (!ret && kcsd_serve_failed(result))
		end_seq = kcsd_serve_log_seq(&program);
	*clean = kcsd_serve_unload(&program);
	if (!ret)
		ret = kcsd_serve_send_log(sock, &program, begin_seq, end_seq);
	kcsd_drive_close(program.drv);
	return ret;
}

bool kcsd_serve_client(int sock, uint64_t puid)
{
	struct kcsd_run_result result = {};
	struct serve_request request = {};
	struct kcsd_error err = {};
	bool clean = true;
	int ret;

	ret = set_timeouts(sock);
	if (!ret)
		ret = kcsd_serve_receive(sock, &request, &err);
	if (!ret)
		ret = serve_run(sock, puid, &request, &result, &clean, &err);
	if (!ret)
		kcsd_serve_send_result(sock, &result);
	else if (ret != -EPIPE)
		kcsd_serve_send_error(sock, ret, &err, 0);
	/* Last: a filesystem in user space may keep whoever closes its files. */
	kcsd_serve_request_free(&request);
	kcsd_run_result_free(&result, sizeof(result));
	return clean;
}
