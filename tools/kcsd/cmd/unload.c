// SPDX-License-Identifier: GPL-2.0
/* kcsd unload */
#include "cmd.h"

#define OPTIONS(X) \
	OPTION_DRIVE(X) \
	X(FORCE, "force", 'f', NULL, "deactivate the programs first")

enum { OPTIONS(OPT_ENUM) };
static const struct opt opts[] = { OPTIONS(OPT_ROW) };

static int force_unload(struct kcsd_drive *drv, uint32_t pind)
{
	int ret = kcsd_program_deactivate(drv, pind);

	return ret ? ret : kcsd_program_unload(drv, pind);
}

static int unload(const struct args *args)
{
	return kcsd_pick_each_index(args, kcsd_args_value(args, OPT_DRIVE),
				    kcsd_args_has(args, OPT_FORCE) ? force_unload :
								     kcsd_program_unload);
}

const struct command kcsd_cmd_unload = {
	.name = "unload",
	.operands = "INDEX...",
	.min_operands = 1,
	.max_operands = -1,
	.summary = "unload programs",
	.opts = opts,
	.nr_opts = ARRAY_SIZE(opts),
	.run = unload,
};
