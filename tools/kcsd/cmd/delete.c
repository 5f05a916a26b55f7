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
			code = kcsd_fail("the module created drive '%s', only 'rmmod kcsd' deletes "
					 "it; 'insmod kcsd.ko drives=0' creates none", name);
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
	.summary = "power drives off and delete them",
	.detail = "Data in memory is lost; a backing file keeps its data. NAME is the name given\n"
		  "to 'kcsd create' ('kcsd list' shows it). A drive that the module created when\n"
		  "it was loaded cannot be deleted.",
	.run = delete,
};
