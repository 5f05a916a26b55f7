/* SPDX-License-Identifier: GPL-2.0 */
/* Features of the controller, for Get Features and Set Features. */
#ifndef KCSD_FEATURE_H
#define KCSD_FEATURE_H

#include <linux/types.h>

struct kcsd_drive;

/* Returns log page 12h, *len bytes; the caller frees it by kvfree(). NULL: no memory. */
void *kcsd_features_page(const struct kcsd_drive *drive, u32 *len);

#endif
