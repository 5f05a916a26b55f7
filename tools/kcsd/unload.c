// SPDX-License-Identifier: GPL-2.0
/* kcsd unload */
#include "cmd.h"

#define OPTIONS(X) \
	OPTION_DRIVE(X) \
	X(FORCE, "force", 'f', NULL, "deactivate them first")

enum { OPTIONS(OPT_ENUM) };
static const struct opt opts[] = { OPTIONS(OPT_ROW) };

static int unload(const struct args *args)
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
		ret = kcsd_args_has(args, OPT_FORCE) ? kcsd_deactivate(drv, pind) : 0;
		if (!ret)
			ret = kcsd_unload(drv, pind);
		if (ret)
			code = kcsd_fail_ret(ret, "cannot unload program %u", pind);
	}
	kcsd_close(drv);
	return code;
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
