// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Simulated runs on files of the host.
 *
 *	sim_files_test DIRECTORY-OF-BPF-OBJECTS
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <libkcsd.h>

#include "tap.h"

#define LONG	(17u << 20)	/* bytes: more than a result can have */

static const char *bpf;
static struct kcsd_error err;
static struct kcsd_run_result result;

/* Return a file in memory with len bytes, all 'a' but every 64th, which is a newline. */
static int make_file(size_t len)
{
	int fd = memfd_create("file", MFD_CLOEXEC);
	char line[64];
	size_t n;

	memset(line, 'a', sizeof(line));
	line[63] = '\n';
	for (; len; len -= n) {
		n = len < sizeof(line) ? len : sizeof(line);
		if (write(fd, line, n) != (ssize_t)n)
			return -1;
	}
	return fd;
}

static struct kcsd_sim *create(const char *file, const char *program, struct kcsd_sim_opts *opts)
{
	KCSD_OPTS(kcsd_object_opts, object, .program = program);
	struct kcsd_sim *sim = NULL;
	struct kcsd_object *obj;
	char path[PATH_MAX];
	const void *image;
	size_t len;

	snprintf(path, sizeof(path), "%s/%s", bpf, file);
	if (kcsd_object_open(path, &object, &obj, &err))
		return NULL;
	image = kcsd_object_image(obj, &len);
	kcsd_sim_create(image, len, opts, &sim, &err);
	kcsd_object_close(obj);
	return sim;
}

/* Run a program on files with these options, which may be NULL. */
static int run(const char *file, const char *program, struct kcsd_sim_opts *opts,
	       const struct kcsd_run_opts *o)
{
	struct kcsd_sim *sim = create(file, program, opts);
	KCSD_OPTS(kcsd_run_opts, none);
	int ret;

	OK(sim, "a simulator of %s", file);
	if (!sim)
		return -1;
	kcsd_run_result_free(&result, sizeof(result));
	memset(&result, 0, sizeof(result));
	err.text[0] = '\0';
	ret = kcsd_sim_run(sim, o ? o : &none, &result, sizeof(result), &err);
	kcsd_sim_destroy(sim);
	return ret;
}

static void test_reads(void)
{
	int fds[] = { make_file(0), make_file(100), make_file(0), make_file(5000), make_file(0) };
	KCSD_OPTS(kcsd_sim_opts, opts, .fds = fds, .nr_fds = 5);
	KCSD_OPTS(kcsd_run_opts, at, .cparam1 = 90, .cparam2 = 75, .out_len = 100);
	size_t i;

	IS(run("lines.bpf.o", NULL, &opts, NULL), 0, "lines of five files, three of them empty");
	IS(result.r0, 1 + 5000 / 64, "their number");
	IS(result.info.read_bytes, 5100, "bytes read");
	IS(run("tests/behave.bpf.o", "stream_at", &opts, &at), 0, "a read across two files");
	IS(result.r0, 75, "its length");
	OK(result.out_len == 75 && ((char *)result.out)[9] == 'a' &&
	   ((char *)result.out)[73] == '\n', "its bytes");
	at.cparam1 = 5090;
	IS(run("tests/behave.bpf.o", "stream_at", &opts, &at), 0, "a read across the end");
	IS(result.r0, 10, "what there is");
	at.cparam1 = 5100;
	IS(run("tests/behave.bpf.o", "stream_at", &opts, &at), 0, "a read at the end");
	IS(result.r0, 0, "nothing");
	opts.nr_fds = 1;
	IS(run("lines.bpf.o", NULL, &opts, NULL), 0, "an empty file");
	IS(result.r0, 0, "no lines");
	for (i = 0; i < 5; i++)
		close(fds[i]);
}

static void refused_create(const char *what, const int *fds, uint32_t nr, uint32_t rsvd)
{
	KCSD_OPTS(kcsd_sim_opts, opts, .fds = fds, .nr_fds = nr, .rsvd = rsvd);

	OK(!create("lines.bpf.o", NULL, &opts), "%s", what);
	SAYS(err.text, "files: there are none, or more than");
}

static void refused_run(const char *what, struct kcsd_sim_opts *opts, const struct kcsd_run_opts *o,
			int wanted, const char *text)
{
	IS(run("lines.bpf.o", NULL, opts, o), wanted, "%s", what);
	SAYS(err.text, text);
}

