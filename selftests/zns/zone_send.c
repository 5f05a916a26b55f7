// SPDX-License-Identifier: GPL-2.0
/*
 * Change a zone, while an allocation of the command fails. Used by zone_undo.sh.
 *
 *	zone_send NODE finish|reset SLBA NTH
 *
 * Exit status: 0 if the command succeeded, 1 if it failed, 2 if it has fewer than NTH allocations,
 * 3 if it could not be sent.
 */
#include "alloc_failure.h"
#include "zns.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

int main(int argc, char **argv)
{
	struct nvme_passthru_cmd64 p = {};
	struct nvme_uring_cmd c;
	unsigned int left;
	int fd, ret;

	if (argc != 5)
		return 3;
	c = zns_send_cmd(strcmp(argv[2], "reset") ? ZNS_FINISH : ZNS_RESET, atoi(argv[3]));
	memcpy(&p, &c, sizeof(c));
	fd = open(argv[1], O_RDWR);
	/* Page faults allocate, too. */
	if (fd < 0 || !fail_set_up() || mlockall(MCL_CURRENT))
		return 3;
	fail_arm(atoi(argv[4]));
	ret = ioctl(fd, NVME_IOCTL_IO64_CMD, &p);
	left = fail_end();
	return left ? 2 : ret != 0;
}
