// SPDX-License-Identifier: GPL-2.0
/* kcsd inject: set, show and clear rules for injected errors. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "inject_rule.h"

#define MAX_RULES	4097	/* bytes: a page of configfs, and the NUL */

#define OPTIONS(X) \
	OPTION_DRIVE(X) \
	OPTION_JSON(X)

enum { OPTIONS(OPT_ENUM) };
static const struct opt opts[] = { OPTIONS(OPT_ROW) };

/* Parsed operands: [DRIVE] clear, [DRIVE] RULE, or [DRIVE] alone. */
struct inject {
	const struct args *args;
	const char *drive;	/* NULL: the only one */
	char **word;
	int nr;
};

static bool is_clear(const struct inject *in)
{
	return in->nr && !strcmp(in->word[0], "clear");
}

static int take_operands(struct inject *in)
{
	const struct args *args = in->args;
	int used = 0;

	in->drive = kcsd_args_value(args, OPT_DRIVE);
	if (!in->drive && args->nr_operands && strcmp(args->operand[0], "clear") &&
	    !kcsd_is_rule_command(args->operand[0]))
		in->drive = args->operand[used++];
	in->word = args->operand + used;
	in->nr = args->nr_operands - used;
	if (in->nr && kcsd_args_has(args, OPT_JSON))
		return kcsd_usage(args->cmd, "--json is only for a list of rules");
	if (is_clear(in))
		return in->nr > 1 ? kcsd_usage(args->cmd, "unexpected '%s'", in->word[1]) : 0;
	return in->nr ? kcsd_rule_validate(args->cmd, in->word, in->nr) : 0;
}

static int clear(const char *name)
{
	int ret = kcsd_attr_set(name, "inject", "clear");

	return ret ? kcsd_fail_config(ret, "drive '%s': cannot clear its rules", name) : 0;
}

/*
 * Set *nsze to the LBAs of a powered drive. Leave it alone for one without power, whose size may
 * come from the backing file. Return 0 or -errno.
 */
static int powered_lbas(const char *name, uint64_t *nsze)
{
	struct kcsd_config_info info;
	char size[32], block_size[32];
	int ret = kcsd_config_get(name, &info, sizeof(info));

	if (ret || !info.powered)
		return ret;
	if ((ret = kcsd_attr_get(name, "size", size, sizeof(size))) ||
	    (ret = kcsd_attr_get(name, "block_size", block_size, sizeof(block_size))))
		return ret;
	*nsze = strtoull(size, NULL, 10) / strtoull(block_size, NULL, 10);
	return 0;
}

static int add(const struct inject *in, const char *name)
{
	char text[RULE_LEN] = "";
	size_t len = 0;
	uint64_t nsze = 0;
	int i, ret;

	ret = powered_lbas(name, &nsze);
	if (ret)
		return kcsd_fail_config(ret, "drive '%s'", name);
	if (nsze && kcsd_rule_validate_lbas(in->word, in->nr, nsze))
		return KCSD_EXIT_FAILED;
	for (i = 0; i < in->nr && len < sizeof(text); i++)
		len += snprintf(text + len, sizeof(text) - len, "%s%s", i ? " " : "", in->word[i]);
	if (len >= sizeof(text))
		return kcsd_usage(in->args->cmd, "the rule is too long");
	ret = kcsd_attr_set(name, "inject", text);
	if (ret == -ENOSPC)
		return kcsd_fail("drive '%s' cannot have more rules; 'kcsd inject %s clear' "
				 "removes all", name, name);
	return ret ? kcsd_fail_config(ret, "drive '%s' refuses the rule", name) : 0;
}

static int list(const struct inject *in, const char *name)
{
	char text[MAX_RULES], *next = text, *line;
	json_object *json;
	int ret = kcsd_attr_get(name, "inject", text, sizeof(text));

	if (ret)
		return kcsd_fail_config(ret, "drive '%s'", name);
	if (!kcsd_args_has(in->args, OPT_JSON)) {
		printf("%s\n", *text ? text : "no rules");
		return 0;
	}
	json = json_object_new_array();
	while ((line = strsep(&next, "\n")))
		if (*line)
			json_object_array_add(json, kcsd_rule_json(line));
	kcsd_json_print(json);
	return 0;
}

static int inject(const struct args *args)
{
	char name[KCSD_CONFIG_NAME_LEN];
	struct inject in = { .args = args };
	int code;

	if ((code = take_operands(&in)) || (code = kcsd_pick_config(in.drive, name)))
		return code;
	if (is_clear(&in))
		return clear(name);
	return in.nr ? add(&in, name) : list(&in, name);
}

const struct command kcsd_cmd_inject = {
	.name = "inject",
	.operands = "[DRIVE] [clear|COMMAND WORD...]",
	.max_operands = -1,
	.summary = "make a drive fail by rules; list and clear the rules",
	.detail = "COMMAND is " RULE_COMMANDS ".\n"
		  "WORDs:\n"
		  "  media_error        the command fails with a media error\n"
		  "  timeout            the command fails when its sender would give up\n"
		  "  delay=MS           the command starts after this delay\n"
		  "  lba=START+COUNT    only commands that touch these LBAs\n"
		  "  next=N             only the next N commands\n"
		  "  probability=P      only this share of the commands, such as 0.01\n"
		  "  seed=N             seed for probability; default: 0\n"
		  "A rule has one of the first three. Without a rule: print the rules and how\n"
		  "often each has hit. If the name of a drive is also a COMMAND, use --drive.",
	.opts = opts,
	.nr_opts = ARRAY_SIZE(opts),
	.run = inject,
};
