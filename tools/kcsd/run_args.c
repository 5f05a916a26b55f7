// SPDX-License-Identifier: GPL-2.0
/* Parse the options that kcsd run and kcsd sim share. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "parse.h"
#include "run.h"

#define DEFAULT_OUT_MAX	(1u << 20)

static const char *option_name(const struct run *run, int opt)
{
	return run->args->cmd->opts[opt].name;
}

static int read_file(struct run *run, int opt, const char *path)
{
	FILE *file = fopen(path, "r");
	size_t len;

	if (!file)
		return kcsd_fail("--%s: %s: %s", option_name(run, opt), path, strerror(errno));
	len = fread(run->arg_bytes, 1, KCSD_MAX_ARGS + 1, file);
	if (ferror(file)) {
		fclose(file);
		return kcsd_fail("--%s: %s: %s", option_name(run, opt), path, strerror(errno));
	}
	fclose(file);
	run->opts.args_len = len;
	return 0;
}

static int take_bytes(struct run *run)
{
	const char *text = kcsd_args_value(run->args, OPT_ARG);
	const char *hex = kcsd_args_value(run->args, OPT_ARG_HEX);
	const char *path = kcsd_args_value(run->args, OPT_ARG_FILE);
	const char *data = kcsd_args_value(run->args, OPT_DATA), *wrong;
	size_t len = 0;

	if (!!text + !!hex + !!path + !!data + !!run->mem > 1)
		return kcsd_usage(run->args->cmd, "--arg, --arg-hex, --arg-file, --data%s exclude "
				  "each other", run->mem ? " and --mem" : "");
	if (run->mem)
		hex = run->mem;
	if (text)
		len = strlen(text);
	run->arg_bytes = malloc(KCSD_MAX_ARGS + 1 + (hex ? strlen(hex) : len));
	if (!run->arg_bytes)
		return kcsd_fail("out of memory");
	run->opts.args = run->arg_bytes;
	if (path || data)
		return read_file(run, path ? OPT_ARG_FILE : OPT_DATA, path ? path : data);
	if (text)
		memcpy(run->arg_bytes, text, len);
	if (hex) {
		wrong = kcsd_parse_hex(hex, run->arg_bytes, &len);
		if (wrong)
			return kcsd_usage(run->args->cmd, "--%s: '%s' %s",
					  run->mem ? "mem" : "arg-hex", hex, wrong);
	}
	run->opts.args_len = len;
	return 0;
}

static int take_arguments(struct run *run)
{
	int code = take_bytes(run);

	if (!code && run->opts.args_len > KCSD_MAX_ARGS)
		return kcsd_fail("the argument is longer than %u bytes", KCSD_MAX_ARGS);
	return code;
}

static int take_numbers(struct run *run)
{
	uint64_t timeout = 0, out_max = DEFAULT_OUT_MAX;
	const struct args *args = run->args;
	int code;

	if ((code = kcsd_args_number(args, OPT_CPARAM1, UINT64_MAX, &run->opts.cparam1)) ||
	    (code = kcsd_args_number(args, OPT_CPARAM2, UINT64_MAX, &run->opts.cparam2)) ||
	    (code = kcsd_args_number(args, OPT_BUDGET, UINT64_MAX, &run->opts.budget)) ||
	    (code = kcsd_args_number(args, OPT_TIMEOUT, UINT32_MAX, &timeout)) ||
	    (code = kcsd_args_size(args, OPT_LEN, UINT64_MAX, &run->opts.stream_len)) ||
	    (code = kcsd_args_size(args, OPT_OUT_MAX, RUN_OUT_MAX, &out_max)))
		return code;
	if (kcsd_args_has(args, OPT_BUDGET) && !run->opts.budget)
		return kcsd_usage(args->cmd, "--budget: must be at least 1 instruction");
	if (kcsd_args_has(args, OPT_TIMEOUT) && !timeout)
		return kcsd_usage(args->cmd, "--timeout: must be at least 1 ms");
	if (kcsd_args_has(args, OPT_LEN))
		run->opts.flags |= KCSD_RUN_LEN;
	run->opts.timeout_ms = timeout;
	run->opts.out_len = out_max;
	return 0;
}

static int take_format(struct run *run)
{
	static const char *const names[] = { "auto", "text", "hex", "u64", "s64" };
	const char *wanted = kcsd_args_value(run->args, OPT_FORMAT);
	size_t i;

	if (kcsd_args_has(run->args, OPT_HEX))
		wanted = "hex";
	if (!wanted)
		return 0;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(names[i], wanted))
			continue;
		run->format = i;
		return 0;
	}
	return kcsd_usage(run->args->cmd, "--format: '%s' is none of text, hex, u64, s64", wanted);
}

/* Validate only the syntax of the ranges: the number of LBAs is not known yet. */
static int validate_ranges(struct run *run)
{
	struct kcsd_range range;
	const char *wrong;
	int i;

	for (i = 0; i < run->args->nr_given; i++) {
		const struct given *given = &run->args->given[i];

		if (given->opt != run->range_opt)
			continue;
		wrong = kcsd_parse_range(given->value, UINT64_MAX, 1, &range);
		if (wrong)
			return kcsd_usage(run->args->cmd, "--%s: '%s' %s",
					  option_name(run, run->range_opt), given->value, wrong);
	}
	return 0;
}

