// SPDX-License-Identifier: GPL-2.0
/* kcsd replay: how long a workload and a program would take on a real drive. */
#include <stdio.h>
#include <stdlib.h>

#include "parse.h"
#include "replay.h"

#define OPTIONS(X) \
	X(PRESET, "preset", 'p', "NAME", "parameters of this drive; default: those that --show has") \
	X(PARAM, "param", 0, "NAME=VALUE", "set a parameter of the model; repeatable") \
	X(SHOW, "show", 0, NULL, "print presets and parameters instead of a replay") \
	X(SIZE, "size", 0, "SIZE", \
	  "capacity of the drive; default: up to the largest address of the traces") \
	X(ZONE_SIZE, "zone-size", 0, "SIZE", \
	  "size of a zone; default: that of the preset; 0: not zoned") \
	X(DEPTH, "depth", 0, "N", \
	  "closed loop: so many commands are in flight; default: 1") \
	X(OPEN, "open", 0, NULL, "open loop: commands arrive at the times of the trace") \
	X(SPEED, "speed", 0, "FACTOR", "open loop: so many times as fast as the trace; default: 1") \
	X(FORMAT, "format", 0, "FORMAT", \
	  "of the traces: fio, blkparse or kcsd; default: what their content shows") \
	X(DEVICE, "device", 0, "NAME", \
	  "only commands of this device or file, as the trace names it; default: all") \
	X(ACTION, "action", 0, "LETTER", "blkparse: which events are commands; default: D, issued") \
	X(BLOCK, "block-size", 0, "SIZE", \
	  "size of an LBA, for traces of kcsd and for --lba: 512 or 4096; default: 4096") \
	X(RUN, "run", 0, "FILE", "also run this program on the drive") \
	X(PROGRAM, "program", 0, "NAME", "the program, if the file has several") \
	X(LBA, "lba", 'l', "RANGE[:ACCESS]", \
	  "LBAs that the program is granted, as --lba of run; default: as many as --content has") \
	X(CONTENT, "content", 0, "FILE", "content of these LBAs; default: zeroes") \
	X(COUNT, "count", 0, "N", \
	  "number of runs; default: one after another until the traces end, without one: 1") \
	X(RUN_DEPTH, "run-depth", 0, "N", "so many runs are in flight; default: 1") \
	X(ARG, "arg", 'a', "STRING", "argument of the program") \
	X(CPARAM1, "cparam1", '1', "N", "first number for the program; default: 0") \
	X(CPARAM2, "cparam2", '2', "N", "second number; default: 0") \
	X(HEAP, "heap", 0, "SIZE", "memory for the heap of the program; default: 0") \
	X(PLOT, "plot", 0, "FILE.svg", "draw latencies and use of the resources") \
	OPTION_JSON(X)

enum { OPTIONS(OPT_ENUM) };
static const struct opt opts[] = { OPTIONS(OPT_ROW) };

#define RUN_OPTIONS \
	(OPT_BIT(PROGRAM) | OPT_BIT(LBA) | OPT_BIT(CONTENT) | OPT_BIT(COUNT) | \
	 OPT_BIT(RUN_DEPTH) | OPT_BIT(ARG) | OPT_BIT(CPARAM1) | OPT_BIT(CPARAM2) | OPT_BIT(HEAP))

/* ---- options ---- */

/* Parse a number with a fraction, in thousandths. */
static int take_speed(struct replay *r)
{
	const char *text = kcsd_args_value(r->args, OPT_SPEED);
	struct replay_word w;
	char padded[32];
	uint64_t ns;

	r->speed = REPLAY_SPEED_ONE;
	if (!text)
		return 0;
	if (!r->open_loop)
		return kcsd_usage(r->args->cmd, "--speed needs --open");
	snprintf(padded, sizeof(padded), "%s%s", text, strchr(text, '.') ? "" : ".0");
	w = (struct replay_word){ padded, strlen(padded) };
	if (!kcsd_replay_seconds(&w, &ns) || ns < 1000000 || ns > 1000000000000000)
		return kcsd_usage(r->args->cmd, "--speed: '%s' is not a number from 0.001 to 1000000",
				  text);
	r->speed = ns / 1000000;
	return 0;
}

/* Parse a number that is not 0. */
static int take_count(const struct args *args, int opt, uint64_t max, uint64_t *value)
{
	int code = kcsd_args_number(args, opt, max, value);

	if (!code && !*value)
		code = kcsd_usage(args->cmd, "--%s: must be at least 1", opts[opt].name);
	return code;
}

