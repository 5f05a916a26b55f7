/* SPDX-License-Identifier: GPL-2.0 */
/* What values a drive's options can have, by their names in configfs. */
#ifndef KCSD_OPTION_VALUES_H
#define KCSD_OPTION_VALUES_H

#include <stdbool.h>
#include <stdint.h>

/* False: no drive takes this value. Options whose values are no numbers: true. */
bool kcsd_option_takes(const char *name, uint64_t n);
/* What a number must be beside being within bounds, and is not; NULL: nothing. */
const char *kcsd_option_rule(const char *name, uint64_t n);
/* False: it is an option with names for values, and this is none of them. */
bool kcsd_option_has_choice(const char *name, const char *choice);

#endif
