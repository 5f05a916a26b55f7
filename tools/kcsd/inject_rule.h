/* SPDX-License-Identifier: GPL-2.0 */
/* Rules of errors on demand, in the words of configfs's file inject. */
#ifndef KCSD_INJECT_RULE_H
#define KCSD_INJECT_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cmd.h"

#define RULE_COMMANDS	"read, write, append, flush, execute"
#define RULE_LEN	256	/* of one that kcsd_rule_check() finds right, with its NUL */

bool kcsd_is_rule_command(const char *word);
/* A rule, word by word. Returns 0, or the exit code with what is wrong printed. */
int kcsd_rule_check(const struct command *cmd, char **words, int nr);
/* The same for its LBAs, on a drive that has nsze of them. */
int kcsd_rule_check_lbas(char **words, int nr, uint64_t nsze);
/* A line of the file, which is taken apart. */
json_object *kcsd_rule_json(char *line);

#endif
