// SPDX-License-Identifier: GPL-2.0
/* kcsd serve */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "serve.h"

#define MIN_MEMORY	(64u << 20)

#define OPTIONS(X) \
	X(SOCKET, "socket", 's', "PATH", "the socket; default: " KCSD_SERVE_SOCKET) \
	X(PER_USER, "per-user", 0, "N", "runs of a user at once; default: 4") \
	X(TOTAL, "total", 0, "N", "runs of all users at once; default: 32") \
	X(SECONDS, "seconds", 0, "N", "time limit of a run with all around it; default: 300") \
	X(MEMORY, "memory", 0, "SIZE", "memory for a run in the service; default: 512M")

enum { OPTIONS(OPT_ENUM) };
static const struct opt opts[] = { OPTIONS(OPT_ROW) };

static int take_limits(const struct args *args, struct serve_limits *limits)
{
	int code;

	if ((code = kcsd_args_number(args, OPT_PER_USER, SERVE_MAX_TOTAL, &limits->user)) ||
	    (code = kcsd_args_number(args, OPT_TOTAL, SERVE_MAX_TOTAL, &limits->total)) ||
	    (code = kcsd_args_number(args, OPT_SECONDS, 86400, &limits->seconds)) ||
	    (code = kcsd_args_size(args, OPT_MEMORY, INT64_MAX, &limits->memory)))
		return code;
	if (!limits->user || !limits->total || !limits->seconds)
		return kcsd_usage(args->cmd, "--per-user, --total and --seconds must be at least "
				  "1");
	if (limits->memory < MIN_MEMORY)
		return kcsd_usage(args->cmd, "--memory must be at least 64M");
	return 0;
}

static int serve(const struct args *args)
{
	const char *given = kcsd_args_value(args, OPT_SOCKET);
	const char *path = given ? given : KCSD_SERVE_SOCKET;
	struct serve_limits limits = {
		.user = 4, .total = 32, .seconds = 300, .memory = 512u << 20,
	};
	int code, ret, sock;
	bool made;

	umask(022);
	code = take_limits(args, &limits);
	if (!code)
		code = kcsd_serve_listen(path, &sock, &made);
	if (code)
		return code;
	ret = kcsd_serve_confine();
	code = ret ? kcsd_fail("cannot drop capabilities: %s", strerror(-ret)) :
		     kcsd_serve_clients(sock, &limits);
	if (made)
		unlink(path);
	return code;
}

const struct command kcsd_cmd_serve = {
	.name = "serve",
	.operands = "",
	.summary = "run programs on files for users without rights to the drives",
	.detail = "'kcsd run --file' and libkcsd use the service by themselves. A client passes files\n"
		  "that it has opened for reading, and can touch no others.",
	.opts = opts,
	.nr_opts = ARRAY_SIZE(opts),
	.run = serve,
};
