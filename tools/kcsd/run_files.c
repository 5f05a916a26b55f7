// SPDX-License-Identifier: GPL-2.0
/* Files as the stream of a run: open them, find their drive, take them as of one moment. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run.h"

#define MAX_RUNS	5	/* begun, before a file that changes is given up */

/* Call fn for each file of the command line, in order, until it fails. */
static int each_file(struct run *run, int (*fn)(struct run *run, const char *path))
{
	const struct args *args = run->args;
	int i, code = 0;

	for (i = 0; !code && i < args->nr_given; i++)
		if (args->given[i].opt == run->file_opt)
			code = fn(run, args->given[i].value);
	return code;
}

/* True if the value of --file ends with this access. */
static bool has_access(const char *value, char access)
{
	size_t len = strlen(value);

	return len > 2 && value[len - 2] == ':' && value[len - 1] == access;
}

/* True if the output of the run would go to the file that fd reads, by whatever name. */
static bool is_output(const struct run *run, int fd)
{
	struct stat file, output;

	return run->output_fd >= 0 && !fstat(fd, &file) && !fstat(run->output_fd, &output) &&
	       S_ISREG(file.st_mode) && file.st_dev == output.st_dev &&
	       file.st_ino == output.st_ino;
}

static bool is_directory(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISDIR(st.st_mode);
}

/* Open "PATH", "PATH:r" or "PATH:w". */
static int open_file(struct run *run, const char *value)
{
	bool write = has_access(value, 'w'), access = write || has_access(value, 'r');
	char *path = strndup(value, strlen(value) - (access ? 2 : 0));
	int fd, code = 0;

	if (!path)
		return kcsd_fail("out of memory");
	/* O_NONBLOCK: a FIFO is refused later, instead of waited for. */
	fd = open(path, (write ? O_RDWR : O_RDONLY) | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		code = kcsd_fail("--file: %s: %s%s", path, strerror(errno),
				 errno == ENOENT && strchr(path, ':') ?
				 " (ACCESS behind ':' is r or w; w also reads)" : "");
	else if (is_directory(fd))
		code = kcsd_fail("--file: %s: it is not a regular file but a directory", path);
	else if (is_output(run, fd))
		code = kcsd_fail("--output is the same file as --file %s, which is read", path);
	free(path);
	if (code && fd >= 0)
		close(fd);
	if (code)
		return code;
	run->file_writes[run->nr_fds] = write;
	run->fds[run->nr_fds++] = fd;
	run->writes_files |= write;
	return 0;
}

static const char *first_path(const struct run *run)
{
	const struct given *given = run->args->given;

	while (given->opt != run->file_opt)
		given++;
	return given->value;
}

int kcsd_run_find_drive(struct run *run)
{
	struct kcsd_error error = {};
	int ret;

	if (!run->nr_fds)
		return 0;
	ret = kcsd_sources_drive(run->fds[0], run->drive_name, &error);
	return ret ? kcsd_run_refuse_files(run, ret, "%s: %s", first_path(run), error.text) : 0;
}

int kcsd_run_open_files(struct run *run)
{
	const struct args *args = run->args;
	int i, nr = 0;

	for (i = 0; i < args->nr_given; i++)
		nr += args->given[i].opt == run->file_opt;
	if (!nr)
		return 0;
	if (kcsd_args_has(args, run->range_opt) || run->opts.nr_ranges ||
	    run->opts.flags & KCSD_RUN_LEN)
		return kcsd_usage(args->cmd, "--file excludes --%s, --range and --len",
				  args->cmd->opts[run->range_opt].name);
	run->fds = calloc(nr, sizeof(*run->fds));
	run->file_writes = calloc(nr, sizeof(*run->file_writes));
	if (!run->fds || !run->file_writes)
		return kcsd_fail("out of memory");
	return each_file(run, open_file);
}

int kcsd_run_take_files(struct run *run)
{
	KCSD_OPTS(kcsd_sources_opts, opts, .fds = run->fds, .nr_fds = run->nr_fds,
		  .write = run->file_writes);
	struct kcsd_error error = {};
	int ret;

	if (!run->nr_fds)
		return 0;
	ret = kcsd_sources_create(run->drv, &opts, &run->sources, &error);
	if (ret)
		return kcsd_run_refuse_files(run, ret, "%s", error.text);
	run->opts.sources = run->sources;
	if (run->writes_files && run->output_fd >= 0 && !kcsd_args_has(run->args, OPT_OUT_MAX))
		run->opts.out_len = RUN_OUT_MAX;
	return 0;
}

/* An object that was listed is deleted: list again, unless it was named. */
static int list_again(struct run *run)
{
	if (++run->nr_runs == MAX_RUNS)
		return -1;
	kcsd_run_result_free(&run->result, sizeof(run->result));
	return kcsd_run_take_keys(run);
}

int kcsd_run_again(struct run *run)
{
	struct kcsd_error error = {};

	if (run->result.status == KCSD_SC_NO_KEY && kcsd_args_has(run->args, run->prefix_opt))
		return list_again(run);
	if (run->result.status != KCSD_SC_PROGRAM_CHANGED || !run->sources)
		return -1;
	if (run->writes_files)
		return kcsd_fail("a file changed while the program wrote: what it had written "
				 "stays, nothing was written after the change");
	if (run->written)
		return kcsd_fail("a file changed after %llu bytes of output: what was written is right, "
				 "but not all of it", (unsigned long long)run->written);
	if (++run->nr_runs == MAX_RUNS)
		return kcsd_fail("a file changed in each of %d runs: try again when nobody writes "
				 "it, or run on a copy", MAX_RUNS);
	kcsd_run_result_free(&run->result, sizeof(run->result));
	if (kcsd_sources_renew(run->sources, &error))
		return kcsd_fail("--file: %s", error.text);
	return 0;
}

int kcsd_run_settle_files(struct run *run)
{
	struct kcsd_error error = {};

	if (!run->writes_files || !kcsd_sources_settle(run->sources, &error))
		return 0;
	return kcsd_fail("--file: %s", error.text);
}

void kcsd_run_drop_sources(struct run *run)
{
	kcsd_sources_destroy(run->sources);
	run->sources = NULL;
}

void kcsd_run_close_files(struct run *run)
{
	uint32_t i;

	for (i = 0; i < run->nr_fds; i++)
		close(run->fds[i]);
	free(run->fds);
	free(run->file_writes);
	run->fds = NULL;
	run->file_writes = NULL;
	run->nr_fds = 0;
}