static void test_refusals(void)
{
	int fd = make_file(10), pipes[2], proc = open("/proc/version", O_RDONLY | O_CLOEXEC);
	struct kcsd_lba_range all = { .nlb = 1, .access = KCSD_GRANT_READ };
	KCSD_OPTS(kcsd_sim_opts, opts, .fds = &fd, .nr_fds = 1);
	KCSD_OPTS(kcsd_run_opts, grants, .grants = &all, .nr_grants = 1);
	KCSD_OPTS(kcsd_run_opts, len, .flags = KCSD_RUN_LEN, .stream_len = 1);
	KCSD_OPTS(kcsd_run_opts, sources, .sources = (void *)&all);
	uint8_t lba[512] = {};
	int bad = -1;

	refused_create("a number without files", NULL, 1, 0);
	refused_create("files without a number", &fd, 0, 0);
	refused_create("too many files", &fd, KCSD_MAX_SOURCES + 1, 0);
	refused_create("a reserved field", &fd, 1, 1);
	refused_run("a length", &opts, &len, -EINVAL, "files and a length exclude each other");
	refused_run("a source list", &opts, &sources, -EINVAL, "it takes files");
	opts.lbas = lba;
	opts.nsze = 1;
	opts.lba_size = 512;
	refused_run("grants", &opts, &grants, -EINVAL, "files and grants exclude each other");
	opts.fds = &bad;
	refused_run("no descriptor", &opts, NULL, -EBADF, "not open");
	opts.fds = &proc;
	refused_run("a file without a length", &opts, NULL, -EOPNOTSUPP, "no length, but bytes");
	if (pipe2(pipes, O_CLOEXEC))
		return;
	opts.fds = pipes;
	refused_run("a pipe", &opts, NULL, -EOPNOTSUPP, "file 1 of 1: ");
	close(pipes[0]);
	close(pipes[1]);
	close(proc);
	close(fd);
}

/* What output functions were given, and what they do. */
static struct {
	uint64_t bytes;
	int truncate;		/* a file to make empty; -1: none */
	int calls_left;		/* stop after so many calls */
} taken;

static int take(void *arg, const void *bytes, size_t len)
{
	(void)bytes;
	if (arg != &taken)
		return -1;
	taken.bytes += len;
	if (taken.truncate >= 0 && ftruncate(taken.truncate, 0))
		return -1;
	return !--taken.calls_left;
}

static void test_output(void)
{
	int fd = make_file(LONG);
	KCSD_OPTS(kcsd_sim_opts, opts, .fds = &fd, .nr_fds = 1);
	KCSD_OPTS(kcsd_run_opts, o, .args = "a", .args_len = 1, .output = take,
		  .output_arg = &taken);

	taken = (typeof(taken)){ .truncate = -1, .calls_left = INT_MAX };
	IS(run("grep.bpf.o", NULL, &opts, &o), 0, "output of any size");
	IS(taken.bytes, LONG, "all of it");
	OK(!result.out && !(result.flags & KCSD_RESULT_CUT), "none with the result");
	taken = (typeof(taken)){ .truncate = -1, .calls_left = 2 };
	IS(run("grep.bpf.o", NULL, &opts, &o), -ECANCELED, "an output function that stops the run");
	SAYS(err.text, "cancelled");
	taken = (typeof(taken)){ .truncate = fd, .calls_left = INT_MAX };
	run("grep.bpf.o", NULL, &opts, &o);
	OK(result.flags & KCSD_RESULT_MEDIUM, "a file that becomes shorter: the medium failed");
	SAYS(err.text, "the file became shorter while it was read");
	SAYS(err.text, "file 1 of 1, byte ");
	close(fd);
}

static int stop_after_reading(uint64_t read_bytes, void *arg)
{
	*(uint64_t *)arg = read_bytes;
	return 1;
}

static void test_progress(void)
{
	int fd = make_file(100);
	uint64_t shown = 1;
	KCSD_OPTS(kcsd_sim_opts, opts, .fds = &fd, .nr_fds = 1, .progress = stop_after_reading,
		  .arg = &shown);

	IS(run("tests/behave.bpf.o", "spin", &opts, NULL), -ECANCELED, "stopped by its progress");
	IS(shown, 0, "bytes read so far");
	close(fd);
}

int main(int argc, char **argv)
{
	bpf = argc > 1 ? argv[1] : ".";
	test_reads();
	test_refusals();
	test_output();
	test_progress();
	kcsd_run_result_free(&result, sizeof(result));
	return tap_end();
}
