// SPDX-License-Identifier: GPL-2.0
/* kcsd help, kcsd version */
#include <stdio.h>

#include "cmd.h"

static int help(const struct args *args)
{
	const struct command *cmd;
	int i;

	if (args->nr_operands) {
		cmd = kcsd_command_find(args->operand[0]);
		if (!cmd)
			return kcsd_usage(args->cmd, "unknown command '%s'",
					  args->operand[0]);
		kcsd_command_help(cmd);
		return 0;
	}
	printf("Usage: kcsd COMMAND [OPTION]...\n"
	       "Create computational storage drives and run programs on them.\n\n");
	for (i = 0; kcsd_commands[i]; i++)
		printf("  %-12s%s\n", kcsd_commands[i]->name, kcsd_commands[i]->summary);
	printf("\n'kcsd help COMMAND' and kcsd(8) explain more.\n"
	       "Sizes: 512M, 1G, 0x1000. Ranges of LBAs: 0+1000, 0-999, all.\n"
	       "Exit codes: 0 success, 1 failure, 2 wrong usage; of a run also 3 the program\n"
	       "faulted, 4 it returned an error, 5 its output was cut; 6 no object has the key;\n"
	       "128+N ended by signal N.\n");
	return 0;
}

static int version(const struct args *args)
{
	(void)args;
	printf("kcsd %s\n", kcsd_version());
	return 0;
}

const struct command kcsd_cmd_help = {
	.name = "help",
	.operands = "[COMMAND]",
	.max_operands = 1,
	.summary = "explain the commands, or one of them",
	.run = help,
};

const struct command kcsd_cmd_version = {
	.name = "version",
	.operands = "",
	.summary = "print the version",
	.run = version,
};
