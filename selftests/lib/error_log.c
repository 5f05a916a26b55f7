// SPDX-License-Identifier: GPL-2.0
#include "error_log.h"

#include "admin.h"

int error_log(int ctrl, struct error_entry *e, __u32 nr)
{
	struct nvme_uring_cmd c = cmd_log(LOG_ERROR, e, nr * sizeof(*e), 0);

	c.nsid = 0;
	return cmd_admin(ctrl, &c);
}