/* Open the output before the run, so that a long run is not wasted. Do not truncate it yet. */
static int open_output(struct run *run)
{
	const char *path = kcsd_args_value(run->args, OPT_OUTPUT);
	int code;

	if (!path)
		return 0;
	if (!strcmp(path, "-")) {
		if (kcsd_args_has(run->args, OPT_JSON))
			return kcsd_usage(run->args->cmd, "--json and --output - exclude each "
					  "other");
		run->output_fd = STDOUT_FILENO;
		return 0;
	}
	code = kcsd_args_validate_output(run->args, path);
	if (code)
		return code;
	run->output_fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (run->output_fd < 0)
		return kcsd_fail("--output: %s: %s", path, strerror(errno));
	return 0;
}

int kcsd_run_args(struct run *run)
{
	int code;

	run->output_fd = -1;
	if ((code = take_numbers(run)) || (code = take_format(run)) ||
	    (code = validate_ranges(run)) || (code = take_arguments(run)))
		return code;
	return open_output(run);
}

void kcsd_run_args_free(struct run *run)
{
	free(run->arg_bytes);
	if (run->output_fd > STDOUT_FILENO)
		close(run->output_fd);
}

/* Add grants for a range: several if needed, since a grant counts its LBAs in 32 bits. */
static int add_range(struct run *run, const char *text, struct kcsd_range range)
{
	while (range.count) {
		uint32_t nlb = range.count > UINT32_MAX ? UINT32_MAX : range.count;

		if (run->opts.nr_grants == KCSD_MAX_GRANTS)
			return kcsd_fail("--%s: '%s' is too much: a run can have at most %u "
					 "grants", option_name(run, run->range_opt), text,
					 KCSD_MAX_GRANTS);
		run->grants[run->opts.nr_grants++] = (struct kcsd_lba_range){
			.slba = range.first,
			.nlb = nlb,
			.access = range.access,
		};
		range.first += nlb;
		range.count -= nlb;
	}
	return 0;
}

int kcsd_run_grants(struct run *run, uint64_t nsze, uint64_t zone_size)
{
	struct kcsd_range range;
	const char *wrong;
	int i, code;

	run->opts.grants = run->grants;
	for (i = 0; i < run->args->nr_given; i++) {
		const struct given *given = &run->args->given[i];

		if (given->opt != run->range_opt)
			continue;
		wrong = kcsd_parse_range(given->value, nsze, zone_size, &range);
		if (wrong && given->value[0] == 'z')
			return kcsd_fail("--%s: '%s' %s", option_name(run, run->range_opt),
					 given->value, wrong);
		if (wrong)
			return kcsd_fail("--%s: '%s' %s, %llu", option_name(run, run->range_opt),
					 given->value, wrong, (unsigned long long)nsze - 1);
		if (range.access & (KCSD_GRANT_APPEND | KCSD_GRANT_MANAGE) && !zone_size)
			return kcsd_fail("--%s: '%s': 'a' and 'm' need zones, and the drive has none",
					 option_name(run, run->range_opt), given->value);
		code = add_range(run, given->value, range);
		if (code)
			return code;
	}
	return 0;
}

int kcsd_run_ranges(struct run *run, int opt)
{
	const char *wrong;
	int i;

	run->opts.ranges = run->ranges;
	for (i = 0; i < run->args->nr_given; i++) {
		const struct given *given = &run->args->given[i];
		struct kcsd_slm_range *range = &run->ranges[run->opts.nr_ranges];

		if (given->opt != opt)
			continue;
		if (run->opts.nr_ranges++ == KCSD_GUEST_MAX_RANGES)
			return kcsd_usage(run->args->cmd, "--%s: more than %d ranges",
					  option_name(run, opt), KCSD_GUEST_MAX_RANGES);
		wrong = kcsd_parse_slm_range(given->value, &range->start, &range->len);
		if (wrong)
			return kcsd_usage(run->args->cmd, "--%s: '%s' %s", option_name(run, opt),
					  given->value, wrong);
	}
	return 0;
}
