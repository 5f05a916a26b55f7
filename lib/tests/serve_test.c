// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* The client of the service, against services that do not follow the protocol. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <libkcsd/serve_wire.h>

#include "private.h"
#include "tap.h"

static char directory[] = "/tmp/kcsd-serve-XXXXXX";
static struct sockaddr_un addr = { .sun_family = AF_UNIX };
static struct kcsd_run_result result;
static struct kcsd_error err;

/* What a service answers. */
struct answer {
	uint8_t bytes[512];
	size_t len;
};

static void add(struct answer *a, const void *bytes, size_t len)
{
	memcpy(a->bytes + a->len, bytes, len);
	a->len += len;
}

static void add_frame(struct answer *a, uint32_t type, const void *bytes, uint32_t len)
{
	struct kcsd_serve_frame frame = { htole32(type), htole32(len) };

	add(a, &frame, sizeof(frame));
	if (bytes)
		add(a, bytes, len);
}

static void add_record(struct answer *a, int status, uint64_t out_len)
{
	struct kcsd_serve_record record = {
		.status = htole32(status), .recorded = htole32(1), .r0 = htole64(7),
		.out_len = htole64(out_len),
	};

	add_frame(a, KCSD_SERVE_RECORD, &record, sizeof(record));
}

static void add_end(struct answer *a, int status)
{
	struct kcsd_serve_end end = { .status = htole32(status), .pc = htole32(3) };

	add_frame(a, KCSD_SERVE_END, &end, sizeof(end));
}

/* Accept one client, take its whole request, answer, hang up. */
static void serve_once(int listener, const struct answer *a)
{
	static char bytes[1 << 16];
	int sock = accept(listener, NULL, NULL);
	size_t wanted = sizeof(struct kcsd_serve_request) + 8 + 3, have = 0;
	ssize_t n = 1;

	while (n > 0 && have < wanted) {
		n = recv(sock, bytes, sizeof(bytes), 0);
		have += n;
	}
	send(sock, a->bytes, a->len, MSG_NOSIGNAL);
	_exit(have != wanted);
}

/* Output that was taken as it came. */
static struct {
	char bytes[16];
	size_t len;
	size_t most;			/* stop after these */
} taken;

static int take(void *arg, const void *bytes, size_t len)
{
	memcpy(taken.bytes + taken.len, bytes, len);
	taken.len += len;
	return arg != &taken || (len && taken.len >= taken.most);
}

static void take_line(void *arg, const char *line, size_t len)
{
	(void)arg;
	memcpy(taken.bytes, line, len);
	taken.len = len;
}

/* Run by a service that gives this answer, with an output function or without. */
static int run_with(const struct answer *a, kcsd_output_fn *output)
{
	KCSD_OPTS(kcsd_serve_opts, opts, .socket = addr.sun_path, .image = "12345678",
		  .image_len = 8, .fds = (int[]){ 0 }, .nr_fds = 1, .args = "abc", .args_len = 3,
		  .out_len = output ? 0 : 16, .output = output, .output_arg = &taken,
		  .log = take_line);
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), ret, status;
	pid_t pid;

	unlink(addr.sun_path);
	if (bind(listener, (struct sockaddr *)&addr, sizeof(addr)) || listen(listener, 1))
		exit(1);
	pid = fork();
	if (!pid)
		serve_once(listener, a);
	err.text[0] = '\0';
	ret = kcsd_serve_run(&opts, &result, sizeof(result), &err);
	waitpid(pid, &status, 0);
	OK(!status, "the service got the whole request");
	close(listener);
	return ret;
}

static int run(const struct answer *a)
{
	return run_with(a, NULL);
}

/* Run, and take output as it comes, up to `most` bytes. */
static int run_taking(const struct answer *a, size_t most)
{
	taken.len = 0;
	taken.most = most;
	return run_with(a, take);
}

