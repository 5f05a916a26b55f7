// SPDX-License-Identifier: GPL-2.0
/* kcsd mount */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <syslog.h>
#include <unistd.h>

#include "mount.h"
#include "parse.h"

#define OPTIONS(X) \
	X(PROGRAMS, "programs", 'p', "DIR", "a directory with programs; repeatable") \
	X(FOREGROUND, "foreground", 'f', NULL, "stay in the foreground; the log is standard error") \
	X(LOG, "log", 'l', "FILE", "append errors of programs to FILE; default: the system log") \
	X(ALLOW_OTHER, "allow-other", 0, NULL, "other users may read, where modes and ACLs let them") \
	X(ANYWHERE, "anywhere", 0, NULL, \
	  "if no drive can read a file, run its program on the host instead") \
	X(TIMEOUT, "timeout", 't', "MS", \
	  "time limit of a run in milliseconds; default and maximum: limit of the drive") \
	X(RUNS, "runs", 0, "N", "programs that run at once, others wait; default: 4") \
	X(MAX_OUTPUT, "max-output", 0, "SIZE", "most bytes that a program may emit; default: 1G") \
	X(SPOOL, "spool", 0, "DIR", "where outputs are kept while they are open; default: /var/tmp")

enum { OPTIONS(OPT_ENUM) };
static const struct opt opts[] = { OPTIONS(OPT_ROW) };

/* Set *path to the absolute path of a directory. The caller frees it. */
static int take_dir(const char *what, const char *given, char **path)
{
	struct stat st;

	*path = realpath(given, NULL);
	if (!*path || stat(*path, &st))
		return kcsd_fail("%s%s: %s", what, given, strerror(errno));
	return S_ISDIR(st.st_mode) ? 0 : kcsd_fail("%s%s: not a directory", what, given);
}

static int take_programs(const struct args *args, struct mount *m)
{
	int i, code = 0;

	for (i = 0; !code && i < args->nr_given; i++) {
		if (args->given[i].opt != OPT_PROGRAMS)
			continue;
		if (m->nr_programs == MOUNT_MAX_PROGRAMS)
			return kcsd_usage(args->cmd, "at most %d directories with programs",
					  MOUNT_MAX_PROGRAMS);
		code = take_dir("--programs ", args->given[i].value,
				&m->programs[m->nr_programs++]);
	}
	if (!code && !m->nr_programs)
		return kcsd_usage(args->cmd, "--programs DIR is missing: files can name only "
				  "programs of these directories");
	return code;
}

