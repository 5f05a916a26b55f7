/* SPDX-License-Identifier: GPL-2.0 */
/* Validate values of drive options, by their names in configfs. */
#ifndef KCSD_OPTION_VALUES_H
#define KCSD_OPTION_VALUES_H

#include <stdbool.h>
#include <stdint.h>

#define KCSD_RULE_LEN	64
/* Return NULL if the number is valid, else the rule that it breaks; the text may be in room. */
const char *kcsd_option_rule(const char *name, uint64_t n, char room[KCSD_RULE_LEN]);
/* False if the option takes one of several names and choice is not one of them. */
bool kcsd_option_has_choice(const char *name, const char *choice);

#endif
