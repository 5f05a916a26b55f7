/* SPDX-License-Identifier: GPL-2.0 */
/* Health of a drive. NVMe Base, "SMART / Health Information (Log Page Identifier 02h)". */
#ifndef KCSD_SMART_H
#define KCSD_SMART_H

#include <linux/types.h>

struct kcsd_drive;

/* X(name): values that SMART sums up over all power cycles. */
#define KCSD_HEALTH(X) \
	X(read_bytes)		/* LBAs and values, over the link */ \
	X(write_bytes) \
	X(read_commands) \
	X(write_commands) \
	X(media_errors) \
	X(busy_ns)		/* of all compute units together */ \
	X(on_ns)		/* time with power */

struct kcsd_health {
#define KCSD_HEALTH_FIELD(name) u64 name;
	KCSD_HEALTH(KCSD_HEALTH_FIELD)
#undef KCSD_HEALTH_FIELD
};

/* Sum up this power cycle and all before it. The compute units exist. */
void kcsd_health_sum(struct kcsd_drive *drive, struct kcsd_health *h);
/* Return log page 02h, *len bytes, to be freed by kvfree(). NULL without memory. */
void *kcsd_health_page(struct kcsd_drive *drive, u32 *len);

#endif
