// SPDX-License-Identifier: GPL-2.0
/* Parse command lines by the tables of the subcommands. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd.h"
#include "parse.h"

/* getopt_long() returns this plus an index for an option that has no letter. */
#define OPT_BASE	256
#define MAX_OPTS	64
#define HELP_COLUMN	30

static const struct opt help_opt = { "help", 'h', NULL, "print this" };

/* Return option i of cmd; the index behind the last one is --help. */
static const struct opt *opt_at(const struct command *cmd, int i)
{
	return i < cmd->nr_opts ? &cmd->opts[i] : &help_opt;
}

static void make_tables(const struct command *cmd, struct option *longs, char *letters)
{
	int i;

	*letters++ = ':';	/* getopt_long() prints no errors */
	for (i = 0; i <= cmd->nr_opts; i++) {
		const struct opt *opt = opt_at(cmd, i);

		longs[i] = (struct option){
			.name = opt->name,
			.has_arg = opt->arg ? required_argument : no_argument,
			.val = OPT_BASE + i,
		};
		if (!opt->letter)
			continue;
		*letters++ = opt->letter;
		if (opt->arg)
			*letters++ = ':';
	}
	longs[i] = (struct option){};
	*letters = '\0';
}

/* Return the index of a result of getopt_long(), -1 if it is not an option of cmd. */
static int opt_index(const struct command *cmd, int c)
{
	int i;

	if (c >= OPT_BASE)
		return c - OPT_BASE;
	for (i = 0; i <= cmd->nr_opts; i++)
		if (opt_at(cmd, i)->letter == c)
			return i;
	return -1;
}

/* Collect the options that begin with arg in names. False if there are none. */
static bool find_prefixed(const struct command *cmd, const char *arg, char *names, size_t len)
{
	size_t typed = strcspn(arg, "="), used = 0;
	int i;

	for (i = 0; i <= cmd->nr_opts && typed > 2 && used < len; i++)
		if (!strncmp(opt_at(cmd, i)->name, arg + 2, typed - 2))
			used += snprintf(names + used, len - used, "%s--%s", used ? ", " : "",
					 opt_at(cmd, i)->name);
	return used;
}

/* Report a mistake: unknown letter, value too many, unknown or ambiguous name. */
static int refuse_option(const struct command *cmd, const char *arg)
{
	char names[256];

	if (optopt && optopt < OPT_BASE)
		return kcsd_usage(cmd, "unknown option '-%c'", optopt);
	if (optopt)
		return kcsd_usage(cmd, "option '--%s' takes no value",
				  opt_at(cmd, optopt - OPT_BASE)->name);
	if (find_prefixed(cmd, arg, names, sizeof(names)))
		return kcsd_usage(cmd, "option '%s' can be one of %s", arg, names);
	return kcsd_usage(cmd, "unknown option '%s'", arg);
}

static int parse_options(struct args *args, int argc, char **argv)
{
	struct option longs[MAX_OPTS + 2];
	char letters[2 * MAX_OPTS + 4];
	const struct command *cmd = args->cmd;
	int c, i;

	make_tables(cmd, longs, letters);
	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		if (c == ':')
			return kcsd_usage(cmd, "option '%s' needs a value", argv[optind - 1]);
		if (c == '?')
			return refuse_option(cmd, argv[optind - 1]);
		i = opt_index(cmd, c);
		if (i == cmd->nr_opts) {
			kcsd_command_help(cmd);
			return 0;
		}
		args->given[args->nr_given++] = (struct given){ i, optarg ? optarg : "" };
	}
	return -1;
}

int kcsd_args_parse(struct args *args, const struct command *cmd, int argc, char **argv)
{
	int code;

	*args = (struct args){ .cmd = cmd };
	/* Count characters: each option needs at least one of an argument. */
	for (code = 1, args->nr_given = 1; code < argc; code++)
		args->nr_given += strlen(argv[code]);
	args->given = calloc(args->nr_given, sizeof(*args->given));
	if (!args->given)
		return kcsd_fail("out of memory");
	args->nr_given = 0;

	code = parse_options(args, argc, argv);
	if (code >= 0)
		goto out_free;
	args->operand = argv + optind;
	args->nr_operands = argc - optind;
	if (args->nr_operands < cmd->min_operands)
		code = kcsd_usage(cmd, "%s is missing", cmd->operands);
	else if (cmd->max_operands >= 0 && args->nr_operands > cmd->max_operands)
		code = kcsd_usage(cmd, "unexpected '%s'", args->operand[cmd->max_operands]);
	if (code < 0)
		return -1;
out_free:
	kcsd_args_free(args);
	return code;
}

