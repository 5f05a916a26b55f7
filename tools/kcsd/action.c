// SPDX-License-Identifier: GPL-2.0
/* Find the action of a subcommand that has several, such as kcsd zone open. */
#include <stdio.h>
#include <string.h>

#include "cmd.h"

static const struct action *find_action(const struct command *cmd, const char *name)
{
	const struct action *a;

	for (a = cmd->actions; a->name; a++)
		if (!strcmp(a->name, name))
			return a;
	return NULL;
}

static int fail_action(const struct args *args)
{
	const struct action *a;
	char names[128] = "";
	size_t len = 0;

	for (a = args->cmd->actions; a->name && len < sizeof(names); a++)
		len += snprintf(names + len, sizeof(names) - len, "%s%s", len ? ", " : "", a->name);
	return kcsd_usage(args->cmd, "'%s' is none of %s", args->operand[0], names);
}

static int validate_operands(const struct args *args, const struct action *a)
{
	int nr = args->nr_operands - 1;

	if (nr < a->min_operands)
		return kcsd_usage(args->cmd, "%s: %s is missing", a->name, a->operands);
	if (a->max_operands >= 0 && nr > a->max_operands)
		return kcsd_usage(args->cmd, "unexpected '%s'", args->operand[a->max_operands + 1]);
	return 0;
}

static int validate_options(const struct args *args, const struct action *a)
{
	int i;

	for (i = 0; i < args->nr_given; i++)
		if (!(a->opts & 1ull << args->given[i].opt))
			return kcsd_usage(args->cmd, "--%s is not for %s",
					  args->cmd->opts[args->given[i].opt].name, a->name);
	return 0;
}

int kcsd_action_run(const struct args *args)
{
	const struct action *a = find_action(args->cmd, args->operand[0]);
	int code;

	if (!a)
		return fail_action(args);
	if ((code = validate_operands(args, a)) || (code = validate_options(args, a)))
		return code;
	return a->run(args);
}
