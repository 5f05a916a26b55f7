// SPDX-License-Identifier: GPL-2.0
/* kcsd new-uuid */
#include "cmd.h"

static int new_uuid(const struct args *args)
{
	struct kcsd_error error;

	return kcsd_sidecar_renew_uuid(args->operand[0], &error) ? kcsd_fail("%s", error.text) : 0;
}

const struct command kcsd_cmd_new_uuid = {
	.name = "new-uuid",
	.operands = "FILE",
	.min_operands = 1,
	.max_operands = 1,
	.summary = "give a copy of drive files a UUID of its own",
	.detail = "FILE is the sidecar, or its backing file. A drive is not powered on while\n"
		  "another one has the same UUID. The drive of FILE must be powered off.",
	.run = new_uuid,
};