static void log_lines(void)
{
	static const char long_line[KCSD_LOG_TEXT_LEN + 1];
	struct answer a = {};

	add_frame(&a, KCSD_SERVE_LOG, "why", 3);
	add_record(&a, KCSD_SC_PROGRAM_TIME, 0);
	add_end(&a, 0);
	taken.len = 0;
	IS(run(&a), KCSD_SC_PROGRAM_TIME, "a fault with a line of the log");
	OK(taken.len == 3 && !memcmp(taken.bytes, "why", 3), "its line");

	a.len = 0;
	add_frame(&a, KCSD_SERVE_LOG, long_line, sizeof(long_line));
	IS(run(&a), -EPROTO, "a line that is too long");
}

static void output_as_it_comes(void)
{
	struct answer a = {};

	add_frame(&a, KCSD_SERVE_OUTPUT, "he", 2);
	add_frame(&a, KCSD_SERVE_OUTPUT, "llo", 3);
	add_record(&a, 0, 5);
	add_end(&a, 0);
	IS(run_taking(&a, 16), 0, "a run whose output comes first");
	OK(taken.len == 5 && !memcmp(taken.bytes, "hello", 5), "its output");
	OK(result.r0 == 7 && result.out_len == 5 && !result.out, "its result");
	IS(run_taking(&a, 2), -ECANCELED, "the caller stops it");
	IS(taken.len, 2, "  and gets no more");
	SAYS(err.text, "cancelled");

	a.len = 0;
	add_frame(&a, KCSD_SERVE_OUTPUT, "he", 2);
	add_frame(&a, KCSD_SERVE_MESSAGE, "it changed", 10);
	add_end(&a, -EAGAIN);
	IS(run_taking(&a, 16), -EAGAIN, "a run that fails after output");
	SAYS(err.text, "it changed");

	a.len = 0;
	add_frame(&a, KCSD_SERVE_OUTPUT, "he", 2);
	add_record(&a, 0, 3);
	add_end(&a, 0);
	IS(run_taking(&a, 16), -EPROTO, "less output than the record says");

	a.len = 0;
	add_record(&a, 0, 2);
	add_frame(&a, KCSD_SERVE_OUTPUT, "he", 2);
	IS(run_taking(&a, 16), -EPROTO, "output behind the record");
	IS(taken.len, 0, "  is not handed on");
}

static void good_answers(void)
{
	struct answer a = {};

	add_record(&a, 0, 5);
	add_frame(&a, KCSD_SERVE_OUTPUT, "he", 2);
	add_frame(&a, KCSD_SERVE_OUTPUT, "llo", 3);
	add_end(&a, 0);
	IS(run(&a), 0, "a run");
	OK(result.r0 == 7 && result.out_len == 5 && !memcmp(result.out, "hello", 5), "its result");
	kcsd_run_result_free(&result, sizeof(result));

	a.len = 0;
	add_record(&a, KCSD_SC_PROGRAM_TIME, 0);
	add_end(&a, 0);
	IS(run(&a), KCSD_SC_PROGRAM_TIME, "a fault");
	IS(result.status, KCSD_SC_PROGRAM_TIME, "  is in the result");
	SAYS(err.text, "Time");
	kcsd_run_result_free(&result, sizeof(result));

	a.len = 0;
	add_frame(&a, KCSD_SERVE_MESSAGE, "not \033 today", 11);
	add_end(&a, -EUSERS);
	IS(run(&a), -EUSERS, "a refusal");
	SAYS(err.text, "not ? today");
	IS(err.pc, 3, "  with its place");
	IS(result.status, 0, "  without a result");
}

static void refused(const char *what, const struct answer *a, int wanted)
{
	IS(run(a), wanted, "%s", what);
	OK(!result.out, "%s: no output", what);
}

