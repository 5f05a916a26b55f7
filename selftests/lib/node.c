// SPDX-License-Identifier: GPL-2.0
#include "node.h"

#include <stdio.h>
#include <unistd.h>

#include <linux/kcsd.h>

void drive_node(char *buf, size_t len, int index, const char *suffix)
{
	snprintf(buf, len, "/dev/kcsd%d%s", index, suffix);
}

void drive_generic_node(char *buf, size_t len, int index, int nsid)
{
	snprintf(buf, len, "/dev/kcsdg%dn%d", index, nsid);
}

int drive_nodes_present(int index)
{
	char path[DRIVE_NODES][64];
	int n = 0;

	drive_node(path[0], sizeof(path[0]), index, "");
	drive_node(path[1], sizeof(path[1]), index, "n1");
	drive_generic_node(path[2], sizeof(path[2]), index, KCSD_NSID_NVM);
	drive_generic_node(path[3], sizeof(path[3]), index, KCSD_NSID_SLM);
	drive_generic_node(path[4], sizeof(path[4]), index, KCSD_NSID_COMPUTE);
	drive_generic_node(path[5], sizeof(path[5]), index, KCSD_NSID_KV);
	for (int i = 0; i < DRIVE_NODES; i++)
		n += !access(path[i], F_OK);
	return n;
}
