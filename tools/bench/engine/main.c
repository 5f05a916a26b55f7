// SPDX-License-Identifier: GPL-2.0
/*
 * Run each kernel in each given engine, in turns.
 *
 *	bench [-n TURNS] [-r ROUNDS] [-k KERNEL] OBJECTS ENGINE...
 *
 * ENGINE: native, interp or interp-cost (in this process), NAME=module (the companion module),
 * NAME=kcsdN (a drive). OBJECTS: the directory of the kernels for drives. Print a JSON object for
 * each turn of a kernel in an engine. Fail if results of two engines differ.
 */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libkcsd.h>

#include "bench.h"

#define MAX_ENGINES	8

struct contender {
	char *name;
	const struct bench_engine *engine;
	void *handle;
};

static const char * const names[] = {
#define NAME(name, text) [BENCH_##name] = #name,
	BENCH_KERNELS(NAME)
};

static uint64_t turns = 5, rounds = 20;
static const char *only, *objects;
static struct contender contenders[MAX_ENGINES];
static int nr_contenders;

static void add_contender(char *spec)
{
	struct contender *c = &contenders[nr_contenders++];
	char *arg = strchr(spec, '=');

	if (nr_contenders > MAX_ENGINES)
		errx(2, "more than %d engines", MAX_ENGINES);
	if (arg)
		*arg++ = '\0';
	c->name = spec;
	if (arg)
		c->engine = strcmp(arg, "module") ? &bench_drive : &bench_module;
	else if (!strcmp(spec, "native"))
		c->engine = &bench_native;
	else if (!strcmp(spec, "interp"))
		c->engine = &bench_interp;
	else if (!strcmp(spec, "interp-cost"))
		c->engine = &bench_interp_cost;
	else
		errx(2, "no engine '%s'", spec);
	c->handle = c->engine->open(arg);
}

static void parse_arguments(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "n:r:k:")) != -1) {
		switch (c) {
		case 'n':
			turns = strtoull(optarg, NULL, 0);
			break;
		case 'r':
			rounds = strtoull(optarg, NULL, 0);
			break;
		case 'k':
			only = optarg;
			break;
		default:
			exit(2);
		}
	}
	if (argc - optind < 2 || !rounds)
		errx(2, "usage: bench [-n TURNS] [-r ROUNDS] [-k KERNEL] OBJECTS ENGINE...");
	objects = argv[optind++];
	for (; optind < argc; optind++)
		add_contender(argv[optind]);
}

static struct kcsd_object *open_object(const char *name)
{
	struct kcsd_object *object;
	struct kcsd_error error;
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s.bpf.o", objects, name);
	if (kcsd_object_open(path, NULL, &object, &error))
		errx(1, "%s", error.text);
	return object;
}

static void print(const struct contender *c, const struct bench_job *job,
		  const struct bench_outcome *outcome)
{
	printf("{ \"kernel\": \"%s\", \"engine\": \"%s\", \"ns\": %" PRIu64
	       ", \"insns_per_round\": %" PRIu64 " }\n", job->name, c->name,
	       (uint64_t)outcome->result.ns, outcome->insns / job->rounds);
	fflush(stdout);
}

/* Run a kernel once in each engine and compare the results. */
static void take_turn(const struct bench_job *job)
{
	struct bench_outcome outcome;
	uint64_t sum = 0;
	int i;

	for (i = 0; i < nr_contenders; i++) {
		outcome = (struct bench_outcome){};
		contenders[i].engine->run(contenders[i].handle, job, &outcome);
		if (i && outcome.result.sum != sum)
			errx(1, "%s: %s finds %#" PRIx64 ", %s %#" PRIx64, job->name,
			     contenders[0].name, sum, contenders[i].name,
			     (uint64_t)outcome.result.sum);
		sum = outcome.result.sum;
		print(&contenders[i], job, &outcome);
	}
}

int main(int argc, char **argv)
{
	uint64_t turn;
	int i;

	parse_arguments(argc, argv);
	for (turn = 0; turn < turns; turn++) {
		for (i = 0; i < NR_BENCHES; i++) {
			struct bench_job job = { .id = i, .name = names[i], .rounds = rounds };

			if (only && strcmp(only, job.name))
				continue;
			job.object = open_object(job.name);
			take_turn(&job);
			kcsd_object_close(job.object);
		}
	}
	for (i = 0; i < nr_contenders; i++)
		contenders[i].engine->close(contenders[i].handle);
	return 0;
}
