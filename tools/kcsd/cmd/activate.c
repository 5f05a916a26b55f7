// SPDX-License-Identifier: GPL-2.0
/* kcsd activate, kcsd deactivate */
#include "cmd.h"

enum { OPTION_DRIVE(OPT_ENUM) };
static const struct opt opts[] = { OPTION_DRIVE(OPT_ROW) };

static int activate(const struct args *args)
{
	return kcsd_pick_each_index(args, kcsd_args_value(args, OPT_DRIVE), kcsd_program_activate);
}

static int deactivate(const struct args *args)
{
	return kcsd_pick_each_index(args, kcsd_args_value(args, OPT_DRIVE),
				    kcsd_program_deactivate);
}

const struct command kcsd_cmd_activate = {
	.name = "activate",
	.operands = "INDEX...",
	.min_operands = 1,
	.max_operands = -1,
	.summary = "activate loaded programs, so that they can run",
	.opts = opts,
	.nr_opts = ARRAY_SIZE(opts),
	.run = activate,
};

const struct command kcsd_cmd_deactivate = {
	.name = "deactivate",
	.operands = "INDEX...",
	.min_operands = 1,
	.max_operands = -1,
	.summary = "deactivate programs, so that they can be unloaded",
	.opts = opts,
	.nr_opts = ARRAY_SIZE(opts),
	.run = deactivate,
};
