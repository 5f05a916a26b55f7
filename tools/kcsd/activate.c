// SPDX-License-Identifier: GPL-2.0
/* kcsd activate, kcsd deactivate */
#include "cmd.h"

enum { OPTION_DRIVE(OPT_ENUM) };
static const struct opt opts[] = { OPTION_DRIVE(OPT_ROW) };

static int each_index(const struct args *args,
		      int (*change)(struct kcsd_drive *drv, uint32_t pind))
{
	struct kcsd_drive *drv;
	uint32_t pind;
	int i, ret, code;

	for (i = 0; i < args->nr_operands; i++) {
		code = kcsd_pick_index(args, args->operand[i], &pind);
		if (code)
			return code;
	}
	code = kcsd_pick_drive(kcsd_args_value(args, OPT_DRIVE), 0, &drv);
	if (code)
		return code;
	for (i = 0; i < args->nr_operands; i++) {
		kcsd_pick_index(args, args->operand[i], &pind);
		ret = change(drv, pind);
		if (ret)
			code = kcsd_fail_ret(ret, "cannot %s program %u", args->cmd->name, pind);
	}
	kcsd_close(drv);
	return code;
}

static int activate(const struct args *args)
{
	return each_index(args, kcsd_activate);
}

static int deactivate(const struct args *args)
{
	return each_index(args, kcsd_deactivate);
}

const struct command kcsd_cmd_activate = {
	.name = "activate",
	.operands = "INDEX...",
	.min_operands = 1,
	.max_operands = -1,
	.summary = "make loaded programs ready to run",
	.opts = opts,
	.nr_opts = ARRAY_SIZE(opts),
	.run = activate,
};

const struct command kcsd_cmd_deactivate = {
	.name = "deactivate",
	.operands = "INDEX...",
	.min_operands = 1,
	.max_operands = -1,
	.summary = "the reverse; needed before they can be unloaded",
	.opts = opts,
	.nr_opts = ARRAY_SIZE(opts),
	.run = deactivate,
};
