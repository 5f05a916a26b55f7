/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kcsd replay: traces and runs of programs on the model of driver/timing/. No drive takes part.
 *
 *	replay_trace*.c		commands from traces
 *	replay_program.c	what a run of a program does, from one run in the simulator
 *	replay_model.c		the model, from options
 *	replay_loop.c		commands and runs in the order of their arrival
 *	replay_zones.c		write pointers of zones
 *	replay_latency.c	percentiles
 *	replay_drive.c		which drive it was
 *	replay_report.c		text and JSON
 *	replay_plot.c		figures
 */
#ifndef KCSD_REPLAY_H
#define KCSD_REPLAY_H

#include "model.h"

#include "cmd.h"
#include "replay_latency.h"
#include "replay_trace.h"

/* ---- replay_program.c ---- */

/* What a run does up to an access to the media, and that access. */
struct replay_step {
	uint64_t cycles;	/* hundredths */
	uint64_t offset;	/* bytes */
	uint64_t len;
	uint8_t op;		/* enum kcsd_timing_op; REPLAY_STEP_END: the run ends */
};

#define REPLAY_STEP_END	KCSD_TIMING_NR_OPS
#define REPLAY_MAX_STEPS	(1u << 22)

struct replay_program {
	struct replay_step *step;	/* owned; the last one is REPLAY_STEP_END */
	size_t nr;
	size_t room;
	uint64_t result;		/* that it returned */
	uint64_t output;		/* bytes */
	uint64_t accessed;		/* bytes of the media */
	uint64_t insns;
	uint64_t end;			/* end of its LBAs, bytes */
	uint64_t cycles;		/* hundredths */
};

struct replay_run_opts {
	const char *path;
	const char *name;		/* of the program in the file, or NULL */
	const char *content;		/* file with the content of the LBAs, or NULL: zeroes */
	struct kcsd_lba_range lbas;	/* nlb 0: as many as content has, or none */
	uint32_t block_size;
	uint64_t heap;
	struct kcsd_costs costs;
	struct kcsd_run_opts run;	/* arguments and numbers for the program */
};

/* Run the program once, and note what it does. Return 0, or the exit code. */
int kcsd_replay_program_run(struct replay_program *program, const struct replay_run_opts *opts);
void kcsd_replay_program_free(struct replay_program *program);

/* ---- the replay ---- */

#define REPLAY_SPEED_ONE	1000	/* thousandths */
#define REPLAY_MAX_DEPTH	65536
#define REPLAY_MAX_RUNS		1024	/* at once */
#define REPLAY_RUNS_ON		UINT64_MAX

/* The members of struct kcsd_timing_parts. */
#define REPLAY_PARTS(X)	X(link) X(controller) X(media) X(compute) X(waiting)

/* Results of one kind of command. */
struct replay_result {
	struct latency latency;
	uint64_t bytes;
	uint64_t begin_ns, end_ns;	/* first arrival, last end */
	struct kcsd_timing_parts parts;		/* sum */
};

struct replay {
	const struct args *args;
	/* Set from options. */
	char *const *paths;		/* of the traces */
	int nr_paths;
	bool open_loop;
	uint64_t speed;			/* open loop: REPLAY_SPEED_ONE is that of the trace */
	uint64_t depth;			/* closed loop */
	uint64_t runs;			/* REPLAY_RUNS_ON: until the traces end */
	uint64_t run_depth;		/* runs at once */
	const char *preset;		/* or NULL */
	bool size_given;		/* else the capacity is that of traces and programs */
	struct kcsd_timing_params params;
	struct kcsd_timing_shape shape;
	struct replay_source source;
	struct replay_program program;	/* nr is 0 without a program */
	/* The replay. */
	struct kcsd_timing *model;
	uint64_t *zone_wp;		/* write pointer of each zone, bytes of it; or NULL */
	uint64_t zone_writes;		/* writes and appends, also of runs */
	uint64_t writes_refused;	/* of these: a zone would refuse them */
	struct replay_result result[NR_REPLAY_KINDS];
	uint64_t early;			/* commands earlier than the one before them */
	uint64_t end_ns;		/* end of the last command */
	uint64_t host_ns;		/* time that reading and replaying took */
};

/* replay_model.c; each returns 0, or the exit code. */
/* Set r->params and r->shape.zone_size. */
int kcsd_replay_take_params(struct replay *r, const char *preset, const struct args *args,
			    int param_opt);
/* Create r->model with at least end bytes; size: as the user wants it, or 0. */
int kcsd_replay_make_model(struct replay *r, uint64_t size, uint64_t end);
void kcsd_replay_show_params(const struct replay *r);

/* replay_zones.c */
bool kcsd_replay_zones_init(struct replay *r);
/*
 * Move the write pointer of the zone that *offset is in, or count a write that the zone would
 * refuse. An append goes behind what was written, to the begin of a full zone: sets *offset.
 */
void kcsd_replay_zone_write(struct replay *r, bool append, uint64_t *offset, uint64_t len);
/*
 * Submit a command that names zones; also a trim, which resets the zones that it covers. Return 0,
 * 1 if there are none, or an error of the model.
 */
int kcsd_replay_zone_manage(struct replay *r, const struct replay_cmd *cmd, uint64_t arrival,
			    struct kcsd_timing_done *done);

/* replay_loop.c; each returns 0, or the exit code. */
/* Read the traces once, to lay out their devices. Set *end to their end, if it is less. */
int kcsd_replay_scan(struct replay *r, uint64_t *end);
/* Replay traces and runs. */
int kcsd_replay_loop(struct replay *r);

/* replay_drive.c */
/* Print which drive it is: parameters, capacity, flash, compute units. */
void kcsd_replay_print_drive(const struct replay *r);
void kcsd_replay_add_drive(const struct replay *r, json_object *json);

/* replay_report.c */
/* How long the resources of a kind were reserved, in parts of the device time. */
struct replay_use {
	uint32_t nr;
	double mean, least, most;
};

struct replay_use kcsd_replay_use(const struct replay *r, unsigned int kind);
void kcsd_replay_report(const struct replay *r);
json_object *kcsd_replay_json(const struct replay *r);

/* replay_plot.c; each returns 0, or the exit code. */
/* Before the replay: refuse a figure that cannot be drawn. */
int kcsd_replay_can_plot(const char *path);
/* Write an SVG. */
int kcsd_replay_plot(const struct replay *r, const char *path);

#endif
