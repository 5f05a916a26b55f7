// SPDX-License-Identifier: GPL-2.0
/* Print the device nodes of a drive. */
#include <stdio.h>
#include <unistd.h>

#include "cmd.h"

static void print_namespace(uint32_t index, uint32_t nsid, const char *what)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/kcsdg%un%u", index, nsid);
	if (!access(path, F_OK))
		printf("namespace %u: %s%s\n", nsid, path, what);
}

int kcsd_print_nodes(const char *name)
{
	struct kcsd_config_info info;
	int ret = kcsd_config_get(name, &info, sizeof(info));

	if (ret)
		return kcsd_fail_config(ret, "drive '%s'", name);
	printf("drive: kcsd%u\ncontroller: /dev/kcsd%u\nblock device: /dev/kcsd%un%u\n",
	       info.index, info.index, info.index, KCSD_NSID_NVM);
	print_namespace(info.index, KCSD_NSID_NVM, "");
	print_namespace(info.index, KCSD_NSID_SLM, " (SLM)");
	print_namespace(info.index, KCSD_NSID_COMPUTE, " (compute)");
	print_namespace(info.index, KCSD_NSID_KV, " (objects)");
	return 0;
}
