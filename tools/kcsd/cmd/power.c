// SPDX-License-Identifier: GPL-2.0
/* kcsd power */
#include <errno.h>
#include <string.h>

#include "cmd.h"

int kcsd_power_on(const char *name)
{
	int kmsg = kcsd_kernel_log_open();
	int ret = kcsd_drive_power(name, true);

	if (ret) {
		kcsd_fail_config(ret, "cannot power on drive '%s'", name);
		kcsd_kernel_log_print(kmsg);
	}
	kcsd_kernel_log_close(kmsg);
	return ret ? KCSD_EXIT_FAILED : 0;
}

static int power_off(const char *name)
{
	int ret = kcsd_drive_power(name, false);

	if (ret == -EBUSY)
		return kcsd_fail("drive '%s' is in use: unmount its file systems and close its "
				 "block device first", name);
	return ret ? kcsd_fail_config(ret, "cannot power off drive '%s'", name) : 0;
}

static int power(const struct args *args)
{
	const char *way = args->operand[1];
	char name[KCSD_CONFIG_NAME_LEN];
	int code;

	if (strcmp(way, "on") && strcmp(way, "off"))
		return kcsd_usage(args->cmd, "'%s' is neither on nor off", way);
	code = kcsd_pick_config(args->operand[0], name);
	if (code)
		return code;
	if (!strcmp(way, "off"))
		return power_off(name);
	code = kcsd_power_on(name);
	return code ? code : kcsd_print_nodes(name);
}

const struct command kcsd_cmd_power = {
	.name = "power",
	.operands = "DRIVE on|off",
	.min_operands = 2,
	.max_operands = 2,
	.summary = "power a drive on or off",
	.detail = "Power off loses data in memory; a backing file keeps its data. The drive keeps\n"
		  "its directory in configfs and its options.",
	.run = power,
};
