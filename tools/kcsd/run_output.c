// SPDX-License-Identifier: GPL-2.0
/* Write the output of a run to a file or a pipe: while it comes, or after the run. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run.h"
#include "signals.h"

bool kcsd_run_streams(const struct run *run)
{
	return run->output_fd >= 0 && (run->drv || run->by_service || run->on_host) &&
	       !run->writes_files && !kcsd_args_has(run->args, OPT_OUT_MAX);
}

static int fail_output(const struct run *run)
{
	return kcsd_fail("--output: %s: %s", kcsd_args_value(run->args, OPT_OUTPUT),
			 strerror(errno));
}

/* Empty the file, before the first byte is written: a run that is refused leaves it as it was. */
static int begin_output(const struct run *run)
{
	struct stat st;

	if (!fstat(run->output_fd, &st) && S_ISREG(st.st_mode) &&
	    run->output_fd != STDOUT_FILENO && ftruncate(run->output_fd, 0))
		return fail_output(run);
	return 0;
}

static int write_all(const struct run *run, const uint8_t *bytes, size_t len)
{
	ssize_t n;

	while (len) {
		n = write(run->output_fd, bytes, len);
		if (n < 0 && errno == EINTR && !kcsd_signals_caught())
			continue;
		if (n < 0 && errno == EPIPE)
			return kcsd_signals_code(SIGPIPE);
		if (n < 0)
			return fail_output(run);
		bytes += n;
		len -= n;
	}
	return 0;
}

int kcsd_run_write(struct run *run, const void *bytes, size_t len)
{
	int code = run->written ? 0 : begin_output(run);

	if (!code)
		code = write_all(run, bytes, len);
	run->written += len;
	return code;
}

int kcsd_run_take_output(void *arg, const void *bytes, size_t len)
{
	struct run *run = arg;

	if (kcsd_signals_caught())
		return -1;
	if (len) {
		kcsd_run_end_progress(run);
		run->output_code = kcsd_run_write(run, bytes, len);
	} else if (kcsd_nobody_reads(run->output_fd)) {
		run->output_code = kcsd_signals_code(SIGPIPE);
	} else {
		kcsd_run_show_progress(run);
	}
	return run->output_code;
}

/* NFS, and filesystems with quotas, may say only now that bytes were not written. */
static int close_output(struct run *run)
{
	int fd = run->output_fd;

	if (fd == STDOUT_FILENO)
		return 0;
	run->output_fd = -1;
	return close(fd) ? fail_output(run) : 0;
}

int kcsd_run_write_result(struct run *run)
{
	const struct kcsd_run_result *result = &run->result;
	int code = 0;

	if (run->output_fd < 0)
		return 0;
	if (!run->written && result->recorded)
		code = kcsd_run_write(run, result->out, result->out ? result->out_len : 0);
	return code ? code : close_output(run);
}
