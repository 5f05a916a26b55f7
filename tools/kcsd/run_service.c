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
	ret = kcsd_drive_fd(drv, KCSD_NSID_COMPUTE);
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

static int fail_service(const struct run *run, int ret, const struct kcsd_error *err)
{
	switch (ret) {
	case -EINTR:
		if (!kcsd_signals_caught())
			break;
		kcsd_fail("interrupted, the run was cancelled");
		return kcsd_signals_code(kcsd_signals_caught());
	case -ENOENT:
	case -ECONNREFUSED:
	case -EACCES:
		return kcsd_fail("/dev/%s: this user has no rights to it, and %s (run it as root, "
				 "or have root start 'kcsd serve')", run->drive_name, err->text);
	}
	if (err->verdict)
		return kcsd_fail_load(err);
	return kcsd_fail("by the service: %s", err->text);
}

/* The service does not pass output on while it comes: a file gets as much as there can be. */
static uint32_t out_len(const struct run *run)
{
	bool limited = run->output_fd < 0 || kcsd_args_has(run->args, OPT_OUT_MAX);

	return limited ? run->opts.out_len : RUN_OUT_MAX;
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
		.out_len = out_len(run));
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
	/* The service sends output after the run. */
	if (run->output_fd >= 0 && !kcsd_args_has(run->args, OPT_OUT_MAX))
		opts.out_len = run->opts.out_len = RUN_OUT_MAX;
	run->by_service = true;
	kcsd_signals_catch();
	ret = kcsd_serve_run(&opts, &run->result, sizeof(run->result), &err);
	/* A run that failed has a record or a status; otherwise there was none. */
	if (ret && run->result.status != ret)
		return fail_service(run, ret, &err);
	code = kcsd_run_report(run);
	kcsd_run_result_free(&run->result, sizeof(run->result));
	return code;
}