static int take_loop(struct replay *r)
{
	int code;

	r->depth = r->run_depth = 1;
	r->runs = r->args->nr_operands ? REPLAY_RUNS_ON : 1;
	r->open_loop = kcsd_args_has(r->args, OPT_OPEN);
	if (r->open_loop && kcsd_args_has(r->args, OPT_DEPTH))
		return kcsd_usage(r->args->cmd, "--open and --depth exclude each other");
	if ((code = take_count(r->args, OPT_DEPTH, REPLAY_MAX_DEPTH, &r->depth)) ||
	    (code = take_count(r->args, OPT_COUNT, UINT32_MAX, &r->runs)) ||
	    (code = take_count(r->args, OPT_RUN_DEPTH, REPLAY_MAX_RUNS, &r->run_depth)))
		return code;
	return take_speed(r);
}

static int take_source(struct replay *r)
{
	const char *format = kcsd_args_value(r->args, OPT_FORMAT);
	const char *action = kcsd_args_value(r->args, OPT_ACTION);
	uint64_t block = 4096;
	int code;

	code = kcsd_args_size(r->args, OPT_BLOCK, UINT32_MAX, &block);
	if (code)
		return code;
	if (block != 512 && block != 4096)
		return kcsd_usage(r->args->cmd, "--block-size: '%llu' is neither 512 nor 4096",
				  (unsigned long long)block);
	if (action && (strlen(action) != 1 || *action < 'A' || *action > 'Z'))
		return kcsd_usage(r->args->cmd, "--action: '%s' is not a letter from A to Z",
				  action);
	if (action && *action == 'C' && r->open_loop)
		return kcsd_usage(r->args->cmd, "--action C with --open: requests do not arrive "
				  "when they have completed");
	r->source.block_size = block;
	r->source.action = action ? *action : 'D';
	r->source.devices.wanted = kcsd_args_value(r->args, OPT_DEVICE);
	r->source.format = format ? kcsd_replay_format(format) : NULL;
	if (format && !r->source.format)
		return kcsd_usage(r->args->cmd, "--format: '%s' is none of fio, blkparse, kcsd",
				  format);
	return 0;
}

static int take_zones(struct replay *r)
{
	int code = kcsd_args_size(r->args, OPT_ZONE_SIZE, INT64_MAX, &r->shape.zone_size);

	if (!code && r->shape.zone_size &&
	    (r->shape.zone_size < 4096 || r->shape.zone_size & (r->shape.zone_size - 1)))
		code = kcsd_usage(r->args->cmd, "--zone-size: must be a power of 2 from 4K on");
	return code;
}

static int validate_operands(const struct replay *r)
{
	const struct args *args = r->args;
	int i;

	if (kcsd_args_has(args, OPT_SHOW))
		return args->nr_operands || kcsd_args_has(args, OPT_RUN) ?
		       kcsd_usage(args->cmd, "--show replays nothing: give no trace or program") :
		       0;
	if (!kcsd_args_has(args, OPT_RUN)) {
		for (i = 0; i < args->nr_given; i++)
			if (1ull << args->given[i].opt & RUN_OPTIONS)
				return kcsd_usage(args->cmd, "--%s needs --run",
						  opts[args->given[i].opt].name);
		if (!args->nr_operands)
			return kcsd_usage(args->cmd, "give a trace, or a program with --run");
	}
	return 0;
}

static int take_options(struct replay *r)
{
	const char *preset = kcsd_args_value(r->args, OPT_PRESET);
	int code;

	if ((code = kcsd_replay_take_params(r, preset, r->args, OPT_PARAM)) ||
	    (code = take_zones(r)) || (code = take_loop(r)) || (code = take_source(r)))
		return code;
	r->paths = r->args->operand;
	r->nr_paths = r->args->nr_operands;
	return 0;
}

/* ---- the program ---- */

/* Count what a run does. Set *end behind its LBAs. */
static int take_program(struct replay *r, uint64_t *end)
{
	const struct args *args = r->args;
	const char *lba = kcsd_args_value(args, OPT_LBA), *wrong;
	struct replay_run_opts o = {
		.path = kcsd_args_value(args, OPT_RUN),
		.name = kcsd_args_value(args, OPT_PROGRAM),
		.content = kcsd_args_value(args, OPT_CONTENT),
		.lbas.access = KCSD_GRANT_READ,
		.block_size = r->source.block_size,
		.run.args = kcsd_args_value(args, OPT_ARG),
	};
	struct kcsd_range range;
	int code;

	if (!o.path)
		return 0;
	if (!lba && !o.content)
		fprintf(stderr, "kcsd: the program can read nothing: --content or --lba gives it "
			"LBAs\n");
	if (lba) {
		wrong = kcsd_parse_range(lba, UINT64_MAX / o.block_size, 0, &range);
		if (wrong)
			return kcsd_usage(args->cmd, "--lba: '%s' %s", lba, wrong);
		o.lbas.slba = range.first;
		o.lbas.nlb = range.count < UINT32_MAX ? range.count : UINT32_MAX;
		o.lbas.access = range.access;
	}
	kcsd_timing_get_costs(&r->params, &o.costs);
	if (o.run.args)
		o.run.args_len = strlen(o.run.args);
	if ((code = kcsd_args_number(args, OPT_CPARAM1, UINT64_MAX, &o.run.cparam1)) ||
	    (code = kcsd_args_number(args, OPT_CPARAM2, UINT64_MAX, &o.run.cparam2)) ||
	    (code = kcsd_args_size(args, OPT_HEAP, UINT32_MAX, &o.heap)) ||
	    (code = kcsd_replay_program_run(&r->program, &o)))
		return code;
	*end = r->program.end;
	return 0;
}

