/* SPDX-License-Identifier: GPL-2.0 */
/* Features: what Get and Set Features show and change. */
#ifndef KCSD_FEATURE_H
#define KCSD_FEATURE_H

#include <linux/types.h>

struct kcsd_drive;

/* Log page 12h, kvmalloc'ed, *len bytes; NULL without memory. */
void *kcsd_features_page(const struct kcsd_drive *drive, u32 *len);

#endif