static void bad_answers(void)
{
	struct answer a = {};

	refused("nothing", &a, -ECONNRESET);
	add(&a, "xyz", 3);
	refused("half a frame", &a, -ECONNRESET);
	a.len = 0;
	add_frame(&a, 9, NULL, 0);
	refused("an unknown frame", &a, -EPROTO);
	a.len = 0;
	add_frame(&a, KCSD_SERVE_MESSAGE, NULL, 0xffffffff);
	refused("a frame that is too long", &a, -EPROTO);
	a.len = 0;
	add_frame(&a, KCSD_SERVE_MESSAGE, NULL, KCSD_ERROR_LEN);
	refused("a sentence that is too long", &a, -EPROTO);
	a.len = 0;
	add_record(&a, 0, 17);
	refused("more output than asked for", &a, -EPROTO);
	a.len = 0;
	add_record(&a, 0, 2);
	add_frame(&a, KCSD_SERVE_OUTPUT, "abc", 3);
	refused("more output than announced", &a, -EPROTO);
	a.len = 0;
	add_record(&a, 0, 2);
	add_frame(&a, KCSD_SERVE_OUTPUT, "a", 1);
	add_end(&a, 0);
	refused("less output than announced", &a, -EPROTO);
	a.len = 0;
	add_frame(&a, KCSD_SERVE_OUTPUT, "a", 1);
	refused("output without a record", &a, -EPROTO);
	a.len = 0;
	add_record(&a, 0, 2);
	add_record(&a, 0, 2);
	refused("two records", &a, -EPROTO);
	a.len = 0;
	add_frame(&a, KCSD_SERVE_RECORD, "a", 1);
	refused("a short record", &a, -EPROTO);
	a.len = 0;
	add_end(&a, 0);
	refused("an end without a record", &a, -EPROTO);
	a.len = 0;
	add_frame(&a, KCSD_SERVE_END, "a", 1);
	refused("a short end", &a, -EPROTO);
}

static void bad_option(const char *what, struct kcsd_serve_opts *opts, int wanted)
{
	IS(kcsd_serve_run(opts, &result, sizeof(result), &err), wanted, "%s", what);
	OK(err.text[0], "%s: a sentence", what);
}

static void bad_options(void)
{
	KCSD_OPTS(kcsd_serve_opts, good, .socket = addr.sun_path, .image = "12345678",
		  .image_len = 8, .fds = (int[]){ 0 }, .nr_fds = 1);
	struct kcsd_serve_opts o;
	char path[200];

	bad_option("no options", NULL, -EINVAL);
	o = good, o.sz = 1;
	bad_option("an impossible size", &o, -EINVAL);
	o = good, o.nr_fds = 0;
	bad_option("no file", &o, -EINVAL);
	o = good, o.nr_fds = KCSD_SERVE_MAX_FILES + 1;
	bad_option("too many files", &o, -E2BIG);
	o = good, o.image = NULL;
	bad_option("no program", &o, -EINVAL);
	o = good, o.image_len = KCSD_SERVE_MAX_IMAGE + 1;
	bad_option("too long a program", &o, -EINVAL);
	o = good, o.args_len = 1;
	bad_option("no argument", &o, -EINVAL);
	o = good, o.args = "", o.args_len = KCSD_MAX_ARGS + 1;
	bad_option("too long an argument", &o, -E2BIG);
	o = good, o.output = take, o.out_len = 1;
	bad_option("output in two ways", &o, -EINVAL);
	o = good, o.out_len = KCSD_SERVE_MAX_OUT + 1;
	bad_option("too much output", &o, -E2BIG);
	unlink(addr.sun_path);
	bad_option("no service", &good, -ENOENT);
	SAYS(err.text, "there is no service at");
	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	o = good, o.socket = path;
	bad_option("too long a path", &o, -ENAMETOOLONG);
}

int main(void)
{
	if (!mkdtemp(directory))
		return 1;
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/sock", directory);
	signal(SIGPIPE, SIG_IGN);
	good_answers();
	output_as_it_comes();
	log_lines();
	bad_answers();
	bad_options();
	unlink(addr.sun_path);
	rmdir(directory);
	return tap_end();
}