void kcsd_args_free(struct args *args)
{
	free(args->given);
	args->given = NULL;
}

const char *kcsd_args_value(const struct args *args, int opt)
{
	int i;

	for (i = args->nr_given - 1; i >= 0; i--)
		if (args->given[i].opt == opt)
			return args->given[i].value;
	return NULL;
}

bool kcsd_args_has(const struct args *args, int opt)
{
	return kcsd_args_value(args, opt);
}

static int take_value(const struct args *args, int opt, uint64_t max, uint64_t *value,
		      const char *(*parse)(const char *text, uint64_t *value))
{
	const char *text = kcsd_args_value(args, opt), *wrong;
	const char *name = args->cmd->opts[opt].name;

	if (!text)
		return 0;
	wrong = parse(text, value);
	if (wrong)
		return kcsd_usage(args->cmd, "--%s: '%s' %s", name, text, wrong);
	if (*value > max)
		return kcsd_usage(args->cmd, "--%s: '%s' is more than %llu", name, text,
				  (unsigned long long)max);
	return 0;
}

int kcsd_args_number(const struct args *args, int opt, uint64_t max, uint64_t *value)
{
	return take_value(args, opt, max, value, kcsd_parse_number);
}

int kcsd_args_size(const struct args *args, int opt, uint64_t max, uint64_t *value)
{
	return take_value(args, opt, max, value, kcsd_parse_size);
}

static void print_opt(const struct opt *opt)
{
	char left[64];
	int n;

	n = snprintf(left, sizeof(left), "  %c%c%s--%s%s%s", opt->letter ? '-' : ' ',
		     opt->letter ? opt->letter : ' ', opt->letter ? ", " : "  ", opt->name,
		     opt->arg ? " " : "", opt->arg ? opt->arg : "");
	printf("%s", left);
	if (n >= HELP_COLUMN)
		printf("\n%*s%s\n", HELP_COLUMN, "", opt->help);
	else
		printf("%*s%s\n", HELP_COLUMN - n, "", opt->help);
}

static bool is_same(const struct stat *st, const char *path)
{
	struct stat other;

	return !stat(path, &other) && st->st_dev == other.st_dev && st->st_ino == other.st_ino;
}

int kcsd_args_validate_output(const struct args *args, const char *path)
{
	const char *input = NULL;
	struct stat st;
	int i;

	/* A new file is not an input. Devices like /dev/null may be both. */
	if (stat(path, &st) || !(S_ISREG(st.st_mode) || S_ISBLK(st.st_mode)))
		return 0;
	for (i = 0; i < args->nr_operands; i++)
		if (is_same(&st, args->operand[i]))
			input = args->operand[i];
	for (i = 0; i < args->nr_given; i++) {
		const struct opt *opt = &args->cmd->opts[args->given[i].opt];

		if (opt->arg && !strcmp(opt->arg, "FILE") && strcmp(opt->name, "output") &&
		    is_same(&st, args->given[i].value))
			input = args->given[i].value;
	}
	return input ? kcsd_fail("--output: %s is the same file as %s, which is read", path,
				 input) : 0;
}

/* --help itself is behind the last option of cmd. */
static bool is_advanced(const struct command *cmd, int i)
{
	return i < cmd->nr_opts && cmd->advanced & 1ull << i;
}

static void print_opts(const struct command *cmd, bool advanced)
{
	int i;

	for (i = 0; i <= cmd->nr_opts; i++)
		if (is_advanced(cmd, i) == advanced)
			print_opt(opt_at(cmd, i));
}

void kcsd_command_help(const struct command *cmd)
{
	printf("Usage: kcsd %s [OPTION]...%s%s\n%s\n", cmd->name, *cmd->operands ? " " : "",
	       cmd->operands, cmd->summary);
	if (cmd->detail)
		printf("\n%s\n", cmd->detail);
	printf("\n");
	print_opts(cmd, false);
	if (!cmd->advanced)
		return;
	printf("\nAdvanced options:\n");
	print_opts(cmd, true);
}
