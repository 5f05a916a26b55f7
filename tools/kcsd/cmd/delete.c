// SPDX-License-Identifier: GPL-2.0
/* kcsd delete */
#include <errno.h>

#include "cmd.h"

static int delete(const struct args *args)
{
	int i, ret, code = 0;

	for (i = 0; i < args->nr_operands; i++) {
		const char *name = args->operand[i];

		ret = kcsd_drive_delete(name);
		if (ret == -ENOENT || ret == -EINVAL)
			code = kcsd_fail_no_drive(name);
		else if (ret == -EPERM)
			code = kcsd_fail("drive '%s' is the module's own and stays until 'rmmod "
					 "kcsd'; 'insmod kcsd.ko drives=0' makes none", name);
		else if (ret == -EBUSY)
			code = kcsd_fail("drive '%s' is in use: unmount its file systems and close "
					 "its block device first", name);
		else if (ret)
			code = kcsd_fail_config(ret, "cannot delete drive '%s'", name);
	}
	return code;
}

const struct command kcsd_cmd_delete = {
	.name = "delete",
	.operands = "NAME...",
	.min_operands = 1,
	.max_operands = -1,
	.summary = "power drives off and remove them",
	.detail = "What is kept in memory is lost; a backing file keeps its data. NAME is that\n"
		  "given to 'kcsd create' ('kcsd list' shows it). Drives that the module made\n"
		  "when it was loaded stay, untouched.",
	.run = delete,
};
