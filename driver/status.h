/* SPDX-License-Identifier: GPL-2.0 */
/* NVMe status, as the driver and as hosts see it. */
#ifndef KCSD_STATUS_H
#define KCSD_STATUS_H

#include <linux/kcsd.h>

/* Returns the status for the host: adds DNR (do not retry) unless a later retry can succeed. */
static inline int kcsd_status_to_host(int status)
{
	switch (status) {
	case 0:
	case KCSD_SC_INSUFFICIENT_RESOURCES:
	case KCSD_SC_SANITIZE_IN_PROGRESS:
	case KCSD_SC_FORMAT_IN_PROGRESS:
	case KCSD_SC_SOURCE_LIST_IN_USE:
	case KCSD_SC_OUTPUT_IN_USE:
		return status;
	default:
		return status | KCSD_SC_DNR;
	}
}

#endif
