// SPDX-License-Identifier: GPL-2.0
/* Run on files by 'kcsd serve', for users without rights to the drive. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "run.h"
#include "signals.h"

/* Return the error of opening the nodes that a run needs; 0: they can be opened. */
static int try_nodes(const char *name)
{
	struct kcsd_drive *drv;
	int ret = kcsd_drive_open(name, 0, &drv);

	if (ret)
		return ret;
	ret = kcsd_may_change(drv) ? kcsd_drive_fd(drv, KCSD_NSID_COMPUTE) : -EACCES;
	kcsd_drive_close(drv);
	return ret < 0 ? ret : 0;
}

bool kcsd_run_needs_service(const struct run *run)
{
	int ret = run->nr_fds ? try_nodes(run->drive_name) : 0;

	return ret == -EACCES || ret == -EPERM;
}

static int fail_refused(const struct run *run, const char *what)
{
	return kcsd_fail("%s is for users with rights to %s: the service does not take it "
			 "(run it as root, or without it)", what, run->drive_name);
}

/* Also decides for the host. */
static int fail_service(struct run *run, int ret, const struct kcsd_error *err)
{
	switch (ret) {
	case -EINTR:
	case -ECANCELED:
		if (!kcsd_signals_caught())
			break;
		kcsd_fail("interrupted, the run was cancelled");
		return kcsd_signals_code(kcsd_signals_caught());
	case -ENOENT:
	case -ECONNREFUSED:
	case -EACCES:
		return kcsd_run_refuse_files(run, -EACCES, "/dev/%s: this user has no rights to "
					     "it, and %s (run it as root, or have root start "
					     "'kcsd serve')", run->drive_name, err->text);
	case -EOPNOTSUPP:
	case -EXDEV:
		return kcsd_run_refuse_files(run, ret, "by the service: %s", err->text);
	}
	if (err->verdict)
		return kcsd_fail_load(err);
	return kcsd_fail("by the service: %s", err->text);
}

static void print_log(void *arg, const char *line, size_t len)
{
	(void)arg;
	kcsd_print_log_line(line, len);
}

int kcsd_run_by_service(struct run *run, const char *socket, bool verbose, const char *refused)
{
	KCSD_OPTS(kcsd_serve_opts, opts,
		.socket = socket,
		.fds = run->fds,
		.nr_fds = run->nr_fds,
		.args = run->opts.args,
		.args_len = run->opts.args_len,
		.cparam1 = run->opts.cparam1,
		.cparam2 = run->opts.cparam2,
		.budget = run->opts.budget,
		.timeout_ms = run->opts.timeout_ms,
		.log = print_log);
	struct kcsd_error err = {};
	int ret, code;

	if (refused)
		return fail_refused(run, refused);
	if (!run->obj)
		return fail_refused(run, "a program on the drive, by INDEX or NAME,");
	if (verbose)
		fprintf(stderr, "kcsd: no rights to /dev/%s: by the service at %s\n",
			run->drive_name, socket ? socket : "its usual socket");
	opts.image = kcsd_object_image(run->obj, &opts.image_len);
	run->by_service = true;
	if (kcsd_run_streams(run)) {
		opts.output = kcsd_run_take_output;
		opts.output_arg = run;
	} else {
		opts.out_len = run->opts.out_len;
	}
	kcsd_signals_catch();
	kcsd_run_begin_progress(run);
	ret = kcsd_serve_run(&opts, &run->result, sizeof(run->result), &err);
	kcsd_run_end_progress(run);
	if (run->output_code)
		return run->output_code;
	/* A run that failed has a record or a status; otherwise there was none. */
	if (ret && run->result.status != ret) {
		run->by_service = false;
		return fail_service(run, ret, &err);
	}
	code = kcsd_run_report(run);
	kcsd_run_result_free(&run->result, sizeof(run->result));
	return code;
}
