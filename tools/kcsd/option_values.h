/* SPDX-License-Identifier: GPL-2.0 */
/* What values a drive's options can have, by their names in configfs. */
#ifndef KCSD_OPTION_VALUES_H
#define KCSD_OPTION_VALUES_H

#include <stdbool.h>
#include <stdint.h>

#define KCSD_RULE_LEN	64
/* What a number must be, and is not, perhaps in room; NULL: drives take it. */
const char *kcsd_option_rule(const char *name, uint64_t n, char room[KCSD_RULE_LEN]);
/* False: it is an option with names for values, and this is none of them. */
bool kcsd_option_has_choice(const char *name, const char *choice);

#endif
