/* SPDX-License-Identifier: GPL-2.0 */
/* Rules for injected errors, in the syntax of the configfs file "inject". */
#ifndef KCSD_INJECT_RULE_H
#define KCSD_INJECT_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cmd.h"

#define RULE_COMMANDS	"read, write, append, flush, execute, store, retrieve, delete, list"
#define RULE_LEN	256	/* bytes of a valid rule, with its NUL */

bool kcsd_is_rule_command(const char *word);
/* Validate a rule word by word. Return 0, or the exit code with the error printed. */
int kcsd_rule_validate(const struct command *cmd, char **words, int nr);
/* The same for the LBAs of a rule, on a drive with nsze LBAs. */
int kcsd_rule_validate_lbas(char **words, int nr, uint64_t nsze);
/* Return a line of the file as an object that the caller owns. Modifies line. */
json_object *kcsd_rule_json(char *line);

#endif
