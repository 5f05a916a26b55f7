// SPDX-License-Identifier: GPL-2.0
#include <fnmatch.h>
#include <glob.h>

#include "job.h"
#include "runner.h"
#include "tap.h"

#define MAX_NAME	(2 * NAME_MAX)

typedef void (*job_fn)(struct job *job, const char *path, const char *name, void *arg);

static bool find_files(const char *dir, glob_t *files)
{
	char pattern[PATH_MAX];

	snprintf(pattern, sizeof(pattern), "%s/*/*.test", dir);
	return !glob(pattern, 0, NULL, files);
}

static bool for_each_case(const char *path, const char *name, job_fn fn, void *arg)
{
	struct test_file file;
	char full[MAX_NAME];
	struct job *job;
	bool more = test_file_open(&file, path);

	while (more) {
		job = job_create();
		more = test_next(&file, &job->test);
		snprintf(full, sizeof(full), "%s: %s", name, job->test.name);
		if (more)
			fn(job, path, full, arg);
		job_destroy(job);
	}
	test_file_close(&file);
	return file.nr_names;
}

/* Call fn for each case of each file, "empty" for a file without any. False: there is no file. */
static bool for_each(const char *dir, job_fn fn, void (*empty)(const char *name), void *arg)
{
	const char *path, *name;
	glob_t files;
	size_t i;

	if (!find_files(dir, &files))
		return false;
	for (i = 0; i < files.gl_pathc; i++) {
		path = files.gl_pathv[i];
		name = path + strlen(dir) + 1;
		if (!for_each_case(path, name, fn, arg) && empty)
			empty(name);
	}
	globfree(&files);
	return true;
}

static void no_case(const char *name)
{
	tap_point(0, "%s", name);
	tap_note("it cannot be read or has no case");
}

/* arg: struct selection */
struct selection {
	const char *pattern;	/* NULL: all */
	u32 nr;
};

static void run_case(struct job *job, const char *path, const char *name, void *arg)
{
	struct selection *selection = arg;

	if (selection->pattern && fnmatch(selection->pattern, name, 0))
		return;
	selection->nr++;
	if (job_build(job))
		job_run(job);
	tap_point(!job->why[0], "%s", name);
	if (job->why[0])
		tap_note("%s:%u: %s: %s", path, job->number, job->test.name, job->why);
}

bool runner_run(const char *dir, const char *pattern)
{
	struct selection selection = { .pattern = pattern };

	return for_each(dir, run_case, no_case, &selection) && selection.nr;
}

struct call {
	runner_fn fn;
	runner_run_fn run_fn;
	void *arg;
};

static void call_fn(struct job *job, const char *path, const char *name, void *arg)
{
	const struct call *call = arg;

	(void)path;
	if (!job_build(job))
		return;
	if (call->fn)
		call->fn(name, &job->prog, call->arg);
	else
		call->run_fn(name, &job->prog, &job->run, call->arg);
}

bool runner_for_each(const char *dir, runner_fn fn, void *arg)
{
	return for_each(dir, call_fn, NULL, &(struct call){ .fn = fn, .arg = arg });
}

bool runner_for_each_run(const char *dir, runner_run_fn fn, void *arg)
{
	return for_each(dir, call_fn, NULL, &(struct call){ .run_fn = fn, .arg = arg });
}

static void write_seed(const char *name, const struct program *prog, void *arg)
{
	char path[PATH_MAX], *p;
	size_t dir_len = strlen(arg) + 1;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", (const char *)arg, name);
	for (p = path + dir_len; *p; p++)
		if (*p == '/' || *p == ':' || *p == ' ')
			*p = '-';
	f = fopen(path, "w");
	if (!f)
		return;
	fwrite(prog->buf, 1, prog->len, f);
	fclose(f);
}

bool runner_corpus(const char *dir, const char *corpus)
{
	return runner_for_each(dir, write_seed, (void *)corpus);
}
