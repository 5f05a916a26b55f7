/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Run programs on files without rights to the drive, by 'kcsd serve'. By <libkcsd.h>. */
#ifndef LIBKCSD_SERVE_H
#define LIBKCSD_SERVE_H

#include <libkcsd/run.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Runs by the service ---- */

struct kcsd_serve_opts {
	size_t sz;
	const char *socket;	/* of the service; NULL: /run/kcsd/serve.sock */
	const void *image;	/* the program: kcsd_object_image() */
	size_t image_len;	/* bytes, 16 MiB at most */
	const int *fds;		/* of files, open for reading: the stream of the run */
	uint32_t nr_fds;	/* 1 to 128 */
	uint32_t args_len;	/* bytes, KCSD_MAX_ARGS at most */
	const void *args;	/* copied to ctx->args of the program */
	uint64_t cparam1;
	uint64_t cparam2;
	uint64_t budget;	/* instructions; 0, or more: the limit of the drive */
	uint32_t timeout_ms;	/* 0, or more: the limit of the drive */
	uint32_t out_len;	/* bytes of room for output, 16 MiB at most; 0 with output */
	/*
	 * Take output of any size as it is emitted, in the thread of kcsd_serve_run(). See
	 * kcsd_output_fn. NULL: output comes with the result.
	 */
	kcsd_output_fn *output;
	void *output_arg;
	/* Take a line, any bytes, that a program logged which failed; NULL: they are dropped. */
	void (*log)(void *arg, const char *line, size_t len);
	void *log_arg;
};

/*
 * Have the service run a program on files, as of one moment, and wait for the result. Returns
 * result->status as kcsd_program_run(); the caller owns the result and releases it with
 * kcsd_run_result_free(). size: sizeof(*result). If there was no run, the result is zeroed, and
 * err->text has the sentence of the service.
 *
 * -ENOENT, -ECONNREFUSED, -EACCES: there is no service at this socket. -EUSERS: this user, or the
 * service, has too many runs. -EAGAIN: the files changed in each of several runs, or when there had
 * been output. -ECANCELED: opts->output has stopped the run. -EOPNOTSUPP: a file cannot be mapped,
 * see kcsd_sources_create(). -EPROTO: it is no such service. -EINTR: a signal came; the run is
 * cancelled. -ECONNRESET: the service has ended the connection. -EINVAL, -E2BIG: an option.
 * KCSD_SC_INVALID_PROGRAM_DATA and the other statuses of kcsd_program_load().
 */
KCSD_API int kcsd_serve_run(const struct kcsd_serve_opts *opts, struct kcsd_run_result *result,
			    size_t size, struct kcsd_error *err);

#ifdef __cplusplus
}
#endif

#endif
