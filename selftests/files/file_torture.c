// SPDX-License-Identifier: GPL-2.0
/*
 * Run a program on a file again and again while a process changes the file. Each run must see the
 * file as it was at one moment between its start and its end. Used by file_torture.sh.
 *
 *	file_torture PATH PROGRAM RUNS MAX_PAUSE_MS SEED [no-clone]
 *
 * PATH is made, PROGRAM is bpf/tests/weigh.bpf.o, MAX_PAUSE_MS and SEED are those of the writer.
 * Prints how many runs saw a state of the file, were refused because it changed, or saw another
 * one, how many operations there were, and the milliseconds of all runs.
 *
 * Exit status: 0 success, also with runs that saw another state; 1 failure, 2 wrong usage.
 */
#include <errno.h>
#include <fcntl.h>
#include <libkcsd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "torture.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof(*(a)))
#define MAX_RUNS	5	/* before a file that changes is given up, as in "kcsd run" */

/* What the program waits after each block, one after another. */
static const uint64_t slow_ns[] = { 0, 50000, 0, 500000 };

struct reader {
	const char *path;
	pid_t writer;
	struct kcsd_drive *drv;
	uint32_t pind;
	uint32_t flags;		/* KCSD_SOURCES_* */
	struct torture_history *history;
	uint64_t last;		/* operation that had begun at the end of the last run */
	unsigned int nr;	/* runs */
	unsigned int good, refused, other;
};

static struct kcsd_error err;

static int fail(const char *what)
{
	printf("%s: %s\n", what, err.text[0] ? err.text : strerror(errno));
	return 1;
}

/* Run once on the file as it is now, again while it changes. Returns 0, -EAGAIN or others. */
static int run(struct reader *r, struct kcsd_sources *sources, struct torture_state *state)
{
	KCSD_OPTS(kcsd_run_opts, opts, .pind = r->pind, .sources = sources,
		  .cparam1 = slow_ns[r->nr % ARRAY_SIZE(slow_ns)], .out_len = sizeof(*state));
	struct kcsd_run_result result;
	int i, ret = 0;

	for (i = 0; i < MAX_RUNS; i++) {
		if (i)
			ret = kcsd_sources_renew(sources, &err);
		if (ret)
			return ret;
		ret = kcsd_program_run(r->drv, &opts, &result, sizeof(result), &err);
		if (!ret && (result.r0 || result.out_len != sizeof(*state)))
			ret = -EIO;
		if (!ret)
			memcpy(state, result.out, sizeof(*state));
		kcsd_run_result_free(&result, sizeof(result));
		if (ret != KCSD_SC_PROGRAM_CHANGED)
			return ret;
	}
	return -EAGAIN;
}

static int take_and_run(struct reader *r, int fd, struct torture_state *state)
{
	KCSD_OPTS(kcsd_sources_opts, opts, .fds = &fd, .nr_fds = 1, .flags = r->flags);
	struct kcsd_sources *sources;
	int ret;

	ret = kcsd_sources_create(r->drv, &opts, &sources, &err);
	if (ret)
		return ret;
	ret = run(r, sources, state);
	kcsd_sources_destroy(sources);
	return ret;
}

static void judge(struct reader *r, uint64_t first, uint64_t last,
		  const struct torture_state *state)
{
	if (torture_history_has(r->history, first, last, state)) {
		r->good++;
		return;
	}
	r->other++;
	printf("# operations %llu to %llu: no state of %llu bytes with sum %llx\n",
	       (unsigned long long)first, (unsigned long long)last,
	       (unsigned long long)state->len, (unsigned long long)state->sum);
}

/* Wait for an operation since the last run: so runs begin when others will follow. */
static int wait_for_change(struct reader *r)
{
	siginfo_t info = {};

	while (r->history->ended == r->last && !info.si_pid) {
		usleep(200);
		waitid(P_PID, r->writer, &info, WEXITED | WNOHANG | WNOWAIT);
	}
	if (info.si_pid)
		printf("the writer has ended\n");
	return info.si_pid ? 1 : 0;
}

static int run_once(struct reader *r)
{
	struct torture_state state;
	uint64_t first, last;
	int fd, ret;

	first = r->history->ended;
	fd = open(r->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail(r->path);
	ret = take_and_run(r, fd, &state);
	close(fd);
	last = r->history->begun;
	r->nr++;
	if (ret == -EAGAIN)
		r->refused++;
	else if (ret)
		return fail("a run");
	else
		judge(r, first, last, &state);
	r->last = last;
	return 0;
}

static int open_drive(struct reader *r, const char *program)
{
	struct kcsd_object *obj;
	char name[16];
	int fd = open(r->path, O_RDONLY | O_CLOEXEC), ret;

	ret = fd < 0 || kcsd_sources_drive(fd, name, &err) ||
	      kcsd_drive_open(name, 0, &r->drv) || kcsd_object_open(program, NULL, &obj, &err) ||
	      kcsd_object_load(r->drv, obj, NULL, &r->pind, &err) ||
	      kcsd_program_activate(r->drv, r->pind);
	close(fd);
	if (ret)
		return fail(program);
	kcsd_object_close(obj);
	return 0;
}

static void close_drive(struct reader *r)
{
	kcsd_program_deactivate(r->drv, r->pind);
	kcsd_program_unload(r->drv, r->pind);
	kcsd_drive_close(r->drv);
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ull + ts.tv_nsec / 1000000;
}

static int read_while_written(struct reader *r, const char *program, unsigned int runs)
{
	uint64_t begin;
	int ret;

	ret = wait_for_change(r);
	if (ret)
		return ret;
	ret = open_drive(r, program);
	if (ret)
		return ret;
	begin = now_ms();
	while (!ret && runs--) {
		ret = wait_for_change(r);
		if (!ret)
			ret = run_once(r);
	}
	printf("good %u refused %u other %u operations %llu ms %llu\n", r->good, r->refused,
	       r->other, (unsigned long long)r->history->ended,
	       (unsigned long long)(now_ms() - begin));
	close_drive(r);
	return ret;
}

int main(int argc, char **argv)
{
	struct reader r = {};
	int ret, status = 0;

	if (argc < 6 || argc > 7 || (argc == 7 && strcmp(argv[6], "no-clone"))) {
		fprintf(stderr, "usage: see the comment in file_torture.c\n");
		return 2;
	}
	r.path = argv[1];
	r.flags = argc == 7 ? KCSD_SOURCES_NO_CLONE : 0;
	r.history = torture_history_create();
	if (!r.history)
		return fail("memory");
	r.writer = fork();
	if (!r.writer) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		exit(torture_write(r.path, r.history, atoi(argv[4]), strtoull(argv[5], NULL, 0)));
	}
	ret = r.writer < 0 ? fail("fork") : read_while_written(&r, argv[2], atoi(argv[3]));
	r.history->stop = true;
	if (r.writer > 0 && (waitpid(r.writer, &status, 0) != r.writer || status))
		return 1;
	return ret;
}
