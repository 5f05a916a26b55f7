/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KCSD_COUNTERS_LOG_H
#define KCSD_COUNTERS_LOG_H

#include <linux/types.h>

struct kcsd_drive;

/* Return log page C2h, *len bytes, to be freed by kvfree(); NULL without memory. */
void *kcsd_counters_page(const struct kcsd_drive *drive, u32 *len);

#endif
