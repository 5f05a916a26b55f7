// SPDX-License-Identifier: GPL-2.0
/* kcsd: create drives, load and run programs. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "signals.h"

const struct command *const kcsd_commands[] = {
	&kcsd_cmd_create,
	&kcsd_cmd_delete,
	&kcsd_cmd_power,
	&kcsd_cmd_list,
	&kcsd_cmd_info,
	&kcsd_cmd_build,
	&kcsd_cmd_image,
	&kcsd_cmd_load,
	&kcsd_cmd_unload,
	&kcsd_cmd_activate,
	&kcsd_cmd_deactivate,
	&kcsd_cmd_programs,
	&kcsd_cmd_run,
	&kcsd_cmd_select,
	&kcsd_cmd_sim,
	&kcsd_cmd_replay,
	&kcsd_cmd_serve,
	&kcsd_cmd_mount,
	&kcsd_cmd_disasm,
	&kcsd_cmd_slm,
	&kcsd_cmd_ranges,
	&kcsd_cmd_zone,
	&kcsd_cmd_kv,
	&kcsd_cmd_inject,
	&kcsd_cmd_power_cut,
	&kcsd_cmd_stats,
	&kcsd_cmd_timing,
	&kcsd_cmd_top,
	&kcsd_cmd_log,
	&kcsd_cmd_fsck,
	&kcsd_cmd_new_uuid,
	&kcsd_cmd_help,
	&kcsd_cmd_version,
	NULL
};

const struct command *kcsd_command_find(const char *name)
{
	int i;

	if (!strcmp(name, "--help") || !strcmp(name, "-h"))
		return &kcsd_cmd_help;
	if (!strcmp(name, "--version") || !strcmp(name, "-V"))
		return &kcsd_cmd_version;
	for (i = 0; kcsd_commands[i]; i++)
		if (!strcmp(kcsd_commands[i]->name, name))
			return kcsd_commands[i];
	return NULL;
}

/*
 * Keep the numbers of standard streams that were closed from a file. Reads and writes fail there
 * as they would have.
 */
static void fill_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_CLOEXEC | O_PATH);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/*
 * Write and close standard output: some filesystems tell errors only then. It may have been closed
 * from the start, if nothing was written.
 */
static bool close_stdout(void)
{
	return !fflush(stdout) && !ferror(stdout) &&
	       (!close(STDOUT_FILENO) || errno == EBADF);
}

int main(int argc, char **argv)
{
	const struct command *cmd;
	struct args args;
	int code;

	/* A write beyond RLIMIT_FSIZE fails instead, and its command undoes its work. */
	signal(SIGXFSZ, SIG_IGN);
	fill_streams();
	if (argc < 2) {
		fprintf(stderr, "kcsd: a command is missing (see 'kcsd help')\n");
		return KCSD_EXIT_USAGE;
	}
	cmd = kcsd_command_find(argv[1]);
	if (!cmd) {
		fprintf(stderr, "kcsd: unknown command '%s' (see 'kcsd help')\n", argv[1]);
		return KCSD_EXIT_USAGE;
	}
	code = kcsd_args_parse(&args, cmd, argc - 1, argv + 1);
	if (code < 0) {
		code = cmd->run(&args);
		kcsd_args_free(&args);
	}
	if (!close_stdout() && !code) {
		/* Not an error in "kcsd ... | head": the reader has closed the pipe. */
		if (kcsd_nobody_reads(STDOUT_FILENO))
			code = kcsd_signals_code(SIGPIPE);
		else
			code = kcsd_fail("cannot write to standard output");
	}
	return code;
}