/* ---- traces ---- */

/* Return the first trace that can be read only once, or NULL. */
static const char *first_pipe(const struct replay *r)
{
	int i;

	for (i = 0; i < r->nr_paths; i++)
		if (kcsd_replay_is_pipe(r->paths[i]))
			return r->paths[i];
	return NULL;
}

static int make_model(struct replay *r)
{
	uint64_t size = 0, end = 0;
	const char *pipe = first_pipe(r);
	int code;

	if ((code = kcsd_args_size(r->args, OPT_SIZE, INT64_MAX, &size)) ||
	    (code = take_program(r, &end)))
		return code;
	if (!r->nr_paths && !size && !end)
		return kcsd_fail("the program has no LBAs, and there is no trace: give the capacity of "
				 "the drive with --size");
	if (pipe && !size)
		return kcsd_fail("%s can be read only once, so that its largest address is not "
				 "known before: give the capacity with --size",
				 strcmp(pipe, "-") ? pipe : "standard input");
	if (pipe) {
		r->source.devices.one_pass = true;
		r->source.devices.fixed = true;
	} else if (r->nr_paths) {
		code = kcsd_replay_scan(r, &end);
	}
	return code ? code : kcsd_replay_make_model(r, size, end);
}

/* ---- the command ---- */

static int report(const struct replay *r)
{
	const char *plot = kcsd_args_value(r->args, OPT_PLOT);

	if (kcsd_args_has(r->args, OPT_JSON))
		kcsd_json_print(kcsd_replay_json(r));
	else
		kcsd_replay_report(r);
	return plot ? kcsd_replay_plot(r, plot) : 0;
}

static int replay_all(struct replay *r)
{
	const char *plot = kcsd_args_value(r->args, OPT_PLOT);
	int i, code;

	if ((code = take_options(r)) || (code = validate_operands(r)))
		return code;
	if (kcsd_args_has(r->args, OPT_SHOW)) {
		kcsd_replay_show_params(r);
		return 0;
	}
	if (plot && (code = kcsd_replay_can_plot(plot)))
		return code;
	for (i = 0; i < NR_REPLAY_KINDS; i++)
		if (!kcsd_latency_init(&r->result[i].latency))
			return kcsd_fail("out of memory");
	if ((code = make_model(r)) || (code = kcsd_replay_loop(r)))
		return code;
	return report(r);
}

static int replay(const struct args *args)
{
	struct replay r = { .args = args };
	int i, code = replay_all(&r);

	for (i = 0; i < NR_REPLAY_KINDS; i++)
		kcsd_latency_free(&r.result[i].latency);
	kcsd_timing_destroy(r.model);
	kcsd_replay_devices_free(&r.source.devices);
	kcsd_replay_program_free(&r.program);
	free(r.zone_wp);
	return code;
}

const struct command kcsd_cmd_replay = {
	.name = "replay",
	.operands = "[TRACE...]",
	.max_operands = -1,
	.summary = "tell how long a workload and a program would take on a real drive",
	.detail = "TRACE is a log of fio (write_iolog), text of blkparse, or text of the tracepoints of\n"
		  "kcsd; '-' is standard input. Several are replayed one after another, on a model of\n"
		  "the time that a drive takes: no drive, module or root needed. kcsd-replay(8)\n"
		  "explains model and report.",
	.opts = opts,
	.nr_opts = ARRAY_SIZE(opts),
	.advanced = OPT_BIT(ZONE_SIZE) | OPT_BIT(SPEED) | OPT_BIT(FORMAT) | OPT_BIT(DEVICE) |
		    OPT_BIT(ACTION) | OPT_BIT(BLOCK) | OPT_BIT(PROGRAM) | OPT_BIT(RUN_DEPTH) |
		    OPT_BIT(CPARAM1) | OPT_BIT(CPARAM2) | OPT_BIT(HEAP),
	.run = replay,
};
