// SPDX-License-Identifier: GPL-2.0
/* kcsd run --anywhere: run on the host what no drive can read. */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "run.h"
#include "signals.h"

int kcsd_run_validate_anywhere(const struct run *run)
{
	if (!run->anywhere)
		return 0;
	if (run->writes_files)
		return kcsd_usage(run->args->cmd, "--anywhere excludes PATH:w: the host only reads "
				  "files");
	if (!run->nr_fds)
		return kcsd_usage(run->args->cmd, "--anywhere needs --file");
	if (run->opts.flags & KCSD_RUN_AUDIT || run->opts.rsid || run->keep)
		return kcsd_usage(run->args->cmd, "--anywhere excludes --audit, --range-set and "
				  "--keep: the host has no LBAs, no SLM and no place for programs");
	if (run->name)
		return kcsd_usage(run->args->cmd, "%s: no such file; --anywhere needs a program in a "
				  "file, not one of a drive", run->name);
	if (!run->obj)
		return kcsd_usage(run->args->cmd, "--anywhere needs a program in a file, not one of "
				  "a drive");
	return 0;
}

/* True if a file that is refused for this reason can be read by the host. */
static bool helps(const struct run *run, int ret)
{
	struct stat st;
	uint32_t i;

	if (run->writes_files)
		return false;
	for (i = 0; i < run->nr_fds; i++)
		if (fstat(run->fds[i], &st) || !S_ISREG(st.st_mode))
			return false;
	return ret == -EOPNOTSUPP || ret == -EXDEV || ret == -E2BIG || ret == -EPERM ||
	       ret == -EACCES;
}

int kcsd_run_refuse_files(struct run *run, int ret, const char *fmt, ...)
{
	bool host = helps(run, ret);
	char why[KCSD_ERROR_LEN];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	if (!host || !run->anywhere)
		return kcsd_fail("--file: %s%s", why, host && run->obj ?
				 " (--anywhere runs the program on the host then)" : "");
	fprintf(stderr, "kcsd: the program runs on the host, not on a drive: %s\n", why);
	run->on_host = true;
	return 0;
}

static void print_log(const char *line, size_t len, void *arg)
{
	(void)arg;
	kcsd_print_log_line(line, len);
}

/* Cancel the run after a signal, or when nobody reads its output. */
static int show_progress(uint64_t read_bytes, void *arg)
{
	struct run *run = arg;

	if (run->output_fd >= 0 && kcsd_nobody_reads(run->output_fd))
		run->output_code = kcsd_signals_code(SIGPIPE);
	kcsd_run_show_bytes(run, read_bytes);
	return kcsd_signals_caught() || run->output_code;
}

/* Return 0 with run->result valid, or the exit code. */
static int execute(struct run *run, struct kcsd_sim *sim)
{
	struct kcsd_run_opts opts = run->opts;
	int ret;

	if (kcsd_run_streams(run)) {
		opts.out_len = 0;
		opts.output = kcsd_run_take_output;
		opts.output_arg = run;
	}
	kcsd_run_begin_progress(run);
	ret = kcsd_sim_run(sim, &opts, &run->result, sizeof(run->result), &run->medium);
	kcsd_run_end_progress(run);
	if (kcsd_signals_caught())
		return kcsd_run_interrupted();
	if (run->output_code)
		return run->output_code;
	return ret < 0 ? kcsd_fail("--file: %s", run->medium.text) : 0;
}

int kcsd_run_on_host(struct run *run)
{
	KCSD_OPTS(kcsd_sim_opts, opts, .fds = run->fds, .nr_fds = run->nr_fds, .log = print_log,
		  .progress = show_progress, .arg = run);
	struct kcsd_error error = {};
	struct kcsd_sim *sim;
	const void *image;
	size_t len;
	int code;

	kcsd_signals_catch();
	image = kcsd_object_image(run->obj, &len);
	if (kcsd_sim_create(image, len, &opts, &sim, &error))
		return kcsd_fail("the program is refused: %s", error.text);
	code = execute(run, sim);
	if (!code)
		code = kcsd_run_report(run);
	kcsd_run_result_free(&run->result, sizeof(run->result));
	kcsd_sim_destroy(sim);
	return code;
}
