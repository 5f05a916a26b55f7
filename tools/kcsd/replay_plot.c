// SPDX-License-Identifier: GPL-2.0
/* Figures of a replay, drawn by gnuplot: latencies over percentiles, and use of the resources. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "replay.h"

#define NO_COMMAND	127	/* exit code, the same as in a shell */

/* Run gnuplot. Return its exit code, or -1. */
static int run_gnuplot(const char *arg, int in, int out)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid) {
		if (dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0)
			execlp("gnuplot", "gnuplot", arg, NULL);
		_exit(NO_COMMAND);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Find out whether the file can be written. Leave it as it is, or absent. */
static int test_file(const char *path)
{
	bool exists = !access(path, F_OK);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);

	if (fd < 0)
		return kcsd_fail("--plot: %s: %s", path, strerror(errno));
	close(fd);
	if (!exists)
		unlink(path);
	return 0;
}

int kcsd_replay_can_plot(const char *path)
{
	size_t len = strlen(path);
	int null, ret;

	if (len < 5 || strcmp(path + len - 4, ".svg"))
		return kcsd_fail("--plot: the name of the file must end with .svg");
	ret = test_file(path);
	if (ret)
		return ret;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	ret = null < 0 ? -1 : run_gnuplot("--version", null, null);
	if (null >= 0)
		close(null);
	return ret ? kcsd_fail("--plot draws with gnuplot, which is not installed") : 0;
}

/* Print latencies of a kind: 10 points up to 90 %, 10 more up to 99 %, and so on. */
static void put_latencies(FILE *to, const struct replay *r, int kind)
{
	const struct latency *l = &r->result[kind].latency;
	uint32_t part, step = 10000;	/* of 100,000: what is above the percentile */
	uint64_t ns;

	fprintf(to, "$%s << EOD\n", kcsd_replay_kind_names[kind]);
	for (part = 100000; part >= 10; part -= step) {
		if (part == step)
			step /= 10;
		/* There is no 0 on a logarithmic axis. */
		ns = kcsd_latency_percentile(l, 100000 - part);
		fprintf(to, "%u %.3f\n", 100000 - part, ns ? ns / 1e3 : 1e-3);
	}
	fprintf(to, "EOD\n");
}

static void put_script(FILE *to, const struct replay *r)
{
	const char *comma = "plot";
	unsigned int kind;
	int i;

	fprintf(to, "set terminal svg size 900,900 dynamic noenhanced\n"
		"set multiplot layout 2,1\nset grid\nset key below\n");
	for (i = 0; i < NR_REPLAY_KINDS; i++)
		if (r->result[i].latency.count)
			put_latencies(to, r, i);
	fprintf(to, "set title 'Latency'\nset logscale y\nset ylabel 'us'\n"
		"set xlabel 'commands that are not slower'\n"
		"set xtics ('0' 0, '90 %%%%' 1, '99 %%%%' 2, '99.9 %%%%' 3, '99.99 %%%%' 4)\n");
	for (i = 0; i < NR_REPLAY_KINDS; i++)
		if (r->result[i].latency.count) {
			fprintf(to, "%s $%s using (5 - log10(100000 - $1)):2 with steps lw 2 title '%s'",
				comma, kcsd_replay_kind_names[i], kcsd_replay_kind_names[i]);
			comma = ",";
		}
	fprintf(to, "\n$busy << EOD\n");
	for (kind = 0; kind < KCSD_TIMING_NR_KINDS; kind++)
		if (kcsd_timing_count(r->model, kind))
			fprintf(to, "\"%s\" %.3f\n", kcsd_timing_kind_text(kind),
				100 * kcsd_replay_use(r, kind).mean);
	fprintf(to, "EOD\nset title 'Use of the resources, mean'\nunset logscale\n"
		"set ylabel '%%'\nunset xlabel\nset xtics autofreq\nset yrange [0:100]\n"
		"set boxwidth 0.6\nset style fill solid\n"
		"plot $busy using 0:2:xtic(1) with boxes notitle\n");
}

int kcsd_replay_plot(const struct replay *r, const char *path)
{
	int out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666), code = 0;
	FILE *script;

	if (out < 0)
		return kcsd_fail("--plot: %s: %s", path, strerror(errno));
	script = tmpfile();
	if (script) {
		put_script(script, r);
		if (fflush(script) || ferror(script) || fseek(script, 0, SEEK_SET))
			code = kcsd_fail("--plot: cannot write a temporary file");
		else if (run_gnuplot("-", fileno(script), out))
			code = kcsd_fail("--plot: gnuplot failed");
		fclose(script);
	} else {
		code = kcsd_fail("--plot: cannot make a temporary file");
	}
	if (close(out) && !code)
		code = kcsd_fail("--plot: %s: %s", path, strerror(errno));
	return code;
}
