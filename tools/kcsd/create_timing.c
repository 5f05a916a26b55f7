// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "create_timing.h"
#include "params.h"

#define MAX_PARAM	64	/* characters of a name */
#define MAX_LATE_NS	1000000000
#define MAX_PERMILLE	1000

/* Split "NAME=VALUE"; the name is copied. Return the value, or NULL. */
static const char *split(const char *text, char name[MAX_PARAM])
{
	const char *value = strchr(text, '=');

	if (!value || value == text || value - text >= MAX_PARAM)
		return NULL;
	memcpy(name, text, value - text);
	name[value - text] = '\0';
	return value + 1;
}

/* Set a parameter, to find out whether it is valid. */
static int take_param(const struct args *args, const char *text, struct kcsd_timing_params *p)
{
	char name[MAX_PARAM], why[KCSD_TIMING_WHY] = "";
	const char *value = split(text, name);
	int ret;

	if (!value)
		return kcsd_usage(args->cmd, "--timing: '%s' is not NAME=VALUE", text);
	if (!strcmp(name, "units"))
		return kcsd_usage(args->cmd, "--timing: --cus is the number of compute units");
	ret = kcsd_timing_params_parse(p, name, value, why, sizeof(why));
	if (ret == -ENOENT)
		return kcsd_usage(args->cmd, "--timing: there is no parameter '%s' ('kcsd replay "
				  "--show' lists them)", name);
	return ret ? kcsd_usage(args->cmd, "--timing: '%s': %s", text, why) : 0;
}

/* Call fn for each --timing. Return 0, or the first exit code. */
static int each_param(const struct args *args, const struct create_timing_opts *opts,
		      int (*fn)(const struct args *args, const char *text, void *arg), void *arg)
{
	int i, code = 0;

	for (i = 0; !code && i < args->nr_given; i++)
		if (args->given[i].opt == opts->param)
			code = fn(args, args->given[i].value, arg);
	return code;
}

static int validate_param(const struct args *args, const char *text, void *arg)
{
	return take_param(args, text, arg);
}

int kcsd_create_timing_validate(const struct args *args, const struct create_timing_opts *opts,
				uint64_t *zone_size)
{
	const char *clock = kcsd_args_value(args, opts->clock);
	const char *name = kcsd_args_value(args, opts->preset);
	const struct kcsd_timing_preset *preset = NULL;
	struct kcsd_timing_params p;
	char why[KCSD_TIMING_WHY];
	uint64_t depth = 1, permille = 1, ns;
	int code;

	kcsd_timing_params_init(&p);
	if (name) {
		preset = kcsd_timing_preset(&p, name);
		if (!preset)
			return kcsd_usage(args->cmd, "--preset: there is no '%s' ('kcsd replay --show' "
					  "lists them)", name);
	}
	*zone_size = preset ? preset->zone_size : 0;
	if (clock && strcmp(clock, "real") && strcmp(clock, "virtual"))
		return kcsd_usage(args->cmd, "--clock: '%s' is neither real nor virtual", clock);
	code = kcsd_args_number(args, opts->depth, KCSD_TIMING_MAX_DEPTH, &depth);
	if (!code && !depth)
		code = kcsd_usage(args->cmd, "--depth: must be at least 1");
	if (!code)
		code = kcsd_args_number(args, opts->late_min, MAX_LATE_NS, &ns);
	if (!code)
		code = kcsd_args_number(args, opts->late_permille, MAX_PERMILLE, &permille);
	if (!code && !permille)
		code = kcsd_usage(args->cmd, "--late-permille: must be at least 1");
	if (!code)
		code = each_param(args, opts, validate_param, &p);
	if (!code && kcsd_timing_params_check(&p, NULL, why, sizeof(why)))
		code = kcsd_usage(args->cmd, "--timing: %s", why);
	return code;
}

static int set(const char *drive, const char *attr, const char *value)
{
	char path[MAX_PARAM + 8];
	int ret;

	snprintf(path, sizeof(path), "timing/%s", attr);
	ret = kcsd_attr_set(drive, path, value);
	if (ret == -ENOENT)
		return kcsd_fail("the loaded module has no model of time (timing/%s)", attr);
	return ret ? kcsd_fail_config(ret, "drive '%s' refuses timing/%s %s", drive, attr, value) :
		     0;
}

static int write_param(const struct args *args, const char *text, void *arg)
{
	char name[MAX_PARAM];
	const char *value = split(text, name);

	(void)args;
	return set(arg, name, value);
}

int kcsd_create_timing_configure(const struct args *args, const struct create_timing_opts *opts,
				 const char *name)
{
	const struct {
		int opt;
		const char *attr;
	} attrs[] = {
		{ opts->clock, "clock" }, { opts->depth, "depth" },
		{ opts->late_min, "late_min_ns" }, { opts->late_permille, "late_permille" },
	};
	const char *preset = kcsd_args_value(args, opts->preset);
	bool has_model = kcsd_args_has(args, opts->param);
	int code = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(attrs); i++)
		has_model |= kcsd_args_has(args, attrs[i].opt);
	if (preset)
		code = set(name, "preset", preset);
	else if (has_model)
		code = set(name, "model", "flash");
	for (i = 0; i < ARRAY_SIZE(attrs) && !code; i++)
		if (kcsd_args_has(args, attrs[i].opt))
			code = set(name, attrs[i].attr, kcsd_args_value(args, attrs[i].opt));
	return code ? code : each_param(args, opts, write_param, (void *)name);
}