/* Only where files without a name can be made, which nobody else can open. */
static int take_spool(const struct args *args, struct mount *m)
{
	const char *given = kcsd_args_value(args, OPT_SPOOL);
	int code = take_dir("--spool ", given ? given : "/var/tmp", &m->spool), fd;

	if (code)
		return code;
	fd = open(m->spool, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return kcsd_fail("--spool %s: %s (it needs O_TMPFILE, which tmpfs, ext4, xfs, btrfs "
				 "and f2fs have)", m->spool, strerror(errno));
	close(fd);
	return 0;
}

static int take_log(const struct args *args, struct mount *m)
{
	const char *path = kcsd_args_value(args, OPT_LOG);

	if (path) {
		m->log = fopen(path, "ae");
		if (!m->log)
			return kcsd_fail("--log %s: %s", path, strerror(errno));
		setvbuf(m->log, NULL, _IOLBF, 0);
	} else if (kcsd_args_has(args, OPT_FOREGROUND)) {
		m->log = stderr;
	} else {
		openlog("kcsd-mount", LOG_PID, LOG_DAEMON);
	}
	return 0;
}

static int take_limits(const struct args *args, struct mount *m)
{
	uint64_t runs = 4, timeout = 1;
	int code;

	m->max_output = 1 << 30;
	m->timeout = kcsd_args_value(args, OPT_TIMEOUT);
	m->anywhere = kcsd_args_has(args, OPT_ANYWHERE);
	if ((code = kcsd_args_number(args, OPT_RUNS, MOUNT_MAX_RUNS, &runs)) ||
	    (code = kcsd_args_number(args, OPT_TIMEOUT, UINT32_MAX, &timeout)) ||
	    (code = kcsd_args_size(args, OPT_MAX_OUTPUT, INT64_MAX, &m->max_output)))
		return code;
	if (!runs || !m->max_output || !timeout)
		return kcsd_usage(args->cmd, "--runs, --max-output and --timeout must be at least "
				  "1");
	sem_init(&m->runs, 0, runs);
	sem_init(&m->makers_ended, 0, 0);
	return 0;
}

/* Say at once what the log would say of each marked file. */
static void warn_of_no_drive(const char *dir, int fd)
{
	struct kcsd_error err = {};
	char name[16];

	if (kcsd_sources_drive(fd, name, &err) == -EOPNOTSUPP)
		fprintf(stderr, "kcsd: warning: %s: %s: marked files cannot be read "
			"(--anywhere runs their programs on the host)\n", dir, err.text);
}

static int open_root(const char *dir, struct mount *m)
{
	int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat root, view;

	if (fd < 0)
		return kcsd_fail("%s: %s", dir, strerror(errno));
	if (!fstat(fd, &root) && !stat(m->view, &view) && root.st_dev == view.st_dev &&
	    root.st_ino == view.st_ino) {
		close(fd);
		return kcsd_fail("%s is both DIR and VIEW: nothing could be written or marked "
				 "there", dir);
	}
	if (!m->anywhere)
		warn_of_no_drive(dir, fd);
	m->nodes = kcsd_mount_nodes_create(fd);
	return m->nodes ? 0 : kcsd_fail("out of memory");
}

/* Each file that the kernel knows takes a descriptor. Keep some for opens and for programs. */
static void raise_limit(struct mount *m)
{
	struct rlimit files;

	m->max_known = INT_MAX;
	if (getrlimit(RLIMIT_NOFILE, &files))
		return;
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	if (files.rlim_max < INT_MAX)
		m->max_known = files.rlim_max - (files.rlim_max < 2048 ? files.rlim_max / 2 : 1024);
}

/* Make "ro,...,fsname=DIR". The caller frees it. NULL: out of memory. */
static char *make_options(const struct args *args)
{
	char *options = NULL, *source = NULL;
	bool made = asprintf(&source, "fsname=%s", args->operand[0]) > 0 &&
		    !fuse_opt_add_opt(&options, "ro,nosuid,nodev,default_permissions") &&
		    !fuse_opt_add_opt(&options, "subtype=kcsd") &&
		    !fuse_opt_add_opt_escaped(&options, source) &&
		    (!kcsd_args_has(args, OPT_ALLOW_OTHER) ||
		     !fuse_opt_add_opt(&options, "allow_other"));

	free(source);
	if (made)
		return options;
	free(options);
	return NULL;
}

static int make_session(const struct args *args, struct mount *m)
{
	struct fuse_args fuse = FUSE_ARGS_INIT(0, NULL);
	char *options = make_options(args);

	if (options && !fuse_opt_add_arg(&fuse, "kcsd") && !fuse_opt_add_arg(&fuse, "-o") &&
	    !fuse_opt_add_arg(&fuse, options))
		m->session = fuse_session_new(&fuse, &kcsd_mount_ops, sizeof(kcsd_mount_ops), m);
	fuse_opt_free_args(&fuse);
	free(options);
	return m->session ? 0 : kcsd_fail("cannot make a FUSE session");
}

/* Serve requests until VIEW is unmounted or a signal comes. */
static int serve(struct mount *m)
{
	struct fuse_loop_config *config = fuse_loop_cfg_create();
	int ret;

	if (!config)
		return kcsd_fail("out of memory");
	fuse_loop_cfg_set_max_threads(config, MOUNT_MAX_THREADS);
	ret = fuse_session_loop_mt(m->session, config);
	fuse_loop_cfg_destroy(config);
	kcsd_mount_await_makers(m);
	/* The number of a signal is an orderly end, too. */
	return ret < 0 ? kcsd_fail("FUSE: %s", strerror(-ret)) : 0;
}

static int mount_view(const struct args *args, struct mount *m)
{
	int code;

	if (fuse_session_mount(m->session, m->view))
		return kcsd_fail("cannot mount %s: the lines above say why (it needs /dev/fuse; "
				 "users other than root also need fusermount3)", m->view);
	if (fuse_daemonize(kcsd_args_has(args, OPT_FOREGROUND)) ||
	    fuse_set_signal_handlers(m->session)) {
		code = kcsd_fail("cannot go to the background: %s", strerror(errno));
	} else {
		code = serve(m);
		fuse_remove_signal_handlers(m->session);
	}
	fuse_session_unmount(m->session);
	return code;
}

static void free_mount(struct mount *m)
{
	uint32_t i;

	if (m->session)
		fuse_session_destroy(m->session);
	kcsd_mount_nodes_destroy(m->nodes);
	for (i = 0; i < m->nr_programs; i++)
		free(m->programs[i]);
	free(m->spool);
	free(m->view);
	if (m->log && m->log != stderr)
		fclose(m->log);
}

static int mount(const struct args *args)
{
	struct mount m = {};
	int code;

	raise_limit(&m);
	pthread_mutex_init(&m.asked_lock, NULL);
	/* Whoever started it may ignore it: waitpid(2) would fail. */
	signal(SIGCHLD, SIG_DFL);
	if (!(code = take_limits(args, &m)) && !(code = take_programs(args, &m)) &&
	    !(code = take_spool(args, &m)) &&
	    !(code = take_dir("", args->operand[1], &m.view)) && !(code = take_log(args, &m)) &&
	    !(code = open_root(args->operand[0], &m)) && !(code = make_session(args, &m)))
		code = mount_view(args, &m);
	free_mount(&m);
	return code;
}

const struct command kcsd_cmd_mount = {
	.name = "mount",
	.operands = "DIR VIEW",
	.min_operands = 2,
	.max_operands = 2,
	.summary = "show a directory: marked files read as the output of a program on them",
	.detail = "VIEW shows DIR, read-only. A file with the attribute user.kcsd.run reads as the\n"
		  "output of a program on it, in VIEW alone; the program runs when it is opened:\n\n"
		  "  setfattr -n user.kcsd.run -v 'grep.bpf.o 404' DIR/access.log\n\n"
		  "The attribute: PROGRAM [--cparam1=N] [--cparam2=N] [--program=NAME] [--] [ARGUMENT]\n"
		  "A program that emits nothing reads as an empty file: its result is not shown.\n"
		  "'umount VIEW', or 'fusermount3 -u VIEW', ends it.",
	.opts = opts,
	.nr_opts = ARRAY_SIZE(opts),
	.run = mount,
};
